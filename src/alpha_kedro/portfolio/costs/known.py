"""Cost rates of every name as they are known at each close."""

import numpy as np

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.kernels import kernel
from alpha_kedro.core.panel import Float, Int, Panel
from alpha_kedro.portfolio.costs.impact import (
    impact_of,
    known_adv,
    known_volatility,
    refuse_impact_without,
)
from alpha_kedro.portfolio.costs.rates import CostRates, KnownRates
from alpha_kedro.portfolio.costs.spec import BASIS_POINT, CostSpec
from alpha_kedro.portfolio.costs.spread import estimated_half_spreads

_USUAL_VOLATILITY = 0.02
"""Per session; taken while no name has a volatility of its own."""

Notes = dict[str, Int]


def known_rates(
    prices: Panel, spec: CostSpec, *, capital: float | None = None
) -> KnownRates:
    """Reckon what trading would cost, at each close with what is known then.

    Parameters
    ----------
    prices
        `alpha_kedro.core.prices.price_panel`: ``high``, ``low``, ``close`` where the
        spread is estimated; ``close``, ``dollar_volume`` where there is impact.
    spec
        See `CostSpec`.
    capital
        NAV at the start, in the currency of the prices; needed for impact.

    Returns
    -------
    KnownRates
        Without NaN: a name whose history says too little has the median of the names
        that have a rate at that close; where none has, the constants of ``spec``, a
        volatility of 2 % and no impact. `KnownRates.notes` counts such names:
        ``spread_of_others``, ``volatility_of_others``, ``volume_of_others``.

    Raises
    ------
    ConfigError
        ``AK-C165`` for hard-to-borrow names without prices, ``AK-C166`` and ``AK-C169``
        where prices lack what is asked for, ``AK-C167`` and ``AK-C170`` for impact
        without a capital.

    Notes
    -----
    Causal: the rates at the close of t depend on no bar after t.
    """
    notes: Notes = {}
    as_of = CostRates(
        trading=_trading(prices, spec, notes),
        borrow=_borrow(prices, spec),
        impact=_impact(prices, spec, capital, notes),
    )
    return KnownRates(as_of, notes)


def _trading(prices: Panel, spec: CostSpec, notes: Notes) -> Float:
    n_dates, n_tickers = prices.axes.shape
    if spec.half_spread.kind != "high_low":
        return np.broadcast_to(spec.proportional, (n_dates + 1, n_tickers))
    half = estimated_half_spreads(prices, spec.half_spread)
    unknown = spec.half_spread.bps * BASIS_POINT
    trading = np.empty((n_dates + 1, n_tickers))
    trading[0] = unknown
    trading[1:] = half
    notes["spread_of_others"] = _complete(trading[1:], unknown, _listed(prices))
    trading += spec.commission
    return trading


def _borrow(prices: Panel, spec: CostSpec) -> Float:
    n_dates, n_tickers = prices.axes.shape
    usual = spec.borrow_bps_annual
    fees = spec.hard_to_borrow.fees(prices.tickers, usual=usual)
    per_session = fees * BASIS_POINT / SESSIONS_PER_YEAR
    return np.broadcast_to(per_session, (n_dates + 1, n_tickers))


def _impact(
    prices: Panel, spec: CostSpec, capital: float | None, notes: Notes
) -> Float:
    n_dates, n_tickers = prices.axes.shape
    if spec.impact is None:
        return np.broadcast_to(0.0, (n_dates + 1, n_tickers))
    capital = refuse_impact_without(prices, capital)
    listed = _listed(prices)
    volatility = known_volatility(prices, spec.impact)
    notes["volatility_of_others"] = _complete(volatility, _USUAL_VOLATILITY, listed)
    adv = known_adv(prices, spec.impact)
    impact = np.empty((n_dates + 1, n_tickers))
    impact[0] = 0.0
    impact[1:] = impact_of(volatility, adv, capital=capital, spec=spec.impact)
    notes["volume_of_others"] = _complete(impact[1:], 0.0, listed)
    return impact


def _listed(prices: Panel) -> Float:
    return np.isfinite(prices["close"]) * 1.0


def _complete(rates: Float, otherwise: float, listed: Float) -> Int:
    """Fill the NaN of each row with the row's median; count the listed names."""
    counts: Int = _fill_rows(rates, otherwise, listed)
    return counts


@kernel
def _fill_rows(rates: Float, otherwise: float, listed: Float) -> Int:
    n_dates, n_tickers = rates.shape
    counts = np.zeros(n_dates, np.int64)
    for row in range(n_dates):
        own = rates[row]
        known = own[own == own]
        if len(known) == n_tickers:
            continue
        level = np.median(known) if len(known) else otherwise
        for ticker in range(n_tickers):
            if own[ticker] != own[ticker]:
                own[ticker] = level
                counts[row] += 1 if listed[row, ticker] > 0.0 else 0
    return counts

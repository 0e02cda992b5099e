"""Market impact by the square-root law.

Trading the value Q costs ``coefficient x volatility x sqrt(Q / ADV) x Q``. R. Almgren,
C. Thum, E. Hauptmann and H. Li, Direct Estimation of Equity Market Impact, Risk 18
(2005), find the exponent .6 and a coefficient near 1; J.-P. Bouchaud, Price Impact,
Encyclopedia of Quantitative Finance (2010), the root and "of order one".
"""

import numpy as np

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Float, Panel
from alpha_kedro.portfolio.costs.spec import ImpactSpec
from alpha_kedro.portfolio.costs.spread import refuse_without
from alpha_kedro.signals.operators.cells import delay, ratio
from alpha_kedro.signals.operators.rolling import rolling_std, rolling_sum

_NEEDS = ("close", "dollar_volume")
_FEWEST = 4
"""Part of a window, as its inverse, that must be known."""


def known_volatility(prices: Panel, spec: ImpactSpec) -> Float:
    """Return the volatility per session as it is known at each close.

    Returns
    -------
    (n_dates, n_tickers) float64
        Standard deviation (ddof 1) of the returns from close to close in the window;
        NaN where fewer than a quarter of them are known.
    """
    close = prices["close"]
    returns = ratio(close, delay(close, 1)) - 1
    fewest = max(2, spec.volatility_window // _FEWEST)
    return rolling_std(
        returns, spec.volatility_window, min_periods=fewest, partial=True
    )


def known_adv(prices: Panel, spec: ImpactSpec) -> Float:
    """Return the mean traded value per session as it is known at each close.

    Returns
    -------
    (n_dates, n_tickers) float64, currency
        Over the last ``adv_window`` sessions, fewer at the start; a session without a
        bar counts zero.
    """
    traded = np.nan_to_num(prices["dollar_volume"], nan=0.0)
    total = rolling_sum(traded, spec.adv_window, min_periods=1, partial=True)
    sessions = np.minimum(np.arange(1, len(total) + 1), spec.adv_window)
    adv: Float = np.divide(total, sessions[:, None], out=total)
    return adv


def impact_of(
    volatility: Float, adv: Float, *, capital: float, spec: ImpactSpec
) -> Float:
    """Return the impact of `CostRates`; NaN where nothing was traded.

    Parameters
    ----------
    volatility, adv
        (n_dates, n_tickers) per session, decimal and in currency.
    capital
        Starting NAV in the currency of ``adv``.
    spec
        Whose coefficient is taken.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        turns = np.sqrt(np.divide(capital, adv))  # of a session's volume, by the NAV
    turns[adv <= 0] = np.nan
    impact: Float = np.multiply(turns, volatility, out=turns)
    impact *= spec.coefficient
    return impact


def refuse_impact_without(prices: Panel, capital: float | None) -> float:
    """Return the starting NAV.

    Raises
    ------
    ConfigError
        ``AK-C167`` where it is not known, ``AK-C170`` where it is not above zero,
        ``AK-C169`` where closes or dollar volumes are missing.
    """
    if capital is None:
        raise ConfigError(
            "AK-C167",
            "market impact depends on the size of the book, which is not known",
            got="costs.impact, and simulation.capital: null",
            fix="set simulation.capital to the NAV at the start, in the currency of "
            "the prices; or costs.impact: null",
        )
    if not (np.isfinite(capital) and capital > 0):
        raise ConfigError(
            "AK-C170",
            "a book that holds no money cannot be charged for its impact",
            got=f"a capital of {capital:g}",
            wanted="an amount above 0",
            fix="correct simulation.capital",
        )
    refuse_without(prices, _NEEDS, code="AK-C169", block="impact")
    return capital

"""From returns to bars: dividends, splits, prices, volumes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.panel import Axes, Float, gather
from alpha_kedro.market.simulated.lives import Lives, Names
from alpha_kedro.market.simulated.returns import Moves
from alpha_kedro.market.simulated.spec import SimulatedMarketSpec

DECIMALS = 4
_DIVIDEND_DECIMALS = 6
_QUARTER = 63  # sessions
_YIELD_DISPERSION = 0.4
_LARGEST_PAYOUT = 0.2  # of the previous close
_SPLITS = (2.0, 3.0, 1.5)
_SPLIT_CHANCES = (0.6, 0.15, 0.25)
_REVERSE_SPLIT = 1 / 8
_FALLEN = 0.5  # of the price at listing: below it a split is a reverse one
_TURNOVER = 0.004  # share of the shares outstanding that trade in a quiet session
_TURNOVER_NOISE = 0.3
_EXCITEMENT = 0.35  # log volume per move of one daily volatility ...
_WILDEST_MOVE = 6.0  # ... up to this many


@dataclass(frozen=True)
class Actions:
    """Corporate actions; every array is (n_sessions, n_tickers).

    Attributes
    ----------
    payout
        Dividend as a share of the previous close, 0 where none goes ex.
    basis
        Shares now for one share at listing.
    level
        Close in dollars of what one share at listing has become, without dividends.
    """

    payout: Float
    basis: Float
    level: Float


def draw_actions(
    spec: SimulatedMarketSpec,
    names: Names,
    lives: Lives,
    moves: Moves,
    rng: np.random.Generator,
) -> Actions:
    """Draw quarterly dividends and splits; neither changes a total return."""
    dividends, splits = rng.spawn(2)
    payout = _payouts(spec, dividends) * lives.carried
    growth = moves.gap + np.log1p(moves.intraday) + np.log1p(-payout)
    level = names.price * np.exp(np.cumsum(growth, axis=0))
    ratio = _split_ratios(spec, level / names.price, splits)
    splits_now = lives.carried & (payout == 0)
    ratio = np.where(splits_now, ratio, 1.0)
    return Actions(payout, basis=np.multiply.accumulate(ratio, axis=0), level=level)


def make_bars(
    spec: SimulatedMarketSpec,
    axes: Axes,
    names: Names,
    lives: Lives,
    moves: Moves,
    actions: Actions,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the bars, one row per listed (date, ticker).

    Notes
    -----
    A halt is a bar without volume whose four prices are the previous close: the name's
    value stands still too, so that nothing known waits to be caught up with.
    """
    basis = _quoted_basis(spec, actions)
    fields = _prices(moves, actions.level / basis)
    if spec.basis == "split_adjusted":
        kept = np.cumprod((1 - actions.payout)[::-1], axis=0)[::-1]
        later = np.vstack([kept[1:], np.ones_like(kept[:1])])
        fields["adj_close"] = np.round(actions.level / basis * later, DECIMALS)
    traded = basis * names.shares * _turnover(names, moves, rng) * lives.traded
    fields["volume"] = np.rint(traded).astype(np.int64)
    return gather(axes, fields, lives.listed)


def actions_table(
    spec: SimulatedMarketSpec, axes: Axes, actions: Actions
) -> pd.DataFrame:
    """Return ex-date, ticker, dividend per share and split ratio of every action.

    Dividends stand on the basis of the bars: as paid where those are raw, else per
    share of the last day.
    """
    before = np.vstack([actions.level[:1], actions.level[:-1]])
    paid = actions.payout * before / _quoted_basis(spec, actions)
    ratio = actions.basis / np.vstack([np.ones_like(before[:1]), actions.basis[:-1]])
    fields = {"dividend": np.round(paid, _DIVIDEND_DECIMALS), "split_ratio": ratio}
    return gather(axes, fields, (actions.payout > 0) | (ratio != 1))


def _payouts(spec: SimulatedMarketSpec, rng: np.random.Generator) -> Float:
    n = spec.n_tickers
    annual = spec.dividend_yield * np.exp(_YIELD_DISPERSION * rng.standard_normal(n))
    quarterly = np.where(rng.random(n) < spec.payer_share, annual / 4, 0.0)
    phase = rng.integers(0, _QUARTER, n)
    goes_ex = (np.arange(spec.n_sessions)[:, None] + phase) % _QUARTER == 0
    return np.where(goes_ex, np.minimum(quarterly, _LARGEST_PAYOUT), 0.0)


def _split_ratios(
    spec: SimulatedMarketSpec, growth: Float, rng: np.random.Generator
) -> Float:
    chance, kind = rng.spawn(2)
    happens = chance.random(growth.shape) < spec.split_rate / SESSIONS_PER_YEAR
    forward = kind.choice(_SPLITS, happens.sum(), p=_SPLIT_CHANCES)
    ratio = np.ones(growth.shape)
    ratio[happens] = np.where(growth[happens] < _FALLEN, _REVERSE_SPLIT, forward)
    return ratio


def _quoted_basis(spec: SimulatedMarketSpec, actions: Actions) -> Float:
    """Return the share basis of the quotes: of the day, or the last day's for all."""
    if spec.basis == "raw":
        return actions.basis
    return np.broadcast_to(actions.basis[-1], actions.basis.shape)


def _prices(moves: Moves, close: Float) -> dict[str, Float]:
    """Return open, high, low, close, rounded and still in order."""
    bottom = 1 + moves.intraday - moves.location * moves.reach
    opening = close / (1 + moves.intraday)
    low, high = opening * bottom, opening * (bottom + moves.reach)
    # An open at the very edge of its range may be a rounding error outside it.
    low = np.minimum(low, np.minimum(opening, close))
    high = np.maximum(high, np.maximum(opening, close))
    quotes = {"open": opening, "high": high, "low": low, "close": close}
    return {name: np.round(quote, DECIMALS) for name, quote in quotes.items()}


def _turnover(names: Names, moves: Moves, rng: np.random.Generator) -> Float:
    """Return the share of a name that changes hands, more in big moves."""
    move = np.abs(moves.gap + moves.intraday) / moves.volatility
    wildness = moves.volatility / names.volatility
    noise = _TURNOVER_NOISE * rng.standard_normal(move.shape)
    excitement = np.exp(_EXCITEMENT * np.minimum(move, _WILDEST_MOVE) + noise)
    turnover: Float = _TURNOVER * np.sqrt(wildness) * excitement
    return turnover

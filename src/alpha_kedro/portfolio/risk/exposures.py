"""What names are exposed to: styles measured on their past, and statistical factors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Spec
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.risk.beta import betas
from alpha_kedro.portfolio.risk.covariance import enough_returns
from alpha_kedro.portfolio.risk.statistical_factors import factor_risk

Style = Literal["beta", "volatility", "size", "momentum", "momentum_3m"]

_YEAR, _QUARTER, _MONTH = 252, 63, 21

_MIN_SHARE = 0.8


def _as_styles(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class ExposureSpec(Spec):
    """Which exposures are measured, and on how much of the past."""

    styles: Annotated[tuple[Style, ...], BeforeValidator(_as_styles)] = Field(
        default=(),
        description="beta; volatility; size (log of mean traded value); momentum (12 "
        "months without the last); momentum_3m",
    )
    factors: int = Field(
        default=0, ge=0, le=60, description="statistical factors, the strongest first"
    )
    benchmark: str | None = Field(
        default=None,
        description="market that beta is measured on; null: the mean of the universe",
    )
    beta_window: int = Field(
        default=252, ge=20, le=1_260, description="returns that beta looks at"
    )
    volatility_window: int = Field(
        default=60, ge=2, le=1_260, description="returns that volatility looks at"
    )
    size_window: int = Field(
        default=60, ge=1, le=1_260, description="sessions of the mean traded value"
    )
    factor_window: int = Field(
        default=252, ge=20, le=1_260, description="returns that factors look at"
    )


@dataclass(frozen=True, eq=False)
class Exposures:
    """The exposures of a cross-section.

    Attributes
    ----------
    columns
        (n_tickers, k) standardised over the universe; 0, its middle, where unknown, and
        outside the universe.
    missing
        Names of the universe with an exposure that is not known.
    """

    columns: Float
    missing: int


def exposures_of(market: MarketState, spec: ExposureSpec) -> Exposures:
    """Measure exposures at the close of a decision.

    Parameters
    ----------
    market
        What is known at that close.
    spec
        Which exposures.

    Returns
    -------
    Exposures
        A style is its rank over the universe, -0.5 to 0.5, ties sharing theirs: the
        order of names says enough, and no outlier bends it. A factor is the name's
        loading, as a share of the mean size of loadings.

    Raises
    ------
    SimulationError
        ``AK-S040`` where there is no such benchmark.

    Notes
    -----
    Reads the stated windows and nothing before them. Measured once per market state.
    """
    return market.once(("exposures", spec), lambda: _measured(market, spec))


def _measured(market: MarketState, spec: ExposureSpec) -> Exposures:
    known = [ranked(_STYLES[style](market, spec), market) for style in spec.styles]
    raw = np.column_stack([*known, _loadings(market, spec)])
    gaps = np.isnan(raw).any(axis=1) & market.universe
    inside = np.where(market.universe[:, None], np.nan_to_num(raw), 0.0)
    return Exposures(inside, int(gaps.sum()))


def sector_columns(market: MarketState, *, by_sector: bool) -> Float:
    """Return (n_tickers, k) ones: a column for each sector there is, or one for all."""
    if not by_sector:
        return np.ones((len(market.tickers), 1))
    present = np.unique(market.groups[market.universe])
    codes = market.groups[:, None] == present[present >= 0]
    columns: Float = codes.astype(np.float64)
    return columns


def ranked(values: Float, market: MarketState) -> Float:
    """Return ranks over the universe from -0.5 to 0.5; NaN where unknown or outside."""
    from scipy.stats import rankdata

    names = np.flatnonzero(market.universe & np.isfinite(values))
    ranks = np.full(len(values), np.nan)
    ranks[names] = (rankdata(values[names]) - 0.5) / max(len(names), 1) - 0.5
    return ranks


def _loadings(market: MarketState, spec: ExposureSpec) -> Float:
    loadings = np.full((len(market.tickers), spec.factors), np.nan)
    if not spec.factors:
        return loadings
    returns = market.returns(spec.factor_window)
    enough = enough_returns(returns, window=spec.factor_window, min_share=_MIN_SHARE)
    names = np.flatnonzero(enough & market.universe)
    if len(names) > 1:
        found = factor_risk(returns[:, names], spec.factors).loadings
        loadings[names, : found.shape[1]] = found / np.abs(found).mean(axis=0)
        loadings[names, found.shape[1] :] = 0.0
    return loadings


def _beta(market: MarketState, spec: ExposureSpec) -> Float:
    return betas(market, spec.benchmark, spec.beta_window, min_share=_MIN_SHARE)


def _volatility(market: MarketState, spec: ExposureSpec) -> Float:
    return market.volatility(spec.volatility_window, min_share=_MIN_SHARE)


def _size(market: MarketState, spec: ExposureSpec) -> Float:
    traded = market.adv(spec.size_window)
    size: Float = np.log(np.where(traded > 0, traded, np.nan))
    return size


def _momentum(market: MarketState, spec: ExposureSpec) -> Float:
    return moved(market, _YEAR, skip=_MONTH)


def _momentum_3m(market: MarketState, spec: ExposureSpec) -> Float:
    return moved(market, _QUARTER)


_STYLES: dict[Style, Callable[[MarketState, ExposureSpec], Float]] = {
    "beta": _beta,
    "volatility": _volatility,
    "size": _size,
    "momentum": _momentum,
    "momentum_3m": _momentum_3m,
}


def moved(market: MarketState, window: int, *, skip: int = 0) -> Float:
    """Return how far names moved over ``window`` sessions without the last ``skip``.

    Returns
    -------
    (n_tickers,) decimal; NaN where either close is missing or history is too short.
    """
    n_past = len(market.close)
    if n_past <= max(window, skip):
        return np.full(len(market.tickers), np.nan)
    change: Float = market.close[n_past - 1 - skip] / market.close[-window - 1] - 1
    return change

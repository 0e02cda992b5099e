"""Returns of the simulated market: factors, own shocks, and the planted signal."""

from dataclasses import dataclass

import numpy as np

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.market.simulated.lives import SECTORS, Lives, Names
from alpha_kedro.market.simulated.spec import SimulatedMarketSpec

_MARKET_CLUSTERING = 0.97, 0.20  # persistence per session, log standard deviation
_OWN_CLUSTERING = 0.95, 0.25


@dataclass(frozen=True)
class Factors:
    """Common moves, overnight and intraday.

    Attributes
    ----------
    volatility
        (n_sessions,) daily volatility of the market.
    relative
        (n_sessions,) volatility of everything else, around 1 when the market is calm.
    gap, intraday
        (n_sessions, n_tickers) what market and sector do to each name: log return from
        close to open, simple return from open to close. Their expected simple returns
        are zero: holding a beta is not paid.
    excess_variance
        (n_sessions, n_tickers) variance of a name's factor part less the market's.
    """

    volatility: Float
    relative: Float
    gap: Float
    intraday: Float
    excess_variance: Float


@dataclass(frozen=True)
class Moves:
    """What happens to a name in a session; every array is (n_sessions, n_tickers).

    Attributes
    ----------
    gap
        Log total return from the previous close to the open.
    intraday
        Simple return from open to close.
    reach
        High less low, as a share of the open.
    location
        (close - low) / (high - low) = Phi(signal).
    volatility
        Daily idiosyncratic volatility.
    own_variance
        Idiosyncratic variance of the session, given the factors.
    """

    gap: Float
    intraday: Float
    reach: Float
    location: Float
    volatility: Float
    own_variance: Float


def draw_factors(
    spec: SimulatedMarketSpec, names: Names, rng: np.random.Generator
) -> Factors:
    """Draw the market (two Markov regimes, clustered volatility) and the sectors."""
    n_sessions = spec.n_sessions
    chance, shocks, common = rng.spawn(3)
    stress = _regimes(spec, chance.random(n_sessions))
    annual = np.where(stress, spec.stress_volatility, spec.calm_volatility)
    daily = annual / np.sqrt(SESSIONS_PER_YEAR)
    daily *= np.exp(_clustered(shocks.standard_normal(n_sessions), *_MARKET_CLUSTERING))
    relative = np.sqrt(daily * np.sqrt(SESSIONS_PER_YEAR) / spec.calm_volatility)
    shock = common.standard_normal((n_sessions, 2, 1 + len(SECTORS)))
    scale = np.empty((n_sessions, 1 + len(SECTORS)))
    scale[:, :1] = daily[:, None]
    scale[:, 1:] = spec.sector_volatility * relative[:, None]
    scale[:, 1:] /= np.sqrt(SESSIONS_PER_YEAR)
    night = spec.overnight_share
    gap = _expose(names, np.sqrt(night) * scale * shock[:, 0])
    variance = _expose(names, scale**2, power=2)
    return Factors(
        volatility=daily,
        relative=relative,
        gap=gap - night * variance / 2,
        intraday=_expose(names, np.sqrt(1 - night) * scale * shock[:, 1]),
        excess_variance=variance - daily[:, None] ** 2,
    )


def _expose(names: Names, factors: Float, *, power: int = 1) -> Float:
    """Spread (n_sessions, 1 + n_sectors) factors over the names."""
    return factors[:, :1] * names.beta**power + factors[:, 1 + names.sector]


def _regimes(spec: SimulatedMarketSpec, chance: Float) -> Bool:
    """Return (n_sessions,) True in stress; the first session is calm."""
    leave = 1 / spec.calm_spell, 1 / spec.stress_spell
    stress = np.zeros(len(chance), dtype=bool)
    for row in range(1, len(chance)):
        before = stress[row - 1]
        stress[row] = before ^ (chance[row] < leave[int(before)])
    return stress


def _clustered(shocks: Float, persistence: float, deviation: float) -> Float:
    """Turn white shocks into a stationary autoregression along the first axis."""
    states = deviation * shocks
    states[1:] *= np.sqrt(1 - persistence**2)
    for row in range(1, len(states)):
        states[row] += persistence * states[row - 1]
    return states


def draw_moves(
    spec: SimulatedMarketSpec,
    names: Names,
    lives: Lives,
    factors: Factors,
    signal: Float,
    rng: np.random.Generator,
) -> Moves:
    """Draw the bars' returns, with the signal visible in them but not yet at work.

    Notes
    -----
    A bar is drawn inside out: its range first, then where in the range it closes
    (``Phi(signal)``) and opens (uniform, moved down by what the factors lift the name).
    So the intraday return is the factors' part plus own noise of mean zero, and the
    open lies within the range by construction. An own move of volatility v takes a
    range of ``sqrt(6) v``: the difference of two uniforms has a sixth of it, squared,
    as variance.
    """
    from scipy.special import ndtr

    states, night, day = rng.spawn(3)
    shape = signal.shape
    volatility = np.exp(_clustered(states.standard_normal(shape), *_OWN_CLUSTERING))
    volatility *= names.volatility * factors.relative[:, None]
    own_reach = np.sqrt(6 * (1 - spec.overnight_share)) * volatility
    reach = own_reach + 2 * np.abs(factors.intraday)
    location = ndtr(signal)
    intraday = factors.intraday + reach * (location - 0.5)
    intraday -= own_reach * (day.random(shape) - 0.5)
    _refuse_worthless(1 + intraday - location * reach)
    night_variance = spec.overnight_share * volatility**2
    day_variance = (reach**2 + own_reach**2) / 12
    skew = _fair_skew(spec, night_variance, day_variance, factors.excess_variance)
    news = _skewed(night.standard_normal(shape), skew) * np.sqrt(night_variance)
    drift = np.log1p(spec.equity_premium) / SESSIONS_PER_YEAR
    gap = factors.gap + news - night_variance / 2 + drift + lives.crash
    return Moves(
        gap=np.where(lives.carried, gap, 0.0),
        intraday=np.where(lives.traded, intraday, 0.0),
        reach=np.where(lives.traded, reach, 0.0),
        location=location,
        volatility=volatility,
        own_variance=night_variance + day_variance,
    )


def _refuse_worthless(low: Float) -> None:
    if low.min() <= 0:
        raise ConfigError(
            "AK-C011",
            "the simulated volatility is so high that prices fall below zero",
            got=f"a low at {low.min():.0%} of its open",
            fix="lower idiosyncratic_volatility or stress_volatility",
        )


def _fair_skew(
    spec: SimulatedMarketSpec, night: Float, day: Float, excess: Float
) -> Float:
    """Return the skewness of overnight news that makes mean AND median fair.

    Simple returns have mean zero. Compounded over the horizon h their median would lie
    below it by half the variance, and volatility would have a rank IC without anybody
    being able to earn it. News that is skewed to the bad side gives the median back: to
    first order a third cumulant of ``-3 (h V)^2`` over the horizon does, V being the
    daily variance in which names differ. Intraday moves bring ``-2.1 day^2`` a session.
    """
    wanted = 3 * spec.horizon * (night + day + excess) ** 2
    skew: Float = (2.1 * day**2 - wanted) / night**1.5
    return skew


def _skewed(shock: Float, skew: Float) -> Float:
    """Bend standard normal shocks into shifted lognormals of mean 0, variance 1.

    ``w = exp(k^2)`` solves ``(w + 2)^2 (w - 1) = skew^2``, the lognormal's skewness.
    """
    half = skew**2 / 2
    root = np.cbrt(1 + half + np.sqrt(half * (2 + half)))
    w = root + 1 / root - 1
    k = np.sign(skew) * np.sqrt(np.log(w))
    bent: Float = np.expm1(k * shock - k**2 / 2) / np.sqrt(w - 1) * np.sign(skew)
    return bent

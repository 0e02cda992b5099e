"""How much the planted signal knows in theory: rank IC in a heteroskedastic market.

On a date t, name i will return ``F_i = c_i + a_i s_i + noise`` over the horizon. The
factors' part ``c_i`` is common knowledge of the simulation, the signal ``s_i`` standard
normal, ``a_i`` its pay and ``v_i`` the variance of the noise, to which the signals of
other days belong. The rank IC is ``6 E[(2 Phi(s_i) - 1) 1{F_j < F_i}]`` over pairs of
names i, j. With ``d = c_i - c_j`` and ``q = v_i + v_j + a_i^2 + a_j^2`` the expectation
over signals and noise is a bivariate normal integral; its correlation being small,

    rank IC = 6 / pi  mean_ij  asin(a_i / sqrt(2 q)) exp(-d^2 / 2 q).

Equal variances and no factors give back the textbook's ``6 / pi asin(r / 2)``.
"""

from dataclasses import dataclass, replace

import numpy as np

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.market.simulated.lives import Lives, Names
from alpha_kedro.market.simulated.returns import Factors, Moves
from alpha_kedro.market.simulated.spec import SimulatedMarketSpec

_PARTNERS = (1, 2, 3)  # neighbours in ticker order, which says nothing about a name
_TOLERANCE = 1e-6
_ATTEMPTS = 40


@dataclass(frozen=True)
class Prospects:
    """Forward returns as of each date; arrays are (n_sessions, n_tickers).

    Attributes
    ----------
    centre, variance
        Mean given the factors, and idiosyncratic variance, of the log forward return.
    unit_pay
        Pay of one unit of signal at strength 1, in log return.
    crowding
        (n_tickers,) variance that the pay of other days' signals adds at strength 1.
    echo
        Covariance at strength 1 of those signals' pay with the intraday moves in which
        they show, where both lie in the window.
    known
        The signal is visible and the forward return complete.
    """

    centre: Float
    variance: Float
    unit_pay: Float
    crowding: Float
    echo: Float
    known: Bool


@dataclass(frozen=True)
class Planted:
    """A market with its signal at work.

    Attributes
    ----------
    moves
        Returns including what signals pay.
    forecast
        (n_sessions, n_tickers) expected log forward return given every signal so far.
    rank_ic
        Theoretical rank IC of the signal, mean over dates.
    """

    moves: Moves
    forecast: Float
    rank_ic: float


def plant(
    spec: SimulatedMarketSpec,
    names: Names,
    lives: Lives,
    factors: Factors,
    noise: Moves,
    signal: Float,
) -> Planted:
    """Let the signal pay as much as gives ``spec.information_coefficient``."""
    outlook = prospects(spec, names, lives, factors, noise)
    strength = solve_strength(outlook, spec.information_coefficient)
    # A halt shows no signal and so pays none.
    pay = np.where(lives.traded, strength * names.volatility * signal, 0.0)
    gap = noise.gap + np.where(lives.carried, planted_gap(spec, pay), 0.0)
    return Planted(
        replace(noise, gap=gap), forecast(spec, pay), rank_ic(outlook, strength)
    )


def prospects(
    spec: SimulatedMarketSpec,
    names: Names,
    lives: Lives,
    factors: Factors,
    moves: Moves,
) -> Prospects:
    """Sum factor moves and variances from open[t + lag] to open[t + lag + horizon]."""
    known = np.zeros_like(lives.traded)
    known[: -spec.lag - spec.horizon] = lives.listed[spec.lag + spec.horizon :]
    nights = _ahead(lives.carried, spec, overnight=True)
    h, later = spec.horizon, max(spec.horizon - spec.lag, 0)
    overlap = h * (2 * h**2 + 1) / 3 - h**2  # sum of squared (h - days apart)
    # A bar of the window pays in later, later - 1, ... 1 of its gaps: their mean.
    repaid = later * (later + 1) / 2 / h
    shown = _ahead(moves.reach, spec, overnight=False) / (2 * np.sqrt(np.pi))
    common_gap = np.where(lives.carried, factors.gap, 0.0)
    common_intraday = np.where(lives.traded, factors.intraday, 0.0)
    centre = _ahead(common_gap, spec, overnight=True)
    centre += _ahead(common_intraday, spec, overnight=False)
    return Prospects(
        centre=centre,
        variance=_ahead(moves.own_variance * lives.traded, spec, overnight=False),
        unit_pay=nights * names.volatility,
        crowding=overlap * names.volatility**2,
        echo=repaid * names.volatility * shown,
        known=known & lives.traded,
    )


def rank_ic(outlook: Prospects, strength: float) -> float:
    """Return the theoretical rank IC, mean over dates, of a signal of that strength."""
    pay = strength * outlook.unit_pay
    spread = outlook.variance + 2 * strength * outlook.echo
    spread += strength**2 * outlook.crowding + pay**2
    total, count = np.zeros(len(pay)), np.zeros(len(pay))
    for step in _PARTNERS:
        other = np.roll(np.arange(pay.shape[1]), step)
        width = spread + spread[:, other]
        pair = outlook.known & outlook.known[:, other] & (width > 0)
        width = np.where(pair, width, np.inf)
        distance = outlook.centre - outlook.centre[:, other]
        skill = np.arcsin(pay / np.sqrt(2 * width)) * np.exp(-(distance**2) / 2 / width)
        total += skill.sum(axis=1)
        count += pair.sum(axis=1)
    seen = count > 0
    return float(6 / np.pi * np.mean(total[seen] / count[seen]))


def solve_strength(outlook: Prospects, target: float) -> float:
    """Return the strength whose theoretical rank IC is ``target``.

    Raises
    ------
    ConfigError
        ``AK-C010`` when overlapping signals of such a horizon cannot know that much.
    """
    strength = target
    for _ in range(_ATTEMPTS):
        reached = rank_ic(outlook, strength)
        if abs(reached - target) <= _TOLERANCE:
            return strength
        strength *= target / reached
    raise ConfigError(
        "AK-C010",
        "no signal of this horizon has this information coefficient",
        got=target,
        wanted=f"at most about {abs(reached):.2f} in size",
        fix="lower information_coefficient or shorten horizon",
    )


def planted_gap(spec: SimulatedMarketSpec, pay: Float) -> Float:
    """Return the log return that past signals add to each overnight gap.

    Parameters
    ----------
    pay
        (n_sessions, n_tickers) what the signal of t adds to each of the gaps of
        ``t + lag + 1`` to ``t + lag + horizon``: all lie between the two opens, so
        nothing is earned before the first fill.
    """
    sums = _cumulated(pay)
    full = spec.lag + spec.horizon
    paid = np.zeros_like(pay)
    paid[spec.lag :] = sums[: len(pay) - spec.lag]
    paid[full:] -= sums[: len(pay) - full]
    return paid


def forecast(spec: SimulatedMarketSpec, pay: Float) -> Float:
    """Return the expected log forward return given every signal up to each date.

    The signal of k sessions ago still pays in ``horizon - k`` of the window's gaps. No
    model can know more than this from past bars.
    """
    expected = np.zeros_like(pay)
    for age in range(spec.horizon):
        expected[age:] += (spec.horizon - age) * pay[: len(pay) - age]
    return expected


def _ahead(
    values: Float | Bool, spec: SimulatedMarketSpec, *, overnight: bool
) -> Float:
    """Sum over the sessions of the forward window, 0 where it is incomplete.

    Opens bound the window, so its gaps come one session after its intraday moves.
    """
    sums = _cumulated(values)
    first = spec.lag + int(overnight)
    ahead = np.zeros(values.shape)
    complete = len(values) - spec.lag - spec.horizon
    ends = sums[first + spec.horizon :][:complete]
    ahead[:complete] = ends - sums[first:][:complete]
    return ahead


def _cumulated(values: Float | Bool) -> Float:
    """Return sums over the rows before each row: (n + 1, n_tickers), from 0."""
    sums = np.zeros((len(values) + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=sums[1:])
    return sums

"""Names of the simulated market and when each of them trades."""

from dataclasses import dataclass

import numpy as np

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Bool, Float, Int, Tickers
from alpha_kedro.market.simulated.spec import SimulatedMarketSpec

SECTORS = (
    "Communication Services",
    "Consumer Discretionary",
    "Consumer Staples",
    "Energy",
    "Financials",
    "Health Care",
    "Industrials",
    "Information Technology",
    "Materials",
    "Real Estate",
    "Utilities",
)
_SECTOR_SHARES = (0.05, 0.14, 0.07, 0.06, 0.14, 0.13, 0.16, 0.13, 0.05, 0.04, 0.03)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_STRIDE = 104_729  # a prime that shares no factor with 26: neighbours look unrelated
_NOT_TICKERS = {"NONE", "NULL", "TRUE"}
_BETA_DISPERSION = 0.25
_VOLATILITY_DISPERSION = 0.25
_SIZE_DISPERSION = 1.3
_MEDIAN_SIZE = 8e9
_FIRST_PRICES = (20.0, 200.0)

_LISTING_WINDOW = 0.8  # of the sample: late names still get a history
_SHORTEST_LIFE = 40
_FEWEST_ALIVE = 5
_LONGEST_HALT = 5
_CRASH_LOSSES = (0.4, 0.9)


@dataclass(frozen=True)
class Names:
    """What never changes about a name; every array is (n_tickers,).

    Attributes
    ----------
    tickers
        Four letters, sorted.
    sector
        Position in ``SECTORS``.
    beta
        Exposure to the market, around 1.
    volatility
        Daily idiosyncratic volatility in the calm regime.
    price, shares
        Dollars and count of shares on the day of listing.
    """

    tickers: Tickers
    sector: Int
    beta: Float
    volatility: Float
    price: Float
    shares: Float


@dataclass(frozen=True)
class Lives:
    """When each name trades; every array is (n_sessions, n_tickers).

    Attributes
    ----------
    listed
        There is a bar.
    traded
        There is a bar and it is no halt.
    carried
        Traded, and listed the session before: there is an overnight gap.
    crash
        Log loss in the gap before the last bar of a crashing name, 0 elsewhere.
    """

    listed: Bool
    traded: Bool
    carried: Bool
    crash: Float


def draw_names(spec: SimulatedMarketSpec, rng: np.random.Generator) -> Names:
    """Draw sector, beta, volatility, price and size of each name, all independent."""
    n = spec.n_tickers
    daily = spec.idiosyncratic_volatility / np.sqrt(SESSIONS_PER_YEAR)
    cheapest, dearest = np.log(_FIRST_PRICES)
    price = np.exp(rng.uniform(cheapest, dearest, n))
    size = _MEDIAN_SIZE * np.exp(_SIZE_DISPERSION * rng.standard_normal(n))
    return Names(
        tickers=_tickers(n),
        sector=rng.choice(len(SECTORS), n, p=_SECTOR_SHARES),
        beta=np.exp(_BETA_DISPERSION * rng.standard_normal(n)),
        volatility=daily * np.exp(_VOLATILITY_DISPERSION * rng.standard_normal(n)),
        price=price,
        shares=np.rint(size / price),
    )


def draw_lives(spec: SimulatedMarketSpec, rng: np.random.Generator) -> Lives:
    """Draw listings, delistings, crashes and halts.

    Notes
    -----
    Every listed name has the same hazard of dying, crashing and being halted, and a
    crash comes with the last bar: were it seen before, the names that fell would be
    known to die, and selling them would earn the delisting return.

    Raises
    ------
    ConfigError
        ``AK-C013`` when too few names are alive on some session.
    """
    shape = spec.n_sessions, spec.n_tickers
    first, last = _spans(spec, rng)
    rows = np.arange(shape[0])[:, None]
    listed = (rows >= first) & (rows <= last)
    _refuse_empty(listed)
    crash = _crashes(spec, rng, last)
    halted = _halts(spec, rng) & listed & (rows > first) & (crash == 0)
    traded = listed & ~halted
    return Lives(listed, traded, carried=traded & (rows > first), crash=crash)


def _tickers(n: int) -> Tickers:
    codes = (_code(_STRIDE * position) for position in range(1, n + 4))
    chosen = [code for code in codes if code not in _NOT_TICKERS]
    return np.array(sorted(chosen[:n]), dtype=object)


def _code(number: int) -> str:
    digits = (number // 26**place % 26 for place in range(4))
    return "".join(_LETTERS[digit] for digit in digits)


def _spans(spec: SimulatedMarketSpec, rng: np.random.Generator) -> tuple[Int, Int]:
    """Return the first and last row of each name; last may lie beyond the sample."""
    n, n_sessions = spec.n_tickers, spec.n_sessions
    window = max(2, int(_LISTING_WINDOW * n_sessions))
    late = rng.random(n) < spec.late_share
    first = np.where(late, rng.integers(1, window, n), 0)
    years = rng.standard_exponential(n) / max(spec.delisting_rate, 1e-9)
    life = _SHORTEST_LIFE + SESSIONS_PER_YEAR * years
    return first, np.minimum(first + life, n_sessions).astype(np.int64)


def _refuse_empty(listed: Bool) -> None:
    alive = int(listed.sum(axis=1).min())
    if alive < _FEWEST_ALIVE:
        raise ConfigError(
            "AK-C013",
            "too few simulated names are listed on some session",
            got=alive,
            wanted=f"at least {_FEWEST_ALIVE}",
            fix="raise n_tickers, or lower late_share or delisting_rate",
        )


def _crashes(spec: SimulatedMarketSpec, rng: np.random.Generator, last: Int) -> Float:
    n = spec.n_tickers
    crash = np.zeros((spec.n_sessions, n))
    dies = (last < spec.n_sessions) & (rng.random(n) < spec.crash_share)
    loss = np.log1p(-rng.uniform(*_CRASH_LOSSES, n))
    crash[last[dies], np.flatnonzero(dies)] = loss[dies]
    return crash


def _halts(spec: SimulatedMarketSpec, rng: np.random.Generator) -> Bool:
    shape = spec.n_sessions, spec.n_tickers
    chance, duration = rng.spawn(2)
    starts = chance.random(shape) < spec.halt_rate / SESSIONS_PER_YEAR
    length = duration.integers(1, _LONGEST_HALT + 1, shape, dtype=np.int8)
    halted = starts.copy()
    for age in range(1, _LONGEST_HALT):
        halted[age:] |= starts[:-age] & (length[:-age] > age)
    return halted

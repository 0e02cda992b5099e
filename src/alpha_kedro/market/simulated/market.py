"""A seeded market whose predictability is known, because it was planted.

1. Names and their lives: sector, beta, volatility, size; listing, delisting, halts.
2. Factors: a market with calm and stressed regimes and clustered volatility; sectors.
3. Signal: standard normal, independent over names and sessions.
4. Returns: overnight gaps and intraday moves; the signal of t shows as the close
   location of bar t and pays in the overnight gaps between the opens of ``t + lag``
   and ``t + lag + horizon``, at the strength that gives the wanted rank IC.
5. Actions and bars: dividends, splits, prices, volumes.
6. Reference tables: index members, sectors, benchmarks.
7. Reports and sentiment, from streams of their own: noise about returns.

Apart from the signal nothing pays: each name's expected simple return is the same
whatever its beta, volatility, sector, size, past or regime; dividends, splits and
halts leave total returns alone. One trap is left as real vendors set it: the LEVEL of a
split-adjusted price knows of splits to come, and reverse splits come to fallen names.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Axes, Dates, gather
from alpha_kedro.market.simulated.bars import actions_table, draw_actions, make_bars
from alpha_kedro.market.simulated.disclosures import (
    fundamentals_table,
    sentiment_table,
)
from alpha_kedro.market.simulated.lives import draw_lives, draw_names
from alpha_kedro.market.simulated.returns import draw_factors, draw_moves
from alpha_kedro.market.simulated.skill import plant
from alpha_kedro.market.simulated.spec import SimulatedMarketSpec
from alpha_kedro.market.simulated.tables import (
    benchmarks_table,
    index_members,
    known_size,
    membership_table,
    sectors_table,
)

_DAYS_PER_SESSION = 1.6  # calendar days; 1.45 is what exchanges need on average
_SPARE_DAYS = 14


@dataclass(frozen=True)
class SimulatedMarket:
    """The tables of one simulated market; iterating yields ``bars`` and ``truth``.

    Attributes
    ----------
    bars
        date, ticker, open, high, low, close, volume, and ``adj_close`` (total return)
        where prices are split-adjusted.
    membership
        ticker, start, end of each stay in the index.
    sectors
        ticker, sector.
    benchmarks
        SPY, QQQ and VIX as bars with ``adj_close``.
    actions
        date (ex-date), ticker, dividend, split_ratio.
    fundamentals
        Reports as `alpha_kedro.market.clean_fundamentals` is given them.
    sentiment
        Days of tweets as `alpha_kedro.market.clean_sentiment` is given them.
    truth
        date, ticker, signal, forecast of every bar that is no halt. ``signal`` is what
        the close location shows, ``forecast`` the expected log return over the horizon
        given all signals so far: signals overlap, so its rank IC is higher.
    theoretical_rank_ic
        Rank IC of ``signal`` against the total return from open[t + lag] to
        open[t + lag + horizon], mean over dates, in expectation over the signals.
    """

    bars: pd.DataFrame
    membership: pd.DataFrame
    sectors: pd.DataFrame
    benchmarks: pd.DataFrame
    actions: pd.DataFrame
    fundamentals: pd.DataFrame
    sentiment: pd.DataFrame
    truth: pd.DataFrame
    theoretical_rank_ic: float

    def __iter__(self) -> Iterator[pd.DataFrame]:
        yield self.bars
        yield self.truth


def simulate_market(
    n_tickers: int = 500,
    n_sessions: int = 2_520,
    seed: int = 7,
    information_coefficient: float = 0.03,
    **settings: Any,
) -> SimulatedMarket:
    """Simulate a market of daily bars with a planted, known amount of skill.

    Parameters
    ----------
    n_tickers, n_sessions
        Names and exchange sessions.
    seed
        Not negative; the same seed and settings give the same bytes.
    information_coefficient
        Theoretical rank IC of the planted signal, 0 for a market of pure noise.
    **settings
        Any other field of :class:`SimulatedMarketSpec`.

    Raises
    ------
    ConfigError
        ``AK-C003`` for an unknown or impossible setting, ``AK-C010`` for skill that no
        signal of this horizon can have, ``AK-C011`` for volatilities that drive a price
        below zero, ``AK-C012`` for more sessions than the calendar knows, ``AK-C013``
        for a market with next to no names left.

    Examples
    --------
    >>> bars, truth = simulate_market(50, 300, seed=1)
    """
    block = {
        "n_tickers": n_tickers,
        "n_sessions": n_sessions,
        "information_coefficient": information_coefficient,
    }
    spec = SimulatedMarketSpec.parse(block | settings, "simulate_market")
    return draw_market(spec, seed=seed)


def draw_market(spec: SimulatedMarketSpec, *, seed: int) -> SimulatedMarket:
    """Simulate the market that ``spec`` describes; see :func:`simulate_market`.

    Notes
    -----
    Each step draws from its own stream, and sessions are drawn in order. Factors,
    signals and own shocks of the first sessions therefore do not depend on
    ``n_sessions``; listings, spread over the whole sample, do.
    """
    # A stream more, for a table more, goes to the end: the others keep their numbers.
    streams = np.random.default_rng(seed).spawn(10)
    birth, life, common, news, chance, events, quotes, funds, filings, talk = streams
    names, lives = draw_names(spec, birth), draw_lives(spec, life)
    factors = draw_factors(spec, names, common)
    signal = news.standard_normal((spec.n_sessions, spec.n_tickers))
    noise = draw_moves(spec, names, lives, factors, signal, chance)
    planted = plant(spec, names, lives, factors, noise, signal)
    actions = draw_actions(spec, names, lives, planted.moves, events)
    axes = Axes(_sessions(spec), names.tickers)
    size = known_size(names, lives, actions)
    member = index_members(size, lives.listed, axes.dates, spec.member_share)
    pool = np.where(member, size, 0.0)
    shown = {"signal": signal, "forecast": planted.forecast}
    return SimulatedMarket(
        bars=make_bars(spec, axes, names, lives, planted.moves, actions, quotes),
        membership=membership_table(axes, member),
        sectors=sectors_table(names),
        benchmarks=benchmarks_table(
            axes.dates, names, factors, planted.moves, actions, pool, funds
        ),
        actions=actions_table(spec, axes, actions),
        fundamentals=fundamentals_table(spec, axes, names, lives, actions, filings),
        sentiment=sentiment_table(spec, axes, lives, talk),
        truth=gather(axes, shown, lives.traded),
        theoretical_rank_ic=planted.rank_ic,
    )


def _sessions(spec: SimulatedMarketSpec) -> Dates:
    days = _SPARE_DAYS + int(_DAYS_PER_SESSION * spec.n_sessions)
    end = pd.Timestamp(spec.start) + pd.Timedelta(days=days)
    try:
        sessions = sessions_between(spec.calendar, spec.start, end)
    except ValueError as error:
        raise ConfigError(
            "AK-C012",
            f"the calendar {spec.calendar} does not reach so far",
            got=error,
            wanted=f"{spec.n_sessions} sessions from {spec.start} on",
            fix="start earlier, lower n_sessions, or name another calendar",
        ) from None
    return sessions[: spec.n_sessions]

"""A market from Yahoo: refreshed where that is allowed, then read as it is stored."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from alpha_kedro.sources.tables import MarketTables
from alpha_kedro.sources.yahoo.coverage import facts_of, refuse_thin
from alpha_kedro.sources.yahoo.reading import StoredMarket
from alpha_kedro.sources.yahoo.refresh import Clock, refresh, stored
from alpha_kedro.sources.yahoo.spec import YahooMarketSpec
from alpha_kedro.sources.yahoo.store import SegmentStore
from alpha_kedro.sources.yahoo.universe import read_universe


def load_yahoo(
    spec: YahooMarketSpec,
    *,
    folder: Path,
    now: pd.Timestamp | None = None,
    session: Any = None,
    sleep: Callable[[float], None] = time.sleep,
    jitter: random.Random | None = None,
) -> MarketTables:
    """Fetch what is new of a market, store it, and return the market as stored.

    Parameters
    ----------
    spec
        Who, from when to when, how politely, and how much may fail.
    folder
        The store, such as ``01_raw/yahoo``.
    now
        The present, with zone; None: the clock.
    session
        A ``requests`` or ``curl_cffi`` session to ask through; None: yfinance's own.
    sleep, jitter
        How to wait, and how waits before retries are spread.

    Returns
    -------
    MarketTables
        Raw: bars as quoted on the day, read ticker by ticker; ``adj_close`` is NaN, so
        that total return follows from the actions by one rule. Benchmarks carry the
        total return of their own actions. ``facts`` say how each name stands, when it
        was fetched, and as of which ``vintage`` the same market can be read again.

    Raises
    ------
    ConfigError
        ``AK-C070``, ``AK-C071``, ``AK-C072`` as in `read_universe`; ``AK-C002`` for an
        unknown calendar; ``AK-P003`` while another run is fetching.
    DataError
        ``AK-D070`` nobody answered, ``AK-D071`` too few names are covered, ``AK-D002``
        a segment is damaged. What was stored before stays, and so does what was
        fetched.

    Notes
    -----
    Yahoo's terms of use are the user's business.
    """
    clock: Clock = (lambda: pd.Timestamp.now("UTC")) if now is None else (lambda: now)
    universe = read_universe(spec)
    store = SegmentStore(folder)
    if spec.asks:
        found = refresh(
            universe.everybody,
            store,
            spec=spec,
            clock=clock,
            session=session,
            sleep=sleep,
            jitter=jitter or random.Random(),
        )
    else:
        found = stored(universe.everybody, store, spec=spec, clock=clock)
    outcomes = {ticker: found[symbol] for ticker, symbol in universe.symbols.items()}
    refuse_thin(outcomes, spec=spec)
    besides = {name: found[symbol] for name, symbol in universe.benchmarks.items()}
    everybody = besides | outcomes
    market = StoredMarket(store, universe.everybody, spec)
    return MarketTables(
        parts=lambda: market.bars(universe.symbols),
        basis="raw",
        membership=universe.membership,
        sectors=universe.sectors,
        benchmarks=market.benchmarks(universe.benchmarks),
        actions=market.actions(universe.symbols),
        facts=facts_of(everybody, market, n_tickers=len(universe.symbols)),
    )

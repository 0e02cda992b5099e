"""One refresh of the store: who is asked, what is kept, how everybody stands."""

import random
from collections.abc import Callable
from typing import Any

import pandas as pd

from alpha_kedro.core.files import sweep_partials
from alpha_kedro.core.lock import RunLock
from alpha_kedro.core.progress import track
from alpha_kedro.sources.yahoo import vendor
from alpha_kedro.sources.yahoo.answers import Answer
from alpha_kedro.sources.yahoo.download import Download
from alpha_kedro.sources.yahoo.keep import NO_NEW_BAR, Keeper, Outcome
from alpha_kedro.sources.yahoo.plan import PLANNED_COLUMNS, Request, plan
from alpha_kedro.sources.yahoo.sessions import last_final_session
from alpha_kedro.sources.yahoo.spec import YahooMarketSpec
from alpha_kedro.sources.yahoo.store import Known, SegmentStore

Clock = Callable[[], pd.Timestamp]


def refresh(
    symbols: list[str],
    store: SegmentStore,
    *,
    spec: YahooMarketSpec,
    clock: Clock,
    session: Any,
    sleep: Callable[[float], None],
    jitter: random.Random,
) -> dict[str, Outcome]:
    """Ask for what is not stored yet and store it; return how each name stands.

    Parameters
    ----------
    symbols
        As Yahoo spells them.
    store
        Where the answers are kept; one run at a time.
    spec
        Span, manners, tolerance.
    clock
        Says what time it is, with zone.
    session
        What is asked through, see `vendor.connect`.
    sleep, jitter
        How to wait, and how waits before retries are spread.

    Raises
    ------
    ConfigError
        ``AK-P003`` while another run is fetching into the same store.
    DataError
        ``AK-D002`` for a damaged segment, before anybody is asked.
    """
    with RunLock(store.folder):
        sweep_partials(store.folder)
        return _Run(store, spec, clock, session).refresh(symbols, sleep, jitter)


def stored(
    symbols: list[str], store: SegmentStore, *, spec: YahooMarketSpec, clock: Clock
) -> dict[str, Outcome]:
    """Return how each name stands without asking anybody."""
    as_of = None if spec.as_of is None else pd.Timestamp(spec.as_of)
    target = _target(spec, clock() if as_of is None else as_of)
    outcomes = {}
    for symbol in symbols:
        known = store.read(symbol, as_of=as_of, columns=PLANNED_COLUMNS)
        outcomes[symbol] = _unasked(symbol, known, target)
    return outcomes


class _Run:
    """What one refresh knows: the store, the sessions it is about, the connection."""

    def __init__(
        self, store: SegmentStore, spec: YahooMarketSpec, clock: Clock, session: Any
    ) -> None:
        self.store = store
        self.spec = spec
        self.clock = clock
        self.session = session
        self.started = clock()
        self.target = _target(spec, self.started)

    def refresh(
        self,
        symbols: list[str],
        sleep: Callable[[float], None],
        jitter: random.Random,
    ) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        requests = []
        for symbol in symbols:
            planned = self._planned(symbol)
            if isinstance(planned, Request):
                requests.append(planned)
            else:
                outcomes[symbol] = planned
        if requests:
            download = self._download(sleep, jitter)
            answered = download.outcomes(requests)
            for outcome in track(answered, label="fetching", total=len(requests)):
                outcomes[outcome.symbol] = outcome
        return {symbol: outcomes[symbol] for symbol in symbols}

    def _planned(self, symbol: str) -> Request | Outcome:
        known = self.store.read(symbol, columns=PLANNED_COLUMNS)
        start = None if self.spec.start is None else pd.Timestamp(self.spec.start)
        request = plan(
            symbol,
            known,
            start=start,
            target=self.target,
            due_before=self.started - pd.Timedelta(days=self.spec.refetch_after_days),
            overlap_sessions=self.spec.overlap_sessions,
        )
        return request or _unasked(symbol, known, self.target)

    def _download(
        self, sleep: Callable[[float], None], jitter: random.Random
    ) -> Download:
        connection = vendor.connect(self.session)
        spec = self.spec

        def ask(request: Request) -> Answer:
            return vendor.fetch(
                request.symbol,
                request.start,
                self.clock(),
                connection,
                timeout=spec.timeout_seconds,
            )

        keeper = Keeper(
            self.store,
            last_final=_last_final(spec, self.started),
            target=self.target,
            tolerance=spec.overlap_tolerance,
            clock=self.clock,
        )
        return Download(ask, keeper.keep, spec=spec, sleep=sleep, jitter=jitter)


def _unasked(symbol: str, known: Known | None, target: pd.Timestamp) -> Outcome:
    """Return how a name stands that is not asked for."""
    if known is None:
        return Outcome(symbol, "unknown", "nothing is stored", answered=False)
    has_bar = known.quotes["close"].notna()
    if known.quotes.loc[has_bar, "date"].max() >= target:  # without a bar: NaT
        return Outcome(symbol, "fresh")
    return Outcome(symbol, "stale", NO_NEW_BAR)


def _last_final(spec: YahooMarketSpec, now: pd.Timestamp) -> pd.Timestamp:
    return last_final_session(
        now, calendar=spec.calendar, settle_minutes=spec.settle_minutes
    )


def _target(spec: YahooMarketSpec, now: pd.Timestamp) -> pd.Timestamp:
    return last_final_session(
        now, calendar=spec.calendar, settle_minutes=spec.settle_minutes, end=spec.end
    )

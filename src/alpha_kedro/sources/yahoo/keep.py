"""What becomes of an answer: it is stored, or asked again whole, or changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd

from alpha_kedro.sources.yahoo.answers import Answer, Failure, Served
from alpha_kedro.sources.yahoo.plan import DUE, Request, whole_again
from alpha_kedro.sources.yahoo.quotes import Counts, as_quoted
from alpha_kedro.sources.yahoo.revision import (
    keep_known,
    moved_volumes,
    not_yet_known,
    why_whole,
)
from alpha_kedro.sources.yahoo.store import Known, SegmentStore

Status = Literal["fresh", "stale", "failed", "unknown"]
NO_NEW_BAR = "no bar for the last session"


@dataclass(frozen=True)
class Outcome:
    """How a name stands after it was asked for.

    Attributes
    ----------
    status
        ``fresh``: its last bar is that of the last final session. ``stale``: it is not,
        and what was known is kept. ``failed``: nothing is known and nothing came.
        ``unknown``: nothing is known and nobody asked.
    reason
        Why it is not fresh.
    answered
        Whether the vendor gave quotes, or nothing had to be asked.
    revised
        Why the whole history was asked for again, and what moved or why none came.
    counts
        Rows of the answer, see `quotes.as_quoted`; and ``moved_volumes``.
    """

    symbol: str
    status: Status
    reason: str = ""
    answered: bool = True
    revised: str | None = None
    counts: Counts = field(default_factory=dict)


class Keeper:
    """Stores answers of one run.

    Parameters
    ----------
    store
        Where to.
    last_final
        The last session whose bar may be stored.
    target
        The session up to which a name has to come to be fresh.
    tolerance
        Of the comparison with what is known.
    clock
        Says when an answer came.
    """

    def __init__(
        self,
        store: SegmentStore,
        *,
        last_final: pd.Timestamp,
        target: pd.Timestamp,
        tolerance: float,
        clock: Callable[[], pd.Timestamp],
    ) -> None:
        self.store = store
        self.last_final = last_final
        self.target = target
        self.tolerance = tolerance
        self.clock = clock

    def keep(self, request: Request, answer: Answer) -> Outcome | Request:
        """Store an answer; return how the name stands, or what has to be asked now."""
        known = self.store.read(request.symbol)
        if isinstance(answer, Failure):
            return self._failed(request, known, answer)
        quotes, counts = self._quoted(request, answer)
        if not counts["kept"]:
            nothing = Failure("empty", "no final bar")
            return self._failed(request, known, nothing, counts)
        if request.kind == "append" and known is not None:
            return self._append(request, quotes, known, counts)
        return self._whole(request, quotes, known, counts)

    def _quoted(self, request: Request, served: Served) -> tuple[pd.DataFrame, Counts]:
        return as_quoted(served, first=request.start, last=self.last_final)

    def _append(
        self, request: Request, quotes: pd.DataFrame, known: Known, counts: Counts
    ) -> Outcome | Request:
        why = why_whole(quotes, known.quotes, tolerance=self.tolerance)
        if why is not None:
            return whole_again(request.symbol, known, request.start, why=why)
        new = not_yet_known(quotes, known.quotes)
        if len(new):
            self._write(request, new, known.asked_from)
        moved = moved_volumes(quotes, known.quotes, tolerance=self.tolerance)
        return self._stands(request, quotes, counts | {"moved_volumes": moved})

    def _whole(
        self,
        request: Request,
        quotes: pd.DataFrame,
        known: Known | None,
        counts: Counts,
    ) -> Outcome | Request:
        revised = None
        if known is not None:
            settled, revision = keep_known(
                quotes, known.quotes, tolerance=self.tolerance
            )
            if revision.is_truncated and request.why == DUE:
                return self._append_truncated(request, quotes, known, counts)
            if revision.is_truncated:
                short = Failure("malformed", f"truncated: {revision}")
                return self._failed(request, known, short, counts)
            quotes, revised = settled, f"{request.why}: {revision}"
        self._write(request, quotes, request.start)
        return replace(self._stands(request, quotes, counts), revised=revised)

    def _append_truncated(
        self, request: Request, quotes: pd.DataFrame, known: Known, counts: Counts
    ) -> Outcome | Request:
        """Take what is new: nothing known was in doubt, and nothing need be lost."""
        n_lost = int((~known.quotes["date"].isin(quotes["date"])).sum())
        stands = self._append(replace(request, kind="append"), quotes, known, counts)
        if isinstance(stands, Request):
            return stands
        lost = f"{n_lost} of {len(known.quotes)} rows no longer served"
        return replace(stands, revised=f"{request.why}: truncated: {lost}")

    def _write(
        self,
        request: Request,
        quotes: pd.DataFrame,
        asked_from: pd.Timestamp | None,
    ) -> None:
        self.store.write(
            request.symbol,
            quotes,
            kind=request.kind,
            fetched_at=self.clock(),
            asked_from=asked_from,
        )

    def _stands(
        self, request: Request, quotes: pd.DataFrame, counts: Counts
    ) -> Outcome:
        last = quotes.loc[quotes["close"].notna(), "date"].max()
        if last >= self.target:
            return Outcome(request.symbol, "fresh", counts=counts)
        return Outcome(request.symbol, "stale", NO_NEW_BAR, counts=counts)

    def _failed(
        self,
        request: Request,
        known: Known | None,
        failure: Failure,
        counts: Counts | None = None,
    ) -> Outcome:
        if known is None or request.is_needed:
            return _missing(request, known, failure, counts)
        stands = self._stands(request, known.quotes, counts or {})
        return replace(stands, revised=f"{request.why}: {failure}")


def _missing(
    request: Request,
    known: Known | None,
    failure: Failure,
    counts: Counts | None,
) -> Outcome:
    """Nothing came: what is known stays, and no name is called delisted."""
    why = f" (asked for its whole history: {request.why})" if request.why else ""
    return Outcome(
        request.symbol,
        "failed" if known is None else "stale",
        reason=f"{failure}{why}",
        answered=False,
        counts=counts or {},
    )

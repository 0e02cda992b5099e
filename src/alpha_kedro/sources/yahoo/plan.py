"""Who has to be asked, and for what: nobody who is fresh, and no more than is new."""

from dataclasses import dataclass, replace

import pandas as pd

from alpha_kedro.sources.yahoo.store import Kind, Known

PLANNED_COLUMNS = ("date", "close")
DUE = "due"
# So long after a session an answer is the last word on it: there was no bar.
_LAST_WORD = pd.Timedelta(days=5)


@dataclass(frozen=True)
class Request:
    """One question: the bars of a name from a day on.

    Attributes
    ----------
    start
        First day asked for; None: as far back as there is anything.
    kind
        How the answer will be kept.
    why
        Why a history that is known is asked for again; None when there is none.
    is_needed
        False where all that is wanted is known, and the question only checks it.
    """

    symbol: str
    start: pd.Timestamp | None
    kind: Kind
    why: str | None = None
    is_needed: bool = True


def plan(
    symbol: str,
    known: Known | None,
    *,
    start: pd.Timestamp | None,
    target: pd.Timestamp,
    due_before: pd.Timestamp,
    overlap_sessions: int,
) -> Request | None:
    """Return what to ask of one name, None when nothing has to be asked.

    Parameters
    ----------
    symbol
        As Yahoo spells it.
    known
        What is stored (``PLANNED_COLUMNS``), None when nothing is.
    start
        First day of the market; None: all there is.
    target
        The last session that is wanted and final.
    due_before
        A whole history that was fetched before then (UTC) is fetched whole again.
    overlap_sessions
        Known sessions that are asked for again.
    """
    if known is None:
        return Request(symbol, start, "whole")
    if not known.is_intact:
        return whole_again(symbol, known, start, why="a segment is missing")
    if known.asked_from is not None and (start is None or start < known.asked_from):
        return whole_again(symbol, known, start, why="an earlier start")
    days = known.quotes.loc[known.quotes["close"].notna(), "date"]
    if days.empty:
        return whole_again(symbol, known, start, why="no close is known")
    is_needed = days.iloc[-1] < target and not _has_last_word(known, target)
    if known.whole_at < due_before:
        due = whole_again(symbol, known, start, why=DUE)
        return replace(due, is_needed=is_needed)
    if not is_needed:
        return None
    return Request(symbol, days.iloc[-overlap_sessions:].iloc[0], "append")


def whole_again(
    symbol: str, known: Known | None, start: pd.Timestamp | None, *, why: str
) -> Request:
    """Ask for the whole history, from no later a day than it was asked for before."""
    if known is not None:
        before = known.asked_from
        start = None if start is None or before is None else min(start, before)
    return Request(symbol, start, "whole", why)


def _has_last_word(known: Known, target: pd.Timestamp) -> bool:
    return known.fetched_at >= target.tz_localize("UTC") + _LAST_WORD

"""Quotes of each name in append-only segments: what was known, and since when.

``<folder>/<SYMBOL>/000001-whole-20240308T221500000000Z.parquet`` holds a whole history,
``000002-append-...`` the sessions after it. Nothing is ever rewritten, so the market
can be read again as it was known at any instant.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from alpha_kedro.core.files import read_parquet, write_parquet

Kind = Literal["whole", "append"]
_INSTANT = "%Y%m%dT%H%M%S%fZ"
_NAME = re.compile(r"(?P<number>\d{6})-(?P<kind>whole|append)-(?P<at>\d{8}T\d{12}Z)")


@dataclass(frozen=True)
class Segment:
    """One file of a name."""

    path: Path
    number: int
    kind: str
    fetched_at: pd.Timestamp


@dataclass(frozen=True)
class Known:
    """What is stored of a name.

    Attributes
    ----------
    quotes
        `quotes.QUOTE_COLUMNS`, or those asked for, and ``fetched_at``; by date.
    asked_from
        First day that the whole history was asked for; None: all there is.
    fetched_at
        When the last segment was fetched (UTC).
    whole_at
        When the whole history was fetched that the other segments follow on (UTC).
    is_intact
        False where a file between others has gone, so that days may be missing.
    """

    quotes: pd.DataFrame
    asked_from: pd.Timestamp | None
    fetched_at: pd.Timestamp
    whole_at: pd.Timestamp
    is_intact: bool


class SegmentStore:
    """The segments of a market.

    Parameters
    ----------
    folder
        Where they are; made when the first segment is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def segments(self, symbol: str) -> list[Segment]:
        """Return the segments of a name in the order they were written."""
        files = sorted(Path(self.folder, symbol).glob("*.parquet"))
        named = [(path, _NAME.fullmatch(path.stem)) for path in files]
        return [_segment(path, match) for path, match in named if match]

    def read(
        self,
        symbol: str,
        *,
        as_of: pd.Timestamp | None = None,
        columns: Sequence[str] | None = None,
    ) -> Known | None:
        """Return what is known of a name, or was at ``as_of``; None when nothing.

        The last whole history that was there, and the appends that follow on it.

        Raises
        ------
        DataError
            ``AK-D002`` with the path of a damaged segment. Delete it: its sessions,
            or the whole history, are fetched again.
        """
        then = [
            segment
            for segment in self.segments(symbol)
            if as_of is None or segment.fetched_at <= as_of
        ]
        chain = _chain(then)
        if not chain:
            return None
        extra = ["date", "fetched_at", "asked_from"]
        wanted = None if columns is None else [*dict.fromkeys([*columns, *extra])]
        tables = [read_parquet(segment.path, wanted) for segment in chain]
        quotes = pd.concat(tables, ignore_index=True).sort_values("date")
        first = tables[0]["asked_from"].iloc[0]
        return Known(
            quotes=quotes.drop(columns="asked_from").reset_index(drop=True),
            asked_from=None if pd.isna(first) else first,
            fetched_at=chain[-1].fetched_at,
            whole_at=chain[0].fetched_at,
            is_intact=chain[-1] == then[-1],
        )

    def write(
        self,
        symbol: str,
        quotes: pd.DataFrame,
        *,
        kind: Kind,
        fetched_at: pd.Timestamp,
        asked_from: pd.Timestamp | None,
    ) -> Path:
        """Add a segment, atomically and sealed; return its path."""
        last = max((segment.number for segment in self.segments(symbol)), default=0)
        at = fetched_at.tz_convert("UTC").tz_localize(None)
        name = f"{last + 1:06d}-{kind}-{at.strftime(_INSTANT)}.parquet"
        path = Path(self.folder, symbol, name)
        known_since = {"asked_from": asked_from, "fetched_at": at}
        days = {
            key: pd.Series(value, quotes.index, dtype="datetime64[us]")
            for key, value in known_since.items()
        }
        write_parquet(path, quotes.assign(**days))
        return path


def _segment(path: Path, match: re.Match[str]) -> Segment:
    at = pd.to_datetime(match["at"], format=_INSTANT, utc=True)
    return Segment(path, int(match["number"]), match["kind"], at)


def _chain(segments: list[Segment]) -> list[Segment]:
    """Return the last whole history and its appends, up to the first that is missing.

    Behind a gap may stand the appends of a whole history that has gone: another basis.
    """
    wholes = [place for place, each in enumerate(segments) if each.kind == "whole"]
    if not wholes:
        return []
    start = wholes[-1]
    first = segments[start].number
    return [
        segment
        for step, segment in enumerate(segments[start:])
        if segment.number == first + step
    ]

"""Whether history has moved: what is known against what is served now."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Bool
from alpha_kedro.market.columns import PRICES

_MONEY = (*PRICES, "dividend")
_COMPARED = (*_MONEY, "split_ratio", "volume")
_MOST_LOST = 0.01  # share of known sessions that a whole answer may lack


@dataclass(frozen=True)
class Revision:
    """What a whole answer changed in what was known."""

    moved: tuple[pd.Timestamp, ...]
    n_known: int
    n_lost: int

    @property
    def is_truncated(self) -> bool:
        """Tell whether too much of what was known is not served any more."""
        return self.n_lost > max(_MOST_LOST * self.n_known, 1)

    def __str__(self) -> str:
        said = []
        if self.moved:
            day = f"{self.moved[0]:%Y-%m-%d}"
            n_moved = len(self.moved)
            said.append(f"{n_moved} of {self.n_known} rows moved, the first on {day}")
        if self.n_lost:
            said.append(f"{self.n_lost} of {self.n_known} rows no longer served")
        return "; ".join(said) or "no quote moved"


def why_whole(
    quotes: pd.DataFrame, known: pd.DataFrame, *, tolerance: float
) -> str | None:
    """Tell why quotes cannot be appended to what is known, or None when they can.

    Parameters
    ----------
    quotes
        As served now for the last known sessions and those since, as quoted.
    known
        The same columns, as stored.
    tolerance
        Of prices and dividends relative to the known close, of split ratios relative
        to themselves.

    Notes
    -----
    Volume is not asked: Yahoo corrects it for days, and no basis depends on it. A value
    that is missing now refutes nothing.
    """
    since = quotes[quotes["date"] > known["date"].max()]
    splits = since[since["split_ratio"] != 1.0]
    if len(splits):
        return f"split on {splits['date'].iloc[0]:%Y-%m-%d}"
    ours, theirs = _aligned(known, quotes)
    if ours.empty:
        return "no session in common with what is known"
    moved = _differs(theirs, ours, tolerance)[[*_MONEY, "split_ratio"]].any(axis=1)
    if not moved.any():
        return None
    day = ours["date"][moved].iloc[0]
    return f"{moved.sum()} of {len(ours)} known rows moved, the first on {day:%Y-%m-%d}"


def not_yet_known(quotes: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of days that are not known yet, earlier gaps included."""
    return quotes[~quotes["date"].isin(known["date"])].reset_index(drop=True)


def moved_volumes(
    quotes: pd.DataFrame, known: pd.DataFrame, *, tolerance: float
) -> int:
    """Count the known days whose volume is served otherwise now; ours is kept."""
    ours, theirs = _aligned(known, quotes)
    return int(_differs(theirs, ours, tolerance)["volume"].sum())


def keep_known(
    quotes: pd.DataFrame, known: pd.DataFrame, *, tolerance: float
) -> tuple[pd.DataFrame, Revision]:
    """Return whole new quotes in which what did not move keeps its bits.

    Parameters
    ----------
    quotes
        The whole history as served now, as quoted.
    known
        As stored before.
    tolerance
        As in `why_whole`, and of volume relative to itself.

    Returns
    -------
    quotes
        Where a value agrees with the known one, or is missing now, the known one:
        dividing by a split and multiplying again moves the last digit, and rounding of
        the vendor's moves more. Else the new one.
    revision
        What moved, and how many known days are not served any more.
    """
    ours, theirs = _aligned(known, quotes)
    differs = _differs(theirs, ours, tolerance)
    settled = quotes.set_index("date")
    for name in _COMPARED:
        agrees = (~differs[name] & ours[name].notna()).to_numpy()
        settled.loc[ours["date"][agrees], name] = ours[name].to_numpy()[agrees]
    moved = ours["date"][differs.any(axis=1)]
    revision = Revision(tuple(moved), len(known), len(known) - len(ours))
    return settled.reset_index()[list(quotes.columns)], revision


def _aligned(
    known: pd.DataFrame, quotes: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both tables on the days they share."""
    names = ["date", *_COMPARED]
    ours = known.loc[known["date"].isin(quotes["date"]), names]
    theirs = quotes.loc[quotes["date"].isin(known["date"]), names]
    return ours.reset_index(drop=True), theirs.reset_index(drop=True)


def _differs(
    theirs: pd.DataFrame, ours: pd.DataFrame, tolerance: float
) -> pd.DataFrame:
    """Mark the values that moved; one that is missing now has not."""
    marks: dict[str, Bool] = {}
    close = ours["close"].to_numpy()
    for name in _COMPARED:
        new, old = theirs[name].to_numpy(), ours[name].to_numpy()
        # A dividend on a day without a bar has no close to be measured by.
        by_close = (name in _MONEY) & ~np.isnan(close)
        scale = np.where(by_close, close, old)
        near = np.abs(new - old) <= tolerance * np.abs(scale)
        marks[name] = ~np.isnan(new) & ~near
    return pd.DataFrame(marks)

"""What makes a bar unfit, in the order in which the faults are looked for."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Bool
from alpha_kedro.market.columns import PRICES, VALUES

OUT_OF_SCOPE = "out_of_scope"
OFF_MAIN_CALENDAR = "off_main_calendar"
NOT_FAULTS = (OUT_OF_SCOPE, OFF_MAIN_CALENDAR)


@dataclass(frozen=True)
class Verdicts:
    """The first fault found in each row; a row without one is sound.

    Attributes
    ----------
    reasons
        (n_rows,) index into ``words``; 0 is sound.
    words
        The faults met so far, in the order they were looked for.
    """

    reasons: np.ndarray[tuple[int], np.dtype[np.int8]]
    words: list[str] = field(default_factory=lambda: ["sound"])

    @classmethod
    def of(cls, n_rows: int) -> "Verdicts":
        """Start with every row sound."""
        return cls(np.zeros(n_rows, dtype=np.int8))

    @property
    def sound(self) -> Bool:
        """Mark the rows without a fault so far: (n_rows,) bool."""
        return np.equal(self.reasons, 0)

    @property
    def faulty(self) -> Bool:
        """Mark the rows with a fault; one that was not asked for has none."""
        return ~self.among(["sound", *NOT_FAULTS])

    def among(self, words: Iterable[str]) -> Bool:
        """Mark the rows whose first fault is one of ``words``: (n_rows,) bool."""
        meant = set(words)
        return np.array([word in meant for word in self.words])[self.reasons]

    def charge(self, fault: str, rows: Bool) -> None:
        """Charge the sound ones among ``rows`` with a fault."""
        self.words.append(fault)
        self.reasons[rows & self.sound] = len(self.words) - 1

    def counts(self) -> dict[str, int]:
        """Return how many rows each fault has met, faults without rows left out."""
        counts = self.fates()
        del counts["sound"]
        return dict(counts)

    def fates(self, rows: Bool | None = None) -> Counter[str]:
        """Count ``rows`` (default: all) by their first fault, or as ``sound``."""
        reasons = self.reasons if rows is None else self.reasons[rows]
        sizes = np.bincount(reasons, minlength=len(self.words)).tolist()
        named = zip(self.words, sizes, strict=True)
        return Counter({word: n for word, n in named if n})

    def rejects(self, bars: pd.DataFrame) -> pd.DataFrame:
        """Return the faulty rows of ``bars`` with their ``reason``."""
        faulty = self.faulty
        words = pd.array(self.words, dtype="str")
        return bars[faulty].assign(reason=words.take(self.reasons[faulty]))


def refuse_none_left(fates: Mapping[str, int]) -> None:
    """Raise when every row has a fault or is out of scope.

    Raises
    ------
    DataError
        ``AK-D016`` with the number of rows that each fault has met.
    """
    if fates.get("sound"):
        return
    counts = [f"{fault}: {n}" for fault, n in fates.items()]
    raise DataError(
        "AK-D016",
        "no bar is left after cleaning",
        got=", ".join(counts) or "no rows at all",
        wanted="at least one sound bar",
        fix="look at the reasons; set ingestion.start, end and calendar to the data's",
    )


PriceFault = Callable[[pd.DataFrame, float], Bool]


def charge_prices(verdicts: Verdicts, bars: pd.DataFrame, *, tolerance: float) -> None:
    """Charge bars whose prices cannot be prices; a missing price breaks no rule.

    Parameters
    ----------
    verdicts
        Charged in place.
    bars
        Prices and volume as float64, NaN where missing.
    tolerance
        How far (relative) a price may lie outside the bar's range: rounding.
    """
    for fault, broken in PRICE_FAULTS.items():
        verdicts.charge(fault, broken(bars, tolerance))


def outside_range(bars: pd.DataFrame, price: str, tolerance: float) -> Bool:
    """Mark prices further than ``tolerance`` (relative) outside low to high."""
    asked, low, high = (bars[name].to_numpy() for name in (price, "low", "high"))
    outside: Bool = (asked > high * (1 + tolerance)) | (asked < low * (1 - tolerance))
    return outside


def _infinite(bars: pd.DataFrame, tolerance: float) -> Bool:
    infinite = [np.isinf(bars[name].to_numpy()) for name in VALUES]
    return np.asarray(np.logical_or.reduce(infinite))


def _no_close(bars: pd.DataFrame, tolerance: float) -> Bool:
    return np.asarray(bars["close"].isna())


def _not_positive(bars: pd.DataFrame, tolerance: float) -> Bool:
    prices = (bars[name].to_numpy() for name in (*PRICES, "adj_close"))
    return np.asarray(np.logical_or.reduce([price <= 0 for price in prices]))


def _negative_volume(bars: pd.DataFrame, tolerance: float) -> Bool:
    return np.asarray(bars["volume"].lt(0))


def _high_below_low(bars: pd.DataFrame, tolerance: float) -> Bool:
    return outside_range(bars, "low", tolerance)


def _open_outside_range(bars: pd.DataFrame, tolerance: float) -> Bool:
    return outside_range(bars, "open", tolerance)


def _close_outside_range(bars: pd.DataFrame, tolerance: float) -> Bool:
    return outside_range(bars, "close", tolerance)


PRICE_FAULTS: dict[str, PriceFault] = {
    "infinite": _infinite,
    "no_close": _no_close,
    "not_positive": _not_positive,
    "negative_volume": _negative_volume,
    "high_below_low": _high_below_low,
    "open_outside_range": _open_outside_range,
    "close_outside_range": _close_outside_range,
}


def charge_duplicates(
    verdicts: Verdicts, bars: pd.DataFrame, *, last: object = None
) -> None:
    """Charge all but one of equal bars, and every bar of a contradiction.

    Parameters
    ----------
    verdicts
        Charged in place; only sound rows are compared, so a broken copy of a bar does
        not cost its sound copy.
    bars
        Sorted by date and ticker, or ticker and date; ``ticker`` categorical.
    last
        The last session of the data. Default: that of the sound ones among ``bars``.

    Notes
    -----
    On the last session of the data one contradiction is settled: a vendor asked before
    the close gives the session so far, and asked again the whole session. A bar that
    contains all its rivals (same open, widest range, largest volume) is settled.
    """
    twins = _twins(bars, verdicts.sound)
    if not twins.any():
        return
    copies = bars[twins].duplicated(["date", "ticker", *VALUES])
    verdicts.charge("duplicate", _among(twins, copies))
    twins = _twins(bars, verdicts.sound)
    if last is None:
        last = bars.loc[verdicts.sound, "date"].max()
    unsettled = _unsettled(bars[twins]) & (bars["date"][twins] == last)
    verdicts.charge("unsettled_duplicate", _among(twins, unsettled))
    verdicts.charge("conflicting_duplicate", _twins(bars, verdicts.sound))


def _twins(bars: pd.DataFrame, sound: Bool) -> Bool:
    """Mark the sound rows that share their (date, ticker) with another sound row."""
    rows = np.flatnonzero(sound)
    days, names = (
        bars["date"].to_numpy()[rows],
        bars["ticker"].cat.codes.to_numpy()[rows],
    )
    alike = (days[1:] == days[:-1]) & (names[1:] == names[:-1])
    twins = np.zeros(len(bars), dtype=bool)
    twins[rows[1:][alike]] = True
    twins[rows[:-1][alike]] = True
    return twins


def _unsettled(rivals: pd.DataFrame) -> pd.Series:
    """Mark the snapshots whose session has exactly one bar that contains them."""
    keys = [rivals["date"], rivals["ticker"]]
    session = rivals.groupby(["date", "ticker"], observed=True)
    contains = (
        rivals["high"].eq(session["high"].transform("max"))
        & rivals["low"].eq(session["low"].transform("min"))
        & rivals["volume"].eq(session["volume"].transform("max"))
        & session["open"].transform("nunique").eq(1)
    )
    decided = contains.groupby(keys, observed=True).transform("sum").eq(1)
    return decided & ~contains


def _among(rows: Bool, chosen: pd.Series) -> Bool:
    """Spread a choice made among ``rows`` over all rows."""
    spread = np.zeros(len(rows), dtype=bool)
    spread[rows] = chosen.to_numpy()
    return spread

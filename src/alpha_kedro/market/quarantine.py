"""What makes a bar unfit, in the order in which the faults are looked for."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Bool
from alpha_kedro.market.columns import PRICES, VALUES

OUT_OF_SCOPE = "out_of_scope"


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

    def charge(self, fault: str, rows: Bool) -> None:
        """Charge the sound ones among ``rows`` with a fault."""
        self.words.append(fault)
        self.reasons[rows & self.sound] = len(self.words) - 1

    def counts(self) -> dict[str, int]:
        """Return how many rows each fault has met, faults without rows left out."""
        sizes = np.bincount(self.reasons, minlength=len(self.words))
        return {
            word: int(size)
            for word, size in zip(self.words[1:], sizes[1:], strict=True)
            if size
        }

    def rejects(self, bars: pd.DataFrame) -> pd.DataFrame:
        """Return the faulty rows of ``bars`` with their ``reason``."""
        faulty = ~self.sound
        if OUT_OF_SCOPE in self.words:
            faulty &= self.reasons != self.words.index(OUT_OF_SCOPE)
        words = pd.array(self.words, dtype="str")
        return bars[faulty].assign(reason=words.take(self.reasons[faulty]))


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
    above = bars[price] > bars["high"] * (1 + tolerance)
    below = bars[price] < bars["low"] * (1 - tolerance)
    return np.asarray(above | below)


def _infinite(bars: pd.DataFrame, tolerance: float) -> Bool:
    infinite = np.isinf(bars[list(VALUES)].to_numpy("float64"))
    return np.asarray(infinite.any(axis=1))


def _no_close(bars: pd.DataFrame, tolerance: float) -> Bool:
    return np.asarray(bars["close"].isna())


def _not_positive(bars: pd.DataFrame, tolerance: float) -> Bool:
    prices = bars[[*PRICES, "adj_close"]]
    return np.asarray(prices.le(0).any(axis=1))


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


def charge_duplicates(verdicts: Verdicts, bars: pd.DataFrame) -> None:
    """Charge all but one of equal bars, and every bar of a contradiction.

    Parameters
    ----------
    verdicts
        Charged in place; only sound rows are compared, so a broken copy of a bar does
        not cost its sound copy.
    bars
        Sorted by (date, ticker); ``ticker`` categorical.

    Notes
    -----
    On the last session of the data one contradiction is settled: a vendor asked before
    the close gives the session so far, and asked again the whole session. A bar that
    contains all its rivals (same open, widest range, largest volume) is settled.
    """
    twins = _twins(bars, verdicts.sound)
    copies = bars[twins].duplicated(["date", "ticker", *VALUES])
    verdicts.charge("duplicate", _among(twins, copies))
    twins = _twins(bars, verdicts.sound)
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

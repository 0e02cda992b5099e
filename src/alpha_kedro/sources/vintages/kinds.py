"""What a change of a ticker's bars means: new days, another basis, another history."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Float
from alpha_kedro.market.columns import PRICES
from alpha_kedro.sources.vintages.rows import Mask, MatchedRows

UNCHANGED, APPENDED, SETTLED = "unchanged", "appended", "settled"
RESCALED, REVISED = "rescaled", "revised"
NEW, VANISHED = "new", "vanished"
NORMAL = (UNCHANGED, APPENDED)
EXPLAINED = (*NORMAL, RESCALED, NEW, VANISHED)

_PRECISION = 1e-6
_LAST_DIGIT = 1e-4  # vendors round to four decimals before and after they rescale
_SHARES = 1e-3

_SUMMED = ("appended", "filled", "removed", "revised_rows", "settled_rows")
COLUMNS = (
    *("ticker", "kind", *_SUMMED),
    *("first_change", "price_ratio", "adj_close_ratio"),
)


def tickers_of(matched: MatchedRows, *, last: pd.Timestamp) -> pd.DataFrame:
    """Say of every ticker what happened to its bars.

    Parameters
    ----------
    matched
        Bars of some tickers, all their dates, in the order of (ticker, date).
    last
        The last session of the older vintage.

    Returns
    -------
    DataFrame
        `COLUMNS`, one row per ticker. ``kind``: *unchanged*; *appended* (rows after
        ``last`` only); *settled* (the row of ``last`` itself changed, as that of an
        unfinished day does); *rescaled* (all prices before some date times one ratio,
        which is ``price_ratio`` or, for the total return, ``adj_close_ratio``);
        *revised* (any other change of history); *new*; *vanished*. Rows are counted as
        appended, filled (into history), removed, revised and settled.
        ``first_change`` is the first date with a change before or on ``last``.
    """
    names = matched.keys["ticker"]
    groups = names.groupby(names, dropna=False, sort=True).indices
    rows = [
        {"ticker": name if isinstance(name, str) else None}
        | _describe(_only(matched, at), last)
        for name, at in groups.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def find_ratio(before: Float, after: Float) -> tuple[float, int] | None:
    """Find the one ratio that turns all earlier prices into the later vintage's.

    Parameters
    ----------
    before, after
        shape (n_rows, n_fields), in the order of dates; NaN where missing.

    Returns
    -------
    tuple or None
        The ratio, and how many rows from the first on it holds for; the rows after them
        are the same in both. None when nothing changed or one ratio does not explain
        all of it. Both vintages may be rounded to four decimals.
    """
    changed = ~((before == after) | (np.isnan(before) & np.isnan(after)))
    if not changed.any():
        return None
    n_rows = int(np.flatnonzero(changed.any(axis=1))[-1]) + 1
    old, new = before[:n_rows], after[:n_rows]
    if (np.isnan(old) != np.isnan(new)).any():
        return None
    known = old > 0
    if n_rows < 2 or not known.any():
        return None
    # The largest price says it with the most digits.
    ratio = _ratio_of_largest(old[known], new[known])
    rounding = _PRECISION * np.abs(new) + _LAST_DIGIT * (1 + abs(ratio))
    apart = np.abs(new - ratio * old)[~np.isnan(new)]
    explained = bool((apart <= rounding[~np.isnan(new)]).all())
    moved = bool((np.abs(new - old) > rounding).any())
    return (ratio, n_rows) if explained and moved else None


def _ratio_of_largest(old: Float, new: Float) -> float:
    at = int(np.argmax(old))
    return float(new[at] / old[at])


def _only(matched: MatchedRows, at: Any) -> MatchedRows:
    return MatchedRows(
        keys=matched.keys.iloc[at],
        old=matched.old.iloc[at],
        new=matched.new.iloc[at],
        in_old=matched.in_old[at],
        in_new=matched.in_new[at],
    )


def _describe(rows: MatchedRows, last: pd.Timestamp) -> dict[str, Any]:
    days = rows.keys["date"].to_numpy()
    later = days > last.to_datetime64()
    came, gone = rows.in_new & ~rows.in_old, rows.in_old & ~rows.in_new
    changed = np.logical_or.reduce([rows.differs(field) for field in rows.fields])
    settled = changed & (days == last.to_datetime64())
    touched = days[changed | gone | (came & ~later)]
    facts: dict[str, Any] = {
        "appended": int((came & later).sum()),
        "filled": int((came & ~later).sum()),
        "removed": int(gone.sum()),
        "revised_rows": int((changed & ~settled).sum()),
        "settled_rows": int(settled.sum()),
        "first_change": touched.min() if len(touched) else pd.NaT,
        "price_ratio": np.nan,
        "adj_close_ratio": np.nan,
    }
    if not rows.in_old.any():
        return facts | {"kind": NEW}
    if not rows.in_new.any():
        return facts | {"kind": VANISHED}
    if facts["filled"] or facts["removed"]:
        return facts | {"kind": REVISED}
    if facts["revised_rows"]:
        return facts | _rescaling(rows, rows.in_old & rows.in_new & ~settled)
    kind = SETTLED if facts["settled_rows"] else UNCHANGED
    return facts | {"kind": APPENDED if facts["appended"] and kind != SETTLED else kind}


def _rescaling(rows: MatchedRows, where: Mask) -> dict[str, Any]:
    """Return the ratios if they explain every change, else say that it is revised."""
    prices = _ratio(rows, PRICES, where)
    total = _ratio(rows, ("adj_close",), where)
    explained = {*PRICES, "adj_close", "volume"}
    if (
        prices is None
        or total is None
        or not _volume_agrees(rows, prices, where)
        or any(rows.differs(name)[where].any() for name in {*rows.fields} - explained)
    ):
        return {"kind": REVISED}
    return {"kind": RESCALED, "price_ratio": prices[0], "adj_close_ratio": total[0]}


def _ratio(
    rows: MatchedRows, names: Sequence[str], where: Mask
) -> tuple[float, int] | None:
    """Return the ratio of some fields and where it ends; 1.0 if they are the same."""
    fields = [name for name in names if name in rows.fields]
    if not any(rows.differs(field)[where].any() for field in fields):
        return 1.0, 0
    before, after = (
        np.column_stack([rows.values(field)[side][where] for field in fields])
        for side in (0, 1)
    )
    return find_ratio(before.astype(np.float64), after.astype(np.float64))


def _volume_agrees(rows: MatchedRows, prices: tuple[float, int], where: Mask) -> bool:
    """Return whether volumes are as before, or counted in the shares of the prices."""
    if "volume" not in rows.fields:
        return True
    ratio, n_rows = prices
    same = ~rows.differs("volume")[where]
    before, after = (
        side[where].astype(np.float64)[:n_rows] for side in rows.values("volume")
    )
    shares = np.isnan(before) & np.isnan(after)
    with np.errstate(invalid="ignore"):
        shares |= np.abs(after * ratio - before) <= _SHARES * np.abs(before) + ratio
    return bool(same[n_rows:].all() and (same[:n_rows].all() or shares.all()))

"""Two versions of a table, row by row: what came, what went, what changed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from alpha_kedro.core.panel import Float

Mask = npt.NDArray[np.bool_]

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
COLUMNS = (
    *("table", "kind", "ticker", "date"),
    *("field", "before", "after", "relative"),
)


@dataclass(frozen=True)
class MatchedRows:
    """The rows of two tables, matched by key and in the order of it.

    Attributes
    ----------
    keys
        One row for every key of either table. Where a table has a key twice, the first
        is matched with the other's first, the second with the second.
    old, new
        The rows of both tables, missing where a table has none.
    in_old, in_new
        Which keys each table has.
    """

    keys: pd.DataFrame
    old: pd.DataFrame
    new: pd.DataFrame
    in_old: Mask
    in_new: Mask

    @property
    def fields(self) -> list[str]:
        """Return the names of the columns of either table that are not in the key."""
        names = dict.fromkeys([*self.old.columns, *self.new.columns])
        return [str(name) for name in names if name not in self.keys.columns]

    def differs(self, field: str) -> Mask:
        """Return where a field of a row of both tables is not the same in both.

        Missing is the same as missing.
        """
        before, after = self.values(field)
        missing = pd.isna(before) & pd.isna(after)
        with np.errstate(invalid="ignore"):
            same = np.asarray(before == after, dtype=bool) | missing
        return np.asarray(self.in_old & self.in_new & ~same, dtype=bool)

    def values(
        self, field: str
    ) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]]:
        """Return a field before and after as arrays of one type."""
        sides = [
            side[field] if field in side else pd.Series(np.nan, index=side.index)
            for side in (self.old, self.new)
        ]
        return _as_one_type(sides[0], sides[1])


def match_rows(old: pd.DataFrame, new: pd.DataFrame, key: Sequence[str]) -> MatchedRows:
    """Match the rows of two tables by their key, every row of both kept.

    Parameters
    ----------
    old, new
        Tables with the columns of the key; a key may occur more than once.
    key
        Columns that tell rows apart.
    """
    left, right = _keyed(old, key), _keyed(new, key)
    on = [*key, "occurrence"]
    pairs = left.merge(right, on=on, how="outer", suffixes=("_old", "_new"))
    pairs = pairs.sort_values(on, kind="stable", ignore_index=True)
    places = [
        pairs[name].astype("float64").fillna(-1).to_numpy().astype(np.int64)
        for name in ("place_old", "place_new")
    ]
    return MatchedRows(
        keys=pairs[list(key)],
        old=old.reset_index(drop=True).reindex(places[0]).reset_index(drop=True),
        new=new.reset_index(drop=True).reindex(places[1]).reset_index(drop=True),
        in_old=places[0] >= 0,
        in_new=places[1] >= 0,
    )


def list_changes(matched: MatchedRows, *, table: str) -> pd.DataFrame:
    """Return one row for every row that came or went and every field that changed.

    Returns
    -------
    DataFrame
        `COLUMNS`: table; kind (added, removed, changed); ticker; date (the first date
        of the key); field, before and after (text, every digit; missing for rows that
        came or went and where a value is missing); relative (after / before - 1, NaN
        for what is no number).
    """
    came, gone = matched.in_new & ~matched.in_old, matched.in_old & ~matched.in_new
    parts = [_whole_rows(matched, came, ADDED), _whole_rows(matched, gone, REMOVED)]
    parts += [_field_rows(matched, field) for field in matched.fields]
    found = pd.concat(parts, ignore_index=True)
    order = ["ticker", "date"]
    found = found.sort_values(order, kind="stable", ignore_index=True)
    return found.assign(table=table)[list(COLUMNS)]


def _keyed(table: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    typed = {
        name: table[name].astype("datetime64[us]")
        if pd.api.types.is_datetime64_any_dtype(table[name])
        else table[name].astype("str")
        for name in key
    }
    keys = pd.DataFrame(typed).reset_index(drop=True)
    occurrence = keys.groupby(list(key), dropna=False, sort=False).cumcount()
    return keys.assign(occurrence=occurrence, place=np.arange(len(keys)))


def _as_one_type(
    old: pd.Series, new: pd.Series
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]]:
    def is_number(column: pd.Series) -> bool:
        kind = pd.api.types
        return kind.is_numeric_dtype(column) and not kind.is_bool_dtype(column)

    if is_number(old) and is_number(new):
        return (
            old.to_numpy(dtype=np.float64, na_value=np.nan),
            new.to_numpy(dtype=np.float64, na_value=np.nan),
        )
    if any(map(pd.api.types.is_datetime64_any_dtype, (old, new))):
        dates = [
            pd.to_datetime(column).astype("datetime64[us]") for column in (old, new)
        ]
        return dates[0].to_numpy(), dates[1].to_numpy()
    return old.to_numpy(dtype=object), new.to_numpy(dtype=object)


def _whole_rows(matched: MatchedRows, where: Mask, kind: str) -> pd.DataFrame:
    return _rows(matched, where, kind=kind)


def _field_rows(matched: MatchedRows, field: str) -> pd.DataFrame:
    where = matched.differs(field)
    before, after = (side[where] for side in matched.values(field))
    rows = _rows(matched, where, kind=CHANGED, field=field)
    return rows.assign(
        before=_as_text(before),
        after=_as_text(after),
        relative=_relative(before, after),
    )


def _rows(
    matched: MatchedRows, where: Mask, *, kind: str, field: str | None = None
) -> pd.DataFrame:
    keys = matched.keys[where]
    days = keys.select_dtypes("datetime64").columns
    day = keys[days[0]] if len(days) else pd.Series(pd.NaT, index=keys.index)
    n_rows = int(where.sum())
    return pd.DataFrame(
        {
            "kind": pd.Series([kind] * n_rows, dtype="str"),
            "ticker": keys["ticker"].to_numpy(),
            "date": day.to_numpy(dtype="datetime64[us]"),
            "field": pd.Series([field] * n_rows, dtype="str"),
            "before": pd.Series([None] * n_rows, dtype="str"),
            "after": pd.Series([None] * n_rows, dtype="str"),
            "relative": np.full(n_rows, np.nan),
        }
    ).astype({"ticker": "str"})


def _as_text(values: npt.NDArray[np.generic]) -> pd.Series:
    texts = [None if pd.isna(value) else _one_as_text(value) for value in values]
    return pd.Series(texts, dtype="str")


def _one_as_text(value: object) -> str:
    if isinstance(value, np.datetime64):
        return str(value.astype("datetime64[D]"))
    return repr(float(value)) if isinstance(value, float) else str(value)


def _relative(before: npt.NDArray[np.generic], after: npt.NDArray[np.generic]) -> Float:
    if before.dtype != np.float64 or after.dtype != np.float64:
        return np.full(len(before), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.divide(after, before, dtype=np.float64)
    return np.where(np.isfinite(ratio), ratio - 1.0, np.nan)

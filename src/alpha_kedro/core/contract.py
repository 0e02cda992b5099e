"""The words that contracts of tables are written in.

A contract is a pandera schema whose columns are complete and whose rows stand in the
order of a key, each key once, unless it says otherwise. Checks are vectorised: millions
of rows take a fraction of a second.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from alpha_kedro.core.panel import DATE_DTYPE, Int

_SHOWN = 5

Columns = Mapping[str, pa.Column]


def check(test: Callable[[Any], Any], says: str) -> pa.Check:
    """Return a check that says in words what it asks."""
    return pa.Check(
        test, name=says, error=says, ignore_na=False, n_failure_cases=_SHOWN
    )


# pandera takes every unit of a date for the same type.
_MICROSECONDS = check(lambda days: days.dtype == DATE_DTYPE, "in microseconds")
FINITE = check(lambda values: ~np.isinf(values), "finite")
POSITIVE = check(lambda values: ~(values <= 0), "above 0")
NOT_NEGATIVE = check(lambda values: ~(values < 0), "at least 0")
A_RETURN = check(lambda returns: ~(returns < -1), "at least -1")


def text() -> pa.Column:
    """Return a column of names."""
    return pa.Column("str", check(lambda names: names != "", "not empty"))


def one_of(words: Sequence[str], says: str) -> pa.Column:
    """Return a column that holds no words but these."""
    return pa.Column("str", check(lambda given: given.isin(words), says))


def day(*, missing: bool = False) -> pa.Column:
    """Return a column of days, in microseconds."""
    return pa.Column("datetime64[us]", _MICROSECONDS, nullable=missing)


def real(*checks: pa.Check, missing: bool = False) -> pa.Column:
    """Return a column of finite float64."""
    return pa.Column("float64", [FINITE, *checks], nullable=missing)


def whole() -> pa.Column:
    """Return a column of counts."""
    return pa.Column("int64", NOT_NEGATIVE)


def feature() -> pa.Column:
    """Return columns of features: float32, missing until a lookback is filled."""
    return pa.Column("float32", FINITE, nullable=True, regex=True)


def _places(column: "pd.Series[Any]") -> Int:
    """Return numbers that are ordered and equal as the values of a column are."""
    if column.dtype.kind in "iM":
        return column.to_numpy().astype("int64")
    codes, names = pd.factorize(column)
    order = np.argsort(np.argsort(names.to_numpy(dtype=object)))
    return np.append(order, -1)[codes]


def _ordered(key: Sequence[str]) -> pa.Check:
    # One answer for the table: pandera would quote every column of an offending row.
    def in_order(table: pd.DataFrame) -> bool:
        greater = np.zeros(max(len(table) - 1, 0), dtype=bool)
        tied = ~greater
        for name in key:
            place = _places(table[name])  # a missing day is the lowest of all numbers
            greater |= tied & (place[1:] > place[:-1])
            tied &= place[1:] == place[:-1]
        return bool(greater.all())

    return check(in_order, f"sorted by {', '.join(key)}, each once")


def table_of(
    columns: Columns, *checks: pa.Check, key: Sequence[str], strict: bool = True
) -> pa.DataFrameSchema:
    """Return the contract of a table; ``key`` orders its rows and tells them apart."""
    rules = [_ordered(key), *checks] if key else list(checks)
    return pa.DataFrameSchema(dict(columns), checks=rules, strict=strict)


def as_given(*columns: str, optional: Sequence[str] = ()) -> pa.DataFrameSchema:
    """Return the contract of a raw table: its columns are there, anything in them."""
    present = {name: pa.Column(nullable=True) for name in columns}
    asked = {name: pa.Column(nullable=True, required=False) for name in optional}
    return table_of(present | asked, key=(), strict=False)

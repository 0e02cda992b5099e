"""The contract of every table that outlives a run.

The catalog names a contract beside each dataset, and Kedro checks it when the table is
saved. Unless a contract says otherwise its columns are complete, and its rows stand in
the order of its key, each key once. Checks are vectorised: millions of rows take a
fraction of a second.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from alpha_kedro.core.panel import DATE_DTYPE, Int

_SHOWN = 5
_ROUNDING = 1e-9
_VENDOR_ROUNDING = 0.01  # bars may be rounded before they are adjusted for splits
_FEATURE = r"^(?!(?:date|ticker|sector)$).+"

Columns = Mapping[str, pa.Column]


def _check(test: Callable[[Any], Any], says: str) -> pa.Check:
    return pa.Check(
        test, name=says, error=says, ignore_na=False, n_failure_cases=_SHOWN
    )


# pandera takes every unit of a date for the same type.
_MICROSECONDS = _check(lambda days: days.dtype == DATE_DTYPE, "in microseconds")
_FINITE = _check(lambda values: ~np.isinf(values), "finite")
_POSITIVE = _check(lambda values: ~(values <= 0), "above 0")
_NOT_NEGATIVE = _check(lambda values: ~(values < 0), "at least 0")


def _text() -> pa.Column:
    return pa.Column("str", _check(lambda names: names != "", "not empty"))


def _day(*, missing: bool = False) -> pa.Column:
    return pa.Column("datetime64[us]", _MICROSECONDS, nullable=missing)


def _real(*checks: pa.Check, missing: bool = False) -> pa.Column:
    return pa.Column("float64", [_FINITE, *checks], nullable=missing)


def _whole() -> pa.Column:
    return pa.Column("int64", _NOT_NEGATIVE)


def _feature() -> pa.Column:
    return pa.Column("float32", _FINITE, nullable=True, regex=True)


def _bar() -> dict[str, pa.Column]:
    prices = {name: _real(_POSITIVE, missing=True) for name in ("open", "high", "low")}
    return {
        "date": _day(),
        "ticker": _text(),
        **prices,
        "close": _real(_POSITIVE),
        "adj_close": _real(_POSITIVE),
        "volume": _real(_NOT_NEGATIVE, missing=True),
    }


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
            step = np.diff(_places(table[name]))
            greater |= tied & (step > 0)
            tied &= step == 0
        return bool(greater.all())

    return _check(in_order, f"sorted by {', '.join(key)}, each once")


def _table(
    columns: Columns, *checks: pa.Check, key: Sequence[str], strict: bool = True
) -> pa.DataFrameSchema:
    """Return the contract of a table; ``key`` orders its rows and tells them apart."""
    rules = [_ordered(key), *checks] if key else list(checks)
    return pa.DataFrameSchema(dict(columns), checks=rules, strict=strict)


def _as_given(*columns: str, optional: Sequence[str] = ()) -> pa.DataFrameSchema:
    """Return the contract of a raw table: its columns are there, anything in them."""
    present = {name: pa.Column(nullable=True) for name in columns}
    asked = {name: pa.Column(nullable=True, required=False) for name in optional}
    return _table(present | asked, key=(), strict=False)


RawBars = _as_given(
    *("date", "ticker", "open", "high", "low", "close", "volume"),
    optional=["adj_close"],
)
"""Bars as a vendor gave them, of names or of benchmarks."""

RawMembership = _as_given("ticker", "start", "end", optional=["price_ticker"])
"""Membership as it was given; empty where the market has none."""

RawSectors = _as_given("ticker", "sector")
"""Sectors as they were given; empty where the market has none."""

RawActions = _as_given("date", "ticker", "dividend", "split_ratio")
"""Corporate actions as they were given; empty where the market has none."""

Bars = _table(
    _bar() | {"halted": pa.Column("bool")},
    _check(
        lambda bars: ~(bars["high"] < bars["low"] * (1 - _VENDOR_ROUNDING)),
        "high is not below low",
    ),
    key=("date", "ticker"),
)
"""Clean bars; open, high, low and volume may be missing."""

Rejects = _as_given("date", "ticker").add_columns({"reason": _text()})
"""Rows that were refused, as they came, each with its reason."""

Membership = _table(
    {"ticker": _text(), "start": _day(), "end": _day(missing=True)},
    _check(lambda spans: ~(spans["end"] < spans["start"]), "end is not before start"),
    key=("ticker", "start"),
)
"""Who belonged to the universe from when to when; no end: still a member."""

Sectors = _table({"ticker": _text(), "sector": _text()}, key=("ticker",))
"""The sector of each ticker."""

Benchmarks = _table(_bar(), key=("date", "ticker"))
"""Bars of the benchmarks; an index has no volume."""

Features = _table(
    {"date": _day(), "ticker": _text(), _FEATURE: _feature()}, key=("date", "ticker")
)
"""One float32 column per feature; missing until its lookback is filled."""

Labels = _table(
    {
        "date": _day(),
        "ticker": _text(),
        "horizon": pa.Column("int64", _POSITIVE),
        "fwd_ret": _real(_check(lambda returns: returns >= -1, "at least -1")),
        "label": _real(),
        "label_end": _day(),
    },
    _check(lambda labels: labels["label_end"] > labels["date"], "label_end after date"),
    key=("date", "ticker"),
)
"""What came of each decision, and the day that was known."""

Samples = _table(
    {"date": _day(), "ticker": _text(), "sector": _text(), _FEATURE: _feature()},
    key=("date", "ticker"),
)
"""Model input: members of the decision dates, their features made comparable."""

Predictions = _table(
    {
        "date": _day(),
        "ticker": _text(),
        "model": _text(),
        "fold": _whole(),
        "score": _real(missing=True),
        "label": _real(missing=True),
        "fit_end": _day(missing=True),
    },
    _check(
        lambda predictions: ~(predictions["fit_end"] >= predictions["date"]),
        "fit_end before date",
    ),
    key=("date", "ticker", "model"),
)
"""Out-of-sample scores; a score is missing where a model gave none."""

FitLedger = _table(
    {
        "model": _text(),
        "fold": _whole(),
        "train_start": _day(missing=True),
        "train_end": _day(missing=True),
        "max_label_end": _day(missing=True),
        "embargo_sessions": _whole(),
        "test_start": _day(missing=True),
        "test_end": _day(missing=True),
        "n_train": _whole(),
        "n_test": _whole(),
    },
    _check(
        lambda fits: ~(fits["max_label_end"] >= fits["test_start"]),
        "max_label_end before test_start",
    ),
    _check(lambda fits: ~fits.duplicated(["model", "fold"]), "each model, fold once"),
    key=(),
    strict=False,
)
"""What every fit saw; days are missing where a fold had no row."""

Contributions = _table(
    {
        "date": _day(),
        "ticker": _text(),
        "model": _text(),
        "fold": _whole(),
        "feature": _text(),
        "value": pa.Column("float32", _FINITE, nullable=True),
        "contribution": _real(),
    },
    _check(
        lambda parts: ~parts.duplicated(["date", "ticker", "model", "fold", "feature"]),
        "each feature of a score once",
    ),
    key=(),
)
"""How much each feature added to a score; the bias has no value."""

Weights = _table(
    {"date": _day(), "ticker": _text(), "strategy": _text(), "weight": _real()},
    key=("date", "ticker", "strategy"),
)
"""Target shares of NAV, by the date of the decision."""

Returns = _table(
    {
        "date": _day(),
        "strategy": _text(),
        "gross_return": _real(),
        "cost": _real(_NOT_NEGATIVE),
        "net_return": _real(),
        "turnover": _real(_NOT_NEGATIVE),
        "gross_exposure": _real(_NOT_NEGATIVE),
        "net_exposure": _real(),
        "nav": _real(_NOT_NEGATIVE),
    },
    _check(
        lambda books: (
            (
                (books["net_return"] - books["gross_return"] + books["cost"]).abs()
                <= _ROUNDING
            )
            | (books["net_return"] == -1)
        ),
        "net_return is gross_return less cost",
    ),
    key=("date", "strategy"),
)
"""The books of every strategy, session by session; a wiped-out book returns -1."""

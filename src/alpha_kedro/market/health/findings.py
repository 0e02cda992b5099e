"""Findings: one row per fault, or per run of days with the same fault."""

from collections.abc import Iterable
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import DATE_DTYPE, Array, Int

Severity = Literal["refused", "suspect", "note"]
SEVERITIES: tuple[str, ...] = get_args(Severity)
"""Worst first. refused: quarantined; suspect: kept, and probably wrong; note: kept."""

WHOLE_MARKET = ""
"""The ticker of a finding that concerns no single one."""

_TYPES = {
    "ticker": "str",
    "check": "str",
    "first": DATE_DTYPE,
    "last": DATE_DTYPE,
    "n_rows": "int64",
    "value": "float64",
    "expected": "float64",
    "severity": "str",
    "detail": "str",
}
FINDING_COLUMNS = tuple(_TYPES)


def no_findings() -> pd.DataFrame:
    """Return the table of findings of a market without fault."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _TYPES.items()})


def make_findings(
    check: str,
    *,
    ticker: Any,
    first: Any,
    severity: Any,
    detail: str,
    last: Any = None,
    n_rows: Any = 1,
    value: Any = np.nan,
    expected: Any = np.nan,
    **words: Any,
) -> pd.DataFrame:
    """Return findings of one check.

    Parameters
    ----------
    check
        Its name in ``CHECKS``.
    ticker, first, last
        (n,) which ticker, from which day to which (default: one day).
    severity
        One of ``SEVERITIES``, or (n,) of them.
    detail
        A template such as ``"close {value:.2f}, usual {expected:.2f}"``; it may name
        ``value``, ``expected``, ``n_rows`` and every key of ``words``.
    n_rows, value, expected
        Rows concerned, what was found, what would have been right (NaN: no such
        number); one for all or (n,).
    words
        More for the template, one for all or (n,).
    """
    first = np.atleast_1d(first)
    numbers = {"n_rows": n_rows, "value": value, "expected": expected}
    if not len(first):
        return no_findings()
    spread = {
        key: np.broadcast_to(np.asarray(given), len(first))
        for key, given in (numbers | words).items()
    }
    lines = zip(*(column.tolist() for column in spread.values()), strict=True)
    table = {
        "ticker": np.broadcast_to(np.asarray(ticker, dtype=object), len(first)),
        "check": check,
        "first": first,
        "last": first if last is None else np.atleast_1d(last),
        **{key: spread[key] for key in numbers},
        "severity": severity,
        "detail": [
            detail.format(**dict(zip(spread, line, strict=True))) for line in lines
        ],
    }
    return pd.DataFrame(table)[list(_TYPES)].astype(_TYPES)


def collect(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return all findings, the worst first, then by ticker, day and check."""
    found = [table for table in tables if len(table)]
    if not found:
        return no_findings()
    joined = pd.concat(found, ignore_index=True).astype(_TYPES)
    rank = joined["severity"].map({word: k for k, word in enumerate(SEVERITIES)})
    ordered = joined.assign(rank=rank).sort_values(
        ["rank", "ticker", "first", "check", "detail"], ignore_index=True
    )
    return ordered.drop(columns="rank")


def runs_of(code: Array, row: Array) -> tuple[Int, Int]:
    """Return where runs of neighbouring rows start, and how long they are.

    Parameters
    ----------
    code, row
        (n,) ticker and session number, sorted by both; a run is of one ticker and has
        no session twice or left out.
    """
    if not len(code):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    broken = (np.diff(code) != 0) | (np.diff(row) > 1)
    starts = np.flatnonzero(np.r_[True, broken])
    return starts, np.diff(np.r_[starts, len(code)])

"""Rows that are no bars: what cleaning refused, and what it would have to."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Dates
from alpha_kedro.market.cleaning.quarantine import OUT_OF_SCOPE
from alpha_kedro.market.health.findings import collect, make_findings, runs_of

_KEYS = ["ticker", "date"]


def check_refusals(
    unsound: pd.DataFrame, rejects: pd.DataFrame | None, sessions: Dates
) -> pd.DataFrame:
    """Return a finding per run of rows refused for one reason.

    Parameters
    ----------
    unsound
        Rows that are unfit: date, ticker, ..., ``reason``.
    rejects
        Rows that cleaning has refused, with the same columns; None: it has not run.
    sessions
        Of the data; days next to each other on it make one run.

    Notes
    -----
    A row that is unfit and that cleaning has not refused is ``suspect``.
    """
    if rejects is None:
        return collect([_by_run(unsound, sessions, severity="suspect")])
    refused = rejects[rejects["reason"] != OUT_OF_SCOPE]
    known = pd.MultiIndex.from_frame(refused[_KEYS])
    overlooked = unsound[~pd.MultiIndex.from_frame(unsound[_KEYS]).isin(known)]
    return collect(
        [
            _by_run(refused, sessions, severity="refused"),
            _by_run(overlooked, sessions, severity="suspect"),
        ]
    )


def _by_run(rows: pd.DataFrame, sessions: Dates, *, severity: str) -> pd.DataFrame:
    tables = [
        _runs(own, str(reason), sessions, severity)
        for reason, own in rows.groupby("reason", sort=True)
    ]
    return collect(tables)


def _runs(
    rows: pd.DataFrame, reason: str, sessions: Dates, severity: str
) -> pd.DataFrame:
    named = rows.assign(ticker=rows["ticker"].astype(object).fillna("?").astype("str"))
    ordered = named.sort_values(_KEYS, kind="stable", na_position="last")
    code = ordered["ticker"].factorize(sort=True)[0]
    place = np.searchsorted(sessions, ordered["date"].to_numpy())
    starts, lengths = runs_of(code, place)
    lead = ordered.iloc[starts]
    return make_findings(
        reason,
        ticker=lead["ticker"],
        first=lead["date"],
        last=ordered["date"].to_numpy()[starts + lengths - 1],
        n_rows=lengths,
        severity=severity,
        value=lead["close"],
        detail=(
            "{n_rows} rows; open {opened:.6g}, high {high:.6g}, low {low:.6g}, "
            "close {value:.6g}, volume {volume:.10g}"
        ),
        opened=lead["open"],
        high=lead["high"],
        low=lead["low"],
        volume=lead["volume"],
    )

"""The sector of every name on every day, and where none is known."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.sectors import (
    ALWAYS,
    STILL,
    UNKNOWN,
    dated_labels,
    overlapping,
)
from alpha_kedro.market.tickers import match_spelling

_DAY = pd.Timedelta(days=1)
_SIDES = ("start", "end")
_COLUMNS = ["ticker", "sector", *_SIDES]

Report = dict[str, Any]


def clean_sectors(
    sectors: pd.DataFrame | None,
    *,
    tickers: Iterable[str],
    funds: Iterable[str] = (),
    max_unknown_share: float = 0.2,
) -> tuple[pd.DataFrame, Report]:
    """Return the sector of each ticker day by day, ``UNKNOWN`` where none is given.

    Parameters
    ----------
    sectors
        ticker, sector; where labels are dated, start and end (both included, NaT start:
        always, NaT end: still). None makes every sector ``UNKNOWN``.
    tickers
        The names that have bars.
    funds
        Benchmarks. One that has a label keeps it: the sector that it stands for.
    max_unknown_share
        Share of the names that may lack a sector when a table is given: more means
        that the table belongs to another market.

    Returns
    -------
    sectors
        ticker, sector, start, end sorted by (ticker, start): the labels of a ticker
        follow one another without a gap, from always (NaT) to still (NaT).
    report
        ``labels``: ``dated``, or ``static`` where today's labels are applied to the
        past, or ``none``. Rows of other names are ``n_out_of_scope``, rows without a
        sector ``n_without_sector``. ``n_unlabelled_weekdays`` counts the days between
        two labels of a ticker, ``n_reclassified`` the tickers that change sector.

    Raises
    ------
    DataError
        ``AK-D023`` a ticker has two labels without dates, ``AK-D120`` two labels of a
        ticker overlap, ``AK-D121`` a label ends before it starts, ``AK-D024`` too many
        tickers have none.
    """
    names = pd.Index(sorted(set(tickers)), dtype="str", name="ticker")
    if sectors is None:
        nothing = pd.DataFrame({"ticker": names, "sector": UNKNOWN})
        counts = {"labels": "none", "n_tickers": len(names), "n_unknown": len(names)}
        return _opened(dated_labels(nothing)), counts
    labelled = set(funds) & set(sectors["ticker"])
    names = names.union(pd.Index(sorted(labelled), dtype="str", name="ticker"))
    given = _spelt(sectors, names)
    _refuse_two_sectors(given)
    _refuse_overlap(given)
    in_market = given["ticker"].isin(names)
    labels = given[in_market & given["sector"].notna()].sort_values(["ticker", "start"])
    unknown = names.difference(pd.Index(labels["ticker"]))
    _refuse_unknown(unknown, len(names), max_unknown_share)
    between = _between(labels)
    nameless = dated_labels(pd.DataFrame({"ticker": unknown, "sector": UNKNOWN}))
    outside = [_before(labels), between, _after(labels), nameless]
    table = _opened(pd.concat([labels, *outside], ignore_index=True))
    return table, {
        "labels": "dated" if _are_dated(labels) else "static",
        "n_input": len(sectors),
        "n_labels": len(labels),
        "n_out_of_scope": int((~in_market).sum()),
        "n_without_sector": int((in_market & given["sector"].isna()).sum()),
        "n_tickers": len(names),
        "n_sectors": int(labels["sector"].nunique()),
        "n_reclassified": _reclassified(labels),
        "n_unlabelled_weekdays": _weekdays(between),
        "n_unknown": len(unknown),
        "unknown": list(unknown),
    }


def _spelt(sectors: pd.DataFrame, names: "pd.Index[str]") -> pd.DataFrame:
    text = sectors["sector"].astype("str").replace("", None)
    tickers = match_spelling(sectors["ticker"], names)
    days = {side: _naive(sectors[side]) for side in _SIDES if side in sectors}
    labels = dated_labels(sectors.assign(ticker=tickers, sector=text, **days))
    return labels.reset_index(drop=True)


def _naive(days: pd.Series) -> pd.Series:
    """Return the days as they are written, without the zone they are written in."""
    if isinstance(days.dtype, pd.DatetimeTZDtype):
        days = days.dt.tz_localize(None).dt.normalize()
    return days


def _reclassified(labels: pd.DataFrame) -> int:
    """Count the tickers that have had more than one sector."""
    had = labels[["ticker", "sector"]].drop_duplicates()["ticker"]
    return int(had[had.duplicated()].nunique())


def _are_dated(labels: pd.DataFrame) -> bool:
    return bool(((labels["start"] > ALWAYS) | (labels["end"] < STILL)).any())


def _before(labels: pd.DataFrame) -> pd.DataFrame:
    """Return the unlabelled time of each ticker before its first label."""
    late = labels.drop_duplicates("ticker").query("start > @ALWAYS")
    return late.assign(sector=UNKNOWN, start=ALWAYS, end=late["start"] - _DAY)


def _after(labels: pd.DataFrame) -> pd.DataFrame:
    """Return the unlabelled time of each ticker after its last label."""
    ended = labels.drop_duplicates("ticker", keep="last").query("end < @STILL")
    return ended.assign(sector=UNKNOWN, start=ended["end"] + _DAY, end=STILL)


def _between(labels: pd.DataFrame) -> pd.DataFrame:
    """Return the unlabelled days between two labels of a ticker."""
    start = labels.groupby("ticker")["end"].shift(1) + _DAY
    gaps = labels[start < labels["start"]]
    return gaps.assign(
        sector=UNKNOWN, start=start[gaps.index], end=gaps["start"] - _DAY
    )


def _weekdays(spans: pd.DataFrame) -> int:
    first = spans["start"].to_numpy().astype("datetime64[D]")
    after = (spans["end"] + _DAY).to_numpy().astype("datetime64[D]")
    return int(np.busday_count(first, after).sum())


def _opened(labels: pd.DataFrame) -> pd.DataFrame:
    """Return labels sorted, days out of all reach as NaT."""
    ordered = labels.sort_values(["ticker", "start"], ignore_index=True)
    return ordered.assign(
        start=ordered["start"].where(ordered["start"] > ALWAYS),
        end=ordered["end"].where(ordered["end"] < STILL),
    ).astype({"ticker": "str", "sector": "str"})[_COLUMNS]


def _refuse_two_sectors(labels: pd.DataFrame) -> None:
    undated = labels[(labels["start"] == ALWAYS) & (labels["end"] == STILL)]
    twice = undated[undated.duplicated("ticker", keep=False)].sort_values("ticker")
    if len(twice):
        raise DataError(
            "AK-D023",
            f"{twice['ticker'].nunique()} ticker(s) have more than one sector row",
            where=[f"{row.ticker}: {row.sector}" for row in twice.itertuples()],
            wanted="one row per ticker, or the days on which each label holds",
            fix="keep one sector for each, or date them with start and end",
        )


def _refuse_overlap(labels: pd.DataFrame) -> None:
    backward = labels[labels["end"] < labels["start"]]
    if len(backward):
        raise DataError(
            "AK-D121",
            f"{len(backward)} sector label(s) end before they start",
            where=[_shown(label) for label in backward.itertuples()],
            wanted="start <= end, both days included",
            fix="correct the days, or leave out a label that never held",
        )
    twice = labels[overlapping(labels)]
    if len(twice):
        raise DataError(
            "AK-D120",
            f"{len(twice)} sector label(s) start before the one before has ended",
            where=[_shown(label) for label in twice.itertuples()],
            wanted="at most one sector per ticker and day",
            fix="end each label on the day before the next one starts",
        )


def _shown(label: Any) -> str:
    return f"{label.ticker}: {label.sector} from {label.start:%Y-%m-%d}"


def _refuse_unknown(unknown: "pd.Index[str]", n_names: int, limit: float) -> None:
    if len(unknown) > limit * n_names:
        raise DataError(
            "AK-D024",
            f"{len(unknown)} of {n_names} tickers have no sector",
            where=unknown,
            wanted=f"at most {limit:.0%} without",
            fix="give a sectors table of this market, or none at all",
        )

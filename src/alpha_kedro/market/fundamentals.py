"""Company reports as they became known, restatements included."""

from datetime import datetime

import numpy as np
import pandas as pd
from pydantic import Field

from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.core.spec import Spec
from alpha_kedro.market.cleaning.quarantine import Verdicts
from alpha_kedro.market.columns import as_floats, require_columns
from alpha_kedro.market.disclosures import (
    CleanDisclosures,
    among_sound,
    charge_place,
    first_closes,
    gather_clean,
    read_keys,
    repeats,
)

PERIODS = ("Q1", "Q2", "Q3", "FY")
QUANTITIES = (
    *("revenues", "op_income", "net_income", "eps_basic", "eps_diluted", "dividend"),
    *("assets", "cur_assets", "cur_liab", "cash", "equity"),
    *("cash_flow_op", "cash_flow_inv", "cash_flow_fin"),
)
RAW_FUNDAMENTALS = (
    *("ticker", "known_date", "end_date", "amend", "period_focus"),
    *QUANTITIES,
)
_KEY = ["known_at", "ticker", "end_date"]
_SAID = ["period", *QUANTITIES]


class FundamentalsSpec(Spec):
    """From when a report may be used, and how late it may come."""

    lag_sessions: int = Field(
        default=0,
        ge=0,
        le=20,
        description="sessions a report waits beyond the first close on or after its "
        "known_date; 1 where that is an evening after the close",
    )
    max_delay_days: int = Field(
        default=1_096,
        ge=1,
        description="days from the end of a period to the day its figures are known; "
        "what comes later is refused",
    )


def clean_fundamentals(
    raw: pd.DataFrame | None,
    *,
    bars: pd.DataFrame,
    spec: FundamentalsSpec | None = None,
    calendar: str = "XNYS",
    now: datetime | None = None,
) -> CleanDisclosures:
    """Keep the reports that can be placed in time; refuse the others with a reason.

    Parameters
    ----------
    raw
        ``RAW_FUNDAMENTALS``: ticker, known_date (the figures are public that morning;
        where any has a time of day, all are the next), end_date (of the fiscal period),
        amend (a restatement), period_focus (Q1, Q2, Q3, FY), and the figures in
        currency and currency per share. Income is that of the period, cash flows are
        those of the fiscal year so far, assets, liabilities, cash and equity stand at
        its end. None gives an empty table.
    bars
        Clean bars: date, ticker, and ``share_factor`` where splits are known.
    spec
        Default: usable at the close of the day known.
    calendar
        ISO code of the exchange.
    now
        The clock: an instant with a time zone, or in UTC; what is dated after its day
        at the exchange is refused. Default: now.

    Returns
    -------
    CleanDisclosures
        ``table``: known_at, ticker, end_date, known_date, period, amended, the figures,
        and ``share_factor`` of the ticker's last bar up to known_date: what its
        figures per share are counted in, however long they wait for known_at. NaN
        before the first bar.

    Raises
    ------
    DataError
        ``AK-D010``, ``AK-D011``, ``AK-D012``, ``AK-D017`` as in `arrange_bars`.

    Notes
    -----
    Figures that look absurd are kept: they are what was known that day. Refused are
    ``known_before_end``, ``known_too_late``, ``bad_period``, ``infinite``, and of the
    reports of one period: ``duplicate`` (the same row twice), ``conflicting_duplicate``
    (other figures known the same morning: nobody can tell which are the company's),
    ``superseded`` (a later one is known by the same close), ``repeated`` (says nothing
    new). A row is judged by rows known no later than itself, so what comes later costs
    no report its place.
    """
    spec = spec or FundamentalsSpec()
    table = pd.DataFrame(columns=list(RAW_FUNDAMENTALS)) if raw is None else raw
    require_columns(table, RAW_FUNDAMENTALS, where="fundamentals")
    given = _arrange(table, bars, spec, calendar)
    verdicts = Verdicts.of(len(given))
    charge_place(
        verdicts,
        given,
        "known_date",
        "end_date",
        bars=bars,
        calendar=calendar,
        now=now,
    )
    _charge_period(verdicts, given, spec)
    _charge_versions(verdicts, given)
    clean = gather_clean(given, verdicts, bars=bars, key=_KEY)
    factor = _share_factor(clean.table, bars)
    return CleanDisclosures(
        clean.table.assign(share_factor=factor), clean.rejects, clean.report
    )


def _arrange(
    raw: pd.DataFrame, bars: pd.DataFrame, spec: FundamentalsSpec, calendar: str
) -> pd.DataFrame:
    """Type the columns and order the rows by all of them: input order is nothing."""
    keys = read_keys(
        raw,
        "known_date",
        "end_date",
        bars=bars,
        calendar=calendar,
        where="fundamentals",
    )
    values = {name: as_floats(raw, name, where="fundamentals") for name in QUANTITIES}
    arranged = pd.DataFrame(
        {
            **keys,
            "period": raw["period_focus"].astype("str").str.strip().str.upper(),
            "amended": _is_marked(raw["amend"]),
            **values,
        },
        index=raw.index,
    )
    known_at = first_closes(
        arranged["known_date"],
        until=bars["date"].max(),
        calendar=calendar,
        lag_sessions=spec.lag_sessions,
    )
    ordered = ["ticker", "end_date", "known_date", "amended", *_SAID]
    placed = arranged.assign(known_at=known_at)
    return placed.sort_values(ordered, ignore_index=True)


def _is_marked(flags: pd.Series) -> pd.Series:
    """Read truth values in any type a reader gives them: True, 1, 1.0 or their text."""
    return flags.astype("str").str.strip().str.lower().isin(("true", "1", "1.0"))


def _charge_period(
    verdicts: Verdicts, given: pd.DataFrame, spec: FundamentalsSpec
) -> None:
    delay = given["known_date"] - given["end_date"]
    limit = pd.Timedelta(days=spec.max_delay_days)
    verdicts.charge("bad_period", ~given["period"].isin(PERIODS).to_numpy())
    verdicts.charge("known_before_end", delay.lt(pd.Timedelta(0)).to_numpy())
    verdicts.charge("known_too_late", delay.gt(limit).to_numpy())
    figures = given[list(QUANTITIES)].to_numpy("float64")
    verdicts.charge("infinite", np.isinf(figures).any(axis=1))


def _charge_versions(verdicts: Verdicts, given: pd.DataFrame) -> None:
    """Leave at most one report per period and close, each unlike the one before it."""
    morning = ["ticker", "end_date", "known_date", "amended"]
    verdicts.charge("duplicate", repeats(verdicts, given, [*morning, *_SAID]))
    verdicts.charge("conflicting_duplicate", among_sound(verdicts, given, morning))
    verdicts.charge("superseded", _superseded(verdicts, given))
    verdicts.charge("repeated", _repeated(verdicts, given))


def _superseded(verdicts: Verdicts, given: pd.DataFrame) -> Bool:
    earlier = np.zeros(len(given), dtype=bool)
    sound = given[verdicts.sound]
    earlier[verdicts.sound] = sound.duplicated(_KEY, keep="last")
    return earlier


def _repeated(verdicts: Verdicts, given: pd.DataFrame) -> Bool:
    """Mark reports that say what the report of the period before them said."""
    said = given.loc[verdicts.sound, ["ticker", "end_date", *_SAID]]
    before = said.shift(1)
    same = said.eq(before) | (said.isna() & before.isna())
    again = np.zeros(len(given), dtype=bool)
    again[verdicts.sound] = same.all(axis=1)
    return again


def _share_factor(reports: pd.DataFrame, bars: pd.DataFrame) -> Float:
    """Return the share factor of each ticker's last bar up to ``known_date``."""
    if "share_factor" not in bars:
        bars = bars.assign(share_factor=1.0)
    listed = bars[["date", "ticker", "share_factor"]]
    listed = listed[listed["ticker"].isin(reports["ticker"].unique())]
    found = pd.merge_asof(
        reports[["known_date", "ticker"]].reset_index().sort_values("known_date"),
        listed.sort_values("date"),
        left_on="known_date",
        right_on="date",
        by="ticker",
    )
    in_order = found.set_index("index")["share_factor"].reindex(reports.index)
    return in_order.to_numpy(dtype="float64")

"""From raw bars to bars that can be trusted, with every row accounted for.

1. Read dates and tickers, sort by (date, ticker).
2. Quarantine what has no place: bad names, dates that are missing, in the future or
   not sessions. A ticker that keeps another exchange's calendar stops the run.
3. Leave out what was not asked for: other dates, other names.
4. Quarantine bars whose prices cannot be prices, then duplicates, then the bars of a
   ticker from where it has missed too many sessions, or so many at once that it was
   delisted: what trades under its name after that may be another company.
5. Complete the total-return close and flag halts.

Nothing is filled and nothing repaired; rows kept, rejected and out of scope add up to
the rows given.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Bool
from alpha_kedro.core.spec import SessionDate, Share, Spec
from alpha_kedro.market.adjust import total_return_close
from alpha_kedro.market.columns import RAW_COLUMNS, arrange_bars
from alpha_kedro.market.dates import exchange_zone
from alpha_kedro.market.quality import account, adjustment, beyond_gaps, describe
from alpha_kedro.market.quarantine import (
    OUT_OF_SCOPE,
    Verdicts,
    charge_duplicates,
    charge_prices,
)
from alpha_kedro.market.tickers import is_ticker

# Fewer rows than this may be a vendor's slip on a holiday, at any share.
_STRAY_ROWS = 5


class IngestionSpec(Spec):
    """Which bars are taken, and how much a ticker may lack."""

    calendar: str = Field(
        default="XNYS",
        description="ISO code of the exchange whose sessions the bars keep",
    )
    start: SessionDate | None = Field(
        default=None, description="first day taken; null: all"
    )
    end: SessionDate | None = Field(
        default=None, description="last day taken; null: all"
    )
    max_tickers: int | None = Field(
        default=None, ge=1, description="tickers taken, drawn by the seed; null: all"
    )
    max_sessions: int | None = Field(
        default=None, ge=1, description="last sessions taken; null: all"
    )
    rounding_tolerance: Share = Field(
        default=5e-4,
        description=(
            "how far open or close may lie outside low to high, relative; the default "
            "is a cent on 20 dollars, what rounding before a split adjustment leaves"
        ),
    )
    max_gap_share: Share = Field(
        default=0.05,
        description="share of sessions a ticker may miss since its first bar, counted "
        "over a year at least; its bars after that are refused",
    )
    max_off_calendar_share: Share = Field(
        default=0.01,
        description="share of a ticker's bars that may lie off the sessions",
    )
    delisted_after: int = Field(
        default=10,
        ge=1,
        description="sessions of absence after which a name counts as delisted",
    )


@dataclass(frozen=True)
class CleanBars:
    """Bars fit for use, bars refused, and the account of both.

    Attributes
    ----------
    bars
        date, ticker, open, high, low, close, adj_close (total return), volume as
        float64, ``halted`` as bool; sorted by (date, ticker).
    rejects
        The refused rows as read, with a ``reason``.
    report
        Counts: ``n_kept + n_rejected + n_out_of_scope == n_input``.
    """

    bars: pd.DataFrame
    rejects: pd.DataFrame
    report: dict[str, Any]


def clean_bars(
    raw: pd.DataFrame,
    *,
    actions: pd.DataFrame | None = None,
    spec: IngestionSpec | None = None,
    today: date | None = None,
    seed: int = 0,
) -> CleanBars:
    """Sort, check and adjust daily bars; quarantine what is not fit.

    Parameters
    ----------
    raw
        One row per (date, ticker) in any order: date, ticker, open, high, low, close
        (currency, split-adjusted), volume (shares), ``adj_close`` where known. Other
        columns are ignored.
    actions
        date (ex-date), ticker, dividend (per share, on the basis of the prices); used
        for tickers without an ``adj_close`` of their own.
    spec
        Limits and scope. Default: all of XNYS.
    today
        The newest day a bar may have. Default: today at the exchange.
    seed
        Draws the tickers when ``max_tickers`` is set.

    Returns
    -------
    CleanBars

    Raises
    ------
    DataError
        ``AK-D010`` a ticker is not text, ``AK-D011`` a date cannot be read, ``AK-D012``
        a column is missing, ``AK-D014`` a dividend is impossible, ``AK-D015`` tickers
        keep another calendar, ``AK-D016`` no bar is left, ``AK-D017`` a value is not a
        number.

    Notes
    -----
    Missing open, high, low or volume stay NaN. The order of the rows of ``raw`` changes
    nothing. Only the total-return level uses later rows (see ``adjust``).
    """
    spec = spec or IngestionSpec()
    given = arrange_bars(raw, calendar=spec.calendar, where="bars")
    verdicts = _examine(given, spec, today or _today(spec.calendar), seed)
    _refuse_none_left(verdicts)
    bars, sources = _complete(given[verdicts.sound], actions)
    report = account(given, verdicts) | describe(
        bars, calendar=spec.calendar, tolerance=spec.rounding_tolerance
    )
    rejects = verdicts.rejects(given).astype({"ticker": "str"})
    return CleanBars(
        bars,
        rejects.sort_values([*RAW_COLUMNS, "reason"], ignore_index=True),
        report | adjustment(sources),
    )


def _today(calendar: str) -> date:
    return pd.Timestamp.now(tz=exchange_zone(calendar)).date()


def _examine(
    given: pd.DataFrame, spec: IngestionSpec, today: date, seed: int
) -> Verdicts:
    """Look for every fault, the ones that make the others meaningless first."""
    verdicts = Verdicts.of(len(given))
    _charge_place(verdicts, given, spec, today)
    verdicts.charge(OUT_OF_SCOPE, _out_of_scope(given, verdicts.sound, spec, seed))
    charge_prices(verdicts, given, tolerance=spec.rounding_tolerance)
    charge_duplicates(verdicts, given)
    _refuse_none_left(verdicts)
    late = np.zeros(len(given), dtype=bool)
    late[verdicts.sound] = beyond_gaps(
        given[verdicts.sound],
        calendar=spec.calendar,
        max_share=spec.max_gap_share,
        max_gap=spec.delisted_after,
    )
    verdicts.charge("too_many_gaps", late)
    return verdicts


def _charge_place(
    verdicts: Verdicts, given: pd.DataFrame, spec: IngestionSpec, today: date
) -> None:
    """Charge rows that have no name or no session to stand at."""
    dates, tickers = given["date"], given["ticker"].cat
    unsafe = np.append(~is_ticker(tickers.categories), True)
    verdicts.charge("bad_ticker", unsafe[tickers.codes])
    verdicts.charge("bad_date", dates.isna().to_numpy())
    verdicts.charge("future_date", (dates > pd.Timestamp(today)).to_numpy())
    _refuse_none_left(verdicts)
    placed = dates[verdicts.sound]
    sessions = sessions_between(spec.calendar, placed.min(), placed.max())
    off = ~np.isin(dates.to_numpy(), sessions)
    _refuse_other_calendars(given[verdicts.sound], off[verdicts.sound], spec)
    verdicts.charge("not_a_session", off)


def _refuse_other_calendars(bars: pd.DataFrame, off: Bool, spec: IngestionSpec) -> None:
    strays = (
        pd.Series(off).groupby(bars["ticker"].array, observed=True).agg(["sum", "mean"])
    )
    many = strays["sum"].ge(_STRAY_ROWS)
    others = strays[many & strays["mean"].gt(spec.max_off_calendar_share)]
    if others.empty:
        return
    raise DataError(
        "AK-D015",
        f"{len(others)} ticker(s) do not keep the sessions of {spec.calendar}",
        where=[f"{name} ({share:.0%})" for name, share in others["mean"].items()],
        got="that share of their bars on days without a session",
        wanted=f"at most {spec.max_off_calendar_share:.1%}",
        fix="set ingestion.calendar, or bring markets with other sessions separately",
    )


def _out_of_scope(
    given: pd.DataFrame, sound: Bool, spec: IngestionSpec, seed: int
) -> Bool:
    """Mark rows of dates and tickers that were not asked for."""
    dates = given["date"]
    outside = (dates < pd.Timestamp(spec.start or date.min)) | (
        dates > pd.Timestamp(spec.end or date.max)
    )
    if spec.max_sessions is not None:
        asked = np.unique(dates[sound & ~outside].to_numpy())[-spec.max_sessions :]
        outside |= ~dates.isin(asked)
    if spec.max_tickers is not None:
        names = given["ticker"][sound & ~outside].cat.remove_unused_categories()
        drawn = np.random.default_rng(seed).permutation(names.cat.categories)
        outside |= ~given["ticker"].isin(drawn[: spec.max_tickers])
    return outside.to_numpy()


def _complete(
    sound: pd.DataFrame, actions: pd.DataFrame | None
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Add the total-return close and the halts to sound rows."""
    bars = sound.reset_index(drop=True)
    adjusted, sources = total_return_close(bars, actions)
    flat = bars["high"].eq(bars["low"]) & bars["close"].eq(bars["low"])
    opened = bars["open"].isna() | bars["open"].eq(bars["close"])
    return bars.assign(
        ticker=bars["ticker"].astype("str"),
        adj_close=adjusted,
        halted=bars["volume"].eq(0) & flat & opened,
    ), sources


def _refuse_none_left(verdicts: Verdicts) -> None:
    if verdicts.sound.any():
        return
    counts = [f"{fault}: {n}" for fault, n in verdicts.counts().items()]
    raise DataError(
        "AK-D016",
        "no bar is left after cleaning",
        got=", ".join(counts) or "no rows at all",
        wanted="at least one sound bar",
        fix="look at the reasons; set ingestion.start, end and calendar to the data's",
    )

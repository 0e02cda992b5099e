"""What was said about a name, day by day, weekends included."""

from datetime import datetime

import numpy as np
import pandas as pd
from pydantic import Field

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

MEASURES = ("n_tweets", "sent_mean", "sent_std", "n_pos", "n_neg")
RAW_SENTIMENT = ("date", "ticker", *MEASURES)
_KEY = ["known_at", "ticker", "date"]
_COUNTS = ("n_tweets", "n_pos", "n_neg")


class SentimentSpec(Spec):
    """From when what was said may be used."""

    lag_sessions: int = Field(
        default=0,
        ge=0,
        le=20,
        description="sessions a day's sentiment waits beyond the first close on or "
        "after it; 1 where days are cut at midnight and not at the close",
    )


def clean_sentiment(
    raw: pd.DataFrame | None,
    *,
    bars: pd.DataFrame,
    spec: SentimentSpec | None = None,
    calendar: str = "XNYS",
    now: datetime | None = None,
) -> CleanDisclosures:
    """Keep the days that can be placed in time; refuse the others with a reason.

    Parameters
    ----------
    raw
        ``RAW_SENTIMENT``: date (any day of the week; what is said after the close
        counts for the day after, and where any date has a time of day, all of them
        do), ticker, n_tweets, their mean score and its standard deviation (ddof 1;
        missing for a single one), and how many were positive and negative. None gives
        an empty table.
    bars
        Clean bars.
    spec
        Default: usable at the close of the day.
    calendar
        ISO code of the exchange.
    now
        The clock: an instant with a time zone, or in UTC; what is dated after its day
        at the exchange is refused. Default: now.

    Returns
    -------
    CleanDisclosures
        ``table``: known_at, ticker, date and the measures as float64. Days without a
        session are known at the close of the next one, so a Monday has three rows.

    Raises
    ------
    DataError
        ``AK-D010``, ``AK-D011``, ``AK-D012``, ``AK-D017`` as in `arrange_bars`.

    Notes
    -----
    A day nobody spoke has no row, and none is invented. Refused are ``infinite``,
    ``bad_count`` (negative, broken or more positive and negative than there are),
    ``no_score`` (tweets without a mean), ``duplicate`` and ``conflicting_duplicate``.
    """
    spec = spec or SentimentSpec()
    table = pd.DataFrame(columns=list(RAW_SENTIMENT)) if raw is None else raw
    require_columns(table, RAW_SENTIMENT, where="sentiment")
    given = _arrange(table, bars, spec, calendar)
    verdicts = Verdicts.of(len(given))
    charge_place(verdicts, given, "date", bars=bars, calendar=calendar, now=now)
    _charge_measures(verdicts, given)
    verdicts.charge(
        "duplicate", repeats(verdicts, given, ["date", "ticker", *MEASURES])
    )
    twins = among_sound(verdicts, given, ["date", "ticker"])
    verdicts.charge("conflicting_duplicate", twins)
    return gather_clean(given, verdicts, bars=bars, key=_KEY)


def _arrange(
    raw: pd.DataFrame, bars: pd.DataFrame, spec: SentimentSpec, calendar: str
) -> pd.DataFrame:
    keys = read_keys(raw, "date", bars=bars, calendar=calendar, where="sentiment")
    values = {name: as_floats(raw, name, where="sentiment") for name in MEASURES}
    arranged = pd.DataFrame({**keys, **values}, index=raw.index)
    known_at = first_closes(
        arranged["date"],
        until=bars["date"].max(),
        calendar=calendar,
        lag_sessions=spec.lag_sessions,
    )
    placed = arranged.assign(known_at=known_at)
    return placed.sort_values(["ticker", "date", *MEASURES], ignore_index=True)


def _charge_measures(verdicts: Verdicts, given: pd.DataFrame) -> None:
    measures = given[list(MEASURES)].to_numpy("float64")
    counts = given[list(_COUNTS)].to_numpy("float64")
    total, positive, negative = counts.T
    verdicts.charge("infinite", np.isinf(measures).any(axis=1))
    whole = (counts >= 0) & (counts == np.floor(counts))
    verdicts.charge("bad_count", ~whole.all(axis=1) | (positive + negative > total))
    verdicts.charge("no_score", (total > 0) & given["sent_mean"].isna().to_numpy())

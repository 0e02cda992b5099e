"""When each name came and left, and why its prices end.

A series that ends tells one of two stories. The company was delisted, and whoever held
it met the delisting return. Or the vendor stopped collecting, and nothing is known of
what came after. Companies die one by one; a vendor stops for many names on one day.
Which session has too many ends for chance is a matter of counting.

Everything here is outcome data: for labels and ledgers, never for features or
decisions.
"""

from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Bool, Dates, Int
from alpha_kedro.market.tickers import canonical_tickers, match_spelling

LISTED, DELISTED, SOURCE_ENDED = "listed", "delisted", "source_ended"
_FATES = (LISTED, DELISTED, SOURCE_ENDED)

Report = dict[str, Any]


def listing_fates(
    bars: pd.DataFrame,
    *,
    delisted_after: int,
    level: float = 0.01,
    rejects: pd.DataFrame | None = None,
    known: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, Report]:
    """Return each ticker's first and last bar and what a position in it came to.

    Parameters
    ----------
    bars
        Clean bars; date and ticker are read.
    delisted_after
        Sessions of absence, up to the end of the bars, after which a name has left.
    level
        A session on which more names leave than chance brings with this probability,
        on any session so far, is the end of a source.
    rejects
        Rows that were refused: date, ticker. A name with one on the very session on
        which its absence becomes a departure is still traded: what ended is its usable
        source.
    known
        Delistings on record: ticker, date (of the last trade or of the removal),
        exit_return (decimal, after the last close; NaN: not known). A row counts for a
        name that left and whose last bar lies at most ``delisted_after`` sessions
        before the date, and overrules what the count of ends says; of several the last
        does. Share classes may be spelt otherwise than in the bars.

    Returns
    -------
    listings
        ticker, first, last, ``fate`` and ``exit_return``, sorted by ticker. ``listed``:
        still traded, or not absent for long enough. ``source_ended``: the position
        leaves at its last close, 0.0. ``delisted``: as ``known`` says, else NaN, which
        stands for the delisting return that labels and ledger assume.
    report
        Names by fate; ``source_ends`` counts by session the names that no longer had a
        source; ``n_cut_off`` of them end in refused rows; ``n_known_unmatched`` rows of
        ``known`` fit no name that left.

    Raises
    ------
    DataError
        ``AK-D010`` a ticker of ``known`` is not text.

    Notes
    -----
    Were every death a matter of its own (a Poisson process), those up to a session
    would be spread evenly over the sessions so far: the number on one of them is
    binomial, and the chance of as many is multiplied by the number of sessions
    (Bonferroni). Nothing later enters: the fate of a name is final as soon as its
    absence is. One name alone never ends a source.
    """
    spans = bars.groupby("ticker", observed=True)["date"].agg(first="min", last="max")
    sessions = np.unique(bars["date"].to_numpy())
    last = np.searchsorted(sessions, spans["last"].to_numpy())
    left = len(sessions) - 1 - last >= delisted_after
    listings = spans.reset_index().astype({"ticker": "str"})
    cut_off = left & _still_quoted(listings, rejects, sessions, delisted_after)
    ended = _source_ends(last[left & ~cut_off], len(sessions), level)[last] | cut_off
    fate = np.where(left, np.where(ended, SOURCE_ENDED, DELISTED), LISTED)
    listings = listings.assign(
        fate=pd.array(fate, dtype="str"),
        exit_return=np.where(fate == SOURCE_ENDED, 0.0, np.nan),
    )
    n_known, n_matched = 0, 0
    if known is not None:
        matched = _matching(known, listings[left], sessions, delisted_after)
        listings = _overruled(listings, matched)
        n_known, n_matched = len(known), len(matched)
    counts = listings["fate"].value_counts()
    by_session = listings["last"][listings["fate"] == SOURCE_ENDED].value_counts()
    return listings, {
        "n_tickers": len(listings),
        **{f"n_{word}": int(counts.get(word, 0)) for word in _FATES},
        "source_ends": {
            f"{day:%Y-%m-%d}": int(n) for day, n in by_session.sort_index().items()
        },
        "n_cut_off": int(cut_off.sum()),
        "n_known": n_known,
        "n_known_unmatched": n_known - n_matched,
    }


def _source_ends(rows: Int, n_sessions: int, level: float) -> Bool:
    """Mark the sessions on which more series end than chance allows.

    Parameters
    ----------
    rows
        (n_left,) session of the last bar of each name that left.
    """
    from scipy.special import bdtrc

    ends = np.bincount(rows, minlength=n_sessions)
    so_far = np.arange(1, n_sessions + 1)
    at_least_as_many = bdtrc(np.maximum(ends - 1, 0), ends.cumsum(), 1 / so_far)
    beyond_chance = at_least_as_many * so_far < level
    return np.asarray((ends > 1) & beyond_chance, dtype=bool)


def _still_quoted(
    listings: pd.DataFrame,
    rejects: pd.DataFrame | None,
    sessions: Dates,
    delisted_after: int,
) -> Bool:
    """Mark the names of which a row was refused when they would count as gone."""
    if rejects is None:
        return np.zeros(len(listings), dtype=bool)
    refused = rejects[["date", "ticker"]].dropna().astype({"ticker": "str"})
    later = refused.merge(listings[["ticker", "last"]], on="ticker", validate="m:1")
    absent = _sessions_since(later["last"], later["date"], sessions)
    quoted = later["ticker"][absent == delisted_after]
    return listings["ticker"].isin(quoted).to_numpy(dtype=bool)


def _matching(
    known: pd.DataFrame, left: pd.DataFrame, sessions: Dates, delisted_after: int
) -> pd.DataFrame:
    """Return the rows on record of names whose series end when they say."""
    named = canonical_tickers(known["ticker"], where="delistings")
    record = known.assign(ticker=match_spelling(named, left["ticker"]))
    both = record.merge(left[["ticker", "last"]], on="ticker", validate="m:1")
    absent = _sessions_since(both["last"], both["date"], sessions)
    return both[(both["date"] >= both["last"]) & (absent <= delisted_after)]


def _sessions_since(
    last: "pd.Series[pd.Timestamp]", days: "pd.Series[pd.Timestamp]", sessions: Dates
) -> Int:
    """Return how many sessions lie between the last bar and a day, the day included."""
    place = np.searchsorted(sessions, days.to_numpy().astype(sessions.dtype), "right")
    return np.asarray(place - 1 - np.searchsorted(sessions, last.to_numpy()))


def _overruled(listings: pd.DataFrame, matched: pd.DataFrame) -> pd.DataFrame:
    in_time = matched.sort_values("date", kind="stable")
    final = in_time.drop_duplicates("ticker", keep="last").set_index("ticker")
    on_record = listings["ticker"].isin(final.index)
    exits = final["exit_return"].astype("float64")
    given = listings["ticker"].map(exits)
    return listings.assign(
        fate=listings["fate"].mask(on_record, DELISTED),
        exit_return=listings["exit_return"].mask(on_record, given),
    )

"""What is said about a name: how good, how much better than before, how much at all.

A session counts all that became known at its close: the day itself, and the weekend
before it. A name nobody spoke of has a count of 0 and no score. It has no count either
before it was first spoken of, or on a session on which the source is silent about every
name: there it is not known whether anybody spoke.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Bool, Dates, Float, Int


def known_sentiment(sentiment: pd.DataFrame, axes: Axes) -> Mapping[str, Float]:
    """Add up, for each name and session, what became known at its close.

    Parameters
    ----------
    sentiment
        Clean sentiment, see `alpha_kedro.market.clean_sentiment`, sorted by (known_at,
        ticker, date).
    axes
        Sessions and tickers of the bars. What is known at a session that is not among
        them counts at the next that is; before the first and after the last, nowhere.

    Returns
    -------
    dict
        (n_dates, n_tickers) by name: ``n_tweets``, ``n_pos``, and the sums over tweets
        of their ``score`` and ``squared_score``. NaN where nothing can be said.

    Notes
    -----
    Row t depends on rows known at or before t, and its counts on those known after the
    row before it.
    """
    known = sentiment["known_at"].to_numpy()
    rows = np.searchsorted(axes.dates, known)
    within = _within(known, axes.dates)
    columns = axes.columns_of(sentiment["ticker"])
    inside = within & (columns >= 0)
    flat = rows[inside] * axes.shape[1] + columns[inside]
    heard = _heard(rows, within, columns, axes)
    return {
        name: np.where(heard, _total(values[inside], flat, axes), np.nan)
        for name, values in _sums(sentiment).items()
    }


def _sums(sentiment: pd.DataFrame) -> dict[str, Float]:
    count, mean, spread, positive = (
        sentiment[name].to_numpy(dtype=np.float64)
        for name in ("n_tweets", "sent_mean", "sent_std", "n_pos")
    )
    score = np.where(count > 0, count * mean, 0.0)
    around = np.where(count > 1, (count - 1) * spread**2, 0.0)
    squared = around + np.where(count > 0, count * mean**2, 0.0)
    return {
        "n_tweets": count,
        "n_pos": positive,
        "score": score,
        "squared_score": squared,
    }


def _total(values: Float, flat: Int, axes: Axes) -> Float:
    # bincount adds in the order of the rows, so no other cell has a say in the bits.
    size = axes.shape[0] * axes.shape[1]
    return np.bincount(flat, values, size).astype(np.float64).reshape(axes.shape)


def _within(days: Dates, sessions: Dates) -> Bool:
    """Mark the days from the first session to the last."""
    begun = np.searchsorted(sessions, days, side="right") > 0
    return np.asarray(begun & (np.searchsorted(sessions, days) < len(sessions)))


def _heard(rows: Int, within: Bool, columns: Int, axes: Axes) -> Bool:
    """Mark where it is known how much was said: (n_dates, n_tickers)."""
    n_dates, n_tickers = axes.shape
    source_speaks = np.zeros(n_dates, dtype=bool)
    source_speaks[rows[within]] = True
    listed = columns >= 0
    first = np.full(n_tickers, n_dates)  # 0 also where a name was spoken of before
    np.minimum.at(first, columns[listed], rows[listed])
    spoken_of = np.arange(n_dates)[:, None] >= first
    heard: Bool = source_speaks[:, None] & spoken_of
    return heard

"""From a factor and prices as a notebook has them to what is judged."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.core.memory import keep_freed_memory
from alpha_kedro.core.panel import Axes, Float
from alpha_kedro.measures.factor.design import (
    FactorConventions,
    FactorDesign,
    RelativeTo,
)
from alpha_kedro.measures.factor.evidence import FactorEvidence
from alpha_kedro.measures.factor.groups import (
    GroupLabels,
    read_groups,
    required_groups,
)
from alpha_kedro.measures.factor.sample import FactorSample


def evaluate_factor(
    scores: pd.DataFrame,
    prices: pd.DataFrame,
    horizons: Sequence[int] = (1, 5, 10),
    quantiles: int = 5,
    groups: GroupLabels | None = None,
    *,
    lag: int = 1,
    min_names: int = 10,
    relative_to: RelativeTo | None = None,
    quantiles_by_group: bool = False,
    conventions: FactorConventions | None = None,
) -> FactorEvidence:
    """Compare a factor with the returns after it, over several horizons.

    Parameters
    ----------
    scores
        (n_dates, n_tickers) factor known at the close of each date; NaN: no opinion.
    prices
        (n_sessions, n_tickers) total-return prices at which orders fill, every session.
        NaN: no price; nothing is filled.
    horizons
        Holding periods in sessions.
    quantiles
        Groups of equal size that names are sorted into, by their score alone.
    groups
        Group of each ticker, such as its sector, or a (dates x tickers) frame of dated
        ones. A name without a group on a date is left out of it.
    lag
        Sessions from the score to the fill; 1 means the next session's price.
    min_names
        Fewest names with a score and a return for a date to count, never fewer than
        ``quantiles``; fewest names for a coefficient within a group.
    relative_to
        What is taken off a return before it is ranked and averaged: ``nothing``, the
        mean return of the ``universe`` (the names judged on the date), or of the name's
        own among the ``groups``. With ``groups`` the factor-weighted portfolio is
        neutral in each of them. Default: ``groups`` where they are given, else
        ``nothing``.
    quantiles_by_group
        Sort names into quantiles within their group.
    conventions
        Definitions that libraries differ in. `ALPHALENS`, with ``lag=0``, prices filled
        forward and ``min_names=2``, gives the numbers of alphalens-reloaded.

    Returns
    -------
    FactorEvidence
        Dates whose outcome lies beyond the prices are NaN. Tables are made when they
        are first asked for.

    Raises
    ------
    ConfigError
        ``AK-C003`` for an argument that cannot be used, such as a lag below 0 or a
        horizon that is no whole session. ``AK-C051`` for a date or ticker of the scores
        that has no row or column in ``prices`` or stands there twice, and for dates
        that are text. ``AK-C120`` when the prices end before the first return over the
        longest horizon. ``AK-C121`` for groups that fit no name scored, ``AK-C122``
        where groups are needed and not given.
    DataError
        ``AK-D125`` for prices that are not above 0, or infinite. ``AK-D126`` for cells
        that are not numbers.

    Notes
    -----
    A name whose prices end before the horizon does has no outcome and is left out,
    which flatters a factor that likes dying names; `FactorEvidence.losses` counts them.
    `alpha_kedro.signals` makes labels with a delisting return; `measure_models` judges
    scores by those.
    """
    keep_freed_memory()  # every table goes through arrays of the panel's size
    design = FactorDesign.parse(
        {
            "horizons": horizons,
            "quantiles": quantiles,
            "lag": lag,
            "min_names": min_names,
            "relative_to": relative_to or ("nothing" if groups is None else "groups"),
            "quantiles_by_group": quantiles_by_group,
            "conventions": conventions or FactorConventions(),
        },
        "evaluate_factor",
    )
    _refuse_misfits(scores, prices)
    axes = Axes.of(scores.index, scores.columns)
    found = None if groups is None else read_groups(groups, axes)
    if design.neutral or quantiles_by_group:
        required_groups(found)
    sample = FactorSample(
        axes=axes,
        given=_numbers(scores.reindex(index=axes.dates, columns=axes.tickers)),
        levels=_positive(_numbers(prices.reindex(columns=axes.tickers)), prices, axes),
        rows=prices.index.get_indexer(pd.DatetimeIndex(axes.dates)),
        groups=found,
        design=design,
    )
    sample.require_history()
    return FactorEvidence(sample)


def _refuse_misfits(scores: pd.DataFrame, prices: pd.DataFrame) -> None:
    days = (scores.index, prices.index)
    labels = (*days, scores.columns, prices.columns)
    faults = {
        "a date or ticker twice": not all(label.is_unique for label in labels),
        "dates that are no timestamps, or have a time zone": not all(map(_dated, days)),
        "prices out of order": not prices.index.is_monotonic_increasing,
        "no date of scores": not len(scores),
    }
    missing = [
        *scores.index.difference(prices.index),
        *scores.columns.difference(prices.columns),
    ]
    found = [fault for fault, holds in faults.items() if holds]
    if not missing and not found:
        return
    raise ConfigError(
        "AK-C051",
        "scores and prices do not fit together",
        where=missing,
        got=", ".join(found) or f"{len(missing)} dates or tickers without prices",
        wanted="ascending prices for every date and ticker scored, each once",
        fix="cut the scores to the dates and tickers of the prices, both indexed by "
        "timestamps without a time zone",
    )


def _dated(index: pd.Index) -> bool:
    return isinstance(index, pd.DatetimeIndex) and index.tz is None


def _numbers(cells: pd.DataFrame) -> Float:
    """Return a frame as float64 in one block of memory."""
    try:
        return np.ascontiguousarray(cells.to_numpy(dtype="float64", na_value=np.nan))
    except (TypeError, ValueError):
        wrong = cells.select_dtypes(exclude="number").columns
    raise DataError(
        "AK-D126",
        "scores or prices that are not numbers",
        where=wrong,
        wanted="floats, NaN where there is none",
        fix="look at these columns, and at what they were read from",
    )


def _positive(levels: Float, prices: pd.DataFrame, axes: Axes) -> Float:
    """Return the prices, all of them above 0, finite or missing."""
    wrong = ~np.isnan(levels) & ~((levels > 0) & np.isfinite(levels))
    if not wrong.any():
        return levels
    tickers, days = axes.tickers, pd.DatetimeIndex(prices.index).strftime("%Y-%m-%d")
    raise DataError(
        "AK-D125",
        "prices that no order could fill at",
        where=[f"{tickers[at]} {days[row]}" for row, at in np.argwhere(wrong)],
        wanted="prices above 0, NaN where there is none",
        fix="clean the bars first: alpha_kedro.market.clean_bars",
    )

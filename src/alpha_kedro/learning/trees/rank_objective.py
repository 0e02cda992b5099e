"""Learning to rank the names of a date, instead of guessing their labels.

A ranking objective looks at pairs of names of one date and asks which is better, most
of all near the top. It takes whole grades: here the rank of a label within its date,
cut into equal parts. Dates are the groups; no pair crosses two of them.

Sources: Burges (2010), *From RankNet to LambdaRank to LambdaMART*; Poh, Lim, Zohren and
Roberts (2021), *Building Cross-Sectional Systematic Strategies by Learning to Rank*.
"""

from typing import Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Float, Int
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.training import TrainingData
from alpha_kedro.learning.trees.rank_metric import group_sizes

_MOST_ROWS = 10_000  # LightGBM ends with an error beyond it


class RankingSpec(Spec):
    """What a ranking objective is told about the names of a date."""

    grades: int = Field(
        default=10,
        ge=2,
        le=31,
        description="Parts a date's names are cut into by the rank of their label; the "
        "best part has the highest grade (grades).",
    )
    truncation: int = Field(
        default=50,
        ge=1,
        le=10_000,
        description="Places from the top whose order counts (names).",
    )
    gain: Literal["linear", "exponential"] = Field(
        default="linear",
        description="Worth of grade g: g, or 2^g - 1, which looks at the best alone.",
    )

    @property
    def gains(self) -> list[int]:
        """Return the worth of each grade, from the lowest."""
        grades = range(self.grades)
        return [*grades] if self.gain == "linear" else [2**each - 1 for each in grades]


def grades_within_dates(data: TrainingData, *, grades: int) -> Float:
    """Cut the names of each date into equal parts by the rank of their label.

    Parameters
    ----------
    data
        Rows in order of their dates.
    grades
        Number of parts.

    Returns
    -------
    (n,) float64, whole numbers from 0 (lowest labels) to ``grades - 1``; equal labels
    share their mean rank, and so their grade.
    """
    sizes = group_sizes(data)
    date = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((data.y, date))
    first = np.cumsum(sizes) - sizes
    place = np.empty(len(order))
    place[order] = np.arange(len(order)) - np.repeat(first, sizes)
    # Equal labels of a date stand side by side once sorted: they share the mean place.
    ordered, day = data.y[order], date[order]
    new = np.r_[True, (ordered[1:] != ordered[:-1]) | (day[1:] != day[:-1])]
    tie = np.cumsum(new) - 1
    shared = np.empty(len(order))
    shared[order] = (np.bincount(tie, place[order]) / np.bincount(tie))[tie]
    return np.floor((shared + 0.5) / sizes[date] * grades)


def rank_groups(data: TrainingData) -> Int:
    """Return the rows of each date, once a ranking objective can learn from them.

    Raises
    ------
    ModelError
        ``AK-M140`` for a date with more than 10,000 rows, or where no date has two.
    """
    sizes = group_sizes(data)
    if 2 <= sizes.max() <= _MOST_ROWS:
        return sizes
    days = np.unique(data.dates.astype("datetime64[D]"))
    raise ModelError(
        "AK-M140",
        "the dates of this window cannot be ranked within",
        where=[str(day) for day in days[sizes == sizes.max()]],
        got=f"{sizes.max()} rows on the largest date",
        wanted=f"2 to {_MOST_ROWS} rows on a date",
        fix="narrow the universe, or take objective: l2 on a label that is a rank",
    )

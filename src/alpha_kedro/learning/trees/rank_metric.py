"""How well predictions rank the names of held-out dates: what early stopping can watch.

A loss asks how near a prediction comes to its label; a portfolio only asks for the
order within a date. The two do not stop at the same round.
"""

from dataclasses import dataclass

import numpy as np

from alpha_kedro.core.panel import Float, Int
from alpha_kedro.learning.training import TrainingData
from alpha_kedro.measures.cross_sections import row_correlation, row_ranks

RANK_IC = "rank_ic"


@dataclass(frozen=True, eq=False)
class HeldOutRankIC:
    """The rank correlation of predictions with labels within dates, averaged.

    Attributes
    ----------
    shape
        (n_dates, most names of a date).
    places
        (n,) cell of a (n_dates, most names) panel each row has, row by row.
    label_ranks
        (n_dates, most names) ranks of the labels within their date, NaN in no cell's
        row; ranked once, for every round asks for them.
    importance
        (n_dates,) share of each date in the average: what its rows weigh on average.
    """

    shape: tuple[int, int]
    places: Int
    label_ranks: Float
    importance: Float

    @classmethod
    def of(cls, held_out: TrainingData) -> "HeldOutRankIC":
        """Rank the labels of the held-out rows, which are in order of their dates."""
        sizes = group_sizes(held_out)
        shape = (len(sizes), int(sizes.max()))
        starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
        column = np.arange(len(held_out.y)) - starts
        places = np.repeat(np.arange(len(sizes)), sizes) * shape[1] + column
        weight = np.ones(shape[0])
        if held_out.weight is not None:
            weight = np.add.reduceat(held_out.weight, np.cumsum(sizes) - sizes) / sizes
        ranks = row_ranks(_panel(held_out.y, places, shape))
        return cls(shape, places, ranks, weight / weight.sum())

    def __call__(self, predictions: Float) -> float:
        """Return the mean Spearman correlation over dates, from -1 to 1.

        A date whose names are all predicted alike, or all labelled alike, counts as
        zero: it has not been ranked.
        """
        ranks = row_ranks(_panel(predictions, self.places, self.shape))
        correlations = np.nan_to_num(row_correlation(ranks, self.label_ranks))
        return float(self.importance @ correlations)


def group_sizes(data: TrainingData) -> Int:
    """Return the number of rows of each date, in order of the dates."""
    starts = np.flatnonzero(data.dates[1:] != data.dates[:-1]) + 1
    return np.diff(starts, prepend=0, append=len(data.dates)).astype(np.int64)


def _panel(values: Float, places: Int, shape: tuple[int, int]) -> Float:
    panel = np.full(shape, np.nan)
    panel.ravel()[places] = values
    return panel

"""How much each row of a training window counts.

Three reasons why rows should not count alike: old ones tell less of today's market,
labels that overlap tell the same price move twice, and a date with many names is still
one day of the market. Each gives a factor; the weights are their product, brought to
mean one.

Nothing outside the window has a say: ages are counted back from its newest row.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Dates, Float, Int
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.training import (
    FittedModel,
    Model,
    TrainingData,
    require_learnable,
)


class WeightingSpec(Spec):
    """Which rows of a training window count for more."""

    half_life: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="Sessions back from the newest row after which a row counts half; "
        "null: age does not matter.",
    )
    uniqueness: bool = Field(
        default=False,
        description="A row counts by the share of its label's sessions that it has to "
        "itself among the labels of its ticker.",
    )
    lag: int = Field(
        default=1,
        ge=0,
        le=20,
        description="Sessions from decision to fill, from where a label looks ahead.",
    )
    equal_dates: bool = Field(
        default=False,
        description="Every date counts alike, whatever its number of names; age comes "
        "on top.",
    )

    @model_validator(mode="after")
    def _something_is_weighed(self) -> Self:
        if self.half_life is None and not (self.uniqueness or self.equal_dates):
            raise ValueError(
                "nothing is weighed: set half_life, uniqueness or equal_dates, or "
                "leave weighting out"
            )
        return self

    def weigh(
        self, data: TrainingData, *, sessions: Dates | None = None
    ) -> TrainingData:
        """Return the window with weights of mean one, on top of those it has.

        Parameters
        ----------
        data
            The window; ``uniqueness`` reads the tickers of its context.
        sessions
            (n_sessions,) sessions of the exchange, the days of the window among them.
            Default: every weekday is counted, which a holiday makes one too many.

        Raises
        ------
        ModelError
            ``AK-M143`` when uniqueness is asked for and the rows have no tickers.
        """
        weight = np.ones(len(data.y)) if data.weight is None else data.weight.copy()
        decided = session_numbers(data.dates, sessions)
        if self.uniqueness:
            ends = session_numbers(data.label_end, sessions)
            weight *= uniqueness(_tickers(data), decided + self.lag, ends)
        if self.equal_dates:
            date = np.unique(data.dates, return_inverse=True)[1]
            weight /= np.bincount(date, weight)[date]
        if self.half_life is not None:
            weight *= 0.5 ** ((decided.max() - decided) / self.half_life)
        return data.weighted(weight)


@dataclass(frozen=True)
class WeightingModel:
    """A model that is told how much the rows of its window count.

    Nothing of it is left in the fit: weights shape what is learned, and score no row.
    """

    weighting: WeightingSpec
    model: Model

    def fit(self, data: TrainingData, *, seed: int) -> FittedModel:
        """Weigh the rows, then fit the model to them.

        Raises
        ------
        ModelError
            ``AK-M143`` as in ``WeightingSpec.weigh``; others as the model itself.
        """
        require_learnable(data)
        known = data.context.background.sessions if data.context is not None else None
        weighed = self.weighting.weigh(data, sessions=known)
        return self.model.fit(weighed, seed=seed)


def session_numbers(days: Dates, sessions: Dates | None) -> Int:
    """Return the number of each day's session, or weekday where none are known."""
    if sessions is not None:
        return np.searchsorted(sessions, days).astype(np.int64)
    epoch = np.datetime64("1970-01-01", "D")
    return np.busday_count(epoch, days.astype("datetime64[D]")).astype(np.int64)


def uniqueness(tickers: Int, starts: Int, ends: Int) -> Float:
    """Return the average uniqueness of each label among those of its ticker.

    On a session that c labels of a ticker share, each has 1 / c of it; the mean over
    the sessions of a label is its uniqueness.

    Parameters
    ----------
    tickers
        (n,) whole numbers from 0, one per ticker.
    starts, ends
        (n,) sessions whose prices open and close the label: it lives in the sessions
        after the first of them, the second included. One at least.

    Returns
    -------
    (n,) float64, above 0; 1 where no label overlaps, about 1 / h where labels of h
    sessions start on each of them.

    References
    ----------
    López de Prado (2018), *Advances in Financial Machine Learning*, chapter 4.
    """
    starts = np.minimum(starts, ends - 1)
    first = int(starts.min())
    n_sessions = int(ends.max()) - first + 2
    shape = (int(tickers.max()) + 1, n_sessions)
    opened = np.ravel_multi_index((tickers, starts - first + 1), shape)
    closed = np.ravel_multi_index((tickers, ends - first + 1), shape)
    cells = shape[0] * shape[1]
    steps = np.bincount(opened, minlength=cells) - np.bincount(closed, minlength=cells)
    alive = steps.reshape(shape).cumsum(axis=1)
    share = np.divide(1.0, alive, out=np.zeros(shape), where=alive > 0)
    up_to = np.cumsum(share, axis=1).ravel()
    unique: Float = (up_to[closed - 1] - up_to[opened - 1]) / (ends - starts)
    return unique


def _tickers(data: TrainingData) -> Int:
    if data.context is not None:
        return pd.factorize(data.context.tickers)[0].astype(np.int64)
    raise ModelError(
        "AK-M143",
        "the uniqueness of a label is counted among those of its ticker",
        got="rows without tickers",
        wanted="TrainingData.context",
        fix="pass context=Context.of(samples), or leave weighting.uniqueness out",
    )

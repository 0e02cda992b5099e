"""What a model learns from, what it must offer, and what it may never accept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Dates, Float, Int, Single
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.learning.context import Context
from alpha_kedro.learning.finite import refuse_infinite
from alpha_kedro.learning.splitters.splits import PurgedKFold

Kind = Literal[
    "classifier",
    "elastic_net",
    "ensemble",
    "factor",
    "lightgbm",
    "lstm",
    "multi_scale_lstm",
    "random",
    "ridge",
    "xgboost",
]
"""Names of the model kinds."""

_PROBED_ROWS = 2_048


@dataclass(frozen=True)
class TrainingData:
    """The rows of one training window, sorted by (date, ticker).

    Attributes
    ----------
    X
        (n, p) float32 features; NaN where a value is missing, never infinite.
    y
        (n,) float64 labels.
    dates
        (n,) datetime64[us] decision dates, ascending.
    label_end
        (n,) datetime64[us] date of the last price each label used.
    features
        The p names of the columns of ``X``.
    weight
        (n,) above zero, mean one: how much each row counts. None: all the same.
    context
        Where the rows stand, for models that look further than one row.

    Raises
    ------
    ModelError
        ``AK-M020`` when the arrays disagree in length or the dates are out of order.
    """

    X: Single
    y: Float
    dates: Dates
    label_end: Dates
    features: tuple[str, ...]
    weight: Float | None = None
    context: Context | None = None

    def __post_init__(self) -> None:
        shapes = (self.y.shape, self.dates.shape, self.label_end.shape)
        aligned = all(shape == self.X.shape[:1] for shape in shapes)
        named = self.X.ndim == 2 and self.X.shape[1] == len(self.features)
        if aligned and named and bool(np.all(self.dates[:-1] <= self.dates[1:])):
            return
        raise ModelError(
            "AK-M020",
            "the training rows are not aligned, named and in order",
            got=f"X {self.X.shape}, y, dates, label_end {shapes}, "
            f"{len(self.features)} feature names",
            wanted="X (n, p), y, dates, label_end (n,), p names, dates ascending",
            fix="sort the samples by (date, ticker) before taking arrays from them",
        )

    def take(self, rows: Int) -> "TrainingData":
        """Return the window restricted to ``rows``."""
        return TrainingData(
            self.X[rows],
            self.y[rows],
            self.dates[rows],
            self.label_end[rows],
            self.features,
            None if self.weight is None else self.weight[rows],
            None if self.context is None else self.context.take(rows),
        )

    def with_columns(self, columns: Int) -> "TrainingData":
        """Return the window restricted to some features, in the order given."""
        names = tuple(self.features[column] for column in columns)
        return replace(self, X=self.X[:, columns], features=names)

    def weighted(self, weight: Float) -> "TrainingData":
        """Return the window with its rows weighted, the weights brought to mean one."""
        return replace(self, weight=weight / weight.mean())


class FittedModel(Protocol):
    """Something that scores a cross-section; only the order of scores matters."""

    @property
    def kind(self) -> Kind:
        """Return the name of the model kind, as in ``ModelSpec.kind``."""

    @property
    def features(self) -> tuple[str, ...]:
        """Return the p features the columns of ``X`` have to be, in this order."""

    @property
    def dropped_features(self) -> Mapping[str, str]:
        """Return the features the fit could not use, each with its reason."""

    @property
    def chosen(self) -> Mapping[str, float | str]:
        """Return what the fit chose for itself, such as its rounds; by name."""

    def score(self, X: Single, context: Context | None = None) -> Float:
        """Return (n,) scores of the (n, p) rows, each row by itself.

        Parameters
        ----------
        X
            (n, p) float32 features.
        context
            Where the rows stand; models that look at one row alone do without.
        """

    def contributions(self, X: Single, context: Context | None = None) -> Float | None:
        """Return (n, p + 1) parts of each score, the bias last; None if unknown."""

    def files(self) -> Mapping[str, bytes]:
        """Return what was learned, as text files to be stored by name."""


class Model(Protocol):
    """Something that learns from the rows of one window, and from nothing else."""

    def fit(self, data: TrainingData, *, seed: int) -> FittedModel:
        """Learn from ``data``; the same data and seed give the same bytes."""


def purged_rows(
    data: TrainingData, *, n_splits: int, embargo: int, tail_only: bool = False
) -> Iterator[tuple[Int, Int]]:
    """Yield (learn, held out) row numbers of one training window, overlap purged.

    Parameters
    ----------
    data
        The window; rows outside it are out of reach.
    n_splits
        Consecutive blocks of dates, each held out once.
    embargo
        Sessions left out on both sides of a held-out block beyond the labels.
    tail_only
        Hold out the last block alone.
    """
    spans = pd.DataFrame({"date": data.dates, "label_end": data.label_end})
    splits = PurgedKFold(n_splits=n_splits, embargo=embargo).split(spans, groups=spans)
    yield from (list(splits)[-1:] if tail_only else splits)


def purged_splits(
    data: TrainingData, *, n_splits: int, embargo: int, tail_only: bool = False
) -> Iterator[tuple[TrainingData, TrainingData]]:
    """Yield (learn, held out) parts of one training window; see ``purged_rows``."""
    splits = purged_rows(data, n_splits=n_splits, embargo=embargo, tail_only=tail_only)
    for learn, held_out in splits:
        yield data.take(learn), data.take(held_out)


def require_learnable(data: TrainingData) -> None:
    """Refuse rows from which boosting libraries would quietly learn nonsense.

    Raises
    ------
    ModelError
        ``AK-M021`` no rows, ``AK-M022`` labels NaN or infinite, ``AK-M023`` all labels
        the same, ``AK-M024`` infinite features.
    """
    if not len(data.y):
        raise ModelError(
            "AK-M021",
            "there is no row to learn from",
            fix="widen the training window, or check the labels of these dates",
        )
    bad = ~np.isfinite(data.y)
    if bad.any():
        raise ModelError(
            "AK-M022",
            "labels are missing or infinite",
            where=_days(data.dates[bad]),
            got=f"{int(bad.sum())} of {len(bad)} labels",
            fix="leave rows without a label out of the training window",
        )
    if data.y.min() == data.y.max():
        raise ModelError(
            "AK-M023",
            "every label of the training window is the same",
            got=f"{len(data.y)} times {data.y[0]:g}",
            fix="check the labels: there is nothing to learn from a constant",
        )
    refuse_infinite(data.X, data.features)


def refuse_constant(fitted: FittedModel, data: TrainingData) -> None:
    """Raise ``AK-M025`` when a model gives rows of its own window a single score.

    A ranking needs differences: a constant would be traded in the order of the tickers.
    """
    rows = np.linspace(
        0, len(data.y) - 1, min(_PROBED_ROWS, len(data.y)), dtype=np.int64
    )
    at = None if data.context is None else data.context.take(rows)
    scores = fitted.score(data.X[rows], at)
    if not np.nanmin(scores) < np.nanmax(scores):
        raise ModelError(
            "AK-M025",
            f"the {fitted.kind} model learned a constant",
            got=f"{scores[0]:g} for each of {len(data.y)} training rows",
            fix="loosen its regularisation, or give it more rows",
        )


def column_of(feature: str, features: tuple[str, ...]) -> int:
    """Return the column of a feature, or raise with the nearest name."""
    if feature not in features:
        raise unknown_name("feature", feature, features)
    return features.index(feature)


def _days(dates: Dates) -> list[str]:
    return [str(day) for day in np.unique(dates.astype("datetime64[D]"))]

"""What penalised linear models share: sums over the rows, and the fitted model.

Features are brought to one scale inside the fold. A ridge and an elastic net are both
determined by the same sums; each chooses its penalty and its coefficients in a module
of its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self, TypeVar

import numpy as np
from pydantic import BeforeValidator, Field

from alpha_kedro.core.panel import Float, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.context import Context
from alpha_kedro.learning.linear_models.preprocessing import (
    Floats,
    Preprocessing,
    PreprocessingSpec,
    choose_columns,
)
from alpha_kedro.learning.stored_text import read_record
from alpha_kedro.learning.training import Kind, TrainingData, refuse_constant

_BLOCK_ROWS = 65_536


def _as_tuple(value: object) -> object:
    """Accept one number, or a YAML list of them."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


Penalties = Annotated[
    tuple[Annotated[float, Field(gt=0)], ...],
    BeforeValidator(_as_tuple),
    Field(min_length=1),
]


@dataclass(frozen=True)
class NormalEquations:
    """The weighted sums that determine a linear model for every penalty at once.

    Attributes
    ----------
    gram
        (k, k) products of the scaled features, their means taken off.
    cross
        (k,) products of the features with the centred labels.
    mean_label
        Mean of the labels.
    means
        (k,) means of the scaled features: zero where they are standardised, and no row
        weighs more than another.
    total
        Sum of the weights: the number of rows.
    """

    gram: Float
    cross: Float
    mean_label: float
    means: Float
    total: float

    @classmethod
    def of(cls, data: TrainingData, chain: Preprocessing) -> "NormalEquations":
        """Add up the rows in blocks, so that a long window needs little memory."""
        mean_label = float(np.average(data.y, weights=data.weight))
        size = len(chain.sources)
        gram, cross, sums = np.zeros((size, size)), np.zeros(size), np.zeros(size)
        for rows in _blocks(len(data.y)):
            scaled = chain.apply(data.X[rows])
            weighted = scaled
            if data.weight is not None:
                weighted = scaled * data.weight[rows, np.newaxis]
            gram += weighted.T @ scaled
            cross += weighted.T @ (data.y[rows] - mean_label)
            sums += weighted.sum(axis=0)
        total = float(len(data.y) if data.weight is None else data.weight.sum())
        centred = chain.has_mean_zero and data.weight is None
        means = np.zeros(size) if centred else sums / total
        gram -= total * np.outer(means, means)
        return cls(gram, cross, mean_label, means, total)

    def intercept(self, coefficients: Float) -> float:
        """Return what a row has whose features are all zero."""
        return self.mean_label - float(self.means @ coefficients)


def _blocks(n_rows: int) -> Iterator[slice]:
    return (
        slice(start, start + _BLOCK_ROWS) for start in range(0, n_rows, _BLOCK_ROWS)
    )


class LinearWeights(Spec):
    """All a linear model learned."""

    alpha: float
    intercept: float
    coefficients: Floats
    preprocessing: Preprocessing


Solve = Callable[[NormalEquations], Sequence[Float]]
"""Return the (k,) coefficients of every penalty, from the sums of the rows."""


@dataclass(frozen=True)
class Linear:
    """A fitted linear model; a score is an expected label."""

    kind: ClassVar[Kind]
    file: ClassVar[str]

    features: tuple[str, ...]
    dropped_features: Mapping[str, str]
    weights: LinearWeights

    @property
    def chosen(self) -> Mapping[str, float | str]:
        """Return the penalty that was taken."""
        return {"alpha": self.weights.alpha}

    def score(self, X: Single, context: Context | None = None) -> Float:
        """Return (n,) expected labels.

        The sum runs within each row, not through a matrix product: BLAS may round a row
        differently alone and in a batch.
        """
        scores: Float = self.contributions(X).sum(axis=1)
        return scores

    def contributions(self, X: Single, context: Context | None = None) -> Float:
        """Return (n, p + 1) of coefficient x standardised value, and the intercept.

        A missing value counts as the median, and with its indicator where it has one.
        """
        chain = self.weights.preprocessing
        parts = np.zeros((len(X), len(self.features) + 1))
        terms = zip(
            chain.sources, self.weights.coefficients, chain.apply(X).T, strict=True
        )
        for source, coefficient, values in terms:
            parts[:, source] += coefficient * values
        parts[:, -1] = self.weights.intercept
        return parts

    def files(self) -> Mapping[str, bytes]:
        """Return the weights as JSON."""
        return {self.file: self.weights.model_dump_json().encode()}

    @classmethod
    def restore(
        cls,
        features: tuple[str, ...],
        dropped: Mapping[str, str],
        files: Mapping[str, bytes],
    ) -> Self:
        """Rebuild the model from its stored file.

        Raises
        ------
        ModelError
            ``AK-M034`` for text that is cut, or of another shape.
        """
        return cls(features, dropped, read_record(LinearWeights, files, cls.file))


L = TypeVar("L", bound=Linear)


def fit_linear(
    model: type[L],
    data: TrainingData,
    *,
    preprocessing: PreprocessingSpec,
    solve: Callable[[NormalEquations], tuple[float, Float]],
) -> L:
    """Scale the informative columns of a window and fit coefficients to them.

    Parameters
    ----------
    model
        What the fit is returned as.
    solve
        Returns the penalty it takes, and the (k,) coefficients.

    Raises
    ------
    ModelError
        ``AK-M025``, ``AK-M026`` for rows that cannot be learned from.
    """
    choice = choose_columns(data.X, data.features)
    chain = Preprocessing.fit(data.X, choice.kept, preprocessing)
    equations = NormalEquations.of(data, chain)
    alpha, coefficients = solve(equations)
    weights = LinearWeights(
        alpha=alpha,
        intercept=equations.intercept(coefficients),
        coefficients=tuple(coefficients.tolist()),
        preprocessing=chain,
    )
    fitted = model(data.features, choice.dropped, weights)
    refuse_constant(fitted, data)
    return fitted


def held_out_errors(
    learn: TrainingData,
    held_out: TrainingData,
    *,
    preprocessing: PreprocessingSpec,
    solve: Solve,
) -> Floats:
    """Return the mean squared error of each penalty on rows it did not learn from."""
    columns = choose_columns(learn.X, learn.features).kept
    chain = Preprocessing.fit(learn.X, columns, preprocessing)
    equations = NormalEquations.of(learn, chain)
    scaled = chain.apply(held_out.X)
    gaps = (
        held_out.y - equations.intercept(each) - scaled @ each
        for each in solve(equations)
    )
    weights = held_out.weight
    return tuple(float(np.average(gap**2, weights=weights)) for gap in gaps)

"""Ridge regression on features brought to one scale inside the fold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import BeforeValidator, Field

from alpha_kedro.core.panel import Float, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.preprocessing import (
    Floats,
    Preprocessing,
    PreprocessingSpec,
    choose_columns,
)
from alpha_kedro.learning.training import (
    Kind,
    TrainingData,
    purged_splits,
    refuse_constant,
    require_learnable,
)

_BLOCK_ROWS = 65_536


def _as_tuple(value: object) -> object:
    """Accept one number, or a YAML list of them."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


Penalties = Annotated[
    tuple[Annotated[float, Field(gt=0)], ...],
    BeforeValidator(_as_tuple),
    Field(min_length=1),
]


class RidgeSpec(Spec):
    """Least squares with a penalty on squared coefficients (Hoerl & Kennard, 1970)."""

    alpha: Penalties = Field(
        default=(1_000.0,),
        description="Penalty on squared coefficients of standardised features, in the "
        "units of scikit-learn's Ridge; of several, the one with the least squared "
        "error in purged k-fold inside the training window is taken.",
    )
    n_splits: int = Field(
        default=4, ge=2, le=20, description="Inner folds that choose alpha (folds)."
    )
    embargo: int = Field(
        default=0,
        ge=0,
        le=252,
        description="Gap on both sides of an inner fold (sessions).",
    )
    preprocessing: PreprocessingSpec = Field(
        default=PreprocessingSpec(),
        description="Clipping, missing indicators and scaling, fitted in the fold.",
    )

    def fit(self, data: TrainingData, *, seed: int) -> "Ridge":
        """Choose alpha inside the window, then fit on all of it.

        Raises
        ------
        ModelError
            ``AK-M021`` to ``AK-M026`` for rows that cannot be learned from.
        """
        del seed
        require_learnable(data)
        choice = choose_columns(data.X, data.features)
        chain = Preprocessing.fit(data.X, choice.kept, self.preprocessing)
        equations = NormalEquations.of(data, chain)
        alpha = self._choose_alpha(data)
        coefficients = equations.solve(alpha)
        weights = RidgeWeights(
            alpha=alpha,
            intercept=equations.intercept(coefficients),
            coefficients=tuple(coefficients.tolist()),
            preprocessing=chain,
        )
        ridge = Ridge(data.features, choice.dropped, weights)
        refuse_constant(ridge, data)
        return ridge

    def _choose_alpha(self, data: TrainingData) -> float:
        if len(self.alpha) == 1:
            return self.alpha[0]
        splits = purged_splits(data, n_splits=self.n_splits, embargo=self.embargo)
        errors = [self._held_out_errors(*split) for split in splits]
        return self.alpha[int(np.mean(errors, axis=0).argmin())]

    def _held_out_errors(self, learn: TrainingData, held_out: TrainingData) -> Floats:
        """Return the mean squared error of each alpha on rows it did not learn from."""
        columns = choose_columns(learn.X, learn.features).kept
        chain = Preprocessing.fit(learn.X, columns, self.preprocessing)
        equations = NormalEquations.of(learn, chain)
        scaled = chain.apply(held_out.X)
        solutions = [equations.solve(alpha) for alpha in self.alpha]
        gaps = (
            held_out.y - equations.intercept(each) - scaled @ each for each in solutions
        )
        return tuple(float(np.mean(gap**2)) for gap in gaps)


@dataclass(frozen=True)
class NormalEquations:
    """The sums that determine a ridge regression for every penalty at once.

    Attributes
    ----------
    gram
        (k, k) products of the scaled features, their means taken off.
    cross
        (k,) products of the features with the centred labels.
    mean_label
        Mean of the labels.
    means
        (k,) means of the scaled features: zero where they are standardised.
    """

    gram: Float
    cross: Float
    mean_label: float
    means: Float

    @classmethod
    def of(cls, data: TrainingData, chain: Preprocessing) -> "NormalEquations":
        """Add up the rows in blocks, so that a long window needs little memory."""
        mean_label = float(data.y.mean())
        size = len(chain.sources)
        gram, cross, sums = np.zeros((size, size)), np.zeros(size), np.zeros(size)
        for rows in _blocks(len(data.y)):
            scaled = chain.apply(data.X[rows])
            gram += scaled.T @ scaled
            cross += scaled.T @ (data.y[rows] - mean_label)
            sums += scaled.sum(axis=0)
        means = np.zeros(size) if chain.has_mean_zero else sums / len(data.y)
        gram -= len(data.y) * np.outer(means, means)
        return cls(gram, cross, mean_label, means)

    def intercept(self, coefficients: Float) -> float:
        """Return what a row has whose features are all zero."""
        return self.mean_label - float(self.means @ coefficients)

    def solve(self, alpha: float) -> Float:
        """Return the (k,) coefficients ``(Z'Z + alpha I)^-1 Z'y``."""
        penalised = self.gram + alpha * np.eye(len(self.cross))
        return np.linalg.solve(penalised, self.cross).astype(np.float64)


def _blocks(n_rows: int) -> Iterator[slice]:
    return (
        slice(start, start + _BLOCK_ROWS) for start in range(0, n_rows, _BLOCK_ROWS)
    )


class RidgeWeights(Spec):
    """All a ridge regression learned."""

    alpha: float
    intercept: float
    coefficients: Floats
    preprocessing: Preprocessing


@dataclass(frozen=True)
class Ridge:
    """A fitted ridge regression; a score is an expected label."""

    kind: ClassVar[Kind] = "ridge"
    features: tuple[str, ...]
    dropped_features: Mapping[str, str]
    weights: RidgeWeights

    def score(self, X: Single) -> Float:
        """Return (n,) expected labels.

        The sum runs within each row, not through a matrix product: BLAS may round a row
        differently alone and in a batch.
        """
        scores: Float = self.contributions(X).sum(axis=1)
        return scores

    def contributions(self, X: Single) -> Float:
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
        return {"ridge.json": self.weights.model_dump_json().encode()}

    @classmethod
    def restore(
        cls,
        features: tuple[str, ...],
        dropped: Mapping[str, str],
        files: Mapping[str, bytes],
    ) -> "Ridge":
        """Rebuild the model from its stored file."""
        weights = RidgeWeights.model_validate_json(files["ridge.json"])
        return cls(features, dropped, weights)

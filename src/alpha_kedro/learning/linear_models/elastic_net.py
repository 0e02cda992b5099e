"""Elastic net: a penalty that sets the coefficients of idle features to zero."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import Field

from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.linear_models.least_squares import (
    Linear,
    NormalEquations,
    Penalties,
    fit_linear,
    held_out_errors,
)
from alpha_kedro.learning.linear_models.preprocessing import Floats, PreprocessingSpec
from alpha_kedro.learning.training import (
    Kind,
    TrainingData,
    purged_splits,
    require_learnable,
)

_LEAST_VARIANCE = 1e-12
"""Share of the largest below which a direction of the features holds nothing."""


class ElasticNetSpec(Spec):
    """Least squares with a penalty on sizes and squares (Zou & Hastie, 2005)."""

    kind: ClassVar[Kind] = "elastic_net"

    alpha: Penalties | None = Field(
        default=None,
        description="Penalty in the units of scikit-learn's ElasticNet; null: a path "
        "of n_alphas down from the least that leaves no coefficient. Of several, the "
        "one with the least squared error in purged k-fold inside the window is taken.",
    )
    l1_ratio: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of the penalty on sizes, not squares; 1 is the lasso.",
    )
    n_alphas: int = Field(
        default=20, ge=2, le=200, description="Penalties on the path (penalties)."
    )
    least_alpha: float = Field(
        default=1e-3,
        gt=0,
        lt=1,
        description="Last penalty of the path (share of the one that leaves nothing).",
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
    max_iter: int = Field(
        default=5_000, ge=1, le=1_000_000, description="Most rounds of descent."
    )
    preprocessing: PreprocessingSpec = Field(
        default=PreprocessingSpec(),
        description="Clipping, missing indicators and scaling, fitted in the fold.",
    )

    def fit(self, data: TrainingData, *, seed: int) -> "ElasticNet":
        """Choose alpha inside the window, then fit on all of it.

        Raises
        ------
        ModelError
            ``AK-M021`` to ``AK-M026`` for rows that cannot be learned from; on noise
            the best penalty may leave no coefficient, which is ``AK-M025``.
        """
        del seed
        require_learnable(data)
        return fit_linear(
            ElasticNet,
            data,
            preprocessing=self.preprocessing,
            solve=lambda equations: self._solve(equations, data),
        )

    def _solve(
        self, equations: NormalEquations, data: TrainingData
    ) -> tuple[float, Float]:
        """Return the best penalty of the path, and its coefficients."""
        path = self.path(equations)
        best = 0 if len(path) == 1 else self._best(path, data)
        coefficients = self._descend(equations, path[: best + 1])
        return path[best], coefficients[-1]

    def _best(self, path: Floats, data: TrainingData) -> int:
        splits = purged_splits(data, n_splits=self.n_splits, embargo=self.embargo)
        errors = [
            held_out_errors(
                *split,
                preprocessing=self.preprocessing,
                solve=lambda equations: self._descend(equations, path),
            )
            for split in splits
        ]
        return int(np.mean(errors, axis=0).argmin())

    def path(self, equations: NormalEquations) -> Floats:
        """Return the penalties that are tried, the strongest first."""
        if self.alpha is not None:
            return tuple(sorted(self.alpha, reverse=True))
        pull = float(np.abs(equations.cross).max())
        none_left = pull / equations.total / self.l1_ratio
        steps = np.geomspace(1.0, self.least_alpha, self.n_alphas + 1)[1:]
        return tuple(float(step) for step in none_left * steps)

    def _descend(self, equations: NormalEquations, path: Floats) -> list[Float]:
        """Return the (k,) coefficients of each penalty, by coordinate descent.

        Each penalty starts from the coefficients of the one before.
        """
        from sklearn.linear_model import ElasticNet as Descent

        X, y = few_rows_alike(equations)
        net = Descent(
            l1_ratio=self.l1_ratio,
            fit_intercept=False,
            warm_start=True,
            max_iter=self.max_iter,
            tol=1e-8,
        )
        found = []
        for alpha in path:
            net.set_params(alpha=alpha).fit(X, y)
            found.append(np.array(net.coef_, dtype=np.float64))
        return found


@dataclass(frozen=True)
class ElasticNet(Linear):
    """A fitted elastic net."""

    kind: ClassVar[Kind] = "elastic_net"
    file: ClassVar[str] = "elastic.json"

    @property
    def chosen(self) -> Mapping[str, float | str]:
        """Return the penalty that was taken, and how many coefficients it left."""
        left = sum(each != 0 for each in self.weights.coefficients)
        return {"alpha": self.weights.alpha, "coefficients": float(left)}


def few_rows_alike(equations: NormalEquations) -> tuple[Float, Float]:
    """Return at most k rows with the same elastic nets as the whole window.

    A least-squares model sees rows only through their products, ``Z'WZ`` and ``Z'Wy``.
    The square root of the first is k rows with the same products, however many rows
    they came from; scikit-learn descends on those. They are stretched so that its mean
    over rows is the mean over the window.

    Returns
    -------
    X, y
        (m, k) and (m,), m <= k.
    """
    variances, directions = np.linalg.eigh(equations.gram)
    held = variances > _LEAST_VARIANCE * variances.max()
    sizes, axes = np.sqrt(variances[held]), directions[:, held]
    stretch = np.sqrt(held.sum() / equations.total)
    X = stretch * sizes[:, np.newaxis] * axes.T
    return X, stretch * (axes.T @ equations.cross) / sizes

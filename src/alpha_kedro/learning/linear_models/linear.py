"""Ridge regression on features brought to one scale inside the fold."""

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


class RidgeSpec(Spec):
    """Least squares with a penalty on squared coefficients (Hoerl & Kennard, 1970)."""

    kind: ClassVar[Kind] = "ridge"

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
        alpha = self._choose_alpha(data)
        return fit_linear(
            Ridge,
            data,
            preprocessing=self.preprocessing,
            solve=lambda equations: (alpha, ridge_coefficients(equations, alpha)),
        )

    def _choose_alpha(self, data: TrainingData) -> float:
        if len(self.alpha) == 1:
            return self.alpha[0]
        splits = purged_splits(data, n_splits=self.n_splits, embargo=self.embargo)
        errors = [self._held_out_errors(*split) for split in splits]
        return self.alpha[int(np.mean(errors, axis=0).argmin())]

    def _held_out_errors(self, learn: TrainingData, held_out: TrainingData) -> Floats:
        return held_out_errors(
            learn,
            held_out,
            preprocessing=self.preprocessing,
            solve=lambda equations: [
                ridge_coefficients(equations, alpha) for alpha in self.alpha
            ],
        )


@dataclass(frozen=True)
class Ridge(Linear):
    """A fitted ridge regression."""

    kind: ClassVar[Kind] = "ridge"
    file: ClassVar[str] = "ridge.json"


def ridge_coefficients(equations: NormalEquations, alpha: float) -> Float:
    """Return the (k,) coefficients ``(Z'WZ + alpha I)^-1 Z'Wy``."""
    penalised = equations.gram + alpha * np.eye(len(equations.cross))
    return np.linalg.solve(penalised, equations.cross).astype(np.float64)

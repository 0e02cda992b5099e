"""LightGBM (Ke et al., 2017), through its native interface."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Float, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.boosting import BoostedTrees, RoundsSpec, fit_trees
from alpha_kedro.learning.training import Kind, TrainingData

if TYPE_CHECKING:
    import lightgbm

_FILE = "trees.txt"
_OURS = {"kind", "n_estimators", "rounds", "threads"}


class LightGBMSpec(Spec):
    """Parameters of LightGBM, under its own names; a misspelt one is refused."""

    kind: ClassVar[Kind] = "lightgbm"

    n_estimators: int = Field(
        default=300, ge=1, le=20_000, description="Most boosting rounds (trees)."
    )
    learning_rate: float = Field(
        default=0.05, gt=0, le=1, description="Shrinkage of each tree."
    )
    num_leaves: int = Field(
        default=31, ge=2, le=4_096, description="Most leaves of a tree."
    )
    max_depth: int = Field(
        default=-1, ge=-1, le=64, description="Most levels of a tree; -1 for no limit."
    )
    min_data_in_leaf: int = Field(
        default=100, ge=1, le=100_000, description="Fewest rows of a leaf (rows)."
    )
    feature_fraction: float = Field(
        default=1.0, gt=0, le=1, description="Share of features drawn for each tree."
    )
    bagging_fraction: float = Field(
        default=1.0, gt=0, le=1, description="Share of rows drawn for a tree."
    )
    bagging_freq: int = Field(
        default=1,
        ge=0,
        le=100,
        description="Trees between two draws of rows; 0: never.",
    )
    lambda_l1: float = Field(
        default=0.0, ge=0, le=1e6, description="L1 penalty on leaf values."
    )
    lambda_l2: float = Field(
        default=0.0, ge=0, le=1e6, description="L2 penalty on leaf values."
    )
    min_gain_to_split: float = Field(
        default=0.0, ge=0, le=1e6, description="Least loss a split has to save."
    )
    max_bin: int = Field(
        default=255, ge=2, le=255, description="Most histogram bins of a feature."
    )
    objective: Literal["l2", "huber"] = Field(
        default="l2", description="Loss; a 0/1 label under l2 gives a probability."
    )
    alpha: float = Field(
        default=0.9, gt=0, le=100, description="Where huber turns linear (label units)."
    )
    threads: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Threads; the numbers do not depend on them.",
    )
    rounds: RoundsSpec = Field(
        default=RoundsSpec(), description="How the number of rounds is chosen."
    )

    def fit(self, data: TrainingData, *, seed: int) -> BoostedTrees:
        """Choose the rounds inside the window, then fit on all of it.

        Raises
        ------
        ModelError
            ``AK-M021`` to ``AK-M026`` for rows that cannot be learned from.
        """
        return fit_trees(self, data, seed=seed)

    def train(self, data: TrainingData, *, rounds: int, seed: int) -> "LightGBMBooster":
        """Fit ``rounds`` trees."""
        import lightgbm

        params = self._params(seed)
        booster = lightgbm.train(params, _dataset(data, params), num_boost_round=rounds)
        return LightGBMBooster(booster.free_dataset())

    def best_rounds(
        self, learn: TrainingData, held_out: TrainingData, *, seed: int
    ) -> int:
        """Return the round with the least loss on ``held_out``, counted from one."""
        import lightgbm

        params = self._params(seed)
        rows = _dataset(learn, params)
        booster = lightgbm.train(
            params,
            rows,
            num_boost_round=self.n_estimators,
            valid_sets=[_dataset(held_out, params, reference=rows)],
            callbacks=[lightgbm.early_stopping(self.rounds.patience, verbose=False)],
        )
        return int(booster.best_iteration)

    def _params(self, seed: int) -> dict[str, Any]:
        return self.model_dump(exclude=_OURS) | {
            "seed": seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": self.threads,
            "verbosity": -1,
        }


def _dataset(
    data: TrainingData,
    params: dict[str, Any],
    reference: "lightgbm.Dataset | None" = None,
) -> "lightgbm.Dataset":
    import lightgbm

    return lightgbm.Dataset(
        data.X, data.y, reference=reference, params=params, free_raw_data=True
    )


@dataclass(frozen=True)
class LightGBMBooster:
    """The trees of LightGBM; NaN is a value they know how to split on."""

    trees: "lightgbm.Booster"

    def score(self, X: Single) -> Float:
        """Return (n,) float64 scores."""
        return np.asarray(self.trees.predict(X), dtype=np.float64)

    def contributions(self, X: Single) -> Float:
        """Return (n, k + 1) TreeSHAP values, bias last."""
        parts = self.trees.predict(X, pred_contrib=True)
        return np.asarray(parts, dtype=np.float64)

    def files(self) -> Mapping[str, bytes]:
        """Return the trees in LightGBM's text format."""
        return {_FILE: self.trees.model_to_string(num_iteration=-1).encode()}


def restore(
    features: tuple[str, ...], dropped: Mapping[str, str], files: Mapping[str, bytes]
) -> BoostedTrees:
    """Rebuild the model from its stored file.

    Raises
    ------
    ModelError
        ``AK-M034`` when the text does not begin and end as LightGBM writes it; LightGBM
        itself would end the process.
    """
    import lightgbm

    text = files[_FILE]
    if not (text.startswith(b"tree\n") and b"\nend of parameters\n" in text):
        raise ModelError(
            "AK-M034",
            f"{_FILE} is not a whole LightGBM model",
            fix="fit the model again, or take its folder from a backup",
        )
    trees = lightgbm.Booster(model_str=text.decode())
    return BoostedTrees("lightgbm", features, dropped, LightGBMBooster(trees))

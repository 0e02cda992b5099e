"""XGBoost (Chen & Guestrin, 2016), histogram trees through its native interface."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Float, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.boosting import BoostedTrees, RoundsSpec, fit_trees
from alpha_kedro.learning.training import Kind, TrainingData

if TYPE_CHECKING:
    import xgboost

_FILE = "trees.json"
_OURS = {"n_estimators", "rounds", "threads", "objective"}
_OBJECTIVES = {"l2": "reg:squarederror", "huber": "reg:pseudohubererror"}


class XGBoostSpec(Spec):
    """Parameters of XGBoost, under its own names; a misspelt one is refused."""

    kind: ClassVar[Kind] = "xgboost"

    n_estimators: int = Field(
        default=300, ge=1, le=20_000, description="Most boosting rounds (trees)."
    )
    learning_rate: float = Field(
        default=0.05, gt=0, le=1, description="Shrinkage of each tree."
    )
    max_depth: int = Field(default=5, ge=1, le=16, description="Most levels of a tree.")
    min_child_weight: float = Field(
        default=100.0, ge=0, le=1e6, description="Fewest rows of a leaf (rows)."
    )
    subsample: float = Field(
        default=1.0, gt=0, le=1, description="Share of rows drawn for each tree."
    )
    colsample_bytree: float = Field(
        default=1.0, gt=0, le=1, description="Share of features drawn for each tree."
    )
    reg_alpha: float = Field(
        default=0.0, ge=0, le=1e6, description="L1 penalty on leaf values."
    )
    reg_lambda: float = Field(
        default=1.0, ge=0, le=1e6, description="L2 penalty on leaf values."
    )
    gamma: float = Field(
        default=0.0, ge=0, le=1e6, description="Least loss a split has to save."
    )
    max_bin: int = Field(
        default=255, ge=2, le=1_024, description="Most histogram bins of a feature."
    )
    objective: Literal["l2", "huber"] = Field(
        default="l2", description="Loss; a 0/1 label under l2 gives a probability."
    )
    huber_slope: float = Field(
        default=1.0, gt=0, le=100, description="Where huber turns linear (label units)."
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

    def train(self, data: TrainingData, *, rounds: int, seed: int) -> "XGBoostBooster":
        """Fit ``rounds`` trees."""
        xgboost = _xgboost()
        rows = self._matrix(data)
        trees = xgboost.train(self._params(seed), rows, num_boost_round=rounds)
        return XGBoostBooster(trees)

    def best_rounds(
        self, learn: TrainingData, held_out: TrainingData, *, seed: int
    ) -> int:
        """Return the round with the least loss on ``held_out``, counted from one."""
        xgboost = _xgboost()
        rows = self._matrix(learn)
        trees = xgboost.train(
            self._params(seed),
            rows,
            num_boost_round=self.n_estimators,
            evals=[(self._matrix(held_out, rows), "held_out")],
            early_stopping_rounds=self.rounds.patience,
            verbose_eval=False,
        )
        return int(trees.best_iteration) + 1

    def _params(self, seed: int) -> dict[str, Any]:
        return self.model_dump(exclude=_OURS) | {
            "objective": _OBJECTIVES[self.objective],
            "tree_method": "hist",
            "seed": seed,
            "nthread": self.threads,
            "verbosity": 0,
        }

    def _matrix(
        self, data: TrainingData, reference: "xgboost.QuantileDMatrix | None" = None
    ) -> "xgboost.QuantileDMatrix":
        rows: xgboost.QuantileDMatrix = _xgboost().QuantileDMatrix(
            data.X, data.y, max_bin=self.max_bin, ref=reference, nthread=self.threads
        )
        return rows


@dataclass(frozen=True)
class XGBoostBooster:
    """The trees of XGBoost; NaN is a value they know how to split on."""

    trees: "xgboost.Booster"

    def score(self, X: Single) -> Float:
        """Return (n,) scores, float32 numbers as float64."""
        return np.asarray(self.trees.inplace_predict(X), dtype=np.float64)

    def contributions(self, X: Single) -> Float:
        """Return (n, k + 1) TreeSHAP values, bias last."""
        xgboost = _xgboost()
        parts = self.trees.predict(xgboost.DMatrix(X), pred_contribs=True)
        return np.asarray(parts, dtype=np.float64)

    def files(self) -> Mapping[str, bytes]:
        """Return the trees in XGBoost's JSON format."""
        return {_FILE: bytes(self.trees.save_raw("json"))}


def restore(
    features: tuple[str, ...], dropped: Mapping[str, str], files: Mapping[str, bytes]
) -> BoostedTrees:
    """Rebuild the model from its stored file."""
    trees = _xgboost().Booster(model_file=bytearray(files[_FILE]))
    return BoostedTrees("xgboost", features, dropped, XGBoostBooster(trees))


def _xgboost() -> ModuleType:
    try:
        import xgboost
    except ImportError:
        raise ConfigError(
            "AK-C035",
            "a model of kind xgboost needs a library that is not installed",
            wanted="xgboost",
            fix="pip install 'alpha-kedro[boost]', or take kind: lightgbm",
        ) from None
    return xgboost

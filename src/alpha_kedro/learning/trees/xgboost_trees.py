"""XGBoost (Chen & Guestrin, 2016), histogram trees through its native interface."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Float, Int, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.stored_text import not_whole
from alpha_kedro.learning.training import Kind, TrainingData
from alpha_kedro.learning.trees.boosting import BoostedTrees, RoundsSpec, fit_trees
from alpha_kedro.learning.trees.monotone import Absent, Signs, column_signs
from alpha_kedro.learning.trees.rank_metric import RANK_IC, HeldOutRankIC
from alpha_kedro.learning.trees.rank_objective import (
    RankingSpec,
    grades_within_dates,
    rank_groups,
)

if TYPE_CHECKING:
    import xgboost

_FILE = "trees.json"
_THEIRS = {
    *("learning_rate", "max_depth", "min_child_weight", "subsample", "reg_alpha"),
    *("colsample_bytree", "colsample_bynode", "reg_lambda", "gamma", "max_bin"),
}
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
        default=100.0,
        ge=0,
        le=1e6,
        description="Least weight of a leaf: its rows, which weigh one on average.",
    )
    subsample: float = Field(
        default=1.0, gt=0, le=1, description="Share of rows drawn for each tree."
    )
    colsample_bytree: float = Field(
        default=1.0, gt=0, le=1, description="Share of features drawn for each tree."
    )
    colsample_bynode: float = Field(
        default=1.0, gt=0, le=1, description="Share of a tree's features for each node."
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
    objective: Literal["l2", "huber", "rank:ndcg", "rank:pairwise"] = Field(
        default="l2",
        description="Loss; the last two learn the order within dates, pair by pair, "
        "ndcg with an eye on the top.",
    )
    huber_slope: float = Field(
        default=1.0, gt=0, le=100, description="Where huber turns linear (label units)."
    )
    ranking: RankingSpec = Field(
        default=RankingSpec(), description="Grades and gains of the rank objectives."
    )
    monotone: Signs = Field(
        default_factory=dict,
        description="Features whose effect goes one way: 1 up, -1 down, 0 either.",
    )
    monotone_absent: Absent = Field(
        default="refuse",
        description="What happens to a constrained feature the model is not given; "
        "ignore suits a selection that may leave it out.",
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
            ``AK-M021`` to ``AK-M026`` for rows that cannot be learned from, ``AK-M140``
            for dates that cannot be ranked, ``AK-M141`` for monotone constraints on
            absent features.
        """
        return fit_trees(self, data, seed=seed)

    def rows(self, data: TrainingData) -> "XGBoostRows":
        """Take in the rows of a window, its labels as the objective wants them.

        Raises
        ------
        ModelError
            ``AK-M140``, as for ``fit``.
        """
        if not self._ranks:
            return XGBoostRows(self, data, data.y)
        rank_groups(data)
        grades = grades_within_dates(data, grades=self.ranking.grades)
        return XGBoostRows(self, data, grades)

    @property
    def _ranks(self) -> bool:
        return self.objective.startswith("rank:")

    def _params(self, features: tuple[str, ...], *, seed: int) -> dict[str, Any]:
        params = self.model_dump(include=_THEIRS) | {
            "objective": _OBJECTIVES.get(self.objective, self.objective),
            "tree_method": "hist",
            "seed": seed,
            "nthread": self.threads,
            "verbosity": 0,
        }
        if self.objective == "huber":
            params["huber_slope"] = self.huber_slope
        if self._ranks:
            params["lambdarank_pair_method"] = "topk"
            params["lambdarank_num_pair_per_sample"] = self.ranking.truncation
            params["ndcg_exp_gain"] = self.ranking.gain == "exponential"
            params["eval_metric"] = f"ndcg@{self.ranking.truncation}"
        if any(signs := column_signs(self.monotone, features)):
            params["monotone_constraints"] = f"({','.join(map(str, signs))})"
        if self.rounds.metric == RANK_IC:
            params["disable_default_eval_metric"] = True
            params.pop("eval_metric", None)
        return params


@dataclass(frozen=True, eq=False)
class XGBoostRows:
    """The rows of one window.

    Under a rank objective XGBoost weighs whole dates: each by the mean of its rows'
    weights.
    """

    spec: XGBoostSpec
    data: TrainingData
    label: Float
    notes: Mapping[str, str] = field(default_factory=dict)

    def train(
        self, *, rounds: int, seed: int, rows: Int | None = None
    ) -> "XGBoostBooster":
        """Fit ``rounds`` trees on some of the rows; None: on all of them."""
        params = self.spec._params(self.data.features, seed=seed)
        learnt = self._matrix(rows)
        trees = _xgboost().train(params, learnt, num_boost_round=rounds)
        return XGBoostBooster(trees)

    def best_rounds(self, learn: Int, held_out: Int, *, seed: int) -> int:
        """Return the best round for the rows ``held_out``, counted from one."""
        xgboost, spec = _xgboost(), self.spec
        learnt = self._matrix(learn)
        watch_ranks = spec.rounds.metric == RANK_IC
        stopping = xgboost.callback.EarlyStopping(
            rounds=spec.rounds.patience, maximize=watch_ranks or spec._ranks
        )
        trees = xgboost.train(
            spec._params(self.data.features, seed=seed),
            learnt,
            num_boost_round=spec.n_estimators,
            evals=[(self._matrix(held_out, learnt), "held_out")],
            custom_metric=_rank_metric(self.data, held_out) if watch_ranks else None,
            callbacks=[stopping],
            verbose_eval=False,
        )
        return int(trees.best_iteration) + 1

    def _matrix(
        self, rows: Int | None, reference: "xgboost.QuantileDMatrix | None" = None
    ) -> "xgboost.QuantileDMatrix":
        data = self.data if rows is None else self.data.take(rows)
        weight, query = data.weight, None
        if self.spec._ranks:
            _, query = np.unique(data.dates, return_inverse=True)
            if weight is not None:
                weight = np.bincount(query, weight) / np.bincount(query)
        matrix: xgboost.QuantileDMatrix = _xgboost().QuantileDMatrix(
            data.X,
            self.label if rows is None else self.label[rows],
            weight=weight,
            qid=query,
            max_bin=self.spec.max_bin,
            ref=reference,
            nthread=self.spec.threads,
        )
        return matrix


def _rank_metric(data: TrainingData, held_out: Int) -> Any:
    measure = HeldOutRankIC.of(data.take(held_out))

    def rank_ic(predictions: Single, _: "xgboost.DMatrix") -> tuple[str, float]:
        return RANK_IC, measure(predictions.astype(np.float64))

    return rank_ic


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
    """Rebuild the model from its stored file.

    Raises
    ------
    ModelError
        ``AK-M034`` for text that is cut, or that XGBoost did not write.
    """
    text = files[_FILE]
    if not _is_whole(text):
        raise not_whole(_FILE, "XGBoost model")
    trees = _xgboost().Booster(model_file=bytearray(text))
    return BoostedTrees("xgboost", features, dropped, XGBoostBooster(trees))


def _is_whole(text: bytes) -> bool:
    """Tell whether text has the shape of a model; else XGBoost may end the process."""
    try:
        document = json.loads(text)
    except ValueError:
        return False
    learner = document.get("learner") if isinstance(document, dict) else None
    return isinstance(learner, dict) and "gradient_booster" in learner


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

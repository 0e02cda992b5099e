"""LightGBM (Ke et al., 2017), through its native interface."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Float, Int, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.stored_text import not_whole
from alpha_kedro.learning.training import Kind, TrainingData
from alpha_kedro.learning.trees.binning import BinnedRows, Binning
from alpha_kedro.learning.trees.boosting import BoostedTrees, RoundsSpec, fit_trees
from alpha_kedro.learning.trees.monotone import Absent, Signs, column_signs
from alpha_kedro.learning.trees.rank_metric import RANK_IC, HeldOutRankIC
from alpha_kedro.learning.trees.rank_objective import (
    RankingSpec,
    grades_within_dates,
    rank_groups,
)

if TYPE_CHECKING:
    import lightgbm

Objective = Literal["l2", "huber", "binary", "lambdarank"]

_FILE = "trees.txt"
_THEIRS = {
    *("learning_rate", "num_leaves", "max_depth", "min_data_in_leaf", "max_bin"),
    *("feature_fraction", "feature_fraction_bynode", "extra_trees", "path_smooth"),
    *("bagging_fraction", "bagging_freq", "lambda_l1", "lambda_l2"),
    *("min_gain_to_split", "bin_construct_sample_cnt", "objective", "alpha"),
}


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
        default=100,
        ge=1,
        le=100_000,
        description="Fewest rows of a leaf, whatever they weigh.",
    )
    feature_fraction: float = Field(
        default=1.0, gt=0, le=1, description="Share of features drawn for each tree."
    )
    feature_fraction_bynode: float = Field(
        default=1.0, gt=0, le=1, description="Share of a tree's features for each node."
    )
    extra_trees: bool = Field(
        default=False, description="Try one threshold per feature and node, by chance."
    )
    path_smooth: float = Field(
        default=0.0,
        ge=0,
        le=1e6,
        description="Pull of the parent on a leaf's value (rows it is worth).",
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
    bagging_by: Literal["rows", "dates"] = Field(
        default="rows",
        description="dates: draw whole dates, whose rows move together.",
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
    bin_construct_sample_cnt: int = Field(
        default=200_000, ge=1_000, description="Rows the bins are found from (rows)."
    )
    binning: Binning = Field(
        default="per_fit",
        description="Where bins come from: all rows of the window, or the earliest "
        "dates of it, which the fits of an expanding walk-forward share.",
    )
    first_window_dates: int = Field(
        default=104,
        ge=1,
        description="Dates the bins of first_window come from (decision dates).",
    )
    objective: Objective = Field(
        default="l2",
        description="Loss. binary takes labels 0 and 1, as the classifier kind makes "
        "them, and scores log-odds; lambdarank learns the order within dates.",
    )
    ranking: RankingSpec = Field(
        default=RankingSpec(), description="Grades and gains under lambdarank."
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
            ``AK-M021`` to ``AK-M026`` for rows that cannot be learned from, ``AK-M140``
            for dates that cannot be ranked, ``AK-M141`` for monotone constraints on
            absent features, ``AK-M142`` for labels that are not 0 and 1 under binary.
        """
        return fit_trees(self, data, seed=seed)

    def rows(self, data: TrainingData) -> "LightGBMRows":
        """Put the rows of a window into bins, its labels as the objective wants them.

        Raises
        ------
        ModelError
            ``AK-M140`` and ``AK-M142``, as for ``fit``.
        """
        by_date = self.objective == "lambdarank" or self.bagging_by == "dates"
        binned = BinnedRows.of(
            data,
            _learned_label(self, data),
            groups=rank_groups(data) if by_date else None,
            params=self._params(data.features, seed=0),
            first_dates=self.first_window_dates
            if self.binning == "first_window"
            else None,
        )
        return LightGBMRows(self, data, binned)

    def _params(self, features: tuple[str, ...], *, seed: int) -> dict[str, Any]:
        params = self.model_dump(include=_THEIRS) | {
            "seed": seed,
            "deterministic": True,
            "force_col_wise": True,
            "num_threads": self.threads,
            "verbosity": -1,
        }
        if self.objective == "lambdarank":
            params["lambdarank_truncation_level"] = self.ranking.truncation
            params["label_gain"] = self.ranking.gains
            params["eval_at"] = [self.ranking.truncation]
        if self.bagging_by == "dates":
            params["bagging_by_query"] = True
        if any(signs := column_signs(self.monotone, features)):
            params["monotone_constraints"] = signs
        if self.rounds.metric == RANK_IC:
            params["metric"] = "None"
        return params


@dataclass(frozen=True, eq=False)
class LightGBMRows:
    """The rows of one window, in bins."""

    spec: LightGBMSpec
    data: TrainingData
    binned: BinnedRows

    @property
    def notes(self) -> Mapping[str, str]:
        """Return why the bins are not those that were asked for, if so."""
        return self.binned.notes

    def train(
        self, *, rounds: int, seed: int, rows: Int | None = None
    ) -> "LightGBMBooster":
        """Fit ``rounds`` trees on some of the rows; None: on all of them."""
        import lightgbm

        params = self.spec._params(self.data.features, seed=seed)
        learnt = self.binned.take(rows)
        booster = lightgbm.train(params, learnt, num_boost_round=rounds)
        return LightGBMBooster(booster.free_dataset())

    def best_rounds(self, learn: Int, held_out: Int, *, seed: int) -> int:
        """Return the best round for the rows ``held_out``, counted from one."""
        import lightgbm

        spec = self.spec
        watch_ranks = spec.rounds.metric == RANK_IC
        booster = lightgbm.train(
            spec._params(self.data.features, seed=seed),
            self.binned.take(learn),
            num_boost_round=spec.n_estimators,
            valid_sets=[self.binned.take(held_out)],
            feval=_rank_metric(self.data, held_out) if watch_ranks else None,
            callbacks=[lightgbm.early_stopping(spec.rounds.patience, verbose=False)],
        )
        return int(booster.best_iteration)


def _rank_metric(data: TrainingData, held_out: Int) -> Any:
    measure = HeldOutRankIC.of(data.take(held_out))

    def rank_ic(predictions: Float, _: "lightgbm.Dataset") -> tuple[str, float, bool]:
        return RANK_IC, measure(predictions), True

    return rank_ic


def _learned_label(spec: LightGBMSpec, data: TrainingData) -> Float:
    """Return the (n,) labels an objective learns."""
    if spec.objective == "lambdarank":
        return grades_within_dates(data, grades=spec.ranking.grades)
    if spec.objective == "binary" and not np.isin(data.y, (0.0, 1.0)).all():
        raise ModelError(
            "AK-M142",
            "objective binary learns from labels 0 and 1",
            got=f"labels from {data.y.min():g} to {data.y.max():g}",
            fix="take kind: classifier, which makes them from the label and a hurdle",
        )
    return data.y


@dataclass(frozen=True)
class LightGBMBooster:
    """The trees of LightGBM; NaN is a value they know how to split on."""

    trees: "lightgbm.Booster"

    def score(self, X: Single) -> Float:
        """Return (n,) float64 scores: log-odds where the objective is binary."""
        return np.asarray(self.trees.predict(X, raw_score=True), dtype=np.float64)

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
        raise not_whole(_FILE, "LightGBM model")
    trees = lightgbm.Booster(model_str=text.decode())
    return BoostedTrees("lightgbm", features, dropped, LightGBMBooster(trees))

"""Gradient-boosted trees: how many rounds, which columns, what is stored.

What LightGBM and XGBoost share is here; what differs is in one module for each.

1. Columns without information in this window are left out, and listed.
2. The number of rounds is chosen by early stopping on purged parts of the window.
3. One booster is fitted on the whole window with that many rounds.

Every row counts with its weight, in the loss and in what early stopping watches.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from pydantic import Field

from alpha_kedro.core.panel import Float, Int, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.context import Context
from alpha_kedro.learning.linear_models.preprocessing import (
    ColumnChoice,
    choose_columns,
)
from alpha_kedro.learning.training import (
    Kind,
    TrainingData,
    purged_rows,
    refuse_constant,
    require_learnable,
)
from alpha_kedro.learning.trees.monotone import Absent, Signs, absent_features


class RoundsSpec(Spec):
    """How the number of boosting rounds is chosen, inside the training window."""

    choose_by: Literal["none", "purged_kfold", "purged_tail"] = Field(
        default="none",
        description="none: all n_estimators; purged_kfold: mean of the best rounds on "
        "each held-out block of dates; purged_tail: best round on the last block.",
    )
    metric: Literal["loss", "rank_ic"] = Field(
        default="loss",
        description="What a held-out block is judged by: the objective's own loss, "
        "which is NDCG if it ranks, or mean rank correlation within dates.",
    )
    n_splits: int = Field(
        default=4, ge=2, le=20, description="Blocks the window is cut into (blocks)."
    )
    embargo: int = Field(
        default=0,
        ge=0,
        le=252,
        description="Gap on both sides of a held-out block (sessions).",
    )
    patience: int = Field(
        default=50,
        ge=1,
        le=1_000,
        description="Rounds without progress before stopping.",
    )


class Booster(Protocol):
    """The trees of one library."""

    def score(self, X: Single) -> Float:
        """Return (n,) float64 scores: log-odds where the objective is binary."""

    def contributions(self, X: Single) -> Float:
        """Return (n, k + 1) TreeSHAP values (Lundberg et al., 2020), bias last."""

    def files(self) -> Mapping[str, bytes]:
        """Return the trees as text."""


class Rows(Protocol):
    """The rows of one window as a library holds them, once for every fit on them."""

    @property
    def notes(self) -> Mapping[str, str]:
        """Return what was decided about them that a reader should know."""

    def train(self, *, rounds: int, seed: int, rows: Int | None = None) -> Booster:
        """Fit ``rounds`` trees on some of the rows; None: on all of them."""

    def best_rounds(self, learn: Int, held_out: Int, *, seed: int) -> int:
        """Return the best round for the rows ``held_out``, counted from one."""


class Library(Protocol):
    """The parameters of one boosting library, and how it takes rows in."""

    @property
    def kind(self) -> Kind:
        """Return the name of the model kind."""

    @property
    def n_estimators(self) -> int:
        """Return the largest number of rounds."""

    @property
    def rounds(self) -> RoundsSpec:
        """Return how the number of rounds is chosen."""

    @property
    def monotone(self) -> Signs:
        """Return the features whose effect may go one way only."""

    @property
    def monotone_absent(self) -> Absent:
        """Return what happens to a constrained feature that is not given."""

    def rows(self, data: TrainingData) -> Rows:
        """Take in the rows of a window."""


@dataclass(frozen=True, eq=False)
class TreeWindow:
    """A window that trees can be grown on, and how many of them.

    Attributes
    ----------
    choice
        Which columns carry information.
    data
        The window restricted to those.
    rows
        The same as the library holds it.
    rounds
        Number of trees.
    absent
        Constrained features the window does not have.
    """

    choice: ColumnChoice
    data: TrainingData
    rows: Rows
    rounds: int
    absent: tuple[str, ...]

    @classmethod
    def of(cls, library: Library, data: TrainingData, *, seed: int) -> "TreeWindow":
        """Choose columns and rounds on the rows of the window alone."""
        absent = absent_features(
            library.monotone, data.features, library.monotone_absent
        )
        choice = choose_columns(data.X, data.features)
        informative = data.with_columns(choice.kept) if choice.dropped else data
        rows = library.rows(informative)
        rounds = choose_rounds(library, rows, informative, seed=seed)
        return cls(choice, informative, rows, rounds, absent)

    @property
    def chosen(self) -> Mapping[str, float | str]:
        """Return what was chosen here, as a fitted model reports it."""
        absent = {"monotone_absent": ", ".join(self.absent)} if self.absent else {}
        return {"rounds": float(self.rounds), **self.rows.notes, **absent}


def choose_rounds(
    library: Library, rows: Rows, data: TrainingData, *, seed: int
) -> int:
    """Return the number of rounds to fit on the whole of ``data``.

    Only rows of ``data`` take part: each held-out block is purged against the rest of
    the window by label end, and nothing after the window can be reached from here.
    """
    spec = library.rounds
    if spec.choose_by == "none":
        return library.n_estimators
    splits = purged_rows(
        data,
        n_splits=spec.n_splits,
        embargo=spec.embargo,
        tail_only=spec.choose_by == "purged_tail",
    )
    best = [rows.best_rounds(*split, seed=seed) for split in splits]
    return max(1, round(float(np.mean(best))))


def fit_trees(library: Library, data: TrainingData, *, seed: int) -> "BoostedTrees":
    """Fit one booster on the informative columns of the window.

    Raises
    ------
    ModelError
        ``AK-M021`` to ``AK-M026`` for rows that cannot be learned from.
    """
    require_learnable(data)
    window = TreeWindow.of(library, data, seed=seed)
    booster = window.rows.train(rounds=window.rounds, seed=seed)
    dropped = window.choice.dropped
    trees = BoostedTrees(library.kind, data.features, dropped, booster, window.chosen)
    refuse_constant(trees, data)
    return trees


@dataclass(frozen=True)
class BoostedTrees:
    """A fitted booster that takes all p features and uses those it was fitted on."""

    kind: Kind
    features: tuple[str, ...]
    dropped_features: Mapping[str, str]
    booster: Booster
    chosen: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def kept(self) -> Int:
        """Return the columns of ``X`` the booster was fitted on."""
        names = enumerate(self.features)
        kept = [column for column, name in names if name not in self.dropped_features]
        return np.array(kept, dtype=np.int64)

    def score(self, X: Single, context: Context | None = None) -> Float:
        """Return (n,) scores; NaN features go the way the trees learned.

        An expected label, log-odds where the objective is binary, and a number without
        a unit where it ranks.
        """
        return self.booster.score(self._used(X))

    def contributions(self, X: Single, context: Context | None = None) -> Float:
        """Return (n, p + 1) exact TreeSHAP values; dropped features contribute zero."""
        parts = np.zeros((len(X), len(self.features) + 1))
        parts[:, [*self.kept, -1]] = self.booster.contributions(self._used(X))
        return parts

    def files(self) -> Mapping[str, bytes]:
        """Return the trees as text."""
        return self.booster.files()

    def _used(self, X: Single) -> Single:
        return X[:, self.kept] if self.dropped_features else X

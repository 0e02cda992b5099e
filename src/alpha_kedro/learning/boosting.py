"""Gradient-boosted trees: how many rounds, which columns, what is stored.

What LightGBM and XGBoost share is here; what differs is in one module for each.

1. Columns without information in this window are left out, and listed.
2. The number of rounds is chosen by early stopping on purged parts of the window.
3. One booster is fitted on the whole window with that many rounds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from pydantic import Field

from alpha_kedro.core.panel import Float, Int, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.preprocessing import choose_columns
from alpha_kedro.learning.training import (
    Kind,
    TrainingData,
    purged_splits,
    refuse_constant,
    require_learnable,
)


class RoundsSpec(Spec):
    """How the number of boosting rounds is chosen, inside the training window."""

    choose_by: Literal["none", "purged_kfold", "purged_tail"] = Field(
        default="none",
        description="none: all n_estimators; purged_kfold: mean of the best rounds on "
        "each held-out block of dates; purged_tail: best round on the last block.",
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
        """Return (n,) float64 scores."""

    def contributions(self, X: Single) -> Float:
        """Return (n, k + 1) TreeSHAP values (Lundberg et al., 2020), bias last."""

    def files(self) -> Mapping[str, bytes]:
        """Return the trees as text."""


class Library(Protocol):
    """The parameters of one boosting library, and how it is called with them."""

    @property
    def kind(self) -> Kind:
        """Return the name of the model kind."""

    @property
    def n_estimators(self) -> int:
        """Return the largest number of rounds."""

    @property
    def rounds(self) -> RoundsSpec:
        """Return how the number of rounds is chosen."""

    def train(self, data: TrainingData, *, rounds: int, seed: int) -> Booster:
        """Fit ``rounds`` trees."""

    def best_rounds(
        self, learn: TrainingData, held_out: TrainingData, *, seed: int
    ) -> int:
        """Return the round with the least loss on ``held_out``, counted from one."""


def choose_rounds(library: Library, data: TrainingData, *, seed: int) -> int:
    """Return the number of rounds to fit on the whole of ``data``.

    Only rows of ``data`` take part: each held-out block is purged against the rest of
    the window by label end, and nothing after the window can be reached from here.
    """
    spec = library.rounds
    if spec.choose_by == "none":
        return library.n_estimators
    splits = purged_splits(
        data,
        n_splits=spec.n_splits,
        embargo=spec.embargo,
        tail_only=spec.choose_by == "purged_tail",
    )
    best = [library.best_rounds(*split, seed=seed) for split in splits]
    return max(1, round(float(np.mean(best))))


def fit_trees(library: Library, data: TrainingData, *, seed: int) -> "BoostedTrees":
    """Fit one booster on the informative columns of the window.

    Raises
    ------
    ModelError
        ``AK-M021`` to ``AK-M026`` for rows that cannot be learned from.
    """
    require_learnable(data)
    choice = choose_columns(data.X, data.features)
    informative = data.with_columns(choice.kept)
    rounds = choose_rounds(library, informative, seed=seed)
    booster = library.train(informative, rounds=rounds, seed=seed)
    trees = BoostedTrees(library.kind, data.features, choice.dropped, booster)
    refuse_constant(trees, data)
    return trees


@dataclass(frozen=True)
class BoostedTrees:
    """A fitted booster that takes all p features and uses those it was fitted on."""

    kind: Kind
    features: tuple[str, ...]
    dropped_features: Mapping[str, str]
    booster: Booster

    @property
    def kept(self) -> Int:
        """Return the columns of ``X`` the booster was fitted on."""
        names = enumerate(self.features)
        kept = [column for column, name in names if name not in self.dropped_features]
        return np.array(kept, dtype=np.int64)

    def score(self, X: Single) -> Float:
        """Return (n,) expected labels; NaN features go the way the trees learned."""
        return self.booster.score(self._used(X))

    def contributions(self, X: Single) -> Float:
        """Return (n, p + 1) exact TreeSHAP values; dropped features contribute zero."""
        parts = np.zeros((len(X), len(self.features) + 1))
        parts[:, [*self.kept, -1]] = self.booster.contributions(self._used(X))
        return parts

    def files(self) -> Mapping[str, bytes]:
        """Return the trees as text."""
        return self.booster.files()

    def _used(self, X: Single) -> Single:
        return X[:, self.kept] if self.dropped_features else X

"""Any model on chosen features: the choice is part of the fit, and stored with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from alpha_kedro.core.panel import Float, Single
from alpha_kedro.learning.context import Context
from alpha_kedro.learning.training import (
    FittedModel,
    Kind,
    Model,
    TrainingData,
    require_learnable,
)
from alpha_kedro.learning.wrappers.selection import Selection, SelectionSpec

SELECTION_FILE = "selection.json"

Restore = Callable[
    [tuple[str, ...], Mapping[str, str], Mapping[str, bytes]], FittedModel
]
"""Rebuild a fitted model from its features, those it dropped, and its files."""


@dataclass(frozen=True)
class SelectingModel:
    """A model that is given the features its window recommends, and no others.

    Notes
    -----
    What the model then tunes on parts of the same window, such as a ridge's penalty or
    the rounds of trees, it tunes on rows the choice has seen. They flatter the chosen
    features: on noise, a ridge on 24 of 149 takes a tenth of the penalty that it takes
    on any 24. No tested row is among them; the fit is only bolder than it should be.
    """

    selection: SelectionSpec
    model: Model

    def fit(self, data: TrainingData, *, seed: int) -> "SelectedModel":
        """Choose features on the rows of ``data``, then fit the model on them.

        Raises
        ------
        ModelError
            ``AK-M130`` when no feature keeps its sign; others as the model itself.
        """
        require_learnable(data)
        families = self.selection.families_of(data.features)
        choice = self.selection.fit(data, families=families)
        inner = self.model.fit(data.with_columns(choice.columns), seed=seed)
        return SelectedModel(data.features, choice, inner)


@dataclass(frozen=True)
class SelectedModel:
    """A fitted model that takes all p features and looks at those chosen for it."""

    features: tuple[str, ...]
    selection: Selection
    inner: FittedModel

    @property
    def kind(self) -> Kind:
        """Return the kind of the model inside."""
        return self.inner.kind

    @property
    def dropped_features(self) -> Mapping[str, str]:
        """Return the features not chosen, and those the model could not use."""
        return self.selection.dropped | dict(self.inner.dropped_features)

    @property
    def chosen(self) -> Mapping[str, float | str]:
        """Return what the model inside chose for itself."""
        return self.inner.chosen

    def score(self, X: Single, context: Context | None = None) -> Float:
        """Return the (n,) scores the model gives to the chosen columns."""
        return self.inner.score(self._chosen(X), context)

    def contributions(self, X: Single, context: Context | None = None) -> Float | None:
        """Return (n, p + 1) parts of each score; features not chosen add nothing."""
        inner = self.inner.contributions(self._chosen(X), context)
        if inner is None:
            return None
        parts = np.zeros((len(X), len(self.features) + 1))
        parts[:, [*self.selection.columns, -1]] = inner
        return parts

    def files(self) -> Mapping[str, bytes]:
        """Return the files of the model, and the choice as JSON."""
        choice = self.selection.model_dump_json().encode()
        return {**self.inner.files(), SELECTION_FILE: choice}

    def _chosen(self, X: Single) -> Single:
        return np.take(X, self.selection.columns, axis=1)


def restore_selected(
    restore: Restore,
    features: tuple[str, ...],
    dropped: Mapping[str, str],
    files: Mapping[str, bytes],
) -> SelectedModel:
    """Rebuild a model and its choice of features; ``restore`` knows the kind inside."""
    choice = Selection.model_validate_json(files[SELECTION_FILE])
    inside = {name: dropped[name] for name in choice.chosen if name in dropped}
    return SelectedModel(features, choice, restore(choice.chosen, inside, files))

"""Scores without what sector and known exposures explain of them.

A model that likes calm names, or last year's winners, bets on more than the names it
ranks: its result follows these few bets, and the rest drowns in their noise. Taking
them out of the scores of each date leaves what the model knows of single names.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Axes, Float, Panel, Single
from alpha_kedro.core.sectors import UNKNOWN
from alpha_kedro.core.spec import Names, Spec
from alpha_kedro.learning.context import Context, require_context
from alpha_kedro.learning.training import (
    FittedModel,
    Kind,
    Model,
    TrainingData,
    column_of,
)
from alpha_kedro.learning.wrappers.selected_model import Restore
from alpha_kedro.signals.cross_section import Codes, neutralize, rank

NEUTRALIZED_FILE = "neutralized.json"
_SECTOR = "sector"
_SCORE = "the score itself"


class Exposures(Spec):
    """What is taken out of the scores, by name; ``sector`` stands for the sector."""

    against: Names

    @property
    def features(self) -> tuple[str, ...]:
        """Return the features among them."""
        return tuple(name for name in self.against if name != _SECTOR)

    @property
    def needs_sectors(self) -> bool:
        """Tell whether each sector has an intercept of its own."""
        return _SECTOR in self.against


@dataclass(frozen=True)
class NeutralizingModel:
    """A model whose scores are to be neutralized; it learns as it would without."""

    exposures: Exposures
    model: Model

    def fit(self, data: TrainingData, *, seed: int) -> "NeutralizedModel":
        """Fit the model on ``data``.

        Raises
        ------
        ConfigError
            ``AK-C002`` for an exposure that is no feature, with the nearest name.
        """
        for name in self.exposures.features:
            column_of(name, data.features)
        return NeutralizedModel(self.model.fit(data, seed=seed), self.exposures)


@dataclass(frozen=True)
class NeutralizedModel:
    """Ranks the scores of a date and takes out what exposures explain of the ranks."""

    inner: FittedModel
    exposures: Exposures

    @property
    def kind(self) -> Kind:
        """Return the kind of the model inside."""
        return self.inner.kind

    @property
    def features(self) -> tuple[str, ...]:
        """Return the features of the model inside."""
        return self.inner.features

    @property
    def dropped_features(self) -> Mapping[str, str]:
        """Return what the model inside could not use."""
        return self.inner.dropped_features

    @property
    def chosen(self) -> Mapping[str, float | str]:
        """Return what the model inside chose for itself."""
        return self.inner.chosen

    def score(self, X: Single, context: Context | None = None) -> Float:
        """Return (n,) residuals of the ranked scores of each date.

        Parameters
        ----------
        X
            (n, p) features of all names of one or more dates.
        context
            The dates, names and sectors of the rows.

        Returns
        -------
        (n,) float64
            Ranks are from -0.5 to 0.5; a missing exposure counts as the middle, names
            of unknown sector as a sector of their own. NaN where the model gives no
            score. A score depends on the names of its own date, and on no other date.

        Raises
        ------
        ModelError
            ``AK-M100`` without a context, ``AK-M046`` without the sectors it needs.
        DataError
            ``AK-D001`` for a (date, ticker) that is there twice.
        """
        context = require_context(context, self.kind)
        table = self._table(X, context)
        axes = Axes.of_table(table)
        names = [str(name) for name in table.columns[2:]]
        panel = Panel.from_table(table, names, axes=axes)
        scored = np.isfinite(panel[_SCORE])
        exposures = np.empty((len(self.exposures.features), *axes.shape))
        for at, name in enumerate(self.exposures.features):
            ranks = rank(panel[name], mask=scored)
            exposures[at] = np.where(np.isnan(ranks), 0.0, ranks)
        groups = _codes(panel[_SECTOR]) if self.exposures.needs_sectors else None
        scores = neutralize(rank(panel[_SCORE]), exposures, groups=groups)
        return scores[axes.locate(table)]

    def contributions(self, X: Single, context: Context | None = None) -> None:
        """Return None: a feature moves a score by moving all ranks of its date.

        What it adds to a score before it is ranked is known to the model inside, and
        that is what ``explain`` tells.
        """

    def files(self) -> Mapping[str, bytes]:
        """Return the files of the model inside, and the exposures as JSON."""
        exposures = self.exposures.model_dump_json().encode()
        return {**self.inner.files(), NEUTRALIZED_FILE: exposures}

    def _table(self, X: Single, context: Context) -> pd.DataFrame:
        table = pd.DataFrame({"date": context.dates, "ticker": context.tickers})
        table[_SCORE] = self.inner.score(X, context)
        for name in self.exposures.features:
            table[name] = X[:, column_of(name, self.features)].astype(np.float64)
        if self.exposures.needs_sectors:
            if context.sectors is None or {*context.sectors} == {UNKNOWN}:
                raise _sectors_needed(self.kind)
            table[_SECTOR] = pd.factorize(context.sectors, sort=True)[0].astype(float)
        return table


def restore_neutralized(
    restore: Restore,
    features: tuple[str, ...],
    dropped: Mapping[str, str],
    files: Mapping[str, bytes],
) -> NeutralizedModel:
    """Rebuild a model and its exposures; ``restore`` knows the kind inside."""
    exposures = Exposures.model_validate_json(files[NEUTRALIZED_FILE])
    return NeutralizedModel(restore(features, dropped, files), exposures)


def _codes(values: Float) -> Codes:
    known = np.isfinite(values)
    codes = np.full(values.shape, -1, dtype=np.int32)
    codes[known] = values[known].astype(np.int32)
    return codes


def _sectors_needed(kind: str) -> ModelError:
    return ModelError(
        "AK-M046",
        f"the scores of a {kind} model are to be neutralized against sectors, and the "
        "sectors of the rows are not known",
        fix="score samples with their sector column, or take sector out of neutralize",
    )

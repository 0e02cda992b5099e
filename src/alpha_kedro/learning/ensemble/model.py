"""The ensemble of today: fitted members, and what each counts."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Axes, Float, Panel, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.context import Context, require_context
from alpha_kedro.learning.ensemble.combination import combined, standardised
from alpha_kedro.learning.ensemble.spec import EnsembleSpec, Scale
from alpha_kedro.learning.ensemble.weights import MemberWeights
from alpha_kedro.learning.training import FittedModel, Kind

ENSEMBLE_FILE = "ensemble.json"


class Combination(Spec):
    """All an ensemble learned, and the members it learned it for."""

    members: tuple[str, ...] = Field(min_length=2, description="Names, in order.")
    weights: tuple[float, ...] = Field(description="What each counts; together one.")
    reason: str = Field(description="How the weights came about.")
    scale: Scale = Field(description="Unit the scores of a date are brought to.")
    min_members: int = Field(ge=1, description="Members that must score a name.")
    digests: tuple[str, ...] = Field(description="SHA-256 of the files of each member.")

    @property
    def chosen(self) -> Mapping[str, float | str]:
        """Return the weights as a fit says what it chose."""
        values, learned_from = np.array(self.weights), np.array([], dtype=np.int64)
        return MemberWeights(self.members, values, self.reason, learned_from).chosen


@dataclass(frozen=True)
class EnsembleModel:
    """Fitted members whose scores of a date are brought to one unit and averaged.

    Unlike that of its members, a row's score depends on the other rows of its date: it
    has to be asked for with all of them. Other dates make no difference.
    """

    kind: ClassVar[Kind] = "ensemble"
    features: tuple[str, ...]
    combination: Combination
    members: Mapping[str, FittedModel]

    @classmethod
    def of(
        cls,
        spec: EnsembleSpec,
        weights: MemberWeights,
        members: Mapping[str, FittedModel],
    ) -> "EnsembleModel":
        """Join fitted members under the weights they have earned.

        Raises
        ------
        ModelError
            ``AK-M162`` when a member is missing.
        """
        fitted = _in_order(weights.names, members)
        combination = Combination(
            members=weights.names,
            weights=tuple(weights.values.tolist()),
            reason=weights.reason,
            scale=spec.scale,
            min_members=spec.min_members,
            digests=tuple(map(digest, fitted.values())),
        )
        return cls(_all_features(fitted), combination, fitted)

    @property
    def dropped_features(self) -> Mapping[str, str]:
        """Return the features that no member uses, with the reason of the first."""
        lost = [
            {
                name: "not asked for"
                for name in self.features
                if name not in own.features
            }
            | dict(own.dropped_features)
            for own in self.members.values()
        ]
        return {
            name: reason
            for name, reason in lost[0].items()
            if all(name in own for own in lost)
        }

    @property
    def chosen(self) -> Mapping[str, float | str]:
        """Return the weight of each member, and how they came about."""
        return self.combination.chosen

    def score(self, X: Single, context: Context | None = None) -> Float:
        """Return (n,) weighted means of the members' standardised scores.

        Parameters
        ----------
        X
            (n, p) features of all names of one or more dates.
        context
            The dates and names of the rows.

        Returns
        -------
        (n,) float64
            NaN for names that fewer than ``min_members`` score. To the last bit what
            ``run_ensemble`` makes of the same scores.

        Raises
        ------
        ModelError
            ``AK-M100`` without a context.
        DataError
            ``AK-D001`` for a (date, ticker) that is there twice.
        """
        context = require_context(context, self.kind)
        table = pd.DataFrame({"date": context.dates, "ticker": context.tickers})
        for name, member in self.members.items():
            table[f"score {name}"] = member.score(self._columns(X, member), context)
        axes = Axes.of_table(table)
        panel = Panel.from_table(table, table.columns[2:], axes=axes)
        scores = combined(
            standardised(np.stack([*panel.fields.values()]), self.combination.scale),
            np.array(self.combination.weights),
            min_members=self.combination.min_members,
        )
        return scores[axes.locate(table)]

    def contributions(self, X: Single, context: Context | None = None) -> None:
        """Return None: a feature moves a score by moving all ranks of its date.

        What a member adds to a score is its weight times its standardised score; what a
        feature adds to a member's score is to be asked of the member.
        """

    def files(self) -> Mapping[str, bytes]:
        """Return the weights as JSON; members are stored in folders of their own."""
        return {ENSEMBLE_FILE: self.combination.model_dump_json().encode()}

    def _columns(self, X: Single, member: FittedModel) -> Single:
        if member.features == self.features:
            return X
        columns = [self.features.index(name) for name in member.features]
        return np.ascontiguousarray(X[:, columns])


def restore_ensemble(
    features: tuple[str, ...],
    files: Mapping[str, bytes],
    members: Mapping[str, FittedModel],
) -> EnsembleModel:
    """Rebuild an ensemble from its stored file and its members, loaded by name.

    Raises
    ------
    ModelError
        ``AK-M162`` when a member is missing, ``AK-M163`` when one has been fitted again
        since the ensemble was stored.
    """
    combination = Combination.model_validate_json(files[ENSEMBLE_FILE])
    fitted = _in_order(combination.members, members)
    stored = dict(zip(combination.members, combination.digests, strict=True))
    other = [name for name, own in fitted.items() if digest(own) != stored[name]]
    if other:
        raise ModelError(
            "AK-M163",
            "members are not those the ensemble was stored with",
            where=other,
            wanted="the members of the same fit",
            fix="fit all models again together, or take their folders from one backup",
        )
    return EnsembleModel(features, combination, fitted)


def digest(fitted: FittedModel) -> str:
    """Return the SHA-256 of all that a fit left behind."""
    parts = hashlib.sha256()
    for name, content in sorted(fitted.files().items()):
        parts.update(f"{name} {len(content)} ".encode())
        parts.update(content)
    return parts.hexdigest()


def _in_order(
    names: tuple[str, ...], members: Mapping[str, FittedModel]
) -> dict[str, FittedModel]:
    missing = [name for name in names if name not in members]
    if missing:
        raise ModelError(
            "AK-M162",
            "an ensemble lacks members",
            where=missing,
            got=", ".join(sorted(members)) or "none",
            fix="fit or load every member before the ensemble",
        )
    return {name: members[name] for name in names}


def _all_features(members: Mapping[str, FittedModel]) -> tuple[str, ...]:
    """Return the features of all members, each where it was first met."""
    names = [name for member in members.values() for name in member.features]
    return tuple(dict.fromkeys(names))

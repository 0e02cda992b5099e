"""Which features a fit may use: the steadiest of every family, none of them twice.

1. On each date of the training window the ranks of every feature are correlated with
   those of the label.
2. A feature whose mean coefficient changes its sign over the window is unstable.
3. Families take turns, the one with the steadiest feature first. Each puts forward the
   feature with the largest HAC t it has left; if that repeats a chosen one, it is
   redundant and the next is put forward.
4. That ends when the places are taken: what a family has left found it full.

All of it is measured on the rows of one window. On the whole sample, the best of many
columns of noise are those that happen to foresee the tests.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.learning.training import TrainingData
from alpha_kedro.learning.wrappers.feature_evidence import (
    Steadiness,
    correlations_within_dates,
    label_overlap,
    rank_coefficients,
)
from alpha_kedro.signals.features import family_of

Reason = Literal["", "family full", "redundant", "unmeasured", "unstable"]
"""Why a feature was not chosen; empty where it was."""

_COLUMNS = {
    **{"feature": "str", "family": "str", "chosen": "bool", "reason": "str"},
    **{"twin": "str", "ic": "float64", "t": "float64", "agreement": "float64"},
}


class SelectionSpec(Spec):
    """How features are chosen inside the fold, before the model sees them.

    A feature that is the same for all names of a date has no rank IC, and no place.
    """

    n_features: int = Field(
        default=24, ge=1, le=10_000, description="Most features chosen (features)."
    )
    max_correlation: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="Largest size of the rank correlation with a chosen feature; 1: "
        "none is redundant.",
    )
    n_periods: int = Field(
        default=4,
        ge=1,
        le=100,
        description="Parts of the window in which the sign of the IC is looked at.",
    )
    min_agreement: Share = Field(
        default=0.75,
        description="Share of these parts that must have the sign of the whole.",
    )
    min_names: int = Field(
        default=10, ge=2, description="Fewest names for a date to have a coefficient."
    )
    correlation_dates: int = Field(
        default=120,
        ge=1,
        description="Dates, evenly spread over the window, on which features are "
        "correlated with one another.",
    )
    families: dict[str, str] = Field(
        default_factory=dict,
        description="Family of a feature, where the registry has none or another.",
    )

    def families_of(self, features: Iterable[str]) -> dict[str, str]:
        """Return the family of each feature: as set here, or as registered."""
        return {name: self.families.get(name) or family_of(name) for name in features}

    def fit(self, data: TrainingData, *, families: Mapping[str, str]) -> "Selection":
        """Choose features by the rows of one window; ties go to the first name.

        Parameters
        ----------
        data
            The window: labels finite, features finite or NaN.
        families
            Family of every feature.

        Raises
        ------
        ModelError
            ``AK-M130`` when no feature keeps its sign.
        """
        found = self._measure(data)
        steady = (found.agreement >= self.min_agreement) & ~np.isnan(found.ic)
        if not steady.any():
            raise _nothing_steady(data.features, found)
        kinds = [families[name] for name in data.features]
        chosen, twins = take_turns(
            _by_family(steady, found.strength, kinds, data.features),
            correlations_within_dates(data, n_dates=self.correlation_dates),
            places=self.n_features,
            max_correlation=self.max_correlation,
        )
        reasons = _reasons(found, steady, chosen, twins)
        verdicts = (
            FeatureVerdict(
                feature=name,
                family=kinds[column],
                ic=_known(found.ic[column]),
                t=_known(found.t[column]),
                agreement=float(found.agreement[column]),
                reason=reasons[column],
                twin=data.features[twins[column]] if column in twins else "",
            )
            for column, name in enumerate(data.features)
        )
        return Selection(verdicts=tuple(verdicts))

    def _measure(self, data: TrainingData) -> Steadiness:
        return Steadiness.of(
            rank_coefficients(data, min_names=self.min_names),
            overlap=label_overlap(data),
            n_periods=self.n_periods,
        )


class FeatureVerdict(Spec):
    """What became of one feature in one window."""

    feature: str
    family: str
    ic: float | None = Field(description="Mean rank IC; null where not measured.")
    t: float | None = Field(description="Its HAC t; null where it does not vary.")
    agreement: float = Field(description="Share of periods with the sign of the mean.")
    reason: Reason
    twin: str = Field(description="The chosen feature it repeats, if redundant.")

    @property
    def is_chosen(self) -> bool:
        """Tell whether the model is given this feature."""
        return not self.reason

    @property
    def words(self) -> str:
        """Return the reason as it is listed, such as ``redundant with momentum_20``."""
        return f"{self.reason} with {self.twin}" if self.twin else self.reason


class Selection(Spec):
    """The choice of one window: a verdict on every feature, in their order."""

    verdicts: tuple[FeatureVerdict, ...]

    @property
    def columns(self) -> Int:
        """Return the columns chosen, ascending."""
        chosen = [place for place, each in enumerate(self.verdicts) if each.is_chosen]
        return np.array(chosen, dtype=np.int64)

    @property
    def chosen(self) -> tuple[str, ...]:
        """Return the names chosen, in the order of the columns."""
        return tuple(each.feature for each in self.verdicts if each.is_chosen)

    @property
    def dropped(self) -> dict[str, str]:
        """Return the other names, each with its reason."""
        return {each.feature: each.words for each in self.verdicts if each.reason}


def verdict_table(verdicts: Iterable[FeatureVerdict]) -> pd.DataFrame:
    """Return a row per verdict; without any, the columns alone."""
    rows = [each.model_dump() | {"chosen": each.is_chosen} for each in verdicts]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)


def take_turns(
    queues: Iterable[Iterable[int]],
    correlations: Float,
    *,
    places: int,
    max_correlation: float,
) -> tuple[list[int], dict[int, int]]:
    """Let queues take turns in putting columns forward, until the places are taken.

    Parameters
    ----------
    queues
        Columns of each family, the best first; in the order of the turns.
    correlations
        (p, p) of all columns.
    places
        Most columns chosen.
    max_correlation
        Largest size of a correlation with a chosen column.

    Returns
    -------
    list
        Columns chosen, in the order of choice.
    dict
        Column that was too much like a chosen one: the one most like it.
    """
    chosen: list[int] = []
    twins: dict[int, int] = {}
    waiting = [deque(queue) for queue in queues]
    while any(waiting) and len(chosen) < places:
        for queue in waiting:
            while queue and len(chosen) < places:
                column = queue.popleft()
                likeness = np.abs(correlations[column, chosen])
                if not likeness.size or likeness.max() <= max_correlation:
                    chosen.append(column)
                    break
                twins[column] = chosen[int(likeness.argmax())]
    return chosen, twins


def _by_family(
    steady: Bool, strength: Float, kinds: Sequence[str], names: Sequence[str]
) -> list[list[int]]:
    """Return the steady columns of each family; best column and best family first."""
    columns = np.flatnonzero(steady).tolist()
    queues: dict[str, list[int]] = {}
    for column in sorted(columns, key=lambda each: (-strength[each], names[each])):
        queues.setdefault(kinds[column], []).append(column)
    return list(queues.values())


def _reasons(
    found: Steadiness, steady: Bool, chosen: Iterable[int], twins: Iterable[int]
) -> list[Reason]:
    reasons = np.where(np.isnan(found.ic), "unmeasured", "unstable").astype(object)
    reasons[steady] = "family full"
    reasons[list(twins)] = "redundant"
    reasons[list(chosen)] = ""
    return list(reasons)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _nothing_steady(features: Sequence[str], found: Steadiness) -> ModelError:
    return ModelError(
        "AK-M130",
        "no feature keeps the sign of its rank IC over the training window",
        where=[
            f"{name}: {share:.0%}"
            for name, share in zip(features, found.agreement, strict=True)
        ],
        wanted="at least one feature with selection.min_agreement",
        fix="widen the training window, lower selection.min_agreement, or check that "
        "dates have selection.min_names names",
    )

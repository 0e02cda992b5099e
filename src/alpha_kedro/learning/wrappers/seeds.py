"""The same model fitted with several seeds: one model whose score is their mean.

What chance decides in a fit, such as which columns a tree may look at, differs from
seed to seed and averages out; what the rows say stays.

Source: Lakshminarayanan, Pritzel & Blundell (2017), "Simple and scalable predictive
uncertainty estimation using deep ensembles", *NeurIPS* 30.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pandas as pd
from pydantic import Field

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Float, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.context import Context
from alpha_kedro.learning.fold_outcome import FoldOutcome
from alpha_kedro.learning.training import FittedModel, Kind
from alpha_kedro.learning.wrappers.selected_model import Restore

SEEDS_FILE = "seeds.json"

_OWN_FILE = re.compile(r"seed(\d+)_(.+)")
_KEY = ["date", "ticker"]


def seed_of(seed: int, number: int) -> int:
    """Return the seed of one of several fits, from 0 to below 2**31.

    Number 0 has ``seed`` itself, so that a model fitted once is the first of several.
    """
    if number == 0:
        return seed
    (word,) = np.random.SeedSequence([seed, number]).generate_state(1)
    return int(word) >> 1


class SeedsFile(Spec):
    """What the fits do not say of themselves."""

    dropped: tuple[dict[str, str], ...] = Field(
        description="Features each fit could not use, with the reason."
    )


@dataclass(frozen=True)
class AveragedModel:
    """Fits of one model to the same rows, whose scores are averaged.

    Raises
    ------
    ModelError
        ``AK-M164`` when they are not fits of one kind on the same features.
    """

    members: tuple[FittedModel, ...]

    def __post_init__(self) -> None:
        alike = {(member.kind, member.features) for member in self.members}
        if len(alike) == 1:
            return
        raise ModelError(
            "AK-M164",
            "these fits cannot be averaged",
            got=sorted(f"{kind} on {len(names)} features" for kind, names in alike),
            wanted="at least one fit, all of one kind on the same features",
            fix="combine different models in an ensemble",
        )

    @property
    def kind(self) -> Kind:
        """Return the kind all fits have."""
        return self.members[0].kind

    @property
    def features(self) -> tuple[str, ...]:
        """Return the features all fits take."""
        return self.members[0].features

    @property
    def dropped_features(self) -> Mapping[str, str]:
        """Return what no fit could use, with the reason of the first."""
        return _dropped_by_all([member.dropped_features for member in self.members])

    @property
    def chosen(self) -> Mapping[str, float | str]:
        """Return what all fits chose: the mean of numbers, words where they agree."""
        choices = [member.chosen for member in self.members]
        common = {name for name in choices[0] if all(name in each for each in choices)}
        shared = {
            name: _agreed([each[name] for each in choices])
            for name in choices[0]
            if name in common
        }
        return {name: found for name, found in shared.items() if found is not None}

    def score(self, X: Single, context: Context | None = None) -> Float:
        """Return the (n,) mean scores; NaN where any fit gives none."""
        return _mean(member.score(X, context) for member in self.members)

    def contributions(self, X: Single, context: Context | None = None) -> Float | None:
        """Return the (n, p + 1) mean parts; None where a fit knows none."""
        parts = [member.contributions(X, context) for member in self.members]
        known = [each for each in parts if each is not None]
        return _mean(known) if len(known) == len(parts) else None

    def files(self) -> Mapping[str, bytes]:
        """Return the files of every fit, such as ``seed0_trees.txt``, and what ties."""
        dropped = tuple(dict(member.dropped_features) for member in self.members)
        files = {SEEDS_FILE: SeedsFile(dropped=dropped).model_dump_json().encode()}
        for number, member in enumerate(self.members):
            own = member.files().items()
            files |= {f"seed{number}_{name}": content for name, content in own}
        return files


def restore_averaged(
    restore: Restore,
    features: tuple[str, ...],
    dropped: Mapping[str, str],
    files: Mapping[str, bytes],
) -> AveragedModel:
    """Rebuild all fits; ``restore`` rebuilds one from its own files."""
    del dropped  # what no fit could use follows from what each could not
    seeds = SeedsFile.model_validate_json(files[SEEDS_FILE])
    own: list[dict[str, bytes]] = [{} for _ in seeds.dropped]
    for name, content in files.items():
        if found := _OWN_FILE.fullmatch(name):
            own[int(found[1])][found[2]] = content
    return AveragedModel(
        tuple(
            restore(features, lost, parts)
            for lost, parts in zip(seeds.dropped, own, strict=True)
        )
    )


def average_outcomes(outcomes: Sequence[FoldOutcome]) -> FoldOutcome:
    """Return the outcome of a fold as the ``AveragedModel`` of its fits would have it.

    Scores and contributions are added up in the same order, so they agree to the last
    bit. Rows that a fit does not score are not explained. The choice of features rests
    on the rows and not on the seed: that of the first fit stands for all. What each fit
    chose for itself is kept under the number of its seed.

    Parameters
    ----------
    outcomes
        Of the same fold, at least one, in the order of their seeds.
    """
    first = outcomes[0]
    if len(outcomes) == 1:
        return first
    scores = _mean(each.scores["score"].to_numpy() for each in outcomes)
    lost = [
        dict(zip(each.dropped["feature"], each.dropped["reason"], strict=True))
        for each in outcomes
    ]
    dropped = first.dropped["feature"].isin(list(_dropped_by_all(lost)))
    return replace(
        first,
        scores=first.scores.assign(score=scores),
        explained=_explained([each.explained for each in outcomes]),
        dropped=first.dropped[dropped].reset_index(drop=True),
        settings=pd.concat([each.settings for each in outcomes], ignore_index=True),
    )


def _explained(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Average the parts of the rows that every fit explains."""
    indexed = [table.set_index(_KEY) for table in tables]
    in_all = [indexed[0].index.isin(table.index) for table in indexed]
    shared = indexed[0].index[np.logical_and.reduce(in_all)]
    parts = _mean(table.loc[shared].to_numpy(dtype=np.float64) for table in indexed)
    columns = indexed[0].columns
    return pd.DataFrame(parts, index=shared, columns=columns).reset_index()


def _mean(values: Iterable[Float]) -> Float:
    """Return the mean of arrays, added one after the other."""
    arrays = list(values)
    total: Float = reduce(np.add, arrays)
    return total / len(arrays)


def _dropped_by_all(lost: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {
        name: reason
        for name, reason in lost[0].items()
        if all(name in each for each in lost)
    }


def _agreed(found: Sequence[float | str]) -> float | str | None:
    """Return the mean of numbers, the one word of words, None where they differ."""
    numbers = [each for each in found if not isinstance(each, str)]
    if len(numbers) == len(found):
        return float(np.mean(numbers))
    return found[0] if len(set(found)) == 1 else None

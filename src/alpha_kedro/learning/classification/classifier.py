"""The probability that a label beats a hurdle, and the threshold to act on it.

1. Labels become 1 above the hurdle, 0 elsewhere.
2. The rounds of the trees are chosen as for any boosted trees, inside the window.
3. Each block of a purged k-fold is scored by trees that learned from the other blocks.
   These scores stand for what the final trees will give to rows they have not seen.
4. The calibration, and after it the threshold, are fitted to them.
5. The final trees learn from the whole window.

Nothing outside the window takes part: the tested span moves neither model nor
threshold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Float, Int, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.classification.calibration import (
    Calibration,
    Method,
    brier_score,
    log_loss,
)
from alpha_kedro.learning.classification.threshold import ThresholdSpec
from alpha_kedro.learning.context import Context
from alpha_kedro.learning.stored_text import read_record
from alpha_kedro.learning.training import (
    Kind,
    TrainingData,
    purged_rows,
    refuse_constant,
    require_learnable,
)
from alpha_kedro.learning.trees import lightgbm_trees
from alpha_kedro.learning.trees.boosting import BoostedTrees, TreeWindow
from alpha_kedro.learning.trees.lightgbm_trees import LightGBMSpec

_FILE = "classifier.json"

ScoreOf = Literal["probability", "above_threshold"]


def _binary(block: object) -> object:
    return {"objective": "binary", **block} if isinstance(block, dict) else block


def _is_binary(spec: LightGBMSpec) -> LightGBMSpec:
    if spec.objective != "binary":
        raise ValueError("a classifier's trees have the objective binary")
    return spec


class ClassifierSpec(Spec):
    """Boosted trees for the chance that a label beats a hurdle."""

    kind: ClassVar[Kind] = "classifier"

    hurdle: float = Field(
        default=0.0,
        description="A label above it counts as a success (label units); 0 is the "
        "median of a cross-section where labels are centred ranks.",
    )
    lightgbm: Annotated[
        LightGBMSpec, BeforeValidator(_binary), AfterValidator(_is_binary)
    ] = Field(
        default=LightGBMSpec(objective="binary"),
        description="The trees, as in the lightgbm block; the objective is binary.",
    )
    calibration: Method = Field(
        default="platt",
        description="How scores become probabilities: as the trees say, along a "
        "logistic curve, or by rising steps, which need thousands of rows.",
    )
    n_splits: int = Field(
        default=4,
        ge=2,
        le=20,
        description="Blocks whose scores calibration and threshold see (blocks).",
    )
    embargo: int = Field(
        default=0,
        ge=0,
        le=252,
        description="Gap on both sides of a block (sessions).",
    )
    threshold: ThresholdSpec = Field(
        default=ThresholdSpec(), description="From which probability on names are held."
    )
    score: ScoreOf = Field(
        default="probability",
        description="above_threshold: the probability less the fold's threshold, so "
        "that scores from zero on are worth holding in every fold.",
    )

    def fit(self, data: TrainingData, *, seed: int) -> "Classifier":
        """Learn trees, calibration and threshold from the rows of one window.

        Raises
        ------
        ModelError
            ``AK-M021`` to ``AK-M026`` for rows that cannot be learned from, ``AK-M144``
            where all labels, or all those a block is scored with, are of one class.
        """
        require_learnable(data)
        outcome = (data.y > self.hurdle).astype(np.float64)
        refuse_one_class(outcome, self.hurdle)
        window = TreeWindow.of(self.lightgbm, replace(data, y=outcome), seed=seed)
        seen = OutOfFold.of(window, data.y, spec=self, seed=seed)
        calibration = seen.calibration(self.calibration)
        probability = calibration.apply(seen.log_odds)
        threshold = self.threshold.choose(probability, data.y, data.dates)
        told = {
            "threshold": threshold,
            "share_above": float(np.mean(probability >= threshold)),
            "calibration": self.calibration,
            **seen.quality(self.calibration),
        }
        booster = window.rows.train(rounds=window.rounds, seed=seed)
        dropped = window.choice.dropped
        trees = BoostedTrees(self.kind, data.features, dropped, booster)
        record = ClassifierRecord(
            shift=threshold if self.score == "above_threshold" else 0.0,
            calibration=calibration,
            chosen={**told, **window.chosen},
        )
        fitted = Classifier(trees, record)
        refuse_constant(fitted, data)
        return fitted


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Every row of a window, scored by trees that learned from other dates.

    Attributes
    ----------
    log_odds
        (n,) scores.
    outcome
        (n,) 1 above the hurdle, 0 elsewhere.
    weight
        (n,) how much each row counts, or None.
    block
        (n,) number of the block a row was held out with.
    """

    log_odds: Float
    outcome: Float
    weight: Float | None
    block: Int

    @classmethod
    def of(
        cls, window: TreeWindow, label: Float, *, spec: ClassifierSpec, seed: int
    ) -> "OutOfFold":
        """Hold out one purged block after the other."""
        data = window.data
        log_odds, block = np.zeros(len(label)), np.zeros(len(label), dtype=np.int64)
        splits = purged_rows(data, n_splits=spec.n_splits, embargo=spec.embargo)
        for number, (learn, held_out) in enumerate(splits):
            refuse_one_class(data.y[learn], spec.hurdle)
            booster = window.rows.train(rounds=window.rounds, seed=seed, rows=learn)
            log_odds[held_out] = booster.score(data.X[held_out])
            block[held_out] = number
        return cls(log_odds, data.y, data.weight, block)

    def calibration(self, method: Method, rows: Int | None = None) -> Calibration:
        """Fit a calibration to some of the rows; None: to all of them."""
        some = np.arange(len(self.outcome)) if rows is None else rows
        weight = None if self.weight is None else self.weight[some]
        return Calibration.fit(method, self.log_odds[some], self.outcome[some], weight)

    def quality(self, method: Method) -> dict[str, float]:
        """Return how well calibrated probabilities fit, each block by the others.

        Returns
        -------
        dict
            base_rate (share of successes), brier and log_loss.
        """
        probability = np.zeros(len(self.outcome))
        for number in np.unique(self.block):
            others = np.flatnonzero(self.block != number)
            here = self.block == number
            fitted = self.calibration(method, others)
            probability[here] = fitted.apply(self.log_odds[here])
        return {
            "base_rate": float(np.average(self.outcome, weights=self.weight)),
            "brier": brier_score(probability, self.outcome, self.weight),
            "log_loss": log_loss(probability, self.outcome, self.weight),
        }


class ClassifierRecord(Spec):
    """What a classifier learned beside its trees."""

    shift: float
    calibration: Calibration
    chosen: dict[str, float | str]


@dataclass(frozen=True)
class Classifier:
    """Fitted trees, the map from their log-odds to probabilities, and a threshold."""

    kind: ClassVar[Kind] = "classifier"
    trees: BoostedTrees
    record: ClassifierRecord

    @property
    def features(self) -> tuple[str, ...]:
        """Return the p features the columns of ``X`` have to be, in this order."""
        return self.trees.features

    @property
    def dropped_features(self) -> Mapping[str, str]:
        """Return the features the fit could not use, each with its reason."""
        return self.trees.dropped_features

    @property
    def chosen(self) -> Mapping[str, float | str]:
        """Return threshold, calibration and rounds, and how well they fitted.

        ``share_above`` is the share of rows at or above the threshold; ``brier`` and
        ``log_loss`` are those of held-out blocks.
        """
        return self.record.chosen

    def score(self, X: Single, context: Context | None = None) -> Float:
        """Return (n,) calibrated probabilities, or what they exceed the threshold by.

        They are in the order of the trees' log-odds, ties included.
        """
        return self._told(self.trees.score(X))

    def contributions(self, X: Single, context: Context | None = None) -> Float:
        """Return (n, p + 1) parts of the score, bias last.

        TreeSHAP explains log-odds. Their parts are stretched, all those of a row by one
        factor, to add up to the way from the probability at the trees' bias to that of
        the row; the bias is the former. Signs and proportions are those of TreeSHAP,
        for the map only rises.
        """
        parts = self.trees.contributions(X)
        way = parts[:, :-1].sum(axis=1)
        start = self._told(parts[:, -1])
        gained = self.score(X) - start
        factor = np.divide(gained, way, out=np.zeros(len(X)), where=way != 0)
        return np.column_stack([parts[:, :-1] * factor[:, np.newaxis], start])

    def files(self) -> Mapping[str, bytes]:
        """Return the trees as text, and the rest as JSON."""
        record = self.record.model_dump_json().encode()
        return {**self.trees.files(), _FILE: record}

    def _told(self, log_odds: Float) -> Float:
        return self.record.calibration.apply(log_odds) - self.record.shift


def restore(
    features: tuple[str, ...], dropped: Mapping[str, str], files: Mapping[str, bytes]
) -> Classifier:
    """Rebuild the model from its stored files.

    Raises
    ------
    ModelError
        ``AK-M034`` for text that is cut, or of another shape.
    """
    record = read_record(ClassifierRecord, files, _FILE)
    trees = lightgbm_trees.restore(features, dropped, files)
    return Classifier(replace(trees, kind="classifier"), record)


def refuse_one_class(outcome: Float, hurdle: float) -> None:
    """Raise ``AK-M144`` unless some labels are above the hurdle, and some are not."""
    if outcome.min() < outcome.max():
        return
    side = "above" if outcome[0] else "at or below"
    raise ModelError(
        "AK-M144",
        "every label is of one class",
        got=f"{len(outcome)} labels {side} the hurdle of {hurdle:g}",
        wanted="some above it, and some not",
        fix="set classifier.hurdle in the units of the label, or widen the window",
    )

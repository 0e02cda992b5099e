"""The fit of a sequence model: window in, taught network out.

1. Columns without information in the window are left out, and listed.
2. Every row is given its sequence, which ends at its date and begins within the window.
   Rows whose sequence is too short are left out, and counted.
3. The last dates of the window are held out, purged by label end; the epoch that orders
   them best is kept, or repeated on the whole window.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Int, Single
from alpha_kedro.learning.linear_models.preprocessing import choose_columns
from alpha_kedro.learning.sequence.architecture import SequenceSpec
from alpha_kedro.learning.sequence.arithmetic import arithmetic, device_for
from alpha_kedro.learning.sequence.descent import Course, Judge, Lesson, descend
from alpha_kedro.learning.sequence.fitted import FittedSequenceModel
from alpha_kedro.learning.sequence.losses import Targets, loss_of
from alpha_kedro.learning.sequence.network import Network, network_of
from alpha_kedro.learning.sequence.scaling import SequenceScaling
from alpha_kedro.learning.sequence.sequences import Places, Sequences, rows_per_date
from alpha_kedro.learning.training import (
    TrainingData,
    purged_splits,
    refuse_constant,
    require_learnable,
)
from alpha_kedro.learning.trees.rank_metric import RANK_IC, HeldOutRankIC

logger = logging.getLogger(__name__)

_PROBED_ROWS = 256


def fit_sequence_model(
    spec: SequenceSpec, data: TrainingData, *, seed: int
) -> FittedSequenceModel:
    """Teach a network the rows of one window and the sessions before them.

    Raises
    ------
    ModelError
        ``AK-M021`` to ``AK-M026`` for rows that cannot be learned from; ``AK-M100`` to
        ``AK-M104`` for rows without a history that fits them; ``AK-M105`` for a device
        that is not there; ``AK-M106`` and ``AK-M107`` as ``descend``; ``AK-M108`` when
        no sequence is long enough.
    """
    require_learnable(data)
    choice = choose_columns(data.X, data.features)
    window = _Window.of(spec, data.with_columns(choice.kept))
    outcome = window.taught(seed=seed)
    network = network_of(spec, outcome.n_inputs, outcome.course.weights)
    fitted = FittedSequenceModel(
        features=data.features,
        dropped_features=choice.dropped,
        network=network,
        scaling=outcome.lesson.sequences.scaling,
        centre=outcome.lesson.targets.centre,
        spread=outcome.lesson.targets.spread,
        first=window.first,
        chosen={
            "parameters": float(network.n_parameters),
            **outcome.choices,
            "left_out": float(len(data.y) - len(window.kept)),
        },
    )
    logger.info(
        "%s fitted to %s: %s",
        spec.kind,
        np.datetime_as_string(data.dates[-1], unit="D"),
        ", ".join(f"{name} {_brief(value)}" for name, value in fitted.chosen.items()),
    )
    refuse_constant(fitted, data.take(window.probed()))
    return fitted


@dataclass(frozen=True, eq=False)
class _Outcome:
    """A lesson, how teaching it went, and what was chosen on the way."""

    lesson: Lesson
    course: Course
    choices: Mapping[str, float | str]

    @property
    def n_inputs(self) -> int:
        """Return the number of scaled columns."""
        return len(self.lesson.sequences.scaling.sources)


@dataclass(frozen=True, eq=False)
class _Window:
    """The rows of a window whose sequences are long enough, and where it begins."""

    spec: SequenceSpec
    data: TrainingData
    first: np.datetime64
    kept: Int

    @classmethod
    def of(cls, spec: SequenceSpec, data: TrainingData) -> Self:
        """Leave rows out whose sequence is too short."""
        told = data.context.window_start if data.context is not None else None
        first = data.dates[0] if told is None else told
        whole = cls(spec, data, first, np.arange(len(data.y)))
        enough = np.flatnonzero(whole._places(data).lengths >= spec.min_length)
        if not len(enough):
            raise _too_short(spec, data)
        kept = data.take(enough)
        require_learnable(kept)
        return cls(spec, kept, whole.first, enough)

    def probed(self) -> Int:
        """Return some rows, all over the window, that a constant would show in."""
        places = np.linspace(0, len(self.kept) - 1, min(_PROBED_ROWS, len(self.kept)))
        return self.kept[places.astype(np.int64)]

    def taught(self, *, seed: int) -> _Outcome:
        """Teach as many epochs as the held-out dates recommend."""
        loop = self.spec.training
        stopping = loop.stopping
        if stopping.choose_by == "none":
            return self._outcome(self.data, epochs=loop.epochs, seed=seed)
        splits = purged_splits(
            self.data,
            n_splits=stopping.n_splits,
            embargo=stopping.embargo,
            tail_only=True,
        )
        learn, held_out = next(splits)
        best = self._outcome(learn, epochs=loop.epochs, seed=seed, held_out=held_out)
        if not stopping.refit:
            return best
        again = self._outcome(self.data, epochs=best.course.epoch, seed=seed)
        return replace(again, choices={**best.choices, **again.choices})

    def _outcome(
        self,
        learn: TrainingData,
        *,
        epochs: int,
        seed: int,
        held_out: TrainingData | None = None,
    ) -> _Outcome:
        """Teach some rows, judged on others if there are any."""
        loop = self.spec.training
        lesson = self._lesson(learn)
        device = device_for(loop.device)
        judge = None if held_out is None else self._judge(lesson, held_out)
        with arithmetic(device, seed=seed, threads=loop.threads):
            layers = self.spec.build(len(lesson.sequences.scaling.sources))
            network = Network(self.spec, layers.to(device))
            course = descend(network, lesson, epochs=epochs, seed=seed, judge=judge)
        choices: dict[str, float | str] = {
            "epochs": float(course.epoch),
            "halvings": float(course.halvings),
            "stopped": "loss not finite" if course.broken_off else "as planned",
            "device": device.type,
        }
        if held_out is not None:
            of_loss = loop.stopping.metric == "loss"
            name, sign = ("best_loss", -1) if of_loss else ("best_ic", 1)
            choices[name] = sign * course.quality
        return _Outcome(lesson, course, choices)

    def _lesson(self, learn: TrainingData) -> Lesson:
        """Scale the sequences of some rows by what the sessions up to them teach."""
        places = self._places(learn)
        history = places.history
        scaling = SequenceScaling.fit(
            history,
            places.columns,
            history.span(self.first, learn.dates[-1]),
            self.spec.preprocessing,
        )
        sequences = Sequences(places, scaling, self.spec.offsets)
        targets = Targets.of(learn.y, learn.dates, kind=self.spec.loss.kind)
        return Lesson(sequences, targets, _weights(learn), learn.dates)

    def _judge(self, lesson: Lesson, held_out: TrainingData) -> Judge:
        """Return what says how good a network is on rows it was not taught."""
        spec = self.spec
        sequences = replace(lesson.sequences, places=self._places(held_out))
        rows = np.arange(len(held_out.y))

        rank_ic = HeldOutRankIC.of(held_out)

        def order(network: Network) -> float:
            return rank_ic(network.outputs(sequences, rows).astype(np.float64))

        def fit(network: Network) -> float:
            import torch

            outputs = network.outputs(sequences, rows)
            targets = lesson.targets.for_rows(
                held_out.y, held_out.dates, kind=spec.loss.kind
            )
            said, wanted, weights = (
                torch.from_numpy(each)
                for each in (outputs, targets.values, _weights(held_out))
            )
            counts = rows_per_date(held_out.dates)
            return -float(loss_of(spec.loss, said, wanted, weights, counts))

        return order if spec.training.stopping.metric == RANK_IC else fit

    def _places(self, rows: TrainingData) -> Places:
        return Places.of(
            rows.X,
            rows.context,
            kind=self.spec.kind,
            features=rows.features,
            looks_back=self.spec.looks_back,
            first=self.first,
        )


def _weights(rows: TrainingData) -> Single:
    if rows.weight is None:
        return np.ones(len(rows.y), dtype=np.float32)
    return rows.weight.astype(np.float32)


def _too_short(spec: SequenceSpec, data: TrainingData) -> ModelError:
    return ModelError(
        "AK-M108",
        "no row of the window has a sequence that is long enough",
        got=f"{len(data.y)} rows with shorter ones",
        wanted=f"at least {spec.min_length} sessions in a row, within the window",
        fix="lower min_length, widen the window, or check that the history has a row "
        "for each name on each session",
    )


def _brief(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.4g}"

"""The trials of one window: Optuna draws the parameters, held-out blocks judge them.

1. Trial 0 is the block as it stands, so nothing worse than it is ever taken.
2. Optuna's TPE sampler draws parameters where the trials so far promise most. A set
   that was tried before is not fitted again, and not counted.
3. A trial below the median of those before it, after the same block, is pruned.
4. Of the best trials the first is taken.

J. Bergstra, R. Bardenet, Y. Bengio and B. Kegl, Algorithms for Hyper-Parameter
Optimization, NeurIPS 2011; T. Akiba et al., Optuna, KDD 2019.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.wrappers.tuning.judge import Judge
from alpha_kedro.learning.wrappers.tuning.record import Ended, TrialRecord, TuningRecord
from alpha_kedro.learning.wrappers.tuning.space import Setting, distributions, holds
from alpha_kedro.learning.wrappers.tuning.spec import TuningSpec

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution

_REPEATS = 50
"""Draws in a row, none of them new, after which the space counts as exhausted."""


def run_trials(judge: Judge) -> TuningRecord:
    """Try parameters until trials, time or space are used up.

    Raises
    ------
    ModelError
        ``AK-M174`` when every trial failed.
    ConfigError
        When the block as it stands cannot be fitted for reasons of configuration.
    """
    with _quiet():
        search = _Search(judge, _study(judge.tuning, judge.own_seed))
        ended = search.run()
    complete = [trial for trial in search.trials if trial.value is not None]
    if not complete:
        raise _all_failed(search.trials)
    best = max(complete, key=_value)  # of equals, max takes the first
    return TuningRecord(
        tuning=judge.tuning,
        ended_by=ended,
        trials=tuple(search.trials),
        best=best.number,
    )


@dataclass
class _Search:
    """Trials made so far, and the study that learns from them."""

    judge: Judge
    study: "optuna.Study"
    trials: list[TrialRecord] = field(default_factory=list)
    repeats: int = 0

    def run(self) -> Ended:
        """Make all trials and say what ended them."""
        began = time.monotonic()
        space = distributions(self.judge.tuning.space, self.judge.block)
        self.trials.append(self.judge.start())
        self._teach_start(space)
        while (ended := self._ended(time.monotonic() - began)) is None:
            self._next(self.study.ask(space))
        return ended

    def _ended(self, seconds: float) -> Ended | None:
        tuning = self.judge.tuning
        if len(self.trials) == tuning.n_trials:
            return "trials"
        if tuning.minutes is not None and seconds >= 60 * tuning.minutes:
            return "clock"
        return "space" if self.repeats == _REPEATS else None

    def _next(self, drawn: "optuna.Trial") -> None:
        def watch(step: int, value: float) -> bool:
            drawn.report(value, step)
            return drawn.should_prune()

        settings = {name: drawn.params[name] for name in self.judge.tuning.space}
        record = self._tried(settings)
        if record is None:
            record = self.judge.trial(len(self.trials), settings, watch)
            self.trials.append(record)
            self.repeats = 0
        else:
            _report(drawn, record)
            self.repeats += 1
        self.study.tell(drawn, record.value, _state(record))

    def _tried(self, settings: Mapping[str, Setting]) -> TrialRecord | None:
        for trial in self.trials:
            if trial.parameters == settings:
                return trial
        return None

    def _teach_start(self, space: "Mapping[str, BaseDistribution]") -> None:
        """Let the sampler know trial 0, where it lies in the space it draws from."""
        import optuna

        first, bounds = self.trials[0], self.judge.tuning.space
        inside = all(holds(bounds[name], first.parameters[name]) for name in bounds)
        if first.value is None or not inside:
            return
        known = optuna.create_trial(
            value=first.value,
            params=first.parameters,
            distributions=dict(space),
            intermediate_values=_running(first),
        )
        self.study.add_trial(known)


def _study(tuning: TuningSpec, seed: int) -> "optuna.Study":
    import optuna

    median = tuning.pruner == "median"
    return optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed % 2**32),
        pruner=optuna.pruners.MedianPruner() if median else optuna.pruners.NopPruner(),
    )


def _state(record: TrialRecord) -> "optuna.trial.TrialState":
    """Return how the study knows a trial.

    The sampler leaves out what failed and would come back to it; a trial that was
    pruned before its first block counts as the worst there is.
    """
    from optuna.trial import TrialState

    done = record.state == "complete"
    return TrialState.COMPLETE if done else TrialState.PRUNED


def _report(drawn: "optuna.Trial", record: TrialRecord) -> None:
    """Tell the study of a repeated trial what the first one showed."""
    for step, value in _running(record).items():
        drawn.report(value, step)


def _running(record: TrialRecord) -> dict[int, float]:
    steps = enumerate(record.running)
    return {step: value for step, value in steps if value is not None}


def _value(trial: TrialRecord) -> float:
    return float("-inf") if trial.value is None else trial.value


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna from telling of every trial."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _all_failed(trials: list[TrialRecord]) -> ModelError:
    return ModelError(
        "AK-M174",
        "every trial of the tuning failed",
        where=dict.fromkeys(trial.reason for trial in trials),
        got=f"{len(trials)} trials",
        wanted="at least one set of parameters that can be fitted and judged",
        fix="draw from a space in which the model learns something",
    )

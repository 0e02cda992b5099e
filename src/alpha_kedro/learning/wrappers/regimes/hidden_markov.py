"""A Gaussian hidden Markov model of the market's states, its regimes in a fixed order.

1. The chosen states are standardised over the sessions of the fit.
2. Expectation maximisation (hmmlearn) is run from several starts. Runs that did not
   converge, or found a state that is hardly ever there or has no spread, are left out;
   the likeliest of the others is taken.
3. Its states are put in the order of a state of the market: the calmest is regime 0.
   Without that the same regime has another number after every refit.
4. What is said of a session is its filtered probability, by our own forward pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.core.spec import Names, Share, Spec
from alpha_kedro.learning.linear_models.preprocessing import Floats, Standardisation
from alpha_kedro.learning.wrappers.regimes.filtering import (
    filtered,
    gaussian_log_density,
)
from alpha_kedro.learning.wrappers.regimes.sessions import (
    refuse_constant_states,
    require_enough,
    state_columns,
)

if TYPE_CHECKING:
    from hmmlearn.hmm import GaussianHMM

Table = tuple[Floats, ...]


class HiddenMarkovSpec(Spec):
    """A market that moves between unseen states, each with a normal distribution."""

    columns: Names = Field(
        default=("market_return",),
        min_length=1,
        description="States of the market it sees. Days are taken as independent but "
        "for the regime, which means over trailing windows are not: they come late.",
    )
    order_by: str = Field(
        default="market_volatility",
        description="State of the market whose mean orders the regimes, low to high.",
    )
    n_states: int = Field(default=2, ge=2, le=6, description="Regimes.")
    covariance: Literal["full", "diag"] = Field(
        default="full", description="diag: states vary independently in a regime."
    )
    restarts: int = Field(default=5, ge=1, le=100, description="Runs, the best taken.")
    max_iterations: int = Field(
        default=500, ge=10, le=10_000, description="Most steps of a run."
    )
    tolerance: float = Field(
        default=1e-3,
        gt=0,
        le=1,
        description="Gain in log likelihood below which a run has converged.",
    )
    min_covar: float = Field(
        default=1e-3,
        gt=0,
        le=1,
        description="Least variance of a regime in any direction, where that of all "
        "sessions is 1.",
    )
    min_share: Share = Field(
        default=0.02, description="Least share of sessions in each regime."
    )
    min_sessions: int = Field(
        default=250, ge=20, description="Fewest sessions with every state."
    )

    def fit(self, states: pd.DataFrame, *, seed: int) -> "HiddenMarkov":
        """Learn regimes from (n_sessions) states; all of them, so cut them first.

        Sessions that lack a state are left out, and runs of sessions between them are
        taken as separate sequences.

        Raises
        ------
        ConfigError
            ``AK-C002`` a state nobody knows, ``AK-C146`` hmmlearn is not installed.
        ModelError
            ``AK-M122`` too few sessions, ``AK-M123`` a constant state, ``AK-M124`` no
            run converged to regimes that can be told apart.
        """
        values = state_columns(states, self.columns)
        order = state_columns(states, (self.order_by,))[:, 0]
        known: Bool = np.asarray(np.isfinite(values).all(axis=1))
        require_enough(known, wanted=self.min_sessions, names=self.columns)
        refuse_constant_states(values[known], self.columns)
        self._require_order(order[known])
        scaling = Standardisation.fit(values[known])
        rows, lengths = scaling.apply(values[known]), _runs(np.flatnonzero(known))
        runs = [self._run(rows, lengths, seed + run) for run in range(self.restarts)]
        usable = [run for run in runs if isinstance(run, _Run)]
        if not usable:
            raise _no_regimes([run for run in runs if isinstance(run, str)])
        best = max(usable, key=lambda run: run.log_likelihood)
        return self._in_order(best, scaling, order[known])

    def _require_order(self, order: Float) -> None:
        said = ~np.isnan(order)
        require_enough(said, wanted=self.min_sessions // 2, names=(self.order_by,))
        refuse_constant_states(order[said, None], (self.order_by,))

    def _run(self, rows: Float, lengths: Int, seed: int) -> "_Run | str":
        """Return one run of expectation maximisation, or why it is of no use."""
        from threadpoolctl import threadpool_limits

        model: GaussianHMM = _hmmlearn().GaussianHMM(
            self.n_states,
            self.covariance,
            min_covar=self.min_covar,
            random_state=seed,
            n_iter=self.max_iterations,
            tol=self.tolerance,
            params="tmc",  # where a chain starts cannot be learned from one start
            init_params="tmc",
        )
        model.startprob_ = np.full(self.n_states, 1 / self.n_states)
        with threadpool_limits(1):  # k-means adds in another order on other threads
            try:
                model.fit(rows, lengths)
                log_likelihood, occupied = model.score_samples(rows, lengths)
            except ValueError as error:  # a covariance that has collapsed
                return str(error).splitlines()[0]
        fault = self._fault(model, occupied)
        return fault or _Run(model, occupied, float(log_likelihood))

    def _fault(self, model: "GaussianHMM", occupied: Float) -> str:
        """Return why a run is of no use; empty where it is."""
        # hmmlearn calls a run converged when it ran out of steps.
        path = list(model.monitor_.history)
        if len(path) < 2 or path[-1] - path[-2] >= self.tolerance:
            return f"not converged after {len(path)} steps"
        if not np.isfinite(path[-1]) or not np.isfinite(occupied).all():
            return "no finite likelihood"
        share = occupied.mean(axis=0).min()
        if share < self.min_share:
            return f"a regime with {share:.2%} of the sessions"
        spread = np.linalg.eigvalsh(model.covars_).min()
        if spread < self.min_covar:
            return f"a regime with a variance of {spread:.1e}"
        return ""

    def _in_order(
        self, run: "_Run", scaling: Standardisation, order: Float
    ) -> "HiddenMarkov":
        model, occupied = run.model, run.occupied
        said = ~np.isnan(order)
        level = order[said] @ occupied[said] / occupied[said].sum(axis=0)
        rank = np.argsort(level, kind="stable")
        return HiddenMarkov(
            columns=self.columns,
            scaling=scaling,
            start=_floats(occupied.mean(axis=0)[rank]),
            transition=_table(model.transmat_[rank][:, rank]),
            means=_table(model.means_[rank]),
            covariances=tuple(_table(each) for each in model.covars_[rank]),
            log_likelihood=run.log_likelihood,
            steps=len(model.monitor_.history),
        )


@dataclass(frozen=True)
class _Run:
    """A run that converged: (n, k) smoothed probabilities of the sessions fitted."""

    model: "GaussianHMM"
    occupied: Float
    log_likelihood: float


class HiddenMarkov(Spec):
    """All that was learned of the regimes; states of the market are standardised."""

    detector: Literal["hmm"] = "hmm"
    columns: tuple[str, ...]
    scaling: Standardisation
    start: Floats = Field(description="Share of the fitted sessions in each regime.")
    transition: Table = Field(description="From a regime (row) to a regime (column).")
    means: Table
    covariances: tuple[Table, ...]
    log_likelihood: float = Field(description="Of the fitted sessions.")
    steps: int = Field(description="Steps of the run that was taken.")

    @property
    def n_regimes(self) -> int:
        """Return the number of regimes."""
        return len(self.start)

    @property
    def facts(self) -> Mapping[str, float]:
        """Return the likelihood, and how likely each regime is to last a session."""
        stays = np.diag(self.transition)
        return {"log_likelihood": self.log_likelihood} | {
            f"regime_{place}_stays": float(stay) for place, stay in enumerate(stays)
        }

    def probabilities(self, states: pd.DataFrame) -> Float:
        """Return (n_sessions, k) filtered probabilities, from the rows up to each.

        A session that lacks a state was not seen: the chain moves on by its transition
        probabilities. Before the first row the regimes have their shares of the fit.
        """
        return self.filtered(states)[0]

    def filtered(self, states: pd.DataFrame) -> tuple[Float, Float]:
        """Return the probabilities, and the (n_sessions,) log likelihood up to each."""
        values = self.scaling.apply(state_columns(states, self.columns))
        density = gaussian_log_density(
            values, np.array(self.means), np.array(self.covariances)
        )
        start, transition = np.array(self.start), np.array(self.transition)
        return filtered(density, start=start, transition=transition)


def _hmmlearn() -> ModuleType:
    try:
        from hmmlearn import hmm
    except ImportError:
        raise ConfigError(
            "AK-C146",
            "regimes by a hidden Markov model need a library that is not installed",
            wanted="hmmlearn",
            fix='pip install "alpha-kedro[regimes]", or choose the detector trend or '
            "volatility",
        ) from None
    module: ModuleType = hmm
    return module


def _runs(rows: Int) -> Int:
    """Return the lengths of the runs of consecutive numbers."""
    ends = np.flatnonzero(np.diff(rows) > 1) + 1
    return np.diff(np.concatenate([[0], ends, [len(rows)]]))


def _no_regimes(faults: list[str]) -> ModelError:
    return ModelError(
        "AK-M124",
        "no run of the hidden Markov model found regimes that can be used",
        where=[f"run {place}: {fault}" for place, fault in enumerate(faults)],
        fix="ask for fewer regimes, give it other columns or more sessions, or set "
        "regimes.if_undetected to one_regime",
    )


def _floats(values: Float) -> Floats:
    return tuple(float(value) for value in values)


def _table(values: Float) -> Table:
    return tuple(_floats(row) for row in values)

"""A small seeded study, and a toy model whose fits can be counted."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from alpha_kedro.learning import ExecutionSpec, WalkForwardSpec, run_walk_forward
from alpha_kedro.learning.models import ModelSpec

FEATURES = ("momentum", "reversal", "value")
SESSIONS = pd.bdate_range("2019-01-01", periods=300).as_unit("us")
HORIZON = 3
SPEC = WalkForwardSpec(
    first_train_sessions=60,
    refit_every=40,
    embargo=2,
    min_rows=50,
    min_dates=10,
    explain_rows=6,
)
SERIAL = ExecutionSpec()
RIDGE = {"ridge": ModelSpec(kind="ridge")}
CHOICE = {"n_features": 2, "min_names": 5, "n_periods": 1}
CHOOSING = {
    "choosing": ModelSpec.parse(
        {"kind": "ridge", "selection": CHOICE}, "models.choosing"
    )
}
TABLES = (
    "predictions",
    "fit_ledger",
    "contributions",
    "feature_choices",
    "fit_choices",
)


def small_study(n_sessions=160, n_names=8, seed=0):
    """Return samples and labels; the last ``HORIZON`` dates have no label yet.

    Row by row in time, so that a longer study begins with a shorter one.
    """
    rng = np.random.default_rng(seed)
    shape = (n_sessions, n_names, len(FEATURES) + 1)
    draws = rng.normal(size=shape)
    X = draws[..., :-1].astype(np.float32)
    label = X[..., 0] - 0.5 * X[..., 1] + draws[..., -1]
    day = np.repeat(np.arange(n_sessions), n_names)
    keys = pd.DataFrame(
        {
            "date": SESSIONS[day],
            "ticker": pd.array([f"T{i}" for i in range(n_names)] * n_sessions, "str"),
        }
    )
    samples = keys.assign(sector="one").join(
        pd.DataFrame(X.reshape(-1, len(FEATURES)), columns=list(FEATURES))
    )
    labels = keys.assign(
        horizon=HORIZON,
        fwd_ret=label.ravel(),
        label=label.ravel().astype(np.float64),
        label_end=SESSIONS[np.minimum(day + HORIZON, n_sessions - 1)],
    )[day + HORIZON < n_sessions]
    return samples, labels


def walk(
    samples,
    labels,
    *,
    models=RIDGE,
    spec=SPEC,
    execution=SERIAL,
    cache=None,
    seed=7,
):
    return run_walk_forward(
        samples,
        labels,
        models=models,
        spec=spec,
        seed=seed,
        execution=execution,
        cache_folder=cache,
        sessions=SESSIONS.to_numpy(),
    )


@dataclass
class FittedToy:
    """Scores by one weight per feature."""

    features: tuple[str, ...]
    weights: np.ndarray
    kind = "toy"
    chosen = {"weights": 3.0}  # noqa: RUF012
    dropped_features = {"nothing": "a toy drops nothing"}  # noqa: RUF012

    def score(self, X, context=None):
        return X.astype(np.float64) @ self.weights

    def contributions(self, X, context=None):
        return np.column_stack([X.astype(np.float64) * self.weights, np.zeros(len(X))])


@dataclass
class Toy:
    """Weighs each feature by its mean product with the label, and counts its fits."""

    seen: list = field(default_factory=list)
    fitted: type = FittedToy

    def fit(self, data, *, seed):
        self.seen.append(data)
        return self.fitted(data.features, data.X.T.astype(np.float64) @ data.y)

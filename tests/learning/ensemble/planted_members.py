"""Members with a known skill, tested on common folds."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from alpha_kedro.learning.ensemble import EnsembleSpec, run_ensemble
from alpha_kedro.learning.splitters.folds import Fold

STEP = 5
GAP = 10
"""Sessions from the end of a member's fit to its tests."""

SESSIONS = pd.bdate_range("2010-01-04", periods=3_000).as_unit("us")


@dataclass(frozen=True)
class Study:
    """Predictions and labels, and the plan they come from."""

    predictions: pd.DataFrame
    labels: pd.DataFrame
    folds: tuple
    embargo: int = 0

    def run(self, spec, name="both"):
        return run_ensemble(
            name,
            spec,
            self.predictions,
            self.labels,
            folds=self.folds,
            embargo=self.embargo,
            sessions=SESSIONS.to_numpy(),
        )

    def but(self, **parts):
        return replace(self, **parts)


def spec(*members, **settings):
    return EnsembleSpec.parse(
        {"members": list(members), "min_dates": 8, "min_names": 5, **settings}, "models"
    )


def decided(week):
    """Return the session of a weekly decision; the first hundred sessions train."""
    return SESSIONS[100 + STEP * week]


def plan(n_weeks, per_fold=10):
    """Return folds of ten weeks each."""
    starts = range(0, n_weeks, per_fold)
    return tuple(
        Fold(
            number,
            SESSIONS[0],
            decided(start) - pd.Timedelta("20D"),
            decided(start),
            decided(min(start + per_fold, n_weeks) - 1),
        )
        for number, start in enumerate(starts, 1)
    )


def keys(n_weeks, n_names):
    week = np.repeat(np.arange(n_weeks), n_names)
    names = [f"T{place:03d}" for place in range(n_names)]
    return pd.DataFrame(
        {"date": decided(week), "ticker": pd.array(names * n_weeks, "str")}
    )


def labels_of(values, *, horizon=STEP + 1):
    """Return labels (n_weeks, n_names) that are final ``horizon`` sessions later."""
    n_weeks, n_names = values.shape
    week = np.repeat(np.arange(n_weeks), n_names)
    end = SESSIONS[100 + STEP * week + horizon]
    return keys(n_weeks, n_names).assign(label=values.ravel(), label_end=end)


def predictions_of(scores, folds):
    """Return the predictions of members by name, (n_weeks, n_names) each.

    Every fit ends ``GAP`` sessions before its first test date.
    """
    tables = []
    for name, own in scores.items():
        table = keys(*own.shape).assign(model=name, score=own.ravel())
        for fold in folds:
            inside = table["date"].between(fold.test_start, fold.test_end)
            end = SESSIONS[SESSIONS.get_loc(fold.test_start) - GAP]
            table.loc[inside, ["fold", "fit_end"]] = [fold.number, end]
        tables.append(table.astype({"model": "str", "fold": "int64"}))
    rows = pd.concat(tables, ignore_index=True)
    return rows.astype({"fit_end": "datetime64[us]"})


def study(scores, label, *, embargo=0, horizon=STEP + 1, per_fold=10):
    folds = plan(len(label), per_fold)
    return Study(
        predictions_of(scores, folds),
        labels_of(label, horizon=horizon),
        folds,
        embargo,
    )


def planted(skills, *, n_weeks=120, n_names=40, seed=0, noise=None):
    """Return members whose scores are ``skill * label + noise`` of variance one.

    ``noise`` maps a member to another whose noise it shares.
    """
    rng = np.random.default_rng(seed)
    label = rng.normal(size=(n_weeks, n_names))
    own = {name: rng.normal(size=label.shape) for name in skills}
    own |= {name: own[other] for name, other in (noise or {}).items()}
    scores = {name: skill * label + own[name] for name, skill in skills.items()}
    return study(scores, label)

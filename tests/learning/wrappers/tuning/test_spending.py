"""What tuning bought: told apart where it is there from where it only seems to be."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.learning.linear_models.linear import RidgeSpec
from alpha_kedro.learning.wrappers.tuning import (
    TuningModel,
    best_parameters,
    tuning_gain,
    untuned_twin,
)
from tests.learning.windows import noise, window_of
from tests.learning.wrappers.tuning.tilted import Maker, Tilted, planted, tuning

PAIR = {"tuned": "plain"}
N_NAMES = 20


def choices_of(chosen, fold, model="tuned", seed=3):
    """Return what a fit chose as the walk-forward's table has it."""
    rows = [
        (model, fold, seed, name, np.nan if isinstance(found, str) else found,
         found if isinstance(found, str) else "")
        for name, found in chosen.items()
    ]  # fmt: skip
    columns = ["model", "fold", "seed", "choice", "value", "text"]
    return pd.DataFrame(rows, columns=columns)


def predicted(fitted, data, model):
    names = [f"T{place:02d}" for place in range(N_NAMES)]
    return pd.DataFrame(
        {
            "date": data.dates,
            "ticker": names * (len(data.y) // N_NAMES),
            "model": model,
            "score": fitted.score(data.X),
            "label": data.y,
        }
    )


def study(data, block, space, make, n_folds=2, **settings):
    """Fit the tuned model and its twin on the first part, score the rest."""
    weeks = np.unique(data.dates)
    predictions, choices = [], []
    for fold, test in enumerate(np.array_split(weeks[len(weeks) // 2 :], n_folds)):
        past = data.take(np.flatnonzero(data.label_end < test[0]))
        tested = data.take(np.flatnonzero(np.isin(data.dates, test)))
        tuned = TuningModel(tuning(space, **settings), block, make).fit(past, seed=3)
        predictions += [
            predicted(tuned, tested, "tuned"),
            predicted(make(block).fit(past, seed=3), tested, "plain"),
        ]
        choices.append(choices_of(tuned.chosen, fold))
    return pd.concat(predictions), pd.concat(choices)


TILT = {"tilt": {"low": -2.0, "high": 2.0}}


def test_on_noise_the_gain_inside_is_not_there_outside():
    """Forty directions, none of them any good: the best of them looks good."""
    X, y = noise(n_dates=120, n_names=N_NAMES, p=4, seed=1)
    predictions, choices = study(window_of(X, y), Tilted(), TILT, Maker(), n_trials=40)
    (row,) = tuning_gain(predictions, choices, PAIR, overlap=2).itertuples()
    assert row.inner_gain > 0.005
    assert abs(row.t) < 2
    assert row.verdict == "a gain inside that is not certain outside"
    assert (row.trials, row.failed) == (80, 0)


def test_where_there_is_something_to_find_it_is_there_outside():
    predictions, choices = study(
        planted(n_dates=120), Tilted(tilt=-0.5), TILT, Maker(), n_trials=15
    )
    (row,) = tuning_gain(predictions, choices, PAIR, overlap=2).itertuples()
    assert row.t > 2
    assert row.gain == pytest.approx(row.inner_gain, abs=0.15)
    assert row.verdict == "a gain inside and outside"


def test_the_gains_are_those_of_the_tables():
    predictions, choices = study(
        planted(n_dates=80), Tilted(), TILT, Maker(), n_trials=6
    )
    (row,) = tuning_gain(predictions, choices, PAIR).itertuples()
    daily = predictions.groupby(["model", "date"])[["score", "label"]].apply(
        lambda rows: rows.rank()["score"].corr(rows.rank()["label"])
    )
    assert row.rank_ic == pytest.approx(daily["tuned"].mean())
    assert row.rank_ic_untuned == pytest.approx(daily["plain"].mean())
    assert row.gain == pytest.approx((daily["tuned"] - daily["plain"]).mean())
    value = choices.set_index(["choice", "fold"])["value"]
    gains = value["inner_rank_ic"] - value["inner_rank_ic_untuned"]
    assert row.inner_gain == pytest.approx(gains.mean())
    assert row.n_dates == 40


def test_a_start_that_was_best_gained_nothing():
    predictions, choices = study(
        planted(n_dates=80), Tilted(), {"turns": [0, 1]}, Maker(), n_trials=2
    )
    (row,) = tuning_gain(predictions, choices, PAIR).itertuples()
    assert (row.inner_gain, row.gain) == (0.0, 0.0)
    assert row.verdict == "no gain inside: the start was best"


def test_a_start_that_failed_leaves_no_gain_to_measure():
    predictions, choices = study(
        planted(n_dates=80), Tilted(), TILT, Maker(), n_trials=4
    )
    start = choices["choice"] == "inner_rank_ic_untuned"
    choices.loc[start, ["value", "text"]] = np.nan, "failed"
    (row,) = tuning_gain(predictions, choices, PAIR).itertuples()
    assert np.isnan(row.inner_gain)
    assert row.verdict == "not measured"


def test_models_nobody_fitted_or_tuned_are_refused():
    predictions, choices = study(
        planted(n_dates=80), Tilted(), TILT, Maker(), n_trials=2
    )
    with pytest.raises(ConfigError, match="unknown tuned model 'plain'"):
        tuning_gain(predictions, choices, {"plain": "tuned"})
    with pytest.raises(ConfigError, match="unknown model 'plane'"):
        tuning_gain(predictions, choices, {"tuned": "plane"})


def test_without_a_pair_the_table_is_there_and_empty():
    table = tuning_gain(pd.DataFrame({"model": []}), choices_of({}, 0), {})
    assert table.empty
    assert list(table)[:2] == ["model", "untuned"]


def test_a_row_per_fold_a_column_per_parameter():
    first = {"rounds": 41.0, "tuned.leaves": 7.0, "tuned.way": "up", "trials": 5.0}
    second = first | {"tuned.leaves": 9.0, "tuned.way": "down"}
    table = best_parameters(pd.concat([choices_of(first, 0), choices_of(second, 1)]))
    assert list(table) == ["model", "fold", "seed", "leaves", "way"]
    assert table["leaves"].tolist() == [7.0, 9.0]
    assert (table["leaves"].dtype, table["way"].tolist()) == (float, ["up", "down"])


def test_each_model_has_the_parameters_it_tuned():
    table = best_parameters(
        pd.concat(
            [
                choices_of({"tuned.leaves": 7.0}, 0, "trees"),
                choices_of({"tuned.alpha": 10.0, "alpha": 10.0}, 0, "ridge"),
            ]
        )
    ).set_index("model")
    assert table.loc["trees", "leaves"] == 7.0
    assert np.isnan(table.loc["trees", "alpha"])


def test_without_a_tuned_model_there_are_no_rows():
    table = best_parameters(choices_of({"rounds": 41.0}, 0))
    assert table.empty
    assert list(table) == ["model", "fold", "seed"]


class Named:
    """As much of a model's specification as a twin is known by."""

    def __init__(self, alpha, trials=None):
        self.seeds = 1
        self.tuning = None if trials is None else tuning(n_trials=trials)
        self.in_use = {"kind": "ridge", "ridge": RidgeSpec(alpha=alpha).model_dump()}
        if self.tuning is not None:
            self.in_use["tuning"] = self.tuning.model_dump()


def test_a_twin_is_the_same_but_for_the_tuning():
    models = {
        "strong": Named(100.0),
        "weak": Named(1.0),
        "weak_again": Named(1.0),
        "tuned": Named(1.0, trials=5),
        "tuned_more": Named(1.0, trials=50),
        "alone": Named(7.0, trials=5),
    }
    assert untuned_twin(models) == {"tuned": "weak", "tuned_more": "weak"}

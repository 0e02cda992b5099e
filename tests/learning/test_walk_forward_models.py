"""A walk-forward of models that need more than their rows: seeds, horizons, others."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning import (
    Background,
    ExecutionSpec,
    ModelSpec,
    check_fit_ledger,
    run_walk_forward,
)
from alpha_kedro.learning.wrappers.seeds import seed_of
from tests.learning.small_study import FEATURES, HORIZON, SESSIONS, SPEC, small_study

TREES = {"n_estimators": 8, "min_data_in_leaf": 20, "feature_fraction": 0.5}


def model(kind="ridge", **carried):
    return ModelSpec.parse({"kind": kind, "lightgbm": TREES, **carried}, "models.tiny")


def walk(models, *, labels=None, background=None, seed=7, workers=None, cache=None):
    samples, own = small_study()
    backend = "serial" if workers is None else "processes"
    return run_walk_forward(
        samples,
        own if labels is None else labels,
        models=models,
        spec=SPEC,
        seed=seed,
        execution=ExecutionSpec(backend=backend, workers=workers),
        cache_folder=cache,
        sessions=SESSIONS.to_numpy(),
        horizon=HORIZON,
        background=background or Background(),
    )


def scores(result, name):
    own = result.predictions[result.predictions["model"] == name]
    return own.set_index(["date", "ticker"])["score"]


def two_horizons(longer=10):
    """Return labels of both horizons, the longer being the opposite of the other."""
    _, labels = small_study()
    end = SESSIONS.get_indexer(labels["date"]) + longer
    later = labels.assign(
        horizon=longer,
        label=-labels["label"],
        label_end=SESSIONS[np.minimum(end, len(SESSIONS) - 1)],
    )
    return pd.concat([labels, later[end < 160]], ignore_index=True)


def states(seed=0):
    rng = np.random.default_rng(seed)
    calm = np.repeat([0.01, 0.03], 25)[np.arange(len(SESSIONS)) % 50]
    return pd.DataFrame(
        {
            "date": SESSIONS,
            "market_return": rng.normal(0, calm),
            "market_volatility": calm * (1 + 0.05 * rng.random(len(SESSIONS))),
            "trend": rng.normal(0, 0.1, len(SESSIONS)),
        }
    )


def test_seeds_are_averaged_and_each_is_a_fit_of_its_own():
    result = walk({"one": model("lightgbm"), "three": model("lightgbm", seeds=3)})
    alone = [
        scores(walk({"one": model("lightgbm")}, seed=seed_of(7, number)), "one")
        for number in range(3)
    ]
    mean = (alone[0] + alone[1] + alone[2]) / 3
    np.testing.assert_allclose(scores(result, "three"), mean, rtol=1e-12)
    assert scores(result, "one").equals(alone[0])
    settings = result.fit_choices
    own = settings[(settings["model"] == "three") & (settings["choice"] == "rounds")]
    assert sorted(own["seed"].unique()) == [0, 1, 2]


def test_the_seeds_of_a_fold_are_the_same_on_several_processes():
    models = {"three": model("lightgbm", seeds=3)}
    pd.testing.assert_frame_equal(
        walk(models).predictions, walk(models, workers=2).predictions, check_exact=True
    )


def test_a_model_learns_from_its_own_horizon_and_is_judged_on_the_main_one():
    models = {"short": model(), "long": model(horizon=10)}
    result = walk(models, labels=two_horizons())
    assert scores(result, "short").corr(scores(result, "long")) < -0.9
    by_model = dict(iter(result.predictions.groupby("model")["label"]))
    np.testing.assert_array_equal(by_model["short"], by_model["long"])
    ledger = result.fit_ledger.set_index(["model", "fold"])["max_label_end"]
    assert (ledger["long"] < result.fit_ledger["test_start"].iloc[:3].to_numpy()).all()
    train = result.fit_ledger.set_index(["model", "fold"])["train_end"]
    assert (train["long"] < train["short"]).all()


@pytest.mark.parametrize("main", [HORIZON, 10])
def test_horizons_share_one_axis_and_one_plan(main):
    samples, _ = small_study()
    other = 10 if main == HORIZON else HORIZON
    result = run_walk_forward(
        samples,
        two_horizons(),
        models={"main": model(), "other": model(horizon=other)},
        spec=SPEC,
        seed=7,
        execution=ExecutionSpec(),
        horizon=main,
    )
    tested = ["fold", "test_start", "test_end", "n_test"]
    ledger = result.fit_ledger.set_index("model")[tested]
    assert ledger.loc["main"].to_numpy().tolist() == (
        ledger.loc["other"].to_numpy().tolist()
    )


def test_an_ensemble_alone_says_who_is_missing():
    alone = {
        "both": ModelSpec.parse({"kind": "ensemble", "ensemble": ENSEMBLE}, "both")
    }
    with pytest.raises(ConfigError, match=r"AK-C002[\s\S]*ridge"):
        walk(alone)


def test_other_sectors_are_other_neutral_scores(tmp_path):
    samples, labels = small_study()
    models = {"free": model(neutralize=["sector"]), "plain": model()}

    def scored(sectors, cache):
        return run_walk_forward(
            samples.assign(sector=sectors),
            labels,
            models=models,
            spec=SPEC,
            seed=7,
            execution=ExecutionSpec(),
            cache_folder=cache,
        )

    halves = np.where(samples["ticker"] < "T4", "one", "two")
    thirds = np.where(samples["ticker"] < "T3", "one", "two")
    scored(halves, tmp_path)
    kept, fresh = scored(thirds, tmp_path), scored(thirds, None)
    assert scores(kept, "free").equals(scores(fresh, "free"))
    assert scores(kept, "plain").equals(scores(fresh, "plain"))


def test_neutral_scores_need_sectors_that_are_known():
    samples, labels = small_study()
    with pytest.raises(ModelError, match="AK-M046"):
        run_walk_forward(
            samples.assign(sector="UNKNOWN"),
            labels,
            models={"free": model(neutralize=["sector"])},
            spec=SPEC,
            seed=7,
            execution=ExecutionSpec(),
        )


def test_a_horizon_without_labels_is_refused_with_those_there_are():
    with pytest.raises(ModelError, match=r"AK-M016[\s\S]*\[3\] sessions"):
        walk({"long": model(horizon=10)})


def test_labels_of_several_horizons_need_a_choice():
    samples, _ = small_study()
    with pytest.raises(ModelError, match="several horizons"):
        run_walk_forward(
            samples,
            two_horizons(),
            models={"ridge": model()},
            spec=SPEC,
            seed=7,
            execution=ExecutionSpec(),
        )


ENSEMBLE = {
    "members": ["ridge", "trees"],
    "weighting": "ic",
    "min_dates": 20,
    "min_names": 5,
}


def study_of_an_ensemble(**options):
    models = {
        "ridge": model(),
        "trees": model("lightgbm"),
        "both": ModelSpec.parse({"kind": "ensemble", "ensemble": ENSEMBLE}, "both"),
    }
    return walk(models, **options)


def test_an_ensemble_weighs_others_by_what_was_known_of_them():
    result = study_of_an_ensemble()
    check_fit_ledger(result.fit_ledger, sessions=SESSIONS.to_numpy())
    own = result.fit_choices[result.fit_choices["model"] == "both"]
    weights = own.set_index(["fold", "choice"])
    assert weights.loc[(1, "weight_ridge"), "value"] == 0.5
    assert weights.loc[(3, "weight_ridge"), "value"] != 0.5
    both, ridge = scores(result, "both"), scores(result, "ridge")
    assert both.index.equals(ridge.index)
    assert both.corr(ridge) > 0.5


def test_what_comes_after_a_fold_changes_no_weight_of_its_ensemble():
    _, labels = small_study()
    late = labels["date"] >= SESSIONS[140]
    garbled = labels.assign(label=labels["label"].where(~late, -9.0 * labels["label"]))
    seen, other = study_of_an_ensemble(), study_of_an_ensemble(labels=garbled)
    assert scores(seen, "both").equals(scores(other, "both"))


def switched(detector):
    gates = {
        "detector": detector,
        "volatility": {"min_sessions": 50},
    }
    return model(regimes={**gates, "min_rows": 50, "min_dates": 5})


@pytest.mark.parametrize("detector", ["volatility", "trend"])
def test_a_fit_for_each_regime_uses_the_states_of_the_market(detector):
    models = {"plain": model(), "switched": switched(detector)}
    result = walk(models, background=Background(states=states()))
    assert not scores(result, "plain").equals(scores(result, "switched"))
    assert scores(result, "switched").notna().all()


def test_states_that_come_later_change_nothing_and_earlier_ones_do(tmp_path):
    models = {"switched": switched("volatility")}
    whole = walk(models, background=Background(states=states()), cache=tmp_path)
    for place, same in ((159, True), (100, False)):
        other = states()
        other.loc[place + 1 :, "market_volatility"] *= 7
        again = walk(models, background=Background(states=other), cache=tmp_path)
        assert scores(again, "switched").equals(scores(whole, "switched")) is same


def test_a_regime_model_without_states_says_what_is_missing():
    with pytest.raises(ModelError, match="AK-M120"):
        walk({"switched": model(regimes={"detector": "volatility"})})


def test_tuned_parameters_and_trials_are_told_of_each_fold():
    tuning = {"n_trials": 2, "n_splits": 2, "space": {"n_splits": [2, 3]}}
    result = walk({"tuned": model(tuning=tuning)})
    own = result.fit_choices.set_index(["fold", "choice"])
    assert own.loc[(1, "trials"), "value"] == 2
    assert own.loc[(3, "tuned.n_splits"), "value"] in (2, 3, 4)


def test_neutralized_scores_owe_nothing_to_their_exposure():
    result = walk({"plain": model(), "free": model(neutralize=[FEATURES[0]])})
    samples, _ = small_study()
    exposure = samples.set_index(["date", "ticker"])[FEATURES[0]]
    plain, free = (
        scores(result, name).corr(exposure, method="spearman")
        for name in ("plain", "free")
    )
    assert plain > 0.5
    assert abs(free) < plain / 3

"""The model of tonight is the fold that starts with the newest decision."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning import fit_production, join_examples, load_model
from alpha_kedro.learning.context import Context
from alpha_kedro.learning.ensemble import EnsembleSpec, weights_today
from alpha_kedro.learning.models import ModelSpec
from alpha_kedro.learning.production import known_rows
from alpha_kedro.learning.splitters.folds import WalkForwardSpec
from alpha_kedro.learning.storage.model_history import find_model, list_models
from alpha_kedro.learning.storage.track_record import walk_forward_metrics
from alpha_kedro.learning.wrappers.seeds import seed_of
from alpha_kedro.measures.ic import information_coefficients
from alpha_kedro.measures.significance import hac_mean
from tests.learning.planted import BLOCKS
from tests.learning.small_study import (
    FEATURES,
    HORIZON,
    RIDGE,
    SESSIONS,
    SPEC,
    small_study,
    walk,
)

ROLLING = SPEC.model_copy(update={"window": "rolling", "train_sessions": 50})
TREES = ModelSpec.parse(
    {"kind": "lightgbm", "lightgbm": BLOCKS["lightgbm"], "seeds": 2}, "trees"
)
WEIGHED = EnsembleSpec(
    members=("ridge", "trees"), weighting="ic", min_dates=10, min_names=5
)
BOTH = ModelSpec(kind="ensemble", ensemble=WEIGHED)
ALL = {"both": BOTH, **RIDGE, "trees": TREES}


def produce(folder, samples, labels, spec=SPEC, models=RIDGE, **settings):
    return fit_production(
        samples,
        labels,
        models=models,
        spec=spec,
        label="raw",
        seed=7,
        folder=folder,
        sessions=SESSIONS.to_numpy(),
        **settings,
    )


def newest_of(folder, name):
    return load_model(find_model(folder, name))


def tonight(samples):
    newest = samples[samples["date"] == samples["date"].max()]
    return newest[list(FEATURES)].to_numpy(dtype=np.float32), Context.of(newest)


@pytest.mark.parametrize("spec", [SPEC, ROLLING], ids=["expanding", "rolling"])
def test_tonight_scores_as_a_fold_tested_on_the_newest_decision_would(tmp_path, spec):
    samples, labels = small_study()
    newest = samples["date"].max()
    manifest = produce(tmp_path, samples, labels, spec)["ridge"]
    last_fold = WalkForwardSpec(**spec.model_dump() | {"first_test": newest.date()})
    research = walk(samples, labels, spec=last_fold)
    line = research.fit_ledger.iloc[0]
    record = manifest["training"]
    assert record["train_start"] == str(line.train_start.date())
    assert record["train_end"] == str(line.train_end.date())
    assert record["fit_end"] == str(line.max_label_end.date())
    model, _ = load_model(find_model(tmp_path, "ridge", as_of=newest))
    scores = model.score(*tonight(samples))
    assert scores.tolist() == research.predictions["score"].tolist()


def test_every_night_is_kept_by_its_own_date(tmp_path):
    samples, labels = small_study()
    for n_sessions in (150, 155, 160):
        before = SESSIONS[n_sessions - 1]
        produce(
            tmp_path,
            samples[samples["date"] <= before],
            labels[labels["label_end"] <= before],
            keep_last=2,
        )
    kept = list_models(tmp_path)
    assert len(kept) == 2
    assert kept["fit_end"].is_monotonic_increasing
    ended = kept["fit_end"][1]
    assert find_model(tmp_path, "ridge", as_of=ended).name == str(
        kept["fit_end"][0].date()
    )


def test_fits_of_several_seeds_are_one_model_with_their_mean(tmp_path):
    samples, labels = small_study()
    manifest = produce(tmp_path, samples, labels, models={"trees": TREES})["trees"]
    assert manifest["wrappers"] == ["seeds"]
    model, _ = newest_of(tmp_path, "trees")
    examples = join_examples(samples, labels)
    data = examples.training(known_rows(examples, SPEC, sessions=SESSIONS.to_numpy()))
    X, _ = tonight(samples)
    alone = [
        TREES.lightgbm.fit(data, seed=seed_of(7, number)).score(X) for number in (0, 1)
    ]
    assert model.score(X).tolist() == ((alone[0] + alone[1]) / 2).tolist()


def test_an_ensemble_of_tonight_weighs_its_members_by_their_past(tmp_path):
    samples, labels = small_study(n_names=12)
    models = {**RIDGE, "trees": TREES}
    predictions = walk(samples, labels, models=models).predictions
    manifests = produce(tmp_path, samples, labels, models=ALL, predictions=predictions)
    assert list(manifests) == list(ALL)
    weights = weights_today(
        WEIGHED,
        predictions,
        labels,
        newest=samples["date"].max(),
        embargo=SPEC.embargo,
        sessions=SESSIONS.to_numpy(),
    )
    model, manifest = newest_of(tmp_path, "both")
    assert dict(model.chosen) == dict(weights.chosen)
    assert weights.reason.startswith("learned from")
    assert np.isfinite(model.score(*tonight(samples))).all()
    ended = manifest.training.fit_end
    assert ended >= max(manifest.members.values())
    assert pd.Timestamp(ended) < samples["date"].max()


def test_an_ensemble_without_a_past_has_equal_weights_and_says_why(tmp_path):
    manifest = produce(tmp_path, *small_study(), models=ALL)["both"]
    assert manifest["chosen"] == {
        "weight_ridge": 0.5,
        "weight_trees": 0.5,
        "weights": "equal: no walk-forward to learn from",
    }
    assert set(manifest["members"]) == {"ridge", "trees"}


def test_an_ensemble_without_a_member_is_refused_before_anything_is_stored(tmp_path):
    with pytest.raises(ModelError, match="AK-M162"):
        produce(tmp_path, *small_study(), models={"both": BOTH, **RIDGE})
    assert list_models(tmp_path).empty


def test_the_record_says_how_models_of_the_name_did(tmp_path):
    samples, labels = small_study(n_names=12)
    predictions = walk(samples, labels).predictions
    manifest = produce(tmp_path, samples, labels, predictions=predictions)["ridge"]
    ic = information_coefficients(predictions, target="label")["rank_ic"]
    mean = hac_mean(ic, overlap=HORIZON)
    assert manifest["training"]["metrics"] == {
        "rank_ic": mean.mean,
        "rank_ic_t": mean.t,
        "rank_ic_dates": mean.n,
    }
    assert manifest["training"]["metrics"]["rank_ic"] > 0.5


def test_a_record_without_a_walk_forward_has_nulls_and_its_own_inner_folds(tmp_path):
    tuning = {"n_trials": 2, "min_names": 4, "space": {"n_splits": [3, 5]}}
    tuned = ModelSpec.parse({"kind": "ridge", "tuning": tuning}, "m")
    models = {**RIDGE, "tuned": tuned}
    manifests = produce(tmp_path, *small_study(), models=models)
    told = {name: each["training"]["metrics"] for name, each in manifests.items()}
    nothing = {"rank_ic": None, "rank_ic_t": None, "rank_ic_dates": None}
    assert told["ridge"] == nothing
    assert told["tuned"]["rank_ic"] is None
    assert told["tuned"]["inner_rank_ic"] > 0.3


def test_measures_given_by_the_caller_stand_in_the_record(tmp_path):
    given = {"ridge": {"rank_ic": 0.04, "rank_ic_t": None}}
    manifest = produce(tmp_path, *small_study(), metrics=given)["ridge"]
    assert manifest["training"]["metrics"]["rank_ic"] == 0.04


@pytest.mark.parametrize(
    ("every", "horizon", "spans"), [(1, 5, 5), (5, 5, 1), (5, 21, 5), (21, 21, 1)]
)
def test_overlapping_labels_make_a_t_more_careful(every, horizon, spans):
    rng = np.random.default_rng(0)
    dates = SESSIONS[::every][:12]
    names = [f"T{place:02d}" for place in range(15)]
    index = pd.MultiIndex.from_product([dates, names], names=["date", "ticker"])
    table = index.to_frame(index=False).assign(model="m")
    table["score"], table["label"] = rng.normal(size=(2, len(table)))
    found = walk_forward_metrics(table, horizon=horizon)["m"]["rank_ic_t"]
    ic = information_coefficients(table, target="label")["rank_ic"]
    assert found == hac_mean(ic, overlap=spans).t


def test_no_predictions_measure_nothing():
    assert walk_forward_metrics(walk(*small_study()).predictions[:0], horizon=5) == {}


def test_rows_without_a_label_teach_nothing_and_date_nothing():
    samples, labels = small_study()
    labels.loc[labels["date"] >= SESSIONS[100], "label"] = np.nan
    examples = join_examples(samples, labels)
    rows = known_rows(examples, SPEC, sessions=SESSIONS.to_numpy())
    assert examples.dates[rows].max() == SESSIONS[99].to_datetime64()


def test_a_history_without_a_known_label_is_refused_by_code(tmp_path):
    samples, labels = small_study(n_sessions=4)
    with pytest.raises(ConfigError, match="AK-C032"):
        produce(tmp_path, samples, labels)

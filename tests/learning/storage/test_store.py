"""Stored models: the same scores back, or a named refusal; never a crash or a lie."""

import functools
import json
from datetime import UTC, date, datetime

import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning.storage import library_versions
from alpha_kedro.learning.storage import manifest as manifests
from alpha_kedro.learning.storage.manifest import TrainingRecord, read_manifest
from alpha_kedro.learning.storage.store import load_model, save_model
from tests.learning.planted import BLOCKS, FEATURES, LEARNED, fitted, replaced, window

RECORD = TrainingRecord(
    label="sector_rank",
    horizon=5,
    train_start=date(2020, 1, 3),
    train_end=date(2021, 2, 19),
    fit_end=date(2021, 3, 5),
    trained_at=datetime(2021, 3, 8, 6, 30, tzinfo=UTC),
    seed=3,
    metrics={"rank_ic": 0.031, "icir": None},
)


once = functools.cache(fitted)


def saved(kind, folder, **overrides):
    some = fitted(kind, **overrides) if overrides else once(kind)
    save_model(some, folder, training=RECORD)
    return some


def main_file(folder):
    """The file a model is in, or the larger of two."""
    files = (path for path in folder.iterdir() if path.name != "manifest.json")
    return max(files, key=lambda path: path.stat().st_size)


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_model_comes_back_and_scores_bit_for_bit(kind, tmp_path):
    some, X = saved(kind, tmp_path), window(seed=1).X
    again, manifest = load_model(tmp_path)
    np.testing.assert_array_equal(again.score(X), some.score(X))
    assert (again.kind, again.features) == (kind, FEATURES)
    assert manifest.training == RECORD
    assert dict(again.files()) == dict(some.files())


@pytest.mark.parametrize("kind", LEARNED)
def test_explanations_and_dropped_features_come_back(kind, tmp_path):
    data = window()
    X = data.X.copy()
    X[:, 3] = 7.0
    some = saved(kind, tmp_path, data=replaced(data, X=X))
    again, manifest = load_model(tmp_path)
    assert again.dropped_features == some.dropped_features == {"noise": "constant"}
    assert manifest.dropped_features == {"noise": "constant"}
    np.testing.assert_array_equal(again.contributions(X), some.contributions(X))


@pytest.mark.parametrize("kind", BLOCKS)
def test_saving_twice_writes_the_same_bytes(kind, tmp_path):
    contents = []
    for name in ("one", "two"):
        save_model(fitted(kind), tmp_path / name, training=RECORD)
        files = sorted((tmp_path / name).iterdir())
        contents.append({path.name: path.read_bytes() for path in files})
    assert contents[0] == contents[1]


def test_the_manifest_says_what_the_model_is(tmp_path):
    saved("lightgbm", tmp_path)
    written = json.loads((tmp_path / "manifest.json").read_text())["manifest"]
    assert written["kind"] == "lightgbm"
    assert written["features"] == list(FEATURES)
    assert written["training"]["fit_end"] == "2021-03-05"
    assert written["training"]["trained_at"] == "2021-03-08T06:30:00Z"
    assert {"alpha-kedro", "lightgbm", "numpy"} == set(written["versions"])
    assert written["files"]["trees.txt"]["size"] == main_file(tmp_path).stat().st_size


def test_the_same_features_in_another_order_are_welcome(tmp_path):
    saved("ridge", tmp_path)
    load_model(tmp_path, expected_features=reversed(FEATURES))


def test_other_features_are_refused_by_name(tmp_path):
    saved("ridge", tmp_path)
    brought = [*FEATURES[1:], "beta"]
    with pytest.raises(ModelError, match="missing value, extra beta"):
        load_model(tmp_path, expected_features=brought)


def test_another_major_version_of_the_library_is_refused(tmp_path, monkeypatch):
    with monkeypatch.context() as past:
        old = {"lightgbm": "2.3.1"}
        past.setattr(manifests, "library_versions", lambda *parts: old)
        saved("lightgbm", tmp_path)
    with pytest.raises(ModelError, match=r"2\.3\.1") as refused:
        load_model(tmp_path)
    assert refused.value.code == "AK-M035"


def test_a_library_that_is_gone_is_named(tmp_path, monkeypatch):
    saved("xgboost", tmp_path)
    monkeypatch.setattr(library_versions, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="none is installed") as refused:
        load_model(tmp_path)
    assert refused.value.code == "AK-M035"


def test_a_new_model_replaces_the_old_and_leaves_nothing_behind(tmp_path):
    saved("lightgbm", tmp_path)
    (tmp_path / "notes.md").write_text("mine")
    some = saved("ridge", tmp_path)
    again, _ = load_model(tmp_path)
    np.testing.assert_array_equal(again.score(window().X), some.score(window().X))
    names = sorted(path.name.split("-")[0] for path in tmp_path.iterdir())
    assert names == ["manifest.json", "notes.md", "ridge"]


def test_a_record_needs_a_time_zone_and_days_in_any_form():
    block = RECORD.model_dump() | {"train_start": "2020-01-03"}
    assert TrainingRecord.parse(block, "record") == RECORD
    with pytest.raises(ConfigError, match="trained_at"):
        TrainingRecord.parse(block | {"trained_at": datetime(2021, 3, 8)}, "record")


def test_the_manifest_can_be_read_without_the_model(tmp_path):
    saved("xgboost", tmp_path)
    main_file(tmp_path).unlink()
    assert read_manifest(tmp_path).training.fit_end == date(2021, 3, 5)

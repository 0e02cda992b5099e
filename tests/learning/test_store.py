"""Stored models: the same scores back, or a named refusal; never a crash or a lie."""

import functools
import json
import os
import pickle
import signal
import subprocess
import sys
from datetime import UTC, date, datetime

import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning import manifest as manifests
from alpha_kedro.learning import store
from alpha_kedro.learning.lightgbm_trees import restore as restore_lightgbm
from alpha_kedro.learning.manifest import FileStamp, TrainingRecord, read_manifest
from alpha_kedro.learning.store import load_model, save_model
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


def only_file(folder):
    (path,) = (path for path in folder.iterdir() if path.name != "manifest.json")
    return path


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
    assert written["files"]["trees.txt"]["size"] == only_file(tmp_path).stat().st_size


@pytest.mark.slow
def test_half_a_lightgbm_file_would_end_the_process(tmp_path):
    """Seen red: what the checks stand in front of."""
    content = fitted("lightgbm").files()["trees.txt"]
    half = tmp_path / "half.txt"
    half.write_bytes(content[: len(content) // 2])
    code = "import lightgbm, sys; lightgbm.Booster(model_file=sys.argv[1])"
    ended = subprocess.run([sys.executable, "-c", code, half], capture_output=True)
    assert -ended.returncode in {signal.SIGSEGV, signal.SIGABRT}


@pytest.mark.parametrize("kind", LEARNED)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_a_cut_file_is_refused_by_name(kind, share, tmp_path):
    saved(kind, tmp_path)
    path = only_file(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelError, match=path.name) as refused:
        load_model(tmp_path)
    assert refused.value.code == "AK-M032"


@pytest.mark.parametrize("kind", LEARNED)
@pytest.mark.parametrize("where", [0.02, 0.25, 0.5, 0.75, 0.98])
def test_one_flipped_bit_is_refused(kind, where, tmp_path):
    saved(kind, tmp_path)
    path = only_file(tmp_path)
    content = bytearray(path.read_bytes())
    content[int(len(content) * where)] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ModelError, match="AK-M032"):
        load_model(tmp_path)


def test_other_line_endings_are_refused(tmp_path):
    saved("lightgbm", tmp_path)
    path = only_file(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(ModelError, match="AK-M032"):
        load_model(tmp_path)


def test_a_file_of_another_model_is_refused(tmp_path):
    saved("lightgbm", tmp_path / "mine")
    saved("lightgbm", tmp_path / "other", seed=4, bagging_fraction=0.5)
    only_file(tmp_path / "other").replace(only_file(tmp_path / "mine"))
    with pytest.raises(ModelError, match="AK-M032"):
        load_model(tmp_path / "mine")


def test_a_missing_file_is_refused(tmp_path):
    saved("ridge", tmp_path)
    only_file(tmp_path).unlink()
    with pytest.raises(ModelError, match="got:    0 bytes"):
        load_model(tmp_path)


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_a_folder_without_a_model_is_refused(folder, tmp_path):
    with pytest.raises(ModelError, match="AK-M030"):
        load_model(tmp_path / folder)


class Payload:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (os.mkdir, (self.mark,))


def test_a_pickle_is_refused_and_its_payload_does_not_run(tmp_path):
    mark = str(tmp_path / "mark")
    bomb = tmp_path / "model.pkl"
    bomb.write_bytes(pickle.dumps(Payload(mark)))
    with pytest.raises(ModelError, match="never opened"):
        load_model(bomb)
    saved("ridge", tmp_path / "model")
    only_file(tmp_path / "model").write_bytes(bomb.read_bytes())
    with pytest.raises(ModelError, match="AK-M032"):
        load_model(tmp_path / "model")
    (tmp_path / "model" / "manifest.json").write_bytes(bomb.read_bytes())
    with pytest.raises(ModelError, match="AK-M031"):
        load_model(tmp_path / "model")
    assert not os.path.exists(mark)
    # Seen red: the payload does run when it is unpickled.
    pickle.loads(bomb.read_bytes())
    assert os.path.exists(mark)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"value"', '"valu3"'),
        ('"horizon": 5', '"horizon": 6'),
        ('"kind": "ridge"', '"kind": "random"'),
        ("}", ""),
        ('"manifest"', '"manifesto"'),
        ("{", "["),
    ],
)
def test_an_edited_manifest_is_refused(old, new, tmp_path):
    saved("ridge", tmp_path)
    path = tmp_path / "manifest.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ModelError, match="AK-M031"):
        load_model(tmp_path)


def test_features_swapped_in_the_manifest_are_refused(tmp_path):
    """Every byte of the model is right, and every score would be wrong."""
    saved("ridge", tmp_path)
    path = tmp_path / "manifest.json"
    document = json.loads(path.read_text())
    document["manifest"]["features"].reverse()
    path.write_text(json.dumps(document))
    with pytest.raises(ModelError, match="does not match its seal"):
        load_model(tmp_path)


def test_a_sealed_file_name_cannot_leave_the_folder(tmp_path):
    saved("ridge", tmp_path)
    path = tmp_path / "manifest.json"
    body = json.loads(path.read_text())["manifest"]
    body["files"] = {"../../secret.json": body["files"]["ridge.json"]}
    digest = FileStamp.of(manifests._canonical(body)).sha256
    path.write_text(json.dumps({"manifest": body, "sha256": digest}))
    with pytest.raises(ModelError, match="AK-M031"):
        load_model(tmp_path)


def test_text_that_is_no_lightgbm_model_never_reaches_lightgbm():
    content = fitted("lightgbm").files()["trees.txt"]
    for wrong in (b"", b"hello", pickle.dumps(1), content[:-400], content[5:]):
        with pytest.raises(ModelError, match="AK-M034"):
            restore_lightgbm(FEATURES, {}, {"trees.txt": wrong})


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
        past.setattr(manifests, "library_versions", lambda kind: {kind: "2.3.1"})
        saved("lightgbm", tmp_path)
    with pytest.raises(ModelError, match=r"2\.3\.1") as refused:
        load_model(tmp_path)
    assert refused.value.code == "AK-M035"


def test_a_library_that_is_gone_is_named(tmp_path, monkeypatch):
    saved("xgboost", tmp_path)
    monkeypatch.setattr(manifests, "find_spec", lambda name: None)
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


@pytest.mark.parametrize("failing", [1, 2])
def test_a_write_that_fails_leaves_the_last_good_model(failing, tmp_path, monkeypatch):
    old, X = saved("lightgbm", tmp_path), window().X
    calls = []

    def disk_full(target, content):
        calls.append(target)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")
        target.write_bytes(content)

    monkeypatch.setattr(store, "write_bytes", disk_full)
    with pytest.raises(OSError, match="No space"):
        saved("ridge", tmp_path)
    again, manifest = load_model(tmp_path)
    assert manifest.kind == "lightgbm"
    np.testing.assert_array_equal(again.score(X), old.score(X))


def test_a_record_needs_a_time_zone_and_days_in_any_form():
    block = RECORD.model_dump() | {"train_start": "2020-01-03"}
    assert TrainingRecord.parse(block, "record") == RECORD
    with pytest.raises(ConfigError, match="trained_at"):
        TrainingRecord.parse(block | {"trained_at": datetime(2021, 3, 8)}, "record")


def test_the_manifest_can_be_read_without_the_model(tmp_path):
    saved("xgboost", tmp_path)
    only_file(tmp_path).unlink()
    assert read_manifest(tmp_path).training.fit_end == date(2021, 3, 5)

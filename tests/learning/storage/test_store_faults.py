"""Damaged and foreign model files: refused by name, never run, never half believed."""

import functools
import json
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.storage import manifest as manifests
from alpha_kedro.learning.storage import store
from alpha_kedro.learning.storage.manifest import FileStamp
from alpha_kedro.learning.storage.restoring import rebuild
from alpha_kedro.learning.storage.store import load_model, save_model
from alpha_kedro.learning.trees.lightgbm_trees import restore as restore_lightgbm
from tests.learning.planted import FEATURES, LEARNED, fitted, window
from tests.learning.sequence.panels import TINY
from tests.learning.sequence.panels import window as past_window
from tests.learning.storage.test_store import RECORD, main_file, saved
from tests.learning.surrounded import ORDER, surrounded

N_FLIPS, N_FLIPS_FULL = 200, 5_000
N_KILLS, N_KILLS_FULL = 3, 120


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
    path = main_file(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelError, match=path.name) as refused:
        load_model(tmp_path)
    assert refused.value.code == "AK-M032"


@pytest.mark.parametrize("kind", LEARNED)
@pytest.mark.parametrize("where", [0.02, 0.25, 0.5, 0.75, 0.98])
def test_one_flipped_bit_is_refused(kind, where, tmp_path):
    saved(kind, tmp_path)
    path = main_file(tmp_path)
    content = bytearray(path.read_bytes())
    content[int(len(content) * where)] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ModelError, match="AK-M032"):
        load_model(tmp_path)


def test_other_line_endings_are_refused(tmp_path):
    saved("lightgbm", tmp_path)
    path = main_file(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(ModelError, match="AK-M032"):
        load_model(tmp_path)


def test_a_file_of_another_model_is_refused(tmp_path):
    saved("lightgbm", tmp_path / "mine")
    saved("lightgbm", tmp_path / "other", seed=4, bagging_fraction=0.5)
    main_file(tmp_path / "other").replace(main_file(tmp_path / "mine"))
    with pytest.raises(ModelError, match="AK-M032"):
        load_model(tmp_path / "mine")


def test_a_missing_file_is_refused(tmp_path):
    saved("ridge", tmp_path)
    main_file(tmp_path).unlink()
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
    main_file(tmp_path / "model").write_bytes(bomb.read_bytes())
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


@functools.cache
def stored_kind(kind):
    """Return a model with one file, with tensors, or with files of nested models."""
    if kind == "lstm":
        return TINY["lstm"]().fit(past_window(), seed=3)
    return surrounded(*ORDER) if kind == "nested" else fitted(kind)


MANY = ("lstm", "nested")


def kept(kind, folder):
    save_model(stored_kind(kind), folder, training=RECORD)
    return sorted(path for path in folder.iterdir() if path.name != "manifest.json")


@pytest.mark.parametrize("kind", MANY)
def test_every_file_cut_at_every_length_class_is_refused_by_name(kind, tmp_path):
    for path in kept(kind, tmp_path):
        content = path.read_bytes()
        for end in {0, 1, 7, 8, 9, len(content) // 2, len(content) - 1}:
            path.write_bytes(content[:end])
            with pytest.raises(ModelError, match=path.name) as refused:
                load_model(tmp_path)
            assert refused.value.code == "AK-M032"
        path.write_bytes(content + b"\0")
        with pytest.raises(ModelError, match="AK-M032"):
            load_model(tmp_path)
        path.write_bytes(content)
    load_model(tmp_path)


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost", *MANY])
def test_a_bit_flipped_in_any_file_is_refused(kind, tmp_path, full_size):
    """The manifest is among them."""
    kept(kind, tmp_path)
    rng = np.random.default_rng(5)
    paths = sorted(tmp_path.iterdir())
    n_flips = N_FLIPS_FULL if full_size else N_FLIPS
    for _ in range(n_flips):
        path = paths[rng.integers(len(paths))]
        content = path.read_bytes()
        broken = bytearray(content)
        broken[rng.integers(len(content))] ^= 1 << rng.integers(8)
        path.write_bytes(broken)
        with pytest.raises(ModelError, match=r"AK-M031|AK-M032"):
            load_model(tmp_path)
        path.write_bytes(content)
    load_model(tmp_path)
    print(f"{kind}: {n_flips} of {n_flips} flips refused")


def test_two_files_of_a_model_swapped_are_refused(tmp_path):
    first, second, *_ = kept("nested", tmp_path)
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    with pytest.raises(ModelError, match="AK-M032"):
        load_model(tmp_path)


def test_the_manifest_of_another_model_is_refused(tmp_path):
    saved("lightgbm", tmp_path / "mine")
    saved("lightgbm", tmp_path / "other", seed=4, bagging_fraction=0.5)
    manifest = (tmp_path / "other" / "manifest.json").read_bytes()
    (tmp_path / "mine" / "manifest.json").write_bytes(manifest)
    with pytest.raises(ModelError, match="AK-M032"):
        load_model(tmp_path / "mine")


def test_a_link_or_a_folder_is_no_file(tmp_path):
    (path,) = kept("ridge", tmp_path / "model")
    elsewhere = path.replace(tmp_path / "elsewhere.json")
    path.symlink_to(elsewhere)
    with pytest.raises(ModelError, match="AK-M032"):
        load_model(tmp_path / "model")
    path.unlink()
    path.mkdir()
    with pytest.raises(ModelError, match="AK-M032"):
        load_model(tmp_path / "model")


def test_a_manifest_that_is_a_link_a_folder_or_endless_is_refused(tmp_path):
    kept("ridge", tmp_path / "model")
    path = tmp_path / "model" / "manifest.json"
    elsewhere = path.replace(tmp_path / "elsewhere.json")
    path.symlink_to(elsewhere)
    with pytest.raises(ModelError, match="is a link"):
        load_model(tmp_path / "model")
    path.unlink()
    path.mkdir()
    with pytest.raises(ModelError, match="AK-M030"):
        load_model(tmp_path / "model")
    path.rmdir()
    path.write_bytes(b"[" * 1_000_000)
    with pytest.raises(ModelError, match="AK-M031"):
        load_model(tmp_path / "model")
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ModelError, match="longer than any"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize(
    "name",
    ["../up.json", "/etc/passwd", "a/b.json", "a.pkl", "A.json", ".json", "a.json.txt"],
)
def test_no_sealed_name_leads_out_of_the_folder_or_to_another_format(name, tmp_path):
    kept("ridge", tmp_path)
    resealed(tmp_path, lambda body: {"files": {name: body["files"]["ridge.json"]}})
    with pytest.raises(ModelError, match="AK-M031"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    "changes", [{"name": "../b"}, {"members": {"..": "2020-01-01"}}]
)
def test_no_sealed_model_name_leads_out_of_the_store(changes, tmp_path):
    kept("ridge", tmp_path)
    resealed(tmp_path, lambda _: changes)
    with pytest.raises(ModelError, match="AK-M031"):
        load_model(tmp_path)


def test_a_wrapper_nobody_knows_is_refused(tmp_path):
    kept("ridge", tmp_path)
    resealed(tmp_path, lambda _: {"wrappers": ["gift"]})
    with pytest.raises(ModelError, match="AK-M031"):
        load_model(tmp_path)


def resealed(folder, changes):
    """Change a manifest and seal it again, as somebody with bad intent could."""
    path = folder / "manifest.json"
    body = json.loads(path.read_text())["manifest"]
    body |= changes(body)
    digest = FileStamp.of(manifests._canonical(body)).sha256
    path.write_text(json.dumps({"manifest": body, "sha256": digest}))


def foreign(what, mark):
    """Return a file of another format that leaves a mark when it is unpickled."""
    import io

    buffer = io.BytesIO()
    if what == "joblib":
        import joblib

        joblib.dump(Payload(mark), buffer)
    elif what == "torch":
        import torch

        torch.save(Payload(mark), buffer)
    elif what == "zip":
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("model/data.pkl", pickle.dumps(Payload(mark)))
    else:
        pickle.dump(Payload(mark), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("what", ["joblib", "pickle", "torch", "zip"])
@pytest.mark.parametrize("kind", ["lightgbm", "lstm", "nested", "ridge", "xgboost"])
def test_foreign_files_are_refused_and_nothing_in_them_runs(kind, what, tmp_path):
    """In the place of a file; and vouched for by a manifest, where it is the content
    that gives it away."""
    mark = str(tmp_path / "mark")
    content, folder = foreign(what, mark), tmp_path / "model"
    for path in kept(kind, folder):
        good = path.read_bytes()
        path.write_bytes(content)
        with pytest.raises(ModelError, match="AK-M032"):
            load_model(folder)
        path.write_bytes(good)
    some = stored_kind(kind)
    wrappers = ORDER if kind == "nested" else ()
    for name in some.files():
        with pytest.raises(ModelError) as refused:
            rebuild(
                some.kind,
                wrappers,
                some.features,
                some.dropped_features,
                {**some.files(), name: content},
            )
        assert refused.value.code in {"AK-M034", "AK-M036", "AK-M110", "AK-M111"}
    assert not os.path.exists(mark)


@pytest.mark.parametrize("what", ["joblib", "torch"])
def test_what_others_read_runs_what_is_in_it(what, tmp_path):
    """Seen red: the mark is left where such files are opened."""
    import io

    mark = str(tmp_path / "mark")
    content = io.BytesIO(foreign(what, mark))
    if what == "joblib":
        import joblib

        joblib.load(content)
    else:
        import torch

        torch.load(content, weights_only=False)
    assert os.path.exists(mark)


def write_for_ever(folder, started):
    """Two models in turn in one place: the work of the process that is killed."""
    while True:
        for kind in ("lightgbm", "ridge"):
            save_model(stored_kind(kind), folder, training=RECORD)
            started.set()


@pytest.mark.slow
def test_a_killed_writer_leaves_a_whole_model(tmp_path, full_size):
    from multiprocessing import get_context

    folder, kinds = tmp_path / "model", []
    moments = np.random.default_rng(1).uniform(0, 0.05, N_KILLS)
    expected = {kind: stored_kind(kind).files() for kind in ("lightgbm", "ridge")}
    if full_size:
        moments = np.random.default_rng(1).uniform(0, 0.05, N_KILLS_FULL)
    context = get_context("spawn")
    for moment in moments:
        started = context.Event()
        writer = context.Process(
            target=write_for_ever, args=(folder, started), daemon=True
        )
        writer.start()
        assert started.wait(timeout=120)
        time.sleep(moment)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        model, manifest = load_model(folder)
        assert model.files() == expected[manifest.kind]
        kinds.append(manifest.kind)
    print(f"{len(kinds)} kills, 0 broken: {kinds.count('ridge')} times a ridge")

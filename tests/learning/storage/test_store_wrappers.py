"""What surrounds a model is stored with it, named in its manifest, and comes back."""

import subprocess
import sys

import numpy as np
import pytest

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.storage.manifest import read_manifest
from alpha_kedro.learning.storage.restoring import rebuild, wrappers_of
from alpha_kedro.learning.storage.store import load_model, save_model
from alpha_kedro.learning.training import Kind
from tests.learning.planted import BLOCKS, fitted
from tests.learning.sequence.panels import TINY
from tests.learning.sequence.panels import window as past_window
from tests.learning.storage.test_store import RECORD
from tests.learning.surrounded import ORDER, rows, surrounded

ALONE = [(name,) for name in ORDER]


def same_bits(again, some, data):
    given = data.X, data.context
    np.testing.assert_array_equal(again.score(*given), some.score(*given))
    parts, before = again.contributions(*given), some.contributions(*given)
    if before is None:
        assert parts is None
    else:
        np.testing.assert_array_equal(parts, before)
    assert dict(again.files()) == dict(some.files())
    assert again.dropped_features == some.dropped_features
    assert dict(again.chosen) == dict(some.chosen)


@pytest.mark.parametrize(
    "wrappers", [*ALONE, ORDER[:2], ORDER[1:4], ORDER], ids="-".join
)
def test_a_wrapped_model_comes_back_to_the_bit(wrappers, tmp_path):
    some = surrounded(*wrappers)
    assert wrappers_of(some) == wrappers
    save_model(some, tmp_path, training=RECORD)
    again, manifest = load_model(tmp_path)
    assert manifest.wrappers == wrappers
    assert manifest.kind == "ridge"
    assert wrappers_of(again) == wrappers
    same_bits(again, some, rows(seed=1))


def test_files_of_nested_models_have_names_of_their_own(tmp_path):
    save_model(surrounded(*ORDER), tmp_path, training=RECORD)
    names = {*read_manifest(tmp_path).files}
    assert {"seeds.json", "seed0_tuning.json", "seed1_neutralized.json"} < names
    assert {"seed1_regimes.json", "seed0_regime0_ridge.json"} < names
    assert "seed0_regime1_selection.json" in names
    on_disk = {path.name for path in tmp_path.iterdir()}
    assert len(on_disk) == len(names) + 1


@pytest.mark.parametrize("kind", TINY)
def test_a_network_comes_back_to_the_bit(kind, tmp_path):
    data = past_window()
    some = TINY[kind]().fit(data, seed=3)
    save_model(some, tmp_path, training=RECORD)
    again, manifest = load_model(tmp_path)
    assert {"safetensors", "torch"} < {*manifest.versions}
    assert len(list(tmp_path.glob("network-*.safetensors"))) == 1
    same_bits(again, some, data.take(np.arange(60)))


@pytest.mark.parametrize("kind", ["classifier", "elastic_net"])
def test_newer_kinds_come_back_to_the_bit(kind, tmp_path):
    some, data = fit_newer(kind), rows(seed=1)
    save_model(some, tmp_path, training=RECORD)
    again, _ = load_model(tmp_path)
    same_bits(again, some, data)


def fit_newer(kind):
    from alpha_kedro.learning.classification.classifier import ClassifierSpec
    from alpha_kedro.learning.linear_models.elastic_net import ElasticNetSpec

    trees = BLOCKS["lightgbm"]
    specs = {
        "classifier": lambda: ClassifierSpec.parse({"lightgbm": trees}, "m"),
        "elastic_net": lambda: ElasticNetSpec(alpha=(0.01,)),
    }
    return specs[kind]().fit(rows(), seed=3)


def test_the_manifest_says_what_the_fit_chose_and_learned_with(tmp_path):
    some = surrounded("regimes", "tuning")
    manifest = save_model(some, tmp_path, training=RECORD)
    assert manifest.chosen == dict(some.chosen)
    assert {"hmmlearn", "optuna"} < {*manifest.versions}


def test_a_choice_that_is_no_number_is_null(tmp_path):
    class Odd:
        kind, features, dropped_features = "ridge", ("a",), {}
        chosen = {"rounds": np.float64("nan"), "way": "up"}  # noqa: RUF012

        def files(self):
            return {"ridge.json": b"{}"}

    assert save_model(Odd(), tmp_path, training=RECORD).chosen == {
        "rounds": None,
        "way": "up",
    }


def test_every_kind_but_an_ensemble_can_be_rebuilt():
    """An ensemble is rebuilt from other models; see ``test_store_history``."""
    from alpha_kedro.learning.storage import restoring

    assert {*restoring._KINDS} == {*Kind.__args__} - {"ensemble"}
    for place in (*restoring._KINDS.values(), *restoring._WRAPPERS.values()):
        assert callable(restoring._named(place))


def test_a_kind_is_imported_when_a_model_of_it_is_loaded(tmp_path):
    """A ridge needs no library of trees or of networks, nor scikit-learn."""
    save_model(fitted("ridge"), tmp_path, training=RECORD)
    program = (
        "import sys\n"
        "from alpha_kedro.learning.storage.store import load_model\n"
        "load_model(sys.argv[1])\n"
        "print({'hmmlearn', 'lightgbm', 'optuna', 'sklearn', 'torch', 'xgboost'}"
        " & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("wrapper", ORDER)
@pytest.mark.parametrize("wrong", [b"", b"[]", b"{}", b"\x80\x04", b"[" * 100_000])
def test_a_wrapper_of_another_format_is_refused(wrapper, wrong):
    """What a manifest vouches for may still have been written by something else."""
    some = surrounded(wrapper)
    own = {
        "selection": "selection.json",
        "regimes": "regimes.json",
        "tuning": "tuning.json",
        "neutralize": "neutralized.json",
        "seeds": "seeds.json",
    }[wrapper]
    files = {**some.files(), own: wrong}
    with pytest.raises(ModelError, match="AK-M036") as refused:
        rebuild("ridge", (wrapper,), some.features, {}, files)
    assert refused.value.got


@pytest.mark.parametrize("kind", ["factor", "random"])
def test_a_kind_of_another_format_is_refused(kind):
    files = {"factor.json": b"{}{", "random.json": b"seven"}
    with pytest.raises(ModelError, match="AK-M036"):
        rebuild(kind, (), ("value",), {}, files)


def test_a_missing_file_of_a_wrapper_is_refused():
    some = surrounded("selection")
    with pytest.raises(ModelError, match="AK-M036"):
        rebuild("ridge", ("selection",), some.features, {}, fitted("ridge").files())

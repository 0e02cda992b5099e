"""Taught networks on disk: back bit for bit, and nothing else accepted."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.sequence.fitted import RECORD_FILE, WEIGHTS_FILE
from alpha_kedro.learning.sequence.stored import restore
from tests.learning.sequence.panels import TINY, window

DATA = window()
FITTED = {kind: spec().fit(DATA, seed=3) for kind, spec in TINY.items()}


def back(kind="lstm", dropped=None, features=None, **changed):
    fitted = FITTED[kind]
    names = {"weights": WEIGHTS_FILE, "record": RECORD_FILE}
    files = dict(fitted.files()) | {names[key]: value for key, value in changed.items()}
    return restore(features or fitted.features, dropped or {}, files)


def refused(code, **changed):
    with pytest.raises(ModelError) as caught:
        back(**changed)
    assert caught.value.code == code
    return str(caught.value)


def weights(kind="lstm"):
    return FITTED[kind].files()[WEIGHTS_FILE]


def record(**changed):
    document = json.loads(FITTED["lstm"].files()[RECORD_FILE])
    return json.dumps(document | changed).encode()


@pytest.mark.parametrize("kind", TINY)
class TestRoundTrip:
    def test_scores_and_parts_are_the_same_bits(self, kind):
        restored = back(kind)
        some = np.arange(40, 100)
        given = DATA.X[some], DATA.context.take(some)
        scores = FITTED[kind].score(*given)
        np.testing.assert_array_equal(restored.score(*given), scores)
        assert np.isfinite(scores).any()
        np.testing.assert_array_equal(
            restored.contributions(*given), FITTED[kind].contributions(*given)
        )

    def test_all_it_says_of_itself_is_the_same(self, kind):
        restored = back(kind)
        assert restored.files() == FITTED[kind].files()
        assert restored.kind == kind
        assert restored.chosen == FITTED[kind].chosen
        assert restored.looks_back == FITTED[kind].looks_back

    def test_reading_draws_no_random_numbers(self, kind):
        before = torch.get_rng_state()
        back(kind)
        assert torch.equal(torch.get_rng_state(), before)


class TestWeights:
    def test_cut_anywhere(self):
        whole = weights()
        for end in [0, 4, 8, 40, len(whole) // 2, len(whole) - 1]:
            refused("AK-M111", weights=whole[:end])

    def test_with_something_behind(self):
        refused("AK-M111", weights=weights() + b"\0\0\0\0")

    def test_a_pickle(self):
        refused("AK-M111", weights=b"\x80\x04\x95" + bytes(100))

    def test_a_table_that_claims_to_be_endless(self):
        claim = (1 << 40).to_bytes(8, "little")
        refused("AK-M111", weights=claim + weights()[8:])

    def test_a_table_that_is_none(self):
        for table in (b"[1, 2]", b'{"a": 3}', b"\xff\xfe", b'{"a": {"dtype": "F32"}}'):
            size = len(table).to_bytes(8, "little")
            refused("AK-M111", weights=size + table)

    def test_of_another_network(self):
        message = refused("AK-M111", weights=weights("multi_scale_lstm"))
        assert "across.key.bias" in message

    def test_of_another_size(self):
        other = TINY["lstm"](hidden=5).fit(DATA, seed=3).files()[WEIGHTS_FILE]
        assert "lstm.weight_hh_l0" in refused("AK-M111", weights=other)

    def test_of_another_type(self):
        halves = {name: each.half() for name, each in load(weights()).items()}
        assert "float32" in refused("AK-M111", weights=save(halves))

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_that_are_no_numbers(self, value):
        numbers = load(weights())
        numbers["head.0.bias"][0] = value
        assert "head.0.bias" in refused("AK-M112", weights=save(numbers))


class TestRecord:
    def test_no_json(self):
        refused("AK-M110", record=b"\x80\x04\x95")
        refused("AK-M110", record=b"[]")

    @pytest.mark.parametrize(
        "key", ["kind", "spec", "scaling", "read", "centre", "first"]
    )
    def test_a_part_is_gone(self, key):
        document = json.loads(record())
        del document[key]
        refused("AK-M110", record=json.dumps(document).encode())

    def test_of_no_known_date(self):
        refused("AK-M110", record=record(first="yesterday"))

    def test_of_an_unknown_kind(self):
        refused("AK-M110", record=record(kind="transformer"))

    def test_with_parameters_nobody_knows(self):
        spec = json.loads(record())["spec"] | {"gates": 3}
        refused("AK-M110", record=record(spec=spec))

    def test_of_other_features(self):
        refused("AK-M110", features=("pace", "size", "other"))
        refused("AK-M110", dropped={"luck": "constant"})

    def test_of_another_size_than_the_weights(self):
        spec = json.loads(record())["spec"] | {"hidden": 6}
        refused("AK-M111", record=record(spec=spec))

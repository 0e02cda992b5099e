"""Networks: what they read, what they must not, and how many weights they have."""

import numpy as np
import pytest
import torch
from torch import nn

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.learning.sequence.architecture import (
    attend,
    attention,
    begun_at_once,
    last_state,
)
from alpha_kedro.learning.sequence.lstm import LSTMSpec
from alpha_kedro.learning.sequence.multi_scale import MultiScaleLSTMSpec
from tests.learning.sequence.panels import TINY, lstm, multi_scale


def drawn(spec, n_inputs=3, seed=0):
    torch.manual_seed(seed)
    return spec.build(n_inputs).eval()


def weights_in(layers):
    return sum(weight.numel() for weight in layers.parameters())


def test_the_large_network_has_3_2_million_weights():
    """24 features, sizes as published; each part by its own formula."""
    spec, p = MultiScaleLSTMSpec(), 24

    def recurrent(inputs, units):
        return 4 * units * (inputs + units + 2)

    def linear(inputs, outputs):
        return inputs * outputs + outputs

    lstms = recurrent(p, 128) + recurrent(p, 512) + recurrent(512, 256)
    lstms += recurrent(p, 128)
    within = 4 * (2 * linear(128, 128) + linear(256, 256))
    across = 4 * linear(256, 256) + 2 * linear(128, 256) + linear(256, 256)
    norms = 2 * (128 + 256 + 128 + 256)
    read = 3 * 256 + 128 + 256 + 128
    dense = linear(read, 256) + linear(256, 128) + linear(128, 64) + linear(64, 1)
    assert lstms + within + across + norms + dense == 3_208_961
    assert weights_in(spec.build(p)) == 3_208_961


def test_a_plain_lstm_has_the_weights_of_its_formula():
    layers = LSTMSpec(hidden=64).build(24)
    assert weights_in(layers) == 4 * 64 * (24 + 64 + 2) + 64 + 1


def test_branches_read_the_sessions_they_are_meant_to():
    spec = MultiScaleLSTMSpec()
    assert spec.short.offsets.tolist() == list(range(9, -1, -1))
    assert spec.medium.offsets.tolist() == list(range(29, -1, -1))
    assert spec.long.offsets.tolist() == list(range(115, -1, -5))
    assert spec.looks_back == 116
    assert len(spec.offsets) == 30 + 18
    assert LSTMSpec(lookback=60).looks_back == 60


def test_sequences_are_moved_to_their_beginning():
    values = torch.arange(1, 13.0).reshape(2, 3, 2)
    moved = begun_at_once(values, torch.tensor([3, 2]))
    assert moved[0].equal(values[0])
    assert moved[1].tolist() == [[9, 10], [11, 12], [0, 0]]
    assert last_state(moved, torch.tensor([3, 2])).tolist() == [[5, 6], [11, 12]]


@pytest.mark.parametrize("kind", TINY)
def test_a_short_sequence_is_one_that_nothing_came_before(kind):
    """What stands in the steps a sequence does not have makes no difference."""
    spec = TINY[kind]()
    layers = drawn(spec)
    n_steps = len(spec.offsets)
    values = torch.randn(4, n_steps, 3)
    lengths = torch.tensor([spec.looks_back, 5, 4, 1])
    said = spec.outputs(layers, values, lengths)
    other = values.clone()
    beyond = torch.tensor(spec.offsets.copy()) >= lengths[:, None]
    other[beyond] = 99.0
    assert spec.outputs(layers, other, lengths).equal(said)
    other[:, -1] += 1
    assert (spec.outputs(layers, other, lengths) != said).all()


def test_a_padded_lstm_is_a_short_lstm():
    """The slow twin runs each sequence by itself, at its own length."""
    spec = lstm(lookback=6)
    layers = drawn(spec)
    values, lengths = torch.randn(5, 6, 3), torch.tensor([6, 3, 1, 4, 6])
    said = spec.outputs(layers, values, lengths)
    for row, length in enumerate(lengths.tolist()):
        states = layers["lstm"](values[row : row + 1, 6 - length :])[0]
        assert said[row].item() == pytest.approx(
            layers["head"](states[:, -1]).item(), rel=1e-5, abs=1e-7
        )


@pytest.mark.parametrize("place", range(8))
def test_the_large_network_looks_where_a_branch_does(place):
    """Offsets 7, 5 are read by none: lookbacks 3 and 5, and 0, 3, 6 of the long."""
    spec = multi_scale()
    assert spec.offsets.tolist() == [6, 4, 3, 2, 1, 0]
    layers = drawn(spec)
    values = torch.randn(2, 6, 3)
    lengths = torch.full((2,), 7)
    said = spec.outputs(layers, values, lengths)
    other = values.clone()
    read = place in spec.offsets
    if read:
        other[:, spec.offsets.tolist().index(place)] += 1.0
    assert (spec.outputs(layers, other, lengths) != said).all() == read


def test_attention_is_that_of_torch():
    torch.manual_seed(0)
    ours = attention(8)
    theirs = nn.MultiheadAttention(8, 2, batch_first=True)
    parts = [ours[name] for name in ("query", "key", "value")]
    theirs.in_proj_weight.data = torch.cat([part.weight for part in parts])
    theirs.in_proj_bias.data = torch.cat([part.bias for part in parts])
    theirs.out_proj.load_state_dict(ours["out"].state_dict())
    asking, asked = torch.randn(3, 2, 8), torch.randn(3, 5, 8)
    counts = torch.tensor([5, 2, 1])
    hidden = torch.arange(5) >= counts[:, None]
    wanted = theirs(asking, asked, asked, key_padding_mask=hidden)[0]
    found = attend(ours, asking, asked, heads=2, counts=counts)
    torch.testing.assert_close(found, wanted)


class TestSettings:
    def test_no_row_could_be_long_enough(self):
        with pytest.raises(ConfigError, match="min_length is longer than lookback"):
            lstm(lookback=5, min_length=6)
        with pytest.raises(ConfigError, match="longer than any branch"):
            multi_scale(min_length=9)

    def test_heads_that_do_not_divide(self):
        with pytest.raises(ConfigError, match="heads 3 has to divide"):
            multi_scale(heads=3)

    def test_a_misspelt_key(self):
        with pytest.raises(ConfigError, match="did you mean 'hidden'"):
            lstm(hiden=3)

    def test_sizes_come_as_yaml_lists(self):
        assert lstm(head=[8, 4]).head == (8, 4)
        assert np.array_equal(multi_scale().medium.units, (6, 4))

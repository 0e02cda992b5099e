"""Integrated gradients: exact where the answer is known, complete everywhere."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from alpha_kedro.learning.explaining.explain import contributions
from alpha_kedro.learning.sequence import gradients
from alpha_kedro.learning.sequence.gradients import integrated_gradients
from alpha_kedro.learning.sequence.lstm import LSTMSpec
from alpha_kedro.learning.sequence.network import network_of
from tests.learning.sequence.panels import TINY, scores_of, table, window

KINDS = pytest.mark.parametrize("kind", TINY)
DATA = window()
FITTED = {kind: spec().fit(DATA, seed=3) for kind, spec in TINY.items()}


def sequences_of(fitted, data):
    return fitted._sequences(data.X, data.context)


@KINDS
def test_parts_add_up_to_the_scores(kind):
    """`contributions` itself refuses parts that do not."""
    data = DATA.take(np.arange(150))
    parts = contributions(FITTED[kind], data.X, data.context)
    scores = scores_of(FITTED[kind], data)
    assert parts.shape == (150, 4)
    np.testing.assert_array_equal(np.isnan(parts).any(axis=1), np.isnan(scores))
    known = ~np.isnan(scores)
    gap = np.abs(parts.sum(axis=1) - scores) / np.abs(parts).sum(axis=1)
    assert gap[known].max() < 1e-4


def steeper(kind, factor):
    fitted = FITTED[kind]
    state = fitted.network.layers.state_dict()
    weights = {name: factor * each for name, each in state.items()}
    return replace(fitted, network=network_of(fitted.network.spec, 3, weights))


def test_steep_networks_are_given_more_nodes(monkeypatch):
    asked = []
    original = gradients._summed

    def summed(network, ends, counts, nodes):
        asked.append(nodes)
        return original(network, ends, counts, nodes)

    monkeypatch.setattr(gradients, "_summed", summed)
    some = np.arange(80)
    contributions(steeper("lstm", 3), DATA.X[some], DATA.context.take(some))
    assert max(asked) > min(asked) == gradients.FEWEST_NODES


def test_rows_that_cannot_be_split_are_left_out_and_counted(caplog, monkeypatch):
    """Nearly a staircase; what is told adds up, the rest is not told."""
    monkeypatch.setattr(gradients, "MOST_NODES", 16)
    some = np.arange(80)
    given = DATA.X[some], DATA.context.take(some)
    steep = steeper("lstm", 6)
    parts = contributions(steep, *given)
    unsplit = np.isnan(parts).any(axis=1) & ~np.isnan(steep.score(*given))
    assert 0 < unsplit.sum() < 60
    assert f"{unsplit.sum()} of" in caplog.text


def test_a_linear_network_is_split_exactly(monkeypatch):
    """Output = sum over steps of weights x values: each part is its own product."""
    weights = torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64)

    def outputs(self, layers, values, lengths):
        return (values @ weights).sum(dim=1) + 0.25

    monkeypatch.setattr(LSTMSpec, "outputs", outputs)
    sequences, rows = sequences_of(FITTED["lstm"], DATA)
    parts = integrated_gradients(FITTED["lstm"].network, sequences, rows[:70])
    values, _ = sequences.gather(rows[:70])
    wanted = values.sum(axis=1) * weights.numpy()
    np.testing.assert_allclose(parts[:, :3], wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(parts[:, 3], 0.25)


def test_a_sum_over_many_nodes_comes_to_the_same():
    """The slow twin: two hundred steps along the path, in float64."""
    fitted = FITTED["lstm"]
    sequences, rows = sequences_of(fitted, DATA)
    found = integrated_gradients(fitted.network, sequences, rows[:5])[:, :3]
    values, lengths = sequences.gather(rows[:5])
    ends, counts = torch.from_numpy(values).double(), torch.from_numpy(lengths)
    spec = fitted.network.spec
    layers = spec.build(3).eval().double()
    layers.load_state_dict(fitted.network.layers.state_dict())
    slopes = torch.zeros_like(ends)
    n_steps = 200
    for step in range(n_steps):
        point = (ends * (step + 0.5) / n_steps).requires_grad_()
        said = spec.outputs(layers, point, counts).sum()
        slopes += torch.autograd.grad(said, point)[0] / n_steps
    wanted = (slopes * ends).sum(dim=1).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-5)


def test_missing_indicators_speak_for_their_feature():
    spec = TINY["lstm"](preprocessing={"missing_indicators": True})
    fitted = spec.fit(DATA, seed=3)
    parts = contributions(fitted, DATA.X, DATA.context)
    assert parts.shape[1] == 4


def test_features_that_are_not_read_have_no_part():
    rows = table()
    data = window(rows.assign(size=np.float32(1)))
    fitted = TINY["lstm"]().fit(data, seed=3)
    parts = contributions(fitted, data.X, data.context)
    known = ~np.isnan(parts).any(axis=1)
    assert not parts[known, 1].any()
    assert parts[known][:, [0, 2]].any()


def test_no_rows_have_no_parts():
    nobody = np.arange(0)
    parts = FITTED["lstm"].contributions(DATA.X[nobody], DATA.context.take(nobody))
    assert parts.shape == (0, 4)

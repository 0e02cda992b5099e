"""Losses against the same sums in numpy, and what they may not depend on."""

import numpy as np
import pytest
import torch

from alpha_kedro.learning.sequence.losses import LossSpec, Targets, loss_of

COUNTS = [4, 1, 3]
DATES = np.repeat(
    np.array(["2020-01-01", "2020-01-02", "2020-01-03"], "M8[us]"), COUNTS
)


def batch(seed=0):
    rng = np.random.default_rng(seed)
    outputs, targets = rng.normal(size=(2, 8))
    return outputs, targets, rng.uniform(0.5, 2.0, size=8)


def loss(kind, outputs, targets, weights, counts=COUNTS, **settings):
    tensors = [torch.tensor(each) for each in (outputs, targets, weights)]
    return loss_of(LossSpec(kind=kind, **settings), *tensors, counts)


def mean(values, weights):
    return np.sum(values * weights) / np.sum(weights)


def test_squared_error():
    s, z, w = batch()
    assert loss("mse", s, z, w).item() == pytest.approx(mean((s - z) ** 2, w))


def test_huber():
    s, z, w = batch()
    gap = np.abs(s - z)
    each = np.where(gap <= 0.7, gap**2 / 2, 0.7 * (gap - 0.35))
    found = loss("huber", s, z, w, huber_delta=0.7)
    assert found.item() == pytest.approx(mean(each, w))


def test_squared_and_directional():
    s, z, w = batch()
    z[0] = 0.0
    direction = np.log1p(np.exp(-np.sign(z) * s))
    wanted = 0.6 * mean((s - z) ** 2, w) + 0.4 * mean(direction, w)
    assert loss("squared_and_directional", s, z, w).item() == pytest.approx(wanted)


def test_rank_correlation():
    """The second date has one name, and no correlation."""
    s, z, w = batch()
    correlations, of_dates = [], []
    for start, end in ((0, 4), (5, 8)):
        left, right, own = s[start:end], z[start:end], w[start:end]
        left, right = left - mean(left, own), right - mean(right, own)
        spread = np.sqrt(mean(left**2, own) * mean(right**2, own))
        correlations.append(mean(left * right, own) / spread)
        of_dates.append(own.mean())
    wanted = 1 - mean(np.array(correlations), np.array(of_dates))
    assert loss("rank_correlation", s, z, w).item() == pytest.approx(wanted)


def test_without_weights_a_rank_correlation_is_that_of_numpy():
    s, z, _ = batch()
    found = loss("rank_correlation", s, z, np.ones(8), [8]).item()
    assert found == pytest.approx(1 - np.corrcoef(s, z)[0, 1])


def test_dates_that_are_one_score_or_one_label_leave_no_trace_of_nan():
    s, z, w = batch()
    outputs = torch.tensor(np.where(np.arange(8) < 4, 0.3, s), requires_grad=True)
    labels = np.where(np.arange(8) >= 5, 1.0, z)
    tensors = [torch.tensor(each) for each in (labels, w)]
    found = loss_of(LossSpec(kind="rank_correlation"), outputs, *tensors, COUNTS)
    found.backward()
    assert found.item() == pytest.approx(1.0)
    assert torch.isfinite(outputs.grad).all()


def test_labels_that_say_nothing_give_no_slope():
    outputs = torch.tensor(batch()[0], requires_grad=True)
    ones = torch.ones(8, dtype=torch.float64)
    loss_of(LossSpec(kind="rank_correlation"), outputs, ones, ones, COUNTS).backward()
    assert not outputs.grad.any()


@pytest.mark.parametrize(
    "kind", ["mse", "huber", "rank_correlation", "squared_and_directional"]
)
def test_every_loss_has_the_slope_of_its_differences(kind):
    tensors = [torch.tensor(each) for each in batch()]
    spec = LossSpec(kind=kind)

    def of_outputs(outputs):
        return loss_of(spec, outputs, *tensors[1:], COUNTS)

    assert torch.autograd.gradcheck(of_outputs, tensors[0].requires_grad_())


class TestTargets:
    def test_labels_are_brought_to_one_unit_and_back(self):
        labels = np.arange(8.0) ** 2
        targets = Targets.of(labels, DATES, kind="mse")
        assert targets.values.mean() == pytest.approx(0, abs=1e-6)
        assert targets.values.std() == pytest.approx(1)
        back = targets.centre + targets.spread * targets.values
        np.testing.assert_allclose(back, labels, atol=1e-5)

    def test_other_rows_are_measured_in_the_unit_of_the_first(self):
        targets = Targets.of(np.array([0.0, 2.0]), DATES[:2], kind="huber")
        others = targets.for_rows(np.array([5.0]), DATES[:1], kind="huber")
        assert others.values.tolist() == [4.0]

    def test_ranks_are_taken_within_a_date_and_equal_labels_share_theirs(self):
        labels = np.array([5.0, 1.0, 5.0, 9.0, 3.0, 30.0, 10.0, 20.0])
        targets = Targets.of(labels, DATES, kind="rank_correlation")
        within = [[2.5, 1, 2.5, 4], [1], [3, 1, 2]]
        wanted = np.concatenate([np.array(day) / len(day) - 0.5 for day in within])
        np.testing.assert_allclose(targets.values, wanted, rtol=1e-6)
        assert (targets.centre, targets.spread) == (0.0, 1.0)

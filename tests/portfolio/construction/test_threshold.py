import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction import Aim, Threshold, overlapping
from tests.portfolio.construction.books import aimed, state


def test_names_above_the_threshold_in_equal_parts():
    aim = aimed(Threshold(threshold=0.65, name_cap=0.5), [0.7, 0.65, 0.9, 0.1])
    np.testing.assert_allclose(aim.weights, [0.5, 0, 0.5, 0])
    assert aim.notes == {}


def test_few_names_leave_cash():
    aim = aimed(Threshold(threshold=0.65, name_cap=0.2), [0.7, 0.6, 0.9])
    np.testing.assert_allclose(aim.weights, [0.2, 0, 0.2])
    assert aim.notes == {"over_name_cap": 2, "under_invested": 1}


def test_no_name_above_the_threshold_is_a_flat_book():
    aim = aimed(Threshold(threshold=0.65), [0.1, 0.2])
    assert not aim.weights.any()
    assert aim.notes == {"none_above": 1, "under_invested": 1}


def test_scores_that_are_the_excess_already():
    spec = Threshold(weighting="excess", name_cap=1.0)
    np.testing.assert_allclose(
        aimed(spec, [-0.1, 0.1, 0.3, 0.0]).weights, [0, 0.25, 0.75, 0]
    )


def test_the_short_leg_mirrors_the_long_one():
    spec = Threshold(threshold=0.6, short_gross=1.0, name_cap=1.0)
    weights = aimed(spec, [0.7, 0.5, 0.39, 0.1]).weights
    np.testing.assert_allclose(weights, [1, 0, -0.5, -0.5])


def test_the_farthest_names_come_first():
    spec = Threshold(threshold=0.6, max_names=1, name_cap=1.0)
    aim = aimed(spec, [0.7, 0.8, 0.9])
    np.testing.assert_allclose(aim.weights, [0, 0, 1])
    assert aim.notes == {"over_max_names": 2}


@pytest.mark.parametrize(
    "changes",
    [
        {"short_gross": 1.0},
        {"short_gross": 1.0, "threshold": 0.4},
        {"long_gross": 0.0},
        {"weighting": "rank"},
    ],
)
def test_a_threshold_that_contradicts_itself_is_refused(changes):
    with pytest.raises(ConfigError, match="AK-C003"):
        Threshold.parse(changes, "strategies.any.threshold")


def test_the_target_is_the_mean_of_the_last_aims():
    past = np.array([[9.0, 9, 9], [1, 0, 0], [0, 1, 0]])
    account = Account(np.zeros(3), past_aims=past)
    aim = Aim(np.array([0, 0.5, 0.5]))
    mean = overlapping(aim, account, state(3), tranches=3)
    np.testing.assert_allclose(mean.weights, [1 / 3, 0.5, 0.5 / 3])


def test_tranches_not_yet_filled_are_cash():
    account = Account(np.zeros(2), past_aims=np.array([[1.0, 0.0]]))
    mean = overlapping(Aim(np.array([0.0, 1.0])), account, state(2), tranches=5)
    np.testing.assert_allclose(mean.weights, [0.2, 0.2])
    young = overlapping(
        Aim(np.array([0.0, 1.0])), Account(np.zeros(2)), state(2), tranches=5
    )
    np.testing.assert_allclose(young.weights, [0, 0.2])


def test_a_name_that_left_the_universe_leaves_every_tranche():
    account = Account(np.zeros(2), past_aims=np.array([[1.0, 0.0]]))
    market = state(2, universe=[False, True])
    mean = overlapping(Aim(np.array([0.0, 1.0])), account, market, tranches=2)
    np.testing.assert_allclose(mean.weights, [0, 0.5])
    assert mean.notes == {"left_tranche": 1}


def test_one_tranche_is_the_aim_itself():
    aim = Aim(np.array([0.3]))
    assert overlapping(aim, Account(np.zeros(1)), state(1), tranches=1) is aim


def test_h_tranches_turn_over_the_hth_part():
    rng = np.random.default_rng(2)
    aims = rng.random((40, 30)) * (rng.random((40, 30)) > 0.7)
    aims /= aims.sum(axis=1, keepdims=True)
    books = [
        overlapping(
            Aim(aim),
            Account(np.zeros(30), past_aims=aims[max(row - 4, 0) : row]),
            state(30),
            tranches=5,
        ).weights
        for row, aim in enumerate(aims)
    ]
    traded = np.abs(np.diff(books[5:], axis=0)).sum()
    alone = np.abs(np.diff(aims[5:], axis=0)).sum()
    assert traded == pytest.approx(alone / 5, rel=0.15)

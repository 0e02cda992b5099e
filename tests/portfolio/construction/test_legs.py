import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.portfolio.construction import Legs, target_weights
from alpha_kedro.portfolio.ties import tie_keys
from tests.portfolio.construction.books import aimed, state

DAY = np.datetime64("2024-01-05", "us")


def spec(**changes):
    loose = {"min_names": 2, "name_cap": 1.0}
    return Legs.parse(loose | changes, "strategies.test")


def built(scores, spec, *, groups=None, tradable=None, names=None, day=DAY):
    scores = np.array(scores, dtype=float)
    names = [f"N{i:03d}" for i in range(len(scores))] if names is None else names
    return target_weights(
        scores,
        groups=np.array(groups if groups is not None else np.zeros(len(scores)), int),
        tradable=np.ones(len(scores), bool) if tradable is None else np.array(tradable),
        tie_break=tie_keys(np.array(names, dtype=object), day),
        spec=spec,
    )


def test_top_and_bottom_quantile_in_equal_parts():
    targets = built([5, 1, 4, 2, 3], spec(neutral="dollar", quantile=0.4))
    np.testing.assert_allclose(targets.weights, [0.5, -0.5, 0.5, -0.5, 0])
    assert targets.notes == {}


def test_sectors_are_neutral_and_weighted_by_their_names():
    scores = [1, 2, 3, 4, 5, 6, 60, 50]
    targets = built(scores, spec(quantile=0.34), groups=[0] * 6 + [1] * 2)
    big, small = 6 / 8, 2 / 8
    np.testing.assert_allclose(
        targets.weights,
        [-big / 2, -big / 2, 0, 0, big / 2, big / 2, small, -small],
    )


def test_ranks_are_demeaned_within_the_sector_and_scaled_to_gross():
    targets = built([1, 2, 30, 4, 9, 8], spec(kind="rank"), groups=[0] * 4 + [1] * 2)
    # Demeaned ranks -1.5 -0.5 1.5 0.5: each leg sums to 2, the sector holds 4/6.
    four = np.array([-1.5, -0.5, 1.5, 0.5]) / 2 * 4 / 6
    np.testing.assert_allclose(targets.weights, [*four, 2 / 6, -2 / 6])


def test_equal_scores_have_equal_rank_weights():
    weights = built([1, 2, 2, 3], spec(kind="rank", neutral="dollar")).weights
    np.testing.assert_allclose(weights, [-1, 0, 0, 1])


def test_long_only_has_no_short_leg():
    targets = built([1, 2, 3, 4], spec(short_gross=0.0, quantile=0.5))
    np.testing.assert_allclose(targets.weights, [0, 0, 0.5, 0.5])


def test_the_legs_may_differ_where_nothing_is_neutral():
    extended = spec(neutral="none", long_gross=1.3, short_gross=0.3, quantile=0.5)
    weights = built([1, 2, 3, 4], extended).weights
    np.testing.assert_allclose(weights, [-0.15, -0.15, 0.65, 0.65])


def test_a_name_without_a_score_a_bar_or_a_sector_is_not_traded_but_counted():
    targets = built(
        [np.nan, 1, 2, 3, 4, np.inf],
        spec(quantile=0.5),
        groups=[0, 0, 0, 0, -1, 0],
        tradable=[True, True, True, False, True, True],
    )
    np.testing.assert_allclose(targets.weights, [0, -1, 1, 0, 0, 0])
    assert targets.notes == {"unscored": 2, "not_tradable": 1, "no_sector": 1}


def test_a_sector_of_one_name_has_zero_weight_and_is_reported():
    targets = built([1, 2, 9], spec(), groups=[0, 0, 1])
    np.testing.assert_allclose(targets.weights, [-1, 1, 0])
    assert targets.notes == {"small_group": 1}


@pytest.mark.parametrize("kind", ["quantile", "rank"])
def test_constant_scores_make_a_flat_book_and_a_note(kind):
    targets = built([3.0] * 6, spec(kind=kind), groups=[0, 0, 0, 1, 1, 1])
    assert not targets.weights.any()
    assert targets.notes == {"constant_scores": 2}


def test_a_sector_with_one_opinion_for_all_is_left_out():
    targets = built([1, 2, 7, 7], spec(), groups=[0, 0, 1, 1])
    np.testing.assert_allclose(targets.weights, [-1, 1, 0, 0])
    assert targets.notes == {"constant_scores": 1}


@pytest.mark.parametrize("scores", [[1.0] * 4 + [2.0] * 5, [np.nan] * 9, []])
def test_too_few_names_make_a_flat_book_and_a_note(scores):
    targets = built(scores, spec(min_names=10))
    assert not targets.weights.any()
    assert targets.notes["too_few_names"] == 1


def test_the_name_cap_is_redistributed_within_the_leg():
    capped = spec(kind="rank", neutral="dollar", name_cap=0.4)
    targets = built([1, 2, 3, 4, 5, 6], capped)
    # Uncapped legs are 5/9, 3/9, 1/9; the 0.6 left is shared 3 to 1.
    np.testing.assert_allclose(
        targets.weights, [-0.4, -0.4, -0.2, 0.2, 0.4, 0.4], atol=1e-12
    )
    assert targets.notes == {"over_name_cap": 2}


def test_a_sector_too_small_for_its_share_gives_it_to_the_others_on_both_sides():
    groups = [0] * 10 + [1] * 10
    scores = np.arange(20.0)
    thin = spec(quantile=0.1, name_cap=0.4, long_gross=0.6, short_gross=0.6)
    flat = built(scores, thin, groups=groups).weights
    np.testing.assert_allclose(flat[[0, 9, 10, 19]], [-0.3, 0.3, -0.3, 0.3])
    groups = [0] * 16 + [1] * 4
    tilted = built(scores, thin, groups=groups).weights
    assert tilted[groups.index(1) - 1] == pytest.approx(0.4)  # 0.8 x 0.6 does not fit
    assert tilted[[16, 19]] == pytest.approx([-0.2, 0.2])


def test_caps_that_cannot_be_met_name_the_binding_limits():
    with pytest.raises(SimulationError) as refusal:
        built([1, 2, 3, 4], spec(name_cap=0.2, quantile=0.5))
    assert refusal.value.code == "AK-S002"
    assert "2 names x name_cap 0.2 for a gross of 1" in str(refusal.value)


def test_caps_that_are_met_exactly_are_allowed():
    weights = built(np.arange(10.0), spec(name_cap=0.2, quantile=0.5)).weights
    np.testing.assert_allclose(np.abs(weights), 0.2)


@pytest.mark.parametrize(
    "changes",
    [
        {"quantile": 0.51},
        {"quantile": 0.0},
        {"gross_cap": 1.5},
        {"long_gross": 1.3, "short_gross": 0.3},
        {"long_gross": 0.0, "short_gross": 0.0},
        {"name_cap": 0.0},
        {"min_group_names": 1},
        {"neutral": "industry"},
        {"long_gross": "1"},
    ],
)
def test_a_strategy_that_contradicts_itself_is_refused(changes):
    with pytest.raises(ConfigError, match="AK-C003"):
        spec(**changes)


def test_ties_are_broken_the_same_way_in_any_order_of_the_tickers():
    scores = np.array([0.0] * 6 + [1.0] * 6)
    names = np.array([f"N{i}" for i in range(12)])
    groups = np.arange(12) % 2
    order = np.random.default_rng(3).permutation(12)
    straight = built(scores, spec(), names=names, groups=groups).weights
    shuffled = built(
        scores[order], spec(), names=names[order], groups=groups[order]
    ).weights
    np.testing.assert_array_equal(shuffled, straight[order])


def test_ties_have_no_favour_for_the_alphabet():
    scores = np.zeros(40)
    scores[0] = 1.0
    days = np.datetime64("2020-01-01", "us") + np.arange(400) * np.timedelta64(1, "D")
    picked = [
        built(scores, spec(neutral="dollar"), day=day).weights < 0 for day in days
    ]
    share = np.mean(picked, axis=0)[1:]
    # Eight of 39 tied names are sold a day: binomial, standard deviation 0.02.
    assert np.abs(share - 8 / 39).max() < 0.08
    assert abs(np.corrcoef(np.arange(39), share)[0, 1]) < 0.5


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(["quantile", "rank"]),
    neutral=st.sampled_from(["sector", "dollar"]),
    short=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_book_is_neutral_capped_and_fully_invested(kind, neutral, short, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(-4, 5, 90) + rng.choice(
        [0.0, 0.5, np.nan], 90, p=[0.5, 0.4, 0.1]
    )
    groups = rng.integers(0, 4, 90)
    strategy = spec(
        kind=kind,
        neutral=neutral,
        quantile=0.5,
        name_cap=0.04,
        short_gross=1.0 if short else 0.0,
    )
    weights = built(scores, strategy, groups=groups).weights
    assert np.abs(weights).max() <= 0.04 * (1 + 1e-8)
    assert weights[weights > 0].sum() == pytest.approx(1.0)
    assert -weights[weights < 0].sum() == pytest.approx(1.0 if short else 0.0)
    assert not weights[np.isnan(scores)].any()
    if short and neutral == "sector":
        np.testing.assert_allclose(np.bincount(groups, weights), 0, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(["quantile", "rank"]))
def test_only_the_order_of_the_scores_matters(seed, kind):
    scores = np.random.default_rng(seed).normal(size=30)
    strategy = spec(kind=kind, neutral="dollar")
    straight = built(scores, strategy).weights
    np.testing.assert_array_equal(built(np.exp(scores), strategy).weights, straight)
    np.testing.assert_allclose(built(-scores, strategy).weights, -straight, atol=1e-15)


def test_names_outside_the_universe_have_no_say():
    members = state(5, universe=[True] * 4 + [False])
    aim = aimed(spec(quantile=0.5), [1, 2, 3, 4, 9], members)
    np.testing.assert_allclose(aim.weights, [-0.5, -0.5, 0.5, 0.5, 0])
    assert aim.notes == {}

"""The sets of features: every name exists, and no two features are the same."""

from collections import defaultdict

import pytest

from alpha_kedro.signals import FEATURE_SETS, FEATURES, choose_features, family_of
from alpha_kedro.signals.formulas.parse import read_formula
from alpha_kedro.signals.library.systems import CANDIDATES

OF_ONE_NAME = {"open", "high", "low", "close", "volume"}
OF_MARKET = {"market_return"}
A_YEAR_AND_A_WEEK = 252 + 6
RENAMED = {
    "mom_5": "momentum_5",
    "mom_20": "momentum_20",
    "gap_pc": "gap",
    "hl_range_pc": "high_low_range",
    "price_sma20_dev": "sma_deviation_20",
}


@pytest.mark.parametrize("name", FEATURE_SETS)
def test_every_name_of_a_set_is_a_feature(name):
    names = FEATURE_SETS[name]
    assert tuple(each.name for each in choose_features(name)) == names


def test_the_registry_holds_more_than_three_hundred_features():
    assert len(FEATURES) > 300


@pytest.mark.parametrize("name", sorted(FEATURES))
def test_a_feature_is_written_as_it_is_read(name):
    formula = FEATURES[name].formula
    assert read_formula(str(formula), where=name) is formula


def test_no_two_features_are_the_same_but_those_with_two_names():
    by_formula = defaultdict(set)
    for name, found in FEATURES.items():
        by_formula[found.formula].add(name)
    twins = [names for names in by_formula.values() if len(names) > 1]
    assert sorted(twins, key=sorted) == sorted(
        ({own, known} for own, known in RENAMED.items()), key=sorted
    )


class TestSwingCandidates:
    names = FEATURE_SETS["swing_candidates"]

    def test_there_are_at_least_149_each_once(self):
        assert len(set(self.names)) == len(self.names) >= 149

    def test_they_come_from_eight_families(self):
        families = {name: family_of(name) for name in self.names}
        told = {name: of for of, names in CANDIDATES.items() for name in names.split()}
        assert families == told
        assert len(set(families.values())) == 8

    def test_no_two_are_the_same(self):
        assert len({each.formula for each in choose_features(self.names)}) == len(
            self.names
        )

    def test_prices_and_volume_are_all_they_need(self):
        for each in choose_features(self.names):
            assert set(each.needs) <= OF_ONE_NAME | OF_MARKET, each.name
            assert set(each.needs) & OF_ONE_NAME, each.name

    def test_a_year_of_history_is_enough(self):
        longest = max(choose_features(self.names), key=lambda each: each.lookback)
        assert longest.lookback <= A_YEAR_AND_A_WEEK, longest.name


def test_the_sequence_model_sees_returns_volatility_averages_and_drawdowns():
    kinds = {name.rpartition("_")[0] for name in FEATURE_SETS["lstm_top_n"]}
    assert kinds == {"momentum", "volatility", "sma_deviation", "drawdown", "volume_z"}

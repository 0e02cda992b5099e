"""Every error of a factor's evidence allows for the overlap of its returns."""

import numpy as np
import pytest

from alpha_kedro.measures import evaluate_factor, hac_mean
from alpha_kedro.measures.significance import hac_lags, hac_regression
from tests.measures.factor_twin import draw_factor, draw_groups

HORIZONS = (1, 6)
STEPS = {1: {1: 1, 6: 6}, 3: {1: 1, 6: 2}}
"""Dates that a return over each horizon spans, by the sessions from date to date."""


@pytest.fixture(scope="module", params=STEPS)
def case(request):
    """Evidence on scores of every session, or of every third, and the overlaps."""
    scores, prices = draw_factor(n_sessions=130, seed=4)
    asked = {"groups": draw_groups(scores), "relative_to": "universe", "min_names": 5}
    found = evaluate_factor(scores.iloc[:: request.param], prices, HORIZONS, **asked)
    return found, STEPS[request.param]


def assert_errors(row, by_date, overlap, name):
    """The row is the mean of the dates with its Newey-West error."""
    expected = hac_mean(by_date, overlap=overlap)
    ours = [row[name], row["standard_error"], row["t"], row["n"]]
    wanted = [expected.mean, expected.standard_error, expected.t, expected.n]
    np.testing.assert_allclose(ours, wanted, rtol=1e-9)
    independent = hac_mean(by_date)
    told_apart = overlap == 1 or expected.standard_error != independent.standard_error
    assert told_apart


def test_those_of_the_summary(case):
    found, overlaps = case
    for horizon, row in found.summary().iterrows():
        for name, by_date in (("rank_ic", found.ic), ("spread", found.spread)):
            expected = hac_mean(by_date[horizon], overlap=overlaps[horizon])
            assert row[f"{name}_se"] == pytest.approx(expected.standard_error)
            assert row[f"{name}_t"] == pytest.approx(expected.t)


def test_those_of_quantiles(case):
    found, overlaps = case
    for _, row in found.quantile_returns.iterrows():
        by_date = found.quantile_returns_by_date[row["horizon"], row["quantile"]]
        assert_errors(row, by_date, overlaps[row["horizon"]], "mean_return")


def test_those_of_years(case):
    found, overlaps = case
    for _, row in found.ic_by_year.iterrows():
        own = found.ic.loc[found.ic.index.year == row["year"], row["horizon"]]
        assert_errors(row, own, overlaps[row["horizon"]], "rank_ic")


def test_those_of_groups(case):
    found, overlaps = case
    groups, names = found.sample.groups.cells.codes, found.sample.groups.names
    for _, row in found.ic_by_group.iterrows():
        inside = groups == names.index(row["group"])
        judged = found.sample.judged[row["horizon"]]
        own = [
            np.where(inside & np.isfinite(judged.returns), cells, np.nan)
            for cells in (judged.scores, judged.relative)
        ]
        by_date = [
            _spearman(*pair) if np.isfinite(pair[0]).sum() >= 5 else np.nan
            for pair in zip(*own, strict=True)
        ]
        assert_errors(row, by_date, overlaps[row["horizon"]], "rank_ic")


def _spearman(left, right):
    from scipy.stats import spearmanr

    known = np.isfinite(left)
    return spearmanr(left[known], right[known]).statistic


def test_those_of_ever_longer_horizons(case):
    found, overlaps = case
    row = found.decay(6).loc[6]
    assert_errors(row, found.ic[6], overlaps[6], "rank_ic")


def test_those_of_paths_around_the_fill(case):
    found, overlaps = case
    paths = found.event_returns(before=0, after=6).set_index(["quantile", "session"])
    for quantile in (1, 5):
        by_date = found.quantile_returns_by_date[6, quantile]
        row = paths.loc[(quantile, 6)]
        assert_errors(row, by_date, overlaps[6], "mean_return")


def test_those_of_alpha_and_beta(case):
    found, overlaps = case
    for horizon, row in found.alpha_beta.iterrows():
        own = found.factor_returns[horizon].to_numpy()
        known = np.isfinite(own)
        market = np.nanmean(found.sample.judged[horizon].returns[known], axis=1)
        causes = np.column_stack([np.ones(known.sum()), market])
        lags = hac_lags(int(known.sum()), overlap=overlaps[horizon])
        (alpha, beta), errors = hac_regression(own[known], causes, lags=lags)
        assert row["alpha_t"] == pytest.approx(alpha / errors[0], rel=1e-6)
        assert row["beta_t"] == pytest.approx(beta / errors[1], rel=1e-6)

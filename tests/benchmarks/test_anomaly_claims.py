"""What the page of anomalies compares, and what it calls agreement."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.measures import HacMean
from alpha_kedro.signals.features import find_feature
from benchmarks.anomalies.claims import CLAIMS, Claim
from benchmarks.anomalies.measure import alpha_of, between, judged
from benchmarks.anomalies.outcomes import WHOLE, Measured, Outcome

LOW_IS_GOOD = Claim("low", "volatility_20", -1, "somebody", judged_by="alpha")


def mean_with(t):
    return HacMean(0.01 * t, 0.01, t, 200, 4)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_a_claim_is_about_a_feature(claim):
    assert find_feature(claim.feature) is not None
    assert claim.sign in (-1, 1)


@pytest.mark.parametrize(
    ("t", "verdict"),
    [(2.0, "agrees"), (1.9, "weaker"), (0.0, "weaker"), (-3, "opposite")],
)
def test_the_verdict_is_that_of_the_figure_the_paper_gives(t, verdict):
    first = pd.Timestamp("2006-01-31")
    for claim, outcome in (
        (CLAIMS[0], Outcome(mean_with(t), mean_with(9), mean_with(9), 12)),
        (LOW_IS_GOOD, Outcome(mean_with(9), mean_with(9), mean_with(t), 12)),
    ):
        assert Measured(claim, {WHOLE: outcome}, first).verdict == verdict


def test_alpha_is_what_the_index_does_not_explain():
    index = np.random.default_rng(1).normal(0.01, 0.04, 120)
    part = pd.DataFrame({"spread": 0.003 - 0.8 * index, "index": index})
    part.loc[7, "spread"] = np.nan
    assert alpha_of(part).mean == pytest.approx(0.003)
    assert alpha_of(part).n == 119


def test_a_perfect_signal_has_rank_ic_one_and_the_spread_of_its_quintiles():
    dates = pd.date_range("2006-01-31", periods=36, freq="ME")
    names = [f"N{place:02d}" for place in range(20)]
    rows = pd.DataFrame(
        [(day, name, place) for day in dates for place, name in enumerate(names)],
        columns=["date", "ticker", "score"],
    )
    rows["fwd_ret"] = rows["score"] / 1000
    index = pd.Series(np.random.default_rng(2).normal(0, 0.04, 36), dates)
    found = judged(CLAIMS[0], rows, index)
    assert set(found.outcomes) == {"2006-2011", WHOLE}
    assert found.first == dates[0]
    assert found.outcomes[WHOLE].ic.mean == pytest.approx(1)
    assert found.outcomes[WHOLE].spread.mean == pytest.approx(0.016)


def test_years_are_both_included():
    days = pd.date_range("2010-01-31", periods=36, freq="ME")
    assert len(between(pd.DataFrame({"ic": 0.0}, index=days), 2011, 2012)) == 24

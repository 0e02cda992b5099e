"""One factor judged in a single call."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.measures import FactorConventions, evaluate_factor

NAN = np.nan
NAMES = [f"T{place:02d}" for place in range(30)]


@pytest.fixture
def prices() -> pd.DataFrame:
    moves = np.random.default_rng(0).normal(0, 0.01, (120, len(NAMES)))
    days = pd.bdate_range("2020-01-01", periods=120)
    return pd.DataFrame(100 * np.cumprod(1 + moves, axis=0), days, NAMES)


def test_the_return_starts_at_the_next_price_and_not_at_the_scores_own():
    days = pd.bdate_range("2020-01-01", periods=4)
    prices = pd.DataFrame({"A": [9.0, 1, 2, 2], "B": [1.0, 1, 1, 2]}, index=days)
    scores = pd.DataFrame({"A": [1.0] * 4, "B": [0.0] * 4}, index=days)
    found = evaluate_factor(scores, prices, horizons=(1,), quantiles=2, min_names=2)
    # After a lag of one: A doubles while B stands, then A stands while B doubles.
    np.testing.assert_allclose(found.ic[1], [1.0, -1.0, NAN, NAN])
    np.testing.assert_allclose(found.spread[1], [1.0, -1.0, NAN, NAN])


def test_every_horizon_equals_a_slow_twin(prices):
    scores = prices.iloc[::5].rank(axis=1) + 0.0
    found = evaluate_factor(scores, prices, horizons=(1, 5), quantiles=3)
    sessions = prices.to_numpy()
    for date in scores.index[:-2]:
        row = prices.index.get_loc(date)
        for horizon in (1, 5):
            after = sessions[row + 1 + horizon] / sessions[row + 1] - 1
            expected = stats.spearmanr(scores.loc[date], after).statistic
            assert found.ic.loc[date, horizon] == pytest.approx(expected, abs=1e-12)
    assert found.overlaps == {1: 1, 5: 1}


def test_a_perfect_forecast_has_coefficient_one_and_order_one(prices):
    ahead = prices.to_numpy()[2:] / prices.to_numpy()[1:-1] - 1
    scores = pd.DataFrame(ahead, prices.index[:-2], NAMES)
    summary = evaluate_factor(scores, prices).summary()
    assert list(summary.index) == [1, 5, 10]
    assert summary.loc[1, "rank_ic"] == pytest.approx(1.0)
    assert summary.loc[1, "monotonicity"] == pytest.approx(1.0)
    assert 0.2 < summary.loc[5, "rank_ic"] < 0.7
    assert summary["spread"].gt(0).all()


def test_returns_relative_to_groups_forget_what_a_whole_group_earned(prices):
    sector = {name: "up" if place < 15 else "down" for place, name in enumerate(NAMES)}
    member = np.array([1.0 if sector[name] == "up" else -1.0 for name in NAMES])
    drift = np.arange(len(prices))[:, None] * 0.01 * member
    trending = prices * np.exp(drift)
    noise = np.random.default_rng(1).normal(0, 0.1, prices.shape)
    scores = pd.DataFrame(member + noise, prices.index, NAMES)
    plain = evaluate_factor(scores, trending, horizons=(5,)).summary()
    neutral = evaluate_factor(scores, trending, horizons=(5,), groups=sector).summary()
    assert plain.loc[5, "rank_ic"] > 0.5
    assert abs(neutral.loc[5, "rank_ic"]) < 0.1


def test_a_name_without_a_group_is_left_out(prices):
    groups = dict.fromkeys(NAMES[:20], "known")
    found = evaluate_factor(prices, prices, horizons=(1,), groups=groups, quantiles=2)
    assert found.quantile_returns["n_names"].sum() == 20


def test_scores_that_stand_still_have_no_turnover(prices):
    scores = pd.DataFrame(np.tile(np.arange(30.0), (120, 1)), prices.index, NAMES)
    found = evaluate_factor(scores, prices)
    assert found.turnover["top"].iloc[1:].eq(0).all()
    assert found.rank_autocorrelation.iloc[1:].to_numpy() == pytest.approx(1.0)


def test_a_summary_counts_turnover_and_persistence_after_the_horizon(prices):
    scores = pd.DataFrame(np.tile(np.arange(30.0), (120, 1)), prices.index, NAMES)
    scores.iloc[60:] = scores.iloc[60:, ::-1].to_numpy()
    found = evaluate_factor(scores, prices, horizons=(1, 10))
    summary = found.summary()
    # The order turns over once: seen on 1 of 119 dates, and on 10 of 110.
    assert summary.loc[1, "turnover_top"] == pytest.approx(1 / 119)
    assert summary.loc[10, "turnover_top"] == pytest.approx(10 / 110)
    assert summary.loc[10, "rank_autocorrelation"] == pytest.approx(1 - 2 * 10 / 110)
    assert summary["n_names"].eq(30).all()


def test_weekly_scores_overlap_by_their_own_dates(prices):
    found = evaluate_factor(prices.iloc[::5], prices, horizons=(1, 5, 12))
    assert found.overlaps == {1: 1, 5: 1, 12: 3}
    assert (
        found.rank_autocorrelation_by_horizon[12].first_valid_index()
        == (prices.index[15])
    )


def test_quantiles_are_known_on_the_date_of_the_score(prices):
    changed = prices.copy()
    changed.iloc[60:] = np.nan
    scores = prices.rank(axis=1) + np.random.default_rng(3).normal(0, 5, prices.shape)
    before, after = (
        evaluate_factor(scores, each, horizons=(1,)) for each in (prices, changed)
    )
    pd.testing.assert_frame_equal(before.quantiles, after.quantiles)
    pd.testing.assert_frame_equal(before.weights, after.weights)


def test_a_coefficient_reads_the_two_prices_of_its_trade_and_no_other(prices):
    scores = pd.DataFrame(
        np.random.default_rng(4).normal(size=prices.shape), prices.index, NAMES
    )
    garbled = prices.copy()
    garbled.iloc[[50, 51, 53, 54, 55, 57]] = 1.0 + np.arange(len(NAMES))
    before, after = (
        evaluate_factor(scores, each, horizons=(4,), lag=2)
        for each in (prices, garbled)
    )
    assert before.ic[4].iloc[50] == after.ic[4].iloc[50]
    assert before.ic[4].iloc[51] != after.ic[4].iloc[51]


def test_weights_are_gross_one_and_net_zero_in_every_group(prices):
    sector = {name: "up" if place < 10 else "down" for place, name in enumerate(NAMES)}
    scores = pd.DataFrame(
        np.random.default_rng(5).normal(size=prices.shape), prices.index, NAMES
    )
    weights = evaluate_factor(scores, prices, groups=sector).weights
    np.testing.assert_allclose(weights.abs().sum(axis=1), 1.0)
    for part in (weights.iloc[:, :10], weights.iloc[:, 10:]):
        np.testing.assert_allclose(part.sum(axis=1), 0.0, atol=1e-15)
        np.testing.assert_allclose(part.abs().sum(axis=1), 0.5)


def test_a_group_with_one_score_holds_nothing(prices):
    sector = {name: "up" if place < 10 else "down" for place, name in enumerate(NAMES)}
    scores = prices.copy()
    scores.iloc[:, :10] = 0.1  # no round number: its mean is off by a rounding error
    weights = evaluate_factor(scores, prices, groups=sector).weights
    assert weights.iloc[:, :10].eq(0).all().all()
    np.testing.assert_allclose(weights.abs().sum(axis=1), 1.0)


def test_beta_is_that_of_a_portfolio_which_follows_its_universe():
    rng = np.random.default_rng(6)
    days = pd.bdate_range("2015-01-01", periods=400)
    loading = np.linspace(0.5, 1.5, 30)
    market = rng.normal(0, 0.01, 400)
    moves = market[:, None] * loading + rng.normal(0, 0.001, (400, 30))
    prices = pd.DataFrame(100 * np.cumprod(1 + moves, axis=0), days, NAMES)
    scores = pd.DataFrame(np.tile(loading, (400, 1)), days, NAMES)
    found = evaluate_factor(scores, prices, horizons=(1,))
    held = (loading - 1) / np.abs(loading - 1).sum()
    row = found.alpha_beta.loc[1]
    assert row["beta"] == pytest.approx(held @ loading, rel=0.02)
    assert abs(row["alpha_t"]) < 2.5
    assert row["beta_t"] > 50


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("lag", -1),
        ("lag", 1.0),
        ("horizons", (0,)),
        ("horizons", ()),
        ("horizons", (1.5,)),
        ("horizons", 5),
        ("quantiles", 1),
        ("quantiles", None),
        ("min_names", "3"),
        ("relative_to", "sector"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(prices, argument, value):
    with pytest.raises(ConfigError, match="AK-C003") as refused:
        evaluate_factor(prices, prices, **{argument: value})
    assert f"evaluate_factor.{argument}" in str(refused.value)


def test_counts_may_be_those_of_numpy(prices):
    counts = {"horizons": np.array([5, 1, 5]), "lag": np.int64(2)}
    found = evaluate_factor(prices, prices, **counts)
    assert found.design.horizons == (5, 1)
    assert found.design.lag == 2


@pytest.mark.parametrize(
    "misfit",
    [
        {"scores": pd.DataFrame(columns=["T00"], index=pd.DatetimeIndex([]))},
        {"scores": pd.DataFrame([[1.0, 2.0]], ["2020-01-01"], ["T00", "T00"])},
        {"scores": pd.DataFrame({"X": [1.0]}, index=[pd.Timestamp("2020-01-01")])},
        {"scores": pd.DataFrame({"T00": [1.0]}, index=[pd.Timestamp("1999-01-01")])},
    ],
)
def test_scores_that_do_not_fit_the_prices_are_refused(prices, misfit):
    with pytest.raises(ConfigError, match="AK-C051"):
        evaluate_factor(**({"scores": prices, "prices": prices} | misfit))


@pytest.mark.parametrize("both", [True, False])
def test_dates_that_are_text_are_refused_and_not_left_without_a_score(prices, both):
    text = prices.set_axis(prices.index.strftime("%Y-%m-%d"))
    with pytest.raises(ConfigError, match="AK-C051") as refused:
        evaluate_factor(text, text if both else prices)
    assert "no timestamps" in refused.value.got


@pytest.mark.parametrize(
    ("n_names", "quantiles"), [(15, 7), (29, 7), (25, 12), (28, 9)]
)
def test_a_score_on_an_edge_belongs_below_it_as_in_qcut(n_names, quantiles):
    """Edges at shares such as 2/7 have no exact number; they are rounded up."""
    names = [f"N{place:02d}" for place in range(n_names)]
    days = pd.bdate_range("2020-01-01", periods=4)
    ordered = np.tile(np.arange(n_names) / 7, (4, 1))
    scores = pd.DataFrame(ordered, days, names)
    edges = FactorConventions(quantile_rule="edges")
    found = evaluate_factor(scores, scores + 1, (1,), quantiles, conventions=edges)
    expected = pd.qcut(ordered[0], quantiles, labels=False) + 1
    np.testing.assert_array_equal(found.quantiles.iloc[0], expected)

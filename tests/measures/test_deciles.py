"""Returns by quantile of the score."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.measures import (
    hac_mean,
    monotonicity,
    quantile_returns,
    quantile_spread,
    quantile_summary,
)

NAN = np.nan


def one_date(scores: list[float], outcomes: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "date": pd.Timestamp("2020-01-02"),
            "ticker": [f"T{place:02d}" for place in range(len(scores))],
            "model": "m",
            "score": scores,
            "fwd_ret": outcomes,
        }
    )


def test_quantile_means_are_those_computed_by_hand():
    table = one_date([4, 1, 3, 2], [0.04, 0.01, 0.06, 0.03])
    answer = quantile_returns(table, quantiles=2, min_names=4)
    assert answer["quantile"].tolist() == [1, 2]
    assert answer["mean_return"].tolist() == pytest.approx([0.02, 0.05])
    assert answer["n"].tolist() == [2, 2]
    assert quantile_spread(answer)["spread"].tolist() == pytest.approx([0.03])


def test_names_without_an_outcome_are_left_out_before_sorting():
    table = one_date([1, 2, 3, 4, 5, 6], [0.01, NAN, 0.03, 0.04, NAN, 0.06])
    answer = quantile_returns(table, quantiles=2, min_names=4)
    assert answer["mean_return"].tolist() == pytest.approx([0.02, 0.05])


def test_too_few_names_or_a_single_score_give_no_means():
    few = quantile_returns(
        one_date([1, 2, 3], [0.1, 0.2, 0.3]), quantiles=4, min_names=3
    )
    assert few["mean_return"].isna().all()
    flat = quantile_returns(one_date([7] * 4, [0.1] * 4), quantiles=2, min_names=4)
    assert flat["mean_return"].isna().all()
    assert flat["n"].sum() == 4


def test_ties_fall_into_one_group_whatever_the_row_order():
    table = one_date([1, 1, 1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    answer = quantile_returns(table, quantiles=3, min_names=6)
    assert answer["n"].tolist() == [3, 1, 2]
    pd.testing.assert_frame_equal(
        answer, quantile_returns(table.iloc[::-1], quantiles=3, min_names=6)
    )


def test_group_means_equal_a_slow_twin_that_sorts_each_date(draw_predictions):
    table = draw_predictions(n_names=43)
    answer = quantile_returns(table, quantiles=5).set_index(["date", "quantile"])
    for date, rows in table.groupby("date"):
        ordered = rows.sort_values("score")["fwd_ret"].to_numpy()
        numbers = np.ceil(np.arange(1, 44) * 5 / 43).astype(int)
        for quantile in range(1, 6):
            twin = ordered[numbers == quantile]
            row = answer.loc[(date, quantile)]
            assert row["mean_return"] == pytest.approx(twin.mean(), abs=1e-15)
            assert row["n"] == len(twin)


def test_the_summary_averages_dates_with_a_robust_standard_error(draw_predictions):
    by_date = quantile_returns(draw_predictions(n_dates=60), quantiles=4)
    answer = quantile_summary(by_date, lags=3)
    top = by_date.loc[by_date["quantile"] == 4, "mean_return"]
    row = answer.iloc[-1]
    expected = hac_mean(top, lags=3)
    assert row["mean_return"] == expected.mean
    assert row["standard_error"] == expected.standard_error
    assert (row["n"], row["n_names"]) == (60, 10.0)
    assert monotonicity(answer["mean_return"]) == pytest.approx(1.0)


def test_noise_has_no_spread_beyond_three_standard_errors(draw_predictions):
    table = draw_predictions(n_dates=120, strength=0.0)
    spread = hac_mean(quantile_spread(quantile_returns(table))["spread"])
    assert abs(spread.t) < 3


def test_monotonicity_needs_three_means_that_differ():
    assert monotonicity([0.01, 0.02, 0.03]) == pytest.approx(1.0)
    assert monotonicity([0.03, NAN, 0.02, 0.01]) == pytest.approx(-1.0)
    assert monotonicity([0.01, 0.02]).reason.startswith("fewer than 3")
    assert monotonicity([0.01, 0.01, 0.01]).reason == "all quantiles earned the same"

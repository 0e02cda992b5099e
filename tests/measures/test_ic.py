"""The information coefficient and the persistence of scores."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alpha_kedro.measures import (
    information_coefficients,
    rank_autocorrelation,
    score_turnover,
)

NAN = np.nan
DAYS = pd.to_datetime(["2020-01-02", "2020-01-09", "2020-01-16"])


def long_table(**columns: list[list[float]]) -> pd.DataFrame:
    """Turn lists of rows, one per date, into a long table of model ``m``."""
    shape = np.shape(next(iter(columns.values())))
    table = {
        "date": np.repeat(DAYS[: shape[0]], shape[1]),
        "ticker": [f"T{place}" for place in range(shape[1])] * shape[0],
        "model": "m",
    }
    return pd.DataFrame(
        table | {name: np.ravel(rows) for name, rows in columns.items()}
    )


def test_the_rank_ic_is_the_one_computed_by_hand():
    table = long_table(score=[[1, 2, 3, 4]], fwd_ret=[[0.1, 0.3, 0.2, 0.4]])
    answer = information_coefficients(table, min_names=4)
    assert list(answer.columns) == ["date", "model", "rank_ic", "ic", "n_names"]
    # Hand: d = (0, 1, 1, 0), 1 - 6 * 2 / (4 * 15) = 0.8; the returns are evenly spaced.
    assert answer["rank_ic"].tolist() == pytest.approx([0.8])
    assert answer["ic"].tolist() == pytest.approx([0.8])
    assert answer["n_names"].tolist() == [4]


def test_dates_that_cannot_be_judged_are_nan_and_stay_in_the_table():
    table = long_table(
        score=[[1, 2, 3], [7, 7, 7], [1, 2, 3]],
        fwd_ret=[[0.1, NAN, 0.2], [0.1, 0.2, 0.3], [NAN, NAN, NAN]],
    )
    answer = information_coefficients(table, min_names=3)
    assert answer["rank_ic"].isna().all()
    assert answer["ic"].isna().all()
    assert answer["n_names"].tolist() == [2, 3, 0]


def test_every_date_equals_scipy_computed_one_by_one(draw_predictions):
    table = draw_predictions()
    table.loc[::7, "score"] = NAN
    table["score"] = table["score"].round(2)
    answer = information_coefficients(table).set_index("date")
    for date, rows in table.dropna().groupby("date"):
        expected = stats.spearmanr(rows["score"], rows["fwd_ret"]).statistic
        assert answer.loc[date, "rank_ic"] == pytest.approx(expected, abs=1e-12)


def test_models_are_judged_apart_and_row_order_does_not_matter(draw_predictions):
    ridge = draw_predictions()
    other = draw_predictions(strength=0.0, seed=1).assign(model="noise")
    both = pd.concat([ridge, other])
    answer = information_coefficients(both)
    shuffled = both.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(answer, information_coefficients(shuffled))
    alone = information_coefficients(ridge).reset_index(drop=True)
    own = answer[answer["model"] == "ridge"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, alone)
    assert answer["model"].tolist()[:2] == ["noise", "ridge"]


def test_the_rank_ic_ignores_the_scale_of_scores_and_the_ic_their_units(
    draw_predictions,
):
    table = draw_predictions()
    answer = information_coefficients(table)
    stretched = information_coefficients(table.assign(score=np.exp(table["score"])))
    rescaled = information_coefficients(table.assign(score=5 - 3 * table["score"]))
    np.testing.assert_array_equal(answer["rank_ic"], stretched["rank_ic"])
    np.testing.assert_allclose(answer["rank_ic"], -rescaled["rank_ic"], atol=1e-12)
    np.testing.assert_allclose(answer["ic"], -rescaled["ic"], atol=1e-12)


def test_scores_that_keep_their_order_have_autocorrelation_one():
    table = long_table(score=[[1, 2, 3, 4], [10, 20, 30, 40], [4, 3, 2, 1]])
    answer = rank_autocorrelation(table, min_names=4)
    np.testing.assert_allclose(answer["rank_autocorrelation"], [NAN, 1.0, -1.0])
    assert answer["n_names"].tolist() == [0, 4, 4]


def test_turnover_counts_the_new_names_of_the_outer_groups():
    table = long_table(score=[[1, 2, 3, 4], [1, 4, 3, 2], [2, 1, 3, 4]])
    answer = score_turnover(table, quantiles=2)
    # Top halves: T2 T3, then T1 T2, then T2 T3; bottom: T0 T1, T0 T3, T0 T1.
    np.testing.assert_allclose(answer["top"], [NAN, 0.5, 0.5])
    np.testing.assert_allclose(answer["bottom"], [NAN, 0.5, 0.5])


def test_a_name_without_a_score_the_date_before_counts_as_new():
    table = long_table(score=[[1, 2, 3, NAN], [1, NAN, 3, 4]])
    answer = score_turnover(table, quantiles=3)
    np.testing.assert_allclose(answer["top"], [NAN, 1.0])
    np.testing.assert_allclose(answer["bottom"], [NAN, 0.0])

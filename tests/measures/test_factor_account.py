"""What is judged and what is not: every cell of the scores is accounted for."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.measures import ALPHALENS, FactorConventions, evaluate_factor
from tests.measures.factor_twin import draw_factor, draw_groups

NAN = np.nan
EDGES = FactorConventions(quantile_rule="edges")


def lost(found, horizon=1):
    """Return the reasons that cost any cell, with their counts."""
    table = found.losses[horizon].drop(["given", "kept"])
    return table[table > 0].to_dict()


def panel(scores, prices):
    days = pd.bdate_range("2020-01-01", periods=len(prices))
    names = [f"T{place:02d}" for place in range(len(prices[0]))]
    return (
        pd.DataFrame(scores, days[: len(scores)], names),
        pd.DataFrame(prices, days, names),
    )


def test_every_reason_is_found_where_it_was_planted():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(8, 12))
    prices = 10 + rng.random((8, 12))
    scores[0, 0], scores[0, 1] = NAN, np.inf
    prices[2, 3] = NAN  # the fill of row 1, and the exit of row 0
    prices[3:, 4] = NAN  # ended: no exit for row 1, no fill afterwards
    scores[4] = 1.0
    scores[5, 2:] = NAN
    labels = {f"T{place:02d}": "known" for place in range(11)}
    found = evaluate_factor(
        *panel(scores, prices), (1,), 2, labels, relative_to="nothing", min_names=5
    )
    assert lost(found) == {
        "no score": 1 + 10,
        "infinite score": 1,
        "no group": 7,  # the last name, on the dates on which it has a score
        "entry beyond the prices": 11,  # row 7
        "no price at entry": 1 + 4,  # the name that ended: rows 2, 3, 4 and 6
        "exit beyond the prices": 10,  # row 6
        "prices ended before the exit": 1,
        "no price at the exit": 1,
        "too few names on the date": 2,  # row 5
        "one score for all names of the date": 10,  # row 4
    }
    assert found.losses.loc["kept", 1] == found.sample.judged[1].n_names.sum()


def test_a_common_sample_loses_what_another_horizon_misses():
    found = evaluate_factor(
        *draw_factor(), (1, 4), conventions=FactorConventions(sample="every_horizon")
    )
    assert lost(found, 1)["no return at another horizon"] > 0
    assert found.losses.loc["kept", 1] == found.losses.loc["kept", 4]


def test_dates_whose_scores_leave_no_edges_are_counted():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(6, 12))
    scores[2] = np.sign(scores[2])
    prices = 10 + rng.random((6, 12))
    found = evaluate_factor(*panel(scores, prices), (1,), conventions=EDGES)
    assert lost(found)["equal scores leave no quantile edges"] == 12
    assert found.quantiles.iloc[2].isna().all()
    ours = evaluate_factor(*panel(scores, prices), (1,))
    assert ours.quantiles.iloc[2].notna().all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([None, EDGES, ALPHALENS]))
def test_kept_and_lost_add_up_to_what_was_given(seed, conventions):
    scores, prices = draw_factor(n_sessions=30, n_names=15, seed=seed)
    scores.iloc[seed % 30, 0] = np.inf
    groups = draw_groups(scores, seed=seed) if seed % 2 else None
    found = evaluate_factor(
        scores, prices, (1, 3), groups=groups, lag=seed % 3, conventions=conventions
    )
    table = found.losses
    assert (table.loc["given"] == scores.size).all()
    assert (table.drop("given").sum() == scores.size).all()
    for horizon in (1, 3):
        judged = found.sample.judged[horizon]
        assert table.loc["kept", horizon] == judged.n_names.sum()


def refused(code, kind=ConfigError):
    return pytest.raises(kind, match=rf"^{code} ")


def test_a_horizon_longer_than_the_prices_says_what_it_needs():
    scores, prices = draw_factor(n_sessions=30)
    with refused("AK-C120") as caught:
        evaluate_factor(scores.iloc[10:], prices, (1, 25), lag=2)
    assert "20 sessions" in caught.value.got
    assert caught.value.wanted.startswith("28:")
    found = evaluate_factor(scores, prices, (1,))
    with refused("AK-C120"):
        found.decay(40)


def test_prices_that_no_order_could_fill_at_are_refused():
    scores, prices = draw_factor(n_sessions=30)
    for wrong in (0.0, -1.0, np.inf):
        bad = prices.copy()
        bad.iloc[3, 5] = wrong
        with refused("AK-D125", DataError) as caught:
            evaluate_factor(scores, bad)
        assert caught.value.where == ["T05 2021-01-07"]


def test_cells_that_are_no_numbers_are_refused():
    scores, prices = draw_factor(n_sessions=30)
    with refused("AK-D126", DataError) as caught:
        evaluate_factor(scores.assign(T03="high"), prices)
    assert caught.value.where == ["T03"]


def test_groups_of_other_names_are_refused():
    scores, prices = draw_factor(n_sessions=30)
    with refused("AK-C121"):
        evaluate_factor(scores, prices, groups={"AAPL": "tech"})
    twice = pd.concat([draw_groups(scores)] * 2)
    with refused("AK-C121") as caught:
        evaluate_factor(scores, prices, groups=twice)
    assert caught.value.got == "a date or ticker twice"
    with refused("AK-C121"):
        evaluate_factor(scores, prices, groups=pd.Series(["a", "b"], ["T01", "T01"]))
    with refused("AK-C121"):
        evaluate_factor(scores, prices, groups=["a"] * scores.shape[1])


@pytest.mark.parametrize(
    "asked", [{"relative_to": "groups"}, {"quantiles_by_group": True}]
)
def test_a_question_about_groups_needs_them(asked):
    with refused("AK-C122"):
        evaluate_factor(*draw_factor(n_sessions=30), **asked)
    with refused("AK-C122"):
        _ = evaluate_factor(*draw_factor(n_sessions=30)).ic_by_group


def test_one_label_per_ticker_is_the_same_as_that_label_on_every_date():
    scores, prices = draw_factor()
    fixed = {name: "even" if place % 2 else "odd" for place, name in enumerate(scores)}
    dated = pd.DataFrame([fixed] * len(scores), scores.index)
    answers = [
        evaluate_factor(scores, prices, (1,), groups=each).ic
        for each in (fixed, pd.Series(fixed), dated, dated.iloc[::-1])
    ]
    for answer in answers[1:]:
        pd.testing.assert_frame_equal(answers[0], answer)


def test_a_dated_label_counts_on_its_own_date_alone():
    scores, prices = draw_factor()
    labels = draw_groups(scores)
    found = evaluate_factor(scores, prices, (1,), groups=labels.iloc[:20])
    assert found.quantiles.iloc[:20].notna().any(axis=1).all()
    assert found.quantiles.iloc[20:].isna().all().all()


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (np.full((30, 24), NAN), "no score"),
        (np.full((30, 24), np.inf), "infinite score"),
        (np.full((30, 24), 0.1), "one score for all names of the date"),
        (np.where(np.arange(24) == 3, 1.0, np.full((30, 24), NAN)), "too few names"),
        (np.where(np.arange(24) < 4, np.arange(24.0), NAN) + np.zeros((30, 1)), "few"),
    ],
    ids=["nothing", "infinite", "constant", "one name", "fewer than quantiles"],
)
def test_scores_without_content_give_no_numbers_and_say_why(scores, reason):
    given, prices = draw_factor(n_sessions=30)
    found = evaluate_factor(
        pd.DataFrame(scores, given.index, given.columns), prices, (1, 5), min_names=2
    )
    assert found.losses.loc["kept"].eq(0).all()
    assert any(reason in why for why in lost(found))
    summary = found.summary()
    assert summary[["rank_ic", "rank_ic_t", "spread"]].isna().all().all()
    assert summary["n_dates"].eq(0).all()
    tables = (found.alpha_beta[["alpha", "beta"]], found.factor_returns, found.weights)
    for table in tables:
        assert table.isna().all().all()
    assert found.cumulative_returns.eq(1).all().all()
    assert np.isnan(found.half_life)
    assert found.event_returns(1, 1)["mean_return"].isna().all()


def test_one_date_of_scores_has_its_coefficient_and_no_error():
    scores, prices = draw_factor(n_sessions=30)
    found = evaluate_factor(scores.iloc[[5]], prices, (1,))
    assert found.ic[1].notna().all()
    assert np.isnan(found.summary().loc[1, "rank_ic_t"])

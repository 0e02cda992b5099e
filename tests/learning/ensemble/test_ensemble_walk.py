"""An ensemble through a walk-forward: what it learns, and what it must not know."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, DataError, ModelError
from alpha_kedro.learning.ensemble import run_ensemble, weights_today
from alpha_kedro.learning.fit_ledger import check_fit_ledger
from alpha_kedro.learning.splitters.splits import Spans
from tests.learning.ensemble.planted_members import (
    GAP,
    SESSIONS,
    labels_of,
    plan,
    planted,
    predictions_of,
    spec,
    study,
)

LEARNED = ("ic", "sharpe", "stacking")
WEIGHTINGS = ("mean", "rank_mean", *LEARNED)
SKILLS = {"strong": 0.30, "weak": 0.10, "noise": 0.0}


@pytest.fixture(scope="module")
def members():
    return planted(SKILLS)


def weights(folds):
    return np.array([fold.weights.values for fold in folds])


def all_scores(folds):
    return pd.concat([fold.scores for fold in folds], ignore_index=True)


def mean_ic(scores, labels):
    joined = scores.merge(labels, on=["date", "ticker"])
    by_date = joined.groupby("date")[["score", "label"]]
    return by_date.apply(lambda rows: rows.corr("spearman").iloc[0, 1]).mean()


def rows_known(members, fold):
    """Return the rows that may teach the weights of a fold, told the slow way."""
    joined = members.predictions[["date", "ticker"]].drop_duplicates()
    joined = joined.merge(members.labels, on=["date", "ticker"])
    axis = pd.DatetimeIndex(SESSIONS)
    final = axis.get_indexer(joined["label_end"]) + members.embargo
    return joined[final < axis.get_loc(fold.test_start)].dropna(subset="label")


def test_every_tested_row_has_a_score(members):
    folds = members.run(spec(*SKILLS))
    found = all_scores(folds)
    expected = members.predictions.query("model == 'weak'")[["date", "ticker"]]
    pd.testing.assert_frame_equal(
        found[["date", "ticker"]], expected.reset_index(drop=True)
    )
    assert found["score"].notna().all()
    assert [fold.line["fold"] for fold in folds] == list(range(1, 13))


def test_a_mean_is_the_mean_of_z_scores(members):
    wide = members.predictions.pivot_table(
        index=["date", "ticker"], columns="model", values="score"
    )
    by_date = wide.groupby("date")
    unit = (wide - by_date.transform("mean")) / by_date.transform("std")
    found = all_scores(members.run(spec(*SKILLS, weighting="mean")))
    np.testing.assert_allclose(found["score"], unit.mean(axis=1), rtol=1e-9)


def test_a_rank_mean_is_the_mean_of_ranks(members):
    wide = members.predictions.pivot_table(
        index=["date", "ticker"], columns="model", values="score"
    )
    ranks = (wide.groupby("date").rank() - 1) / 39 - 0.5
    found = all_scores(members.run(spec(*SKILLS, weighting="rank_mean")))
    np.testing.assert_allclose(found["score"], ranks.mean(axis=1), atol=1e-12)


def test_weights_by_ic_are_what_pandas_makes_of_the_past(members):
    folds = members.run(spec(*SKILLS, shrinkage=0.0))
    fold = folds[5]
    known = rows_known(members, members.folds[5])
    past = members.predictions.merge(known, on=["date", "ticker"])
    ics = {
        name: max(mean_ic(own[["date", "ticker", "score"]], known), 0)
        for name, own in past.groupby("model")
    }
    total = sum(ics.values())
    expected = {name: ic / total for name, ic in ics.items()}
    assert fold.weights.by_member == pytest.approx(expected)


@pytest.mark.parametrize("weighting", LEARNED)
def test_planted_skill_is_found_and_beats_equal_weights(weighting):
    """Independent noise: the best weights are as 3 to 1 to 0."""
    members = planted(SKILLS, n_weeks=300, seed=4)
    folds = members.run(spec(*SKILLS, weighting=weighting, shrinkage=0.0))
    found = folds[-1].weights.by_member
    assert found["strong"] == pytest.approx(0.75, abs=0.08)
    assert found["weak"] == pytest.approx(0.25, abs=0.08)
    assert found["noise"] == pytest.approx(0.0, abs=0.08)
    equal = members.run(spec(*SKILLS, weighting="rank_mean"))
    late = [mean_ic(all_scores(each[10:]), members.labels) for each in (folds, equal)]
    assert late[0] > late[1] * 1.3


def test_correlation_is_adjusted_for():
    """Three equal members, two of them one: a half and two quarters."""
    skills = {"first": 0.3, "twin": 0.3, "other": 0.3}
    members = planted(skills, n_weeks=200, noise={"twin": "first"})
    for weighting, other in (("ic", 1 / 3), ("sharpe", 0.5), ("stacking", 0.5)):
        folds = members.run(spec(*skills, weighting=weighting, shrinkage=0.0))
        found = folds[-1].weights.by_member
        assert found["other"] == pytest.approx(other, abs=0.06)
        assert found["first"] == pytest.approx(found["twin"], abs=1e-6)


@pytest.mark.parametrize("weighting", LEARNED)
def test_on_noise_shrinkage_keeps_the_weights_near_equal(weighting):
    names = ("a", "b", "c", "d")
    members = planted(dict.fromkeys(names, 0.0), seed=5)
    bold = weights(members.run(spec(*names, weighting=weighting, shrinkage=0.0)))
    shy = weights(members.run(spec(*names, weighting=weighting, shrinkage=0.9)))
    np.testing.assert_allclose(shy - 0.25, 0.1 * (bold - 0.25), atol=1e-12)
    assert np.abs(shy - 0.25).max() <= 0.075 + 1e-12
    assert np.abs(bold - 0.25).max() > 0.15


@pytest.mark.parametrize("weighting", LEARNED)
def test_the_future_changes_no_bit_of_the_past(members, weighting):
    """Labels not final before a fold, and scores from it on, are garbled."""
    chosen = spec(*SKILLS, weighting=weighting)
    before = members.run(chosen)
    place = 6
    start = members.folds[place].test_start
    rng = np.random.default_rng(9)
    labels, predictions = members.labels.copy(), members.predictions.copy()
    late = labels["label_end"] >= start
    labels.loc[late, "label"] = rng.normal(size=late.sum()) * 100
    later = predictions["date"] >= start
    predictions.loc[later, "score"] = rng.normal(size=later.sum())
    after = members.but(labels=labels, predictions=predictions).run(chosen)
    np.testing.assert_array_equal(
        weights(after)[: place + 1], weights(before)[: place + 1]
    )
    for left, right in zip(before[:place], after[:place], strict=True):
        pd.testing.assert_frame_equal(left.scores, right.scores, check_exact=True)
    assert (weights(after)[place + 1] != weights(before)[place + 1]).all()


@pytest.mark.parametrize("weighting", LEARNED)
def test_the_last_final_label_does_count(members, weighting):
    """What the test above garbles is not too much: one session earlier is learned."""
    chosen = spec(*SKILLS, weighting=weighting)
    place = 6
    start = SESSIONS.get_loc(members.folds[place].test_start)
    labels = members.labels.copy()
    final = labels["label_end"] < SESSIONS[start]
    newest = final & (labels["date"] == labels["date"][final].max())
    labels.loc[newest, "label"] *= -1
    after = members.but(labels=labels).run(chosen)
    assert (weights(after)[place] != weights(members.run(chosen))[place]).any()


def test_labels_and_dates_to_come_can_be_missing_altogether(members):
    """A walk-forward that ends earlier begins as one that goes on."""
    chosen = spec(*SKILLS, weighting="sharpe")
    start = members.folds[6].test_start
    predictions = members.predictions[members.predictions["date"] < start]
    labels = members.labels[members.labels["label_end"] < start]
    short = members.but(
        predictions=predictions, labels=labels, folds=members.folds[:6]
    ).run(chosen)
    whole = members.run(chosen)[:6]
    np.testing.assert_array_equal(weights(short), weights(whole))
    pd.testing.assert_frame_equal(
        all_scores(short), all_scores(whole), check_exact=True
    )


@pytest.mark.parametrize(("embargo", "horizon"), [(0, 6), (3, 6), (0, 21), (7, 21)])
def test_the_ledger_obeys_the_gap_rule(embargo, horizon):
    base = planted(SKILLS)
    longer = labels_of(
        base.labels["label"].to_numpy().reshape(120, 40), horizon=horizon
    )
    members = base.but(labels=longer, embargo=embargo)
    folds = members.run(spec(*SKILLS))
    ledger = pd.DataFrame([fold.line for fold in folds])
    check_fit_ledger(ledger, sessions=SESSIONS.to_numpy())
    for fold, plan_ in zip(folds[2:], members.folds[2:], strict=True):
        known = rows_known(members, plan_)
        line = fold.line
        assert line["n_train"] == len(known)
        assert line["train_start"] == known["date"].min()
        assert line["train_end"] == known["date"].max()
        assert line["test_start"] == plan_.test_start
        assert line["n_test"] == 400
        assert line["embargo_sessions"] == embargo
        own = SESSIONS[SESSIONS.get_loc(plan_.test_start) - GAP]
        assert fold.fit_end == max(known["label_end"].max(), own)


def test_without_a_past_the_ledger_has_what_the_members_saw(members):
    line = members.run(spec(*SKILLS))[0].line
    assert line["n_train"] == 0
    assert pd.isna(line["train_start"])
    expected = SESSIONS[SESSIONS.get_loc(members.folds[0].test_start) - GAP]
    assert line["max_label_end"] == expected


def test_a_split_that_overlaps_would_be_refused(members, monkeypatch):
    """The proof is written apart from the rule: break the rule and see it red."""
    monkeypatch.setattr(Spans, "clear_of", lambda self, start, end: self.last != -1)
    from alpha_kedro.learning.ensemble import past

    def all_known(self, start):
        rows = np.arange(len(self.first))
        return past.Judgements(rows, self._evidence)

    monkeypatch.setattr(past.Past, "known_before", all_known)
    with pytest.raises(ModelError, match="AK-M003"):
        members.run(spec(*SKILLS))


def test_labels_of_one_date_that_end_on_two_are_taken_row_by_row():
    """A halted name's label comes late; the others of its date are known by then."""
    base = planted(SKILLS, n_weeks=40)
    labels = base.labels.copy()
    halted = labels["ticker"].isin(["T001", "T002"])
    place = SESSIONS.get_indexer(labels["label_end"])
    labels.loc[halted, "label_end"] = SESSIONS[place[halted] + 15]
    late = base.but(labels=labels)
    fold = base.folds[2]
    final = labels["label_end"] < fold.test_start
    told_then = base.but(labels=labels[final])
    for weighting in LEARNED:
        chosen = spec(*SKILLS, weighting=weighting)
        found, then = late.run(chosen)[2], told_then.run(chosen)[2]
        np.testing.assert_array_equal(found.weights.values, then.weights.values)
        assert found.line["n_train"] == then.line["n_train"] == final.sum()
        assert found.fit_end == then.fit_end


def test_a_label_nobody_knows_is_counted_and_not_learned_from(members):
    labels = members.labels.copy()
    labels.loc[labels["ticker"] == "T003", "label"] = np.nan
    line = members.but(labels=labels).run(spec(*SKILLS))[4].line
    n_dates = len(rows_known(members, members.folds[4])["date"].unique())
    assert line["n_unlabelled"] == n_dates
    assert line["n_train"] == 39 * n_dates


def test_the_order_of_rows_and_members_changes_no_bit(members):
    shuffled = members.but(
        predictions=members.predictions.sample(frac=1, random_state=0),
        labels=members.labels.sample(frac=1, random_state=1),
    )
    for weighting in WEIGHTINGS:
        one = members.run(spec("strong", "weak", "noise", weighting=weighting))
        other = shuffled.run(spec("noise", "strong", "weak", weighting=weighting))
        np.testing.assert_array_equal(weights(one), weights(other))
        pd.testing.assert_frame_equal(
            all_scores(one), all_scores(other), check_exact=True
        )


def test_names_that_some_members_do_not_score_are_counted():
    rng = np.random.default_rng(0)
    label = rng.normal(size=(20, 10))
    scores = {name: label + rng.normal(size=label.shape) for name in "ab"}
    scores["a"][:, 0] = np.nan
    scores["b"][:, :2] = np.nan
    members = study(scores, label)
    fold = members.run(spec("a", "b"))[0]
    found = fold.scores.pivot_table(
        index="date", columns="ticker", values="score", dropna=False
    )
    assert found["T000"].isna().all()
    assert found.drop(columns="T000").notna().all(axis=None)
    assert fold.n_incomplete == 10
    strict = members.run(spec("a", "b", min_members=2))[0]
    assert strict.scores["score"].isna().sum() == 20
    assert strict.n_incomplete == 10


def test_a_member_without_a_fold_is_done_without():
    """It was skipped twice: the others go on, and it is judged when it can be."""
    members = planted(SKILLS)
    late = members.predictions["fold"] > 2
    rows = members.predictions[late | (members.predictions["model"] != "strong")]
    folds = members.but(predictions=rows).run(spec(*SKILLS))
    assert folds[0].n_incomplete == 400
    assert folds[0].scores["score"].notna().all()
    assert folds[2].weights.reason.endswith("too new to judge: strong")
    assert folds[2].weights.by_member["strong"] == pytest.approx(1 / 3)
    assert folds[-1].weights.by_member["strong"] > 0.5


def test_a_fold_all_members_skipped_has_no_scores(members):
    rows = members.predictions[members.predictions["fold"] != 3]
    folds = members.but(predictions=rows).run(spec(*SKILLS))
    assert len(folds[2].scores) == 0
    assert folds[2].line["n_test"] == 0
    assert len(folds[3].scores) == 400


def test_scores_that_are_not_out_of_sample_are_refused(members):
    rows = members.predictions.copy()
    rows.loc[17, "fit_end"] = rows.loc[17, "date"]
    with pytest.raises(ModelError, match="AK-M160") as refused:
        members.but(predictions=rows).run(spec(*SKILLS))
    assert "1 of 14400 scores" in str(refused.value)


def test_a_member_nobody_knows_is_refused_with_the_nearest(members):
    with pytest.raises(ConfigError, match="AK-C002") as refused:
        members.run(spec("strong", "week"))
    assert "did you mean 'weak'" in str(refused.value)


def test_predictions_of_another_plan_are_refused(members):
    with pytest.raises(ModelError, match="AK-M161"):
        members.but(folds=plan(120, per_fold=20)).run(spec(*SKILLS))
    with pytest.raises(ModelError, match="AK-M161"):
        members.but(folds=members.folds[1:]).run(spec(*SKILLS))


def test_a_name_scored_twice_is_refused(members):
    twice = pd.concat([members.predictions, members.predictions.iloc[:1]])
    with pytest.raises(DataError, match="AK-D001"):
        members.but(predictions=twice).run(spec(*SKILLS))


def test_todays_weights_are_those_of_a_fold_that_starts_today(members):
    chosen = spec(*SKILLS, weighting="stacking")
    fold = members.folds[7]
    early = members.predictions[members.predictions["date"] < fold.test_start]
    today = weights_today(
        chosen,
        early,
        members.labels[members.labels["label_end"] < fold.test_start],
        newest=fold.test_start,
        sessions=SESSIONS.to_numpy(),
    )
    expected = members.run(chosen)[7].weights
    np.testing.assert_array_equal(today.values, expected.values)
    assert today.reason == expected.reason


def test_members_may_be_fitted_on_labels_of_other_horizons():
    """Only their scores and their own ends matter; the weights learn the main label."""
    rng = np.random.default_rng(6)
    label = rng.normal(size=(60, 30))
    folds = plan(60)
    scores = {
        name: skill * label + rng.normal(size=label.shape)
        for name, skill in {"h1": 0.1, "h10": 0.4}.items()
    }
    predictions = predictions_of(scores, folds)
    of_h1 = predictions["model"] == "h1"
    predictions.loc[of_h1, "fit_end"] -= pd.Timedelta("21D")
    found = run_ensemble(
        "horizons",
        spec("h1", "h10"),
        predictions,
        labels_of(label),
        folds=folds,
        sessions=SESSIONS.to_numpy(),
    )
    assert found[-1].weights.by_member["h10"] > 0.6
    assert found[0].fit_end == predictions.query("fold == 1")["fit_end"].max()

"""Scores are out of sample, the ledger proves it, and bad folds say why they failed."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning import (
    ModelSpec,
    check_fit_ledger,
    fit_fold,
    fitting,
    join_examples,
    score_cross_section,
)
from alpha_kedro.learning.splitters.splits import Spans
from tests.learning.small_study import (
    FEATURES,
    HORIZON,
    RIDGE,
    SESSIONS,
    SPEC,
    FittedToy,
    Toy,
    small_study,
    walk,
)

LAST = pd.Timestamp("2018-12-31")


@pytest.fixture
def toy(monkeypatch):
    model = Toy()
    monkeypatch.setattr(fitting, "make_model", lambda spec: model)
    return model


def test_every_fit_ends_before_its_tests_by_the_exact_gap(toy):
    result = walk(*small_study())
    ledger = result.fit_ledger
    assert ledger["fold"].tolist() == [1, 2, 3]
    # Tests start at sessions 60, 100, 140; labels end 3 later, the embargo adds 2.
    for fit, start in zip(ledger.itertuples(), (60, 100, 140), strict=True):
        assert fit.test_start == SESSIONS[start]
        assert fit.train_end == SESSIONS[start - HORIZON - SPEC.embargo - 1]
        assert fit.max_label_end == SESSIONS[start - SPEC.embargo - 1]
        assert fit.n_train == 8 * (start - HORIZON - SPEC.embargo)
    assert [len(data.y) for data in toy.seen] == ledger["n_train"].tolist()


def test_predictions_have_the_promised_columns_and_cover_every_test_row(toy):
    samples, labels = small_study()
    predictions = walk(samples, labels).predictions
    assert predictions.dtypes.astype("str").to_dict() == {
        "date": "datetime64[us]",
        "ticker": "str",
        "model": "str",
        "fold": "int64",
        "score": "float64",
        "label": "float64",
        "fit_end": "datetime64[us]",
    }
    assert len(predictions) == 8 * 100
    assert predictions["label"].isna().sum() == 8 * HORIZON
    assert (predictions["fit_end"] < predictions["date"]).all()
    joined = predictions.dropna().merge(labels, on=["date", "ticker"])
    assert joined["label_x"].equals(joined["label_y"])


def test_a_later_price_changes_no_earlier_score():
    samples, labels = small_study()
    before = walk(samples, labels).predictions
    late = SESSIONS[99]
    labels.loc[labels["label_end"] > late, "label"] *= -3
    after = walk(samples, labels).predictions
    early = before["date"] <= SESSIONS[101]
    assert early.sum() == 8 * 42
    assert before.loc[early, "score"].equals(after.loc[early, "score"])
    assert not before["score"].equals(after["score"])


def test_the_order_of_rows_and_columns_does_not_matter():
    samples, labels = small_study()
    plain = walk(samples, labels)
    mixed = walk(
        samples.sample(frac=1, random_state=1)[
            ["value", "ticker", *FEATURES[:2], "date", "sector"]
        ][samples.columns],
        labels.sample(frac=1, random_state=2),
    )
    pd.testing.assert_frame_equal(
        plain.predictions, mixed.predictions, check_exact=True
    )
    pd.testing.assert_frame_equal(plain.contributions, mixed.contributions)
    pd.testing.assert_frame_equal(plain.fit_ledger, mixed.fit_ledger)


def test_the_one_skill_in_the_data_is_found_out_of_sample():
    predictions = walk(*small_study()).predictions.dropna()
    assert predictions["score"].corr(predictions["label"], method="spearman") > 0.5


def test_contributions_add_up_to_the_scores_of_a_sample_of_tested_rows():
    result = walk(*small_study(), models=RIDGE | {"dice": ModelSpec(kind="random")})
    parts = result.contributions
    assert set(parts["model"]) == {"ridge"}  # dice have no parts
    assert parts.groupby("fold")["date"].count().tolist() == [6 * 4] * 3
    sums = parts.groupby(["date", "ticker", "model"], as_index=False)[
        "contribution"
    ].sum()
    scored = sums.merge(result.predictions, on=["date", "ticker", "model"])
    assert len(scored) == len(sums) == 18
    assert np.allclose(scored["contribution"], scored["score"])
    assert parts.loc[parts["feature"] == "bias", "value"].isna().all()


def test_contributions_carry_the_values_of_their_rows(toy):
    samples, labels = small_study()
    parts = walk(samples, labels).contributions
    long = samples.melt(["date", "ticker"], list(FEATURES), "feature", "truth")
    beside = parts[parts["feature"] != "bias"].merge(long)
    assert len(beside) == 3 * 6 * len(FEATURES)
    assert beside["value"].equals(beside["truth"])


def test_what_a_fit_dropped_is_in_the_ledger(toy):
    ledger = walk(*small_study()).fit_ledger
    assert set(ledger["dropped_features"]) == {"nothing: a toy drops nothing"}


@pytest.mark.parametrize(
    ("label", "reason"),
    [(1.0, "AK-M023"), (np.nan, "AK-M007"), (np.inf, "AK-M022")],
    ids=["constant", "all missing", "infinite"],
)
def test_a_fold_without_a_usable_target_is_skipped_with_the_reason(toy, label, reason):
    samples, labels = small_study()
    labels.loc[labels["date"] < SESSIONS[60], "label"] = label
    recent = SPEC.model_copy(update={"window": "rolling", "train_sessions": 40})
    result = walk(samples, labels, spec=recent)
    assert result.fit_ledger["skipped"].str[:7].tolist() == [reason, "", ""]
    assert result.predictions["fold"].unique().tolist() == [2, 3]


def test_missing_labels_are_left_out_and_counted(toy):
    samples, labels = small_study()
    labels.loc[labels["date"] == SESSIONS[10], "label"] = np.nan
    assert walk(samples, labels).fit_ledger["n_unlabelled"].tolist() == [8, 8, 8]


def test_a_fold_with_too_few_rows_is_skipped(toy):
    spec = SPEC.model_copy(update={"min_rows": 500})
    ledger = walk(*small_study(), spec=spec).fit_ledger
    assert ledger["n_train"].tolist() == [440, 760, 1080]
    assert ledger["skipped"].str[:7].tolist() == ["AK-M007", "", ""]
    assert ledger["nan_scores"].tolist() == [320, 0, 0]


def test_a_model_without_a_single_fit_is_an_error_that_says_why(toy):
    spec = SPEC.model_copy(update={"min_rows": 5_000})
    with pytest.raises(ModelError, match=r"AK-M008[\s\S]*got: 440 labelled rows"):
        walk(*small_study(), spec=spec)


def test_constant_and_missing_scores_are_flagged(toy):
    class Flat(FittedToy):
        def score(self, X, context=None):
            return np.where(X[:, 0] > 2, np.nan, 1.0)

        def contributions(self, X, context=None):
            return None

    toy.fitted = Flat
    samples, labels = small_study()
    result = walk(samples, labels)
    assert result.fit_ledger["constant_scores"].all()
    missing = int(result.predictions["score"].isna().sum())
    assert result.fit_ledger["nan_scores"].sum() == missing > 0
    assert not len(result.contributions)


def test_infinite_scores_are_refused(toy):
    class Endless(FittedToy):
        def score(self, X, context=None):
            return np.full(len(X), np.inf)

    toy.fitted = Endless
    with pytest.raises(ModelError, match="AK-M010"):
        walk(*small_study())


def test_infinite_features_are_refused_before_any_fit(toy):
    samples, labels = small_study()
    samples.loc[5, "value"] = np.inf
    with pytest.raises(ModelError, match=r"AK-M024[\s\S]*value"):
        walk(samples, labels)
    assert not toy.seen


def test_a_column_that_is_no_feature_is_refused():
    samples, labels = small_study()
    with pytest.raises(ModelError, match=r"AK-M005[\s\S]*close \(float64\)"):
        walk(samples.assign(close=1.0), labels)


def test_a_name_with_two_labels_on_one_date_is_refused():
    samples, labels = small_study()
    with pytest.raises(ModelError, match=r"AK-M006[\s\S]*labels more than once"):
        walk(samples, pd.concat([labels, labels.tail(3)]))


def test_labels_of_two_horizons_need_a_choice():
    samples, labels = small_study()
    both = pd.concat([labels, labels.assign(horizon=20)])
    with pytest.raises(ModelError, match="AK-M017"):
        walk(samples, both)


def test_a_walk_without_models_is_refused():
    with pytest.raises(ConfigError, match="AK-C033"):
        walk(*small_study(), models={})


def test_an_unpurged_fold_is_caught_before_it_is_fitted(toy, monkeypatch):
    # The planted fault: rows train as soon as their own date is past.
    def dates_alone(self, start, end):
        return (self.first < start) & (self.last >= 0)

    monkeypatch.setattr(Spans, "clear_of", dates_alone)
    with pytest.raises(ModelError, match="AK-M003"):
        walk(*small_study())
    assert not toy.seen


def test_the_ledger_shows_a_gap_one_session_too_short(toy):
    ledger = walk(*small_study()).fit_ledger
    sessions = SESSIONS.to_numpy()
    check_fit_ledger(ledger, sessions=sessions)
    ledger.loc[1, "max_label_end"] += pd.offsets.BDay(1)
    with pytest.raises(ModelError, match="fold 2: labels to 2019-05-17"):
        check_fit_ledger(ledger, sessions=sessions)


def test_daily_scoring_repeats_the_numbers_of_the_walk_forward():
    samples, labels = small_study()
    walked = walk(samples, labels).predictions.query("fold == 3")
    examples = join_examples(samples, labels)
    spans = Spans.of(examples.dated(), embargo=SPEC.embargo)
    train = np.flatnonzero(spans.clear_of(140, 10**6))
    fitted = fit_fold(RIDGE["ridge"], examples, train, spec=SPEC, seed=7)
    day = samples[samples["date"] == SESSIONS[155]]
    again = score_cross_section(fitted, day, fit_end=SESSIONS[137])
    then = walked.loc[walked["date"] == SESSIONS[155], "score"]
    assert again["score"].tolist() == then.tolist()


def test_a_model_never_scores_dates_it_has_seen():
    samples, _ = small_study()
    fitted = FittedToy(FEATURES, np.ones(3))
    score_cross_section(fitted, samples, fit_end=LAST)
    with pytest.raises(ModelError, match=r"AK-M009[\s\S]*16 rows up to 2019-01-02"):
        score_cross_section(fitted, samples, fit_end=SESSIONS[1])


def test_scoring_matches_features_by_name():
    samples, _ = small_study()
    fitted = FittedToy(FEATURES, np.array([1.0, 2.0, 3.0]))
    plain = score_cross_section(fitted, samples, fit_end=LAST)
    turned = samples[["value", "reversal", "momentum", "ticker", "date"]]
    assert score_cross_section(fitted, turned, fit_end=LAST).equals(plain)
    with pytest.raises(ModelError, match="missing value"):
        score_cross_section(fitted, samples.drop(columns="value"), fit_end=LAST)

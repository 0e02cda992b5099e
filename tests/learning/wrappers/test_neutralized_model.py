"""Scores without what sector and exposures explain of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning.context import Context
from alpha_kedro.learning.explaining.explain import explain
from alpha_kedro.learning.models import ModelSpec, make_model
from alpha_kedro.learning.training import TrainingData
from alpha_kedro.learning.wrappers.neutralized_model import restore_neutralized
from alpha_kedro.learning.wrappers.seeds import AveragedModel
from alpha_kedro.signals import rank

FEATURES = ("value", "beta", "size")
N_DATES, N_NAMES = 12, 40
SECTORS = np.array([f"S{i % 4}" for i in range(N_NAMES)], dtype=object)


def table(seed=0):
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2022-01-07", periods=N_DATES, freq="7D").as_unit("us")
    keys = {
        "date": np.repeat(dates, N_NAMES),
        "ticker": [f"N{i:02}" for i in range(N_NAMES)] * N_DATES,
        "sector": np.tile(SECTORS, N_DATES),
    }
    X = rng.normal(size=(N_DATES * N_NAMES, 3)).astype(np.float32)
    return pd.DataFrame(keys).join(pd.DataFrame(X, columns=list(FEATURES)))


def training(rows):
    X = rows[list(FEATURES)].to_numpy(np.float32)
    y = (X[:, 0] + 2 * X[:, 1]).astype(np.float64)
    dates = rows["date"].to_numpy()
    return TrainingData(
        X, y, dates, dates + np.timedelta64(8, "D"), FEATURES, context=Context.of(rows)
    )


def spec(*against):
    block = {"kind": "ridge", "neutralize": list(against)}
    return ModelSpec.parse(block, "models.tiny")


def fitted(*against):
    return make_model(spec(*against)).fit(training(table()), seed=1)


def scored(model, rows):
    X = rows[list(FEATURES)].to_numpy(np.float32)
    return model.score(X, Context.of(rows))


def test_a_score_is_what_a_regression_of_the_ranks_of_its_date_leaves():
    rows = table(1)
    model = fitted("beta", "sector")
    plain = scored(model.inner, rows).reshape(N_DATES, N_NAMES)
    beta = rows["beta"].to_numpy(float).reshape(N_DATES, N_NAMES)
    ranked, exposures = rank(plain), rank(beta)
    intercepts = (SECTORS[:, None] == np.unique(SECTORS)).astype(float)
    for day, scores in enumerate(scored(model, rows).reshape(N_DATES, N_NAMES)):
        design = np.column_stack([intercepts, exposures[day]])
        known = np.linalg.lstsq(design, ranked[day], rcond=None)[0]
        np.testing.assert_allclose(scores, ranked[day] - design @ known, atol=1e-12)


def test_a_date_alone_in_any_order_has_the_scores_it_has_among_others():
    rows = table(1)
    model = fitted("beta", "size", "sector")
    whole = pd.Series(scored(model, rows), index=rows.index)
    day = rows[rows["date"] == rows["date"].iloc[-1]].sample(frac=1, random_state=0)
    np.testing.assert_array_equal(scored(model, day), whole[day.index])


def test_names_that_are_absent_change_no_bit_of_the_others():
    rows = table(1)
    model = fitted("beta", "sector")
    gone = rows.assign(value=rows["value"].where(rows["ticker"] != "N07"))
    fewer = rows[rows["ticker"] != "N07"]
    unscored = replace(model, inner=HidesNaN(model.inner))
    whole = pd.Series(scored(unscored, gone), index=rows.index)
    assert whole[rows["ticker"] == "N07"].isna().all()
    np.testing.assert_array_equal(scored(unscored, fewer), whole[fewer.index])


class HidesNaN:
    """A model that gives no score where a value is missing."""

    kind, features, dropped_features = "ridge", FEATURES, ()

    def __init__(self, inner):
        self.inner = inner

    def score(self, X, context=None):
        missing = np.isnan(X).any(axis=1)
        return np.where(missing, np.nan, self.inner.score(X, context))


def test_a_missing_exposure_is_the_middle():
    rows = table(1)
    rows.loc[3, "beta"] = np.nan
    assert np.isfinite(scored(fitted("beta"), rows)).all()


def test_what_it_stores_brings_it_back():
    model = fitted("beta", "sector")
    rows = table(2)
    back = restore_neutralized(
        lambda *_: model.inner, FEATURES, {}, dict(model.files())
    )
    np.testing.assert_array_equal(scored(back, rows), scored(model, rows))


def test_the_parts_of_a_score_are_those_before_it_is_neutralized():
    rows, model = table(1), fitted("beta", "sector")
    raw = scored(model.inner, rows)
    for each in (model, AveragedModel((model, model))):
        parts = explain(each, rows).drop(columns=["date", "ticker"])
        np.testing.assert_allclose(parts.sum(axis=1), raw, atol=1e-9)


def test_what_is_missing_is_said():
    with pytest.raises(ConfigError, match="beta"):
        fitted("betta")
    model, rows = fitted("beta", "sector"), table()
    with pytest.raises(ModelError, match="AK-M100"):
        model.score(rows[list(FEATURES)].to_numpy(np.float32))
    with pytest.raises(ModelError, match="AK-M046"):
        scored(model, rows.drop(columns="sector"))

"""A small training window with a signal planted in it."""

import numpy as np
import pandas as pd

from alpha_kedro.learning.models import ModelSpec, TrainingData, make_model

FEATURES = ("value", "momentum", "size", "noise", "luck")
WEEKS = pd.date_range("2020-01-03", periods=60, freq="7D").as_unit("us")
N_TICKERS = 5

BLOCKS = {
    "classifier": {
        "lightgbm": {
            "n_estimators": 20,
            "learning_rate": 0.3,
            "num_leaves": 7,
            "min_data_in_leaf": 10,
        },
        "n_splits": 3,
    },
    "elastic_net": {"alpha": [0.01]},
    "factor": {"feature": "value"},
    "lightgbm": {
        "n_estimators": 20,
        "threads": 1,
        "learning_rate": 0.3,
        "num_leaves": 7,
        "min_data_in_leaf": 10,
    },
    "random": {},
    "ridge": {"alpha": [1.0]},
    "xgboost": {
        "n_estimators": 20,
        "threads": 1,
        "learning_rate": 0.3,
        "min_child_weight": 5.0,
    },
}
LEARNED = ("classifier", "elastic_net", "lightgbm", "ridge", "xgboost")
TREES = ("lightgbm", "xgboost")


def window(seed=0, missing=0.05):
    """Return 300 rows of y = 0.5 value - 0.3 momentum + noise, with gaps in X."""
    rng = np.random.default_rng(seed)
    n = len(WEEKS) * N_TICKERS
    X = rng.normal(size=(n, len(FEATURES))).astype(np.float32)
    y = 0.5 * X[:, 0] - 0.3 * X[:, 1] + 0.2 * rng.normal(size=n)
    X[rng.random(X.shape) < missing] = np.nan
    dates = np.repeat(WEEKS.to_numpy(), N_TICKERS)
    return TrainingData(
        X, y.astype(np.float64), dates, dates + np.timedelta64(14, "D"), FEATURES
    )


def model(kind, **overrides):
    """Return a tiny model of a kind."""
    block = BLOCKS[kind] | overrides
    return make_model(ModelSpec.parse({"kind": kind, kind: block}, "models.tiny"))


def fitted(kind, seed=3, data=None, **overrides):
    """Return a tiny model fitted on the planted window."""
    return model(kind, **overrides).fit(data or window(), seed=seed)


def replaced(data, **arrays):
    """Return a window with some of its arrays replaced."""
    return TrainingData(**(vars(data) | arrays))


def stored(model_fitted):
    """Return all the bytes a fit left behind."""
    return dict(model_fitted.files())

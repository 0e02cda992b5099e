"""Training windows made of aligned arrays, and what a selection is asked on them."""

import numpy as np
import pandas as pd

from alpha_kedro.learning.training import TrainingData

FIRST = np.datetime64("2015-01-02", "us")
WEEK = np.timedelta64(7, "D")


def window_of(X, y, names=None):
    """Return the rows of (n_dates, n_names, p) features and (n_dates, n_names) labels.

    Decisions are weekly, and a label is known eight days later.
    """
    n_dates, n_names, p = X.shape
    dates = np.repeat(FIRST + np.arange(n_dates) * WEEK, n_names)
    return TrainingData(
        X.reshape(-1, p).astype(np.float32),
        y.ravel().astype(np.float64),
        dates,
        dates + np.timedelta64(8, "D"),
        tuple(names or (f"f{column:03d}" for column in range(p))),
    )


def tables_of(data):
    """Return a window as the samples and labels a walk-forward is given."""
    n_names = int(np.sum(data.dates == data.dates[0]))
    tickers = [f"T{place:03d}" for place in range(n_names)]
    keys = pd.DataFrame(
        {
            "date": data.dates,
            "ticker": pd.array(tickers * (len(data.y) // n_names), "str"),
        }
    )
    features = pd.DataFrame(data.X, columns=list(data.features))
    outcome = {"horizon": 5, "fwd_ret": data.y, "label": data.y}
    return (
        keys.assign(sector="one").join(features),
        keys.assign(**outcome, label_end=data.label_end),
    )


def noise(n_dates=60, n_names=20, p=6, *, seed=0, ic=()):
    """Return features and labels of noise, but for the skill of the first features."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_dates, n_names, p))
    skilled = X[..., : len(ic)] @ np.array(ic) if len(ic) else 0.0
    return X, skilled + rng.normal(size=(n_dates, n_names))


def mean_rank_ic(scores, data):
    """Return the mean over dates of the rank correlation with the label, and its t."""
    table = pd.DataFrame({"date": data.dates, "score": scores, "label": data.y})
    ranked = table.groupby("date").rank()
    daily = ranked.groupby(table["date"]).apply(
        lambda rows: rows["score"].corr(rows["label"])
    )
    return daily.mean(), daily.mean() / daily.sem()

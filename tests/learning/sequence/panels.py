"""A small market with a history, and tiny networks to learn from it."""

from dataclasses import replace

import numpy as np
import pandas as pd

from alpha_kedro.learning.context import Background, Context
from alpha_kedro.learning.histories import FeatureHistory
from alpha_kedro.learning.sequence.lstm import LSTMSpec
from alpha_kedro.learning.sequence.multi_scale import MultiScaleLSTMSpec
from alpha_kedro.learning.training import TrainingData

FEATURES = ("pace", "size", "luck")
MEMORY = 5

LOOP = {
    "epochs": 2,
    "learning_rate": 0.02,
    "dates_per_batch": 8,
    "device": "cpu",
    "stopping": {"choose_by": "none"},
}
LSTM = {"lookback": 6, "min_length": 4, "hidden": 4, "dropout": 0.1, "training": LOOP}
MULTI_SCALE = {
    "short": {"lookback": 3, "units": [4]},
    "medium": {"lookback": 5, "units": [6, 4]},
    "long": {"lookback": 8, "every": 3, "units": [4]},
    "min_length": 4,
    "heads": 2,
    "attention_units": 4,
    "dense": [6, 4],
    "training": LOOP,
}


def lstm(**overrides):
    return LSTMSpec.parse(merged(LSTM, overrides), "models.tiny")


def multi_scale(**overrides):
    return MultiScaleLSTMSpec.parse(merged(MULTI_SCALE, overrides), "models.tiny")


def merged(block, overrides):
    """Return a block with others laid over it, level by level."""
    both = {
        key: merged(block[key], value)
        for key, value in overrides.items()
        if isinstance(value, dict) and key in block
    }
    return {**block, **overrides, **both}


TINY = {"lstm": lstm, "multi_scale_lstm": multi_scale}


def table(n_sessions=60, n_names=8, *, seed=0, gaps=True):
    """Return features of every session; some values and some rows are missing."""
    rng = np.random.default_rng(seed)
    sessions = pd.bdate_range("2019-01-01", periods=n_sessions).as_unit("us")
    names = [f"T{place:02d}" for place in range(n_names)]
    keys = {
        "date": np.repeat(sessions.to_numpy(), n_names),
        "ticker": np.tile(names, n_sessions),
    }
    values = rng.normal(size=(n_sessions * n_names, len(FEATURES))).astype(np.float32)
    if gaps:
        values[rng.random(values.shape) < 0.05] = np.nan
    rows = pd.DataFrame(keys).join(pd.DataFrame(values, columns=list(FEATURES)))
    rows["sector"] = "one"
    kept = rng.random(len(rows)) >= 0.03 if gaps else np.ones(len(rows), bool)
    return rows[kept].reset_index(drop=True)


def labels_with_a_memory(rows, *, noise=0.5, seed=1):
    """Return the sum of the signs of `pace` over the last five sessions, and noise."""
    rng = np.random.default_rng(seed)
    signs = np.sign(rows["pace"]).fillna(0)
    sums = signs.groupby(rows["ticker"]).rolling(MEMORY, min_periods=1).sum()
    past = sums.droplevel(0).reindex(rows.index)
    return (past + noise * rng.normal(size=len(rows))).to_numpy(dtype=np.float64)


def window(rows=None, y=None, *, history=None, days=None, delay=2):
    """Return rows of a table with labels known some sessions later, and a history."""
    rows = table() if rows is None else rows
    y = labels_with_a_memory(rows) if y is None else y
    background = Background(histories=history or FeatureHistory.of(rows))
    dates = rows["date"].to_numpy()
    ends = pd.DatetimeIndex(dates) + pd.tseries.offsets.BDay(delay)
    data = TrainingData(
        rows[list(FEATURES)].to_numpy(dtype=np.float32),
        y,
        dates,
        ends.as_unit("us").to_numpy(),
        FEATURES,
        context=Context.of(rows, background),
    )
    if days is None:
        return data
    sessions = np.unique(dates)
    chosen = np.isin(dates, sessions[days])
    return data.take(np.flatnonzero(chosen))


def scores_of(fitted, data):
    return fitted.score(data.X, data.context)


def with_history(data, history):
    """Return the rows of a window in front of another history."""
    background = Background(histories=history)
    return replace(data, context=replace(data.context, background=background))

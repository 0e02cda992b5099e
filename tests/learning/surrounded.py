"""A tiny ridge in everything that may surround a model, alone and all at once."""

import numpy as np
import pandas as pd

from alpha_kedro.learning.context import Background, Context
from alpha_kedro.learning.models import ModelSpec, make_model
from alpha_kedro.learning.wrappers.seeds import AveragedModel
from tests.learning.planted import N_TICKERS, WEEKS, replaced, window

SURROUNDINGS = {
    "selection": {"n_features": 3, "min_names": 4, "n_periods": 2},
    "regimes": {
        "detector": "volatility",
        "mode": "blend",
        "min_rows": 40,
        "min_dates": 5,
    },
    "tuning": {"n_trials": 2, "min_names": 4, "space": {"n_splits": [3, 5]}},
    "neutralize": ["size", "sector"],
}
ORDER = ("selection", "regimes", "tuning", "neutralize", "seeds")


def rows(seed=0):
    """Return the planted window with names, sectors and states of the market."""
    data = window(seed)
    sessions = pd.bdate_range("2018-06-01", WEEKS[-1]).as_unit("us")
    rng = np.random.default_rng(9)
    level = np.where(np.arange(len(sessions)) // 60 % 2, 0.02, 0.007)
    states = pd.DataFrame(
        {
            "date": sessions,
            "market_volatility": level * np.exp(rng.normal(size=len(sessions)) / 4),
        }
    )
    names = [f"T{place}" for place in range(N_TICKERS)]
    context = Context(
        data.dates,
        np.tile(np.array(names, dtype=object), len(WEEKS)),
        Background(states=states),
        np.tile(np.array(["one", "one", "two", "two", "two"], object), len(WEEKS)),
    )
    return replaced(data, context=context)


def surrounded(*wrappers, seeds=2):
    """Return a ridge fitted inside some wrappers, as ``make_model`` nests them."""
    block = {name: SURROUNDINGS[name] for name in wrappers if name != "seeds"}
    spec = ModelSpec.parse({"kind": "ridge", "ridge": {"alpha": [1.0]}, **block}, "m")
    fits = [make_model(spec).fit(rows(), seed=seed) for seed in range(seeds)]
    return AveragedModel(tuple(fits)) if "seeds" in wrappers else fits[0]

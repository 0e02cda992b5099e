"""Small tables of predictions that tests of this package share."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

Draw = Callable[..., pd.DataFrame]


@pytest.fixture
def draw_predictions() -> Draw:
    """Return a drawer of judged predictions with a given strength."""

    def draw(
        *, n_dates: int = 30, n_names: int = 40, strength: float = 0.3, seed: int = 0
    ) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        dates = pd.date_range("2020-01-02", periods=n_dates, freq="7D").as_unit("us")
        names = [f"T{place:03d}" for place in range(n_names)]
        index = pd.MultiIndex.from_product([dates, names], names=["date", "ticker"])
        table = index.to_frame(index=False).assign(model="ridge")
        table["fwd_ret"] = rng.normal(0, 0.02, len(table))
        noise = rng.normal(0, 0.02, len(table))
        table["score"] = strength * table["fwd_ret"] + (1 - strength) * noise
        return table

    return draw

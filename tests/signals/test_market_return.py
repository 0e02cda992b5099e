"""The market's return by hand."""

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose, assert_array_equal

from alpha_kedro.core.panel import Axes
from alpha_kedro.signals.market_return import benchmark_return, equal_weight_return

nan = np.nan
CLOSE = np.array([[10, 20, nan], [11, 20, 5], [11, nan, 6], [nan, nan, nan]])


def test_the_market_is_the_mean_return_of_those_who_have_one():
    assert_allclose(equal_weight_return(CLOSE), [nan, 0.05, 0.1, nan])


def test_who_is_no_member_does_not_count():
    members = np.array([[True, False, False]] * 4)
    assert_allclose(equal_weight_return(CLOSE, members), [nan, 0.1, 0.0, nan])


def test_the_order_of_the_names_moves_no_bit():
    rng = np.random.default_rng(0)
    close = rng.lognormal(size=(5, 40))
    shuffled = close[:, rng.permutation(40)]
    assert_array_equal(equal_weight_return(close), equal_weight_return(shuffled))


def test_a_session_the_benchmark_missed_has_no_return_and_nor_has_the_next():
    dates = pd.bdate_range("2024-01-01", periods=5)
    spy = pd.DataFrame({"date": dates, "ticker": "SPY", "volume": 1.0})
    for name in ("open", "high", "low", "close", "adj_close"):
        spy[name] = [100.0, 110.0, 121.0, 121.0, 121.0]
    found = benchmark_return(spy.drop(index=2), Axes.of(dates, ["AAA"]))
    assert_allclose(found, [nan, 0.1, nan, nan, 0.0])

"""Value paths against vectorbt 1.2 where both can be told to do the same.

vectorbt sizes every order of a session to its share of the value before costs and
charges fees on top, as the books do; it marks at the close. Left out of the comparison:
gaps, halts, delistings and borrow fees, which it does not know, and long-only books so
full that its orders stop at the cash there is.
"""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.portfolio.costs import CostSpec
from alpha_kedro.portfolio.simulation import simulate

pytestmark = pytest.mark.slow

FEES = 5e-4
N_DATES, N_NAMES = 200, 25


def market(seed=3):
    rng = np.random.default_rng(seed)
    shape = (N_DATES, N_NAMES)
    close = 50 * np.exp(rng.normal(0, 0.02, shape).cumsum(axis=0))
    before = np.vstack([close[:1], close[:-1]])
    opens = before * np.exp(rng.normal(0, 0.005, shape))
    dates = pd.bdate_range("2020-01-01", periods=N_DATES)
    names = [f"N{column:02d}" for column in range(N_NAMES)]
    return {
        "open": pd.DataFrame(opens, dates, names),
        "close": pd.DataFrame(close, dates, names),
    }


def target_weights(like, *, book, every, sparse):
    rng = np.random.default_rng(11)
    scores = rng.normal(size=like.shape)
    if sparse:
        scores[np.abs(scores) < 0.3] = 0
    longs, shorts = np.maximum(scores, 0), np.maximum(-scores, 0)
    longs /= longs.sum(axis=1, keepdims=True)
    shorts /= shorts.sum(axis=1, keepdims=True)
    # Room for fees: vectorbt would cut the orders that cash does not cover.
    weights = 0.98 * longs if book == "long" else longs - shorts
    weights[np.arange(len(weights)) % every > 0] = np.nan
    return pd.DataFrame(weights, like.index, like.columns)


def value_by_vectorbt(weights, prices, *, fill):
    vectorbt = pytest.importorskip("vectorbt")  # takes seconds to import
    book = vectorbt.Portfolio.from_orders(
        prices["close"],
        weights.shift(1),
        price=prices[fill],
        size_type="targetpercent",
        fees=FEES,
        init_cash=1e6,
        min_size=0.0,
        group_by=True,
        cash_sharing=True,
        call_seq="auto",
        freq="1D",
    )
    return book.value() / 1e6


@pytest.mark.parametrize("book", ["long", "long_short"])
@pytest.mark.parametrize("every", [1, 5], ids=["daily", "weekly"])
@pytest.mark.parametrize("sparse", [False, True], ids=["all_names", "some_names"])
@pytest.mark.parametrize("fill", ["open", "close"])
def test_the_value_path_is_that_of_vectorbt(book, every, sparse, fill):
    prices = market()
    weights = target_weights(prices["close"], book=book, every=every, sparse=sparse)
    costs = CostSpec(cost_bps=FEES * 1e4, borrow_bps_annual=0.0)
    ours = simulate(weights, prices, costs, fill=fill)
    theirs = value_by_vectorbt(weights, prices, fill=fill)
    assert ours.returns["net_return"].std() > 1e-3
    np.testing.assert_allclose(ours.nav, theirs, rtol=1e-10)

"""The ledger against an obvious twin that keeps its books in exact fractions."""

from fractions import Fraction

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.portfolio import CostSpec, simulate


def exact_nav(weights, opens, close, *, cost, borrow, lag, after, exits):
    """Keep the books of one portfolio name by name, in exact arithmetic."""
    n_dates, n_tickers = close.shape
    cash, units = Fraction(1), [Fraction(0)] * n_tickers
    last = [Fraction(0)] * n_tickers
    nav_path = []
    for row in range(n_dates):
        for name in range(n_tickers):
            bars = [r for r in range(n_dates) if not np.isnan(close[r, name])]
            dead = bars and n_dates - 1 - bars[-1] >= after
            if dead and row == bars[-1] + after:
                price = Fraction(close[bars[-1], name]) * (1 + exits[name])
                cash, units[name], last[name] = cash + units[name] * price, 0, price
            elif not np.isnan(opens[row, name]):
                last[name] = Fraction(opens[row, name])
        nav = cash + sum(u * p for u, p in zip(units, last, strict=True))
        due = row - lag
        if due >= 0 and not np.isnan(weights[due]).all():
            for name in range(n_tickers):
                if np.isnan(opens[row, name]):
                    continue
                target = weights[due, name]
                value = Fraction(0 if np.isnan(target) else target) * nav
                trade = value - units[name] * last[name]
                cash -= trade + abs(trade) * cost
                units[name] = value / last[name]
        for name in range(n_tickers):
            cash -= max(-units[name] * last[name], 0) * borrow
            if not np.isnan(close[row, name]):
                last[name] = Fraction(close[row, name])
        nav_path.append(cash + sum(u * p for u, p in zip(units, last, strict=True)))
    return nav_path


@st.composite
def small_markets(draw):
    n_dates, n_tickers = draw(st.integers(2, 9)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (n_dates, n_tickers)
    close = 10 * np.exp(rng.normal(0, 0.05, shape).cumsum(axis=0))
    opens = close * np.exp(rng.normal(0, 0.03, shape))
    absent = rng.random(shape) < draw(st.sampled_from([0.0, 0.2, 0.5]))
    opens[absent] = close[absent] = np.nan
    weights = rng.uniform(-0.5, 0.5, shape)
    weights[rng.random(n_dates) < 0.5] = np.nan
    return weights, opens, close


@settings(max_examples=40, deadline=None)
@given(
    market=small_markets(),
    lag=st.integers(1, 2),
    after=st.integers(1, 3),
    bps=st.sampled_from([0.0, 5.0, 200.0]),
    known=st.dictionaries(st.sampled_from("ABCD"), st.sampled_from([-1.0, 0.0, 0.25])),
)
def test_the_ledger_agrees_with_exact_arithmetic(market, lag, after, bps, known):
    weights, opens, close = market
    dates = pd.bdate_range("2024-01-02", periods=len(close))
    wide = [
        pd.DataFrame(array, index=dates, columns=list("ABCD")[: close.shape[1]])
        for array in market
    ]
    costs = CostSpec(cost_bps=bps, borrow_bps_annual=bps)
    books = simulate(
        wide[0],
        {"open": wide[1], "close": wide[2]},
        costs,
        lag,
        delisted_after=after,
        exit_returns=pd.Series(known, dtype="float64"),
    )
    rates = costs.rates((1, 1))
    exact = exact_nav(
        weights,
        opens,
        close,
        cost=Fraction(float(rates.trading[0, 0])),
        borrow=Fraction(float(rates.borrow[0, 0])),
        lag=lag,
        after=after,
        exits=[Fraction(known.get(name, -0.3)) for name in wide[0]],
    )
    np.testing.assert_allclose(books.nav, [float(nav) for nav in exact], rtol=1e-12)

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.portfolio.costs import CostRates, CostSpec
from alpha_kedro.portfolio.simulation import (
    SimulationSpec,
    Tape,
    run_targets,
    simulate,
)
from tests.portfolio.toy_markets import FREE, random_panel

SEEDS = st.integers(0, 2**32 - 1)
NEW_NAMES = {f"N{column:02d}": f"{'ZAYBXC'[column]}{column}" for column in range(6)}


def market(seed, *, gaps=0.0):
    panel = random_panel(25, 6, seed=seed, gaps=gaps)
    frames = {
        name: pd.DataFrame(panel[name], index=panel.dates, columns=panel.tickers)
        for name in ("open", "close")
    }
    weights = np.random.default_rng(seed).uniform(-0.3, 0.3, panel.axes.shape)
    weights[np.arange(25) % 4 > 0] = np.nan
    return pd.DataFrame(weights, index=panel.dates, columns=panel.tickers), frames


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_negated_weights_earn_the_negated_gross_pnl_on_each_session_of_trading(seed):
    weights, prices = market(seed)
    daily = weights.where(weights.notna(), 0.1)
    # Traded to target every session, the return of a session does not know the NAV.
    one_price = prices["close"]
    long = simulate(daily, one_price, FREE).returns["gross_return"]
    short = simulate(-daily, one_price, FREE).returns["gross_return"]
    np.testing.assert_allclose(short, -long, atol=1e-13)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, scale=st.floats(1e-3, 1e3))
def test_the_unit_of_the_prices_does_not_matter(seed, scale):
    weights, prices = market(seed, gaps=0.1)
    straight = simulate(weights, prices).returns
    scaled = simulate(weights, {k: v * scale for k, v in prices.items()}).returns
    np.testing.assert_allclose(scaled, straight, rtol=1e-9, atol=1e-13)
    doubled = simulate(weights, {k: v * 2 for k, v in prices.items()}).returns
    pd.testing.assert_frame_equal(doubled, straight, check_exact=True)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_the_order_of_rows_and_columns_does_not_matter(seed):
    weights, prices = market(seed, gaps=0.1)
    straight = simulate(weights, prices)
    shuffled = simulate(
        weights.sample(frac=1, random_state=seed, axis=1),
        {k: v.sample(frac=1, random_state=1).iloc[:, ::-1] for k, v in prices.items()},
    )
    pd.testing.assert_frame_equal(shuffled.returns, straight.returns, check_exact=True)
    pd.testing.assert_frame_equal(shuffled.trades, straight.trades, check_exact=True)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, bps=st.floats(0.1, 100))
def test_a_higher_cost_never_leaves_more(seed, bps):
    weights, prices = market(seed, gaps=0.1)
    cheap = simulate(weights, prices, CostSpec(cost_bps=bps)).nav
    dear = simulate(weights, prices, CostSpec(cost_bps=2 * bps)).nav
    assert (dear.iloc[1:] < cheap.iloc[1:]).all()


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_costs_by_name_add_up_to_the_cost_of_the_session(seed):
    weights, prices = market(seed, gaps=0.1)
    books = simulate(weights, prices)
    np.testing.assert_allclose(books.costs.sum(axis=1), books.returns["cost"])
    turnover = books.trades.abs().sum(axis=1) / 2
    np.testing.assert_allclose(turnover, books.returns["turnover"])
    gross = books.holdings.abs().sum(axis=1)
    np.testing.assert_allclose(gross, books.returns["gross_exposure"])


@pytest.mark.parametrize("field", ["open", "close"])
def test_prices_and_weights_are_left_as_they_were(field):
    weights, prices = market(5, gaps=0.1)
    before = prices[field].copy(), weights.copy()
    simulate(weights, prices)
    pd.testing.assert_frame_equal(prices[field], before[0])
    pd.testing.assert_frame_equal(weights, before[1])


@pytest.mark.parametrize(
    "dearer",
    [
        {"trading": 1e-3},
        {"borrow": 1e-4},
        {"impact": 0.05},
        {"financing_bps_annual": 500.0},
    ],
)
@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_every_kind_of_cost_takes_something_and_gives_nothing(dearer, seed):
    weights, prices = market(seed)
    weights = 3 * weights  # enough to borrow for
    kinds = {"trading": 0.0, "borrow": 0.0, "impact": 0.0}
    rates = {kind: dearer.get(kind, 0.0) for kind in kinds}
    terms = {name: value for name, value in dearer.items() if name not in kinds}
    shape = prices["close"].shape
    free = simulate(weights, prices, FREE)
    dear = simulate(
        weights,
        prices,
        CostRates(**{kind: np.full(shape, rate) for kind, rate in rates.items()}),
        **terms,
    )
    alive = (free.nav > 0) & (dear.nav > 0)
    assert (dear.returns["cost"] >= 0).all()
    assert (dear.nav[alive] <= free.nav[alive] + 1e-15).all()


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, fill=st.sampled_from(["open", "close"]), life=st.integers(1, 3))
def test_the_order_of_the_tickers_does_not_matter_on_any_terms(seed, fill, life):
    weights, prices = market(seed, gaps=0.1)
    volume = prices["close"].fillna(0) * 1e4
    terms = {
        "fill": fill,
        "order_life": life,
        "capital": 1e7,
        "max_adv_share": 0.1,
        "financing_bps_annual": 300.0,
    }
    frames = prices | {"dollar_volume": volume}
    straight = simulate(weights, frames, **terms)
    turned = {name: frame.iloc[:, ::-1] for name, frame in frames.items()}
    shuffled = simulate(weights.iloc[:, ::-1], turned, **terms)
    pd.testing.assert_frame_equal(shuffled.returns, straight.returns, check_exact=True)
    renamed = {name: frame.rename(columns=NEW_NAMES) for name, frame in frames.items()}
    other = simulate(weights.rename(columns=NEW_NAMES), renamed, **terms)
    # Other names are another order of the sums.
    np.testing.assert_allclose(other.nav, straight.nav, rtol=1e-13)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_what_is_kept_is_neither_traded_nor_charged_for_trading(seed):
    weights, frames = market(seed, gaps=0.1)
    spec = SimulationSpec()
    arrays = {name: frame.to_numpy() for name, frame in frames.items()}
    tape = Tape.of(arrays, spec=spec)
    rows = np.flatnonzero(weights.notna().any(axis=1))
    targets = weights.to_numpy()[rows]
    keep = np.random.default_rng(seed).random(targets.shape) < 0.5
    rates = CostSpec(cost_bps=50.0, borrow_bps_annual=0.0).rates(tape.shape)
    told = run_targets(tape, rates, spec, rows, targets, keep).statement()
    in_time = rows + 1 < tape.shape[0]
    kept = keep[in_time]
    for table in (told.trades, told.costs):
        assert (table[rows[in_time] + 1][kept] == 0).all()

"""The compiled books against the slow ones, on every term at once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.portfolio.costs import CostRates
from alpha_kedro.portfolio.simulation import (
    Books,
    Order,
    SimulationSpec,
    Tape,
    run_many,
    run_targets,
)
from tests.portfolio.simulation.slow_books import SlowBooks

TERMS = st.fixed_dictionaries(
    {
        "lag": st.integers(1, 3),
        "fill": st.sampled_from(["open", "close", "vwap"]),
        "delisted_after": st.integers(1, 3),
        "order_life": st.integers(1, 4),
        "cash_bps_annual": st.sampled_from([0.0, 300.0]),
        "financing_bps_annual": st.sampled_from([0.0, 900.0]),
        "short_rebate_bps_annual": st.sampled_from([0.0, 200.0]),
        "dividends": st.sampled_from(["reinvested", "cash"]),
    },
    optional={
        "max_adv_share": st.sampled_from([0.01, 0.1]),
        "adv_window": st.integers(1, 4),
    },
)
RATES = {"trading": 0.002, "borrow": 0.001, "impact": 0.03}


def random_market(rng, n_dates, n_tickers, *, gaps, wild):
    shape = (n_dates, n_tickers)
    close = 10 * np.exp(rng.normal(0, wild, shape).cumsum(axis=0))
    opens = close * np.exp(rng.normal(0, wild / 2, shape))
    market = {
        "open": opens,
        "close": close,
        "high": np.maximum(opens, close) * 1.01,
        "low": np.minimum(opens, close) * 0.98,
        "dividend": rng.choice([0.0, 0.0, 0.3], shape),
        "dollar_volume": rng.uniform(0, 1e7, shape),
        "traded": rng.random(shape) > gaps / 2,
        "shortable": rng.random(shape) > gaps,
    }
    absent = rng.random(shape) < gaps
    died = rng.integers(1, n_dates + 1, n_tickers)
    absent |= (np.arange(n_dates)[:, None] >= died) & (rng.random(n_tickers) < 2 * gaps)
    for name in ("open", "close", "high", "low", "dollar_volume"):
        market[name][absent] = np.nan
    market["open"][rng.random(shape) < gaps / 3] = np.nan
    return market


def random_orders(rng, n_dates, n_tickers, *, gross):
    rows = np.flatnonzero(rng.random(n_dates) < 0.5)
    targets = rng.uniform(-1, 1, (len(rows), n_tickers))
    targets *= gross / np.abs(targets).sum(axis=1, keepdims=True)
    targets[rng.random(targets.shape) < 0.2] = 0
    return rows, targets, rng.random(targets.shape) < 0.2


@st.composite
def cases(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_dates, n_tickers = draw(st.integers(2, 12)), draw(st.integers(1, 5))
    gaps, wild = draw(st.sampled_from([(0.0, 0.05), (0.3, 0.05), (0.3, 0.6)]))
    market = random_market(rng, n_dates, n_tickers, gaps=gaps, wild=wild)
    gross = draw(st.sampled_from([0.5, 2.0, 6.0]))
    orders = random_orders(rng, n_dates, n_tickers, gross=gross)
    terms = draw(TERMS)
    terms["capital"] = 1e6 if "max_adv_share" in terms else None
    exits = rng.choice([-1.0, -0.3, 0.2], n_tickers)
    return market, orders, exits, SimulationSpec(**terms)


def constant_rates(shape):
    return CostRates(**{k: np.broadcast_to(v, shape) for k, v in RATES.items()})


@settings(max_examples=150, deadline=None)
@given(case=cases())
def test_the_compiled_books_are_the_slow_ones(case):
    market, (rows, targets, keep), exits, spec = case
    tape = Tape.of(market, spec=spec, exit_returns=exits)
    books = run_targets(tape, constant_rates(tape.shape), spec, rows, targets, keep)
    slow = SlowBooks(market, RATES, exits, spec).run(
        dict(zip(rows.tolist(), targets, strict=True)),
        dict(zip((rows + spec.lag).tolist(), keep, strict=True)),
    )
    np.testing.assert_allclose(books.nav, slow.nav, rtol=1e-10, atol=1e-13)
    noted = pd.DataFrame([vars(event) for event in books.events])
    counts = np.zeros(len(books.nav))
    if len(noted):
        missed = noted[noted["note"] == "unfilled"].groupby("row")["count"].sum()
        counts[missed.index] = missed
    np.testing.assert_array_equal(counts, slow.unfilled)
    np.testing.assert_array_equal(books.series.partly_filled, slow.cut)
    for kind in slow.bills[0]:
        bill = [each[kind] for each in slow.bills]
        np.testing.assert_allclose(
            getattr(books.series, kind), bill, rtol=1e-9, atol=1e-13
        )


@settings(max_examples=60, deadline=None)
@given(case=cases())
def test_tables_made_from_units_add_up_to_the_sessions(case):
    market, (rows, targets, keep), exits, spec = case
    tape = Tape.of(market, spec=spec, exit_returns=exits)
    books = run_targets(tape, constant_rates(tape.shape), spec, rows, targets, keep)
    told = books.statement()
    near = {"rtol": 1e-9, "atol": 1e-12}
    turnover = np.abs(told.trades).sum(axis=1) / 2
    np.testing.assert_allclose(turnover, told.turnover, **near)
    cost = told.costs.sum(axis=1) + told.costs_by_kind["financing"]
    np.testing.assert_allclose(cost, told.cost, **near)
    np.testing.assert_allclose(sum(told.costs_by_kind.values()), told.cost, **near)
    earned = told.contributions.sum(axis=1) + told.interest
    np.testing.assert_allclose(earned, told.gross_return, **near)
    gross = np.abs(told.holdings).sum(axis=1)
    np.testing.assert_allclose(gross, told.gross_exposure, **near)
    np.testing.assert_allclose(told.nav, books.nav, **near)
    for row in range(len(books.nav)):
        np.testing.assert_array_equal(books.holdings(row), told.holdings[row])


@settings(max_examples=40, deadline=None)
@given(case=cases())
def test_segments_whole_runs_and_many_at_once_are_the_same_to_the_bit(case):
    market, (rows, targets, keep), exits, spec = case
    tape = Tape.of(market, spec=spec, exit_returns=exits)
    rates = constant_rates(tape.shape)
    whole = run_targets(tape, rates, spec, rows, targets, keep)
    step = Books(tape, rates, spec)
    for row, weights, left_alone in zip(rows, targets, keep, strict=True):
        if row + spec.lag < tape.shape[0]:
            step.advance(row + spec.lag)
            step.advance(row + spec.lag + 1, Order(weights, left_alone))
    step.advance(tape.shape[0])
    many = run_many(tape, rates, spec, rows, [targets, -targets], [keep, keep])
    for other in (step, many[0]):
        for name, values in whole.series._asdict().items():
            np.testing.assert_array_equal(getattr(other.series, name), values)
        np.testing.assert_array_equal(other.units.units, whole.units.units)


@pytest.mark.parametrize("threads", [1, 2])
def test_many_runs_do_not_depend_on_the_threads(threads):
    rng = np.random.default_rng(1)
    market = random_market(rng, 40, 6, gaps=0.2, wild=0.03)
    spec = SimulationSpec()
    tape = Tape.of(market, spec=spec)
    rows = np.arange(0, 40, 5)
    sets = rng.uniform(-0.2, 0.2, (7, len(rows), 6))
    rates = constant_rates(tape.shape)
    books = run_many(tape, rates, spec, rows, sets, threads=threads)
    for one, targets in zip(books, sets, strict=True):
        alone = run_targets(tape, rates, spec, rows, targets)
        np.testing.assert_array_equal(one.nav, alone.nav)
        assert one.events == alone.events

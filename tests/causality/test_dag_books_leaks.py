"""Each planted leak of a book is caught by what `test_dag_books` compares.

The scores of the market, and of the market with another future, are made once. Then a
fault is planted in backtesting or in evidence, and the books of both are compared.
"""

from functools import cache, partial
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.portfolio import traded_market
from alpha_kedro.portfolio.backtest_result import BacktestResult
from alpha_kedro.portfolio.construction import RiskWeights, risk_weights
from alpha_kedro.portfolio.costs import KnownRates
from alpha_kedro.portfolio.overlays import hedges, market_gates, volatility_target
from alpha_kedro.portfolio.risk.covariance import sample_covariance
from alpha_kedro.portfolio.simulation import tape
from alpha_kedro.portfolio.trading import smoothing
from alpha_kedro.portfolio.trading.decay import measured_decay
from tests.causality.books import (
    before_the_books,
    market_of_books,
    other_future,
    run_books_alone,
    settings,
)
from tests.causality.dag import assert_same_until, garbled_on
from tests.causality.test_dag_books import same_costs, trading_costs

DECISION = 40  # counted from the first


@cache
def before():
    return before_the_books(market_of_books())


@cache
def cut():
    """The day of a decision."""
    return pd.DatetimeIndex(before()["predictions"]["date"].unique())[DECISION]


@cache
def fill():
    """The session in which what was decided on that day is filled."""
    sessions = np.unique(market_of_books().bars["date"])
    return pd.Timestamp(sessions[np.searchsorted(sessions, cut()) + 1])


@cache
def before_another_future():
    return before_the_books(other_future(market_of_books(), cut()))


@cache
def before_another_day():
    inputs = garbled_on(market_of_books(), fill(), but_the_open=True)
    return before_the_books(inputs)


@cache
def before_a_jump(factor):
    """The same scores, and benchmarks that jump on the morrow of the cut."""
    quotes = before()["benchmarks"]
    prices = ["open", "high", "low", "close", "adj_close"]
    jumped = quotes[prices].mul(np.where(quotes["date"] > cut(), factor, 1.0), axis=0)
    return before() | {"benchmarks": quotes.assign(**jumped)}


def moved(name, *strategies, future=before_another_future):
    """Tell whether another future moves a table of some strategies in the past."""
    only_to = ("evidence",) if name == "lines" else (name,)
    one, other = (
        run_books_alone(made, settings(*strategies), only_to=only_to)
        for made in (future(), before())
    )
    try:
        assert_same_until(one, other, cut(), names=[name])
    except AssertionError:
        return True
    return False


def costs_moved(*strategies):
    """Tell whether a day's bars, but for the open, move its costs of trading."""
    one, other = (
        run_books_alone(made, settings(*strategies), only_to=("bills", "returns"))
        for made in (before_another_day(), before())
    )
    return not same_costs(trading_costs(one, fill()), trading_costs(other, fill()))


@pytest.fixture
def hindsight(monkeypatch):
    """The whole market and the row of the decision that is being made."""
    seen = {}
    honest = traded_market.TradedMarket.state

    def state(self, row, **known):
        seen.update(market=self, row=row)
        return honest(self, row, **known)

    monkeypatch.setattr(traded_market.TradedMarket, "state", state)
    return seen


def returns_of_the_sample(seen):
    close = seen["market"].prices["close"]
    return close[1:] / close[:-1] - 1


def test_volatility_of_the_sample_is_caught(monkeypatch, hindsight):
    def of_the_sample(book, *_, **__):
        moves = np.nan_to_num(returns_of_the_sample(hindsight))
        return float(np.std(moves @ book, ddof=1)), 0

    assert not moved("weights", "quintiles")
    monkeypatch.setattr(volatility_target, "book_volatility", of_the_sample)
    assert moved("weights", "quintiles")


def test_covariances_of_the_sample_are_caught(monkeypatch, hindsight):
    def of_the_sample(self, names, market):
        covariance = sample_covariance(returns_of_the_sample(hindsight)[:, names])
        return risk_weights.least_risk(covariance)

    assert not moved("weights", "minimum_variance")
    monkeypatch.setattr(RiskWeights, "_shape", of_the_sample)
    assert moved("weights", "minimum_variance")


def test_a_gate_that_reads_tomorrow_is_caught(monkeypatch, hindsight):
    def with_tomorrow(benchmark, market):
        levels = hindsight["market"].benchmarks[benchmark][: hindsight["row"] + 2]
        return levels[np.isfinite(levels)], False

    def moved_by_a_jump():
        jumps = (partial(before_a_jump, factor) for factor in (0.5, 2.0))
        return [moved("weights", "top_n", future=jump) for jump in jumps]

    assert not any(moved_by_a_jump())
    monkeypatch.setattr(market_gates, "_closes_of", with_tomorrow)
    assert any(moved_by_a_jump())


def test_betas_of_tomorrow_are_caught(monkeypatch, hindsight):
    def with_tomorrow(column, book, window, market):
        recent = slice(hindsight["row"] + 1 - window, hindsight["row"] + 1)
        moves = returns_of_the_sample(hindsight)[recent]
        beta = hedges.slopes(moves, moves[:, column], len(moves))
        return np.where(np.isnan(beta), 1.0, beta), np.isnan(beta)

    assert not moved("weights", "hedged")
    monkeypatch.setattr(hedges, "_betas_to", with_tomorrow)
    assert moved("weights", "hedged")


def test_a_decay_of_outcomes_to_come_is_caught(monkeypatch, hindsight):
    """Outcomes that are dated two weeks too early."""

    def two_weeks_early(market):
        close = hindsight["market"].prices["close"][10:]
        padded = np.vstack([close, np.repeat(close[-1:], 10, axis=0)])
        return measured_decay(market.past_scores, padded, market.past_decisions)

    assert not moved("weights", "proportional")
    monkeypatch.setattr(smoothing, "decay_of", two_weeks_early)
    assert moved("weights", "proportional")


def test_a_budget_of_what_members_will_earn_is_caught(monkeypatch):
    honest = BacktestResult.sleeve

    def to_the_end(self, *asked):
        known = honest(self, *asked)
        earned = self.simulation.returns["net_return"].to_numpy()[1:]
        return type(known)(known.weights, earned)

    members = ("quintiles", "top_n", "trend", "combined")
    assert not moved("weights", *members)
    monkeypatch.setattr(BacktestResult, "sleeve", to_the_end)
    assert moved("weights", *members)


def test_sectors_of_today_on_the_past_are_caught(monkeypatch):
    honest = traded_market.sector_codes

    def as_they_are_now(sectors, axes):
        return np.broadcast_to(honest(sectors, axes)[-1], axes.shape)

    assert not moved("weights", "ranks")
    monkeypatch.setattr(traded_market, "sector_codes", as_they_are_now)
    assert moved("weights", "ranks")


def test_impact_of_the_volume_of_the_day_is_caught(monkeypatch):
    assert not costs_moved("equal_weight")
    monkeypatch.setattr(traded_market, "charged_rates", lambda known: known.at_close)
    assert costs_moved("equal_weight")


def test_limits_by_the_volume_of_the_day_are_caught(monkeypatch):
    honest = tape.trailing_means

    def with_the_day(volume, window):
        return np.vstack([honest(volume, window)[1:], volume[-1:]])

    assert not costs_moved("minimum_variance")
    monkeypatch.setattr(tape, "trailing_means", with_the_day)
    assert costs_moved("minimum_variance")


def test_a_plan_at_the_rates_of_tomorrow_is_caught(monkeypatch):
    honest = KnownRates.next_fill

    def a_day_later(self, row, **known):
        last = len(self.as_of.trading) - 2
        return honest(self, min(row + 1, last), **known)

    assert not moved("weights", "aimed", "cost_aware")
    monkeypatch.setattr(KnownRates, "next_fill", a_day_later)
    assert moved("weights", "aimed", "cost_aware")


def test_a_benchmark_at_the_risk_of_the_sample_is_caught(monkeypatch):
    def of_the_sample(returns, benchmark, **_):
        return pd.Series(returns.std() / benchmark.std(), returns.index)

    assert not moved("lines", "equal_weight")
    module = import_module("alpha_kedro.measures.benchmarks.risk_matched")
    monkeypatch.setattr(module, "ex_ante_scale", of_the_sample)
    assert moved("lines", "equal_weight")

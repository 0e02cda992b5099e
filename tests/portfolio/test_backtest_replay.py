"""`decide` is the only decision: each one can be made again from what was known then.

A past day is replayed on a market whose arrays end at that day, from the books as they
stood, and has to give the weights of the backtest to the bit.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.panel import Panel
from alpha_kedro.portfolio import (
    Account,
    CostRates,
    SimulationSpec,
    Sleeve,
    Targets,
    TradedMarket,
    backtest,
    decide,
    plan,
    simulate,
)
from alpha_kedro.portfolio.backtest import trade
from tests.portfolio.traded_worlds import (
    KINDS,
    RICH,
    RULES,
    cut_market,
    market,
    overlay,
    parsed,
    prices,
    scores,
)

ROW = 100
TOGETHER = (
    *("typical_volatility", "correlation_control", "position_limits", "sector_limits"),
    *("volatility_target", "drawdown_control", "regime_gate", "net_cap", "cash_floor"),
    *("implied_volatility_gate", "no_trade_band", "turnover_cap", "min_trade"),
    *("sector_hedge", "beta_hedge", "leverage_cap", "liquidity_limit"),
)


def asked_at(row, *, table):
    """Scores of one decision and of the earlier ones, spread over a market's names."""
    tickers = market().axes.tickers
    wide = table.assign(there=1.0).pivot_table(
        ["score", "there"], "date", "ticker", dropna=False
    )
    both = [
        wide[name].reindex(columns=tickers).loc[: prices().dates[row]].to_numpy()
        for name in ("score", "there")
    ]
    rows = prices().axes.rows_of(wide.index)
    return *both, rows[rows <= row]


def replayed(result, spec, row, *, table=None, sleeves=None):
    """Decide a past day once more, from arrays that have nothing after it."""
    known, there, rows = asked_at(row, table=scores() if table is None else table)
    cut = cut_market(row)
    books, at = result.simulation.books, row - int(rows[0])
    nav = books.nav[: at + 1].copy()
    earlier = [target.aim for day, target in result.targets.items() if day < at]
    state = cut.state(
        row,
        universe=np.isfinite(there[-1]),
        nav=float(nav[-1]),
        past_scores=known[:-1].copy(),
        past_decisions=rows[:-1].copy(),
    )
    assert len(state.close) == len(state.dates) == row + 1
    memory = earlier[len(earlier) - spec.memory :] if spec.memory else []
    account = Account(
        books.holdings(at).copy(),
        nav,
        np.stack(memory) if memory else None,
        sleeves or {},
    )
    return decide(cut.axes.dates[row], known[-1].copy(), account, state, spec=spec)


def refuse_to_differ(result, spec, row=ROW, **given):
    own = result.targets[row - (len(prices().dates) - len(result.axes.dates))]
    again = replayed(result, spec, row, **given)
    assert np.array_equal(again.weights, own.weights)
    assert np.array_equal(again.aim, own.aim)
    assert again.notes == own.notes
    assert again.changes == own.changes
    assert own.weights.any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_decision_of_every_kind_can_be_made_again(kind):
    spec = parsed(KINDS[kind])
    refuse_to_differ(trade(market(), scores(), spec=spec), spec)


def book_for(kind):
    """A book that the overlay has something to do with: long only for a cash floor."""
    return KINDS["top_n" if kind == "cash_floor" else "quantile"]


@pytest.mark.parametrize("kind", RULES)
def test_a_decision_with_every_overlay_can_be_made_again(kind):
    spec = parsed(book_for(kind) | {"overlays": [overlay(kind)]})
    result = trade(market(), scores(), spec=spec)
    refuse_to_differ(result, spec)
    assert result.changes["changed"].sum() > 0


def test_a_decision_with_all_of_it_together_can_be_made_again():
    overlays = [overlay(kind) for kind in TOGETHER]
    block = {"overlays": overlays, "tranches": 3, "score_half_life": "measured"}
    spec = parsed(KINDS["quantile"] | block)
    result = trade(market(), scores(), spec=spec)
    for row in (30, 35, 80, 95, ROW, 145):
        refuse_to_differ(result, spec, row)


def test_a_combination_can_be_made_again_from_what_its_members_were_then():
    own = {name: parsed(KINDS[name]) for name in ("quantile", "trend")}
    members = {name: trade(market(), scores(), spec=spec) for name, spec in own.items()}
    budget = {"method": "inverse_volatility", "window": 20, "min_history": 10}
    block = {"members": ["quantile", "trend"], "budget": budget}
    spec = parsed(
        {
            "kind": "combination",
            "combination": block,
            "overlays": [overlay("leverage_cap")],
        }
    )
    whole = trade(market(), scores().assign(score=np.nan), spec=spec, members=members)
    sleeves = {}
    for name, each in members.items():
        start = len(prices().dates) - len(each.axes.dates)
        earned = each.returns["net_return"].to_numpy()[1 : ROW - start + 1]
        sleeves[name] = Sleeve(each.targets[ROW - start].weights, earned)
    asked = scores().assign(score=np.nan)
    refuse_to_differ(whole, spec, table=asked, sleeves=sleeves)


def test_the_replay_sees_a_decision_that_knew_more(monkeypatch):
    """A market that lets the next close through is caught."""
    spec = parsed(KINDS["trend"])
    honest = backtest.TradedMarket.state

    def peeking(self, row, **known):
        return honest(self, min(row + 1, len(self.axes.dates) - 1), **known)

    monkeypatch.setattr(backtest.TradedMarket, "state", peeking)
    result = trade(market(), scores(), spec=spec)
    monkeypatch.undo()
    with pytest.raises(AssertionError):
        refuse_to_differ(result, spec)


def test_the_simulator_asks_decide_and_nobody_else(monkeypatch):
    """Whatever a strategy says, what `decide` returned is what is traded."""
    spec, asked = parsed(KINDS["rank"]), []
    tickers = market().axes.tickers

    def other(as_of, own_scores, account, state, *, spec, seed):
        asked.append(as_of)
        weights = np.where(state.tradable, 0.5 / len(tickers), 0.0)
        weights[-1] = -0.1
        return Targets(weights, {"told": 1}, {"mine": 0.25}, weights)

    monkeypatch.setattr(backtest, "decide", other)
    never = SimpleNamespace()  # neither construction nor overlays can be reached
    monkeypatch.setattr(type(spec), "construction", never)
    monkeypatch.setattr(type(spec), "opinions", never)
    result = trade(market(), scores(), spec=spec)
    days = np.unique(scores()["date"])
    assert np.array_equal(asked, days)
    assert result.notes.query("note == 'told'")["date"].tolist() == list(days)
    assert (result.changes["overlay"] == "mine").all()
    frames = {
        name: pd.DataFrame(market().prices[name], index=prices().dates, columns=tickers)
        for name in ("open", "close", "traded")
    }
    decided = pd.DataFrame(result.target_weights, index=days, columns=tickers)
    by_hand = simulate(decided, frames, market().charged, capital=RICH.capital)
    pd.testing.assert_frame_equal(
        by_hand.returns.loc[days[0] :].reset_index(), result.returns, check_exact=True
    )


# What a decision is told of costs is what comes on the bill.


def seen_at_decisions(monkeypatch, spec, *, on=None):
    seen = {}

    def spied(as_of, own_scores, account, state, *, spec, seed):
        targets = decide(as_of, own_scores, account, state, spec=spec, seed=seed)
        seen[as_of] = SimpleNamespace(rates=state.rates, account=account, own=targets)
        return targets

    monkeypatch.setattr(backtest, "decide", spied)
    result = trade(on or market(), scores(), spec=spec)
    monkeypatch.undo()
    return seen, result


def test_the_rates_of_a_decision_are_billed_at_its_fill_to_the_bit(monkeypatch):
    seen, _ = seen_at_decisions(monkeypatch, parsed(KINDS["quantile"]))
    billed = market().charged
    assert len(np.unique(billed.trading)) > 100
    for as_of, then in seen.items():
        (row,) = market().axes.rows_of([as_of])
        fill = min(row + 1, len(prices().dates) - 1)
        nav = then.account.nav[-1]
        if fill == row + 1:
            assert np.array_equal(then.rates.trading, billed.trading[fill])
            assert np.array_equal(then.rates.borrow, billed.borrow[fill])
            assert np.array_equal(then.rates.impact, billed.impact[fill] * nav**0.5)


def test_what_is_planned_is_billed(monkeypatch):
    """Where prices stand still, every order costs what was planned for it."""
    panel = prices()
    still = {name: np.ones(panel.axes.shape) for name in ("open", "close")}
    fields = still | {"traded": np.ones(panel.axes.shape, dtype=bool)}
    rng = np.random.default_rng(3)
    rates = CostRates(*(rng.uniform(0, 1e-3, (3, *panel.axes.shape))))
    quiet = TradedMarket.of(
        Panel(panel.axes, fields), costs=rates, simulation=SimulationSpec()
    )
    spec = parsed(KINDS["quantile"] | {"neutral": "dollar"})
    seen, result = seen_at_decisions(monkeypatch, spec, on=quiet)
    start = int(panel.axes.rows_of([min(seen)])[0])
    for as_of, then in list(seen.items())[:-1]:
        fill = int(panel.axes.rows_of([as_of])[0]) + 1 - start
        ordered = then.own.weights - then.account.holdings
        planned = plan(
            ordered, then.account.holdings, then.rates, tickers=panel.tickers
        )
        billed = result.simulation.costs.iloc[fill][planned["ticker"]]
        np.testing.assert_allclose(planned["cost"], billed, rtol=1e-9)
        if fill == 1:
            assert np.array_equal(planned["cost"], billed)
    assert result.simulation.nav.iloc[-1] < 0.99

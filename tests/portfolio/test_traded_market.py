"""The market strategies are run on: instruments, terms of trade, what a day knows."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.core.panel import Axes, Panel
from alpha_kedro.portfolio import (
    CostRates,
    CostSpec,
    SimulationSpec,
    TradedMarket,
    run_backtest,
    trade_all,
    universe_returns,
)
from alpha_kedro.portfolio.backtest import trade
from tests.portfolio.toy_markets import random_panel
from tests.portfolio.traded_worlds import (
    DEAR,
    FUNDS,
    KINDS,
    RICH,
    RULES,
    benchmarks,
    market,
    overlay,
    parsed,
    predictions,
    prices,
    scores,
    sectors,
)

COSTS = {
    "flat": CostSpec(),
    "dear": DEAR,
    "own_fees": CostSpec.parse(
        {"hard_to_borrow": {"tickers": {"N03": 900.0}}}, "costs"
    ),
}


def laid_out(**given):
    defaults = {
        "sectors": sectors(),
        "benchmarks": benchmarks(),
        "costs": DEAR,
        "simulation": RICH,
    }
    return TradedMarket.of(given.pop("panel", prices()), **(defaults | given))


def state_of(of, row):
    n_tickers = len(of.axes.tickers)
    return of.state(
        row,
        universe=np.ones(n_tickers, dtype=bool),
        nav=1.0,
        past_scores=np.empty((0, n_tickers)),
        past_decisions=np.empty(0, dtype=np.int64),
    )


# Instruments.


def test_an_instrument_becomes_a_column_with_the_prices_of_its_benchmark():
    own = laid_out(instruments=("SPY",))
    assert own.axes.tickers.tolist() == [*prices().tickers, "SPY"]
    spy = benchmarks().query("ticker == 'SPY'")
    (column,) = own.axes.columns_of(["SPY"])
    for name in ("open", "high", "low", "close"):
        np.testing.assert_array_equal(own.prices[name][:, column], spy[name])
    np.testing.assert_array_equal(
        own.prices["dollar_volume"][:, column], spy["close"] * spy["volume"]
    )
    assert own.prices["traded"][:, column].all()
    assert (own.groups[:, column] == -1).all()
    assert own.groups[0, own.axes.columns_of(["N00"])[0]] >= 0


def test_an_instrument_among_the_names_needs_no_benchmark():
    own = laid_out(instruments=("N00",), benchmarks=None)
    assert own.axes.tickers.tolist() == prices().tickers.tolist()


def test_instruments_without_prices_are_refused_by_name():
    with pytest.raises(SimulationError, match="AK-S070") as refused:
        laid_out(instruments=("SPY", "TLT", "N00"))
    assert refused.value.where == ["TLT"]
    with pytest.raises(SimulationError, match="AK-S070"):
        laid_out(instruments=("SPY",), benchmarks=None)
    hedged = parsed(KINDS["quantile"] | {"overlays": [overlay("beta_hedge")]})
    with pytest.raises(SimulationError, match="AK-S070"):
        run_backtest(prices(), scores(), spec=hedged, costs=DEAR, simulation=RICH)


def test_hedges_stand_in_the_weights_and_are_traded():
    hedged = parsed(KINDS["quantile"] | {"overlays": [overlay("sector_hedge")]})
    result = trade(market(), scores(), spec=hedged)
    own = result.weights.query("ticker in ('XLE', 'XLH')")
    assert own["date"].nunique() > 20
    assert (own["weight"] != 0).all()
    held = result.simulation.holdings[["XLE", "XLH"]]
    assert (held.iloc[1:].abs().sum(axis=1) > 0).all()


BOOKS = {
    **{kind: parsed(block) for kind, block in KINDS.items()},
    **{
        kind: parsed(KINDS["quantile"] | {"overlays": [overlay(kind)]})
        for kind in RULES
        if not kind.endswith("_hedge")
    },
}


@pytest.mark.parametrize("costs", COSTS)
def test_an_instrument_moves_no_bit_of_strategies_that_do_not_trade_it(costs):
    """Whether it sorts before, among or after the names, dead or alive."""
    renamed = {"SPY": "AAA", "XLE": "N05X", "XLH": "ZZZ"}
    funds = benchmarks()
    funds = pd.concat(
        [funds, funds.replace({"ticker": renamed}).query("ticker not in ('VIX')")]
    )
    terms = {"costs": COSTS[costs], "benchmarks": funds}
    table = predictions(start=20)
    plain = trade_all(laid_out(**terms), table, strategies=BOOKS)
    wide = laid_out(instruments=renamed.values(), **terms)
    beside = trade_all(wide, table, strategies=BOOKS)
    for name in BOOKS:
        for what in ("returns", "weights", "changes"):
            one, other = (getattr(t.results[name], what) for t in (plain, beside))
            pd.testing.assert_frame_equal(one, other, check_exact=True, obj=name)


# Other costs, other terms.


def no_shorts_in(*names):
    return CostSpec.parse({"hard_to_borrow": {"not_available": list(names)}}, "costs")


OTHER = {
    "flat": (CostSpec(), SimulationSpec()),
    "dearer": (DEAR.model_copy(update={"cost_bps": 50.0}), RICH),
    "barred": (no_shorts_in("N03", "N05", "N06"), SimulationSpec()),
    "slow": (CostSpec(), SimulationSpec(lag=3, fill="close")),
    "small": (DEAR, SimulationSpec(capital=1e8, max_adv_share=0.01, order_life=3)),
    "exits": (CostSpec(), SimulationSpec(delisting_return=-1.0, delisted_after=5)),
}


@pytest.mark.parametrize("first", OTHER)
@pytest.mark.parametrize("then", OTHER)
def test_the_same_market_at_other_terms_is_a_market_of_those_terms(first, then):
    costs, simulation = OTHER[then]
    fresh = laid_out(costs=costs, simulation=simulation)
    own_costs, own_simulation = OTHER[first]
    moved = laid_out(costs=own_costs, simulation=own_simulation)
    moved = moved.under(costs=costs, simulation=simulation)
    spec = parsed(KINDS["quantile"])
    one, other = (trade(each, scores(), spec=spec) for each in (fresh, moved))
    pd.testing.assert_frame_equal(one.returns, other.returns, check_exact=True)
    pd.testing.assert_frame_equal(one.weights, other.weights, check_exact=True)
    pd.testing.assert_frame_equal(one.notes, other.notes)


def test_names_that_cannot_be_borrowed_are_never_short():
    spec = parsed(KINDS["quantile"])
    barred = ["N03", "N05", "N06"]
    free = trade(laid_out(costs=CostSpec()), scores(), spec=spec)
    held = trade(laid_out(costs=no_shorts_in(*barred)), scores(), spec=spec)
    assert (free.simulation.holdings[barred].min() < 0).all()
    assert (held.simulation.holdings[barred].min() >= 0).all()
    assert (held.simulation.holdings[barred].max() > 0).all()
    assert (held.simulation.holdings.drop(columns=barred).min() < 0).any()
    assert held.notes.query("note == 'unfilled'")["count"].sum() > 10


def test_names_that_cannot_be_borrowed_at_times_stay_so_beside_those_that_never_can():
    panel = prices()
    shortable = np.ones(panel.axes.shape, dtype=bool)
    shortable[:, 8] = False
    given = Panel(panel.axes, {**panel.fields, "shortable": shortable})
    own = laid_out(panel=given, costs=no_shorts_in("N03"))
    result = trade(own, scores(), spec=parsed(KINDS["quantile"]))
    assert (result.simulation.holdings[["N03", "N08"]].min() >= 0).all()
    freed = own.under(costs=CostSpec(), simulation=RICH)
    again = trade(freed, scores(), spec=parsed(KINDS["quantile"]))
    assert again.simulation.holdings["N03"].min() < 0
    assert again.simulation.holdings["N08"].min() >= 0


def test_hard_to_borrow_names_without_prices_are_refused():
    with pytest.raises(ConfigError, match="AK-C165"):
        laid_out(costs=no_shorts_in("N3"))


def test_an_order_at_the_price_it_was_decided_on_and_rates_off_the_axes_are_refused():
    with pytest.raises(ConfigError, match="AK-C040"):
        laid_out(simulation=SimulationSpec(lag=0))
    for rates in (np.zeros((3, 2)), np.full(prices().axes.shape, -0.1)):
        with pytest.raises(ConfigError, match="AK-C042"):
            laid_out(costs=CostRates(rates, np.zeros(rates.shape)))
    fields = {name: field.copy() for name, field in prices().fields.items()}
    fields["open"][3, 4] = -1.0
    with pytest.raises(SimulationError, match="AK-S006"):
        laid_out(panel=Panel(prices().axes, fields))


# What a day knows.


@pytest.mark.parametrize("row", [0, 1, 60, 149])
def test_a_state_ends_at_its_close_and_cannot_be_written_to(row):
    own = market()
    state = state_of(own, row)
    assert state.dates[-1] == own.axes.dates[row]
    for past in (state.close, state.dollar_volume, *state.benchmarks.values()):
        assert len(past) == row + 1
        with pytest.raises(ValueError, match="read-only"):
            past[0] = 0.0
    np.testing.assert_array_equal(state.close, own.prices["close"][: row + 1])
    np.testing.assert_array_equal(state.tradable, own.prices["traded"][row])
    assert state.capital == 1e6
    assert sorted(state.benchmarks) == ["SPY", "VIX", "XLE", "XLH"]
    with pytest.raises(SimulationError, match="AK-S040") as refused:
        state.benchmark("SPX")
    assert "SPY" in str(refused.value)


def test_a_state_without_volumes_benchmarks_or_capital():
    own = TradedMarket.of(random_panel(), costs=CostSpec(), simulation=SimulationSpec())
    state = state_of(own, 10)
    assert state.dollar_volume.shape == (0, 20)
    assert state.capital is None
    assert not state.benchmarks
    assert (state.groups == -1).all()
    assert not state.adv(5).any()


def test_a_benchmark_that_starts_late_has_no_level_before():
    late = benchmarks()[benchmarks()["date"] >= prices().dates[60]]
    own = laid_out(benchmarks=late, instruments=FUNDS)
    assert np.isnan(own.benchmarks["SPY"][:60]).all()
    assert np.isfinite(own.benchmarks["SPY"][60:]).all()
    skips = parsed(KINDS["quantile"] | {"overlays": [overlay("beta_hedge")]})
    result = trade(own, scores(), spec=skips)
    skipped = result.notes.query("note == 'beta_hedge:not_hedged'")["date"]
    first = result.weights.query("ticker == 'SPY'")["date"].min()
    assert skipped.max() < first
    assert first >= prices().dates[60 + 16]
    strict = skips.model_dump(mode="json")
    strict["overlays"][0]["without_price"] = "refuse"
    with pytest.raises(SimulationError, match="AK-S033"):
        trade(own, scores(), spec=parsed(strict))


def test_what_the_universe_earned_is_the_mean_of_the_members_of_the_close_before():
    axes = Axes.of(pd.bdate_range("2024-01-02", periods=4), ["A", "B", "C"])
    close = np.array([[1, 1, 1], [2, 1, 1], [2, np.nan, 3], [1, 1, 3]], dtype=float)
    fields = {"open": close, "close": close, "traded": np.isfinite(close)}
    own = TradedMarket.of(
        Panel(axes, fields), costs=CostSpec(), simulation=SimulationSpec()
    )
    members = np.array([[1, 1, 0], [1, 1, 1], [0, 0, 0], [1, 1, 1]], dtype=bool)
    earned = universe_returns(own, members)
    assert list(earned) == ["date", "equal_weight"]
    np.testing.assert_allclose(
        earned["equal_weight"], [np.nan, 0.5, 1.0, np.nan], equal_nan=True
    )


# What was guessed of costs.


def test_guessed_rates_are_noted_at_each_decision():
    own = laid_out()
    result = trade(own, scores(start=2), spec=parsed(KINDS["quantile"]))
    notes = result.notes.set_index("date")
    first = notes.loc[prices().dates[2]].set_index("note")["count"]
    known = own.known.notes
    for note in ("spread_of_others", "volatility_of_others"):
        assert first[note] == known[note][2] > 0
    late = notes[notes["note"] == "spread_of_others"].index
    assert set(late) < set(scores(start=2)["date"])
    flat = trade(
        laid_out(costs=CostSpec()), scores(start=2), spec=parsed(KINDS["rank"])
    )
    assert not flat.notes["note"].str.endswith("_of_others").any()


def test_an_exit_that_is_not_known_is_that_of_the_terms_it_is_traded_under():
    exits = np.full(len(prices().tickers), np.nan)
    exits[0] = 0.25
    own = laid_out(exit_returns=exits, costs=CostSpec(), instruments=FUNDS)
    terms = SimulationSpec(delisting_return=-0.9)
    gone = own.under(costs=CostSpec(), simulation=terms)
    for each, unknown in ((own, -0.3), (gone, -0.9)):
        last = each.prices["close"][:90, :2]
        rows = [np.flatnonzero(np.isfinite(column))[-1] for column in last.T]
        paid = each.tape.close[-1, :2] / last[rows, [0, 1]] - 1
        np.testing.assert_allclose(paid, [0.25, unknown])
    narrow = gone.traded_with(())
    assert np.array_equal(narrow.tape.close, gone.tape.close[:, :24])

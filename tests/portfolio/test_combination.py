"""Several strategies as one book: members on paper, shares by what they have earned."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.portfolio import (
    Account,
    MarketState,
    Sleeve,
    decide,
    run_backtest,
    run_backtests,
    trade_all,
)
from alpha_kedro.portfolio.combination import CombinationSpec
from tests.portfolio.toy_markets import random_panel
from tests.portfolio.traded_worlds import (
    FREE,
    KINDS,
    RICH,
    market,
    overlay,
    parsed,
    predictions,
)

DAY = np.datetime64("2024-01-05", "us")
NAMES = np.array(["A", "B", "C"], dtype=object)
STATE = MarketState(NAMES, np.ones(3, bool), np.zeros(3, int), np.ones(3, bool))


def combined(members="left+right", **budget):
    block = {"members": members, "budget": budget}
    return {"kind": "combination", "combination": block}


def aimed(sleeves, **budget):
    spec = CombinationSpec.parse(combined(**budget)["combination"], "combination")
    account = Account(np.zeros(3), sleeves=sleeves)
    aim = spec.aim(np.full(3, np.nan), account, STATE, tie_break=np.zeros(3, np.uint64))
    return aim.weights


LEFT = Sleeve(np.array([1.0, 0.0, -0.5]), np.array([0.01, -0.01, 0.01, -0.01]))
RIGHT = Sleeve(np.array([0.0, 0.6, 0.5]), np.array([0.03, -0.03, 0.03, -0.03]))


def test_members_count_by_their_share_of_the_capital():
    both = {"left": LEFT, "right": RIGHT}
    np.testing.assert_allclose(aimed(both), [0.5, 0.3, 0.0])
    given = aimed(both, method="given", budgets=[3, 1])
    np.testing.assert_allclose(given, [0.75, 0.15, -0.25])


@pytest.mark.parametrize("method", ["inverse_volatility", "risk_contribution"])
def test_a_member_that_moves_three_times_as_much_has_a_third_of_the_capital(method):
    uncorrelated = Sleeve(RIGHT.weights, np.array([0.03, 0.03, -0.03, -0.03]))
    for right in (RIGHT, uncorrelated):
        weights = aimed(
            {"left": LEFT, "right": right}, method=method, window=4, min_history=4
        )
        np.testing.assert_allclose(weights, [0.75, 0.15, -0.25], atol=1e-9)


def test_members_share_equally_until_enough_is_known_of_all():
    young = Sleeve(RIGHT.weights, RIGHT.returns[:3])
    settings = {"method": "inverse_volatility", "window": 4, "min_history": 4}
    weights = aimed({"left": LEFT, "right": young}, **settings)
    np.testing.assert_allclose(weights, [0.5, 0.3, 0.0])
    settings["min_history"] = 3
    known = aimed({"left": LEFT, "right": young}, **settings)
    np.testing.assert_allclose(known, [0.75, 0.15, -0.25])


def test_a_member_that_has_not_begun_holds_its_share_in_cash():
    waiting = Sleeve(np.zeros(3), np.empty(0))
    weights = aimed({"left": LEFT, "right": waiting}, method="inverse_volatility")
    np.testing.assert_allclose(weights, [0.5, 0.0, -0.25])


def toy():
    """Two names, one strategy in each; prices and scores anyone can follow."""
    panel = random_panel(40, 2, seed=3)
    days = panel.dates[4::4]
    rows = [
        (day, ticker, model, 1.0 if (ticker == "N00") == (model == "a") else 0.0)
        for model in ("a", "b")
        for day in (days if model == "a" else days[3:])
        for ticker in panel.tickers
    ]
    table = pd.DataFrame(rows, columns=["date", "ticker", "model", "score"])
    one = {"kind": "top_n", "top_n": {"n": 1}}
    return (
        panel,
        table,
        {"a": parsed({"model": "a"} | one), "b": parsed({"model": "b"} | one)},
    )


def ran(strategies, *, costs=FREE):
    panel, table, _ = toy()
    return run_backtests(
        panel, table, strategies=strategies, costs=costs, simulation=RICH
    ).results


def test_the_books_of_a_combination_by_hand():
    """Half of NAV in each member's name, or in cash until the member begins."""
    panel, _, members = toy()
    results = ran(members | {"ab": parsed(combined("a+b"))})
    whole = results["ab"]
    np.testing.assert_allclose(whole.target_weights[:3], [[0.5, 0.0]] * 3)
    np.testing.assert_allclose(whole.target_weights[3:], 0.5)
    nav, held, cash = 1.0, np.zeros(2), 1.0
    decided = dict(
        zip(panel.axes.rows_of(panel.dates[4::4]), whole.target_weights, strict=True)
    )
    for row in range(5, 40):
        if row - 1 in decided:
            nav = held @ panel["open"][row] + cash
            held = decided[row - 1] * nav / panel["open"][row]
            cash = nav - held @ panel["open"][row]
        nav = held @ panel["close"][row] + cash
        assert whole.returns["nav"].iloc[row - 4] == pytest.approx(nav, rel=1e-12)


def test_the_shares_of_a_decision_are_those_of_the_returns_until_then():
    members = toy()[2]
    budget = {"method": "inverse_volatility", "window": 12, "min_history": 6}
    results = ran(members | {"ab": parsed(combined("a+b", **budget))})
    whole, (a, b) = results["ab"], (results["a"], results["b"])
    net = pd.concat([a.returns.set_index("date"), b.returns.set_index("date")], axis=1)
    net = net["net_return"].dropna().iloc[1:]
    shifted = 0
    for date, weights in zip(
        whole._decision_axes.dates, whole.target_weights, strict=True
    ):
        known = net.loc[:date].iloc[-12:]
        if len(known) >= 6:
            inverse = 1 / known.std(ddof=1).to_numpy()
            np.testing.assert_allclose(weights, inverse / inverse.sum(), rtol=1e-12)
            shifted += abs(weights[0] - 0.5) > 0.01
    assert shifted > 3


def test_a_member_is_the_same_book_with_and_without_the_combination():
    members = toy()[2]
    beside, alone = ran(members | {"ab": parsed(combined("a+b"))}), ran(members)
    for name in members:
        pd.testing.assert_frame_equal(
            beside[name].returns, alone[name].returns, check_exact=True
        )
        pd.testing.assert_frame_equal(
            beside[name].weights, alone[name].weights, check_exact=True
        )


def test_results_come_in_the_order_asked_for_and_members_are_run_first():
    members = toy()[2]
    results = ran({"ab": parsed(combined("a+b"))} | members)
    assert list(results) == ["ab", "a", "b"]


def test_a_sleeve_tells_of_no_session_after_its_close():
    (result,) = trade_all(
        market(), predictions(), strategies={"q": parsed(KINDS["quantile"])}
    ).results.values()
    net = result.returns.set_index("date")["net_return"]
    for row in (0, 1, 7, 40):
        day = result.axes.dates[row]
        sleeve = result.sleeve(day, result.axes.tickers)
        assert sleeve.returns.tolist() == net.loc[:day].iloc[1:].tolist()
        decided = result.targets.get(row)
        wanted = (
            result.simulation.holdings.loc[day] if decided is None else decided.weights
        )
        assert np.array_equal(sleeve.weights, wanted)
    eve = result.axes.dates[0] - np.timedelta64(1, "D")
    before = result.sleeve(eve, result.axes.tickers)
    assert not before.weights.any()
    assert not len(before.returns)


def test_overlays_of_members_and_hedges_are_part_of_what_is_combined():
    """A hedge is held by the combination by its share, without a hedge of its own."""
    hedged = parsed(KINDS["quantile"] | {"overlays": [overlay("beta_hedge")]})
    strategies = {
        "hedged": hedged,
        "plain": parsed(KINDS["trend"]),
        "both": parsed(combined("hedged+plain")),
    }
    tables = trade_all(market(), predictions(), strategies=strategies)
    spy = tables.weights.query("ticker == 'SPY'")
    spy = spy.pivot_table("weight", "date", "strategy")
    assert list(spy) == ["both", "hedged"]
    np.testing.assert_array_equal(spy["both"], 0.5 * spy["hedged"])
    assert spy["hedged"].abs().min() > 0


@pytest.mark.parametrize("members", ["a+none", "a+ab"])
def test_members_that_are_not_run_or_are_combinations_are_refused(members):
    strategies = toy()[2] | {"ab": parsed(combined(members))}
    with pytest.raises(ConfigError, match="AK-C161") as refused:
        ran(strategies)
    assert refused.value.where == [f"ab: {members.split('+')[1]}"]


def test_a_combination_alone_is_refused():
    panel, table, _ = toy()
    asked = table[["date", "ticker"]].drop_duplicates().assign(score=np.nan)
    with pytest.raises(ConfigError, match="AK-C161"):
        run_backtest(
            panel, asked, spec=parsed(combined("a+b")), costs=FREE, simulation=RICH
        )
    with pytest.raises(ConfigError, match="AK-C161"):
        decide(DAY, np.full(3, np.nan), np.zeros(3), STATE, spec=parsed(combined()))


def test_other_budgets_than_members_are_refused():
    with pytest.raises(ConfigError, match="AK-C186"):
        aimed({"left": LEFT, "right": RIGHT}, method="given", budgets=[1, 1, 1])


def test_other_budgets_than_members_are_refused_before_anything_runs():
    budget = {"method": "given", "budgets": [1, 1, 1]}
    with pytest.raises(ConfigError, match="AK-C186"):
        CombinationSpec.parse({"members": ["a", "b"], "budget": budget}, "c")

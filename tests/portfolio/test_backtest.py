import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, DataError, SimulationError
from alpha_kedro.core.panel import Panel
from alpha_kedro.portfolio import (
    CostSpec,
    SimulationSpec,
    StrategySpec,
    run_backtest,
    run_backtests,
    simulate,
)
from tests.portfolio.toy_markets import last_return_scores, random_panel, two_sectors

SPEC = StrategySpec(model="any", name_cap=0.5)


def ran(panel, scores=None, *, spec=SPEC, costs=None, seed=0, **settings):
    return run_backtest(
        panel,
        last_return_scores(panel) if scores is None else scores,
        sectors=two_sectors(panel),
        spec=spec,
        costs=costs or CostSpec(),
        simulation=SimulationSpec(**settings),
        seed=seed,
    )


def test_tables_have_the_columns_others_read():
    panel = random_panel()
    result = ran(panel)
    assert list(result.weights) == ["date", "ticker", "weight"]
    assert list(result.returns) == [
        "date",
        "gross_return",
        "cost",
        "net_return",
        "turnover",
        "gross_exposure",
        "net_exposure",
        "nav",
    ]
    assert list(result.notes) == ["date", "note", "count"]
    assert result.weights["date"].dtype == result.returns["date"].dtype
    assert str(result.weights["date"].dtype) == "datetime64[us]"
    keys = result.weights[["date", "ticker"]]
    pd.testing.assert_frame_equal(keys, keys.sort_values(["date", "ticker"]))


def test_the_books_open_at_the_first_decision_with_a_nav_of_one():
    panel = random_panel()
    returns = ran(panel).returns
    assert returns["date"].iloc[0] == panel.dates[5]
    assert returns["date"].iloc[-1] == panel.dates[-1]
    assert returns.iloc[0][["nav", "net_return"]].tolist() == [1.0, 0.0]
    assert returns["turnover"].iloc[1] == pytest.approx(1.0)


@pytest.mark.parametrize("lag", [1, 3])
def test_trading_the_decided_weights_by_hand_earns_the_same_bits(lag):
    panel = random_panel(gaps=0.05)
    result = ran(panel, lag=lag)
    frames = {
        name: pd.DataFrame(panel[name], index=panel.dates, columns=panel.tickers)
        for name in ("open", "close")
    }
    weights = result.weights.pivot_table("weight", "date", "ticker")
    by_hand = simulate(weights, frames, lag=lag).returns.loc[weights.index[0] :]
    pd.testing.assert_frame_equal(
        by_hand.reset_index(), result.returns, check_exact=True
    )


def test_the_order_of_the_score_rows_does_not_matter():
    panel = random_panel(gaps=0.05)
    scores = last_return_scores(panel)
    shuffled = ran(panel, scores.sample(frac=1, random_state=0))
    pd.testing.assert_frame_equal(shuffled.returns, ran(panel, scores).returns)
    pd.testing.assert_frame_equal(shuffled.weights, ran(panel, scores).weights)


def test_a_name_halted_on_the_decision_date_is_not_wanted():
    panel = random_panel()
    traded = panel["traded"].copy()
    traded[10, 3] = False
    halted = Panel(panel.axes, {**panel.fields, "traded": traded})
    weights = ran(halted).weights.set_index(["date", "ticker"])["weight"]
    assert weights[(panel.dates[10], "N03")] == 0
    notes = ran(halted).notes
    assert (
        "not_tradable" in notes.loc[notes["date"] == panel.dates[10], "note"].tolist()
    )


def test_a_flat_decision_closes_the_book_and_is_noted():
    panel = random_panel()
    scores = last_return_scores(panel)
    constant = scores["date"] == panel.dates[10]
    scores.loc[constant, "score"] = 1.0
    result = ran(panel, scores)
    day = result.returns.set_index("date").loc[panel.dates[11]]
    assert day["gross_exposure"] == 0
    assert "constant_scores" in result.notes["note"].tolist()


def test_a_name_without_a_known_sector_is_not_traded_and_noted():
    panel = random_panel()
    result = run_backtest(
        panel,
        last_return_scores(panel),
        sectors=two_sectors(panel).iloc[2:],
        spec=SPEC,
        costs=CostSpec(),
        simulation=SimulationSpec(),
    )
    unknown = result.weights["ticker"].isin(panel.tickers[:2])
    assert not result.weights.loc[unknown, "weight"].any()
    assert (result.notes.query("note == 'no_sector'")["count"] == 2).all()


def in_new_sectors_from(panel, row):
    """Two sectors that exchange a name each in one session."""
    day = pd.Timestamp(panel.dates[row])
    old = two_sectors(panel).assign(start=pd.NaT, end=pd.NaT)
    moved = old["ticker"].isin(["N00", "N01"])
    ended = old[moved].assign(end=day - pd.Timedelta(days=1))
    begun = ended.assign(sector=ended["sector"].to_numpy()[::-1], start=day, end=pd.NaT)
    return pd.concat([old[~moved], ended, begun])


@pytest.mark.parametrize("row", [9, 10, 11])
def test_a_decision_takes_the_sectors_of_its_day(row):
    panel = random_panel()
    settings = {"spec": SPEC, "costs": CostSpec(), "simulation": SimulationSpec()}
    scores = last_return_scores(panel)
    books = [
        run_backtest(panel, scores, sectors=sectors, **settings).weights
        for sectors in (two_sectors(panel), in_new_sectors_from(panel, row))
    ]
    kept = books[0]["date"] < panel.dates[row]
    pd.testing.assert_frame_equal(books[0][kept], books[1][kept], check_exact=True)
    new = in_new_sectors_from(panel, row).query("end != end")
    after = run_backtest(panel, scores, sectors=new[["ticker", "sector"]], **settings)
    pd.testing.assert_frame_equal(
        after.weights[~kept], books[1][~kept], check_exact=True
    )
    assert not books[0][~kept].equals(books[1][~kept])


def test_each_delisted_name_leaves_at_its_own_exit_return():
    panel = random_panel()
    fields = {name: panel[name].copy() for name in ("open", "close", "traded")}
    for name, nothing in (("open", np.nan), ("close", np.nan), ("traded", False)):
        fields[name][30:, :4] = nothing
    dead = Panel(panel.axes, fields)
    exits = np.full(len(panel.tickers), -0.3)
    free = {
        "sectors": two_sectors(panel),
        "spec": SPEC,
        "costs": CostSpec(cost_bps=0, borrow_bps_annual=0),
        "simulation": SimulationSpec(),
    }
    scores = last_return_scores(panel)
    default = run_backtest(dead, scores, **free).simulation
    same = run_backtest(dead, scores, exit_returns=exits, **free).simulation
    pd.testing.assert_frame_equal(default.returns, same.returns, check_exact=True)
    exits[:4] = 0.0
    kind = run_backtest(dead, scores, exit_returns=exits, **free).simulation
    eve, day = panel.dates[38], panel.dates[39]
    pd.testing.assert_frame_equal(
        default.returns.loc[:eve], kind.returns.loc[:eve], check_exact=True
    )
    held = default.holdings.loc[eve, panel.tickers[:4]].sum()
    differ = kind.returns.loc[day] - default.returns.loc[day]
    assert held != 0
    assert differ["gross_return"] == pytest.approx(0.3 * held)


def test_the_book_is_sold_at_the_end_only_when_asked():
    panel = random_panel()
    assert ran(panel).returns["gross_exposure"].iloc[-1] > 1
    assert ran(panel, liquidate_at_end=True).returns["gross_exposure"].iloc[-1] == 0


def test_a_missing_open_is_filled_at_the_close_only_when_asked():
    panel = random_panel()
    opens = panel["open"].copy()
    opens[6] = np.nan
    late = Panel(panel.axes, {**panel.fields, "open": opens})
    refused = ran(late).returns.set_index("date")
    assert refused.loc[panel.dates[6], "turnover"] == 0
    filled = ran(late, missing_open="close").returns.set_index("date")
    assert filled.loc[panel.dates[6], "turnover"] == pytest.approx(1.0)
    assert filled.loc[panel.dates[6], "gross_return"] == 0


def test_the_seed_orders_equal_scores_and_nothing_else():
    panel = random_panel()
    scores = last_return_scores(panel)
    pd.testing.assert_frame_equal(
        ran(panel, scores, seed=1).weights, ran(panel, scores, seed=2).weights
    )
    scores["score"] = np.sign(scores["score"])
    tied = [ran(panel, scores, seed=seed).weights["weight"] for seed in (1, 1, 2)]
    assert tied[0].equals(tied[1])
    assert not tied[0].equals(tied[2])


def test_scores_that_cannot_be_traded_are_refused_by_code():
    panel = random_panel()
    scores = last_return_scores(panel)
    with pytest.raises(SimulationError, match="AK-S008"):
        ran(panel, scores.iloc[:0])
    with pytest.raises(SimulationError, match="AK-S004"):
        ran(panel, scores.replace({"ticker": {"N03": "Z"}}))
    with pytest.raises(SimulationError, match="AK-S003"):
        ran(panel, scores.assign(date=scores["date"] + pd.Timedelta(days=400)))
    with pytest.raises(DataError, match="AK-D001"):
        ran(panel, pd.concat([scores, scores]))
    with pytest.raises(ConfigError, match="AK-C040"):
        ran(panel, scores, lag=0)


def test_strategies_are_told_apart_by_name_in_sorted_tables():
    panel = random_panel()
    scores = last_return_scores(panel)
    against = scores.assign(model="any", score=-scores["score"])
    predictions = pd.concat([scores.assign(model="trend"), against])
    ranked = StrategySpec(model="trend", kind="rank", name_cap=0.5)
    tables = run_backtests(
        panel,
        predictions,
        strategies={"tails": SPEC, "ranks": ranked},
        sectors=two_sectors(panel),
        costs=CostSpec(),
        simulation=SimulationSpec(),
    )
    assert list(tables.weights) == ["date", "ticker", "strategy", "weight"]
    assert list(tables.returns)[:3] == ["date", "strategy", "gross_return"]
    alone = ran(panel, scores, spec=ranked)
    for table, single in (
        (tables.weights, alone.weights),
        (tables.returns, alone.returns),
    ):
        rows = table[table["strategy"] == "ranks"].drop(columns="strategy")
        pd.testing.assert_frame_equal(rows.reset_index(drop=True), single)
    keys = tables.weights[["date", "ticker", "strategy"]]
    pd.testing.assert_frame_equal(keys, keys.sort_values(list(keys)))


def test_a_strategy_on_a_model_without_predictions_names_the_nearest():
    panel = random_panel()
    with pytest.raises(ConfigError, match="did you mean 'ridge'"):
        run_backtests(
            panel,
            last_return_scores(panel).assign(model="ridge"),
            strategies={"tails": StrategySpec(model="rigde")},
            costs=CostSpec(),
            simulation=SimulationSpec(),
        )


def test_tranches_fill_the_book_one_decision_after_the_other():
    panel = random_panel()
    spec = StrategySpec(model="any", name_cap=0.5, tranches=4)
    result, whole = ran(panel, spec=spec), ran(panel)
    aims = np.stack([target.aim for target in result.targets.values()])
    np.testing.assert_array_equal(aims, whole.target_weights)
    for place, weights in enumerate(result.target_weights):
        mean = aims[max(place - 3, 0) : place + 1].sum(axis=0) / 4
        np.testing.assert_allclose(weights, mean, atol=1e-15)
    gross = np.abs(result.target_weights).sum(axis=1)
    assert gross[0] == pytest.approx(0.5)
    assert (gross <= 2.0 + 1e-12).all()
    held = result.returns["gross_exposure"]
    assert held.iloc[1] == pytest.approx(0.5, abs=0.05)


def test_what_was_asked_for_and_what_overlays_did_is_told_by_date():
    panel = random_panel()
    cap = {"kind": "leverage_cap", "gross": 1.0}
    spec = StrategySpec.parse(
        {
            "model": "any",
            "name_cap": 0.5,
            "overlays": [cap, {"kind": "net_cap", "net": 1}],
        },
        "s",
    )
    changes = ran(panel, spec=spec).changes
    assert list(changes) == ["date", "place", "overlay", "changed"]
    applied = changes.groupby("date")["overlay"].agg(list)
    assert (applied.map(tuple) == ("leverage_cap", "net_cap")).all()
    assert changes["date"].nunique() == 15
    halved = changes.query("overlay == 'leverage_cap'")["changed"]
    np.testing.assert_allclose(halved, 0.5)
    assert not changes.query("overlay == 'net_cap'")["changed"].any()
    assert ran(panel).changes.empty


def test_a_decision_whose_fill_lies_after_the_last_price_is_noted():
    panel = random_panel(n_dates=76)
    notes = ran(panel, scores=last_return_scores(panel)).notes
    last = notes.query("note == 'beyond_the_end'")
    assert last["date"].tolist() == [panel.dates[75]]
    assert last["count"].item() == 8

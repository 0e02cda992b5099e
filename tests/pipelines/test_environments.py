"""Each experiment at quick size: the promised files, and books within their limits."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from alpha_kedro.measures.benchmarks import AS_IT_IS, EX_ANTE, EX_POST
from tests.pipelines.contract import (
    KEYS,
    MANIFEST,
    OF_A_MODEL,
    OF_A_STRATEGY,
    OF_RETURNS,
    PICTURES,
    SAMPLE,
    TABLES,
)
from tests.pipelines.environments import ENVIRONMENTS, QUICK_RUN
from tests.pipelines.runs import PROJECT, kedro_run, table

LINES = {AS_IT_IS, EX_ANTE, EX_POST}
HEADLINES = {
    "lstm_top_n": "lstm_top_n",
    "daily_long_short": "daily_quintiles",
    "threshold_overlap": "threshold_overlap",
    "multi_strategy": "all_three",
}
CHAPTERS = {
    *("summary", "performance", "benchmarks", "attribution", "trading"),
    *("capacity", "signal", "protocol"),
}
ROUNDING = 1e-9


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def run(request, runs):
    return runs[request.param]


def books(run, strategy):
    """(n_dates, n_tickers) targets of a strategy, 0 where it was not asked."""
    weights = run.output("weights").query("strategy == @strategy")
    wide = weights.pivot_table("weight", "date", "ticker", fill_value=0.0)
    assert len(wide) > 20
    return wide


def gross(book):
    return book.abs().sum(axis=1)


def chapters_of(page):
    return set(re.findall(r'<section id="([a-z_-]+)"', page))


def changed_by(run, strategy):
    """Mean change of a decision by overlay, share of NAV."""
    changes = run.output("overlay_changes").query("strategy == @strategy")
    return changes.groupby("overlay")["changed"].mean()


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_as_promised(run, name):
    found = table(run.root, name)
    assert found.dtypes.astype(str).to_dict() == TABLES[name]
    keys = found[KEYS[name]]
    assert not keys.duplicated().any()
    assert keys.equals(keys.sort_values(KEYS[name], ignore_index=True))


def test_the_summary_has_every_promised_key(run):
    summary = run.summary
    assert summary["manifest"].keys() >= MANIFEST
    assert summary["manifest"]["env"] == run.env
    assert summary["sample"].keys() >= SAMPLE
    assert summary["headline"] == HEADLINES[run.env]
    assert all(model.keys() >= OF_A_MODEL for model in summary["models"].values())
    for strategy in summary["strategies"].values():
        assert strategy.keys() >= OF_A_STRATEGY
        assert strategy["gross"].keys() >= OF_RETURNS
        assert strategy["net"].keys() >= OF_RETURNS


def test_every_strategy_is_held_against_benchmarks_in_three_ways(run):
    for strategy in run.summary["strategies"].values():
        assert {"SPY", "equal_weight"} <= strategy["benchmarks"].keys()
        for lines in strategy["benchmarks"].values():
            assert lines.keys() == LINES
            assert all(np.isfinite(line["beta"]) for line in lines.values())
        years = strategy["by_year"]
        assert len(years) >= 1
        assert all({"SPY"} <= year["benchmarks"].keys() for year in years.values())


def test_where_returns_came_from_adds_up_to_them(run):
    found = run.output("attributions")
    returns = run.output("returns").set_index(["date", "strategy"])["net_return"]
    for dimension in ("source", "factor", "leg", "sector"):
        own = found[found["dimension"] == dimension]
        total = own.groupby(["date", "strategy"])["contribution"].sum()
        told = returns.reindex(total.index)
        np.testing.assert_allclose(total, told, atol=1e-9, err_msg=dimension)


def test_the_report_and_its_pictures_are_there(run):
    page = run.report
    assert not [mark for mark in ('src="http', 'href="http', "@import") if mark in page]
    assert chapters_of(page) >= CHAPTERS
    has_overlays = len(run.output("overlay_changes")) > 0
    assert ("overlays" in chapters_of(page)) == has_overlays
    for picture in PICTURES:
        content = (run.root / "08_reporting" / picture).read_bytes()
        assert content.startswith(b"\x89PNG\r\n")
    assert not list(run.root.rglob("*.partial"))


def test_what_was_paid_is_what_the_bills_say(run):
    bills = run.output("bills").set_index(["date", "strategy"])
    costs = run.output("returns").set_index(["date", "strategy"])["cost"]
    np.testing.assert_allclose(bills.sum(axis=1), costs, atol=1e-12)


def test_orders_that_are_too_small_a_buffer_and_limits_keep_a_top_n(runs):
    run = runs["lstm_top_n"]
    book = books(run, "lstm_top_n")
    assert ((book > 0).sum(axis=1) == 12).all()
    assert book.to_numpy().min() == 0
    assert book.to_numpy().max() <= 0.1 + ROUNDING
    assert gross(book).max() <= 1 + ROUNDING
    fresh = ((book > 0) & (book.shift() == 0)).sum(axis=1).iloc[1:]
    at_random = books(run, "lstm_top_n@random")
    dealt = ((at_random > 0) & (at_random.shift() == 0)).sum(axis=1).iloc[1:]
    assert fresh.mean() < dealt.mean() < 12 * (1 - 24 / 50)


def test_engines_keep_their_limits_and_give_way_in_a_falling_market(runs):
    run = runs["lstm_top_n"]
    for name in ("trend_engine", "risk_parity_engine"):
        book = books(run, name)
        assert book.to_numpy().min() == 0
        assert book.to_numpy().max() <= 0.1 + ROUNDING
        assert gross(book).max() <= 1 + ROUNDING
    assert changed_by(run, "risk_parity_engine")["regime_gate"] > 0
    assert changed_by(run, "trend_engine")["volatility_target"] > 0
    assert {"QQQ", "SPY"} <= run.summary["strategies"]["lstm_top_n"][
        "benchmarks"
    ].keys()


def test_a_volatility_target_brings_the_book_near_it(runs):
    found = runs["lstm_top_n"].summary["strategies"]["lstm_top_n"]["net"]
    assert 0.08 < found["annual_volatility"] < 0.2


def test_daily_quintiles_are_neutral_and_within_their_caps(runs):
    book = books(runs["daily_long_short"], "daily_quintiles")
    assert book.sum(axis=1).abs().max() < 1e-12
    assert book.abs().to_numpy().max() <= 0.2 + ROUNDING
    assert gross(book).max() <= 2 + ROUNDING


def test_a_hedge_is_held_beside_positions_within_their_limits(runs):
    run = runs["daily_long_short"]
    whole = books(run, "risk_sized")
    names = whole.drop(columns="SPY")
    assert names.abs().to_numpy().max() <= 0.1 + ROUNDING
    assert (whole["SPY"] != 0).mean() > 0.5
    assert changed_by(run, "risk_sized")["beta_hedge"] > 0
    listed = table(run.root, "03_primary/bars.parquet")["ticker"]
    assert "SPY" not in set(listed)


def test_a_hedge_takes_the_market_out_of_a_book(runs):
    found = runs["daily_long_short"].summary["strategies"]["risk_sized"]
    assert abs(found["beta"]) < 0.25


def test_a_budget_combines_members_and_caps_the_whole(runs):
    run = runs["daily_long_short"]
    members = [books(run, "risk_sized"), books(run, "risk_sized@momentum_1m")]
    book = books(run, "risk_budget")
    assert gross(book).max() <= 2 + ROUNDING
    early = book.index[20]  # equal shares: the members have no history yet
    halves = sum(each.loc[early] for each in members) / 2
    np.testing.assert_allclose(book.loc[early], halves[book.columns], atol=1e-12)
    late = book.index[-1]
    halves = sum(each.loc[late] for each in members) / 2
    assert np.abs(book.loc[late] - halves[book.columns]).max() > 1e-4


def test_each_of_five_tranches_changes_a_fifth_of_the_book(runs):
    run = runs["threshold_overlap"]
    for name in ("threshold_overlap", "best_fifty_overlap"):
        book = books(run, name)
        assert book.to_numpy().min() >= 0
        assert book.to_numpy().max() <= 0.1 + ROUNDING
        assert gross(book).max() <= 1 + ROUNDING
        exchanged = book.diff().abs().sum(axis=1)
        assert exchanged.max() <= 2 / 5 + ROUNDING
    first = gross(books(run, "best_fifty_overlap")).iloc[:6]
    np.testing.assert_allclose(first, [0.2, 0.4, 0.6, 0.8, 1.0, 1.0], atol=1e-9)


def test_a_threshold_holds_more_names_when_more_are_sure(runs):
    held = (books(runs["threshold_overlap"], "threshold_overlap") > 0).sum(axis=1)
    assert held.nunique() > 5


def test_every_book_of_several_strategies_keeps_every_limit(runs):
    run = runs["multi_strategy"]
    for name in run.summary["strategies"]:
        book = books(run, name)
        assert book.abs().to_numpy().max() <= 0.1 + ROUNDING
        assert gross(book).max() <= 1.5 + ROUNDING
    assert changed_by(run, "all_three")["volatility_target"] > 0


def test_a_combination_holds_names_of_every_member(runs):
    run = runs["multi_strategy"]
    names = ("cross_sectional", "multi_timeframe", "regime_aware")
    book = books(run, "all_three")
    members = [books(run, f"{name}_quintiles")[book.columns] for name in names]
    wanted = np.sum([each.to_numpy() != 0 for each in members], axis=0) > 0
    assert not ((book.to_numpy() != 0) & ~wanted).any()
    agreement = [
        np.corrcoef(book.to_numpy().ravel(), m.to_numpy().ravel())[0, 1]
        for m in members
    ]
    assert min(agreement) > 0.1


TRIED = {
    "sweep": {
        "strategies": ["lstm_top_n"],
        "grid": {
            "strategy.top_n.buffer": [0, 12],
            "costs.cost_bps": [2.0, 10.0],
        },
        "bootstrap_reps": 100,
    },
    "frontier": {
        "methods": {
            "lstm_top_n": {"strategy.top_n.buffer": [0, 12]},
            "trend_engine": {},
        },
        "cost_bps": [5.0, 20.0],
        "bootstrap_reps": 100,
    },
}


@pytest.fixture(scope="module")
def tried(runs, tmp_path_factory):
    """A run, and what a command made of it with settings of its own in ``conf``."""
    folder, before = tmp_path_factory.mktemp("tried"), runs["lstm_top_n"]
    after = replace(before, root=shutil.copytree(before.root, folder / "data"))
    conf = shutil.copytree(PROJECT / "conf", folder / "conf")
    asked = conf / before.env / "parameters.yml"
    with asked.open("a") as file:
        yaml.safe_dump(TRIED | {"capacity": QUICK_RUN["capacity"]}, file)
    answer = kedro_run(
        after.root,
        *(f"--env={before.env}", f"--conf-source={conf}"),
        pipeline="backtesting",
        params={"quick": True},
    )
    assert answer.code == 0, answer.text
    after.again("reporting", **TRIED)
    return before, after


@pytest.mark.parametrize("name", ["weights", "returns", "bills", "attributions"])
def test_backtesting_alone_gives_the_same_books_again(tried, name):
    before, after = tried
    pd.testing.assert_frame_equal(
        after.output(name), before.output(name), check_exact=True
    )


def test_every_cell_of_a_sweep_is_a_backtest_and_a_trial(tried):
    before, after = tried
    cells = after.output("sweep")
    assert len(cells) == 4
    said = [json.loads(setting) for setting in cells["setting"]]
    assert {each["strategy.top_n.buffer"] for each in said} == {0, 12}
    dear = [each["costs.cost_bps"] == 10 for each in said]
    assert cells.loc[dear, "cost_annual"].min() > 0
    cheap = cells[~np.array(dear)].set_index("turnover_annual")["net_sharpe"]
    costly = cells[dear].set_index("turnover_annual")["net_sharpe"]
    assert (cheap.to_numpy() > costly.to_numpy()).all()
    n_settings = after.output("frontier")["name"].nunique()
    assert n_settings == 3
    assert after.summary["trials"] == before.summary["trials"] + 4 + n_settings


def test_a_cell_that_changes_nothing_earns_what_the_strategy_does(tried):
    _, after = tried
    (own,) = [
        row
        for row in after.output("frontier").to_dict("records")
        if (row["name"], row["cost_bps"]) == ("lstm_top_n buffer 12", 5.0)
    ]
    net = after.summary["strategies"]["lstm_top_n"]["net"]
    assert own["net_sharpe"] == pytest.approx(net["sharpe"], abs=1e-9)


def test_the_report_has_a_chapter_for_what_was_tried(tried):
    before, after = tried
    new = chapters_of(after.report) - chapters_of(before.report)
    assert {"sweep", "frontier"} <= new
    assert {"overlays", "capacity", "benchmarks", "attribution"} <= chapters_of(
        after.report
    )


def test_more_money_pays_more_for_what_it_trades(tried):
    sizes = tried[1].output("capacity").set_index("capital")
    assert sizes.index.tolist() == [1e6, 1e9]
    paid = sizes["cost_annual"] / sizes["turnover_annual"]
    assert paid.is_monotonic_increasing
    assert sizes["unfilled_share"].is_monotonic_increasing

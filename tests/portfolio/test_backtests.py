"""Several strategies at once: tables that pass their contracts, names kept apart."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.core.result_schemas import Bills, OverlayChanges, Returns, Weights
from alpha_kedro.portfolio import SimulationSpec, run_backtests, trade_all
from alpha_kedro.portfolio.backtests import scores_of
from tests.portfolio.toy_markets import random_panel
from tests.portfolio.traded_worlds import (
    DEAR,
    FREE,
    KINDS,
    market,
    overlay,
    parsed,
    predictions,
    prices,
)

SCHEMAS = {
    "weights": Weights,
    "returns": Returns,
    "bills": Bills,
    "changes": OverlayChanges,
}
EQUAL = {"kind": "risk_weights", "risk_weights": {"kind": "equal_weight"}}
BOOKS = {
    "zeta": parsed(KINDS["rank"] | {"overlays": [overlay("beta_hedge")]}),
    "alpha": parsed(KINDS["trend"]),
    "mid": parsed(
        {"kind": "combination", "combination": {"members": ["zeta", "alpha"]}}
    ),
}


@pytest.fixture(scope="module")
def tables():
    return trade_all(market(), predictions(), strategies=BOOKS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_tables_pass_their_contracts_and_are_sorted(tables, name):
    table = getattr(tables, name)
    SCHEMAS[name].validate(table)
    keys = [key for key in ("date", "ticker", "strategy", "overlay") if key in table]
    ordered = table.sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(table, ordered)
    assert set(table["strategy"]) == set(BOOKS) - (
        {"alpha", "mid"} if name == "changes" else set()
    )


def test_tables_of_strategies_that_did_nothing_pass_too():
    """Nothing but a name of its own: flat books, no overlays, no notes."""
    flat = predictions().assign(score=1.0)
    books = {"flat": parsed(KINDS["quantile"])}
    own = trade_all(market(), flat, strategies=books)
    for name, schema in SCHEMAS.items():
        schema.validate(getattr(own, name))
    assert own.changes.empty
    assert (own.returns["nav"] == 1).all()
    assert (own.weights["weight"] == 0).all()
    assert list(own.notes) == ["date", "strategy", "note", "count"]


def test_notes_of_nobody_are_an_empty_table():
    panel = random_panel(20, 4)
    rows = pd.DataFrame({"date": panel.dates[5], "ticker": panel.tickers})
    own = run_backtests(
        panel,
        rows.assign(model="m", score=1.0),
        strategies={
            "equal": parsed(EQUAL),
            "same": parsed(EQUAL),
        },
        costs=FREE,
        simulation=SimulationSpec(),
    )
    assert own.notes.empty
    assert list(own.notes) == ["date", "strategy", "note", "count"]
    assert own.notes["date"].dtype == own.returns["date"].dtype
    own.notes.groupby(["strategy", "note"])["count"].sum()


def test_a_strategy_that_reads_no_scores_is_asked_about_every_name_with_a_row():
    two = pd.concat([predictions(), predictions(start=20, model="other")])
    asked = scores_of(BOOKS["alpha"], two)
    assert asked["score"].isna().all()
    assert not asked.duplicated(["date", "ticker"]).any()
    assert asked["date"].min() == prices().dates[20]
    assert set(asked["date"]) == set(two["date"])
    own = scores_of(BOOKS["zeta"], two)
    pd.testing.assert_frame_equal(
        own.reset_index(drop=True), predictions().drop(columns="model")
    )


def test_a_model_without_predictions_is_refused_by_name():
    lost = {"s": BOOKS["zeta"].model_copy(update={"model": "lost"})}
    with pytest.raises(ConfigError, match="AK-C002"):
        trade_all(market(), predictions(), strategies=lost)


def test_a_strategy_alone_is_what_it_is_among_others(tables):
    for name in ("zeta", "alpha"):
        (alone,) = trade_all(
            market(), predictions(), strategies={name: BOOKS[name]}
        ).results.values()
        beside = tables.results[name]
        pd.testing.assert_frame_equal(alone.returns, beside.returns, check_exact=True)
        pd.testing.assert_frame_equal(alone.weights, beside.weights, check_exact=True)


def test_each_strategy_is_run_on_what_it_trades(tables):
    assert tables.market.axes.tickers[-3:].tolist() == ["SPY", "XLE", "XLH"]
    columns = {name: own.axes.tickers[24:] for name, own in tables.results.items()}
    assert {name: own.tolist() for name, own in columns.items()} == {
        "zeta": ["SPY"],
        "alpha": [],
        "mid": ["SPY"],
    }


# Scores that hardly can be traded.


def ran(panel, table, block=None, **terms):
    return run_backtests(
        panel,
        table,
        strategies={"s": parsed(block or KINDS["top_n"])},
        costs=DEAR if "high" in panel.fields else FREE,
        simulation=SimulationSpec(capital=1e6, **terms),
    ).results["s"]


def test_a_date_without_any_score_is_a_flat_book_and_noted():
    table = predictions()
    empty = table["date"] == prices().dates[50]
    table = table.assign(score=table["score"].mask(empty))
    result = ran(prices(), table)
    day = result.weights["date"] == prices().dates[50]
    assert (result.weights.loc[day, "weight"] == 0).all()
    notes = result.notes.query("date == @day", local_dict={"day": prices().dates[50]})
    assert notes.set_index("note").loc["unscored", "count"] == empty.sum()
    assert "too_few_names" in set(notes["note"])
    exposure = result.returns.set_index("date")["gross_exposure"]
    assert exposure[prices().dates[49]] > 0.9
    assert exposure[prices().dates[52]] < 0.2


def test_nothing_but_missing_scores_is_a_book_of_cash():
    result = ran(prices(), predictions().assign(score=np.nan))
    assert (result.returns["nav"] == 1).all()
    assert result.returns["turnover"].sum() == 0


def test_no_rows_at_all_are_refused():
    with pytest.raises(SimulationError, match="AK-S008"):
        ran(prices(), predictions().iloc[:0].assign(model="m"), KINDS["trend"])


def test_one_name_is_a_book_of_one_name_or_flat():
    panel = random_panel(30, 1)
    table = pd.DataFrame({"date": panel.dates[5::5], "ticker": "N00", "model": "m"})
    table["score"] = 1.0
    one = ran(panel, table, {"kind": "top_n", "model": "m", "top_n": {"n": 1}})
    assert (one.target_weights == 1).all()
    legs = ran(panel, table, KINDS["quantile"])
    assert not legs.target_weights.any()
    assert "too_few_names" in set(legs.notes["note"])


def test_one_sector_is_neutral_to_the_dollar():
    panel = random_panel(40, 20)
    rng = np.random.default_rng(0)
    decided = np.zeros(panel.axes.shape, dtype=bool)
    decided[5::5] = True
    table = type(panel)(panel.axes, {"score": rng.normal(size=panel.axes.shape)})
    table = table.to_table(decided).assign(model="m")
    all_one = pd.DataFrame({"ticker": panel.tickers, "sector": "energy"})
    books = {
        neutral: parsed(KINDS["quantile"] | {"neutral": neutral})
        for neutral in ("sector", "dollar")
    }
    own = run_backtests(
        panel,
        table,
        strategies=books,
        sectors=all_one,
        costs=FREE,
        simulation=SimulationSpec(),
    ).results
    weights = {name: each.target_weights for name, each in own.items()}
    assert np.array_equal(weights["sector"], weights["dollar"])
    assert np.abs(weights["sector"].sum(axis=1)).max() < 1e-12


def test_weights_for_names_without_prices_and_on_no_session_are_refused():
    strange = predictions().replace({"ticker": {"N03": "GONE"}})
    with pytest.raises(SimulationError, match="AK-S004") as refused:
        ran(prices(), strange)
    assert "GONE" in str(refused.value)
    weekend = predictions().assign(date=lambda t: t["date"] + pd.Timedelta(days=400))
    with pytest.raises(SimulationError, match="AK-S003"):
        ran(prices(), weekend)


def test_gross_above_the_cap_is_refused_where_it_is_said_and_cut_where_it_comes():
    with pytest.raises(ConfigError, match="gross_cap"):
        parsed(KINDS["quantile"] | {"long_gross": 2.0})
    capped = KINDS["quantile"] | {"overlays": [overlay("leverage_cap")]}
    result = ran(prices(), predictions(), capped | {"neutral": "dollar"})
    gross = np.abs(result.target_weights).sum(axis=1)
    assert gross.max() <= 1.2 + 1e-9
    assert gross.max() > 1.1


def test_a_book_that_loses_everything_ends_and_says_so():
    """Three times its NAV short of what triples: every table can still be read."""
    panel = random_panel(30, 12, seed=1)
    fields = {name: panel[name].copy() for name in panel.fields}
    for name in ("open", "close"):
        fields[name][15:] *= np.where(np.arange(12) < 6, 3.0, 1.0)
    panel = type(panel)(panel.axes, fields)
    table = pd.DataFrame({"date": panel.dates[5:].repeat(12)}).assign(
        ticker=np.tile(panel.tickers, 25),
        model="m",
        score=np.tile(np.arange(12.0), 25),
    )
    legs = {"neutral": "none", "quantile": 0.5, "long_gross": 1.5, "short_gross": 1.5}
    block = KINDS["quantile"] | legs | {"gross_cap": 3.0}
    own = run_backtests(
        panel,
        table,
        strategies={"s": parsed(block), "c": parsed(EQUAL)},
        costs=FREE,
        simulation=SimulationSpec(),
    )
    for name, schema in SCHEMAS.items():
        schema.validate(getattr(own, name))
    nav = own.results["s"].returns["nav"].to_numpy()
    assert nav[-1] == 0
    assert "wiped_out" in set(own.results["s"].notes["note"])
    assert own.results["c"].returns["nav"].iloc[-1] > 0


def test_a_gate_behind_a_volatility_target_leaves_its_share_of_the_book():
    """Before the target it would do nothing at all: the target scales it up again."""
    scaled = [overlay("volatility_target")]
    gated = [*scaled, overlay("regime_gate")]
    books = trade_all(
        market(),
        predictions(),
        strategies={
            "scaled": parsed(KINDS["quantile"] | {"overlays": scaled}),
            "gated": parsed(KINDS["quantile"] | {"overlays": gated}),
        },
    )
    gross = {
        name: np.abs(own.target_weights).sum(axis=1)
        for name, own in books.results.items()
    }
    share = gross["gated"] / gross["scaled"]
    closed = books.notes.query("note == 'regime_gate:gate_closed'")["date"]
    dates = pd.DatetimeIndex(sorted(predictions()["date"].unique()))
    shut = dates.isin(closed)
    assert 0 < shut.sum() < len(dates)
    assert np.median(share[shut]) == pytest.approx(0.5)
    assert np.median(share[~shut]) == pytest.approx(1.0)
    assert share[shut].max() < 0.7 < share[~shut].min()  # names without a bar stay

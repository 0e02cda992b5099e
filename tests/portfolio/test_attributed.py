"""Books of backtests, attributed: every dimension adds up to the ledger's return."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.result_schemas import Attributions
from alpha_kedro.core.sectors import sector_names
from alpha_kedro.measures.attribution import attribution_table, attributions_of
from alpha_kedro.portfolio import (
    CostSpec,
    SimulationSpec,
    attribute_all,
    run_backtests,
    trade_all,
)
from alpha_kedro.portfolio.attributed import CASH, daily_books
from tests.portfolio.toy_markets import random_panel
from tests.portfolio.traded_worlds import (
    DEAR,
    KINDS,
    MOVE,
    MOVER,
    market,
    overlay,
    parsed,
    predictions,
    prices,
    sectors,
)

DIMENSIONS = ("leg", "sector", "name", "source", "factor")
TERMS = SimulationSpec(
    capital=1e6,
    cash_bps_annual=300.0,
    financing_bps_annual=600.0,
    short_rebate_bps_annual=200.0,
)
LEVERED = {"model": "m", "kind": "top_n", "top_n": {"n": 6, "long_gross": 1.6}}
BOOKS = {
    "hedged": parsed(KINDS["quantile"] | {"overlays": [overlay("sector_hedge")]}),
    "levered": parsed(LEVERED | {"overlays": [overlay("beta_hedge")]}),
    "cash": parsed(KINDS["trend"]),
    "tranched": parsed(KINDS["rank"] | {"tranches": 3}),
    "all": parsed(
        {
            "kind": "combination",
            "combination": {"members": ["hedged", "levered", "cash", "tranched"]},
        }
    ),
}


@pytest.fixture(scope="module")
def books():
    own = market().under(costs=DEAR, simulation=TERMS)
    return trade_all(own, predictions(), strategies=BOOKS)


@pytest.fixture(scope="module")
def members(books):
    axes = books.market.axes
    inside = np.zeros(axes.shape, dtype=bool)
    inside[:, axes.columns_of(prices().tickers)] = True
    return inside & np.isfinite(books.market.prices["close"])


@pytest.fixture(scope="module")
def attributions(books, members):
    return attribute_all(books, members=members, sector_names=sector_names(sectors()))


@pytest.mark.parametrize("name", BOOKS)
def test_the_names_of_a_session_add_up_to_what_the_ledger_reports(books, name):
    returns = books.results[name].returns
    own = daily_books(books.results[name])
    own.reconcile(returns["gross_return"].to_numpy(), returns["cost"].to_numpy())
    np.testing.assert_allclose(own.net, returns["net_return"], rtol=0, atol=1e-12)
    assert own.tickers[-1] == CASH


def test_there_are_hedges_interest_and_deaths_to_attribute(books):
    """What the other tests here would say nothing of if it were not there."""
    kinds = {name: own.simulation.statement for name, own in books.results.items()}
    assert kinds["cash"].interest.sum() > 0
    assert kinds["hedged"].interest.sum() > 0
    assert kinds["levered"].costs_by_kind["financing"].sum() > 0
    for name in ("hedged", "tranched", "all"):
        assert "delisted" in set(books.results[name].notes["note"])
    hedges = daily_books(books.results["hedged"])
    columns = [list(hedges.tickers).index(fund) for fund in ("XLE", "XLH")]
    assert (np.abs(hedges.contributions[:, columns]).sum(axis=0) > 0.01).all()


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize("name", BOOKS)
def test_every_dimension_adds_up_to_the_net_return(
    books, attributions, name, dimension
):
    own = attributions[name]
    net = books.results[name].returns["net_return"]
    parts = own.breakdowns[dimension]
    np.testing.assert_allclose(parts.contributions.sum(axis=1), net, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        parts.costs.sum(axis=1), books.results[name].returns["cost"], atol=1e-12
    )
    assert len(own.dates) == len(net)


def test_interest_is_of_no_sector_and_funds_are_of_theirs(books, attributions):
    statement = books.results["cash"].simulation.statement
    interest = statement.interest - statement.costs_by_kind["financing"]
    names = attributions["cash"].breakdowns["name"]
    own = names.contributions[:, names.keys.index(CASH)]
    np.testing.assert_array_equal(own, interest)
    assert set(attributions["hedged"].breakdowns["sector"].keys) == {
        "energy",
        "health",
        "UNKNOWN",
    }
    whole = daily_books(books.results["hedged"])
    own = books.results["hedged"]
    energy = np.tile(whole.tickers == "XLE", (len(own.axes.dates), 1))
    energy[:, 1:24:2] = True
    moved = own.axes.dates >= prices().dates[MOVE]
    energy[moved, list(whole.tickers).index(MOVER)] = True
    expected = np.where(energy, whole.contributions - whole.costs, 0.0).sum(axis=1)
    sector = attributions["hedged"].breakdowns["sector"]
    np.testing.assert_allclose(
        sector.contributions[:, sector.keys.index("energy")], expected, atol=1e-15
    )


def test_a_strategy_is_attributed_alike_whatever_others_hedge_with(members):
    """Factor returns are measured among members, whichever columns stand beside."""
    terms = {"costs": DEAR, "simulation": TERMS}
    bare = market(instruments=()).under(**terms)
    alone = trade_all(bare, predictions(), strategies={"cash": BOOKS["cash"]})
    beside = trade_all(
        market().under(**terms), predictions(), strategies={"cash": BOOKS["cash"]}
    )
    names = sector_names(sectors())
    one = attribute_all(alone, members=members[:, :24], sector_names=names)["cash"]
    other = attribute_all(beside, members=members, sector_names=names)["cash"]
    for dimension in DIMENSIONS:
        np.testing.assert_allclose(
            one.breakdowns[dimension].contributions,
            other.breakdowns[dimension].contributions,
            rtol=1e-9,
            atol=1e-12,
        )


@pytest.mark.parametrize("by_name", ["hedged", "all"])
def test_what_is_written_down_is_read_back(books, attributions, by_name):
    table = attribution_table(attributions, by_name=by_name)
    Attributions.validate(table)
    read = attributions_of(table, books.returns)
    assert list(read) == sorted(BOOKS)
    for name, written in attributions.items():
        own = read[name]
        assert np.array_equal(own.dates, written.dates)
        np.testing.assert_allclose(own.net, written.net, rtol=0, atol=1e-15)
        np.testing.assert_allclose(own.gross, written.gross, rtol=0, atol=1e-15)
        kept = set(DIMENSIONS) - (set() if name == by_name else {"name"})
        assert set(own.breakdowns) == kept
        for dimension in kept:
            refuse_to_differ(own.breakdowns[dimension], written.breakdowns[dimension])
        pd.testing.assert_frame_equal(
            own.exposures[written.exposures.columns],
            written.exposures,
            check_column_type=False,
            check_exact=True,
        )


def refuse_to_differ(read, written):
    """Keys are read in the order of their names; those without a number are gone."""
    assert list(read.keys) == sorted(read.keys)
    for place, key in enumerate(written.keys):
        for what in ("contributions", "costs"):
            own = getattr(written, what)[:, place]
            if key in read.keys:
                again = getattr(read, what)[:, read.keys.index(key)]
                assert np.array_equal(again, own)
            else:
                assert not own.any()


def test_the_same_summary_is_made_of_what_was_read_back(books, attributions):
    table = attribution_table(attributions, by_name="all")
    read = attributions_of(table, books.returns)["all"]
    keys = ["dimension", "key"]
    one, other = (
        each.summary().sort_values(keys, ignore_index=True)
        for each in (read, attributions["all"])
    )
    pd.testing.assert_frame_equal(one, other, rtol=1e-9, atol=1e-12)


def test_a_book_that_lost_everything_decides_and_earns_nothing_more():
    panel = random_panel(60, 12, seed=1)
    fields = {name: panel[name].copy() for name in panel.fields}
    for name in ("open", "close"):
        fields[name][25:] *= np.where(np.arange(12) < 6, 3.0, 1.0)
    panel = type(panel)(panel.axes, fields)
    table = pd.DataFrame(
        {
            "date": panel.dates[5:].repeat(12),
            "ticker": np.tile(panel.tickers, 55),
            "model": "m",
            "score": np.tile(np.arange(12.0), 55),
        }
    )
    legs = {"neutral": "none", "quantile": 0.5, "long_gross": 1.5, "short_gross": 1.5}
    own = run_backtests(
        panel,
        table,
        strategies={"s": parsed(KINDS["quantile"] | legs | {"gross_cap": 3.0})},
        costs=CostSpec(),
        simulation=SimulationSpec(),
    )
    net = own.results["s"].returns["net_return"].to_numpy()
    (ruin,) = np.flatnonzero(net == -1)
    (found,) = attribute_all(
        own, members=np.ones(panel.axes.shape, dtype=bool), sector_names=[]
    ).values()
    for dimension in DIMENSIONS:
        parts = found.breakdowns[dimension].contributions
        np.testing.assert_allclose(parts.sum(axis=1), net, rtol=0, atol=1e-12)
        assert not parts[ruin + 1 :].any()


def test_a_book_that_begins_with_the_market_is_attributed_too():
    own = market()
    books = trade_all(
        own, predictions(start=0), strategies={"mine": parsed(KINDS["rank"])}
    )
    members = np.ones(own.axes.shape, dtype=bool)
    found = attribute_all(books, members=members, sector_names=sector_names(sectors()))
    own_days = pd.DatetimeIndex(found["mine"].by_factor["date"].unique())
    assert own_days[0] == own.axes.dates[0]
    np.testing.assert_allclose(
        found["mine"].by_factor.groupby("date")["contribution"].sum(),
        found["mine"].total(),
        atol=1e-12,
    )

"""Attributions written down as one table, and read back."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.result_schemas import Attributions
from alpha_kedro.measures.attribution import (
    attribute,
    attribution_table,
    attributions_of,
)
from alpha_kedro.measures.factor_model import fit_factor_model
from alpha_kedro.measures.risk_factors import RiskFactorSpec, factor_exposures
from tests.measures.toy_books import draw_books, draw_panel

SHORT = RiskFactorSpec(beta=40, size=20, momentum=40, reversal=10, volatility=20)
COLUMNS = ["date", "strategy", "dimension", "key", "contribution", "cost", "exposure"]


@pytest.fixture(scope="module")
def two():
    panel = draw_panel()
    sectors = np.tile(np.arange(30) % 4 - 1, (119, 1))
    close = panel[2]
    returns = np.vstack([np.full(30, np.nan), close[1:] / close[:-1] - 1])
    model = fit_factor_model(factor_exposures(*panel, spec=SHORT), returns)
    return {
        "b": attribute(
            books_of(panel),
            sectors=sectors,
            sector_names=("energy", "health", "tech"),
            factors=model,
        ),
        "a": attribute(books_of(panel, seed=1)),
    }


@pytest.fixture(scope="module")
def table(two):
    return attribution_table(two, by_name="b")


def books_of(panel, *, seed=0):
    """From the second session on: the first has no close before it."""
    own = draw_books(*panel[:3], seed=seed)
    return replace(
        own, **{name: part[1:] for name, part in vars(own).items() if name != "tickers"}
    )


def ledger_of(attributions):
    return pd.concat(
        pd.DataFrame(
            {
                "date": own.dates,
                "strategy": name,
                "gross_return": own.gross,
                "net_return": own.net,
            }
        )
        for name, own in attributions.items()
    ).sort_values("date", kind="stable", ignore_index=True)


def test_the_table_passes_its_contract(table):
    Attributions.validate(table)
    assert list(table) == COLUMNS
    keys = COLUMNS[:4]
    ordered = table.sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(table, ordered)
    assert not table.duplicated(keys).any()


def test_names_are_kept_of_one_strategy_and_where_they_did_something(table, two):
    named = table[table["dimension"] == "name"]
    assert set(named["strategy"]) == {"b"}
    parts = two["b"].breakdowns["name"]
    did = (parts.contributions != 0) | (parts.costs != 0)
    assert len(named) == did.sum() < did.size


def test_each_dimension_of_the_table_adds_up_to_the_net_return(table, two):
    sums = table.groupby(["strategy", "dimension", "date"])["contribution"].sum()
    for name, own in two.items():
        for dimension in set(own.breakdowns) - ({"name"} if name == "a" else set()):
            found = sums[name][dimension].reindex(own.dates, fill_value=0.0)
            np.testing.assert_allclose(found, own.net, rtol=0, atol=1e-12)


def test_exposures_stand_beside_their_factors_alone(table, two):
    factors = set(two["b"].exposures.columns)
    held = table[table["exposure"].notna()]
    assert set(held["dimension"]) == {"factor"}
    assert set(held["key"]) == factors
    assert len(held) == two["b"].exposures.size
    row = held[(held["key"] == min(factors)) & (held["date"] == two["b"].dates[70])]
    expected = two["b"].exposures.loc[two["b"].dates[70], min(factors)]
    assert row["exposure"].item() == expected


def test_what_is_read_is_what_was_written(table, two):
    read = attributions_of(table, ledger_of(two))
    assert sorted(read) == ["a", "b"]
    for name, own in two.items():
        again = read[name]
        assert np.array_equal(again.dates, own.dates)
        assert np.array_equal(again.net, own.net)
        assert np.array_equal(again.gross, own.gross)
        for dimension, parts in again.breakdowns.items():
            written = own.breakdowns[dimension]
            places = [written.keys.index(key) for key in parts.keys]
            assert np.array_equal(parts.contributions, written.contributions[:, places])
            assert np.array_equal(parts.costs, written.costs[:, places])
    again = read["b"].exposures
    pd.testing.assert_frame_equal(
        again[list(two["b"].exposures)],
        two["b"].exposures,
        check_exact=True,
        check_column_type=False,
    )
    assert read["a"].exposures is None


def test_written_read_and_written_again_it_is_the_same_table(table, two):
    read = attributions_of(table, ledger_of(two))
    again = attribution_table(read, by_name="b")
    pd.testing.assert_frame_equal(again, table, check_exact=True)


def test_a_book_that_never_traded_is_written_and_read():
    panel = draw_panel(30, 5)
    books = draw_books(*panel[:3])
    still = {
        name: np.zeros(books.shape)
        for name in ("contributions", "costs", "weights", "targets", "holdings")
    }
    idle = {"idle": attribute(replace(books, **still))}
    table = attribution_table(idle, by_name="idle")
    Attributions.validate(table)
    (read,) = attributions_of(table, ledger_of(idle)).values()
    assert not read.net.any()
    assert not read.breakdowns["leg"].contributions.any()
    assert "name" not in read.breakdowns


def test_a_cell_that_stands_in_a_table_twice_is_refused(table, two):
    twice = pd.concat([table, table.iloc[[0]]])
    with pytest.raises(DataError, match="AK-D001"):
        attributions_of(twice, ledger_of(two))

"""What became of names that left: told by the data, or by a table of delistings."""

import pandas as pd
import pytest

from alpha_kedro.market import simulate_market
from tests.pipelines.runs import nested, run_project, table, write_market

TAKEN_OVER = 0.0


@pytest.fixture(scope="module")
def listings(tmp_path_factory):
    """The listings of a market in which one of the names that left is on record."""
    folder = tmp_path_factory.mktemp("delistings")
    market = simulate_market(40, 500, seed=5, delisting_rate=0.2)
    last = market.bars.groupby("ticker")["date"].max()
    left = last[last < market.bars["date"].max() - pd.Timedelta(days=40)]
    record = left.head(1).rename("date").reset_index().assign(exit_return=TAKEN_OVER)
    record.to_parquet(folder / "delistings.parquet")
    chosen = write_market(folder / "given", market)
    chosen["markets.files.delistings"] = str(folder / "delistings.parquet")
    run_project(folder / "made", "ingestion", **nested(chosen))
    fates = table(folder / "made", "03_primary/listings.parquet").set_index("ticker")
    return fates, record["ticker"].item(), left.index[1]


def test_a_name_on_record_leaves_at_what_the_record_says(listings):
    fates, on_record, _ = listings
    assert fates.loc[on_record, "fate"] == "delisted"
    assert fates.loc[on_record, "exit_return"] == TAKEN_OVER


def test_other_names_leave_at_the_delisting_return_of_the_run(listings):
    fates, _, other = listings
    assert fates.loc[other, "fate"] == "delisted"
    assert pd.isna(fates.loc[other, "exit_return"])

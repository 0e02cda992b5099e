"""Files are read as they were written, or the error says which file and what to do."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.market import SimulatedMarketSpec, clean_bars
from alpha_kedro.sources import FilesMarketSpec, load_market
from tests.market.quotes import SESSIONS, TODAY, make_quotes


@pytest.fixture
def folder(tmp_path):
    make_quotes("ON", "NA").to_parquet(tmp_path / "bars.parquet")
    return tmp_path


def load(folder, **paths):
    """Load files of ``folder``; other settings are passed on as they are."""
    known = {"bars": "bars.parquet"} | paths
    block = {
        key: str(folder / value) if "." in value else value
        for key, value in known.items()
    }
    return load_market(FilesMarketSpec.parse(block, "markets.files"), seed=0)


def test_only_bars_are_required(folder):
    market = load(folder)
    assert set(market.bars["ticker"]) == {"ON", "NA"}
    others = (market.membership, market.sectors, market.benchmarks, market.actions)
    assert others == (None, None, None, None)


def test_without_bars_the_parameter_to_set_is_named():
    with pytest.raises(ConfigError, match=r"set markets\.files\.bars"):
        load_market(FilesMarketSpec(), seed=0)


def test_csv_and_parquet_give_the_same_bars(folder):
    quotes = make_quotes("ON", "NA", "NULL", "TRUE", "1E5", "0700")
    quotes.loc[3, "open"] = np.nan
    quotes.to_csv(folder / "bars.csv", index=False)
    quotes.to_parquet(folder / "same.parquet")
    from_csv = load(folder, bars="bars.csv").bars
    from_parquet = load(folder, bars="same.parquet").bars
    pd.testing.assert_frame_equal(from_csv, from_parquet)
    assert set(from_csv["ticker"]) == {"ON", "NA", "NULL", "TRUE", "1E5", "0700"}
    assert len(clean_bars(from_csv, today=TODAY).bars) == len(quotes)


def test_prices_become_double_and_extra_columns_are_left_out(folder):
    quotes = make_quotes("A").astype({"close": "float32", "volume": "int64"})
    quotes.assign(source="x").to_parquet(folder / "bars.parquet")
    bars = load(folder).bars
    assert "source" not in bars
    assert (bars[["close", "volume"]].dtypes == "float64").all()


def test_delisted_bars_are_stacked_under_the_listed(folder):
    gone = make_quotes("GONE").drop(columns="adj_close")
    gone.to_parquet(folder / "gone.parquet")
    bars = load(folder, delisted="gone.parquet").bars
    assert set(bars["ticker"]) == {"ON", "NA", "GONE"}
    assert bars.loc[bars["ticker"] == "GONE", "adj_close"].isna().all()


def test_a_ticker_in_both_bars_and_delisted_is_refused(folder):
    make_quotes("NA").to_parquet(folder / "gone.parquet")
    with pytest.raises(DataError, match="AK-D020") as caught:
        load(folder, delisted="gone.parquet")
    assert caught.value.where == ["NA"]


def test_groups_in_the_bars_become_the_sectors(folder):
    quotes = make_quotes("A", "B")
    quotes["asset_class"] = np.where(quotes["ticker"] == "A", "rates", "credit")
    quotes.to_parquet(folder / "bars.parquet")
    sectors = load(folder, group_column="asset_class").sectors
    assert dict(sectors.itertuples(index=False)) == {"A": "rates", "B": "credit"}


def test_the_group_column_of_a_sectors_file_is_the_sector(folder):
    (folder / "s.csv").write_text("ticker,industry,sector\nNA,Banks,Financials\n")
    sectors = load(folder, sectors="s.csv", group_column="industry").sectors
    assert list(sectors.itertuples(index=False)) == [("NA", "Banks")]


def test_membership_keeps_the_index_symbol_and_the_name_of_the_prices(folder):
    text = (
        "ticker,start,end,price_ticker\nFB,2013-12-23,2022-06-08,META\nX,2020-01-02,,\n"
    )
    (folder / "m.csv").write_text(text)
    membership = load(folder, membership="m.csv").membership
    assert membership.loc[0, "price_ticker"] == "META"
    assert membership.loc[1, ["end", "price_ticker"]].isna().all()
    (folder / "m.csv").write_text("ticker,start,end\nNA,2020-01-02,\n")
    assert load(folder, membership="m.csv").membership.loc[0, "price_ticker"] == "NA"


def test_an_absent_file_is_named_with_the_parameter(folder):
    with pytest.raises(DataError, match=r"(?s)no\.parquet.*markets\.files\.sectors"):
        load(folder, sectors="no.parquet")


@pytest.mark.parametrize("size", [0, 3, 400])
def test_a_truncated_parquet_file_is_named(folder, size):
    whole = (folder / "bars.parquet").read_bytes()
    (folder / "bars.parquet").write_bytes(whole[: min(size, len(whole) - 1)])
    with pytest.raises(DataError, match=r"AK-D019.*bars\.parquet cannot be read"):
        load(folder)


def test_an_empty_csv_file_is_named(folder):
    (folder / "bars.csv").write_text("")
    with pytest.raises(DataError, match="AK-D019"):
        load(folder, bars="bars.csv")


def test_a_missing_column_says_which_is_nearest(folder):
    make_quotes("A").rename(columns={"volume": "Volume"}).to_csv(folder / "b.csv")
    with pytest.raises(DataError, match="rename 'Volume' to 'volume'"):
        load(folder, bars="b.csv")


def test_tickers_that_are_numbers_in_the_file_ask_for_quotes(folder):
    quotes = make_quotes("A").assign(ticker=448)
    quotes.to_parquet(folder / "bars.parquet")
    with pytest.raises(DataError, match="quote it"):
        load(folder)


def test_dates_with_a_zone_are_the_sessions_of_the_exchange(folder):
    quotes = make_quotes("A")
    quotes["date"] = quotes["date"].dt.tz_localize("America/New_York")
    quotes.to_parquet(folder / "bars.parquet")
    dates = load(folder).bars["date"]
    assert dates.dtype == "datetime64[us]"
    assert list(dates) == list(SESSIONS)


def test_an_empty_action_is_none(folder):
    text = "date,ticker,dividend,split_ratio\n2023-01-09,NA,,2\n2023-01-10,NA,0.5,\n"
    (folder / "a.csv").write_text(text)
    actions = load(folder, actions="a.csv").actions
    assert list(actions["dividend"]) == [0.0, 0.5]
    assert list(actions["split_ratio"]) == [2.0, 1.0]


def test_raw_prices_are_put_on_the_last_split_basis(folder):
    quotes = make_quotes("NA")
    quoted = quotes.assign(close=quotes["close"] * np.where(quotes.index < 4, 2.0, 1.0))
    quoted.to_parquet(folder / "bars.parquet")
    text = f"date,ticker,dividend,split_ratio\n{SESSIONS[4]},NA,,2\n"
    (folder / "a.csv").write_text(text)
    bars = load(folder, actions="a.csv", basis="raw").bars
    np.testing.assert_array_equal(bars["close"], quotes["close"])
    with pytest.raises(ConfigError, match="AK-C016"):
        load(folder, basis="raw")


def test_a_simulated_market_adjusts_to_its_own_total_return():
    size = {"n_tickers": 20, "n_sessions": 120, "split_rate": 2.0}
    cleaned = {}
    for basis in ("split_adjusted", "raw"):
        spec = SimulatedMarketSpec.parse(size | {"basis": basis}, "markets.simulated")
        market = load_market(spec, seed=3)
        cleaned[basis] = clean_bars(market.bars, actions=market.actions)
    told, derived = cleaned["split_adjusted"].bars, cleaned["raw"].bars
    returns = [
        bars.groupby("ticker")["adj_close"].pct_change() for bars in (told, derived)
    ]
    np.testing.assert_allclose(*returns, atol=1e-4)
    assert cleaned["raw"].report["adjusted_from"]["vendor"] == 0

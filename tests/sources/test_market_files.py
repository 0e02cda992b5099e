"""Files are read as they were written, or the error says which file and what to do."""

from decimal import Decimal

import fsspec
import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.core.stored_table import StoredTable, write_parts
from alpha_kedro.market import SimulatedMarketSpec
from alpha_kedro.market.columns import RAW_COLUMNS
from alpha_kedro.market.dates import known_days
from alpha_kedro.sources import FilesMarketSpec, load_market
from tests.market.quotes import SESSIONS, make_quotes


@pytest.fixture
def folder(tmp_path):
    make_quotes("ON", "NA").to_parquet(tmp_path / "bars.parquet")
    return tmp_path


def _is_file(value):
    return isinstance(value, str) and value.endswith((".csv", ".parquet"))


def load(folder, **paths):
    """Load files of ``folder``; other settings are passed on as they are."""
    known = {"bars": "bars.parquet"} | paths
    block = {
        key: str(folder / value) if _is_file(value) else value
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
    pd.testing.assert_frame_equal(from_csv, from_parquet, check_exact=True)
    assert set(from_csv["ticker"]) == {"ON", "NA", "NULL", "TRUE", "1E5", "0700"}


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


def test_tickers_that_are_numbers_in_the_file_ask_for_quotes(folder):
    quotes = make_quotes("A").assign(ticker=448)
    quotes.to_parquet(folder / "bars.parquet")
    with pytest.raises(DataError, match="AK-D010") as caught:
        _ = load(folder).bars
    assert "quote it" in caught.value.fix


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


def test_raw_prices_stay_as_quoted_and_say_so(folder):
    text = f"date,ticker,dividend,split_ratio\n{SESSIONS[4]},NA,,2\n"
    (folder / "a.csv").write_text(text)
    market = load(folder, actions="a.csv", basis="raw")
    assert market.basis == "raw"
    quotes = make_quotes("ON", "NA")
    np.testing.assert_array_equal(market.bars["close"], quotes["close"])
    assert list(market.actions["split_ratio"]) == [2.0]


def test_a_simulated_market_says_on_which_basis_it_quotes():
    size = {"n_tickers": 20, "n_sessions": 120, "split_rate": 2.0}
    for basis in ("split_adjusted", "raw"):
        spec = SimulatedMarketSpec.parse(size | {"basis": basis}, "markets.simulated")
        market = load_market(spec, seed=3)
        assert market.basis == basis
        assert list(market.bars) == list(RAW_COLUMNS)


def in_folder(folder, *tickers, ending=".csv"):
    """One file per ticker, called by it and without a column of it."""
    place = folder / "names"
    place.mkdir()
    for ticker in tickers:
        quotes = make_quotes(ticker, seed=len(ticker)).drop(columns="ticker")
        path = place / f"{ticker}{ending}"
        quotes.to_csv(path) if "csv" in ending.lower() else quotes.to_parquet(path)
    return place


@pytest.mark.parametrize("ending", [".csv", ".CSV.gz", ".parquet"])
def test_files_of_a_folder_are_called_by_their_tickers(folder, ending):
    in_folder(folder, "BRK.B", "AAPL", "NULL", ending=ending)
    (folder / "names" / "_SUCCESS").touch()
    bars = load_market(FilesMarketSpec(bars=str(folder / "names")), seed=0).bars
    assert list(bars["ticker"].unique()) == ["AAPL", "BRK.B", "NULL"]
    expected = make_quotes("AAPL", seed=4)
    one = bars[bars["ticker"] == "AAPL"].reset_index(drop=True)
    pd.testing.assert_frame_equal(one, expected[one.columns], check_exact=True)


def test_a_glob_chooses_files_of_a_folder(folder):
    place = in_folder(folder, "A", "B")
    (place / "readme.txt").write_text("not bars")
    market = load_market(FilesMarketSpec(bars=f"{place}/*.csv"), seed=0)
    assert set(market.bars["ticker"]) == {"A", "B"}
    with pytest.raises(ConfigError, match=r"(?s)AK-C063.*readme\.txt.*names/\*\.csv"):
        load_market(FilesMarketSpec(bars=str(place)), seed=0)
    with pytest.raises(DataError, match="AK-D018"):
        load_market(FilesMarketSpec(bars=f"{place}/*.parquet"), seed=0)


@pytest.mark.parametrize("name", ["CON", "a b", "-x", "A" * 300, "ticker;drop"])
def test_a_file_name_that_is_no_ticker_names_nobody(folder, name):
    place = in_folder(folder, "A")
    (place / f"{name[:200]}.csv").write_bytes((place / "A.csv").read_bytes())
    with pytest.raises(DataError, match=r"(?s)AK-D060.*ticker"):
        load_market(FilesMarketSpec(bars=str(place)), seed=0)


def test_one_file_without_tickers_is_not_called_by_its_name(folder):
    make_quotes("A").drop(columns="ticker").to_csv(folder / "aapl.csv")
    with pytest.raises(DataError, match=r"(?s)AK-D060.*ticker"):
        load(folder, bars="aapl.csv")


def test_a_ticker_may_stand_in_two_files(folder):
    place = in_folder(folder, "A")
    make_quotes("A", "B").to_csv(place / "more.csv")
    assert len(load_market(FilesMarketSpec(bars=str(place)), seed=0).bars) == 120


@pytest.mark.parametrize("rows", [1, 7, 40, 10_000])
@pytest.mark.parametrize("name", ["bars.parquet", "bars.csv"])
def test_the_size_of_parts_changes_nothing(folder, name, rows):
    quotes = make_quotes("ON", "NA", "0700").drop(columns="adj_close")
    quotes.loc[5:30, "open"] = np.nan  # whole parts without a number
    quotes.to_parquet(folder / "bars.parquet", row_group_size=11)
    quotes.to_csv(folder / "bars.csv", index=False)
    spec = FilesMarketSpec(bars=str(folder / name), chunk_rows=rows)
    market = load_market(spec, seed=0)
    parts = list(market.parts())
    assert max(map(len, parts)) <= max(rows, 1)
    assert {str(part.dtypes.to_dict()) for part in parts} == {
        str(parts[0].dtypes.to_dict())
    }
    whole = load(folder).bars
    pd.testing.assert_frame_equal(market.bars, whole, check_exact=True)
    n_rows = write_parts(folder / "raw.parquet", market.parts())
    assert n_rows == len(quotes)
    kept = StoredTable(folder / "raw.parquet").read()
    pd.testing.assert_frame_equal(kept, whole, check_exact=True)


def test_no_row_of_bars_is_read_before_it_is_asked_for(folder, monkeypatch):
    market = load(folder)
    (folder / "bars.parquet").unlink()
    with pytest.raises(DataError, match="AK-D018"):
        next(market.parts())


@pytest.mark.parametrize("name", ["bars.parquet", "bars.csv"])
def test_a_table_without_rows_still_has_its_columns(folder, name):
    nothing = make_quotes("A").head(0)
    nothing.to_parquet(folder / "bars.parquet")
    nothing.to_csv(folder / "bars.csv", index=False)
    bars = load(folder, bars=name).bars
    assert len(bars) == 0
    assert list(bars) == list(RAW_COLUMNS)
    assert str(bars["date"].dtype) == "datetime64[us]"
    assert write_parts(folder / "raw.parquet", [bars]) == 0


def test_an_index_of_pandas_is_a_column_like_any(folder):
    quotes = make_quotes("A").set_index("date").rename_axis("Date")
    quotes.to_parquet(folder / "bars.parquet")
    assert list(load(folder).bars["date"]) == list(SESSIONS)


def test_categories_and_decimals_are_read_as_what_they_stand_for(folder):
    quotes = make_quotes("A", "B").astype({"ticker": "category"})
    quotes["close"] = [Decimal(str(value)) for value in quotes["close"].round(4)]
    quotes["date"] = quotes["date"].dt.date
    quotes.to_parquet(folder / "bars.parquet")
    bars = load(folder).bars
    np.testing.assert_array_equal(bars["close"], quotes["close"].astype(float))
    assert list(bars["ticker"].unique()) == ["A", "B"]


def test_csv_of_another_country_is_read_as_told(folder):
    quotes = make_quotes("A")
    dates = quotes["date"].dt.strftime("%d/%m/%Y")
    quotes.assign(date=dates).to_csv(
        folder / "bars.csv", sep=";", decimal=",", index=False
    )
    told = {"sep": ";", "decimal": ",", "date_format": "%d/%m/%Y"}
    bars = load(folder, bars="bars.csv", **told).bars
    pd.testing.assert_frame_equal(bars, quotes[bars.columns], check_exact=True)


def test_days_first_are_never_guessed(folder):
    quotes = make_quotes("A")
    dates = quotes["date"].dt.strftime("%d/%m/%Y")
    quotes.assign(date=dates).to_csv(folder / "bars.csv", index=False)
    with pytest.raises(DataError, match="AK-D011"):
        _ = load(folder, bars="bars.csv").bars
    with pytest.raises(DataError, match=r"AK-D066(?s:.)*date_format"):
        _ = load(folder, bars="bars.csv", date_format="%m/%d/%Y").bars


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("<!DOCTYPE html><html>429</html>", "HTML"),
        ('\ufeff\n {"error": "limit"}', "JSON"),
        ("[1, 2]", "JSON"),
        ("PAR1....PAR1", "Parquet"),
    ],
)
def test_what_is_no_csv_is_called_by_its_name(folder, content, kind):
    (folder / "bars.csv").write_text(content)
    with pytest.raises(DataError, match=f"AK-D063.*is {kind}, not CSV"):
        load(folder, bars="bars.csv")


@pytest.mark.parametrize("longer", ["every row", "the first row", "a later row"])
@pytest.mark.parametrize("rows", [7, 10_000])
def test_a_row_longer_than_the_header_is_refused_not_shifted(folder, longer, rows):
    """As ``1,234.5`` makes it, written without quotes."""
    header, *lines = make_quotes("A").to_csv(index=False).splitlines()
    chosen = {"every row": range(40), "the first row": [0], "a later row": [20]}[longer]
    for at in chosen:
        lines[at] = lines[at].replace(",A,", ",A,1,")
    (folder / "bars.csv").write_text("\n".join([header, *lines]))
    with pytest.raises(DataError, match="AK-D019"):
        _ = load(folder, bars="bars.csv", chunk_rows=rows).bars


def test_html_in_place_of_parquet_is_refused(folder):
    (folder / "bars.parquet").write_text("<html>404</html>")
    with pytest.raises(DataError, match="AK-D019"):
        load(folder)


def test_only_asked_days_are_read_and_undated_rows_are_kept(folder):
    quotes = make_quotes("A")
    quotes.loc[3, "date"] = pd.NaT
    quotes.to_parquet(folder / "bars.parquet")
    spec = FilesMarketSpec.parse(
        {
            "bars": str(folder / "bars.parquet"),
            "start": str(SESSIONS[2])[:10],
            "end": str(SESSIONS[5])[:10],
        },
        "",
    )
    dates = load_market(spec, seed=0).bars["date"]
    assert list(dates.dropna()) == list(SESSIONS[[2, 4, 5]])
    assert dates.isna().sum() == 1


def test_sectors_may_be_dated(folder):
    text = "ticker,sector,start,end\nA,Tech,,2018-09-27\nA,Media,2018-09-28,\n"
    (folder / "s.csv").write_text(text)
    sectors = load(folder, sectors="s.csv").sectors
    assert list(sectors["sector"]) == ["Tech", "Media"]
    assert sectors["start"].isna().tolist() == [True, False]
    assert sectors.loc[0, "end"] == pd.Timestamp("2018-09-27")


def test_reports_and_sentiment_keep_their_other_columns(folder):
    reports = pd.DataFrame(
        {
            "Ticker": ["NA", "on"],
            "known_date": ["2016-02-01", "2016-02-02"],
            "end_date": ["2015-12-31", ""],
            "revenues": ["1.5e9", ""],
            "doc_type": ["10-K", "10-Q"],
        }
    )
    reports.to_csv(folder / "f.csv", index=False)
    moods = pd.DataFrame({"date": SESSIONS[:2], "ticker": "NA", "n_tweets": [3, 4]})
    moods.to_parquet(folder / "t.parquet")
    market = load(folder, fundamentals="f.csv", sentiment="t.parquet")
    told = market.fundamentals
    assert list(told["ticker"]) == ["NA", "ON"]
    assert told["end_date"].isna().tolist() == [False, True]
    assert told["revenues"].dtype == "float64"
    assert list(told["doc_type"]) == ["10-K", "10-Q"]
    assert list(market.sentiment["n_tweets"]) == [3, 4]


def test_a_report_published_at_some_hour_is_known_the_next_day(folder):
    text = (
        "ticker,known_date,end_date,eps\nNA,2016-02-01 17:30:00,2015-12-31,1\n"
        "NA,2016-05-02 00:00:00,2016-03-31,1\n"
    )
    (folder / "f.csv").write_text(text)
    told = load(folder, fundamentals="f.csv").fundamentals["known_date"]
    known = known_days(told, calendar="XNYS", where="f.csv")
    assert list(known.dt.day) == [2, 3]


def test_a_folder_of_real_names_costs_no_memory(tmp_path):
    """The peak while streaming stays near one part, however many files there are."""
    for number in range(20):
        make_quotes("A", seed=number).to_csv(tmp_path / f"T{number}.csv", index=False)
    market = load_market(FilesMarketSpec(bars=str(tmp_path)), seed=0)
    assert max(map(len, market.parts())) == len(SESSIONS)


def test_files_may_be_in_another_place_than_this_disk():
    store = fsspec.filesystem("memory")
    quotes = make_quotes("A")
    store.pipe("/names/A.csv", quotes.drop(columns="ticker").to_csv().encode())
    store.pipe("/names/B.parquet", make_quotes("B").to_parquet())
    try:
        market = load_market(FilesMarketSpec(bars="memory://names"), seed=0)
        assert list(market.bars["ticker"].unique()) == ["A", "B"]
        with pytest.raises(DataError, match="AK-D018"):
            load_market(FilesMarketSpec(bars="memory://names/C.csv"), seed=0)
    finally:
        store.rm("/names", recursive=True)

"""Columns are found where they are told or obvious; the rest is an error to paste."""

import re

import pytest
import yaml

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.sources import FilesMarketSpec
from alpha_kedro.sources.tabular.naming import match_columns

BARS = ["date", "ticker", "open", "high", "low", "close", "volume"]


def match(there, key="bars", known=(), **block):
    spec = FilesMarketSpec.parse(block, "markets.files")
    return match_columns(there, key=key, spec=spec, where="bars.csv", known=known)


def test_case_blanks_and_underscores_do_not_matter():
    there = ["Date", "TICKER", "Open", "High", "Low", "Close", "Adj Close", "Volume"]
    assert match(there) == dict(
        zip([*BARS[:6], "adj_close", "volume"], there, strict=True)
    )


def test_other_columns_of_bars_are_left_out_and_those_of_reports_are_kept():
    assert "source" not in match([*BARS, "source"])
    there = ["Ticker", "Known Date", "end_date", "NetIncomeLoss", "doc_type"]
    found = match(there, key="fundamentals")
    assert found == {
        "ticker": "Ticker",
        "known_date": "Known Date",
        "end_date": "end_date",
        "NetIncomeLoss": "NetIncomeLoss",
        "doc_type": "doc_type",
    }
    told = {"fundamentals": {"net_income": "NetIncomeLoss"}}
    found = match(there, key="fundamentals", columns=told)
    assert found["net_income"] == "NetIncomeLoss"
    assert "NetIncomeLoss" not in found


def test_a_symbol_is_not_guessed_to_be_a_ticker_but_suggested():
    there = ["Date", "Symbol", "Open", "High", "Low", "Last", "Vol"]
    with pytest.raises(DataError, match=r"^AK-D060 bars\.csv lacks 3") as caught:
        match(there)
    assert caught.value.where == ["close", "ticker", "volume"]
    assert "'Symbol'" in caught.value.got
    block = yaml.safe_load(re.search(r"columns: .*", caught.value.fix)[0])
    assert block == {"columns": {"close": "Last", "ticker": "Symbol", "volume": "Vol"}}
    assert match(there, **block)["ticker"] == "Symbol"


def test_the_suggestion_for_another_table_is_for_that_table():
    with pytest.raises(DataError, match="AK-D060") as caught:
        match(["ticker", "ex_date", "dividend", "split_ratio"], key="actions")
    block = yaml.safe_load(re.search(r"columns: .*", caught.value.fix)[0])
    assert block == {"columns": {"actions": {"date": "ex_date"}}}


def test_what_is_told_wins_and_has_to_be_there():
    there = [*BARS, "settle"]
    assert match(there, columns={"close": "settle"})["close"] == "settle"
    with pytest.raises(DataError, match=r"(?s)AK-D060.*told to be 'setle'"):
        match(there, columns={"close": "setle"})


def test_a_name_told_for_bars_does_not_bind_tables_without_it():
    told = {"date": "Day", "actions": {"dividend": "cash"}}
    there = ["date", "ticker", "cash", "split_ratio"]
    found = match(there, key="actions", columns=told)
    assert (found["date"], found["dividend"]) == ("date", "cash")
    assert match(["Day", *there[1:]], key="actions", columns=told)["date"] == "Day"
    with pytest.raises(DataError, match="AK-D060"):
        match(BARS, columns=told)


@pytest.mark.parametrize("second", ["Close", "close", "CLOSE_"])
def test_two_columns_of_one_name_are_refused_until_told(second):
    with pytest.raises(DataError, match="AK-D061") as caught:
        match([*BARS, second])
    assert "columns: {close: 'close'}" in caught.value.fix
    if second != "close":
        assert match([*BARS, second], columns={"close": second})["close"] == second


@pytest.mark.parametrize(
    "block",
    [
        {"clos": "Close"},
        {"bar": {"close": "Close"}},
        {"bars": {"clos": "Close"}},
        {"bars": {"dividend": "x"}},
    ],
)
def test_an_unknown_name_in_the_mapping_is_refused_with_the_nearest(block):
    with pytest.raises(ConfigError, match=r"AK-C002 unknown column"):
        match(BARS, columns=block)


def test_the_nearest_name_is_offered():
    with pytest.raises(ConfigError, match="did you mean 'close'"):
        match(BARS, columns={"clos": "Close"})


@pytest.mark.parametrize(
    "there",
    [
        ["('Date', '')", "('Close', 'AAPL')", "('Close', 'MSFT')", "('Open', 'AAPL')"],
        ["Date", "AAPL", "MSFT", "BRK.B"],
        ["Price", "Close", "Close", "Open", "Open", "Volume", "Volume"],
    ],
)
def test_a_wide_table_says_how_to_make_it_long(there):
    with pytest.raises(DataError, match=r"AK-D062.*is wide") as caught:
        match(there)
    assert "melt" in caught.value.fix


def test_a_vendor_that_shouts_is_not_wide():
    there = [name.upper() for name in BARS]
    assert match([*there, "PERMNO", "CUSIP", "RET", "SHROUT", "SICCD", "EXCHCD"])
    with pytest.raises(DataError, match="AK-D060"):
        match([*there[:5], "PRC", "VOL"])


def test_a_group_column_is_found_like_the_others():
    found = match(["ticker", "Asset Class"], key="sectors", group_column="asset_class")
    assert found == {"ticker": "ticker", "sector": "Asset Class"}
    with pytest.raises(DataError, match=r"(?s)AK-D060.*group_column"):
        match(["ticker", "gics"], key="sectors")


def test_a_ticker_known_from_the_file_need_not_be_a_column():
    there = [name for name in BARS if name != "ticker"]
    assert "ticker" not in match(there, known=("ticker",))
    with pytest.raises(DataError, match="AK-D060"):
        match(there)

"""Who belongs to a market from Yahoo, and how the names are spelt."""

import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.sources.yahoo import YahooMarketSpec
from tests.sources.yahoo_market import NAMES, load
from tests.sources.yahoo_transport import SimulatedYahoo


@pytest.fixture
def yahoo():
    market = SimulatedYahoo()
    for place, name in enumerate(NAMES):
        market.list(name, level=50.0 * (place + 1))
    return market


def test_a_class_of_shares_is_spelt_as_yahoo_does(yahoo, tmp_path):
    yahoo.list("BRK-B")
    market = load(yahoo, tmp_path, tickers=["brk.b"])
    assert yahoo.asked == ["BRK-B"]
    assert set(market.bars["ticker"]) == {"BRK.B"}


def test_members_of_an_index_over_the_span_are_fetched(yahoo, tmp_path):
    membership = pd.DataFrame(
        {
            "ticker": ["AAA", "OLD", "BBB", "NEW"],
            "start": pd.to_datetime(
                ["2010-01-01", "2010-01-01", "2024-01-15", "2024-05-01"]
            ),
            "end": pd.to_datetime([None, "2023-06-30", "2024-02-15", None]),
            "price_ticker": ["AAA", "OLD", "BBB", "NEW"],
        }
    )
    path = tmp_path / "members.parquet"
    membership.to_parquet(path)
    market = load(
        yahoo,
        tmp_path / "store",
        tickers=["CCC"],
        membership=str(path),
        start="2024-01-02",
        end="2024-03-08",
    )
    assert set(market.bars["ticker"]) == {"AAA", "BBB", "CCC"}
    assert len(market.membership) == 4


def test_sectors_come_from_a_file(yahoo, tmp_path):
    path = tmp_path / "sectors.csv"
    path.write_text("ticker,sector\nAAA,Tech\nBBB,Energy\nCCC,Tech\n")
    market = load(yahoo, tmp_path / "store", sectors=str(path))
    assert dict(
        zip(market.sectors["ticker"], market.sectors["sector"], strict=True)
    ) == {
        "AAA": "Tech",
        "BBB": "Energy",
        "CCC": "Tech",
    }


def test_nobody_named_is_an_error(yahoo, tmp_path):
    with pytest.raises(ConfigError, match="AK-C070"):
        load(yahoo, tmp_path, tickers=[])


@pytest.mark.parametrize("name", ["../x", "CON", "A\0B", "A" * 300, "^VIX/.."])
def test_a_name_that_is_no_ticker_is_refused_before_it_is_a_path(yahoo, tmp_path, name):
    with pytest.raises(ConfigError, match="AK-C071"):
        load(yahoo, tmp_path, tickers=[name])
    assert list(tmp_path.iterdir()) == []


def test_two_spellings_of_one_symbol_are_refused(yahoo, tmp_path):
    with pytest.raises(ConfigError, match="AK-C072"):
        load(yahoo, tmp_path, tickers=["BRK.B", "BRK-B"])


@pytest.mark.parametrize("mangled", [True, 448, 1e5])
def test_a_ticker_that_yaml_has_mangled_is_refused(mangled):
    with pytest.raises(DataError, match="AK-D010") as caught:
        YahooMarketSpec.parse({"tickers": ["ON", mangled]}, "markets.yahoo")
    assert "quote it" in caught.value.fix


def test_a_span_that_ends_before_it_starts_is_refused():
    block = {"tickers": ["A"], "start": "2024-02-01", "end": "2024-01-01"}
    with pytest.raises(ConfigError, match="end lies before start"):
        YahooMarketSpec.parse(block, "markets.yahoo")

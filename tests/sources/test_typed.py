"""Units, dates and names mean the same in whatever type they are brought."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_kedro.core.errors import DataError
from alpha_kedro.sources import FilesMarketSpec
from alpha_kedro.sources.tabular.typed import type_table

DAY = pd.Timestamp("2024-03-08")


def typed(key="bars", *, settings=None, **columns):
    spec = FilesMarketSpec.parse(settings or {}, "markets.files")
    return type_table(pd.DataFrame(columns), key=key, spec=spec, where="bars.csv")


def test_pence_become_pounds_to_the_nearest_number():
    pence = np.arange(1.0, 5000.0)
    bars = typed(close=pence, volume=pence, settings={"price_unit": 0.01})
    assert list(bars["close"]) == [float(Decimal(int(p)) / 100) for p in pence]
    assert list(bars["volume"]) == list(pence)


def test_lots_become_shares_and_dividends_are_prices_too():
    units = {"price_unit": 0.01, "volume_unit": 100.0}
    assert list(typed(volume=[3, 4], settings=units)["volume"]) == [300.0, 400.0]
    told = {"dividend": [12.0], "split_ratio": [2.0]}
    actions = typed("actions", **told, settings=units)
    assert actions.iloc[0].to_dict() == {"dividend": 0.12, "split_ratio": 2.0}
    reports = typed("fundamentals", dividend=[12.0], settings=units)
    assert list(reports["dividend"]) == [12.0]


@given(st.floats(1e-6, 1e6), st.sampled_from([0.01, 0.001, 0.5, 3.0, 1000.0]))
def test_a_unit_keeps_the_order_of_high_and_low(price, unit):
    highs, lows = np.nextafter(price, np.inf), price
    bars = typed(high=[highs], low=[lows], settings={"price_unit": unit})
    assert (bars["high"] >= bars["low"]).all()


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
@pytest.mark.parametrize("hour", ["09:30", "16:00", "13:00"])
def test_an_instant_is_the_exchanges_day_wherever_it_is_written(zone, hour):
    days = pd.to_datetime(["2024-03-08", "2024-03-11"])  # the clock changes between
    local = (days + pd.Timedelta(f"{hour}:00")).tz_localize("America/New_York")
    read = typed(date=local.tz_convert(zone))["date"]
    assert list(read) == list(days)
    assert read.dtype == "datetime64[us]"


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("written", ["number", "text"])
def test_numbers_since_1970_are_dates_when_told_so(unit, written):
    close = pd.Timestamp("2024-03-08 16:00", tz=ZoneInfo("America/New_York"))
    count = int(close.value // pd.Timedelta(1, unit).value)
    value = count if written == "number" else str(count)
    with pytest.raises(DataError, match=r"AK-D066(?s:.)*markets\.files\.date_unit"):
        typed(date=[value])
    assert list(typed(date=[value], settings={"date_unit": unit})["date"]) == [DAY]


def test_dates_without_hyphens_are_dates_and_numbers_like_them_are_not():
    assert list(typed(date=["20240308"])["date"]) == [DAY]
    with pytest.raises(DataError, match="AK-D066"):
        typed(date=[20240308])
    told = {"date_format": "%Y%m%d"}
    assert list(typed(date=[20240308], settings=told)["date"]) == [DAY]


def test_a_date_format_reads_text_and_leaves_dates_alone():
    told = {"date_format": "%d/%m/%Y"}
    assert list(typed(date=["08/03/2024", ""], settings=told)["date"]) == [DAY, pd.NaT]
    assert list(typed(date=[DAY], settings=told)["date"]) == [DAY]
    with pytest.raises(DataError, match="AK-D066"):
        typed(date=["2024-03-08"], settings=told)


@pytest.mark.parametrize("nothing", [[None, None], ["", ""], [np.nan, np.nan], ["NA"]])
def test_a_column_without_any_date_is_missing(nothing):
    for told in ({}, {"date_unit": "s"}, {"date_format": "%d/%m/%Y"}):
        assert typed(date=nothing, settings=told)["date"].isna().all()


@pytest.mark.parametrize("name", [True, 448, 1e5, 0.5])
def test_a_ticker_that_lost_its_name_is_refused(name):
    with pytest.raises(DataError, match="AK-D010"):
        typed(ticker=pd.Series([name, "A"], dtype=object))


def test_tickers_are_spelt_one_way():
    names = typed(ticker=[" brk.b", "ON", "NA", "1e5", "0700", "", None])["ticker"]
    assert list(names[:5]) == ["BRK.B", "ON", "NA", "1E5", "0700"]
    assert names[5:].isna().all()
    assert names.dtype == "str"


def test_a_value_that_is_no_number_is_refused():
    with pytest.raises(DataError, match="AK-D017"):
        typed(close=["1,234.5"])


@pytest.mark.parametrize(
    ("key", "name"), [("fundamentals", "known_date"), ("sentiment", "date")]
)
def test_what_is_published_keeps_its_hour_on_the_exchanges_clock(key, name):
    evening = pd.Timestamp("2024-03-08 17:30")
    stamps = [evening.tz_localize("America/New_York").tz_convert("Asia/Tokyo")]
    assert list(typed(key, **{name: stamps})[name]) == [evening]
    assert list(typed("bars", date=stamps)["date"]) == [DAY]

"""Names stay names, and a stamp is the exchange's session wherever it was written."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.market.columns import as_floats, require_columns
from alpha_kedro.market.dates import exchange_zone, known_days, session_dates
from alpha_kedro.market.tickers import canonical_tickers, is_ticker, match_spelling
from tests.market.quotes import SESSIONS, cleaned, make_quotes

WORDS_THAT_ARE_TICKERS = ["ON", "NA", "NULL", "TRUE", "1E5", "0700", "BRK.B", "BF-B"]
NOT_TICKERS = [
    "", "../X", "A/B", "CON", "NUL", "COM1", "AUX.TXT", "A\0", "A B", ".A", "-A",
    "A" * 16, "A" * 300, "a", "A;B", "A\n",
]  # fmt: skip


def test_words_of_yaml_and_csv_are_tickers_like_any_other():
    assert is_ticker(WORDS_THAT_ARE_TICKERS).all()
    names = pd.Series(WORDS_THAT_ARE_TICKERS)
    assert list(canonical_tickers(names, where="x")) == WORDS_THAT_ARE_TICKERS


@pytest.mark.parametrize("name", [*NOT_TICKERS, None, np.nan, 7])
def test_what_is_unsafe_in_a_path_is_no_ticker(name):
    assert not is_ticker([name]).any()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=20), max_size=5))
def test_a_name_that_passes_has_nothing_a_path_or_query_could_read(names):
    for name, passed in zip(names, is_ticker(names), strict=True):
        assert passed == (
            re.fullmatch("[A-Z0-9][A-Z0-9.-]{0,14}", name) is not None
            and name.split(".")[0] not in {"CON", "PRN", "AUX", "NUL"}
            and not re.fullmatch(r"(COM|LPT)\d", name.split(".")[0])
        )


@pytest.mark.parametrize("mangled", [True, 448, 100000.0])
def test_a_ticker_that_a_reader_turned_into_something_else_asks_for_quotes(mangled):
    names = pd.Series(["A", mangled, "B"], dtype=object)
    with pytest.raises(DataError, match="quote it") as caught:
        canonical_tickers(names, where="bars.csv")
    assert caught.value.where == [repr(mangled)]


def test_lower_case_and_blanks_are_spelling_and_missing_stays_missing():
    names = pd.Series([" aapl", "AAPL ", None, "brk-b"], index=[3, 1, 2, 0])
    canonical = canonical_tickers(names, where="x")
    assert list(canonical.dropna()) == ["AAPL", "AAPL", "BRK-B"]
    assert canonical.isna().loc[2]
    assert canonical_tickers(pd.Series([None]), where="x").isna().all()


def test_a_share_class_is_found_under_the_other_mark_only_where_it_has_prices():
    names = pd.Series(["BRK.B", "BF.B", "RDS-A", "A", None])
    spelt = match_spelling(names, ["BRK-B", "BF.B", "BF-B", "RDS.A", "A"])
    assert list(spelt.dropna()) == ["BRK-B", "BF.B", "RDS.A", "A"]


def test_names_spelt_differently_in_bars_are_one_ticker():
    raw = make_quotes("ABC")
    raw.loc[3, "ticker"] = " abc "
    assert set(cleaned(raw).bars["ticker"]) == {"ABC"}


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["America/New_York", "Asia/Tokyo", "UTC", "Europe/London"]),
    st.integers(0, 23 * 60),
    st.booleans(),
)
def test_an_instant_is_the_session_of_the_exchange_in_every_zone(zone, minute, text):
    days = pd.Series(pd.date_range("2023-03-06", "2023-03-17"))  # summer time begins
    instants = (days + pd.Timedelta(minutes=minute)).dt.tz_localize(
        "America/New_York", nonexistent="shift_forward"
    )
    seen = instants.dt.tz_convert(zone)
    stamps = seen.map(lambda stamp: stamp.isoformat()) if text else seen
    found = session_dates(stamps, calendar="XNYS", where="x")
    assert list(found) == list(days)
    assert found.dtype == "datetime64[us]"


def test_days_written_as_midnight_utc_are_those_days():
    days = pd.Series(SESSIONS).dt.tz_localize("UTC")
    assert list(session_dates(days, calendar="XNYS", where="x")) == list(SESSIONS)


def test_time_of_day_is_dropped_and_missing_stays_missing():
    stamps = pd.Series(["2023-01-03 16:00:01", "", None, "2023-01-04"])
    found = session_dates(stamps, calendar="XNYS", where="x")
    assert list(found.dropna()) == list(pd.to_datetime(["2023-01-03", "2023-01-04"]))


@pytest.mark.parametrize("stamps", [["2023-01-03", "soon"], [20230103], [1.67e18]])
def test_a_date_that_is_none_is_shown(stamps):
    with pytest.raises(DataError, match="AK-D011") as caught:
        session_dates(pd.Series(stamps), calendar="XNYS", where="bars.csv")
    assert caught.value.where == [repr(stamps[-1])]


def test_tokyo_bars_are_read_on_the_clock_of_tokyo():
    assert exchange_zone("XTKS") == "Asia/Tokyo"
    with pytest.raises(ConfigError, match="AK-C002"):
        exchange_zone("XTOK")


def test_a_missing_column_is_named_with_its_nearest():
    with pytest.raises(DataError, match="rename 'Close' to 'close'") as caught:
        require_columns(pd.DataFrame({"Close": [1.0]}), ["close"], where="bars.csv")
    assert caught.value.where == ["close"]


def test_a_number_with_a_separator_is_not_guessed():
    table = pd.DataFrame({"close": ["1.5", "NA", "", "1,234.5"]})
    with pytest.raises(DataError, match="AK-D017") as caught:
        as_floats(table, "close", where="bars.csv")
    assert caught.value.where == ["'1,234.5'"]
    assert np.isnan(as_floats(table.head(3), "close", where="bars.csv")[1:]).all()


def test_one_time_of_day_makes_all_that_is_published_known_the_next_day():
    days = pd.Series(["2023-01-03", "", "2023-01-04"])
    plain = known_days(days, calendar="XNYS", where="x")
    assert list(plain.dt.day.dropna()) == [3, 4]
    timed = known_days(
        days.replace("2023-01-04", "2023-01-04 08:00"), calendar="XNYS", where="x"
    )
    assert list(timed.dt.day.dropna()) == [4, 5]
    assert timed.isna().tolist() == [False, True, False]


def test_midnight_on_the_exchanges_clock_is_no_time_of_day():
    days = pd.Series(SESSIONS)
    local = days.dt.tz_localize("America/New_York").dt.tz_convert("UTC")
    found = known_days(local, calendar="XNYS", where="x")
    assert list(found) == list(days)

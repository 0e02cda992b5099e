"""A symbol means whom it meant that day; every day is walked through."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_kedro.core.errors import DataError
from alpha_kedro.sources import FilesMarketSpec, load_market
from alpha_kedro.sources.tabular.symbols import SymbolOwners
from tests.market.quotes import SESSIONS, make_quotes

DAYS = pd.date_range("2021-12-28", periods=20, unit="us")


def interval(symbol, start, end, ticker):
    stamps = [pd.NaT if day is None else pd.Timestamp(day) for day in (start, end)]
    return (symbol, *stamps, ticker)


def owners(*intervals):
    columns = ["symbol", "start", "end", "ticker"]
    table = pd.DataFrame([interval(*each) for each in intervals], columns=columns)
    dates = {"start": "datetime64[us]", "end": "datetime64[us]"}
    return SymbolOwners(table.astype(dates), where="symbols.csv")


def ask(table, days, symbol):
    dates = pd.Series(pd.DatetimeIndex(days).as_unit("us"))
    symbols = pd.Series([symbol] * len(dates), dtype="str")
    return table.tickers(dates, symbols, where="bars.csv").tolist()


def test_every_day_before_in_and_after_ownership():
    table = owners(
        ("META", "2021-12-30", "2022-01-02", "METV"),
        ("META", "2022-01-05", None, "META"),
        ("FB", None, "2022-01-04", "META"),
    )
    for day in DAYS:
        fund = pd.Timestamp("2021-12-30") <= day <= pd.Timestamp("2022-01-02")
        company = day >= pd.Timestamp("2022-01-05")
        if fund or company:
            assert ask(table, [day], "META") == ["METV" if fund else "META"], day
        else:
            with pytest.raises(DataError, match="AK-D065"):
                ask(table, [day], "META")
        if company:
            with pytest.raises(DataError, match="AK-D065"):
                ask(table, [day], "FB")
        else:
            assert ask(table, [day], "FB") == ["META"], day
        assert ask(table, [day], "ON") == ["ON"]


def test_days_without_an_owner_are_named_with_their_rows():
    table = owners(("FB", "2022-01-01", "2022-01-05", "META"))
    with pytest.raises(DataError, match="AK-D065 15 row") as caught:
        ask(table, DAYS, "FB")
    assert caught.value.where == ["FB 2021-12-28..2022-01-16 (15 rows)"]


def test_a_ticker_is_not_itself_while_it_had_another_symbol():
    table = owners(("FB", "2022-01-01", "2022-01-05", "META"))
    assert ask(table, ["2022-01-06"], "META") == ["META"]
    with pytest.raises(DataError, match=r"(?s)AK-D065.*META 2022-01-03"):
        ask(table, ["2022-01-03"], "META")


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (("A", None, "2022-01-05", "X"), ("A", "2022-01-05", None, "Y"), "two owners"),
        (("A", None, None, "X"), ("A", "2022-01-05", "2022-01-06", "Y"), "two owners"),
        (("A", None, "2022-01-05", "X"), ("B", "2022-01-05", None, "X"), "two symbols"),
    ],
)
def test_an_overlap_names_both_intervals(first, second, said):
    for pair in ((first, second), (second, first)):
        with pytest.raises(DataError, match=f"AK-D064.*{said}") as caught:
            owners(*pair, ("Z", None, None, "Z1"))
        text = caught.value.where[0]
        assert f"{first[0]} .." in text
        assert f"{second[0]} 2022-01-05.." in text


def test_an_interval_inside_a_longer_one_two_before_is_seen():
    with pytest.raises(DataError, match="AK-D064") as caught:
        owners(
            ("A", "2022-01-01", "2022-12-31", "X"),
            ("A", "2023-01-01", "2023-02-01", "Y"),
            ("A", "2022-03-01", "2022-03-02", "Z"),
        )
    assert "X and A 2022-03-01..2022-03-02 -> Z" in caught.value.where[0]


@pytest.mark.parametrize(
    "faulty",
    [
        ("A", "2022-01-05", "2022-01-04", "X"),
        (None, None, None, "X"),
        ("A", None, None, None),
    ],
)
def test_an_incomplete_interval_is_refused(faulty):
    with pytest.raises(DataError, match="AK-D064"):
        owners(faulty)


def test_neighbours_do_not_overlap():
    table = owners(
        ("A", None, "2022-01-04", "X"),
        ("A", "2022-01-05", "2022-01-05", "Y"),
        ("A", "2022-01-06", None, "Z"),
    )
    days = ["1990-01-01", "2022-01-04", "2022-01-05", "2022-01-06", "2090-01-01"]
    assert ask(table, days, "A") == ["X", "X", "Y", "Z", "Z"]


def test_rows_without_day_or_name_are_left_to_be_refused_later():
    table = owners(("A", None, None, "X"))
    dates = pd.Series([pd.NaT, pd.Timestamp("2022-01-01")]).astype("datetime64[us]")
    symbols = pd.Series(["A", None], dtype="str")
    kept = table.tickers(dates, symbols, where="bars.csv")
    assert kept[0] == "A"
    assert kept.isna()[1]


def slow_owner(intervals, day, symbol):
    """The obvious way: look at every interval."""
    for owned, start, end, ticker in intervals:
        if owned == symbol and start <= day <= end:
            return ticker
    return None


@given(st.lists(st.integers(0, 40), min_size=2, max_size=8, unique=True), st.data())
def test_bisection_finds_what_looking_at_every_interval_finds(edges, data):
    start = pd.Timestamp("2020-01-01")
    bounds = [start + pd.Timedelta(days=edge) for edge in sorted(edges)]
    names = ["A", "B"]
    pairs = list(zip(bounds[::2], bounds[1::2], strict=False))
    intervals = [
        (name, first, last, f"{name}{number}")
        for name in names
        for number, (first, last) in enumerate(pairs)
    ]
    table = owners(*intervals)
    day = start + pd.Timedelta(days=data.draw(st.integers(-3, 45)))
    for name in names:
        owner = slow_owner(intervals, day, name)
        if owner is None:
            with pytest.raises(DataError, match="AK-D065"):
                ask(table, [day], name)
        else:
            assert ask(table, [day], name) == [owner]


@pytest.fixture
def renamed(tmp_path):
    """OLD becomes NEW at the fifth session, in bars, actions, reports and tweets."""
    quotes = make_quotes("ON", "NEW")
    early = (quotes["ticker"] == "NEW") & (quotes["date"] < SESSIONS[4])
    quotes.loc[early, "ticker"] = "OLD"
    quotes.to_parquet(tmp_path / "bars.parquet")
    rows = pd.DataFrame({"date": SESSIONS[[1, 6]], "ticker": ["OLD", "NEW"]})
    rows.assign(dividend=0.1, split_ratio=1.0).to_parquet(tmp_path / "actions.parquet")
    rows.assign(n_tweets=1).to_parquet(tmp_path / "sentiment.parquet")
    reports = rows.rename(columns={"date": "known_date"}).assign(end_date=SESSIONS[0])
    reports.to_parquet(tmp_path / "fundamentals.parquet")
    (tmp_path / "symbols.csv").write_text(
        f"symbol,start,end,ticker\nOLD,,{str(SESSIONS[3])[:10]},NEW\n"
    )
    members = f"ticker,start,end\nOLD,{str(SESSIONS[0])[:10]},\nON,,\n"
    (tmp_path / "membership.csv").write_text(members)
    return tmp_path


def read_all(folder, **more):
    names = {
        path.stem: str(path) for path in folder.iterdir() if path.suffix != ".other"
    }
    return load_market(FilesMarketSpec.parse(names | more, ""), seed=0)


def test_one_company_has_one_history_in_every_table(renamed):
    market = read_all(renamed)
    expected = make_quotes("ON", "NEW")
    pd.testing.assert_frame_equal(market.bars, expected[market.bars.columns])
    for table in (market.actions, market.fundamentals, market.sentiment):
        assert list(table["ticker"]) == ["NEW", "NEW"]
    assert list(market.membership["ticker"]) == ["OLD", "ON"]
    assert list(market.membership["price_ticker"]) == ["NEW", "ON"]


def test_the_overlap_of_listed_and_delisted_is_of_companies_not_symbols(renamed):
    gone = make_quotes("OLD")
    gone[gone["date"] < SESSIONS[4]].to_parquet(renamed / "delisted.parquet")
    with pytest.raises(DataError, match="AK-D020") as caught:
        read_all(renamed)
    assert caught.value.where == ["NEW"]

"""Every name has one sector on every day, and it is said where nobody knows it."""

import pandas as pd
import pytest

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Axes
from alpha_kedro.core.schemas import Sectors
from alpha_kedro.core.sectors import sector_labels
from alpha_kedro.market import UNKNOWN, clean_sectors

STATIC = pd.DataFrame({"ticker": ["B", "A", "X"], "sector": ["", "Energy", "Energy"]})


def labelled(*rows: tuple[str, str, str | None, str | None]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["ticker", "sector", "start", "end"])
    return table.astype({"start": "datetime64[us]", "end": "datetime64[us]"})


def rows_of(table: pd.DataFrame) -> list[tuple[object, ...]]:
    days = {side: table[side].dt.strftime("%Y-%m-%d") for side in ("start", "end")}
    shown = table.assign(**days).astype(object)
    return list(shown.where(shown.notna(), None).itertuples(index=False, name=None))


def test_labels_without_dates_hold_always_and_are_called_static():
    table, report = clean_sectors(STATIC, tickers=["A", "B"], max_unknown_share=0.5)
    assert rows_of(table) == [
        ("A", "Energy", None, None),
        ("B", UNKNOWN, None, None),
    ]
    assert report["labels"] == "static"
    assert report["unknown"] == ["B"]
    assert report["n_input"] == 3
    assert (report["n_labels"], report["n_out_of_scope"]) == (1, 1)
    assert report["n_without_sector"] == 1


def test_a_fund_keeps_the_label_of_the_sector_it_stands_for():
    given = pd.DataFrame(
        {"ticker": ["A", "XLE", "ZZZ"], "sector": ["Energy", "Energy", "Energy"]}
    )
    table, report = clean_sectors(given, tickers=["A"], funds=["SPY", "XLE"])
    assert rows_of(table) == [
        ("A", "Energy", None, None),
        ("XLE", "Energy", None, None),
    ]
    assert (report["n_labels"], report["n_out_of_scope"]) == (2, 1)
    assert report["n_unknown"] == 0


def test_without_a_table_every_sector_is_unknown():
    table, report = clean_sectors(None, tickers=["A", "B"])
    assert rows_of(table) == [("A", UNKNOWN, None, None), ("B", UNKNOWN, None, None)]
    assert report == {"labels": "none", "n_tickers": 2, "n_unknown": 2}
    Sectors.validate(table)


def test_dated_labels_keep_their_days_and_those_between_are_unknown():
    given = labelled(
        ("A", "Utilities", "2018-10-01", None),
        ("A", "Energy", "2010-01-04", "2018-09-21"),
        ("B", "Energy", None, "2018-09-28"),
        ("B", "Energy", "2018-09-29", None),
    )
    table, report = clean_sectors(given, tickers=["A", "B"])
    assert rows_of(table) == [
        ("A", UNKNOWN, None, "2010-01-03"),
        ("A", "Energy", "2010-01-04", "2018-09-21"),
        ("A", UNKNOWN, "2018-09-22", "2018-09-30"),
        ("A", "Utilities", "2018-10-01", None),
        ("B", "Energy", None, "2018-09-28"),
        ("B", "Energy", "2018-09-29", None),
    ]
    assert report["labels"] == "dated"
    assert report["n_unlabelled_weekdays"] == 5
    assert report["n_reclassified"] == 1
    Sectors.validate(table)


def test_a_label_that_has_ended_is_followed_by_unknown():
    given = labelled(("A", "Energy", None, "2018-09-21"))
    table, _ = clean_sectors(given, tickers=["A"])
    assert rows_of(table)[1] == ("A", UNKNOWN, "2018-09-22", None)


def test_a_cleaned_table_says_of_every_day_what_the_given_one_says():
    given = labelled(
        ("A", "Energy", "2024-01-02", "2024-01-03"),
        ("A", "Utilities", "2024-01-05", "2024-01-05"),
        ("B", "Gas", None, "2024-01-03"),
    )
    axes = Axes.of(pd.bdate_range("2024-01-01", periods=6), ["A", "B"])
    table, _ = clean_sectors(given, tickers=["A", "B"])
    assert (sector_labels(table, axes) == sector_labels(given, axes)).all()
    assert rows_of(clean_sectors(table, tickers=["A", "B"])[0]) == rows_of(table)


def test_names_are_spelt_as_their_prices_are():
    given = pd.DataFrame({"ticker": ["BRK.B"], "sector": ["Financials"]})
    table, _ = clean_sectors(given, tickers=["BRK-B"])
    assert table["sector"].tolist() == ["Financials"]


def test_too_many_missing_sectors_are_another_market():
    given = pd.DataFrame({"ticker": ["A"], "sector": ["Energy"]})
    with pytest.raises(DataError, match="AK-D024"):
        clean_sectors(given, tickers=["A", "B"], max_unknown_share=0.4)


def test_two_undated_sectors_of_a_ticker_are_refused_instead_of_growing_rows():
    given = pd.DataFrame({"ticker": ["A", "A"], "sector": ["Energy", "Utilities"]})
    with pytest.raises(DataError, match="AK-D023") as caught:
        clean_sectors(given, tickers=["A"])
    assert caught.value.where == ["A: Energy", "A: Utilities"]


@pytest.mark.parametrize("until", ["2018-10-01", None])
def test_labels_that_overlap_are_refused(until):
    given = labelled(
        ("A", "Energy", None, until), ("A", "Utilities", "2018-10-01", None)
    )
    with pytest.raises(DataError, match="AK-D120") as caught:
        clean_sectors(given, tickers=["A"])
    assert caught.value.where == ["A: Utilities from 2018-10-01"]


def test_a_label_that_ends_before_it_starts_is_refused():
    given = labelled(("A", "Energy", "2018-10-01", "2018-09-30"))
    with pytest.raises(DataError, match="AK-D121"):
        clean_sectors(given, tickers=["A"])


def test_days_written_with_a_zone_are_those_days():
    days = labelled(("A", "Energy", "2010-01-04", None))
    zoned = days.assign(start=days["start"].dt.tz_localize("America/New_York"))
    found, _ = clean_sectors(zoned, tickers=["A"])
    assert rows_of(found) == rows_of(clean_sectors(days, tickers=["A"])[0])

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Axes
from alpha_kedro.core.sectors import (
    UNKNOWN,
    sector_codes,
    sector_labels,
    sector_names,
)

DAYS = pd.bdate_range("2024-01-01", periods=5).as_unit("us")
AXES = Axes.of(DAYS, ["A", "B", "C"])
STATIC = pd.DataFrame({"ticker": ["B", "A"], "sector": ["Energy", "Utilities"]})


def labelled(*rows):
    """Ticker, sector, and the days from and to which, counted from the first."""
    table = pd.DataFrame(rows, columns=["ticker", "sector", "start", "end"])
    days = {
        side: pd.to_datetime(
            [None if pd.isna(k) else DAYS[int(k)] for k in table[side]]
        )
        for side in ("start", "end")
    }
    return table.assign(**days).astype(dict.fromkeys(days, "M8[us]"))


MOVED = labelled(
    ("A", "Energy", None, 2), ("A", "Utilities", 3, None), ("B", "Energy", None, None)
)


def test_labels_without_dates_hold_always_and_are_numbered_by_name():
    codes = sector_codes(STATIC, AXES)
    assert codes.tolist() == [[1, 0, -1]] * 5
    assert codes.dtype == np.int64


def test_where_no_label_changes_one_row_is_all_the_memory():
    assert sector_codes(STATIC, AXES).strides[0] == 0
    assert sector_codes(None, AXES).strides[0] == 0
    late = Axes(AXES.dates[3:], AXES.tickers)
    assert sector_codes(MOVED, late).strides[0] == 0
    assert sector_codes(MOVED, late).tolist() == [[1, 0, -1]] * 2


def test_the_order_of_the_rows_numbers_nothing():
    assert sector_codes(STATIC.iloc[::-1], AXES).tolist()[0] == [1, 0, -1]
    assert (sector_codes(MOVED.iloc[::-1], AXES) == sector_codes(MOVED, AXES)).all()


def test_without_sectors_no_ticker_has_one():
    assert (sector_codes(None, AXES) == -1).all()
    assert set(sector_labels(None, AXES).ravel()) == {UNKNOWN}


def test_a_name_is_in_its_new_sector_from_the_day_of_the_change_on():
    assert sector_codes(MOVED, AXES)[:, 0].tolist() == [0, 0, 0, 1, 1]
    assert sector_labels(MOVED, AXES)[2:4, 0].tolist() == ["Energy", "Utilities"]


def test_a_day_between_two_labels_has_none():
    table = labelled(("A", "Energy", 0, 1), ("A", "Utilities", 3, 3))
    assert sector_labels(table, AXES)[:, 0].tolist() == [
        *("Energy", "Energy", UNKNOWN, "Utilities", UNKNOWN)
    ]


def test_a_label_of_days_without_a_session_is_no_label():
    saturday = pd.Timestamp("2024-01-06")
    table = STATIC.iloc[:1].assign(start=saturday, end=saturday)
    assert (sector_codes(table, AXES) == -1).all()


def test_a_sector_invented_later_renumbers_none_before_it():
    later = labelled(
        ("A", "Energy", None, 2), ("A", "Aviation", 3, None), ("B", "Gas", None, None)
    )
    assert sector_names(later) == ["Energy", "Gas", "Aviation"]
    before = sector_codes(
        labelled(("A", "Energy", None, None), ("B", "Gas", 0, 4)), AXES
    )
    assert (sector_codes(later, AXES)[:3] == before[:3]).all()


def test_a_ticker_with_two_sectors_on_a_day_is_refused_and_named():
    for twice in (
        pd.concat([STATIC, STATIC.iloc[:1]]),
        labelled(("B", "Energy", None, 3), ("B", "Gas", 3, None)),
        labelled(("B", "Energy", None, None), ("B", "Gas", 4, 4)),
    ):
        with pytest.raises(DataError, match="AK-D053") as refused:
            sector_codes(twice, AXES)
        assert refused.value.where == ["B"]


@st.composite
def histories(draw):
    """Labels that follow one another, some with days between them."""
    rows = []
    for ticker in "ABC":
        cuts = sorted(draw(st.sets(st.integers(0, 5), max_size=4)))
        for start, end in zip([None, *cuts], [*cuts, None], strict=True):
            kept = draw(st.booleans())
            last = None if end is None else end - 1
            if kept and (start is None or start < 5) and (last is None or last >= 0):
                rows.append((ticker, draw(st.sampled_from("XYZ")), start, last))
    return labelled(*rows)


@settings(max_examples=50, deadline=None)
@given(histories())
def test_codes_are_those_of_asking_every_label_every_day(table):
    found = sector_labels(table, AXES)
    for row, day in enumerate(AXES.dates):
        for column, name in enumerate(AXES.tickers):
            holds = table["ticker"].eq(name)
            holds &= ~(table["start"] > day) & ~(table["end"] < day)
            assert found[row, column] == next(iter(table["sector"][holds]), UNKNOWN)


@settings(max_examples=50, deadline=None)
@given(histories(), st.integers(0, 4))
def test_labels_given_later_move_no_earlier_code(table, cut):
    by_then = table[~(table["start"] > DAYS[cut])]
    ends = by_then["end"].where(by_then["end"] <= DAYS[cut])
    seen = sector_codes(by_then.assign(end=ends), AXES)
    assert (seen[: cut + 1] == sector_codes(table, AXES)[: cut + 1]).all()

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Axes, Panel, gather

NAN = np.nan
few = settings(max_examples=40, deadline=None)

keys = st.tuples(st.integers(0, 5), st.sampled_from(["A", "B", "C", "a"]))
cells = st.dictionaries(keys, st.floats(-10, 10), min_size=1)


def table_of(cells):
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta([k[0] for k in cells], "D")
    return pd.DataFrame(
        {
            "date": days.as_unit("us"),
            "ticker": pd.array([key[1] for key in cells], dtype="str"),
            "close": np.array(list(cells.values()), dtype=float),
        }
    )


def test_a_long_table_is_spread_by_hand():
    table = table_of({(1, "B"): 4.0, (0, "A"): 1.0, (1, "A"): 3.0})
    panel = Panel.from_table(table, ["close"])
    assert panel.tickers.tolist() == ["A", "B"]
    assert panel.dates.dtype == "datetime64[us]"
    np.testing.assert_array_equal(panel["close"], [[1.0, NAN], [3.0, 4.0]])


@few
@given(cells=cells)
def test_there_and_back_gives_the_sorted_table(cells):
    table = table_of(cells)
    panel = Panel.from_table(table, ["close"])
    back = panel.to_table(np.isfinite(panel["close"]))
    pd.testing.assert_frame_equal(
        back, table.sort_values(["date", "ticker"], ignore_index=True)
    )


@few
@given(cells=cells, order=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(cells, order):
    table = table_of(cells)
    rows = list(range(len(table)))
    order.shuffle(rows)
    one = Panel.from_table(table, ["close"])
    other = Panel.from_table(table.iloc[rows], ["close"])
    np.testing.assert_array_equal(one["close"], other["close"])
    assert one.tickers.tolist() == other.tickers.tolist()


def test_rows_off_the_axes_are_left_out_and_cells_without_a_row_are_missing():
    table = table_of({(0, "A"): 1.0, (3, "A"): 2.0, (0, "Z"): 9.0})
    axes = Axes.of(pd.to_datetime(["2024-01-01", "2024-01-02"]), ["A", "B"])
    panel = Panel.from_table(table, ["close"], axes=axes)
    np.testing.assert_array_equal(panel["close"], [[1.0, NAN], [NAN, NAN]])


def test_a_row_that_stands_twice_is_refused_by_name():
    table = pd.concat([table_of({(0, "A"): 1.0, (0, "B"): 1.0})] * 2)
    with pytest.raises(DataError, match="AK-D001") as refusal:
        Panel.from_table(table, ["close"])
    assert "A 2024-01-01" in str(refusal.value)


def test_the_same_day_of_two_tickers_is_no_duplicate():
    Panel.from_table(table_of({(0, "A"): 1.0, (0, "B"): 1.0}), ["close"])


def test_axes_are_sorted_by_code_point_and_unique():
    axes = Axes.of(["2024-01-03", "2024-01-02", "2024-01-03"], ["b", "A", "Z", "A"])
    assert axes.tickers.tolist() == ["A", "Z", "b"]
    assert axes.shape == (2, 3)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_dates_of_any_unit_find_their_row(unit):
    axes = Axes.of(pd.to_datetime(["2024-01-02", "2024-01-03"]), ["A"])
    dates = pd.DatetimeIndex(["2024-01-03", "2024-01-04", None]).as_unit(unit)
    assert axes.rows_of(dates).tolist() == [1, -1, -1]


def test_tickers_off_the_axis_have_no_column():
    axes = Axes.of(["2024-01-02"], ["A", "B"])
    assert axes.columns_of(["B", "Q", "A", None]).tolist() == [1, -1, 0, -1]


def test_whole_numbers_and_booleans_become_numbers_that_can_be_missing():
    table = table_of({(0, "A"): 1.0, (1, "B"): 2.0}).assign(
        volume=pd.array([7, None], dtype="Int64"), halted=[True, False]
    )
    panel = Panel.from_table(table, ["volume", "halted"])
    np.testing.assert_array_equal(panel["volume"], [[7.0, NAN], [NAN, NAN]])
    np.testing.assert_array_equal(panel["halted"], [[1.0, NAN], [NAN, 0.0]])


def test_gathering_keeps_what_is_asked_for_and_its_type():
    axes = Axes.of(["2024-01-02", "2024-01-03"], ["A", "B"])
    field = np.array([[1, 2], [3, 4]], dtype=np.float32)
    keep = np.array([[False, True], [True, False]])
    table = gather(axes, {"x": field}, keep)
    assert table["ticker"].tolist() == ["B", "A"]
    assert table["x"].tolist() == [2.0, 3.0]
    assert table["x"].dtype == np.float32
    assert str(table["ticker"].dtype) == "str"


def test_gathering_without_a_choice_keeps_every_cell():
    axes = Axes.of(["2024-01-02"], ["A", "B"])
    assert len(gather(axes, {"x": np.full((1, 2), NAN)})) == 2


def test_an_empty_table_spreads_over_given_axes():
    axes = Axes.of(["2024-01-02"], ["A"])
    empty = table_of({(0, "A"): 1.0}).head(0)
    assert np.isnan(Panel.from_table(empty, ["close"], axes=axes)["close"]).all()

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.panel import Axes
from alpha_kedro.core.prices import delisting_rows, price_panel

NAN = np.nan


def bars():
    return pd.DataFrame(
        {
            "date": pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-03"]),
            "ticker": ["A", "A", "B"],
            "open": [10.0, 20.0, NAN],
            "high": [12.0, 24.0, 6.0],
            "low": [8.0, 16.0, 4.0],
            "close": [10.0, 22.0, 5.0],
            "adj_close": [5.0, 22.0, 5.0],
            "volume": [100.0, 200.0, 0.0],
            "halted": [False, False, True],
        }
    )


def test_prices_are_adjusted_to_total_return_by_the_factor_of_the_close():
    panel = price_panel(bars())
    np.testing.assert_array_equal(panel["open"], [[5.0, NAN], [20.0, NAN]])
    np.testing.assert_array_equal(panel["high"], [[6.0, NAN], [24.0, 6.0]])
    np.testing.assert_array_equal(panel["low"], [[4.0, NAN], [16.0, 4.0]])
    np.testing.assert_array_equal(panel["close"], [[5.0, NAN], [22.0, 5.0]])


def test_dollar_volume_is_what_was_paid_on_the_day():
    panel = price_panel(bars())
    np.testing.assert_array_equal(
        panel["dollar_volume"], [[1000.0, NAN], [4400.0, 0.0]]
    )
    np.testing.assert_array_equal(panel["volume"], [[100.0, NAN], [200.0, 0.0]])


def test_volume_is_counted_in_shares_of_the_first_bar():
    split = bars().assign(share_factor=[1.0, 2.0, 1.0])
    panel = price_panel(split)
    np.testing.assert_array_equal(panel["volume"], [[100.0, NAN], [100.0, 0.0]])
    np.testing.assert_array_equal(
        panel["dollar_volume"], [[1000.0, NAN], [4400.0, 0.0]]
    )
    assert "share_factor" not in panel.fields


def test_neither_a_missing_bar_nor_a_halt_counts_as_traded():
    traded = price_panel(bars())["traded"]
    assert traded.dtype == bool
    assert traded.tolist() == [[True, False], [True, False]]


def test_without_adjusted_closes_and_halts_prices_are_used_as_they_are():
    panel = price_panel(bars().drop(columns=["adj_close", "halted"]))
    np.testing.assert_array_equal(panel["close"], [[10.0, NAN], [22.0, 5.0]])
    assert panel["traded"].tolist() == [[True, False], [True, True]]


def test_bars_are_spread_over_the_sessions_that_are_given():
    axes = Axes.of(pd.date_range("2024-01-02", periods=4), ["A", "B", "C"])
    panel = price_panel(bars(), axes=axes)
    assert panel["close"].shape == (4, 3)
    assert panel["traded"].sum() == 2


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_returns_do_not_depend_on_a_later_change_of_the_factor(factor):
    revised = bars().assign(adj_close=bars()["adj_close"] * factor)
    one, other = price_panel(bars())["close"], price_panel(revised)["close"]
    np.testing.assert_allclose(one[1] / one[0], other[1] / other[0], rtol=1e-15)


def test_an_absence_to_the_end_is_a_delisting_once_it_has_lasted():
    close = np.array(
        [
            # lives, gone, just gone, halted in between, never listed
            [1.0, 1.0, 1.0, 1.0, NAN],
            [1.0, 1.0, 1.0, NAN, NAN],
            [1.0, NAN, 1.0, NAN, NAN],
            [1.0, NAN, 1.0, NAN, NAN],
            [1.0, NAN, NAN, 1.0, NAN],
        ]
    )
    assert delisting_rows(close, after=3).tolist() == [-1, 1, -1, -1, -1]
    assert delisting_rows(close, after=4).tolist() == [-1] * 5
    assert delisting_rows(close, after=1).tolist() == [-1, 1, 3, -1, -1]

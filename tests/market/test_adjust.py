"""Total return by hand, and against a loop that walks through time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import DataError
from alpha_kedro.market import to_split_basis, total_return_close
from tests.market.quotes import SESSIONS, cleaned, make_quotes


def make_actions(*rows: tuple[object, str, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["date", "ticker", "dividend", "split_ratio"])
    return table.astype({"date": "datetime64[us]", "ticker": "str"})


def price_only(*tickers: str) -> pd.DataFrame:
    raw = make_quotes(*tickers).assign(adj_close=np.nan)
    return raw.sort_values(["date", "ticker"], ignore_index=True)


def test_a_dividend_lowers_every_close_before_its_ex_date():
    bars = price_only("A").head(3).assign(close=[100.0, 102.0, 100.0])
    actions = make_actions((SESSIONS[2], "A", 2.04, 1.0))
    adjusted, sources = total_return_close(bars, actions)
    np.testing.assert_allclose(adjusted, [98.0, 99.96, 100.0], rtol=1e-14)
    assert sources == {"vendor": [], "actions": ["A"], "price_only": []}


def test_the_total_return_of_an_ex_date_includes_the_dividend():
    bars = price_only("A").head(3).assign(close=[100.0, 102.0, 100.0])
    adjusted, _ = total_return_close(bars, make_actions((SESSIONS[2], "A", 2.04, 1.0)))
    # Reinvested at the close before, as CRSP does: 100 / (102 - 2.04).
    assert adjusted[2] / adjusted[1] == pytest.approx(100 / (102 - 2.04), rel=1e-14)


def test_a_two_for_one_split_halves_the_prices_before_it_and_doubles_the_volume():
    bars = price_only("A", "B")
    actions = make_actions((SESSIONS[3], "A", 1.0, 2.0), (SESSIONS[1], "A", 1.0, 1.0))
    quoted, paid = to_split_basis(bars, actions)
    before = (bars["ticker"] == "A") & (bars["date"] < SESSIONS[3])
    ratio = np.where(before, 2.0, 1.0)
    np.testing.assert_array_equal(quoted["close"], bars["close"] / ratio)
    np.testing.assert_array_equal(quoted["volume"], bars["volume"] * ratio)
    # The dividend of the split's own day is paid on the new shares.
    assert list(paid["dividend"]) == [1.0, 0.5]
    assert (paid["split_ratio"] == 1.0).all()


@pytest.mark.parametrize("adjust", [to_split_basis, total_return_close])
def test_an_action_without_a_date_is_refused_and_not_skipped(adjust):
    actions = make_actions((SESSIONS[2], "A", 1.0, 1.0), (None, "A", 1.0, 2.0))
    with pytest.raises(DataError, match="AK-D025 1 corporate action"):
        adjust(price_only("A"), actions)


def walked_total_return(bars, actions):
    """Walk back from the last bar of each ticker: the slow twin."""
    adjusted = bars["close"].copy()
    for event in actions.itertuples():
        own = bars["ticker"] == event.ticker
        before = bars[own & (bars["date"] < event.date)]
        if len(before):
            kept = 1 - event.dividend / before["close"].iloc[-1]
            adjusted[own & (bars["date"] < event.date)] *= kept
    return adjusted.to_numpy()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(pd.date_range("2022-12-30", "2023-03-05").to_list()),
            st.sampled_from(["A", "B", "Z"]),
            st.floats(0, 5),
        ),
        max_size=8,
        unique_by=lambda event: event[:2],
    )
)
def test_the_fast_product_equals_the_walk_through_time(events):
    bars = price_only("A", "B", "C").drop(index=[20, 31]).reset_index(drop=True)
    actions = make_actions(*[(day, name, paid, 1.0) for day, name, paid in events])
    adjusted, _ = total_return_close(bars, actions)
    expected = walked_total_return(bars, actions)
    np.testing.assert_allclose(adjusted, expected, rtol=1e-12)


def test_a_history_that_runs_through_1970_is_adjusted_as_any_other():
    bars = price_only("A", "B")
    actions = make_actions((SESSIONS[9], "A", 1.0, 1.0))
    age = pd.Timestamp(SESSIONS[5]) - pd.Timestamp("1970-01-01")
    old, event = (table.assign(date=table["date"] - age) for table in (bars, actions))
    expected, _ = total_return_close(bars, actions)
    np.testing.assert_array_equal(total_return_close(old, event)[0], expected)


def test_one_missing_adjusted_close_takes_its_ticker_off_the_vendor():
    raw = make_quotes("A", "B")
    raw.loc[4, "adj_close"] = np.nan
    found = cleaned(raw)
    bars = found.bars[found.bars["ticker"] == "A"]
    np.testing.assert_array_equal(bars["adj_close"], bars["close"])
    assert found.report["adjusted_from"] == {"vendor": 1, "actions": 0, "price_only": 1}
    assert found.report["price_only_tickers"] == ["A"]


def test_bars_without_an_adjusted_close_need_no_such_column():
    found = cleaned(make_quotes("A").drop(columns="adj_close"))
    np.testing.assert_array_equal(found.bars["adj_close"], found.bars["close"])


@pytest.mark.parametrize("dividend", [-1.0, 1_000.0])
def test_an_impossible_dividend_is_refused_by_name(dividend):
    actions = make_actions((SESSIONS[3], "A", dividend, 1.0))
    with pytest.raises(DataError, match="AK-D014") as caught:
        total_return_close(price_only("A"), actions)
    assert caught.value.where == ["A 2023-01-06"]


@pytest.mark.parametrize("ratio", [0.0, -2.0])
def test_an_impossible_split_is_refused_by_name(ratio):
    actions = make_actions((SESSIONS[3], "A", 0.0, ratio))
    with pytest.raises(DataError, match="AK-D013"):
        to_split_basis(price_only("A"), actions)

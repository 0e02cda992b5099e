"""Total return by hand, and against a loop that walks through time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import DataError
from alpha_kedro.market.adjust import (
    adjustment_of,
    to_split_basis,
    total_return_close,
)
from tests.market.quotes import SESSIONS, cleaned, make_quotes


def make_actions(*rows: tuple[object, str, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["date", "ticker", "dividend", "split_ratio"])
    return table.astype({"date": "datetime64[us]", "ticker": "str"})


def price_only(*tickers: str) -> pd.DataFrame:
    raw = make_quotes(*tickers).assign(adj_close=np.nan)
    return raw.sort_values(["date", "ticker"], ignore_index=True)


def test_a_dividend_raises_every_close_from_its_ex_date_on():
    bars = price_only("A").head(3).assign(close=[100.0, 102.0, 100.0])
    actions = make_actions((SESSIONS[2], "A", 2.04, 1.0))
    adjusted, sources = total_return_close(bars, actions)
    np.testing.assert_array_equal(adjusted[:2], [100.0, 102.0])
    assert adjusted[2] == pytest.approx(100 / (1 - 0.02), rel=1e-14)
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


def walked(bars, actions):
    """Walk from the first bar of each ticker, buying more of it: the slow twin."""
    shares, worth = pd.Series(1.0, bars.index), bars["close"].copy()
    for _, own in bars.groupby("ticker"):
        held, reinvested, before = 1.0, 1.0, None
        for row, bar in own.iterrows():
            if before is not None:
                since = (actions["date"] > before["date"]) & (
                    actions["date"] <= bar["date"]
                )
                due = actions[since & (actions["ticker"] == bar["ticker"])]
                split, paid = 1.0, 0.0
                for _, day in due.sort_values("date").groupby("date"):
                    split *= day["split_ratio"].prod()
                    paid += day["dividend"].sum() * split
                held *= split
                reinvested /= 1 - paid / before["close"]
            shares[row], worth[row] = held, bar["close"] * held * reinvested
            before = bar
    return shares.to_numpy(), worth.to_numpy()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(pd.date_range("2022-12-30", "2023-03-05").to_list()),
            st.sampled_from(["A", "B", "Z"]),
            st.floats(0, 1),
            st.sampled_from([1.0, 1.0, 2.0, 1.5, 0.5]),
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_the_fast_product_equals_the_walk_through_time(events, by_ticker):
    bars = price_only("A", "B", "C").drop(index=[20, 31, 34, 37])
    if by_ticker:
        bars = bars.sort_values(["ticker", "date"])
    bars, actions = bars.reset_index(drop=True), make_actions(*events)
    found = adjustment_of(bars, actions)
    shares, worth = walked(bars, actions)
    np.testing.assert_allclose(found.share_factor, shares, rtol=1e-12)
    np.testing.assert_allclose(found.adj_close, worth, rtol=1e-12)
    assert sum(found.fates.values()) == len(actions)
    shuffled = adjustment_of(bars, actions.iloc[::-1])
    np.testing.assert_array_equal(found.adj_close, shuffled.adj_close)


def test_a_history_that_runs_through_1970_is_adjusted_as_any_other():
    bars = price_only("A", "B")
    actions = make_actions((SESSIONS[9], "A", 1.0, 1.0))
    age = pd.Timestamp(SESSIONS[5]) - pd.Timestamp("1970-01-01")
    old, event = (table.assign(date=table["date"] - age) for table in (bars, actions))
    expected, _ = total_return_close(bars, actions)
    np.testing.assert_array_equal(total_return_close(old, event)[0], expected)


def test_a_bar_without_adjusted_close_is_refused_where_its_ticker_began_with_one():
    raw = make_quotes("A", "B")
    raw.loc[4, "adj_close"] = np.nan
    found = cleaned(raw)
    assert found.report["by_reason"] == {"no_adj_close": 1}
    assert found.report["adjusted_from"] == {"vendor": 2, "actions": 0, "price_only": 0}
    pd.testing.assert_frame_equal(found.bars, cleaned(raw.drop(index=4)).bars)


def test_a_ticker_that_begins_without_adjusted_close_is_accumulated_throughout():
    raw = make_quotes("A", "B")
    raw.loc[0, "adj_close"] = np.nan
    found = cleaned(raw)
    bars = found.bars[found.bars["ticker"] == "A"]
    np.testing.assert_array_equal(bars["adj_close"], bars["close"])
    assert not found.report["by_reason"]
    assert found.report["adjusted_from"] == {"vendor": 1, "actions": 0, "price_only": 1}
    assert found.report["price_only_tickers"] == ["A"]


def test_what_a_first_bar_lacks_counts_only_if_the_bar_is_sound():
    raw = make_quotes("A")
    raw.loc[0, ["close", "adj_close"]] = np.nan
    found = cleaned(raw)
    assert found.report["by_reason"] == {"no_close": 1}
    assert found.report["adjusted_from"]["vendor"] == 1


def test_actions_reach_bars_that_spell_the_ticker_another_way():
    bars = make_quotes("BRK-B").assign(adj_close=np.nan)
    for name in ("BRK.B", " brk.b ", "brk-b"):
        actions = make_actions((SESSIONS[3], name, 0.0, 2.0))
        found = cleaned(bars, actions=actions, basis="raw")
        assert found.report["actions"]["n_applied"] == 1
        np.testing.assert_array_equal(found.bars["share_factor"][2:4], [1.0, 2.0])


def test_tickers_that_no_action_is_listed_for_are_named():
    raw = make_quotes("A", "B", "C")
    actions = make_actions((SESSIONS[3], "b", 0.0, 2.0), (SESSIONS[3], "Z", 0.0, 2.0))
    report = cleaned(raw, actions=actions).report
    assert report["split_basis_unknown"] == ["A", "C"]
    assert report["n_split_basis_unknown"] == 2
    for asked in ({}, {"actions": actions, "basis": "raw"}):
        assert "split_basis_unknown" not in cleaned(raw, **asked).report


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

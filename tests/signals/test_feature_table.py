"""The table of features: its rows, its market, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.prices import price_panel
from alpha_kedro.signals import (
    FEATURE_SETS,
    FEATURES,
    build_features,
    compute_features,
    family_of,
    feature,
    feature_names,
    features,
    longest_lookback,
    with_quotes,
)
from alpha_kedro.signals.features import find_feature
from alpha_kedro.signals.formulas.words import close, delay, growth
from alpha_kedro.signals.inputs import Inputs
from tests.causality.checks import difficult_bars
from tests.causality.disclosures import reports_of, sentiment_of

BARS = difficult_bars()
KNOWN = {
    "fundamentals": reports_of(np.sort(BARS["date"].unique()), BARS["ticker"].unique()),
    "sentiment": sentiment_of(np.sort(BARS["date"].unique()), BARS["ticker"].unique()),
}
LAST = BARS["date"].max()


def column(table, name, ticker):
    return table.loc[table["ticker"] == ticker].set_index("date")[name]


def test_the_table_has_a_row_per_bar_sorted_by_date_and_ticker():
    table = build_features(BARS, ("momentum_5", "gap"))
    wanted = BARS[["date", "ticker"]].sort_values(["date", "ticker"], ignore_index=True)
    assert_frame_equal(table[["date", "ticker"]], wanted, check_dtype=False)
    assert list(table.columns) == ["date", "ticker", "momentum_5", "gap"]
    assert set(table.dtypes.iloc[2:]) == {np.dtype("float32")}


def test_the_default_is_the_weekly_equity_set():
    table = build_features(BARS)
    assert tuple(table.columns[2:]) == FEATURE_SETS["weekly_equity"]


def test_the_order_of_the_bars_is_nothing():
    shuffled = BARS.sample(frac=1, random_state=0)
    assert_frame_equal(build_features(shuffled), build_features(BARS))


def test_what_comes_after_a_date_changes_no_row_up_to_it():
    cut = BARS["date"].sort_values().iloc[-60]
    table = build_features(BARS)
    seen = build_features(BARS[BARS["date"] <= cut])
    assert_frame_equal(seen, table[table["date"] <= cut], check_exact=True)


def test_the_evening_job_that_loads_the_lookback_alone_gets_the_same_last_rows():
    recent = sorted(BARS["date"].unique())[-longest_lookback("weekly_equity") :]
    evening = build_features(BARS[BARS["date"].isin(recent)])
    tonight = evening[evening["date"] == LAST].reset_index(drop=True)
    table = build_features(BARS)
    research = table[table["date"] == LAST].reset_index(drop=True)
    assert_frame_equal(tonight, research, check_exact=True)


def test_arrays_and_table_hold_the_same_values():
    prices = price_panel(BARS)
    array = compute_features(prices, "beta_252")["beta_252"]
    table = build_features(BARS, "beta_252")
    np.testing.assert_array_equal(
        array[np.isfinite(prices["close"])], table["beta_252"]
    )


def test_features_appear_when_their_lookback_is_filled_and_not_before():
    late = column(build_features(BARS, "momentum_20"), "momentum_20", "BBB")
    assert late.iloc[:20].isna().all()
    assert late.iloc[20:].notna().all()


def test_the_market_is_the_mean_of_the_members():
    dates, tickers = sorted(BARS["date"].unique()), sorted(BARS["ticker"].unique())
    only_eee = pd.DataFrame(False, index=dates, columns=tickers)
    only_eee["EEE"] = True
    table = build_features(BARS, "beta_252", only_eee)
    assert column(table, "beta_252", "EEE").iloc[-1] == pytest.approx(1)
    same = build_features(BARS, "beta_252", only_eee.to_numpy())
    assert_frame_equal(table, same, check_exact=True)


def test_the_market_is_the_benchmark_where_one_is_given():
    benchmark = BARS[BARS["ticker"] == "DDD"].assign(ticker="SPY")
    table = build_features(BARS, "beta_252", benchmark=benchmark)
    assert column(table, "beta_252", "DDD").iloc[-1] == pytest.approx(1)


def test_sectors_are_coded_in_alphabetical_order_and_unknown_is_nan():
    sectors = pd.DataFrame(
        {"ticker": ["EEE", "AAA", "FLAT"], "sector": ["Zinc", "Air", "Zinc"]}
    )
    table = build_features(BARS, "sector_id", sectors=sectors)
    newest = table[table["date"] == LAST].set_index("ticker")["sector_id"]
    assert newest[["AAA", "EEE", "FLAT"]].tolist() == [0, 1, 1]
    assert np.isnan(newest["DDD"])


def test_a_name_that_changes_its_sector_has_the_new_code_from_that_day_on():
    days = np.sort(BARS["date"].unique())
    sectors = pd.DataFrame(
        {
            "ticker": ["AAA", "AAA", "EEE"],
            "sector": ["Zinc", "Air", "Water"],
            "start": [pd.NaT, days[100], pd.NaT],
            "end": [days[99], pd.NaT, pd.NaT],
        }
    )
    table = build_features(BARS, "sector_id", sectors=sectors)
    codes = column(table, "sector_id", "AAA")
    # Air is a sector only from that day on, and is numbered after the older ones.
    assert set(codes[: days[99]]) == {1}
    assert set(codes[days[100] :]) == {2}
    before = build_features(BARS, "sector_id", sectors=sectors[sectors["start"].isna()])
    early = table["date"] < days[100]
    assert_frame_equal(table[early], before[early], check_exact=True)


def test_groups_may_be_given_for_all_dates_or_for_each():
    prices = price_panel(BARS)
    row = np.arange(len(prices.tickers)) - 1
    each = np.tile(row, (len(prices.dates), 1))
    once = np.broadcast_to(row, each.shape)
    whole = compute_features(prices, "sector_id", groups=each)["sector_id"]
    for groups in (row, once):
        one = compute_features(prices, "sector_id", groups=groups)["sector_id"]
        np.testing.assert_array_equal(one, whole)
    with pytest.raises(ConfigError, match="AK-C023"):
        compute_features(prices, "sector_id", groups=each[1:])


def test_names_and_sets_mix_and_each_name_comes_once():
    names = feature_names(("month", "weekly_equity", "gap"))
    assert names[0] == "month"
    assert sorted(names) == sorted(FEATURE_SETS["weekly_equity"])
    assert longest_lookback("weekly_equity") == 253


def test_reports_and_sentiment_are_columns_like_any_other():
    names = (*FEATURE_SETS["fundamental"], *FEATURE_SETS["sentiment"])
    table = build_features(BARS, ("gap", "fundamental", "sentiment"), **KNOWN)
    assert list(table.columns[2:]) == ["gap", *names]
    settled = table["date"] > BARS["date"].sort_values().iloc[-300]
    assert (table.loc[settled, list(names)].notna().mean() > 0.5).all()


def test_tables_nobody_asks_for_are_not_read():
    junk = pd.DataFrame({"nothing": [1]})
    table = build_features(BARS, "gap", fundamentals=junk, sentiment=junk)
    assert_frame_equal(table, build_features(BARS, "gap"), check_exact=True)


def test_a_split_moves_no_yield():
    """Quotes halve and shares double: the market value is what it was."""
    late = BARS["date"] > BARS["date"].sort_values().iloc[-700]
    prices = ["open", "high", "low", "close"]
    split = BARS.assign(share_factor=np.where(late, 2.0, 1.0))
    split[prices] = split[prices].div(split["share_factor"], axis=0)
    names = ("earnings_yield", "book_to_price")
    one, other = (
        build_features(bars, names, fundamentals=KNOWN["fundamentals"])
        for bars in (BARS, split)
    )
    assert_frame_equal(one, other, check_exact=True)


def test_a_mask_of_other_dates_and_tickers_is_aligned_by_name():
    dates = pd.DatetimeIndex(sorted(BARS["date"].unique())).as_unit("ns")
    mask = pd.DataFrame(True, index=dates[::-1], columns=["EEE", "GONE"])
    table = build_features(BARS, "beta_252", mask)
    assert column(table, "beta_252", "EEE").iloc[-1] == pytest.approx(1)


def test_nobody_can_write_to_what_features_share():
    inputs = Inputs(with_quotes(price_panel(BARS), BARS))
    for name in ("close", "quoted_close", "market_return", "listed", "day_of_week"):
        with pytest.raises(ValueError, match="read-only"):
            inputs(name)[:] = 0


def test_one_function_is_a_feature_for_each_number(monkeypatch):
    monkeypatch.setattr(FEATURES, "_items", {})
    monkeypatch.setattr(features, "_TEMPLATES", [])

    @feature("rise_{k}_{n}", at=((2, 1), (3, 2)), family="own", unit="", source="")
    def rise(k, n):
        """Return a rise.

        It is not said of what.
        """
        return growth(delay(close, n), k)

    listed = [(f.name, f.lookback, f.summary) for f in FEATURES.values()]
    assert listed == [
        ("rise_2_1", 4, "Return a rise."),
        ("rise_3_2", 6, "Return a rise."),
    ]
    assert find_feature("rise_30_4").formula is rise(30, 4)
    for name in ("rise_0_1", "rise_5", "rise_05_1", "rise_5_1_1", "a_rise_5_1"):
        assert find_feature(name) is None


def test_a_number_nobody_listed_is_a_feature_all_the_same():
    table = build_features(BARS, ("rsi_9", "momentum_7"))
    assert table[["rsi_9", "momentum_7"]].notna().mean().min() > 0.7
    assert "rsi_9" not in FEATURES
    assert family_of("rsi_9") == "oscillators"

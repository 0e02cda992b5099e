"""What features are asked of: bars that are no bars, and bars that are hard to bear."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.core.panel import Panel
from alpha_kedro.core.prices import price_panel
from alpha_kedro.signals import (
    FEATURES,
    FeatureSpec,
    build_features,
    choose_features,
    compute_features,
)
from alpha_kedro.signals.formulas.words import close, exp
from tests.causality.checks import difficult_bars
from tests.causality.disclosures import reports_of, sentiment_of

BARS = difficult_bars()
KNOWN = {
    "fundamentals": reports_of(np.sort(BARS["date"].unique()), BARS["ticker"].unique()),
    "sentiment": sentiment_of(np.sort(BARS["date"].unique()), BARS["ticker"].unique()),
    "sectors": pd.DataFrame({"ticker": ["AAA", "BBB"], "sector": ["Air", "Zinc"]}),
}
FITTING = [name for name, found in FEATURES.items() if found.formula.needed <= 300]
"""Features that 300 sessions are enough for."""


def test_most_features_fit():
    assert len(FITTING) > 0.9 * len(FEATURES)


# Tables that are no bars.


@pytest.mark.parametrize(
    "unusable",
    [
        BARS.drop(columns="volume"),
        BARS.iloc[:0],
        BARS.assign(date=BARS["date"].where(BARS.index != 7)),
        BARS.assign(ticker=BARS["ticker"].where(BARS.index != 7)),
    ],
    ids=["column", "rows", "date", "ticker"],
)
def test_bars_without_columns_rows_dates_or_tickers_are_refused(unusable):
    with pytest.raises(DataError, match="AK-D050"):
        build_features(unusable)


def test_text_is_no_price():
    with pytest.raises(DataError, match=r"AK-D115 .*\n.*where:  close"):
        build_features(BARS.assign(close=BARS["close"].astype(str)))


def test_a_bar_that_stands_twice_is_refused():
    with pytest.raises(DataError, match="AK-D001"):
        build_features(pd.concat([BARS, BARS.tail(1)]))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("name", ["open", "low", "close", "adj_close", "volume"])
def test_an_infinite_price_or_volume_is_refused_with_its_places(name, sign):
    bars = BARS.copy()
    bars.loc[bars.index[:8], name] = sign * np.inf
    with pytest.raises(DataError) as caught:
        build_features(bars, "gap")
    error = caught.value
    assert (error.code, error.got) == ("AK-D115", "8 infinite values")
    assert error.where[0] == f"AAA 2020-01-01 {name}"
    assert "(+3 more)" in str(error)


def test_an_infinite_benchmark_or_panel_is_refused_too():
    benchmark = BARS[BARS["ticker"] == "AAA"]
    infinite = benchmark.assign(
        close=benchmark["close"].replace(benchmark["close"].iloc[3], np.inf)
    )
    with pytest.raises(DataError, match="AK-D115"):
        build_features(BARS, "beta_20", benchmark=infinite)
    prices = price_panel(BARS)
    volume = prices["volume"].copy()
    volume[5, 1] = np.inf
    with pytest.raises(DataError, match="BBB 2020-01-08 volume"):
        compute_features(Panel(prices.axes, {**prices.fields, "volume": volume}), "gap")


def test_an_infinite_feature_is_stopped_with_its_place():
    infinite = replace(FEATURES["gap"], formula=exp(1e4 * close))
    with (
        pytest.raises(DataError, match="AK-D051 feature 'gap'") as caught,
        np.errstate(over="ignore"),
    ):
        build_features(BARS, [infinite])
    assert caught.value.where[0] == "AAA 2020-01-01"


# What is asked for.


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("momentm_20", "momentum_20"), ("weekly_equty", "weekly_equity")],
)
def test_a_misspelt_name_is_told_the_nearest(typo, meant):
    with pytest.raises(ConfigError, match=f"did you mean '{meant}") as caught:
        build_features(BARS, (typo,))
    assert caught.value.code == "AK-C002"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("close / men(close, 20)", "mean"),
        ("clse / mean(close, 20)", "close"),
        ("close / report.shares + volme", "volume"),
    ],
)
def test_a_misspelt_word_of_a_formula_is_told_the_nearest(written, meant):
    with pytest.raises(ConfigError, match=f"did you mean '{meant}'") as caught:
        choose_features("own", {"own": written})
    assert (caught.value.code, caught.value.where) == ("AK-C112", ["own"])
    with pytest.raises(ConfigError, match="AK-C112"):
        FeatureSpec(names=("gap",), formulas={"own": written})


@pytest.mark.parametrize("name", ["gap", "rsi_9", "weekly_equity", "sector", ""])
def test_a_formula_takes_no_known_name(name):
    with pytest.raises(ConfigError, match="AK-C113") as caught:
        FeatureSpec(names=("month",), formulas={name: "close / open", "fine": "volume"})
    assert caught.value.where == [name]


def test_a_figure_no_report_has_is_told_the_nearest():
    own = choose_features("own", {"own": "report.asets / report.shares"})
    with pytest.raises(ConfigError, match=r"did you mean 'report\.assets'"):
        build_features(BARS, own, **KNOWN)


def test_no_name_at_all_is_refused():
    with pytest.raises(ConfigError, match="AK-C020"):
        build_features(BARS, ())


@pytest.mark.parametrize("written", [None, "close / delay(close, 20)"])
@pytest.mark.parametrize(("n_dates", "fits"), [(20, False), (21, True)])
def test_a_history_shorter_than_the_lookback_is_refused(n_dates, fits, written):
    bars = difficult_bars(n_dates=60)
    bars = bars[bars["date"].isin(sorted(bars["date"].unique())[-n_dates:])]
    name = "own" if written else "momentum_20"
    features = choose_features(name, {"own": written} if written else None)
    if fits:
        assert build_features(bars, features)[name].notna().any()
        return
    with pytest.raises(ConfigError, match=r"has 20 sessions\n.*needs 21 sessions"):
        build_features(bars, features)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"features": "sector_id"}, "AK-C022"),
        ({"features": "fundamental"}, "AK-C100"),
        ({"features": "sentiment", "sentiment": BARS.iloc[:0]}, "AK-C100"),
        ({"mask": np.ones((3, 2), dtype=bool)}, "AK-C023"),
        ({"benchmark": BARS}, "AK-C025"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, code):
    with pytest.raises(ConfigError, match=code):
        build_features(BARS, **arguments)


def members_of(bars):
    wide = bars.pivot_table("close", "date", "ticker", dropna=False)
    return pd.DataFrame(
        np.random.default_rng(3).random(wide.shape) < 0.6, wide.index, wide.columns
    )


@pytest.mark.parametrize(
    "unfit",
    [
        lambda mask: mask.astype(int).to_numpy(),
        lambda mask: mask.astype(float).to_numpy(),
        lambda mask: pd.concat([mask, mask.tail(1)]),
        lambda mask: mask.add_suffix("-US"),
    ],
)
def test_a_mask_that_tells_no_members_is_refused(unfit):
    with pytest.raises(ConfigError, match="AK-C023"):
        build_features(BARS, "beta_252", unfit(members_of(BARS)))


def test_what_is_missing_in_a_mask_is_no_member():
    mask = members_of(BARS)
    whole = build_features(BARS, "beta_252", mask)
    for same in (mask.where(mask), mask.astype("boolean").where(mask), mask.to_numpy()):
        assert_frame_equal(build_features(BARS, "beta_252", same), whole)


def test_an_infinite_cell_without_a_bar_is_nothing_to_refuse():
    bars = BARS.copy()
    bars.loc[bars.index[-1], "close"] = np.nan
    huge = choose_features("own", {"own": "1e40 * first_known(0 * close, volume)"})
    assert (build_features(bars, huge)["own"] == 0).all()


def test_a_panel_without_quotes_is_refused():
    known = {"fundamentals": KNOWN["fundamentals"]}
    with pytest.raises(ConfigError, match="AK-C101"):
        compute_features(price_panel(BARS), "earnings_yield", **known)


def test_a_ticker_in_two_sectors_is_refused():
    sectors = pd.DataFrame({"ticker": ["AAA", "AAA"], "sector": ["Air", "Zinc"]})
    with pytest.raises(DataError, match="AK-D053"):
        build_features(BARS, "sector_id", sectors=sectors)


# Bars that are hard to bear.


def test_a_ticker_with_one_bar_has_a_row_and_no_history():
    lone = BARS[BARS["ticker"] == "AAA"].tail(1).assign(ticker="NEW")
    table = build_features(pd.concat([BARS, lone]), ("momentum_1", "high_low_range"))
    row = table[table["ticker"] == "NEW"]
    assert len(row) == 1
    assert row["momentum_1"].isna().all()
    assert row["high_low_range"].notna().all()


def test_a_market_of_one_bar_has_what_one_bar_says():
    table = build_features(BARS.head(1), ("high_low_range", "close_location", "month"))
    assert len(table) == 1
    assert table.notna().all(axis=None)


def test_a_ticker_without_a_close_has_no_row_and_harms_nobody():
    empty = BARS[BARS["ticker"] == "AAA"].assign(ticker="NIL", close=np.nan)
    with_it = build_features(pd.concat([BARS, empty]))
    assert_frame_equal(with_it, build_features(BARS), check_exact=True)


@pytest.mark.parametrize("name", ["open", "high", "volume"])
def test_a_column_of_nothing_takes_its_own_features_and_no_others(name):
    features = [FEATURES[each] for each in FITTING]
    reading = {f.name for f in features if reads(f, name)}
    known = build_features(BARS, features, **KNOWN)
    without = build_features(BARS.assign(**{name: np.nan}), features, **KNOWN)
    others = [each for each in known if each not in reading]
    assert len(others) > 30
    assert_frame_equal(without[others], known[others], check_exact=True)
    lost = [each for each in reading if without[each].isna().all()]
    assert len(lost) > 0.8 * len(reading)


def reads(feature, name):
    made_of = {"volume": {"volume", "dollar_volume", "quoted_vwap"}}
    fields = made_of.get(name, {name, f"quoted_{name}", "quoted_vwap"})
    return bool(fields & set(feature.needs))


def test_a_market_at_rest_has_features_that_are_numbers_or_missing():
    still = BARS.assign(volume=500.0)
    still[["open", "high", "low", "close", "adj_close"]] = 12.5
    table = build_features(still, FITTING, **KNOWN)
    assert not np.isinf(table[FITTING].to_numpy()).any()
    at_rest = ["momentum_20", "volatility_20", "drawdown_252", "gap", "amihud_20"]
    settled = table[table["date"] == BARS["date"].max()]
    assert (settled.loc[settled["ticker"] == "FLAT", at_rest] == 0).all(axis=None)
    undefined = ["rsi_14", "beta_252", "skewness_60", "close_location", "volume_z_20"]
    assert table[undefined].isna().all(axis=None)


def test_nothing_infinite_leaves_whatever_the_bars():
    rng = np.random.default_rng(2)
    bars = BARS.copy()
    bars.loc[rng.random(len(bars)) < 0.3, "volume"] = 0.0
    bars.loc[rng.random(len(bars)) < 0.1, ["open", "high", "low"]] = np.nan
    table = build_features(bars, FITTING, **KNOWN)
    assert not np.isinf(table[FITTING].to_numpy()).any()

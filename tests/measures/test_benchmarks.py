"""Benchmarks as they are, at the strategy's risk beforehand and in hindsight."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.measures import (
    EvidenceSpec,
    hac_mean,
    market_model,
    measure_strategies,
)
from alpha_kedro.measures.benchmarks import (
    AS_IT_IS,
    EX_ANTE,
    EX_POST,
    RiskMatchSpec,
    ex_ante_scale,
    measure_benchmarks,
    relative_performance,
    risk_matched,
    year_by_year,
)

DATES = pd.bdate_range("2019-06-03", periods=400).as_unit("us")
SPEC = RiskMatchSpec(window=20, cap=3.0)


@pytest.fixture
def market() -> pd.Series:
    return pd.Series(np.random.default_rng(0).normal(0.0003, 0.01, 400), index=DATES)


@pytest.fixture
def strategy(market) -> pd.Series:
    noise = np.random.default_rng(1).normal(0.0002, 0.004, 400)
    return 0.6 * market + noise


def test_a_strategy_beside_itself_adds_nothing(market):
    own = relative_performance(market, market)
    assert own.beta == pytest.approx(1.0)
    assert own.alpha_annual == pytest.approx(0.0, abs=1e-12)
    assert own.up_capture == own.down_capture == pytest.approx(1.0)
    assert own.active_return == own.tracking_error == own.hit_rate == 0
    assert own.information_ratio.reason == "zero volatility"


def test_a_half_of_the_market_by_hand(market):
    own = relative_performance(0.5 * market, market)
    assert own.up_capture == pytest.approx(0.5)
    assert own.down_capture == pytest.approx(0.5)
    assert own.tracking_error == pytest.approx(0.5 * market.std() * np.sqrt(252))
    assert own.active_return == pytest.approx(-0.5 * 252 * market.mean())
    assert own.hit_rate == (market < 0).mean()


def test_the_numbers_are_those_of_the_definitions(strategy, market):
    own = relative_performance(strategy, market)
    active = strategy - market
    assert own.information_ratio == pytest.approx(
        np.sqrt(252) * active.mean() / active.std()
    )
    assert own.information_ratio == pytest.approx(
        own.active_return / own.tracking_error
    )
    assert own.active_t == pytest.approx(hac_mean(active).t)
    assert own.alpha_t == pytest.approx(market_model(strategy, market).alpha_t)
    up = market > 0
    assert own.up_capture == pytest.approx(strategy[up].mean() / market[up].mean())
    assert own.sharpe == pytest.approx(np.sqrt(252) * market.mean() / market.std())


def test_a_benchmark_that_starts_late_is_compared_on_common_dates(strategy, market):
    late = market.copy()
    late.iloc[:150] = np.nan
    late.iloc[300] = np.nan
    own = relative_performance(strategy, late)
    assert (own.n_sessions, own.n_missing) == (249, 151)
    assert (own.start, own.end) == (DATES[150], DATES[-1])
    known = late.notna()
    cut = relative_performance(strategy[known], market[known])
    assert own.beta == cut.beta
    assert own.sharpe == cut.sharpe


@pytest.mark.parametrize("days", [0, 5])
def test_too_few_common_dates_say_so(strategy, market, days):
    own = relative_performance(strategy, market.iloc[:days])
    assert own.n_sessions == days
    assert own.beta.reason == f"{days} values, at least 20 needed"
    assert own.information_ratio.reason == own.beta.reason


def test_dates_twice_are_refused(strategy, market):
    twice = pd.concat([market, market.iloc[:1]])
    with pytest.raises(SimulationError, match="AK-S066"):
        relative_performance(strategy, twice)


def slow_scale(strategy, market, row: int) -> float:
    own = strategy.iloc[row - SPEC.window : row].std()
    other = market.iloc[row - SPEC.window : row].std()
    return min(SPEC.cap, own / other)


def test_the_ex_ante_scale_is_that_of_the_sessions_before(strategy, market):
    scale = ex_ante_scale(strategy, market, spec=SPEC)
    assert scale.iloc[:20].isna().all()
    for row in (20, 21, 133, 399):
        assert scale.iloc[row] == pytest.approx(slow_scale(strategy, market, row))
    matched = risk_matched(strategy, market, spec=SPEC)
    np.testing.assert_array_equal(matched.ex_ante, scale * market)


@pytest.mark.parametrize("row", [20, 200, 398])
def test_the_ex_ante_scale_does_not_move_with_its_own_day_or_later(
    strategy, market, row
):
    before = ex_ante_scale(strategy, market, spec=SPEC)
    own, other = strategy.copy(), market.copy()
    own.iloc[row:] *= 17
    other.iloc[row:] *= -0.3
    after = ex_ante_scale(own, other, spec=SPEC)
    pd.testing.assert_series_equal(before.iloc[: row + 1], after.iloc[: row + 1])
    assert row == 398 or not before.equals(after)


def test_hindsight_would_be_seen(strategy, market):
    """The check above, on a scale that takes the day itself along: it must fail."""
    before = ex_ante_scale(strategy, market, spec=SPEC).shift(-1)
    own = strategy.copy()
    own.iloc[200:] *= 17
    after = ex_ante_scale(own, market, spec=SPEC).shift(-1)
    assert before.iloc[200] != after.iloc[200]


def test_the_scale_is_capped_and_follows_a_strategy_out_of_the_market(market):
    resting = market.where(np.arange(400) > 100, 0.0)
    scale = ex_ante_scale(50 * resting, market, spec=SPEC)
    assert (scale.iloc[20:101] == 0).all()
    assert scale.max() == SPEC.cap
    still = ex_ante_scale(market, 0 * market, spec=SPEC)
    assert still.isna().all()


def test_a_gap_in_the_benchmark_is_spanned_and_not_filled(strategy, market):
    gapped = market.copy()
    gapped.iloc[50:53] = np.nan
    scale = ex_ante_scale(strategy, gapped, spec=SPEC)
    assert scale.iloc[50:53].isna().all()
    known = gapped.notna()
    dense = ex_ante_scale(strategy[known], market[known], spec=SPEC)
    pd.testing.assert_series_equal(scale[known], dense)


def test_the_ex_post_line_has_the_volatility_of_the_strategy(strategy, market):
    matched = risk_matched(strategy, market, spec=SPEC)
    assert matched.ex_post.std() == pytest.approx(strategy.std())
    assert matched.ex_post_scale == pytest.approx(strategy.std() / market.std())
    flat = risk_matched(strategy, 0 * market, spec=SPEC)
    assert flat.ex_post_scale.reason == "zero volatility"
    assert flat.ex_post.isna().all()


def test_every_line_is_measured_under_its_label(strategy, market):
    found = measure_benchmarks(strategy, {"SPY": market}, spec=SPEC)["SPY"]
    assert set(found.lines) == set(found.relative) == {AS_IT_IS, EX_ANTE, EX_POST}
    assert found.relative[AS_IT_IS].n_sessions == 400
    assert found.relative[EX_ANTE].n_sessions == 380
    facts = found.facts()
    assert facts[EX_POST]["scale"] == found.ex_post_scale
    assert facts[EX_ANTE]["mean_scale"] == pytest.approx(found.scale.mean())


def test_years_are_judged_by_themselves(strategy, market):
    late = market.copy()
    late.iloc[:300] = np.nan
    table = year_by_year(strategy + 1e-4, strategy, {"SPY": market, "LATE": late})
    assert list(table["year"]) == [2019, 2019, 2020, 2020]
    assert list(table["benchmark"]) == ["SPY", "LATE"] * 2
    own = strategy[strategy.index.year == 2020]
    row = table[(table["year"] == 2020) & (table["benchmark"] == "SPY")].iloc[0]
    assert row["net_return"] == pytest.approx((1 + own).prod() - 1)
    assert row["sharpe"] == pytest.approx(np.sqrt(252) * own.mean() / own.std())
    active = own - market[own.index]
    assert row["information_ratio"] == pytest.approx(
        np.sqrt(252) * active.mean() / active.std()
    )
    nav = np.append(1.0, (1 + own).cumprod())
    deepest = (nav / np.maximum.accumulate(nav) - 1).min()
    assert row["max_drawdown"] == pytest.approx(deepest)
    none = table[(table["year"] == 2019) & (table["benchmark"] == "LATE")].iloc[0]
    assert none["n_common"] == 0
    assert np.isnan(none["benchmark_return"])
    assert none["net_return"] == table["net_return"].iloc[0]
    some = table[(table["year"] == 2020) & (table["benchmark"] == "LATE")].iloc[0]
    assert some["benchmark_return"] == pytest.approx((1 + market.iloc[300:]).prod() - 1)


def test_years_without_a_benchmark_are_still_years(strategy):
    table = year_by_year(strategy, strategy, {})
    assert list(table["benchmark"]) == ["", ""]
    assert table["benchmark_return"].isna().all()


def ledger_of(strategy: pd.Series) -> pd.DataFrame:
    quiet = dict.fromkeys(("cost", "turnover", "net_exposure"), 0.0)
    return pd.DataFrame(
        {
            "date": strategy.index,
            "strategy": "book",
            "gross_return": strategy.to_numpy(),
            "net_return": strategy.to_numpy(),
            "gross_exposure": 1.0,
            "nav": (1 + strategy).cumprod().to_numpy(),
        }
        | quiet
    )


def quotes_of(market: pd.Series, ticker: str) -> pd.DataFrame:
    close = 100 * (1 + market).cumprod().to_numpy()
    prices = dict.fromkeys(("open", "high", "low", "close", "adj_close"), close)
    return pd.DataFrame(
        {"date": market.index, "ticker": ticker, "volume": 1.0} | prices
    )


def judge(strategy, table, series=None, **spec):
    asked = EvidenceSpec(bootstrap_reps=100, **spec)
    ledger = ledger_of(strategy)
    return measure_strategies(
        ledger, table, spec=asked, trials=1, seed=0, series=series
    )["book"]


def test_prices_and_series_are_benchmarks_alike(strategy, market):
    found = judge(
        strategy,
        quotes_of(market, "SPY"),
        {"equal_weight": market},
        benchmarks=("equal_weight", "SPY", "QQQ"),
    )
    assert list(found.benchmarks) == ["equal_weight", "SPY"]
    assert found.summary["benchmark"] == "equal_weight"
    absent = found.summary["benchmarks"]["QQQ"]
    assert absent.reason == "no such benchmark in this market"
    one, other = (each.relative[AS_IT_IS] for each in found.benchmarks.values())
    assert (one.n_sessions, other.n_sessions) == (400, 399)
    assert one.beta == pytest.approx(other.beta, abs=0.01)
    year = found.summary["by_year"][2020]
    assert set(year["benchmarks"]) == {"equal_weight", "SPY"}
    assert year["net"] == pytest.approx((1 + strategy[year_of(2020)]).prod() - 1)


def year_of(year: int) -> np.ndarray:
    return DATES.year == year


def test_the_old_key_still_names_the_reference(strategy, market):
    table = pd.concat([quotes_of(market, "SPY"), quotes_of(market, "QQQ")])
    found = judge(strategy, table, benchmark="QQQ", benchmarks=("SPY", "QQQ"))
    assert found.summary["benchmark"] == "QQQ"
    assert EvidenceSpec(benchmark="QQQ").compared == ("QQQ",)
    assert EvidenceSpec().compared == ("SPY",)


def test_a_reference_that_is_not_there_is_an_error(strategy, market):
    with pytest.raises(ConfigError, match="AK-C002"):
        judge(strategy, quotes_of(market, "SPY"), benchmarks=("SPX", "SPY"))


def test_without_any_benchmark_there_is_a_reason(strategy):
    found = judge(strategy, None)
    assert found.benchmark is None
    assert found.summary["beta"].reason == "no benchmark"
    assert found.summary["by_year"][2020]["benchmarks"] == {}

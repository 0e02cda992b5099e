"""Every anomaly against plain arithmetic on lists, and the subtle ones by hand."""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.prices import price_panel
from alpha_kedro.signals import FEATURES, compute_features, with_quotes
from alpha_kedro.signals.fundamentals import KnownReports
from alpha_kedro.signals.library import anomalies, frictions, market_model, tails
from tests.causality.disclosures import reports_of

N_DATES, TICKERS = 1310, ("AAA", "BBB", "CCC", "DDD", "EEE")
SECTORS = np.array([0, 0, 1, 1, 1])
GONE = ("BBB", N_DATES - 40)
"""A missing day inside the windows of the newest rows."""
ROWS = (N_DATES - 1, N_DATES - 19, N_DATES - 36)
"""Compared; the second looks 21 sessions back to the missing day."""

nan = np.nan


def drawn_bars(seed=11):
    rng = np.random.default_rng(seed)
    dates = pd.bdate_range("2016-01-04", periods=N_DATES)
    market = rng.normal(0.0003, 0.01, N_DATES)
    tables = []
    for place, ticker in enumerate(TICKERS):
        own = (0.6 + 0.2 * place) * market + rng.normal(0, 0.015, N_DATES)
        own[rng.random(N_DATES) < 0.05] = 0.0
        close = 30 * np.cumprod(1 + own)
        opened = close * np.exp(rng.normal(0, 0.008, N_DATES))
        bars = {
            "date": dates,
            "ticker": ticker,
            "open": opened,
            "high": np.maximum(opened, close) * np.exp(rng.exponential(0.005, N_DATES)),
            "low": np.minimum(opened, close) / np.exp(rng.exponential(0.005, N_DATES)),
            "close": close,
            "volume": np.round(rng.lognormal(12, 0.6, N_DATES)),
        }
        tables.append(pd.DataFrame(bars))
    bars = pd.concat(tables, ignore_index=True)
    lost = (bars["ticker"] == GONE[0]) & (bars["date"] == dates[GONE[1]])
    return bars[~lost], market


BARS, MARKET = drawn_bars()
PRICES = with_quotes(price_panel(BARS), BARS)


class History:
    """What is known of one ticker at the close of a row, as arrays ending that day."""

    def __init__(self, prices, market, row, column):
        self.prices, self.market_all = prices, market
        self.row, self.column = row, column
        for name in ("open", "high", "low", "close", "volume", "dollar_volume"):
            setattr(self, name, np.array(prices[name][: row + 1, column]))
        before = np.append(nan, self.close[:-1])
        self.before = before
        self.ret = self.close / before - 1
        self.market = market[: row + 1]
        self.dates = pd.DatetimeIndex(prices.dates[: row + 1])

    def others(self):
        """Everybody's history on that day, and one's own sector."""
        everyone = range(len(self.prices.tickers))
        return [History(self.prices, self.market_all, self.row, c) for c in everyone]


def known(x, k):
    """The known values of the last k, NaN alone where they are fewer than 80 %."""
    last = x[-k:]
    there = last[~np.isnan(last)]
    return (
        there if len(x) >= k and len(there) >= math.ceil(0.8 * k) else np.array([nan])
    )


def mean(x, k):
    return float(np.mean(known(x, k)))


def std(x, k):
    there = known(x, k)
    return float(np.std(there, ddof=1)) if len(there) > 1 else nan


def ago(x, k):
    return x[-1 - k]


def span(h, far, near=0):
    return ago(h.close, near) / ago(h.close, far) - 1


def moments(x):
    far = x - x.mean()
    return [np.mean(far**power) for power in (2, 3, 4)]


def skewness(x):
    m2, m3, _ = moments(x)
    return m3 / m2**1.5


def line(y, *causes):
    """Intercept, slopes and residuals of least squares."""
    design = np.column_stack([np.ones(len(y)), *causes])
    found = np.linalg.lstsq(design, y, rcond=None)[0]
    return found[0], found[1:], y - design @ found


def pairs(h, k, *causes):
    """The return and causes of the last k sessions on which all are known."""
    columns = np.column_stack([h.ret, *causes])[-k:]
    return columns[~np.isnan(columns).any(axis=1)].T


def scaled_residual(h, k, recent):
    ret, market = pairs(h, k, h.market)
    intercept, (slope,), _ = line(ret, market)
    ret, market = pairs(h, recent, h.market)
    left = ret - intercept - slope * market
    return left.mean() / left.std(ddof=1)


def earlier(h, k):
    return History(h.prices, h.market_all, h.row - k, h.column)


def daily_residuals(h, k):
    left = []
    for back in range(k):
        then = earlier(h, back)
        _, (slope,), _ = line(*pairs(then, 252, then.market))
        left.append(then.ret[-1] - slope * then.market[-1])
    return np.array(left)[::-1]


def idiosyncratic_skewness(h, k):
    return skewness(known(daily_residuals(h, k), k))


def lagged(x, k):
    return np.append([nan] * k, x[:-k])


def coskewness(h, k):
    ret, market = pairs(h, k, h.market)
    _, _, left = line(ret, market)
    far = market - market.mean()
    together = np.sum(left * far**2) / (len(left) - 1)
    own = math.sqrt(np.sum(left**2) / (len(left) - 2))
    return together / (own * market.var(ddof=1))


def shrunk_beta(h, k):
    three = np.log(h.close / lagged(h.close, 3))
    market = np.log1p(h.market)
    of_market = np.array([market[i - 2 : i + 1].sum() for i in range(3, len(market))])
    both = np.column_stack([three[3:], of_market])[-k:]
    together = np.corrcoef(both[~np.isnan(both).any(axis=1)].T)[0, 1]
    own = pairs(h, 252, market)
    volatility = np.log1p(own[0]).std(ddof=1) / own[1].std(ddof=1)
    return 0.6 * together * volatility + 0.4


def dimson_beta(h, k):
    ret, today, yesterday = pairs(h, k, h.market, lagged(h.market, 1))
    return line(ret, today, yesterday)[1].sum()


def price_delay(h, k):
    before = sum(lagged(h.market, back) for back in (1, 2, 3, 4)) / 4
    ret, today, late = pairs(h, k, h.market, before)
    short, long = (np.var(line(ret, *causes)[2]) for causes in ([today], [today, late]))
    whole = np.var(ret)
    return 1 - (1 - short / whole) / (1 - long / whole)


def one_sided(h, k, side):
    ret, market = pairs(h, k, h.market)
    there = market * side > 0
    return ret[there], market[there]


def one_sided_beta(side):
    return lambda h, k: line(*one_sided(h, k, side))[1][0]


def correlation_asymmetry(h, k):
    falling, rising = (np.corrcoef(*one_sided(h, k, side))[0, 1] for side in (-1, 1))
    return falling - rising


def best(h, k, n=5):
    """Mean of the n best; between two returns where a day is missing."""
    there = known(h.ret, k)
    return np.mean([np.quantile(there, 1 - place / (k - 1)) for place in range(n)])


def autocorrelation(h, k):
    return np.corrcoef(*pairs(h, k, lagged(h.ret, 1)))[0, 1]


def variance_ratio(h, k):
    weekly = np.log(h.close / lagged(h.close, 5))
    return std(weekly, k) ** 2 / (5 * std(np.log1p(h.ret), k) ** 2)


def rolling(statistic, x, window, k):
    """A statistic of the windows that end on each of the last k rows."""
    ends = range(len(x) - k + 1, len(x) + 1)
    return np.array([statistic(x[:end], window) for end in ends])


def worst_drawdown(h, k):
    peaks = rolling(lambda x, w: known(x, w).max(), h.close, k, k)
    return known(h.close[-k:] / peaks - 1, k).min()


def volatility_of_volatility(h, k):
    monthly = rolling(std, h.ret, 21, k)
    return std(monthly, k) / mean(monthly, k)


def fraction_rank(values, own):
    there = [v for v in values if not math.isnan(v)]
    below = sum(v < own for v in there) + (sum(v == own for v in there) - 1) / 2
    return below / (len(there) - 1) - 0.5


def lottery_index(h):
    def parts(each):
        ret, market = pairs(each, 60, each.market)
        _, _, left = line(ret, market)
        wild = math.sqrt(np.sum(left**2) / (len(left) - 2))
        return -math.log(each.close[-1]), wild, idiosyncratic_skewness(each, 252)

    columns = list(zip(*(parts(each) for each in h.others()), strict=True))
    return np.mean([fraction_rank(values, values[h.column]) for values in columns])


def sector_mean(h, statistic):
    values = [
        statistic(each)
        for each in h.others()
        if SECTORS[each.column] == SECTORS[h.column]
    ]
    return float(np.nanmean(values)) + 0 * statistic(h)


def over_sector(h, statistic):
    return statistic(h) - sector_mean(h, statistic)


def discreteness(h):
    days = known(h.ret[:-21], 231)
    return np.sign(span(h, 252, 21)) * (np.mean(days < 0) - np.mean(days > 0))


def consistency(h):
    months = [span(h, 21 * back + 21, 21 * back) for back in range(1, 12)]
    return np.mean([nan if math.isnan(r) else r > 0 for r in months])


def tug_of_war(h, k):
    night, day = np.log(h.open / h.before), np.log(h.close / h.open)
    return mean(night, k) - mean(day, k)


def high_recency(h, k):
    last = h.close[-k:]
    oldest_high = int(np.nanargmax(last))
    return 1 - (k - 1 - oldest_high) / k


def same_season(h, years):
    months = [span(h, 252 * y, 252 * y - 21) for y in range(1, years + 1)]
    return np.mean(months)


def month_start(h):
    months = h.dates.month
    return float(any(months[-i] != months[-i - 1] for i in (1, 2, 3)))


def corwin_schultz(h, k):
    spreads = []
    for i in range(len(h.close) - k, len(h.close)):
        top, bottom, before = h.high[i], h.low[i], h.close[i - 1]
        jump = 0.0
        if bottom > before:
            jump = bottom - before
        if top < before:
            jump = top - before
        top, bottom = top - jump, bottom - jump
        each = math.log(top / bottom) ** 2
        each += math.log(h.high[i - 1] / h.low[i - 1]) ** 2
        both = math.log(max(top, h.high[i - 1]) / min(bottom, h.low[i - 1])) ** 2
        c = 3 - 2 * math.sqrt(2)
        alpha = (math.sqrt(2 * each) - math.sqrt(each)) / c - math.sqrt(both / c)
        spread = 2 * (math.exp(alpha) - 1) / (1 + math.exp(alpha))
        spreads.append(nan if math.isnan(both + each) else max(spread, 0.0))
    return mean(np.array(spreads), k)


def abdi_ranaldo(h, k):
    middle = (np.log(h.high) + np.log(h.low)) / 2
    last = np.log(h.before)
    product = 4 * (last - lagged(middle, 1)) * (last - middle)
    return mean(np.sqrt(np.maximum(product, 0)), k)


def roll_spread(h, k):
    log_ret = np.log1p(h.ret)
    both = np.column_stack([log_ret, lagged(log_ret, 1)])[-k:]
    shared = np.cov(both[~np.isnan(both).any(axis=1)].T)[0, 1]
    return 2 * math.sqrt(max(-shared, 0.0))


def volume_trend(h, k):
    last = h.volume[-k:]
    there = ~np.isnan(last)
    return np.polyfit(np.arange(k)[there], last[there], 1)[0] / last[there].mean()


def numbered(twin, *numbers):
    return {k: (lambda h, k=k: twin(h, k)) for k in numbers}


def over(family, twin, *numbers):
    return {family.format(k=k): each for k, each in numbered(twin, *numbers).items()}


TWINS = {
    "intermediate_momentum": lambda h: span(h, 252, 126),
    **over(
        "momentum_acceleration_{k}",
        lambda h, k: span(h, k) - span(h, 2 * k, k),
        21,
        126,
    ),
    **over("reward_to_risk_{k}", lambda h, k: mean(h.ret, k) / std(h.ret, k), 126, 252),
    "return_consistency": consistency,
    "information_discreteness": discreteness,
    **over("overnight_less_intraday_{k}", tug_of_war, 21, 252),
    **over("high_recency_{k}", high_recency, 252),
    **over(
        "industry_momentum_{k}",
        lambda h, k: sector_mean(h, lambda each: span(each, k)),
        *(21, 126, 252),
    ),
    **over(
        "sector_relative_momentum_{k}",
        lambda h, k: over_sector(h, lambda each: span(each, k, 21)),
        *(126, 252),
    ),
    **over(
        "sector_reversal_{k}",
        lambda h, k: -over_sector(h, lambda each: span(each, k)),
        *(5, 21),
    ),
    **over("reversal_{k}", lambda h, k: -span(h, k), 1, 5, 21),
    **over("long_reversal_{k}", lambda h, k: -span(h, k, 252), 756, 1260),
    **over(
        "moving_average_{k}",
        lambda h, k: mean(h.close, k) / h.close[-1],
        *(3, 5, 10, 20, 50, 100, 200, 400, 600, 800, 1000),
    ),
    **over("drawup_{k}", lambda h, k: h.close[-1] / known(h.close, k).min() - 1, 252),
    **over("same_season_return_{k}", same_season, 1, 5),
    **over(
        "same_weekday_return_{k}",
        lambda h, k: np.mean([ago(h.ret, 5 * week - 1) for week in range(1, k + 1)]),
        12,
    ),
    "month_start": month_start,
    "january": lambda h: float(h.dates[-1].month == 1),
    **over(
        "residual_momentum_{k}",
        lambda h, k: scaled_residual(earlier(h, 21), k, 231),
        *(504, 756),
    ),
    **over("residual_reversal_{k}", lambda h, k: -scaled_residual(h, 252, k), 21),
    **over("alpha_{k}", lambda h, k: line(*pairs(h, k, h.market))[0], 252),
    **over("idiosyncratic_skewness_{k}", idiosyncratic_skewness, 252),
    **over("coskewness_{k}", coskewness, 252),
    **over("shrunk_beta_{k}", shrunk_beta, 756, 1260),
    **over("dimson_beta_{k}", dimson_beta, 252),
    **over("price_delay_{k}", price_delay, 252),
    **over("downside_beta_{k}", one_sided_beta(-1), 252),
    **over("upside_beta_{k}", one_sided_beta(1), 252),
    **over(
        "market_correlation_{k}",
        lambda h, k: np.corrcoef(*pairs(h, k, h.market))[0, 1],
        *(60, 252),
    ),
    **over("correlation_asymmetry_{k}", correlation_asymmetry, 252),
    **over(
        "market_momentum_{k}",
        lambda h, k: math.log(math.prod(1 + h.market[-k:])),
        21,
        252,
    ),
    **over("market_volatility_{k}", lambda h, k: std(h.market, k), 21, 60),
    **over("max5_return_{k}", best, 21),
    **over("scaled_max_{k}", lambda h, k: best(h, k) / std(h.ret, 252), 21),
    **over("min_return_{k}", lambda h, k: known(h.ret, k).min(), 21),
    "lottery_index": lottery_index,
    **over("value_at_risk_{k}", lambda h, k: np.quantile(known(h.ret, k), 0.05), 252),
    **over(
        "expected_shortfall_{k}",
        lambda h, k: np.mean(
            np.quantile(known(h.ret, k), [0.005, 0.015, 0.025, 0.035, 0.045])
        ),
        252,
    ),
    **over(
        "quantile_skewness_{k}",
        lambda h, k: (
            np.quantile(known(h.ret, k), [0.1, 0.5, 0.9])
            @ [1, -2, 1]
            / (np.quantile(known(h.ret, k), [0.1, 0.9]) @ [-1, 1])
        ),
        252,
    ),
    **over(
        "kurtosis_{k}",
        lambda h, k: moments(known(h.ret, k))[2] / moments(known(h.ret, k))[0] ** 2 - 3,
        60,
    ),
    **over(
        "signed_variation_{k}",
        lambda h, k: (
            sum(r * abs(r) for r in known(h.ret, k))
            / sum(r * r for r in known(h.ret, k))
        ),
        21,
    ),
    **over("worst_drawdown_{k}", worst_drawdown, 252),
    **over("autocorrelation_{k}", autocorrelation, 60, 252),
    **over("variance_ratio_{k}", variance_ratio, 252),
    **over(
        "downside_deviation_{k}",
        lambda h, k: math.sqrt(np.mean([min(r, 0) ** 2 for r in known(h.ret, k)])),
        *(60, 252),
    ),
    **over("volatility_of_volatility_{k}", volatility_of_volatility, 252),
    **over("corwin_schultz_{k}", corwin_schultz, 21),
    **over("abdi_ranaldo_{k}", abdi_ranaldo, 21),
    **over("roll_spread_{k}", roll_spread, 252),
    **over("zero_return_days_{k}", lambda h, k: np.mean(known(h.ret, k) == 0), 60, 252),
    "log_price": lambda h: math.log(h.close[-1]),
    **over(
        "dollar_volume_variation_{k}",
        lambda h, k: std(h.close * h.volume, k) / mean(h.close * h.volume, k),
        252,
    ),
    **over(
        "volume_variation_{k}", lambda h, k: std(h.volume, k) / mean(h.volume, k), 60
    ),
    **over(
        "abnormal_volume_{k}",
        lambda h, k: mean(h.volume, k) / mean(h.volume, 252),
        *(5, 21),
    ),
    **over("volume_trend_{k}", volume_trend, 60, 252),
}


MODULES = (anomalies, frictions, market_model, tails)


def registered_by(modules):
    """Names listed that a decorator of these modules registered."""
    sources = "".join(Path(module.__file__).read_text() for module in modules)
    patterns = re.findall(r'@feature\(\s*"([^"]+)"', sources)
    shapes = [re.escape(p).replace(r"\{k\}", r"[1-9]\d*") for p in patterns]
    return {n for n in FEATURES if any(re.fullmatch(shape, n) for shape in shapes)}


def test_every_anomaly_has_a_twin():
    assert registered_by(MODULES) == {*TWINS, "share_turnover_21"}
    assert len(TWINS) > 80


@pytest.fixture(scope="module")
def computed():
    return compute_features(
        PRICES, list(TWINS), market_return=MARKET, groups=SECTORS, threads=2
    )


@pytest.mark.parametrize("name", TWINS)
def test_an_anomaly_equals_its_twin(name, computed):
    for row in ROWS:
        for column in range(len(TICKERS)):
            twin = TWINS[name](History(PRICES, MARKET, row, column))
            np.testing.assert_allclose(
                computed[name][row, column],
                twin,
                rtol=2e-6,
                atol=2e-7,
                err_msg=(row, column),
            )


def test_turnover_is_volume_over_the_shares_of_the_latest_report():
    reports = reports_of(PRICES.dates, TICKERS)
    found = compute_features(PRICES, "share_turnover_21", fundamentals=reports)
    shares = KnownReports(reports, PRICES.axes)["shares"]
    for column in range(len(TICKERS)):
        traded = mean(History(PRICES, MARKET, N_DATES - 1, column).volume, 21)
        last = found["share_turnover_21"][-1, column]
        np.testing.assert_allclose(last, traded / shares[-1, column], rtol=2e-6)


# By hand. Each market below has one ticker and is drawn so that the answer is known.


def market_of(closes, *, high=None, low=None):
    """Bars that open where they closed the day before, and their panel."""
    closes = np.asarray(closes, dtype=float)
    opens = np.append(closes[0], closes[:-1])
    bars = pd.DataFrame(
        {
            "date": pd.bdate_range("2015-01-05", periods=len(closes)),
            "ticker": "ONE",
            "open": opens,
            "high": np.maximum(opens, closes) if high is None else high,
            "low": np.minimum(opens, closes) if low is None else low,
            "close": closes,
            "volume": 1000.0,
        }
    )
    return with_quotes(price_panel(bars), bars)


def newest(name, prices, market=None):
    market = np.zeros(len(prices.dates)) if market is None else market
    return compute_features(prices, name, market_return=market)[name][-1, 0]


def noise(n, seed=3):
    return np.random.default_rng(seed).normal(0, 0.01, n)


def test_a_range_of_two_percent_with_no_variance_is_a_spread_of_two_percent():
    middle = np.full(40, 50.0)
    prices = market_of(middle, high=1.01 * middle, low=0.99 * middle)
    assert newest("corwin_schultz_21", prices) == pytest.approx(0.02, rel=1e-6)


def test_what_the_price_jumps_overnight_is_no_spread():
    middle = np.where(np.arange(40) < 30, 50.0, 60.0)
    prices = market_of(middle, high=1.01 * middle, low=0.99 * middle)
    still = market_of(middle[:30], high=1.01 * middle[:30], low=0.99 * middle[:30])
    jumped = newest("corwin_schultz_21", prices)
    assert jumped < newest("corwin_schultz_21", still)
    assert jumped > 0.018


def test_a_close_half_a_spread_from_a_middle_at_rest_gives_the_spread():
    half = 0.005
    sides = np.exp(half * (-1.0) ** np.arange(40))
    prices = market_of(50 * sides, high=np.full(40, 50.5), low=np.full(40, 50 / 1.01))
    found = newest("abdi_ranaldo_21", prices)
    assert found == pytest.approx(2 * half, rel=1e-6)


def test_twice_the_market_has_a_beta_of_two_shrunk_towards_one():
    market = np.expm1(noise(1400))
    prices = market_of(50 * np.cumprod((1 + market) ** 2))
    found = newest("shrunk_beta_1260", prices, market)
    assert found == pytest.approx(0.6 * 2 + 0.4, rel=1e-6)


def test_a_name_that_falls_twice_and_rises_half_as_much_has_these_betas():
    market = noise(300)
    prices = market_of(50 * np.cumprod(1 + market * np.where(market < 0, 2, 0.5)))
    assert newest("downside_beta_252", prices, market) == pytest.approx(2, rel=1e-5)
    assert newest("upside_beta_252", prices, market) == pytest.approx(0.5, rel=1e-5)
    assert newest("coskewness_252", prices, market) < -0.3


def test_half_of_the_news_a_day_late_is_a_dimson_beta_of_one():
    market = noise(300)
    late = 0.5 * market + 0.5 * np.append(0, market[:-1])
    prices = market_of(50 * np.cumprod(1 + late))
    assert newest("dimson_beta_252", prices, market) == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize(("own", "delayed"), [("day", 0.0), ("days before", 1.0)])
def test_a_price_follows_at_once_or_late(own, delayed):
    market = noise(300)
    before = np.array(
        [market[max(i - 4, 0) : i].mean() if i else 0 for i in range(300)]
    )
    prices = market_of(50 * np.cumprod(1 + (market if own == "day" else before)))
    found = newest("price_delay_252", prices, market)
    assert found == pytest.approx(delayed, abs=0.02)


def test_residual_momentum_is_the_drift_of_the_year_but_for_its_last_month():
    market, own = noise(800), noise(800, seed=4)
    drifting = own.copy()
    drifting[-252:-21] += 0.002
    flat, risen, late = (
        newest("residual_momentum_756", market_of(50 * np.cumprod(1 + ret)), market)
        for ret in (market + own, market + drifting, market + own + _last_month(800))
    )
    assert risen == pytest.approx(flat + 0.2 * (1 - 231 / 756), abs=0.02)
    assert late == pytest.approx(flat, abs=0.02)


def _last_month(n):
    return np.where(np.arange(n) >= n - 21, 0.05, 0.0)


def test_what_the_market_explains_to_rounding_has_no_residual_momentum():
    market = noise(800)
    prices = market_of(50 * np.cumprod(1 + market))
    assert np.isnan(newest("residual_momentum_756", prices, market))


def test_few_large_steps_are_discrete_and_many_small_ones_continuous():
    steady = np.full(300, 0.001)
    jumpy = np.where(np.arange(300) % 50 == 0, 0.2, -0.001)
    for rises, wanted in ((steady, -1), (jumpy, 1 - 2 * 5 / 231)):
        found = newest(
            "information_discreteness", market_of(50 * np.cumprod(1 + rises))
        )
        assert found == pytest.approx(wanted, abs=0.02)


def test_the_five_best_days_are_found_where_they_are():
    rises = np.full(300, -0.001)
    rises[[-21, -15, -9, -4, -1]] = 0.01, 0.05, 0.02, 0.04, 0.03
    rises[-22] = 0.5
    prices = market_of(50 * np.cumprod(1 + rises))
    assert newest("max5_return_21", prices) == pytest.approx(0.03, rel=1e-5)


def test_the_five_best_of_four_days_are_refused():
    with pytest.raises(ConfigError, match="AK-C111"):
        compute_features(PRICES, "max5_return_4")


def test_a_month_that_rises_every_year_is_expected_to_rise_again():
    sessions = np.arange(1400)
    to_come = (1400 - 1 - sessions) % 252 >= 252 - 21  # sessions after t - 252 j
    rises = np.where(to_come, 0.002, 0.0)
    prices = market_of(50 * np.cumprod(1 + rises))
    found = newest("same_season_return_5", prices)
    assert found == pytest.approx(1.002**21 - 1, rel=1e-5)


def test_the_high_of_today_is_recent_and_that_of_a_year_ago_is_not():
    rising = market_of(50 + np.arange(260.0))
    falling = market_of(500 - np.arange(260.0))
    assert newest("high_recency_252", rising) == 1
    assert newest("high_recency_252", falling) == pytest.approx(1 / 252)


def test_nothing_is_infinite_where_nothing_moves():
    flat = market_of(np.full(1400, 12.5))
    names = sorted({*TWINS} - {n for n in TWINS if "sector" in n or "industry" in n})
    found = compute_features(flat, names, market_return=noise(1400))
    assert not any(np.isinf(values).any() for values in found.values())

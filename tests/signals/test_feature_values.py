"""The last value of every feature against plain arithmetic on one ticker's history."""

import math
from statistics import fmean, stdev

import numpy as np
import pandas as pd
import pytest
from scipy.stats import linregress, skew

from alpha_kedro.core.prices import price_panel
from alpha_kedro.signals import compute_features, feature_names, with_quotes
from tests.causality.disclosures import reports_of, sentiment_of

N_DATES = 260


class History:
    """One ticker's bars as plain lists, the newest last."""

    def __init__(self, bars, market):
        for name in ("open", "high", "low", "close", "volume"):
            setattr(self, name, bars[name].tolist())
        self.market = market
        self.dollars = [c * v for c, v in zip(self.close, self.volume, strict=True)]
        self.ret = [b / a - 1 for a, b in zip(self.close, self.close[1:], strict=False)]
        self.log_ret = [math.log(1 + r) for r in self.ret]
        self.day = bars["date"].iloc[-1]


def one_ticker(seed=4):
    rng = np.random.default_rng(seed)
    close = 20 * np.exp(np.cumsum(rng.normal(0, 0.02, N_DATES)))
    opened = close * np.exp(rng.normal(0, 0.01, N_DATES))
    return pd.DataFrame(
        {
            "date": pd.bdate_range("2021-01-04", periods=N_DATES),
            "ticker": "AAA",
            "open": opened,
            "high": np.maximum(opened, close) * 1.01,
            "low": np.minimum(opened, close) * 0.98,
            "close": close,
            "volume": np.round(rng.lognormal(9, 1, N_DATES)),
        }
    )


BARS = one_ticker()
MARKET = np.random.default_rng(8).normal(0, 0.01, N_DATES)
PRICES = with_quotes(price_panel(BARS), BARS)
REPORTS = reports_of(PRICES.dates, ["AAA"])
TWEETS = sentiment_of(PRICES.dates, ["AAA"])


def newest(name, prices=PRICES):
    """The value of the newest session, as `compute_features` gives it."""
    values = compute_features(
        prices,
        name,
        market_return=MARKET,
        groups=np.array([3]),
        fundamentals=REPORTS,
        sentiment=TWEETS,
    )[name]
    return float(values[-1, 0])


def z(values):
    return (values[-1] - fmean(values)) / stdev(values)


def line(h, k):
    return linregress(h.market[-k:], h.ret[-k:])


def residual_spread(h, k):
    fit = line(h, k)
    pairs = zip(h.ret[-k:], h.market[-k:], strict=True)
    left = [r - fit.intercept - fit.slope * m for r, m in pairs]
    return math.sqrt(sum(e * e for e in left) / (k - 2))


def cutler(h, k):
    moves = [b - a for a, b in zip(h.close[-k - 1 :], h.close[-k:], strict=False)]
    rises = sum(move for move in moves if move > 0)
    return 100 * rises / sum(abs(move) for move in moves)


def momentum(k):
    return lambda h: h.close[-1] / h.close[-1 - k] - 1


def deviation(k):
    return lambda h: h.close[-1] / fmean(h.close[-k:]) - 1


def overnight(h):
    return [math.log(h.open[-i] / h.close[-i - 1]) for i in range(1, 21)]


def intraday(h):
    return [math.log(h.close[-i] / h.open[-i]) for i in range(1, 21)]


def quarters(known=REPORTS):
    """Figures by the end of their period, restated ones in the place of the others."""
    return {row.end_date: row for row in known.sort_values("known_at").itertuples()}


def latest(name, years_back=0):
    end = max(quarters()) - pd.offsets.QuarterEnd(4 * years_back)
    return getattr(quarters()[end], name)


def four_quarters(name):
    """The last annual figure and what this year has brought over the one before."""
    told, end = quarters(), max(quarters())
    base = max(day for day in told if day.quarter == 4)
    total = getattr(told[base], name)
    this_year = [day for day in told if day > base]
    if name == "cash_flow_op":
        this_year = this_year[-1:] if end > base else []
    for day in this_year:
        total += getattr(told[day], name)
        total -= getattr(told[day - pd.offsets.QuarterEnd(4)], name)
    return total


def worth(h):
    return latest("net_income") / latest("eps_basic") * h.close[-1]


def to_price(name):
    return lambda h: four_quarters(name) / worth(h)


def to_assets(name):
    return lambda h: four_quarters(name) / latest("assets")


def growth(name):
    return lambda h: latest(name) / latest(name, years_back=1) - 1


def said(k, skip=0):
    """The tweets known in ``k`` sessions, the newest ``skip`` sessions left out."""
    days = PRICES.dates[len(PRICES.dates) - skip - k : len(PRICES.dates) - skip]
    return TWEETS[TWEETS["known_at"].isin(days)]


def level(skip=0):
    rows = said(5, skip)
    return (rows["n_tweets"] * rows["sent_mean"]).sum() / rows["n_tweets"].sum()


def disagreement(h):
    rows, n = said(20), said(20)["n_tweets"]
    mean = (n * rows["sent_mean"]).sum() / n.sum()
    inner = ((n - 1) * rows["sent_std"].fillna(0) ** 2).sum()
    outer = (n * (rows["sent_mean"] - mean) ** 2).sum()
    return math.sqrt((inner + outer) / (n.sum() - 1))


def counts(k):
    # A session without a row of any name is one the source is silent on.
    return said(k).groupby("known_at")["n_tweets"].sum().tolist()


TWINS = {
    "earnings_yield": to_price("net_income"),
    "book_to_price": lambda h: latest("equity") / worth(h),
    "sales_to_price": to_price("revenues"),
    "cash_flow_to_price": to_price("cash_flow_op"),
    "return_on_equity": lambda h: four_quarters("net_income") / latest("equity"),
    "return_on_assets": to_assets("net_income"),
    "operating_margin": lambda h: (
        four_quarters("op_income") / four_quarters("revenues")
    ),
    "cash_flow_to_assets": to_assets("cash_flow_op"),
    "leverage": lambda h: 1 - latest("equity") / latest("assets"),
    "current_ratio": lambda h: latest("cur_assets") / latest("cur_liab"),
    "revenue_growth_yoy": growth("revenues"),
    "earnings_growth_yoy": growth("net_income"),
    "asset_growth": growth("assets"),
    "accruals": lambda h: (
        (four_quarters("net_income") - four_quarters("cash_flow_op")) / latest("assets")
    ),
    "report_age": lambda h: sum(
        day > REPORTS.loc[REPORTS["end_date"] == max(quarters()), "known_at"].min()
        for day in PRICES.dates
    ),
    "sentiment_level_5": lambda h: level(),
    "sentiment_change_20": lambda h: level() - level(skip=20),
    "sentiment_dispersion_20": disagreement,
    "attention_z_60": lambda h: z([math.log(1 + n) for n in counts(60)]),
    "positive_share_5": lambda h: said(5)["n_pos"].sum() / said(5)["n_tweets"].sum(),
    **{f"momentum_{k}": momentum(k) for k in (1, 5, 20, 60, 120)},
    "momentum_252_21": lambda h: h.close[-22] / h.close[-253] - 1,
    **{f"volatility_{k}": lambda h, k=k: stdev(h.ret[-k:]) for k in (5, 20, 60)},
    "rsi_14": lambda h: cutler(h, 14),
    "volume_z_20": lambda h: z([math.log(1 + v) for v in h.volume[-20:]]),
    "gap": lambda h: h.open[-1] / h.close[-2] - 1,
    "high_low_range": lambda h: (h.high[-1] - h.low[-1]) / h.close[-1],
    **{f"sma_deviation_{k}": deviation(k) for k in (20, 50, 200)},
    "drawdown_252": lambda h: h.close[-1] / max(h.close[-252:]) - 1,
    "beta_252": lambda h: line(h, 252).slope,
    "residual_return_20": lambda h: (
        sum(h.ret[-20:]) - line(h, 252).slope * sum(h.market[-20:])
    ),
    "amihud_20": lambda h: fmean(
        abs(h.ret[-i]) / h.dollars[-i] * 1e6 for i in range(1, 21)
    ),
    "high_52w": lambda h: h.close[-1] / max(h.high[-252:]),
    "close_location": lambda h: (h.close[-1] - h.low[-1]) / (h.high[-1] - h.low[-1]),
    "log_dollar_volume_20": lambda h: math.log(fmean(h.dollars[-20:])),
    "max_return_20": lambda h: max(h.ret[-20:]),
    "skewness_60": lambda h: skew(h.ret[-60:]),
    "idiosyncratic_volatility_60": lambda h: residual_spread(h, 60),
    "volume_ratio_5_60": lambda h: fmean(h.volume[-5:]) / fmean(h.volume[-60:]),
    "overnight_return_20": lambda h: sum(overnight(h)),
    "intraday_return_20": lambda h: sum(intraday(h)),
    "day_of_week": lambda h: h.day.weekday(),
    "month": lambda h: h.day.month,
    "sector_id": lambda h: 3,
    "ln_ret_1": lambda h: h.log_ret[-1],
    "mom_5": momentum(5),
    "mom_20": momentum(20),
    "vol_5": lambda h: stdev(h.log_ret[-5:]),
    "vol_20": lambda h: stdev(h.log_ret[-20:]),
    "vol_z_20": lambda h: z(h.volume[-20:]),
    "gap_pc": lambda h: h.open[-1] / h.close[-2] - 1,
    "hl_range_pc": lambda h: (h.high[-1] - h.low[-1]) / h.close[-1],
    "price_sma20_dev": deviation(20),
}


def test_every_feature_of_the_first_sets_has_a_twin():
    sets = ("weekly_equity", "multi_asset_daily", "fundamental", "sentiment")
    assert set(TWINS) == set(feature_names(sets))


@pytest.mark.parametrize("name", sorted(TWINS))
def test_a_feature_equals_plain_arithmetic(name):
    history = History(BARS, MARKET.tolist())
    wanted = TWINS[name](history)
    assert newest(name) == pytest.approx(wanted, rel=2e-6, abs=1e-9)
    assert math.isfinite(wanted)


def bars_of(**columns):
    """One ticker's bars: the last rows as given, the earlier ones flat."""
    bars = one_ticker().assign(open=10.0, high=10.0, low=10.0, close=10.0, volume=100.0)
    for name, values in columns.items():
        bars.loc[bars.index[-len(values) :], name] = values
    return price_panel(bars)


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("momentum_5", {"close": [11.0]}, 0.1),
        ("gap", {"close": [8.0, 9.0], "open": [10.0, 10.0]}, 0.25),
        ("high_low_range", {"high": [12.0], "low": [9.0]}, 0.3),
        ("close_location", {"high": [12.0], "low": [8.0], "close": [11.0]}, 0.75),
        ("drawdown_252", {"close": [20.0, 15.0]}, -0.25),
        ("high_52w", {"high": [20.0, 16.0], "close": [10.0, 15.0]}, 0.75),
        ("rsi_14", {"close": [13.0, 12.0]}, 75.0),
        ("max_return_20", {"close": [12.0, 12.0]}, 0.2),
        ("volume_ratio_5_60", {"volume": [1600.0]}, 400 / 125),
        ("amihud_20", {"close": [11.0], "volume": [1e6 / 11]}, 0.1 / 20),
    ],
)
def test_a_feature_by_hand(name, columns, expected):
    assert newest(name, bars_of(**columns)) == pytest.approx(expected, rel=1e-6)


def test_a_price_at_rest_has_no_movement_and_nothing_divided_by_it():
    flat = bars_of()
    at_rest = ("momentum_20", "volatility_20", "drawdown_252", "amihud_20", "beta_252")
    assert [newest(name, flat) for name in at_rest] == [0] * len(at_rest)
    undefined = ("rsi_14", "skewness_60", "close_location", "volume_z_20")
    assert all(math.isnan(newest(name, flat)) for name in undefined)


def test_a_day_without_volume_counts_for_nothing_in_illiquidity():
    days = {"close": [11.0, 11.0], "volume": [0.0, 100.0]}
    assert newest("amihud_20", bars_of(**days)) == 0
    assert math.isnan(newest("amihud_20", bars_of(volume=[0.0] * 20)))
    assert math.isnan(newest("log_dollar_volume_20", bars_of(volume=[0.0] * 20)))


def test_a_long_window_survives_a_missing_day_and_a_sum_does_not():
    holey = price_panel(BARS.drop(index=N_DATES - 10), axes=PRICES.axes)
    assert math.isfinite(newest("sma_deviation_200", holey))
    assert math.isfinite(newest("beta_252", holey))
    assert math.isnan(newest("overnight_return_20", holey))


def test_prices_are_total_return():
    dividend = BARS.assign(adj_close=BARS["close"])
    dividend.loc[: N_DATES - 2, "adj_close"] *= 0.98
    expected = (1 + newest("momentum_5")) / 0.98 - 1
    assert newest("momentum_5", price_panel(dividend)) == pytest.approx(expected, 1e-6)

"""A market with everything strategies look at: volumes, funds, deaths, sectors."""

from functools import cache

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Panel
from alpha_kedro.portfolio import CostSpec, SimulationSpec, StrategySpec, TradedMarket
from tests.portfolio.toy_markets import two_sectors

N_DATES, N_NAMES = 150, 24
LISTING, MOVE, DEATH = 61, 75, 90
MOVER = "N10"
FUNDS = ("SPY", "XLE", "XLH")
FREE = CostSpec(cost_bps=0.0, borrow_bps_annual=0.0)
DEAR = CostSpec.parse(
    {
        "cost_bps": 5.0,
        "half_spread": {"kind": "high_low", "window": 20},
        "impact": {"coefficient": 1.0, "volatility_window": 20, "adv_window": 10},
    },
    "costs",
)
RICH = SimulationSpec(capital=1e6)


@cache
def prices():
    """Random walks with a common part; bars are missing, a name comes, two go."""
    rng = np.random.default_rng(5)
    axes = Axes.of(
        pd.bdate_range("2023-01-02", periods=N_DATES),
        [f"N{column:02d}" for column in range(N_NAMES)],
    )
    common = rng.normal(0.0003, 0.008, (N_DATES, 1))
    close = 50 * np.exp((common + rng.normal(0, 0.015, axes.shape)).cumsum(axis=0))
    opens = close * np.exp(rng.normal(0, 0.005, axes.shape))
    fields = {
        "open": opens,
        "high": np.maximum(opens, close) * (1 + rng.uniform(0.001, 0.01, axes.shape)),
        "low": np.minimum(opens, close) * (1 - rng.uniform(0.001, 0.01, axes.shape)),
        "close": close,
        "dollar_volume": np.exp(rng.normal(15, 1, axes.shape)),
    }
    absent = rng.random(axes.shape) < 0.02
    absent[DEATH:, :2] = True
    absent[:LISTING, 2] = True
    for field in fields.values():
        field[absent] = np.nan
    return Panel(axes, fields | {"traded": ~absent})


@cache
def benchmarks():
    """Bars of a market fund, two sector funds and implied volatility."""
    rng = np.random.default_rng(6)
    dates = prices().dates
    tables = []
    for name, (level, daily) in {
        "SPY": (400.0, 0.01),
        "XLE": (80.0, 0.015),
        "XLH": (120.0, 0.008),
        "VIX": (18.0, 0.06),
    }.items():
        close = level * np.exp(rng.normal(0, daily, N_DATES).cumsum())
        opens = close * np.exp(rng.normal(0, daily / 4, N_DATES))
        tables.append(
            pd.DataFrame(
                {
                    "date": dates,
                    "ticker": name,
                    "open": opens,
                    "high": np.maximum(opens, close) * 1.002,
                    "low": np.minimum(opens, close) * 0.998,
                    "close": close,
                    "volume": 1e6,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def sectors(*, known_by=None):
    """Names by turns in two sectors, funds of both; one name moves to the other."""
    funds = pd.DataFrame({"ticker": ["XLE", "XLH"], "sector": ["energy", "health"]})
    labels = pd.concat([two_sectors(prices()), funds], ignore_index=True)
    labels = labels.assign(start=pd.NaT, end=pd.NaT)
    day = pd.Timestamp(prices().dates[MOVE])
    moves = labels["ticker"] == MOVER
    old = labels[moves].assign(end=day - pd.Timedelta(days=1))
    new = labels[moves].assign(sector="energy", start=day)
    labels = pd.concat([labels[~moves], old, new], ignore_index=True)
    if known_by is None:
        return labels
    told = labels[~(labels["start"] > known_by)]
    return told.assign(end=told["end"].where(told["end"] < known_by))


@cache
def predictions(*, start=30, every=5, model="m", seed=7):
    """Random scores of the names with a bar; a few are missing."""
    rng = np.random.default_rng(seed)
    panel = prices()
    scores = rng.normal(size=panel.axes.shape)
    scores[rng.random(scores.shape) < 0.03] = np.nan
    decisions = np.zeros(panel.axes.shape, dtype=bool)
    decisions[start::every] = panel["traded"][start::every]
    table = Panel(panel.axes, {"score": scores}).to_table(decisions)
    table.insert(2, "model", model)
    return table


def scores(**chosen):
    return predictions(**chosen).drop(columns="model")


@cache
def market(*, costs=DEAR, simulation=RICH, instruments=FUNDS):
    return TradedMarket.of(
        prices(),
        sectors=sectors(),
        benchmarks=benchmarks(),
        instruments=instruments,
        costs=costs,
        simulation=simulation,
    )


def ended(table, date):
    """The rows of a long table up to a day."""
    return table[table["date"] <= date]


def cut_market(row, *, costs=DEAR, simulation=RICH, instruments=FUNDS):
    """The market of the day of a row, made of arrays that have nothing after it."""
    panel = prices()
    axes = Axes(panel.dates[: row + 1].copy(), panel.tickers)
    fields = {name: field[: row + 1].copy() for name, field in panel.fields.items()}
    return TradedMarket.of(
        Panel(axes, fields),
        sectors=sectors(known_by=panel.dates[row]),
        benchmarks=ended(benchmarks(), panel.dates[row]),
        instruments=instruments,
        costs=costs,
        simulation=simulation,
    )


def parsed(block):
    return StrategySpec.parse(block, "strategy_library.s")


PROSPECTS = {"window": 20}
KINDS = {
    "quantile": {"model": "m", "kind": "quantile", "name_cap": 0.5},
    "rank": {"model": "m", "kind": "rank", "name_cap": 0.5},
    "hysteresis": {
        "model": "m",
        "kind": "hysteresis",
        "hysteresis": {"enter": 0.2, "leave": 0.5, "name_cap": 0.5, "window": 20},
    },
    "top_n": {
        "model": "m",
        "kind": "top_n",
        "top_n": {"n": 6, "buffer": 4, "weighting": "rank"},
    },
    "top_k_dropout": {
        "model": "m",
        "kind": "top_k_dropout",
        "top_k_dropout": {"k": 8, "n_drop": 2},
    },
    "threshold": {
        "model": "m",
        "kind": "threshold",
        "threshold": {"threshold": 0.6, "short_gross": 0.5, "name_cap": 0.5},
    },
    "proportional": {
        "model": "m",
        "kind": "proportional",
        "proportional": {
            "name_cap": 0.5,
            "volatility_window": 20,
            "exposures": {"styles": ["beta"], "beta_window": 20},
        },
    },
    "optimize": {
        "model": "m",
        "kind": "optimize",
        "optimize": {"window": 20, "factors": 2, "name_cap": 0.5},
    },
    "risk_weights": {
        "kind": "risk_weights",
        "risk_weights": {"kind": "risk_parity", "window": 20},
    },
    "best_by_risk": {
        "model": "m",
        "kind": "risk_weights",
        "risk_weights": {"kind": "inverse_volatility", "window": 20, "top_n": 8},
    },
    "trend": {
        "kind": "trend",
        "trend": {
            "window": 20,
            "volatility_window": 20,
            "gate_window": 20,
            "exposure_below": 0.5,
        },
    },
}
"""A strategy of every kind but a combination, at windows the market has."""

RULES = {
    "aim_portfolio": {"prospects": PROSPECTS, "neutral": "sector"},
    "beta_hedge": {"hedge": "SPY", "window": 20, "without_price": "skip"},
    "cash_floor": {"cash": 0.3},
    "correlation_control": {"window": 20, "max_correlation": 0.3},
    "cost_aware": {"prospects": PROSPECTS, "factors": 2},
    "drawdown_control": {"limit": -0.01, "exposure": 0.5, "recovered_to": 0.995},
    "implied_volatility_gate": {"level": 18.0, "exposure_above": 0.5},
    "leverage_cap": {"gross": 1.2},
    "liquidity_limit": {"max_days": 0.02, "window": 10},
    "min_trade": {"share": 0.01},
    "net_cap": {"net": 0.01},
    "no_trade_band": {"from_costs": True, "prospects": PROSPECTS},
    "partial": {"rate": 0.3, "neutral": "sector"},
    "position_limits": {"max": 0.12},
    "regime_gate": {"benchmark": "SPY", "sma": 20, "exposure_below": 0.5},
    "sector_hedge": {"hedges": ["XLE", "XLH"], "window": 20, "without_price": "skip"},
    "sector_limits": {"gross": 0.6},
    "turnover_cap": {"one_way": 0.3},
    "typical_volatility": {"window": 20},
    "volatility_target": {"annual_volatility": 0.05, "window": 20},
}
"""Every overlay and trading rule, tight enough to do something."""


def overlay(kind):
    return {"kind": kind, **RULES[kind]}

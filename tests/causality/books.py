"""Books of every kind on the whole DAG: what they are, and futures to garble for them.

`LIBRARY` trades every construction, every overlay and every rule how fast to trade, at
costs that depend on the size of orders.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from alpha_kedro.config import overlay
from alpha_kedro.measures.benchmarks import AS_IT_IS, EX_ANTE
from tests.causality.dag import (
    CHOSEN,
    data_read,
    garbled_after,
    parsed,
    reclassified,
    run_dag,
    run_stages,
    small_market,
)

SECTOR_FUNDS = {"XLF": "Financials", "XLV": "Health Care"}
ABSENCE = 10  # sessions after which an absence is a delisting

SCORED = {"model": "ridge"}
OTHER = {"model": "momentum_12_1"}
WIDE = {"name_cap": 0.5}  # nonsense may leave few members to hold a leg
SLOW = {"kind": "rank", **SCORED, **WIDE}

LIBRARY = {
    "quintiles": {
        **{"kind": "quantile", **SCORED, **WIDE},
        "overlays": [
            {"kind": "volatility_target", "annual_volatility": 0.1, "window": 40},
            {"kind": "position_limits", "max": 0.1},
            {"kind": "leverage_cap", "gross": 1.2},
        ],
    },
    "ranks": {
        **{"kind": "rank", **OTHER, **WIDE, "neutral": "dollar"},
        "overlays": [
            {"kind": "sector_limits", "gross": 0.4, "net": 0.1},
            {"kind": "net_cap", "net": 0.02},
            {"kind": "turnover_cap", "one_way": 0.1},
            {"kind": "min_trade", "share": 0.004},
        ],
    },
    "hysteresis": {
        **{"kind": "hysteresis", **SCORED},
        "hysteresis": {
            **{"enter": 0.2, "leave": 0.5, "neutral": "dollar"},
            **{"weighting": "inverse_volatility", "name_cap": 0.5},
        },
        "overlays": [
            {"kind": "drawdown_control", "limit": -0.03, "recovered_to": 0.99}
        ],
    },
    "top_n": {
        **{"kind": "top_n", **OTHER, "tranches": 3},
        "top_n": {"n": 8, "buffer": 4, "weighting": "score"},
        "overlays": [
            {"kind": "regime_gate", "benchmark": "SPY", "sma": 3},
            {"kind": "cash_floor", "cash": 0.1},
        ],
    },
    "top_k_dropout": {
        **{"kind": "top_k_dropout", **SCORED},
        "top_k_dropout": {"k": 10, "n_drop": 2},
        "overlays": [
            {"kind": "implied_volatility_gate", "benchmark": "VIX", "level": 15.0}
        ],
    },
    "threshold": {
        **{"kind": "threshold", **OTHER},
        "threshold": {"threshold": 0.0, "weighting": "excess", "name_cap": 0.5},
        "overlays": [
            {"kind": "correlation_control", "window": 60, "max_correlation": 0.3}
        ],
    },
    "proportional": {
        **{"kind": "proportional", **SCORED, "score_half_life": "measured"},
        "proportional": {
            **{"signal": "normal", "per_volatility": 1.0, "name_cap": 0.5},
            "exposures": {
                "styles": ["beta", "volatility", "size", "momentum_3m"],
                **{"factors": 2, "benchmark": "SPY"},
                **{"beta_window": 60, "factor_window": 60},
            },
        },
        "overlays": [{"kind": "no_trade_band", "share_of_mean": 0.5}],
    },
    "optimize": {
        **{"kind": "optimize", **SCORED},
        "optimize": {
            **{"neutral": "dollar", "benchmark": "SPY", "beta_tolerance": 0.2},
            **{"max_adv": 0.5, "factors": 3, "window": 60, "name_cap": 0.5},
            **{"risk_aversion": 2.0, "ic": 0.2},
        },
        "overlays": [{"kind": "liquidity_limit", "max_days": 0.05}],
    },
    "equal_weight": {"kind": "risk_weights", "risk_weights": {"kind": "equal_weight"}},
    "inverse_volatility": {
        **{"kind": "risk_weights", "risk_weights": {"kind": "inverse_volatility"}},
        "overlays": [
            {"kind": "volatility_target", "method": "realized", "window": 40},
            {"kind": "typical_volatility", "window": 40},
        ],
    },
    "risk_parity": {
        **{"kind": "risk_weights", **SCORED},
        "risk_weights": {"kind": "risk_parity", "top_n": 12},
    },
    "minimum_variance": {
        **{"kind": "risk_weights", "risk_weights": {"kind": "minimum_variance"}},
    },
    "trend": {
        "kind": "trend",
        "trend": {"window": 60, "benchmark": "SPY", "gate_window": 60},
    },
    "hedged": {
        **SLOW,
        "overlays": [
            {"kind": "partial", "rate": 0.3, "neutral": "sector"},
            {"kind": "beta_hedge", "window": 60, "target": 0.1},
        ],
    },
    "sector_hedged": {
        **{"kind": "top_n", **SCORED, "top_n": {"n": 10}},
        "overlays": [{"kind": "sector_hedge", "hedges": [*SECTOR_FUNDS], "window": 60}],
    },
    "aimed": {**SLOW, "overlays": [{"kind": "aim_portfolio"}]},
    "banded": {**SLOW, "overlays": [{"kind": "no_trade_band", "from_costs": True}]},
    "cost_aware": {**SLOW, "overlays": [{"kind": "cost_aware", "factors": 2}]},
    "combined": {
        "kind": "combination",
        "combination": {
            "members": ["quintiles", "top_n", "trend"],
            "budget": {
                **{"method": "risk_contribution"},
                **{"window": 80, "min_history": 30},
            },
        },
        "overlays": [{"kind": "volatility_target", "window": 40}],
    },
}
"""Strategies by name: every construction, overlay and rule stands in one of them."""

BOOKS = overlay(
    CHOSEN,
    {
        "models": ["ridge", "momentum_12_1"],
        "features": {"names": ["weekly_equity"]},
        "strategy_library": LIBRARY,
        "strategies": list(LIBRARY),
        "headline": "combined",
        "costs": {
            "half_spread": {"kind": "high_low"},
            "impact": {"coefficient": 1.0},
        },
        "simulation": {
            **{"capital": 2e8, "max_adv_share": 0.02, "order_life": 3},
            **{"cash_bps_annual": 100.0, "financing_bps_annual": 300.0},
        },
        "capacity": {"capitals": []},
        "evidence": {
            "benchmarks": ["SPY", "QQQ", "equal_weight"],
            "bootstrap_reps": 100,
        },
    },
)

_STAGES = ("backtesting", "reporting")

DATED = (
    *("weights", "returns", "bills", "overlay_changes"),
    *("attributions", "universe_returns"),
)
"""What backtesting writes of single sessions."""


@cache
def settings(*strategies):
    """The experiment with all strategies of the library, or with some of them."""
    chosen = list(strategies or LIBRARY)
    return parsed(overlay(BOOKS, {"strategies": chosen, "headline": chosen[-1]}))


@cache
def market_of_books():
    """The small market with sector funds, and what each delisted name came to."""
    inputs = small_market()
    spy = inputs.benchmarks[inputs.benchmarks["ticker"] == "SPY"]
    rng = np.random.default_rng(5)
    funds = []
    for name in SECTOR_FUNDS:
        level = np.exp(np.cumsum(rng.normal(0, 0.005, len(spy))))
        quotes = spy[["open", "high", "low", "close", "adj_close"]].mul(level, axis=0)
        funds.append(spy.assign(ticker=name, **quotes))
    labels = pd.DataFrame(
        {"ticker": [*SECTOR_FUNDS], "sector": [*SECTOR_FUNDS.values()]}, dtype="str"
    )
    last = inputs.bars.groupby("ticker")["date"].max()
    gone = last[last < last.max()]
    exits = pd.DataFrame({"ticker": gone.index, "date": gone, "exit_return": -0.4})
    return replace(
        inputs,
        benchmarks=pd.concat([inputs.benchmarks, *funds], ignore_index=True),
        sectors=pd.concat([inputs.sectors, labels], ignore_index=True),
        delistings=exits.reset_index(drop=True),
    )


def other_future(inputs, day):
    """Other prices, volumes, members, benchmarks, sectors and exits after a day."""
    sessions = pd.DatetimeIndex(np.unique(inputs.bars["date"]))
    garbled = garbled_after(inputs, day)
    moved = reclassified(garbled, sessions[sessions.get_loc(day) + 1], seed=3)
    return _fewer_names(_other_exits(moved, day, sessions), day)


def run_books(inputs):
    """Run the whole job from the raw tables to the books."""
    return run_dag(inputs, only_to=DATED, settings=settings())


def run_books_alone(before, chosen, *, only_to=DATED):
    """Run backtesting and evidence on what `before_the_books` has made.

    In the place of evidence come ``lines``: benchmarks as they are drawn, those of them
    that anybody could have held at the time.
    """
    made = run_stages(_STAGES, before, only_to=only_to, settings=chosen)
    return _with_lines(made) if "evidence" in made else made


def before_the_books(inputs):
    """Run the job up to the scores: all that backtesting and evidence read."""
    read = data_read(_STAGES, only_to=(*DATED, "evidence"))
    return run_dag(inputs, only_to=read, settings=settings())


def _with_lines(made):
    held = [
        against.lines[line]
        .rename("value")
        .reset_index()
        .assign(strategy=name, benchmark=benchmark, line=line)
        for name, strategy in made.pop("evidence").strategies.items()
        for benchmark, against in strategy.benchmarks.items()
        for line in (AS_IT_IS, EX_ANTE)
    ]
    return made | {"lines": pd.concat(held, ignore_index=True)}


def _other_exits(inputs, day, sessions):
    """Other last returns of the names whose absence is not a delisting yet."""
    exits = inputs.delistings
    rows = sessions.get_indexer(exits["date"]) + ABSENCE
    open_yet = sessions[np.minimum(rows, len(sessions) - 1)] > day
    other = exits["exit_return"].mask(open_yet, 0.3)
    return replace(inputs, delistings=exits.assign(exit_return=other))


def _fewer_names(inputs, day):
    """Every sixth name that has a bar on the day has none after it."""
    bars = inputs.bars
    listed = bars.loc[bars["date"] == day, "ticker"]
    gone = bars["ticker"].isin(sorted(listed)[::6]) & (bars["date"] > day)
    return replace(inputs, bars=bars[~gone].reset_index(drop=True))

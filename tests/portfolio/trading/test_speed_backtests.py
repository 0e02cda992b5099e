"""Speeds of trading over history: from parameters to books, and blind to the future."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Axes, Panel
from alpha_kedro.portfolio import CostSpec, SimulationSpec, StrategySpec, run_backtest
from tests.portfolio.toy_markets import two_sectors

PROSPECTS = {"window": 20}
EXPOSURES = {"styles": ["beta"], "beta_window": 20}
RULES = {
    "partial": {"kind": "partial", "rate": 0.3, "neutral": "sector"},
    "share": {"kind": "no_trade_band", "share_of_mean": 0.5, "neutral": "sector"},
    "band": {
        "kind": "no_trade_band",
        "from_costs": True,
        "prospects": PROSPECTS,
        "neutral": "sector",
        "exposures": EXPOSURES,
    },
    "aim": {"kind": "aim_portfolio", "prospects": PROSPECTS, "neutral": "sector"},
    "aware": {
        "kind": "cost_aware",
        "prospects": PROSPECTS,
        "factors": 2,
        "neutral": "sector",
    },
}


@cache
def world(n=40, n_dates=300, *, every=5, keeps=0.85, skill=0.25):
    """Prices, and scores that decay as known and are right about what follows."""
    rng = np.random.default_rng(0)
    axes = Axes.of(
        pd.bdate_range("2020-01-01", periods=n_dates), [f"N{i:02d}" for i in range(n)]
    )
    signal = rng.normal(size=axes.shape)
    for row in range(1, n_dates):
        fresh = (row - 1) % every == 0
        signal[row] = (
            keeps * signal[row - 1] + np.sqrt(1 - keeps**2) * signal[row]
            if fresh
            else signal[row - 1]
        )
    moves = 0.02 * rng.normal(size=axes.shape)
    moves[2:] += 0.02 * skill / np.sqrt(every) * signal[:-2]
    close = 50 * np.exp(moves.cumsum(axis=0))
    opens = close * np.exp(-moves)
    fields = {"open": opens, "close": close, "traded": np.ones(axes.shape, bool)}
    decisions = np.zeros(axes.shape, bool)
    decisions[31::every] = True
    scores = Panel(axes, {"score": signal}).to_table(decisions)
    return Panel(axes, fields), scores


def strategy(*rules, **fields):
    block = {"model": "m", "kind": "rank", "name_cap": 0.5, "overlays": list(rules)}
    return StrategySpec.parse(block | fields, "strategies.s")


def traded(spec, *, bps=20.0, panel=None):
    prices, scores = world()
    return run_backtest(
        panel or prices,
        scores,
        sectors=two_sectors(prices),
        spec=spec,
        costs=CostSpec(cost_bps=bps, borrow_bps_annual=0.0),
        simulation=SimulationSpec(),
    )


def net(result):
    earned = result.simulation.returns["net_return"]
    return earned.mean() / earned.std() * np.sqrt(252)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_trades_less_nets_more_and_is_decided_neutral(rule):
    plain, slow = traded(strategy()), traded(strategy(RULES[rule]))
    turnover = [r.simulation.returns["turnover"].mean() for r in (plain, slow)]
    assert turnover[1] < 0.95 * turnover[0]
    assert net(slow) > net(plain)
    sector = slow.weights["ticker"].map(
        two_sectors(world()[0]).set_index("ticker")["sector"]
    )
    nets = slow.weights.groupby(["date", sector])["weight"].sum()
    assert nets.abs().max() < 1e-9
    notes = {note.split(":")[-1] for note in slow.notes["note"]}
    assert notes <= {"bought_at_once", "beyond_the_end"}


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_sees_what_follows(rule):
    panel, _ = world()
    cut = 201
    rng = np.random.default_rng(1)
    fields = {name: panel[name].copy() for name in panel.fields}
    for name in ("open", "close"):
        fields[name][cut + 1 :] *= rng.uniform(0.5, 2.0, fields[name][cut + 1 :].shape)
    spec = strategy(RULES[rule], score_half_life="measured")
    before, after = traded(spec), traded(spec, panel=Panel(panel.axes, fields))
    day = pd.Timestamp(panel.dates[cut])
    kept = [r.weights[r.weights["date"] <= day] for r in (before, after)]
    assert kept[0]["date"].nunique() == 35
    pd.testing.assert_frame_equal(*kept, check_exact=True)
    assert not before.weights.equals(after.weights)


def test_the_rate_of_the_known_decay_beats_others():
    """Red with a rate that is a third or three times what costs and decay ask for."""
    known = {"ic": 0.25, "half_life": 4.27, "persistence": 0.85, "window": 20}
    aim = {"kind": "aim_portfolio", "prospects": known, "neutral": "sector"}
    best = net(traded(strategy(aim), bps=40.0))
    for wrong in (0.05, 1.0):
        assert best > net(traded(strategy(aim | {"rate": wrong}), bps=40.0)) + 0.2


def test_hysteresis_and_smoothing_are_kinds_of_a_strategy():
    hysteresis = {"kind": "hysteresis", "hysteresis": {"enter": 0.1, "leave": 0.5}}
    block = {"model": "m"} | hysteresis
    block["hysteresis"] |= {"name_cap": 0.5}
    sticky = traded(StrategySpec.parse(block, "strategies.s"))
    loose = block["hysteresis"] | {"leave": 0.1}
    nervous = traded(StrategySpec.parse(block | {"hysteresis": loose}, "strategies.s"))
    smooth = traded(strategy(score_half_life=3.0))
    turnover = [
        r.simulation.returns["turnover"].mean()
        for r in (sticky, nervous, smooth, traded(strategy()))
    ]
    assert turnover[0] < 0.7 * turnover[1]
    assert turnover[2] < 0.7 * turnover[3]


def test_the_same_run_gives_the_same_bytes_whatever_was_run_before():
    spec = strategy(RULES["aim"], score_half_life="measured")
    first = traded(spec).weights
    traded(strategy(RULES["band"]), bps=3.0)
    pd.testing.assert_frame_equal(first, traded(spec).weights, check_exact=True)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"kind": "no_trade_bnd"}, "did you mean 'no_trade_band'?"),
        ({"kind": "volatility_tagret"}, "did you mean 'volatility_target'?"),
        ({"kind": "partial", "rte": 0.5}, "did you mean 'rate'?"),
        ({"kind": "partial", "rate": 2.0}, "overlays.0.partial.rate"),
    ],
)
def test_a_rule_is_named_beside_limits_though_they_are_kinds_of_their_own(rule, told):
    with pytest.raises(ConfigError, match="AK-C003") as refused:
        StrategySpec.parse({"model": "m", "overlays": [rule]}, "s")
    assert told in " ".join(refused.value.where)

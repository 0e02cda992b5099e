"""A grid of settings: every cell is the backtest of its own settings, and a trial."""

import json
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.core.result_schemas import Sweep as SweepTable
from alpha_kedro.measures import annual_total, sharpe_interval, sharpe_ratio
from alpha_kedro.portfolio import CostSpec, SweepSpec, run_backtest, sweep, trade_all
from alpha_kedro.portfolio.setting import refuse_unfitted, settings
from tests.portfolio.traded_worlds import (
    DEAR,
    FUNDS,
    KINDS,
    RICH,
    benchmarks,
    market,
    overlay,
    parsed,
    predictions,
    prices,
    scores,
    sectors,
)

MODULE = import_module("alpha_kedro.portfolio.sweep")
BOOKS = {
    "quintiles": parsed(
        KINDS["quantile"] | {"overlays": [overlay("partial"), overlay("leverage_cap")]}
    ),
    "best": parsed({"model": "m", "kind": "top_n"}),
    "trend": parsed(KINDS["trend"]),
    "both": parsed(
        {"kind": "combination", "combination": {"members": ["quintiles", "trend"]}}
    ),
}


def spec_of(grid, strategies=("quintiles",), **more):
    block = {"strategies": list(strategies), "grid": grid, "bootstrap_reps": 100} | more
    return SweepSpec.parse(block, "sweep")


def swept(grid, strategies=("quintiles",), *, costs=DEAR, on=None):
    return sweep(
        on or market(),
        predictions(),
        strategies=BOOKS,
        costs=costs,
        spec=spec_of(grid, strategies),
    )


GRIDS = {
    "strategy": {"strategy.quantile": [0.15, 0.3], "strategy.neutral": ["dollar"]},
    "overlays": {
        "strategy.overlays.0.rate": [0.2, 1.0],
        "strategy.overlays.1.gross": [0.5, 1.5],
    },
    "no_overlays": {"strategy.overlays": [[], [overlay("turnover_cap")]]},
    "costs": {"costs.cost_bps": [0.0, 50.0], "costs.half_spread.kind": ["fixed"]},
    "shorts": {"costs.hard_to_borrow.not_available": [[], ["N03", "N05"]]},
    "impact": {"costs.impact": [None, {"coefficient": 3.0}]},
    "terms": {"simulation.lag": [1, 4], "simulation.fill": ["close"]},
    "exits": {"simulation.delisting_return": [-1.0, 0.5]},
    "size": {"simulation.capital": [1e5, 1e9], "simulation.max_adv_share": [0.05]},
}


@pytest.mark.parametrize("name", GRIDS)
def test_every_cell_is_the_backtest_of_its_own_settings(name):
    grid = GRIDS[name]
    found = swept(grid, on=market(instruments=()))
    cells = list(settings(BOOKS, DEAR, RICH, spec_of(grid)))
    assert found.n_trials == len(cells) == spec_of(grid).n_cells
    for place, cell in enumerate(cells):
        alone = run_backtest(
            prices(),
            scores(),
            sectors=sectors(),
            benchmarks=benchmarks(),
            spec=cell.spec,
            costs=cell.costs,
            simulation=cell.simulation,
        ).simulation.returns
        net = found.returns[place]
        assert np.array_equal(net, alone["net_return"])
        row = found.table.loc[place]
        assert json.loads(row["setting"]) == dict(cell.values)
        assert row["net_sharpe"] == sharpe_ratio(alone["net_return"])
        assert row["gross_sharpe"] == sharpe_ratio(alone["gross_return"])
        assert row["turnover_annual"] == annual_total(alone["turnover"])
        assert row["cost_annual"] == annual_total(alone["cost"])
        low, high = sharpe_interval(net, reps=100, seed=0)
        assert (row["ci_low"], row["ci_high"]) == (low, high)
    assert found.returns.T.duplicated().sum() == 0
    SweepTable.validate(found.table)


def test_a_grid_changes_what_it_names_and_nothing_else():
    grid = {"strategy.overlays.0.rate": [0.25], "costs.cost_bps": [7.0]}
    (cell,) = settings(BOOKS, DEAR, RICH, spec_of(grid))
    rate = BOOKS["quintiles"].overlays[0].model_copy(update={"rate": 0.25})
    overlays = (rate, *BOOKS["quintiles"].overlays[1:])
    assert cell.spec == BOOKS["quintiles"].model_copy(update={"overlays": overlays})
    assert cell.costs == DEAR.model_copy(update={"cost_bps": 7.0})
    assert cell.simulation == RICH
    assert cell.name == '{"strategy.overlays.0.rate": 0.25, "costs.cost_bps": 7.0}'


def test_the_last_path_changes_fastest_and_strategies_slowest():
    grid = {"costs.cost_bps": [1.0, 2.0], "simulation.lag": [1, 2]}
    cells = list(settings(BOOKS, DEAR, RICH, spec_of(grid, ("best", "trend"))))
    assert [cell.strategy for cell in cells] == ["best"] * 4 + ["trend"] * 4
    assert [(c.costs.cost_bps, c.simulation.lag) for c in cells[:4]] == [
        (1.0, 1),
        (1.0, 2),
        (2.0, 1),
        (2.0, 2),
    ]


def test_a_grid_reaches_into_a_block_that_is_null():
    (cell,) = settings(BOOKS, DEAR, RICH, spec_of({"strategy.top_n.n": [7]}, ("best",)))
    assert cell.spec.top_n.n == 7


def test_a_grid_of_nothing_is_the_strategy_as_it_is():
    found = swept({}, ("quintiles", "trend"))
    books = trade_all(market(), predictions(), strategies=BOOKS).results
    assert found.n_trials == 2
    assert found.table["setting"].tolist() == ["{}", "{}"]
    for place, name in enumerate(("quintiles", "trend")):
        own = books[name].simulation.returns["net_return"]
        assert np.array_equal(found.returns[place], own)


def test_no_sweep_is_an_empty_table_that_passes_its_contract():
    found = swept({}, ())
    SweepTable.validate(found.table)
    assert found.n_trials == 0
    assert found.returns.empty


def test_members_of_a_combination_are_run_under_the_costs_of_the_cell():
    found = swept({"costs.cost_bps": [0.0, 30.0]}, ("both",), costs=CostSpec())
    for place, bps in enumerate((0.0, 30.0)):
        under = market().under(costs=CostSpec(cost_bps=bps), simulation=RICH)
        whole = trade_all(under, predictions(), strategies=BOOKS).results["both"]
        own = whole.simulation.returns["net_return"]
        assert np.array_equal(found.returns[place], own)


def test_the_same_sweep_gives_the_same_bytes():
    grid = {"strategy.quantile": [0.1, 0.3]}
    one, other = swept(grid), swept(grid)
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    pd.testing.assert_frame_equal(one.returns, other.returns, check_exact=True)


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("strategy.quantle", "strategy.quantile"),
        ("strategy.overlays.2.rate", None),
        ("strategy.overlays.-1.rate", None),
        ("strategy.overlays.0.rat", "strategy.overlays.0.rate"),
        ("strategy.top_n.n", None),
        ("strategy.quantile.deeper", None),
        ("cost.cost_bps", "costs"),
        ("costs.cost_bp", "costs.cost_bps"),
        ("simulation.lags", "simulation.lag"),
        ("", None),
    ],
)
def test_a_path_that_leads_nowhere_is_refused_before_anything_runs(
    path, near, monkeypatch
):
    monkeypatch.setattr(MODULE, "run_setting", None)
    with pytest.raises(ConfigError, match="AK-C160") as refused:
        swept({"costs.cost_bps": [1.0], path: [0.5]})
    assert refused.value.got == path
    if near:
        assert refused.value.fix == f"did you mean {near!r}?"


def test_values_and_strategies_that_cannot_be_used_are_refused_before_anything_runs(
    monkeypatch,
):
    monkeypatch.setattr(MODULE, "run_setting", None)
    with pytest.raises(ConfigError, match="AK-C160") as refused:
        swept({}, ("quintile",))
    assert "did you mean 'quintiles'" in refused.value.fix
    with pytest.raises(ConfigError, match="AK-C003") as refused:
        swept({"strategy.quantile": [0.1, 0.7]})
    assert "strategy_library.quintiles" in " ".join(refused.value.where)
    with pytest.raises(ConfigError, match="AK-C040"):
        swept({"simulation.lag": [1, 0]})
    with pytest.raises(ConfigError, match="AK-C161"):
        swept({"strategy.combination.members": [["best", "none"]]}, ("both",))


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ({"strategies": ["a", "a"]}, "'a' is named twice"),
        ({"grid": {"costs.cost_bps": [1.0, 2.0, 1.0]}}, "1.0 is named twice"),
        ({"grid": {"costs.cost_bps": []}}, "at least 1 item"),
        ({"grid": {"costs.cost_bps": None}}, "tuple"),
        ({"gird": {}}, "did you mean 'grid'"),
        ({"grid": {"costs.cost_bps": [1.0]}}, "a grid over no strategy"),
        ({"bootstrap_reps": 10}, "greater than or equal to 100"),
    ],
)
def test_a_sweep_that_says_nothing_new_is_refused(block, told):
    with pytest.raises(ConfigError, match="AK-C003") as refused:
        SweepSpec.parse(block, "sweep")
    assert told in " ".join(refused.value.where)


def test_hedges_of_other_strategies_move_no_cell():
    grid = {"strategy.quantile": [0.3]}
    alone = swept(grid, on=market(instruments=()))
    assert np.array_equal(alone.returns, swept(grid).returns)
    assert set(FUNDS) <= set(market().axes.tickers)


def test_a_cell_no_book_can_hold_is_told_and_is_a_trial_all_the_same():
    grid = {"strategy.quantile": [0.1, 0.5], "strategy.name_cap": [0.05, 1.0]}
    found = swept(grid)
    refused = found.table["refused"] != ""
    assert refused.any()
    assert not refused.all()
    assert found.table.loc[refused, "net_sharpe"].isna().all()
    assert found.table.loc[refused, "refused"].str.startswith("AK-S002").all()
    assert found.n_trials == 4
    assert list(found.returns) == list(found.table.index[~refused])
    SweepTable.validate(found.table)


def failing_with(code):
    def run_setting(*_given, **_named):
        raise SimulationError(code, "cannot go on")

    return run_setting


def test_only_a_book_that_cannot_be_held_is_a_result(monkeypatch):
    grid = {"strategy.quantile": [0.1]}
    for code in ("AK-S002", "AK-S015", "AK-S033"):
        monkeypatch.setattr(MODULE, "run_setting", failing_with(code))
        assert swept(grid).table["refused"].tolist() == [f"{code} cannot go on"]
    monkeypatch.setattr(MODULE, "run_setting", failing_with("AK-S001"))
    with pytest.raises(SimulationError, match="AK-S001") as broken:
        swept(grid)
    assert 'quintiles {"strategy.quantile": 0.1}' in broken.value.where[0]


def test_a_grid_of_kinds_leaves_the_block_of_the_kind_before():
    grid = {"strategy.kind": ["top_n", "top_k_dropout"]}
    cells = list(settings(BOOKS, DEAR, RICH, spec_of(grid, ("best",))))
    assert [cell.spec.kind for cell in cells] == ["top_n", "top_k_dropout"]
    assert [cell.spec.top_n is None for cell in cells] == [False, True]


def test_a_grid_of_models_names_those_that_are_fitted():
    grid = spec_of({"strategy.model": ["m", "rdge"]})
    cells = list(settings(BOOKS, DEAR, RICH, grid))
    refuse_unfitted(cells[:1], ["m", "ridge"])
    with pytest.raises(ConfigError, match="AK-C160") as refused:
        refuse_unfitted(cells, ["m", "ridge"])
    assert refused.value.fix == "did you mean 'ridge'?"


def test_a_grid_can_be_said_on_the_command_line():
    said = {"strategy": {"quantile": "0.1+0.2", "overlays": {"0": {"rate": 0.5}}}}
    spec = SweepSpec.parse({"strategies": "quintiles", "grid": said}, "sweep")
    assert spec.grid == {
        "strategy.quantile": (0.1, 0.2),
        "strategy.overlays.0.rate": (0.5,),
    }
    assert spec == SweepSpec.parse(spec.model_dump(mode="json"), "sweep")

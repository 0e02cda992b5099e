"""Ways to trade at several speeds: every setting has a run of its own at each cost."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.core.result_schemas import Frontier
from alpha_kedro.measures import sharpe_ratio
from alpha_kedro.pipelines.backtesting.nodes import try_settings
from alpha_kedro.portfolio import (
    CapacitySpec,
    FrontierSpec,
    SweepSpec,
    frontier_of,
    trade_all,
)
from tests.portfolio.traded_worlds import (
    DEAR,
    KINDS,
    RICH,
    market,
    overlay,
    parsed,
    predictions,
)

BOOKS = {
    "fast": parsed(KINDS["rank"]),
    "slow": parsed(KINDS["rank"] | {"overlays": [overlay("partial")]}),
    "sticky": parsed(KINDS["hysteresis"]),
    "narrow": parsed(KINDS["quantile"]),
}
METHODS = {
    "fast": {},
    "slow": {"strategy.overlays.0.rate": [0.2, 0.6]},
    "sticky": {"strategy.hysteresis.leave": [0.3, 0.5]},
}


def compared(methods=METHODS, *, cost_bps=(2.0, 20.0), trials=None, **more):
    block = {"methods": methods, "cost_bps": list(cost_bps), "bootstrap_reps": 100}
    return frontier_of(
        market(),
        predictions(),
        strategies=BOOKS,
        costs=DEAR,
        spec=FrontierSpec.parse(block | more, "frontier"),
        trials=trials,
    )


@pytest.fixture(scope="module")
def table():
    return compared()


def test_every_setting_is_run_at_every_cost(table):
    Frontier.validate(table)
    names = ["fast", "slow rate 0.2", "slow rate 0.6", "sticky leave 0.3"]
    names.append("sticky leave 0.5")
    assert table["name"].tolist() == names * 2
    assert table["cost_bps"].tolist() == [2.0] * 5 + [20.0] * 5
    assert table["own_run"].all()
    assert (table["trials"] == 5).all()


def test_a_row_is_the_backtest_at_its_own_cost(table):
    for cost in (2.0, 20.0):
        under = market().under(
            costs=DEAR.model_copy(update={"cost_bps": cost}), simulation=RICH
        )
        books = trade_all(under, predictions(), strategies=BOOKS).results
        rows = table[table["cost_bps"] == cost].set_index("name")
        for name, setting in (("fast", "fast"), ("sticky", "sticky leave 0.5")):
            own = books[name].simulation.returns
            assert rows.loc[setting, "net_sharpe"] == sharpe_ratio(own["net_return"])
            turnover = rows.loc[setting, "turnover_annual"]
            assert turnover == pytest.approx(own["turnover"].mean() * 252)


def test_slower_trades_less_and_pays_less(table):
    rows = table[table["cost_bps"] == 20.0].set_index("name")
    turnover = rows["turnover_annual"]
    assert turnover["slow rate 0.2"] < turnover["slow rate 0.6"] < turnover["fast"]
    cost = rows["gross_sharpe"] - rows["net_sharpe"]
    assert cost["slow rate 0.2"] < cost["fast"]


def test_others_are_set_beside_the_reference(table):
    assert table.loc[table["is_reference"], "name"].tolist() == ["fast", "fast"]
    assert (table.loc[table["is_reference"], "difference"] == 0).all()
    other = compared(reference="slow")
    assert set(other.loc[other["is_reference"], "name"]) == {"slow rate 0.2"}
    measured = ["net_sharpe", "turnover_annual", "ci_low", "ci_high"]
    pd.testing.assert_frame_equal(other[measured], table[measured], check_exact=True)
    rows = other.set_index(["cost_bps", "name"])["net_sharpe"]
    gap = rows[2.0]["fast"] - rows[2.0]["slow rate 0.2"]
    found = other.set_index(["cost_bps", "name"])["difference"][2.0]["fast"]
    assert found == pytest.approx(gap)


def test_nothing_compared_is_an_empty_table_that_passes_its_contract():
    nothing = compared({})
    Frontier.validate(nothing)
    assert nothing.empty


def test_a_setting_of_words_and_truths_has_a_name():
    table = compared({"slow": {"strategy.overlays.0.gross": ["free", "aim"]}})
    assert table["setting"].tolist()[:2] == ["gross free", "gross aim"]
    table = compared({"slow": {"strategy.overlays.0.ramp": [False, True]}})
    assert table["setting"].tolist()[:2] == ["ramp False", "ramp True"]


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ({"methods": METHODS, "reference": "fasst"}, "reference fasst is none of"),
        ({"cost_bps": []}, "at least 1 item"),
        ({"cost_bps": [2.0, 2.0]}, "2.0 is named twice"),
        ({"cost_bps": [-1.0]}, "greater than or equal to 0"),
        ({"methods": {"slow": {"strategy.tranches": [1, 1]}}}, "1 is named twice"),
        (
            {"methods": {"slow": {"costs.cost_bps": [1.0]}}},
            "slow has costs.cost_bps: all methods have cost_bps",
        ),
        ({"method": {}}, "did you mean 'methods'"),
    ],
)
def test_comparisons_that_cannot_be_made_are_refused(block, told):
    with pytest.raises(ConfigError, match="AK-C003") as refused:
        FrontierSpec.parse(block, "frontier")
    assert told in " ".join(refused.value.where)


def test_paths_and_methods_that_are_not_there_are_refused_before_anything_runs(
    monkeypatch,
):
    monkeypatch.setattr("alpha_kedro.portfolio.frontiers.run_setting", None)
    with pytest.raises(ConfigError, match="AK-C160") as refused:
        compared({"fast": {}, "slow": {"strategy.overlays.0.rat": [0.1]}})
    assert "strategy.overlays.0.rate" in refused.value.fix
    with pytest.raises(ConfigError, match="AK-C160"):
        compared({"fst": {}})


def test_more_trials_deflate_more(table):
    more = compared(trials=50)
    assert (more["trials"] == 50).all()
    assert (more["deflated_sharpe"] < table["deflated_sharpe"]).all()
    same = ["name", "net_sharpe", "ci_low", "difference"]
    pd.testing.assert_frame_equal(more[same], table[same], check_exact=True)


def test_a_setting_that_no_book_can_hold_is_named():
    with pytest.raises(SimulationError, match="AK-S002") as refused:
        compared({"fast": {}, "narrow": {"strategy.name_cap": [0.5, 0.01]}})
    assert '"strategy.name_cap": 0.01' in refused.value.where[0]


def test_report_and_table_count_the_same_trials():
    """Four strategies, two cells and three ways to trade are nine looks."""
    library = {name: book.model_dump(mode="json") for name, book in BOOKS.items()}
    grid = {"strategies": ["fast"], "grid": {"strategy.tranches": [1, 2]}}
    block = {"methods": {"fast": {}, "slow": METHODS["slow"]}, "cost_bps": [5.0]}
    cells, speeds, _ = try_settings(
        market(),
        predictions(),
        list(BOOKS),
        library,
        "fast",
        DEAR,
        SweepSpec.parse(grid | {"bootstrap_reps": 100}, "sweep"),
        FrontierSpec.parse(block | {"bootstrap_reps": 100}, "frontier"),
        CapacitySpec(capitals=()),
        0,
    )
    assert len(BOOKS) + len(cells) + speeds["name"].nunique() == 9
    assert (speeds["trials"] == 9).all()


def test_the_same_comparison_gives_the_same_bytes(table):
    pd.testing.assert_frame_equal(compared(), table, check_exact=True)
    assert np.isfinite(table.select_dtypes("number")).all(axis=None)

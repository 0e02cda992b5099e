"""Speeds beside one another: costs carried over, pairs, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.measures import sharpe_interval, sharpe_ratio
from alpha_kedro.portfolio.frontier import SpeedRun, speed_frontier


def run(
    method="partial", setting="rate 0.2", *, cost=5.0, turnover=0.1, seed=0, **fields
):
    rng = np.random.default_rng(seed)
    common = np.random.default_rng(99).normal(0.0005, 0.005, 300)
    gross = common + rng.normal(0, 0.001, 300)
    returns = pd.DataFrame(
        {
            "gross_return": gross,
            "net_return": gross - 2 * turnover * cost * 1e-4,
            "turnover": turnover,
        },
        index=pd.bdate_range("2020-01-01", periods=300, name="date"),
    )
    return SpeedRun(method, setting, returns, cost, **fields)


def compared(*runs, reference="partial rate 0.2", **changes):
    return speed_frontier(
        runs, reference=reference, **({"seed": 0, "reps": 100} | changes)
    )


def test_the_numbers_of_one_run_by_hand():
    own = run()
    table = compared(own, cost_bps=(5.0,))
    row = table.iloc[0]
    net = own.returns["net_return"]
    assert row["net_sharpe"] == pytest.approx(sharpe_ratio(net))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(
        sharpe_interval(net, seed=0, reps=100)
    )
    assert row["turnover_annual"] == pytest.approx(25.2)
    assert row["turnover_weekly"] == pytest.approx(0.5)
    assert row["gross_sharpe"] == pytest.approx(
        sharpe_ratio(own.returns["gross_return"])
    )
    assert row["difference"] == 0.0
    assert row[["own_run", "is_reference", "trials", "n_sessions"]].tolist() == [
        True,
        True,
        1,
        300,
    ]


def test_another_cost_is_carried_over_and_says_so():
    table = compared(run(), cost_bps=(0.0, 5.0, 20.0)).set_index("cost_bps")
    gross = run().returns["gross_return"]
    assert table.loc[0.0, "net_sharpe"] == pytest.approx(sharpe_ratio(gross))
    assert table.loc[20.0, "net_sharpe"] == pytest.approx(
        sharpe_ratio(gross - 2 * 0.1 * 20e-4)
    )
    assert table["own_run"].tolist() == [False, True, False]


def test_a_run_at_the_cost_itself_is_preferred():
    runs = [run(cost=5.0), run(cost=20.0, turnover=0.05)]
    table = compared(*runs, cost_bps=(4.0, 20.0)).set_index("cost_bps")
    assert len(table) == 2
    assert table["turnover_weekly"].tolist() == pytest.approx([0.5, 0.25])
    assert table["own_run"].tolist() == [False, True]


def test_who_heeds_costs_stands_only_where_it_was_run():
    aware = run("cost_aware", "", cost=5.0, seed=1, heeds_costs=True)
    table = compared(run(), aware, cost_bps=(5.0, 10.0))
    assert table["name"].tolist() == [
        "partial rate 0.2",
        "cost_aware",
        "partial rate 0.2",
    ]
    with pytest.raises(ConfigError, match="AK-C193"):
        compared(run(), aware, reference="cost_aware", cost_bps=(10.0,))


def test_slower_is_better_where_it_costs_more_and_the_pair_is_sure_of_it():
    table = compared(run(), run("full", "", turnover=0.5), cost_bps=(2.0, 20.0))
    full = table[table["method"] == "full"].set_index("cost_bps")
    assert (full["difference_high"] < 0).all()
    assert full.loc[20.0, "difference"] < full.loc[2.0, "difference"]
    width = full["difference_high"] - full["difference_low"]
    assert (width < 0.3 * (full["ci_high"] - full["ci_low"])).all()
    assert (table["trials"] == 2).all()


def test_days_that_not_all_have_are_left_out():
    late = run("late", "", seed=2)
    late.returns.iloc[0, 1] = np.nan
    shorter = SpeedRun("late", "", late.returns.iloc[:250].reset_index(), 5.0)
    assert (compared(run(), shorter, cost_bps=(5.0,))["n_sessions"] == 249).all()


def test_more_trials_deflate_more():
    runs = run(), run("full", "", turnover=0.5, seed=3)
    few, many = (compared(*runs, cost_bps=(5.0,), trials=n) for n in (2, 200))
    assert (many["deflated_sharpe"] < few["deflated_sharpe"]).all()
    assert (many["trials"] == 200).all()


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ConfigError, match="AK-C002"):
        compared(run(), reference="partial rate 0.3")
    with pytest.raises(ConfigError, match="AK-C192"):
        compared(run(), run())
    with pytest.raises(ConfigError, match="AK-C192"):
        compared()

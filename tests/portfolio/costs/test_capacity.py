from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.measures import sharpe_ratio
from alpha_kedro.portfolio.capacity import CAPITALS, capacity_at, capacity_curve
from alpha_kedro.portfolio.costs import CostSpec, charge, charged_rates, known_rates
from tests.portfolio.costs.cost_markets import cost_panel

SPEC = CostSpec.parse({"impact": {"adv_window": 5, "volatility_window": 8}}, "costs")
N_DATES = 120


@dataclass
class Books:
    returns: pd.DataFrame
    trades: pd.DataFrame
    notes: pd.DataFrame
    bills: pd.DataFrame


def run(capital):
    """A book that turns over a tenth of its NAV in each name on every session."""
    panel = cost_panel(N_DATES, 4, gaps=0.0)
    rates = charged_rates(known_rates(panel, SPEC, capital=capital))
    trades = np.full(panel.axes.shape, 0.1)
    trading = charge(trades, trades, trading=rates.trading, borrow=0.0).sum(axis=1)
    impact = charge(trades, trades, trading=0.0, borrow=0.0, impact=rates.impact)
    kinds = {"trading": trading, "impact": impact.sum(axis=1)}
    gross = np.random.default_rng(0).normal(0.002, 0.01, N_DATES)
    dates = pd.DatetimeIndex(panel.dates, name="date")
    cost = kinds["trading"] + kinds["impact"]
    columns = {"gross_return": gross, "cost": cost, "net_return": gross - cost}
    returns = pd.DataFrame(columns | {"turnover": 0.2}, index=dates)
    notes = {"note": ["unfilled", "partly_filled", "delisted"], "count": [20, 10, 3]}
    return Books(
        returns, pd.DataFrame(trades), pd.DataFrame(notes), pd.DataFrame(kinds)
    )


def test_a_larger_book_earns_less():
    curve = capacity_curve(run, (1e6, 1e7, 1e8), reps=200)
    assert curve["capital"].tolist() == [1e6, 1e7, 1e8]
    assert curve["net_sharpe"].is_monotonic_decreasing
    assert (curve["ci_low"] < curve["net_sharpe"]).all()
    assert len(set(curve["gross_sharpe"])) == 1
    impact = curve["cost_impact_annual"].to_numpy()
    np.testing.assert_allclose(impact[1:] / impact[:-1], np.sqrt(10), rtol=1e-12)
    parts = curve[["cost_trading_annual", "cost_impact_annual"]].sum(axis=1)
    np.testing.assert_allclose(parts, curve["cost_annual"], rtol=1e-12)
    np.testing.assert_allclose(curve["turnover_annual"], 0.2 * 252)
    finished = N_DATES * 4 - 10
    np.testing.assert_allclose(curve["unfilled_share"], 20 / (finished + 20))


def test_net_returns_alone_are_enough():
    curve = capacity_curve(lambda nav: run(nav).returns["net_return"], reps=200)
    assert curve["capital"].tolist() == list(CAPITALS)
    expected = sharpe_ratio(run(CAPITALS[2]).returns["net_return"].to_numpy())
    assert curve["net_sharpe"][2] == expected
    assert curve["cost_annual"].isna().all()


def test_the_same_runs_give_the_same_curve():
    curves = [capacity_curve(run, (1e6, 1e7), reps=100) for _ in range(2)]
    pd.testing.assert_frame_equal(*curves, check_exact=True)


@pytest.mark.parametrize(
    ("sharpes", "wanted"),
    [
        ([2.0, 1.0, -1.0], np.sqrt(1e7 * 1e9)),
        ([2.0, 1.0, 0.5], np.inf),
        ([-0.1, -0.2, -0.3], 0.0),
    ],
)
def test_capacity_is_where_nothing_is_left(sharpes, wanted):
    curve = pd.DataFrame({"capital": [1e5, 1e7, 1e9], "net_sharpe": sharpes})
    assert capacity_at(curve) == pytest.approx(wanted)


@pytest.mark.parametrize("wrong", [(), (0.0,), (2e6, 1e6), (1e6, 1e6), (np.nan,)])
def test_capitals_that_do_not_ascend_are_refused(wrong):
    with pytest.raises(ConfigError, match="AK-C171"):
        capacity_curve(run, wrong)


@pytest.mark.parametrize("fault", ["shorter", "missing"])
def test_runs_that_cannot_be_compared_are_refused(fault):
    def faulty(capital):
        net = run(capital).returns["net_return"]
        if capital < 1e7:
            return net
        return net[1:] if fault == "shorter" else net.where(net.index > net.index[3])

    with pytest.raises(SimulationError, match="AK-S010") as refused:
        capacity_curve(faulty, (1e6, 1e7), reps=100)
    assert refused.value.where == ["capital 1e+07"]

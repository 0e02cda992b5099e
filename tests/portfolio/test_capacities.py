"""The headline with more and more money."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.result_schemas import Capacity
from alpha_kedro.measures import sharpe_ratio
from alpha_kedro.portfolio import (
    CapacitySpec,
    CostSpec,
    SimulationSpec,
    TradedMarket,
    capacity_of,
    trade_all,
)
from tests.portfolio.toy_markets import random_panel
from tests.portfolio.traded_worlds import (
    DEAR,
    KINDS,
    RICH,
    market,
    overlay,
    parsed,
    predictions,
)

CAPITALS = (1e5, 1e6, 1e7, 1e8)
BOOKS = {
    "quintiles": parsed(KINDS["quantile"]),
    "trend": parsed(KINDS["trend"]),
    "both": parsed(
        {"kind": "combination", "combination": {"members": ["quintiles", "trend"]}}
    ),
    "hedged": parsed(KINDS["top_n"] | {"overlays": [overlay("beta_hedge")]}),
}


def grown(name="quintiles", *, costs=DEAR, on=None, **block):
    given = {"capitals": list(CAPITALS), "max_adv_share": None, "bootstrap_reps": 100}
    return capacity_of(
        name,
        on or market(),
        predictions(),
        strategies=BOOKS,
        costs=costs,
        spec=CapacitySpec.parse(given | block, "capacity"),
    )


@pytest.mark.parametrize("name", BOOKS)
def test_more_money_never_costs_less(name):
    curve = grown(name)
    Capacity.validate(curve)
    assert curve["capital"].tolist() == list(CAPITALS)
    assert (np.diff(curve["cost_annual"]) > 0).all()
    assert (np.diff(curve["net_return_annual"]) < 0).all()
    per_trade = curve["cost_impact_annual"] / curve["turnover_annual"]
    assert (np.diff(per_trade) > 0).all()


def test_a_row_is_the_backtest_with_that_much_money():
    curve = grown("both", max_adv_share=0.1).set_index("capital")
    for capital in (1e5, 1e8):
        terms = SimulationSpec(capital=capital, max_adv_share=0.1)
        under = market().under(costs=DEAR, simulation=terms)
        own = trade_all(under, predictions(), strategies=BOOKS).results["both"]
        net = own.simulation.returns["net_return"]
        assert curve.loc[capital, "net_sharpe"] == sharpe_ratio(net)


def test_a_limit_by_volume_leaves_orders_of_large_books_undone():
    curve = grown(max_adv_share=0.01)
    assert curve["unfilled_share"].iloc[-1] > curve["unfilled_share"].iloc[0] + 0.2
    assert curve["turnover_annual"].iloc[-1] < 0.5 * curve["turnover_annual"].iloc[0]


def test_impact_is_that_of_the_costs_and_else_that_of_the_block():
    flat = CostSpec()
    own = grown(costs=flat)
    given = flat.model_copy(update={"impact": CapacitySpec().impact})
    pd.testing.assert_frame_equal(own, grown(costs=given), check_exact=True)
    assert (own["cost_impact_annual"] > 0).all()
    steep = grown(costs=flat, impact={"coefficient": 3.0})
    assert (steep["cost_impact_annual"] > 1.5 * own["cost_impact_annual"]).all()
    kept = grown(impact={"coefficient": 3.0})
    pd.testing.assert_frame_equal(kept, grown(), check_exact=True)


def test_no_size_asked_for_is_an_empty_table_that_passes_its_contract():
    nothing = grown(capitals=[])
    Capacity.validate(nothing)
    assert nothing.empty


@pytest.mark.parametrize("capitals", [[0.0], [-1.0]])
def test_books_without_money_are_refused(capitals):
    with pytest.raises(ConfigError, match="AK-C003"):
        grown(capitals=capitals)


def test_sizes_that_do_not_ascend_are_refused():
    for capitals in ([1e6, 1e5], [1e6, 1e6]):
        with pytest.raises(ConfigError, match="AK-C003") as refused:
            CapacitySpec.parse({"capitals": capitals}, "capacity")
        assert "each is above the one before" in " ".join(refused.value.where)


def test_a_market_without_volumes_cannot_say():
    bare = TradedMarket.of(random_panel(), costs=CostSpec(), simulation=RICH)
    with pytest.raises(ConfigError, match="AK-C169"):
        grown(costs=CostSpec(), on=bare)

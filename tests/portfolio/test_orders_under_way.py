"""Decisions know what is ordered already, and the end of the books is no decision."""

import numpy as np
import pytest

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.portfolio import SimulationSpec, StrategySpec, run_backtest, trade_all
from tests.portfolio.toy_markets import last_return_scores, random_panel, two_sectors
from tests.portfolio.traded_worlds import FREE, KINDS, market, parsed, predictions

EIGHT = StrategySpec.parse(
    {"model": "m", "kind": "top_k_dropout", "top_k_dropout": {"k": 8, "n_drop": 2}},
    "eight",
)


def traded(spec, *, every=1, **terms):
    panel = random_panel()
    return run_backtest(
        panel,
        last_return_scores(panel, every=every),
        sectors=two_sectors(panel),
        spec=spec,
        costs=FREE,
        simulation=SimulationSpec(**terms),
    )


@pytest.mark.parametrize("lag", [1, 2, 3])
def test_what_is_ordered_is_not_ordered_again(lag):
    book = traded(EIGHT, lag=lag)
    held = (book.simulation.holdings != 0).sum(axis=1)
    assert (held[lag:] == 8).all()


def test_a_turnover_cap_holds_with_orders_under_way():
    capped = StrategySpec.parse(
        {
            "model": "m",
            "min_names": 2,
            "name_cap": 1.0,
            "overlays": [{"kind": "turnover_cap", "one_way": 0.1}],
        },
        "capped",
    )
    turnover = traded(capped, lag=2).simulation.returns["turnover"]
    assert turnover.max() < 0.15  # prices move between the close and the fill


def test_the_last_decision_sees_the_book_that_is_sold_after_it():
    sold, kept = (traded(EIGHT, liquidate_at_end=end) for end in (True, False))
    np.testing.assert_array_equal(sold.target_weights, kept.target_weights)
    assert not sold.simulation.holdings.iloc[-1].any()


def test_nothing_is_earned_on_cash_before_the_first_decision():
    book = traded(EIGHT, cash_bps_annual=500.0)
    assert book.simulation.nav.iloc[0] == 1.0


def test_an_instrument_among_the_names_is_no_name_to_limit():
    ticker = str(market().axes.tickers[0])
    limited = {"kind": "position_limits", "max": 0.02}
    hedge = {"kind": "beta_hedge", "hedge": ticker, "window": 20, "target": 0.5}
    spec = parsed(
        KINDS["rank"] | {"overlays": [hedge | {"without_price": "skip"}, limited]}
    )
    book = trade_all(market(), predictions(), strategies={"mine": spec})
    weights = book.weights
    sizes = weights.assign(size=weights["weight"].abs())
    assert sizes.loc[sizes["ticker"] == ticker, "size"].max() > 0.05
    assert sizes.loc[sizes["ticker"] != ticker, "size"].max() <= 0.02 + 1e-9


def test_a_refused_book_names_its_strategy_and_its_day():
    tight = parsed(KINDS["quantile"] | {"name_cap": 0.01})
    with pytest.raises(SimulationError, match="AK-S002") as refused:
        trade_all(market(), predictions(), strategies={"tight": tight})
    assert refused.value.where[0] == "strategy tight"
    assert refused.value.where[1].startswith("the decision of 20")

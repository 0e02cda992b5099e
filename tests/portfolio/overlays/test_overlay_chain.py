"""Overlays in a row: order, what is reported, and limits that hold at the end."""

import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.portfolio.overlays import (
    BetaHedge,
    CashFloor,
    CorrelationControl,
    DrawdownControl,
    ImpliedVolatilityGate,
    LeverageCap,
    LiquidityLimit,
    MinimumTrade,
    NetCap,
    PositionLimits,
    RegimeGate,
    SectorHedge,
    SectorLimits,
    TurnoverCap,
    VolatilityTarget,
    apply_overlays,
    check_limits,
    refuse_contradictions,
)
from tests.portfolio.overlays.overlay_markets import (
    account_of,
    book,
    cash,
    draw_returns,
    market_of,
)

EVERY = (
    BetaHedge(hedge="F", window=60),
    CashFloor(cash=0.5),
    CorrelationControl(max_correlation=0.05),
    DrawdownControl(limit=-0.05, recovered_to=0.99),
    ImpliedVolatilityGate(level=20.0),
    LeverageCap(gross=0.5),
    LiquidityLimit(max_days=0.02),
    MinimumTrade(share=0.06),
    NetCap(net=0.1),
    PositionLimits(max=0.15, min=0.06),
    RegimeGate(sma=20, exposure_below=0.5),
    SectorHedge(hedges=("E", "F"), window=60),
    SectorLimits(gross=0.2, net=0.1),
    TurnoverCap(one_way=0.1),
    VolatilityTarget(annual_volatility=0.05),
)
KINDS = [overlay.kind for overlay in EVERY]
WEIGHTS = book(0.3, 0.2, 0.1, -0.05, 0, 0)


def busy_market(n_sessions=300, **known):
    returns = draw_returns(n_sessions, 6, seed=11)
    falling = 100 * np.exp(-0.001 * np.arange(n_sessions + 1))
    state = {
        "universe": [True] * 4 + [False] * 2,
        "groups": [0, 0, 1, 1, 0, 1],
        "benchmarks": {"SPY": falling, "VIX": falling},
        "capital": 1e5,
    }
    return market_of(returns=returns, **(state | known))


def busy_account():
    return account_of([0.32, 0.0, 0.07, 0.0, 0, 0], [1.0, 0.9])


@pytest.mark.parametrize("overlay", EVERY, ids=KINDS)
class TestEveryOverlay:
    def test_has_something_to_do_here_and_says_what(self, overlay):
        adjusted = overlay.apply(WEIGHTS, busy_account(), busy_market())
        assert (adjusted.weights != WEIGHTS).any()
        assert all(count > 0 for count in adjusted.notes.values())
        assert all(type(count) is int for count in adjusted.notes.values())
        assert adjusted.weights.dtype == np.float64

    def test_gives_the_same_bytes_twice(self, overlay):
        one, other = (
            overlay.apply(WEIGHTS, busy_account(), busy_market()).weights
            for _ in range(2)
        )
        assert one.tobytes() == other.tobytes()

    def test_leaves_what_is_stuck_as_it_came(self, overlay):
        halted = busy_market(tradable=[False, True, True, True, True, True])
        adjusted = overlay.apply(WEIGHTS, busy_account(), halted)
        assert adjusted.weights[0] == WEIGHTS[0]

    def test_leaves_an_empty_book_empty(self, overlay):
        flat = np.zeros(6)
        adjusted = overlay.apply(flat, cash(6), busy_market())
        np.testing.assert_array_equal(adjusted.weights, flat)

    def test_reads_no_further_back_than_it_says(self, overlay):
        """None of these looks back further than 61 closes, but for the benchmarks."""
        market = busy_market()
        recent = market_of(
            6,
            close=market.close[-61:],
            dollar_volume=market.dollar_volume[-61:],
            dates=market.dates[-61:],
            universe=market.universe,
            groups=market.groups,
            capital=market.capital,
            benchmarks={name: each[-61:] for name, each in market.benchmarks.items()},
        )
        np.testing.assert_array_equal(
            overlay.apply(WEIGHTS, busy_account(), market).weights,
            overlay.apply(WEIGHTS, busy_account(), recent).weights,
        )

    def test_is_read_from_a_configuration(self, overlay):
        block = overlay.model_dump(mode="json")
        assert block["kind"] == overlay.kind
        assert type(overlay).parse(block, "overlays") == overlay

    def test_knows_names_and_not_their_order(self, overlay):
        order = np.array([3, 5, 0, 4, 2, 1])
        market, held = busy_market(), busy_account()
        shuffled = market_of(
            6,
            close=market.close[:, order],
            dollar_volume=market.dollar_volume[:, order],
            dates=market.dates,
            tickers=market.tickers[order],
            universe=market.universe[order],
            groups=market.groups[order],
            capital=market.capital,
            benchmarks=market.benchmarks,
        )
        other = account_of(held.holdings[order], held.nav)
        np.testing.assert_allclose(
            overlay.apply(WEIGHTS[order], other, shuffled).weights,
            overlay.apply(WEIGHTS, held, market).weights[order],
            atol=1e-15,
        )


def test_one_after_the_other_in_the_order_of_the_list():
    halved, capped = CashFloor(cash=0.5), PositionLimits(max=0.3, redistribute=False)
    weights, market = book(0.6, 0.2, 0.2, 0), market_of()
    first = apply_overlays(weights, [halved, capped], cash(), market)
    np.testing.assert_allclose(first.weights, [0.3, 0.1, 0.1, 0])
    other = apply_overlays(weights, [capped, halved], cash(), market)
    np.testing.assert_allclose(other.weights, np.array([0.3, 0.2, 0.2, 0]) * 5 / 7)
    assert first.changes == {"cash_floor": pytest.approx(0.25), "position_limits": 0}
    assert other.changes == {
        "position_limits": pytest.approx(0.15),
        "cash_floor": pytest.approx(0.1),
    }
    assert first.notes == {"cash_floor:over_cap": 1}


def test_without_overlays_or_with_nothing_to_do_the_bits_stay():
    assert apply_overlays(WEIGHTS, [], cash(6), busy_market()).weights is WEIGHTS
    loose = [LeverageCap(gross=2.0), PositionLimits(max=1.0), TurnoverCap(one_way=2.0)]
    overlaid = apply_overlays(WEIGHTS, loose, cash(6), busy_market())
    assert overlaid.weights is WEIGHTS
    assert overlaid.notes == {}
    assert overlaid.changes == {
        "leverage_cap": 0,
        "position_limits": 0,
        "turnover_cap": 0,
    }


def test_a_limit_that_a_later_step_breaks_is_applied_again():
    market = market_of(
        returns=np.repeat(draw_returns(60, 1), 4, axis=1),
        universe=[True, True, True, False],
    )
    steps = [LeverageCap(gross=1.0), BetaHedge(hedge="D", window=60)]
    overlaid = apply_overlays(book(0.5, 0.3, 0.2, 0), steps, cash(), market)
    # Hedged to a gross of 2, then halved with its hedge: still without beta.
    np.testing.assert_allclose(overlaid.weights, [0.25, 0.15, 0.1, -0.5])
    assert overlaid.notes == {"limit_enforced:leverage_cap": 1}
    assert overlaid.changes["leverage_cap"] == pytest.approx(0.5)
    assert check_limits(overlaid.weights, steps, cash(), market) == {}


def test_limits_on_risk_stand_above_the_speed_of_trading():
    steps = [PositionLimits(max=0.1), TurnoverCap(one_way=0.01)]
    held = account_of([0.3, 0, 0, 0])
    overlaid = apply_overlays(book(0.1, 0.1, 0, 0), steps, held, market_of())
    assert overlaid.weights[0] == pytest.approx(0.1)
    assert overlaid.notes["limit_enforced:position_limits"] == 1
    assert overlaid.notes["limit_broken:turnover_cap"] == 1


def test_what_cannot_be_sold_breaks_a_limit_and_is_noted():
    halted = market_of(tradable=[False, True, True, True])
    held = account_of([0.4, 0, 0, 0])
    steps = [PositionLimits(max=0.3)]
    overlaid = apply_overlays(book(0, 0.2, 0, 0), steps, held, halted)
    np.testing.assert_array_equal(overlaid.weights, [0, 0.2, 0, 0])
    assert overlaid.notes == {"limit_broken:position_limits": 1}


def test_a_minimum_that_the_gross_has_no_room_for_names_both():
    steps = [
        PositionLimits(max=0.5, min=0.2, below_min="raise", redistribute=False),
        LeverageCap(gross=0.5),
    ]
    with pytest.raises(SimulationError, match="AK-S031") as refusal:
        apply_overlays(book(0.1, 0.1, 0.1, -0.1), steps, cash(), market_of())
    assert "position_limits: 4 names x min 0.2 = 0.8" in str(refusal.value)
    assert "leverage_cap: gross 0.5" in str(refusal.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused_by_name(bad):
    with pytest.raises(SimulationError, match="AK-S035") as refusal:
        apply_overlays(book(0.1, bad, 0, 0), [], cash(), market_of())
    assert "B" in str(refusal.value)


def test_limits_that_no_book_can_satisfy_are_refused_before_anything_runs():
    contradictory = [
        PositionLimits(max=0.3, min=0.2),
        LeverageCap(gross=0.1),
        SectorLimits(gross=0.15),
        VolatilityTarget(min_leverage=0.5),
    ]
    with pytest.raises(ConfigError, match="AK-C185") as refusal:
        refuse_contradictions(contradictory, "strategies.mine")
    for pair in (
        "position_limits.min 0.2 > leverage_cap.gross 0.1",
        "position_limits.min 0.2 > sector_limits.gross 0.15",
        "volatility_target.min_leverage 0.5 > leverage_cap.gross 0.1",
    ):
        assert pair in str(refusal.value)
    refuse_contradictions(EVERY, "strategies.mine")


@pytest.mark.parametrize("seed", range(8))
def test_any_list_ends_within_all_of_its_limits(seed):
    rng = np.random.default_rng(seed)
    market = market_of(
        returns=draw_returns(60, 30, seed=seed),
        universe=[True] * 28 + [False] * 2,
        groups=[*rng.integers(0, 4, 28), 0, 1],
        tickers=np.array([f"N{i:02d}" for i in range(28)] + ["X", "Y"], dtype=object),
        capital=1e6,
    )
    steps = [
        LeverageCap(gross=1.2),
        NetCap(net=0.02),
        CashFloor(cash=1.0),
        PositionLimits(max=0.08, min=0.01),
        SectorLimits(gross=0.4, net=0.03, redistribute=True),
        LiquidityLimit(max_days=0.07),
        VolatilityTarget(window=60, max_leverage=3.0),
        SectorHedge(hedges=("X", "Y"), window=60),
        BetaHedge(hedge="Y", window=60),
        MinimumTrade(share=0.005),
    ]
    order = rng.permutation(len(steps))
    shuffled = [steps[place] for place in order]
    held = account_of(rng.normal(0, 0.05, 30))
    overlaid = apply_overlays(rng.normal(0, 0.1, 30), shuffled, held, market)
    assert check_limits(overlaid.weights, shuffled, held, market) == {}
    assert np.abs(overlaid.weights).sum() > 0.05
    assert not any("broken" in note for note in overlaid.notes)

import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.portfolio.overlays import SectorLimits
from tests.portfolio.overlays.overlay_markets import account_of, book, cash, market_of

TWO = {"groups": [0, 0, 1, 1]}


def test_a_sector_is_scaled_to_its_largest_gross():
    adjusted = SectorLimits(gross=0.5).apply(
        book(0.6, -0.4, 0.2, -0.2), cash(), market_of(**TWO)
    )
    np.testing.assert_allclose(adjusted.weights, [0.3, -0.2, 0.2, -0.2])
    assert adjusted.notes == {"over_limit": 1}


def test_the_larger_leg_of_a_sector_is_scaled_to_its_largest_net():
    adjusted = SectorLimits(net=0.1).apply(
        book(0.6, -0.2, -0.3, 0.25), cash(), market_of(**TWO)
    )
    np.testing.assert_allclose(adjusted.weights, [0.3, -0.2, -0.3, 0.25])


def test_what_a_full_sector_cannot_hold_goes_to_the_others():
    market = market_of(6, groups=[0, 0, 1, 1, 2, 2])
    adjusted = SectorLimits(gross=0.5, redistribute=True).apply(
        book(0.4, -0.4, 0.1, -0.1, 0.05, -0.05), cash(6), market
    )
    # The .3 over go to the other two as .2 to .1.
    np.testing.assert_allclose(adjusted.weights, [0.25, -0.25, 0.2, -0.2, 0.1, -0.1])
    assert np.abs(adjusted.weights).sum() == pytest.approx(1.1)


def test_sectors_without_room_leave_cash_or_name_the_limit():
    weights, market = book(0.6, -0.4, 0.3, -0.3), market_of(**TWO)
    adjusted = SectorLimits(gross=0.5, redistribute=True).apply(weights, cash(), market)
    np.testing.assert_allclose(adjusted.weights, [0.3, -0.2, 0.25, -0.25])
    assert adjusted.notes == {"over_limit": 2, "left_in_cash": 1}
    strict = SectorLimits(gross=0.5, redistribute=True, must_place=True)
    with pytest.raises(SimulationError, match="AK-S031") as refusal:
        strict.apply(weights, cash(), market)
    assert "2 sectors x gross 0.5 = 1" in str(refusal.value)
    assert "wanted in them: 1.6" in str(refusal.value)


def test_names_without_a_sector_are_not_limited_but_counted():
    adjusted = SectorLimits(gross=0.2, net=0.1).apply(
        book(0.3, 0.4, 0.5, 0), cash(), market_of(groups=[0, -1, -2, 1])
    )
    np.testing.assert_allclose(adjusted.weights, [0.1, 0.4, 0.5, 0])
    assert adjusted.notes == {"over_limit": 1, "no_sector": 2}


def test_the_others_make_room_for_what_is_stuck():
    market = market_of(**TWO, tradable=[False, True, True, True])
    held = account_of([0.3, 0, 0, 0])
    limits = SectorLimits(gross=0.4)
    adjusted = limits.apply(book(0.0, 0.3, 0.2, 0.2), held, market)
    np.testing.assert_allclose(adjusted.weights, [0, 0.1, 0.2, 0.2])
    assert limits.breach(adjusted.weights, held, market) is None


def test_a_book_within_its_limits_keeps_its_bits():
    weights = book(0.1 + 0.2, 0.2, -0.5, 0)
    limits = SectorLimits(gross=0.5, net=0.5, redistribute=True)
    adjusted = limits.apply(weights, cash(), market_of(**TWO))
    assert adjusted.weights is weights


@pytest.mark.parametrize("seed", range(5))
def test_any_book_is_within_afterwards(seed):
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, 0.1, 40)
    groups = rng.integers(-1, 5, 40)
    market = market_of(40, groups=groups)
    limits = SectorLimits(gross=0.4, net=0.05)
    adjusted = limits.apply(weights, cash(40), market).weights
    for sector in range(5):
        own = adjusted[groups == sector]
        assert np.abs(own).sum() <= 0.4 + 1e-9
        assert abs(own.sum()) <= 0.05 + 1e-9
    assert (np.abs(adjusted) <= np.abs(weights)).all()
    np.testing.assert_array_equal(adjusted[groups < 0], weights[groups < 0])


def test_no_limit_at_all_is_refused():
    with pytest.raises(ConfigError, match="set gross or net"):
        SectorLimits.parse({}, "overlays")

import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.portfolio.costs import CostSpec, known, known_rates, rates_on
from tests.portfolio.costs.cost_markets import cost_panel, panel_of

FULL = CostSpec.parse(
    {
        "half_spread": {"kind": "high_low", "window": 10, "floor_bps": 0.0},
        "impact": {"coefficient": 0.8, "volatility_window": 8, "adv_window": 5},
        "hard_to_borrow": {"tickers": {"N01": 2520.0}, "not_available": ["N02"]},
    },
    "costs",
)
CAPITAL = 5e6


def rows_to(rates, row):
    return [rate[: row + 1].tobytes() for rate in vars(rates.at_close).values()]


def future_moves_something(panel, after):
    """True when garbage after a close moves a rate known at it."""
    rng = np.random.default_rng(1)
    fields = {name: each.copy() for name, each in panel.fields.items()}
    for each in fields.values():
        each[after + 1 :] = rng.uniform(1, 9, each[after + 1 :].shape)
    fields["high"][after + 1 :] += 10
    before = known_rates(panel, FULL, capital=CAPITAL)
    garbled = known_rates(panel_of(fields), FULL, capital=CAPITAL)
    notes = [
        not np.array_equal(count[: after + 1], garbled.notes[name][: after + 1])
        for name, count in before.notes.items()
    ]
    return rows_to(before, after) != rows_to(garbled, after) or any(notes)


def test_no_bar_after_a_close_moves_a_bit_of_what_is_known_at_it():
    panel = cost_panel()
    assert not any(future_moves_something(panel, row) for row in range(0, 59, 6))


@pytest.mark.parametrize("peeked", ["known_adv", "known_volatility"])
def test_the_check_sees_a_look_ahead(monkeypatch, peeked):
    honest = getattr(known, peeked)

    def one_session_ahead(prices, spec):
        return np.roll(honest(prices, spec), -1, axis=0)

    monkeypatch.setattr(known, peeked, one_session_ahead)
    assert future_moves_something(cost_panel(), 30)


def test_the_check_sees_a_look_ahead_of_the_spread(monkeypatch):
    honest = known.estimated_half_spreads

    def filled_backwards(prices, spec):
        half = honest(prices, spec)
        return np.where(np.isnan(half), half[-1], half)

    monkeypatch.setattr(known, "estimated_half_spreads", filled_backwards)
    assert future_moves_something(cost_panel(), 30)


def test_impact_is_the_square_root_law_of_trailing_numbers():
    panel = cost_panel(gaps=0.0)
    row, name = 40, 3
    rates = known_rates(panel, FULL, capital=CAPITAL).next_fill(row)
    close = panel["close"][row - 8 : row + 1, name]
    volatility = np.std(close[1:] / close[:-1] - 1, ddof=1)
    adv = panel["dollar_volume"][row - 4 : row + 1, name].mean()
    traded = 0.03 * CAPITAL
    currency = 0.8 * volatility * np.sqrt(traded / adv) * traded
    share = rates.impact[name] * 0.03**1.5
    assert share == pytest.approx(currency / CAPITAL, rel=1e-12)


def test_impact_grows_with_the_root_of_the_capital():
    panel = cost_panel()
    small, large = (
        known_rates(panel, FULL, capital=capital).at_close.impact
        for capital in (1e6, 1e8)
    )
    np.testing.assert_allclose(large, 10 * small, rtol=1e-12)


def test_sessions_without_a_bar_count_as_sessions_without_volume():
    panel = cost_panel(gaps=0.0)
    fields = {name: each.copy() for name, each in panel.fields.items()}
    fields["dollar_volume"][38:40, 3] = np.nan
    spec = FULL.impact
    adv = known.known_adv(panel_of(fields), spec)[40, 3]
    days = panel["dollar_volume"][36:41, 3]
    assert adv == pytest.approx((days.sum() - days[2:4].sum()) / 5, rel=1e-12)


def test_a_name_without_history_has_the_median_of_the_others_and_is_counted():
    panel = cost_panel(gaps=0.0)
    rates = known_rates(panel, FULL, capital=CAPITAL)
    listed = 30  # the last name's first bar: no pair, no return, a volume
    trading = rates.at_close.trading[listed]
    assert trading[-1] == pytest.approx(np.median(trading[:-1]), rel=1e-14)
    assert rates.notes["spread_of_others"][listed - 1 : listed + 4].tolist() == [
        *(0, 1, 1, 0, 0)
    ]
    assert rates.notes["volatility_of_others"][listed] == 1
    assert rates.notes["volume_of_others"].max() == 0


def test_where_nothing_is_known_the_constants_hold():
    panel = cost_panel()
    rates = known_rates(panel, FULL, capital=CAPITAL)
    first = rates.charged
    np.testing.assert_allclose(first.trading[0], 7e-4, rtol=1e-14)
    assert not first.impact[0].any()
    # At the first close there are volumes, and a volatility that is assumed.
    adv = panel["dollar_volume"][0]
    expected = 0.8 * 0.02 * np.sqrt(CAPITAL / adv)
    has = np.isfinite(adv)
    np.testing.assert_allclose(first.impact[1][has], expected[has], rtol=1e-12)


def test_rates_can_always_be_charged():
    panel = cost_panel(gaps=0.5)
    panel["dollar_volume"][:, 2] = np.nan
    rates = known_rates(panel, FULL, capital=CAPITAL)
    rates_on(rates.charged, panel.axes.shape)
    assert (
        rates.notes["volume_of_others"].sum() == np.isfinite(panel["close"][:, 2]).sum()
    )


def test_constant_costs_take_no_memory_and_are_the_same_everywhere():
    panel = cost_panel()
    spec = CostSpec.parse({"half_spread": {"kind": "fixed", "bps": 3.0}}, "costs")
    rates = known_rates(panel, spec).charged
    assert rates.trading.strides == (0, 0) == rates.impact.strides
    assert rates.borrow.strides[0] == 0
    alone = rates_on(spec, panel.axes.shape)
    for name, rate in vars(alone).items():
        assert np.array_equal(rate, vars(rates)[name])
    assert rates.trading[0, 0] == pytest.approx(8e-4, rel=1e-14)


def test_names_that_are_hard_to_borrow_have_their_own_fee():
    borrow = known_rates(cost_panel(), FULL, capital=CAPITAL).charged.borrow
    assert borrow[5, 1] == pytest.approx(0.252 / 252, rel=1e-14)
    assert borrow[5, 0] == pytest.approx(0.005 / 252, rel=1e-14)
    shortable = FULL.hard_to_borrow.shortable(cost_panel().tickers)
    assert shortable.tolist() == [True, True, False] + [True] * 5


@pytest.mark.parametrize("block", [{"tickers": {"N1": 9.0}}, {"not_available": ["N1"]}])
def test_hard_to_borrow_names_without_prices_are_refused(block):
    spec = CostSpec.parse({"hard_to_borrow": block}, "costs")
    with pytest.raises(ConfigError, match="AK-C165") as refused:
        known_rates(cost_panel(), spec)
    assert refused.value.where == ["N1"]
    assert "did you mean" in str(refused.value)
    with pytest.raises(ConfigError, match="AK-C165"):
        spec.hard_to_borrow.shortable(cost_panel().tickers)


def test_impact_without_a_capital_says_where_to_set_it():
    with pytest.raises(ConfigError, match="AK-C167") as refused:
        known_rates(cost_panel(), FULL)
    assert "simulation.capital" in refused.value.fix


@pytest.mark.parametrize("capital", [0.0, -1.0, np.inf, np.nan])
def test_a_book_without_money_is_refused(capital):
    with pytest.raises(ConfigError, match="AK-C170"):
        known_rates(cost_panel(), FULL, capital=capital)


def test_impact_without_volumes_is_refused():
    fields = dict(cost_panel().fields)
    for volume in (None, np.full(fields["close"].shape, np.nan)):
        without = {k: v for k, v in fields.items() if k != "dollar_volume"}
        panel = panel_of(
            without if volume is None else without | {"dollar_volume": volume}
        )
        with pytest.raises(ConfigError, match="AK-C169"):
            known_rates(panel, FULL, capital=CAPITAL)


@pytest.mark.parametrize("asked", ["half_spread", "impact", "hard_to_borrow"])
def test_costs_that_need_a_market_are_refused_without_one(asked):
    spec = CostSpec().model_copy(update={asked: getattr(FULL, asked)})
    with pytest.raises(ConfigError, match="AK-C168") as refused:
        rates_on(spec, (2, 3))
    assert refused.value.where[0].startswith(f"costs.{asked}")


@pytest.mark.parametrize(
    ("block", "key"),
    [
        ({"impact": {"coefficient": -1.0}}, r"costs\.impact\.coefficient"),
        ({"impact": {"coefficient": 11.0}}, r"costs\.impact\.coefficient"),
        ({"impact": {"adv_window": 0}}, r"costs\.impact\.adv_window"),
        ({"half_spread": {"bps": -1.0}}, r"costs\.half_spread\.bps"),
        ({"half_spread": {"bps": 1_001.0}}, r"costs\.half_spread\.bps"),
        ({"half_spread": {"kind": "quoted"}}, r"costs\.half_spread\.kind"),
        ({"hard_to_borrow": {"tickers": {"A": -1.0}}}, r"hard_to_borrow\.tickers\.A"),
    ],
)
def test_absurd_costs_are_refused_by_their_key(block, key):
    with pytest.raises(ConfigError, match=key):
        CostSpec.parse(block, "costs")


def test_one_name_and_one_session_are_enough():
    panel = cost_panel(1, 1, gaps=0.0)
    panel["close"][:] = 1.0
    plain = known_rates(panel, CostSpec())
    assert plain.charged.trading.shape == (1, 1)

"""Unbelievable closes are refused, real moves are kept, and nobody looks ahead."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.market import IngestionSpec, simulate_market
from alpha_kedro.market.cleaning.spikes import Quotes, find_spikes
from tests.market.quotes import SESSIONS, cleaned, make_quotes
from tests.market.test_adjust import make_actions

PRICES = ["open", "high", "low", "close"]
ALL_PRICES = [*PRICES, "adj_close"]


def times(raw, rows, factor, columns=ALL_PRICES):
    """The same quotes with the prices of some rows in another unit."""
    changed = raw.copy()
    changed.loc[rows, columns] *= factor
    return changed


@pytest.mark.parametrize("factor", [10.0, 100.0, 0.1, 0.01, 0.001, 5.0])
def test_a_price_off_by_a_power_of_ten_on_ordinary_volume_is_refused(factor):
    raw = make_quotes("A", "B")
    found = cleaned(times(raw, [12], factor))
    assert found.report["by_reason"] == {"spike": 1}
    assert list(found.rejects["date"]) == [SESSIONS[12]]
    pd.testing.assert_frame_equal(found.bars, cleaned(raw.drop(index=12)).bars)


@pytest.mark.parametrize("factor", [3.9, 0.3])
def test_a_move_within_the_ratio_needs_no_confirmation(factor):
    raw = times(make_quotes("A"), slice(12, None), factor)
    assert not cleaned(raw).report["by_reason"]


@pytest.mark.parametrize("factor", [10.0, 6.0, 0.1, 0.02])
def test_a_move_on_heavy_volume_is_real(factor):
    raw = times(make_quotes("A"), slice(12, None), factor)
    raw.loc[12, "volume"] = 4 * raw.loc[:11, "volume"].median()
    assert not cleaned(raw).report["by_reason"]


def test_no_volume_makes_a_hundredfold_rise_real():
    raw = times(make_quotes("A"), [12], 100.0)
    raw.loc[12, "volume"] = 4 * raw.loc[:11, "volume"].median()
    assert cleaned(raw).report["by_reason"] == {"spike": 1}


def test_a_loss_is_confirmed_by_less_than_a_rise():
    quiet = make_quotes("A").assign(volume=1_000.0)
    quiet.loc[12, "volume"] = 2_500.0
    assert not cleaned(times(quiet, slice(12, None), 0.1)).report["by_reason"]
    assert cleaned(times(quiet, [12], 10.0)).report["by_reason"] == {"spike": 1}


def test_a_loss_that_is_no_power_of_ten_is_kept_in_doubt():
    raw = times(make_quotes("A"), slice(12, None), 0.15)
    assert not cleaned(raw).report["by_reason"]


def test_a_move_back_to_where_the_name_was_is_believed():
    fallen = times(make_quotes("A"), [12], 0.15)
    assert not cleaned(fallen).report["by_reason"]
    risen = times(make_quotes("A"), [12], 10.0)
    risen.loc[12, "volume"] = 1e6
    assert not cleaned(risen).report["by_reason"]


def test_the_days_after_a_spike_are_compared_with_the_last_believed_close():
    raw = times(make_quotes("A"), [12, 13, 14], 100.0)
    found = cleaned(raw)
    assert found.report["by_reason"] == {"spike": 3}
    assert list(found.rejects["date"]) == list(SESSIONS[12:15])


@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_a_switch_of_units_is_named_and_never_rescaled(factor):
    raw = times(make_quotes("A", "B"), range(12, 40), factor)  # of A
    found = cleaned(raw)
    assert found.report["by_reason"] == {"spike": 5, "unit_change": 23}
    assert found.report["unit_changes"] == {"A": f"{pd.Timestamp(SESSIONS[17]):%F}"}
    kept = found.bars[found.bars["ticker"] == "A"]
    assert list(kept["date"]) == list(SESSIONS[:12])
    refused = found.rejects.sort_values("date")
    assert list(refused["close"]) == list(raw["close"][12:40])


def test_a_unit_that_comes_back_is_refused_all_the_same():
    raw = times(make_quotes("A"), range(12, 20), 100.0)
    assert cleaned(raw).report["by_reason"] == {"spike": 5, "unit_change": 23}


@pytest.mark.parametrize("basis", ["raw", "split_adjusted"])
@pytest.mark.parametrize("ratio", [10.0, 0.1])
def test_a_listed_split_is_no_spike(basis, ratio):
    quotes = make_quotes("A").assign(adj_close=np.nan)
    raw = times(quotes, slice(None, 11), ratio) if basis == "raw" else quotes
    actions = make_actions((SESSIONS[12], "A", 0.0, ratio))
    assert list(cleaned(raw, basis=basis).report["by_reason"]) == (
        ["spike", "unit_change"] if basis == "raw" else []
    )
    listed = cleaned(raw, basis=basis, actions=actions)
    assert not listed.report["by_reason"]
    assert listed.bars["share_factor"].unique().tolist() == [1.0, ratio]


def test_a_listed_dividend_explains_a_fall():
    raw = times(make_quotes("A").assign(adj_close=np.nan), slice(12, None), 0.1)
    assert cleaned(raw).report["by_reason"] == {"spike": 5, "unit_change": 23}
    actions = make_actions((SESSIONS[12], "A", raw.loc[11, "close"] * 0.9, 1.0))
    assert not cleaned(raw, actions=actions).report["by_reason"]


def test_a_fall_that_the_vendors_total_return_does_not_show_is_a_distribution():
    raw = times(make_quotes("A"), slice(12, None), 0.1, columns=PRICES)
    assert not cleaned(raw).report["by_reason"]
    glitch = times(make_quotes("A"), [12], 10.0, columns=PRICES)
    assert cleaned(glitch).report["by_reason"] == {"spike": 1}


def test_without_any_volume_a_rise_cannot_be_confirmed():
    raw = times(make_quotes("A"), [12], 10.0).assign(volume=0.0)
    assert cleaned(raw).report["by_reason"] == {"spike": 1}


def test_the_limits_are_parameters():
    raw = times(make_quotes("A"), [12], 10.0)
    assert not cleaned(raw, spec=IngestionSpec(spike_ratio=20.0)).report["by_reason"]
    assert not cleaned(raw, spec=IngestionSpec(spike_volume=0.0)).report["by_reason"]
    raw = times(raw, [13], 10.0)
    soon = cleaned(raw, spec=IngestionSpec(unit_change_after=1))
    assert soon.report["by_reason"] == {"spike": 1, "unit_change": 27}


@pytest.mark.parametrize("seed", range(3))
def test_no_crash_of_a_simulated_market_is_lost(seed):
    market = simulate_market(
        120, 700, seed=seed, basis="raw", delisting_rate=0.4, crash_share=0.8
    )
    assert market.bars.groupby("ticker")["close"].pct_change().min() < -0.8
    found = cleaned(market.bars, actions=market.actions, basis="raw")
    assert not found.report["by_reason"]


def walked(quotes, spec):
    """Every bar against what was believed before it, one by one: the slow twin."""
    spike, changed = [], []
    for row, code in enumerate(quotes.codes):
        if row == 0 or code != quotes.codes[row - 1]:
            believed, run, lost = [], 0, False
        lost = lost or run >= spec.unit_change_after
        changed.append(lost)
        wild = bool(believed) and not lost and is_wild(quotes, believed, row, spec)
        spike.append(wild)
        run = run + 1 if wild else 0
        if not wild and not lost:
            believed.append(row)
    return spike, changed


def is_wild(quotes, believed, row, spec):
    def grown(before):
        paid = sum(quotes.dividend[before + 1 : row + 1])
        return (quotes.close[row] + paid) / quotes.close[before]

    limit, move = spec.spike_ratio, grown(believed[-1])
    traded = [quotes.volume[k] for k in believed[-20:] if quotes.volume[k] > 0]
    enough = spec.spike_volume if move > limit else spec.fall_volume
    heavy = traded and quotes.volume[row] >= enough * np.median(traded)
    heavy = heavy and move <= 50
    if heavy or any(1 / limit <= grown(k) <= limit for k in believed[-5:]):
        return False
    if move > limit:
        return True
    vendor = quotes.adj_close[row] / quotes.adj_close[believed[-1]]
    near = any(abs(move / unit - 1) <= 0.2 for unit in (0.1, 0.01, 0.001))
    return near and not vendor >= 1 / limit


FACTORS = [1.0] * 8 + [10.0, 0.1, 100.0, 0.15, 6.0, 0.01]


@st.composite
def wild_quotes(draw):
    n_bars = draw(st.integers(1, 40))
    factors = draw(st.lists(st.sampled_from(FACTORS), min_size=n_bars, max_size=n_bars))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    close = 50 * np.array(factors) * np.exp(0.02 * rng.standard_normal(n_bars))
    if draw(st.booleans()):
        close = 50 * np.cumprod(np.array(factors))
    vendor = np.where(rng.random(n_bars) < 0.5, 50.0, np.nan)
    return Quotes(
        codes=np.sort(rng.integers(0, 3, n_bars)),
        close=close,
        volume=rng.choice([0.0, 100.0, 120.0, 250.0, 500.0, np.nan], n_bars),
        dividend=np.where(rng.random(n_bars) < 0.1, 40.0, 0.0),
        adj_close=vendor,
    )


@settings(max_examples=200, deadline=None)
@given(wild_quotes(), st.integers(1, 6))
def test_the_jumps_are_walked_as_every_bar_would_be(quotes, after):
    spec = IngestionSpec(unit_change_after=after)
    found = find_spikes(quotes, spec)
    spike, changed = walked(quotes, spec)
    assert found["spike"].tolist() == spike
    assert found["unit_change"].tolist() == changed

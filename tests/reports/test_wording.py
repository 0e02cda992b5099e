"""Numbers and sentences, by hand."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.measures import NotAvailable
from alpha_kedro.reports.verdict import caveats, sharpe_finding, verdict
from alpha_kedro.reports.wording import (
    count,
    day,
    fixed,
    interval,
    interval_around,
    numbered,
    percent,
    recovered,
    spread_labels,
)
from tests.reports.toy_runs import draw_ingestion


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (fixed(0.314), "0.31"),
        (fixed(-0.001), "0.00"),
        (fixed(1234.5, 1), "1,234.5"),
        (fixed(None), "n/a"),
        (fixed(float("nan")), "n/a"),
        (fixed(NotAvailable("no benchmark")), "n/a"),
        (percent(-0.1234), "-12.3 %"),
        (percent(None), "n/a"),
        (count(1234567), "1,234,567"),
        (interval([-0.15, 0.8]), "[-0.15, 0.80]"),
        (interval(None), "n/a"),
        (interval([None, 1.0]), "n/a"),
        (interval(NotAvailable("zero volatility")), "n/a"),
        (numbered(1, "trial"), "1 trial"),
        (numbered(1200, "trial"), "1,200 trials"),
        (day(None), "n/a"),
        (recovered(None), "not yet"),
    ],
)
def test_a_number_is_shown_as_a_reader_wants_it(shown, expected):
    assert shown == expected


def test_a_normal_interval_reaches_1_96_errors_to_either_side():
    assert interval_around(1.0, 0.5) == pytest.approx((0.02, 1.98), abs=1e-4)
    assert interval_around(1.0, None) is None
    assert interval_around(math.nan, 0.5) is None


def test_labels_that_would_overlap_are_moved_apart_around_their_middle():
    assert spread_labels([0.5, 0.5], 0.1) == pytest.approx([0.45, 0.55])
    assert spread_labels([0.9, 0.1], 0.1) == [0.9, 0.1]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0, 0.2))
def test_labels_keep_their_order_their_distance_and_their_mean(values, gap):
    moved = spread_labels(values, gap)
    order = sorted(range(len(values)), key=lambda place: (values[place], place))
    ranked = [moved[place] for place in order]
    distances = [b - a for a, b in pairwise(ranked)]
    assert all(distance >= gap - 1e-9 for distance in distances)
    assert sum(moved) == pytest.approx(sum(values))


def strategy(bounds, *, sharpe=0.31, deflated=0.99, trials=8):
    net = {"sharpe": sharpe, "sharpe_ci95": bounds, "annual_return": 0.05}
    return {
        "net": net,
        "gross": {"sharpe": 0.62},
        "cost_annual": 0.02,
        "deflated_sharpe": deflated,
        "trials": trials,
        "start": "2017-01-04",
        "end": "2023-12-29",
    }


def told(*args, **kwargs) -> str:
    block = strategy(*args, **kwargs)
    return " ".join(verdict({"headline": "book", "strategies": {"book": block}}))


def test_a_finding_states_the_ratio_its_interval_and_what_follows():
    found = sharpe_finding(strategy([-0.15, 0.8]))
    assert found == "Net Sharpe 0.31 [-0.15, 0.80]: the interval includes zero"


def test_an_interval_around_zero_is_called_compatible_with_no_skill():
    sentence = told([-0.15, 0.8])
    assert sentence == (
        "book earned 5.0 % a year after costs at a Sharpe ratio of 0.31 (95 % interval "
        "[-0.15, 0.80]), out of sample from 2017-01-04 to 2023-12-29. The interval "
        "includes zero: this record is compatible with no skill. Costs took 2.0 % of "
        "NAV a year; before them the Sharpe ratio was 0.62."
    )


def test_an_end_at_zero_still_includes_zero():
    assert "includes zero" in told([0.0, 0.8])


def test_a_good_interval_is_not_enough_when_many_things_were_tried():
    sentence = told([0.1, 1.2], deflated=0.71, trials=40)
    assert "after allowing for 40 trials" in sentence
    assert "the confidence that it beats the best of 40 without skill" in sentence
    assert "71.0 %, short of 95 %" in sentence


def test_skill_that_survives_the_trials_is_granted():
    sentence = told([0.5, 1.5], deflated=0.97)
    assert "without skill is 97.0 %." in sentence
    assert "short of" not in sentence


def test_a_loss_is_called_a_loss():
    assert "lies below zero" in told([-1.5, -0.2], sharpe=-0.8)


def test_without_an_interval_nothing_is_claimed():
    assert "too few returns" in told(None, sharpe=None)


def summary_of(market="files", **facts):
    book = {"benchmark_misaligned": False, **facts}
    return {
        "manifest": {"market": market},
        "headline": "book",
        "strategies": {"book": book},
    }


def test_honest_data_need_no_caveat():
    assert caveats(summary_of(), draw_ingestion()) == []


def test_a_simulated_market_is_announced():
    (caveat,) = caveats(summary_of("simulated"), draw_ingestion())
    assert "Simulated market" in caveat


def test_an_undated_universe_is_announced():
    (caveat,) = caveats(summary_of(), draw_ingestion(dated=False))
    assert "survivorship" in caveat


def test_a_shifted_benchmark_is_announced():
    summary = summary_of(benchmark_misaligned=True)
    (caveat,) = caveats(summary, draw_ingestion())
    assert "out of step" in caveat

"""Paired differences of Sharpe ratios: against a slow twin, and as sure as they say."""

import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap

from alpha_kedro.measures import sharpe_ratio
from alpha_kedro.measures.paired import _block, paired_sharpe_differences


def books(n=400, *, edge=0.0, common=0.9, seed=0):
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, n)
    own = rng.normal(0, 0.01, (n, 2))
    mixed = common * market[:, None] + np.sqrt(1 - common**2) * own
    return mixed[:, 0] + edge, mixed[:, 1]


def test_the_difference_is_that_of_the_ratios():
    book, reference = books(edge=0.001)
    found = paired_sharpe_differences(book[:, None], reference, seed=0, reps=200)[0]
    ratios = [sharpe_ratio(each) for each in (book, reference)]
    assert found.difference == pytest.approx(ratios[0] - ratios[1])
    assert found.low < found.difference < found.high


def test_the_interval_is_that_of_the_slow_twin():
    book, reference = books()
    both = np.column_stack([reference, book])
    days = StationaryBootstrap(_block(both), np.arange(400), seed=3)
    drawn = []
    for (rows,), _ in days.bootstrap(450):
        one, other = book[rows], reference[rows]
        drawn.append(one.mean() / one.std(ddof=1) - other.mean() / other.std(ddof=1))
    low, high = np.sqrt(252) * np.quantile(drawn, [0.025, 0.975])
    found = paired_sharpe_differences(book[:, None], reference, seed=3, reps=450)[0]
    assert found.low == pytest.approx(low)
    assert found.high == pytest.approx(high)


def test_books_that_move_together_are_told_apart_more_surely():
    width = {}
    for common in (0.0, 0.99):
        book, reference = books(common=common)
        found = paired_sharpe_differences(book[:, None], reference, seed=0, reps=500)[0]
        width[common] = found.high - found.low
    assert width[0.99] < 0.25 * width[0.0]


def test_the_reference_beside_itself_is_zero():
    _, reference = books()
    found = paired_sharpe_differences(reference[:, None], reference, seed=0, reps=100)
    assert found[0] == (0.0, 0.0, 0.0)


@pytest.mark.slow
def test_the_interval_covers_as_often_as_it_says(full_size):
    covered, worlds = 0, 300 if full_size else 60
    for seed in range(worlds):
        book, reference = books(n=250, seed=seed)
        found = paired_sharpe_differences(book[:, None], reference, seed=seed, reps=300)
        covered += found[0].low <= 0 <= found[0].high
    assert 0.85 <= covered / worlds <= 1.0


def test_what_cannot_be_measured_says_why():
    book, reference = books(n=30)
    gap = book.copy()
    gap[4] = np.nan
    flat = np.zeros(30)
    found = paired_sharpe_differences(
        np.column_stack([book, gap, flat]), reference, seed=0, reps=100
    )
    assert np.isfinite(found[0].difference)
    assert found[1].difference.reason == "1 of 30 values are missing"
    assert found[2].low.reason == "zero volatility"
    short = paired_sharpe_differences(book[:10, None], reference[:10], seed=0)
    assert "at least 20" in short[0].high.reason

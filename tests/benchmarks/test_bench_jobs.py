"""The jobs that are timed run, and say what they took."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.measure import Job, measure, run
from benchmarks.peers.qlib_store import store_bars
from benchmarks.resize import resized
from benchmarks.stopwatch import timed


def test_a_failing_job_says_why(tmp_path):
    with pytest.raises(SystemExit, match=r"bars\.parquet"):
        run(Job("benchmarks.ours.alpha158"), tmp_path)


def test_work_is_timed():
    result, taken = timed(lambda: sum(range(1_000_000)))
    assert result == 499_999_500_000
    assert taken["cpu"] > 0
    assert taken["peak_mb"] >= taken["before_mb"] > 0


def test_qlib_finds_a_ticker_from_its_first_session_on(tmp_path):
    days = pd.to_datetime(["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"])
    bars = pd.DataFrame({"date": days[[0, 1, 2, 3, 1, 3]], "ticker": [*"AAAABB"]})
    fields = ("open", "high", "low", "close", "volume", "vwap")
    store_bars(bars.assign(**dict.fromkeys(fields, 2.0)), tmp_path)
    stored = np.fromfile(tmp_path / "features" / "b" / "close.day.bin", "<f4")
    np.testing.assert_array_equal(stored, [1, 2, np.nan, 2])
    lives = (tmp_path / "instruments" / "all.txt").read_text().splitlines()
    assert lives[1] == "B\t2020-01-03\t2020-01-07"


def test_a_market_grows_in_names_and_shrinks_in_sessions():
    days = pd.date_range("2020-01-01", periods=3)
    bars = pd.DataFrame({"date": days.repeat(2), "ticker": ["A", "B"] * 3})
    grown = resized(bars, copies=3, n_sessions=2)
    assert grown["ticker"].nunique() == 6
    assert set(grown["date"]) == set(days[:2])
    assert not grown.duplicated().any()


@pytest.mark.slow
def test_ours_are_measured_on_the_market_drawn(tmp_path):
    run(Job("benchmarks.market"), tmp_path, 20, 80)
    features = Job("benchmarks.ours.alpha158", flags=("--keep",))
    factor = Job("benchmarks.ours.factor", flags=("--by-group",))
    costs = measure([features, factor], tmp_path)
    assert all(cost.cpu > cost.again_cpu > 0 for cost in costs.values())
    kept = pd.read_parquet(tmp_path / "alpha158.parquet")
    assert kept.shape == (20 * 80, 160)

import sys

import pytest

from alpha_kedro.core import progress
from alpha_kedro.core.progress import track


@pytest.fixture
def clock(monkeypatch):
    """A clock that the loop moves itself."""

    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    hand = Clock()
    monkeypatch.setattr(progress, "monotonic", hand)
    monkeypatch.delenv("ALPHA_KEDRO_PROGRESS", raising=False)
    return hand


def loop(items, clock, seconds, **kwargs):
    seen = []
    for item in track(items, label="fitting folds", **kwargs):
        seen.append(item)
        clock.now += seconds
    return seen


def test_every_item_comes_out_once_and_in_order(clock):
    assert loop([3, 1, 2], clock, 1.0) == [3, 1, 2]


def test_a_log_gets_a_line_every_five_seconds_and_one_at_the_end(clock, capsys):
    loop(range(10), clock, 2.0)
    assert capsys.readouterr().err.splitlines() == [
        "fitting folds 3/10 30 % 7 left eta 0:14",
        "fitting folds 6/10 60 % 4 left eta 0:08",
        "fitting folds 9/10 90 % 1 left eta 0:02",
        "fitting folds 10 done in 0:20",
    ]


def test_a_quick_loop_says_only_that_it_is_done(clock, capsys):
    loop(range(100), clock, 0.01)
    assert capsys.readouterr().err == "fitting folds 100 done in 0:01\n"


def test_without_a_total_the_elapsed_time_is_told(clock, capsys):
    loop(iter("ab"), clock, 3600.0)
    assert capsys.readouterr().err.splitlines()[0] == "fitting folds 1 elapsed 1:00:00"


def test_a_total_can_be_told_for_items_without_a_length(clock, capsys):
    loop(iter("ab"), clock, 60.0, total=2)
    assert "fitting folds 1/2 50 % 1 left eta 1:00" in capsys.readouterr().err


def times_ahead(clock, capsys, seconds):
    """Loop over items that take so many seconds; the times told to remain."""
    for wait in track(seconds, label="x"):
        clock.now += wait
    lines = capsys.readouterr().err.splitlines()
    return [line.split("eta ")[1] for line in lines if "eta" in line]


def test_items_found_finished_do_not_mislead(clock, capsys):
    """30 of 40 folds were kept by an earlier run, the others take a minute each."""
    told = times_ahead(clock, capsys, [0.001] * 30 + [60.0] * 10)
    assert told == ["9:00", *(f"{left}:00" for left in range(8, 0, -1))]


def test_items_that_grow_are_reckoned_at_their_late_pace(clock, capsys):
    seconds = list(range(1, 41))
    told = times_ahead(clock, capsys, seconds)
    minutes, rest = map(int, told[-16].split(":"))  # 16 are left
    truth, mean = sum(seconds[-16:]), 16 * sum(seconds[:24]) / 24
    assert mean / truth < 0.4
    assert 0.6 < (60 * minutes + rest) / truth < 1


def test_an_empty_loop_is_done_at_once(clock, capsys):
    assert loop([], clock, 1.0) == []
    assert capsys.readouterr().err == "fitting folds 0 done in 0:00\n"


def test_items_are_not_read_ahead(clock):
    source = iter(range(3))
    tracked = track(source, label="x")
    assert next(tracked) == 0
    assert next(source) == 1


def test_it_is_silent_when_turned_off(clock, capsys, monkeypatch):
    monkeypatch.setenv("ALPHA_KEDRO_PROGRESS", "off")
    assert loop(range(3), clock, 60.0) == [0, 1, 2]
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_that_closes_when_the_loop_is_left(monkeypatch, capsys):
    monkeypatch.delenv("ALPHA_KEDRO_PROGRESS", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for _ in track(range(4), label="fitting folds"):
        break
    for item in track("ab", label="reading"):
        assert item in "ab"
    shown = capsys.readouterr()
    assert "fitting folds" in shown.err
    assert "2/2" in shown.err
    assert "0 left eta 0:00" in shown.err
    assert shown.out == ""

import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.portfolio.overlays import DrawdownControl
from tests.portfolio.overlays.overlay_markets import account_of, book, market_of

WEIGHTS = book(0.6, 0.4, -0.2, 0)


def states(control, nav):
    """Whether the control is on at each close, each asked with the past alone."""
    return [control.is_on(np.array(nav[: end + 1])) for end in range(len(nav))]


def test_it_goes_on_at_the_limit_and_off_when_recovered():
    control = DrawdownControl(limit=-0.10, recovered_to=0.95, exposure=0.5)
    nav = [1.0, 1.2, 1.09, 1.08, 1.13, 1.14, 1.09, 1.07]
    # Peak 1.2: on at 1.08 (-10 %), off at 1.14 (95 %), on again at 1.07.
    assert states(control, nav) == [False] * 3 + [True, True, False, False, True]


def test_after_its_sessions_it_starts_from_a_new_peak():
    control = DrawdownControl(recovered_to=None, sessions=2, exposure=0.0)
    nav = [1.0, 0.9, 0.9, 0.9, 0.85, 0.81, 0.81]
    # On at 0.9, off two closes later with 0.9 as its peak, on at 0.81 (-10 %).
    assert states(control, nav) == [False, True, True, False, False, True, True]


def test_whichever_comes_first_lets_it_back_in():
    control = DrawdownControl(recovered_to=0.95, sessions=3)
    assert states(control, [1.0, 0.9, 0.96]) == [False, True, False]
    assert states(control, [1.0, 0.9, 0.9, 0.9, 0.9]) == [False, *[True] * 3, False]


def test_while_it_is_on_the_book_is_smaller():
    fallen = account_of([0, 0, 0, 0], [1.0, 0.88])
    control = DrawdownControl(limit=-0.1, exposure=0.25)
    adjusted = control.apply(WEIGHTS, fallen, market_of())
    np.testing.assert_allclose(adjusted.weights, WEIGHTS / 4)
    assert adjusted.notes == {"control_on": 1}


@pytest.mark.parametrize("nav", [[], [1.0], [1.0, 1.1, 1.0]])
def test_otherwise_the_book_keeps_its_bits(nav):
    calm = account_of([0, 0, 0, 0], nav)
    assert DrawdownControl().apply(WEIGHTS, calm, market_of()).weights is WEIGHTS


def test_a_book_that_is_wiped_out_stays_under_control():
    assert states(DrawdownControl(), [1.0, 0.0, 0.0]) == [False, True, True]


def slow_twin(nav, limit, recovered, sessions):
    on, peak, since = False, -np.inf, 0
    for value in nav:
        if on:
            since += 1
            if recovered is not None and value >= recovered * peak:
                on = False
            elif sessions is not None and since == sessions:
                on, peak = False, value
        peak = max(peak, value)
        if not on and value / peak - 1 <= limit:
            on, since = True, 0
    return on


@pytest.mark.parametrize(
    ("recovered", "sessions"), [(0.96, None), (None, 7), (0.97, 20)]
)
def test_the_kernel_does_what_its_slow_twin_does(recovered, sessions):
    control = DrawdownControl(limit=-0.05, recovered_to=recovered, sessions=sessions)
    nav = np.exp(np.random.default_rng(8).normal(0, 0.01, 400).cumsum())
    expected = [
        slow_twin(nav[: end + 1], -0.05, recovered, sessions) for end in range(len(nav))
    ]
    assert states(control, nav) == expected
    assert 0.1 < np.mean(expected) < 0.95


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"recovered_to": None}, "a way back in is needed"),
        ({"exposure": 0.0}, "never recovers: set sessions"),
        ({"recovered_to": 0.9}, "is no recovery from a limit of -0.1"),
        ({"limit": 0.1}, "less than 0"),
    ],
)
def test_a_rule_without_a_way_back_is_refused(changes, said):
    with pytest.raises(ConfigError, match=said):
        DrawdownControl.parse(changes, "overlays")

"""Operators on single cells, each against a plain function of numbers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from alpha_kedro.signals.formulas.computing import CELLS
from alpha_kedro.signals.operators import delay, delta, logarithm, ratio

nan = math.nan


def column(*values):
    return np.array(values, dtype=float)[:, None]


def unless_missing(function):
    """NaN in, NaN out."""
    return lambda *values: nan if any(map(math.isnan, values)) else function(*values)


TWINS = {
    "+": unless_missing(lambda x, y: x + y),
    "-": unless_missing(lambda x, y: x - y),
    "*": unless_missing(lambda x, y: x * y),
    "/": unless_missing(lambda x, y: x / y if y else nan),
    "negative": lambda x: -x,
    "abs": abs,
    "sign": unless_missing(lambda x: (x > 0) - (x < 0)),
    "exp": unless_missing(math.exp),
    "log": unless_missing(lambda x: math.log(x) if x > 0 else nan),
    "sqrt": unless_missing(lambda x: math.sqrt(x) if x >= 0 else nan),
    "larger": unless_missing(max),
    "smaller": unless_missing(min),
    "exceeds": unless_missing(lambda x, y: float(x > y)),
    "is_above": lambda x, y: float(x > y),
    "where": lambda c, x, y: nan if math.isnan(c) else x if c > 0 else y,
    "first_known": lambda x, y: y if math.isnan(x) else x,
    "single": lambda x: float(np.float32(x)),
}
OF_THREE = {"where"}
OF_TWO = {*"+-*/", "larger", "smaller", "exceeds", "is_above", "first_known"}

eighths = st.integers(-800, 800).map(lambda number: number / 8)
numbers = st.one_of(eighths, st.sampled_from([nan, 0.0, -0.0, 0.1]))
panels = arrays(float, (3, 2), elements=numbers)


@pytest.mark.parametrize("name", sorted(TWINS))
@settings(max_examples=60, deadline=None)
@given(x=panels, y=panels, z=panels)
def test_a_cell_operator_equals_plain_arithmetic(name, x, y, z):
    operands = {**dict.fromkeys(OF_TWO, (x, y)), **dict.fromkeys(OF_THREE, (x, y, z))}
    of = operands.get(name, (x,))
    kept = [each.copy() for each in of]
    cells = zip(*(each.ravel().tolist() for each in of), strict=True)
    wanted = np.reshape([TWINS[name](*cell) for cell in cells], x.shape)
    np.testing.assert_allclose(CELLS[name](*of), wanted, rtol=1e-15)
    for each, before in zip(of, kept, strict=True):
        assert_array_equal(each, before)


def test_every_word_of_cells_has_a_twin():
    assert {*TWINS, "power"} == set(CELLS)


def test_a_power_by_hand():
    power, x = CELLS["power"], column(4, -4, 0, nan)
    assert_array_equal(power(x, 0.5), column(2, nan, 0, nan))
    assert_array_equal(power(x, 2.0), column(16, 16, 0, nan))
    assert_array_equal(power(x, -1.0), column(0.25, -0.25, nan, nan))


def test_a_delay_looks_back_and_leaves_the_first_rows_unknown():
    assert_array_equal(delay(column(1, 2, 3), 2), column(nan, nan, 1))
    assert_array_equal(delay(column(1, 2), 5), column(nan, nan))
    assert_array_equal(delta(column(1, 4, nan), 1), column(nan, 3, nan))


def test_a_division_by_zero_and_a_logarithm_of_zero_are_unknown():
    assert_array_equal(ratio(column(1, 0, nan), column(0, 0, 2)), column(nan, nan, nan))
    assert_array_equal(ratio(column(1), column(-0.0)), column(nan))
    assert_array_equal(logarithm(column(0, -1, 1)), column(nan, nan, 0))


def test_one_column_stands_for_every_ticker():
    wide = np.array([[2.0, 4.0], [6.0, 8.0]])
    assert_array_equal(ratio(wide, column(2, 4)), [[1, 2], [1.5, 2]])
    assert_array_equal(ratio(column(8, 8), wide), [[4, 2], [8 / 6, 1]])

"""What a formula prints is read back as the same formula, to the last digit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.signals.formulas.parse import read_formula
from alpha_kedro.signals.formulas.words import close, mean, power, quantile, volume

plain = st.floats(1e-9, 1e9)


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 1), number=plain, exponent=st.floats(-4, 4))
def test_no_digit_of_a_number_is_lost(share, number, exponent):
    made = number * quantile(close, 20, share) - power(volume, exponent)
    assert read_formula(str(made), where="here") is made


def test_a_number_is_printed_as_short_as_it_is():
    assert str(quantile(close, 20, 0.05)) == "quantile(close, 20, 0.05)"
    assert str(mean(close, 5, "any") / 2) == "mean(close, 5, known=any) / 2"


@pytest.mark.parametrize(("known", "needed"), [("most", 20), ("all", 20), ("any", 1)])
def test_a_window_that_may_begin_early_needs_no_more_than_a_day(known, needed):
    window = mean(close, 20, known)
    assert (window.lookback, window.needed) == (20, needed)

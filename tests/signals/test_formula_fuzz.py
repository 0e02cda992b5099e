"""Formulas at random come out as a plain reading of them does, to the last bit.

The reading takes each word by itself on the whole panel, as often as it is written:
nothing is shared, cut into blocks, computed together or let go of.
"""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alpha_kedro.core.prices import price_panel
from alpha_kedro.signals.cross_section import demean, rank, z_score
from alpha_kedro.signals.formulas import evaluation, words
from alpha_kedro.signals.inputs import Inputs
from alpha_kedro.signals.operators import rolling
from alpha_kedro.signals.operators.limits import fading
from tests.causality.checks import assert_same_bits, difficult_bars, rows
from tests.signals.random_formulas import formulas

PRICES = price_panel(difficult_bars(n_dates=110))
SHAPE = PRICES.axes.shape
GROUPS = np.array([0, 0, 1, 1, 1, -1])
MASK = np.random.default_rng(4).random(SHAPE) < 0.85
FADING = ("ewm_mean", "ewm_std", "wilder")

at_random = partial(
    settings, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def values_of(formulas, prices=PRICES, first=0):
    """Each formula as (n_dates, n_tickers), from a history that begins at a row."""
    found = np.full((len(formulas), *prices.axes.shape), np.inf, dtype=np.float32)
    mask = MASK[first : first + len(prices.dates)]

    def open_block(tickers):
        def take(place, values):
            found[place, :, tickers] = values

        return take

    evaluation.evaluate(
        formulas,
        Inputs(prices, members=mask, groups=GROUPS),
        prices.axes.shape,
        open_block=open_block,
        mask=mask,
    )
    return found


# The plain reading.


def exceeds(x, y):
    return np.where(np.isnan(x) | np.isnan(y), np.nan, x > y)


def quotient(x, y):
    return x / np.where(y == 0, np.nan, y)


def chosen(condition, x, y):
    known = np.where(np.isnan(condition), np.nan, y)
    return np.where(condition > 0, x, known)


CELLS = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": quotient,
    "negative": np.negative,
    "abs": np.abs,
    "sign": np.sign,
    "log": lambda x: np.log(np.where(x > 0, x, np.nan)),
    "sqrt": lambda x: np.sqrt(np.where(x < 0, np.nan, x)),
    "larger": lambda x, y: np.where(np.isnan(x + y) | (x > y), x + 0 * y, y + 0 * x),
    "smaller": lambda x, y: np.where(np.isnan(x + y) | (x < y), x + 0 * y, y + 0 * x),
    "exceeds": exceeds,
    "is_above": lambda x, y: (x > y) * 1.0,
    "where": chosen,
    "first_known": lambda x, y: np.where(np.isnan(x), y, x),
    "single": lambda x: x.astype(np.float32).astype(np.float64),
}


def across(word, x, groups=None):
    codes = None if groups is None else np.nan_to_num(groups, nan=-1).astype(int)
    kernels = {"rank": rank, "demean": demean, "score": z_score}
    return kernels[word.split("_")[-1]](x, mask=MASK, groups=codes)


def over_window(formula, operands):
    k, known, parameter = formula.length, formula.known, formula.parameter
    if formula.word in FADING:
        parameter = fading(formula.word, parameter)
    return rolling(
        formula.word,
        *operands,
        window=k,
        parameter=parameter,
        min_periods={"all": k, "most": int(np.ceil(0.8 * k)), "any": 1}[known],
        partial=known == "any",
    )


def plainly(formula, inputs):
    if not formula.operands:
        number = formula.parameter
        values = inputs(formula.word) if number is None else number
        return np.array(np.broadcast_to(values, SHAPE), dtype=np.float64)
    operands = [plainly(each, inputs) for each in formula.operands]
    if formula.word == "delay":
        return pd.DataFrame(operands[0]).shift(formula.length).to_numpy()
    if formula.word == "power":
        base = operands[0]
        base = np.where((base == 0) & (formula.parameter < 0), np.nan, base)
        return np.power(base, formula.parameter)
    if formula.known is not None:
        return over_window(formula, operands)
    if formula.word in CELLS:
        return CELLS[formula.word](*operands)
    return across(formula.word, *operands)


@at_random(max_examples=80)
@given(st.lists(formulas, min_size=2, max_size=4))
def test_what_is_shared_and_cut_into_blocks_comes_out_as_it_is_written(parts):
    # A part asked for twice, and a quotient, whose division comes last.
    asked = [*parts, parts[0] / parts[1], parts[0]]
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        patch.setattr(evaluation, "_CELLS_PER_BLOCK", 1)
        patch.setattr(evaluation, "_REGISTERS", 2)
        found = values_of(asked)
        inputs = Inputs(PRICES, members=MASK, groups=GROUPS)
        for formula, values in zip(asked, found, strict=True):
            wanted = plainly(formula, inputs).astype(np.float32)
            assert_same_bits(values, wanted, f"{formula}")


@at_random(max_examples=80)
@given(
    formulas.filter(lambda f: not f.partial and words.listed not in f.walk()),
    st.integers(1, 40),
)
def test_a_history_that_starts_later_has_the_same_values_or_none(formula, start):
    """But for what says itself that it begins early, or long remembers a listing."""
    first = formula.first_row
    late = values_of([formula], rows(PRICES, start, SHAPE[0]), start)[0, first:]
    whole = values_of([formula])[0, start:][first:]
    assert_same_bits(late, np.where(np.isnan(late), late, whole), f"{formula}")

"""Formulas at random: whatever can be said in the language."""

import operator

from hypothesis import strategies as st

from alpha_kedro.signals.formulas import words
from alpha_kedro.signals.formulas.computing import ACROSS
from alpha_kedro.signals.formulas.parse import WORDS

FIELDS = (words.close, words.open_, words.high, words.volume, words.market_return)
OF_WINDOW = (
    *("sum", "product", "mean", "std", "var", "skew", "kurt", "min", "max", "argmin"),
    *("argmax", "rank", "median", "slope", "r_squared", "line", "residual", "streak"),
    *("decay_linear", "mean_deviation", "z_score", "ewm_mean", "ewm_std", "wilder"),
)
OF_PAIR = ("cov", "corr", "beta", "residual_std")
JOINS = (operator.add, operator.sub, operator.mul, operator.truediv)
JOINS += (operator.gt, operator.lt)

numbers = st.one_of(st.integers(-3, 300), st.floats(-1e6, 1e6))
sessions = st.sampled_from((1, 2, 3, 5, 6, 10, 13))  # 80 % is fewer than all from 5
rules = st.sampled_from([None, "all", "most", "any"])


def called(names, *arguments):
    """A word of the language on what it takes."""
    chosen = st.sampled_from([WORDS[name] for name in names])
    return st.builds(lambda word, *given: word(*given), chosen, *arguments)


def made_of(x):
    join = st.sampled_from(JOINS)
    return st.one_of(
        called(OF_WINDOW, x, sessions, rules),
        called(OF_PAIR, x, x, sessions, rules),
        called(("quantile",), x, sessions, st.floats(0, 1), rules),
        called(("delay", "delta", "growth"), x, sessions),
        called(("log", "sqrt", "sign", "abs", "single", "sector_mean", *ACROSS), x),
        called(("larger", "smaller", "is_above", "first_known"), x, x),
        called(("where",), x, x, x),
        called(("power",), x, st.floats(-2, 2)),
        st.builds(lambda join, x, y: join(x, y), join, x, st.one_of(x, numbers)),
        st.builds(lambda join, x, y: join(x, y), join, numbers, x),
        st.builds(operator.neg, x),
    )


formulas = st.recursive(st.sampled_from([*FIELDS, words.listed]), made_of, max_leaves=6)

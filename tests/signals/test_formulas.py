"""The language: formulas are read as they are written, look back only, and share."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.prices import price_panel
from alpha_kedro.signals import (
    FeatureSpec,
    build_features,
    choose_features,
    compute_features,
)
from alpha_kedro.signals.cross_section import demean, rank
from alpha_kedro.signals.formulas import evaluation, words
from alpha_kedro.signals.formulas.computing import ACROSS, CELLS
from alpha_kedro.signals.formulas.parse import FIELDS, WORDS, read_formula
from alpha_kedro.signals.formulas.words import (
    close,
    high,
    log_of,
    mean,
    open_,
    quantile,
    report,
    std,
    volume,
)
from alpha_kedro.signals.inputs import Inputs
from alpha_kedro.signals.operators.families import FAMILY_OF
from tests.causality.checks import assert_same_bits, columns, difficult_bars, rows
from tests.signals.random_formulas import formulas

BARS = difficult_bars(n_dates=110)
PRICES = price_panel(BARS)
GROUPS = np.array([0, 0, 1, 1, 1, -1])


def values_of(formulas, prices=PRICES, *, mask=None, threads=1):
    """Each formula as (n_dates, n_tickers)."""
    shape = prices.axes.shape
    found = np.full((len(formulas), *shape), np.inf, dtype=np.float32)

    def open_block(tickers):
        def take(place, values):
            found[place, :, tickers] = values

        return take

    market = np.random.default_rng(3).normal(0, 0.01, len(PRICES.dates))
    here = np.searchsorted(PRICES.dates, prices.dates)
    inputs = Inputs(prices, members=mask, market_return=market[here], groups=GROUPS)
    evaluation.evaluate(
        formulas, inputs, shape, open_block=open_block, mask=mask, threads=threads
    )
    return found


at_random = partial(
    settings, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@at_random(max_examples=300)
@given(formulas)
def test_a_formula_is_read_as_it_is_written(formula):
    assert read_formula(str(formula), where="x") is formula


@at_random(max_examples=60)
@given(st.lists(formulas, min_size=1, max_size=3), st.integers(0, 30))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_formula_is_blind_to_the_future_and_knows_its_lookback(asked, later):
    n_dates = len(PRICES.dates) - later
    whole = values_of(asked)
    seen = values_of(asked, rows(PRICES, 0, n_dates))
    assert_same_bits(seen, whole[:, :n_dates], "cut off")
    for formula, values in zip(asked, whole, strict=True):
        first = max(n_dates - formula.lookback, 0)
        evening = values_of([formula], rows(PRICES, first, n_dates))[0]
        if formula.lookback <= n_dates:
            assert_same_bits(evening[-1], values[n_dates - 1], f"{formula}")


@at_random(max_examples=40)
@given(st.lists(formulas, min_size=2, max_size=4))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_else_is_asked_changes_no_bit(asked):
    together = values_of([*asked, asked[0]])
    for formula, values in zip([*asked, asked[0]], together, strict=True):
        assert_array_equal(values_of([formula])[0], values)


def test_every_word_is_known_to_those_who_compute():
    """A word that is read and not computed would fail in the middle of a run."""
    known = {*CELLS, *ACROSS, *FAMILY_OF, "delay"}
    composed = {"growth", "delta", "z_score", "median", "residual", "sector_mean"}
    assert set(WORDS) - composed <= known
    assert known - set(WORDS) == {*"+-*/", "negative"}


# Text.


def test_equal_formulas_are_one_object():
    assert mean(close, 20) is mean(close, 20)
    assert mean(close, 20) is not mean(close, 20, "any")
    assert close + 1 is close + 1.0
    assert read_formula(" close/mean( close,20 )-1 ", where="x") is (
        close / mean(close, 20) - 1
    )


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("close - (open - high)", close - (open_ - high)),
        ("close - open - high", close - open_ - high),
        ("-(close + 1) * -2", -(close + 1) * -2),
        ("close / (open * high)", close / (open_ * high)),
        ("mean(ret, 5, known=any)", mean(words.ret, 5, "any")),
        ("std(close, 5, known='all')", std(close, 5, "all")),
        ("quantile(close, 20, 0.123456789)", quantile(close, 20, 0.123456789)),
        (
            "report.equity / sentiment.score",
            report("equity") / words.sentiment("score"),
        ),
        ("close > open", close > open_),
        ("is_above(close, 1e-300)", words.is_above(close, 1e-300)),
    ],
)
def test_a_formula_by_hand(text, formula):
    assert read_formula(text, where="x") is formula
    assert read_formula(str(formula), where="x") is formula


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "2 + 3", "close +", "close ** 2", "close if close else open"),
        *("close.real", "[close]", "lambda: close", "close < open < high", "close(5)"),
        *("mean(close)", "mean(close, 20, known=some)", "mean(close, 20, 5, 5, 5)"),
        *("mean(20, 20)", "close / (1 / 0)", "'close'", "True"),
        *(
            "__import__('os').remove('x')",
            "close and open",
            "not close",
            "close @ open",
        ),
        *("(" * 500 + "close" + ")" * 500, "-" * 20_000 + "close", "close\0"),
        *("1e400 * close", "mean(close, *[5])", "mean(close, **{'k': 5})"),
        *("report.equity.shares", "market.equity", "mean(close, True)"),
    ],
)
def test_what_is_no_formula_is_refused_with_its_name(text):
    with pytest.raises(ConfigError) as caught:
        read_formula(text, where="my_feature")
    assert (caught.value.code, caught.value.where) == ("AK-C112", ["my_feature"])


@pytest.mark.parametrize("word", ["mean", "delay", "ewm_mean", "wilder", "growth"])
@pytest.mark.parametrize("k", ["0", "-1", "2.5", "open"])
def test_a_window_that_would_see_the_future_cannot_be_written(word, k):
    with pytest.raises(ConfigError, match="AK-C110") as caught:
        read_formula(f"{word}(close, {k})", where="my_feature")
    assert caught.value.where == ["my_feature"]


def test_a_quantile_beyond_one_cannot_be_written():
    with pytest.raises(ConfigError, match="AK-C111"):
        read_formula("quantile(close, 20, 80)", where="x")


# Numbers.


def test_what_formulas_share_is_computed_once(monkeypatch):
    calls = []
    monkeypatch.setitem(CELLS, "log", lambda x: calls.append(1) or np.log(x))
    logs = log_of(close)
    values_of([logs + 1, mean(logs, 5), logs * logs, logs])
    assert len(calls) == 1


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("width", [1, 7, 32])
def test_blocks_and_threads_change_no_bit(monkeypatch, width, threads):
    names = ("weekly_equity", "reversal_5", "rsi_wilder_5", "sector_reversal_5")
    bars = pd.concat(
        difficult_bars(70, seed).assign(
            ticker=lambda b, seed=seed: b["ticker"] + f"{seed}"
        )
        for seed in range(8)
    )
    features = [f for f in choose_features(names) if f.formula.needed <= 70]
    sectors = pd.DataFrame({"ticker": bars["ticker"].unique()})
    known = {"sectors": sectors.assign(sector=sectors["ticker"].str[-1])}
    wanted = build_features(bars, features, **known)
    monkeypatch.setattr(evaluation, "_REGISTERS", width)
    monkeypatch.setattr(evaluation, "_CELLS_PER_BLOCK", 1)
    found = build_features(bars, features, **known, threads=threads)
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


def test_words_across_names_see_the_universe_of_the_date_alone():
    rng = np.random.default_rng(5)
    mask = rng.random(PRICES.axes.shape) < 0.7
    formulas = [
        words.across_rank(close),
        words.across_demean(mean(volume, 5)),
        mean(words.sector_demean(close), 3),
    ]
    ranks, distances, inside, means = values_of([*formulas, mean(volume, 5)], mask=mask)
    assert_array_equal(ranks, rank(PRICES["close"], mask=mask).astype(np.float32))
    assert_allclose(distances, demean(means.astype(float), mask=mask), rtol=1e-4)
    codes = np.broadcast_to(GROUPS, PRICES.axes.shape)
    groups = demean(PRICES["close"], mask=mask, groups=codes)[-3:]
    known = ~np.isnan(groups).any(axis=0)
    assert_allclose(inside[-1, known], groups[:, known].mean(axis=0), rtol=1e-5)
    assert np.isnan(ranks[~mask]).all()
    assert np.isnan(inside[:, GROUPS < 0]).all()


def test_the_members_of_a_mask_reach_words_across_names():
    own = choose_features("own", {"own": "across_rank(close)"})
    mask = np.ones(PRICES.axes.shape, dtype=bool)
    mask[:, 0] = False
    found = compute_features(PRICES, own, mask=mask)["own"]
    assert np.isnan(found[:, 0]).all()
    others = columns(PRICES, np.arange(1, 6))
    assert_array_equal(found[:, 1:], compute_features(others, own)["own"])


def test_formulas_of_an_experiment_are_features_beside_the_named_ones():
    spec = FeatureSpec(
        names=("gap",), formulas={"stretch": "close / mean(close, 20) - 1"}
    )
    table = build_features(BARS, spec.chosen())
    assert list(table.columns[2:]) == ["gap", "stretch"]
    same = build_features(BARS, "sma_deviation_20")["sma_deviation_20"]
    assert_array_equal(table["stretch"], same)


def test_every_field_can_be_read():
    assert {"open", "close", "ret", "market_return", "month", "sector"} <= set(FIELDS)
    found = values_of([f for name, f in FIELDS.items() if "quoted" not in name])
    assert np.isfinite(found[:, -1, :3]).any(axis=1).all()

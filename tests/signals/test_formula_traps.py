"""What goes wrong in silence where a language of formulas is not careful."""

import copy
import pickle
import sys
import threading

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.signals import build_features, choose_features
from alpha_kedro.signals.formulas.formula import formula
from alpha_kedro.signals.formulas.parse import read_formula
from alpha_kedro.signals.formulas.words import (
    close,
    exp,
    high,
    is_above,
    larger,
    low,
    mean,
    open_,
    smaller,
    where,
)
from tests.causality.checks import difficult_bars
from tests.causality.disclosures import sentiment_of

BARS = difficult_bars(n_dates=110)
SESSIONS = np.sort(BARS["date"].unique())


def own(text):
    return choose_features("own", {"own": text})


# One object for one content.


def test_a_copy_and_what_comes_from_another_process_are_the_same_object():
    made = mean(high / low, 20) > 0.5
    assert copy.deepcopy(made) is made
    assert pickle.loads(pickle.dumps(made)) is made


def test_threads_that_make_a_formula_at_once_make_one():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for k in range(100):
            assert len(set(map(id, at_once(lambda k=k: close * (k + 0.123))))) == 1
    finally:
        sys.setswitchinterval(before)


def at_once(make, n=8):
    made, start = [], threading.Barrier(n)

    def run():
        start.wait()
        made.append(make())

    threads = [threading.Thread(target=run) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return made


# Python's own words.


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: max(high, low),
        lambda: low < close < high,
        lambda: close or open_,
        lambda: sorted([high, low]),
        lambda: where(close == open_, 1, 0),
        lambda: mean(5, 20),
    ],
)
def test_what_python_would_make_of_a_formula_is_refused(mistake):
    with pytest.raises(TypeError):
        mistake()


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
def test_no_number_of_a_formula_is_infinite_or_missing(number):
    with pytest.raises(ValueError, match="no number"):
        formula(number)


def test_a_number_may_come_first():
    assert read_formula("larger(0, close - open)", where="x") is larger(
        0, close - open_
    )
    assert read_formula("smaller(0, close)", where="x") is smaller(0, close)
    assert read_formula("is_above(0, close)", where="x") is is_above(0, close)


# Too long, too deep, too large.


def test_a_formula_of_two_hundred_levels_is_computed_and_no_deeper_is_read():
    deep = "+".join(["close"] * 200)
    table = build_features(BARS, own(deep))
    assert table["own"].notna().all()
    with pytest.raises(ConfigError, match="too deep"):
        read_formula(f"{deep} + close", where="x")


@pytest.mark.parametrize(
    "text",
    [
        "mean(" * 250 + "close" + ", 2)" * 250,
        "growth(" * 90 + "close" + ", 2)" * 90,
        "-" * 290 + "close",
        "+".join(["close"] * 480),
        "1e308 * 10 * close",
        "(1e308 * 10 - 1e308 * 10) * close",
        "log(5) * close",
    ],
)
def test_what_cannot_be_computed_is_not_read(text):
    with pytest.raises(ConfigError, match="AK-C112"):
        read_formula(text, where="x")


@pytest.mark.parametrize("word", ["mean", "max", "delay", "ewm_mean", "wilder"])
@pytest.mark.parametrize("k", ["1000001", "1" + "0" * 17, "1" + "0" * 30])
def test_a_window_of_more_days_than_there_ever_were_is_refused(word, k):
    with pytest.raises(ConfigError, match="AK-C110"):
        read_formula(f"{word}(close, {k})", where="x")


def test_a_window_longer_than_the_history_costs_no_more_than_the_history():
    asked = own("median(close, 1000000, known=any) / close")
    whole = build_features(BARS, own("median(close, 110, known=any) / close"))
    assert_frame_equal(build_features(BARS, asked), whole, check_exact=True)


@pytest.mark.filterwarnings("error")
def test_what_overflows_is_named_and_warns_of_nothing():
    assert (
        build_features(BARS, own("exp(close * 100) - exp(close * 100)"))["own"]
        .isna()
        .all()
    )
    with pytest.raises(DataError, match="AK-D051"):
        build_features(BARS, own("single(close * 1e300)"))
    with pytest.raises(DataError, match="AK-D051"):
        build_features(BARS, own("across_demean(close) + exp(1000 * close)"))
    assert exp(close).lookback == 1


# Where a history begins.


def test_the_market_has_no_return_on_the_first_day_and_no_statistic_leaves_it_out():
    asked = own("std(market_return, 10)")
    late = build_features(BARS[BARS["date"] >= SESSIONS[30]], asked)
    whole = build_features(BARS, asked)
    known = late["own"].notna()
    assert_frame_equal(
        late[known].reset_index(drop=True),
        whole[whole["date"] >= late.loc[known, "date"].min()].reset_index(drop=True),
        check_exact=True,
    )


def test_what_was_said_on_a_lost_session_is_not_lost_with_it():
    said = sentiment_of(SESSIONS, BARS["ticker"].unique())
    bars = BARS[BARS["date"] != SESSIONS[60]]
    asked, since = own("sentiment.n_tweets"), SESSIONS[61]
    whole = build_features(bars, asked, sentiment=said)
    assert_frame_equal(
        build_features(bars, asked, sentiment=said, since=since),
        whole[whole["date"] >= since].reset_index(drop=True),
        check_exact=True,
    )
    lost = pd.Timestamp(SESSIONS[60])
    assert (said["known_at"] == lost).any()

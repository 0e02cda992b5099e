"""The evening alone: the same bits as from the whole history, or an error."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.signals import build_features, choose_features, extend_features
from tests.causality.checks import difficult_bars
from tests.causality.disclosures import reports_of, sentiment_of

BARS = difficult_bars(n_dates=420)
SESSIONS = np.sort(BARS["date"].unique())
NAMES = ("weekly_equity", "fundamental", "sentiment", "RESI60", "sector_reversal_5")
KNOWN = {
    "fundamentals": reports_of(SESSIONS, BARS["ticker"].unique()),
    "sentiment": sentiment_of(SESSIONS, BARS["ticker"].unique()),
    "sectors": pd.DataFrame({"ticker": BARS["ticker"].unique(), "sector": "Air"}),
}
MASK = np.random.default_rng(1).random((420, 6)) < 0.9
WHOLE = build_features(BARS, NAMES, MASK, **KNOWN)


def until(table, session):
    return table[table["date"] <= SESSIONS[session]].reset_index(drop=True)


@pytest.mark.parametrize("session", [0, 40, 300, 411, 419])
def test_the_sessions_from_a_day_on_are_those_of_the_whole_history(session):
    since = build_features(BARS, NAMES, MASK, since=SESSIONS[session], **KNOWN)
    wanted = WHOLE[WHOLE["date"] >= SESSIONS[session]].reset_index(drop=True)
    assert_frame_equal(since, wanted, check_exact=True)


def test_a_day_between_sessions_begins_with_the_next_one():
    saturday = pd.Timestamp("2021-05-01")
    since = build_features(BARS, "gap", since=saturday)
    assert since["date"].min() == pd.Timestamp("2021-05-03")
    same = build_features(BARS, "gap", since="2021-05-01")
    assert_frame_equal(since, same, check_exact=True)


def test_no_session_from_a_day_on_is_refused():
    with pytest.raises(ConfigError, match="AK-C115"):
        build_features(BARS, "gap", since="2030-01-01")


@pytest.mark.parametrize("session", [330, 410, 418])
def test_extended_features_are_those_of_the_whole_history(session):
    stored = until(WHOLE, session)
    extended = extend_features(stored, BARS, mask=MASK, **KNOWN)
    assert_frame_equal(extended, WHOLE, check_exact=True)


def test_without_a_new_session_nothing_is_added():
    assert_frame_equal(extend_features(WHOLE, BARS, mask=MASK, **KNOWN), WHOLE)


def test_a_past_that_was_revised_is_refused():
    stored = until(WHOLE, 410)
    revised = BARS.copy()
    revised.loc[revised["date"] == SESSIONS[400], "close"] *= 1.01
    with pytest.raises(DataError, match="AK-D116") as caught:
        extend_features(stored, revised, mask=MASK, **KNOWN)
    assert caught.value.where == [f"{pd.Timestamp(SESSIONS[410]):%Y-%m-%d}"]
    with pytest.raises(DataError, match="AK-D116"):
        extend_features(stored.iloc[:-1], BARS, mask=MASK, **KNOWN)


def test_columns_that_were_written_out_are_extended_too():
    formulas = {"stretch": "close / mean(close, 20) - 1"}
    chosen = choose_features(("gap", "stretch"), formulas)
    whole = build_features(BARS, chosen)
    extended = extend_features(until(whole, 411), BARS, formulas=formulas)
    assert_frame_equal(extended, whole, check_exact=True)

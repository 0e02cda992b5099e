"""Histories: places, runs and sequences against a loop that walks the table."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.histories import FeatureHistory
from alpha_kedro.learning.linear_models.preprocessing import PreprocessingSpec
from alpha_kedro.learning.sequence.scaling import SequenceScaling
from alpha_kedro.learning.sequence.sequences import Places, Sequences
from tests.learning.sequence.panels import FEATURES, table


def by_hand():
    """A: four sessions. B: lists on the second, has a gap on the third."""
    days = pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-06"])
    keys = [(0, "A"), (1, "A"), (2, "A"), (3, "A"), (1, "B"), (3, "B")]
    return pd.DataFrame(
        {
            "date": [days[day].as_unit("us") for day, _ in keys],
            "ticker": [name for _, name in keys],
            "price": np.array([1, 2, 3, 4, 20, 40], dtype=np.float32),
            "known": np.array([1.0] * 6),
        }
    )


def sequence_of(rows, date, ticker, offsets, lookback):
    """The slow twin: walk back through the table until a session is missing."""
    sessions = sorted(rows["date"].unique())
    keyed = rows.set_index(["date", "ticker"])[list(FEATURES)]
    place, found = sessions.index(date), []
    while (
        len(found) < lookback
        and place >= 0
        and (sessions[place], ticker) in keyed.index
    ):
        found.append(keyed.loc[(sessions[place], ticker)].to_numpy())
        place -= 1
    zeros = np.zeros(len(FEATURES))
    steps = [found[k] if k < len(found) else zeros for k in offsets]
    return np.array(steps, dtype=np.float32), len(found)


def test_places_and_runs_by_hand():
    history = FeatureHistory.of(by_hand())
    assert history.features == ("price",)
    assert history.tickers.tolist() == ["A", "B"]
    np.testing.assert_array_equal(history.run, [[1, 2, 3, 4], [0, 1, 0, 1]])
    assert history.run.dtype == np.int32
    np.testing.assert_array_equal(
        history.values[..., 0], [[1, 2, 3, 4], [np.nan, 20, np.nan, 40]]
    )


def test_sequences_by_hand():
    history = FeatureHistory.of(by_hand())
    dates = history.sessions[[2, 3, 2]]
    names, sessions = history.locate(dates, np.array(["A", "B", "B"], dtype=object))
    lengths = history.lengths(names, sessions, longest=3)
    assert lengths.tolist() == [3, 1, 0]
    gathered = history.gather(names, sessions, lengths, np.array([2, 1, 0]))[..., 0]
    np.testing.assert_array_equal(gathered, [[1, 2, 3], [0, 0, 40], [0, 0, 0]])


def test_sequences_are_those_of_a_walk_through_the_table():
    rows = table(n_sessions=25, n_names=4)
    history = FeatureHistory.of(rows.sample(frac=1, random_state=0))
    names, sessions = history.locate(
        rows["date"].to_numpy(), rows["ticker"].to_numpy(dtype=object)
    )
    offsets = np.array([6, 4, 2, 1, 0])
    lengths = history.lengths(names, sessions, longest=7)
    gathered = history.gather(names, sessions, lengths, offsets)
    for row, length, steps in zip(rows.itertuples(), lengths, gathered, strict=True):
        wanted, found = sequence_of(rows, row.date, row.ticker, offsets, 7)
        assert length == found
        np.testing.assert_array_equal(steps, wanted)
    assert len(set(lengths.tolist())) > 3


def test_a_sequence_never_reaches_before_the_first_session_of_a_window():
    history = FeatureHistory.of(table(gaps=False))
    names, sessions = np.array([0, 0, 0]), np.array([9, 10, 14])
    lengths = history.lengths(names, sessions, longest=4, first=10)
    assert lengths.tolist() == [0, 1, 4]


def test_rows_off_the_axes_have_no_sequence():
    history = FeatureHistory.of(by_hand())
    dates = np.array(["2020-01-03", "2021-01-01"], dtype="datetime64[us]")
    names, sessions = history.locate(dates, np.array(["Z", "A"], dtype=object))
    assert history.lengths(names, sessions, longest=3).tolist() == [0, 0]


def test_a_history_cut_at_a_date_says_the_same_up_to_it():
    rows = table()
    history = FeatureHistory.of(rows)
    last = history.sessions[30]
    cut = history.until(last)
    afresh = FeatureHistory.of(rows[rows["date"] <= last])
    assert np.shares_memory(cut.values, history.values)
    np.testing.assert_array_equal(cut.sessions, afresh.sessions)
    np.testing.assert_array_equal(cut.values, afresh.values)
    np.testing.assert_array_equal(cut.run, afresh.run)


def test_it_travels_without_its_gaps_and_arrives_as_it_was():
    rows = table()
    late = rows["ticker"].isin(["T05", "T06", "T07"])
    rows = rows[~late | (rows["date"] > rows["date"].max() - pd.Timedelta(days=9))]
    history = FeatureHistory.of(rows)
    parcel = pickle.dumps(history)
    assert len(parcel) < 0.8 * (history.values.nbytes + history.run.nbytes)
    arrived = pickle.loads(parcel)
    assert arrived.features == history.features
    for part in ("sessions", "tickers", "values", "run"):
        np.testing.assert_array_equal(getattr(arrived, part), getattr(history, part))


class TestDigest:
    FIRST, LAST = 10, 40

    def digest(self, rows):
        history = FeatureHistory.of(rows)
        days = np.unique(table()["date"].to_numpy())
        return history.digest(days[self.FIRST], days[self.LAST])

    def garbled(self, place):
        rows = table()
        days = np.unique(rows["date"].to_numpy())
        at = (rows["date"] == days[place]) & rows["luck"].notna()
        rows.loc[rows.index[at][0], "luck"] = np.float32(7)
        return rows

    @pytest.mark.parametrize("place", [9, 41])
    def test_is_blind_to_what_is_outside(self, place):
        assert self.digest(self.garbled(place)) == self.digest(table())

    @pytest.mark.parametrize("place", [10, 25, 40])
    def test_sees_every_value_inside(self, place):
        assert self.digest(self.garbled(place)) != self.digest(table())

    def test_does_not_depend_on_rows_that_come_later(self):
        rows = table()
        newcomer = rows.tail(1).assign(ticker="AAA")
        both = pd.concat([rows, newcomer])
        assert self.digest(both) == self.digest(rows)

    def test_sees_a_row_that_is_gone(self):
        rows = table()
        days = np.unique(rows["date"].to_numpy())
        gone = rows.index[rows["date"] == days[20]][:1]
        assert self.digest(rows.drop(gone)) != self.digest(rows)

    def test_the_bits_of_a_missing_value_do_not_count(self):
        rows = table()
        rows["luck"] = rows["luck"].where(rows["luck"].notna(), -np.float32(np.nan))
        assert self.digest(rows.astype({"luck": np.float32})) == self.digest(table())


class TestRefusals:
    def test_two_rows_of_one_name_on_one_session(self):
        rows = table()
        with pytest.raises(ModelError, match=r"AK-M101.*\n.*2019-01-01 T00"):
            FeatureHistory.of(pd.concat([rows, rows.head(1)]))

    def test_infinite_features(self):
        rows = table()
        rows.loc[3, "size"] = np.inf
        with pytest.raises(ModelError, match=r"AK-M024.*\n.*size"):
            FeatureHistory.of(rows)

    def test_a_feature_it_does_not_have(self):
        history = FeatureHistory.of(table())
        with pytest.raises(ModelError, match=r"AK-M102.*\n.*paces .is 'pace' meant"):
            history.columns(["size", "paces"])


def test_sequences_take_a_fiftieth_of_the_memory_of_all_windows():
    """Ten years of daily rows, 60 sessions each; a batch is one date of 500 names."""
    n_names, n_sessions, p, lookback = 500, 2_520, 24, 60
    tracemalloc.start()
    values = np.ones((n_names, n_sessions, p), dtype=np.float32)
    run = np.tile(np.arange(1, n_sessions + 1, dtype=np.int32), (n_names, 1))
    names = np.array([f"T{place:03d}" for place in range(n_names)], dtype=object)
    days = np.arange(n_sessions).astype("datetime64[D]").astype("datetime64[us]")
    features = tuple(f"f{column}" for column in range(p))
    history = FeatureHistory(days, names, features, values, run)
    scaling = SequenceScaling.fit(
        history, np.arange(1), slice(0, 9), PreprocessingSpec(clip_quantile=0.01)
    )
    scaling = SequenceScaling(
        **{key: value * p for key, value in scaling.model_dump().items()}
    )
    held = tracemalloc.get_traced_memory()[0]
    rows = np.arange(n_names)
    places = Places(
        history,
        history.columns(features),
        rows,
        np.full(n_names, n_sessions - 1),
        np.full(n_names, lookback),
    )
    tracemalloc.reset_peak()
    sequences = Sequences(places, scaling, np.arange(lookback)[::-1])
    gathered, _ = sequences.gather(rows)
    peak = tracemalloc.get_traced_memory()[1] + gathered.nbytes  # torch's own copy
    tracemalloc.stop()
    windows = n_names * (n_sessions - lookback + 1) * lookback * p * 4
    print(
        f"history {held / 1e6:.0f} MB, with a batch {peak / 1e6:.0f} MB, "
        f"all windows {windows / 1e6:.0f} MB: {windows / peak:.0f} times"
    )
    assert windows > 50 * peak

"""The fit: what it learns, what it may not see, and that it repeats itself."""

import logging

import numpy as np
import pytest
import torch

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.context import Background, Context
from alpha_kedro.learning.histories import FeatureHistory
from alpha_kedro.learning.linear_models.linear import RidgeSpec
from alpha_kedro.learning.sequence.arithmetic import device_for
from alpha_kedro.learning.sequence.lstm import LSTMSpec
from alpha_kedro.learning.training import TrainingData
from tests.learning.sequence.panels import (
    FEATURES,
    TINY,
    labels_with_a_memory,
    lstm,
    scores_of,
    table,
    window,
    with_history,
)
from tests.learning.windows import mean_rank_ic

KINDS = pytest.mark.parametrize("kind", TINY)
STOPPING = {"choose_by": "purged_tail", "n_splits": 4, "patience": 3}
TRAINED = slice(0, 40)


def both(kind, **overrides):
    """Return a fit on the first 40 of 60 sessions, and all rows."""
    return TINY[kind](**overrides).fit(window(days=TRAINED), seed=3), window()


class TestLearning:
    def test_what_lies_in_the_past_is_found_there(self):
        """The label is what `pace` did over five sessions; today's row says little."""
        rows = table(120, 25, gaps=False)
        y = labels_with_a_memory(rows)
        learned = window(rows, y, days=slice(0, 90))
        unseen = window(rows, y, days=slice(93, 120))
        loop = {"epochs": 8, "learning_rate": 0.03, "stopping": STOPPING}
        spec = lstm(hidden=8, dropout=0.0, training=loop)
        fitted = spec.fit(learned, seed=0)
        ridge = RidgeSpec().fit(learned, seed=0)
        ours, _ = mean_rank_ic(scores_of(fitted, unseen), unseen)
        today, _ = mean_rank_ic(ridge.score(unseen.X), unseen)
        print(f"rank IC: LSTM {ours:.2f}, ridge {today:.2f}")
        assert ours > 0.8
        assert today < 0.5

    @pytest.mark.parametrize("kind", ["rank_correlation", "squared_and_directional"])
    def test_other_losses_find_it_too(self, kind):
        rows = table(90, 20, gaps=False)
        y = labels_with_a_memory(rows)
        spec = lstm(
            hidden=8,
            dropout=0.0,
            loss={"kind": kind},
            training={"epochs": 8, "learning_rate": 0.03},
        )
        fitted = spec.fit(window(rows, y, days=slice(0, 70)), seed=0)
        unseen = window(rows, y, days=slice(73, 90))
        assert mean_rank_ic(scores_of(fitted, unseen), unseen)[0] > 0.6

    @KINDS
    def test_noise_teaches_nothing(self, kind):
        rows = table(70, 20, gaps=False)
        y = np.random.default_rng(5).normal(size=len(rows))
        spec = TINY[kind](training={"epochs": 3, "stopping": STOPPING})
        fitted = spec.fit(window(rows, y, days=slice(0, 50)), seed=0)
        unseen = window(rows, y, days=slice(53, 70))
        assert abs(mean_rank_ic(scores_of(fitted, unseen), unseen)[1]) < 3


class TestForesight:
    """Garble what a fit must not see; every byte it leaves has to stay."""

    def garbled(self, days):
        rows = table()
        at = rows["date"].isin(np.unique(rows["date"])[days])
        rng = np.random.default_rng(9)
        rows.loc[at, list(FEATURES)] = rng.normal(
            3, 5, size=(int(at.sum()), len(FEATURES))
        ).astype(np.float32)
        return FeatureHistory.of(rows)

    @KINDS
    @pytest.mark.parametrize(
        ("choose_by", "refit"),
        [("none", False), ("purged_tail", False), ("purged_tail", True)],
    )
    def test_features_after_the_window(self, kind, choose_by, refit):
        stopping = {"choose_by": choose_by, "refit": refit, "n_splits": 4}
        fitted, rows = both(kind, training={"stopping": stopping})
        other = with_history(window(days=TRAINED), self.garbled(slice(40, 60)))
        again = fitted.network.spec.fit(other, seed=3)
        assert again.files() == fitted.files()
        early = np.flatnonzero(rows.dates < np.unique(rows.dates)[40])
        before = scores_of(fitted, rows.take(early))
        after = scores_of(
            again, with_history(rows.take(early), self.garbled(slice(40, 60)))
        )
        np.testing.assert_array_equal(before, after)
        assert np.isfinite(before).sum() > 200

    def test_a_network_that_looks_ahead_is_caught(self, monkeypatch):
        """The proof above fails when it should: offset -1 is tomorrow."""
        monkeypatch.setattr(LSTMSpec, "offsets", np.arange(-1, 5)[::-1])
        fitted, _ = both("lstm")
        other = with_history(window(days=TRAINED), self.garbled(slice(40, 60)))
        assert lstm().fit(other, seed=3).files() != fitted.files()

    @KINDS
    def test_sessions_before_the_window(self, kind):
        days = slice(20, 45)
        fitted = TINY[kind]().fit(window(days=days), seed=3)
        other = with_history(window(days=days), self.garbled(slice(0, 20)))
        assert TINY[kind]().fit(other, seed=3).files() == fitted.files()

    def test_scores_read_nothing_that_came_before_the_window_either(self):
        fitted = lstm().fit(window(days=slice(20, 45)), seed=3)
        later = window(days=slice(20, 60))
        other = with_history(later, self.garbled(slice(0, 20)))
        np.testing.assert_array_equal(
            scores_of(fitted, other), scores_of(fitted, later)
        )
        assert np.isnan(scores_of(fitted, window(days=slice(10, 20)))).all()

    def test_the_window_itself_is_seen(self):
        fitted, _ = both("lstm")
        rows = table()
        again = rows.assign(pace=-rows["pace"])
        other = window(again, labels_with_a_memory(rows), days=TRAINED)
        assert lstm().fit(other, seed=3).files() != fitted.files()

    def test_weights_come_from_dates_clear_of_the_held_out_ones(self):
        """Labels of held-out dates choose the epoch, and nothing else."""
        spec = lstm(training={"epochs": 1, "stopping": STOPPING})
        data = window(days=TRAINED)
        fitted = spec.fit(data, seed=3)
        tail = data.dates >= np.unique(data.dates)[33]
        y = np.where(tail, np.random.default_rng(0).normal(size=len(tail)), data.y)
        other = spec.fit(TrainingData(**{**vars(data), "y": y}), seed=3)
        weights = "network.safetensors"
        assert other.files()[weights] == fitted.files()[weights]
        assert other.chosen["best_ic"] != fitted.chosen["best_ic"]

    def test_a_row_scored_later_scores_the_same(self):
        """The history of its day, and the history of all days."""
        fitted, rows = both("lstm")
        day = np.unique(rows.dates)[50]
        today = rows.take(np.flatnonzero(rows.dates == day))
        cut = with_history(today, today.context.background.histories.until(day))
        np.testing.assert_array_equal(scores_of(fitted, cut), scores_of(fitted, today))


class TestScores:
    @KINDS
    def test_as_many_sessions_as_it_looks_back_are_enough(self, kind):
        """What the daily run loads, against the history of all sessions."""
        fitted, rows = both(kind)
        days = np.unique(rows.dates)
        today = rows.take(np.flatnonzero(rows.dates == days[50]))
        loaded = table()
        loaded = loaded[loaded["date"].isin(days[51 - fitted.looks_back : 51])]
        daily = with_history(today, FeatureHistory.of(loaded))
        np.testing.assert_array_equal(
            scores_of(fitted, daily), scores_of(fitted, today)
        )
        assert np.isfinite(scores_of(fitted, today)).any()

    @KINDS
    def test_a_row_has_the_same_bits_alone_and_among_others(self, kind):
        rows = window(table(30, 10))
        fitted = TINY[kind](min_length=1).fit(rows, seed=3)
        together = scores_of(fitted, rows)
        assert len(together) > 256
        order = np.random.default_rng(0).permutation(len(together))
        mixed = fitted.score(rows.X[order], rows.context.take(order))
        np.testing.assert_array_equal(mixed, together[order])
        for row in [0, 1, 100, 255, 256, len(together) - 1]:
            alone = scores_of(fitted, rows.take(np.array([row])))
            np.testing.assert_array_equal(alone, together[[row]])

    def test_usual_sizes_have_the_same_bits_too(self):
        rows = window(table(40, 12))
        spec = lstm(hidden=64, lookback=30, head=[32], training={"epochs": 1})
        fitted = spec.fit(rows, seed=3)
        together = scores_of(fitted, rows)
        for row in range(200, 230):
            alone = scores_of(fitted, rows.take(np.array([row])))
            np.testing.assert_array_equal(alone, together[[row]])

    def test_too_short_a_past_has_no_score_and_teaches_nothing(self):
        rows = table(gaps=False)
        rows = rows[
            (rows["ticker"] != "T07") | (rows["date"] >= rows["date"].iloc[400])
        ]
        data = window(rows)
        fitted = lstm().fit(data, seed=3)
        unscored = np.isnan(scores_of(fitted, data))
        sessions = np.unique(data.dates)
        newcomer = data.context.tickers == "T07"
        first = np.where(newcomer, sessions[50], sessions[0])
        age = np.searchsorted(sessions, data.dates) - np.searchsorted(sessions, first)
        np.testing.assert_array_equal(unscored, age + 1 < 4)
        assert fitted.chosen["left_out"] == unscored.sum() == 24

    def test_features_are_found_in_the_history_by_name(self):
        rows = table()
        shuffled = rows[["date", "luck", "ticker", "size", "pace"]]
        shuffled = shuffled.assign(extra=np.float32(1))
        data = window(days=TRAINED)
        fitted = lstm().fit(data, seed=3)
        other = with_history(data, FeatureHistory.of(shuffled))
        assert lstm().fit(other, seed=3).files() == fitted.files()

    def test_a_feature_without_information_is_dropped_and_listed(self):
        rows = table()
        data = window(rows.assign(luck=np.float32(1)), labels_with_a_memory(rows))
        fitted = lstm().fit(data, seed=3)
        assert fitted.dropped_features == {"luck": "constant"}
        assert np.isfinite(scores_of(fitted, data)).any()

    def test_a_feature_that_begins_with_the_held_out_dates_says_nothing_yet(self):
        rows = table()
        late = rows["date"] >= rows["date"].iloc[-60]
        rows["luck"] = rows["luck"].where(late).astype(np.float32)
        stopping = STOPPING | {"n_splits": 2}
        fitted = lstm(training={"stopping": stopping}).fit(window(rows), seed=3)
        place = FEATURES.index("luck")
        scaling = fitted.scaling
        assert (scaling.centre[place], scaling.scale[place]) == (0.0, 1.0)
        assert scaling.lower[place] == scaling.upper[place] == 0.0

    def test_missing_indicators_are_read(self):
        rows = window()
        spec = lstm(preprocessing={"missing_indicators": True})
        fitted = spec.fit(rows, seed=3)
        assert fitted.scaling.sources.tolist() == [0, 1, 2, 0, 1, 2]
        assert np.isfinite(scores_of(fitted, rows)).any()


class TestRepetition:
    @KINDS
    def test_the_same_seed_gives_the_same_bytes(self, kind):
        fitted, _ = both(kind)
        torch.rand(3)
        assert both(kind)[0].files() == fitted.files()

    @KINDS
    def test_another_seed_gives_others(self, kind):
        fitted, _ = both(kind)
        other = TINY[kind]().fit(window(days=TRAINED), seed=4)
        assert other.files() != fitted.files()

    def test_torch_is_left_as_it_was(self):
        def state():
            return (
                torch.get_num_threads(),
                torch.are_deterministic_algorithms_enabled(),
                torch.is_deterministic_algorithms_warn_only_enabled(),
                torch.utils.deterministic.fill_uninitialized_memory,
                torch.get_default_dtype(),
                torch.is_grad_enabled(),
                torch.get_rng_state().numpy().tobytes(),
            )

        before = state()
        fitted, rows = both("lstm")
        scores_of(fitted, rows)
        fitted.contributions(rows.X[:20], rows.context.take(np.arange(20)))
        assert state() == before

    def test_weights_of_rows_count(self):
        data = window(days=TRAINED)
        even = lstm().fit(data.weighted(np.full(len(data.y), 3.0)), seed=3)
        plain = lstm().fit(data, seed=3)
        assert even.files() == plain.files()
        uneven = np.where(data.dates > data.dates[150], 1.0, 0.1)
        weighted = lstm().fit(data.weighted(uneven), seed=3)
        assert weighted.files() != plain.files()


class TestChoices:
    def test_what_was_chosen_is_told(self, caplog):
        spec = lstm(training={"epochs": 3, "stopping": STOPPING})
        with caplog.at_level(logging.INFO):
            fitted = spec.fit(window(days=TRAINED), seed=3)
        assert fitted.chosen["parameters"] == 4 * 4 * (3 + 4 + 2) + 5
        assert 1 <= fitted.chosen["epochs"] <= 3
        assert -1 <= fitted.chosen["best_ic"] <= 1
        assert fitted.chosen["device"] == "cpu"
        assert "parameters 149" in caplog.text

    def test_the_loss_can_choose_the_epoch(self):
        stopping = STOPPING | {"metric": "loss"}
        spec = lstm(training={"epochs": 3, "stopping": stopping})
        fitted = spec.fit(window(days=TRAINED), seed=3)
        assert 0 < fitted.chosen["best_loss"] < 3

    def test_a_refit_learns_from_the_whole_window(self):
        kept, again = (
            lstm(training={"epochs": 2, "stopping": STOPPING | {"refit": refit}}).fit(
                window(days=TRAINED), seed=3
            )
            for refit in (False, True)
        )
        assert again.chosen == kept.chosen
        assert again.scaling != kept.scaling
        plain = lstm(training={"epochs": int(again.chosen["epochs"])})
        whole = plain.fit(window(days=TRAINED), seed=3)
        weights = "network.safetensors"
        assert again.files()[weights] == whole.files()[weights]


class TestRefusals:
    def code(self, data, spec=None):
        with pytest.raises(ModelError) as caught:
            (spec or lstm()).fit(data, seed=3)
        return caught.value.code

    def test_rows_alone(self):
        assert (
            self.code(TrainingData(**{**vars(window()), "context": None})) == "AK-M100"
        )

    def test_no_history(self):
        data = window()
        bare = Context(data.dates, data.context.tickers, Background())
        assert self.code(TrainingData(**{**vars(data), "context": bare})) == "AK-M103"

    def test_a_history_without_a_feature(self):
        history = FeatureHistory.of(table().drop(columns="size"))
        assert self.code(with_history(window(), history)) == "AK-M102"

    def test_a_history_of_something_else(self):
        history = FeatureHistory.of(table(seed=1))
        assert self.code(with_history(window(), history)) == "AK-M104"

    def test_a_device_that_is_not_there(self):
        if torch.cuda.is_available():
            pytest.skip("there is one")
        assert self.code(window(), lstm(training={"device": "cuda"})) == "AK-M105"
        assert device_for("auto").type in {"cpu", "mps"}

    def test_no_sequence_is_long_enough(self):
        assert self.code(window(days=slice(0, 3))) == "AK-M108"

    def test_labels_that_are_missing(self):
        data = window()
        y = np.where(np.arange(len(data.y)) == 9, np.nan, data.y)
        assert self.code(TrainingData(**{**vars(data), "y": y})) == "AK-M022"


@pytest.mark.skipif(
    device_for("auto").type == "cpu", reason="no device other than the CPU"
)
@KINDS
def test_a_device_agrees_with_the_cpu(kind):
    """Sums run in another order there; after two epochs scores agree to 1e-3."""
    rows = window(days=TRAINED)
    on_cpu, on_device = (
        TINY[kind](dropout=0.0, training={"device": device}).fit(rows, seed=3)
        for device in ("cpu", "auto")
    )
    assert on_device.chosen["device"] == device_for("auto").type
    np.testing.assert_allclose(
        scores_of(on_device, rows), scores_of(on_cpu, rows), rtol=1e-3, atol=1e-3
    )

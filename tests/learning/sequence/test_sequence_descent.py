"""Teaching: batches of dates, the best epoch, and what happens when steps fail."""

import numpy as np
import pytest
import torch

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.sequence import descent
from alpha_kedro.learning.sequence.descent import descend
from alpha_kedro.learning.sequence.fitting import _Window
from alpha_kedro.learning.sequence.lstm import LSTMSpec
from alpha_kedro.learning.sequence.network import Network
from alpha_kedro.learning.sequence.sequences import date_batches
from tests.learning.sequence.panels import lstm, scores_of, window

DATES = np.repeat(np.arange(10).astype("M8[D]").astype("M8[us]"), 7)
TAIL = {"choose_by": "purged_tail", "n_splits": 4, "patience": 2}


def batches(seed=0, dates=DATES, **settings):
    sizes = {"dates_per_batch": 3, "max_rows": 100} | settings
    return list(date_batches(dates, **sizes, rng=np.random.default_rng(seed)))


class TestBatches:
    def test_every_row_is_in_one_batch_and_dates_are_whole(self):
        found = batches()
        assert sorted(np.concatenate(found).tolist()) == list(range(70))
        assert [len(rows) for rows in found] == [21, 21, 21, 7]
        for rows in found:
            assert (np.diff(rows) > 0).all()
            assert (np.unique(DATES[rows], return_counts=True)[1] == 7).all()

    def test_dates_come_in_another_order_each_time(self):
        rng = np.random.default_rng(0)
        settings = {"dates_per_batch": 1, "max_rows": 100, "rng": rng}
        first, second = (
            [rows[0] for rows in date_batches(DATES, **settings)] for _ in range(2)
        )
        assert sorted(first) == sorted(second)
        assert first != second
        assert first != sorted(first)

    def test_the_seed_decides(self):
        for ours, again in zip(batches(), batches(), strict=True):
            np.testing.assert_array_equal(ours, again)

    def test_rows_are_a_limit_too(self):
        assert [len(rows) for rows in batches(max_rows=14)] == [14] * 5

    def test_a_date_with_too_many_rows_is_dealt_out(self):
        found = batches(max_rows=3)
        assert sorted(np.concatenate(found).tolist()) == list(range(70))
        assert max(map(len, found)) == 3
        assert all(len(np.unique(DATES[rows])) == 1 for rows in found)
        one = [rows.tolist() for rows in found if DATES[rows[0]] == DATES[0]]
        assert one != [[0, 1, 2], [3, 4], [5, 6]]

    def test_dates_of_different_sizes(self):
        dates = np.repeat(np.unique(DATES)[:4], [1, 5, 2, 9])
        found = batches(dates=dates, max_rows=6, dates_per_batch=2)
        assert sorted(np.concatenate(found).tolist()) == list(range(17))
        assert max(map(len, found)) <= 6


def failing(original, fault, *, at):
    """Return a function that does something else at its n-th call."""
    calls = iter(range(1, 10_000))

    def step(*args):
        return fault(*args) if next(calls) == at else original(*args)

    return step


class TestNumbersThatAreNone:
    STEPS = 8  # batches of an epoch: 60 dates, 8 at a time

    def spec(self, **stopping):
        return lstm(
            training={"epochs": 4, "stopping": stopping or {"choose_by": "none"}}
        )

    def broken(self, monkeypatch, at, value=float("nan")):
        original = descent.loss_of
        loss = failing(original, lambda *args: original(*args) * value, at=at)
        monkeypatch.setattr(descent, "loss_of", loss)

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_the_last_finite_epoch_is_kept(self, monkeypatch, value):
        two = lstm(training={"epochs": 2}).fit(window(), seed=3)
        self.broken(monkeypatch, at=2 * self.STEPS + 3, value=value)
        fitted = self.spec().fit(window(), seed=3)
        assert fitted.chosen["epochs"] == 2
        assert fitted.chosen["stopped"] == "loss not finite"
        assert two.chosen["stopped"] == "as planned"
        weights = "network.safetensors"
        assert fitted.files()[weights] == two.files()[weights]
        assert np.isfinite(scores_of(fitted, window())).any()

    def test_without_one_the_fit_fails(self, monkeypatch):
        self.broken(monkeypatch, at=3)
        with pytest.raises(ModelError, match="AK-M106") as caught:
            self.spec().fit(window(), seed=3)
        assert "first epoch" in caught.value.got

    def test_the_best_epoch_survives_a_later_break(self, monkeypatch):
        fitted = self.spec(**TAIL).fit(window(), seed=3)
        best = fitted.chosen["epochs"]
        monkeypatch.setattr(
            descent._Teacher,
            "epoch",
            failing(descent._Teacher.epoch, self.no_number, at=int(best) + 1),
        )
        again = self.spec(**TAIL).fit(window(), seed=3)
        assert again.chosen["epochs"] == best
        weights = "network.safetensors"
        assert again.files()[weights] == fitted.files()[weights]

    @staticmethod
    def no_number(*_):
        raise descent.NotFinite


class TestMemory:
    def short_of_memory(self, monkeypatch, most, error):
        original = LSTMSpec.outputs

        def outputs(self, layers, values, lengths):
            if layers.training and len(values) > most:
                raise error
            return original(self, layers, values, lengths)

        monkeypatch.setattr(LSTMSpec, "outputs", outputs)

    @pytest.mark.parametrize(
        "error",
        [
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
            torch.OutOfMemoryError("CUDA out of memory"),
            MemoryError(),
        ],
        ids=["cpu", "cuda", "numpy"],
    )
    def test_batches_are_halved_until_they_fit(self, monkeypatch, error):
        self.short_of_memory(monkeypatch, 20, error)
        fitted = lstm().fit(window(), seed=3)
        assert fitted.chosen["halvings"] == 2  # 57 rows, 28, 14
        assert np.isfinite(scores_of(fitted, window())).any()

    def test_every_row_is_still_learned_from(self, monkeypatch):
        seen = []
        original = descent._Teacher._step

        def step(teacher, rows):
            loss = original(teacher, rows)
            seen.extend(rows.tolist())
            return loss

        monkeypatch.setattr(descent._Teacher, "_step", step)
        self.short_of_memory(monkeypatch, 20, MemoryError())
        fitted = lstm(training={"epochs": 1}).fit(window(), seed=3)
        n_rows = len(window().y) - int(fitted.chosen["left_out"])
        assert sorted(seen) == list(range(n_rows))

    def test_not_for_ever(self, monkeypatch):
        self.short_of_memory(monkeypatch, 1, MemoryError())
        with pytest.raises(ModelError, match="AK-M107") as caught:
            lstm(training={"max_halvings": 3}).fit(window(), seed=3)
        assert "after 3 halvings" in caught.value.got

    def test_other_errors_are_not_mistaken_for_it(self, monkeypatch):
        self.short_of_memory(monkeypatch, 20, RuntimeError("shapes do not match"))
        with pytest.raises(RuntimeError, match="shapes do not match"):
            lstm().fit(window(), seed=3)


def test_teaching_ends_when_nothing_gets_better():
    """Judged by hand: best after the second epoch, patience two."""
    spec = lstm(training={"epochs": 9, "stopping": {"patience": 2}})
    said = iter([0.1, 0.5, 0.5, float("nan"), 0.9])
    asked = []

    def judge(network):
        asked.append(network)
        return next(said)

    rows = _Window.of(spec, window())
    network = Network(spec, spec.build(3))
    course = descend(network, rows._lesson(rows.data), epochs=9, seed=0, judge=judge)
    assert len(asked) == 4
    assert (course.epoch, course.quality) == (2, 0.5)

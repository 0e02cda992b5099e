"""Parameters tuned inside the window: found, bounded, repeatable, stored."""

import json
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning.linear_models.linear import RidgeSpec
from alpha_kedro.learning.sequence.lstm import LSTMSpec
from alpha_kedro.learning.training import purged_splits
from alpha_kedro.learning.trees.lightgbm_trees import LightGBMSpec, restore
from alpha_kedro.learning.wrappers.tuning import (
    TUNING_FILE,
    TuningModel,
    restore_tuned,
    trials,
)
from alpha_kedro.learning.wrappers.tuning.held_out import (
    rank_coefficients_of,
    t_of_mean,
)
from tests.learning.planted import BLOCKS, replaced
from tests.learning.sequence.panels import window as past_window
from tests.learning.windows import mean_rank_ic, noise, window_of
from tests.learning.wrappers.tuning.tilted import (
    TILT,
    FittedTilted,
    Maker,
    Tilted,
    planted,
    tuned,
    tuning,
)

NOTHING_NEW = {"tilt": [-1.0, 0.0, 1.0]}


def test_it_finds_the_planted_parameter():
    fitted = tuned(planted(best=0.8), n_trials=40)
    assert fitted.chosen["tuned.tilt"] == pytest.approx(0.8, abs=0.15)
    assert fitted.chosen["inner_rank_ic"] > fitted.chosen["inner_rank_ic_untuned"] + 0.1
    assert fitted.inner.block.tilt == fitted.chosen["tuned.tilt"]


def test_the_value_of_a_trial_is_the_mean_rank_ic_of_its_blocks():
    """The toy learns nothing, so its held-out scores are its scores on the window."""
    data = planted()
    record = tuned(data, n_trials=4).record
    for trial in record.trials:
        scores = data.X[:, 0] + trial.parameters["tilt"] * data.X[:, 1]
        assert trial.value == pytest.approx(mean_rank_ic(scores, data)[0], abs=1e-12)
        assert (trial.value, len(trial.running)) == (trial.rank_ic, 3)
        assert trial.value == trial.running[-1]


def test_dates_with_few_names_or_one_score_have_no_coefficient():
    X, y = noise(n_dates=4, n_names=6, p=2)
    data = window_of(X, y)
    scores = data.X[:, 0].astype(np.float64)
    scores[:3], scores[6:12] = np.nan, 1.0
    kept = np.arange(24) != 20
    found = rank_coefficients_of(
        scores[kept], data.take(np.flatnonzero(kept)), min_names=4
    )
    assert np.isnan(found[:2]).all()
    by_hand = [mean_rank_ic(scores[i : i + 6], data.take(np.arange(i, i + 6)))[0]
               for i in (12,)]  # fmt: skip
    assert found[2] == pytest.approx(by_hand[0])
    assert np.isfinite(found[3])


def test_the_t_is_the_objective_where_asked():
    data = planted()
    fitted = tuned(data, objective="rank_ic_t", n_trials=3)
    first = fitted.record.trials[0]
    daily = rank_coefficients_of(data.X[:, 0].astype(float), data, min_names=5)
    assert first.value == pytest.approx(t_of_mean(daily, overlap=2))
    assert fitted.chosen["inner_rank_ic_t_untuned"] == first.value
    assert fitted.chosen["inner_rank_ic_untuned"] == pytest.approx(daily.mean())


def test_trial_zero_is_the_block_itself_and_is_kept_unless_one_is_better():
    block = Tilted(tilt=0.8, pair=(1.0, 2.0))
    far = {"tilt": {"low": -10.0, "high": -9.0}, "pair": [3.0]}
    fitted = tuned(planted(best=0.8), block=block, space=far, n_trials=6)
    assert fitted.record.best == 0
    assert fitted.inner.block is block
    assert fitted.chosen["tuned.pair"] == "1.0, 2.0"
    assert fitted.chosen["inner_rank_ic"] == fitted.chosen["inner_rank_ic_untuned"]


def test_of_equals_the_first_is_taken():
    fitted = tuned(planted(), space={"turns": [0, 3, 7]}, n_trials=3)
    assert len({trial.value for trial in fitted.record.trials}) == 1
    assert (fitted.record.best, fitted.inner.block.turns) == (0, 0)


def test_the_best_is_fitted_once_more_on_the_whole_window():
    make, data = Maker(), planted()
    fitted = tuned(data, make=make, n_trials=5, seed=11)
    block, last, seed = make.fits[-1]
    assert len(make.fits) == 5 * 3 + 1
    assert (last is data, seed) == (True, 11)
    assert block.tilt == fitted.chosen["tuned.tilt"]
    assert {each[2] for each in make.fits} == {11}


def test_a_set_tried_before_is_neither_fitted_nor_counted_again():
    make = Maker()
    fitted = tuned(planted(), make=make, space=NOTHING_NEW, n_trials=30)
    assert len(make.fits) == 3 * 3 + 1
    assert (fitted.chosen["trials"], fitted.chosen["trials_ended_by"]) == (3, "space")


class Clock:
    """Moves on by ten seconds each time it is looked at."""

    now = 0.0

    def monotonic(self):
        self.now += 10
        return self.now


def test_no_trial_is_begun_after_the_minutes(monkeypatch):
    monkeypatch.setattr(trials, "time", Clock())
    fitted = tuned(planted(), n_trials=None, minutes=1.0)
    assert fitted.chosen["trials_ended_by"] == "clock"
    assert fitted.chosen["trials"] == 6


def test_however_short_the_minutes_the_block_itself_is_tried():
    fitted = tuned(planted(), n_trials=None, minutes=1e-9)
    assert fitted.chosen["trials"] == 1


def test_with_both_the_first_to_bind_ends_the_trials():
    fitted = tuned(planted(), n_trials=4, minutes=60.0)
    assert (fitted.chosen["trials"], fitted.chosen["trials_ended_by"]) == (4, "trials")


def test_hopeless_trials_are_pruned_and_fitted_less():
    all_of_it, less = Maker(), Maker()
    tuned(planted(), make=all_of_it, n_trials=30)
    fitted = tuned(planted(), make=less, n_trials=30, pruner="median")
    pruned = [each for each in fitted.record.trials if each.state == "pruned"]
    assert fitted.chosen["pruned"] == len(pruned) > 3
    assert len(less.fits) < len(all_of_it.fits)
    assert all(each.value is None and len(each.running) < 3 for each in pruned)
    assert fitted.chosen["tuned.tilt"] == pytest.approx(0.8, abs=0.2)


def test_a_trial_that_cannot_be_fitted_counts_as_failed():
    fitted = tuned(planted(), make=Maker(refuses=0.5))
    failed = [each for each in fitted.record.trials if each.state == "failed"]
    assert fitted.chosen["failed"] == len(failed) > 0
    assert {each.reason for each in failed} == {"AK-M025 the toy learned a constant"}
    assert 0.4 < fitted.chosen["tuned.tilt"] <= 0.5


def test_a_start_that_cannot_be_fitted_has_no_value_to_compare_with():
    refuses_start = tuned(planted(), block=Tilted(tilt=5.0), make=Maker(refuses=2.0))
    assert refuses_start.chosen["inner_rank_ic_untuned"] == "failed"
    assert refuses_start.record.best > 0


def test_when_all_trials_fail_the_reasons_are_told():
    with pytest.raises(ModelError, match="AK-M174") as refused:
        tuned(planted(), make=Maker(refuses=-5.0), n_trials=4)
    assert refused.value.where == ["AK-M025 the toy learned a constant"]
    assert refused.value.got == "4 trials"


def test_dates_with_too_few_names_are_told_from_a_bad_model():
    with pytest.raises(ModelError, match="AK-M173"):
        tuned(planted(), n_trials=2, min_names=21)


def test_a_window_too_short_for_the_blocks_is_a_fault_of_the_plan():
    with pytest.raises(ConfigError, match="AK-C032"):
        tuned(planted(n_dates=2), n_trials=2)


def test_rows_that_teach_nothing_are_refused_before_any_trial():
    data, make = planted(), Maker()
    with pytest.raises(ModelError, match="AK-M023"):
        tuned(replaced(data, y=np.ones(len(data.y))), make=make)
    assert make.fits == []


@pytest.mark.parametrize("embargo", [0, 2])
def test_no_trial_learns_from_labels_that_reach_its_held_out_block(embargo):
    make, data = Maker(), planted()
    tuned(data, make=make, n_trials=2, embargo=embargo)
    weeks = np.unique(data.dates)
    learned = [rows for _, rows, _ in make.fits[:6]]
    for rows, block in zip(learned, [*np.array_split(weeks, 3)] * 2, strict=True):
        # A label made in the last week of a block ends in the week after it.
        first, last = block[0], block[-1] + np.timedelta64(8, "D")
        assert not ((rows.label_end >= first) & (rows.dates <= last)).any()
        n_weeks = len(np.unique(rows.dates))
        assert len(weeks) / 2 - 2 * embargo - 4 < n_weeks < len(weeks) - len(block)


def windows_into(garble):
    """Return the middle of long arrays, the rows around it rewritten or not."""
    whole, kept = planted(n_dates=90), slice(400, 1400)
    if garble:
        around = np.r_[0:400, 1400:1800]
        whole.X[around], whole.y[around] = 1e6, -1e6
    parts = {name: getattr(whole, name)[kept] for name in ("X", "y", "dates")}
    return replaced(whole, **parts, label_end=whole.label_end[kept])


def test_rows_outside_the_window_change_nothing():
    model = TuningModel(
        tuning({"alpha": {"low": 1.0, "high": 1e5, "log": True}}, n_trials=8),
        RidgeSpec(),
        lambda block: block,
    )
    clean, garbled = (
        model.fit(windows_into(garble), seed=1).files() for garble in (False, True)
    )
    assert clean == garbled


LEAVES = {
    "num_leaves": {"low": 2, "high": 16, "log": True},
    "learning_rate": {"low": 0.01, "high": 0.5, "log": True},
    "min_data_in_leaf": [10, 40],
    "rounds.patience": {"low": 5, "high": 50, "step": 5},
}


@pytest.fixture(scope="module")
def trees():
    block = LightGBMSpec.parse(BLOCKS["lightgbm"], "lightgbm")
    return TuningModel(
        tuning(LEAVES, n_trials=12, pruner="median", n_splits=2),
        block,
        lambda block: block,
    )


def test_the_same_rows_and_seed_give_the_same_bytes(trees):
    data = planted(n_dates=30)
    once, again = trees.fit(data, seed=5), trees.fit(data, seed=5)
    assert once.files() == again.files()
    assert once.chosen == again.chosen
    assert trees.fit(data, seed=6).record.trials != once.record.trials


def test_it_comes_back_from_its_files_to_the_byte(trees):
    data = planted(n_dates=30)
    fitted = trees.fit(data, seed=5)
    assert set(fitted.files()) == {"trees.txt", TUNING_FILE}
    again = restore_tuned(
        restore, fitted.features, fitted.dropped_features, fitted.files()
    )
    assert again.record == fitted.record
    assert again.files() == fitted.files()
    assert (again.kind, again.features) == ("lightgbm", data.features)
    np.testing.assert_array_equal(again.score(data.X), fitted.score(data.X))
    np.testing.assert_array_equal(
        again.contributions(data.X), fitted.contributions(data.X)
    )


def test_its_file_tells_every_trial():
    fitted = tuned(planted(), make=Maker(refuses=0.5), n_trials=9)
    told = json.loads(fitted.files()[TUNING_FILE])
    assert [each["number"] for each in told["trials"]] == list(range(9))
    assert {"complete", "failed"} == {each["state"] for each in told["trials"]}
    assert told["tuning"]["space"]["tilt"]["high"] == 2.0
    back = restore_tuned(FittedTilted.restore, fitted.features, {}, fitted.files())
    assert back.record == fitted.record


def test_the_choices_are_the_models_own_and_the_tunings():
    fitted = tuned(planted(), n_trials=2, space=TILT | {"inside.way": ["up", "down"]})
    assert list(fitted.chosen) == [
        *("turned", "tuned.tilt", "tuned.inside.way", "trials", "pruned", "failed"),
        *("inner_rank_ic", "inner_rank_ic_untuned", "trials_ended_by"),
    ]
    assert fitted.chosen["tuned.inside.way"] == "up"


def test_optuna_says_nothing_and_keeps_its_voice(capfd):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.INFO)
    tuned(planted(), n_trials=3)
    assert capfd.readouterr().err == ""
    assert optuna.logging.get_verbosity() == optuna.logging.INFO


def test_without_optuna_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    find = partial(tuned, planted())
    with pytest.raises(ConfigError, match="AK-C153") as refused:
        find()
    assert "alpha-kedro[tuning]" in refused.value.fix


def test_every_held_out_block_of_a_network_has_sequences():
    """The past of a window's first block is the window's, though it is held out."""
    data = past_window()
    context = replace(data.context, window_start=data.dates[0])
    network = LSTMSpec(lookback=4, min_length=2, hidden=2, training={"epochs": 1})
    for learn, held_out in purged_splits(
        replace(data, context=context), n_splits=3, embargo=0
    ):
        scores = network.fit(learn, seed=1).score(held_out.X, held_out.context)
        assert np.isfinite(scores).mean() > 0.5

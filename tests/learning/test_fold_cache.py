"""A finished fold is never fitted twice, and never trusted when it is damaged."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.learning import ModelSpec, fitting, fold_cache, join_examples
from tests.learning.small_study import CHOOSING, SPEC, TABLES, Toy, small_study, walk

ROOT = Path(__file__).parents[2]
KILLED_IN_THE_THIRD_FIT = """
import os, signal, sys
from pathlib import Path
from alpha_kedro.learning import fitting
from tests.learning.small_study import Toy, small_study, walk

class Doomed(Toy):
    def fit(self, data, *, seed):
        if len(self.seen) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(data, seed=seed)

doomed = Doomed()
fitting.make_model = lambda spec: doomed
walk(*small_study(), cache=Path(sys.argv[1]))
"""


@pytest.fixture
def toy(monkeypatch):
    model = Toy()
    monkeypatch.setattr(fitting, "make_model", lambda spec: model)
    return model


def assert_same(one, other):
    for table in TABLES:
        pd.testing.assert_frame_equal(
            getattr(one, table), getattr(other, table), check_exact=True
        )


def test_a_second_run_fits_nothing_and_gives_the_same_bytes(toy, tmp_path):
    clean = walk(*small_study())
    first = walk(*small_study(), cache=tmp_path)
    again = walk(*small_study(), cache=tmp_path)
    assert len(toy.seen) == 3 + 3
    assert_same(clean, first)
    assert_same(clean, again)


def test_what_a_fold_chose_is_kept_with_it(tmp_path):
    first = walk(*small_study(), models=CHOOSING, cache=tmp_path)
    again = walk(*small_study(), models=CHOOSING, cache=tmp_path)
    assert first.feature_choices["chosen"].sum() == 2 * 3
    assert_same(first, again)
    for kept in tmp_path.rglob("choices.parquet"):
        content = bytearray(kept.read_bytes())
        content[len(content) // 4] ^= 0xFF
        kept.write_bytes(content)
    assert_same(first, walk(*small_study(), models=CHOOSING, cache=tmp_path))


def test_a_run_killed_half_way_goes_on_where_it_stopped(toy, tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", KILLED_IN_THE_THIRD_FIT, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert run.returncode == -signal.SIGKILL
    resumed = walk(*small_study(), cache=tmp_path)
    assert len(toy.seen) == 1
    assert_same(resumed, walk(*small_study()))


def test_later_data_refit_only_the_folds_they_reach(toy, tmp_path):
    walk(*small_study(n_sessions=160), cache=tmp_path)
    longer = walk(*small_study(n_sessions=190), cache=tmp_path)
    # Fold 3 scores more dates than before, fold 4 is new; 1 and 2 stand.
    assert len(toy.seen) == 3 + 2
    assert_same(longer, walk(*small_study(n_sessions=190)))


def test_labels_that_come_to_be_known_refit_nothing(toy, tmp_path):
    samples, labels = small_study()
    early = labels[labels["label_end"] <= samples["date"].unique()[-10]]
    before = walk(samples, early, cache=tmp_path).predictions
    after = walk(samples, labels, cache=tmp_path).predictions
    assert len(toy.seen) == 3
    assert before["label"].isna().sum() > after["label"].isna().sum()
    assert before["score"].equals(after["score"])


@pytest.mark.parametrize(
    ("session", "refits"),
    [(50, 3), (57, 2), (150, 1)],
    ids=["trained on by all", "purged from the first", "scored by the last alone"],
)
def test_a_changed_feature_refits_the_folds_that_hold_it(
    toy, tmp_path, session, refits
):
    samples, labels = small_study()
    walk(samples, labels, cache=tmp_path)
    samples.loc[8 * session + 3, "value"] *= 1.5
    walk(samples, labels, cache=tmp_path)
    assert len(toy.seen) == 3 + refits


def test_a_changed_label_refits_the_folds_that_learnt_from_it(toy, tmp_path):
    samples, labels = small_study()
    walk(samples, labels, cache=tmp_path)
    labels.loc[labels["date"] == samples["date"].unique()[70], "label"] += 1
    walk(samples, labels, cache=tmp_path)
    assert len(toy.seen) == 3 + 2


@pytest.mark.parametrize(
    "models",
    [
        {"ridge": ModelSpec.parse({"kind": "ridge", "ridge": {"alpha": 3.0}}, "m")},
        {"ridge": ModelSpec(kind="random")},
    ],
    ids=["a parameter", "the kind"],
)
def test_a_changed_model_is_refitted(toy, tmp_path, models):
    walk(*small_study(), cache=tmp_path)
    walk(*small_study(), cache=tmp_path, models=models)
    assert len(toy.seen) == 6


def test_a_changed_seed_refits_everything(toy, tmp_path):
    walk(*small_study(), cache=tmp_path)
    walk(*small_study(), cache=tmp_path, seed=8)
    assert len(toy.seen) == 6


def test_parameters_of_a_kind_not_in_use_refit_nothing(toy, tmp_path):
    walk(*small_study(), cache=tmp_path)
    block = {"kind": "ridge", "factor": {"feature": "value"}}
    walk(*small_study(), cache=tmp_path, models={"ridge": ModelSpec.parse(block, "m")})
    assert len(toy.seen) == 3


def test_changed_code_refits_everything(toy, tmp_path, monkeypatch):
    walk(*small_study(), cache=tmp_path)
    monkeypatch.setattr(fold_cache, "code_digest", lambda: "other code")
    walk(*small_study(), cache=tmp_path)
    assert len(toy.seen) == 6


@pytest.mark.parametrize("part", ["scores", "explained", "dropped"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "missing"])
def test_a_damaged_fold_is_fitted_again(toy, tmp_path, part, damage):
    clean = walk(*small_study(), cache=tmp_path)
    victim = sorted(tmp_path.rglob(f"{part}.parquet"))[0]
    content = bytearray(victim.read_bytes())
    content[30] ^= 0xFF
    if damage == "missing":
        victim.unlink()
    else:
        victim.write_bytes(content[:-20] if damage == "cut" else content)
    again = walk(*small_study(), cache=tmp_path)
    assert len(toy.seen) == 3 + 1
    assert_same(clean, again)


def test_a_fold_of_other_rows_under_the_same_name_is_not_taken(toy, tmp_path):
    walk(*small_study(), cache=tmp_path)
    first, second, *_ = sorted(tmp_path.iterdir())
    (first / "scores.parquet").write_bytes((second / "scores.parquet").read_bytes())
    walk(*small_study(), cache=tmp_path)
    assert len(toy.seen) == 3 + 1


def test_a_fold_that_could_not_be_fitted_is_not_kept(toy, tmp_path):
    samples, labels = small_study()
    spec = SPEC.model_copy(update={"min_rows": 500})
    walk(samples, labels, cache=tmp_path, spec=spec)
    assert len(list(tmp_path.iterdir())) == 2


def test_what_a_killed_run_left_half_written_is_swept(toy, tmp_path):
    stray = tmp_path / "key" / ".scores.parquet.999999999.partial"
    stray.parent.mkdir()
    stray.write_bytes(b"half")
    walk(*small_study(), cache=tmp_path)
    assert not stray.exists()


def test_digests_tell_names_dates_and_places_apart():
    samples, labels = small_study(n_sessions=80)
    examples = join_examples(samples, labels)
    renamed = samples.assign(ticker=samples["ticker"].str.replace("T", "U"))
    other = join_examples(renamed, labels)
    digests = fold_cache.RowDigests.of(examples)
    rows = np.arange(40)
    plain = digests.over(examples, rows)
    assert plain == fold_cache.RowDigests.of(examples).over(examples, rows)
    assert plain != digests.over(examples, rows + 8)
    assert plain != digests.over(examples, rows[1:])
    assert plain != fold_cache.RowDigests.of(other).over(other, rows)

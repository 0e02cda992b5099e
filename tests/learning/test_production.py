"""The model of tonight is the fold that starts with the newest decision."""

import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.learning import fit_production, join_examples, load_model
from alpha_kedro.learning.folds import WalkForwardSpec
from alpha_kedro.learning.production import known_rows
from tests.learning.small_study import (
    FEATURES,
    RIDGE,
    SESSIONS,
    SPEC,
    small_study,
    walk,
)

ROLLING = SPEC.model_copy(update={"window": "rolling", "train_sessions": 50})


def produce(folder, samples, labels, spec=SPEC):
    return fit_production(
        samples,
        labels,
        models=RIDGE,
        spec=spec,
        label="raw",
        seed=7,
        folder=folder,
        sessions=SESSIONS.to_numpy(),
    )


@pytest.mark.parametrize("spec", [SPEC, ROLLING], ids=["expanding", "rolling"])
def test_tonight_scores_as_a_fold_tested_on_the_newest_decision_would(tmp_path, spec):
    samples, labels = small_study()
    newest = samples["date"].max()
    manifest = produce(tmp_path, samples, labels, spec)["ridge"]
    last_fold = WalkForwardSpec(**spec.model_dump() | {"first_test": newest.date()})
    research = walk(samples, labels, spec=last_fold)
    line = research.fit_ledger.iloc[0]
    record = manifest["training"]
    assert record["train_start"] == str(line.train_start.date())
    assert record["train_end"] == str(line.train_end.date())
    assert record["fit_end"] == str(line.max_label_end.date())
    model, _ = load_model(tmp_path / "ridge")
    tonight = samples[samples["date"] == newest]
    scores = model.score(tonight[list(FEATURES)].to_numpy(dtype=np.float32))
    assert scores.tolist() == research.predictions["score"].tolist()


def test_rows_without_a_label_teach_nothing_and_date_nothing():
    samples, labels = small_study()
    labels.loc[labels["date"] >= SESSIONS[100], "label"] = np.nan
    examples = join_examples(samples, labels)
    rows = known_rows(examples, SPEC, sessions=SESSIONS.to_numpy())
    assert examples.dates[rows].max() == SESSIONS[99].to_datetime64()


def test_a_history_without_a_known_label_is_refused_by_code(tmp_path):
    samples, labels = small_study(n_sessions=4)
    with pytest.raises(ConfigError, match="AK-C032"):
        produce(tmp_path, samples, labels)

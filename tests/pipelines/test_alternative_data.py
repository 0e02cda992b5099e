"""Reports and sentiment beside prices, as the experiment ``alternative_data`` runs."""

import json

import pytest

from alpha_kedro.hooks import LATEST_RUN
from alpha_kedro.signals.features import feature_names
from tests.pipelines.runs import FAST_MODELS, nested, run_project, table

NAMES = {group: feature_names([group]) for group in ("fundamental", "sentiment")}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Folder of a quick run on the simulated market."""
    folder = tmp_path_factory.mktemp("alternative")
    params = FAST_MODELS | {
        "quick": True,
        "markets.simulated.n_tickers": 40,
        "markets.simulated.n_sessions": 820,
        "evidence.bootstrap_reps": 100,
        "execution.backend": "serial",
    }
    run_project(folder, env="alternative_data", **nested(params))
    assert not LATEST_RUN.is_partial, "kedro run would leave with 3"
    return folder


@pytest.mark.parametrize("group", NAMES)
def test_what_was_reported_and_said_reaches_the_model(root, group):
    names = list(NAMES[group])
    features = table(root, "04_feature/features.parquet")
    samples = table(root, "05_model_input/samples.parquet")
    assert len(names) >= 5
    assert set(names) <= set(features) & set(samples)
    known = features[names].notna()
    assert known.any().all()
    assert known.mean().mean() < 1


def test_coverage_is_told_by_group_and_year(root):
    coverage = table(root, "05_model_input/feature_coverage.parquet")
    assert set(coverage["group"]) == {"prices", "fundamentals", "sentiment"}
    last = coverage[coverage["year"] == coverage["year"].max()].set_index("group")
    assert last.loc["fundamentals", "n_features"] == len(NAMES["fundamental"])
    assert last["mean_share"].between(0.05, 1).all()
    assert last.loc["sentiment", "mean_share"] < last.loc["fundamentals", "mean_share"]


def test_what_became_of_every_report_is_accounted_for(root):
    report = json.loads((root / "03_primary/ingestion_report.json").read_text())
    for name in ("fundamentals", "sentiment"):
        kept = table(root, f"03_primary/{name}.parquet")
        refused = table(root, f"02_intermediate/{name}_rejects.parquet")
        came = table(root, f"01_raw/{name}.parquet")
        account = report[name]
        assert len(kept) > 100
        assert account["n_rejected"] == len(refused)
        told = len(kept) + len(refused) + account["n_out_of_scope"]
        assert told == account["n_input"] == len(came)

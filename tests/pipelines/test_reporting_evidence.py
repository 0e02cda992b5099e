"""The evidence node on a toy run: what is compared, with whom, and written down."""

import json

import pandas as pd
import pytest

from alpha_kedro.measures import EvidenceSpec, summarise
from alpha_kedro.measures.attribution import attribution_table
from alpha_kedro.pipelines.reporting import create_pipeline
from alpha_kedro.pipelines.reporting.nodes import gather_evidence
from alpha_kedro.signals import LabelSpec
from tests.reports.toy_runs import (
    MANIFEST,
    draw_fit_choices,
    draw_ledgers,
    draw_scores,
    draw_sectors,
)

LIBRARY = {
    "plain": {"kind": "ridge", "ridge": {"alpha": 10.0}},
    "chance": {"kind": "random"},
    "tuned": {
        "kind": "ridge",
        "ridge": {"alpha": 10.0},
        "tuning": {"n_trials": 5, "space": {"alpha": [10.0, 100.0]}},
    },
}
STRATEGY = {"model": "tuned"}


@pytest.fixture(scope="module")
def evidence():
    models = tuple(LIBRARY)
    predictions, labels = draw_scores(models, n_weeks=60)
    outcomes = labels.set_index(["date", "ticker"])["fwd_ret"].rename("label")
    returns, benchmarks = draw_ledgers(("book",), n_sessions=300)
    return gather_evidence(
        predictions.join(outcomes, on=["date", "ticker"]),
        labels,
        returns,
        benchmarks,
        draw_sectors(),
        draw_fit_choices(models),
        attribution_table({}, by_name="book"),
        returns[["date"]].assign(equal_weight=0.0),
        pd.DataFrame(),
        pd.DataFrame(),
        headline="book",
        strategies=["book"],
        strategy_library={"book": STRATEGY},
        models=list(models),
        model_library=LIBRARY,
        labels=LabelSpec(),
        evidence=EvidenceSpec(bootstrap_reps=100),
        seed=1,
    )


def test_models_are_set_beside_the_first_that_is_named(evidence):
    assert evidence.comparison["reference"].unique().tolist() == ["plain"]
    assert evidence.comparison["n_models"].unique().tolist() == [3]


def test_a_tuned_model_is_judged_by_its_untuned_twin(evidence):
    (row,) = evidence.tuning.to_dict("records")
    assert (row["model"], row["untuned"], row["trials"]) == ("tuned", "plain", 15)
    assert row["n_dates"] == 60


def test_the_summary_says_it_and_why_there_is_none(evidence):
    summary = json.loads(json.dumps(summarise(evidence, MANIFEST)))
    facts = summary["models"]["tuned"]
    whole = evidence.comparison.query("span == 'all' and model == 'tuned'").iloc[0]
    for name in ("sector_neutral_rank_ic", "sector_neutral_icir", "paired_t"):
        assert facts[name] == whole[name]
    assert facts["rank_ic"] == whole["rank_ic"]
    assert summary["models"]["plain"]["paired_t"] is None
    assert "set beside" in summary["reasons"]["models.plain.paired_t"]


def test_the_graph_has_no_more_nodes_than_it_had():
    nodes = {node.name for node in create_pipeline().nodes}
    assert nodes == {"measure", "draw_figures", "write_summary", "write_report"}

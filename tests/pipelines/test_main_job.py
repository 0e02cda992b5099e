"""One quick run: every promised file, and every number found again from the files."""

import json
import math
import shutil

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.learning import find_model, load_model, score_cross_section
from alpha_kedro.pipeline_registry import STAGES, register_pipelines
from tests.pipelines.contract import (
    DAY,
    KEYS,
    MANIFEST,
    OF_A_MODEL,
    OF_A_STRATEGY,
    OF_RETURNS,
    PICTURES,
    SAMPLE,
    TABLES,
    TEXT,
)
from tests.pipelines.runs import PROJECT, run_project, table

SESSIONS_A_YEAR = 252
NAME_CAP = 0.2


@pytest.fixture(scope="module")
def summary(finished):
    return json.loads((finished / "08_reporting/summary.json").read_text())


@pytest.fixture
def own_copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "copy")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_promised_columns_and_no_others(finished, name):
    found = table(finished, name)
    assert found.dtypes.astype(str).to_dict() == TABLES[name]
    assert list(found) == list(TABLES[name])


@pytest.mark.parametrize("name", KEYS)
def test_a_table_is_sorted_by_its_key_and_has_each_key_once(finished, name):
    found = table(finished, name)
    keys = found[KEYS[name]]
    assert not keys.duplicated().any()
    assert keys.equals(keys.sort_values(KEYS[name], ignore_index=True))


def test_features_are_float32_beside_date_and_ticker(finished):
    found = table(finished, "04_feature/features.parquet").dtypes.astype(str)
    assert list(found.iloc[:2]) == [DAY, TEXT]
    assert set(found.iloc[2:]) == {"float32"}
    assert len(found) > 20


@pytest.mark.parametrize("name", PICTURES)
def test_a_figure_is_a_png_with_something_on_it(finished, name):
    content = (finished / "08_reporting" / name).read_bytes()
    assert content.startswith(b"\x89PNG\r\n")
    assert len(content) > 10_000


def test_the_report_is_one_file_that_loads_nothing_from_elsewhere(finished):
    page = (finished / "08_reporting/report.html").read_text()
    assert "sector_neutral_quintiles" in page
    assert not [mark for mark in ('src="http', 'href="http', "@import") if mark in page]


def test_nothing_half_written_is_left_behind(finished):
    assert not list(finished.rglob("*.partial"))


def test_the_summary_has_every_promised_key(summary, quick):
    assert summary["manifest"].keys() >= MANIFEST
    assert summary["sample"].keys() >= SAMPLE
    assert summary["headline"] == quick["headline"]
    assert list(summary["models"]) == sorted(quick["models"])
    assert set(summary["strategies"]) == set(quick["strategies"])
    for model in summary["models"].values():
        assert model.keys() >= OF_A_MODEL
    for strategy in summary["strategies"].values():
        assert strategy.keys() >= OF_A_STRATEGY
        assert strategy["gross"].keys() >= OF_RETURNS
        assert strategy["net"].keys() >= OF_RETURNS


def numbers_and_nulls(value, path=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers_and_nulls(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers_and_nulls(inner, path)
    else:
        yield path, value


def test_the_summary_has_only_finite_numbers_and_every_null_its_reason(summary):
    leaves = list(numbers_and_nulls(summary))
    assert all(math.isfinite(leaf) for _, leaf in leaves if isinstance(leaf, float))
    unexplained = {path for path, leaf in leaves if leaf is None}
    assert unexplained - set(summary["reasons"]) <= {"manifest.git_sha"}


def test_the_sample_is_counted_right(finished, summary):
    rows = table(finished, "07_model_output/predictions.parquet")
    dates = rows["date"].dt.strftime("%Y-%m-%d")
    assert summary["sample"] == {
        "start": dates.min(),
        "end": dates.max(),
        "n_dates": rows["date"].nunique(),
        "n_tickers": rows["ticker"].nunique(),
        "n_predictions": len(rows),
    }


def test_rank_ic_and_ic_are_those_scipy_finds_date_by_date(finished, summary):
    rows = table(finished, "07_model_output/predictions.parquet")
    labels = table(finished, "05_model_input/labels.parquet")
    known = rows.merge(labels[["date", "ticker", "fwd_ret"]]).dropna()
    for name, found in summary["models"].items():
        dated = list(known[known["model"] == name].groupby("date"))
        ranked = [spearmanr(rows["score"], rows["fwd_ret"])[0] for _, rows in dated]
        plain = [np.corrcoef(rows["score"], rows["fwd_ret"])[0, 1] for _, rows in dated]
        assert found["rank_ic"] == pytest.approx(np.mean(ranked), abs=1e-12)
        assert found["ic"] == pytest.approx(np.mean(plain), abs=1e-12)
        assert found["positive_share"] == pytest.approx(np.mean(np.array(ranked) > 0))


def test_sharpe_drawdown_cost_and_turnover_are_those_numpy_finds(finished, summary):
    books = table(finished, "07_model_output/returns.parquet")
    for name, found in summary["strategies"].items():
        book = books[books["strategy"] == name]
        for kind in ("gross", "net"):
            earned = book[f"{kind}_return"].to_numpy()
            wealth = np.append(1.0, np.cumprod(1 + earned))
            depth = (wealth / np.maximum.accumulate(wealth) - 1).min()
            sharpe = earned.mean() / earned.std(ddof=1) * math.sqrt(SESSIONS_A_YEAR)
            assert found[kind]["sharpe"] == pytest.approx(sharpe, rel=1e-9)
            assert found[kind]["max_drawdown"] == pytest.approx(depth, abs=1e-9)
        mean_turnover = book["turnover"].mean() * SESSIONS_A_YEAR
        assert found["turnover_annual"] == pytest.approx(mean_turnover, rel=1e-9)
        mean_cost = book["cost"].mean() * SESSIONS_A_YEAR
        assert found["cost_annual"] == pytest.approx(mean_cost, rel=1e-9)


def test_net_is_gross_less_cost_and_nav_is_its_product(finished):
    books = table(finished, "07_model_output/returns.parquet")
    difference = books["net_return"] - books["gross_return"] + books["cost"]
    assert difference.abs().max() < 1e-12
    assert (books["cost"] >= 0).all()
    for _, book in books.groupby("strategy"):
        wealth = np.cumprod(1 + book["net_return"].to_numpy())
        np.testing.assert_allclose(book["nav"], wealth, rtol=1e-9)
        assert book["nav"].iloc[0] == 1.0


def test_every_target_is_neutral_and_within_its_caps(finished):
    sectors = table(finished, "03_primary/sectors.parquet")
    weights = table(finished, "07_model_output/weights.parquet").merge(sectors)
    held = weights.groupby(["strategy", "date"])["weight"]
    assert held.sum().abs().max() < 1e-12
    within = weights.groupby(["strategy", "date", "sector"])["weight"].sum()
    assert within.abs().max() < 1e-12
    assert weights["weight"].abs().max() <= NAME_CAP + 1e-12
    assert held.agg(lambda w: w.abs().sum()).max() <= 2 + 1e-12
    assert held.agg(lambda w: w.abs().sum()).median() > 1


def test_every_fit_ended_an_embargo_before_what_it_scored(finished):
    rows = table(finished, "07_model_output/predictions.parquet")
    sessions = np.unique(table(finished, "03_primary/bars.parquet")["date"])
    fitted = rows.dropna(subset=["fit_end"])
    ended = np.searchsorted(sessions, fitted["fit_end"].to_numpy())
    scored = np.searchsorted(sessions, fitted["date"].to_numpy())
    embargo = table(finished, "07_model_output/fit_ledger.parquet")["embargo_sessions"]
    assert set(fitted["model"]) >= {"ridge", "lightgbm"}
    assert (scored - ended > embargo.max()).all()


def test_each_fold_trained_on_labels_that_were_over_before_it(finished):
    labels = table(finished, "05_model_input/labels.parquet")
    fits = table(finished, "07_model_output/fit_ledger.parquet")
    for fit in fits[fits["model"] == "ridge"].itertuples():
        over = labels[labels["label_end"] <= fit.max_label_end]
        assert fit.n_train <= len(over)
        assert fit.max_label_end < fit.test_start


def test_every_row_of_the_input_is_kept_refused_or_out_of_scope(finished):
    report = json.loads(next(finished.rglob("ingestion_report.json")).read_text())
    bars = report["bars"]
    n_input = len(table(finished, "01_raw/bars.parquet"))
    kept, refused = (
        len(table(finished, name))
        for name in ("03_primary/bars.parquet", "02_intermediate/rejects.parquet")
    )
    assert (n_input, kept, refused) == (
        bars["n_input"],
        bars["n_kept"],
        bars["n_rejected"],
    )
    assert kept + refused + bars["n_out_of_scope"] == n_input


def test_a_weight_stands_only_where_there_was_a_score(finished):
    weights = table(finished, "07_model_output/weights.parquet")
    scores = table(finished, "07_model_output/predictions.parquet")
    ridge = scores[(scores["model"] == "ridge") & scores["score"].notna()]
    traded = weights[
        (weights["strategy"] == "sector_neutral_ranks@ridge") & (weights["weight"] != 0)
    ]
    joined = traded.merge(ridge[["date", "ticker"]], how="left", indicator=True)
    assert (joined["_merge"] == "both").all()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_again_on_what_is_there_and_changes_nothing(
    own_copy, quick, stage
):
    before = {path: path.read_bytes() for path in own_copy.rglob("0[1-57]*/*.parquet")}
    assert len(before) > 10
    run_project(own_copy, stage, **quick)
    assert [path for path, old in before.items() if path.read_bytes() != old] == []


def test_stored_models_score_the_newest_cross_section(own_copy, quick):
    run_project(own_copy, "modeling", **quick)
    samples = table(own_copy, "05_model_input/samples.parquet")
    tonight = samples[samples["date"] == samples["date"].max()]
    stored = json.loads((own_copy / "06_models/production.json").read_text())
    assert set(stored) == set(quick["models"])
    for name in stored:
        fitted, manifest = load_model(
            find_model(own_copy / "06_models/production", name)
        )
        ended = pd.Timestamp(manifest.training.fit_end)
        scores = score_cross_section(fitted, tonight, fit_end=ended)["score"]
        assert scores.notna().mean() > 0.8
        assert scores.nunique() > 5


@pytest.mark.parametrize("stage", [name for name in STAGES if name != "ingestion"])
def test_a_stage_without_its_inputs_names_the_pipeline_that_makes_them(
    tmp_path, quick, stage
):
    with pytest.raises(ConfigError, match="AK-P002") as raised:
        run_project(tmp_path, stage, **quick)
    assert "kedro run --pipeline=" in raised.value.fix
    assert raised.value.exit_code == 2


def test_the_main_job_is_small_and_the_catalog_has_no_entry_too_many():
    import yaml

    pipelines = register_pipelines()
    entries = yaml.safe_load((PROJECT / "conf/base/catalog.yml").read_text())
    used = set().union(*(pipeline.datasets() for pipeline in pipelines.values()))
    assert len(pipelines["walk_forward"].nodes) <= 20
    assert max(len(pipelines[stage].nodes) for stage in STAGES) <= 7
    assert {name for name in entries if not name.startswith("_")} <= used


def test_every_node_tells_what_it_does():
    nodes = register_pipelines()["walk_forward"].nodes
    assert all(node.func.__doc__ for node in nodes)
    assert len({node.name for node in nodes}) == len(nodes)

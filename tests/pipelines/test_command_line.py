"""``kedro run`` as its users meet it: exit codes, and errors that help."""

import shutil

import numpy as np
import pytest
import yaml

from alpha_kedro.config import ExperimentConfigLoader, overlay, quick_settings
from alpha_kedro.core.errors import ConfigError, fault_of_ours
from alpha_kedro.hooks import refuse_orphans
from alpha_kedro.market import simulate_market
from alpha_kedro.settings import CONFIG_LOADER_ARGS
from tests.pipelines.runs import (
    PROJECT,
    TINY,
    kedro,
    kedro_run,
    nested,
    run_project,
    table,
    write_market,
)

SECRET = "canary-8d1f4c"
N_BAD = 5


def parameters(env=None, conf=PROJECT / "conf", **chosen):
    """Parameters as a run would see them."""
    loader = ExperimentConfigLoader(
        conf_source=str(conf), env=env, runtime_params=chosen, **CONFIG_LOADER_ARGS
    )
    return loader["parameters"]


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """Answer and folder of a run on files with planted bad rows."""
    folder = tmp_path_factory.mktemp("files")
    market = simulate_market(40, 760, seed=4)
    bars = market.bars.astype({"volume": "float64"}).copy()
    rows = np.random.default_rng(0).choice(len(bars), 3 * N_BAD, replace=False)
    bars.loc[rows[:N_BAD], "close"] = -1.0
    bars.loc[rows[N_BAD : 2 * N_BAD], "volume"] = -5.0
    bars.loc[rows[2 * N_BAD :], "close"] = np.nan
    files = write_market(folder / "given", market, bars=bars)
    variables = {"ALPHA_SECRET_TOKEN": SECRET}
    answer = kedro_run(folder / "made", params=TINY | files, variables=variables)
    return answer, folder / "made"


def test_a_run_that_refused_rows_ends_with_3_and_says_how_many_and_why(refused):
    answer, root = refused
    assert answer.code == 3, answer.text
    assert f"{3 * N_BAD} rows of the input were refused" in answer.text
    assert "rejects.parquet" in answer.text
    rejects = table(root, "02_intermediate/rejects.parquet")
    assert len(rejects) == 3 * N_BAD
    counts = rejects["reason"].value_counts()
    assert (counts == N_BAD).all()
    assert all(reason in answer.text for reason in counts.index)
    assert (root / "08_reporting/report.html").is_file()


def test_no_secret_of_the_environment_is_written_or_said(refused):
    answer, root = refused
    assert SECRET not in answer.text
    files = [path for path in root.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


def test_a_run_on_good_data_ends_with_0_and_a_headline(tmp_path):
    answer = kedro_run(tmp_path / "my data", params=TINY)
    assert answer.code == 0, answer.text
    assert "Net Sharpe" in answer.text
    assert "report.html" in answer.text
    assert "Warning" not in answer.text


@pytest.mark.parametrize(
    ("wrong", "code", "named"),
    [
        ({"modle": 1}, 2, "did you mean 'models'"),
        ({"walk_forward.embargoo": 3}, 2, "did you mean 'embargo'"),
        ({"headline": "sector_neutral_quintile"}, 2, "sector_neutral_quintiles"),
        (
            {"market": "files", "markets.files.bars": "/nowhere/bars.parquet"},
            1,
            "there is no file /nowhere/bars.parquet",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_few_lines_without_a_traceback(
    tmp_path, wrong, code, named
):
    answer = kedro_run(tmp_path, params=TINY | wrong)
    assert answer.code == code, answer.text
    assert named in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"seed": "true"}, "seed"),
        ({"seed": True}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": -1}, "seed"),
        ({"quick": 1}, "quick"),
        ({"costs": {"cost_bps": -1}}, "costs.cost_bps"),
        ({"costs": {"cost_bps": float("nan")}}, "costs.cost_bps"),
        ({"costs": {"cost_bps": "5"}}, "costs.cost_bps"),
        ({"labels": {"horizon": 0}}, "labels.horizon"),
        ({"labels": {"horzion": 5}}, "did you mean 'horizon'"),
        ({"labels": {"lag": 2}}, "simulation.lag"),
        ({"walk_forward": {"refit_every": "fortnight"}}, "refit_every"),
        ({"walk_forward": None}, "walk_forward"),
        ({"execution": {"backend": "thread"}}, "execution.backend"),
        ({"ingestion": {"start": "yesterday"}}, "ingestion.start"),
        ({"market": "simulatd"}, "simulated"),
        ({"models": ["lightgmb"]}, "lightgbm"),
        ({"models": []}, "models"),
        ({"strategies": ["sector_neutral_rank"]}, "sector_neutral_ranks"),
        ({"headline": "sector_neutral_rank"}, "sector_neutral_ranks"),
        ({"models": ["ridge"]}, "lightgbm"),
        ({"model_library": {"ridge": {"ridge": {"alfa": 1.0}}}}, "alpha"),
        ({"model_library": {"ridge": {"selection": {"n_featurs": 9}}}}, "n_features"),
        (
            {"model_library": {"reversal_1w": {"selection": {}}}},
            "model_library.reversal_1w: value error, kind 'factor' learns nothing",
        ),
        ({"samples": {"transform": "zscore"}}, "samples.transform"),
        ({"samples": {"neutralize": ["volatility_61"]}}, "did you mean 'volatility_6"),
    ],
    ids=str,
)
def test_a_wrong_parameter_is_refused_by_name_before_anything_runs(wrong, named):
    with pytest.raises(ConfigError) as raised:
        parameters(**wrong)
    assert named in str(raised.value)
    assert raised.value.exit_code == 2


def test_an_experiment_says_what_differs_and_keeps_what_stands_beside_it():
    base, other = parameters(), parameters(env="daily_long_short")
    assert other["labels"]["horizon"] == 1
    assert other["labels"]["lag"] == base["labels"]["lag"]
    assert other["markets"]["simulated"]["n_tickers"] == 90
    assert other["markets"]["simulated"]["n_sessions"] == 2520
    assert other["walk_forward"]["first_train_sessions"] == 756
    assert other["model_library"].keys() > base["model_library"].keys()


def test_quick_makes_the_same_experiment_small_and_the_command_line_wins():
    quick = parameters(quick=True)
    assert quick["markets"]["simulated"]["n_tickers"] == 60
    assert quick["models"] == parameters()["models"]
    told = parameters(quick=True, markets={"simulated": {"n_tickers": 25}})
    assert told["markets"]["simulated"]["n_tickers"] == 25
    assert told["markets"]["simulated"]["n_sessions"] == 900


def test_an_overlay_keeps_the_keys_it_does_not_name_and_changes_neither_side():
    below, above = {"a": {"x": 1, "y": 2}, "b": 3}, {"a": {"y": 5}, "c": 4}
    assert overlay(below, above) == {"a": {"x": 1, "y": 5}, "b": 3, "c": 4}
    assert below == {"a": {"x": 1, "y": 2}, "b": 3}
    assert quick_settings({"quick": False, "quick_settings": above}, {}) == {}


def test_a_catalog_entry_nobody_uses_is_refused_with_the_nearest_name(tmp_path):
    conf = shutil.copytree(PROJECT / "conf", tmp_path / "conf")
    catalog = conf / "base/catalog.yml"
    entries = yaml.safe_load(catalog.read_text())
    catalog.write_text(catalog.read_text() + "\nprediction:\n  type: MemoryDataset\n")
    answer = kedro_run(tmp_path, "--conf-source", str(conf), params=TINY)
    assert answer.code == 2, answer.text
    assert "AK-P001" in answer.text
    assert "predictions for prediction" in answer.text
    assert "Traceback" not in answer.text
    refuse_orphans({name: {} for name in entries if not name.startswith("_")})


def test_the_pipelines_are_listed_and_help_is_there():
    listed = kedro("registry", "list")
    assert listed.code == 0
    assert {"walk_forward", "ingestion", "modeling"} <= set(
        yaml.safe_load(listed.text[listed.text.index("- ") :])
    )
    helped = kedro("run", "--help")
    assert helped.code == 0
    assert "--params" in helped.text


def test_nothing_is_told_to_anybody():
    consent = yaml.safe_load((PROJECT / ".telemetry").read_text())
    assert consent == {"consent": False}


def test_prices_may_come_as_csv_and_alone(tmp_path):
    market = simulate_market(30, 760, seed=4)
    path = tmp_path / "bars.csv"
    market.bars.to_csv(path, index=False)
    files = {"market": "files", "markets.files.bars": str(path)}
    unsectored = {
        "strategy_library.sector_neutral_ranks.neutral": "dollar",
        "strategy_library.sector_neutral_quintiles.neutral": "dollar",
    }
    run_project(tmp_path / "made", **nested(TINY | files | unsectored))
    weights = table(tmp_path / "made", "07_model_output/weights.parquet")
    assert weights["weight"].ne(0).mean() > 0.5


def test_an_error_of_ours_is_found_behind_the_one_kedro_puts_before_it():
    ours, kedros = ConfigError("AK-C002", "an unknown model"), RuntimeError("on saving")
    kedros.__cause__ = ours
    assert fault_of_ours(kedros) is ours
    assert fault_of_ours(RuntimeError("Kedro's own")) is None


def test_what_holds_on_this_machine_holds_for_every_experiment(tmp_path):
    conf = shutil.copytree(PROJECT / "conf", tmp_path / "conf")
    local = conf / "local"
    local.mkdir(exist_ok=True)
    of_files = {"files": {"bars": "mine.parquet"}}
    blocks = {"market": "files", "markets": of_files, "seed": 11}
    (local / "parameters.yml").write_text(yaml.safe_dump(blocks))
    database = {"market_database": {"url": "postgresql://localhost/prices"}}
    (local / "credentials.yml").write_text(yaml.safe_dump(database))
    chosen = parameters("daily_long_short", conf, seed=12)
    assert chosen["market"] == "files"
    assert chosen["markets"]["files"]["bars"] == "mine.parquet"
    assert chosen["markets"]["files"]["group_column"] == "asset_class"
    assert chosen["seed"] == 12
    loader = ExperimentConfigLoader(
        conf_source=str(conf), env="daily_long_short", **CONFIG_LOADER_ARGS
    )
    assert loader["credentials"] == database


@pytest.mark.parametrize("env", ["base", "daily_long_short"])
@pytest.mark.parametrize("has_local", [True, False])
def test_paths_begin_at_the_data_root_of_the_globals(tmp_path, env, has_local):
    conf = shutil.copytree(PROJECT / "conf", tmp_path / "conf")
    shutil.rmtree(conf / "local", ignore_errors=True)
    if has_local:
        (conf / "local").mkdir()
        (conf / "local/parameters.yml").write_text("seed: 11")
    loader = ExperimentConfigLoader(
        conf_source=str(conf), env=env, **CONFIG_LOADER_ARGS
    )
    assert loader["parameters"]["data_root"] == "data"
    assert loader["parameters"]["seed"] == (11 if has_local else 7)
    assert loader["catalog"]["bars"]["filepath"] == "data/03_primary/bars.parquet"

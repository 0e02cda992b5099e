"""Errors: one code, one meaning, one line in the docs, one test at least."""

import ast
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import (
    AlphaKedroError,
    ConfigError,
    DataError,
    ModelError,
    SimulationError,
)
from alpha_kedro.core.files import head_of_parquet, read_parquet, write_parquet
from alpha_kedro.experiment import Experiment
from alpha_kedro.hooks import refuse_orphans
from alpha_kedro.learning import ExecutionSpec, ModelSpec, Spans, fan_out, make_model
from alpha_kedro.learning.scoring import feature_matrix
from alpha_kedro.learning.storage.store import load_model, save_model
from alpha_kedro.market.columns import require_columns
from alpha_kedro.signals import compute_features
from alpha_kedro.sources import FilesMarketSpec, load_market
from tests.architecture.house import PROJECT, SOURCES, calls_in
from tests.causality.checks import difficult_prices
from tests.learning.planted import window
from tests.learning.storage.test_store import RECORD

CODE = re.compile(r"AK-[A-Z]\d{3}")
DOCUMENTED = re.compile(
    r'^\| <a id="(?P<anchor>[a-z0-9-]+)"></a>(?P<code>AK-[A-Z]\d{3}) \|(?P<line>.*)\|$',
    re.MULTILINE,
)
FAMILY = {
    ConfigError: {"C", "P"},
    DataError: {"D"},
    ModelError: {"M"},
    SimulationError: {"S"},
}
TWO_PLACES = {"AK-M003"}
"""Proved where rows are split and once more on the ledger: one fault, two views."""


def raised():
    """Every (code, call) of the sources that names a code outright."""
    return [
        (word.value, call)
        for source in SOURCES
        for call in calls_in(source)
        for word in [*call.args, *(keyword.value for keyword in call.keywords)]
        if isinstance(word, ast.Constant) and CODE.fullmatch(str(word.value))
    ]


def documented():
    return list(DOCUMENTED.finditer(Path(PROJECT, "docs/errors.md").read_text()))


def test_the_docs_list_every_code_once_and_no_other():
    assert sorted(entry["code"] for entry in documented()) == sorted(
        {code for code, _ in raised()}
    )


def test_every_code_can_be_linked_to_and_says_what_why_and_what_to_do():
    for entry in documented():
        assert entry["anchor"] == entry["code"].lower()
        cells = [cell.strip() for cell in entry["line"].split("|")]
        assert len(cells) == 3, entry["code"]
        assert all(cells), entry["code"]


def test_docstrings_promise_no_code_that_is_never_raised():
    spoken = {code for path in SOURCES for code in CODE.findall(path.read_text())}
    assert spoken == {code for code, _ in raised()}


def test_a_code_has_one_meaning():
    codes = [code for code, _ in raised()]
    assert {code for code in codes if codes.count(code) > 1} == TWO_PLACES


def test_the_letter_of_a_code_is_that_of_its_error():
    kinds = {kind.__name__: letters for kind, letters in FAMILY.items()}
    for code, call in raised():
        name = getattr(call.func, "id", "")
        if name in kinds:
            assert code[3] in kinds[name], code


def test_every_code_is_asked_for_by_a_test():
    tests = "".join(path.read_text() for path in Path(PROJECT, "tests").rglob("*.py"))
    assert {code for code, _ in raised()} - set(CODE.findall(tests)) == set()


def refused(code, kind=AlphaKedroError):
    return pytest.raises(kind, match=rf"^{code} ")


def test_blocks_that_speak_of_different_trades_are_refused(experiment):
    experiment["simulation"]["lag"] = 2
    with refused("AK-C007", ConfigError) as caught:
        Experiment.parse(experiment, "")
    assert caught.value.where == ["labels.lag 1 but simulation.lag 2"]


def test_a_strategy_trades_the_scores_of_a_model_that_is_fitted(experiment):
    experiment["models"] = ["ridge", "random"]
    with refused("AK-C014", ConfigError) as caught:
        Experiment.parse(experiment, "")
    assert "sector_neutral_quintiles@xgboost trades xgboost" in caught.value.where
    assert "strategies=<strategy>@ridge" in caught.value.fix


def test_a_strategy_that_reads_no_scores_is_given_no_model(experiment):
    experiment["strategies"] = [experiment["headline"], "equal_weight@ridge"]
    with refused("AK-C162", ConfigError) as caught:
        Experiment.parse(experiment, "")
    assert caught.value.fix == "write 'equal_weight' in strategies"


def test_a_limit_by_volume_needs_to_know_the_size_of_the_book(experiment):
    block = experiment["strategy_library"][experiment["headline"]]
    block["overlays"] = [{"kind": "liquidity_limit"}]
    experiment["strategies"] = [experiment["headline"]]
    with refused("AK-C188", ConfigError) as caught:
        Experiment.parse(experiment, "")
    assert caught.value.where == [f"{experiment['headline']}: liquidity_limit"]
    experiment["simulation"]["capital"] = 1e6
    Experiment.parse(experiment, "")
    block["overlays"] = []
    experiment["simulation"]["capital"] = None
    sized = {"kind": "optimize", "model": "ridge", "optimize": {"max_adv": 0.1}}
    experiment["strategy_library"]["sized"] = sized
    experiment["strategies"] = [experiment["headline"], "sized"]
    with refused("AK-C188", ConfigError) as caught:
        Experiment.parse(experiment, "")
    assert caught.value.where == ["sized: optimize.max_adv"]


def test_a_grid_of_models_names_those_that_are_fitted(experiment):
    name = experiment["headline"]
    grid = {"strategy.model": ["ridge", "rige"]}
    experiment["sweep"] = {"strategies": [name], "grid": grid}
    with refused("AK-C160", ConfigError) as caught:
        Experiment.parse(experiment, "")
    assert caught.value.fix == "did you mean 'ridge'?"


def test_an_ensemble_needs_members_that_are_fitted(experiment):
    combined = {"members": ["ridge", "lightgbm"]}
    experiment["model_library"]["both"] = {"kind": "ensemble", "ensemble": combined}
    experiment["models"] = [*experiment["models"], "both"]
    experiment["models"].remove("ridge")
    experiment["strategies"] = [experiment["headline"]]
    with refused("AK-C008", ConfigError) as caught:
        Experiment.parse(experiment, "")
    assert caught.value.where == ["ridge"]


def test_a_model_needs_labels_of_its_horizon(experiment):
    experiment["model_library"]["ridge"]["horizon"] = 10
    with refused("AK-C009", ConfigError) as caught:
        Experiment.parse(experiment, "")
    assert caught.value.where == ["ridge: horizon 10"]
    assert "labels.more_horizons=10" in caught.value.fix
    experiment["labels"]["more_horizons"] = [10]
    assert Experiment.parse(experiment, "").labels.horizons == (5, 10)


def test_scores_are_not_neutralized_by_what_is_no_feature(experiment):
    experiment["model_library"]["ridge"]["neutralize"] = ["sectr"]
    with refused("AK-C002", ConfigError) as caught:
        Experiment.parse(experiment, "")
    assert "did you mean 'sector'" in caught.value.fix


def test_weights_count_labels_from_the_session_they_start_on(experiment):
    experiment["model_library"]["ridge"]["weighting"] = {"uniqueness": True, "lag": 2}
    with refused("AK-C018", ConfigError) as caught:
        Experiment.parse(experiment, "")
    assert caught.value.fix == "set weighting.lag to 1"


def test_labels_are_not_neutralized_by_what_is_no_feature(experiment):
    experiment["labels"]["neutralize"] = ["sector", "beta_253"]
    with refused("AK-C148", ConfigError) as caught:
        Experiment.parse(experiment, "")
    assert caught.value.where == ["beta_253"]
    assert "beta_252" in caught.value.fix


def test_without_dask_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    execution = ExecutionSpec(backend="dask")
    with refused("AK-M015", ModelError) as caught:
        fan_out(max, [1], shared=0, execution=execution, label="work")
    assert "pip install" in caught.value.fix


def test_a_market_of_files_needs_bars():
    with refused("AK-C015", ConfigError):
        load_market(FilesMarketSpec(kind="files"), seed=0)


def test_quotes_of_the_day_need_the_actions_that_adjust_them(tmp_path):
    spec = bars_file(tmp_path, ticker="A")
    with refused("AK-C016", ConfigError):
        load_market(spec.model_copy(update={"basis": "raw"}), seed=0)


def test_a_history_shorter_than_the_lookback_is_refused():
    with refused("AK-C021", ConfigError) as caught:
        compute_features(difficult_prices(60), ["momentum_252_21"])
    assert caught.value.where == ["momentum_252_21"]


def test_without_xgboost_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "xgboost", None)
    model = make_model(ModelSpec.parse({"kind": "xgboost", "xgboost": {}}, ""))
    with refused("AK-C035", ConfigError) as caught:
        model.fit(window(seed=1), seed=0)
    assert "pip install" in caught.value.fix


def test_a_parquet_file_with_one_byte_changed_is_refused(tmp_path):
    path = tmp_path / "table.parquet"
    write_parquet(path, pd.DataFrame({"close": np.arange(1000.0)}))
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    with refused("AK-D002", DataError):
        read_parquet(path)


def test_the_head_of_an_empty_table_has_its_columns(tmp_path):
    path = tmp_path / "table.parquet"
    write_parquet(path, pd.DataFrame({"ticker": pd.Series([], dtype="str")}))
    head = head_of_parquet(path, 10)
    assert (list(head), len(head)) == (["ticker"], 0)


def bars_file(folder, **columns):
    day = {"date": "2024-01-02", "ticker": "A", "volume": 1.0}
    prices = dict.fromkeys(("open", "high", "low", "close"), 1.0)
    path = folder / "bars.parquet"
    pd.DataFrame([day | prices | columns]).to_parquet(path)
    return FilesMarketSpec(kind="files", bars=str(path))


def read_bars(spec):
    return load_market(spec, seed=0).bars


def test_a_ticker_that_became_a_truth_value_is_refused(tmp_path):
    with refused("AK-D010", DataError):
        read_bars(bars_file(tmp_path, ticker=True))


def test_a_missing_column_is_named_with_the_nearest_that_is_there(tmp_path):
    spec = bars_file(tmp_path, closee=1.0)
    table = pd.read_parquet(spec.bars).drop(columns="close")
    table.to_parquet(spec.bars)
    with refused("AK-D060", DataError) as caught:
        read_bars(spec)
    assert "close: 'closee'" in caught.value.fix


def test_a_table_without_a_column_names_it_and_the_nearest():
    with refused("AK-D012", DataError) as caught:
        require_columns(pd.DataFrame({"closee": [1.0]}), ["close"], where="bars")
    assert caught.value.where == ["close"]
    assert "'closee' to 'close'" in caught.value.fix


def test_a_file_that_is_not_there_is_named_with_its_key(tmp_path):
    spec = FilesMarketSpec(kind="files", bars=str(tmp_path / "absent.parquet"))
    with refused("AK-D018", DataError) as caught:
        read_bars(spec)
    assert "markets.files.bars" in caught.value.fix


def test_a_label_that_ends_before_its_decision_is_refused():
    days = pd.DatetimeIndex(["2024-01-02", "2024-01-03"])
    rows = pd.DataFrame({"date": days[1:], "label_end": days[:1]})
    with refused("AK-M002", ModelError):
        Spans.of(rows, sessions=days.as_unit("us").to_numpy())


def test_a_table_without_a_feature_of_the_model_is_refused():
    table = pd.DataFrame({"momentun": np.zeros(3, dtype=np.float32)})
    with refused("AK-M027", ModelError) as caught:
        feature_matrix(table, ("momentum",))
    assert "missing momentum (is 'momentun' meant?)" in caught.value.where


def test_a_stored_model_of_other_features_is_refused(tmp_path):
    model = make_model(ModelSpec.parse({"kind": "ridge", "ridge": {}}, ""))
    save_model(model.fit(window(seed=1), seed=0), tmp_path, training=RECORD)
    with refused("AK-M033", ModelError) as caught:
        load_model(tmp_path, expected_features=["volume"])
    assert "extra volume" in caught.value.where


def test_a_catalog_entry_nobody_uses_is_refused_with_the_nearest_name():
    with refused("AK-P001", ConfigError) as caught:
        refuse_orphans({"bars": {}, "barz": {}})
    assert caught.value.where == ["barz"]
    assert caught.value.wanted == "bars for barz"


def test_a_stage_whose_inputs_do_not_exist_says_what_makes_them(kedro, tmp_path):
    done = kedro("run", "--pipeline=backtesting", "--params", f"data_root={tmp_path}")
    assert done.returncode == ConfigError.exit_code
    assert "AK-P002 " in done.stderr
    assert "kedro run --pipeline=ingestion" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr

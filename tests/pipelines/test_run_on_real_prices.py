"""The same command on real prices: other faults than a simulation thinks of."""

import json
import os
from pathlib import Path

import pytest

from tests.pipelines.runs import PROJECT, kedro_run, table

DATA = Path(os.environ.get("ALPHA_KEDRO_DATA", PROJECT.parent / "shared/data"))
EQUITIES = {
    "bars": "sp500_daily.parquet",
    "delisted": "sp500_delisted_daily.parquet",
    "membership": "membership.parquet",
    "sectors": "sectors.csv",
    "benchmarks": "benchmarks_daily.parquet",
}
RAN = {0, 3}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="no real prices on this machine"),
]


@pytest.fixture(scope="module")
def equities(tmp_path_factory):
    root = tmp_path_factory.mktemp("equities")
    params = {
        "market": "files",
        "ingestion.start": "2012-01-01",
        "ingestion.max_tickers": 120,
        "models": "ridge+reversal_1w",
        "strategies": "sector_neutral_ranks@ridge+sector_neutral_quintiles@reversal_1w",
        "headline": "sector_neutral_ranks@ridge",
        "strategy_library.sector_neutral_quintiles.name_cap": 0.2,
        "evidence.bootstrap_reps": 200,
    } | {f"markets.files.{key}": DATA / name for key, name in EQUITIES.items()}
    return kedro_run(root, params=params), root


def summary_of(root):
    return json.loads((root / "08_reporting/summary.json").read_text())


def test_equities_run_and_bad_rows_are_refused_with_their_reason(equities):
    answer, root = equities
    assert answer.code in RAN, answer.text
    rejects = table(root, "02_intermediate/rejects.parquet")
    assert (answer.code == 3) == bool(len(rejects))
    assert rejects["reason"].notna().all()
    assert len(rejects) < 0.02 * len(table(root, "03_primary/bars.parquet"))


def test_scores_of_equities_are_many_and_no_better_than_life(equities):
    found = summary_of(equities[1])
    assert found["sample"]["n_predictions"] > 50_000
    assert found["manifest"]["market"] == "files"
    for model in found["models"].values():
        assert abs(model["rank_ic"]) < 0.1
    for strategy in found["strategies"].values():
        assert abs(strategy["net"]["sharpe"]) < 3
        assert abs(strategy["beta"]) < 0.5


def test_books_of_equities_keep_their_caps_and_pay_their_costs(equities):
    books = table(equities[1], "07_model_output/returns.parquet")
    assert books["gross_exposure"].max() < 2.6
    assert books["net_exposure"].abs().max() < 0.3
    assert (books["cost"] >= 0).all()
    assert books.groupby("strategy")["cost"].sum().min() > 0.01


def test_asset_classes_are_traded_daily_with_the_same_command(tmp_path):
    params = {
        "market": "files",
        "markets.files.bars": DATA / "multi_asset_daily.parquet",
        "quick": True,
    }
    answer = kedro_run(tmp_path, "--env=daily_long_short", params=params)
    assert answer.code in RAN, answer.text
    found = summary_of(tmp_path)
    assert found["manifest"]["env"] == "daily_long_short"
    assert found["headline"] == "daily_quintiles"
    assert found["sample"]["n_predictions"] > 10_000
    assert all(abs(model["rank_ic"]) < 0.1 for model in found["models"].values())

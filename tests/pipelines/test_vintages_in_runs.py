"""A vendor rewrites its history; the run on what it said before can be repeated."""

import json

import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.market import simulate_market
from tests.pipelines.runs import TINY, kedro, nested, run_project, said, write_market

BARS = "03_primary/bars.parquet"
DATA = ("vintage", "data_hash", "data_hashes")
SMALL = TINY | {
    "models": "momentum_12_1+random",
    "strategies": "sector_neutral_quintiles@random",
    "headline": "sector_neutral_quintiles@random",
}


def manifest(root):
    summary = json.loads((root / "08_reporting/summary.json").read_text())
    return {key: summary["manifest"][key] for key in DATA}


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """A run, a correction by the vendor, and a run of ingestion on that.

    Folder, parameters, the corrected row as it was, and what the first run left.
    """
    folder = tmp_path_factory.mktemp("vintages")
    root, market = folder / "made", simulate_market(30, 760, seed=4)
    files = write_market(folder / "given", market)
    asked = nested(SMALL | files)
    run_project(root, **asked)
    left = manifest(root), (root / BARS).read_bytes()
    place = market.bars.index[market.bars["close"].notna()][5_000]
    corrected = market.bars.copy()
    prices = ["open", "high", "low", "close"]
    corrected.loc[place, prices] *= 1.01
    write_market(folder / "given", market, bars=corrected)
    run_project(root, "ingestion", **asked)
    assert (root / BARS).read_bytes() != left[1]
    return root, asked, market.bars.loc[place], left


def test_the_vintages_are_listed(history):
    root, _, _, (first, _) = history
    answer = kedro("data", "vintages", params={"data_root": str(root)})
    assert answer.code == 0, answer.text
    listed = [line for line in answer.text.splitlines() if "files" in line]
    assert len(listed) == 2
    assert first["vintage"] in listed[1]


def test_the_difference_is_told_by_ticker_day_and_value(history):
    root, _, was, _ = history
    answer = said("data", "diff", "previous", "latest", f"--data-root={root}")
    assert answer.code == 3, answer.text
    assert "Traceback" not in answer.text
    told = [line for line in answer.text.splitlines() if f"{was['date']:%F}" in line]
    close = next(line for line in told if "close" in line)
    assert was["ticker"] in close
    shown = [float(word) for word in close.split() if _is_number(word)]
    assert shown == pytest.approx([was["close"], was["close"] * 1.01], rel=1e-4)


def test_a_run_on_the_old_vintage_gives_its_bytes_and_says_so(history):
    root, asked, _, (first, bars) = history
    vintage = {"ingestion": {"vintage": first["vintage"]}}
    run_project(root, **asked | vintage)
    assert (root / BARS).read_bytes() == bars
    assert manifest(root) == first
    assert set(first["data_hashes"]) >= {"bars", "membership", "sectors"}
    answer = said("data", "vintages", f"--data-root={root}")
    latest = next(line for line in answer.text.splitlines() if "files" in line)
    assert first["vintage"] not in latest, "to repeat a vintage is no news of it"


def test_an_unknown_vintage_is_refused_with_those_there_are(history):
    root, asked, _, (first, _) = history
    wrong = asked | {"ingestion": {"vintage": "20990101"}}
    with pytest.raises(ConfigError, match="AK-C080") as raised:
        run_project(root, "ingestion", **wrong)
    assert first["vintage"] in str(raised.value)


def _is_number(word):
    return pd.notna(pd.to_numeric(word, errors="coerce"))

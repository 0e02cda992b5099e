"""``kedro health`` on whole markets, and what a report says of suspect data."""

import json

import pytest

from alpha_kedro.market import simulate_market
from tests.pipelines.runs import (
    TINY,
    kedro,
    nested,
    run_project,
    said,
    write_market,
)

PRICES = ["open", "high", "low", "close"]
SMALL = {"markets.simulated.n_tickers": 30, "markets.simulated.n_sessions": 260}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """Folder, parameters of files with two faults in them, and the rows as planted.

    One bad print among sound prices, and a close that is refused.
    """
    folder = tmp_path_factory.mktemp("faulty")
    market = simulate_market(30, 760, seed=4)
    bars = market.bars.copy()
    whole = bars["ticker"].map(bars["ticker"].value_counts()).eq(760)
    sound = bars.index[whole & bars[PRICES].notna().all(axis=1)]
    bad_print, refused = sound[5_000], sound[7_000]
    columns = [*PRICES, "adj_close"]
    bars.loc[bad_print, columns] *= 1.7
    bars.loc[refused, "close"] = -1.0
    files = write_market(folder / "given", market, bars=bars)
    return folder / "made", files, bars.loc[[bad_print, refused]].to_dict("records")


def test_a_market_without_faults_leaves_with_0(tmp_path):
    answer = said("health", params={"data_root": str(tmp_path)} | SMALL)
    assert answer.code == 0, answer.text
    assert "0 refused, 0 suspect" in answer.text


def test_the_data_of_another_market_are_not_overwritten(tmp_path):
    here = {"data_root": str(tmp_path)}
    (tmp_path / "01_raw").mkdir()
    (tmp_path / "01_raw/market.json").write_text('{"market": "files"}')
    answer = said("health", params=here | SMALL)
    assert answer.code == 2, answer.text
    assert "AK-C091" in answer.text
    assert not (tmp_path / "01_raw/bars.parquet").exists()


def test_a_fault_is_told_by_ticker_day_and_value(faulty):
    root, files, (bad_print, refused) = faulty
    answer = kedro("health", params={"data_root": str(root)} | files)
    assert answer.code == 3, answer.text
    assert "Traceback" not in answer.text
    assert "WARNING" not in answer.text
    lines = answer.text.splitlines()
    for row, check in ((bad_print, "spike"), (refused, "not_positive")):
        known = (row["ticker"], f"{row['date']:%F}", check, f"{row['close']:.6g}")
        assert any(all(word in line for word in known) for line in lines), known
    assert "compare with another source; leave the row out" in answer.text


def test_findings_can_be_chosen_and_written(faulty, tmp_path):
    root, files, (bad_print, refused) = faulty
    target = tmp_path / "found.json"
    options = ["--check=spike", f"--ticker={bad_print['ticker']}", f"--json={target}"]
    answer = said("health", *options, params={"data_root": str(root)} | files)
    assert answer.code == 3, answer.text
    found = json.loads(target.read_text())
    (only,) = found["findings"]
    assert only["ticker"] == bad_print["ticker"]
    assert only["first"] == f"{bad_print['date']:%F}"
    assert found["summary"]["by_severity"]["refused"] == 1
    options = ["--check=spike", f"--ticker={refused['ticker']}"]
    answer = said("health", *options, params={"data_root": str(root)} | files)
    assert answer.code == 0, answer.text


def test_data_that_cannot_be_read_leave_with_1(tmp_path):
    absent = {"market": "files", "markets.files.bars": "/nowhere/bars.parquet"}
    answer = said("health", params={"data_root": str(tmp_path)} | absent)
    assert answer.code == 1, answer.text
    assert "there is no file /nowhere/bars.parquet" in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("words", "params", "named"),
    [
        (["--check=spikes"], {}, "did you mean 'spike'"),
        ([], {"health.spikee": 0.1}, "did you mean 'spike'"),
        (["--nonsense"], {}, "--nonsense"),
    ],
)
def test_wrong_usage_leaves_with_2(tmp_path, words, params, named):
    given = {"data_root": str(tmp_path)} | params
    answer = said("health", *words, params=given)
    assert answer.code == 2, answer.text
    assert named in answer.text
    assert "Traceback" not in answer.text


def test_a_report_on_suspect_data_says_so_before_its_numbers(faulty):
    root, files, (bad_print, _) = faulty
    run_project(root, **nested(TINY | files))
    page = (root / "08_reporting/report.html").read_text()
    banner = page.index("1 suspect finding that cleaning kept")
    assert banner < page.index("Net Sharpe")
    chapter = page[page.index('id="health"') :]
    assert "Data health" in chapter
    assert bad_print["ticker"] in chapter

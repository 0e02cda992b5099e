"""``kedro data``: what it says and how it leaves."""

import re
import subprocess
import sys

import pandas as pd
import pytest
from click.testing import CliRunner

from alpha_kedro.commands.data import data
from alpha_kedro.core.files import read_parquet
from alpha_kedro.core.lock import RunLock
from alpha_kedro.core.stored_table import write_parts
from alpha_kedro.sources.vintages import keep_vintage
from alpha_kedro.sources.vintages.records import list_vintages
from tests.pipelines.runs import PROJECT
from tests.sources.test_vintage_diff import make_bars

FACTS = {"market": "mine", "kind": "files", "basis": "raw"}


def keep(root, bars):
    raw = root / "01_raw" / "bars.parquet"
    write_parts(raw, [bars])
    return keep_vintage(root / "01_raw/vintages", {"bars": raw}, FACTS)["id"]


@pytest.fixture
def root(tmp_path):
    """Two vintages: a day came, AA was split, one close of BB was corrected."""
    bars = make_bars()
    keep(tmp_path, bars[bars["date"] < bars["date"].max()])
    split = bars["ticker"] == "AA"
    bars.loc[split, ["open", "high", "low", "close", "adj_close"]] /= 4
    bars.loc[bars.index[bars["ticker"] == "BB"][3], "close"] *= 1.5
    keep(tmp_path, bars)
    return tmp_path


def ask(*words, root):
    return CliRunner().invoke(data, [*words, "--data-root", str(root)])


def test_vintages_are_listed_the_latest_first(root):
    answer = ask("vintages", root=root)
    assert answer.exit_code == 0
    ids = [one["id"] for one in list_vintages(root / "01_raw/vintages")]
    lines = answer.output.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ids[::-1]
    assert lines[2].split()[1] == "mine"
    assert "30" in lines[2]


def test_where_none_is_kept_it_says_so(tmp_path):
    answer = ask("vintages", root=tmp_path)
    assert answer.exit_code == 0
    assert "No vintage" in answer.output


def test_a_difference_is_summed_up_shown_and_written(root, tmp_path):
    target = tmp_path / "out" / "changes.parquet"
    answer = ask("diff", "previous", "latest", "--output", str(target), root=root)
    assert answer.exit_code == 3, answer.output
    assert re.search(r"bars +3 +0 +10\b", answer.output)
    for said in ("AA x 0.25", "revised", "+50.000%"):
        assert said in answer.output
    changes = read_parquet(target)
    assert (changes["kind"] == "added").sum() == 3
    assert changes["ticker"].isin(["AA", "BB", "CC"]).all()
    assert f"{len(changes):,} changes written" in answer.output


def test_as_many_rows_are_shown_as_asked_for(root):
    shown = [
        ask("diff", "previous", "latest", "--rows", str(n), root=root).output
        for n in (0, 1, 4)
    ]
    # BB alone has something to explain: its close, and its new day.
    assert [text.count("2024-01-") for text in shown] == [0, 1, 2]


def test_one_ticker_alone(root):
    answer = ask("diff", "previous", "latest", "--ticker", "CC", root=root)
    assert answer.exit_code == 3
    assert "AA" not in answer.output
    assert "appended" in answer.output
    unknown = ask("diff", "previous", "latest", "--ticker", "ZZ", root=root)
    assert unknown.exit_code == 2


def test_equal_vintages_leave_with_0(root):
    answer = ask("diff", "latest", "latest", root=root)
    assert answer.exit_code == 0
    assert "same rows" in answer.output


def test_an_unknown_vintage_leaves_with_2_and_names_those_there_are(root):
    answer = ask("diff", "previous", "2031", root=root)
    assert answer.exit_code == 2
    assert "AK-C080" in answer.output
    assert list_vintages(root / "01_raw/vintages")[0]["id"] in answer.output
    assert "Traceback" not in answer.output


def test_the_data_of_another_root_can_be_compared(root, tmp_path):
    other = tmp_path / "other"
    mine = keep(other, make_bars())
    for place in (other, other / "01_raw/vintages" / mine):
        answer = ask("diff", str(place), "latest", root=root)
        assert answer.exit_code == 3, answer.output
        assert f"from  {mine}" in answer.output


def test_forgetting_says_what_went_and_keeps_the_rest(root):
    first, second = [one["id"] for one in list_vintages(root / "01_raw/vintages")]
    answer = ask("forget", "--keep", "1", root=root)
    assert answer.exit_code == 0
    assert f"deleted {first}" in answer.output
    assert [one["id"] for one in list_vintages(root / "01_raw/vintages")] == [second]
    assert ask("forget", "--keep", "0", root=root).exit_code == 2


def test_nothing_is_forgotten_while_a_run_may_read_it(root):
    with RunLock(root):
        answer = ask("forget", "--keep", "1", root=root)
    assert answer.exit_code == 2
    assert "AK-P003" in answer.output
    assert len(list_vintages(root / "01_raw/vintages")) == 2


@pytest.mark.parametrize("place", ["s3://bucket/data", "memory://x"])
def test_vintages_are_on_local_disks(place):
    answer = ask("vintages", root=place)
    assert answer.exit_code == 2
    assert "AK-C082" in answer.output


def test_outside_a_project_the_folder_has_to_be_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = CliRunner().invoke(data, ["vintages"])
    assert answer.exit_code == 2
    assert "--data-root" in answer.output


PROGRAM = """
from kedro.framework.cli.cli import main
import alpha_kedro.cli
from alpha_kedro.commands.data import data

alpha_kedro.cli.cli.add_command(data)
main()
"""


def test_the_folder_is_found_as_a_run_finds_it(root, tmp_path):
    words = ("data", "diff", "previous", "latest", "--params", f"data_root={root}")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert "AA x 0.25" in done.stdout


def test_many_tickers_are_counted_and_the_first_are_named(tmp_path):
    names = [f"T{number:02}" for number in range(20)]
    bars = make_bars(tickers=names)
    keep(tmp_path, bars)
    keep(
        tmp_path, pd.concat([bars.iloc[:10], bars.iloc[10:].eval("close = close + 1")])
    )
    answer = ask("diff", "previous", "latest", root=tmp_path)
    assert "(+13 more)" in answer.output

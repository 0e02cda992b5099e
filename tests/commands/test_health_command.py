"""``kedro health``: what it prints, writes and leaves with."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from alpha_kedro.commands import health as command
from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.market.health import HealthSpec, no_findings, summarise_findings
from alpha_kedro.market.health.findings import collect, make_findings

ACCOUNT = {"n_input": 100, "n_bars": 100, "n_unsound": 0, "n_tickers": 2}


def one(check: str, ticker: str, severity: str) -> pd.DataFrame:
    return make_findings(
        check,
        ticker=ticker,
        first=pd.Timestamp("2023-01-03"),
        severity=severity,
        detail="as planted",
    )


def answer(monkeypatch, findings, *words):
    """Run the command on a market with these findings."""
    summary = summarise_findings(findings, account=ACCOUNT, spec=HealthSpec())
    asked = {}

    def run_health(**how):
        asked.update(how)
        return findings, summary

    monkeypatch.setattr(command, "run_health", run_health)
    done = CliRunner().invoke(command.health, [str(word) for word in words])
    return done, asked


MIXED = collect([one("spike", "A", "suspect"), one("large_move", "B", "note")])


@pytest.mark.parametrize(
    ("findings", "words", "code"),
    [
        (no_findings(), [], 0),
        (one("large_move", "B", "note"), [], 0),
        (one("spike", "A", "suspect"), [], 3),
        (one("not_positive", "A", "refused"), [], 3),
        (MIXED, ["--ticker", "B"], 0),
        (MIXED, ["--check", "spike"], 3),
        (MIXED, ["--check", "large_move"], 0),
    ],
)
def test_the_exit_code_says_whether_a_person_should_look(
    monkeypatch, findings, words, code
):
    done, _ = answer(monkeypatch, findings, *words)
    assert done.exit_code == code, done.output


def test_an_unknown_check_is_wrong_usage_before_anything_runs(monkeypatch):
    done, asked = answer(monkeypatch, MIXED, "--check", "spikes")
    assert done.exit_code == ConfigError.exit_code
    assert "did you mean 'spike'" in done.output
    assert asked == {}
    assert answer(monkeypatch, MIXED, "--nonsense")[0].exit_code == 2


def test_data_that_cannot_be_read_leave_with_1(monkeypatch):
    def fail(**how):
        raise DataError("AK-D090", "there are no bars to check")

    monkeypatch.setattr(command, "run_health", fail)
    done = CliRunner().invoke(command.health, [])
    assert done.exit_code == 1
    assert "AK-D090" in done.output
    assert "Traceback" not in done.output


def test_outside_of_a_project_nothing_is_run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^AK-C090 "):
        command.run_health(env=None, params=None, data_root=None)


def test_the_findings_can_be_written_as_json(monkeypatch, tmp_path):
    target = tmp_path / "found.json"
    done, _ = answer(monkeypatch, MIXED, "--json", target, "--ticker", "A")
    assert done.exit_code == 3
    content = json.loads(target.read_text())
    assert [row["ticker"] for row in content["findings"]] == ["A"]
    assert content["findings"][0]["first"] == "2023-01-03"
    assert content["findings"][0]["expected"] is None
    assert content["summary"]["by_severity"]["suspect"] == 1
    assert np.isnan(MIXED["expected"]).all()

"""Findings as text and as a chapter: nothing left out, nothing unsaid."""

import pandas as pd
import pytest

from alpha_kedro.market.health import (
    WHOLE_MARKET,
    HealthSpec,
    no_findings,
    summarise_findings,
)
from alpha_kedro.market.health.findings import collect, make_findings
from alpha_kedro.reports.health_page import (
    ON_PAGE,
    health_section,
    health_text,
)
from alpha_kedro.reports.verdict import health_caveat

ACCOUNT = {"n_input": 12_000, "n_bars": 11_999, "n_unsound": 1, "n_tickers": 4}


def findings(n_notes: int = 2) -> pd.DataFrame:
    days = pd.date_range("2023-01-03", periods=n_notes, unit="us")
    return collect(
        [
            make_findings(
                "large_move",
                ticker="GME",
                first=days,
                severity="note",
                value=1.3,
                detail="total return {value:+.0%}",
            ),
            make_findings(
                "unlisted_split",
                ticker="DF",
                first=pd.Timestamp("2013-05-24"),
                severity="suspect",
                value=2.08,
                expected=2.0,
                detail="{value:.3g} to 1, near {expected:.3g}",
            ),
            make_findings(
                "missing_market_days",
                ticker=WHOLE_MARKET,
                first=pd.Timestamp("2023-02-01"),
                last=pd.Timestamp("2023-02-02"),
                n_rows=2,
                severity="suspect",
                detail="{n_rows} sessions",
            ),
            make_findings(
                "not_positive",
                ticker="<b>",
                first=pd.Timestamp("2023-02-01"),
                severity="refused",
                detail="close -1",
            ),
        ]
    )


def summary(table: pd.DataFrame) -> dict:
    return summarise_findings(table, account=ACCOUNT, spec=HealthSpec())


def test_the_terminal_reads_verdict_counts_findings_and_what_to_do():
    table = findings()
    text = health_text(table, summary(table), rows=3)
    first, *_ = text.splitlines()
    assert first == (
        "12,000 rows of 4 tickers: findings 1 refused, 2 suspect, 2 note; "
        "50.0 % of the tickers are clean."
    )
    assert "2013-05-24" in text
    assert "2.08 to 1, near 2" in text
    assert "(market)" in text
    assert "add the split to the actions" in text
    assert "2 more findings (--rows)" in text


@pytest.mark.parametrize("check", ["not_positive", "unlisted_split", "large_move"])
def test_the_worst_check_comes_first(check):
    table = findings()
    lines = health_text(table, summary(table), rows=0).splitlines()
    order = [line.split()[0] for line in lines if line.strip()]
    places = [order.index(name) for name in ("not_positive", "large_move")]
    assert check in order
    assert places == sorted(places)


def test_a_sound_market_is_one_sentence():
    empty = no_findings()
    clean = summary(empty)
    assert health_text(empty, clean, rows=5).count("\n") == 0
    assert "100.0 % of the tickers are clean" in health_text(empty, clean, rows=5)
    assert health_caveat(clean) is None


def test_suspects_are_announced_at_the_top_of_a_report():
    table = findings()
    assert "2 suspect findings" in str(health_caveat(summary(table)))
    refused = table[table["severity"] != "suspect"]
    assert health_caveat(summary(refused)) is None


def test_the_chapter_has_every_check_and_the_first_findings():
    table = findings(n_notes=100)
    chapter = health_section(table, summary(table), file="findings.parquet")
    (_, checks), (caption, shown), (_, worst) = chapter.tables
    assert [row[0] for row in checks.rows] == [
        "not_positive",
        "missing_market_days",
        "unlisted_split",
        "large_move",
    ]
    assert len(shown.rows) == ON_PAGE
    assert caption.endswith("40 of 103; all of them are in findings.parquet")
    assert {row[0] for row in worst.rows} == {"DF", "<b>"}
    assert "3 findings wait for a person" in chapter.lead


def test_the_chapter_of_a_sound_market_has_no_rows():
    chapter = health_section(no_findings(), summary(no_findings()), file="f.parquet")
    assert all(table.rows == () for _, table in chapter.tables)

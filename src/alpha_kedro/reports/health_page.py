"""Findings about the data, for a terminal and for a page: one definition for both."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alpha_kedro.market.health import SEVERITIES, WHOLE_MARKET, check_named
from alpha_kedro.reports.section import Section
from alpha_kedro.reports.tables import Table, as_text
from alpha_kedro.reports.wording import count, day, numbered, percent

ON_PAGE = 40
"""Findings that a report shows; the file has all of them."""

_THE_MARKET = "(market)"
_WORST = 10
_TRIED = "Raw bars as they came, looked at ticker by ticker and as a whole market."


def health_section(
    findings: pd.DataFrame, health: Mapping[str, Any], *, file: str
) -> Section:
    """Return the chapter about the raw data.

    Parameters
    ----------
    findings
        The findings of `check_health`, the worst first.
    health
        Their summary.
    file
        Where all findings are kept, for the reader who wants the rest.
    """
    serious = findings[findings["severity"] != "note"]
    shown = (
        f"Findings, the worst first: {min(len(findings), ON_PAGE):,} of "
        f"{len(findings):,}; all of them are in {file}"
    )
    return Section(
        "health",
        "Data health",
        f"{_TRIED} {verdict(health)} "
        f"{numbered(len(serious), 'finding')} wait for a person.",
        tables=(
            ("Findings by check", check_table(health)),
            (shown, finding_table(findings.head(ON_PAGE))),
            ("Tickers with the most findings, notes left out", worst_table(health)),
        ),
    )


def health_text(findings: pd.DataFrame, health: Mapping[str, Any], *, rows: int) -> str:
    """Return the findings as text for a terminal.

    Parameters
    ----------
    findings
        All of them, or those of one check or ticker.
    health
        The summary of all of them.
    rows
        Findings to print.
    """
    first = findings.head(rows)
    parts = [verdict(health)]
    if health["by_check"]:
        parts.append(as_text(check_table(health, with_meaning=False)))
    if health["worst"]:
        parts.append(as_text(worst_table(health)))
    if len(first):
        parts += [as_text(finding_table(first)), remedies(first)]
    if len(findings) > len(first):
        parts.append(f"{len(findings) - len(first):,} more findings (--rows)")
    return "\n\n".join(parts)


def verdict(health: Mapping[str, Any]) -> str:
    """Return in one sentence what was looked at and what was found."""
    account, found = health["account"], health["by_severity"]
    counts = ", ".join(f"{count(found[word])} {word}" for word in SEVERITIES)
    tickers = numbered(account["n_tickers"], "ticker")
    return (
        f"{count(account['n_input'])} rows of {tickers}: "
        f"findings {counts}; {percent(health['clean_share'])} of the tickers are clean."
    )


def check_table(health: Mapping[str, Any], *, with_meaning: bool = True) -> Table:
    """Return findings, rows and tickers of each check, the worst first."""
    words = ("Check", "What was seen") if with_meaning else ("Check",)
    rows = (
        (
            *(name, block["meaning"])[: len(words)],
            *(count(block[word]) for word in SEVERITIES),
            count(block["n_rows"]),
            count(block["n_tickers"]),
        )
        for name, block in health["by_check"].items()
    )
    header = (*words, *SEVERITIES, "rows", "tickers")
    return Table(header, tuple(rows), n_names=len(words))


def worst_table(health: Mapping[str, Any]) -> Table:
    """Return the tickers with the most findings."""
    rows = (
        (one["ticker"], ", ".join(one["checks"]), count(one["findings"]))
        for one in health["worst"][:_WORST]
    )
    return Table(("Ticker", "Checks", "Findings"), tuple(rows), n_names=2)


def finding_table(findings: pd.DataFrame) -> Table:
    """Return findings with their days and values, one a line."""
    rows = (
        (
            _THE_MARKET if one["ticker"] == WHOLE_MARKET else str(one["ticker"]),
            day(one["first"]),
            day(one["last"]),
            str(one["severity"]),
            str(one["check"]),
            str(one["detail"]),
        )
        for one in findings.to_dict("records")
    )
    header = ("Ticker", "From", "To", "Severity", "Check", "Detail")
    return Table(header, tuple(rows), n_names=len(header))


def remedies(findings: pd.DataFrame) -> str:
    """Return what to do about the checks that are named."""
    names = dict.fromkeys(map(str, findings["check"]))
    lines = [f"  {name}: {check_named(name).remedy}" for name in names]
    return "What to do\n" + "\n".join(lines)

"""Findings as counts: what a report shows and a programme decides by."""

from typing import Any

import pandas as pd

from alpha_kedro.market.health.catalogue import check_named
from alpha_kedro.market.health.findings import SEVERITIES, WHOLE_MARKET
from alpha_kedro.market.health.spec import HealthSpec

_WORST = 20


def summarise_findings(
    findings: pd.DataFrame, *, account: dict[str, int], spec: HealthSpec
) -> dict[str, Any]:
    """Return the findings as JSON-able counts.

    Parameters
    ----------
    findings
        The long table of ``check_health``.
    account
        Rows and tickers looked at.
    spec
        The thresholds, which are repeated for the record.

    Returns
    -------
    dict
        ``account``; ``by_severity`` (findings); ``by_check``: findings of each
        severity, rows, tickers, meaning, remedy, the checks with the worst first;
        ``worst``: the tickers with the most findings that are not notes;
        ``clean_share`` of the tickers without any such finding; ``thresholds``.
    """
    serious = findings[findings["severity"] != "note"]
    named = serious[serious["ticker"] != WHOLE_MARKET]
    n_tickers = account["n_tickers"]
    n_clean = n_tickers - named["ticker"].nunique()
    return {
        "account": dict(account),
        "by_severity": _counts(findings["severity"]),
        "by_check": _by_check(findings),
        "worst": _worst(named),
        "clean_share": max(n_clean, 0) / n_tickers if n_tickers else None,
        "thresholds": spec.model_dump(mode="json"),
    }


def is_healthy(summary: dict[str, Any]) -> bool:
    """Tell whether nothing was refused and nothing is suspect."""
    counts = summary["by_severity"]
    return not counts["refused"] and not counts["suspect"]


def _by_check(findings: pd.DataFrame) -> dict[str, Any]:
    blocks: dict[str, dict[str, Any]] = {
        str(name): _counts(own["severity"])
        | {
            "n_rows": int(own["n_rows"].sum()),
            "n_tickers": int(
                own.loc[own["ticker"] != WHOLE_MARKET, "ticker"].nunique()
            ),
            "meaning": check_named(str(name)).meaning,
            "remedy": check_named(str(name)).remedy,
        }
        for name, own in findings.groupby("check", sort=True)
    }
    worst_first = sorted(
        blocks, key=lambda name: [-blocks[name][word] for word in SEVERITIES]
    )
    return {name: blocks[name] for name in worst_first}


def _worst(serious: pd.DataFrame) -> list[dict[str, Any]]:
    table = serious.groupby("ticker").agg(
        findings=("check", "size"), n_rows=("n_rows", "sum"), checks=("check", "unique")
    )
    ordered = table.sort_values("findings", ascending=False, kind="stable").head(_WORST)
    return [
        {
            "ticker": str(name),
            "findings": int(row["findings"]),
            "n_rows": int(row["n_rows"]),
            "checks": sorted(map(str, row["checks"])),
        }
        for name, row in ordered.iterrows()
    ]


def _counts(severity: "pd.Series[str]") -> dict[str, int]:
    sizes = severity.value_counts()
    return {word: int(sizes.get(word, 0)) for word in SEVERITIES}

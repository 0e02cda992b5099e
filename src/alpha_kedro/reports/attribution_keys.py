"""The keys of an attribution: their titles and their order on the page."""

import pandas as pd

from alpha_kedro.measures import Attribution, StrategyEvidence
from alpha_kedro.measures.attribution.splits import (
    COST,
    DECISION,
    DRIFT,
    FILL,
    FILL_DAY,
    LONG,
    NEITHER,
    SHORT,
    SPECIFIC,
)
from alpha_kedro.reports.chart import Gap

TITLES = {
    "source": "decision, drift, fills and costs",
    "leg": "long and short leg",
    "factor": "factor",
    "sector": "sector",
}
_ORDERED = {
    "source": (DECISION, DRIFT, FILL, COST),
    "leg": (LONG, SHORT, NEITHER),
}
NO_FACTORS = (SPECIFIC, FILL_DAY, COST)
TOTAL = "net"


def known(strategy: StrategyEvidence, dimension: str) -> Attribution | Gap:
    """Return the attribution of a strategy, or why a chart of it cannot be drawn."""
    found = strategy.attribution
    if found is not None and dimension in found.breakdowns:
        return found
    title = f"Contributions by {TITLES.get(dimension, dimension)}"
    return Gap(title, f"what an attribution by {dimension} needs is not known")


def in_order(summary: pd.DataFrame, dimension: str) -> list[str]:
    """Return keys in their fixed order, or the best first and non-factors last."""
    keys = summary["key"].tolist()
    if dimension in _ORDERED:
        return [key for key in _ORDERED[dimension] if key in keys]
    ranked = summary.sort_values("contribution_annual", ascending=False, kind="stable")
    last = [key for key in NO_FACTORS if key in keys and dimension == "factor"]
    return [key for key in ranked["key"] if key not in last] + last

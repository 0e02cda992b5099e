"""What the numbers say, in sentences that a sceptic would sign."""

from collections.abc import Mapping
from typing import Any

from alpha_kedro.measures import Evidence, ModelEvidence, StrategyEvidence
from alpha_kedro.reports.wording import (
    ABSENT,
    fixed,
    interval,
    is_known,
    numbered,
    percent,
    span,
)

_CONFIDENT = 0.95
_SIMULATED = "simulated"
_ABOVE, _BELOW, _INCLUDES = "lies above", "lies below", "includes"

_MADE_UP = (
    "Simulated market. Prices, names and skill were made up from a seed: the numbers "
    "show that the machinery works and say nothing about any real market."
)
_UNDATED = (
    "Undated universe. Without a membership table every listed name was traded from "
    "its first bar on; names that failed early may be missing from the data "
    "altogether, which flatters returns (survivorship bias)."
)
_OUT_OF_STEP = (
    "Benchmark out of step. A neighbouring day of the benchmark explains the strategy "
    "better than its own: do not trust beta and alpha."
)


def leading_model(evidence: Evidence) -> ModelEvidence:
    """Return the model whose scores the headline strategy trades."""
    return evidence.models[evidence.headline_model]


def leading_strategy(evidence: Evidence) -> StrategyEvidence:
    """Return the headline strategy."""
    return evidence.strategies[evidence.headline]


def sharpe_finding(strategy: Mapping[str, Any]) -> str:
    """Return ``Net Sharpe 0.31 [-0.15, 0.80]: the interval includes zero``."""
    sharpe, bounds = strategy["net"]["sharpe"], strategy["net"]["sharpe_ci95"]
    side = _side(bounds)
    if side is None:
        return f"Net Sharpe {fixed(sharpe)}: too few returns for an interval"
    return f"Net Sharpe {fixed(sharpe)} {interval(bounds)}: the interval {side} zero"


def verdict(summary: Mapping[str, Any]) -> list[str]:
    """Return the sentences that open the report.

    Parameters
    ----------
    summary
        The content of ``summary.json``.

    Returns
    -------
    list of str
        What the headline strategy earned net of costs, whether that differs from zero,
        what costs took, and what is left after allowing for the trials.
    """
    strategy = summary["strategies"][summary["headline"]]
    said = [_earned(summary["headline"], strategy), _judged(strategy), _paid(strategy)]
    return [sentence for sentence in said if sentence]


def caveats(
    summary: Mapping[str, Any], ingestion_report: Mapping[str, Any]
) -> list[str]:
    """Return what must be known before any number is read; none for honest data."""
    strategy = summary["strategies"][summary["headline"]]
    found = {
        _MADE_UP: str(summary["manifest"].get("market")).startswith(_SIMULATED),
        _UNDATED: ingestion_report["membership"].get("source") == "listing",
        _OUT_OF_STEP: bool(strategy.get("benchmark_misaligned")),
    }
    said = [sentence for sentence, holds in found.items() if holds]
    suspects = health_caveat(ingestion_report["health"])
    return said if suspects is None else [*said, suspects]


def health_caveat(health: Mapping[str, Any]) -> str | None:
    """Return the banner of a report on suspect data, None where nothing is suspect."""
    suspects = health["by_severity"]["suspect"]
    if not suspects:
        return None
    return (
        f"The raw data have {numbered(suspects, 'suspect finding')} that cleaning "
        "kept: see Data health."
    )


def _earned(name: str, strategy: Mapping[str, Any]) -> str:
    net = strategy["net"]
    bounds = interval(net["sharpe_ci95"])
    return (
        f"{name} earned {percent(net['annual_return'])} a year after costs at a Sharpe "
        f"ratio of {fixed(net['sharpe'])} (95 % interval {bounds}), out of sample from "
        f"{span(strategy['start'], strategy['end'])}."
    )


def _judged(strategy: Mapping[str, Any]) -> str:
    side = _side(strategy["net"]["sharpe_ci95"])
    if side is None:
        return "There are too few returns to say how much of this is luck."
    if side == _INCLUDES:
        return "The interval includes zero: this record is compatible with no skill."
    if side == _BELOW:
        return "The interval lies below zero: it lost more than bad luck explains."
    return _after_trials(strategy["deflated_sharpe"], strategy["trials"])


def _after_trials(skill: float | None, trials: int) -> str:
    if not is_known(skill):
        return "The interval lies above zero."
    short = "" if skill >= _CONFIDENT else f", short of {percent(_CONFIDENT, 0)}"
    return (
        f"The interval lies above zero; after allowing for {numbered(trials, 'trial')} "
        f"the confidence that it {beyond_luck(trials)} is {percent(skill)}{short}."
    )


def beyond_luck(trials: int) -> str:
    """Return what a deflated Sharpe ratio is the confidence in."""
    if trials <= 1:
        return "is above zero"
    return f"beats the best of {trials:,} without skill"


def _paid(strategy: Mapping[str, Any]) -> str:
    gross, cost = strategy["gross"]["sharpe"], strategy["cost_annual"]
    if not is_known(gross) or not is_known(cost):
        return ""
    return (
        f"Costs took {percent(cost)} of NAV a year; before them the Sharpe ratio was "
        f"{fixed(gross)}."
    )


def _side(bounds: Any) -> str | None:
    """Return how an interval lies to zero, None where there is no interval."""
    if interval(bounds) == ABSENT:
        return None
    low, high = bounds
    return _ABOVE if low > 0 else _BELOW if high < 0 else _INCLUDES

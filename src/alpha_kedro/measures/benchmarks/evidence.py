"""Everything a strategy is held against, gathered for its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alpha_kedro.measures.benchmarks.relative import Relative, relative_performance
from alpha_kedro.measures.benchmarks.risk_matched import (
    DEFAULT_MATCH,
    RiskMatchSpec,
    risk_matched,
)

AS_IT_IS = "as_it_is"
EX_ANTE = "ex_ante_risk_matched"
EX_POST = "ex_post_risk_matched"


@dataclass(frozen=True)
class BenchmarkEvidence:
    """One benchmark beside one strategy.

    Attributes
    ----------
    name
        The benchmark's.
    lines
        Returns on the strategy's dates under `AS_IT_IS`, `EX_ANTE` (scaled by trailing
        volatilities known the close before) and `EX_POST` (scaled once by those of the
        whole sample: hindsight); NaN where there is none.
    relative
        The strategy against each of the lines.
    scale
        Share of NAV that the ex-ante line holds, by session.
    ex_post_scale
        The same of the ex-post line.
    match
        Window and cap of the ex-ante scale.
    """

    name: str
    lines: Mapping[str, pd.Series]
    relative: Mapping[str, Relative]
    scale: pd.Series
    ex_post_scale: float
    match: RiskMatchSpec

    def facts(self) -> dict[str, Any]:
        """Return the numbers of every line by name, for a summary."""
        facts = {line: each.facts() for line, each in self.relative.items()}
        facts[EX_ANTE]["mean_scale"] = float(self.scale.mean())
        facts[EX_POST]["scale"] = self.ex_post_scale
        return facts


def measure_benchmarks(
    net: pd.Series,
    benchmarks: Mapping[str, pd.Series],
    *,
    spec: RiskMatchSpec = DEFAULT_MATCH,
) -> dict[str, BenchmarkEvidence]:
    """Hold a strategy against benchmarks as they are and at its own risk.

    Parameters
    ----------
    net
        Simple returns of the strategy after costs, indexed by date.
    benchmarks
        Returns by name, the reference first. One that starts late is compared on the
        common dates, which ``relative`` counts.
    spec
        Of the ex-ante scale.
    """
    return {name: _measure(name, net, own, spec) for name, own in benchmarks.items()}


def _measure(
    name: str, net: pd.Series, returns: pd.Series, spec: RiskMatchSpec
) -> BenchmarkEvidence:
    matched = risk_matched(net, returns, spec=spec)
    lines = {
        AS_IT_IS: returns.reindex(net.index),
        EX_ANTE: matched.ex_ante,
        EX_POST: matched.ex_post,
    }
    return BenchmarkEvidence(
        name=name,
        lines=lines,
        relative={line: relative_performance(net, own) for line, own in lines.items()},
        scale=matched.scale,
        ex_post_scale=matched.ex_post_scale,
        match=spec,
    )

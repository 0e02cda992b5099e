"""What a run showed: the shapes of evidence, and the summary written from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from pydantic import Field

from alpha_kedro.core.registry import unknown_name
from alpha_kedro.core.spec import Names, Spec
from alpha_kedro.measures.attribution import Attribution
from alpha_kedro.measures.availability import plain
from alpha_kedro.measures.benchmarks import BenchmarkEvidence, RiskMatchSpec


class EvidenceSpec(Spec):
    """How models and strategies are judged."""

    min_names: int = Field(
        10, ge=3, description="fewest names (count) for a date to have a coefficient"
    )
    quantiles: int = Field(
        10, ge=2, le=100, description="groups (count) that names are sorted into"
    )
    hac_lags: int | None = Field(
        None,
        ge=0,
        le=1_000,
        description="Newey-West lags (decision dates); null: from sample and overlap",
    )
    bootstrap_reps: int = Field(
        2_000, ge=100, le=100_000, description="resamples (count) behind sharpe_ci95"
    )
    benchmarks: Names = Field(
        ("SPY",),
        min_length=1,
        description="what strategies are held against: tickers among the benchmarks, "
        "or series of the backtest; the first is the reference of beta and alpha",
    )
    benchmark: str | None = Field(
        None, description="the reference; null: the first of the benchmarks"
    )
    risk_match: RiskMatchSpec = Field(
        RiskMatchSpec(), description="how benchmarks are scaled to a strategy's risk"
    )
    worst_drawdowns: int = Field(
        5, ge=1, le=100, description="drawdowns (count) that the report lists"
    )

    @property
    def compared(self) -> tuple[str, ...]:
        """Return the names of the benchmarks, the reference first, none twice."""
        if self.benchmark is None:
            return tuple(dict.fromkeys(self.benchmarks))
        others = self.benchmarks if "benchmarks" in self.model_fields_set else ()
        return tuple(dict.fromkeys((self.benchmark, *others)))


@dataclass(frozen=True)
class ModelEvidence:
    """How well one model's scores ordered the returns that followed.

    Attributes
    ----------
    name
        The model's.
    ic
        Indexed by date: rank_ic, ic, n_names; NaN on dates that do not count.
    deciles
        quantile, mean_return (per period), standard_error (HAC), t, n (dates), n_names.
    rank_autocorrelation
        Indexed by date.
    summary
        The numbers of ``summary.json``; one that is not available is a `NotAvailable`.
    """

    name: str
    ic: pd.DataFrame
    deciles: pd.DataFrame
    rank_autocorrelation: pd.Series
    summary: dict[str, Any]


@dataclass(frozen=True)
class StrategyEvidence:
    """What one strategy earned, risked and paid.

    Attributes
    ----------
    name
        The strategy's.
    returns
        Indexed by date: the returns table of the ledger, and gross_nav.
    drawdown
        Of the net returns, indexed by date; 0 at a high, negative below.
    benchmark
        Returns of the reference benchmark on the same dates, None without one.
    summary
        The numbers of ``summary.json``; one that is not available is a `NotAvailable`.
    drawdowns
        The worst of them, as `worst_drawdowns` lists them.
    monthly
        Net returns: a row per year, a column per month.
    benchmarks
        What it was held against, by name, the reference first.
    years
        As `year_by_year` gives it; empty where nothing was measured by year.
    attribution
        Where its returns came from, None where the books were not kept.
    """

    name: str
    returns: pd.DataFrame
    drawdown: pd.Series
    benchmark: pd.Series | None
    summary: dict[str, Any]
    drawdowns: pd.DataFrame
    monthly: pd.DataFrame
    benchmarks: Mapping[str, BenchmarkEvidence] = field(default_factory=dict)
    years: pd.DataFrame = field(default_factory=pd.DataFrame)
    attribution: Attribution | None = None


@dataclass(frozen=True)
class Evidence:
    """Everything a report is written from.

    Attributes
    ----------
    models, strategies
        By name.
    headline
        The strategy that leads the report.
    headline_model
        The model whose scores it trades.
    sample
        What `describe_sample` gives.
    trials
        Model and strategy combinations tried, as far as they are known.
    comparison
        What `compare_models` gives, None where nothing was compared.
    tuning
        What tuning cost and bought, as ``tuning_gain`` gives it; None where nothing was
        tuned.
    """

    models: Mapping[str, ModelEvidence]
    strategies: Mapping[str, StrategyEvidence]
    headline: str
    headline_model: str
    sample: Mapping[str, Any]
    trials: int
    comparison: pd.DataFrame | None = None
    tuning: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        if self.headline not in self.strategies:
            raise unknown_name("headline strategy", self.headline, self.strategies)


def with_facts(
    models: Mapping[str, ModelEvidence], facts: Mapping[str, Mapping[str, Any]]
) -> dict[str, ModelEvidence]:
    """Return the evidence with more numbers in the summary of each model."""
    return {
        name: replace(each, summary=each.summary | dict(facts.get(name, {})))
        for name, each in models.items()
    }


def describe_sample(predictions: pd.DataFrame) -> dict[str, Any]:
    """Return first and last date, and the counts of dates, tickers and predictions."""
    dates = predictions["date"]
    return {
        "start": dates.min(),
        "end": dates.max(),
        "n_dates": dates.nunique(),
        "n_tickers": predictions["ticker"].nunique(),
        "n_predictions": len(predictions),
    }


def summarise(evidence: Evidence, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Write down a run's numbers as JSON can hold them.

    Parameters
    ----------
    evidence
        What the run showed.
    manifest
        Which code, parameters, data and seed it came from.

    Returns
    -------
    dict
        manifest, sample, headline, trials, ``models.<name>``, ``strategies.<name>`` and
        ``reasons``. Returns, costs and turnover are decimals. A number that is not
        available is null, and ``reasons`` says why under its dotted path. In a model's
        block ``rank_ic_ir`` is per decision date, ``rank_ic_ir_annual`` per year; what
        `comparison_facts` gives stands there too, where models were compared.
    """
    tree = {
        "manifest": manifest,
        "sample": evidence.sample,
        "headline": evidence.headline,
        "trials": evidence.trials,
        "models": {name: each.summary for name, each in evidence.models.items()},
        "strategies": {
            name: each.summary for name, each in evidence.strategies.items()
        },
    }
    body, reasons = plain(tree)
    assert isinstance(body, dict)
    return body | {"reasons": reasons}

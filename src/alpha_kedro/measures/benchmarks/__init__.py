"""What a strategy is held against: as it is, and scaled to the strategy's own risk."""

from alpha_kedro.measures.benchmarks.evidence import (
    AS_IT_IS,
    EX_ANTE,
    EX_POST,
    BenchmarkEvidence,
    measure_benchmarks,
)
from alpha_kedro.measures.benchmarks.market_model import (
    MarketModel,
    benchmark_returns,
    common_dates,
    lead_lag_correlations,
    market_model,
    misaligned,
)
from alpha_kedro.measures.benchmarks.relative import Relative, relative_performance
from alpha_kedro.measures.benchmarks.risk_matched import (
    RiskMatched,
    RiskMatchSpec,
    ex_ante_scale,
    risk_matched,
)
from alpha_kedro.measures.benchmarks.years import year_by_year

__all__ = [
    "AS_IT_IS",
    "EX_ANTE",
    "EX_POST",
    "BenchmarkEvidence",
    "MarketModel",
    "Relative",
    "RiskMatchSpec",
    "RiskMatched",
    "benchmark_returns",
    "common_dates",
    "ex_ante_scale",
    "lead_lag_correlations",
    "market_model",
    "measure_benchmarks",
    "misaligned",
    "relative_performance",
    "risk_matched",
    "year_by_year",
]

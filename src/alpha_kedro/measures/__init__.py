"""Numbers about numbers: information coefficients, quantile returns, performance.

Arrays and tables in, floats and series out. A number that is undefined is a
`NotAvailable`: a NaN with its reason. Each measure is written once, and no Sharpe ratio
is reported without its interval, its costs and the number of trials.
"""

from alpha_kedro.measures.attribution import Attribution, DailyBooks, attribute
from alpha_kedro.measures.availability import NotAvailable, plain
from alpha_kedro.measures.benchmarks import (
    AS_IT_IS,
    EX_ANTE,
    EX_POST,
    BenchmarkEvidence,
    MarketModel,
    Relative,
    RiskMatchSpec,
    benchmark_returns,
    lead_lag_correlations,
    market_model,
    measure_benchmarks,
    misaligned,
    relative_performance,
    risk_matched,
    year_by_year,
)
from alpha_kedro.measures.deciles import (
    monotonicity,
    quantile_returns,
    quantile_spread,
    quantile_summary,
)
from alpha_kedro.measures.evidence import (
    Evidence,
    EvidenceSpec,
    ModelEvidence,
    StrategyEvidence,
    describe_sample,
    summarise,
    with_facts,
)
from alpha_kedro.measures.factor import (
    ALPHALENS,
    FactorConventions,
    FactorEvidence,
    evaluate_factor,
)
from alpha_kedro.measures.factor_model import FactorModel, fit_factor_model
from alpha_kedro.measures.history import (
    monthly_returns,
    rolling_sharpe,
    worst_drawdowns,
    yearly_returns,
)
from alpha_kedro.measures.ic import (
    information_coefficients,
    rank_autocorrelation,
    score_turnover,
)
from alpha_kedro.measures.model_comparison import compare_models, comparison_facts
from alpha_kedro.measures.model_evidence import measure_models, periods_spanned
from alpha_kedro.measures.performance import (
    annual_return,
    annual_total,
    annual_volatility,
    breakeven_cost_bps,
    calmar_ratio,
    cost_drag,
    drawdown,
    max_drawdown,
)
from alpha_kedro.measures.risk_factors import RiskFactorSpec, factor_exposures
from alpha_kedro.measures.sharpe import (
    Interval,
    deflated_sharpe,
    expected_maximum_sharpe,
    probabilistic_sharpe,
    sharpe_interval,
    sharpe_ratio,
    sharpe_standard_error,
)
from alpha_kedro.measures.significance import (
    HacMean,
    average,
    hac_lags,
    hac_mean,
    hac_regression,
)
from alpha_kedro.measures.strategy_evidence import measure_strategies

__all__ = [
    "ALPHALENS",
    "AS_IT_IS",
    "EX_ANTE",
    "EX_POST",
    "Attribution",
    "BenchmarkEvidence",
    "DailyBooks",
    "Evidence",
    "EvidenceSpec",
    "FactorConventions",
    "FactorEvidence",
    "FactorModel",
    "HacMean",
    "Interval",
    "MarketModel",
    "ModelEvidence",
    "NotAvailable",
    "Relative",
    "RiskFactorSpec",
    "RiskMatchSpec",
    "StrategyEvidence",
    "annual_return",
    "annual_total",
    "annual_volatility",
    "attribute",
    "average",
    "benchmark_returns",
    "breakeven_cost_bps",
    "calmar_ratio",
    "compare_models",
    "comparison_facts",
    "cost_drag",
    "deflated_sharpe",
    "describe_sample",
    "drawdown",
    "evaluate_factor",
    "expected_maximum_sharpe",
    "factor_exposures",
    "fit_factor_model",
    "hac_lags",
    "hac_mean",
    "hac_regression",
    "information_coefficients",
    "lead_lag_correlations",
    "market_model",
    "max_drawdown",
    "measure_benchmarks",
    "measure_models",
    "measure_strategies",
    "misaligned",
    "monotonicity",
    "monthly_returns",
    "periods_spanned",
    "plain",
    "probabilistic_sharpe",
    "quantile_returns",
    "quantile_spread",
    "quantile_summary",
    "rank_autocorrelation",
    "relative_performance",
    "risk_matched",
    "rolling_sharpe",
    "score_turnover",
    "sharpe_interval",
    "sharpe_ratio",
    "sharpe_standard_error",
    "summarise",
    "with_facts",
    "worst_drawdowns",
    "year_by_year",
    "yearly_returns",
]

"""From a ledger's returns to the evidence for each strategy."""

from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.prices import price_panel
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.measures.availability import NotAvailable
from alpha_kedro.measures.benchmark import (
    benchmark_returns,
    lead_lag_correlations,
    market_model,
    misaligned,
)
from alpha_kedro.measures.evidence import EvidenceSpec, StrategyEvidence
from alpha_kedro.measures.history import (
    monthly_returns,
    worst_drawdowns,
    yearly_returns,
)
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
from alpha_kedro.measures.sharpe import (
    deflated_sharpe,
    sharpe_interval,
    sharpe_ratio,
    sharpe_standard_error,
)
from alpha_kedro.measures.significance import average

_MARKET_KEYS = ("beta", "beta_t", "alpha_annual", "alpha_t", "benchmark_correlation")


def measure_strategies(
    returns: pd.DataFrame,
    benchmark: pd.DataFrame | None,
    *,
    spec: EvidenceSpec,
    trials: int,
    seed: int,
) -> dict[str, StrategyEvidence]:
    """Judge every strategy by what it earned before and after costs.

    Parameters
    ----------
    returns
        Daily table of the ledger: date, strategy, gross_return, cost, net_return,
        turnover, gross_exposure, net_exposure, nav.
    benchmark
        Bars of the benchmarks (date, ticker, open, ..., adj_close), or None.
    spec
        How to judge.
    trials
        Model and strategy combinations tried, which ``deflated_sharpe`` allows for.
    seed
        Of the resampling. Every strategy is resampled from the same seed, so its
        interval does not depend on which others were run.

    Returns
    -------
    dict
        `StrategyEvidence` by strategy, in order of name.

    Raises
    ------
    ConfigError
        ``AK-C002`` when the benchmark's table lacks the ticker that ``spec`` names.
    """
    prices = None if benchmark is None else _prices(benchmark, spec.benchmark)
    ledgers = {
        str(name): own.drop(columns="strategy").set_index("date").sort_index()
        for name, own in returns.groupby("strategy", sort=True)
    }
    spread = _variance_of_trials(ledgers)
    return {
        name: _measure(
            name, own, prices, spec=spec, trials=trials, spread=spread, seed=seed
        )
        for name, own in ledgers.items()
    }


def _prices(benchmark: pd.DataFrame, ticker: str) -> pd.Series:
    """Return one benchmark's total-return close, indexed by date."""
    own = benchmark[benchmark["ticker"] == ticker]
    if not len(own):
        raise unknown_name("benchmark", ticker, benchmark["ticker"].unique())
    panel = price_panel(own)
    return pd.Series(panel["close"][:, 0], index=pd.DatetimeIndex(panel.dates))


def _variance_of_trials(ledgers: dict[str, pd.DataFrame]) -> float:
    """Return the variance of the strategies' per-period Sharpe ratios, 0 for one."""
    ratios = np.array(
        [
            sharpe_ratio(own["net_return"], periods_per_year=1)
            for own in ledgers.values()
        ]
    )
    known = ratios[np.isfinite(ratios)]
    return float(known.var(ddof=1)) if len(known) > 1 else 0.0


def _measure(
    name: str,
    ledger: pd.DataFrame,
    prices: pd.Series | None,
    *,
    spec: EvidenceSpec,
    trials: int,
    spread: float,
    seed: int,
) -> StrategyEvidence:
    gross, net = ledger["gross_return"], ledger["net_return"]
    dates = pd.DatetimeIndex(ledger.index)
    market = None if prices is None else benchmark_returns(prices, dates)
    blocks = {"gross": gross, "net": net}
    summary = (
        {side: _block(own, spec=spec, seed=seed) for side, own in blocks.items()}
        | _costs(ledger)
        | _against_market(net, market, name=spec.benchmark)
        | {
            "deflated_sharpe": deflated_sharpe(
                net, trials=trials, trial_variance=spread
            ),
            "trials": trials,
            "by_year": _by_year(gross, net),
            "start": dates[0],
            "end": dates[-1],
            "n_sessions": len(dates),
        }
    )
    return StrategyEvidence(
        name=name,
        returns=ledger.assign(gross_nav=(1 + gross).cumprod()),
        drawdown=pd.Series(drawdown(net), index=dates, name="drawdown"),
        benchmark=market,
        summary=summary,
        drawdowns=worst_drawdowns(net, count=spec.worst_drawdowns),
        monthly=monthly_returns(net),
    )


def _block(returns: pd.Series, *, spec: EvidenceSpec, seed: int) -> dict[str, Any]:
    low, high = sharpe_interval(returns, reps=spec.bootstrap_reps, seed=seed)
    return {
        "annual_return": annual_return(returns),
        "annual_volatility": annual_volatility(returns),
        "sharpe": sharpe_ratio(returns),
        "sharpe_ci95": low if isinstance(low, NotAvailable) else [low, high],
        "sharpe_se": sharpe_standard_error(returns),
        "max_drawdown": max_drawdown(returns),
        "calmar": calmar_ratio(returns),
    }


def _costs(ledger: pd.DataFrame) -> dict[str, Any]:
    gross, net, turnover = (
        ledger[name] for name in ("gross_return", "net_return", "turnover")
    )
    return {
        "turnover_annual": annual_total(turnover),
        "cost_annual": annual_total(ledger["cost"]),
        "cost_drag_sharpe": cost_drag(gross, net),
        "breakeven_cost_bps": breakeven_cost_bps(gross, 2 * turnover),
        "gross_exposure": average(ledger["gross_exposure"]),
        "net_exposure": average(ledger["net_exposure"]),
    }


def _against_market(
    net: pd.Series, market: pd.Series | None, *, name: str
) -> dict[str, Any]:
    if market is None:
        return dict.fromkeys(_MARKET_KEYS, NotAvailable("no benchmark"))
    model = market_model(net, market)
    neighbours = lead_lag_correlations(net, market)
    numbers = (
        model.beta,
        model.beta_t,
        model.alpha_annual,
        model.alpha_t,
        model.correlation,
    )
    return dict(zip(_MARKET_KEYS, numbers, strict=True)) | {
        "benchmark": name,
        "benchmark_lead_lag": neighbours,
        "benchmark_misaligned": misaligned(neighbours, n=model.n),
        "n_sessions_benchmark": model.n,
    }


def _by_year(gross: pd.Series, net: pd.Series) -> dict[int, dict[str, Any]]:
    before, after = yearly_returns(gross), yearly_returns(net)
    return {
        int(year): {"gross": before[year], "net": after[year]} for year in after.index
    }

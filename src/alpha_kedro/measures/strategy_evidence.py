"""From a ledger's returns to the evidence for each strategy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.prices import price_panel
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.measures.attribution import Attribution
from alpha_kedro.measures.availability import NotAvailable
from alpha_kedro.measures.benchmarks import (
    AS_IT_IS,
    BenchmarkEvidence,
    benchmark_returns,
    lead_lag_correlations,
    measure_benchmarks,
    misaligned,
    year_by_year,
)
from alpha_kedro.measures.evidence import EvidenceSpec, StrategyEvidence
from alpha_kedro.measures.history import monthly_returns, worst_drawdowns
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
    series: Mapping[str, pd.Series] | None = None,
    attributions: Mapping[str, Attribution] | None = None,
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
    series
        Daily returns of further benchmarks by name, indexed by date, such as those of
        the equal-weight universe.
    attributions
        Where the returns of a strategy came from, by strategy, where that is known.

    Returns
    -------
    dict
        `StrategyEvidence` by strategy, in order of name.

    Raises
    ------
    ConfigError
        ``AK-C002`` when there are benchmarks, but not the reference of ``spec``. Any
        other that is missing is null in the summary, with its reason.
    """
    yardsticks = _Yardsticks.of(benchmark, series or {}, spec.compared)
    ledgers = {
        str(name): own.drop(columns="strategy").set_index("date").sort_index()
        for name, own in returns.groupby("strategy", sort=True)
    }
    spread = _variance_of_trials(ledgers)
    return {
        name: _measure(
            name,
            own,
            yardsticks.on(pd.DatetimeIndex(own.index)),
            spec=spec,
            trials=trials,
            spread=spread,
            seed=seed,
            attribution=(attributions or {}).get(name),
        )
        for name, own in ledgers.items()
    }


@dataclass(frozen=True)
class _Yardsticks:
    """Benchmarks by name, the reference first: prices of some, returns of others."""

    names: tuple[str, ...]
    prices: Mapping[str, pd.Series]
    series: Mapping[str, pd.Series]

    @classmethod
    def of(
        cls,
        table: pd.DataFrame | None,
        series: Mapping[str, pd.Series],
        names: tuple[str, ...],
    ) -> "_Yardsticks":
        listed = [] if table is None else list(table["ticker"].unique())
        known = {*listed, *series}
        if listed and names[0] not in known:
            raise unknown_name("benchmark", names[0], sorted(known))
        quoted = set(names) & set(listed) - set(series)
        return cls(
            names, {name: _prices(table, name) for name in sorted(quoted)}, series
        )

    def on(self, dates: pd.DatetimeIndex) -> dict[str, pd.Series]:
        """Return their returns from one of the dates to the next, NaN without one."""
        found = {}
        for name in self.names:
            if name in self.series:
                found[name] = self.series[name].reindex(dates)
            elif name in self.prices:
                found[name] = benchmark_returns(self.prices[name], dates)
        return found


def _prices(benchmark: pd.DataFrame | None, ticker: str) -> pd.Series:
    """Return one benchmark's total-return close, indexed by date."""
    assert benchmark is not None
    panel = price_panel(benchmark[benchmark["ticker"] == ticker])
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
    yardsticks: Mapping[str, pd.Series],
    *,
    spec: EvidenceSpec,
    trials: int,
    spread: float,
    seed: int,
    attribution: Attribution | None,
) -> StrategyEvidence:
    gross, net = ledger["gross_return"], ledger["net_return"]
    dates = pd.DatetimeIndex(ledger.index)
    against = measure_benchmarks(net, yardsticks, spec=spec.risk_match)
    years = year_by_year(gross, net, yardsticks)
    blocks = {"gross": gross, "net": net}
    summary = (
        {side: _block(own, spec=spec, seed=seed) for side, own in blocks.items()}
        | _costs(ledger)
        | _against_reference(net, against)
        | {
            "benchmarks": _against_all(against, spec.compared),
            "attribution": None if attribution is None else attribution.facts(),
            "deflated_sharpe": deflated_sharpe(
                net, trials=trials, trial_variance=spread
            ),
            "trials": trials,
            "by_year": _by_year(years),
            "start": dates[0],
            "end": dates[-1],
            "n_sessions": len(dates),
        }
    )
    return StrategyEvidence(
        name=name,
        returns=ledger.assign(gross_nav=(1 + gross).cumprod()),
        drawdown=pd.Series(drawdown(net), index=dates, name="drawdown"),
        benchmark=next(iter(yardsticks.values()), None),
        summary=summary,
        drawdowns=worst_drawdowns(net, count=spec.worst_drawdowns),
        monthly=monthly_returns(net),
        benchmarks=against,
        years=years,
        attribution=attribution,
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


def _against_reference(
    net: pd.Series, against: Mapping[str, BenchmarkEvidence]
) -> dict[str, Any]:
    if not against:
        return dict.fromkeys(_MARKET_KEYS, NotAvailable("no benchmark"))
    reference = next(iter(against.values()))
    model = reference.relative[AS_IT_IS]
    neighbours = lead_lag_correlations(net, reference.lines[AS_IT_IS])
    numbers = (
        model.beta,
        model.beta_t,
        model.alpha_annual,
        model.alpha_t,
        model.correlation,
    )
    return dict(zip(_MARKET_KEYS, numbers, strict=True)) | {
        "benchmark": reference.name,
        "benchmark_lead_lag": neighbours,
        "benchmark_misaligned": misaligned(neighbours, n=model.n_sessions),
        "n_sessions_benchmark": model.n_sessions,
    }


def _against_all(
    against: Mapping[str, BenchmarkEvidence], wanted: tuple[str, ...]
) -> dict[str, Any]:
    absent = NotAvailable("no such benchmark in this market")
    return {
        name: against[name].facts() if name in against else absent for name in wanted
    }


def _by_year(years: pd.DataFrame) -> dict[int, dict[str, Any]]:
    """Return the numbers of every year by name, those of its benchmarks below it."""
    found: dict[int, dict[str, Any]] = {}
    for row in years.to_dict("records"):
        own = {
            "gross": row["gross_return"],
            "net": row["net_return"],
            "sharpe": row["sharpe"],
            "max_drawdown": row["max_drawdown"],
            "n_sessions": row["n_sessions"],
            "benchmarks": {},
        }
        year = found.setdefault(int(row["year"]), own)
        if row["benchmark"]:
            year["benchmarks"][row["benchmark"]] = {
                "return": row["benchmark_return"],
                "information_ratio": row["information_ratio"],
                "n_sessions": row["n_common"],
            }
    return found

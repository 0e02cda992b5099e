"""What each speed of trading earns after costs, beside the others on the same days."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Float
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.measures import (
    NotAvailable,
    annual_total,
    deflated_sharpe,
    sharpe_interval,
    sharpe_ratio,
)
from alpha_kedro.measures.paired import PairedSharpe, paired_sharpe_differences

COSTS_BPS = (2.0, 5.0, 10.0, 20.0)
"""One-way costs at which speeds are compared, basis points of the traded value."""

_BASIS_POINT = 1e-4
_WEEKS = 252 / 5


@dataclass(frozen=True, eq=False)
class SpeedRun:
    """A backtest of one method at one setting.

    Attributes
    ----------
    method, setting
        Such as ``partial`` and ``rate 0.2``; what has the same method is one line.
    returns
        Daily table: ``gross_return``, ``net_return``, ``turnover`` (one-way, share of
        NAV), and ``date`` as the index or as a column.
    cost_bps
        One-way cost at which it was run, basis points of the traded value.
    heeds_costs
        Whether the method trades otherwise where costs are otherwise. Then a run says
        nothing of other costs.
    """

    method: str
    setting: str
    returns: pd.DataFrame
    cost_bps: float
    heeds_costs: bool = False

    @property
    def name(self) -> str:
        """Return method and setting as one name."""
        return f"{self.method} {self.setting}".strip()

    def dated(self) -> pd.DataFrame:
        """Return the days with a return, indexed by date."""
        table = self.returns
        indexed = table.set_index("date") if "date" in table else table
        return indexed[["gross_return", "net_return", "turnover"]].dropna().sort_index()


def speed_frontier(
    runs: Sequence[SpeedRun],
    *,
    reference: str,
    cost_bps: Sequence[float] = COSTS_BPS,
    seed: int,
    reps: int = 1_000,
    trials: int | None = None,
) -> pd.DataFrame:
    """Compare speeds of trading at several costs.

    Parameters
    ----------
    runs
        Backtests on the same scores, one for each setting, or one for each setting and
        cost; of methods that heed costs, one for each cost.
    reference
        `SpeedRun.name` of the run that all are set beside.
    cost_bps
        One-way costs, basis points of the traded value.
    seed, reps
        Of the resampling; every run is resampled from the same seed.
    trials
        Settings tried in all; default: the number of different names in ``runs``.

    Returns
    -------
    DataFrame
        A row per cost, method and setting, in the order of ``runs``: ``name``,
        ``is_reference``, ``own_run`` (it was run at this cost), ``n_sessions``,
        ``turnover_weekly`` and ``turnover_annual`` (one-way, share of NAV),
        ``gross_sharpe``, ``net_sharpe``, ``ci_low``, ``ci_high`` (95 %),
        ``deflated_sharpe``, ``difference`` (net Sharpe ratio less that of the reference
        at the same cost), ``difference_low``, ``difference_high`` (95 %, on the same
        resampled days) and ``trials``.

    Raises
    ------
    ConfigError
        ``AK-C002`` where no run is called ``reference``, ``AK-C192`` for no runs or two
        of one name and cost, ``AK-C193`` where the reference cannot be had at a cost.

    Notes
    -----
    Over the days that all runs have. A run at another cost is carried over by ``net -
    2 turnover (cost - own cost)``, from the run whose cost is nearest: exact but for
    the compounding of costs into the size of later trades.
    """
    _refuse_unclear(runs, reference)
    tables = [run.dated() for run in runs]
    days = tables[0].index
    for table in tables[1:]:
        days = days.intersection(table.index)
    count = trials if trials is not None else len({run.name for run in runs})
    aligned = [table.loc[days] for table in tables]
    rows: list[dict[str, Any]] = []
    for cost in cost_bps:
        level = _level(runs, aligned, cost)
        if reference not in {each.run.name for each in level}:
            raise _no_reference(reference, cost)
        rows += _rows(level, reference, cost, seed=seed, reps=reps, trials=count)
    return pd.DataFrame(rows)


@dataclass(frozen=True, eq=False)
class _Priced:
    run: SpeedRun
    table: pd.DataFrame
    net: Float
    own_run: bool


def _level(
    runs: Sequence[SpeedRun], tables: Sequence[pd.DataFrame], cost: float
) -> list[_Priced]:
    """Return the books at one cost, each from the run that is nearest to it."""
    order = {
        name: place for place, name in enumerate(dict.fromkeys(r.name for r in runs))
    }
    near = sorted(
        zip(runs, tables, strict=True),
        key=lambda each: (order[each[0].name], abs(each[0].cost_bps - cost)),
    )
    found = []
    for _, same in groupby(near, key=lambda each: each[0].name):
        run, table = next(same)
        own_run = run.cost_bps == cost
        if own_run or not run.heeds_costs:
            more = 2 * table["turnover"] * (cost - run.cost_bps) * _BASIS_POINT
            net = (table["net_return"] - more).to_numpy(dtype=np.float64)
            found.append(_Priced(run, table, net, own_run))
    return found


def _rows(
    level: Sequence[_Priced],
    reference: str,
    cost: float,
    *,
    seed: int,
    reps: int,
    trials: int,
) -> list[dict[str, Any]]:
    other = next(each.net for each in level if each.run.name == reference)
    paired = paired_sharpe_differences(
        np.column_stack([each.net for each in level]), other, seed=seed, reps=reps
    )
    ratios = np.array([sharpe_ratio(each.net, periods_per_year=1) for each in level])
    known = ratios[np.isfinite(ratios)]
    spread = float(known.var(ddof=1)) if len(known) > 1 else 0.0
    return [
        _identity(each, reference, cost)
        | _measured(each, seed=seed, reps=reps)
        | {
            "deflated_sharpe": deflated_sharpe(
                each.net, trials=trials, trial_variance=spread
            )
        }
        | _compared(against)
        | {"trials": trials}
        for each, against in zip(level, paired, strict=True)
    ]


def _identity(each: _Priced, reference: str, cost: float) -> dict[str, Any]:
    return {
        "method": each.run.method,
        "setting": each.run.setting,
        "cost_bps": float(cost),
        "name": each.run.name,
        "is_reference": each.run.name == reference,
        "own_run": each.own_run,
        "n_sessions": len(each.net),
    }


def _measured(each: _Priced, *, seed: int, reps: int) -> dict[str, float]:
    turnover = annual_total(each.table["turnover"])
    low, high = sharpe_interval(each.net, seed=seed, reps=reps)
    return {
        "turnover_weekly": turnover
        if isinstance(turnover, NotAvailable)
        else turnover / _WEEKS,
        "turnover_annual": turnover,
        "gross_sharpe": sharpe_ratio(each.table["gross_return"]),
        "net_sharpe": sharpe_ratio(each.net),
        "ci_low": low,
        "ci_high": high,
    }


def _compared(against: PairedSharpe) -> dict[str, float]:
    return {
        "difference": against.difference,
        "difference_low": against.low,
        "difference_high": against.high,
    }


def _refuse_unclear(runs: Sequence[SpeedRun], reference: str) -> None:
    keys = [(run.name, run.cost_bps) for run in runs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice or not runs:
        raise ConfigError(
            "AK-C192",
            "speeds of trading cannot be compared",
            where=[f"{name} at {cost:g} bps" for name, cost in twice],
            got="two runs of one name and cost" if twice else "no runs",
            wanted="one run of each name and cost",
        )
    if reference not in {run.name for run in runs}:
        raise unknown_name("run", reference, {run.name for run in runs})


def _no_reference(reference: str, cost: float) -> ConfigError:
    return ConfigError(
        "AK-C193",
        "the run that others are set beside was not run at this cost, and heeds costs",
        where=[f"{reference} at {cost:g} bps"],
        fix="run it at this cost as well, or choose a reference that heeds no costs",
    )

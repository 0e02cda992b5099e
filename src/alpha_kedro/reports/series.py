"""The lines that several charts share, read off the evidence."""

import pandas as pd

from alpha_kedro.measures import StrategyEvidence

IC_WINDOW = 60
"""Decision dates in the rolling mean of the coefficients."""


def growth(strategy: StrategyEvidence) -> pd.DataFrame:
    """Return growth of 1: net, gross and, where there is one, the benchmark.

    Returns
    -------
    DataFrame
        Indexed by date. On a date whose benchmark return is missing the benchmark has
        no value; it stands still over the gap and nothing is filled. What is worth
        nothing any more is NaN: a log scale has no place for it.
    """
    lines = pd.DataFrame(
        {"net": strategy.returns["nav"], "gross": strategy.returns["gross_nav"]}
    )
    if strategy.benchmark is not None and strategy.benchmark.notna().any():
        lines = lines.assign(benchmark=(1 + strategy.benchmark).cumprod())
    return lines.where(lines > 0)


def rolling_mean(rank_ic: pd.Series, *, window: int = IC_WINDOW) -> pd.Series:
    """Return the mean of the last ``window`` known values."""
    known = rank_ic.dropna()
    return known.rolling(window).mean().reindex(rank_ic.index)


def rebalances(strategy: StrategyEvidence) -> pd.DataFrame:
    """Return turnover and cost (share of NAV) of the sessions with trades."""
    returns = strategy.returns
    return returns.loc[returns["turnover"] > 0, ["turnover", "cost"]]

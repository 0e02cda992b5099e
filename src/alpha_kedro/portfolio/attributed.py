"""The books of every strategy, made ready to be attributed: who earned what, when."""

from dataclasses import replace

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Bool, Float, Int, Tickers
from alpha_kedro.measures.attribution import Attribution, DailyBooks, attribute
from alpha_kedro.measures.factor_model import FactorModel, fit_factor_model
from alpha_kedro.measures.risk_factors import factor_exposures
from alpha_kedro.portfolio.backtest_result import BacktestResult
from alpha_kedro.portfolio.backtests import BacktestTables
from alpha_kedro.portfolio.traded_market import TradedMarket

CASH = "CASH"
"""The name under which interest earned and paid is booked: no ticker has it."""


def attribute_all(
    books: BacktestTables,
    *,
    members: Bool,
    sector_names: list[str],
    value: Float | None = None,
) -> dict[str, Attribution]:
    """Split the returns of every strategy by leg, sector, name, source and factor.

    Parameters
    ----------
    books
        The backtests and the market they were run on.
    members
        (n_dates, n_tickers) who belonged to the universe, on the axes of the market:
        among them factor returns are measured.
    sector_names
        Names of the market's sector codes.
    value
        (n_dates, n_tickers) cheapness known at each close, such as book to price; None:
        value is no factor.

    Returns
    -------
    dict
        `Attribution` by strategy. Outcome data: it explains, and decides nothing.
    """
    factors = _factors(books.market, members, value)
    return {
        name: attribute(
            daily_books(result),
            sectors=_groups(result),
            sector_names=sector_names,
            factors=_among(factors, np.append(result.axes.tickers, CASH)),
        )
        for name, result in books.results.items()
    }


def daily_books(result: BacktestResult) -> DailyBooks:
    """Return who held, earned and paid what in each session of a backtest.

    Notes
    -----
    The first session has no close before it and nothing that could have earned. After a
    wipe-out nothing is held, and nothing that is decided earns anything.
    """
    statement, axes, market = result.simulation.statement, result.axes, result.market
    start = len(market.axes.dates) - len(axes.dates)
    held = statement.holdings
    before = np.zeros_like(held)
    before[1:] = held[:-1]
    close = market.prices["close"][start:].astype(np.float64)
    alive = np.append(1.0, statement.nav[:-1])[:, np.newaxis] > 0
    moved = np.where(alive, _close_to_close(market, start), np.nan)
    since = np.where(alive, _since_the_fill(market, close, start), np.nan)
    return DailyBooks(
        dates=axes.dates,
        tickers=np.append(axes.tickers, CASH),
        contributions=np.column_stack([statement.contributions, statement.interest]),
        costs=np.column_stack([statement.costs, statement.costs_by_kind["financing"]]),
        weights=_with_cash(before),
        returns=_with_cash(moved, np.nan),
        targets=_with_cash(_in_force(result, lag=market.simulation.lag)),
        intraday=_with_cash(since, np.nan),
        holdings=_with_cash(held),
    )


def _factors(market: TradedMarket, members: Bool, value: Float | None) -> FactorModel:
    fields = market.prices.fields
    volume = fields.get("dollar_volume", np.ones(market.axes.shape))
    exposures = factor_exposures(
        market.axes.dates,
        np.append(market.axes.tickers, CASH),
        _with_cash(fields["close"].astype(np.float64), np.nan),
        _with_cash(volume.astype(np.float64), np.nan),
        universe=np.pad(members, ((0, 0), (0, 1))),
        value=None if value is None else _with_cash(value, np.nan),
    )
    moved = _with_cash(_close_to_close(market, start=0), np.nan)
    return _from_the_first(fit_factor_model(exposures, moved), market)


def _from_the_first(factors: FactorModel, market: TradedMarket) -> FactorModel:
    """Return the model with the market's first session, in which nothing is earned."""
    return replace(
        factors,
        dates=market.axes.dates,
        exposures=np.insert(factors.exposures, 0, 0.0, axis=0),
        returns=np.insert(factors.returns, 0, 0.0, axis=0),
        r_squared=np.insert(factors.r_squared, 0, np.nan),
    )


def _among(factors: FactorModel, tickers: Tickers) -> FactorModel:
    """Return the model of the columns a strategy was run on."""
    columns = pd.Index(factors.tickers).get_indexer(pd.Index(tickers))
    if len(columns) == len(factors.tickers):
        return factors
    exposures = factors.exposures[:, :, columns]
    return replace(factors, tickers=tickers, exposures=exposures)


def _groups(result: BacktestResult) -> Int:
    """Return sector codes on the axes of the books; cash is in none."""
    groups = result.market.groups[-len(result.axes.dates) :]
    return np.pad(groups, ((0, 0), (0, 1)), constant_values=-1)


def _with_cash(values: Float, of_cash: float = 0.0) -> Float:
    column = np.full(len(values), of_cash)
    return np.column_stack([values, column])


def _close_to_close(market: TradedMarket, start: int) -> Float:
    close = market.prices["close"].astype(np.float64)
    moved = np.full(close.shape, np.nan)
    moved[1:] = close[1:] / close[:-1] - 1
    return moved[start:]


def _since_the_fill(market: TradedMarket, close: Float, start: int) -> Float:
    fill = market.tape.fill[start:]
    since: Float = close / np.where(fill > 0, fill, np.nan) - 1
    return since


def _in_force(result: BacktestResult, *, lag: int) -> Float:
    """Return (n_dates, n_tickers) the targets in force after each session's fill."""
    n_dates = len(result.axes.dates)
    rows = np.fromiter(result.targets, dtype=np.int64) + lag
    due = np.searchsorted(rows, np.arange(n_dates), side="right") - 1
    targets = np.vstack([result.target_weights, np.zeros(len(result.axes.tickers))])
    return targets[due]  # -1 is the last row: nothing was due yet

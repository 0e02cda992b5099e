"""How much money a strategy can run: its net Sharpe ratio against the NAV."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.measures import annual_total, sharpe_interval, sharpe_ratio

CAPITALS = (1e6, 3e6, 1e7, 3e7, 1e8, 3e8, 1e9)


class TradedBook(Protocol):
    """What a curve reads of a simulation."""

    @property
    def returns(self) -> pd.DataFrame:
        """Return gross_return, cost, net_return and turnover by date."""

    @property
    def bills(self) -> pd.DataFrame:
        """Return (date x kind) costs, share of NAV."""

    @property
    def trades(self) -> pd.DataFrame:
        """Return (date x ticker) signed trades."""

    @property
    def notes(self) -> pd.DataFrame:
        """Return the long table date, note, count."""


Run = Callable[[float], TradedBook | pd.Series]
"""A backtest of everything but its size: from the NAV at the start to the books."""


@dataclass(frozen=True)
class _Books:
    """What is taken from one run."""

    returns: pd.DataFrame
    bills: pd.DataFrame = field(default_factory=pd.DataFrame)
    unfilled: float = np.nan


def capacity_curve(
    run: Run,
    capitals: Iterable[float] = CAPITALS,
    *,
    seed: int = 0,
    reps: int = 2_000,
) -> pd.DataFrame:
    """Run a strategy with more and more money.

    Parameters
    ----------
    run
        Takes the NAV at the start, in the currency of the prices, and returns the
        books, or a series of net returns by date. Scores, spec and seed are to be the
        same for every NAV; costs need an impact, or nothing depends on it.
    capitals
        NAVs at the start, ascending.
    seed
        Of the resampling; the same for every NAV, so that the intervals of two differ
        by their returns alone.
    reps
        Resampled series behind each interval.

    Returns
    -------
    DataFrame
        One row per NAV: ``capital``; ``net_sharpe`` with ``ci_low`` and ``ci_high``
        (95 %), ``gross_sharpe``; ``net_return_annual``, ``cost_annual`` and
        ``cost_<kind>_annual`` (decimals a year), ``turnover_annual`` (one-way, share of
        NAV); ``unfilled_share`` (orders that ended before they were done, of all). NaN
        for what a series of net returns does not say.

    Raises
    ------
    ConfigError
        ``AK-C171`` for capitals that are not positive and ascending.
    SimulationError
        ``AK-S010`` for runs that do not cover the same sessions, or miss returns.
    """
    amounts = _checked_capitals(capitals)
    books = [_books_of(run(capital)) for capital in amounts]
    _refuse_other_sessions(amounts, books)
    rows = [
        {"capital": capital} | _judged(each, seed=seed, reps=reps)
        for capital, each in zip(amounts, books, strict=True)
    ]
    return pd.DataFrame(rows).astype("float64")


def capacity_at(curve: pd.DataFrame, *, sharpe: float = 0.0) -> float:
    """Return the NAV at which the net Sharpe ratio falls to ``sharpe``.

    Parameters
    ----------
    curve
        See `capacity_curve`.
    sharpe
        Annualised.

    Returns
    -------
    float
        Between two NAVs of the curve, linear in the logarithm of the NAV. 0 where the
        smallest book is not above ``sharpe``, infinite where the largest still is.
    """
    above = curve["net_sharpe"].to_numpy() > sharpe
    if above.all():
        return np.inf
    first = int(above.argmin())
    if first == 0:
        return 0.0
    low, high = curve["net_sharpe"].iloc[[first, first - 1]]
    logs = np.log(curve["capital"].iloc[[first, first - 1]])
    return float(np.exp(np.interp(sharpe, [low, high], logs)))


def _checked_capitals(capitals: Iterable[float]) -> list[float]:
    amounts = [float(capital) for capital in capitals]
    steps = np.diff([0.0, *amounts])
    if not amounts or not np.all(np.isfinite(steps) & (steps > 0)):
        raise ConfigError(
            "AK-C171",
            "a capacity curve along NAVs that do not ascend",
            got=", ".join(f"{amount:g}" for amount in amounts) or "none",
            wanted="amounts above 0, each above the one before",
            fix="sort the capitals and name each once",
        )
    return amounts


def _books_of(earned: TradedBook | pd.Series) -> _Books:
    if isinstance(earned, pd.Series):
        return _Books(earned.rename("net_return").to_frame())
    return _Books(earned.returns, earned.bills, _unfilled_share(earned))


def _unfilled_share(books: TradedBook) -> float:
    counts = books.notes.groupby("note")["count"].sum()
    cut, lapsed = (int(counts.get(note, 0)) for note in ("partly_filled", "unfilled"))
    finished = np.count_nonzero(books.trades) - cut
    orders = finished + lapsed
    return lapsed / orders if orders else 0.0


def _refuse_other_sessions(capitals: list[float], books: list[_Books]) -> None:
    sessions = books[0].returns.index
    other = [
        f"{capital:g}"
        for capital, each in zip(capitals, books, strict=True)
        if not each.returns.index.equals(sessions)
        or not np.isfinite(each.returns["net_return"]).all()
    ]
    if other:
        raise SimulationError(
            "AK-S010",
            "runs of one strategy at several NAVs that cannot be compared",
            where=[f"capital {capital}" for capital in other],
            wanted=f"a finite net return on each of {len(sessions)} sessions",
            fix="run every NAV over the same sessions",
        )


def _judged(books: _Books, *, seed: int, reps: int) -> dict[str, float]:
    returns = books.returns
    net = returns["net_return"].to_numpy()
    low, high = sharpe_interval(net, seed=seed, reps=reps)
    found = {
        "net_sharpe": sharpe_ratio(net),
        "ci_low": low,
        "ci_high": high,
        "gross_sharpe": np.nan,
        "net_return_annual": annual_total(net),
        "cost_annual": np.nan,
        "turnover_annual": np.nan,
        "unfilled_share": books.unfilled,
    }
    if "cost" in returns:
        found["gross_sharpe"] = sharpe_ratio(returns["gross_return"].to_numpy())
        found["cost_annual"] = annual_total(returns["cost"].to_numpy())
        found["turnover_annual"] = annual_total(returns["turnover"].to_numpy())
    by_kind = {
        f"cost_{kind}_annual": annual_total(books.bills[kind].to_numpy())
        for kind in books.bills
    }
    return found | by_kind

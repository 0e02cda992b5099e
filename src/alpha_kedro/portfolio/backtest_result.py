"""What came of a strategy that was run over history."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Bool, Float, Int, Tickers, gather
from alpha_kedro.portfolio.account import Sleeve
from alpha_kedro.portfolio.policy import Targets
from alpha_kedro.portfolio.simulation import Simulation
from alpha_kedro.portfolio.traded_market import TradedMarket


@dataclass(frozen=True)
class BacktestResult:
    """What a strategy decided and what that earned.

    Attributes
    ----------
    targets
        Every decision by its row on ``axes``.
    axes
        Sessions from the first decision on, and the tickers.
    simulation
        The books, from the first decision on.
    universe
        (n_decisions, n_tickers) names the strategy was asked about.
    market
        What it was run on, from before the first decision.
    hedges
        Tickers it, or a member of it, hedges with.
    """

    targets: Mapping[int, Targets]
    axes: Axes
    simulation: Simulation
    universe: Bool
    market: TradedMarket
    hedges: frozenset[str] = frozenset()

    @property
    def returns(self) -> pd.DataFrame:
        """Return the returns with ``date`` as a column."""
        return self.simulation.returns.reset_index()

    @property
    def notes(self) -> pd.DataFrame:
        """Return the long table date, note, count: of decisions, rates and books.

        `Targets.notes`, `KnownRates.notes` at each decision, `Simulation.notes`.
        """
        return self.simulation.notes

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Return the long table date (of the decision), ticker, weight.

        A row for every name asked about, zero where it is not wanted, and for every
        other name that is.
        """
        weights = self.target_weights
        keep = self.universe | (weights != 0)
        return gather(self._decision_axes, {"weight": weights}, keep=keep)

    @property
    def target_weights(self) -> Float:
        """Return (n_decisions, n_tickers) target shares of NAV."""
        return np.stack([target.weights for target in self.targets.values()])

    @property
    def changes(self) -> pd.DataFrame:
        """Return the long table date, place, overlay, changed: what each overlay did.

        ``place`` counts the kinds of a decision in the order in which they are applied;
        ``changed`` is half the sum of absolute changes of weights, share of NAV.
        """
        rows = [
            (self.axes.dates[row], place, overlay, changed)
            for row, target in self.targets.items()
            for place, (overlay, changed) in enumerate(target.changes.items())
        ]
        types = {
            "date": "datetime64[us]",
            "place": "int64",
            "overlay": "str",
            "changed": "float64",
        }
        return pd.DataFrame(rows, columns=list(types)).astype(types)

    @property
    def _decision_axes(self) -> Axes:
        return Axes(self.axes.dates[list(self.targets)], self.axes.tickers)

    def sleeve(self, date: np.datetime64, tickers: Tickers) -> Sleeve:
        """Return what a combination may know of this book at the close of ``date``.

        Parameters
        ----------
        date
            A session; before the first decision the book is cash.
        tickers
            The names of the combination, in whose order weights are given.
        """
        row = int(self.axes.rows_of([date])[0])
        target = self.targets.get(row)
        weights = np.zeros(len(tickers))
        if row < 0:
            return Sleeve(weights, np.empty(0))
        books = self.simulation.books
        own = books.holdings(row) if target is None else target.weights
        weights[self._columns_among(tuple(tickers))] = own
        net = self.simulation.returns["net_return"].to_numpy()
        return Sleeve(weights, net[1 : row + 1])

    def _columns_among(self, tickers: tuple[str, ...]) -> Int:
        """Return where the names of this book stand among others; asked each close."""
        if tickers not in self._places:
            places = {name: column for column, name in enumerate(tickers)}
            own = [places[name] for name in self.axes.tickers]
            self._places[tickers] = np.array(own, dtype=np.int64)
        return self._places[tickers]

    @cached_property
    def _places(self) -> dict[tuple[str, ...], Int]:
        return {}

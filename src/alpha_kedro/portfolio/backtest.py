"""A strategy run over history: decide at each close, trade at a later fill."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import SimulationError, placed
from alpha_kedro.core.panel import Axes, Bool, Float, Int, Panel
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.backtest_result import BacktestResult
from alpha_kedro.portfolio.costs import CostRates, CostSpec
from alpha_kedro.portfolio.policy import Targets, decide
from alpha_kedro.portfolio.simulation import (
    Books,
    Event,
    Order,
    Simulation,
    SimulationSpec,
    events_beyond_the_end,
    refuse_decisions_off,
    refuse_strangers,
)
from alpha_kedro.portfolio.strategy import StrategySpec
from alpha_kedro.portfolio.traded_market import TradedMarket


def run_backtest(
    prices: Panel,
    scores: pd.DataFrame,
    *,
    sectors: pd.DataFrame | None = None,
    benchmarks: pd.DataFrame | None = None,
    exit_returns: Float | None = None,
    spec: StrategySpec,
    costs: CostSpec | CostRates,
    simulation: SimulationSpec,
    seed: int = 0,
) -> BacktestResult:
    """Trade one model's scores from the first decision to the last price.

    Parameters
    ----------
    prices
        `alpha_kedro.core.prices.price_panel`: total-return ``open``, ``close``, and
        ``traded``; ``shortable``, ``dollar_volume`` where known.
    scores
        Long table date, ticker, score. Every date in it is a decision date and every
        name in it belongs to the universe of that date; NaN is a missing score.
    sectors
        Table ticker, sector; start and end where labels are dated, and each decision
        then takes those of its day. Without it, or for a name not in it, the sector is
        unknown, and a sector-neutral strategy does not trade the name.
    benchmarks
        Bars of the benchmarks that overlays look at or hedge with.
    exit_returns
        (n_tickers,) return of each delisted name after its last close, decimal, as
        `alpha_kedro.core.prices.exit_returns_of` gives it. None:
        ``simulation.delisting_return`` for all.
    spec
        The strategy.
    costs
        How costs are reckoned, or rates on the axes of ``prices``.
    simulation
        How orders are filled.
    seed
        Of the order among equal scores.

    Returns
    -------
    BacktestResult
        The NAV is 1 at the first decision; that row has no return yet.

    Raises
    ------
    SimulationError
        ``AK-S003`` and ``AK-S004`` for scores on days or of names without prices,
        ``AK-S002`` for caps that cannot be met, ``AK-S006`` for impossible prices.
    ConfigError
        ``AK-C040`` for ``lag: 0``.

    Notes
    -----
    At the close of a decision date `decide` sees the scores of that date, the drifted
    holdings, and the market up to that close. Nothing dated later is handed to it. The
    first purchase is charged like any trade; the book is sold at the end only with
    ``liquidate_at_end``.
    """
    market = TradedMarket.of(
        prices,
        sectors=sectors,
        benchmarks=benchmarks,
        instruments=spec.instruments,
        exit_returns=exit_returns,
        costs=costs,
        simulation=simulation,
    )
    return trade(market, scores, spec=spec, seed=seed)


def trade(
    market: TradedMarket,
    scores: pd.DataFrame,
    *,
    spec: StrategySpec,
    members: Mapping[str, BacktestResult] | None = None,
    seed: int = 0,
) -> BacktestResult:
    """Trade one strategy on a market laid out before; `run_backtest` otherwise.

    Parameters
    ----------
    members
        The finished backtests of the strategies a combination is made of, by name.
    """
    desk = _Desk.of(market, scores, spec=spec, members=members or {}, seed=seed)
    books, targets = desk.run()
    simulation = Simulation.of(books, desk.axes, events=_events(targets, desk))
    return BacktestResult(
        targets, desk.axes, simulation, desk.universe, market, desk.hedges
    )


@dataclass(frozen=True, eq=False)
class _Desk:
    """Cuts for each decision what may be known at its close, and has it filled.

    Rows are counted on the market's axes; ``start`` is that of the first decision.
    """

    market: TradedMarket
    scores: Float
    universe: Bool
    rows: Int
    spec: StrategySpec
    members: Mapping[str, BacktestResult]
    seed: int

    @classmethod
    def of(
        cls,
        market: TradedMarket,
        scores: pd.DataFrame,
        *,
        spec: StrategySpec,
        members: Mapping[str, BacktestResult],
        seed: int,
    ) -> "_Desk":
        sections = _cross_sections(scores, market.axes)
        return cls(
            market=market,
            scores=sections["score"],
            universe=np.isfinite(sections["row"]),
            rows=market.axes.rows_of(sections.dates),
            spec=spec,
            members=members,
            seed=seed,
        )

    @property
    def start(self) -> int:
        return int(self.rows[0])

    @cached_property
    def hedges(self) -> frozenset[str]:
        """Return what the strategy, or a member of it, hedges with."""
        own = frozenset(self.spec.instruments)
        return own.union(*(each.hedges for each in self.members.values()))

    @property
    def axes(self) -> Axes:
        whole = self.market.axes
        return Axes(whole.dates[self.start :], whole.tickers)

    def run(self) -> tuple[Books, dict[int, Targets]]:
        """Fill what is due, keep the books, decide where there are scores."""
        market, lag = self.market, self.market.simulation.lag
        books = Books(
            market.tape.since(self.start),
            market.charged.since(self.start),
            market.simulation,
        )
        targets: dict[int, Targets] = {}
        waiting: deque[tuple[int, Order]] = deque()
        for place, row in enumerate(self.rows - self.start):
            _pass_to(books, row + 1, waiting)
            holdings = _once_filled(books.holdings(row), waiting)
            targets[int(row)] = target = self._decide(place, books, holdings, targets)
            keep = target.weights == holdings
            waiting.append((row + lag, Order(target.weights, keep & (holdings != 0))))
        _pass_to(books, len(self.axes.dates), waiting)
        return books, targets

    def _decide(
        self,
        place: int,
        books: Books,
        holdings: Float,
        targets: Mapping[int, Targets],
    ) -> Targets:
        row = int(self.rows[place])
        at = row - self.start
        axes = self.market.axes
        as_of = axes.dates[row]
        nav = books.nav[: at + 1]
        market = self.market.state(
            row,
            universe=self.universe[place],
            nav=float(nav[-1]),
            past_scores=self.scores[:place],
            past_decisions=self.rows[:place],
            hedges=self.hedges,
        )
        account = Account(
            holdings=holdings,
            nav=nav,
            past_aims=self._remembered(targets),
            sleeves={
                name: each.sleeve(as_of, axes.tickers)
                for name, each in self.members.items()
            },
        )
        with placed(f"the decision of {pd.Timestamp(as_of):%Y-%m-%d}"):
            return decide(
                as_of,
                self.scores[place],
                account,
                market,
                spec=self.spec,
                seed=self.seed,
            )

    def _remembered(self, targets: Mapping[int, Targets]) -> Float | None:
        memory = self.spec.memory
        last = list(targets.values())[-memory:] if memory else []
        return np.stack([target.aim for target in last]) if last else None


def _once_filled(holdings: Float, waiting: Iterable[tuple[int, Order]]) -> Float:
    """Return the holdings as they will be once the orders under way are filled.

    With a lag above the distance of decisions some are: what they ask for is not to be
    asked for again.
    """
    for _, order in waiting:
        assert order.keep is not None
        holdings = np.where(order.keep, holdings, order.weights)
    return holdings


def _pass_to(books: Books, stop: int, waiting: deque[tuple[int, Order]]) -> None:
    """Keep the books up to ``stop``, filling every order that is due before it."""
    while waiting and waiting[0][0] < stop:
        due, order = waiting.popleft()
        books.advance(due)
        after = waiting[0][0] if waiting else stop
        books.advance(min(after, stop), order)
    books.advance(stop)


def _cross_sections(scores: pd.DataFrame, prices: Axes) -> Panel:
    """Spread the scores over their own dates and the tickers of the prices."""
    if scores.empty:
        raise SimulationError(
            "AK-S008",
            "there are no scores to trade",
            wanted="a table date, ticker, score",
            fix="check that the strategy names a model that has predictions",
        )
    axes = Axes.of_table(scores)
    refuse_decisions_off(prices, pd.DatetimeIndex(axes.dates))
    refuse_strangers(prices, axes.tickers, "scores")
    axes = Axes(axes.dates, prices.tickers)
    return Panel.from_table(scores.assign(row=1.0), ["score", "row"], axes=axes)


def _events(targets: Mapping[int, Targets], desk: _Desk) -> list[Event]:
    left_out = [
        Event(row, note, count)
        for row, target in targets.items()
        for note, count in target.notes.items()
    ]
    guessed = [
        Event(row, note, int(counts[row + desk.start]))
        for note, counts in desk.market.known.notes.items()
        for row in targets
        if counts[row + desk.start]
    ]
    weights = {row: target.weights for row, target in targets.items()}
    lag = desk.market.simulation.lag
    return left_out + guessed + events_beyond_the_end(weights, desk.axes, lag)

"""What a decision may know of the market: everything ends at the close of its day."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Bool, Dates, Float, Int, Tickers
from alpha_kedro.core.registry import nearest
from alpha_kedro.portfolio.account import read_only
from alpha_kedro.portfolio.costs import NextRates

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class MarketState:
    """The market as it stands when a session has closed, read-only.

    Attributes
    ----------
    tickers
        (n_tickers,) names.
    universe
        (n_tickers,) True where a score is asked for; the others are no part of the
        cross-section, and a position in them is closed, unless an overlay wants it.
    groups
        (n_tickers,) sector code, negative where unknown.
    tradable
        (n_tickers,) True where the name had a bar and no halt in the session of
        ``as_of``.
    close
        (n_past, n_tickers) total-return closes, NaN where there is no bar; the last row
        is that of ``as_of``. Without rows where no history was given.
    dollar_volume
        (n_past, n_tickers) traded value in currency, NaN where there is no bar.
    dates
        (n_past,) sessions of the rows.
    benchmarks
        (n_past,) closes of each benchmark by ticker, NaN before it starts.
    rates
        What trading would cost at the next fill; None where that is not known.
    past_scores
        (n_decisions, n_tickers) scores of earlier decisions, oldest first, without
        today's; NaN where there was none.
    past_decisions
        (n_decisions,) their rows in ``close``.
    capital
        NAV in currency; None where orders are taken to be small beside the market.
    hedges
        (n_tickers,) True for what the strategy hedges with; empty where it does not.
    """

    tickers: Tickers
    universe: Bool
    groups: Int
    tradable: Bool
    close: Float = field(default_factory=lambda: np.empty((0, 0)))
    dollar_volume: Float = field(default_factory=lambda: np.empty((0, 0)))
    dates: Dates = field(default_factory=lambda: np.empty(0, "datetime64[us]"))
    benchmarks: Mapping[str, Float] = field(default_factory=dict)
    rates: NextRates | None = None
    past_scores: Float = field(default_factory=lambda: np.empty((0, 0)))
    past_decisions: Int = field(default_factory=lambda: np.empty(0, np.int64))
    capital: float | None = None
    hedges: Bool = field(default_factory=lambda: np.empty(0, np.bool_))
    _measured: dict[Hashable, Any] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, read_only(value))

    @property
    def names(self) -> Bool:
        """Return (n_tickers,) the universe without what the strategy hedges with."""
        if not len(self.hedges):
            return self.universe
        chosen: Bool = self.universe & ~self.hedges
        return chosen

    def once(self, key: Hashable, measure: Callable[[], T]) -> T:
        """Return what was measured under ``key``, measuring it the first time.

        Several steps of one decision look at the same exposures.
        """
        if key not in self._measured:
            self._measured[key] = measure()
        found: T = self._measured[key]
        return found

    def returns(self, window: int) -> Float:
        """Return the last simple returns from close to close, oldest first.

        Returns
        -------
        (window, n_tickers) float64
            NaN where either close is missing; fewer rows where history is shorter.
        """
        levels = self.close[-(window + 1) :]
        if len(levels) < 2:
            return np.empty((0, len(self.tickers)))
        moved: Float = levels[1:] / levels[:-1] - 1
        return moved

    def volatility(self, window: int, *, min_share: float = 0.8) -> Float:
        """Return the deviation (ddof 1) per session of each name's last returns.

        Returns
        -------
        (n_tickers,) float64
            NaN with fewer than ``min_share`` of ``window`` returns.
        """
        moved = self.returns(window)
        known = np.isfinite(moved)
        count = known.sum(axis=0)
        spread = np.full(len(self.tickers), np.nan)
        enough = count >= max(2, int(np.ceil(min_share * window)))
        if enough.any():
            own = np.where(known, moved, 0.0)[:, enough]
            mean = own.sum(axis=0) / count[enough]
            off = np.where(known[:, enough], own - mean, 0.0)
            spread[enough] = np.sqrt((off**2).sum(axis=0) / (count[enough] - 1))
        return spread

    def adv(self, window: int) -> Float:
        """Return (n_tickers,) mean traded value; a session without a bar counts zero.

        Zero where no history was given.
        """
        traded = self.dollar_volume[-window:]
        if not len(traded):
            return np.zeros(len(self.tickers))
        mean: Float = np.nan_to_num(traded).sum(axis=0) / len(traded)
        return mean

    def benchmark_returns(self, name: str, window: int) -> Float:
        """Return (window,) simple returns of a benchmark, NaN where it has no close.

        Raises
        ------
        SimulationError
            ``AK-S040`` where there is no such benchmark.
        """
        levels = self.benchmark(name)[-(window + 1) :]
        moved: Float = levels[1:] / levels[:-1] - 1
        return moved

    def benchmark(self, name: str) -> Float:
        """Return (n_past,) closes of a benchmark.

        Raises
        ------
        SimulationError
            ``AK-S040`` where there is no such benchmark.
        """
        if name not in self.benchmarks:
            close = nearest(name, self.benchmarks)
            raise SimulationError(
                "AK-S040",
                f"a strategy looks at the benchmark {name}, which is not there",
                got=", ".join(sorted(self.benchmarks)) or "no benchmarks",
                wanted=f"{close!r}?" if close else None,
                fix="name another benchmark in the strategy, or ingest this one",
            )
        return self.benchmarks[name]

    @property
    def sessions_per_decision(self) -> float:
        """Return the mean number of sessions between decisions so far, NaN for one."""
        rows = self.past_decisions
        if not len(rows):
            return float("nan")
        return float(len(self.close) - 1 - rows[0]) / len(rows)

"""What an attribution is made from: who earned what in each session, and who was held.

Everything is a share of the NAV at the close before the session, so that the names of a
session add up to its return.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Dates, Float, Tickers

_TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class DailyBooks:
    """The books of one portfolio, session by session and name by name.

    Attributes
    ----------
    dates, tickers
        (n_dates,) sessions, ascending, and (n_tickers,) names.
    contributions
        (n_dates, n_tickers) profit of each name before costs, share of the NAV before
        the session. They add up to the gross return.
    costs
        Of the same shape and unit: what was charged for each name. They add up to the
        cost of the session.
    weights
        Of the same shape: held at the close before the session, share of NAV.
    returns
        Of the same shape: total return from close to close, NaN where either is
        missing. None: no attribution by source and by factor.
    targets
        Of the same shape: target weights in force after the open of the session, that
        is of the latest decision due by then; 0 before the first. None: no attribution
        by source.
    intraday
        Of the same shape: return from the fill to the close. With it, what a new
        decision earned on the day of its fill counts as decision; without, as fill.
    holdings
        Of the same shape: held at the close of the session, share of NAV. It tells the
        side of a name bought that day; None: from the next row of ``weights``.

    Raises
    ------
    SimulationError
        ``AK-S060`` shapes that differ, ``AK-S061`` a number that is missing where the
        books must have one.
    """

    dates: Dates
    tickers: Tickers
    contributions: Float
    costs: Float
    weights: Float
    returns: Float | None = None
    targets: Float | None = None
    intraday: Float | None = None
    holdings: Float | None = None

    def __post_init__(self) -> None:
        for name in ("contributions", "costs", "weights", *_OPTIONAL):
            values = getattr(self, name)
            if values is None:
                continue
            self.refuse_other_shape(name, values)
            if name not in _MAY_MISS:
                self._refuse_missing(name, values)

    @property
    def shape(self) -> tuple[int, int]:
        """Return (n_dates, n_tickers)."""
        return len(self.dates), len(self.tickers)

    @property
    def gross(self) -> Float:
        """Return the (n_dates,) return before costs."""
        return np.asarray(self.contributions.sum(axis=1))

    @property
    def net(self) -> Float:
        """Return the (n_dates,) return after costs."""
        return np.asarray(self.gross - self.costs.sum(axis=1))

    @property
    def sides(self) -> npt.NDArray[np.int8]:
        """Return 1 for names held long in the session, -1 short, 0 neither.

        A name that crosses sides at the open counts with the side it came from.
        """
        after = self.holdings
        if after is None:
            after = np.zeros(self.shape)
            after[:-1] = self.weights[1:]
        held = np.where(self.weights != 0, self.weights, after)
        if self.targets is not None:
            held = np.where(held != 0, held, self.targets)
        return np.sign(held).astype(np.int8)

    def reconcile(self, gross_return: Float, cost: Float) -> None:
        """Hold the books against the returns that a ledger reported.

        Raises
        ------
        SimulationError
            ``AK-S062`` where a session differs by more than 1e-12 of the NAV.
        """
        gaps = {
            "gross_return": self.gross - gross_return,
            "cost": self.costs.sum(axis=1) - cost,
        }
        for name, gap in gaps.items():
            wrong = np.flatnonzero(~(np.abs(gap) <= _TOLERANCE))
            if len(wrong):
                raise SimulationError(
                    "AK-S062",
                    f"the names of a session do not add up to its {name}",
                    where=[str(self.dates[row])[:10] for row in wrong],
                    got=f"a gap of {gap[wrong[0]]:.3g} of NAV",
                    wanted=f"at most {_TOLERANCE:g}",
                    fix="hand over every name that was held or charged, none twice",
                )

    def refuse_other_shape(self, name: str, values: npt.NDArray[Any]) -> None:
        """Refuse an array that does not lie on the axes of the books.

        Raises
        ------
        SimulationError
            ``AK-S060``.
        """
        if values.shape != self.shape:
            raise SimulationError(
                "AK-S060",
                f"{name} of the books do not lie on their dates and tickers",
                got=values.shape,
                wanted=self.shape,
                fix="give every array a row per session and a column per ticker",
            )

    def _refuse_missing(self, name: str, values: Float) -> None:
        rows, columns = np.nonzero(~np.isfinite(values))
        if len(rows):
            raise SimulationError(
                "AK-S061",
                f"{name} of the books are not numbers everywhere",
                where=[
                    f"{self.tickers[column]} {str(self.dates[row])[:10]}"
                    for row, column in zip(rows[:6], columns[:6], strict=True)
                ],
                got=f"{len(rows):,} cells that are NaN or infinite",
                wanted="0 where nothing was held, earned or charged",
                fix="fill cells without a position with 0",
            )


_OPTIONAL = ("returns", "targets", "intraday", "holdings")
_MAY_MISS = ("returns", "intraday")

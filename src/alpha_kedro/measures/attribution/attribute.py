"""From daily books to an attribution that adds up, by every dimension that is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Dates, Float, Int
from alpha_kedro.measures.attribution.books import DailyBooks
from alpha_kedro.measures.attribution.breakdown import Breakdown, Frequency
from alpha_kedro.measures.attribution.splits import (
    by_factor,
    by_leg,
    by_name,
    by_sector,
    by_source,
)
from alpha_kedro.measures.factor_model import FactorModel
from alpha_kedro.measures.significance import average

_NEEDS = {
    "sector": "sector codes and their names",
    "source": "returns and targets in the books",
    "factor": "returns in the books and a factor model",
}


@dataclass(frozen=True, eq=False)
class Attribution:
    """Where the net returns of a book came from.

    Every dimension splits the same total, session by session. Periods are linked by
    arithmetic on the NAV: a session counts with the NAV it began with, as profits in
    money do, so the parts of a period add up to its compounded return exactly.

    Attributes
    ----------
    dates
        (n_dates,) sessions.
    gross, net
        (n_dates,) returns before and after costs.
    breakdowns
        `Breakdown` by dimension: ``leg`` and ``name`` always, ``sector``, ``source``
        and ``factor`` where what they need was given.
    exposures
        (date x factor) exposures of the book at the close before; None without factors.
    notes
        What was counted on the way: ``held_without_return`` cells held whose return is
        unknown (their profit is under ``fill`` and ``fill_day``), and the notes of
        the factor model.
    """

    dates: Dates
    gross: Float
    net: Float
    breakdowns: Mapping[str, Breakdown]
    exposures: pd.DataFrame | None
    notes: Mapping[str, int]

    @property
    def by_leg(self) -> pd.DataFrame:
        """Return the long table date, dimension, key, contribution, cost."""
        return self._breakdown("leg").table()

    @property
    def by_sector(self) -> pd.DataFrame:
        """Return the same by sector."""
        return self._breakdown("sector").table()

    @property
    def by_name(self) -> pd.DataFrame:
        """Return the same by name, without cells of 0."""
        return self._breakdown("name").table()

    @property
    def by_source(self) -> pd.DataFrame:
        """Return the same by decision, drift, fill and cost."""
        return self._breakdown("source").table()

    @property
    def by_factor(self) -> pd.DataFrame:
        """Return the same by factor, specific, fill_day and cost."""
        return self._breakdown("factor").table()

    def total(self) -> pd.Series:
        """Return the net return of every session, which each dimension adds up to."""
        dates = pd.DatetimeIndex(self.dates, name="date")
        return pd.Series(self.net, index=dates, name="net_return")

    def cumulative(self, dimension: str) -> pd.DataFrame:
        """Return (date x key) profit so far; the keys add up to NAV - 1."""
        return self._breakdown(dimension).cumulative(self._nav_before)

    def by_period(
        self, dimension: str, *, frequency: Frequency = "year"
    ) -> pd.DataFrame:
        """Return period, dimension, key, contribution; sums are compounded returns."""
        return self._breakdown(dimension).by_period(self._nav_before, frequency)

    def summary(self, *dimensions: str) -> pd.DataFrame:
        """Return what each key brought a year, as `Breakdown.summary` says it.

        Parameters
        ----------
        *dimensions
            Those wanted; all but ``name`` where none is named.
        """
        wanted = dimensions or [each for each in self.breakdowns if each != "name"]
        tables = [self._breakdown(each).summary(self.gross) for each in wanted]
        return pd.concat(tables, ignore_index=True)

    def whole_summary(self) -> pd.DataFrame:
        """Return the same of the net return that every dimension adds up to: a row."""
        net, costs = self.net[:, np.newaxis], (self.gross - self.net)[:, np.newaxis]
        return Breakdown("whole", self.dates, ("net",), net, costs).summary(self.gross)

    def facts(self) -> dict[str, Any]:
        """Return the numbers of a summary: contributions a year by dimension and key.

        By name they are too many: the tables hold them.
        """
        facts: dict[str, Any] = {
            str(dimension): {
                row["key"]: {name: row[name] for name in _FACTS}
                for row in own.to_dict("records")
            }
            for dimension, own in self.summary().groupby("dimension", sort=False)
        }
        mean_exposures = None
        if self.exposures is not None:
            mean_exposures = {
                str(name): average(own) for name, own in self.exposures.items()
            }
        return facts | {"mean_exposures": mean_exposures, "notes": dict(self.notes)}

    @property
    def _nav_before(self) -> Float:
        return np.append(1.0, np.cumprod(1 + self.net)[:-1])

    def _breakdown(self, dimension: str) -> Breakdown:
        if dimension not in self.breakdowns:
            raise SimulationError(
                "AK-S065",
                f"there is no attribution by {dimension}",
                got=", ".join(self.breakdowns),
                wanted=_NEEDS.get(dimension, f"one of {', '.join(self.breakdowns)}"),
                fix="hand `attribute` what the dimension needs",
            )
        return self.breakdowns[dimension]


_FACTS = ("contribution_annual", "share_of_gross", "volatility_annual", "t")


def attribute(
    books: DailyBooks,
    *,
    sectors: Int | None = None,
    sector_names: Sequence[str] = (),
    factors: FactorModel | None = None,
) -> Attribution:
    """Split the returns of a book by everything that is known about it.

    Parameters
    ----------
    books
        Profits, costs and weights by session and name.
    sectors
        (n_dates, n_tickers) dated codes, as `alpha_kedro.core.sectors.sector_codes`
        gives them; negative is unknown. None: no attribution by sector.
    sector_names
        Their names in the order of the codes.
    factors
        What `fit_factor_model` gives, on these sessions and tickers or on more
        sessions. None: no attribution by factor.

    Returns
    -------
    Attribution

    Raises
    ------
    SimulationError
        ``AK-S060`` sectors off the books' axes, ``AK-S063`` sessions or tickers that
        the factor model lacks, ``AK-S064`` books without a session, ``AK-S067`` a
        sector code without a name.

    Notes
    -----
    R. Grinold and R. Kahn, Active Portfolio Management (2000), ch. 17; J. Menchero, An
    Optimized Approach to Linking Attribution Effects over Time, Journal of Performance
    Measurement 5 (2000), for what linking has to keep: here arithmetic on the NAV.
    Exposures and weights are those of the close before a session; the returns they are
    multiplied with are the session's own, so none of this can be traded on.
    """
    _refuse_empty(books)
    breakdowns = {"leg": by_leg(books)}
    if sectors is not None:
        breakdowns["sector"] = by_sector(books, sectors, sector_names)
    breakdowns["name"] = by_name(books)
    exposures, notes = None, {}
    if books.returns is not None:
        returns = np.nan_to_num(books.returns)
        unknown = np.isnan(books.returns) & (books.weights != 0)
        notes["held_without_return"] = int(np.count_nonzero(unknown))
        if books.targets is not None:
            breakdowns["source"] = by_source(books, returns, books.targets)
        if factors is not None:
            model = factors.on(books.dates, books.tickers)
            breakdowns["factor"], held = by_factor(books, returns, model)
            dates = pd.DatetimeIndex(books.dates, name="date")
            exposures = pd.DataFrame(held, dates, pd.Index(model.names, name="factor"))
            notes |= model.notes
    return Attribution(
        books.dates, books.gross, books.net, breakdowns, exposures, notes
    )


def _refuse_empty(books: DailyBooks) -> None:
    if not len(books.dates):
        raise SimulationError(
            "AK-S064",
            "the books hold no session",
            wanted="at least one",
            fix="attribute a strategy that was run over at least one session",
        )

"""What is judged: scores on aligned dates, the returns after them, and who counts."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alpha_kedro.core.panel import Axes, Bool, Float, Int
from alpha_kedro.core.row_order import Codes, row_order
from alpha_kedro.measures.cross_sections import (
    Cells,
    cell_means,
    quantiles_of_ranks,
    row_ranks,
    varies,
)
from alpha_kedro.measures.factor.design import FactorDesign, beyond_history
from alpha_kedro.measures.factor.groups import Groups
from alpha_kedro.measures.row_kernels import buckets_between_edges


@dataclass(frozen=True)
class Judged:
    """One set of outcomes: who has one, and what it was.

    Attributes
    ----------
    scores, returns
        (n_dates, n_tickers) of the names and dates that count, NaN elsewhere.
    reference
        Cells whose mean return is taken off, None to leave returns as they are.
    overlap
        Dates that one outcome spans.
    """

    scores: Float
    returns: Float
    reference: Cells | None
    overlap: int

    @cached_property
    def relative(self) -> Float:
        """Return the returns less the mean of their reference."""
        if self.reference is None:
            return self.returns
        means, _ = cell_means(self.returns, self.reference)
        return self.returns - self.reference.spread(means)

    @cached_property
    def n_names(self) -> Int:
        """Return the names of each date that count."""
        n_names: Int = np.isfinite(self.returns).sum(axis=1)
        return n_names


@dataclass(frozen=True, repr=False)
class FactorSample:
    """Scores and prices on common axes.

    Attributes
    ----------
    axes
        Dates and tickers of the scores.
    given
        (n_dates, n_tickers) scores as they came.
    levels
        (n_sessions, n_tickers) prices.
    rows
        (n_dates,) session of each date of the scores.
    groups
        Of the names, None without any.
    design
        What is asked.
    """

    axes: Axes
    given: Float
    levels: Float
    rows: Int
    groups: Groups | None
    design: FactorDesign

    def __repr__(self) -> str:
        n_dates, n_tickers = self.axes.shape
        return f"FactorSample({n_dates} dates x {n_tickers} tickers)"

    @cached_property
    def spacing(self) -> int:
        """Return the sessions from one date of the scores to the next (median)."""
        gaps = np.diff(self.rows)
        return max(1, int(np.median(gaps))) if len(gaps) else 1

    def overlap(self, horizon: int) -> int:
        """Return how many dates of the scores a return over ``horizon`` spans."""
        return max(1, math.ceil(horizon / self.spacing))

    @property
    def grouped(self) -> Bool:
        """Return where a name has a group; everywhere if no groups were given."""
        if self.groups is None:
            return np.ones(self.axes.shape, dtype=bool)
        return self.groups.known

    @cached_property
    def candidates(self) -> Bool:
        """Return the names of each date that are sorted into quantiles."""
        inside = np.isfinite(self.given) & self.grouped
        if self.design.conventions.sample == "every_horizon":
            for horizon in self.design.horizons:
                inside &= np.isfinite(self.returns_after(horizon))
        return inside

    @cached_property
    def scores(self) -> Float:
        """Return the scores of the candidates, NaN elsewhere."""
        return np.where(self.candidates, self.given, np.nan)

    @cached_property
    def order(self) -> Codes:
        """Return the columns of each date by rising score, sorted once for all uses."""
        return row_order(self.scores)

    @cached_property
    def ranks(self) -> Float:
        """Return the rank of each candidate on its date, NaN elsewhere."""
        return row_ranks(self.scores, order=self.order)

    def ranks_among(self, inside: Bool) -> Float:
        """Rank the scores among some of the candidates only, NaN elsewhere.

        Dates on which these are all the candidates have been ranked already.
        """
        ranks = np.where(inside, self.ranks, np.nan)
        fewer = ~(inside == self.candidates).all(axis=1)
        scores = np.where(inside[fewer], self.given[fewer], np.nan)
        ranks[fewer] = row_ranks(scores, order=self.order[fewer])
        return ranks

    @cached_property
    def buckets(self) -> Cells:
        """Return the quantile of each candidate, counted from 0."""
        design = self.design
        within = self.whole
        if design.quantiles_by_group and self.groups is not None:
            within = self.groups.cells
        if design.conventions.quantile_rule == "ranks":
            ranks = self.ranks
            if design.quantiles_by_group:
                ranks = row_ranks(self.scores, cells=within, order=self.order)
            numbers = quantiles_of_ranks(ranks, design.quantiles, cells=within)
            return Cells((numbers - 1).astype(np.int32), design.quantiles)
        shares = _edge_shares(design.quantiles)
        found = buckets_between_edges(self.scores, self.order, *within, shares)
        return Cells(found, design.quantiles)

    @cached_property
    def sorted_scores(self) -> Float:
        """Return the scores of the names that have a quantile, NaN elsewhere."""
        return np.where(self.buckets.codes >= 0, self.given, np.nan)

    @cached_property
    def held_scores(self) -> Float:
        """Return `sorted_scores` on the dates that have enough names to count."""
        counts = self.counts(np.isfinite(self.sorted_scores))
        return np.where(counts[:, None], self.sorted_scores, np.nan)

    def returns_after(self, horizon: int, *, delay: int = 0) -> Float:
        """Return what each score could earn, NaN without a price at both ends.

        Parameters
        ----------
        horizon
            Sessions held.
        delay
            Sessions waited beyond the lag.
        """
        start = self.rows + self.design.lag + delay
        return self.returns_between(start, start + horizon)

    def returns_between(self, start: Int, end: Int) -> Float:
        """Return the simple return of every name between two sessions of each date."""
        returns = np.full(self.axes.shape, np.nan)
        first, last = np.minimum(start, end), np.maximum(start, end)
        dates = np.flatnonzero((first >= 0) & (last < len(self.levels)))
        bought, sold = (self.levels[_stretch(rows[dates])] for rows in (start, end))
        returns[_stretch(dates)] = sold / bought - 1
        return returns

    @property
    def room(self) -> int:
        """Return the longest horizon that the first date has the prices for."""
        return len(self.levels) - int(self.rows[0]) - self.design.lag - 1

    def require_history(self, *, delay: int = 0, horizon: int | None = None) -> None:
        """Refuse a horizon (default: the longest) that no date has the prices for.

        Raises
        ------
        ConfigError
            ``AK-C120``.
        """
        longest = max(self.design.horizons) if horizon is None else horizon
        if delay + longest > self.room:
            wait, had = self.design.lag + delay, len(self.levels) - int(self.rows[0])
            raise beyond_history(horizon=longest, wait=wait, had=had)

    def judge(self, horizon: int, *, delay: int = 0) -> Judged:
        """Set the scores against their returns over one horizon.

        Raises
        ------
        ConfigError
            ``AK-C120`` when the prices end before the first of these returns does.
        """
        self.require_history(horizon=horizon, delay=delay)
        returns = self.returns_after(horizon, delay=delay)
        return self.set_against(returns, overlap=self.overlap(horizon))

    def set_against(self, returns: Float, *, overlap: int) -> Judged:
        """Set the scores against any returns, dates with too few of them left out."""
        inside = (self.buckets.codes >= 0) & np.isfinite(returns)
        inside &= self.counts(inside)[:, None]
        return Judged(
            scores=np.where(inside, self.given, np.nan),
            returns=np.where(inside, returns, np.nan),
            reference=self.reference,
            overlap=overlap,
        )

    def counts(self, inside: Bool) -> Bool:
        """Tell which dates have enough names and more than one score: (n_dates,)."""
        enough: Bool = inside.sum(axis=1) >= self.design.fewest
        return enough & varies(self.given, inside)

    @cached_property
    def judged(self) -> dict[int, Judged]:
        """Return the outcomes of every horizon."""
        return {horizon: self.judge(horizon) for horizon in self.design.horizons}

    @cached_property
    def whole(self) -> Cells:
        """Return one cell per date."""
        return Cells.whole(self.axes.shape)

    @property
    def reference(self) -> Cells | None:
        """Return the cells whose mean is taken off returns, None for none."""
        if self.design.neutral and self.groups is not None:
            return self.groups.cells
        return self.whole if self.design.relative_to == "universe" else None

    @property
    def sides(self) -> Cells:
        """Return the cells within which a book is long as much as it is short."""
        return self.groups.cells if self.design.neutral and self.groups else self.whole


def _stretch(rows: Int) -> Int | slice:
    """Return rows that follow one another as a slice, which copies nothing."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
        return slice(rows[0], rows[-1] + 1)
    return rows


def _edge_shares(quantiles: int) -> Float:
    """Return the places of the edges, rounded up where they have no exact number.

    A score that lies on an edge is then never taken for one above it.
    """
    shares = np.linspace(0, 1, quantiles + 1)
    exact = quantiles * shares == np.arange(quantiles + 1)
    return np.where(exact, shares, np.nextafter(shares, 1))

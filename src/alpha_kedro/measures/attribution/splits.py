"""The five ways to split the returns of a book. Each adds up to its net return.

With ``w`` the weights at the close before, ``r`` the returns from close to close and
``c`` the contributions before costs, a session splits into

- source: the targets before the open times ``r`` (`DECISION`), ``w`` less those targets
  times ``r`` (`DRIFT`), what is left of ``c`` (`FILL`), costs (`COST`);
- factor: the book's exposure to each factor times the factor's return, what ``w r`` is
  more than that (`SPECIFIC`), what is left of ``c`` (`FILL_DAY`), costs (`COST`).

`FILL_DAY` holds what was traded at the open earned from there to the close, and exits
after the last price; `FILL` is as much of it as was not decided. By leg, sector and
name every cost is taken from whom it is for.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Float, Int
from alpha_kedro.core.sectors import UNKNOWN
from alpha_kedro.measures.attribution.books import DailyBooks
from alpha_kedro.measures.attribution.breakdown import Breakdown
from alpha_kedro.measures.factor_model import FactorModel

LONG, SHORT, NEITHER = "long", "short", "neither"
DECISION, DRIFT, FILL, COST = "decision", "drift", "fill", "cost"
SPECIFIC, FILL_DAY = "specific", "fill_day"


def by_leg(books: DailyBooks) -> Breakdown:
    """Split by the side a name was held on: `LONG`, `SHORT`, or `NEITHER`."""
    codes = (1 - books.sides).astype(np.int64)  # long 0, neither 1, short 2
    return _by_code("leg", books, codes, (LONG, NEITHER, SHORT))


def by_sector(books: DailyBooks, sectors: Int, names: Sequence[str]) -> Breakdown:
    """Split by the sector that each name belonged to in the session.

    Raises
    ------
    SimulationError
        ``AK-S060`` sectors off the books' axes, ``AK-S067`` a code without a name.
    """
    books.refuse_other_shape("sectors", sectors)
    if sectors.size and sectors.max() >= len(names):
        raise SimulationError(
            "AK-S067",
            "a sector code has no name",
            got=f"code {sectors.max()}, {len(names)} names",
            wanted="codes below the number of names, negative where unknown",
            fix="take codes and names from the same table of sectors",
        )
    keys = tuple(dict.fromkeys((*names, UNKNOWN)))  # a table may say UNKNOWN itself
    codes = np.where(sectors < 0, keys.index(UNKNOWN), sectors)
    return _by_code("sector", books, codes, keys)


def by_name(books: DailyBooks) -> Breakdown:
    """Split by name."""
    return Breakdown(
        "name",
        books.dates,
        tuple(map(str, books.tickers)),
        books.contributions - books.costs,
        books.costs,
    )


def by_source(books: DailyBooks, returns: Float, targets: Float) -> Breakdown:
    """Split into what was decided, how the book drifted from it, fills and costs.

    Parameters
    ----------
    books
        Whose ``intraday`` returns, where given, count the day of a fill as decided.
    returns
        (n_dates, n_tickers) from close to close, 0 where unknown.
    targets
        (n_dates, n_tickers) in force after the open of each session.
    """
    before = np.zeros_like(targets)
    before[1:] = targets[:-1]
    decision = _products(before, returns)
    held = _products(books.weights, returns)
    decided_today = np.zeros(len(decision))
    if books.intraday is not None:
        decided_today = _products(targets - before, np.nan_to_num(books.intraday))
    parts = {
        DECISION: decision + decided_today,
        DRIFT: held - decision,
        FILL: books.gross - held - decided_today,
    }
    return _with_costs("source", books, parts)


def by_factor(
    books: DailyBooks, returns: Float, model: FactorModel
) -> tuple[Breakdown, Float]:
    """Split into factors, what they leave unexplained, days of fills, and costs.

    Parameters
    ----------
    books, returns
        As in `by_source`.
    model
        On the axes of the books.

    Returns
    -------
    Breakdown, and the (n_dates, n_factors) exposures of the book
    """
    exposures = np.einsum("ij,ikj->ik", books.weights, model.exposures)
    explained = exposures * model.returns
    held = _products(books.weights, returns)
    parts = dict(zip(model.names, explained.T, strict=True)) | {
        SPECIFIC: held - explained.sum(axis=1),
        FILL_DAY: books.gross - held,
    }
    return _with_costs("factor", books, parts), exposures


def _with_costs(
    dimension: str, books: DailyBooks, parts: dict[str, Float]
) -> Breakdown:
    """Return parts before costs, and the costs as a key of their own."""
    charged = books.costs.sum(axis=1)
    contributions = np.column_stack([*parts.values(), -charged])
    costs = np.zeros_like(contributions)
    costs[:, -1] = charged
    return Breakdown(dimension, books.dates, (*parts, COST), contributions, costs)


def _by_code(
    dimension: str,
    books: DailyBooks,
    codes: npt.NDArray[np.integer],
    keys: tuple[str, ...],
) -> Breakdown:
    """Add up the names of every key; one that nobody ever belonged to is left out."""
    gross = _sums(books.contributions, codes, len(keys))
    costs = _sums(books.costs, codes, len(keys))
    used = ((gross != 0) | (costs != 0)).any(axis=0)
    if dimension == "leg":
        used |= np.array([key != NEITHER for key in keys])
    kept = tuple(key for key, there in zip(keys, used, strict=True) if there)
    return Breakdown(
        dimension, books.dates, kept, (gross - costs)[:, used], costs[:, used]
    )


def _sums(values: Float, codes: npt.NDArray[np.integer], n_keys: int) -> Float:
    """Return (n_dates, n_keys) sums in the order of the columns."""
    n_dates = len(values)
    cells = np.arange(n_dates)[:, np.newaxis] * n_keys + codes
    sums = np.bincount(cells.ravel(), values.ravel(), minlength=n_dates * n_keys)
    return np.asarray(sums, dtype=np.float64).reshape(n_dates, n_keys)


def _products(weights: Float, returns: Float) -> Float:
    return np.asarray(np.einsum("ij,ij->i", weights, returns))

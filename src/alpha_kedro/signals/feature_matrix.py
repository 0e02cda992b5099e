"""Formulas of a panel as columns of 32 bits, one row per wanted cell."""

from collections.abc import Sequence

import numpy as np

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.kernels import kernel
from alpha_kedro.core.memory import empty_single
from alpha_kedro.core.panel import Axes, Bool, Int, Single, gather
from alpha_kedro.signals.features import Feature
from alpha_kedro.signals.formulas.evaluation import Take, evaluate
from alpha_kedro.signals.inputs import Inputs


def feature_matrix(
    inputs: Inputs, features: Sequence[Feature], wanted: Bool, *, threads: int
) -> Single:
    """Return (n_features, n_rows) of the wanted cells, in the order of dates."""
    row_of = np.cumsum(wanted).reshape(wanted.shape) - 1
    values = empty_single((len(features), int(wanted.sum())))
    suspect: set[int] = set()

    def columns(tickers: slice) -> Take:
        here, rows = (np.ascontiguousarray(of[:, tickers]) for of in (wanted, row_of))
        full: Bool = np.all(here, axis=1)

        def take(place: int, block: Single) -> None:
            first = features[place].formula.first_row
            block[:first] = np.nan
            _write(block, here, full, rows, values[place])
            if np.isinf(block).any():
                suspect.add(place)

        return take

    evaluate(
        [each.formula for each in features],
        inputs,
        wanted.shape,
        open_block=columns,
        mask=inputs.members,
        threads=threads,
    )
    for place in sorted(suspect):  # the cell may be one that nobody wants
        _refuse_infinite(features[place], values[place], wanted, inputs.axes)
    return values


@kernel
def _write(block: Single, wanted: Bool, full: Bool, rows: Int, column: Single) -> None:
    """Write the wanted cells of a block to their rows of a column.

    Where a date is full its tickers stand in rows next to each other. Places are
    unsigned there: numba then need not ask whether one counts from the end.
    """
    n_dates, n_tickers = block.shape
    for date in range(n_dates):
        if full[date]:
            row = np.uintp(rows[date, 0])
            for ticker in range(np.uintp(n_tickers)):
                column[row + ticker] = block[date, ticker]
        else:
            for ticker in range(n_tickers):
                if wanted[date, ticker]:
                    column[rows[date, ticker]] = block[date, ticker]


def _refuse_infinite(
    feature: Feature, column: Single, wanted: Bool, axes: Axes
) -> None:
    infinite = np.isinf(column)
    if not infinite.any():
        return
    places = gather(axes, {}, wanted)[infinite]
    raise DataError(
        "AK-D051",
        f"feature {feature.name!r} is infinite",
        where=[f"{at.ticker} {at.date:%Y-%m-%d}" for at in places.itertuples()],
        wanted="a number, or NaN where the formula has no answer",
        fix="look for a price or volume that is infinite, and clean the bars first",
    )

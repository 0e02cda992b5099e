"""What is left of a value once what it shares with other exposures is taken out."""

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.kernels import dense, kernel
from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.signals.cross_section.cells import Cells, Codes

NEGLIGIBLE = 1e-10
"""Share of its length below which what is left of a column is its rounding error."""


def neutralize(
    values: Float,
    exposures: Float,
    *,
    mask: Bool | None = None,
    groups: Codes | None = None,
    weights: Float | None = None,
) -> Float:
    """Return the residual of each date's regression of ``values`` on ``exposures``.

    Parameters
    ----------
    values
        (n_dates, n_tickers) of any unit.
    exposures
        (n_exposures, n_dates, n_tickers) of any units, or (n_dates, n_tickers) for one
        exposure such as beta. None at all, (0, n_dates, n_tickers), leaves the means.
    mask
        See the package.
    groups
        Codes as in the package: each group has an intercept of its own, and the slopes
        are those of the whole date. Default: one intercept.
    weights
        (n_dates, n_tickers) above 0, of a weighted regression. Default: equal.

    Returns
    -------
    (n_dates, n_tickers) float64
        In the unit of ``values``. NaN for a name with a missing exposure or without a
        weight above 0, which has no influence on the others. An infinity among values,
        exposures or weights leaves its date NaN. 0.0 where the exposures explain the
        values whole, as they do where they are no fewer than the names less intercepts.

    Raises
    ------
    ConfigError
        ``AK-C143`` exposures of another shape.

    Notes
    -----
    The intercepts are taken out as group means (Frisch and Waugh, 1933, and Lovell,
    1963), then one exposure after the other by modified Gram-Schmidt, all of it twice
    (Giraud, Langou and Rozloznik, 2005). An exposure that those before it, or the
    intercepts, explain but for rounding tells nothing new and is passed over: the
    residual is the same with it and without.
    """
    columns = exposures[None] if exposures.ndim == values.ndim else exposures
    if columns.shape[1:] != values.shape:
        raise _misfit(values, exposures)
    weights = np.ones(values.shape) if weights is None else weights
    known = (weights > 0) & ~np.isnan(columns).any(axis=0)
    cells = Cells.of(np.where(known, values, np.nan), mask, groups)
    arrays = cells.values, dense(columns), dense(weights)
    return _residuals(*arrays, cells.codes, cells.n_groups)


def _misfit(values: Float, exposures: Float) -> ConfigError:
    return ConfigError(
        "AK-C143",
        "exposures do not fit the values they are to be taken out of",
        got=f"exposures of shape {exposures.shape}",
        wanted=f"(n_exposures, {values.shape[0]}, {values.shape[1]})",
        fix="align both on the same dates and tickers",
    )


@kernel
def _residuals(
    values: Float,
    exposures: Float,
    weights: Float,
    codes: npt.NDArray[np.int32],
    n_groups: int,
) -> Float:
    n_exposures, n_dates, n_tickers = exposures.shape
    result = np.full(values.shape, np.nan)
    names = np.empty(n_tickers, dtype=np.int64)
    # Weighted least squares are least squares of rows times the root of their weight.
    columns = np.empty((n_exposures + 2, n_tickers))
    root, residual = columns[0], columns[-1]
    for row in range(n_dates):
        # Only those who take part, side by side: the others cannot touch a sum.
        n = 0
        for ticker in range(n_tickers):
            if values[row, ticker] == values[row, ticker]:
                names[n] = ticker
                root[n] = np.sqrt(weights[row, ticker])
                for at in range(n_exposures):
                    columns[1 + at, n] = root[n] * exposures[at, row, ticker]
                residual[n] = root[n] * values[row, ticker]
                n += 1
        for at in range(1, n_exposures + 2):
            column = columns[at]
            given = 0.0
            for i in range(n):
                given += column[i] * column[i]
            for _ in range(2):
                total, mass = np.zeros(n_groups), np.zeros(n_groups)
                for i in range(n):
                    total[codes[row, names[i]]] += root[i] * column[i]
                    mass[codes[row, names[i]]] += root[i] * root[i]
                for i in range(n):
                    cell = codes[row, names[i]]
                    column[i] -= root[i] * (total[cell] / mass[cell])
                for direction in columns[1:at]:
                    shared = 0.0
                    for i in range(n):
                        shared += column[i] * direction[i]
                    for i in range(n):
                        column[i] -= shared * direction[i]
            left = 0.0
            for i in range(n):
                left += column[i] * column[i]
            length = np.sqrt(left) if at <= n_exposures else 1.0
            if left <= NEGLIGIBLE * NEGLIGIBLE * given:
                length = np.inf
            if not np.isfinite(given):
                length = np.nan
            for i in range(n):
                column[i] /= length
        for i in range(n):
            result[row, names[i]] = residual[i] / root[i]
    return result

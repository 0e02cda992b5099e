"""How far a name stands from the middle of its date, and in which unit."""

import numpy as np

from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.signals.cross_section.cells import Cells, Codes, by_block
from alpha_kedro.signals.cross_section.order import Order

NORMAL_PER_MAD = 1.482602218505602
"""Standard deviations of a normal variable per median absolute deviation."""

NORMAL_PER_MEAN_DEVIATION = 1.2533141373155003
"""Standard deviations of a normal variable per mean absolute deviation."""


def demean(
    values: Float, *, mask: Bool | None = None, groups: Codes | None = None
) -> Float:
    """Subtract the mean of each cross-section; a lone name is 0.

    Parameters
    ----------
    values
        (n_dates, n_tickers) of any unit; an infinity leaves its cross-section NaN.
    mask, groups
        See the package.

    Returns
    -------
    (n_dates, n_tickers) float64, in the unit of ``values``.
    """
    return by_block(_demeaned, values, mask, groups)


def z_score(
    values: Float, *, mask: Bool | None = None, groups: Codes | None = None
) -> Float:
    """Centre each cross-section and divide it by its standard deviation (ddof 1).

    Parameters
    ----------
    values
        (n_dates, n_tickers) of any unit; an infinity leaves its cross-section NaN.
    mask, groups
        See the package.

    Returns
    -------
    (n_dates, n_tickers) float64
        Unitless. A cross-section without spread, or with one name, is 0.0: no name
        stands out. Spread below the rounding error of the mean is no spread.
    """
    return by_block(_z_score, values, mask, groups)


def robust_z_score(
    values: Float, *, mask: Bool | None = None, groups: Codes | None = None
) -> Float:
    """Centre each cross-section on its median, in units of its absolute deviations.

    Parameters
    ----------
    values
        (n_dates, n_tickers) of any unit; an infinity counts as an extreme and stays
        one. Where it reaches the median or the spread, its cross-section is NaN.
    mask, groups
        See the package.

    Returns
    -------
    (n_dates, n_tickers) float64
        Unitless: ``(x - median) / (1.4826 MAD)``, which has the scale of a z-score if
        the names are normal. Where more than half of the names are equal the MAD is 0
        and says nothing; 1.2533 times the mean absolute deviation from the median then
        takes its place. Without any spread, or with one name: 0.0.

    Notes
    -----
    Iglewicz and Hoaglin, 1993, "How to detect and handle outliers".
    """
    return by_block(_robust_z_score, values, mask, groups)


def unit_gross(
    values: Float, *, mask: Bool | None = None, groups: Codes | None = None
) -> Float:
    """Divide each cross-section by its gross, the sum of its absolute values.

    Parameters
    ----------
    values
        (n_dates, n_tickers) of any unit; an infinity leaves its cross-section NaN.
    mask, groups
        See the package.

    Returns
    -------
    (n_dates, n_tickers) float64
        Shares of a gross of 1, with the sign of ``values``. All 0 stays 0.
    """
    return by_block(_of_gross, values, mask, groups)


def mean_and_spread(cells: Cells) -> tuple[Float, Float]:
    """Return the mean and the standard deviation (ddof 1) of each cell.

    The spread is infinite where there is none, so that no distance counts; both are
    NaN where it is not finite.
    """
    n, total = cells.sums()
    with np.errstate(invalid="ignore"):
        mean = total / np.maximum(n, 1)
        _, squares = cells.sums(power=2, centre=mean)
    spread = _finite(np.sqrt(squares / np.maximum(n - 1, 1)))
    rounding = np.finfo(np.float64).eps * np.abs(total)
    return mean, _divisor(np.where(spread <= rounding, 0.0, spread))


def median_and_spread(cells: Cells) -> tuple[Float, Float]:
    """Return the median and the spread around it, see `robust_z_score`.

    Infinite and NaN as in `mean_and_spread`.
    """
    median = _finite(_median(cells))
    distances = cells.having(np.abs(cells.standardized(median, 1.0)))
    n, total = distances.sums()
    mean_deviation = NORMAL_PER_MEAN_DEVIATION * total / np.maximum(n, 1)
    mad = NORMAL_PER_MAD * _median(distances)
    return median, _divisor(_finite(np.where(mad > 0, mad, mean_deviation)))


def _demeaned(cells: Cells) -> Float:
    n, total = cells.sums()
    return cells.standardized(_finite(total / np.maximum(n, 1)), 1.0)


def _z_score(cells: Cells) -> Float:
    return cells.standardized(*mean_and_spread(cells))


def _robust_z_score(cells: Cells) -> Float:
    return cells.standardized(*median_and_spread(cells))


def _of_gross(cells: Cells) -> Float:
    _, gross = cells.having(np.abs(cells.values)).sums()
    return cells.standardized(0.0, _divisor(_finite(gross)))


def _median(cells: Cells) -> Float:
    order = Order.of(cells)
    return order.quantile(order.last / 2)


def _finite(of_cell: Float) -> Float:
    return np.where(np.isfinite(of_cell), of_cell, np.nan)


def _divisor(spread: Float) -> Float:
    """Return what makes 0 of every distance where there is no spread."""
    return np.where(spread == 0, np.inf, spread)

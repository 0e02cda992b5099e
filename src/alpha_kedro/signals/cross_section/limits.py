"""Extremes pulled in to where the rest of their date is; nobody is left out."""

from functools import partial
from typing import Literal

from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.signals.cross_section.cells import (
    Cells,
    Codes,
    by_block,
    out_of_range,
)
from alpha_kedro.signals.cross_section.order import Order
from alpha_kedro.signals.cross_section.scales import mean_and_spread, median_and_spread

Spread = Literal["std", "mad"]
_SPREADS = {"std": mean_and_spread, "mad": median_and_spread}


def winsorize(
    values: Float,
    *,
    limit: float,
    mask: Bool | None = None,
    groups: Codes | None = None,
) -> Float:
    """Pull values beyond two quantiles of their date back to those quantiles.

    Parameters
    ----------
    values
        (n_dates, n_tickers) of any unit; infinities count as extremes, and are pulled
        in where fewer of them than ``limit`` leave a finite quantile.
    limit
        Share of names beyond each quantile, 0 to below 0.5: 0.01 pulls in the lowest
        and the highest percent.
    mask, groups
        See the package.

    Returns
    -------
    (n_dates, n_tickers) float64, in the unit of ``values``.

    Raises
    ------
    ConfigError
        ``AK-C142`` a limit out of its range.

    Notes
    -----
    Quantiles interpolate linearly between names: definition 7 of Hyndman and Fan, 1996,
    "Sample quantiles in statistical packages".
    """
    if not 0 <= limit < 0.5:
        raise out_of_range("limit", limit, "from 0 to below 0.5")
    return by_block(partial(_winsorized, limit=limit), values, mask, groups)


def clip(
    values: Float,
    *,
    width: float = 3.0,
    by: Spread = "mad",
    mask: Bool | None = None,
    groups: Codes | None = None,
) -> Float:
    """Pull values further than ``width`` spreads from the middle of their date back.

    Parameters
    ----------
    values
        (n_dates, n_tickers) of any unit.
    width
        Above 0, in spreads.
    by
        ``mad``: around the median, in the spread of `robust_z_score`; infinities are
        pulled in. ``std``: around the mean, in standard deviations; an infinity leaves
        its cross-section NaN.
    mask, groups
        See the package.

    Returns
    -------
    (n_dates, n_tickers) float64
        In the unit of ``values``; a cross-section without spread stays as it is.

    Raises
    ------
    ConfigError
        ``AK-C142`` a width that is not above 0.
    """
    if not width > 0:
        raise out_of_range("width", width, "above 0")
    return by_block(partial(_clipped, width=width, by=by), values, mask, groups)


def _winsorized(cells: Cells, *, limit: float) -> Float:
    order = Order.of(cells)
    beyond = limit * order.last
    return cells.clipped(order.quantile(beyond), order.quantile(order.last - beyond))


def _clipped(cells: Cells, *, width: float, by: Spread) -> Float:
    centre, spread = _SPREADS[by](cells)
    return cells.clipped(centre - width * spread, centre + width * spread)

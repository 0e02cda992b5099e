"""Stateless kernels on the cross-section of one date.

Every kernel takes ``values`` of shape (n_dates, n_tickers) and treats each date alone:
no date can tell another anything, so none of these can look ahead. Two arguments narrow
the cross-section:

- ``mask`` (n_dates, n_tickers) bool: the universe of the date. Names outside are NaN in
  the result and have no influence on the others, not even on their last bit.
- ``groups`` (n_tickers,) or (n_dates, n_tickers) int: one cross-section per code. A
  negative code is no group: NaN.

NaN stays NaN and counts for nothing.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.panel import Bool, Float, Int

Codes = npt.NDArray[np.integer]


def rank(
    values: Float, *, mask: Bool | None = None, groups: Codes | None = None
) -> Float:
    """Rank each cross-section onto [-0.5, 0.5], ties sharing their average rank.

    Parameters
    ----------
    values
        (n_dates, n_tickers) of any unit; infinities rank as extremes.
    mask, groups
        See the module.

    Returns
    -------
    (n_dates, n_tickers) float64
        ``(r - 1) / (n - 1) - 0.5``, r the average rank among n names; a lone name is 0.

    Notes
    -----
    Average ties leave no order among equals, so none can lean to the alphabet.
    """
    if not values.size:
        return values.copy()
    codes = _codes(values, mask, groups)
    order = _order(values, codes, grouped=groups is not None)
    runs = np.take_along_axis(codes, order, axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    group_change = runs[:, 1:] != runs[:, :-1]
    value_change = group_change | (ordered[:, 1:] != ordered[:, :-1])
    first, last = _bounds(group_change)
    tie_first, tie_last = _bounds(value_change)
    twice = (tie_first + tie_last) - (first + last)
    ranks = twice / np.maximum(2 * (last - first), 1)
    ranks[runs < 0] = np.nan
    result = np.empty(values.shape)
    np.put_along_axis(result, order, ranks, axis=1)
    return result


def demean(
    values: Float, *, mask: Bool | None = None, groups: Codes | None = None
) -> Float:
    """Subtract the mean of each cross-section; a lone name is 0.

    Parameters
    ----------
    values
        (n_dates, n_tickers) of any unit; an infinity leaves its cross-section NaN.
    mask, groups
        See the module.

    Returns
    -------
    (n_dates, n_tickers) float64, in the unit of ``values``.
    """
    return _deviations(values, _Cells.of(_codes(values, mask, groups)))


def z_score(
    values: Float, *, mask: Bool | None = None, groups: Codes | None = None
) -> Float:
    """Centre each cross-section and divide it by its standard deviation (ddof 1).

    Parameters
    ----------
    values
        (n_dates, n_tickers) of any unit; an infinity leaves its cross-section NaN.
    mask, groups
        See the module.

    Returns
    -------
    (n_dates, n_tickers) float64
        Unitless. A cross-section without spread, or with one name, is 0.0: no name
        stands out. Spread below the rounding error of the mean is no spread.
    """
    cells = _Cells.of(_codes(values, mask, groups))
    deviations = _deviations(values, cells)
    variance = cells.total(deviations**2) / np.maximum(cells.count - 1, 1)
    rounding = np.finfo(np.float64).eps * np.abs(cells.total(values))
    spread = np.sqrt(variance)
    scale = np.where(spread <= rounding, np.inf, spread)
    return deviations / cells.broadcast(scale)


def winsorize(values: Float, *, limit: float, mask: Bool | None = None) -> Float:
    """Pull values beyond two quantiles of their date back to those quantiles.

    Parameters
    ----------
    values
        (n_dates, n_tickers) of any unit; infinities count as extremes.
    limit
        Share of names beyond each quantile, 0 to below 0.5: 0.01 pulls in the lowest
        and the highest percent.
    mask
        See the module.

    Returns
    -------
    (n_dates, n_tickers) float64, in the unit of ``values``.

    Notes
    -----
    Quantiles interpolate linearly between names: definition 7 of Hyndman and Fan, 1996,
    "Sample quantiles in statistical packages".
    """
    if not values.size:
        return values.copy()
    inside = np.where(_codes(values, mask, None) >= 0, values, np.nan)
    ordered = np.sort(inside, axis=1)
    last = np.maximum((~np.isnan(inside)).sum(axis=1, keepdims=True) - 1, 0)
    lower = _interpolated(ordered, limit * last)
    upper = _interpolated(ordered, last - limit * last)
    return np.clip(inside, lower, upper)


@dataclass(frozen=True)
class _Cells:
    """Which (date, group) cell each name lies in, the cells numbered from 0."""

    inside: Bool
    of_name: Int
    count: Float

    @classmethod
    def of(cls, codes: Codes) -> "_Cells":
        inside = codes >= 0
        n_groups = int(codes.max(initial=0)) + 1
        rows = np.arange(len(codes))[:, None]
        of_name = (rows * n_groups + codes)[inside]
        count = np.bincount(of_name, minlength=len(codes) * n_groups)
        return cls(inside, of_name, count.astype(np.float64))

    def total(self, values: Float) -> Float:
        # bincount adds name after name: unlike a pairwise sum, its last bit does not
        # depend on where the names outside the universe stand.
        sums = np.bincount(self.of_name, values[self.inside], len(self.count))
        return sums.astype(np.float64, copy=False)

    def broadcast(self, per_cell: Float) -> Float:
        result = np.full(self.inside.shape, np.nan)
        result[self.inside] = per_cell[self.of_name]
        return result


def _deviations(values: Float, cells: _Cells) -> Float:
    mean = cells.total(values) / np.maximum(cells.count, 1)
    with np.errstate(invalid="ignore"):
        return values - cells.broadcast(mean)


def _codes(values: Float, mask: Bool | None, groups: Codes | None) -> Codes:
    """Return the group of each name, -1 where it takes no part."""
    inside = ~np.isnan(values)
    if mask is not None:
        inside &= mask
    return np.where(inside, np.int16(0) if groups is None else groups, np.int16(-1))


def _order(values: Float, codes: Codes, *, grouped: bool) -> Int:
    """Return the columns of each row, those of one group together by rising value."""
    order = np.argsort(np.where(codes < 0, np.nan, values), axis=1)
    if not grouped:
        return order
    runs = np.take_along_axis(codes, order, axis=1)
    by_group = np.argsort(runs, axis=1, kind="stable")
    return np.take_along_axis(order, by_group, axis=1)


def _bounds(change: Bool) -> tuple[Int, Int]:
    """Return the first and the last position of the run each position lies in."""
    n_dates, n_tickers = change.shape[0], change.shape[1] + 1
    position = np.arange(n_tickers, dtype=np.int32)
    first = np.zeros((n_dates, n_tickers), dtype=np.int32)
    last = np.full((n_dates, n_tickers), n_tickers - 1, dtype=np.int32)
    first[:, 1:] = np.where(change, position[1:], 0)
    last[:, :-1] = np.where(change, position[:-1], n_tickers - 1)
    np.maximum.accumulate(first, axis=1, out=first)
    backwards = last[:, ::-1]
    np.minimum.accumulate(backwards, axis=1, out=backwards)
    return first, last


def _interpolated(ordered: Float, position: Float) -> Float:
    """Return the value at a fractional position of each ordered row."""
    below = np.floor(position).astype(np.int64)
    above = np.minimum(below + 1, ordered.shape[1] - 1)
    low = np.take_along_axis(ordered, below, axis=1)
    high = np.take_along_axis(ordered, above, axis=1)
    share = position - below
    return np.where(share > 0, low + share * (high - low), low)

"""How a total is shared out between bounds, in proportion to what was wanted."""

import numpy as np

from alpha_kedro.core.panel import Float

_ROUNDING = 1e-12


def shared_out(shape: Float, total: float, low: Float, high: Float) -> Float:
    """Share ``total`` in proportion to ``shape``, everyone within bounds.

    Parameters
    ----------
    shape
        (n,) positive proportions.
    total
        To be shared out, between the sums of the bounds.
    low, high
        (n,) bounds of each share.

    Returns
    -------
    (n,) float64
        min(max(λ shape, low), high) with the λ that makes them add up to ``total``.

    Notes
    -----
    Bitran & Hax (1981), Disaggregation and resource allocation using convex knapsack
    problems: what is out of bounds on the heavier side is fixed there for good, and the
    rest shared out anew. Ends after at most n rounds.
    """
    shared = np.where(total >= high.sum(), high, low)
    free = np.ones(len(shape), dtype=bool)
    if total >= high.sum() or total <= low.sum():
        return shared
    while free.any():
        rest = total - shared[~free].sum()
        wanted = shape * (rest / shape[free].sum())
        over = free & (wanted > high * (1 + _ROUNDING))
        under = free & (wanted < low * (1 - _ROUNDING))
        too_much = (wanted - high)[over].sum()
        too_little = (low - wanted)[under].sum()
        if too_much == 0 and too_little == 0:
            shared[free] = wanted[free]
            return shared
        fixed, bound = (over, high) if too_much >= too_little else (under, low)
        shared[fixed] = bound[fixed]
        free &= ~fixed
    return shared

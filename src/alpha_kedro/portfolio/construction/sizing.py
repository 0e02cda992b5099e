"""Sharing a leg's exposure among its names, nobody above the cap."""

import numpy as np

from alpha_kedro.core.panel import Float, Int
from alpha_kedro.portfolio.construction.eligible import counted

ROUNDING = 1e-9


def shared_out(shape: Float, total: float, cap: Float) -> Float:
    """Share ``total`` in proportion to ``shape``, nobody above the cap.

    Parameters
    ----------
    shape
        (n_names,) not negative, with a positive sum.
    total
        What there is to share.
    cap
        (n_names,) the most each may have; together at least ``total``.

    Returns
    -------
    (n_names,) float64
        What a full one cannot take goes to the others, again in proportion.
    """
    shared: Float = shape * (total / shape.sum())
    full = np.zeros(len(shape), dtype=bool)
    while np.any(shared > cap * (1 + ROUNDING)):
        full |= shared > cap
        free = np.where(full, 0.0, shape)
        rest = total - cap[full].sum()
        shared = np.where(full, cap, free * (rest / free.sum() if free.any() else 0.0))
    return shared


def leg(shape: Float, gross: float, name_cap: float) -> tuple[Float, dict[str, int]]:
    """Size one leg; what its names cannot hold under the cap stays in cash.

    Returns
    -------
    weights
        (n_names,) in proportion to ``shape``, with a sum of ``gross`` or, where that is
        less, of what the names can hold.
    notes
        ``over_name_cap`` names cut back, and ``under_invested`` 1 for a rest in cash.
    """
    names = np.count_nonzero(shape > 0)
    if not names:
        return np.zeros(len(shape)), counted({"under_invested": gross > 0})
    fits = min(gross, names * name_cap)
    over = shape * (gross / shape.sum()) > name_cap * (1 + ROUNDING)
    notes: dict[str, int | np.integer] = {
        "over_name_cap": np.count_nonzero(over),
        "under_invested": fits < gross * (1 - ROUNDING),
    }
    sized = shared_out(shape, fits, np.full(len(shape), name_cap))
    return sized, counted(notes)


def placed(n_tickers: int, names: Int, weights: Float) -> Float:
    """Return (n_tickers,) weights, zero for all but ``names``."""
    book = np.zeros(n_tickers)
    book[names] = weights
    return book

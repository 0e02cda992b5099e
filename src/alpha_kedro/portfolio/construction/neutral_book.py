"""A book without exposures, and the nearest one within a cap on names and as large."""

from dataclasses import dataclass

import numpy as np

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.construction.nearest_book import (
    NearestBook,
    Pull,
    nearest_book,
)

_RANK = 1e-10
_MET = 1e-10  # exposure, share of NAV, up to which a book counts as neutral
_GIVEN_UP = 1e6  # times the wish; what is not reached then is not reached at all


def basis_of(exposures: Float) -> Float:
    """Return orthonormal columns that span the exposures, copies of one another once.

    Parameters
    ----------
    exposures
        (n_names, k), of any scale.

    Returns
    -------
    (n_names, rank) float64
        A book without exposure to these has none to any of ``exposures``.
    """
    from scipy.linalg import svd

    size = np.sqrt((exposures**2).sum(axis=0))
    columns = exposures[:, size > 0] / size[size > 0]
    if not columns.size:
        return np.empty((len(exposures), 0))
    left, singular, _ = svd(columns, full_matrices=False, check_finite=False)
    basis: Float = left[:, singular > _RANK * singular[0]]
    return basis


def residual(wish: Float, stiffness: Float, basis: Float) -> Float:
    """Return the nearest book without exposure: residuals of a weighted regression.

    Parameters
    ----------
    wish
        (n_names,) weights wanted.
    stiffness
        (n_names,) positive: how dear it is to leave them.
    basis
        (n_names, k) from `basis_of`.

    Notes
    -----
    Taken twice: what rounding leaves of an exposure the first time goes the second.
    """
    from scipy.linalg import solve

    over = basis / stiffness[:, None]
    curvature = basis.T @ over
    book = wish
    for _ in range(2 if basis.size else 0):
        book = book - over @ solve(curvature, basis.T @ book, assume_a="pos")
    return book


@dataclass(frozen=True, eq=False)
class Wish:
    """What is asked of a book.

    Attributes
    ----------
    weights
        (n_names,) weights wanted, without exposure.
    stiffness
        (n_names,) positive: how dear it is to leave them.
    basis
        (n_names, k) exposures it must not have, from `basis_of`.
    """

    weights: Float
    stiffness: Float
    basis: Float

    def within(self, cap: float, *, scale: float = 1.0) -> NearestBook:
        """Return the nearest book without exposure to a multiple of the weights.

        Nothing is held and trading is free: only exposures and the cap draw it away.
        """
        aim, nothing = scale * self.weights, np.zeros(len(self.weights))
        hard = np.zeros(self.basis.shape[1])
        pull = Pull(self.stiffness, nothing, nothing, self.basis, hard, cap)
        # What rounding has left of the aim's exposures is taken off besides.
        return nearest_book(aim, nothing, pull, offset=self.basis.T @ aim)


def with_gross(wish: Wish, gross: float, *, cap: float) -> Float:
    """Return the nearest neutral book to the multiple of a wish that has this gross.

    Parameters
    ----------
    wish
        ``weights`` with a gross of ``gross``.
    gross
        Sum of absolute weights.
    cap
        Largest position on either side.

    Raises
    ------
    SimulationError
        ``AK-S015`` where a neutral book under the cap cannot have it.
    """
    from scipy.optimize import brentq

    def off(scale: float) -> float:
        found = wish.within(cap, scale=scale)
        neutral = np.abs(found.missed).max(initial=0.0) <= _MET
        return float(np.abs(found.weights).sum()) - gross if neutral else -gross

    least, most = 1.0, 1.0
    while off(most) < 0:
        least, most = most, 2 * most
        if most > _GIVEN_UP:
            raise _too_little_room(wish, gross, cap, got=gross + off(least))
    scale = brentq(off, least, most, xtol=1e-15, rtol=1e-14) if least < most else most
    return wish.within(cap, scale=scale).weights


def _too_little_room(
    wish: Wish, gross: float, cap: float, *, got: float
) -> SimulationError:
    return SimulationError(
        "AK-S015",
        "a neutral book cannot have its gross exposure under the cap on names",
        where=[
            f"{len(wish.weights)} names x name_cap {cap:g}",
            f"{wish.basis.shape[1]} exposures that have to be zero",
        ],
        got=f"{got:.3f} at the most",
        wanted=f"a gross of {gross:g}",
        fix="raise name_cap, lower the gross, or leave out exposures",
    )

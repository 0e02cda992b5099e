"""Long books that share risk rather than money, of all names or of the best."""

from typing import Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.kernels import dense, kernel
from alpha_kedro.core.panel import Float, Int
from alpha_kedro.core.spec import Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction.aim import Aim
from alpha_kedro.portfolio.construction.eligible import (
    best_first,
    counted,
    refusal,
    scored_names,
    tradable_names,
)
from alpha_kedro.portfolio.construction.fields import (
    LongGross,
    MinNames,
    MinShare,
    NameCap,
    Window,
)
from alpha_kedro.portfolio.construction.sizing import leg, placed
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.risk.covariance import enough_returns, shrunk_covariance
from alpha_kedro.portfolio.ties import Keys

_TOLERANCE = 1e-10
_SWEEPS = 10_000


class RiskWeights(Spec):
    """Long only, sized by risk. Exposures and caps are shares of NAV."""

    kind: Literal[
        "equal_weight", "inverse_volatility", "risk_parity", "minimum_variance"
    ] = Field(
        default="inverse_volatility",
        description="equal parts; by one over volatility; each name the same part of "
        "the book's risk; or the least risk there is",
    )
    top_n: int | None = Field(
        default=None, ge=1, description="best names by score; null: all, scored or not"
    )
    window: Window = 60
    min_share: MinShare = 0.8
    long_gross: LongGross = 1.0
    name_cap: NameCap = 1.0
    min_names: MinNames = 1

    def aim(
        self, scores: Float, account: Account, market: MarketState, *, tie_break: Keys
    ) -> Aim:
        """Return the book of one date, see `Construction`.

        Returns
        -------
        Aim
            ``weights`` sum to ``long_gross``, or to less where the names cannot hold it
            under ``name_cap``; what a capped name cannot hold goes to the others in
            proportion. ``notes``: ``unscored`` and ``constant_scores`` (with
            ``top_n``), ``not_tradable``, ``short_history``, ``over_name_cap``,
            ``under_invested``, ``too_few_names``.

        Raises
        ------
        SimulationError
            ``AK-S016`` where equal risk or least risk is not found.

        Notes
        -----
        Covariances are shrunk to a constant correlation, see `shrunk_covariance`. With
        ``top_n`` names are chosen among those that have history enough.
        """
        if self.top_n is None:
            names, notes = tradable_names(market)
        else:
            names, notes = scored_names(scores, market)
        names, young = self._measured(names, market)
        notes |= young
        opinions = None if self.top_n is None else scores
        if flat := refusal(names, self.min_names, opinions):
            return Aim(np.zeros(len(scores)), notes | flat)
        if self.top_n is not None:
            names = np.sort(best_first(names, scores, tie_break)[: self.top_n])
        shape = self._shape(names, market)
        weights, sized = leg(shape, self.long_gross, self.name_cap)
        return Aim(placed(len(scores), names, weights), notes | sized)

    def _measured(self, names: Int, market: MarketState) -> tuple[Int, dict[str, int]]:
        if self.kind == "equal_weight":
            return names, {}
        returns = market.returns(self.window)[:, names]
        enough = enough_returns(returns, window=self.window, min_share=self.min_share)
        return names[enough], counted({"short_history": (~enough).sum()})

    def _shape(self, names: Int, market: MarketState) -> Float:
        if self.kind == "equal_weight":
            return np.ones(len(names))
        if self.kind == "inverse_volatility":
            spread = market.volatility(self.window, min_share=self.min_share)
            inverse: Float = 1 / spread[names]
            return inverse
        covariance = shrunk_covariance(market.returns(self.window)[:, names])
        find = equal_risk if self.kind == "risk_parity" else least_risk
        return find(covariance)


def equal_risk(covariance: Float) -> Float:
    """Return the long weights of which each adds the same part to the risk.

    Parameters
    ----------
    covariance
        (n, n) positive semi-definite, with a positive diagonal.

    Returns
    -------
    (n,) positive weights with a sum of 1 and equal ``w_i (S w)_i``, to 1e-10 of it.

    Raises
    ------
    SimulationError
        ``AK-S016`` where they are not found.

    Notes
    -----
    They minimise ``w'Sw / 2 - sum(log w) / n`` before they are scaled (Spinu 2013),
    here name by name (Griveau-Billion, Richard & Roncalli 2013, A fast algorithm for
    computing high-dimensional risk parity portfolios).
    """
    weights, found = _equal_risk(dense(covariance), _TOLERANCE, _SWEEPS)
    return _found(weights, found, "equal risk", len(covariance))


def least_risk(covariance: Float) -> Float:
    """Return the long weights with a sum of 1 and the least variance.

    Parameters
    ----------
    covariance
        (n, n) positive semi-definite, with a positive diagonal.

    Raises
    ------
    SimulationError
        ``AK-S016`` where they are not found.

    Notes
    -----
    They are the minimum of ``w'Sw / 2 - sum(w)`` over ``w >= 0``, scaled, which is
    found name by name.
    """
    weights, found = _least_risk(dense(covariance), _TOLERANCE, _SWEEPS)
    return _found(weights, found, "least risk", len(covariance))


def _found(weights: Float, found: bool, what: str, n_names: int) -> Float:
    if found:
        scaled: Float = weights / weights.sum()
        return scaled
    raise SimulationError(
        "AK-S016",
        f"no weights of {what} were found",
        got=f"{n_names} names, after {_SWEEPS:,} sweeps",
        wanted=f"a change of less than {_TOLERANCE:g}",
        fix="lengthen the window, so that fewer names are copies of one another",
    )


@kernel
def _equal_risk(covariance: Float, tolerance: float, sweeps: int) -> tuple[Float, bool]:
    n_names = len(covariance)
    weights = np.empty(n_names)
    for name in range(n_names):
        weights[name] = 1 / np.sqrt(covariance[name, name] * n_names)
    together = covariance @ weights
    for _ in range(sweeps):
        for name in range(n_names):
            own = covariance[name, name]
            others = together[name] - own * weights[name]
            new = (np.sqrt(others * others + 4 * own / n_names) - others) / (2 * own)
            change = new - weights[name]
            weights[name] = new
            for other in range(n_names):
                together[other] += covariance[other, name] * change
        together = covariance @ weights
        # At the minimum every w_i (S w)_i is 1 / n.
        if np.max(np.abs(weights * together * n_names - 1)) < tolerance:
            return weights, True
    return weights, False


@kernel
def _least_risk(covariance: Float, tolerance: float, sweeps: int) -> tuple[Float, bool]:
    n_names = len(covariance)
    weights = np.zeros(n_names)
    together = np.zeros(n_names)
    for _ in range(sweeps):
        largest = 0.0
        for name in range(n_names):
            own = covariance[name, name]
            others = together[name] - own * weights[name]
            change = max(0.0, (1 - others) / own) - weights[name]
            weights[name] += change
            largest = max(largest, abs(change))
            if change != 0.0:
                for other in range(n_names):
                    together[other] += covariance[other, name] * change
        if largest <= tolerance * np.max(weights):
            return weights, True
    return weights, False

"""How strategies share the capital of a combination.

Shares follow from what the strategies have earned so far, and from nothing later.

``equal``
    The same capital for each.
``inverse_volatility``
    In proportion to one over the trailing volatility.
``risk_contribution``
    Every strategy contributes its budget of the risk of the whole, correlations counted
    (equal budgets: Maillard, Roncalli & Teiletche 2010; any budgets: Spinu 2013).
``given``
    The capital is shared by the budgets as they are.
"""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Spec

_ROUNDS = 10_000
_TOLERANCE = 1e-13

Budgets = Annotated[
    tuple[Annotated[float, Field(gt=0, strict=False)], ...],
    BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given),
]


class RiskBudgetSpec(Spec):
    """How the capital of a combination is shared."""

    method: Literal["equal", "inverse_volatility", "risk_contribution", "given"] = (
        Field(default="equal", description="what the shares follow from")
    )
    budgets: Budgets | None = Field(
        default=None,
        description="of each member, in their order; only their proportions count. "
        "null: all the same",
    )
    window: int = Field(default=252, ge=2, description="trailing returns (sessions)")
    min_history: int = Field(
        default=60,
        ge=2,
        description="sessions known of every member; with fewer the shares are equal",
    )

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> Self:
        reads_them = self.method in ("risk_contribution", "given")
        if self.budgets is not None and not reads_them:
            raise ValueError(f"method {self.method} knows no budgets")
        if self.method == "given" and self.budgets is None:
            raise ValueError("method given needs budgets")
        if self.min_history > self.window:
            raise ValueError(
                f"min_history {self.min_history} is never reached within window "
                f"{self.window}"
            )
        return self


def sleeve_weights(returns: Float, spec: RiskBudgetSpec) -> Float:
    """Return the share of the capital of each member of a combination.

    Parameters
    ----------
    returns
        (n_sessions, n_members) net returns up to the decision, oldest first; NaN before
        a member trades.
    spec
        How the capital is shared.

    Returns
    -------
    (n_members,) float64
        Positive, adding up to 1. Equal with fewer than ``min_history`` sessions known
        of all members in the window, but for ``given``. A member that has not moved has
        no risk to speak of: it keeps an equal share, the others share the rest.

    Raises
    ------
    ConfigError
        ``AK-C186`` where there are more or fewer budgets than members.

    Notes
    -----
    Reads the last ``window`` rows alone.
    """
    n_members = returns.shape[1]
    budgets = _budgets(spec, n_members)
    if spec.method in ("equal", "given"):
        return budgets
    recent = returns[-spec.window :]
    known = recent[np.isfinite(recent).all(axis=1)]
    shares = np.full(n_members, 1 / n_members)
    if len(known) < spec.min_history:
        return shares
    moves = np.ptp(known, axis=0) > 0
    if moves.any():
        covariance = np.atleast_2d(np.cov(known[:, moves], rowvar=False, ddof=1))
        shares[moves] = moves.mean() * _shares(covariance, budgets[moves], spec)
    return shares


def equal_risk(covariance: Float, budgets: Float) -> Float:
    """Return the weights whose contributions to risk are in proportion to budgets.

    Parameters
    ----------
    covariance
        (n, n) positive definite, or semi-definite with a positive diagonal.
    budgets
        (n,) positive.

    Returns
    -------
    (n,) float64
        Positive, adding up to 1.

    Notes
    -----
    Cyclical coordinate descent on ½ x'Σx − Σ bᵢ ln xᵢ (Griveau-Billion, Richard &
    Roncalli 2013); the problem is convex, each coordinate the positive root of a
    quadratic.
    """
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    shares = _as_shares(budgets)
    x = np.sqrt(shares)
    for _ in range(_ROUNDS):
        before = x.copy()
        for i, budget in enumerate(shares):
            others = float(correlation[i] @ x) - x[i]
            x[i] = 0.5 * (np.sqrt(others**2 + 4 * budget) - others)
        if np.abs(x - before).max() <= _TOLERANCE * x.max():
            break
    return _as_shares(x / spread)


def _shares(covariance: Float, budgets: Float, spec: RiskBudgetSpec) -> Float:
    if spec.method == "risk_contribution":
        return equal_risk(covariance, budgets)
    return _as_shares(1 / np.sqrt(np.diag(covariance)))


def _budgets(spec: RiskBudgetSpec, n_members: int) -> Float:
    if spec.budgets is None:
        return np.full(n_members, 1 / n_members)
    refuse_other_budgets(spec, n_members)
    return _as_shares(np.array(spec.budgets))


def refuse_other_budgets(spec: RiskBudgetSpec, n_members: int) -> None:
    """Refuse more or fewer budgets than members.

    Raises
    ------
    ConfigError
        ``AK-C186``.
    """
    if spec.budgets is not None and len(spec.budgets) != n_members:
        raise ConfigError(
            "AK-C186",
            "a combination has other budgets than members",
            got=f"{len(spec.budgets)} budgets for {n_members} members",
            wanted="one budget per member, in their order",
            fix="correct budget.budgets, or leave it out for equal ones",
        )


def _as_shares(parts: Float) -> Float:
    shares: Float = parts / parts.sum()
    return shares

"""Several strategies as one book.

Each member is kept as a book of its own, on paper. At each close the combination holds
every member's target weights in proportion to its share of the capital, which follows
from what the members have earned so far.
"""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Names, Spec
from alpha_kedro.portfolio.account import Account, Sleeve
from alpha_kedro.portfolio.construction import Aim
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.risk_budget import (
    RiskBudgetSpec,
    refuse_other_budgets,
    sleeve_weights,
)
from alpha_kedro.portfolio.ties import Keys


class CombinationSpec(Spec):
    """Which strategies make up the book, and how they share its capital."""

    members: Names = Field(
        min_length=2, description="names of the strategies; each is run on its own too"
    )
    budget: RiskBudgetSpec = Field(
        default_factory=RiskBudgetSpec, description="how the capital is shared"
    )

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if len(set(self.members)) < len(self.members):
            raise ValueError(f"a member is named twice: {', '.join(self.members)}")
        refuse_other_budgets(self.budget, len(self.members))
        return self

    def aim(
        self, scores: Float, account: Account, market: MarketState, *, tie_break: Keys
    ) -> Aim:
        """Return the sum of the members' targets, each by its share of the capital.

        Members that have earned nothing yet share equally; a member that has not begun
        to trade holds cash.

        Raises
        ------
        ConfigError
            ``AK-C161`` where a member's book is not there.
        """
        missing = [name for name in self.members if name not in account.sleeves]
        if missing:
            raise without_members({"combination": missing}, list(account.sleeves))
        sleeves = [account.sleeves[name] for name in self.members]
        shares = sleeve_weights(_together(sleeves), self.budget)
        weights = np.sum(
            [share * own.weights for share, own in zip(shares, sleeves, strict=True)],
            axis=0,
        )
        return Aim(weights)


def without_members(
    strange: Mapping[str, Sequence[str]], known: Sequence[str]
) -> ConfigError:
    """Build the error for combinations whose members are not run beside them.

    Parameters
    ----------
    strange
        Members that cannot be had, by combination.
    known
        Strategies that can be members.
    """
    return ConfigError(
        "AK-C161",
        "combinations have members that are not run, or are combinations",
        where=[f"{name}: {', '.join(own)}" for name, own in strange.items()],
        wanted=f"of the strategies: {', '.join(known) or 'none is run'}",
        fix="add the members to strategies",
    )


def _together(sleeves: list[Sleeve]) -> Float:
    """Return (n_sessions, n_members) returns of the sessions all have in common."""
    length = min(len(own.returns) for own in sleeves)
    return np.column_stack(
        [own.returns[len(own.returns) - length :] for own in sleeves]
    )

"""What trading and borrowing cost: one bill for the ledger and the evening's plan.

`CostSpec` says how costs are reckoned, `known_rates` reckons them at each close for the
decisions, `charged_rates` is what is billed in each session, and `charge` is the bill.
"""

from alpha_kedro.portfolio.costs.charge import bill, charge, impact_bill
from alpha_kedro.portfolio.costs.known import known_rates
from alpha_kedro.portfolio.costs.plan import plan
from alpha_kedro.portfolio.costs.rates import (
    CostRates,
    KnownRates,
    NextRates,
    charged_rates,
)
from alpha_kedro.portfolio.costs.spec import (
    CostSpec,
    HalfSpreadSpec,
    HardToBorrowSpec,
    ImpactSpec,
    rates_on,
)
from alpha_kedro.portfolio.costs.spread import estimated_half_spreads

__all__ = [
    "CostRates",
    "CostSpec",
    "HalfSpreadSpec",
    "HardToBorrowSpec",
    "ImpactSpec",
    "KnownRates",
    "NextRates",
    "bill",
    "charge",
    "charged_rates",
    "estimated_half_spreads",
    "impact_bill",
    "known_rates",
    "plan",
    "rates_on",
]

"""What can come back when a vendor is asked for one name."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

Reason = Literal[
    "rate_limited",
    "timeout",
    "unreachable",
    "not_found",
    "refused",
    "empty",
    "malformed",
]
_MAY_PASS = ("rate_limited", "timeout", "unreachable")


@dataclass(frozen=True)
class Failure:
    """Why there are no quotes: never a reason to call a name delisted."""

    reason: Reason
    detail: str = ""

    @property
    def is_transient(self) -> bool:
        """Tell whether asking again may help."""
        return self.reason in _MAY_PASS

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


@dataclass(frozen=True)
class Served:
    """Quotes and actions of one name as the vendor served them, on its basis.

    Attributes
    ----------
    bars
        date, open, high, low, close, adj_close, volume; a day may stand there twice,
        and may lack its prices.
    actions
        date (ex-date), dividend, split_ratio; one row per event.
    """

    bars: pd.DataFrame
    actions: pd.DataFrame


Answer = Served | Failure

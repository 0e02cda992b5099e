"""What a sample says of a claim."""

from dataclasses import dataclass

import pandas as pd

from alpha_kedro.measures import HacMean
from benchmarks.anomalies.claims import Claim

WHOLE = "all"
"""The period that holds all others."""

SIGNIFICANT = 2.0
"""The t from which a sign is taken for one."""

VERDICTS = ("agrees", "weaker", "opposite")


@dataclass(frozen=True)
class Outcome:
    """What one period says of a claim, in the direction that was published.

    Attributes
    ----------
    ic
        Mean rank IC.
    spread
        Mean return of the quintile that should win less that of the one that should
        lose, decimal per holding period.
    alpha
        What the index does not explain of the spread, decimal per holding period.
    per_year
        Holding periods in a year.
    """

    ic: HacMean
    spread: HacMean
    alpha: HacMean
    per_year: float


@dataclass(frozen=True)
class Measured:
    """A claim, what each period says of it, and when it could first be asked."""

    claim: Claim
    outcomes: dict[str, Outcome]
    first: pd.Timestamp

    @property
    def judged(self) -> HacMean:
        """Return what the verdict rests on."""
        whole = self.outcomes[WHOLE]
        return whole.alpha if self.claim.judged_by == "alpha" else whole.ic

    @property
    def verdict(self) -> str:
        """Return agrees, weaker or opposite."""
        agrees, weaker, opposite = VERDICTS
        if self.judged.t < 0:
            return opposite
        return agrees if self.judged.t >= SIGNIFICANT else weaker

"""How much of a window must be known."""

from math import ceil

from alpha_kedro.signals.formulas.formula import Known

KNOWN_SHARE = 0.8
"""Share of a window that is most of it."""


def least_known(known: Known, length: int) -> int:
    """Return how many values of a window have to be known."""
    return {"all": length, "most": ceil(KNOWN_SHARE * length), "any": 1}[known]

"""What the words of formulas stand for in numbers."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.signals.cross_section import demean, rank, z_score
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import least_known
from alpha_kedro.signals.operators import cells
from alpha_kedro.signals.operators.limits import fading
from alpha_kedro.signals.operators.requests import Request
from alpha_kedro.signals.operators.windows import Window

CELLS: Mapping[str, Callable[..., Float]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": cells.ratio,
    "negative": np.negative,
    "abs": np.abs,
    "sign": np.sign,
    "exp": np.exp,
    "log": cells.logarithm,
    "sqrt": cells.root,
    "power": cells.power,
    "larger": np.maximum,
    "smaller": np.minimum,
    "exceeds": cells.exceeds,
    "is_above": cells.is_above,
    "where": cells.where,
    "first_known": cells.first_known,
    "single": cells.single,
}
"""Words that treat each cell by itself."""


def _codes(groups: Float) -> Any:
    """Return the groups as codes, negative where unknown."""
    return np.where(np.isnan(groups), -1, groups).astype(np.int64)


def _sector_demean(x: Float, groups: Float, mask: Bool | None) -> Float:
    return demean(x, mask=mask, groups=_codes(groups))


def _sector_rank(x: Float, groups: Float, mask: Bool | None) -> Float:
    return rank(x, mask=mask, groups=_codes(groups))


ACROSS: Mapping[str, Callable[..., Float]] = {
    "across_rank": lambda x, mask: rank(x, mask=mask),
    "across_z_score": lambda x, mask: z_score(x, mask=mask),
    "across_demean": lambda x, mask: demean(x, mask=mask),
    "sector_demean": _sector_demean,
    "sector_rank": _sector_rank,
}
"""Words that compare the names of a date; each also takes the mask."""


def request_of(part: Formula) -> Request:
    """Return what a word over a window asks of its family."""
    known = part.known or "all"
    least = least_known(known, part.length)
    window = Window(part.length, least, partial=known == "any")
    parameter = part.parameter
    if part.word in ("ewm_mean", "ewm_std", "wilder") and parameter is not None:
        parameter = fading(part.word, parameter)
    return Request(part.word, window, parameter)

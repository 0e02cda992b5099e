"""Whether adj_close and close tell the same story, and the one the actions tell."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Float
from alpha_kedro.market.health.block import Block
from alpha_kedro.market.health.findings import make_findings
from alpha_kedro.market.health.splits import is_listed_wrongly

_DECIMALS = 1e-4
"""Step of prices as vendors round them; it blurs small prices more."""

_ROUNDINGS = 4.0


def check_distributions(block: Block) -> pd.DataFrame:
    """Return sessions whose two returns are far apart.

    A distribution adds to the return of the close. An adjusted close that falls behind
    the close, or that leaps where the close does not, is no distribution.
    """
    plain = np.expm1(block.log_return)
    vendor = block.adj_close / block.before(block.adj_close) - 1
    apart = np.abs(vendor - plain) > block.spec.distribution
    quoted = block.setting.basis == "raw"
    at = np.flatnonzero(apart & ~(quoted & is_listed_wrongly(block)))
    leaps = vendor[at] > np.fmax(block.spec.large_move, 2 * plain[at])
    explains = (vendor > plain)[at] & ~leaps
    return make_findings(
        "distribution",
        **block.places(at),
        severity=np.where(explains, "note", "suspect"),
        value=vendor[at],
        expected=plain[at],
        detail="adj_close returns {value:+.1%}, close {expected:+.1%}",
    )


def check_dividends(block: Block) -> pd.DataFrame:
    """Return listed dividends that adj_close leaves out, or takes out twice."""
    spec = block.spec
    share = block.dividend / block.before(block.close)
    adjusted = np.isfinite(block.adj_close / block.before(block.adj_close))
    paid = np.flatnonzero((share >= spec.dividend_floor) & (share < 1) & adjusted)
    listed = -np.log1p(-share[paid])
    shown = block.excess[paid]
    off = np.abs(shown - listed)
    wrong = off > np.fmax(spec.dividend_tolerance * listed, _blur(block)[paid])
    at = paid[wrong]
    return make_findings(
        "dividend",
        **block.places(at),
        severity="suspect",
        value=shown[wrong],
        expected=listed[wrong],
        detail="dividend of {expected:.2%} of the price; adj_close shows {value:+.2%}",
    )


def check_negative_dividends(block: Block) -> pd.DataFrame:
    """Return sessions where adj_close falls behind close, as no payment can make it."""
    shown = block.excess
    limit = np.fmax(_blur(block), block.spec.dividend_floor)
    vendor = np.expm1(block.log_return + shown)
    told = np.abs(vendor - np.expm1(block.log_return)) > block.spec.distribution
    at = np.flatnonzero((shown < -limit) & ~told)
    return make_findings(
        "negative_dividend",
        **block.places(at),
        severity="suspect",
        value=shown[at],
        expected=0.0,
        detail="adj_close returns {value:+.2%} beyond close",
    )


def _blur(block: Block) -> Float:
    """Return how far rounding alone can move the excess return."""
    step = _DECIMALS / block.adj_close + _DECIMALS / block.close
    return _ROUNDINGS * (step + block.before(step))

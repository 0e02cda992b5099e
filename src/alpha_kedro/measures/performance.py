"""Return, risk and cost of one strategy's daily returns."""

import math

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.panel import Float
from alpha_kedro.measures.availability import NotAvailable, needs, obstacle
from alpha_kedro.measures.sharpe import sharpe_ratio

_BASIS_POINTS = 10_000


@needs(2)
def annual_return(
    returns: Float, *, periods_per_year: float = SESSIONS_PER_YEAR
) -> float:
    """Return the constant yearly growth that ends at the same net asset value.

    Parameters
    ----------
    returns
        (n,) simple returns per period, decimals.
    periods_per_year
        252 for daily returns.

    Returns
    -------
    float
        ``prod(1 + r)^(periods_per_year / n) - 1``; -1 after a total loss.
        `NotAvailable` with fewer than two returns, a missing one, or one below -1.
    """
    if returns.min() < -1:
        return NotAvailable("a return below -100 % leaves no growth rate")
    with np.errstate(divide="ignore", over="ignore"):
        return float(np.expm1(np.log1p(returns).mean() * periods_per_year))


@needs(2)
def annual_volatility(
    returns: Float, *, periods_per_year: float = SESSIONS_PER_YEAR
) -> float:
    """Return the standard deviation (ddof 1) of returns times the root of a year.

    `NotAvailable` with fewer than two returns or a missing one; 0 for constant returns.
    """
    return float(returns.std(ddof=1) * math.sqrt(periods_per_year))


@needs(1)
def annual_total(
    amounts: Float, *, periods_per_year: float = SESSIONS_PER_YEAR
) -> float:
    """Return the mean per period times a year: yearly turnover or yearly cost.

    Parameters
    ----------
    amounts
        (n,) turnover (one-way, share of NAV) or cost (share of NAV) per period.
    """
    return float(amounts.mean() * periods_per_year)


def drawdown(returns: npt.ArrayLike) -> Float:
    """Return how far the net asset value lies below its highest level so far.

    Parameters
    ----------
    returns
        (n,) simple returns per period, decimals. The value starts at 1.0, so a loss in
        the first period is a drawdown.

    Returns
    -------
    (n,) float64
        0 at a high, negative below; NaN from the first missing return on.
    """
    growth = 1 + np.asarray(returns, dtype=np.float64)
    value = np.cumprod(np.concatenate([[1.0], growth]))
    below: Float = (value / np.maximum.accumulate(value) - 1)[1:]
    return below


@needs(1)
def max_drawdown(returns: Float) -> float:
    """Return the deepest `drawdown`: 0 or negative."""
    return float(drawdown(returns).min())


@needs(2)
def calmar_ratio(
    returns: Float, *, periods_per_year: float = SESSIONS_PER_YEAR
) -> float:
    """Divide the annual return by the depth of the deepest drawdown.

    `NotAvailable` where there was no drawdown.
    """
    depth = max_drawdown(returns)
    if depth == 0:
        return NotAvailable("no drawdown")
    growth = annual_return(returns, periods_per_year=periods_per_year)
    return growth if isinstance(growth, NotAvailable) else growth / -depth


def cost_drag(
    gross_returns: npt.ArrayLike,
    net_returns: npt.ArrayLike,
    *,
    periods_per_year: float = SESSIONS_PER_YEAR,
) -> float:
    """Return how much annual Sharpe ratio the costs took: gross less net."""
    gross = sharpe_ratio(gross_returns, periods_per_year=periods_per_year)
    net = sharpe_ratio(net_returns, periods_per_year=periods_per_year)
    for ratio in (gross, net):
        if isinstance(ratio, NotAvailable):
            return ratio
    return gross - net


def breakeven_cost_bps(gross_returns: npt.ArrayLike, traded: npt.ArrayLike) -> float:
    """Return the cost per unit traded that would have left nothing.

    Parameters
    ----------
    gross_returns
        (n,) simple returns per period before costs, decimals.
    traded
        (n,) absolute value traded per period, as a share of NAV: twice the turnover.

    Returns
    -------
    float
        The ``c``, in basis points, at which ``prod(1 + gross - c traded)`` is 1.
        `NotAvailable` where nothing was traded or where the gross return was not
        positive in the first place.
    """
    gross = np.asarray(gross_returns, dtype=np.float64)
    amounts = np.asarray(traded, dtype=np.float64)
    reason = obstacle(np.concatenate([gross, amounts]), points=2)
    if reason is None and not amounts.max() > 0:
        reason = "nothing was traded"
    if reason is None and not _log_growth(0.0, gross, amounts) > 0:
        reason = "the gross return is not positive"
    return NotAvailable(reason) if reason else _breakeven(gross, amounts)


def _breakeven(gross: Float, traded: Float) -> float:
    from scipy.optimize import brentq

    active = traded > 0
    ruin = ((1 + gross[active]) / traded[active]).min()
    cost = brentq(_log_growth, 0.0, ruin, args=(gross, traded), xtol=1e-12)
    return float(cost * _BASIS_POINTS)


def _log_growth(cost: float, gross: Float, traded: Float) -> float:
    growth = 1 + gross - cost * traded
    # At ruin the solver needs a finite value, and rounding may carry it a hair past.
    return float(np.log(np.maximum(growth, np.finfo(np.float64).tiny)).sum())

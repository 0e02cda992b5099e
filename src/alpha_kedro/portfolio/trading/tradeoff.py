"""What a decision weighs up: cost against risk, and how soon the aim moves on."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.construction.fields import Window
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.trading.decay import decay_of, score_persistence

_SESSIONS = 5.0  # between decisions, before a second one is known
_LEAST_IC = 1e-4  # of scores that have never been right: next to nothing is traded


class Prospects(Spec):
    """What a strategy expects of its scores; what is null is measured on the past."""

    ic: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None,
        description="rank IC of scores with the returns up to the next decision; null: "
        "measured",
    )
    half_life: Annotated[float, Field(gt=0, le=1_000)] | None = Field(
        default=None,
        description="decisions after which the IC has halved; null: measured",
    )
    persistence: Share | None = Field(
        default=None,
        description="rank correlation of scores with those before; null: measured",
    )
    risk_aversion: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="cost of variance (per decision, share of NAV), twice over; null: "
        "that at which the aim would be held if trading were free",
    )
    window: Window = 60


@dataclass(frozen=True, eq=False)
class Tradeoff:
    """The terms of a decision, all of them known at its close.

    Attributes
    ----------
    cost
        (n_tickers,) of trading one unit, decimal, one way; impact included at the size
        of ``move``.
    variance
        (n_tickers,) of the return from one decision to the next.
    risk_aversion
        Cost of variance, twice over, so that ``risk_aversion * variance * aim`` is the
        return that the aim stands for.
    move
        How far the aim of a name moves from one decision to the next: root mean square,
        share of NAV.
    mean_reversion
        Share of what a score knows that is lost from one decision to the next.
    unmeasured
        Names of the aim without a volatility, given that of the median name.
    """

    cost: Float
    variance: Float
    risk_aversion: float
    move: float
    mean_reversion: float
    unmeasured: int

    @property
    def stiffness(self) -> Float:
        """Return (n_tickers,) what the square of a distance to the aim costs, twice."""
        return self.risk_aversion * self.variance


def tradeoff_of(aim: Float, market: MarketState, prospects: Prospects) -> Tradeoff:
    """Put numbers on the terms of a decision.

    Parameters
    ----------
    aim
        (n_tickers,) shares of NAV.
    market
        What is known at the close of the decision, with cost rates.
    prospects
        What is expected and what is to be measured.

    Raises
    ------
    SimulationError
        ``AK-S081`` without cost rates, ``AK-S082`` where no name of the aim has a
        volatility.

    Notes
    -----
    Risk is each name's own: a book neutral to what names have in common has little
    else. Scores are worth ``ic * volatility * z`` (R. Grinold, Alpha is Volatility
    times IC times Score, Journal of Portfolio Management 20, 1994), and a book that
    holds the optimum ``alpha / (risk_aversion * variance)`` of such scores, ``z`` being
    of unit size, has ``risk_aversion = ic / rms(aim * volatility)``. The aim moves like
    the scores do: ``move^2 = mean(aim^2) (1 - persistence^2)``.
    """
    if market.rates is None:
        raise _no_costs()
    held = aim != 0
    spread, unmeasured = _spread(held, market, prospects.window)
    ic, reverts = _known(market, prospects)
    at_risk = float(np.sqrt(np.mean((aim * spread)[held] ** 2))) if held.any() else 1.0
    persistence = prospects.persistence
    if persistence is None:
        persistence = score_persistence(market.past_scores)
    size = float(np.sqrt(np.mean(aim[held] ** 2))) if held.any() else 0.0
    move = size * float(np.sqrt(1 - persistence**2))
    return Tradeoff(
        cost=market.rates.trading + market.rates.impact * np.sqrt(move),
        variance=spread**2,
        risk_aversion=prospects.risk_aversion or ic / at_risk,
        move=move,
        mean_reversion=reverts,
        unmeasured=unmeasured,
    )


def _known(market: MarketState, prospects: Prospects) -> tuple[float, float]:
    """Return IC and mean reversion, measuring no more than has to be."""
    ic, half_life = prospects.ic, prospects.half_life
    if ic is None or half_life is None:
        measured = decay_of(market)
        ic = max(measured.ic, _LEAST_IC) if ic is None else ic
        half_life = measured.half_life if half_life is None else half_life
    return ic, 1 - 2.0 ** (-1 / half_life)


def typical_cost_ratio(held: Bool, market: MarketState, window: int) -> float:
    """Return the median cost of trading over the median volatility per session.

    Parameters
    ----------
    held
        (n_tickers,) the names that count.
    market
        What is known at the close of the decision, with cost rates.
    window
        Returns that volatility looks at (sessions).

    Raises
    ------
    SimulationError
        ``AK-S081`` without cost rates, ``AK-S082`` without a volatility.
    """
    if market.rates is None:
        raise _no_costs()
    if not held.any():
        return 0.0
    typical = _typical(market.volatility(window), held, market, window)
    return float(np.median(market.rates.trading[held]) / typical)


def _spread(held: Bool, market: MarketState, window: int) -> tuple[Float, int]:
    """Return (n_tickers,) volatility per decision, and how many names lacked one."""
    own = market.volatility(window)
    known = np.isfinite(own) & (own > 0)
    typical = _typical(own, held, market, window) if held.any() else 1.0
    sessions = market.sessions_per_decision
    sessions = sessions if np.isfinite(sessions) else _SESSIONS
    filled: Float = np.where(known, own, typical) * np.sqrt(sessions)
    return filled, int((held & ~known).sum())


def _typical(own: Float, held: Bool, market: MarketState, window: int) -> float:
    known = np.isfinite(own) & (own > 0) & held
    if known.any():
        return float(np.median(own[known]))
    raise SimulationError(
        "AK-S082",
        "no name that is wanted has a volatility to weigh its costs against",
        got=f"{len(market.close)} sessions of history",
        wanted=f"at least 80 % of {window} returns for some name",
        fix="start later, hand over more history, or shorten the window",
    )


def _no_costs() -> SimulationError:
    return SimulationError(
        "AK-S081",
        "a speed of trading that follows from costs was not told the costs",
        fix="hand over market.rates, or give the rule a rate or a width of its own",
    )

"""The overlays of a strategy, one after the other, and the limits at their end.

1. Every overlay is applied to what the one before it left.
2. A later step may break an earlier limit: a hedge adds exposure, a small trade is left
   undone. So every limit on what is held is asked again at the end and, where it is
   broken, applied again by reducing positions alone, in the order of the list, until
   all of them hold. Limits on risk stand above the speed of trading: this last step may
   trade more than a turnover cap allows.
3. What is broken still is noted: a name that cannot be traded today cannot be reduced.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.book import TOLERANCE, turnover
from alpha_kedro.portfolio.overlays.drawdown_control import DrawdownControl
from alpha_kedro.portfolio.overlays.exposure_caps import LeverageCap
from alpha_kedro.portfolio.overlays.limit import (
    Limit,
    RiskLimit,
    cannot_be_met_together,
)
from alpha_kedro.portfolio.overlays.market_gates import (
    ImpliedVolatilityGate,
    RegimeGate,
)
from alpha_kedro.portfolio.overlays.overlay import Overlay
from alpha_kedro.portfolio.overlays.position_limits import PositionLimits
from alpha_kedro.portfolio.overlays.sector_limits import SectorLimits
from alpha_kedro.portfolio.overlays.volatility_target import VolatilityTarget

_ROUNDS = 50
_CUTS = (RegimeGate, ImpliedVolatilityGate, DrawdownControl)


@dataclass(frozen=True)
class Overlaid:
    """A book after all overlays.

    Attributes
    ----------
    weights
        (n_tickers,) target shares of NAV.
    notes
        What the overlays met, as ``kind:note``; ``limit_enforced:kind`` for a limit
        that had to be applied again at the end, ``limit_broken:kind`` for what is
        beyond it even so.
    changes
        Half the sum of absolute changes each kind made, enforcement included; 0 where
        it changed nothing.
    """

    weights: Float
    notes: Mapping[str, int]
    changes: Mapping[str, float]


def apply_overlays(
    weights: Float,
    overlays: Sequence[Overlay],
    account: Account,
    market: MarketState,
) -> Overlaid:
    """Apply overlays in their order, then see to it that every limit holds.

    Parameters
    ----------
    weights
        (n_tickers,) what construction aims at, share of NAV.
    overlays
        In the order of the strategy; the same kind may stand in it twice.
    account, market
        What is known at the close of the decision.

    Returns
    -------
    Overlaid
        The book satisfies every limit on what is held to 1e-9 of NAV, but for what
        ``limit_broken`` notes say. Where nothing has to change it is ``weights``.

    Raises
    ------
    SimulationError
        ``AK-S031`` for limits that cannot be met together, by name; ``AK-S035`` where
        weights are not finite, before or after an overlay. What the overlays raise.
    """
    _refuse_not_finite(weights, "the construction", market)
    notes: Counter[str] = Counter()
    changes = {overlay.kind: 0.0 for overlay in overlays}
    book = weights
    for overlay in overlays:
        adjusted = overlay.apply(book, account, market)
        _refuse_not_finite(adjusted.weights, overlay.kind, market)
        changes[overlay.kind] += turnover(book, adjusted.weights)
        notes.update({f"{overlay.kind}:{k}": n for k, n in adjusted.notes.items()})
        book = adjusted.weights
    _refuse_minimum_above_gross(book, overlays, market)
    enforced = _enforced(book, overlays, account, market, notes, changes)
    notes.update(check_limits(enforced, overlays, account, market))
    return Overlaid(enforced, dict(notes), changes)


def check_limits(
    weights: Float,
    overlays: Sequence[Overlay],
    account: Account,
    market: MarketState,
) -> dict[str, int]:
    """Count what of a book is beyond the limits among the overlays.

    Returns
    -------
    dict
        ``limit_broken:kind`` with the number of names, sectors or books beyond it, once
        the names that cannot be traded today stay as they are. Empty where all hold.
    """
    broken: Counter[str] = Counter()
    for limit in overlays:
        if isinstance(limit, Limit):
            beyond = limit.breach(weights, account, market)
            if beyond is not None:
                broken[f"limit_broken:{limit.kind}"] += beyond.count
    return dict(broken)


def refuse_contradictions(overlays: Sequence[Overlay], where: str) -> None:
    """Refuse limits of which no book could satisfy both, whatever the date.

    Parameters
    ----------
    overlays
        Of one strategy.
    where
        The strategy, as the reader knows it.

    Raises
    ------
    ConfigError
        ``AK-C185`` naming every pair.
    """
    pairs = [
        *_pairs(overlays, PositionLimits, "min", LeverageCap, "gross"),
        *_pairs(overlays, PositionLimits, "min", SectorLimits, "gross"),
        *_pairs(overlays, VolatilityTarget, "min_leverage", LeverageCap, "gross"),
    ]
    if pairs:
        raise ConfigError(
            "AK-C185",
            f"{where} has limits that no book can satisfy",
            where=pairs,
            fix="change one of each pair, or take it out of overlays",
        )


def cuts_among(overlays: Sequence[Overlay]) -> list[str]:
    """Return the kinds that take exposure away for a while, in their order."""
    return [each.kind for each in overlays if isinstance(each, _CUTS)]


def refuse_cuts_undone(
    overlays: Sequence[Overlay], where: str, *, before: Sequence[str] = ()
) -> None:
    """Refuse a volatility target behind a cut: it would scale the book up again.

    Parameters
    ----------
    overlays
        Of one strategy.
    where
        The strategy, as the reader knows it.
    before
        Cuts that are made before the first overlay, as the reader knows them.

    Raises
    ------
    ConfigError
        ``AK-C187`` naming every pair.
    """
    undone = [
        f"{cut} before {each.kind}"
        for place, each in enumerate(overlays)
        if isinstance(each, VolatilityTarget)
        for cut in (*before, *cuts_among(overlays[:place]))
    ]
    if undone:
        raise ConfigError(
            "AK-C187",
            f"{where}: what one overlay takes away the next gives back",
            where=undone,
            got="a target scales what is left after a cut to the same volatility",
            fix="put volatility_target first, and every gate and control after it",
        )


def _pairs(
    overlays: Sequence[Overlay], low: type, least: str, high: type, most: str
) -> list[str]:
    """Name the pairs in which what one demands is more than the other allows."""
    return [
        f"{one.kind}.{least} {getattr(one, least):g} > {two.kind}.{most} "
        f"{getattr(two, most):g}"
        for one, two in product(overlays, overlays)
        if isinstance(one, low)
        and isinstance(two, high)
        and getattr(two, most) is not None
        and getattr(one, least) > getattr(two, most)
    ]


def _enforced(
    weights: Float,
    overlays: Sequence[Overlay],
    account: Account,
    market: MarketState,
    notes: Counter[str],
    changes: dict[str, float],
) -> Float:
    """Reduce positions until every limit on what is held holds, or nothing helps."""
    limits = [each for each in overlays if isinstance(each, RiskLimit)]
    book = weights
    for _ in range(_ROUNDS):
        before = book
        for limit in limits:
            if limit.breach(book, account, market) is None:
                continue
            reduced = limit.reduced(book, account, market)
            changed = turnover(book, reduced)
            if changed > 0:
                notes[f"limit_enforced:{limit.kind}"] = 1
                changes[limit.kind] += changed
            book = reduced
        if turnover(before, book) == 0:
            return book
    return book


def _refuse_minimum_above_gross(
    weights: Float, overlays: Sequence[Overlay], market: MarketState
) -> None:
    """Refuse names raised to a minimum that the cap on gross has no room for."""
    inside = market.tradable & market.universe
    n_names = int(np.count_nonzero(weights[inside]))
    for one, cap in product(overlays, overlays):
        if not (isinstance(one, PositionLimits) and isinstance(cap, LeverageCap)):
            continue
        least = n_names * one.min
        if one.below_min == "raise" and least > cap.gross + TOLERANCE:
            raise cannot_be_met_together(
                [
                    f"position_limits: {n_names} names x min {one.min:g} = {least:.6g}",
                    f"leverage_cap: gross {cap.gross:g}",
                ],
                "lower min, hold fewer names, raise gross, or set below_min: drop",
            )


def _refuse_not_finite(weights: Float, after: str, market: MarketState) -> None:
    wrong = ~np.isfinite(weights)
    if wrong.any():
        raise SimulationError(
            "AK-S035",
            "weights that are not numbers",
            where=market.tickers[wrong],
            got=f"{int(wrong.sum())} of them after {after}",
            wanted="a share of NAV for every name, 0 where nothing is wanted",
            fix="look at the scores and prices of these names on this date",
        )

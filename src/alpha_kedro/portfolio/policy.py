"""The one place where a decision is made.

The simulator and the evening job call `decide` and nothing else, so what is researched
is what is traded.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.panel import Bool, Float, Int, Tickers
from alpha_kedro.portfolio.construction import (
    Keys,
    StrategySpec,
    Targets,
    target_weights,
)

Array = TypeVar("Array", bound=npt.NDArray[Any])


@dataclass(frozen=True)
class MarketState:
    """What a decision may know of the market: its last closed session, read-only.

    Attributes
    ----------
    tickers
        (n_tickers,) names.
    universe
        (n_tickers,) True where a score is asked for; the others are no part of the
        cross-section, and a position in them is closed.
    groups
        (n_tickers,) sector code, negative where unknown.
    tradable
        (n_tickers,) True where the name had a bar and no halt in the session of
        ``as_of``.
    """

    tickers: Tickers
    universe: Bool
    groups: Int
    tradable: Bool

    def __post_init__(self) -> None:
        for name, array in vars(self).items():
            object.__setattr__(self, name, read_only(array))


def read_only(array: Array) -> Array:
    """Return a view of ``array`` that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


def decide(
    as_of: np.datetime64,
    scores: Float,
    holdings: Float,
    market: MarketState,
    *,
    spec: StrategySpec,
    seed: int = 0,
) -> Targets:
    """Decide at the close of ``as_of`` what to hold from the next fill on.

    Parameters
    ----------
    as_of
        The session that has just closed.
    scores
        (n_tickers,) scores known at that close, NaN where there is none.
    holdings
        (n_tickers,) drifted weights at that close, share of NAV.
    market
        The rest of what is known at that close.
    spec
        The strategy.
    seed
        Of the order among equal scores.

    Returns
    -------
    Targets
        Target weights. A held name without a target is to be closed; one that could not
        be traded today is counted as ``stuck``, for its closing order may have to wait.
    """
    inside = market.universe
    targets = target_weights(
        scores[inside],
        groups=market.groups[inside],
        tradable=market.tradable[inside],
        tie_break=tie_keys(market.tickers[inside], as_of, seed=seed),
        spec=spec,
    )
    weights = np.zeros(len(scores))
    weights[inside] = targets.weights
    stuck = int(np.count_nonzero((holdings != 0) & ~market.tradable))
    return Targets(weights, {**targets.notes, **({"stuck": stuck} if stuck else {})})


def tie_keys(tickers: Tickers, as_of: np.datetime64, *, seed: int = 0) -> Keys:
    """Return a key per ticker that orders equal scores.

    Drawn anew each date from the name, the date and the seed: the same on every
    machine, whatever the order of the tickers, and with no favour for the head of the
    alphabet.

    Returns
    -------
    (n_tickers,) uint64
    """
    day = int(as_of.astype("datetime64[D]").astype(np.int64))
    salt = np.uint64(_digest(f"{seed} {day}"))
    names = np.fromiter(map(_digest, tickers), dtype=np.uint64, count=len(tickers))
    return _scrambled(names ^ salt)


@lru_cache(maxsize=65_536)
def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def _scrambled(keys: Keys) -> Keys:
    """Mix the bits (splitmix64's finalizer), for xor alone keeps pairs in step."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))

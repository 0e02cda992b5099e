"""The order among equal scores: drawn anew each date, the same on every machine."""

from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.panel import Tickers

Keys = npt.NDArray[np.uint64]


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
    return _scrambled(_names(tuple(tickers)) ^ salt)


@lru_cache(maxsize=64)
def _names(tickers: tuple[str, ...]) -> Keys:
    found = np.fromiter(map(_digest, tickers), dtype=np.uint64, count=len(tickers))
    found.flags.writeable = False
    return found


@lru_cache(maxsize=65_536)
def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def _scrambled(keys: Keys) -> Keys:
    """Mix the bits (splitmix64's finalizer), for xor alone keeps pairs in step."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))

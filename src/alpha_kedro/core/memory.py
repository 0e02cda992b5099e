"""Memory by the gigabyte, and memory that is asked for again within milliseconds."""

import math
import mmap
import platform
from functools import cache

import numpy as np

from alpha_kedro.core.panel import Single

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3), as in glibc's malloc.h
_KEPT_BYTES = 256 * 2**20
_REUSED_BYTES = 32 * 2**20
"""Largest array that is reused; before version 2.35 glibc refuses to reuse larger."""


@cache
def keep_freed_memory() -> bool:
    """Ask the C library to reuse freed arrays instead of giving each back at once.

    What glibc returns to the system it replaces by fresh pages, which the system has to
    clear. Its own threshold grows with the arrays that are freed; this one stands from
    the first.

    Returns
    -------
    Whether the library understood. Elsewhere than on glibc nothing is changed.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    import ctypes

    set_option = ctypes.CDLL(None).mallopt
    # In this order: to set the second alone would freeze the first at its smallest.
    wanted = ((_MMAP_THRESHOLD, _REUSED_BYTES), (_TRIM_THRESHOLD, _KEPT_BYTES))
    return all(set_option(option, size) == 1 for option, size in wanted)


def empty_single(shape: tuple[int, ...]) -> Single:
    """Return an array of 32-bit floats for a large result, not yet filled.

    numpy asks the system for huge pages, and where memory is in pieces Linux then moves
    it about for seconds. A result that is written once has no use for them.
    """
    size = math.prod(shape)
    if not size or not hasattr(mmap, "MAP_POPULATE"):  # which Linux alone has
        return np.empty(shape, dtype=np.float32)
    kind = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
    pages = mmap.mmap(-1, size * np.dtype(np.float32).itemsize, flags=kind)
    return np.frombuffer(pages, dtype=np.float32).reshape(shape)

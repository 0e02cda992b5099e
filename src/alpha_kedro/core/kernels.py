"""Functions compiled to machine code on their first call."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` with numba on its first call, and keep the result on disk.

    Where no folder can be written to it is kept for the process alone.

    Not at import: numba takes most of a second to load, and a command line that only
    lists pipelines should not wait for it. No fastmath, which may reorder a sum. A
    quotient by 0 is infinite or NaN, as numpy has it, and raises nothing.
    """

    @cache
    def compiled() -> Callable[P, R]:
        from numba import njit

        def compiled_and(kept: bool) -> Callable[P, R]:
            compile_it = njit(cache=kept, nogil=True, error_model="numpy")
            fast: Callable[P, R] = compile_it(function)
            return fast

        try:
            return compiled_and(kept=True)
        except RuntimeError:  # there is no place, as in a container that is read-only
            return compiled_and(kept=False)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return compiled()(*args, **kwargs)

    return call


def dense(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return float64 values in the one memory layout that kernels are compiled for."""
    return np.require(values, np.float64, ["C", "W"])

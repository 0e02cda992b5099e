"""Functions compiled to machine code on their first call."""

from collections.abc import Callable
from functools import cache, cached_property, wraps
from typing import Any, Generic, ParamSpec, TypeVar

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


class Formula(Generic[P, R]):
    """A function that Python calls as it is and kernels compile into theirs.

    Notes
    -----
    A kernel kept on disk knows the formula of the day it was compiled: after a change
    here, the compiled files of the kernels that call it have to go.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        self.__wrapped__ = function
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Evaluate the formula in Python."""
        return self.__wrapped__(*args, **kwargs)

    @cached_property
    def _compiled(self) -> Any:
        from numba import njit

        return njit(inline="never", error_model="numpy")(self.__wrapped__)

    @property
    def _numba_type_(self) -> Any:
        """What numba asks an object for when it meets it in a kernel."""
        return self._compiled._numba_type_


def dense(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return float64 values in the one memory layout that kernels are compiled for."""
    return np.require(values, np.float64, ["C", "W"])

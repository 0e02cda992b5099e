"""One thread for every library: with more of them sums are added in another order."""

import os
from typing import Any, Literal

_COUNTS = (
    *("OMP_NUM_THREADS", "OMP_THREAD_LIMIT"),
    *("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
)


def one_thread_each(*, api: Literal["blas"] | None = None) -> Any:
    """Hold the loaded libraries to one thread; as a context, until it ends."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api=api)


def one_thread_for_good() -> None:
    """Hold this process to one thread per library.

    Libraries loaded later read the environment; those loaded already are told. The
    limit holds against models that ask for threads of their own.
    """
    os.environ.update(dict.fromkeys(_COUNTS, "1"))
    one_thread_each()

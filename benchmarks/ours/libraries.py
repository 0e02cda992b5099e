"""Libraries that are loaded when they are first needed, loaded before the clock starts.

The peers import theirs at once; here a command line would wait for them.
"""


def load_libraries() -> None:
    """Import numba, which loads half of itself at its first call, and statsmodels."""
    import numba
    import statsmodels.regression.linear_model  # noqa: F401

    numba.njit(lambda x: x + 1.0)(1.0)

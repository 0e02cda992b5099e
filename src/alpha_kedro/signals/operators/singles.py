"""Results on their way to 32 bits, the last division done as they are rounded."""

import numpy as np

from alpha_kedro.core.kernels import kernel
from alpha_kedro.core.panel import Float, Single
from alpha_kedro.signals.operators.cells import ratio


def single_of(values: Float) -> Single:
    """Round to 32 bits; what is too large for them is infinite."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def single_ratio(numerator: Float, denominator: Float) -> Single:
    """Divide as `ratio` and round to 32 bits, in one pass over the memory."""
    if numerator.shape != denominator.shape:
        return single_of(ratio(numerator, denominator))
    quotient = np.empty(numerator.shape, dtype=np.float32)
    _divide(numerator.reshape(-1), denominator.reshape(-1), quotient.reshape(-1))
    return quotient


@kernel
def _divide(numerator: Float, denominator: Float, quotient: Single) -> None:
    for i in range(len(quotient)):
        below = denominator[i]
        quotient[i] = numerator[i] / below if below != 0.0 else np.nan

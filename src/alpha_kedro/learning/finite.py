"""No infinity is a feature."""

import numpy as np

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Single


def refuse_infinite(X: Single, features: tuple[str, ...]) -> None:
    """Raise ``AK-M024`` naming the columns that hold an infinite value."""
    columns = np.flatnonzero(np.isinf(X).any(axis=0))
    if len(columns):
        raise ModelError(
            "AK-M024",
            "features are infinite",
            where=[features[column] for column in columns],
            wanted="finite values, NaN where missing",
            fix="a ratio over zero is missing: let the feature return NaN there",
        )

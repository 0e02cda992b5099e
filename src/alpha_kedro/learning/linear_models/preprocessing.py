"""Transforms fitted on the rows of one training window, then applied to any row.

Each is a frozen record of what the window taught (medians, limits, means) with ``fit``
and ``apply``; its JSON is the whole of it. Applying never looks at other rows: a row
scored alone gets the numbers it gets in a batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Float, Int, Single
from alpha_kedro.core.spec import Spec

Floats = tuple[float, ...]

_PROBED_ROWS = 64


class PreprocessingSpec(Spec):
    """How a linear model's features are brought to one scale inside the fold."""

    clip_quantile: float | None = Field(
        default=None,
        gt=0,
        lt=0.5,
        description="Values below this quantile of the window, or above its mirror, "
        "are set to it; null leaves outliers alone (share of rows).",
    )
    missing_indicators: bool = Field(
        default=False,
        description="Add a 0/1 column for each feature that was missing in the window.",
    )
    scaling: Literal["standard", "robust", "none"] = Field(
        default="standard",
        description="standard: mean 0 and deviation 1 over the window; robust: median "
        "0 and interquartile range 1, which outliers do not move; none: as they are.",
    )


@dataclass(frozen=True)
class ColumnChoice:
    """Which columns of a window carry information.

    Attributes
    ----------
    kept
        (k,) positions, ascending.
    dropped
        The other features, each with its reason.
    """

    kept: Int
    dropped: Mapping[str, str]


def choose_columns(X: Single, features: tuple[str, ...]) -> ColumnChoice:
    """Leave out features that are all missing, constant, or copies of another.

    Parameters
    ----------
    X
        (n, p) float32 rows of the window. NaN counts as one more value: a constant with
        gaps is not constant.
    features
        Names of the p columns.

    Raises
    ------
    ModelError
        ``AK-M026`` when no column is left.
    """
    found = _copies(X, features) | _useless(X, features)
    dropped = {name: found[name] for name in features if name in found}
    kept = [column for column, name in enumerate(features) if name not in dropped]
    if not kept:
        raise ModelError(
            "AK-M026",
            "no feature carries information in the training window",
            where=[f"{name}: {reason}" for name, reason in dropped.items()],
            fix="check the features of these dates, or widen the training window",
        )
    return ColumnChoice(np.array(kept, dtype=np.int64), dropped)


def _useless(X: Single, features: tuple[str, ...]) -> dict[str, str]:
    """Return the columns without two values, each with its reason."""
    missing = np.isnan(X)
    gone = missing.all(axis=0)
    constant = ~missing.any(axis=0) & (X[:1] == X).all(axis=0)
    reasons = np.where(gone, "all missing", np.where(constant, "constant", ""))
    named = zip(features, reasons.tolist(), strict=True)
    return {name: reason for name, reason in named if reason}


def _copies(X: Single, features: tuple[str, ...]) -> dict[str, str]:
    """Return the columns that repeat an earlier one.

    Whole columns are compared only where a few rows of them agree: to walk down a
    column of a long table costs as much as to walk through all of it.
    """
    # -0.0 + 0.0 is 0.0: equal values then have equal bytes.
    probe = np.ascontiguousarray(X[:: max(1, len(X) // _PROBED_ROWS)].T) + np.float32(0)
    alike: dict[bytes, list[int]] = {}
    copies = {}
    for column, name in enumerate(features):
        earlier = alike.setdefault(probe[column].tobytes(), [])
        twins = (
            features[other]
            for other in earlier
            if np.array_equal(X[:, other], X[:, column], equal_nan=True)
        )
        if twin := next(twins, None):
            copies[name] = f"copy of {twin}"
        else:
            earlier.append(column)
    return copies


class Clipping(Spec):
    """Quantile limits of each column; beyond them a value is set to the limit.

    ``share`` says which part of the window's present values each column had clipped.
    """

    lower: Floats
    upper: Floats
    share: Floats

    @classmethod
    def fit(cls, X: Float, *, quantile: float) -> "Clipping":
        """Take the ``quantile`` and ``1 - quantile`` of each column, NaN left out."""
        lower, upper = np.nanquantile(X, [quantile, 1 - quantile], axis=0)
        beyond = ((lower > X) | (upper < X)).sum(axis=0)
        share = beyond / np.isfinite(X).sum(axis=0)
        return cls(lower=_floats(lower), upper=_floats(upper), share=_floats(share))

    def apply(self, X: Float) -> Float:
        """Return (n, k) clipped values; NaN stays NaN."""
        return np.clip(X, self.lower, self.upper)


class Imputation(Spec):
    """The median of each column, and which columns also get a 0/1 missing indicator."""

    medians: Floats
    indicated: tuple[int, ...] = ()

    @classmethod
    def fit(cls, X: Float, *, indicators: bool) -> "Imputation":
        """Take each column's median over its present values."""
        gaps = np.flatnonzero(np.isnan(X).any(axis=0)) if indicators else ()
        return cls(
            medians=_floats(np.nanmedian(X, axis=0)),
            indicated=tuple(int(column) for column in gaps),
        )

    def apply(self, X: Float) -> Float:
        """Return (n, k + indicators) values without NaN."""
        missing = np.isnan(X)
        filled = np.where(missing, self.medians, X)
        return np.hstack([filled, missing[:, list(self.indicated)].astype(np.float64)])


class Standardisation(Spec):
    """Mean and standard deviation of each column."""

    means: Floats
    scales: Floats

    @classmethod
    def fit(cls, X: Float) -> "Standardisation":
        """Take the moments of columns without NaN; a constant has the scale one."""
        scales = X.std(axis=0)
        return cls(
            means=_floats(X.mean(axis=0)),
            scales=_floats(np.where(scales > 0, scales, 1.0)),
        )

    def apply(self, X: Float) -> Float:
        """Return (n, k) values with mean 0 and deviation 1 over the window."""
        scaled: Float = (X - np.array(self.means)) / np.array(self.scales)
        return scaled


class RobustScaling(Spec):
    """Median and interquartile range of each column."""

    medians: Floats
    scales: Floats

    @classmethod
    def fit(cls, X: Float) -> "RobustScaling":
        """Take the quartiles of columns without NaN.

        A column whose middle half is one value has its standard deviation for a scale,
        and a constant one the scale one.
        """
        lower, median, upper = np.quantile(X, [0.25, 0.5, 0.75], axis=0)
        wide, varied = upper - lower, X.std(axis=0)
        scales = np.where(wide > 0, wide, np.where(varied > 0, varied, 1.0))
        return cls(medians=_floats(median), scales=_floats(scales))

    def apply(self, X: Float) -> Float:
        """Return (n, k) values with median 0 and quartiles 1 apart over the window."""
        scaled: Float = (X - np.array(self.medians)) / np.array(self.scales)
        return scaled


class Preprocessing(Spec):
    """Clip, impute, bring to one scale: the chain in front of a linear model."""

    columns: tuple[int, ...]
    clipping: Clipping | None
    imputation: Imputation
    standardisation: Standardisation | RobustScaling | None

    @classmethod
    def fit(cls, X: Single, columns: Int, spec: PreprocessingSpec) -> "Preprocessing":
        """Fit the chain on the chosen columns of the (n, p) rows of one window."""
        values = X[:, columns].astype(np.float64)
        clipping = None
        if spec.clip_quantile is not None:
            clipping = Clipping.fit(values, quantile=spec.clip_quantile)
            values = clipping.apply(values)
        imputation = Imputation.fit(values, indicators=spec.missing_indicators)
        scaling = _SCALINGS[spec.scaling]
        return cls(
            columns=tuple(int(column) for column in columns),
            clipping=clipping,
            imputation=imputation,
            standardisation=scaling.fit(imputation.apply(values)) if scaling else None,
        )

    @property
    def sources(self) -> Int:
        """Return the column of ``X`` each output column speaks for."""
        indicated = [self.columns[column] for column in self.imputation.indicated]
        return np.array([*self.columns, *indicated], dtype=np.int64)

    @property
    def has_mean_zero(self) -> bool:
        """Tell whether each output column has mean zero over the window."""
        return isinstance(self.standardisation, Standardisation)

    def apply(self, X: Single) -> Float:
        """Return (n, k) finite float64 values of the (n, p) rows."""
        values = X[:, list(self.columns)].astype(np.float64)
        if self.clipping is not None:
            values = self.clipping.apply(values)
        values = self.imputation.apply(values)
        scaling = self.standardisation
        return values if scaling is None else scaling.apply(values)


_SCALINGS: Mapping[str, type[Standardisation] | type[RobustScaling] | None] = {
    "standard": Standardisation,
    "robust": RobustScaling,
    "none": None,
}


def _floats(values: Float) -> Floats:
    return tuple(float(value) for value in values)

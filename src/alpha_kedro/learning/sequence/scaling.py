"""One scale for all features of a history, learned on the sessions of one window."""

from typing import Self

import numpy as np

from alpha_kedro.core.panel import Float, Int, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.histories import FeatureHistory
from alpha_kedro.learning.linear_models.preprocessing import Floats, PreprocessingSpec


class SequenceScaling(Spec):
    """Limits, centre and scale of each feature; a missing value becomes the centre.

    ``indicated`` are the features that also get a 0/1 column for being missing.
    """

    lower: Floats | None
    upper: Floats | None
    centre: Floats
    scale: Floats
    indicated: tuple[int, ...]

    @classmethod
    def fit(
        cls,
        history: FeatureHistory,
        columns: Int,
        span: slice,
        spec: PreprocessingSpec,
    ) -> Self:
        """Learn from all rows of the sessions in ``span``, feature by feature."""
        present = history.run[:, span] > 0
        learned = [
            _Learned.of(history.values[:, span, column][present], spec)
            for column in columns
        ]
        clipped = spec.clip_quantile is not None
        indicated = (place for place, one in enumerate(learned) if one.gaps)
        return cls(
            lower=tuple(one.lower for one in learned) if clipped else None,
            upper=tuple(one.upper for one in learned) if clipped else None,
            centre=tuple(one.centre for one in learned),
            scale=tuple(one.scale for one in learned),
            indicated=tuple(indicated) if spec.missing_indicators else (),
        )

    @property
    def sources(self) -> Int:
        """Return the feature each scaled column speaks for."""
        return np.array([*range(len(self.centre)), *self.indicated], dtype=np.int64)

    def apply(self, values: Single) -> Single:
        """Return (..., k + indicators) finite float32 of (..., k) values.

        ``values`` are overwritten: a batch of sequences is large, and nobody else's.
        """
        if self.lower is not None and self.upper is not None:
            np.clip(values, _single(self.lower), _single(self.upper), out=values)
        values -= _single(self.centre)
        values /= _single(self.scale)
        missing = np.isnan(values)
        values[missing] = 0.0
        if not self.indicated:
            return values
        flags = missing[..., list(self.indicated)].astype(np.float32)
        return np.concatenate([values, flags], axis=-1)


class _Learned(Spec):
    """What one feature's values taught."""

    lower: float
    upper: float
    centre: float
    scale: float
    gaps: bool

    @classmethod
    def of(cls, values: Single, spec: PreprocessingSpec) -> "_Learned":
        missing = np.isnan(values)
        known = values[~missing].astype(np.float64)
        if not len(known):  # begins only in the part that is held out
            return cls(lower=0.0, upper=0.0, centre=0.0, scale=1.0, gaps=True)
        q = spec.clip_quantile
        lower, upper = np.quantile(known, [q, 1 - q] if q is not None else [0, 1])
        known = np.clip(known, lower, upper)
        centre, scale = _place_and_width(known, spec)
        return cls(
            lower=float(lower),
            upper=float(upper),
            centre=centre,
            scale=scale,
            gaps=bool(missing.any()),
        )


def _single(values: Floats) -> Single:
    return np.array(values, dtype=np.float32)


def _place_and_width(known: Float, spec: PreprocessingSpec) -> tuple[float, float]:
    """Return what is taken off a feature, and what it is divided by; never zero."""
    deviation = float(known.std()) or 1.0
    if spec.scaling == "none":
        return 0.0, 1.0
    if spec.scaling == "standard":
        return float(known.mean()), deviation
    lower, median, upper = np.quantile(known, [0.25, 0.5, 0.75])
    return float(median), float(upper - lower) or deviation

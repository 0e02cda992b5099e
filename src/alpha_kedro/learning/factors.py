"""Models that learn nothing: one feature as it is, and chance.

Every learned model has to beat both: a ranking by one well-known feature (12-1
momentum, one-week reversal, low volatility), and a ranking by dice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from alpha_kedro.core.panel import Float, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.context import Context
from alpha_kedro.learning.training import Kind, TrainingData, column_of

Words = npt.NDArray[np.uint64]


class FactorSpec(Spec):
    """A score that is one feature, as it is or negated."""

    feature: str = Field(
        default="momentum_252_21", min_length=1, description="Name of the feature."
    )
    sign: Literal[-1, 1] = Field(
        default=1, description="1: high values are bought, -1: low values are bought."
    )

    def fit(self, data: TrainingData, *, seed: int) -> "RawFactor":
        """Find the feature among those of ``data``; labels are not looked at.

        Raises
        ------
        ConfigError
            ``AK-C002`` when the samples have no such feature, with the nearest name.
        """
        del seed
        column_of(self.feature, data.features)
        return RawFactor(data.features, self)


@dataclass(frozen=True)
class RawFactor:
    """Scores rows by ``sign * feature``; NaN where the feature is missing."""

    kind: ClassVar[Kind] = "factor"
    features: tuple[str, ...]
    spec: FactorSpec
    dropped_features: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, float | str] = field(default_factory=dict)

    def score(self, X: Single, context: Context | None = None) -> Float:
        """Return (n,) float64 scores."""
        column = column_of(self.spec.feature, self.features)
        return self.spec.sign * X[:, column].astype(np.float64)

    def contributions(self, X: Single, context: Context | None = None) -> Float:
        """Return (n, p + 1): the whole score on its feature, a bias of zero."""
        parts = np.zeros((len(X), len(self.features) + 1))
        parts[:, column_of(self.spec.feature, self.features)] = self.score(X)
        return parts

    def files(self) -> Mapping[str, bytes]:
        """Return the specification as JSON."""
        return {"factor.json": self.spec.model_dump_json().encode()}

    @classmethod
    def restore(
        cls,
        features: tuple[str, ...],
        dropped: Mapping[str, str],
        files: Mapping[str, bytes],
    ) -> "RawFactor":
        """Rebuild the model from its stored file."""
        spec = FactorSpec.model_validate_json(files["factor.json"])
        return cls(features, spec, dropped)


class RandomSpec(Spec):
    """A score drawn by chance: what evaluation and costs make of no information."""

    def fit(self, data: TrainingData, *, seed: int) -> "RandomScore":
        """Remember the seed; neither labels nor features are learned from."""
        return RandomScore(data.features, seed)


@dataclass(frozen=True)
class RandomScore:
    """Scores each row by a hash of its own values and the seed, uniform on [0, 1).

    The score of a row depends on that row alone, so it is the same in any batch, order
    or process. Equal rows have equal scores.
    """

    kind: ClassVar[Kind] = "random"
    features: tuple[str, ...]
    seed: int
    dropped_features: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, float | str] = field(default_factory=dict)

    def score(self, X: Single, context: Context | None = None) -> Float:
        """Return (n,) float64 scores."""
        state = np.full(len(X), self.seed, dtype=np.uint64)
        for column in X.T:
            state = _mix(state ^ _bits(column))
        # The top 53 bits are what a float64 between 0 and 1 can hold.
        return (_mix(state) >> np.uint64(11)).astype(np.float64) / 2**53

    def contributions(self, X: Single, context: Context | None = None) -> None:
        """Return None: no feature explains dice."""

    def files(self) -> Mapping[str, bytes]:
        """Return the seed as JSON."""
        return {"random.json": str(self.seed).encode()}

    @classmethod
    def restore(
        cls,
        features: tuple[str, ...],
        dropped: Mapping[str, str],
        files: Mapping[str, bytes],
    ) -> "RandomScore":
        """Rebuild the model from its stored file."""
        return cls(features, int(files["random.json"]), dropped)


def _bits(column: Single) -> Words:
    """Return the bit pattern of each value; all NaN, and both zeros, are alike."""
    settled = np.where(np.isnan(column), np.float32(np.nan), column + np.float32(0))
    return settled.astype(np.float32).view(np.uint32).astype(np.uint64)


def _mix(state: Words) -> Words:
    """Scatter the bits of 64-bit words: a SplitMix64 step (Steele et al., 2014)."""
    mixed = state + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))

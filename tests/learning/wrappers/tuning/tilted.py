"""A toy with one parameter whose best value is known, and windows to tune it on."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.wrappers.tuning import TuningModel, TuningSpec
from tests.learning.windows import noise, window_of


def _as_tuple(value):
    return tuple(value) if isinstance(value, list | tuple) else (value,)


Pair = Annotated[tuple[float, ...], BeforeValidator(_as_tuple)]


class Inside(Spec):
    depth: int = Field(default=2, ge=1, le=9)
    way: Literal["up", "down"] = "up"


class Tilted(Spec):
    """Scores by the first feature plus ``tilt`` times the second."""

    tilt: float = Field(default=0.0, ge=-10, le=10)
    turns: int = Field(default=0, ge=0)
    pair: Pair = (1.0,)
    exact: bool = False
    inside: Inside = Inside()


@dataclass
class FittedTilted:
    features: tuple[str, ...]
    block: Tilted
    kind: ClassVar[str] = "toy"
    dropped_features: ClassVar[dict[str, str]] = {}
    chosen: ClassVar[dict[str, float]] = {"turned": 1.0}

    def score(self, X, context=None):
        sign = -1.0 if self.block.inside.way == "down" else 1.0
        return sign * (X[:, 0] + self.block.tilt * X[:, 1]).astype(np.float64)

    def contributions(self, X, context=None):
        return None

    def files(self):
        return {"toy.json": self.block.model_dump_json().encode()}

    @classmethod
    def restore(cls, features, dropped, files):
        return cls(features, Tilted.model_validate_json(files["toy.json"]))


@dataclass
class Maker:
    """Makes toys and remembers what each was fitted on."""

    refuses: float = np.inf
    fits: list = field(default_factory=list)

    def __call__(self, block):
        return _Toy(self, block)


@dataclass
class _Toy:
    maker: Maker
    block: Tilted

    def fit(self, data, *, seed):
        self.maker.fits.append((self.block, data, seed))
        if self.block.tilt > self.maker.refuses:
            raise ModelError("AK-M025", "the toy learned a constant")
        return FittedTilted(data.features, self.block)


TILT = {"tilt": {"low": -2.0, "high": 2.0}}


def tuning(space=TILT, **settings):
    block = {"n_trials": 25, "pruner": "none", "space": space} | settings
    return TuningSpec.parse(block, "tuning")


def tuned(data, *, block=None, make=None, seed=3, space=TILT, **settings):
    """Return the toy tuned on a window."""
    model = TuningModel(tuning(space, **settings), block or Tilted(), make or Maker())
    return model.fit(data, seed=seed)


def planted(best=0.8, n_dates=60, seed=0):
    """Return a window whose labels are x0 + best * x1 and noise."""
    X, y = noise(n_dates=n_dates, n_names=20, p=4, seed=seed, ic=(1.0, best))
    return window_of(X, y)

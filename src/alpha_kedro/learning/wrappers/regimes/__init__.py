"""Regimes: which kind of market it is, and a model for each.

1. ``sessions``: the states of the market a window may know, and those of a row.
2. ``filtering``, ``hidden_markov``: a Gaussian hidden Markov model, and what it says of
   a session from the sessions up to it.
3. ``gates``: the trend gate and the volatility gate, which need no probabilities.
4. ``spec``: which detector is used, and how models are made to follow it.
5. ``switched_model``: any model, fitted for each regime and mixed by its probability.

A detector is fitted on the training window. What it then says of a session follows from
the states up to that session alone: probabilities are filtered, never smoothed, and no
path is chosen in hindsight.
"""

from alpha_kedro.learning.wrappers.regimes.spec import RegimesSpec
from alpha_kedro.learning.wrappers.regimes.switched_model import (
    REGIMES_FILE,
    RegimeModel,
    SwitchedModel,
    restore_regimes,
)

__all__ = [
    "REGIMES_FILE",
    "RegimeModel",
    "RegimesSpec",
    "SwitchedModel",
    "restore_regimes",
]

"""From one cross-section of scores to the book it aims at.

A kind of construction is a frozen block of parameters with one method,
``aim(scores, account, market, tie_break=...)``, which looks at arrays that end at the
close of the decision and at nothing else.
"""

from alpha_kedro.portfolio.construction.aim import Aim, Construction
from alpha_kedro.portfolio.construction.hysteresis import Hysteresis
from alpha_kedro.portfolio.construction.legs import Legs, target_weights
from alpha_kedro.portfolio.construction.optimize import Optimize
from alpha_kedro.portfolio.construction.proportional import Proportional
from alpha_kedro.portfolio.construction.risk_weights import RiskWeights
from alpha_kedro.portfolio.construction.threshold import Threshold
from alpha_kedro.portfolio.construction.top_k_dropout import TopKDropout
from alpha_kedro.portfolio.construction.top_n import TopN
from alpha_kedro.portfolio.construction.tranches import overlapping
from alpha_kedro.portfolio.construction.trend import Trend
from alpha_kedro.portfolio.ties import Keys

__all__ = [
    "Aim",
    "Construction",
    "Hysteresis",
    "Keys",
    "Legs",
    "Optimize",
    "Proportional",
    "RiskWeights",
    "Threshold",
    "TopKDropout",
    "TopN",
    "Trend",
    "overlapping",
    "target_weights",
]

"""From the log-odds of trees to probabilities that come true as often as they say.

Boosted trees rank well and are too sure of themselves, or not sure enough. A map fitted
to scores of rows the trees did not learn from sets them right. It only rises, so it
never changes who stands before whom.

Sources: Platt (1999); Zadrozny & Elkan (2002); Niculescu-Mizil & Caruana (2005),
*Predicting Good Probabilities with Supervised Learning*.
"""

from typing import Literal

import numpy as np

from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.linear_models.preprocessing import Floats

Method = Literal["none", "platt", "isotonic"]

_OWN_ORDER = 1e-6
"""Share of the uncalibrated probability that is kept, so that no two scores tie."""


class Calibration(Spec):
    """A rising map from log-odds to probabilities, as numbers.

    Attributes
    ----------
    method
        Where the map comes from.
    slope, offset
        Of the logistic curve; 1 and 0 leave the log-odds as they are.
    knots, values
        Ascending log-odds and the probability at each, straight lines between and flat
        beyond; none unless isotonic.
    """

    method: Method = "none"
    slope: float = 1.0
    offset: float = 0.0
    knots: Floats = ()
    values: Floats = ()

    @classmethod
    def fit(
        cls, method: Method, log_odds: Float, outcome: Float, weight: Float | None
    ) -> "Calibration":
        """Fit the map to rows the trees did not learn from.

        Parameters
        ----------
        log_odds
            (n,) scores.
        outcome
            (n,) 0 or 1, both present.
        weight
            (n,) how much each row counts; None: all the same.
        """
        if method == "none":
            return cls()
        fit = _platt if method == "platt" else _isotonic
        return fit(log_odds, outcome, weight)

    def apply(self, log_odds: Float) -> Float:
        """Return (n,) probabilities, each from its own log-odds alone.

        Steps of an isotonic map, and the flat line that both methods draw through
        scores that predict nothing, would give many names one probability. A millionth
        of the uncalibrated probability is mixed in: the order stays that of the trees,
        and no probability moves by more than that millionth.
        """
        if self.method == "none":
            return logistic(log_odds)
        if self.knots:
            told = np.interp(log_odds, self.knots, self.values)
        else:
            told = logistic(self.slope * log_odds + self.offset)
        return (1 - _OWN_ORDER) * told + _OWN_ORDER * logistic(log_odds)


def logistic(log_odds: Float) -> Float:
    """Return (n,) probabilities of log-odds."""
    probability: Float = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -700, 700)))
    return probability


def brier_score(probability: Float, outcome: Float, weight: Float | None) -> float:
    """Return the mean squared distance of probabilities from what came (Brier, 1950).

    0 is clairvoyance; a coin for a coin has 0.25.
    """
    return float(np.average((probability - outcome) ** 2, weights=weight))


def log_loss(probability: Float, outcome: Float, weight: Float | None) -> float:
    """Return the mean negative log-likelihood of what came; a coin has log 2."""
    told = np.clip(np.where(outcome > 0, probability, 1 - probability), 1e-15, 1.0)
    return float(np.average(-np.log(told), weights=weight))


def _platt(log_odds: Float, outcome: Float, weight: Float | None) -> Calibration:
    """Fit a logistic curve; one that would fall is laid flat at the base rate."""
    from sklearn.linear_model import LogisticRegression

    curve = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1_000)
    curve.fit(log_odds[:, np.newaxis], outcome, sample_weight=weight)
    slope, offset = float(curve.coef_[0, 0]), float(curve.intercept_[0])
    if slope <= 0:
        rate = float(np.average(outcome, weights=weight))
        slope, offset = 0.0, float(np.log(rate / (1 - rate)))
    return Calibration(method="platt", slope=slope, offset=offset)


def _isotonic(log_odds: Float, outcome: Float, weight: Float | None) -> Calibration:
    """Fit the rising steps nearest to the outcomes."""
    from sklearn.isotonic import IsotonicRegression

    steps = IsotonicRegression(y_min=0.0, y_max=1.0, increasing=True)
    steps.fit(log_odds, outcome, sample_weight=weight)
    return Calibration(
        method="isotonic",
        knots=tuple(steps.X_thresholds_.tolist()),
        values=tuple(steps.y_thresholds_.tolist()),
    )

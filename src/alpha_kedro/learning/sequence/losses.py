"""What a network is taught to make small, and the targets it is compared with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from alpha_kedro.core.panel import Dates, Float, Single
from alpha_kedro.core.spec import Share, Spec

if TYPE_CHECKING:
    from torch import Tensor

LossKind = Literal["mse", "huber", "rank_correlation", "squared_and_directional"]

_LEAST_SPREAD = 1e-8


class LossSpec(Spec):
    """What is minimised; labels are brought to mean 0 and deviation 1 beforehand."""

    kind: LossKind = Field(
        default="mse",
        description="mse: squared error; huber: squared near zero, linear beyond; "
        "rank_correlation: one minus the correlation of the scores with the ranks of "
        "the labels of their date; squared_and_directional: squared error, and the "
        "logistic loss of being on the wrong side of the window's mean label.",
    )
    huber_delta: float = Field(
        default=1.0,
        gt=0,
        le=100,
        description="Where huber turns linear (standard deviations of the label).",
    )
    directional_weight: Share = Field(
        default=0.4,
        description="Share of the directional part; the rest is the squared error.",
    )


@dataclass(frozen=True, eq=False)
class Targets:
    """Labels as a loss wants them.

    Attributes
    ----------
    values
        (n,) float32.
    centre, spread
        A score is ``centre + spread * output``: an expected label, in its unit. Ranks
        have no unit, and 0 and 1 here.
    """

    values: Single
    centre: float
    spread: float

    @classmethod
    def of(cls, labels: Float, dates: Dates, *, kind: LossKind) -> "Targets":
        """Take the unit of the labels from these rows."""
        if kind == "rank_correlation":
            return cls(_ranks(labels, dates), 0.0, 1.0)
        return cls.like(labels, dates, centre=labels.mean(), spread=labels.std())

    @classmethod
    def like(
        cls, labels: Float, dates: Dates, *, centre: float, spread: float
    ) -> "Targets":
        """Bring labels to a unit that other rows have set."""
        values = ((labels - centre) / spread).astype(np.float32)
        return cls(values, float(centre), float(spread))

    def for_rows(self, labels: Float, dates: Dates, *, kind: LossKind) -> "Targets":
        """Return the targets of other rows, in the unit of these."""
        if kind == "rank_correlation":
            return Targets.of(labels, dates, kind=kind)
        return Targets.like(labels, dates, centre=self.centre, spread=self.spread)


def loss_of(
    spec: LossSpec,
    outputs: "Tensor",
    targets: "Tensor",
    weights: "Tensor",
    counts: Sequence[int],
) -> "Tensor":
    """Return the loss of one batch.

    Parameters
    ----------
    outputs, targets, weights
        (n,) rows, those of one date side by side.
    counts
        Rows of each date, in order; they sum to n.

    Notes
    -----
    With z the standardised label, s the output and w the weights,

    - squared: ``sum(w (s - z)^2) / sum(w)``;
    - directional: ``sum(w log(1 + exp(-sign(z) s))) / sum(w)``, the logistic loss of
      the direction (Cox, 1958), smooth where counting wrong signs is not. Direction is
      above or below the window's mean label;
    - rank correlation: one minus the mean over dates, each by its mean weight, of the
      weighted Pearson correlation. A date with a single target has none and is passed
      over.
    """
    return _LOSSES[spec.kind](spec, outputs, targets, weights, counts)


def _squared(
    spec: LossSpec, outputs: "Tensor", targets: "Tensor", weights: "Tensor", _: object
) -> "Tensor":
    return _mean((outputs - targets).square(), weights)


def _huber(
    spec: LossSpec, outputs: "Tensor", targets: "Tensor", weights: "Tensor", _: object
) -> "Tensor":
    from torch.nn.functional import huber_loss

    delta = spec.huber_delta
    each = huber_loss(outputs, targets, reduction="none", delta=delta)
    return _mean(each, weights)


def _squared_and_directional(
    spec: LossSpec, outputs: "Tensor", targets: "Tensor", weights: "Tensor", _: object
) -> "Tensor":
    from torch.nn.functional import softplus

    direction = softplus(-targets.sign() * outputs)
    each = (outputs - targets).square()
    share = spec.directional_weight
    return _mean((1 - share) * each + share * direction, weights)


def _rank_correlation(
    spec: LossSpec,
    outputs: "Tensor",
    targets: "Tensor",
    weights: "Tensor",
    counts: Sequence[int],
) -> "Tensor":
    import torch
    from torch.functional import split

    sizes = list(counts)
    batch = (outputs, targets, weights)
    days = zip(*(split(each, sizes) for each in batch), strict=True)
    ordered = [day for day in days if bool((day[1] != day[1][0]).any())]
    if not ordered:
        return 1.0 + 0.0 * outputs.sum()
    correlations = torch.stack([_correlation(*day) for day in ordered])
    return 1.0 - _mean(correlations, torch.stack([day[2].mean() for day in ordered]))


def _correlation(left: "Tensor", right: "Tensor", weights: "Tensor") -> "Tensor":
    left, right = (each - _mean(each, weights) for each in (left, right))
    spread = _mean(left.square(), weights) * _mean(right.square(), weights)
    # The root of zero has no slope: a date with a single score would be NaN.
    return _mean(left * right, weights) / (spread + _LEAST_SPREAD**2).sqrt()


def _mean(values: "Tensor", weights: "Tensor") -> "Tensor":
    return (values * weights).sum() / weights.sum()


def _ranks(labels: Float, dates: Dates) -> Single:
    """Return ranks within each date, between -0.5 and 0.5, equal labels alike."""
    ranks = pd.Series(labels).groupby(dates).rank(pct=True).to_numpy()
    return np.asarray(ranks - 0.5, dtype=np.float32)


_LOSSES: Mapping[str, Callable[..., "Tensor"]] = {
    "mse": _squared,
    "huber": _huber,
    "rank_correlation": _rank_correlation,
    "squared_and_directional": _squared_and_directional,
}

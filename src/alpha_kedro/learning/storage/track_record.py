"""How models of a name did in the walk-forward: what is known of the fit of today."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Dates
from alpha_kedro.learning.training import FittedModel
from alpha_kedro.measures.ic import information_coefficients
from alpha_kedro.measures.significance import hac_mean

Metrics = Mapping[str, float | None]

_NONE_KNOWN: Metrics = {"rank_ic": None, "rank_ic_t": None, "rank_ic_dates": None}


def walk_forward_metrics(
    predictions: pd.DataFrame, *, horizon: int, min_names: int = 10
) -> dict[str, Metrics]:
    """Return how well each model ordered the labels of rows it had not seen.

    Parameters
    ----------
    predictions
        date, ticker, model, score, label: out of sample, as of a walk-forward.
    horizon
        Of the labels in it (sessions).
    min_names
        Names with a score and a label for a date to count.

    Returns
    -------
    dict
        By model: ``rank_ic`` (mean over dates), ``rank_ic_t`` (robust to overlapping
        labels, Newey & West 1987) and ``rank_ic_dates``; None where not available.
    """
    if not len(predictions):
        return {}
    found = information_coefficients(predictions, target="label", min_names=min_names)
    overlap = _decisions_spanned(predictions["date"].unique(), horizon)
    metrics: dict[str, Metrics] = {}
    for name, own in found.groupby("model"):
        mean = hac_mean(own["rank_ic"], overlap=overlap)
        metrics[str(name)] = {
            "rank_ic": _known(mean.mean),
            "rank_ic_t": _known(mean.t),
            "rank_ic_dates": float(mean.n),
        }
    return metrics


def record_metrics(
    fitted: FittedModel, out_of_sample: Metrics | None
) -> dict[str, float | None]:
    """Return what a manifest says of a fit: its name's record, its own inner folds."""
    inner = {
        name: _known(value)
        for name, value in fitted.chosen.items()
        if name.startswith("inner_") and not isinstance(value, str)
    }
    return {**_NONE_KNOWN, **(out_of_sample or {}), **inner}


def _decisions_spanned(decided: Dates, horizon: int) -> int:
    """Return how many decisions the label of one reaches over, its own included."""
    dates = np.sort(np.asarray(decided, dtype="datetime64[D]"))
    if len(dates) < 2:
        return 1
    between = float(np.median(np.busday_count(dates[:-1], dates[1:])))
    return max(1, math.ceil(horizon / max(between, 1.0)))


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None

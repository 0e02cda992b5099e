"""From predictions and labels to the evidence for each model."""

import math
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import PERIODS_PER_YEAR, SESSIONS_PER_YEAR, Frequency
from alpha_kedro.core.errors import ConfigError
from alpha_kedro.measures.deciles import (
    monotonicity,
    quantile_returns,
    quantile_spread,
    quantile_summary,
)
from alpha_kedro.measures.evidence import EvidenceSpec, ModelEvidence
from alpha_kedro.measures.ic import (
    information_coefficients,
    rank_autocorrelation,
    score_turnover,
)
from alpha_kedro.measures.sharpe import sharpe_ratio
from alpha_kedro.measures.significance import average, hac_lags, hac_mean

_KEYS = ["date", "ticker"]
_TOUCH = 0.1  # periods


def measure_models(
    predictions: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    frequency: Frequency,
    spec: EvidenceSpec,
) -> dict[str, ModelEvidence]:
    """Judge every model by the returns that followed its scores.

    Parameters
    ----------
    predictions
        Long table: date, ticker, model, score.
    labels
        Long table: date, ticker, horizon, ``fwd_ret`` (decimal); one row per
        (date, ticker).
    frequency
        How often a decision is made; a year has 252, 52 or 12 of them.
    spec
        How to judge.

    Returns
    -------
    dict
        `ModelEvidence` by model, in order of name. Predictions whose outcome is not
        known are left out of the coefficients and counted in the summary.

    Raises
    ------
    ConfigError
        ``AK-C050`` when labels hold a (date, ticker) twice, as two horizons do.
    DataError
        ``AK-D001`` when a model scores a (date, ticker) twice.
    """
    judged = join_outcomes(predictions, labels)
    names, groups = spec.min_names, spec.quantiles
    tables = {
        "judged": judged,
        "ic": information_coefficients(judged, min_names=names),
        "quantiles": quantile_returns(judged, quantiles=groups, min_names=names),
        "persistence": rank_autocorrelation(judged, min_names=names),
        "turnover": score_turnover(judged, quantiles=groups),
    }
    horizon = int(labels["horizon"].max()) if len(labels) else 1
    by_model = {
        str(model): {
            name: table[table["model"] == model] for name, table in tables.items()
        }
        for model in sorted(judged["model"].unique())
    }
    return {
        model: _measure(model, own, frequency=frequency, horizon=horizon, spec=spec)
        for model, own in by_model.items()
    }


def join_outcomes(predictions: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Give every prediction the return that followed it, NaN where it is not known.

    Raises
    ------
    ConfigError
        ``AK-C050`` when labels hold a (date, ticker) twice, as two horizons do.
    """
    twice = labels[labels.duplicated(_KEYS, keep=False)]
    if len(twice):
        raise ConfigError(
            "AK-C050",
            "labels hold a (date, ticker) more than once",
            where=[f"{row.ticker} {row.date:%Y-%m-%d}" for row in twice.itertuples()],
            got=f"horizons {sorted(labels['horizon'].unique())}",
            wanted="the labels of one horizon",
            fix="select one horizon before measuring the models",
        )
    outcomes = labels[[*_KEYS, "fwd_ret"]]
    scores = predictions[[*_KEYS, "model", "score"]]
    return scores.merge(outcomes, on=_KEYS, how="left", validate="m:1")


def periods_spanned(horizon: int, frequency: Frequency) -> int:
    """Return how many decision periods a label of ``horizon`` sessions reaches over.

    A week has 4.85 sessions on average, so the five-session labels of weekly decisions
    touch but do not overlap: that counts as one.
    """
    sessions = SESSIONS_PER_YEAR / PERIODS_PER_YEAR[frequency]
    return max(1, math.ceil(horizon / sessions - _TOUCH))


def _measure(
    model: str,
    tables: dict[str, pd.DataFrame],
    *,
    frequency: Frequency,
    horizon: int,
    spec: EvidenceSpec,
) -> ModelEvidence:
    ic = tables["ic"].drop(columns="model").set_index("date")
    lags = spec.hac_lags
    if lags is None:
        n = int(ic["rank_ic"].count())
        lags = hac_lags(n, overlap=periods_spanned(horizon, frequency))
    deciles = quantile_summary(tables["quantiles"], lags=lags).drop(columns="model")
    persistence = tables["persistence"].set_index("date")["rank_autocorrelation"]
    summary = (
        _coefficients(ic, lags=lags, periods_per_year=PERIODS_PER_YEAR[frequency])
        | _quantiles(tables["quantiles"], deciles, lags=lags)
        | _stability(persistence, tables["turnover"])
        | {"by_year": _by_year(ic["rank_ic"])}
        | _counts(tables["judged"], ic, min_names=spec.min_names)
        | {"frequency": frequency, "horizon": horizon, "hac_lags": lags}
    )
    return ModelEvidence(model, ic, deciles, persistence, summary)


def _coefficients(
    ic: pd.DataFrame, *, lags: int, periods_per_year: int
) -> dict[str, Any]:
    rank_ic = ic["rank_ic"].dropna()
    mean, pearson = hac_mean(rank_ic, lags=lags), hac_mean(ic["ic"], lags=lags)
    return {
        "rank_ic": mean.mean,
        "rank_ic_se": mean.standard_error,
        "rank_ic_t": mean.t,
        "rank_ic_ir": sharpe_ratio(rank_ic, periods_per_year=1),
        "rank_ic_ir_annual": sharpe_ratio(rank_ic, periods_per_year=periods_per_year),
        "positive_share": average(rank_ic > 0),
        "ic": pearson.mean,
        "ic_t": pearson.t,
    }


def _quantiles(
    returns_by_quantile: pd.DataFrame, deciles: pd.DataFrame, *, lags: int
) -> dict[str, Any]:
    spread = hac_mean(quantile_spread(returns_by_quantile)["spread"], lags=lags)
    return {
        "quantiles": len(deciles),
        "decile_spread": spread.mean,
        "decile_spread_se": spread.standard_error,
        "decile_spread_t": spread.t,
        "monotonicity": monotonicity(deciles["mean_return"]),
    }


def _stability(persistence: pd.Series, turnover: pd.DataFrame) -> dict[str, Any]:
    return {
        "rank_autocorrelation": average(persistence.dropna()),
        "turnover_top": average(turnover["top"].dropna()),
        "turnover_bottom": average(turnover["bottom"].dropna()),
    }


def _by_year(rank_ic: pd.Series) -> dict[int, dict[str, Any]]:
    known = rank_ic.dropna()
    years = pd.DatetimeIndex(known.index).year
    return {
        int(year): {
            "rank_ic": average(own),
            "positive_share": average(own > 0),
            "n_dates": len(own),
        }
        for year, own in known.groupby(years)
    }


def _counts(
    judged: pd.DataFrame, ic: pd.DataFrame, *, min_names: int
) -> dict[str, Any]:
    """Count what entered the coefficients, and why the rest did not."""
    n_names = ic["n_names"].to_numpy()
    measured = ic["rank_ic"].notna().to_numpy()
    enough = n_names >= min_names
    return {
        "n_dates": int(measured.sum()),
        "n_dates_excluded": {
            "no_outcome": int((n_names == 0).sum()),
            "too_few_names": int(((n_names > 0) & ~enough).sum()),
            "single_value": int((enough & ~measured).sum()),
        },
        "n_names": average(n_names[measured]),
        "n_predictions": len(judged),
        "n_without_score": int((~np.isfinite(judged["score"])).sum()),
        "n_without_outcome": int((~np.isfinite(judged["fwd_ret"])).sum()),
    }

"""Returns of names sorted by score into groups of equal size."""

from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from alpha_kedro.core.panel import Panel
from alpha_kedro.measures.availability import NotAvailable
from alpha_kedro.measures.cross_sections import (
    cells,
    per_model,
    rank_correlation,
    row_quantiles,
    varies,
)
from alpha_kedro.measures.significance import hac_mean


def quantile_returns(
    predictions: pd.DataFrame,
    *,
    quantiles: int = 10,
    target: str = "fwd_ret",
    min_names: int = 10,
) -> pd.DataFrame:
    """Average the returns that followed, per date and quantile of the score.

    Parameters
    ----------
    predictions
        Long table: date, ticker, model, score and ``target``; rows without either are
        left out before the names are sorted.
    quantiles
        Number of groups; 10 gives deciles. Group 1 has the lowest scores.
    target
        Column averaged with equal weights, as a rule the forward return (decimal).
    min_names
        Fewest names for a date to count; never fewer than ``quantiles``.

    Returns
    -------
    DataFrame
        date, model, quantile (1 to ``quantiles``), ``mean_return`` and ``n`` names, one
        row per group whether or not it has names. Names with equal scores share a
        group, whatever the row order. The mean is NaN on dates with too few names
        or a single score, and in groups left empty by equal scores.

    Raises
    ------
    DataError
        ``AK-D001`` when a model scores a (date, ticker) twice.
    """
    fewest = max(min_names, quantiles)
    measure = partial(_group_means, quantiles=quantiles, target=target, fewest=fewest)
    return per_model(predictions, ["score", target], measure)


def _group_means(
    panel: Panel, *, quantiles: int, target: str, fewest: int
) -> pd.DataFrame:
    outcomes = cells(panel, target)
    scores = np.where(np.isfinite(outcomes), cells(panel, "score"), np.nan)
    known = np.isfinite(scores)
    groups = row_quantiles(scores, quantiles)
    flat = np.arange(len(groups))[:, None] * quantiles + groups - 1
    size = len(groups) * quantiles
    n = np.bincount(flat[known], minlength=size)
    total = np.bincount(flat[known], weights=outcomes[known], minlength=size)
    counts = (known.sum(axis=1) >= fewest) & varies(scores, known)
    usable = np.repeat(counts, quantiles) & (n > 0)
    mean = np.divide(total, n, out=np.full(size, np.nan), where=usable)
    return pd.DataFrame(
        {
            "date": np.repeat(panel.dates, quantiles),
            "quantile": np.tile(np.arange(1, quantiles + 1), len(groups)),
            "mean_return": mean,
            "n": n,
        }
    )


def quantile_summary(
    returns_by_quantile: pd.DataFrame, *, lags: int | None = None
) -> pd.DataFrame:
    """Average quantile returns over dates, with standard errors that allow for overlap.

    Parameters
    ----------
    returns_by_quantile
        What `quantile_returns` gives.
    lags
        Newey-West lags in dates; None uses the rule of `hac_lags`.

    Returns
    -------
    DataFrame
        model, quantile, ``mean_return`` (per period), ``standard_error`` (HAC), ``t``,
        ``n`` (dates in the mean) and ``n_names`` (mean number of names on those dates).
    """
    rows = []
    for keys, group in returns_by_quantile.groupby(["model", "quantile"], sort=True):
        own = group.dropna(subset="mean_return")
        mean = hac_mean(own["mean_return"], lags=lags)
        rows.append(
            dict(zip(("model", "quantile"), keys, strict=True))
            | {
                "mean_return": mean.mean,
                "standard_error": mean.standard_error,
                "t": mean.t,
                "n": mean.n,
                "n_names": own["n"].mean(),
            }
        )
    return pd.DataFrame(rows)


def quantile_spread(returns_by_quantile: pd.DataFrame) -> pd.DataFrame:
    """Subtract the lowest quantile's return from the highest's on each date.

    Returns
    -------
    DataFrame
        date, model, ``spread`` (decimal per period, before costs); NaN where either
        group has no mean.
    """
    number = returns_by_quantile["quantile"]
    top, bottom = (
        returns_by_quantile[number == group].set_index(["date", "model"])["mean_return"]
        for group in (number.max(), number.min())
    )
    spread: pd.Series = top - bottom
    return spread.rename("spread").reset_index()


def monotonicity(mean_returns: npt.ArrayLike) -> float:
    """Rank-correlate quantile numbers with their mean returns.

    Parameters
    ----------
    mean_returns
        (n_quantiles,) means from the lowest quantile to the highest; NaN left out.

    Returns
    -------
    float
        1 where every quantile earned more than the one below; `NotAvailable` with fewer
        than three means.
    """
    means = np.asarray(mean_returns, dtype=np.float64)[None, :]
    if np.isfinite(means).sum() < 3:
        return NotAvailable("fewer than 3 quantiles have a mean return")
    steps = np.arange(means.shape[1], dtype=np.float64)[None, :]
    value = float(rank_correlation(steps, means)[0])
    return NotAvailable("all quantiles earned the same") if np.isnan(value) else value

"""The portfolio that holds every name in proportion to its score."""

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.kernels import dense
from alpha_kedro.core.panel import Float
from alpha_kedro.measures.benchmarks.market_model import market_model
from alpha_kedro.measures.cross_sections import Cells, cell_means
from alpha_kedro.measures.factor.sample import FactorSample
from alpha_kedro.measures.row_kernels import weights_in_cells
from alpha_kedro.measures.significance import hac_lags


def score_weights(scores: Float, sides: Cells) -> Float:
    """Weigh names by their score less the mean of their side.

    Parameters
    ----------
    scores
        (n_dates, n_tickers), NaN for names that are not held.
    sides
        Cells that are each long as much as short: the whole date, or the groups, which
        then have the same gross weight.

    Returns
    -------
    (n_dates, n_tickers) float64
        Gross 1 on every date, net 0; NaN for names not held, 0 in a side whose scores
        are all one, NaN on a date where every side is such.
    """
    return weights_in_cells(dense(scores), *sides)


def factor_returns(sample: FactorSample) -> dict[int, Float]:
    """Return what the weighted portfolio earned over each horizon: (n_dates,) each.

    The names that have a return over the horizon are weighted among themselves.
    """
    return {
        horizon: _held(score_weights(judged.scores, sample.sides), judged.returns)
        for horizon, judged in sample.judged.items()
    }


def alpha_beta(sample: FactorSample, returns: pd.DataFrame) -> pd.DataFrame:
    """Regress the portfolio's returns on the mean return of the names judged.

    Returns
    -------
    DataFrame
        Indexed by horizon: ``alpha`` (intercept, over the horizon), ``alpha_annual``
        (compounded: ``(1 + alpha)^(252 / horizon) - 1``), ``alpha_t``, ``beta``,
        ``beta_t`` (HAC, allowing for overlap), ``correlation``, ``n`` (dates). NaN with
        fewer than 20 dates.
    """
    rows = {}
    for horizon, judged in sample.judged.items():
        market = pd.Series(cell_means(judged.returns, sample.whole)[0][:, 0])
        own = returns[horizon].reset_index(drop=True)
        n = int((own.notna() & market.notna()).sum())
        lags = hac_lags(n, overlap=judged.overlap)
        model = market_model(own, market, lags=lags, periods_per_year=1)
        rows[horizon] = {
            "alpha": model.alpha_annual,
            "alpha_annual": _compounded(model.alpha_annual, horizon),
            "alpha_t": model.alpha_t,
            "beta": model.beta,
            "beta_t": model.beta_t,
            "correlation": model.correlation,
            "n": model.n,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("horizon")


def step_returns(sample: FactorSample) -> Float:
    """Return every name's return from one date's fill to that of the next date.

    (n_dates, n_tickers): unlike returns over a horizon these never overlap, so they can
    be compounded. The last date is followed by one at the usual distance.
    """
    entry = sample.rows + sample.design.lag
    following = np.append(entry[1:], entry[-1] + sample.spacing)
    return sample.returns_between(entry, following)


def held_in_turn(weights: Float, steps: Float, *, dates: int) -> Float:
    """Return what equal parts of the last ``dates`` books earned in each step.

    Parameters
    ----------
    weights
        (n_dates, n_tickers) books; NaN is not held. Each is held for ``dates`` steps at
        its weights; at the start there are fewer parts.
    steps
        What `step_returns` gives. A name without a return earns nothing in the step.

    Returns
    -------
    (n_dates,) float64, NaN in a step without any book or any return.
    """
    books, moves = np.nan_to_num(weights), np.nan_to_num(steps)
    there = np.asarray(np.any(np.isfinite(weights), axis=1))
    earned, parts = np.zeros(len(books)), np.zeros(len(books))
    for age in range(min(dates, len(books))):
        live = slice(0, len(books) - age)
        earned[age:] += np.einsum("ij,ij->i", books[live], moves[age:])
        parts[age:] += there[live]
    known = (parts > 0) & np.any(np.isfinite(steps), axis=1)
    return np.where(known, earned / np.maximum(parts, 1), np.nan)


def growth(returns: Float) -> Float:
    """Compound simple returns along the dates; a missing one leaves the value."""
    grown = np.cumprod(np.where(np.isnan(returns), 1.0, 1.0 + returns), axis=0)
    return np.asarray(grown, dtype=np.float64)


def _held(weights: Float, returns: Float) -> Float:
    """Return the weighted return of each date, NaN where nothing is held."""
    products = weights * returns
    known = np.any(np.isfinite(products), axis=1)
    return np.where(known, np.nansum(products, axis=1), np.nan)


def _compounded(alpha: float, horizon: int) -> float:
    """Return the yearly growth of a return over a horizon; NaN below a total loss."""
    if not alpha > -1:
        return float("nan")
    return float((1 + alpha) ** (SESSIONS_PER_YEAR / horizon) - 1)

"""One way to split returns: a number per session and key that adds up to the whole."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.panel import Array, Dates, Float
from alpha_kedro.measures.availability import ROUNDING
from alpha_kedro.measures.significance import hac_lags

Frequency = Literal["month", "quarter", "year"]
_PERIODS = {"month": "M", "quarter": "Q", "year": "Y"}


@dataclass(frozen=True, eq=False)
class Breakdown:
    """Contributions to the net return by the keys of one dimension.

    Attributes
    ----------
    dimension
        ``leg``, ``sector``, ``name``, ``source`` or ``factor``.
    dates
        (n_dates,) sessions.
    keys
        What the returns are split by.
    contributions
        (n_dates, n_keys) share of the NAV before the session, after the costs of the
        key; the keys of a session add up to its net return.
    costs
        (n_dates, n_keys) the part that was taken off for costs.
    """

    dimension: str
    dates: Dates
    keys: tuple[str, ...]
    contributions: Float
    costs: Float

    def table(self) -> pd.DataFrame:
        """Return the long table date, dimension, key, contribution, cost.

        By name, cells of names that neither earned nor cost anything are left out.
        """
        keep = np.ones(self.contributions.shape, dtype=bool)
        if self.dimension == "name":
            keep = (self.contributions != 0) | (self.costs != 0)
        rows, columns = np.nonzero(keep)
        one = np.zeros(len(rows), dtype=np.int8)
        return pd.DataFrame(
            {
                "date": self.dates[rows],
                "dimension": _coded(one, (self.dimension,)),
                "key": _coded(columns, self.keys),
                "contribution": self.contributions[keep],
                "cost": self.costs[keep],
            }
        )

    def cumulative(self, nav_before: Float) -> pd.DataFrame:
        """Return (date x key) profit so far, in units of the NAV that began at 1.

        Parameters
        ----------
        nav_before
            (n_dates,) NAV before each session.
        """
        profits = self.contributions * nav_before[:, np.newaxis]
        return pd.DataFrame(
            profits.cumsum(axis=0),
            index=pd.DatetimeIndex(self.dates, name="date"),
            columns=pd.Index(self.keys, name=self.dimension),
        )

    def by_period(self, nav_before: Float, frequency: Frequency) -> pd.DataFrame:
        """Return the long table period, dimension, key, contribution.

        The keys of a period add up to its compounded net return: each session counts
        with the NAV it began with over that with which the period began.
        """
        label = _PERIODS[frequency]
        periods = pd.DatetimeIndex(self.dates).to_period(label).astype("str")
        codes, names = pd.factorize(periods)
        _, first = np.unique(codes, return_index=True)
        started_with = nav_before[first][codes]
        share = np.divide(
            nav_before,
            started_with,
            out=np.zeros(len(codes)),
            where=started_with > 0,
        )
        linked = np.add.reduceat(self.contributions * share[:, np.newaxis], first)
        rows, columns = np.indices(linked.shape).reshape(2, -1)
        return pd.DataFrame(
            {
                "period": pd.array(list(names), "str")[rows],
                "dimension": self.dimension,
                "key": pd.array(list(self.keys), "str")[columns],
                "contribution": linked.ravel(),
            }
        )

    def summary(self, gross: Float) -> pd.DataFrame:
        """Return what each key brought a year, and whether that could be luck.

        Parameters
        ----------
        gross
            (n_dates,) return before costs.

        Returns
        -------
        DataFrame
            dimension, key, contribution_annual and cost_annual (mean a session times
            252), share_of_gross (what the key earned before costs over what the book
            did; NaN where that is nothing), volatility_annual, t (HAC, as `hac_mean`;
            NaN for what does not vary).
        """
        year = SESSIONS_PER_YEAR
        means, charged = self.contributions.mean(axis=0), self.costs.mean(axis=0)
        earned, whole = means + charged, float(gross.mean())
        if len(self.dates) > 1:
            deviation = self.contributions.std(axis=0, ddof=1)
        else:
            deviation = np.full(len(self.keys), np.nan)
        return pd.DataFrame(
            {
                "dimension": self.dimension,
                "key": pd.array(list(self.keys), "str"),
                "contribution_annual": means * year,
                "cost_annual": charged * year,
                "share_of_gross": earned / whole if abs(whole) > ROUNDING else np.nan,
                "volatility_annual": deviation * np.sqrt(year),
                "t": hac_t_values(self.contributions),
            }
        )


def _coded(codes: Array, categories: tuple[str, ...]) -> pd.Categorical:
    dtype = pd.CategoricalDtype(list(categories))
    return pd.Categorical.from_codes(codes, dtype=dtype)


def hac_t_values(values: Float) -> Float:
    """Return the t of every column's mean, as `hac_mean` gives it for one.

    Parameters
    ----------
    values
        (n, k) finite values in time order.

    Returns
    -------
    (k,) float64, NaN for a column that does not vary.
    """
    n = len(values)
    lags = hac_lags(n)
    means = values.mean(axis=0)
    away = values - means
    variance = np.einsum("ij,ij->j", away, away)
    for lag in range(1, lags + 1):
        shared = np.einsum("ij,ij->j", away[lag:], away[:-lag])
        variance += 2 * (1 - lag / (lags + 1)) * shared
    errors = np.sqrt(np.maximum(variance, 0)) / n
    varies = errors > ROUNDING
    t_values = np.full(len(means), np.nan)
    t_values[varies] = means[varies] / errors[varies]
    return t_values

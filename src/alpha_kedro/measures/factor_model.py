"""What factors earned, session by session: regressions across names.

At each session the returns of the universe are regressed on the exposures known at the
close before, by least squares weighted with the root of the dollar volume. The slopes
are the returns of portfolios with exposure 1 to one factor and 0 to the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.kernels import dense, kernel
from alpha_kedro.core.panel import Bool, Dates, Float, Tickers
from alpha_kedro.measures.risk_factors import DEFAULT_FACTORS, Exposures

_SINGULAR = 1e10  # condition number of the factors' second moments
_RIDGE = 1e-6  # share of their mean size


@dataclass(frozen=True, eq=False)
class FactorModel:
    """Exposures, and what they earned.

    Attributes
    ----------
    dates, tickers
        (n_dates,) sessions and (n_tickers,).
    names
        The factors.
    exposures
        (n_dates, n_factors, n_tickers) known at the close BEFORE the session.
    returns
        (n_dates, n_factors) of the session; 0 where there were too few names.
    r_squared
        (n_dates,) share of the weighted variation explained, NaN without a regression.
    notes
        ``sessions_without_regression``, ``sessions_with_ridge`` (the exposures were
        collinear), and ``average_<factor>``: cells that count as average for want of
        data.
    """

    dates: Dates
    tickers: Tickers
    names: tuple[str, ...]
    exposures: Float
    returns: Float
    r_squared: Float
    notes: Mapping[str, int]

    def on(self, dates: Dates, tickers: Tickers) -> "FactorModel":
        """Return the model on some of its sessions.

        Raises
        ------
        SimulationError
            ``AK-S063`` for other tickers, or for sessions it does not have.
        """
        rows = pd.DatetimeIndex(self.dates).get_indexer(pd.DatetimeIndex(dates))
        missing = [str(day)[:10] for day in np.asarray(dates)[rows < 0]]
        if missing or list(self.tickers) != list(tickers):
            raise SimulationError(
                "AK-S063",
                "the factor model does not cover the books",
                where=missing,
                got=f"{len(self.dates)} sessions, {len(self.tickers)} tickers",
                wanted=f"{len(dates)} sessions, {len(tickers)} tickers in their order",
                fix="fit the factors on the prices that were traded, with history "
                "before the first session",
            )
        if len(rows) and (np.diff(rows) == 1).all():
            return self._rows(slice(int(rows[0]), int(rows[-1]) + 1))
        return self._rows(rows)

    def _rows(
        self, rows: "slice | np.ndarray[tuple[int], np.dtype[np.int64]]"
    ) -> "FactorModel":
        return replace(
            self,
            dates=self.dates[rows],
            exposures=self.exposures[rows],
            returns=self.returns[rows],
            r_squared=self.r_squared[rows],
        )


def fit_factor_model(
    exposures: Exposures,
    returns: Float,
    *,
    min_names: int = DEFAULT_FACTORS.min_names,
) -> FactorModel:
    """Regress the returns of each session on the exposures of the close before.

    Parameters
    ----------
    exposures
        Of the dates of ``returns``, from `factor_exposures`. The first session of the
        model is the second date.
    returns
        (n_dates, n_tickers) from close to close; NaN leaves a name out.
    min_names
        Fewest names for a session to have factor returns; at least one more than there
        are factors.

    Notes
    -----
    E. Fama and J. MacBeth, Risk, Return, and Equilibrium, Journal of Political Economy
    81 (1973); R. Grinold and R. Kahn, Active Portfolio Management (2000), ch. 3. Where
    exposures are collinear to a condition number of 1e10 a ridge of 1e-6 of their mean
    size is added, and the session counted; nowhere else.
    """
    known, outcome = exposures.values[:-1], dense(returns[1:])
    weights = _weights(exposures)
    moments, shared, total, n = second_moments(known, outcome, weights)
    judged = n >= max(min_names, len(exposures.names) + 1)
    slopes, ridged = _slopes(moments, shared, judged)
    left = total[:, 2] - np.einsum("ik,ik->i", slopes, shared)
    around_mean = total[:, 2] - total[:, 1] ** 2 / np.maximum(total[:, 0], 1e-300)
    explained = np.full(len(n), np.nan)
    varied = judged & (around_mean > 0)
    np.divide(around_mean - left, around_mean, out=explained, where=varied)
    notes = {
        "sessions_without_regression": int(np.count_nonzero(~judged)),
        "sessions_with_ridge": int(np.count_nonzero(ridged)),
    } | {f"average_{name}": count for name, count in exposures.n_unknown.items()}
    return FactorModel(
        dates=exposures.dates[1:],
        tickers=exposures.tickers,
        names=exposures.names,
        exposures=known,
        returns=slopes,
        r_squared=explained,
        notes=notes,
    )


def _weights(exposures: Exposures) -> Float:
    """Return the root of the dollar volume at the close before, 0 outside."""
    volume = exposures.dollar_volume[:-1]
    inside = exposures.universe[:-1] & np.isfinite(volume)
    return dense(np.sqrt(np.where(inside, volume, 0.0)))


def _slopes(moments: Float, shared: Float, judged: Bool) -> tuple[Float, Bool]:
    """Solve every session's normal equations; a ridge where they are singular."""
    k = moments.shape[1]
    identity = np.eye(k)
    size = np.einsum("ikk->i", moments) / k
    usable = np.where(judged[:, np.newaxis, np.newaxis], moments, identity)
    singular = judged & ~(np.linalg.cond(usable) < _SINGULAR)
    ridge = np.where(singular, _RIDGE * np.maximum(size, 1e-300), 0.0)
    usable = usable + ridge[:, np.newaxis, np.newaxis] * identity
    right = np.where(judged[:, np.newaxis], shared, 0.0)
    slopes = np.linalg.solve(usable, right[:, :, np.newaxis])[:, :, 0]
    return slopes, singular


@kernel
def second_moments(
    exposures: Float, returns: Float, weights: Float
) -> tuple[Float, Float, Float, Float]:
    """Add up weighted products across the names of each session.

    Parameters
    ----------
    exposures
        (n_dates, n_factors, n_tickers).
    returns, weights
        (n_dates, n_tickers); a name without a return or a positive weight is left out.

    Returns
    -------
    (n_dates, k, k) of exposures with exposures, (n_dates, k) of exposures with returns,
    (n_dates, 3) sums of weights and of weighted returns and squared returns, and
    (n_dates,) names. Weights are scaled to a mean of 1 in each session.
    """
    n_dates, k, n_tickers = exposures.shape
    moments, shared = np.zeros((n_dates, k, k)), np.zeros((n_dates, k))
    total, names = np.zeros((n_dates, 3)), np.zeros(n_dates)
    for date in range(n_dates):
        seen, sum_of_weights = 0, 0.0
        for column in range(n_tickers):
            if weights[date, column] > 0 and np.isfinite(returns[date, column]):
                seen += 1
                sum_of_weights += weights[date, column]
        if seen == 0:
            continue
        names[date] = seen
        scale = seen / sum_of_weights
        for column in range(n_tickers):
            outcome = returns[date, column]
            if not (weights[date, column] > 0 and np.isfinite(outcome)):
                continue
            weight = weights[date, column] * scale
            total[date, 0] += weight
            total[date, 1] += weight * outcome
            total[date, 2] += weight * outcome * outcome
            for one in range(k):
                weighted = weight * exposures[date, one, column]
                shared[date, one] += weighted * outcome
                for other in range(one + 1):
                    moments[date, one, other] += (
                        weighted * exposures[date, other, column]
                    )
        for one in range(k):
            for other in range(one):
                moments[date, other, one] = moments[date, one, other]
    return moments, shared, total, names

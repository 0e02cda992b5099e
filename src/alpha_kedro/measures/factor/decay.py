"""How long a factor knows what comes: coefficients by horizon and by age."""

from typing import Literal

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Float
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.measures.availability import NotAvailable
from alpha_kedro.measures.factor.coefficients import hac_columns, rank_ic
from alpha_kedro.measures.factor.sample import FactorSample
from alpha_kedro.measures.significance import hac_mean

_Z_95 = 1.959964
_FEWEST_POINTS = 4
_CLEAR = 2.0  # standard errors that tell the newest coefficient from zero
_SHORTEST = 0.1  # sessions


def decay_curve(
    sample: FactorSample, *, longest: int, by: Literal["horizon", "age"]
) -> pd.DataFrame:
    """Average the rank IC over ever longer horizons, or with ever older scores.

    Parameters
    ----------
    longest
        Last horizon, or last age, in sessions.
    by
        ``horizon``: returns over 1, 2, ... ``longest`` sessions. ``age``: returns over
        the one session after scores that are 0, 1, ... ``longest`` sessions old when
        they are traded, beyond the lag; a score that knows the next session alone is
        at zero from age 1 on.

    Returns
    -------
    DataFrame
        Indexed by ``by``: rank_ic, standard_error (HAC, allowing for overlap), t, n
        (dates), low and high (95 % interval).

    Raises
    ------
    ConfigError
        ``AK-C120`` when the prices end before, ``AK-C002`` for another ``by``.
    """
    curves = {
        "horizon": {step: (step, 0) for step in range(1, longest + 1)},
        "age": {step: (1, step) for step in range(longest + 1)},
    }
    if by not in curves:
        raise unknown_name("decay curve", by, curves)
    rows = {}
    for step, (horizon, delay) in curves[by].items():
        judged = sample.judge(horizon, delay=delay)
        mean = hac_mean(rank_ic(sample, judged), overlap=judged.overlap)
        reach = _Z_95 * mean.standard_error
        bounds = {"low": mean.mean - reach, "high": mean.mean + reach}
        rows[step] = hac_columns("rank_ic", mean) | bounds
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(by)


def half_life(by_age: pd.DataFrame) -> float:
    """Return the age at which the rank IC has fallen to half, where that can be fitted.

    Parameters
    ----------
    by_age
        What `decay_curve` gives by age.

    Returns
    -------
    float
        Sessions: ``h`` of ``ic(age) = a 2^(-age / h)``, by least squares weighted with
        the inverse squared standard errors. `NotAvailable` where fewer than four ages
        have a coefficient with an error, where that of age 0 has none or is within two
        of zero, and where it has not halved within the ages tried.
    """
    curve = by_age[["rank_ic", "standard_error", "t"]].dropna()
    ages = curve.index.to_numpy(dtype=np.float64)
    if len(curve) < _FEWEST_POINTS:
        return NotAvailable(f"{len(curve)} ages, at least {_FEWEST_POINTS} needed")
    if ages[0] > 0:
        return NotAvailable("the coefficient of age 0 has no standard error")
    if abs(curve["t"].iloc[0]) < _CLEAR:
        return NotAvailable("the coefficient of age 0 is not clear of zero")
    ic, weights = curve["rank_ic"].to_numpy(), curve["standard_error"].to_numpy() ** -2
    fitted = _best_half_life(ages, ic, weights)
    if fitted > ages[-1]:
        return NotAvailable(f"the coefficient has not halved within {ages[-1]:.0f}")
    return fitted


def _best_half_life(ages: Float, ic: Float, weights: Float) -> float:
    from scipy.optimize import minimize_scalar

    def misfit(log_half_life: float) -> float:
        shape = 2.0 ** (-ages / np.exp(log_half_life))
        scale = (weights * shape * ic).sum() / (weights * shape**2).sum()
        return float((weights * (ic - scale * shape) ** 2).sum())

    bounds = (np.log(_SHORTEST), np.log(10 * ages[-1]))
    return float(np.exp(minimize_scalar(misfit, bounds=bounds, method="bounded").x))

"""What tuning cost and what it bought: the gain inside the folds, and that outside.

The best of many trials looks better than it is on the blocks that picked it. Only dates
that took no part can tell how much of the gain is there; so each tuned model is set
beside its twin, which is the same but for the tuning.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd

from alpha_kedro.core.registry import unknown_name
from alpha_kedro.learning.wrappers.tuning.record import PREFIX
from alpha_kedro.measures import HacMean, hac_mean, information_coefficients

_KEY = ["model", "fold", "seed"]
_COUNTS = ["trials", "pruned", "failed"]
_INNER = ["inner_rank_ic", "inner_rank_ic_untuned"]
_PROVEN = 2.0

_COLUMNS = {
    **{"model": "str", "untuned": "str"},
    **{"trials": "int64", "pruned": "int64", "failed": "int64"},
    **{"inner_gain": "float64", "rank_ic": "float64", "rank_ic_untuned": "float64"},
    **{"gain": "float64", "t": "float64", "n_dates": "int64", "verdict": "str"},
}


class Tunable(Protocol):
    """What ``untuned_twin`` reads of a model's specification."""

    @property
    def tuning(self) -> object | None:
        """Return how it is tuned, None where it is not."""

    @property
    def seeds(self) -> int:
        """Return how many fits are averaged."""

    @property
    def in_use(self) -> dict[str, Any]:
        """Return the parameters a fit depends on."""


def untuned_twin(models: Mapping[str, Tunable]) -> dict[str, str]:
    """Return, for each tuned model, the first that is the same but for the tuning.

    A tuned model without such a twin is left out.
    """
    twins: dict[str, str] = {}
    for name, spec in models.items():
        if spec.tuning is None:
            continue
        for other, candidate in models.items():
            if candidate.tuning is None and _start(candidate) == _start(spec):
                twins.setdefault(name, other)
    return twins


def best_parameters(fit_choices: pd.DataFrame) -> pd.DataFrame:
    """Return the parameters that were taken, fold by fold.

    Parameters
    ----------
    fit_choices
        model, fold, seed, choice, value, text (of those that are no number).

    Returns
    -------
    DataFrame
        model, fold, seed and a column per tuned parameter: float64 where every fold
        took a number, else text. Missing where a model does not tune it; no rows
        where none is tuned.
    """
    tuned = fit_choices[fit_choices["choice"].str.startswith(PREFIX)]
    told = tuned["value"].astype("object").where(tuned["value"].notna(), tuned["text"])
    named = tuned[_KEY].assign(choice=tuned["choice"].str.removeprefix(PREFIX))
    wide = _wide(named.assign(told=told), _KEY, "choice", "told")
    return wide.infer_objects().rename_axis(columns=None).reset_index()


def tuning_gain(
    predictions: pd.DataFrame,
    fit_choices: pd.DataFrame,
    pairs: Mapping[str, str],
    *,
    target: str = "label",
    min_names: int = 10,
    overlap: int = 1,
) -> pd.DataFrame:
    """Set the gain of tuning inside the folds beside the gain outside.

    Parameters
    ----------
    predictions
        date, ticker, model, score and ``target``, out of sample.
    fit_choices
        As for ``best_parameters``.
    pairs
        Name of a tuned model, and of its twin without the tuning.
    target
        What the scores should order; the label, as inside.
    min_names
        Fewest names for a date to count.
    overlap
        Dates that one label spans; see ``hac_lags``.

    Returns
    -------
    DataFrame
        One row per pair: model, untuned; trials, pruned, failed (counts over all
        folds); inner_gain (mean over folds of the rank IC of the trial taken less that
        of the untuned one, in the held-out blocks); rank_ic, rank_ic_untuned (means
        over the n_dates both have, out of sample); gain (their mean difference), t
        (HAC) and verdict. NaN where a number is not available.

    Raises
    ------
    ConfigError
        ``AK-C002`` for a model that was not fitted, or not tuned.

    Notes
    -----
    Evidence, never a feature: coefficients of a date use outcomes after it.
    """
    spent = _spent(fit_choices)
    for tuned, untuned in pairs.items():
        _refuse_unknown("tuned model", tuned, spent.index)
        _refuse_unknown("model", untuned, predictions["model"].unique())
    if not pairs:
        return _typed([])
    paired = predictions["model"].isin([*pairs.keys(), *pairs.values()])
    coefficients = information_coefficients(
        predictions[paired], target=target, min_names=min_names
    )
    daily = _wide(coefficients, "date", "model", "rank_ic")
    return _typed(
        [
            {"model": tuned, "untuned": untuned}
            | {str(name): value for name, value in spent.loc[tuned].items()}
            | _outside(daily[tuned], daily[untuned], overlap=overlap)
            for tuned, untuned in pairs.items()
        ]
    )


def _start(spec: Tunable) -> dict[str, Any]:
    start = {name: part for name, part in spec.in_use.items() if name != "tuning"}
    return start | {"seeds": spec.seeds}


def _spent(fit_choices: pd.DataFrame) -> pd.DataFrame:
    """Return trials, pruned, failed and inner_gain of each tuned model."""
    own = fit_choices[fit_choices["choice"].isin([*_COUNTS, *_INNER])]
    fits = _wide(own, _KEY, "choice", "value").reindex(columns=[*_COUNTS, *_INNER])
    fits["inner_gain"] = fits[_INNER[0]] - fits[_INNER[1]]
    by_model = fits.groupby(level="model", sort=False)
    return by_model[_COUNTS].sum().join(by_model["inner_gain"].mean())


def _outside(tuned: pd.Series, untuned: pd.Series, *, overlap: int) -> dict[str, Any]:
    both = tuned.notna() & untuned.notna()
    found: HacMean = hac_mean((tuned - untuned)[both].to_numpy(), overlap=overlap)
    return {
        "rank_ic": tuned[both].mean(),
        "rank_ic_untuned": untuned[both].mean(),
        "gain": found.mean,
        "t": found.t,
        "n_dates": int(both.sum()),
    }


def _typed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    judged = [
        row | {"verdict": _verdict(row["inner_gain"], row["gain"], row["t"])}
        for row in rows
    ]
    return pd.DataFrame(judged, columns=list(_COLUMNS)).astype(_COLUMNS)


def _wide(
    table: pd.DataFrame, rows: str | list[str], columns: str, values: str
) -> pd.DataFrame:
    """Spread a column over several; a cell that stands there twice is refused."""
    return table.pivot(index=rows, columns=columns, values=values)  # noqa: PD010


def _verdict(inside: float, outside: float, t: float) -> str:
    """Say in words what the two gains say together."""
    if np.isnan(outside) or np.isnan(inside):
        return "not measured"
    if not inside > 0:
        return "no gain inside: the start was best"
    if t >= _PROVEN:
        return "a gain inside and outside"
    if t <= -_PROVEN:
        return "a gain inside, a loss outside"
    return "a gain inside that is not certain outside"


def _refuse_unknown(kind: str, name: str, names: Any) -> None:
    if name not in names:
        raise unknown_name(kind, name, names)

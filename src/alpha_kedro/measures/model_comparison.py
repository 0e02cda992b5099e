"""Models side by side: on the same dates, within sectors, and against one of them.

A score can order returns because it knows which sector will do well, or which name of a
sector will; a sector-neutral book earns the latter alone. So every model is judged
twice, on scores and returns as they are and on both less the means of their sectors.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import Frequency
from alpha_kedro.core.panel import Bool, Float, Panel
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.core.sectors import sector_codes
from alpha_kedro.measures.availability import NotAvailable
from alpha_kedro.measures.cross_sections import (
    Cells,
    cell_means,
    cells,
    per_model,
    rank_correlation,
)
from alpha_kedro.measures.model_evidence import join_outcomes, periods_spanned
from alpha_kedro.measures.sharpe import sharpe_ratio
from alpha_kedro.measures.significance import HacMean, hac_mean

WHOLE, YEAR, PART = "all", "year", "part"
"""Spans of a comparison: all dates, a calendar year, a part of the sample."""

_PARTS = 3
_FEWEST_OF_A_SECTOR = 2  # names; one alone has no other to be compared with
_SAME = 1e-12  # share of a sector's mean size below which deviations are rounding
_SIDES = ("", "sector_neutral_")
"""What the columns begin with: of scores as they are, and of those within sectors."""

_OF_A_SIDE = {
    "n_dates": "int64",
    **dict.fromkeys(["rank_ic", "rank_ic_t", "icir"], "float64"),
    "n_paired": "int64",
    **dict.fromkeys(["paired", "paired_t"], "float64"),
}
_COLUMNS = {
    **dict.fromkeys(["model", "span", "period"], "str"),
    **dict.fromkeys(["start", "end"], "datetime64[us]"),
    **{f"{side}{name}": kind for side in _SIDES for name, kind in _OF_A_SIDE.items()},
    **{"reference": "str", "n_models": "int64"},
}
_FACTS = [f"sector_neutral_{name}" for name in ("rank_ic", "rank_ic_t", "icir")]


class _Period(NamedTuple):
    """Some of the decision dates."""

    span: Literal["all", "year", "part"]
    name: str
    inside: Bool


def compare_models(
    predictions: pd.DataFrame,
    labels: pd.DataFrame,
    sectors: pd.DataFrame | None = None,
    *,
    reference: str | None = None,
    frequency: Frequency = "weekly",
    min_names: int = 10,
    lags: int | None = None,
    cuts: Sequence[pd.Timestamp] = (),
) -> pd.DataFrame:
    """Judge every model as it is, within sectors, and against one of them.

    Parameters
    ----------
    predictions
        Long table: date, ticker, model, score.
    labels
        Long table: date, ticker, horizon (sessions), ``fwd_ret`` (decimal); one row per
        (date, ticker).
    sectors
        ticker, sector and, where labels are dated, start and end; see `sector_codes`.
        None: nothing is known within sectors.
    reference
        Model the others are set beside. Default: the first in the table.
    frequency
        How often a decision is made.
    min_names
        Fewest names (count) for a date to have a coefficient.
    lags
        Newey-West lags (decision dates); None: of the number of dates in the period
        and of how far labels overlap, see `hac_lags`.
    cuts
        First days of the second and all further parts of the sample. Default: three
        parts with equally many decision dates.

    Returns
    -------
    DataFrame
        A row per model and period, models in order of their names: ``span`` and
        ``period`` (``all``; ``year`` 2018; ``part`` 1 of 3), ``start`` and ``end`` (its
        first and last decision date), and

        - ``rank_ic`` (mean over ``n_dates``), ``rank_ic_t`` (HAC) and ``icir`` (mean
          over standard deviation, per decision date);
        - ``paired`` and ``paired_t``: mean and HAC t of its rank IC less that of
          ``reference``, date by date, over the ``n_paired`` dates both have one;
        - the same as ``sector_neutral_``: of scores and returns less the means of their
          sector on the date, over names with both in a sector with at least two such;
        - ``n_models`` that were compared: the more, the better the best looks by luck.

        NaN, never 0, where a number is not available: a date with fewer than
        ``min_names`` or with a single score or return has no coefficient, a mean needs
        two dates, a t some variation, and the reference is not set beside itself.

    Raises
    ------
    ConfigError
        ``AK-C002`` for a reference that scores nothing, ``AK-C050`` when labels hold a
        (date, ticker) twice, ``AK-C052`` without predictions.
    DataError
        ``AK-D001`` when a model scores a (date, ticker) twice, ``AK-D053`` when a name
        has two sectors on a day.

    Notes
    -----
    Evidence, never a feature: coefficients of a date use outcomes after it. The pairing
    takes out what a date does to both models, as in F. Diebold and R. Mariano,
    Comparing Predictive Accuracy, Journal of Business and Economic Statistics 13
    (1995).
    """
    measure = partial(_coefficients, sectors=sectors, min_names=min_names)
    judged = join_outcomes(predictions, labels)
    daily = per_model(judged, ["score", "fwd_ret"], measure)
    horizon = int(labels["horizon"].max()) if len(labels) else 1
    overlap = periods_spanned(horizon, frequency)
    sides = {
        side: daily.pivot(index="date", columns="model", values=f"{side}rank_ic")  # noqa: PD010
        for side in _SIDES
    }
    first = str(predictions["model"].iloc[0]) if reference is None else reference
    if first not in sides[""]:
        raise unknown_name("reference model", first, sides[""].columns)
    mean = partial(hac_mean, lags=lags, overlap=overlap)
    rows = _rows(sides, first, cuts=cuts, mean=mean)
    return pd.DataFrame(list(rows), columns=list(_COLUMNS)).astype(_COLUMNS)


def comparison_facts(comparison: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return what `compare_models` says of all dates, by model, for the summary.

    Returns
    -------
    dict
        ``sector_neutral_rank_ic``, ``sector_neutral_rank_ic_t``,
        ``sector_neutral_icir`` and ``paired_t`` of each model; a `NotAvailable` where
        there is none.
    """
    rows = comparison[comparison["span"] == WHOLE].to_dict("records")
    return {
        row["model"]: {
            **{
                name: _or_reason(row[name], row["sector_neutral_n_dates"])
                for name in _FACTS
            },
            "paired_t": NotAvailable("it is the model the others are set beside")
            if row["model"] == row["reference"]
            else _or_reason(row["paired_t"], row["n_paired"]),
        }
        for row in rows
    }


def _coefficients(
    panel: Panel, *, sectors: pd.DataFrame | None, min_names: int
) -> pd.DataFrame:
    """Return date and both coefficients of one model."""
    scores, outcomes = cells(panel, "score"), cells(panel, "fwd_ret")
    known = np.isfinite(scores) & np.isfinite(outcomes)
    codes = sector_codes(sectors, panel.axes)
    within = [_less_sector(each, codes, known) for each in (scores, outcomes)]
    return pd.DataFrame(
        {
            "date": panel.dates,
            "rank_ic": _enough(rank_correlation(scores, outcomes), known, min_names),
            "sector_neutral_rank_ic": _enough(
                rank_correlation(*within), np.isfinite(within[0]), min_names
            ),
        }
    )


def _less_sector(values: Float, codes: Any, known: Bool) -> Float:
    """Return known values less the mean of their sector, NaN for the others.

    A sector whose values are all one is left with zeros, not with rounding errors that
    a rank would tell apart.
    """
    groups = np.ascontiguousarray(np.where(known, codes, -1), dtype=np.int32)
    sector = Cells(groups, int(groups.max(initial=-1)) + 1)
    if not sector.size:
        return np.full(values.shape, np.nan)
    means, counts = cell_means(values, sector)
    centred = values - sector.spread(means)
    spread = sector.spread(cell_means(np.abs(centred), sector)[0])
    size = sector.spread(cell_means(np.abs(values), sector)[0])
    centred = np.where(spread <= _SAME * size, 0.0, centred)
    return np.where(sector.spread(counts) >= _FEWEST_OF_A_SECTOR, centred, np.nan)


def _enough(coefficients: Float, known: Bool, min_names: int) -> Float:
    return np.where(known.sum(axis=1) >= min_names, coefficients, np.nan)


def _rows(
    sides: Mapping[str, pd.DataFrame],
    reference: str,
    *,
    cuts: Sequence[pd.Timestamp],
    mean: Callable[[Float], HacMean],
) -> Iterator[dict[str, Any]]:
    models = list(sides[""].columns)
    dates = pd.DatetimeIndex(sides[""].index)
    for model in models:
        for span, name, inside in _periods(dates, cuts):
            row: dict[str, Any] = {"model": model, "span": span, "period": name}
            row |= {"start": dates[inside][0], "end": dates[inside][-1]}
            row |= {"reference": reference, "n_models": len(models)}
            for side, table in sides.items():
                found = _judged(table.loc[inside], model, reference, mean)
                row |= {f"{side}{key}": value for key, value in found.items()}
            yield row


def _judged(
    rank_ic: pd.DataFrame,
    model: str,
    reference: str,
    mean: Callable[[Float], HacMean],
) -> dict[str, float]:
    """Return the numbers of one model in one period, from (date, model) rank IC."""
    known = rank_ic[model].dropna().to_numpy()
    own = mean(known)
    gaps = (rank_ic[model] - rank_ic[reference]).dropna().to_numpy()
    paired = mean(gaps[:0] if model == reference else gaps)
    return {
        "n_dates": own.n,
        "rank_ic": own.mean,
        "rank_ic_t": own.t,
        "icir": sharpe_ratio(known, periods_per_year=1),
        "n_paired": paired.n,
        "paired": paired.mean,
        "paired_t": paired.t,
    }


def _periods(
    dates: pd.DatetimeIndex, cuts: Sequence[pd.Timestamp]
) -> Iterator[_Period]:
    """Yield all dates, each year, and each part; a part without a date is left out."""
    yield _Period("all", WHOLE, np.ones(len(dates), dtype=bool))
    for year in dates.year.unique():
        yield _Period("year", str(year), np.asarray(dates.year == year))
    part = (
        pd.DatetimeIndex(sorted(cuts)).searchsorted(dates, side="right")
        if len(cuts)
        else np.arange(len(dates)) * _PARTS // max(len(dates), 1)
    )
    n_parts = len(cuts) + 1 if len(cuts) else _PARTS
    for number in np.unique(part):
        yield _Period("part", f"{number + 1} of {n_parts}", part == number)


def _or_reason(value: float, n_dates: int) -> float:
    if np.isfinite(value):
        return float(value)
    short = f"{n_dates} values, at least 2 needed"
    return NotAvailable(short if n_dates < 2 else "no variation around the estimate")

"""One factor against the prices that followed, in a single call for a notebook."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Axes, Float, gather
from alpha_kedro.measures.deciles import (
    monotonicity,
    quantile_returns,
    quantile_spread,
    quantile_summary,
)
from alpha_kedro.measures.ic import (
    information_coefficients,
    rank_autocorrelation,
    score_turnover,
)
from alpha_kedro.measures.sharpe import sharpe_ratio
from alpha_kedro.measures.significance import average, hac_lags, hac_mean

_FACTOR = "factor"


@dataclass(frozen=True)
class FactorEvidence:
    """How well a factor ordered the returns of the sessions after it.

    Attributes
    ----------
    ic
        (n_dates, n_horizons) rank IC, a column per horizon in sessions.
    quantile_returns
        horizon, quantile, mean_return (over the horizon), standard_error (HAC), t, n,
        n_names.
    spread
        (n_dates, n_horizons) return of the top less the bottom quantile.
    turnover
        Indexed by date: share of new names in the ``top`` and ``bottom`` quantile.
    rank_autocorrelation
        Indexed by date: from one date of the scores to the next.
    overlaps
        Dates that an outcome spans, by horizon: what the t-values allow for.
    """

    ic: pd.DataFrame
    quantile_returns: pd.DataFrame
    spread: pd.DataFrame
    turnover: pd.DataFrame
    rank_autocorrelation: pd.Series
    overlaps: Mapping[int, int]

    def summary(self) -> pd.DataFrame:
        """Return one row per horizon: rank IC, its t-value (HAC), spread and stability.

        ``rank_ic_ir`` is per date of the scores. A number that is not available is NaN.
        """
        rows = {horizon: self._row(horizon) for horizon in self.overlaps}
        table = pd.DataFrame.from_dict(rows, orient="index")
        return table.astype("float64").rename_axis("horizon")

    def _row(self, horizon: int) -> dict[str, float]:
        own = self.quantile_returns
        means = own.loc[own["horizon"] == horizon, "mean_return"]
        overlap = self.overlaps[horizon]
        ic = self.ic[horizon].dropna()
        mean = hac_mean(ic, overlap=overlap)
        spread = hac_mean(self.spread[horizon], overlap=overlap)
        return {
            "rank_ic": mean.mean,
            "rank_ic_t": mean.t,
            "rank_ic_ir": sharpe_ratio(ic, periods_per_year=1),
            "positive_share": average(ic > 0),
            "spread": spread.mean,
            "spread_t": spread.t,
            "monotonicity": monotonicity(means),
            "turnover_top": average(self.turnover["top"].dropna()),
            "rank_autocorrelation": average(self.rank_autocorrelation.dropna()),
            "n_dates": len(ic),
        }


def evaluate_factor(
    scores: pd.DataFrame,
    prices: pd.DataFrame,
    horizons: Sequence[int] = (1, 5, 10),
    quantiles: int = 5,
    groups: Mapping[str, str] | None = None,
    *,
    lag: int = 1,
    min_names: int = 10,
) -> FactorEvidence:
    """Compare a factor with the returns after it, over several horizons.

    Parameters
    ----------
    scores
        (n_dates, n_tickers) factor known at the close of each date; NaN: no opinion.
    prices
        (n_sessions, n_tickers) total-return prices at which orders fill, every session.
    horizons
        Holding periods in sessions.
    quantiles
        Groups of equal size that names are sorted into.
    groups
        Group of each ticker, such as its sector; returns are then taken relative to the
        mean of the names of the group on that date.
    lag
        Sessions from the score to the fill; 1 means the next session's price.
    min_names
        Fewest names with a score and a return for a date to count.

    Returns
    -------
    FactorEvidence
        Dates whose outcome lies beyond the prices are NaN.

    Raises
    ------
    ConfigError
        ``AK-C051`` for a date or ticker of the scores that has no row or column in
        ``prices`` or stands there twice, a lag below 0, fewer than two quantiles, no
        horizon or one below 1.

    Notes
    -----
    A name whose prices end before the horizon does has no outcome and is left out,
    which flatters a factor that likes dying names. `alpha_kedro.signals` makes labels
    with a delisting return; `measure_models` judges scores by those.
    """
    sizes = {"lag": lag, "horizon": min(horizons, default=0), "quantiles": quantiles}
    _refuse_misfits(scores, prices, **sizes)
    axes = Axes.of(scores.index, scores.columns)
    factor = scores.reindex(index=axes.dates, columns=axes.tickers).to_numpy("float64")
    rows = prices.index.get_indexer(pd.DatetimeIndex(axes.dates))
    levels = prices.reindex(columns=axes.tickers).to_numpy("float64")
    judged = {}
    for horizon in horizons:
        outcomes = pd.DataFrame(_returns_after(levels, lag, horizon)[rows])
        fields = {"score": factor, "fwd_ret": _relative(outcomes, axes, groups)}
        judged[horizon] = gather(axes, fields).assign(model=_FACTOR)
    spacing = float(np.median(np.diff(rows))) if len(rows) > 1 else 1.0
    overlaps = {each: max(1, math.ceil(each / spacing)) for each in horizons}
    return _measure(judged, overlaps, quantiles=quantiles, min_names=min_names)


def _refuse_misfits(
    scores: pd.DataFrame,
    prices: pd.DataFrame,
    *,
    lag: int,
    horizon: int,
    quantiles: int,
) -> None:
    missing = [
        *scores.index.difference(prices.index),
        *scores.columns.difference(prices.columns),
    ]
    labels = (scores.index, scores.columns, prices.index, prices.columns)
    unique = all(label.is_unique for label in labels)
    sized = lag >= 0 and horizon >= 1 and quantiles >= 2
    if not missing and unique and prices.index.is_monotonic_increasing and sized:
        return
    raise ConfigError(
        "AK-C051",
        "scores and prices do not fit together",
        where=missing,
        got=f"lag {lag}, shortest horizon {horizon}, {quantiles} quantiles"
        + ("" if unique else ", a date or ticker twice"),
        wanted="ascending prices for every date and ticker scored, each once; "
        "lag >= 0, horizons >= 1, quantiles >= 2",
        fix="cut the scores to the dates and tickers of the prices",
    )


def _returns_after(levels: Float, lag: int, horizon: int) -> Float:
    """Return what each session's score could earn: NaN where prices end too soon."""
    returns = np.full(levels.shape, np.nan)
    if len(levels) > lag + horizon:
        bought, sold = levels[lag:-horizon], levels[lag + horizon :]
        returns[: len(bought)] = sold / bought - 1
    return returns


def _relative(
    outcomes: pd.DataFrame, axes: Axes, groups: Mapping[str, str] | None
) -> Float:
    """Subtract the mean of each name's group on the date; a name without one is NaN."""
    if groups is None:
        return outcomes.to_numpy()
    of_name = np.array([groups.get(name) for name in axes.tickers], dtype=object)
    by_group = outcomes.T.groupby(of_name, dropna=True)
    return (outcomes - by_group.transform("mean").T).to_numpy()


def _measure(
    judged: dict[int, pd.DataFrame],
    overlaps: dict[int, int],
    *,
    quantiles: int,
    min_names: int,
) -> FactorEvidence:
    ic, spread, means = {}, {}, []
    for horizon, table in judged.items():
        found = information_coefficients(table, min_names=min_names)
        ic[horizon] = found.set_index("date")["rank_ic"]
        returns = quantile_returns(table, quantiles=quantiles, min_names=min_names)
        spread[horizon] = quantile_spread(returns).set_index("date")["spread"]
        lags = hac_lags(int(ic[horizon].count()), overlap=overlaps[horizon])
        summary = quantile_summary(returns, lags=lags).drop(columns="model")
        summary.insert(0, "horizon", horizon)
        means.append(summary)
    scored = next(iter(judged.values()))
    persistence = rank_autocorrelation(scored, min_names=min_names).set_index("date")
    turnover = score_turnover(scored, quantiles=quantiles).set_index("date")
    return FactorEvidence(
        ic=pd.DataFrame(ic).rename_axis(columns="horizon"),
        quantile_returns=pd.concat(means, ignore_index=True),
        spread=pd.DataFrame(spread).rename_axis(columns="horizon"),
        turnover=turnover[["top", "bottom"]],
        rank_autocorrelation=persistence["rank_autocorrelation"],
        overlaps=overlaps,
    )

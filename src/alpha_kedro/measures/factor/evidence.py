"""What a factor showed; each table is made when it is first asked for."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Float
from alpha_kedro.measures.cross_sections import cell_means
from alpha_kedro.measures.deciles import monotonicity
from alpha_kedro.measures.factor.coefficients import (
    ic_by_group,
    ic_by_month,
    ic_by_year,
    pearson_ic,
    rank_ic,
)
from alpha_kedro.measures.factor.decay import decay_curve, half_life
from alpha_kedro.measures.factor.design import FactorDesign
from alpha_kedro.measures.factor.events import event_returns
from alpha_kedro.measures.factor.groups import Groups, required_groups
from alpha_kedro.measures.factor.losses import loss_table
from alpha_kedro.measures.factor.portfolio import (
    alpha_beta,
    factor_returns,
    growth,
    held_in_turn,
    score_weights,
    step_returns,
)
from alpha_kedro.measures.factor.quantiles import (
    quantile_means,
    quantile_table,
    quantile_table_by_group,
    rank_autocorrelation,
    score_table,
    turnover,
)
from alpha_kedro.measures.factor.sample import FactorSample
from alpha_kedro.measures.sharpe import sharpe_ratio
from alpha_kedro.measures.significance import average, hac_mean


@dataclass(frozen=True)
class FactorEvidence:
    """How well a factor ordered the returns of the sessions after it.

    Tables by date are indexed by the date of the score; returns are decimals before
    costs. Means come with Newey-West errors that allow for overlapping returns, and
    are NaN where they are not available.

    Attributes
    ----------
    sample
        The aligned scores and prices that everything is made from.
    """

    sample: FactorSample

    @property
    def design(self) -> FactorDesign:
        """Return horizons, lag and the other arguments."""
        return self.sample.design

    @property
    def overlaps(self) -> dict[int, int]:
        """Return how many dates an outcome spans, by horizon."""
        return {each: self.sample.overlap(each) for each in self.design.horizons}

    @cached_property
    def ic(self) -> pd.DataFrame:
        """Return the rank IC (Spearman): (n_dates, n_horizons)."""
        judged = self.sample.judged.items()
        return self._by_horizon({key: rank_ic(self.sample, one) for key, one in judged})

    @cached_property
    def pearson_ic(self) -> pd.DataFrame:
        """Return the linear correlation of scores and returns, as `ic`."""
        judged = self.sample.judged.items()
        return self._by_horizon({horizon: pearson_ic(one) for horizon, one in judged})

    @cached_property
    def ic_by_group(self) -> pd.DataFrame:
        """Return rank IC, HAC error, t, dates and names within each group."""
        return ic_by_group(self.sample, self._groups())

    @cached_property
    def ic_by_year(self) -> pd.DataFrame:
        """Return rank IC, HAC error, t and dates by calendar year."""
        return ic_by_year(self.ic, self.overlaps)

    @cached_property
    def ic_by_month(self) -> pd.DataFrame:
        """Return the mean rank IC of each calendar month: (n_months, n_horizons)."""
        return ic_by_month(self.ic)

    @cached_property
    def quantiles(self) -> pd.DataFrame:
        """Return the quantile of each name, 1 the lowest; NaN without one."""
        codes = self.sample.buckets.codes
        return self._by_ticker(np.where(codes >= 0, codes + 1.0, np.nan))

    @cached_property
    def quantile_scores(self) -> pd.DataFrame:
        """Return number, share, range, mean and deviation of each quantile's scores."""
        return score_table(self.sample)

    @cached_property
    def quantile_returns(self) -> pd.DataFrame:
        """Return horizon, quantile, mean_return, standard_error, t, n and n_names."""
        return quantile_table(self.sample)

    @cached_property
    def quantile_returns_by_group(self) -> pd.DataFrame:
        """Return `quantile_returns` of the names of each group."""
        return quantile_table_by_group(self.sample, self._groups())

    @cached_property
    def quantile_returns_by_date(self) -> pd.DataFrame:
        """Return the mean of each quantile; columns are (horizon, quantile)."""
        parts = {
            horizon: self._by_quantile(quantile_means(self.sample, judged))
            for horizon, judged in self.sample.judged.items()
        }
        return pd.concat(parts, axis=1, names=["horizon", "quantile"])

    @cached_property
    def spread(self) -> pd.DataFrame:
        """Return the return of the top less the bottom quantile, as `ic`."""
        means = self.quantile_returns_by_date
        numbers = means.columns.get_level_values("quantile")
        top, bottom = (
            means.loc[:, numbers == quantile].droplevel("quantile", axis=1)
            for quantile in (self.design.quantiles, 1)
        )
        return top - bottom

    @cached_property
    def turnover(self) -> pd.DataFrame:
        """Return the share of names that are new in ``top`` and ``bottom``."""
        shares = turnover(self.sample, dates_back=1)
        columns = {"top": shares[:, -1], "bottom": shares[:, 0]}
        return pd.DataFrame(columns, index=self._dates)

    @cached_property
    def turnover_by_quantile(self) -> pd.DataFrame:
        """Return the share of names that are new after each horizon's dates.

        Columns are (horizon, quantile); a horizon is counted in dates of the scores.
        """
        parts = {
            horizon: self._by_quantile(turnover(self.sample, dates_back=dates))
            for horizon, dates in self.overlaps.items()
        }
        return pd.concat(parts, axis=1, names=["horizon", "quantile"])

    @cached_property
    def rank_autocorrelation(self) -> pd.Series:
        """Return the rank correlation of the scores with those of the last date."""
        values = rank_autocorrelation(self.sample, dates_back=1)
        return pd.Series(values, self._dates, name="rank_autocorrelation")

    @cached_property
    def rank_autocorrelation_by_horizon(self) -> pd.DataFrame:
        """Return the rank correlation with the scores one horizon before, as `ic`."""
        lags = self.overlaps.items()
        return self._by_horizon(
            {h: rank_autocorrelation(self.sample, dates_back=k) for h, k in lags}
        )

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Return the portfolio that weighs names by score: gross 1, net 0.

        Net 0 within each group where returns are relative to groups; then every group
        has the same gross weight.
        """
        return self._by_ticker(
            score_weights(self.sample.held_scores, self.sample.sides)
        )

    @cached_property
    def factor_returns(self) -> pd.DataFrame:
        """Return what that portfolio earned over each horizon, as `ic`."""
        return self._by_horizon(factor_returns(self.sample))

    @cached_property
    def alpha_beta(self) -> pd.DataFrame:
        """Return alpha and beta of the portfolio against the mean name, by horizon."""
        return alpha_beta(self.sample, self.factor_returns)

    @cached_property
    def cumulative_returns(self) -> pd.DataFrame:
        """Return growth of 1 in the portfolio, each book held for the horizon.

        A horizon of several dates is held in as many equal parts, one renewed at each
        date, so no return is counted twice; a shorter one until the next date. Indexed
        as `ic`: the value of a date includes what was earned up to the next one's fill.
        """
        weights, steps = self.weights.to_numpy(), step_returns(self.sample)
        grown = {
            horizon: growth(held_in_turn(weights, steps, dates=dates))
            for horizon, dates in self.overlaps.items()
        }
        return self._by_horizon(grown)

    @cached_property
    def quantile_growth(self) -> pd.DataFrame:
        """Return growth of 1 in each quantile, renewed at each date: (n_dates, q)."""
        steps = self.sample.set_against(step_returns(self.sample), overlap=1)
        means, _ = cell_means(steps.relative, self.sample.buckets)
        return self._by_quantile(growth(means))

    @cached_property
    def losses(self) -> pd.DataFrame:
        """Return how many cells of the scores were judged, and why others were not."""
        return loss_table(self.sample)

    @cached_property
    def decay_by_age(self) -> pd.DataFrame:
        """Return the rank IC of one session with scores up to 20 sessions old.

        Up to the last age that the prices have room for, where that is less.
        """
        return self.decay(min(20, self.sample.room - 1), by="age")

    @cached_property
    def half_life(self) -> float:
        """Return the age in sessions at which the rank IC has fallen to half."""
        return half_life(self.decay_by_age)

    def decay(
        self, longest: int = 20, *, by: Literal["horizon", "age"] = "horizon"
    ) -> pd.DataFrame:
        """Return the rank IC by horizon, or by age of the score: `decay_curve`."""
        return decay_curve(self.sample, longest=longest, by=by)

    def event_returns(self, before: int = 5, after: int = 15) -> pd.DataFrame:
        """Return each quantile's mean path around the fill; see `event_returns`."""
        return event_returns(self.sample, before=before, after=after)

    def summary(self) -> pd.DataFrame:
        """Return one row per horizon: rank IC, spread, how steady, on how much data.

        ``rank_ic_ir`` is per date of the scores. Turnover and rank autocorrelation are
        those after the horizon.
        """
        rows = {horizon: self._row(horizon) for horizon in self.design.horizons}
        table = pd.DataFrame.from_dict(rows, orient="index")
        return table.astype("float64").rename_axis("horizon")

    def _row(self, horizon: int) -> dict[str, float]:
        own = self.quantile_returns
        means = own.loc[own["horizon"] == horizon, "mean_return"]
        overlap, ic = self.overlaps[horizon], self.ic[horizon].dropna()
        mean = hac_mean(ic, overlap=overlap)
        spread = hac_mean(self.spread[horizon], overlap=overlap)
        new = self.turnover_by_quantile[horizon, self.design.quantiles]
        steady = self.rank_autocorrelation_by_horizon[horizon]
        n_names = self.sample.judged[horizon].n_names
        return {
            "rank_ic": mean.mean,
            "rank_ic_se": mean.standard_error,
            "rank_ic_t": mean.t,
            "rank_ic_ir": sharpe_ratio(ic, periods_per_year=1),
            "positive_share": average(ic > 0),
            "spread": spread.mean,
            "spread_se": spread.standard_error,
            "spread_t": spread.t,
            "monotonicity": monotonicity(means),
            "turnover_top": average(new.dropna()),
            "rank_autocorrelation": average(steady.dropna()),
            "n_dates": len(ic),
            "n_names": average(n_names[self.ic[horizon].notna()]),
        }

    @property
    def _dates(self) -> pd.DatetimeIndex:
        return pd.DatetimeIndex(self.sample.axes.dates, name="date")

    def _by_horizon(self, columns: dict[int, Float]) -> pd.DataFrame:
        return pd.DataFrame(columns, index=self._dates).rename_axis(columns="horizon")

    def _by_quantile(self, values: Float) -> pd.DataFrame:
        numbers = pd.RangeIndex(1, self.design.quantiles + 1, name="quantile")
        return pd.DataFrame(values, self._dates, numbers)

    def _by_ticker(self, values: Float) -> pd.DataFrame:
        return pd.DataFrame(values, self._dates, self.sample.axes.tickers)

    def _groups(self) -> Groups:
        return required_groups(self.sample.groups)

"""Measure the claims: members of the index, dated, from 2006 on."""

from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR, decision_rows
from alpha_kedro.core.panel import Axes, Bool, Float, gather
from alpha_kedro.core.prices import exit_returns_of, price_panel
from alpha_kedro.core.sectors import sector_codes
from alpha_kedro.market import (
    IngestionSpec,
    clean_bars,
    clean_benchmarks,
    clean_fundamentals,
    clean_membership,
    clean_sectors,
    listing_fates,
    membership_mask,
    survivorship_coverage,
)
from alpha_kedro.measures import (
    HacMean,
    hac_lags,
    hac_mean,
    hac_regression,
    information_coefficients,
    quantile_returns,
    quantile_spread,
)
from alpha_kedro.signals import (
    LabelSpec,
    compute_features,
    forward_returns,
    with_quotes,
)
from alpha_kedro.signals.market_return import benchmark_return
from alpha_kedro.sources import FilesMarketSpec, MarketTables, load_market
from benchmarks.anomalies.claims import CHANCE, CLAIMS, WEEK, Claim
from benchmarks.anomalies.outcomes import WHOLE, Measured, Outcome

FILES = {
    "bars": "sp500_daily.parquet",
    "delisted": "sp500_delisted_daily.parquet",
    "membership": "membership.parquet",
    "sectors": "sectors.csv",
    "benchmarks": "benchmarks_daily.parquet",
    "actions": "corporate_actions.parquet",
    "fundamentals": "fundamentals_reports.parquet",
}
PERIODS = {
    "2006-2011": (2006, 2011),
    "2012-2017": (2012, 2017),
    "2018-2024": (2018, 2024),
    WHOLE: (2006, 2024),
}
QUANTILES = 5
LEAST_DATES = 24


def load(data: Path) -> MarketTables:
    """Load the files as they came."""
    spec = FilesMarketSpec(**{key: str(data / name) for key, name in FILES.items()})
    return load_market(spec, seed=0)


class RealMarket:
    """Clean prices, who was a member, and what each name came to."""

    def __init__(self, tables: MarketTables) -> None:
        spec = IngestionSpec()
        clean = clean_bars(
            tables.bars, actions=tables.actions, basis=tables.basis, spec=spec, seed=0
        )
        self._tables, self._bars = tables, clean.bars
        self.prices = with_quotes(price_panel(clean.bars), clean.bars)
        members, _ = clean_membership(tables.membership, bars=clean.bars)
        self.members = membership_mask(members, self.prices.axes)
        self._listings, _ = listing_fates(
            clean.bars, delisted_after=spec.delisted_after, rejects=clean.rejects
        )

    @property
    def coverage(self) -> pd.DataFrame:
        """Return how many members of each year have prices: year, ..., covered."""
        return survivorship_coverage(self._tables.membership, self._bars)

    @cached_property
    def _index(self) -> pd.DataFrame:
        """Bars of the fund that stands for the market."""
        bars, _ = clean_benchmarks(
            self._tables.benchmarks, sessions=self.prices.dates, spec=IngestionSpec()
        )
        return bars[bars["ticker"] == "SPY"]

    def signals(self) -> dict[str, Float]:
        """Return every claim's feature, the sign as published, and the control."""
        names = self._bars["ticker"].unique()
        sectors, _ = clean_sectors(self._tables.sectors, tickers=names)
        reports = clean_fundamentals(self._tables.fundamentals, bars=self._bars)
        values = compute_features(
            self.prices,
            [claim.feature for claim in CLAIMS],
            mask=self.members,
            market_return=benchmark_return(self._index, self.prices.axes),
            groups=sector_codes(sectors, self.prices.axes),
            fundamentals=reports.table,
        )
        noise = np.random.default_rng(0).normal(size=self.prices.axes.shape)
        found = {claim.name: claim.sign * values[claim.feature] for claim in CLAIMS}
        return {**found, CHANCE.name: noise}

    def outcomes(self, horizon: int, lag: int) -> Float:
        """Return what follows each decision, from open to open."""
        spec = LabelSpec(horizon=horizon)
        exits = exit_returns_of(
            self._listings, self.prices.axes, default=spec.delisting_return
        )
        return forward_returns(
            self.prices, horizon=horizon, lag=lag, exit_returns=exits
        )

    def of_index(self, horizon: int, lag: int) -> "pd.Series[float]":
        """Return what the index earns over the same sessions, by decision."""
        prices = price_panel(self._index, axes=Axes.of(self.prices.dates, ["SPY"]))
        earned = forward_returns(prices, horizon=horizon, lag=lag)[:, 0]
        return pd.Series(earned, pd.DatetimeIndex(self.prices.dates))

    def asked(self, horizon: int) -> Bool:
        """Mark the members on each decision date."""
        frequency = "weekly" if horizon == WEEK else "monthly"
        decisions = decision_rows(self.prices.dates, frequency, calendar="XNYS")
        marked: Bool = self.members & decisions[:, None]
        return marked

    def measured(self) -> Iterator[Measured]:
        """Judge the claims in their order; the control comes last."""
        signals = self.signals()
        outcomes, of_index = cache(self.outcomes), cache(self.of_index)
        for claim in [*CLAIMS, CHANCE]:
            hold = claim.horizon, claim.lag
            fields = {"score": signals[claim.name], "fwd_ret": outcomes(*hold)}
            known = np.logical_and.reduce(
                [np.isfinite(each) for each in fields.values()]
            )
            rows = gather(self.prices.axes, fields, known & self.asked(claim.horizon))
            yield judged(claim, rows, of_index(*hold))


def judged(claim: Claim, rows: pd.DataFrame, of_index: "pd.Series[float]") -> Measured:
    """Compare one signal with what followed it, period by period."""
    named = rows.assign(model=claim.name)
    returns = quantile_returns(named, quantiles=QUANTILES)
    by_date = pd.DataFrame(
        {
            "ic": information_coefficients(named).set_index("date")["rank_ic"],
            "spread": quantile_spread(returns).set_index("date")["spread"],
        }
    )
    by_date = by_date.assign(index=of_index.reindex(by_date.index))
    parts = {name: between(by_date, *years) for name, years in PERIODS.items()}
    long_enough = {
        name: summed_up(part, claim.horizon)
        for name, part in parts.items()
        if part["ic"].count() >= LEAST_DATES
    }
    return Measured(claim, long_enough, parts[WHOLE]["ic"].first_valid_index())


def between(by_date: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Return the years from first to last, both included."""
    years = pd.DatetimeIndex(by_date.index).year
    return by_date[(years >= first) & (years <= last)]


def summed_up(part: pd.DataFrame, horizon: int) -> Outcome:
    """Return the means of a period."""
    per_year = SESSIONS_PER_YEAR / horizon
    return Outcome(
        hac_mean(part["ic"]), hac_mean(part["spread"]), alpha_of(part), per_year
    )


def alpha_of(part: pd.DataFrame) -> HacMean:
    """Return the intercept of the spread on the return of the index."""
    known = part[["spread", "index"]].dropna().to_numpy()
    causes = np.column_stack([np.ones(len(known)), known[:, 1]])
    lags = hac_lags(len(known))
    means, errors = hac_regression(known[:, 0], causes, lags=lags)
    alpha, error = float(means[0]), float(errors[0])
    return HacMean(alpha, error, alpha / error, len(known), lags)

"""How well scores order the returns that followed, on real data, beside baselines.

    python -m benchmarks.model_quality [data folder] [data_root]

The data folder is that of ``benchmarks/real_market.py``; a data_root with its primary
tables spares reading it. Models are refitted each year on all that lies before it. What
is told of each model, over all weeks and over three parts of them: the rank IC, the
same after scores and returns have lost the mean of their sector, its Newey-West t, its
mean over its deviation from week to week, and the t of what it has over the parameters
of Qlib's benchmark. The chosen models were chosen on the years before ``FIRST_TEST``.
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from alpha_kedro.core.calendar import decision_rows
from alpha_kedro.core.panel import Axes, Bool, Panel
from alpha_kedro.core.prices import exit_returns_of, price_panel
from alpha_kedro.core.sectors import sector_codes
from alpha_kedro.learning import ExecutionSpec, WalkForwardSpec, run_walk_forward
from alpha_kedro.learning.models import ModelSpec
from alpha_kedro.market import membership_mask
from alpha_kedro.measures import hac_mean, information_coefficients
from alpha_kedro.signals import (
    FEATURE_SETS,
    LabelSpec,
    SampleSpec,
    Yardsticks,
    build_features,
    build_labels,
    build_samples,
)
from benchmarks.measure import PROJECT
from benchmarks.real_market import FILES, measure
from benchmarks.report import Report

FIRST_TRAINED, FIRST_TEST = "2006-01-01", "2012-01-01"
PERIODS = (("2012", "2015"), ("2016", "2019"), ("2020", "2024"))
CALENDAR, SEED, KEYS = "XNYS", 7, ["date", "ticker"]
BASELINE = "qlib parameters"

FEATURES = ("alpha158", "weekly_equity")
EXPOSURES = (
    *("beta_252", "volatility_60", "log_dollar_volume_20"),
    *("momentum_252_21", "momentum_60"),
)
PLAIN = LabelSpec()
RESIDUAL = LabelSpec(scale="volatility_60", neutralize=("sector", *EXPOSURES))

NEUTRAL = {"neutralize": ["sector", *EXPOSURES]}
RIDGE = {"kind": "ridge", "ridge": {"alpha": 50_000.0}}
TREES = {
    "kind": "lightgbm",
    "lightgbm": {
        **{"n_estimators": 600, "learning_rate": 0.03, "extra_trees": True},
        **{"num_leaves": 16, "min_data_in_leaf": 500, "max_bin": 63},
        **{"feature_fraction": 0.2, "bagging_fraction": 0.5, "lambda_l2": 10.0},
    },
}
# qlib/contrib and examples/benchmarks/LightGBM: no bagging, as subsample_freq is 0.
QLIB = {
    "kind": "lightgbm",
    "lightgbm": {
        **{"n_estimators": 1000, "learning_rate": 0.2, "feature_fraction": 0.8879},
        **{"num_leaves": 210, "max_depth": 8, "min_data_in_leaf": 20},
        **{"lambda_l1": 205.6999, "lambda_l2": 580.9768, "bagging_freq": 0},
        "rounds": {"choose_by": "purged_tail", "n_splits": 5, "patience": 50},
    },
}


@dataclass(frozen=True)
class Contest:
    """Models that learn from the same labels and features.

    Attributes
    ----------
    labels
        What they learn from.
    models
        By name, as they would stand in ``model_library``.
    features
        Sets they are given.
    z_scored
        Whether labels are brought to mean 0 and deviation 1 on each date.
    """

    labels: LabelSpec
    models: Mapping[str, Mapping[str, object]]
    features: tuple[str, ...] = FEATURES
    z_scored: bool = False


MOMENTUM = {"kind": "factor", "factor": {"feature": "momentum_252_21", "sign": 1}}
REVERSAL = {"kind": "factor", "factor": {"feature": "momentum_5", "sign": -1}}
BLEND = {"members": ["ridge", "trees"], "weighting": "rank_mean"}
BASELINES = {"random": {"kind": "random"}, "12-1 momentum": MOMENTUM}
CHOSEN = {"ridge": RIDGE | NEUTRAL, "trees": TREES | NEUTRAL}
CONTESTS = (
    Contest(LabelSpec(kind="raw"), {BASELINE: QLIB}, ("alpha158",), z_scored=True),
    Contest(
        PLAIN, {**BASELINES, "one-week reversal": REVERSAL, "ridge, plain label": RIDGE}
    ),
    Contest(
        RESIDUAL, {**CHOSEN, "ridge and trees": {"kind": "ensemble", "ensemble": BLEND}}
    ),
)


@dataclass(frozen=True)
class Market:
    """The primary tables of a market, and what is made of them."""

    bars: pd.DataFrame
    membership: pd.DataFrame
    sectors: pd.DataFrame
    listings: pd.DataFrame
    benchmarks: pd.DataFrame

    @classmethod
    def read(cls, folder: Path) -> "Market":
        """Read the tables of ``03_primary``."""
        names = ("bars", "membership", "sectors", "listings", "benchmarks")
        return cls(*(pd.read_parquet(folder / f"{name}.parquet") for name in names))

    @cached_property
    def prices(self) -> Panel:
        """Return prices at total return."""
        return price_panel(self.bars)

    @cached_property
    def members(self) -> Bool:
        """Return (n_dates, n_tickers): who is in the universe."""
        return membership_mask(self.membership, self.prices.axes)

    @cached_property
    def features(self) -> pd.DataFrame:
        """Return the features of every bar on decision dates."""
        spy = self.benchmarks[self.benchmarks["ticker"] == "SPY"]
        every = build_features(
            self.bars,
            FEATURES,
            self.members,
            benchmark=None if spy.empty else spy,
            sectors=self.sectors,
        ).drop(columns=["day_of_week", "month"])
        return every[every["date"].isin(self.prices.dates[self._decisions])]

    @cached_property
    def samples(self) -> pd.DataFrame:
        """Return the ranked features of the members, from the first date trained on."""
        samples = build_samples(
            self.features,
            axes=self.prices.axes,
            mask=self.members,
            decisions=self._decisions,
            spec=SampleSpec(),
            sectors=self.sectors,
        )
        return samples[samples["date"] >= FIRST_TRAINED].reset_index(drop=True)

    @property
    def _decisions(self) -> Bool:
        return decision_rows(self.prices.dates, "weekly", calendar=CALENDAR)

    def labels(self, spec: LabelSpec) -> pd.DataFrame:
        """Return what followed each decision, labelled as ``spec`` says."""
        axes: Axes = self.prices.axes
        labels = build_labels(
            self.prices,
            mask=self.members,
            spec=spec,
            calendar=CALENDAR,
            groups=sector_codes(self.sectors, axes),
            exit_returns=exit_returns_of(
                self.listings, axes, default=spec.delisting_return
            ),
            yardsticks=Yardsticks.of(
                self.features, axes=axes, members=self.members, spec=spec
            ),
        )
        return labels[labels["date"] >= FIRST_TRAINED].reset_index(drop=True)


def main() -> int:
    """Score with every model, print the tables."""
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ALPHA_KEDRO_DATA")
    data = Path(given or PROJECT.parent / "shared" / "data").resolve()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(sys.argv[2] if len(sys.argv) > 2 else temporary).resolve()
        if not (root / "03_primary" / "bars.parquet").exists():
            if not (data / FILES["bars"]).exists():
                print(f"no {FILES['bars']} in {data}; pass the folder of the data")
                return 2
            measure(PROJECT, data, root, "ingestion")
        market = Market.read(root / "03_primary")
    scored = [hold(contest, market) for contest in CONTESTS]
    weekly = weekly_coefficients(pd.concat(scored), market.labels(PLAIN), market)
    for report in reports(weekly):
        report.show()
    return 0


def hold(
    contest: Contest, market: Market, *, first_test: str = FIRST_TEST
) -> pd.DataFrame:
    """Return what models score out of sample: date, ticker, model, score."""
    labels = market.labels(contest.labels)
    if contest.z_scored:
        by_date = labels.groupby("date")["label"]
        centred = labels["label"] - by_date.transform("mean")
        labels["label"] = centred / by_date.transform("std")
    samples = market.samples
    if contest.features != FEATURES:
        names = [name for each in contest.features for name in FEATURE_SETS[each]]
        samples = samples[["date", "ticker", "sector", *names]]
    models = {
        name: ModelSpec.parse(model, name) for name, model in contest.models.items()
    }
    result = run_walk_forward(
        samples,
        labels,
        models=models,
        spec=WalkForwardSpec(
            first_test=first_test, refit_every="year", embargo=5, explain_rows=0
        ),
        seed=SEED,
        execution=ExecutionSpec(),
        sessions=market.prices.dates,
    )
    return result.predictions[[*KEYS, "model", "score"]]


def weekly_coefficients(
    scores: pd.DataFrame, outcomes: pd.DataFrame, market: Market
) -> pd.DataFrame:
    """Return date, model, ``rank_ic`` and ``sector_ic``: the same within sectors.

    Scores and ``fwd_ret`` of a name are set against those of its sector on the date.
    """
    rows = scores.merge(outcomes[[*KEYS, "fwd_ret"]], on=KEYS)
    rows = rows.merge(market.samples[[*KEYS, "sector"]], on=KEYS).dropna()
    within = rows.groupby(["model", "date", "sector"])[["score", "fwd_ret"]]
    relative = rows.assign(**(rows[["score", "fwd_ret"]] - within.transform("mean")))
    weekly = information_coefficients(rows)[["date", "model", "rank_ic"]]
    sector = information_coefficients(relative).rename(columns={"rank_ic": "sector_ic"})
    return weekly.merge(sector[["date", "model", "sector_ic"]], on=["date", "model"])


def reports(weekly: pd.DataFrame) -> list[Report]:
    """Return the table over all weeks, one for each part of them, one by year."""
    whole = (f"{weekly['date'].min():%Y}", f"{weekly['date'].max():%Y}")
    spans = [_span(weekly, *years) for years in (whole, *PERIODS)]
    return [*(each for each in spans if each.rows), _by_year(weekly)]


def _span(weekly: pd.DataFrame, first: str, last: str) -> Report:
    years = weekly["date"].dt.year.between(int(first), int(last))
    coefficients = weekly[years].set_index("date")
    base = coefficients.loc[coefficients["model"] == BASELINE, "sector_ic"]
    rows = [
        [model, *judged(own["rank_ic"], own["sector_ic"], base)]
        for model, own in coefficients.groupby("model", sort=False)
    ]
    header = [f"{first} to {last}", "rank IC", "t", "in sectors", "t", "mean/std"]
    return Report("model quality", [*header, f"t over {BASELINE}"], rows)


def judged(rank_ic: pd.Series, sector_ic: pd.Series, base: pd.Series) -> list[str]:
    """Return the figures of one model, as text; what it is compared with is blank."""
    plain, sector = hac_mean(rank_ic), hac_mean(sector_ic)
    over = (sector_ic - base).dropna()
    return [
        *(f"{plain.mean:.4f}", f"{plain.t:.1f}"),
        *(f"{sector.mean:.4f}", f"{sector.t:.1f}"),
        f"{sector_ic.mean() / sector_ic.std():.2f}",
        f"{hac_mean(over).t:.1f}" if over.abs().any() else "",
    ]


def _by_year(weekly: pd.DataFrame) -> Report:
    table = weekly.pivot_table(
        "sector_ic", "model", weekly["date"].dt.year.astype(str), sort=False
    )
    rows = [
        [str(name), *(f"{1000 * v:.0f}" for v in row)] for name, row in table.iterrows()
    ]
    return Report("model quality", ["in sectors, x 1000", *table.columns], rows)


if __name__ == "__main__":
    sys.exit(main())

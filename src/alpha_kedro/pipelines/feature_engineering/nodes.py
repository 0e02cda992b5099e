"""The nodes of feature engineering."""

import pandas as pd

from alpha_kedro.core.calendar import decision_rows
from alpha_kedro.core.panel import Axes
from alpha_kedro.core.prices import exit_returns_of, price_panel
from alpha_kedro.core.sectors import sector_codes
from alpha_kedro.market import IngestionSpec, membership_mask
from alpha_kedro.signals import (
    FeatureSpec,
    LabelSpec,
    SampleSpec,
    build_features,
    build_labels,
    build_samples,
    coverage_by_year,
)


def make_features(
    bars: pd.DataFrame,
    membership: pd.DataFrame,
    sectors: pd.DataFrame,
    benchmarks: pd.DataFrame,
    fundamentals: pd.DataFrame,
    sentiment: pd.DataFrame,
    features: FeatureSpec,
) -> pd.DataFrame:
    """Compute every feature of every bar, known at its close."""
    benchmark = benchmarks[benchmarks["ticker"] == features.benchmark]
    return build_features(
        bars,
        features.chosen(),
        membership_mask(membership, Axes.of_table(bars)),
        benchmark=None if benchmark.empty else benchmark,
        sectors=sectors,
        fundamentals=None if fundamentals.empty else fundamentals,
        sentiment=None if sentiment.empty else sentiment,
        threads=features.threads,
    )


def make_labels(
    bars: pd.DataFrame,
    membership: pd.DataFrame,
    sectors: pd.DataFrame,
    listings: pd.DataFrame,
    labels: LabelSpec,
    ingestion: IngestionSpec,
) -> pd.DataFrame:
    """Label every member on every decision date."""
    prices = price_panel(bars)
    return build_labels(
        prices,
        mask=membership_mask(membership, prices.axes),
        groups=sector_codes(sectors, prices.axes),
        spec=labels,
        calendar=ingestion.calendar,
        exit_returns=exit_returns_of(
            listings, prices.axes, default=labels.delisting_return
        ),
    )


def make_samples(
    features: pd.DataFrame,
    membership: pd.DataFrame,
    sectors: pd.DataFrame,
    samples: SampleSpec,
    labels: LabelSpec,
    ingestion: IngestionSpec,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take the members of each decision date, their features made comparable."""
    axes = Axes.of_table(features)
    mask = membership_mask(membership, axes)
    decisions = decision_rows(axes.dates, labels.frequency, calendar=ingestion.calendar)
    chosen = build_samples(
        features,
        axes=axes,
        mask=mask,
        decisions=decisions,
        sectors=sectors,
        spec=samples,
    )
    return chosen, coverage_by_year(features, axes=axes, mask=mask, decisions=decisions)

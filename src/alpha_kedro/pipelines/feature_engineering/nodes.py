"""The nodes of feature engineering."""

import pandas as pd

from alpha_kedro.core.calendar import decision_rows
from alpha_kedro.core.panel import Axes
from alpha_kedro.core.prices import price_panel
from alpha_kedro.core.sectors import sector_codes
from alpha_kedro.market import IngestionSpec, membership_mask
from alpha_kedro.signals import (
    FeatureSpec,
    LabelSpec,
    SampleSpec,
    build_features,
    build_labels,
    build_samples,
)


def make_features(
    bars: pd.DataFrame,
    membership: pd.DataFrame,
    sectors: pd.DataFrame,
    benchmarks: pd.DataFrame,
    features: FeatureSpec,
) -> pd.DataFrame:
    """Compute every feature of every bar, known at its close."""
    benchmark = benchmarks[benchmarks["ticker"] == features.benchmark]
    return build_features(
        bars,
        features.names,
        membership_mask(membership, Axes.of_table(bars)),
        benchmark=None if benchmark.empty else benchmark,
        sectors=sectors,
    )


def make_labels(
    bars: pd.DataFrame,
    membership: pd.DataFrame,
    sectors: pd.DataFrame,
    labels: LabelSpec,
    ingestion: IngestionSpec,
) -> pd.DataFrame:
    """Label every member on every decision date."""
    prices = price_panel(bars)
    return build_labels(
        prices,
        mask=membership_mask(membership, prices.axes),
        groups=sector_codes(sectors, prices.tickers),
        spec=labels,
        calendar=ingestion.calendar,
    )


def make_samples(
    features: pd.DataFrame,
    membership: pd.DataFrame,
    sectors: pd.DataFrame,
    samples: SampleSpec,
    labels: LabelSpec,
    ingestion: IngestionSpec,
) -> pd.DataFrame:
    """Take the members of each decision date, their features made comparable."""
    axes = Axes.of_table(features)
    decisions = decision_rows(axes.dates, labels.frequency, calendar=ingestion.calendar)
    return build_samples(
        features,
        axes=axes,
        mask=membership_mask(membership, axes),
        decisions=decisions,
        sectors=sectors,
        spec=samples,
    )

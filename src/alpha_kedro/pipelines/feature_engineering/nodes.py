"""The nodes of feature engineering."""

from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import decision_rows
from alpha_kedro.core.panel import Axes
from alpha_kedro.core.prices import exit_returns_of, price_panel
from alpha_kedro.core.sectors import sector_codes
from alpha_kedro.experiment import choose_models
from alpha_kedro.market import IngestionSpec, membership_mask
from alpha_kedro.signals import (
    FeatureSpec,
    LabelSpec,
    MarketStateSpec,
    SampleSpec,
    Yardsticks,
    build_features,
    build_labels,
    build_market_states,
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
    features: pd.DataFrame,
    membership: pd.DataFrame,
    sectors: pd.DataFrame,
    listings: pd.DataFrame,
    labels: LabelSpec,
    ingestion: IngestionSpec,
) -> pd.DataFrame:
    """Label every member on every decision date."""
    prices = price_panel(bars)
    members = membership_mask(membership, prices.axes)
    return build_labels(
        prices,
        mask=members,
        yardsticks=Yardsticks.of(
            features, axes=prices.axes, members=members, spec=labels
        ),
        groups=None if sectors.empty else sector_codes(sectors, prices.axes),
        spec=labels,
        calendar=ingestion.calendar,
        exit_returns=exit_returns_of(
            listings, prices.axes, default=labels.delisting_return
        ),
    )


def make_background(
    bars: pd.DataFrame,
    features: pd.DataFrame,
    membership: pd.DataFrame,
    sectors: pd.DataFrame,
    benchmarks: pd.DataFrame,
    samples: SampleSpec,
    market_states: MarketStateSpec,
    models: list[str],
    model_library: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tell of every session what models that look further than one row may read.

    The samples of all sessions are made only if a model is fitted that reads them.
    """
    chosen = choose_models(models, model_library).values()
    read = any(model.reads_sequences for model in chosen)
    axes, prices = Axes.of_table(features), price_panel(bars)
    histories = build_samples(
        features,
        axes=axes,
        mask=membership_mask(membership, axes),
        decisions=np.full(len(axes.dates), read),
        sectors=sectors,
        spec=samples,
    )
    members = membership_mask(membership, prices.axes)
    states = build_market_states(
        prices, mask=members, spec=market_states, benchmarks=benchmarks
    )
    return histories, states


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

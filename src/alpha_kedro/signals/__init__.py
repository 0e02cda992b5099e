"""X and y: features known at the close of a session, labels known later.

Features are registered functions of aligned price arrays that only look back; labels
are the one place that looks forward, and every label carries the date it became known.
Transforms of the cross-section treat each date alone.
"""

from alpha_kedro.signals import (  # noqa: F401  each registers its features
    fundamentals,
    liquidity,
    multi_asset,
    risk,
    seasonality,
    sentiment,
    trend,
)
from alpha_kedro.signals.coverage import coverage_by_year
from alpha_kedro.signals.cross_section import demean, rank, winsorize, z_score
from alpha_kedro.signals.feature_table import (
    FeatureSpec,
    build_features,
    compute_features,
)
from alpha_kedro.signals.features import (
    FEATURE_SETS,
    FEATURES,
    Feature,
    Inputs,
    feature,
    feature_names,
    longest_lookback,
)
from alpha_kedro.signals.inputs import with_share_value
from alpha_kedro.signals.labels import LabelSpec, build_labels, forward_returns
from alpha_kedro.signals.samples import SampleSpec, build_samples

__all__ = [
    "FEATURES",
    "FEATURE_SETS",
    "Feature",
    "FeatureSpec",
    "Inputs",
    "LabelSpec",
    "SampleSpec",
    "build_features",
    "build_labels",
    "build_samples",
    "compute_features",
    "coverage_by_year",
    "demean",
    "feature",
    "feature_names",
    "forward_returns",
    "longest_lookback",
    "rank",
    "winsorize",
    "with_share_value",
    "z_score",
]

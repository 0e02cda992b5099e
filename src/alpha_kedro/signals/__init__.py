"""X and y: features known at the close of a session, labels known later.

Features are registered functions of aligned price arrays that only look back; labels
are the one place that looks forward, and every label carries the date it became known.
Transforms of the cross-section treat each date alone.
"""

from alpha_kedro.signals.coverage import coverage_by_year
from alpha_kedro.signals.cross_section import (
    clip,
    demean,
    neutralize,
    normal_score,
    quantile_bucket,
    rank,
    robust_z_score,
    unit_gross,
    winsorize,
    z_score,
)
from alpha_kedro.signals.extend import extend_features
from alpha_kedro.signals.feature_spec import FeatureSpec
from alpha_kedro.signals.feature_table import build_features, compute_features
from alpha_kedro.signals.features import (
    FEATURE_SETS,
    FEATURES,
    Feature,
    choose_features,
    family_of,
    feature,
    feature_names,
    longest_lookback,
)
from alpha_kedro.signals.inputs import with_quotes
from alpha_kedro.signals.label_spec import LabelSpec
from alpha_kedro.signals.labels import build_labels, forward_returns
from alpha_kedro.signals.library import (  # noqa: F401  each registers its features
    alpha158,
    anomalies,
    candles,
    channels,
    directional_movement,
    frictions,
    fundamental,
    liquidity,
    macd,
    market_model,
    moving_averages,
    multi_asset,
    oscillators,
    ranges,
    risk,
    seasonality,
    sentiment,
    sets,
    systems,
    tails,
    trend,
    trend_lines,
    volatility_estimators,
    volume_flow,
)
from alpha_kedro.signals.market_states import MarketStateSpec, build_market_states
from alpha_kedro.signals.samples import SampleSpec, build_samples
from alpha_kedro.signals.targets import Yardsticks

__all__ = [
    "FEATURES",
    "FEATURE_SETS",
    "Feature",
    "FeatureSpec",
    "LabelSpec",
    "MarketStateSpec",
    "SampleSpec",
    "Yardsticks",
    "build_features",
    "build_labels",
    "build_market_states",
    "build_samples",
    "choose_features",
    "clip",
    "compute_features",
    "coverage_by_year",
    "demean",
    "extend_features",
    "family_of",
    "feature",
    "feature_names",
    "forward_returns",
    "longest_lookback",
    "neutralize",
    "normal_score",
    "quantile_bucket",
    "rank",
    "robust_z_score",
    "unit_gross",
    "winsorize",
    "with_quotes",
    "z_score",
]

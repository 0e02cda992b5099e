"""Formulas of an experiment become columns beside the features that are named."""

import numpy as np
import pandas as pd

from alpha_kedro.pipelines.feature_engineering.nodes import make_features
from alpha_kedro.signals import FeatureSpec
from tests.causality.dag import experiment, run_dag, small_market

OWN = {"stretch": "close / mean(close, 20) - 1", "crowd": "sector_rank(dollar_volume)"}


def made(threads):
    market = small_market()
    spec = FeatureSpec(
        names=("gap", "sma_deviation_20"), formulas=OWN, benchmark=None, threads=threads
    )
    nothing = pd.DataFrame()
    tables = (market.bars, market.membership, market.sectors, market.benchmarks)
    return make_features(*tables, nothing, nothing, spec)


def test_the_node_makes_what_is_named_and_what_is_written():
    features = made(threads=1)
    assert list(features.columns[2:]) == ["gap", "sma_deviation_20", *OWN]
    np.testing.assert_array_equal(features["stretch"], features["sma_deviation_20"])
    assert features["crowd"].abs().max() <= 0.5
    pd.testing.assert_frame_equal(made(threads=2), features, check_exact=True)


def test_they_reach_the_samples_of_a_run():
    base = experiment()
    spec = FeatureSpec.parse({"names": ["gap"], "formulas": OWN}, "features")
    own = base.model_copy(update={"features": spec})
    samples = run_dag(small_market(), only_to=("samples",), settings=own)["samples"]
    assert {"gap", *OWN} <= set(samples)
    assert samples["stretch"].notna().mean() > 0.8

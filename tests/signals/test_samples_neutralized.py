"""Samples whose features are made independent of others, or of the sector."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Axes, gather
from alpha_kedro.signals.cross_section import neutralize, normal_score, rank, z_score
from alpha_kedro.signals.samples import SampleSpec, build_samples

NAN = np.nan
DATES = pd.date_range("2024-01-01", periods=3)
NO_SECTORS = pd.DataFrame({"ticker": [], "sector": []})


def wide_features(seed=0):
    """Return axes of 30 names and 3 dates, and three features of them."""
    rng = np.random.default_rng(seed)
    axes = Axes.of(DATES, [f"T{n:02d}" for n in range(30)])
    beta, size = rng.normal(size=(2, *axes.shape))
    noise = rng.normal(size=axes.shape)
    return axes, {"beta": beta, "size": size, "trend": beta - 2 * size + noise}


def neutral_samples(spec, axes, values, sectors=None):
    table = gather(axes, values)
    mask, decisions = np.ones(axes.shape, dtype=bool), np.ones(3, dtype=bool)
    return build_samples(
        table, axes=axes, mask=mask, decisions=decisions, spec=spec, sectors=sectors
    )


def test_features_are_neutralized_against_those_named_as_they_stand_in_the_samples():
    axes, values = wide_features()
    spec = SampleSpec(neutralize=("beta", "size"))
    samples = neutral_samples(spec, axes, values)
    exposures = np.array([rank(values["beta"]), rank(values["size"])])
    expected = neutralize(rank(values["trend"]), exposures)
    np.testing.assert_allclose(samples["trend"], expected.ravel(), atol=1e-7)
    np.testing.assert_allclose(samples["beta"], exposures[0].ravel(), atol=1e-7)
    for _, of_date in samples.groupby("date"):
        correlated = of_date[["trend", "beta", "size"]].corr()["trend"]
        assert correlated[["beta", "size"]].abs().max() < 1e-6


def test_features_are_neutralized_within_sectors():
    axes, values = wide_features()
    sectors = pd.DataFrame({"ticker": axes.tickers[3:], "sector": ["A", "B", "C"] * 9})
    spec = SampleSpec(transform="z_score", neutralize=("sector",))
    samples = neutral_samples(spec, axes, values, sectors)
    assert samples.attrs["no_exposure"] == 9
    assert samples.attrs["left_out"] == {"no_feature": 9}
    for column in values:
        means = samples.groupby(["date", "sector"])[column].mean()
        assert means.abs().max() < 1e-6
    alone = neutralize(
        z_score(values["beta"]),
        np.empty((0, *axes.shape)),
        groups=np.array([-1] * 3 + [0, 1, 2] * 9),
    )
    np.testing.assert_allclose(samples["beta"], alone[:, 3:].ravel(), atol=1e-6)


def test_raw_features_stay_and_can_be_exposures():
    axes, values = wide_features()
    spec = SampleSpec(
        transform="normal_score", keep_raw=("size",), neutralize=("size",)
    )
    samples = neutral_samples(spec, axes, values)
    assert (samples["size"] == values["size"].ravel().astype(np.float32)).all()
    expected = neutralize(normal_score(values["trend"]), values["size"])
    np.testing.assert_allclose(samples["trend"], expected.ravel(), atol=1e-6)


def test_raw_features_stay_beside_other_exposures():
    axes, values = wide_features()
    spec = SampleSpec(keep_raw=("size",), neutralize=("beta",))
    samples = neutral_samples(spec, axes, values)
    assert (samples["size"] == values["size"].ravel().astype(np.float32)).all()
    expected = neutralize(rank(values["trend"]), rank(values["beta"]))
    np.testing.assert_allclose(samples["trend"], expected.ravel(), atol=1e-7)


def test_a_name_without_an_exposure_has_none_of_the_neutralized_features():
    axes, values = wide_features()
    values["beta"][1, 4] = NAN
    samples = neutral_samples(SampleSpec(neutralize=("beta", "size")), axes, values)
    assert samples.attrs["no_exposure"] == 1
    missing = samples[samples["trend"].isna()]
    assert missing["ticker"].tolist() == ["T04"]
    assert missing[["beta", "size"]].notna().to_numpy().tolist() == [[False, True]]


def test_exposures_nobody_knows_are_refused_with_the_nearest_name():
    axes, values = wide_features()
    with pytest.raises(ConfigError, match="AK-C140") as refusal:
        neutral_samples(SampleSpec(neutralize=("sector", "betas")), axes, values)
    assert "where:  betas" in str(refusal.value)
    assert "did you mean 'beta'?" in str(refusal.value)


@pytest.mark.parametrize("sectors", [None, NO_SECTORS])
def test_sectors_without_a_table_are_refused(sectors):
    axes, values = wide_features()
    with pytest.raises(ConfigError, match="AK-C141"):
        neutral_samples(SampleSpec(neutralize=("sector",)), axes, values, sectors)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_later_exposures_change_no_earlier_residual(seed):
    spec = SampleSpec(transform="z_score", neutralize=("beta", "size"))
    axes, values = wide_features(seed)
    _, other = wide_features(seed + 1)
    garbled = {name: np.vstack([values[name][:2], other[name][2:]]) for name in values}
    one, two = (neutral_samples(spec, axes, cells) for cells in (values, garbled))
    pd.testing.assert_frame_equal(one.head(60), two.head(60), check_exact=True)

"""Scaling: by hand, against the chain of the linear models, and on the window alone."""

import numpy as np
import pytest

from alpha_kedro.learning.histories import FeatureHistory
from alpha_kedro.learning.linear_models.preprocessing import (
    Preprocessing,
    PreprocessingSpec,
)
from alpha_kedro.learning.sequence.scaling import SequenceScaling
from tests.learning.sequence.panels import FEATURES, table

SPAN = slice(10, 40)


def fitted(rows=None, span=SPAN, **settings):
    history = FeatureHistory.of(table() if rows is None else rows)
    spec = PreprocessingSpec(**settings)
    return SequenceScaling.fit(history, np.arange(3), span, spec), spec


def rows_in(span):
    rows = table()
    days = np.unique(rows["date"].to_numpy())[span]
    found = rows.loc[rows["date"].isin(days), list(FEATURES)]
    return found.to_numpy(dtype=np.float32)


@pytest.mark.parametrize("scaling", ["standard", "robust"])
@pytest.mark.parametrize("quantile", [None, 0.05])
def test_present_values_are_scaled_as_a_linear_model_scales_them(scaling, quantile):
    """Where nothing is missing the two chains are one."""
    ours, spec = fitted(scaling=scaling, clip_quantile=quantile)
    X = rows_in(SPAN)
    for column in range(3):
        known = X[~np.isnan(X[:, column])][:, [column]]
        chain = Preprocessing.fit(known, np.array([0]), spec)
        mine = (known[:, 0] - ours.centre[column]) / ours.scale[column]
        if quantile is not None:
            limits = ours.lower[column], ours.upper[column]
            clipped = np.clip(known[:, 0], *limits)
            mine = (clipped - ours.centre[column]) / ours.scale[column]
        np.testing.assert_allclose(mine, chain.apply(known)[:, 0], atol=1e-6)


def test_missing_values_become_the_centre_and_may_be_told():
    scaling, _ = fitted(missing_indicators=True)
    X = rows_in(SPAN)
    scaled = scaling.apply(X.copy())
    assert scaled.dtype == np.float32
    assert scaled.shape == (len(X), 6)
    np.testing.assert_array_equal(scaled[:, 3:], np.isnan(X))
    assert not scaled[:, :3][np.isnan(X)].any()
    assert np.nanmean(scaled[:, 0]) == pytest.approx(0, abs=0.01)


def test_as_they_are():
    scaling, _ = fitted(scaling="none")
    X = rows_in(SPAN)
    np.testing.assert_array_equal(scaling.apply(X.copy()), np.nan_to_num(X))


@pytest.mark.parametrize("outside", [9, 40])
def test_only_the_window_teaches(outside):
    rows = table()
    day = np.unique(rows["date"].to_numpy())[outside]
    at = rows["date"] == day
    rows.loc[at, list(FEATURES)] = np.float32(1e6)
    settings = {"clip_quantile": 0.01, "missing_indicators": True}
    assert fitted(rows, **settings)[0] == fitted(**settings)[0]
    wider = slice(SPAN.start - 1, SPAN.stop + 1)
    assert fitted(rows, wider, **settings)[0] != fitted(span=wider, **settings)[0]


def test_a_constant_is_left_at_its_scale():
    rows = table().assign(size=np.float32(3))
    scaling, _ = fitted(rows)
    assert (scaling.centre[1], scaling.scale[1]) == (3.0, 1.0)


def test_its_json_is_the_whole_of_it():
    scaling, _ = fitted(clip_quantile=0.01)
    again = SequenceScaling.model_validate_json(scaling.model_dump_json())
    assert again == scaling

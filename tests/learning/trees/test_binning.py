"""Bins: shared by the fits of an expanding chain, and blind to everything later."""

import warnings

import lightgbm
import numpy as np
import pytest

from alpha_kedro.learning.training import purged_rows
from alpha_kedro.learning.trees import binning
from alpha_kedro.learning.trees.binning import shared_bins
from tests.learning.planted import fitted, model, replaced, stored, window

SHARED = {"binning": "first_window", "first_window_dates": 20}
PURGED = {"choose_by": "purged_kfold", "patience": 3}


@pytest.fixture(autouse=True)
def no_bins_found_before():
    binning._FOUND.clear()
    yield
    binning._FOUND.clear()


def bins_of(data, tmp_path):
    """Return LightGBM's own bytes of the bins of a window's first 100 rows."""
    binning._FOUND.clear()
    path = tmp_path / "bins"
    path.unlink(missing_ok=True)
    params = model("lightgbm")._params(data.features, seed=0)
    shared_bins(data.X[:100], params=params).save_binary(str(path))
    return path.read_bytes()


def with_garbled_future(data, rows=100):
    X = data.X.copy()
    X[rows:] = np.random.default_rng(7).normal(size=X[rows:].shape) * 1e4
    return replaced(data, X=X)


def test_later_rows_move_no_bin(tmp_path):
    data = window()
    assert bins_of(data, tmp_path) == bins_of(with_garbled_future(data), tmp_path)
    # Seen red: the earliest rows do.
    other = with_garbled_future(data, rows=90)
    assert bins_of(data, tmp_path) != bins_of(other, tmp_path)


def test_bins_of_all_rows_do_move():
    """The fault that first_window prevents: thresholds follow the future."""
    data = window()
    early = np.arange(100)

    def thresholds(given, **how):
        rows = model("lightgbm", **how).rows(given)
        trees = rows.train(rounds=3, seed=0, rows=early).trees.trees_to_dataframe()
        return trees["threshold"].dropna().to_numpy()

    wild = with_garbled_future(data)
    np.testing.assert_array_equal(
        thresholds(data, **SHARED), thresholds(wild, **SHARED)
    )
    assert not np.array_equal(thresholds(data), thresholds(wild))


@pytest.mark.parametrize("rounds", [{}, PURGED])
def test_a_fold_leaves_the_same_bytes_whichever_ran_before(rounds):
    data = window()
    folds = [data.take(np.arange(size)) for size in (150, 200, 250)]
    how = {**SHARED, "rounds": rounds}
    alone = []
    for fold in folds:
        binning._FOUND.clear()
        alone.append(stored(fitted("lightgbm", data=fold, **how)))
    for order in ([0, 1, 2], [2, 1, 0], [1, 1, 0, 2]):
        binning._FOUND.clear()
        for number in order:
            again = stored(fitted("lightgbm", data=folds[number], **how))
            assert again == alone[number]
    assert len(binning._FOUND) == 1


def test_another_seed_shares_the_bins():
    for seed in (1, 2):
        fitted("lightgbm", seed=seed, bagging_fraction=0.5, **SHARED)
    assert len(binning._FOUND) == 1


def test_bins_are_not_kept_for_ever():
    for size in range(10):
        first = window(seed=size).X[:50]
        shared_bins(first, params=model("lightgbm")._params(("a",), seed=0))
    assert len(binning._FOUND) == binning._KEPT


@pytest.mark.parametrize("gone", [np.nan, 1.0])
def test_a_feature_that_begins_later_is_not_lost(gone):
    data = window(missing=0)
    X = data.X.copy()
    X[:120, 0] = gone
    late = replaced(data, X=X)
    some = fitted("lightgbm", data=late, **SHARED)
    reason = some.chosen["binning"]
    assert reason == "per_fit: too few values in the first window: value"
    assert stored(some) == stored(fitted("lightgbm", data=late))
    assert "binning" not in fitted("lightgbm", data=data, **SHARED).chosen


def test_a_feature_of_two_values_is_no_reason():
    data = window(missing=0)
    X = data.X.copy()
    X[:, 0] = X[:, 0] > 0
    some = fitted("lightgbm", data=replaced(data, X=X), **SHARED)
    assert "binning" not in some.chosen


def test_values_that_are_missing_later_only_are_known_as_missing():
    data = window(missing=0)
    X = data.X.copy()
    y = data.y.copy()
    gone = np.arange(len(y)) >= 150
    X[gone, 0], y[gone] = np.nan, 5.0
    some = fitted("lightgbm", data=replaced(data, X=X, y=y), **SHARED)
    assert "binning" not in some.chosen
    seen = X[:100].copy()
    missing = seen.copy()
    missing[:, 0] = np.nan
    assert (some.score(missing) > 3).all()
    assert (some.score(seen) < 3).all()


def test_a_part_of_the_binned_rows_is_those_rows_binned():
    """The slow twin builds a Dataset from the rows themselves, in the same bins."""
    data = window().weighted(np.random.default_rng(0).uniform(0.5, 2.0, 300))
    spec = model("lightgbm")
    rows = spec.rows(data)
    params = spec._params(data.features, seed=3)
    ((learn, _),) = purged_rows(data, n_splits=4, embargo=0, tail_only=True)
    part = lightgbm.Dataset(
        data.X[learn],
        data.y[learn],
        weight=data.weight[learn],
        reference=rows.binned.dataset,
        params=spec._params(data.features, seed=0),
    )
    slow = lightgbm.train(params, part, num_boost_round=9)
    fast = rows.train(rounds=9, seed=3, rows=learn)
    assert fast.trees.model_to_string() == slow.model_to_string()


def test_the_whole_window_is_what_lightgbm_makes_of_numpy():
    data = window()
    spec = model("lightgbm")
    params = spec._params(data.features, seed=0)
    peer = lightgbm.train(params, lightgbm.Dataset(data.X, data.y), num_boost_round=20)
    np.testing.assert_array_equal(
        fitted("lightgbm", seed=0).score(data.X), peer.predict(data.X)
    )


@pytest.mark.parametrize("how", [{}, SHARED])
def test_the_library_has_nothing_to_warn_of(how):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted("lightgbm", seed=5, rounds=PURGED, **how)

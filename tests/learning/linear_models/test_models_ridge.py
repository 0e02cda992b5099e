"""Ridge: against its closed form, against scikit-learn, and its choice of penalty."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge as PeerRidge

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.learning.linear_models import least_squares
from alpha_kedro.learning.linear_models.least_squares import NormalEquations
from alpha_kedro.learning.linear_models.linear import RidgeSpec
from alpha_kedro.learning.linear_models.preprocessing import (
    Preprocessing,
    PreprocessingSpec,
)
from alpha_kedro.learning.training import TrainingData, purged_splits
from tests.learning.planted import FEATURES, WEEKS, fitted, replaced, stored, window


def test_one_feature_by_hand():
    # z = -1, 1; centred y = -2, 2; coefficient = (2 + 2) / (2 + alpha) = 4 / 4.
    data = TrainingData(
        X=np.array([[3.0], [5.0]], dtype=np.float32),
        y=np.array([1.0, 5.0]),
        dates=WEEKS[:2].to_numpy(),
        label_end=WEEKS[2:4].to_numpy(),
        features=("a",),
    )
    ridge = RidgeSpec(alpha=2.0).fit(data, seed=0)
    np.testing.assert_allclose(ridge.score(data.X), [2.0, 4.0], rtol=1e-15)


@pytest.mark.parametrize("alpha", [0.1, 10.0, 1_000.0])
@pytest.mark.parametrize("scaling", ["standard", "robust", "none"])
def test_coefficients_are_those_of_scikit_learn(alpha, scaling):
    """Whatever the scale, and however far from zero the features lie."""
    data = window()
    data = replaced(data, X=data.X + np.float32(3))
    chain = {"scaling": scaling, "clip_quantile": 0.01}
    ridge = fitted("ridge", alpha=alpha, data=data, preprocessing=chain)
    scaled = ridge.weights.preprocessing.apply(data.X)
    peer = PeerRidge(alpha=alpha).fit(scaled, data.y)
    np.testing.assert_allclose(ridge.weights.coefficients, peer.coef_, rtol=1e-9)
    np.testing.assert_allclose(ridge.weights.intercept, peer.intercept_, atol=1e-9)
    np.testing.assert_allclose(ridge.score(data.X), peer.predict(scaled), rtol=1e-9)


def test_sums_do_not_depend_on_the_blocks_they_are_added_up_in(monkeypatch):
    data = window()
    chain = Preprocessing.fit(data.X, np.arange(5), PreprocessingSpec())
    whole = NormalEquations.of(data, chain)
    monkeypatch.setattr(least_squares, "_BLOCK_ROWS", 7)
    pieces = NormalEquations.of(data, chain)
    np.testing.assert_allclose(pieces.gram, whole.gram, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(pieces.cross, whole.cross, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("scaling", ["standard", "robust"])
def test_of_several_penalties_the_best_on_held_out_rows_is_taken(scaling):
    """The slow twin fits every penalty on every inner fold with scikit-learn."""
    data = window()
    spec = PreprocessingSpec(scaling=scaling)
    alphas = (1.0, 100.0, 1e4)
    errors = {alpha: [] for alpha in alphas}
    for learn, held_out in purged_splits(data, n_splits=4, embargo=0):
        chain = Preprocessing.fit(learn.X, np.arange(5), spec)
        for alpha in alphas:
            peer = PeerRidge(alpha=alpha).fit(chain.apply(learn.X), learn.y)
            gaps = held_out.y - peer.predict(chain.apply(held_out.X))
            errors[alpha].append(np.mean(gaps**2))
    best = min(alphas, key=lambda alpha: np.mean(errors[alpha]))
    ridge = fitted("ridge", alpha=list(alphas), preprocessing=spec.model_dump())
    assert ridge.weights.alpha == best


def test_held_out_rows_teach_the_inner_fold_nothing():
    """Fitted on the learning part alone, the error of a row knows no other row."""
    splits = purged_splits(window(), n_splits=4, embargo=0, tail_only=True)
    ((learn, held_out),) = splits
    wild = held_out.X.copy()
    wild[0] = 1e6
    rest = np.arange(1, len(held_out.y))
    spec = RidgeSpec(alpha=(1.0, 10.0))
    calm, shaken = (
        np.array(spec._held_out_errors(learn, part)) * len(part.y)
        for part in (held_out, replaced(held_out, X=wild))
    )
    alone = np.array(spec._held_out_errors(learn, held_out.take(rest))) * len(rest)
    first = held_out.take(np.arange(1))
    wild_first = replaced(held_out, X=wild).take(np.arange(1))
    for errors, row in ((calm, first), (shaken, wild_first)):
        np.testing.assert_allclose(
            errors, alone + spec._held_out_errors(learn, row), rtol=1e-9
        )


def test_the_embargo_reaches_the_inner_folds():
    with pytest.raises(ConfigError, match="AK-C032"):
        fitted("ridge", alpha=[1.0, 10.0], embargo=100)


def test_noise_is_given_the_heaviest_penalty():
    data = window()
    noise = np.random.default_rng(1).normal(size=len(data.y))
    some = fitted("ridge", alpha=[0.1, 1e6], data=replaced(data, y=noise))
    assert some.weights.alpha == 1e6


def test_one_number_is_a_list_of_one():
    assert RidgeSpec.parse({"alpha": 5.0}, "m") == RidgeSpec.parse(
        {"alpha": [5.0]}, "m"
    )


def test_a_row_alone_scores_as_in_a_batch_of_many_features():
    """More features than numpy adds up in one go (128)."""
    rng = np.random.default_rng(0)
    data = window()
    X = rng.normal(size=(len(data.y), 200)).astype(np.float32)
    wide = replaced(data, X=X, features=tuple(f"f{column}" for column in range(200)))
    ridge = fitted("ridge", data=wide)
    alone = np.concatenate([ridge.score(X[row : row + 1]) for row in range(50)])
    np.testing.assert_array_equal(alone, ridge.score(X)[:50])


def test_a_signal_in_what_is_missing_is_found_with_indicators():
    data = window(missing=0.3)
    gaps = np.isnan(data.X[:, FEATURES.index("luck")])
    y = gaps + 0.1 * data.y
    told = fitted(
        "ridge", data=replaced(data, y=y), preprocessing={"missing_indicators": True}
    )
    untold = fitted("ridge", data=replaced(data, y=y))
    assert np.corrcoef(told.score(data.X), y)[0, 1] > 0.9
    assert abs(np.corrcoef(untold.score(data.X), gaps)[0, 1]) < 0.5


def test_its_file_is_readable_text():
    (content,) = stored(fitted("ridge")).values()
    assert content.startswith(b'{"alpha":1.0,"intercept":')

"""Elastic net: scikit-learn's own coefficients, from sums instead of rows."""

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet as PeerNet
from sklearn.linear_model import Ridge as PeerRidge

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning.linear_models.elastic_net import ElasticNet, ElasticNetSpec
from alpha_kedro.learning.linear_models.least_squares import NormalEquations
from alpha_kedro.learning.linear_models.linear import Ridge
from alpha_kedro.learning.linear_models.preprocessing import (
    Preprocessing,
    PreprocessingSpec,
)
from alpha_kedro.learning.training import purged_splits
from tests.learning.planted import fitted as tiny
from tests.learning.planted import replaced, stored, window


def fitted(data=None, **block):
    spec = ElasticNetSpec.parse(block, "models.mine.elastic_net")
    return spec.fit(data or window(), seed=0)


def weighted(data):
    return data.weighted(np.random.default_rng(4).uniform(0.1, 5.0, len(data.y)))


def peer(data, chain, alpha, l1_ratio=0.5):
    net = PeerNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-12, max_iter=100_000)
    return net.fit(chain.apply(data.X), data.y, sample_weight=data.weight)


@pytest.mark.parametrize("prepare", [lambda data: data, weighted])
@pytest.mark.parametrize("scaling", ["standard", "robust", "none"])
@pytest.mark.parametrize(("alpha", "l1_ratio"), [(0.02, 0.5), (0.1, 0.9), (0.05, 1.0)])
def test_coefficients_are_those_of_scikit_learn(prepare, scaling, alpha, l1_ratio):
    """Whatever the weights, and however far from zero the features lie."""
    data = window()
    data = prepare(replaced(data, X=data.X + np.float32(3)))
    chain = {"scaling": scaling, "clip_quantile": 0.01}
    some = fitted(data, alpha=alpha, l1_ratio=l1_ratio, preprocessing=chain)
    own = peer(data, some.weights.preprocessing, alpha, l1_ratio)
    np.testing.assert_allclose(some.weights.coefficients, own.coef_, atol=1e-6)
    np.testing.assert_allclose(some.weights.intercept, own.intercept_, atol=1e-5)


@pytest.mark.parametrize("alpha", [0.1, 100.0])
@pytest.mark.parametrize("scaling", ["standard", "robust"])
def test_a_weighted_ridge_is_that_of_scikit_learn(alpha, scaling):
    data = weighted(window())
    ridge = tiny("ridge", data=data, alpha=alpha, preprocessing={"scaling": scaling})
    scaled = ridge.weights.preprocessing.apply(data.X)
    own = PeerRidge(alpha=alpha).fit(scaled, data.y, sample_weight=data.weight)
    np.testing.assert_allclose(ridge.weights.coefficients, own.coef_, rtol=1e-9)
    np.testing.assert_allclose(ridge.weights.intercept, own.intercept_, atol=1e-9)


def test_equal_weights_are_no_weights():
    data = window()
    alike = data.weighted(np.full(len(data.y), 7.0))
    for fit in (lambda rows: tiny("ridge", data=rows), fitted):
        plain, even = fit(data), fit(alike)
        np.testing.assert_allclose(
            even.weights.coefficients, plain.weights.coefficients, rtol=1e-9
        )


@pytest.mark.parametrize("prepare", [lambda data: data, weighted])
def test_of_several_penalties_the_best_on_held_out_rows_is_taken(prepare):
    """The slow twin fits every penalty on every inner fold with scikit-learn."""
    data = prepare(window())
    alphas = (0.3, 0.03, 0.003)
    errors = {alpha: [] for alpha in alphas}
    for learn, held_out in purged_splits(data, n_splits=4, embargo=0):
        chain = Preprocessing.fit(learn.X, np.arange(5), PreprocessingSpec())
        for alpha in alphas:
            told = peer(learn, chain, alpha).predict(chain.apply(held_out.X))
            gaps = (held_out.y - told) ** 2
            errors[alpha].append(np.average(gaps, weights=held_out.weight))
    best = min(alphas, key=lambda alpha: np.mean(errors[alpha]))
    assert fitted(data, alpha=list(alphas)).chosen["alpha"] == best


def test_the_path_starts_where_the_first_coefficient_appears():
    data = window()
    chain = Preprocessing.fit(data.X, np.arange(5), PreprocessingSpec())
    equations = NormalEquations.of(data, chain)
    path = ElasticNetSpec(n_alphas=30, least_alpha=1e-3).path(equations)
    assert len(path) == 30
    steps = np.diff(np.log(path))
    np.testing.assert_allclose(steps, steps[0])
    none_left = path[0] / np.exp(steps[0])
    assert path[-1] == pytest.approx(none_left * 1e-3)
    assert not peer(data, chain, none_left * 1.0001).coef_.any()
    assert peer(data, chain, none_left * 0.999).coef_.any()


def test_features_without_a_signal_are_left_out():
    some = fitted(alpha=0.1, l1_ratio=0.9)
    used = np.flatnonzero(some.weights.coefficients)
    np.testing.assert_array_equal(used, [0, 1])
    assert some.chosen == {"alpha": 0.1, "coefficients": 2.0}


def test_features_that_are_sums_of_others_are_no_obstacle():
    data = window(missing=0)
    X = np.column_stack([data.X, data.X[:, 0] + data.X[:, 1]]).astype(np.float32)
    wide = replaced(data, X=X, features=(*data.features, "both"))
    chain = {"scaling": "none"}
    some = fitted(wide, alpha=0.01, preprocessing=chain)
    own = peer(wide, some.weights.preprocessing, 0.01)
    fitted_values = own.predict(some.weights.preprocessing.apply(X))
    np.testing.assert_allclose(some.score(X), fitted_values, atol=1e-5)


def test_a_penalty_that_leaves_nothing_is_no_model():
    with pytest.raises(ModelError, match="AK-M025"):
        fitted(alpha=1e6)


def test_a_planted_signal_is_found_on_rows_never_seen():
    unseen = window(seed=1, missing=0)
    truth = 0.5 * unseen.X[:, 0] - 0.3 * unseen.X[:, 1]
    assert np.corrcoef(fitted().score(unseen.X), truth)[0, 1] > 0.95


def test_a_fit_can_only_reach_the_rows_it_is_given():
    whole = window()
    past = np.arange(200)
    garbled = whole.y.copy()
    garbled[200:] *= -1e6
    wild = replaced(whole, y=garbled)
    assert stored(fitted(whole.take(past))) == stored(fitted(wild.take(past)))
    assert stored(fitted(whole)) != stored(fitted(wild))


def test_parts_add_up_and_a_row_alone_scores_as_in_a_batch():
    some, X = fitted(), window().X
    np.testing.assert_allclose(some.contributions(X).sum(axis=1), some.score(X))
    alone = np.concatenate([some.score(X[row : row + 1]) for row in range(20)])
    np.testing.assert_array_equal(alone, some.score(X)[:20])


def test_a_stored_net_is_the_one_that_was_fitted():
    some, X = fitted(), window().X
    assert set(some.files()) == {"elastic.json"}
    again = ElasticNet.restore(some.features, some.dropped_features, some.files())
    np.testing.assert_array_equal(again.score(X), some.score(X))
    assert again == some


@pytest.mark.parametrize("kind", [ElasticNet, Ridge])
@pytest.mark.parametrize("text", [b"", b"{}", b'{"alpha":1.0,"interc', b"tree\n"])
def test_foreign_and_cut_text_is_refused(kind, text):
    with pytest.raises(ModelError, match="AK-M034"):
        kind.restore(("a",), {}, {kind.file: text})


def test_parameters_out_of_range_are_refused():
    for block in ({"l1_ratio": 0.0}, {"alpha": [0.0]}, {"alpha": []}, {"l2": 1.0}):
        with pytest.raises(ConfigError, match="AK-C003"):
            fitted(**block)

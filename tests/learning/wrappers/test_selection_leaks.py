"""Chosen inside the fold, noise foresees nothing; chosen on the whole, it seems to."""

import numpy as np
import pytest

from alpha_kedro.learning import (
    ExecutionSpec,
    ModelSpec,
    WalkForwardSpec,
    fit_fold,
    join_examples,
    make_model,
    run_walk_forward,
)
from alpha_kedro.learning.wrappers.selection import SelectionSpec
from tests.learning.planted import replaced
from tests.learning.windows import mean_rank_ic, noise, tables_of, window_of

FAMILIES = [f"family {place}" for place in range(8)]
SPEC = WalkForwardSpec(
    first_train_sessions=120, refit_every=30, embargo=0, min_rows=100, min_dates=20
)


def families_of(data):
    return {
        name: FAMILIES[place % len(FAMILIES)]
        for place, name in enumerate(data.features)
    }


def choosing_ridge(data, n_features, **block):
    block |= {"n_features": n_features, "families": families_of(data)}
    return ModelSpec.parse({"kind": "ridge", "selection": block}, "models.choosing")


def oracle_of_the_tests(n_dates=120, first_tested=80):
    """A little skill, noise, and a last feature that knows labels from one date on."""
    X, y = noise(n_dates=n_dates, n_names=20, p=13, seed=5, ic=(0.3,))
    X[first_tested:, :, 12] += 3 * y[first_tested:]
    return window_of(X, y, [f"f{place:02d}" for place in range(12)] + ["oracle"])


def test_a_feature_that_knows_the_tests_alone_is_not_chosen():
    data = oracle_of_the_tests()
    sees_past = data.take(np.flatnonzero(data.dates < np.unique(data.dates)[80]))
    spec = SelectionSpec(n_features=4, min_agreement=0.5)
    one = dict.fromkeys(data.features, "one")
    assert "oracle" not in spec.fit(sees_past, families=one).chosen
    # Seen red: on all rows it is the best there is.
    assert "oracle" in spec.fit(data, families=one).chosen


def test_in_a_walk_forward_it_is_chosen_once_its_days_are_past():
    data = oracle_of_the_tests()
    result = run_walk_forward(
        *tables_of(data),
        models={"choosing": choosing_ridge(data, 2, n_periods=1)},
        spec=SPEC,
        seed=0,
        execution=ExecutionSpec(),
    )
    fits = result.fit_ledger.set_index("fold")
    choices = result.feature_choices.query("feature == 'oracle'").set_index("fold")
    learns_from_it = fits["max_label_end"] > np.unique(data.dates)[80]
    assert not choices["chosen"][~learns_from_it].any()
    assert choices["chosen"].iloc[-1]
    assert learns_from_it.iloc[-1]


def test_rows_outside_the_window_change_no_byte_of_the_fit():
    data = oracle_of_the_tests()
    last = np.unique(data.dates)[80]
    rng = np.random.default_rng(0)
    shaken = np.where(
        (data.dates < last)[:, None], data.X, rng.normal(50, 9, data.X.shape)
    )
    model = ModelSpec.parse(
        choosing_ridge(data, 4).model_dump(include={"kind", "selection"})
        | {"ridge": {"preprocessing": {"scaling": "robust", "clip_quantile": 0.05}}},
        "models.choosing",
    )
    fits = []
    for X in (data.X, shaken.astype(np.float32)):
        examples = join_examples(*tables_of(replaced(data, X=X)))
        rows = np.flatnonzero(examples.dates < last)
        fits.append(fit_fold(model, examples, rows, spec=SPEC, seed=0).files())
    assert fits[0] == fits[1]


@pytest.fixture(scope="module")
def chosen_24_of_149():
    """Rank IC on the tests, and its t, of ridge on 24 of 149 columns of noise."""
    honest, peeking = [], []
    for seed in range(4):
        data = window_of(*noise(n_dates=200, n_names=25, p=149, seed=seed))
        past = data.dates < np.unique(data.dates)[100]
        train, tests = data.take(np.flatnonzero(past)), data.take(np.flatnonzero(~past))
        spec = choosing_ridge(data, 24)
        fitted = make_model(spec).fit(train, seed=0)
        assert len(fitted.selection.chosen) == 24
        honest.append(mean_rank_ic(fitted.score(tests.X), tests))
        peeked = spec.selection.fit(data, families=families_of(data)).columns
        ridge = spec.ridge.fit(train.with_columns(peeked), seed=0)
        peeking.append(mean_rank_ic(ridge.score(tests.X[:, peeked]), tests))
    return np.array(honest), np.array(peeking)


def test_noise_chosen_inside_the_fold_foresees_nothing(chosen_24_of_149):
    honest, _ = chosen_24_of_149
    print("chosen in the fold:", honest[:, 0].mean(), "t", honest[:, 1])
    assert abs(honest[:, 0].mean()) < 0.015
    assert abs(honest[:, 1].mean()) < 3 / np.sqrt(len(honest))


def test_noise_chosen_on_the_whole_sample_seems_to_foresee(chosen_24_of_149):
    """Seen red: what the fold stands in front of."""
    honest, peeking = chosen_24_of_149
    print("chosen on all rows:", peeking[:, 0].mean(), "t", peeking[:, 1])
    assert peeking[:, 0].mean() > 0.03
    assert peeking[:, 1].mean() > 2
    assert (peeking > honest).all()

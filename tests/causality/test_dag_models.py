"""The same proofs for every way to learn: nothing dated t depends on a later input."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.learning import Background
from alpha_kedro.learning.ensemble.past import Past
from alpha_kedro.learning.wrappers.regimes import switched_model
from alpha_kedro.pipelines.walk_forward import nodes as walk_forward
from tests.causality.dag import (
    TIMELY,
    assert_same_until,
    garbled_after,
    learners,
    run_dag,
    small_market,
)

WATCHED = (*TIMELY, "histories")


def run(inputs):
    return run_dag(inputs, only_to=WATCHED, settings=learners())


@pytest.fixture(scope="module")
def whole():
    return run(small_market())


@pytest.fixture(scope="module")
def cuts(whole):
    """The first day a fold scores, and a day in the midst of the next."""
    sessions = pd.DatetimeIndex(np.unique(small_market().bars["date"]))
    folds = whole["predictions"].groupby("fold")["date"].min()
    return folds.iloc[2], sessions[sessions.get_loc(folds.iloc[3]) + 17]


def test_every_model_scores(whole):
    known = whole["predictions"].dropna(subset="score")["model"].value_counts()
    assert set(known.index) == set(learners().models)
    assert known.min() > known.max() / 2


@pytest.mark.slow
@pytest.mark.parametrize("place", [0, 1])
def test_nonsense_in_the_future_moves_nothing_of_the_past(whole, cuts, place):
    seen = run(garbled_after(small_market(), cuts[place]))
    assert_same_until(seen, whole, cuts[place], names=WATCHED)


def _of(model, tables):
    predictions = tables["predictions"]
    return {"predictions": predictions[predictions["model"] == model]}


def leaks(whole, cut):
    """Tell which models a fault makes look ahead."""
    seen = run(garbled_after(small_market(), cut))
    found = set()
    for model in learners().models:
        own, other = (_of(model, tables) for tables in (seen, whole))
        try:
            assert_same_until(own, other, cut, names=["predictions"])
        except AssertionError:
            found.add(model)
    return found


@pytest.mark.slow
def test_states_of_the_future_are_caught(monkeypatch, cuts):
    """Detectors that see all sessions, as with smoothed probabilities."""
    monkeypatch.setattr(
        switched_model, "sessions_until", lambda states, *_, **__: states
    )
    seen = run(small_market())
    assert leaks(seen, cuts[0]) & {"switched", "blended"}


@pytest.mark.slow
def test_weights_learned_on_all_scores_are_caught(monkeypatch, cuts):
    honest = Past.known_before
    monkeypatch.setattr(
        Past, "known_before", lambda self, start: honest(self, start + 10**6)
    )
    seen = run(small_market())
    assert leaks(seen, cuts[0]) == {"combined"}


@pytest.mark.slow
def test_histories_of_tomorrow_are_caught(monkeypatch, cuts):
    honest = Background.of

    def tomorrow(histories, states):
        values = histories.columns.difference(["date", "ticker", "sector"])
        later = histories.groupby("ticker")[[*values]].shift(-1)
        return honest(histories.assign(**later), states)

    monkeypatch.setattr(walk_forward.Background, "of", staticmethod(tomorrow))
    with pytest.raises(Exception, match=r"AK-M104|no fold of the model 'lstm'"):
        run(small_market())

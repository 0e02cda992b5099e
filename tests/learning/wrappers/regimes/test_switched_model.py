"""A model for each regime: better where regimes differ, and never by hindsight."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.context import Background, Context
from alpha_kedro.learning.linear_models.linear import Ridge, RidgeSpec
from alpha_kedro.learning.training import TrainingData
from alpha_kedro.learning.wrappers.regimes import (
    RegimeModel,
    RegimesSpec,
    restore_regimes,
)
from alpha_kedro.learning.wrappers.regimes.gates import TrendGate
from alpha_kedro.learning.wrappers.regimes.switched_model import (
    portrait,
    probabilities_at,
)
from alpha_kedro.learning.wrappers.selected_model import (
    SelectingModel,
    restore_selected,
)
from alpha_kedro.learning.wrappers.selection import SelectionSpec
from tests.learning.wrappers.regimes.chains import later_garbled, market

N_NAMES, FIRST, SPLIT = 20, 40, 700
DETECTORS = ("hmm", "trend", "volatility")
RIDGE = RidgeSpec(alpha=(10.0,))


def spec(detector="volatility", mode="switch", **changes):
    block = {"detector": detector, "mode": mode, "min_rows": 200}
    columns = ["market_return", "market_volatility"]
    block["hmm"] = {"restarts": 2, "columns": columns}
    block["volatility"] = {"quantiles": 0.7}
    return RegimesSpec.parse(block | changes, "regimes")


def rows_between(states, path, first, last, *, flips=True, seed=0):
    """Return decisions every third session: what pays when calm costs in stress."""
    sessions = np.arange(first, last, 3)
    rng = np.random.default_rng([seed, first])
    X = rng.normal(size=(len(sessions) * N_NAMES, 3)).astype(np.float32)
    sign = np.where(path[sessions] == 1, -1.0, 1.0) if flips else 0.0
    pays = np.repeat(sign * np.ones(len(sessions)), N_NAMES)
    y = 0.3 * pays * X[:, 0] + rng.normal(size=len(X))
    days = states["date"].to_numpy(dtype="datetime64[us]")
    dates = np.repeat(days[sessions], N_NAMES)
    names = np.tile([f"T{place:02d}" for place in range(N_NAMES)], len(sessions))
    context = Context(dates, names.astype(object), Background(states=states))
    ends = dates + np.timedelta64(5, "D")
    return TrainingData(X, y, dates, ends, ("one", "two", "three"), None, context)


@dataclass
class Study:
    states: pd.DataFrame
    path: np.ndarray
    train: TrainingData
    test: TrainingData


@pytest.fixture(scope="module")
def study():
    states, path = market(1_300)
    train = rows_between(states, path, FIRST, SPLIT)
    return Study(states, path, train, rows_between(states, path, SPLIT + 5, 1_300))


def switched(data, detector="volatility", mode="switch", model=RIDGE, **changes):
    return RegimeModel(spec(detector, mode, **changes), model).fit(data, seed=0)


def ic(model, data):
    return np.corrcoef(model.score(data.X, data.context), data.y)[0, 1]


@pytest.mark.parametrize("mode", ["switch", "blend"])
@pytest.mark.parametrize("detector", DETECTORS)
def test_it_beats_one_model_where_the_sign_goes_with_the_regime(study, detector, mode):
    plain = ic(RIDGE.fit(study.train, seed=0), study.test)
    found = ic(switched(study.train, detector, mode), study.test)
    assert found > plain + 0.05
    assert found > 0.18


@pytest.mark.parametrize("mode", ["switch", "blend"])
def test_it_gains_nothing_where_there_is_nothing(study, mode):
    gains = []
    for seed in range(6):
        train = rows_between(
            study.states, study.path, FIRST, SPLIT, flips=False, seed=seed
        )
        test = rows_between(
            study.states, study.path, SPLIT + 5, 1_300, flips=False, seed=seed
        )
        plain = ic(RIDGE.fit(train, seed=0), test)
        gains.append(ic(switched(train, mode=mode), test) - plain)
    assert abs(np.mean(gains)) < 3 * np.std(gains) / np.sqrt(len(gains)) + 0.01


def test_a_switch_scores_by_the_model_of_the_likeliest_regime(study):
    fitted = switched(study.train, "hmm")
    test = study.test
    likeliest = probabilities_at(fitted.regimes.detector, test.context).argmax(axis=1)
    by_hand = np.where(
        likeliest == 0,
        fitted.inner["regime0"].score(test.X),
        fitted.inner["regime1"].score(test.X),
    )
    assert_array_equal(fitted.score(test.X, test.context), by_hand)


def test_a_blend_is_the_mean_of_the_scores_by_probability(study):
    fitted = switched(study.train, "hmm", "blend")
    test = study.test
    share = probabilities_at(fitted.regimes.detector, test.context)
    scores = [fitted.inner[f"regime{place}"].score(test.X) for place in (0, 1)]
    assert_allclose(
        fitted.score(test.X, test.context), (share * np.transpose(scores)).sum(axis=1)
    )
    assert ((share > 0.01) & (share < 0.99)).any()


def test_rows_of_a_regime_teach_its_model_alone(study):
    fitted = switched(study.train, "volatility")
    likeliest = fitted.regimes.detector.regimes(study.states)
    days = study.states["date"].to_numpy(dtype="datetime64[us]")
    calm = np.isin(study.train.dates, days[likeliest == 0])
    alone = RIDGE.fit(study.train.take(np.flatnonzero(calm)), seed=0)
    assert fitted.inner["regime0"].weights == alone.weights


@dataclass(frozen=True)
class Witness:
    """A model that keeps what it was given to learn from."""

    seen: list

    def fit(self, data, *, seed):
        self.seen.append(data)
        return RIDGE.fit(data, seed=seed)


def test_a_blend_weighs_each_row_by_its_probability(study):
    own = 0.5 + np.arange(len(study.train.y)) / len(study.train.y)
    witness = Witness([])
    fitted = switched(study.train.weighted(own), "hmm", "blend", witness)
    share = probabilities_at(fitted.regimes.detector, study.train.context)
    for place, data in enumerate(witness.seen):
        rows = share[:, place] > 1e-3
        assert_array_equal(data.y, study.train.y[rows])
        wanted = (own * share[:, place])[rows]
        assert_allclose(data.weight, wanted / wanted.mean())
        assert (data.weight > 0).all()


@pytest.mark.parametrize("detector", DETECTORS)
def test_sessions_after_the_last_training_date_teach_nothing(study, detector):
    """Not even those before the last label is known."""
    later = later_garbled(study.states, SPLIT - 1)
    assert study.states["date"][SPLIT - 1] > study.train.dates[-1]
    background = Background(states=later)
    other = TrainingData(
        **vars(study.train)
        | {
            "context": Context(
                study.train.dates, study.train.context.tickers, background
            )
        }
    )
    fitted, again = switched(study.train, detector), switched(other, detector)
    assert again.files() == fitted.files()
    assert again.chosen == fitted.chosen


@pytest.mark.parametrize("mode", ["switch", "blend"])
def test_a_score_is_the_same_whatever_follows(study, mode):
    fitted = switched(study.train, "hmm", mode)
    scores = fitted.score(study.test.X, study.test.context)
    rows = np.arange(400)
    early = study.test.take(rows)
    last = np.flatnonzero(study.states["date"] == early.dates[-1])[0]
    for states in (study.states[: last + 1], later_garbled(study.states, last + 1)):
        context = Context(early.dates, early.context.tickers, Background(states=states))
        assert_array_equal(fitted.score(early.X, context), scores[rows])
    for row in (0, 7, 399):
        alone = fitted.score(early.X[[row]], early.context.take(np.array([row])))
        assert_array_equal(alone, scores[[row]])


def test_a_changed_state_of_the_day_is_seen_on_the_day(study):
    fitted = switched(study.train, "volatility")
    days = study.states["date"].to_numpy(dtype="datetime64[us]")
    calm_days = days[fitted.regimes.detector.regimes(study.states) == 0]
    calm_rows = np.flatnonzero(np.isin(study.test.dates, calm_days))
    day = study.test.take(calm_rows[:N_NAMES])
    restless = study.states.assign(market_volatility=1.0)
    context = Context(day.dates, day.context.tickers, Background(states=restless))
    calm = fitted.score(day.X, day.context)
    assert np.corrcoef(fitted.score(day.X, context), calm)[0, 1] < 0


def test_a_regime_of_few_rows_has_the_model_of_all(study):
    fitted = switched(study.train, min_rows=2_000)
    assert fitted.regimes.models == ("regime0", "all")
    assert set(fitted.inner) == {"regime0", "all"}
    assert fitted.chosen["regime_1_model"].endswith("rows, fewer than 2000")
    plain = RIDGE.fit(study.train, seed=0)
    assert fitted.inner["all"].weights == plain.weights


def test_a_regime_of_few_dates_has_the_model_of_all(study):
    fitted = switched(study.train, min_dates=100)
    assert "dates, fewer than 100" in fitted.chosen["regime_1_model"]


@pytest.mark.parametrize("mode", ["switch", "blend"])
def test_without_a_regime_of_its_own_it_is_the_plain_model(study, mode):
    fitted = switched(study.train, "hmm", mode, min_rows=1_000_000)
    plain = RIDGE.fit(study.train, seed=0)
    test = study.test
    assert_array_equal(fitted.score(test.X, test.context), plain.score(test.X))
    assert list(fitted.inner) == ["all"]


@dataclass(frozen=True)
class Timid:
    """A model that cannot learn from a part."""

    n_rows: int

    def fit(self, data, *, seed):
        if len(data.y) < self.n_rows:
            raise ModelError("AK-M025", "the timid model learned a constant")
        return RIDGE.fit(data, seed=seed)


def test_a_regime_nothing_can_be_learned_from_has_the_model_of_all(study):
    fitted = switched(study.train, model=Timid(len(study.train.y)))
    assert fitted.regimes.models == ("all", "all")
    assert fitted.chosen["regime_0_model"] == (
        "all rows: AK-M025 the timid model learned a constant"
    )
    with pytest.raises(ModelError, match="AK-M025"):
        switched(study.train, model=Timid(1_000_000))


def test_the_choices_tell_the_regimes(study):
    chosen = switched(study.train, "hmm").chosen
    shares = chosen["regime_0_share"], chosen["regime_1_share"]
    assert_allclose(sum(shares), 1.0)
    assert abs(shares[1] - study.path[:SPLIT].mean()) < 0.05
    assert (
        chosen["regime_1_market_volatility"] > 2 * chosen["regime_0_market_volatility"]
    )
    assert chosen["regime_0_stays"] > 0.9
    assert chosen["regime0_alpha"] == 10.0
    assert np.isfinite(chosen["log_likelihood"])
    assert chosen["sessions"] == SPLIT - 2


def test_a_spell_is_a_run_of_sessions_in_one_regime():
    trend = [0.1, 0.1, 0.1, -0.1, 0.1, -0.1]
    states = pd.DataFrame(
        {"date": pd.bdate_range("2020-01-01", periods=6), "trend": trend}
    )
    gate = TrendGate(band=0.0, shares=(0.5, 0.5))
    facts = portrait(gate, states)
    assert (facts["regime_0_spell"], facts["regime_1_spell"]) == (2.0, 1.0)
    assert_allclose([facts["regime_0_share"], facts["regime_1_share"]], [4 / 6, 2 / 6])
    assert_allclose([facts["regime_0_trend"], facts["regime_1_trend"]], [0.1, -0.1])
    never = gate.model_copy(update={"band": 0.5})
    assert portrait(never, states)["regime_1_spell"] == 0.0


def test_the_history_of_a_detector_may_be_limited(study):
    assert switched(study.train, history=300).chosen["sessions"] == 300


def kinds_of_models():
    chooses = SelectionSpec(n_features=1, min_names=5, min_agreement=0.0)
    return {"ridge": RIDGE, "selected": SelectingModel(chooses, RIDGE)}


@pytest.mark.parametrize("model", ["ridge", "selected"])
@pytest.mark.parametrize("mode", ["switch", "blend"])
@pytest.mark.parametrize("detector", DETECTORS)
def test_it_comes_back_from_its_files(study, detector, mode, model):
    inner = kinds_of_models()[model]
    fitted = switched(study.train, detector, mode, inner, min_dates=60)
    files = fitted.files()
    assert "regimes.json" in files
    for name in files:
        assert pd.Series(name).str.fullmatch(r"[a-z0-9_]+\.(txt|json|safetensors)")[0]

    def selected(*args):
        return restore_selected(Ridge.restore, *args)

    again = restore_regimes(
        Ridge.restore if model == "ridge" else selected,
        fitted.features,
        fitted.dropped_features,
        files,
    )
    test = study.test
    assert again.files() == files
    assert again.chosen == fitted.chosen
    assert again.dropped_features == fitted.dropped_features
    assert (again.kind, again.features) == ("ridge", study.train.features)
    for told in ("score", "contributions"):
        assert_array_equal(
            getattr(again, told)(test.X, test.context),
            getattr(fitted, told)(test.X, test.context),
        )


@pytest.mark.parametrize("mode", ["switch", "blend"])
def test_contributions_add_up_to_the_score(study, mode):
    fitted = switched(study.train, "hmm", mode)
    test = study.test
    parts = fitted.contributions(test.X, test.context)
    assert parts.shape == (len(test.y), 4)
    assert_allclose(parts.sum(axis=1), fitted.score(test.X, test.context), atol=1e-12)


def test_a_feature_is_left_out_when_no_regime_uses_it(study):
    X = study.train.X.copy()
    X[:, 2] = np.nan
    dead = TrainingData(**vars(study.train) | {"X": X})
    assert switched(dead).dropped_features == {"three": "all missing"}
    calm = switched(study.train).regimes.detector.regimes(study.states) == 0
    days = study.states["date"].to_numpy(dtype="datetime64[us]")[calm]
    X[:, 2] = study.train.X[:, 2]
    X[np.isin(study.train.dates, days), 2] = np.nan
    used_once = TrainingData(**vars(study.train) | {"X": X})
    fitted = switched(used_once)
    assert fitted.inner["regime0"].dropped_features == {"three": "all missing"}
    assert fitted.dropped_features == {}
    again = restore_regimes(Ridge.restore, fitted.features, {}, fitted.files())
    for name, model in fitted.inner.items():
        assert again.inner[name].dropped_features == model.dropped_features


def of_states(data, states):
    context = Context(data.dates, data.context.tickers, Background(states=states))
    return TrainingData(**vars(data) | {"context": context})


def test_dates_without_a_state_are_named(study):
    fitted = switched(study.train)
    short = of_states(study.test, study.states[: SPLIT + 10])
    with pytest.raises(ModelError, match="AK-M121") as refused:
        fitted.score(short.X, short.context)
    assert "more)" in str(refused.value)
    first = np.unique(study.test.dates)[2].astype("datetime64[D]")
    assert str(first) in str(refused.value)
    gone = study.states[study.states["date"] != study.train.dates[0]]
    with pytest.raises(ModelError, match="AK-M121"):
        switched(of_states(study.train, gone))


def test_states_are_needed_and_in_order(study):
    with pytest.raises(ModelError, match="AK-M120"):
        switched(of_states(study.train, None))
    with pytest.raises(ModelError, match="AK-M125"):
        switched(of_states(study.train, study.states[::-1]))
    twice = pd.concat([study.states[:9], study.states[8:]])
    with pytest.raises(ModelError, match="AK-M125"):
        switched(of_states(study.train, twice))
    bare = TrainingData(**vars(study.train) | {"context": None})
    with pytest.raises(ModelError, match="AK-M100"):
        switched(bare)


@pytest.mark.parametrize(
    ("column", "code"), [(np.nan, "AK-M122"), (0.01, "AK-M123")], ids=["none", "one"]
)
@pytest.mark.parametrize("detector", ["hmm", "volatility"])
def test_regimes_nobody_can_tell_are_refused_or_are_one(study, detector, column, code):
    flat = of_states(study.train, study.states.assign(market_volatility=column))
    with pytest.raises(ModelError, match=code):
        switched(flat, detector)
    fitted = switched(flat, detector, if_undetected="one_regime")
    assert fitted.chosen["undetected"].startswith(code)
    plain = RIDGE.fit(study.train, seed=0)
    test = of_states(study.test, flat.context.background.states)
    assert_array_equal(fitted.score(test.X, test.context), plain.score(test.X))
    again = restore_regimes(Ridge.restore, fitted.features, {}, fitted.files())
    assert again.chosen == fitted.chosen


def test_no_row_has_no_score(study):
    fitted = switched(study.train)
    nobody = study.test.take(np.array([], dtype=np.int64))
    assert fitted.score(nobody.X, nobody.context).shape == (0,)

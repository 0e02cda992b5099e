"""Models on chosen features: the same scores, stored whole, told in tables."""

import json

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.core.result_schemas import FeatureChoices
from alpha_kedro.learning import ModelSpec, fit_production, make_model
from alpha_kedro.learning.explaining.explain import contributions, explain
from alpha_kedro.learning.scoring import scoring
from alpha_kedro.learning.storage.model_history import find_model
from alpha_kedro.learning.storage.store import load_model, save_model
from alpha_kedro.learning.wrappers import selected_model, selection
from alpha_kedro.learning.wrappers.selected_model import SelectingModel
from alpha_kedro.learning.wrappers.selection import SelectionSpec
from tests.learning.planted import BLOCKS, FEATURES, LEARNED, model, replaced, window
from tests.learning.small_study import CHOICE, SPEC, small_study, walk
from tests.learning.storage.test_store import RECORD


def choosing(kind, **choice):
    """Return a tiny model of a kind that chooses its features."""
    block = {"kind": kind, kind: BLOCKS[kind], "selection": CHOICE | choice}
    return make_model(ModelSpec.parse(block, "models.tiny"))


@pytest.fixture(scope="module", params=LEARNED)
def fitted(request):
    return choosing(request.param).fit(window(missing=0.0), seed=3)


def inner_by_hand(fitted):
    """The model a reader would fit on the chosen columns."""
    data = window(missing=0.0)
    columns = np.array([FEATURES.index(name) for name in fitted.selection.chosen])
    return model(fitted.kind).fit(data.with_columns(columns), seed=3), columns


def test_it_scores_as_a_model_fitted_on_the_chosen_columns(fitted):
    assert fitted.selection.chosen == ("value", "momentum")
    assert fitted.features == FEATURES
    inner, columns = inner_by_hand(fitted)
    X = window(seed=1).X
    np.testing.assert_array_equal(fitted.score(X), inner.score(X[:, columns]))


def test_rows_are_matched_by_name_whatever_their_order(fitted):
    X = window(seed=1).X
    table = pd.DataFrame(X, columns=list(FEATURES))
    shuffled = table[[*FEATURES[::-1]]]
    np.testing.assert_array_equal(scoring(fitted, shuffled), fitted.score(X))


def test_a_row_alone_scores_as_in_a_batch(fitted):
    X = window(seed=1).X
    alone = np.concatenate([fitted.score(X[row : row + 1]) for row in range(20)])
    np.testing.assert_array_equal(alone, fitted.score(X)[:20])


def test_features_left_out_contribute_nothing(fitted):
    X = window(seed=1).X
    parts = contributions(fitted, X)
    assert parts.shape == (len(X), len(FEATURES) + 1)
    assert (parts[:, 2:5] == 0).all()
    assert (parts[:, 0] != 0).any()


def test_what_was_left_out_is_listed_with_its_reason(fitted):
    assert list(fitted.dropped_features) == ["size", "noise", "luck"]
    assert set(fitted.dropped_features.values()) == {"family full"}


def test_what_the_model_itself_cannot_use_is_listed_too():
    """Ranked within dates it orders the labels; as a number it is always there."""
    data = window(missing=0.0)
    X = data.X.copy()
    X[:, 2] = X[:, 0]
    fitted = choosing("ridge", n_features=3, max_correlation=1.0).fit(
        replaced(data, X=X), seed=3
    )
    assert fitted.selection.chosen == ("value", "momentum", "size")
    assert fitted.dropped_features["size"] == "copy of value"
    table = pd.DataFrame(X, columns=list(FEATURES)).assign(date=data.dates, ticker="A")
    assert (explain(fitted, table)["size"] == 0).all()


def test_it_comes_back_from_the_store_to_the_byte(fitted, tmp_path):
    save_model(fitted, tmp_path, training=RECORD)
    again, manifest = load_model(tmp_path, expected_features=FEATURES)
    X = window(seed=1).X
    assert again.selection == fitted.selection
    assert (
        again.dropped_features == fitted.dropped_features == manifest.dropped_features
    )
    assert again.files() == fitted.files()
    assert (again.kind, manifest.features) == (fitted.kind, FEATURES)
    np.testing.assert_array_equal(again.score(X), fitted.score(X))
    np.testing.assert_array_equal(again.contributions(X), fitted.contributions(X))


def test_a_changed_choice_is_refused(fitted, tmp_path):
    save_model(fitted, tmp_path, training=RECORD)
    (path,) = tmp_path.glob("selection-*.json")
    path.write_text(path.read_text().replace('"momentum"', '"momentun"'))
    with pytest.raises(ModelError, match="AK-M032"):
        load_model(tmp_path)


def test_a_model_without_a_choice_is_stored_without_one(tmp_path):
    save_model(model("ridge").fit(window(), seed=3), tmp_path, training=RECORD)
    assert list(tmp_path.glob("selection-*")) == []


@pytest.mark.parametrize("kind", ["factor", "random"])
def test_what_learns_nothing_has_nothing_to_choose(kind):
    with pytest.raises(ConfigError, match="AK-C003") as refused:
        ModelSpec.parse({"kind": kind, "selection": {}}, "model_library.naive")
    assert f"model_library.naive: value error, kind '{kind}' learns nothing" in str(
        refused.value
    )


def test_a_selection_is_off_unless_asked_for():
    assert ModelSpec(kind="ridge").selection is None
    assert not isinstance(make_model(ModelSpec(kind="ridge")), SelectingModel)


def test_rows_that_teach_nothing_are_refused_before_anything_is_chosen():
    data = window()
    with pytest.raises(ModelError, match="AK-M023"):
        choosing("ridge").fit(replaced(data, y=np.ones(len(data.y))), seed=0)


def study_of(**choice):
    return {
        "chooses": ModelSpec.parse(
            {"kind": "ridge", "selection": CHOICE | choice}, "models.chooses"
        ),
        "takes_all": ModelSpec(kind="ridge"),
    }


def test_the_walk_forward_tells_what_each_fold_chose():
    result = walk(*small_study(), models=study_of())
    choices = FeatureChoices.validate(result.feature_choices)
    assert set(choices["model"]) == {"chooses"}
    assert choices.groupby("fold")["chosen"].sum().tolist() == [2, 2, 2]
    assert set(choices.query("chosen")["feature"]) == {"momentum", "reversal"}
    (line,) = result.fit_ledger.query("model == 'chooses' and fold == 1").itertuples()
    assert line.dropped_features == "value: family full"


def test_without_a_model_that_chooses_the_table_is_there_and_empty():
    choices = FeatureChoices.validate(walk(*small_study()).feature_choices)
    assert choices.empty


def test_a_fold_without_a_steady_feature_is_skipped_and_says_so():
    models = study_of(min_names=9) | {"ridge": ModelSpec(kind="ridge")}
    with pytest.raises(ModelError, match="AK-M008") as refused:
        walk(*small_study(), models=models)
    assert "AK-M130" in refused.value.got


@pytest.fixture
def fits(monkeypatch):
    """Count the choices that are made."""
    made = []
    fit = SelectionSpec.fit

    def counted(self, data, *, families):
        made.append(families)
        return fit(self, data, families=families)

    monkeypatch.setattr(SelectionSpec, "fit", counted)
    return made


@pytest.mark.parametrize(
    ("change", "refits"),
    [({}, 0), ({"n_features": 1}, 3), ({"families": {"momentum": "own"}}, 3)],
    ids=["nothing", "a setting", "a family"],
)
def test_finished_folds_are_those_of_the_same_choice(fits, tmp_path, change, refits):
    walk(*small_study(), models=study_of(), cache=tmp_path)
    walk(*small_study(), models=study_of(**change), cache=tmp_path)
    assert len(fits) == 3 + refits


def test_a_feature_that_changes_its_family_is_chosen_anew(fits, tmp_path, monkeypatch):
    walk(*small_study(), models=study_of(), cache=tmp_path)
    monkeypatch.setattr(selection, "family_of", lambda name: name)
    walk(*small_study(), models=study_of(), cache=tmp_path)
    assert len(fits) == 3 + 3


def test_the_models_of_today_keep_their_choice(tmp_path):
    manifests = fit_production(
        *small_study(),
        models=study_of(),
        spec=SPEC,
        label="rank",
        seed=7,
        folder=tmp_path,
    )
    assert set(manifests["chooses"]["files"]) == {"ridge.json", "selection.json"}
    folder = find_model(tmp_path, "chooses")
    again, _ = load_model(folder)
    assert again.selection.chosen == ("momentum", "reversal")
    (path,) = folder.glob("selection-*.json")
    assert len(json.loads(path.read_text())["verdicts"]) == 3
    assert selected_model.SELECTION_FILE in again.files()

"""Fits kept by date: found by name and date, never one that has seen the date."""

import os
import signal
import time
from datetime import date
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning.context import Context
from alpha_kedro.learning.ensemble import EnsembleModel, EnsembleSpec, MemberWeights
from alpha_kedro.learning.storage.model_history import (
    find_model,
    keep_model,
    list_models,
)
from alpha_kedro.learning.storage.store import load_model
from tests.learning.planted import FEATURES, fitted, window
from tests.learning.storage.test_store import RECORD
from tests.learning.surrounded import rows, surrounded

N_KILLS = 3
DAYS = [date(2021, 3, 5), date(2021, 3, 12), date(2021, 3, 19)]


def ended(day):
    return RECORD.model_copy(update={"fit_end": day})


def keep(folder, *days, name="line", kind="ridge", some=None, **settings):
    for place, day in enumerate(days):
        model = some or fitted(kind, data=window(place))
        keep_model(model, folder, name, training=ended(day), **settings)


def days_in(folder, name="line"):
    return sorted(path.name for path in (folder / name).iterdir())


def test_every_fit_is_kept_under_its_name_and_date(tmp_path):
    keep(tmp_path, *DAYS)
    assert days_in(tmp_path) == ["2021-03-05", "2021-03-12", "2021-03-19"]
    model, manifest = load_model(find_model(tmp_path, "line"))
    assert (manifest.name, manifest.training.fit_end) == ("line", DAYS[-1])
    expected = fitted("ridge", data=window(2)).files()
    assert model.files() == expected


@pytest.mark.parametrize(
    ("as_of", "found"),
    [
        (None, "2021-03-19"),
        (date(2030, 1, 1), "2021-03-19"),
        (date(2021, 3, 20), "2021-03-19"),
        (date(2021, 3, 19), "2021-03-12"),
        ("2021-03-12", "2021-03-05"),
        (pd.Timestamp("2021-03-18 16:00"), "2021-03-12"),
        (pd.Timestamp("2021-03-19 16:00"), "2021-03-12"),
    ],
)
def test_the_newest_fit_that_has_not_seen_the_date_is_found(as_of, found, tmp_path):
    """A fit that ended on the date itself has seen the date."""
    keep(tmp_path, *DAYS)
    assert find_model(tmp_path, "line", as_of=as_of) == tmp_path / "line" / found


def test_a_date_every_fit_has_seen_is_refused_with_those_there_are(tmp_path):
    keep(tmp_path, *DAYS)
    with pytest.raises(ModelError, match="AK-M039") as refused:
        find_model(tmp_path, "line", as_of=DAYS[0])
    assert refused.value.where == [f"fitted to {day}" for day in DAYS]
    assert "2021-03-05" in refused.value.what


def test_a_name_without_a_model_is_refused_with_the_nearest(tmp_path):
    keep(tmp_path, DAYS[0], name="momentum")
    with pytest.raises(ConfigError, match="did you mean 'momentum'"):
        find_model(tmp_path, "momentun")
    (tmp_path / "bare").mkdir()
    with pytest.raises(ModelError, match="bare has no fit"):
        find_model(tmp_path, "bare")
    with pytest.raises(ModelError, match=r"AK-M043[\s\S]*pipeline=modeling"):
        find_model(tmp_path / "nowhere", "line")


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "/tmp", "a b", "-a"])
def test_a_name_that_is_no_folder_is_refused(name, tmp_path):
    with pytest.raises(ModelError, match="AK-M038"):
        find_model(tmp_path, name)
    with pytest.raises(ModelError, match="AK-M038"):
        keep(tmp_path, DAYS[0], name=name)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_newest_fit_is_never_passed_over(tmp_path):
    keep(tmp_path, *DAYS)
    newest = tmp_path / "line" / "2021-03-19"
    (file,) = newest.glob("ridge-*.json")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelError, match=file.name):
        load_model(find_model(tmp_path, "line"))
    manifest = newest / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-9])
    with pytest.raises(ModelError, match=str(manifest)):
        find_model(tmp_path, "line")
    manifest.unlink()
    with pytest.raises(ModelError, match="AK-M030"):
        find_model(tmp_path, "line")
    find_model(tmp_path, "line", as_of=DAYS[-1])


def test_a_folder_in_the_place_of_another_is_refused(tmp_path):
    """Whole and sealed, but of another name, or of another date."""
    keep(tmp_path, *DAYS[:2])
    keep(tmp_path, DAYS[1], name="other")
    (tmp_path / "line" / "2021-03-05").rename(tmp_path / "line" / "2021-03-19")
    with pytest.raises(ModelError, match="fitted to 2021-03-05") as refused:
        find_model(tmp_path, "line")
    assert refused.value.code == "AK-M037"
    (tmp_path / "other" / "2021-03-12").rename(tmp_path / "line" / "2021-03-26")
    with pytest.raises(ModelError, match="other, fitted to"):
        find_model(tmp_path, "line")


def test_a_fit_to_the_same_date_is_replaced(tmp_path):
    keep(tmp_path, DAYS[0])
    keep(tmp_path, DAYS[0], kind="lightgbm")
    model, _ = load_model(find_model(tmp_path, "line"))
    assert model.kind == "lightgbm"
    assert len(list((tmp_path / "line" / "2021-03-05").iterdir())) == 2


def test_the_last_fits_stay_and_nothing_else_is_touched(tmp_path):
    keep(tmp_path, *DAYS)
    keep(tmp_path, DAYS[0], name="other")
    (tmp_path / "line" / "notes").mkdir()
    keep(tmp_path, date(2021, 3, 26), keep_last=2)
    assert days_in(tmp_path) == ["2021-03-19", "2021-03-26", "notes"]
    assert days_in(tmp_path, "other") == ["2021-03-05"]


def test_a_fit_of_the_past_stays_when_it_has_just_been_made(tmp_path):
    keep(tmp_path, *DAYS[1:])
    keep(tmp_path, DAYS[0], keep_last=1)
    assert days_in(tmp_path) == ["2021-03-05", "2021-03-19"]


@pytest.mark.parametrize("n_whole", [0, 2])
def test_a_write_that_fails_leaves_the_fits_there_were(n_whole, tmp_path, monkeypatch):
    from alpha_kedro.learning.storage import store

    keep(tmp_path, *DAYS[:n_whole])

    def disk_full(target, content):
        if target.name == "manifest.json":
            raise OSError(28, "No space left on device")
        target.write_bytes(content)

    with monkeypatch.context() as full:
        full.setattr(store, "write_bytes", disk_full)
        with pytest.raises(OSError, match="No space"):
            keep(tmp_path, DAYS[2])
    assert len(list_models(tmp_path)) == n_whole
    if n_whole:
        assert load_model(find_model(tmp_path, "line"))[1].name == "line"


def keep_for_ever(folder, started):
    """A new fit every day, old ones forgotten: the work of the process killed."""
    for day in pd.bdate_range("2021-04-01", periods=10_000):
        keep(folder, day.date(), some=KILLED, keep_last=3)
        started.set()


KILLED = fitted("ridge")


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_fits_alone(tmp_path):
    context = get_context("spawn")
    expected = KILLED.files()
    for moment in np.random.default_rng(2).uniform(0, 0.05, N_KILLS):
        started = context.Event()
        writer = context.Process(
            target=keep_for_ever, args=(tmp_path, started), daemon=True
        )
        writer.start()
        assert started.wait(timeout=120)
        time.sleep(moment)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        table = list_models(tmp_path)
        assert 1 <= len(table) <= 4
        assert (table["fault"] == "").all()
        model, _ = load_model(find_model(tmp_path, "line"))
        assert model.files() == expected
    keep(tmp_path, date(2099, 1, 1), keep_last=1)
    assert days_in(tmp_path) == ["2099-01-01"]


def test_the_list_says_what_is_there_and_what_is_broken(tmp_path):
    keep(tmp_path, *DAYS[:2])
    keep(tmp_path, DAYS[2], name="wrapped", some=surrounded("selection", "seeds"))
    (tmp_path / "line" / "2021-03-12" / "manifest.json").write_text("{}")
    table = list_models(tmp_path)
    assert table["name"].tolist() == ["line", "line", "wrapped"]
    assert table["fit_end"].dt.date.tolist() == DAYS
    assert table["wrappers"].tolist()[2] == "selection, seeds"
    assert table["fault"].tolist()[0] == table["fault"].tolist()[2] == ""
    assert table["fault"][1].startswith("AK-M031")
    assert table["n_features"].tolist()[::2] == [len(FEATURES), len(FEATURES)]
    assert table["trained_at"][0] == RECORD.trained_at
    assert table["bytes"][0] > 100
    assert pd.isna(table["horizon"][1])


def test_nothing_is_listed_where_nothing_is(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        table = list_models(folder)
        assert table.empty
        assert table["fit_end"].dtype == "datetime64[us]"


SPEC = EnsembleSpec.parse({"members": ["line", "trees"], "weighting": "rank_mean"}, "m")
WEIGHTS = MemberWeights(
    ("line", "trees"), np.array([0.25, 0.75]), "by hand", np.array([])
)


def keep_ensemble(folder, day=DAYS[2]):
    members = {"line": fitted("ridge"), "trees": fitted("lightgbm")}
    keep_model(members["line"], folder, "line", training=ended(DAYS[0]))
    keep_model(members["trees"], folder, "trees", training=ended(DAYS[1]))
    some = EnsembleModel.of(SPEC, WEIGHTS, members)
    dates = {"line": DAYS[0], "trees": DAYS[1]}
    keep_model(some, folder, "both", training=ended(day), members=dates)
    return some


def test_an_ensemble_comes_back_with_the_fits_it_was_made_of(tmp_path):
    """Later fits of its members make no difference to it."""
    some, data = keep_ensemble(tmp_path), rows(seed=1)
    keep(tmp_path, date(2021, 4, 2))
    again, manifest = load_model(find_model(tmp_path, "both"))
    given = data.X, data.context
    np.testing.assert_array_equal(again.score(*given), some.score(*given))
    assert manifest.members == {"line": DAYS[0], "trees": DAYS[1]}
    assert set(manifest.files) == {"ensemble.json"}
    assert manifest.chosen["weight_trees"] == 0.75
    assert isinstance(data.context, Context)


def test_an_ensemble_refuses_members_that_were_fitted_again(tmp_path):
    keep_ensemble(tmp_path)
    keep(tmp_path, DAYS[0], some=fitted("ridge", data=window(5)))
    with pytest.raises(ModelError, match="AK-M163"):
        load_model(find_model(tmp_path, "both"))


def test_an_ensemble_refuses_to_go_without_a_member(tmp_path):
    import shutil

    keep_ensemble(tmp_path)
    shutil.rmtree(tmp_path / "trees")
    with pytest.raises(ModelError, match="trees/2021-03-12 holds no model"):
        load_model(find_model(tmp_path, "both"))


def test_an_ensemble_that_is_its_own_member_is_refused(tmp_path):
    some = keep_ensemble(tmp_path)
    own = {"line": DAYS[2], "trees": DAYS[1]}
    keep_model(some, tmp_path, "line", training=ended(DAYS[2]), members=own)
    with pytest.raises(ModelError, match="AK-M162"):
        load_model(find_model(tmp_path, "line"))


def test_an_ensemble_of_another_format_is_refused(tmp_path):
    some = keep_ensemble(tmp_path)

    class Foreign(EnsembleModel):
        def files(self):
            return {"ensemble.json": b'{"members": []}'}

    other = Foreign(some.features, some.combination, some.members)
    dates = {"line": DAYS[0], "trees": DAYS[1]}
    keep_model(other, tmp_path, "both", training=ended(DAYS[2]), members=dates)
    with pytest.raises(ModelError, match="AK-M036"):
        load_model(find_model(tmp_path, "both"))


def test_fits_an_ensemble_is_made_of_are_never_swept_away(tmp_path):
    keep_ensemble(tmp_path)
    keep(tmp_path, DAYS[1], DAYS[2], date(2021, 3, 26), keep_last=1)
    assert days_in(tmp_path) == ["2021-03-05", "2021-03-26"]
    load_model(find_model(tmp_path, "both"))

"""docs/features.md is what is registered: docs/refresh_features.py writes it."""

import importlib
import re

import pytest
import yaml

from alpha_kedro.signals import FEATURES, FeatureSpec
from alpha_kedro.signals.formulas.parse import FIELDS, read_formula
from tests.architecture.house import PROJECT

PAGE = (PROJECT / "docs" / "features.md").read_text()
MOST_BYTES = 3_000_000


@pytest.fixture
def maker(monkeypatch):
    """What writes the page."""
    monkeypatch.syspath_prepend(PROJECT / "docs")
    return importlib.import_module("refresh_features")


def test_the_page_is_what_is_registered_now(maker):
    assert maker.refreshed(PAGE) == PAGE


def test_a_feature_nobody_wrote_up_is_seen(maker, monkeypatch):
    other = dict(FEATURES, unheard_of=FEATURES["gap"])
    monkeypatch.setattr(maker, "FEATURES", other)
    assert maker.refreshed(PAGE) != PAGE


def test_every_family_has_words_and_a_picture(maker):
    assert set(maker.families()) == set(maker.FAMILIES)
    pictures = [maker.picture_of(family) for family in maker.families()]
    assert [path.name for path in pictures if not path.exists()] == []
    assert sum(path.stat().st_size for path in pictures) < MOST_BYTES


def test_a_formula_is_written_so_that_it_can_be_read_again(maker):
    made = {name: each.formula for name, each in FEATURES.items()}
    for name, formula in made.items():
        if formula.operands:
            assert read_formula(maker.written(formula), where=name) is formula


def test_the_example_is_one_that_runs():
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    spec = FeatureSpec.parse(yaml.safe_load(example)["features"], "features")
    assert {"rsi_9", "stretch", "crowding"} <= {each.name for each in spec.chosen()}


def test_every_field_is_explained():
    table = PAGE.split("### Fields")[1].split("### Operators")[0]
    assert [name for name in FIELDS if f"`{name}`" not in table] == []

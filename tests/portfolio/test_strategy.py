"""Strategies as the parameters say them: read, refused, and written down again."""

from functools import cache
from pathlib import Path

import pytest
import yaml

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.portfolio import StrategySpec
from alpha_kedro.portfolio.construction import Legs, RiskWeights, TopN
from alpha_kedro.portfolio.strategy import refuse_cuts_of_members_undone
from tests.portfolio.traded_worlds import KINDS, RULES, overlay, parsed

CONF = Path(__file__).parents[2] / "conf"
M = {"model": "m"}


def refusal_of(block):
    with pytest.raises(ConfigError, match="AK-C003") as refused:
        parsed(block)
    return " ".join(refused.value.where)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_the_block_of_its_name(kind):
    spec = parsed(KINDS[kind])
    if spec.kind in ("quantile", "rank"):
        assert isinstance(spec.construction, Legs)
        assert spec.construction.kind == spec.kind
        assert spec.construction.name_cap == 0.5
    else:
        assert spec.construction is getattr(spec, spec.kind)


def test_a_block_that_is_null_has_the_defaults_of_its_kind():
    assert parsed({"kind": "top_n"} | M).construction == TopN()
    assert parsed({"kind": "risk_weights"}).construction == RiskWeights()
    assert parsed(M).construction == Legs()
    assert StrategySpec(model="m").kind == "quantile"


@pytest.mark.parametrize("kind", ["top_n", "quantile", "proportional"])
def test_the_block_of_another_kind_is_refused(kind):
    told = refusal_of({"kind": kind, "threshold": {"name_cap": 0.2}} | M)
    assert f"kind {kind} does not read threshold" in told
    assert "set kind to threshold" in told
    assert parsed({"kind": kind, "threshold": None} | M).kind == kind


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quantile", 0.1),
        ("neutral", "dollar"),
        ("long_gross", 1.0),
        ("short_gross", 1.0),
        ("name_cap", 0.1),
        ("gross_cap", 3.0),
        ("min_group_names", 2),
        ("min_names", 5),
    ],
)
def test_what_belongs_to_legs_is_refused_beside_another_kind(name, value):
    assert parsed({name: value} | M)
    told = refusal_of({"kind": "top_n", name: value} | M)
    assert f"{name} belong to kind quantile or rank" in told
    assert "kind top_n has a block top_n" in told


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_needed_where_scores_are_read_and_refused_elsewhere(kind):
    block = dict(KINDS[kind])
    if block.pop("model", None):
        assert "needs a model" in refusal_of(block)
        assert parsed(block | M).reads_scores
    else:
        assert not parsed(block).reads_scores
        assert "reads no scores: no model" in refusal_of(block | M)
        assert "no score_half_life" in refusal_of(block | {"score_half_life": 2.0})


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ({"trances": 3}, "unknown key, did you mean 'tranches'?"),
        ({"tranches": 0}, "greater than or equal to 1"),
        ({"quantile": 0.7}, "s.quantile: input should be less than or equal to 0.5"),
        ({"kind": "quantil"}, "s.kind: input should be 'quantile'"),
        ({"kind": "top_n", "top_n": {"buffr": 2}}, "s.top_n.buffr: unknown key, did"),
        (
            {"overlays": [{"kind": "volatilty_target"}]},
            "did you mean 'volatility_target'",
        ),
        ({"overlays": [{"kind": "xyz"}]}, "unknown kind 'xyz' (one of aim_portfolio, "),
        ({"overlays": [{"gross": 1.0}]}, "'kind'"),
        (
            {"overlays": [{"kind": "leverage_cap", "gros": 1.0}]},
            "did you mean 'gross'?",
        ),
        ({"overlays": [{"kind": "leverage_cap", "gross": -1.0}]}, "leverage_cap.gross"),
        ({"overlays": {"kind": "leverage_cap", "gross": 1.0}}, "s.overlays"),
        ({"score_half_life": 0.0}, "score_half_life must be above 0"),
        ({"score_half_life": -2.0}, "score_half_life must be above 0"),
        ({"score_half_life": "mesured"}, "should be 'measured'"),
    ],
)
def test_what_cannot_be_used_is_named(block, told):
    assert told in refusal_of(M | block)


def test_a_combination_names_its_members_once_and_at_least_two():
    assert "needs combination.members" in refusal_of({"kind": "combination"})
    for members, told in ((["a"], "at least 2"), (["a", "a"], "named twice")):
        block = {"kind": "combination", "combination": {"members": members}}
        assert told in refusal_of(block)
    block["combination"]["members"] = "a+b"
    assert parsed(block).members == ("a", "b")
    assert parsed(M).members == ()


def test_limits_that_no_book_can_satisfy_are_refused_before_any_run():
    impossible = [
        {"kind": "position_limits", "min": 0.9, "max": 1.0},
        {"kind": "leverage_cap", "gross": 0.1},
    ]
    with pytest.raises(ConfigError, match="AK-C185"):
        parsed(M | {"overlays": impossible})


CUTS = ("regime_gate", "implied_volatility_gate", "drawdown_control")


@pytest.mark.parametrize("cut", CUTS)
def test_a_target_behind_a_cut_would_undo_it_and_is_refused(cut):
    between = [overlay(cut), overlay("min_trade"), overlay("volatility_target")]
    with pytest.raises(ConfigError, match="AK-C187") as refused:
        parsed(M | {"overlays": between})
    assert refused.value.where == [f"{cut} before volatility_target"]
    assert "volatility_target first" in refused.value.fix
    assert parsed(M | {"overlays": between[::-1]}).cuts == (cut,)


def test_a_target_behind_the_gate_of_a_trend_is_refused():
    target = {"overlays": [overlay("volatility_target")]}
    for block in (KINDS["trend"], {"kind": "trend"}):
        with pytest.raises(ConfigError, match="AK-C187") as refused:
            parsed(block | target)
        assert refused.value.where == ["trend.benchmark SPY before volatility_target"]
    ungated = {"kind": "trend", "trend": {"benchmark": None}}
    assert parsed(ungated | target).cuts == ()


def test_a_combination_that_undoes_the_cuts_of_all_its_members_is_refused():
    target = {"overlays": [overlay("volatility_target")]}
    whole = {"kind": "combination", "combination": {"members": ["a", "b"]}}
    cut = parsed(M | {"overlays": [overlay("drawdown_control")]})
    known = {"a": cut, "b": parsed(KINDS["trend"]), "c": parsed(whole | target)}
    with pytest.raises(ConfigError, match="AK-C187") as refused:
        refuse_cuts_of_members_undone(known)
    assert refused.value.where == [
        "drawdown_control of a before volatility_target",
        "trend.benchmark SPY of b before volatility_target",
    ]
    refuse_cuts_of_members_undone(known | {"a": parsed(M)})
    refuse_cuts_of_members_undone(known | {"c": parsed(whole)})


@pytest.mark.parametrize("kind", RULES)
def test_every_overlay_is_read_by_its_kind_and_keeps_its_place(kind):
    block = M | {"overlays": [overlay(kind), overlay("leverage_cap"), overlay(kind)]}
    spec = parsed(block)
    assert [each.kind for each in spec.overlays] == [kind, "leverage_cap", kind]
    again = StrategySpec.parse(spec.model_dump(mode="json"), "again")
    assert again == spec


def test_every_overlay_a_strategy_knows_is_tried_in_these_tests():
    told = refusal_of(M | {"overlays": [{"kind": "xyz"}]})
    known = told.split("one of ")[1].rstrip(")").split(", ")
    assert sorted(known) == sorted(RULES)


def test_a_strategy_says_what_it_trades_beside_names_and_what_it_remembers():
    hedged = parsed(
        M
        | {
            "tranches": 4,
            "overlays": [
                {"kind": "sector_hedge", "hedges": ["XLE", "XLH"]},
                {"kind": "beta_hedge", "hedge": "SPY"},
                {"kind": "beta_hedge", "hedge": "XLE"},
            ],
        }
    )
    assert hedged.instruments == ("XLE", "XLH", "SPY")
    assert hedged.memory == 3
    assert parsed(M).instruments == ()
    assert parsed(M).memory == 0


# Every strategy that is written down in conf/.


def environments():
    return sorted(
        folder.name
        for folder in CONF.iterdir()
        if (folder / "parameters.yml").exists() and folder.name != "local"
    )


def named_in(environment):
    """Names in the library an environment sees, without loading all of Kedro."""
    files = sorted((CONF / "base").glob("parameters*.yml"))
    files += sorted((CONF / environment).glob("parameters*.yml"))
    libraries = [yaml.safe_load(file.read_text()) for file in files]
    return sorted(
        {name for own in libraries for name in own.get("strategy_library", {})}
    )


@cache
def library(environment, *, quick):
    from alpha_kedro.config import ExperimentConfigLoader
    from alpha_kedro.settings import CONFIG_LOADER_ARGS

    loader = ExperimentConfigLoader(
        conf_source=str(CONF),
        env=environment,
        runtime_params={"quick": quick},
        **CONFIG_LOADER_ARGS,
    )
    return loader["parameters"]["strategy_library"]


WRITTEN = [(env, name) for env in environments() for name in named_in(env)]


@pytest.mark.parametrize("quick", [False, True], ids=["full", "quick"])
@pytest.mark.parametrize(("environment", "name"), WRITTEN)
def test_a_strategy_of_conf_survives_being_written_down(environment, name, quick):
    block = library(environment, quick=quick)[name]
    spec = StrategySpec.parse(block, f"strategy_library.{name}")
    again = StrategySpec.parse(spec.model_dump(mode="json"), "again")
    assert again == spec
    assert again.construction == spec.construction
    assert again.model_dump(mode="json") == block


def test_no_strategy_of_conf_is_left_out():
    for environment in environments():
        assert sorted(library(environment, quick=False)) == named_in(environment)

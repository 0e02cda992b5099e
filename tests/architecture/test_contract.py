"""The names that users' scripts hold on to; a change here is a breaking change."""

import inspect
import re

import numpy as np
import pandas as pd
import pytest

from alpha_kedro import learning, market, measures, portfolio, signals
from alpha_kedro.pipeline_registry import register_pipelines
from tests.pipelines.runs import PROJECT


@pytest.mark.parametrize(
    ("function", "promised"),
    [
        (signals.build_features, ("bars", "features", "mask")),
        (
            measures.evaluate_factor,
            ("scores", "prices", "horizons", "quantiles", "groups"),
        ),
        (portfolio.simulate, ("weights", "prices", "costs", "lag")),
        (
            market.simulate_market,
            ("n_tickers", "n_sessions", "seed", "information_coefficient"),
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_public_function_takes_its_promised_arguments_by_name(function, promised):
    taken = inspect.signature(function).parameters
    assert [name for name in promised if name not in taken] == []


def test_defaults_are_the_promised_ones():
    def defaults(function):
        taken = inspect.signature(function).parameters.items()
        return {name: one.default for name, one in taken}

    evaluated = defaults(measures.evaluate_factor)
    assert evaluated["horizons"] == (1, 5, 10)
    assert evaluated["quantiles"] == 5
    assert evaluated["groups"] is None
    assert defaults(portfolio.simulate)["lag"] == 1
    assert defaults(signals.build_features)["mask"] is None


def wide(values):
    dates = pd.bdate_range("2020-01-01", periods=len(values))
    return pd.DataFrame(values, index=dates, columns=list("ABCDEFGHIJKL"))


def test_the_answers_have_their_promised_attributes():
    rng = np.random.default_rng(0)
    prices = wide(100 * np.exp(np.cumsum(rng.normal(0, 0.01, (80, 12)), axis=0)))
    scores = wide(rng.normal(size=(80, 12)))
    evaluated = measures.evaluate_factor(scores, prices)
    for name in ("ic", "quantile_returns", "turnover", "rank_autocorrelation"):
        assert len(getattr(evaluated, name))
    assert len(evaluated.summary())
    held = scores.sub(scores.mean(axis=1), axis=0).div(12)
    simulated = portfolio.simulate(held, prices)
    for name in ("nav", "returns", "trades", "costs", "holdings"):
        assert len(getattr(simulated, name))


def test_a_simulated_market_unpacks_into_bars_and_truth():
    bars, truth = market.simulate_market(
        n_tickers=20, n_sessions=80, seed=1, information_coefficient=0.05
    )
    assert {"date", "ticker", "open", "high", "low", "close", "volume"} <= {*bars}
    assert {"date", "ticker"} <= {*truth}


@pytest.mark.parametrize("splitter", ["WalkForward", "PurgedKFold"])
def test_splitters_speak_as_scikit_learn_does(splitter):
    kind = getattr(learning, splitter)
    assert {"split", "get_n_splits"} <= {*dir(kind)}


def test_the_pipelines_have_their_promised_names():
    assert {
        "ingestion",
        "feature_engineering",
        "modeling",
        "walk_forward",
        "backtesting",
        "reporting",
        "__default__",
    } <= set(register_pipelines())


def test_the_make_targets_have_their_promised_names():
    targets = re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.M)
    assert {"run", "test", "bench"} <= set(targets)

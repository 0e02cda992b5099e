"""Nothing is found where nothing was planted, and what was planted is found."""

from functools import cache

import numpy as np
import pytest

from alpha_kedro.learning import ModelSpec
from alpha_kedro.market import simulate_market
from alpha_kedro.measures import information_coefficients
from tests.causality.dag import experiment, raw_tables, run_dag

SKILL = 0.05
LEARNT = ("ridge", "lightgbm")
SHOWN = "close_location"  # where the simulated market shows its signal
STUDIES = {
    "noise": {"models": LEARNT},
    "planted": {
        "models": (*LEARNT[:1], SHOWN),
        "strategies": (f"sector_neutral_quintiles@{SHOWN}",),
    },
}
WITHIN_NULL = 0.0005, 0.9995
N_PERMUTATIONS = 2000


def settings(**chosen):
    factor = {"kind": "factor", "factor": {"feature": SHOWN, "sign": 1}}
    library = experiment().model_library | {SHOWN: ModelSpec.parse(factor, SHOWN)}
    return experiment().model_copy(update=chosen | {"model_library": library})


@cache
def market_of(skill, seed, n_tickers, n_sessions):
    return simulate_market(
        n_tickers, n_sessions, seed=seed, information_coefficient=skill
    )


@cache
def study(name, skill, seed, n_tickers, n_sessions):
    """Scores with the returns that followed them, and the books."""
    market = market_of(skill, seed, n_tickers, n_sessions)
    asked = ("labels", "predictions", *(("returns",) if name == "planted" else ()))
    made = run_dag(
        raw_tables(market), only_to=asked, settings=settings(**STUDIES[name])
    )
    labels = made["labels"][["date", "ticker", "fwd_ret"]]
    made["scored"] = made["predictions"].merge(labels)
    return made


def by_date(scored, model):
    found = information_coefficients(scored[scored["model"] == model])
    return found["rank_ic"].dropna().to_numpy()


def ranks(rows):
    """Scores and returns of one date as centred ranks of unit length."""
    placed = rows[["score", "fwd_ret"]].rank().to_numpy()
    centred = placed - placed.mean(axis=0)
    return centred / np.linalg.norm(centred, axis=0)


def null_of_the_mean(scored, model, *, rng):
    """Mean rank IC of scores dealt out again at random within each date."""
    known = scored[scored["model"] == model].dropna(subset=["score", "fwd_ret"])
    total, n_dates = np.zeros(N_PERMUTATIONS), 0
    for _, rows in known.groupby("date"):
        placed = ranks(rows)
        if np.isfinite(placed).all():
            decks = rng.permuted(np.tile(placed[:, 0], (N_PERMUTATIONS, 1)), axis=1)
            total += decks @ placed[:, 1]
            n_dates += 1
    return total / n_dates


def assert_nothing_found(model, seeds, size):
    rng = np.random.default_rng(1)
    drawn = [study("noise", 0.0, seed, *size)["scored"] for seed in seeds]
    found = np.mean([by_date(scored, model).mean() for scored in drawn])
    null = np.mean([null_of_the_mean(s, model, rng=rng) for s in drawn], axis=0)
    low, high = np.quantile(null, WITHIN_NULL)
    assert low < found < high


@pytest.mark.parametrize("model", LEARNT)
def test_no_model_finds_skill_in_a_market_without_any(model):
    assert_nothing_found(model, seeds=(1, 2), size=(50, 620))


@pytest.mark.slow
@pytest.mark.parametrize("model", LEARNT)
def test_no_model_finds_skill_in_many_markets_without_any(model, full_size):
    size = (200, 1500) if full_size else (80, 800)
    assert_nothing_found(model, seeds=range(11, 17 if full_size else 14), size=size)


def test_the_band_is_narrow_enough_to_see_a_leak():
    """A score that knows a tenth of the ranks of the outcome falls outside."""
    scored = study("noise", 0.0, 1, 50, 620)["scored"]
    ranked = scored.groupby(["model", "date"])
    told = ranked["score"].rank(pct=True) + 0.3 * ranked["fwd_ret"].rank(pct=True)
    leaky = scored.assign(score=told)
    null = null_of_the_mean(leaky, "ridge", rng=np.random.default_rng(1))
    assert by_date(leaky, "ridge").mean() > np.quantile(null, WITHIN_NULL[1])


def assert_planted_skill_is_found(seed, size):
    market = market_of(SKILL, seed, *size)
    scored = study("planted", SKILL, seed, *size)["scored"]
    wanted = market.theoretical_rank_ic
    of_factor = by_date(scored, SHOWN)
    error = of_factor.std(ddof=1) / np.sqrt(len(of_factor))
    assert abs(of_factor.mean() - wanted) < 3 * error
    assert of_factor.mean() > 2 * error


def test_planted_skill_comes_out_of_the_whole_dag():
    assert_planted_skill_is_found(seed=5, size=(120, 800))


@pytest.mark.slow
def test_planted_skill_comes_out_of_a_larger_market(full_size):
    assert_planted_skill_is_found(6, (400, 2000) if full_size else (150, 1000))


def test_the_oracle_has_the_skill_that_was_planted():
    market = market_of(SKILL, 5, 120, 800)
    labels = study("planted", SKILL, 5, 120, 800)["labels"]
    known = labels.merge(market.truth).rename(columns={"signal": "score"})
    found = by_date(known.assign(model="oracle"), "oracle")
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert abs(found.mean() - market.theoretical_rank_ic) < 3 * error


def test_a_model_learns_which_feature_shows_the_signal():
    scored = study("planted", SKILL, 5, 120, 800)["scored"]
    wide = scored.pivot_table(index=["date", "ticker"], columns="model", values="score")
    agreement = wide.groupby("date").corr(method="spearman")["ridge"]
    assert agreement.xs(SHOWN, level="model").mean() > 0.15
    assert by_date(scored, "ridge").mean() > 0


def test_the_book_on_planted_skill_earns_before_costs():
    books = study("planted", SKILL, 5, 120, 800)["returns"]
    earned = books["gross_return"]
    assert earned.mean() > 0
    assert np.prod(1 + earned) > np.prod(1 + books["net_return"])

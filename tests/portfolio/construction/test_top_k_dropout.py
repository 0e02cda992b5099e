import numpy as np
import pytest

from alpha_kedro.portfolio.construction import TopKDropout
from alpha_kedro.portfolio.construction.top_k_dropout import exchange
from alpha_kedro.portfolio.costs import NextRates
from tests.portfolio.construction.books import aimed, names, state, with_changes


def spec(**changes):
    return TopKDropout(**({"k": 3, "n_drop": 1, "invested": 1.0} | changes))


def test_the_first_book_buys_the_best_k_with_the_cash():
    aim = aimed(spec(invested=0.9), [1, 5, 4, 3, 2])
    np.testing.assert_allclose(aim.weights, [0, 0.3, 0.3, 0.3, 0])
    assert aim.notes == {}


def test_the_worst_holding_makes_room_for_the_best_other():
    held = np.array([0.31, 0.2, 0.4, 0, 0])
    aim = aimed(spec(), [5, 4, 1, 6, 7], holdings=held)
    np.testing.assert_array_equal(aim.weights[:2], held[:2])  # to the bit: no order
    assert aim.weights[2] == aim.weights[3] == 0.0
    assert aim.weights[4] == pytest.approx(1 - 0.51)


def test_none_is_sold_for_a_lower_score():
    held = np.array([0.3, 0.3, 0.3, 0, 0])
    weights = aimed(spec(), [5, 4, 3, 2, 1], holdings=held).weights
    np.testing.assert_array_equal(weights, held)


def test_a_holding_without_a_score_goes_first():
    held = np.array([0.3, 0.3, 0.3, 0])
    weights = aimed(spec(), [5, np.nan, 1, 2], holdings=held).weights
    np.testing.assert_allclose(weights, [0.3, 0, 0.3, 0.4])


def test_a_book_that_lacks_names_fills_up():
    held = np.array([0.3, 0, 0, 0, 0])
    weights = aimed(spec(), [1, 2, 3, 4, 5], holdings=held).weights
    # Beaten by every other, the holding goes too: three are bought.
    np.testing.assert_allclose(weights, [0, 0, 1 / 3, 1 / 3, 1 / 3])


def test_a_halted_holding_stays_and_a_stranger_goes():
    held = np.array([0.3, 0.3, 0.3, 0, 0])
    market = state(
        5, universe=[True, True, False, True, True], tradable=[False] + [True] * 4
    )
    aim = aimed(spec(), [1, 5, 9, 3, 4], market, holdings=held)
    np.testing.assert_allclose(aim.weights, [0.3, 0.3, 0, 0, 0.4])
    assert aim.notes == {"not_tradable": 1}


def test_what_selling_costs_is_not_spent_again():
    rates = NextRates(np.full(4, 0.01), np.zeros(4), np.zeros(4))
    market = with_changes(state(4), rates=rates)
    held = [0.3, 0.3, 0.4, 0]
    weights = aimed(spec(), [3, 2, 0, 1], market, holdings=held).weights
    assert weights[3] == pytest.approx(0.4 * 0.99)


def test_without_cash_nothing_is_bought():
    held = np.array([0.6, 0.5, 0, 0])
    aim = aimed(spec(), [4, 3, 2, 1], holdings=held)
    np.testing.assert_array_equal(aim.weights, held)
    assert aim.notes == {"no_cash": 1}


def test_without_scores_everything_is_kept():
    held = np.array([0.6, 0.3])
    aim = aimed(spec(), [np.nan, np.nan], holdings=held)
    np.testing.assert_array_equal(aim.weights, held)
    assert aim.notes == {"unscored": 2, "too_few_names": 1}


def exchanged_slowly(scores, held, k, n_drop):
    """The rules as they are told, name by name."""

    def best(group):
        return sorted(group, key=lambda name: -scores[name])

    others = best(set(scores) - set(held))
    candidates = others[: max(n_drop + k - len(held), 0)]
    marked = best(set(held) | set(candidates))[-n_drop:]
    sold = [name for name in held if name in marked]
    return set(sold), set(candidates[: max(len(sold) + k - len(held), 0)])


@pytest.mark.parametrize("seed", range(20))
def test_the_exchange_is_that_of_its_slow_twin(seed):
    rng = np.random.default_rng(seed)
    scores = rng.permutation(20).astype(float)
    held = np.zeros(20)
    held[rng.choice(20, rng.integers(0, 9), replace=False)] = 0.05
    k, n_drop = int(rng.integers(1, 9)), int(rng.integers(1, 5))
    weights = aimed(spec(k=k, n_drop=n_drop), scores, holdings=held).weights
    keys = names(20)
    sold, bought = exchanged_slowly(
        dict(zip(keys, scores, strict=True)), list(keys[held > 0]), k, n_drop
    )
    assert set(keys[(held > 0) & (weights == 0)]) == sold
    assert set(keys[(held == 0) & (weights > 0)]) == bought


def sorted_out(spec, free, held, scores, ties, tradable):
    """Sort everyone, mark the lowest, sell and buy."""
    room = spec.k - held.sum()
    known = np.where(np.isfinite(scores), scores, -np.inf)

    def best_first(names):
        return names[np.lexsort((ties[names], -known[names]))]

    candidates = best_first(np.flatnonzero(free))[: max(spec.n_drop + room, 0)]
    together = best_first(np.concatenate([np.flatnonzero(held), candidates]))
    marked = together[-spec.n_drop :]
    sold = marked[held[marked] & tradable[marked]]
    return set(sold), list(candidates[: max(len(sold) + room, 0)])


def test_the_kernel_exchanges_as_sorting_everyone_does():
    rng = np.random.default_rng(0)
    for _ in range(2_000):
        n_names = int(rng.integers(1, 30))
        own = TopKDropout(k=int(rng.integers(1, 12)), n_drop=int(rng.integers(1, 6)))
        scores = rng.integers(0, 6, n_names).astype(float)
        held = rng.random(n_names) < 0.3
        free = ~held & (rng.random(n_names) < 0.8)
        scores[held & (rng.random(n_names) < 0.2)] = np.nan
        ties = rng.permutation(n_names).astype(np.uint64)
        tradable = rng.random(n_names) < 0.9
        sold, bought = exchange(free, held, scores, ties, tradable, own.k, own.n_drop)
        wanted = sorted_out(own, free, held, scores, ties, tradable)
        assert (set(sold), list(bought)) == wanted

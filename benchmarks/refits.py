"""Refits of LightGBM over growing windows, beside the bare ``lightgbm.train`` calls.

The peer is what anybody would write: a Dataset from numpy, the same parameters, the
same number of rounds. Ours checks the rows, leaves useless columns out, bins, fits and
refuses a constant; its scores have to be the peer's to the last bit.
"""

from collections.abc import Sequence

import numpy as np

from alpha_kedro.learning import ModelSpec, TrainingData, make_model
from benchmarks.report import Report
from benchmarks.stopwatch import timed

HEADER = ("years", "rows", "lightgbm.train, CPU s", "ours", "ratio", "first_window")
N_FEATURES, WEEKS, PROBED = 158, 52, 5_000
BLOCK = {
    **{"num_leaves": 15, "learning_rate": 0.03, "min_data_in_leaf": 200},
    **{"feature_fraction": 0.5, "max_bin": 63},
}
BARE = {
    **{"objective": "l2", "seed": 7, "num_threads": 1, "verbosity": -1},
    **{"deterministic": True, "force_col_wise": True},
}


def measure_refits(*, tickers: int, years: Sequence[int], rounds: int) -> Report:
    """Time one fit of each window; all begin on the same date."""
    whole = window(tickers, max(years))
    bare_scores(whole.take(np.arange(tickers * WEEKS)), 1)  # loads the library
    rows, equal = [], True
    for count in years:
        known = whole.take(np.arange(tickers * WEEKS * count))
        theirs, bare = timed(lambda data=known: bare_scores(data, rounds))
        ours, own = timed(lambda data=known: our_scores(data, rounds, "per_fit"))
        _, shared = timed(lambda data=known: our_scores(data, rounds, "first_window"))
        equal &= bool(np.array_equal(theirs, ours))
        rows.append(
            [
                *(str(count), f"{len(known.y):,}"),
                *(f"{bare['cpu']:.1f}", f"{own['cpu']:.1f}"),
                f"{own['cpu'] / bare['cpu']:.2f}x",
                f"{shared['cpu'] / bare['cpu']:.2f}x",
            ]
        )
    told = "equal to the last bit" if equal else "DIFFERENT"
    notes = [f"{N_FEATURES} features, {rounds} rounds, one thread; scores {told}."]
    return Report("refits", HEADER, rows, notes, equal)


def window(tickers: int, years: int) -> TrainingData:
    """Return weekly rows of ranks, and labels that owe a little to some of them."""
    rng = np.random.default_rng(7)
    n = tickers * WEEKS * years
    X = (rng.random((n, N_FEATURES), dtype=np.float32) - 0.5).astype(np.float32)
    y = X[:, :5].sum(axis=1) * 0.05 + rng.normal(size=n)
    first = np.datetime64("2005-01-07", "us")
    dates = np.repeat(
        first + np.arange(WEEKS * years) * np.timedelta64(7, "D"), tickers
    )
    names = tuple(f"f{place:03d}" for place in range(N_FEATURES))
    return TrainingData(X, y, dates, dates + np.timedelta64(8, "D"), names)


def our_scores(data: TrainingData, rounds: int, binning: str) -> np.ndarray:
    """Fit as a fold does; score some rows."""
    block = {**BLOCK, "n_estimators": rounds, "binning": binning}
    spec = ModelSpec.parse({"kind": "lightgbm", "lightgbm": block}, "models.timed")
    return make_model(spec).fit(data, seed=7).score(data.X[:PROBED])


def bare_scores(data: TrainingData, rounds: int) -> np.ndarray:
    """Fit as anybody would, with the same parameters; score some rows."""
    import lightgbm

    params = {**BLOCK, **BARE}
    # Bins of a large window are made from a draw of its rows, ours always the same.
    rows = lightgbm.Dataset(data.X, data.y, params={**params, "seed": 0}).construct()
    booster = lightgbm.train(params, rows, num_boost_round=rounds)
    return np.asarray(booster.predict(data.X[:PROBED]))

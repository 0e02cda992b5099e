"""D1 to D5 through every node of the DAG: nothing dated t depends on a later input."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from alpha_kedro.learning import run_walk_forward
from alpha_kedro.pipelines.backtesting import nodes as backtesting
from alpha_kedro.pipelines.feature_engineering import nodes as feature_engineering
from alpha_kedro.pipelines.ingestion import nodes as ingestion
from tests.causality.dag import (
    TIMELY,
    assert_same_labels_until,
    assert_same_until,
    cut_off_after,
    experiment,
    garbled_after,
    garbled_on,
    run_dag,
    small_market,
)

SETTLED_AFTER = 10  # sessions after which an absence is a delisting
BLAS_ROUNDING = 1e-9
N_CUTS_FULL, N_CUTS_REDUCED = 20, 6


@pytest.fixture(scope="module")
def whole():
    return run_dag(small_market())


@pytest.fixture(scope="module")
def sessions():
    return pd.DatetimeIndex(np.unique(small_market().bars["date"]))


@pytest.fixture(scope="module")
def cuts(whole, sessions):
    """The first day a fold scores, a day within a week, and the last day but a few."""
    folds = whole["predictions"].groupby("fold")["date"].min()
    return folds.iloc[2], sessions[sessions.get_loc(folds.iloc[3]) - 7], sessions[-15]


def settled(sessions):
    def final(label_end):
        last = len(sessions) - 1
        rows = sessions.get_indexer(label_end) + SETTLED_AFTER
        late = pd.Series(sessions[np.minimum(rows, last)], index=label_end.index)
        return late.mask(rows > last, pd.Timestamp.max)

    return final


@pytest.mark.parametrize("place", range(3))
def test_nonsense_in_the_future_moves_nothing_of_the_past(whole, sessions, cuts, place):
    seen = run_dag(garbled_after(small_market(), cuts[place]))
    assert_same_until(seen, whole, cuts[place])
    assert_same_labels_until(seen, whole, cuts[place], settled=settled(sessions))


def test_nonsense_does_move_the_future(whole, cuts):
    seen = run_dag(garbled_after(small_market(), cuts[0]))
    for name in TIMELY:
        with pytest.raises(AssertionError):
            assert_same_until(seen, whole, pd.Timestamp.max, names=[name])


@pytest.mark.parametrize("place", [0, 1])
def test_a_history_cut_off_has_the_same_past(whole, sessions, cuts, place):
    seen = run_dag(cut_off_after(small_market(), cuts[place]))
    exact = ["features", "samples"]
    assert_same_until(seen, whole, cuts[place], names=exact)
    assert_same_labels_until(seen, whole, cuts[place], settled=settled(sessions))
    scored = ["predictions", "weights"]
    assert_same_until(seen, whole, cuts[place], names=scored, rtol=BLAS_ROUNDING)
    # The ledger writes a name off once its absence has lasted.
    known = sessions[sessions.get_loc(cuts[place]) - SETTLED_AFTER]
    assert_same_until(seen, whole, known, names=["returns"], rtol=BLAS_ROUNDING)


@pytest.mark.parametrize("place", [0, 2])
def test_a_bar_moves_no_decision_before_it(whole, sessions, cuts, place):
    seen = run_dag(garbled_on(small_market(), cuts[place]))
    eve = sessions[sessions.get_loc(cuts[place]) - 1]
    assert_same_until(seen, whole, eve)


def test_what_is_traded_on_a_day_is_settled_at_its_open(whole, cuts):
    """An order decided at a close and filled the same day would trade other amounts."""
    seen = run_dag(garbled_on(small_market(), cuts[0], but_the_open=True))
    traded, wanted = (
        tables["returns"].query("date == @day")["turnover"].to_numpy()
        for tables, day in ((seen, cuts[0]), (whole, cuts[0]))
    )
    assert wanted.min() >= 0
    np.testing.assert_array_equal(traded, wanted)


@pytest.mark.slow
def test_nonsense_at_many_cuts_moves_nothing_of_the_past(whole, sessions, full_size):
    n_cuts = N_CUTS_FULL if full_size else N_CUTS_REDUCED
    first = sessions.get_loc(whole["predictions"]["date"].min())
    for row in np.linspace(first, len(sessions) - 2, n_cuts).astype(int):
        seen = run_dag(garbled_after(small_market(), sessions[row]))
        assert_same_until(seen, whole, sessions[row])
        assert_same_labels_until(seen, whole, sessions[row], settled=settled(sessions))


def changed(function, change):
    """The function of a node, with something planted in what it returns."""
    return lambda *given, **named: change(function(*given, **named))


def with_tomorrow(features):
    """A feature one row late in its shift: it shows the value of the next session."""
    ahead = features.groupby("ticker")["momentum_5"].shift(-1)
    return features.assign(momentum_5=ahead.astype("float32"))


def scaled_by_the_sample(samples):
    values = samples["momentum_5"] - samples["momentum_5"].mean()
    return samples.assign(momentum_5=values.astype("float32"))


def repaired_by_the_sample(clean):
    """Outliers pulled in to a quantile of the whole sample."""
    limit = clean.bars["volume"].quantile(0.99)
    object.__setattr__(
        clean, "bars", clean.bars.assign(volume=clean.bars["volume"].clip(upper=limit))
    )
    return clean


def sized_by_the_sample(books):
    risk = books.returns["net_return"].std()
    scaled = books.weights["weight"] * (0.01 / risk)
    object.__setattr__(books, "weights", books.weights.assign(weight=scaled))
    return books


LEAKS = [
    (feature_engineering, "build_features", with_tomorrow, "features"),
    (feature_engineering, "build_samples", scaled_by_the_sample, "samples"),
    (ingestion, "clean_bars", repaired_by_the_sample, "features"),
    (backtesting, "trade_all", sized_by_the_sample, "weights"),
]


@pytest.mark.parametrize(
    ("node", "name", "leak", "shows_in"),
    LEAKS,
    ids=[leak[2].__name__ for leak in LEAKS],
)
def test_a_planted_leak_is_caught(monkeypatch, cuts, node, name, leak, shows_in):
    monkeypatch.setattr(node, name, changed(getattr(node, name), leak))
    market = small_market()
    asked = {
        "only_to": (shows_in, "predictions") if shows_in == "weights" else (shows_in,)
    }
    leaky, seen = (
        run_dag(inputs, **asked) for inputs in (market, garbled_after(market, cuts[0]))
    )
    with pytest.raises(AssertionError, match=shows_in):
        assert_same_until(seen, leaky, cuts[0], names=[shows_in])


def test_labels_dated_too_early_are_caught(monkeypatch, sessions, cuts):
    """Without an embargo a wrong ``label_end`` lets a fit see the week it scores."""

    def misdated(labels):
        next_day = sessions[sessions.get_indexer(labels["date"]) + 1]
        return labels.assign(label_end=next_day)

    plan = experiment().walk_forward.model_copy(update={"embargo": 0})
    asked = {
        "only_to": ("predictions",),
        "settings": experiment().model_copy(update={"walk_forward": plan}),
    }
    market, day = small_market(), cuts[0]
    garbled = garbled_after(market, day)
    honest, seen = (run_dag(inputs, **asked) for inputs in (market, garbled))
    assert_same_until(seen, honest, day, names=["predictions"])
    build = changed(feature_engineering.build_labels, misdated)
    monkeypatch.setattr(feature_engineering, "build_labels", build)
    leaky, seen = (run_dag(inputs, **asked) for inputs in (market, garbled))
    with pytest.raises(AssertionError, match="score"):
        assert_same_until(seen, leaky, day, names=["predictions"])


def mean_rank_ic(whole, feature):
    """Rank IC of a ridge that is given one feature more, out of sample."""
    samples = whole["samples"].assign(told=feature.astype("float32"))
    settings = experiment()
    result = run_walk_forward(
        samples,
        whole["labels"],
        models={"ridge": settings.model_library["ridge"]},
        spec=settings.walk_forward,
        seed=0,
        execution=settings.execution,
        sessions=np.unique(small_market().bars["date"]),
    )
    known = result.predictions.dropna(subset=["score", "label"])
    dated = known.groupby("date")[["score", "label"]]
    return np.mean([spearmanr(rows)[0] for _, rows in dated])


def test_a_label_told_when_it_is_known_helps_nobody(whole):
    keys = whole["samples"][["date", "ticker"]]
    told = whole["labels"][["label_end", "ticker", "label"]].sort_values("label_end")
    late = pd.merge_asof(keys, told, left_on="date", right_on="label_end", by="ticker")[
        "label"
    ]
    assert late.notna().mean() > 0.8
    assert abs(mean_rank_ic(whole, late)) < 0.15


def test_a_label_told_at_the_decision_is_seen_by_the_rank_ic(whole):
    keys = whole["samples"][["date", "ticker"]]
    leaked = keys.merge(whole["labels"], how="left")["label"]
    assert mean_rank_ic(whole, leaked) > 0.9

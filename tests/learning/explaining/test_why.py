"""Why a name has its rank: relative parts, by hand, that add up to the distance."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.context import Background
from alpha_kedro.learning.ensemble import EnsembleModel, EnsembleSpec, MemberWeights
from alpha_kedro.learning.explaining.why import why
from alpha_kedro.learning.scoring import scoring
from tests.learning.planted import BLOCKS, FEATURES, LEARNED, fitted
from tests.learning.surrounded import ORDER, rows, surrounded

N_NAMES = 12
DAY = pd.Timestamp("2020-11-06")
NAMES = [f"T{place:02d}" for place in range(N_NAMES)]


def section(seed=4, missing=0.1):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N_NAMES, len(FEATURES))).astype(np.float32)
    X[rng.random(X.shape) < missing] = np.nan
    keys = {"date": DAY, "ticker": NAMES, "sector": ["one", "two", "two"] * 4}
    return pd.DataFrame(keys).join(pd.DataFrame(X, columns=list(FEATURES)))


BACKGROUND = Background(states=rows().context.background.states)


def explained(model, ticker=NAMES[3], table=None):
    table = section() if table is None else table
    return why(model, table, ticker, background=BACKGROUND)


def scores(model, table):
    return scoring(model, table, background=BACKGROUND)


def test_a_linear_rank_by_hand():
    """What a name's value adds beyond the mean name's: coefficient x distance."""
    some, table = fitted("ridge"), section(missing=0)
    told = explained(some, table=table)
    weights, chain = some.weights, some.weights.preprocessing.standardisation
    slope = np.array(weights.coefficients) / np.array(chain.scales)
    X = table[list(FEATURES)].to_numpy(dtype=np.float64)
    by_hand = dict(zip(FEATURES, slope * (X[3] - X.mean(axis=0)), strict=True))
    found = told.parts.set_index("feature")["relative"]
    for name, value in by_hand.items():
        assert found[name] == pytest.approx(value, rel=1e-6)
    assert found["bias"] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("wrappers", [(), *[(each,) for each in ORDER], ORDER], ids=str)
def test_parts_add_up_to_the_distance_from_the_mean_name(wrappers):
    told = explained(surrounded(*wrappers))
    distance = told.score - told.mean_score
    assert told.parts["relative"].sum() == pytest.approx(distance, rel=1e-12)
    assert told.parts["feature"].tolist()[-1] == "bias"
    sizes = told.parts["relative"].abs().iloc[:-1]
    assert sizes.is_monotonic_decreasing
    assert ("neutralized" in told.note) == ("neutralize" in wrappers)


@pytest.mark.parametrize("kind", LEARNED)
def test_rank_score_and_percentiles_are_those_of_the_cross_section(kind):
    some, table = fitted(kind), section()
    told, given = explained(some, table=table), scores(some, section())
    assert told.score == given[3]
    assert told.mean_score == pytest.approx(given.mean())
    assert told.rank == 1 + (given > given[3]).sum()
    assert told.n_ranked == N_NAMES
    assert told.parts["relative"].sum() == pytest.approx(given[3] - given.mean())
    parts = told.parts.set_index("feature")
    for name in FEATURES:
        values = table[name].astype(float)
        if np.isnan(values[3]):
            assert np.isnan(parts.loc[name, "percentile"])
            continue
        mid_rank = values.rank()[3] - 0.5
        assert parts.loc[name, "percentile"] == pytest.approx(mid_rank / values.count())
        assert parts.loc[name, "value"] == values[3]


def test_the_mean_name_stands_out_by_nothing():
    table = section(missing=0)
    one = table.iloc[[0] * 3].assign(ticker=NAMES[:3])
    told = explained(fitted("lightgbm"), NAMES[1], one)
    assert (told.parts["relative"].abs() < 1e-12).all()
    assert (told.rank, told.n_ranked) == (1, 3)
    assert (told.parts["percentile"].dropna() == 0.5).all()


def test_the_rank_is_that_of_the_scores_that_are_traded():
    some, table = surrounded("neutralize"), section()
    given = scores(some, table)
    told = explained(some)
    assert told.rank == 1 + (given > given[3]).sum()
    assert told.score == scores(some.inner, table)[3]


def test_the_whole_is_one_tidy_table_and_readable_text():
    told = explained(fitted("ridge"))
    table = told.to_frame()
    assert list(table)[:4] == ["date", "ticker", "feature", "value"]
    assert (table["ticker"] == NAMES[3]).all()
    text = str(told)
    assert f"{NAMES[3]} is {told.rank} of 12 on 2020-11-06 (ridge)" in text
    best = told.parts[told.parts["relative"] > 0].iloc[0]
    assert f"{best['feature']} {best['relative']:+.3g}" in text
    assert "raised by:" in text
    assert "lowered by:" in text
    assert "bias" not in text


def test_a_missing_value_is_called_missing():
    table = section(missing=0)
    table.loc[3, "value"] = np.nan
    assert "(missing)" in str(explained(fitted("lightgbm"), table=table))


def test_chance_is_said_to_be_chance():
    told = explained(fitted("random"))
    assert told.parts.empty
    assert "random model credits no feature" in str(told)
    assert told.to_frame().empty


def test_an_ensemble_tells_the_share_of_each_member():
    members = {name: fitted(name) for name in ("lightgbm", "ridge")}
    names = tuple(sorted(members))
    spec = EnsembleSpec(members=names, weighting="rank_mean")
    weights = MemberWeights(
        names, np.array([0.2, 0.8]), "by hand", np.array([], dtype=np.int64)
    )
    some, table = EnsembleModel.of(spec, weights, members), section()
    told, given = explained(some, table=table), scores(some, table)
    assert told.score == given[3]
    assert told.parts["relative"].sum() == pytest.approx(given[3] - given.mean())
    parts = told.parts.set_index("feature")
    for name, weight in zip(names, (0.2, 0.8), strict=True):
        own = pd.Series(scores(members[name], table))
        rank = (own.rank() - 1) / (N_NAMES - 1) - 0.5
        assert parts.loc[name, "contribution"] == pytest.approx(weight * rank[3])
        assert parts.loc[name, "value"] == own[3]
    assert parts.loc["bias", "relative"] == pytest.approx(0, abs=1e-12)
    assert "members" in told.note


def test_a_name_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(ModelError, match="did you mean 'T03'") as refused:
        explained(fitted("ridge"), "T033")
    assert refused.value.code == "AK-M042"
    assert "2020-11-06" in refused.value.what


def test_a_name_without_a_score_is_refused():
    table = section(missing=0)
    table.loc[3, "value"] = np.nan
    with pytest.raises(ModelError, match="AK-M041"):
        explained(fitted("factor"), table=table)
    told = explained(fitted("factor"), NAMES[4], table)
    assert told.n_ranked == N_NAMES - 1


def test_rows_of_several_dates_or_none_are_refused():
    table = section()
    both = pd.concat([table, table.assign(date=DAY + pd.Timedelta("7D"))])
    for wrong in (both, table.iloc[:0]):
        with pytest.raises(ModelError, match="AK-M040"):
            explained(fitted("ridge"), table=wrong)


@pytest.mark.parametrize("kind", sorted(set(BLOCKS) - {"random"}))
def test_every_kind_can_be_asked(kind):
    told = explained(fitted(kind), NAMES[5], section(missing=0))
    assert len(told.parts) == len(FEATURES) + 1
    assert told.parts["relative"].sum() == pytest.approx(told.score - told.mean_score)

"""Models side by side: by hand, by a slow twin, and against what is planted."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.measures import NotAvailable, compare_models, hac_mean, measure_models
from alpha_kedro.measures.evidence import EvidenceSpec
from alpha_kedro.measures.model_comparison import comparison_facts

NAN = np.nan
NAMES = [f"T{place:02d}" for place in range(24)]
SECTORS = pd.DataFrame(
    {"ticker": NAMES, "sector": [f"S{place % 4}" for place in range(len(NAMES))]}
)


def draw(*models: str, n_dates: int = 60, seed: int = 0, names=NAMES):
    """Return scores that know the returns a little, of sectors with returns alike."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2019-06-07", periods=n_dates, freq="7D").as_unit("us")
    index = pd.MultiIndex.from_product([dates, names], names=["date", "ticker"])
    labels = index.to_frame(index=False).assign(horizon=5)
    labels["fwd_ret"] = rng.normal(0, 0.03, len(labels))
    scores = [
        labels[["date", "ticker"]].assign(
            model=model,
            score=0.2 * labels["fwd_ret"] + rng.normal(0, 0.03, len(labels)),
        )
        for model in models
    ]
    return pd.concat(scores, ignore_index=True), labels


def whole(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["span"] == "all"].set_index("model")


def slow_neutral_ic(predictions, labels, sectors, *, model, min_names=10):
    """Return date by date what `scipy` gives for scores and returns less means."""
    own = predictions[predictions["model"] == model]
    joined = own.merge(labels, on=["date", "ticker"]).merge(sectors, on="ticker")
    joined = joined[np.isfinite(joined["score"]) & np.isfinite(joined["fwd_ret"])]
    found = {}
    for date, names in joined.groupby("date"):
        parts = [part for _, part in names.groupby("sector") if len(part) >= 2]
        kept = pd.concat(parts) if parts else names.iloc[:0]
        if len(kept) < min_names:
            continue
        by_sector = kept.groupby("sector")
        score = kept["score"] - by_sector["score"].transform("mean")
        outcome = kept["fwd_ret"] - by_sector["fwd_ret"].transform("mean")
        found[date] = stats.spearmanr(score, outcome).statistic
    return pd.Series(found)


def test_what_is_left_within_sectors_by_hand():
    # A: scores 1 2, returns 10 20; B: scores 30 20 10, returns 1 2 3. Less the means:
    # scores -.5 .5 10 0 -10, returns -5 5 -1 0 1: ranks 2 4 5 3 1 and 1 5 2 3 4.
    # Hand: d^2 = 1 + 1 + 9 + 0 + 9 = 20, 1 - 6 * 20 / (5 * 24) = 0.
    names = list("abcde")
    one = {"date": pd.Timestamp("2020-01-03"), "ticker": names}
    predictions = pd.DataFrame({**one, "model": "m", "score": [1, 2, 30, 20, 10.0]})
    labels = pd.DataFrame({**one, "horizon": 5, "fwd_ret": [10, 20, 1, 2, 3.0]})
    sectors = pd.DataFrame({"ticker": names, "sector": list("AABBB")})
    row = whole(compare_models(predictions, labels, sectors, min_names=5)).loc["m"]
    assert row["sector_neutral_n_dates"] == 1
    assert np.isnan(row["rank_ic"])  # a mean has a standard error from two dates on
    again = predictions.assign(date=pd.Timestamp("2020-01-10"))
    later = labels.assign(date=pd.Timestamp("2020-01-10"))
    two = compare_models(
        pd.concat([predictions, again]),
        pd.concat([labels, later]),
        sectors,
        min_names=5,
    )
    row = whole(two).loc["m"]
    assert row["sector_neutral_rank_ic"] == pytest.approx(0.0, abs=1e-12)
    # As they are: ranks 1 2 5 4 3 and 4 5 1 2 3, d^2 = 9 + 9 + 16 + 4 + 0 = 38.
    assert row["rank_ic"] == pytest.approx(1 - 6 * 38 / 120)


def test_the_kernels_agree_with_a_slow_twin():
    predictions, labels = draw("a", "b", seed=3)
    rng = np.random.default_rng(4)
    predictions.loc[rng.random(len(predictions)) < 0.1, "score"] = NAN
    labels.loc[rng.random(len(labels)) < 0.1, "fwd_ret"] = NAN
    sectors = SECTORS.iloc[:-2].copy()  # of two names nothing is known
    sectors.loc[0, "sector"] = "alone"
    table = whole(compare_models(predictions, labels, sectors, reference="a"))
    slow = {
        model: slow_neutral_ic(predictions, labels, sectors, model=model)
        for model in ("a", "b")
    }
    for model, expected in slow.items():
        found = hac_mean(expected)
        row = table.loc[model]
        assert row["sector_neutral_rank_ic"] == pytest.approx(found.mean, rel=1e-10)
        assert row["sector_neutral_rank_ic_t"] == pytest.approx(found.t, rel=1e-8)
        ratio = expected.mean() / expected.std()
        assert row["sector_neutral_icir"] == pytest.approx(ratio, rel=1e-10)
    gap = hac_mean((slow["b"] - slow["a"]).dropna())
    assert table.loc["b", "sector_neutral_paired"] == pytest.approx(gap.mean, rel=1e-8)
    assert table.loc["b", "sector_neutral_paired_t"] == pytest.approx(gap.t, rel=1e-8)


def test_the_plain_numbers_are_those_of_the_evidence():
    predictions, labels = draw("a", "b", seed=1)
    table = whole(compare_models(predictions, labels))
    evidence = measure_models(
        predictions, labels, frequency="weekly", spec=EvidenceSpec()
    )
    for model, row in table.iterrows():
        facts = evidence[model].summary
        assert row["rank_ic"] == facts["rank_ic"]
        assert row["rank_ic_t"] == facts["rank_ic_t"]
        assert row["icir"] == facts["rank_ic_ir"]
        assert row["n_dates"] == facts["n_dates"]


def test_knowing_the_sectors_alone_is_no_skill_within_them():
    predictions, labels = draw("knows_sectors", n_dates=40)
    sector = predictions["ticker"].map(SECTORS.set_index("ticker")["sector"])
    lift = sector.map({"S0": 0.1, "S1": 0.23, "S2": -0.13, "S3": -0.31})
    labels["fwd_ret"] += lift.to_numpy()
    row = whole(
        compare_models(predictions.assign(score=0.7 * lift), labels, SECTORS)
    ).iloc[0]
    assert row["rank_ic"] > 0.8
    assert row["n_dates"] == 40
    # The scores of a sector are all one: nothing is left, and not rounding errors.
    assert row["sector_neutral_n_dates"] == 0
    assert np.isnan(row["sector_neutral_rank_ic"])


def test_a_lift_of_a_sector_moves_nothing_within_it():
    predictions, labels = draw("m")
    sector = predictions["ticker"].map(SECTORS.set_index("ticker")["sector"])
    lift = sector.map({"S0": 1.0, "S1": 2.0, "S2": -1.0, "S3": -3.0})
    lifted = predictions.assign(score=predictions["score"] + lift)
    one = whole(compare_models(predictions, labels, SECTORS)).iloc[0]
    other = whole(compare_models(lifted, labels, SECTORS)).iloc[0]
    assert other["rank_ic"] != pytest.approx(one["rank_ic"], abs=1e-3)
    name = "sector_neutral_rank_ic"
    assert other[name] == pytest.approx(one[name], abs=1e-12)


def test_sectors_count_as_they_were_on_the_date():
    predictions, labels = draw("m", n_dates=20)
    middle = labels["date"].unique()[10]
    before = SECTORS.assign(start=pd.NaT, end=middle - pd.Timedelta(days=1))
    after = SECTORS.assign(start=middle, end=pd.NaT)
    after["sector"] = after["sector"].to_numpy()[::-1]
    dated = pd.concat([before, after], ignore_index=True)
    halves = [
        slow_neutral_ic(part, labels, sectors, model="m")
        for part, sectors in (
            (predictions[predictions["date"] < middle], before),
            (predictions[predictions["date"] >= middle], after),
        )
    ]
    row = whole(compare_models(predictions, labels, dated)).iloc[0]
    expected = pd.concat(halves).mean()
    assert row["sector_neutral_rank_ic"] == pytest.approx(expected, rel=1e-10)


def test_periods_are_years_and_three_parts_of_the_dates():
    predictions, labels = draw("a", "b", n_dates=60)
    table = compare_models(predictions, labels, SECTORS)
    own = table[table["model"] == "b"]
    assert own[["span", "period", "n_dates"]].to_numpy().tolist() == [
        ["all", "all", 60],
        ["year", "2019", 30],
        ["year", "2020", 30],
        ["part", "1 of 3", 20],
        ["part", "2 of 3", 20],
        ["part", "3 of 3", 20],
    ]
    last = predictions["date"].unique()[40:]
    alone = predictions["date"].isin(last)
    again = whole(compare_models(predictions[alone], labels, SECTORS)).loc["b"]
    part = own.iloc[-1]
    for name in ("rank_ic", "sector_neutral_rank_ic_t", "paired_t", "start", "end"):
        assert part[name] == again[name]


def test_parts_begin_where_they_are_cut():
    predictions, labels = draw("m", n_dates=10)
    dates = predictions["date"].unique()
    table = compare_models(predictions, labels, cuts=[dates[7], dates[2]])
    parts = table[table["span"] == "part"]
    assert parts["period"].tolist() == ["1 of 3", "2 of 3", "3 of 3"]
    assert parts["start"].tolist() == [dates[0], dates[2], dates[7]]
    assert parts["n_dates"].tolist() == [2, 5, 3]
    early = compare_models(predictions, labels, cuts=[pd.Timestamp("2000-01-01")])
    assert early[early["span"] == "part"]["period"].tolist() == ["2 of 2"]


def test_pairs_are_dates_on_which_both_have_a_coefficient():
    predictions, labels = draw("a", "b", "c", n_dates=30)
    dates = predictions["date"].unique()
    late = (predictions["model"] == "b") & (predictions["date"] < dates[5])
    table = whole(compare_models(predictions[~late], labels, SECTORS, reference="b"))
    assert table["n_paired"].tolist() == [25, 0, 25]
    assert table["reference"].unique().tolist() == ["b"]
    assert table["n_models"].unique().tolist() == [3]
    assert np.isnan(table.loc["b", "paired_t"])
    other_way = whole(compare_models(predictions[~late], labels, reference="a"))
    assert other_way.loc["b", "paired_t"] == pytest.approx(-table.loc["a", "paired_t"])


def test_a_model_and_its_copy_differ_by_nothing_and_have_no_t():
    predictions, labels = draw("a")
    copy = predictions.assign(model="copy")
    row = whole(compare_models(pd.concat([predictions, copy]), labels)).loc["copy"]
    assert row["paired"] == 0
    assert np.isnan(row["paired_t"])


def test_without_sectors_nothing_is_known_within_them():
    predictions, labels = draw("m")
    table = compare_models(predictions, labels)
    assert table["sector_neutral_rank_ic"].isna().all()
    assert (table["sector_neutral_n_dates"] == 0).all()
    assert table["rank_ic"].notna().all()


def test_facts_carry_the_reason_why_there_is_none():
    predictions, labels = draw("a", "b")
    facts = comparison_facts(compare_models(predictions, labels))
    assert list(facts["b"]) == [
        *("sector_neutral_rank_ic", "sector_neutral_rank_ic_t", "sector_neutral_icir"),
        "paired_t",
    ]
    alone, within = facts["a"]["paired_t"], facts["b"]["sector_neutral_rank_ic"]
    assert isinstance(alone, NotAvailable)
    assert "set beside" in alone.reason
    assert isinstance(within, NotAvailable)
    assert within.reason == "0 values, at least 2 needed"
    assert np.isfinite(facts["b"]["paired_t"])
    copy = pd.concat([predictions, predictions[predictions["model"] == "a"]])
    copy.iloc[-len(predictions) // 2 :, copy.columns.get_loc("model")] = "z"
    same = comparison_facts(compare_models(copy, labels))["z"]["paired_t"]
    assert isinstance(same, NotAvailable)
    assert "no variation" in same.reason


def test_an_unknown_reference_is_refused_with_the_nearest_name():
    predictions, labels = draw("ridge")
    with pytest.raises(ConfigError) as caught:
        compare_models(predictions, labels, reference="rigde")
    assert caught.value.code == "AK-C002"
    assert "ridge" in str(caught.value)


def test_order_of_rows_matters_to_nothing_once_the_reference_is_named():
    predictions, labels = draw("a", "b")
    shuffled = predictions.sample(frac=1, random_state=2)
    one = compare_models(predictions, labels, SECTORS, reference="a")
    other = compare_models(shuffled, labels, SECTORS, reference="a")
    pd.testing.assert_frame_equal(one, other)

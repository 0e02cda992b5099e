import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.core.panel import Axes, gather
from alpha_kedro.signals.samples import SampleSpec, build_samples

NAN = np.nan
AXES = Axes.of(pd.date_range("2024-01-01", periods=3), ["A", "B", "C"])
SECTORS = pd.DataFrame({"ticker": ["B", "A"], "sector": ["Energy", "Utilities"]})
EVERY_DAY = np.ones(3, dtype=bool)
EVERYBODY = np.ones(AXES.shape, dtype=bool)


def features_of(**columns):
    cells = {name: np.asarray(cell, dtype=np.float32) for name, cell in columns.items()}
    return gather(AXES, cells)


def samples_of(features, spec=None, mask=EVERYBODY, decisions=EVERY_DAY, **kwargs):
    spec = spec or SampleSpec()
    return build_samples(
        features, axes=AXES, mask=mask, decisions=decisions, spec=spec, **kwargs
    )


def random_features(seed):
    rng = np.random.default_rng(seed)
    trend = rng.normal(size=AXES.shape)
    trend[rng.random(AXES.shape) < 0.2] = NAN
    weekday = np.repeat(np.arange(3.0)[:, None], 3, axis=1)
    return features_of(trend=trend, day_of_week=weekday)


def test_members_of_decision_dates_are_ranked_among_themselves():
    features = features_of(trend=[[1, 2, 3], [5, 4, 9], [1, 2, 3]])
    mask = np.array([[True, True, True], [True, True, False], [True, True, True]])
    decisions = np.array([False, True, True])
    samples = samples_of(features, mask=mask, decisions=decisions, sectors=SECTORS)
    assert samples["date"].dt.day.tolist() == [2, 2, 3, 3, 3]
    assert samples["ticker"].tolist() == ["A", "B", "A", "B", "C"]
    assert samples["trend"].tolist() == [0.5, -0.5, -0.5, 0.0, 0.5]


def test_columns_and_types_are_those_of_the_samples_table():
    samples = samples_of(random_features(0), sectors=SECTORS)
    assert {name: str(kind) for name, kind in samples.dtypes.items()} == {
        "date": "datetime64[us]",
        "ticker": "str",
        "sector": "str",
        "trend": "float32",
        "day_of_week": "float32",
    }


def test_a_ticker_without_a_sector_is_unknown():
    features = features_of(trend=np.ones(AXES.shape))
    samples = samples_of(features, sectors=SECTORS)
    assert samples["sector"].tolist()[:3] == ["Utilities", "Energy", "UNKNOWN"]
    assert set(samples_of(features)["sector"]) == {"UNKNOWN"}


def test_a_ticker_has_the_sector_of_the_date():
    moved = pd.DataFrame(
        {
            "ticker": ["A", "A"],
            "sector": ["Energy", "Utilities"],
            "start": [pd.NaT, AXES.dates[1]],
            "end": [pd.Timestamp(AXES.dates[0]), pd.NaT],
        }
    )
    samples = samples_of(features_of(trend=np.ones(AXES.shape)), sectors=moved)
    of_a = samples[samples["ticker"] == "A"]["sector"].tolist()
    assert of_a == ["Energy", "Utilities", "Utilities"]
    assert set(samples["sector"][samples["ticker"] != "A"]) == {"UNKNOWN"}


def test_calendar_features_are_left_as_they_are():
    samples = samples_of(random_features(0), SampleSpec(transform="z_score"))
    assert (samples["day_of_week"] == samples["date"].dt.day - 1).all()


def test_a_row_with_a_missing_feature_stays_and_the_feature_stays_missing():
    features = features_of(
        trend=[[1, 2, 3]] * 3, value=[[NAN, 1, 2], [1, NAN, 2], [1, 2, NAN]]
    )
    samples = samples_of(features)
    assert len(samples) == 9
    assert samples["value"].tolist()[:3] == pytest.approx([NAN, -0.5, 0.5], nan_ok=True)
    assert samples.attrs["left_out"] == {"no_feature": 0}


def test_a_row_without_any_feature_is_left_out_and_counted():
    features = features_of(
        trend=[[NAN, 2, 3], [1, 2, 3], [1, 2, 3]], day_of_week=np.ones(AXES.shape)
    )
    absent = (features["ticker"] == "C") & (features["date"] == AXES.dates[2])
    samples = samples_of(features[~absent])
    assert len(samples) == 7
    assert samples.attrs["left_out"] == {"no_feature": 2}


def test_calendar_features_alone_are_features_enough():
    features = features_of(day_of_week=np.ones(AXES.shape))
    assert len(samples_of(features)) == 9


def test_z_scores_of_winsorized_values():
    features = features_of(trend=[[0, 1, 200]] * 3)
    spec = SampleSpec(transform="none", winsorize=0.25)
    assert samples_of(features, spec)["trend"].tolist()[:3] == [0.5, 1.0, 100.5]
    spec = SampleSpec(transform="z_score")
    expected = (np.array([0, 1, 200]) - 67) / np.std([0, 1, 200], ddof=1)
    scored = samples_of(features, spec)["trend"][:3]
    np.testing.assert_allclose(scored, expected, rtol=1e-6)


def test_without_a_transform_members_keep_their_values():
    features = random_features(1)
    samples = samples_of(features, SampleSpec(transform="none"))
    known = features.dropna(subset="trend")
    assert samples["trend"].tolist() == known["trend"].tolist()


def test_scores_by_name():
    features = features_of(trend=[[0, 1, 200]] * 3)
    unit = 0.6744897501960817  # median absolute deviation of a normal variable
    for transform, expected in [
        ("normal_score", [-unit, 0, unit]),
        ("robust_z_score", [-unit, 0, 199 * unit]),
    ]:
        scored = samples_of(features, SampleSpec(transform=transform))["trend"]
        assert scored[:3].tolist() == pytest.approx(expected, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), order=st.permutations(range(9)))
def test_the_order_of_the_rows_does_not_matter(seed, order):
    features = random_features(seed)
    pd.testing.assert_frame_equal(
        samples_of(features.iloc[order]), samples_of(features), check_exact=True
    )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), level=st.floats(-1e6, 1e6, width=32))
def test_a_name_outside_the_universe_changes_no_bit_of_the_others(seed, level):
    features = random_features(seed)
    mask = EVERYBODY.copy()
    mask[:, 1] = False
    garbled = features.assign(
        trend=features["trend"].where(features["ticker"] != "B", np.float32(level))
    )
    pd.testing.assert_frame_equal(
        samples_of(garbled, mask=mask), samples_of(features, mask=mask)
    )


@pytest.mark.parametrize(
    "transform", ["rank", "normal_score", "z_score", "robust_z_score", "none"]
)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_later_features_change_no_earlier_sample(transform, seed):
    features, spec = random_features(seed), SampleSpec(transform=transform)
    early = features["date"] <= AXES.dates[1]
    garbled = pd.concat([features[early], random_features(seed + 1)[~early]])
    one, other = samples_of(features, spec), samples_of(garbled, spec)
    pd.testing.assert_frame_equal(
        one[one["date"] <= AXES.dates[1]], other[other["date"] <= AXES.dates[1]]
    )


def test_a_feature_moved_within_the_date_is_seen():
    features = features_of(trend=[[1, 2, 3]] * 3)
    other = features_of(trend=[[1, 2, 3], [9, 2, 3], [1, 2, 3]])
    assert not samples_of(features).equals(samples_of(other))


def test_a_base_sample_tells_of_no_exposures():
    assert "no_exposure" not in samples_of(random_features(0)).attrs


def test_no_decision_is_no_sample():
    samples = samples_of(random_features(0), decisions=np.zeros(3, dtype=bool))
    assert samples.empty
    assert list(samples) == ["date", "ticker", "sector", "trend", "day_of_week"]


def test_a_feature_row_that_stands_twice_is_refused():
    features = random_features(0)
    with pytest.raises(DataError, match="AK-D001"):
        samples_of(pd.concat([features, features.tail(1)]))


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"transform": "ranks"}, "samples.transform"),
        ({"keep_row": ["month"]}, "did you mean 'keep_raw'?"),
        ({"winsorize": 0.5, "transform": "none"}, "less than 0.5"),
        ({"winsorize": 0.01}, "winsorize only blurs ranks"),
        ({"winsorize": 0.01, "transform": "normal_score"}, "only blurs ranks"),
    ],
)
def test_a_wrong_sample_block_is_explained(block, said):
    with pytest.raises(ConfigError) as refusal:
        SampleSpec.parse(block, "samples")
    assert said in str(refusal.value)


def test_a_list_of_yaml_and_a_word_of_the_command_line_name_raw_features():
    assert SampleSpec.parse({"keep_raw": ["a", "b"]}, "").keep_raw == ("a", "b")
    assert SampleSpec.parse({"keep_raw": "a+b"}, "").keep_raw == ("a", "b")

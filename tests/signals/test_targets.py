"""Labels that are surprises, and the labels of several horizons."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Axes
from alpha_kedro.signals import LabelSpec, Yardsticks, rank
from alpha_kedro.signals.targets import targets
from tests.signals.test_labels import labels_of, panel_of, random_market

SHAPE = (4, 30)
EXPOSURES = ("beta", "size")
AXES = Axes.of(
    pd.bdate_range("2023-01-02", periods=SHAPE[0]), [f"N{i:02}" for i in range(30)]
)
EVERYBODY = np.ones(SHAPE, dtype=bool)


def features(seed=0):
    rng = np.random.default_rng(seed)
    keys = pd.MultiIndex.from_product([AXES.dates, AXES.tickers]).to_frame(index=False)
    keys.columns = ["date", "ticker"]
    drawn = rng.uniform(0.1, 1, (len(keys), 3)).astype(np.float32)
    return keys.join(pd.DataFrame(drawn, columns=["volatility", *EXPOSURES]))


def yardsticks(spec, table=None, members=EVERYBODY):
    table = features() if table is None else table
    return Yardsticks.of(table, axes=AXES, members=members, spec=spec)


def returns(seed=1):
    return np.random.default_rng(seed).normal(0, 0.03, SHAPE)


def spec_of(**changed):
    return LabelSpec(kind="raw", **changed)


def test_a_surprise_is_a_return_in_units_of_the_names_own_volatility():
    spec = spec_of(scale="volatility")
    measured = yardsticks(spec)
    label = targets(returns(), groups=None, yardsticks=measured, spec=spec)
    np.testing.assert_allclose(label * measured.scale, returns(), rtol=1e-12)


def test_a_name_without_a_scale_above_zero_has_no_label():
    spec, table = spec_of(scale="volatility"), features()
    table.loc[:1, "volatility"] = [0.0, np.nan]
    label = targets(
        returns(), groups=None, yardsticks=yardsticks(spec, table), spec=spec
    )
    assert np.isnan(label[0, :2]).all()
    assert np.isfinite(label).sum() == label.size - 2


def test_a_residual_is_what_a_regression_of_the_date_leaves():
    spec = spec_of(neutralize=(*EXPOSURES, "sector"))
    measured = yardsticks(spec)
    sectors = np.arange(30) % 3
    label = targets(returns(), groups=sectors, yardsticks=measured, spec=spec)
    for day in range(SHAPE[0]):
        intercepts = np.eye(3)[sectors]
        design = np.column_stack([intercepts, *measured.exposures[:, day]])
        known = np.linalg.lstsq(design, returns()[day], rcond=None)[0]
        np.testing.assert_allclose(label[day], returns()[day] - design @ known)


def test_exposures_are_ranks_among_members_and_a_missing_one_is_the_middle():
    spec, table = spec_of(neutralize=EXPOSURES), features()
    table.loc[0, "beta"] = np.nan
    members = EVERYBODY.copy()
    members[:, -5:] = False
    measured = yardsticks(spec, table, members)
    wanted = table["beta"].to_numpy(dtype=float).reshape(SHAPE)
    ranks = rank(wanted, mask=members)
    assert measured.exposures[0, 0, 0] == 0
    assert (measured.exposures[0, :, -5:] == 0).all()
    np.testing.assert_array_equal(measured.exposures[0, 1:, :25], ranks[1:, :25])


def test_a_residual_is_ranked_last():
    raw, ranked = (
        LabelSpec(kind=kind, scale="volatility", neutralize=EXPOSURES)
        for kind in ("raw", "rank")
    )
    measured = yardsticks(raw)
    plain = targets(returns(), groups=None, yardsticks=measured, spec=raw)
    label = targets(returns(), groups=None, yardsticks=measured, spec=ranked)
    np.testing.assert_array_equal(label, rank(plain))


@pytest.mark.parametrize("asked", [{"scale": "volatility"}, {"neutralize": EXPOSURES}])
def test_yardsticks_are_not_forgotten(asked):
    with pytest.raises(ConfigError, match="AK-C149"):
        targets(returns(), groups=None, yardsticks=None, spec=spec_of(**asked))


def test_a_misspelt_yardstick_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match="did you mean 'beta'"):
        spec_of(neutralize=("betta",)).require_features(["beta", "size"])


def test_each_horizon_has_the_labels_it_would_have_alone():
    prices = random_market(3)
    several = labels_of(
        prices, LabelSpec(horizon=5, more_horizons=(1, 3), frequency="daily")
    )
    for horizon in (1, 3, 5):
        alone = labels_of(prices, LabelSpec(horizon=horizon, frequency="daily"))
        own = several[several["horizon"] == horizon].reset_index(drop=True)
        pd.testing.assert_frame_equal(own, alone, check_exact=True)


@pytest.mark.parametrize("more", [(5,), (1, 1), (0,), (253,)])
def test_horizons_are_each_named_once_and_in_range(more):
    with pytest.raises(ValueError, match="more_horizons"):
        LabelSpec(horizon=5, more_horizons=more)


def test_the_longest_horizon_says_how_much_history_is_needed():
    spec = LabelSpec(horizon=1, more_horizons=(9,), frequency="daily")
    with pytest.raises(Exception, match=r"lag 1 \+ horizon 9"):
        labels_of(panel_of(np.ones((8, 2))), spec)

"""D1 on a dated map: a reclassification moves nothing that is dated before it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.causality.dag import (
    assert_same_until,
    experiment,
    reclassified,
    run_dag,
    small_market,
)

SECTOR_BASED = ("labels", "features", "samples", "weights")
MODEL = "momentum_12_1"
STRATEGY = f"sector_neutral_quintiles@{MODEL}"


def sector_experiment():
    """Everything that can read a sector does: a feature, the labels and the books."""
    base = experiment()
    names = (*base.features.names, "sector_id")
    return base.model_copy(
        update={
            "features": base.features.model_copy(update={"names": names}),
            "labels": base.labels.model_copy(update={"kind": "sector_rank"}),
            "models": (MODEL,),
            "strategies": (STRATEGY,),
            "headline": STRATEGY,
        }
    )


def run(inputs):
    return run_dag(inputs, only_to=SECTOR_BASED, settings=sector_experiment())


@pytest.fixture(scope="module")
def sessions():
    return pd.DatetimeIndex(np.unique(small_market().bars["date"]))


@pytest.fixture(scope="module")
def dated(sessions):
    return reclassified(small_market(), sessions[420], share=0.3)


@pytest.fixture(scope="module")
def whole(dated):
    return run(dated)


@pytest.mark.parametrize("row", [430, 555, 690])
def test_a_later_reclassification_moves_nothing_before_it(whole, dated, sessions, row):
    day = sessions[row]
    seen = run(reclassified(dated, sessions[row + 1], seed=row))
    assert_same_until(seen, whole, day, names=SECTOR_BASED)
    for name in ("features", "samples"):
        with pytest.raises(AssertionError):
            assert_same_until(seen, whole, pd.Timestamp.max, names=[name])


def test_from_a_reclassification_on_everything_is_as_if_it_had_always_held(
    whole, dated, sessions
):
    day, by_name = sessions[420], ("labels", "samples", "weights")
    last = dated.sectors.drop_duplicates("ticker", keep="last")
    before = run(small_market())
    after = run(replace(dated, sectors=last[["ticker", "sector"]]))
    assert_same_until(before, whole, day - pd.Timedelta(days=1), names=SECTOR_BASED)
    for name in by_name:
        found, wanted = (dated_from(tables[name], day) for tables in (whole, after))
        pd.testing.assert_frame_equal(found, wanted, check_exact=True)
        with pytest.raises(AssertionError):
            assert_same_until(before, whole, pd.Timestamp.max, names=[name])
    pd.testing.assert_frame_equal(
        partition_on(whole, day), partition_on(after, day), check_exact=True
    )


def dated_from(table, day):
    """The rows from a day on, without the numbers that sectors happen to have."""
    kept = table[table["date"] >= day].drop(columns="sector_id", errors="ignore")
    return kept.reset_index(drop=True)


def partition_on(tables, day):
    """Which names share a group on a day, whatever numbers the groups have."""
    today = tables["features"].query("date == @day")
    group, _ = pd.factorize(today["sector_id"], use_na_sentinel=False)
    return today[["ticker"]].assign(group=group).reset_index(drop=True)

"""A number that cannot be given says why."""

import copy
import json
import math
import pickle

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.measures import NotAvailable, average, plain, sharpe_ratio
from alpha_kedro.measures.availability import obstacle


def test_a_number_that_is_not_available_is_a_nan_with_its_reason():
    number = NotAvailable("zero volatility")
    assert isinstance(number, float)
    assert math.isnan(number)
    assert number.reason == "zero volatility"
    assert repr(number) == "NotAvailable('zero volatility')"


def test_the_reason_survives_copying_and_the_trip_between_processes():
    number = NotAvailable("no benchmark")
    assert pickle.loads(pickle.dumps(number)).reason == "no benchmark"
    assert copy.deepcopy(number).reason == "no benchmark"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], "0 values, at least 2 needed"),
        ([0.01], "1 values, at least 2 needed"),
        ([0.01, np.nan, np.inf], "2 of 3 values are missing"),
        ([0.01, 0.01, 0.01], "zero volatility"),
        ([0.01, 0.02], None),
    ],
)
def test_every_obstacle_is_named(values, reason):
    assert obstacle(np.array(values), variation=True) == reason


def test_a_guarded_measure_takes_lists_arrays_and_series_alike():
    values = [0.01, -0.02, 0.03]
    answers = {average(kind(values)) for kind in (list, np.array, pd.Series)}
    assert answers == {average(values)}
    assert sharpe_ratio(pd.Series(dtype=float)).reason == "0 values, at least 2 needed"


def test_nulls_are_named_by_their_dotted_path():
    tree = {
        "models": {"ridge": {"ic": NotAvailable("no dates"), "n": np.int64(3)}},
        "ci": (np.float64(1.5), float("inf")),
        "start": pd.Timestamp("2020-01-02"),
        "none": None,
        2020: float("nan"),
    }
    body, reasons = plain(tree)
    assert body == {
        "models": {"ridge": {"ic": None, "n": 3}},
        "ci": [1.5, None],
        "start": "2020-01-02",
        "none": None,
        "2020": None,
    }
    assert reasons == {
        "models.ridge.ic": "no dates",
        "ci.1": "infinite",
        "2020": "not a number",
    }
    json.dumps(body, allow_nan=False)

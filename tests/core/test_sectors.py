import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.sectors import sector_codes

TABLE = pd.DataFrame({"ticker": ["B", "A"], "sector": ["Energy", "Utilities"]})


def test_sectors_are_numbered_in_the_order_of_their_names():
    codes = sector_codes(TABLE, ["A", "B", "C"])
    assert codes.tolist() == [1, 0, -1]
    assert codes.dtype == np.int64


def test_the_order_of_the_rows_numbers_nothing():
    assert sector_codes(TABLE.iloc[::-1], ["A", "B"]).tolist() == [1, 0]


def test_without_sectors_no_ticker_has_one():
    assert sector_codes(None, ["A", "B"]).tolist() == [-1, -1]


def test_a_ticker_with_two_sectors_is_refused_and_named():
    twice = pd.concat([TABLE, TABLE.iloc[:1]])
    with pytest.raises(DataError, match="AK-D053") as refused:
        sector_codes(twice, ["A", "B"])
    assert refused.value.where == ["B"]

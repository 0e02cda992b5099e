"""A table written and read part by part is the table itself."""

import pandas as pd
import pytest

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.files import read_parquet
from alpha_kedro.core.stored_table import StoredTable, write_parts


def make_parts() -> list[pd.DataFrame]:
    days = pd.date_range("2024-01-02", periods=3, unit="us")
    return [
        pd.DataFrame({"date": days, "ticker": name, "close": [1.0, 2.0, 3.0]})
        for name in ("AA", "BB", "CC")
    ]


@pytest.fixture
def stored(tmp_path):
    target = tmp_path / "bars.parquet"
    assert write_parts(target, iter(make_parts())) == 9
    return StoredTable(target)


def test_the_parts_together_are_the_table(stored):
    whole = pd.concat(make_parts(), ignore_index=True)
    assert len(stored) == 9
    assert stored.columns == ["date", "ticker", "close"]
    pd.testing.assert_frame_equal(stored.read(), whole)
    pd.testing.assert_frame_equal(read_parquet(stored.path), whole)
    again = pd.concat(stored.parts(), ignore_index=True)
    pd.testing.assert_frame_equal(again, whole)
    assert [list(part) for part in stored.parts(["close"])] == [["close"]] * 3


def test_rows_of_some_tickers_come_in_the_order_of_the_file(stored):
    assert list(stored.rows_of(["CC", "AA"])["ticker"]) == ["AA"] * 3 + ["CC"] * 3
    assert stored.rows_of(["ZZ"]).empty


def test_a_failing_source_leaves_the_last_good_table(stored):
    def broken():
        yield make_parts()[0]
        raise ConnectionError("the vendor hung up")

    with pytest.raises(ConnectionError):
        write_parts(stored.path, broken())
    assert len(StoredTable(stored.path)) == 9
    assert [path.name for path in stored.path.parent.iterdir()] == ["bars.parquet"]


@pytest.mark.parametrize(
    "parts", [[], [make_parts()[0], make_parts()[1].drop(columns="close")]]
)
def test_parts_that_do_not_fit_are_refused(tmp_path, parts):
    with pytest.raises(DataError, match="AK-D003"):
        write_parts(tmp_path / "bars.parquet", parts)


def test_a_flipped_bit_is_an_error_however_the_table_is_read(stored):
    content = bytearray(stored.path.read_bytes())
    content[60] ^= 1
    stored.path.write_bytes(bytes(content))
    reads = (stored.read, lambda: list(stored.parts()), lambda: stored.rows_of(["AA"]))
    for read in reads:
        with pytest.raises(DataError, match="AK-D002"):
            read()

"""A table written and read part by part is the table itself."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core import stored_table
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


@pytest.fixture
def small_parts(monkeypatch):
    """Two rows to a row group, so that a few rows make many."""
    monkeypatch.setattr(stored_table, "ROWS_PER_PART", 2)


def test_the_parts_together_are_the_table(stored):
    whole = pd.concat(make_parts(), ignore_index=True)
    assert len(stored) == 9
    assert stored.columns == ["date", "ticker", "close"]
    pd.testing.assert_frame_equal(stored.read(), whole)
    pd.testing.assert_frame_equal(read_parquet(stored.path), whole)
    again = pd.concat(stored.parts(), ignore_index=True)
    pd.testing.assert_frame_equal(again, whole)
    assert [list(part) for part in stored.parts(["close"])] == [["close"]]


def test_parts_are_of_one_size_however_the_source_cut_them(tmp_path, small_parts):
    whole = pd.concat(make_parts(), ignore_index=True)
    target = tmp_path / "bars.parquet"
    contents, hashes = set(), set()
    for cuts in ([], [1], [8], [2, 2, 7], list(range(9))):
        pairs = pairwise([0, *cuts, 9])
        write_parts(target, [whole.iloc[first:last] for first, last in pairs])
        table = StoredTable(target)
        assert [len(part) for part in table.parts()] == [2, 2, 2, 2, 1]
        pd.testing.assert_frame_equal(table.read(), whole)
        contents.add(target.read_bytes())
        hashes.add(table.content_hash())
    assert len(contents) == len(hashes) == 1


def test_the_hash_is_the_same_in_any_file_that_holds_the_rows(tmp_path, small_parts):
    whole = pd.concat(make_parts(), ignore_index=True)
    hashes = set()
    for rows in (1, 4, 9):
        whole.to_parquet(tmp_path / "theirs.parquet", row_group_size=rows, index=False)
        hashes.add(StoredTable(tmp_path / "theirs.parquet").content_hash())
    assert len(hashes) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.assign(close=rows["close"].where(rows.index != 4, 9.0)),
        lambda rows: rows.iloc[:-1],
        lambda rows: rows.iloc[::-1],
        lambda rows: rows.rename(columns={"close": "open"}),
        lambda rows: rows.astype({"close": "float32"}),
        lambda rows: rows.assign(ticker=rows["ticker"].where(rows.index != 8, None)),
    ],
)
def test_another_content_has_another_hash(stored, change):
    before = stored.content_hash()
    write_parts(stored.path, [change(stored.read())])
    assert StoredTable(stored.path).content_hash() != before


def test_an_empty_table_keeps_its_columns(tmp_path):
    nothing = make_parts()[0].iloc[:0]
    write_parts(tmp_path / "bars.parquet", [nothing, nothing])
    table = StoredTable(tmp_path / "bars.parquet")
    assert len(table) == 0
    for read in (table.read(), table.rows_of(["AA"]), *table.parts()):
        pd.testing.assert_frame_equal(read, nothing)
    assert [len(part) for part in table.parts(["close"])] == [0]


def test_rows_of_some_tickers_come_in_the_order_of_the_file(stored):
    assert list(stored.rows_of(["CC", "AA"])["ticker"]) == ["AA"] * 3 + ["CC"] * 3
    assert stored.rows_of(["ZZ"]).empty
    assert stored.rows_of([]).empty


NAMES = st.lists(st.sampled_from(["A", "B", "ÄÖ", "NA", "日本", None]), max_size=12)


@settings(max_examples=40, deadline=None)
@given(held=NAMES, wanted=NAMES)
def test_rows_of_is_a_selection(tmp_path_factory, held, wanted):
    rows = pd.DataFrame(
        {"ticker": pd.Series(held, dtype="str"), "row": np.arange(len(held))}
    )
    target = tmp_path_factory.mktemp("t") / "t.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored_table, "ROWS_PER_PART", 3)
        write_parts(target, [rows])
        found = StoredTable(target).rows_of(wanted)
    assert list(found["row"]) == [
        row for row, name in enumerate(held) if name in wanted
    ]


def test_row_groups_without_the_ticker_are_not_read(stored, small_parts, monkeypatch):
    write_parts(stored.path, make_parts())
    table, read = StoredTable(stored.path), []
    group = table._group
    monkeypatch.setattr(table, "_group", lambda n: read.append(n) or group(n))
    table.rows_of(["AA"])
    assert read == [0, 1]


def test_categories_and_foreign_row_groups_are_read_too(tmp_path):
    whole = pd.concat(make_parts(), ignore_index=True).astype({"ticker": "category"})
    pq.write_table(
        pa.Table.from_pandas(whole),
        tmp_path / "theirs.parquet",
        row_group_size=4,
    )
    table = StoredTable(tmp_path / "theirs.parquet")
    assert list(table.rows_of(["BB"])["close"]) == [1.0, 2.0, 3.0]


def test_an_open_table_stays_what_it_was_when_a_new_one_is_written(stored):
    write_parts(stored.path, [part.assign(close=9.0) for part in make_parts()])
    assert stored.read()["close"].max() == 3.0
    assert stored.rows_of(["AA"])["close"].max() == 3.0
    assert StoredTable(stored.path).rows_of(["AA"])["close"].eq(9.0).all()


def test_a_failing_source_leaves_the_last_good_table(stored):
    def broken():
        yield make_parts()[0]
        raise ConnectionError("the vendor hung up")

    with pytest.raises(ConnectionError):
        write_parts(stored.path, broken())
    assert len(StoredTable(stored.path)) == 9
    assert [path.name for path in stored.path.parent.iterdir()] == ["bars.parquet"]


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [make_parts()[0], make_parts()[1].drop(columns="close")],
        [make_parts()[0], make_parts()[1].assign(close="1,234.5")],
        [make_parts()[0].assign(close=[1.0, "one", None])],
    ],
)
def test_parts_that_do_not_fit_are_refused(tmp_path, parts):
    with pytest.raises(DataError, match="AK-D003"):
        write_parts(tmp_path / "bars.parquet", parts)
    assert list(tmp_path.iterdir()) == []


def test_a_flipped_bit_is_an_error_however_the_table_is_read(stored):
    content = bytearray(stored.path.read_bytes())
    content[60] ^= 1
    stored.path.write_bytes(bytes(content))
    reads = (
        stored.read,
        lambda: list(stored.parts()),
        lambda: stored.rows_of(["AA"]),
        stored.content_hash,
    )
    for read in reads:
        with pytest.raises(DataError, match="AK-D002"):
            read()

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.fingerprint import (
    hash_file,
    hash_parameters,
    hash_sources,
    hash_table,
)
from alpha_kedro.core.spec import Spec


def bars():
    return pd.DataFrame(
        {
            "date": pd.to_datetime(["2024-01-02", "2024-01-03", None]),
            "ticker": pd.array(["A", None, "B"], dtype="str"),
            "close": [1.5, np.nan, -0.5],
            "volume": [1, 2, 3],
            "halted": [True, False, False],
        }
    )


def test_the_same_table_has_the_same_hash_for_ever():
    known = "1331ec9d991aab716043d7e9435cc3ed2a91a8dff6eadfa80aa7024e061424bd"
    assert hash_table(bars()) == known


@pytest.mark.parametrize(
    "stored",
    [
        lambda t: t.assign(date=t["date"].astype("datetime64[ns]")),
        lambda t: t.assign(date=t["date"].astype("datetime64[s]")),
        lambda t: t.assign(ticker=t["ticker"].astype("object")),
        lambda t: t.assign(ticker=t["ticker"].astype("category")),
        lambda t: t.assign(close=-np.array([-1.5, np.nan, 0.5])),
        lambda t: t.set_index(pd.Index([7, 8, 9])),
    ],
)
def test_the_way_content_is_stored_makes_no_difference(stored):
    assert hash_table(stored(bars())) == hash_table(bars())


@pytest.mark.parametrize(
    "changed",
    [
        lambda t: t.rename(columns={"close": "open"}),
        lambda t: t.iloc[::-1],
        lambda t: t.iloc[:2],
        lambda t: t[["ticker", "date", "close", "volume", "halted"]],
        lambda t: t.assign(close=t["close"].astype("float32")),
        lambda t: t.assign(close=[1.5, np.nan, np.nextafter(-0.5, 0)]),
        lambda t: t.assign(close=[1.5, 0.0, -0.5]),
        lambda t: t.assign(ticker=["A", "", "B"]),
        lambda t: t.assign(date=t["date"] + pd.Timedelta(microseconds=1)),
        lambda t: t.assign(halted=[False, False, False]),
    ],
)
def test_any_change_of_content_changes_the_hash(changed):
    assert hash_table(changed(bars())) != hash_table(bars())


def test_text_cannot_slip_from_one_cell_to_the_next():
    left = pd.DataFrame({"ticker": ["AB", "C"]})
    assert hash_table(left) != hash_table(pd.DataFrame({"ticker": ["A", "BC"]}))


def test_nullable_numbers_hash_by_value():
    missing = pd.DataFrame({"x": pd.array([1, None], dtype="Int64")})
    assert hash_table(missing) == hash_table(pd.DataFrame({"x": [1.0, np.nan]}))


def test_a_table_hashes_the_same_after_a_parquet_round_trip(tmp_path):
    bars().to_parquet(tmp_path / "bars.parquet", index=False)
    assert hash_table(pd.read_parquet(tmp_path / "bars.parquet")) == hash_table(bars())


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(st.sampled_from(["A", "B", None, ""]), min_size=2, max_size=6),
    order=st.randoms(use_true_random=False),
)
def test_tables_hash_alike_exactly_when_they_are_equal(values, order):
    moved = list(values)
    order.shuffle(moved)
    left, right = pd.DataFrame({"t": values}), pd.DataFrame({"t": moved})
    assert (hash_table(left) == hash_table(right)) == (values == moved)


class Block(Spec):
    horizon: int = 5


def test_neither_key_order_nor_the_kind_of_list_changes_the_hash_of_parameters():
    left = {"a": {"x": 1, "y": (1, 2)}, "b": date(2020, 1, 31), "c": Block()}
    right = {"c": {"horizon": 5}, "b": "2020-01-31", "a": {"y": [1, 2], "x": 1}}
    assert hash_parameters(left) == hash_parameters(right)
    assert hash_parameters({"p": Path("a/b")}) == hash_parameters({"p": "a/b"})


def test_any_other_value_changes_the_hash_of_parameters():
    hashes = {hash_parameters({"a": value}) for value in (1, 1.5, "1", None, True, [1])}
    assert len(hashes) == 6


def test_a_parameter_without_a_canonical_text_is_refused():
    with pytest.raises(ConfigError, match="AK-C005"):
        hash_parameters({"a": {"b": object()}})


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "some_signals"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "inner" / "__init__.py").write_text("")
    (folder / "inner" / "trend.py").write_text("LOOKBACK = 20\n")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_a_changed_new_or_moved_source_changes_the_code_version(package):
    versions = [hash_sources("some_signals")]
    trend = package / "inner" / "trend.py"
    trend.write_text("LOOKBACK = 21\n")
    versions.append(hash_sources("some_signals"))
    trend.rename(package / "trend.py")
    versions.append(hash_sources("some_signals"))
    (package / "more.py").write_text("")
    versions.append(hash_sources("some_signals"))
    assert len(set(versions)) == 4


def test_what_is_no_source_leaves_the_code_version_alone(package):
    version = hash_sources("some_signals")
    (package / "notes.txt").write_text("ideas")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "trend.cpython-311.pyc").write_bytes(b"\0")
    assert hash_sources("some_signals") == version


def test_a_single_module_has_a_code_version():
    one = hash_sources("alpha_kedro.core.errors")
    assert one != hash_sources("alpha_kedro.core.spec")
    assert one != hash_sources("alpha_kedro.core.errors", "alpha_kedro.core.spec")


@pytest.mark.parametrize("name", ["no_such_package", "no.such.module", "sys"])
def test_a_name_without_sources_is_refused(name):
    with pytest.raises(ConfigError, match="AK-C006"):
        hash_sources(name)


def test_a_file_is_hashed_by_its_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hash_file(tmp_path / "a") == known

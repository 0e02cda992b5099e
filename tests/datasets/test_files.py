"""Files come back as they went, and a damaged or half-written one never does."""

import gc
import json
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from alpha_kedro.core.errors import DataError
from alpha_kedro.datasets import (
    FigureDataset,
    FolderDataset,
    JsonDataset,
    ParquetDataset,
    StoredTableDataset,
    TextDataset,
)
from alpha_kedro.datasets.transfer import send


def prices():
    dates = pd.date_range("2020-01-02", periods=500, unit="us")
    return pd.DataFrame(
        {
            "date": dates,
            "ticker": "ÄBC",
            "close": np.random.default_rng(1).lognormal(size=500),
            "volume": np.where(np.arange(500) % 7, 100.0, np.nan),
            "halted": np.arange(500) % 2 == 0,
            "feature": np.arange(500, dtype="float32"),
        }
    )


class Drawing:
    def __init__(self, content=b"\x89PNG\r\n"):
        self.content = content

    def savefig(self, target, **_):
        target.write_bytes(self.content)


class BrokenDrawing:
    def savefig(self, target, **_):
        target.write_bytes(b"half a picture")
        raise OSError("the disk is full")


KINDS = [
    (ParquetDataset, prices(), prices().head(3)),
    (JsonDataset, {"sharpe": 0.5, "missing": None}, {"sharpe": 1.0}),
    (TextDataset, "Σ weights = 0\n", "other"),
    (FigureDataset, Drawing(), Drawing(b"\x89PNG other")),
]
every_kind = pytest.mark.parametrize(
    ("kind", "first", "second"), KINDS, ids=[kind.__name__ for kind, *_ in KINDS]
)


def assert_is(loaded, saved):
    if isinstance(saved, pd.DataFrame):
        pd.testing.assert_frame_equal(loaded, saved, check_exact=True)
    else:
        assert loaded == getattr(saved, "content", saved)


@every_kind
def test_what_is_saved_comes_back_and_the_next_save_replaces_it(
    tmp_path, kind, first, second
):
    dataset = kind(filepath=str(tmp_path / "new folder" / "file"))
    assert not dataset.exists()
    for saved in (first, second):
        dataset.save(saved)
        assert dataset.exists()
        assert_is(dataset.load(), saved)


@every_kind
@pytest.mark.parametrize("name", ["two words", "Übersicht-日本", "a#b%20c"])
def test_a_path_may_have_spaces_and_any_letters(tmp_path, kind, first, second, name):
    dataset = kind(filepath=str(tmp_path / name / f"{name}.file"))
    dataset.save(first)
    assert (tmp_path / name / f"{name}.file").is_file()
    assert_is(dataset.load(), first)


@every_kind
def test_any_fsspec_url_is_a_place_for_files(kind, first, second):
    dataset = kind(filepath=f"memory:///kept/{kind.__name__}/file")
    for saved in (first, second):
        dataset.save(saved)
        assert_is(dataset.load(), saved)
    assert fsspec.filesystem("memory").exists(f"/kept/{kind.__name__}/file")


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (ParquetDataset, prices(), pd.DataFrame({"mixed": [1, "one", None]})),
        (JsonDataset, {"a": 1}, {"a": float("nan")}),
        (JsonDataset, {"a": 1}, {"a": float("inf")}),
        (JsonDataset, {"a": 1}, {"a": object()}),
        (TextDataset, "old", "\ud800"),
        (FigureDataset, Drawing(), BrokenDrawing()),
    ],
)
def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path, kind, good, bad
):
    dataset = kind(filepath=str(tmp_path / "file"))
    dataset.save(good)
    old = (tmp_path / "file").read_bytes()
    with pytest.raises(DatasetError):
        dataset.save(bad)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == old


def test_json_keeps_the_order_of_its_keys_and_every_digit(tmp_path):
    dataset = JsonDataset(filepath=str(tmp_path / "file.json"))
    dataset.save({"zulu": 0.1 + 0.2, "alpha": 1e-300})
    assert list(dataset.load().items()) == [("zulu", 0.1 + 0.2), ("alpha", 1e-300)]


def test_a_flipped_bit_in_the_name_of_a_column_is_refused(tmp_path):
    """Parquet itself has no checksum there: the table would load under another name."""
    target = tmp_path / "table.parquet"
    dataset = ParquetDataset(filepath=str(target))
    dataset.save(prices())
    damaged = target.read_bytes().replace(b"feature", b"fdature")
    target.write_bytes(damaged)
    assert "fdature" in pd.read_parquet(target)
    with pytest.raises((DataError, DatasetError), match="AK-D002"):
        dataset.load()


def test_a_table_from_elsewhere_needs_no_seal(tmp_path):
    prices().to_parquet(tmp_path / "theirs.parquet", index=False)
    loaded = ParquetDataset(filepath=str(tmp_path / "theirs.parquet")).load()
    pd.testing.assert_frame_equal(loaded, prices(), check_exact=True)


def test_previews_show_the_first_rows_and_the_whole_of_small_things(tmp_path):
    tables = ParquetDataset(filepath=str(tmp_path / "table"))
    tables.save(prices())
    assert len(tables.preview(nrows=4)["data"]) == 4
    facts = JsonDataset(filepath=str(tmp_path / "facts"))
    facts.save({"a": 1})
    assert json.loads(facts.preview()) == {"a": 1}
    figure = FigureDataset(filepath=str(tmp_path / "figure"))
    figure.save(Drawing())
    assert figure.preview()


@pytest.mark.parametrize("url", ["{}/bars.parquet", "memory:///kept/bars.parquet"])
def test_a_stored_table_is_saved_whole_or_in_parts_and_opened(tmp_path, url):
    dataset = StoredTableDataset(filepath=url.format(tmp_path))
    for saved in (prices(), iter([prices().iloc[:200], prices().iloc[200:]])):
        dataset.save(saved)
        table = dataset.load()
        pd.testing.assert_frame_equal(table.read(), prices(), check_exact=True)
        assert len(table.rows_of(["ÄBC"])) == 500
    assert len(dataset.preview(nrows=4)["data"]) == 4


def test_a_remote_table_is_kept_while_it_is_used_and_no_longer():
    dataset = StoredTableDataset(filepath="memory:///kept/used.parquet")
    dataset.save(prices())
    table = dataset.load()
    folder = table.path.parent
    gc.collect()
    assert folder.is_dir()
    dataset.save(prices().head(1))
    assert len(table.read()) == 500
    del table
    gc.collect()
    assert not folder.exists()


def test_parts_that_fail_half_way_leave_the_old_table(tmp_path):
    def broken():
        yield prices()
        raise ConnectionError("the vendor hung up")

    dataset = StoredTableDataset(filepath=str(tmp_path / "bars.parquet"))
    dataset.save(prices())
    with pytest.raises(DatasetError):
        dataset.save(broken())
    assert [path.name for path in tmp_path.iterdir()] == ["bars.parquet"]
    assert len(dataset.load()) == 500


class Overwritten(fsspec.get_filesystem_class("memory")):
    """An object store: what is put is seen when it is complete, and not before."""

    protocol = "s3"


class Short(fsspec.get_filesystem_class("memory")):
    """A file system that loses the end of what it is given, and says nothing."""

    protocol = "short"

    def put_file(self, lpath, rpath, **_):
        self.pipe_file(rpath, Path(lpath).read_bytes()[:-1])


def test_an_object_store_is_written_to_in_one_step(tmp_path):
    files, local = Overwritten(), tmp_path / "file"
    local.write_bytes(b"whole")
    send(files, local, "/bucket/file")
    assert files.cat_file("/bucket/file") == b"whole"


def test_a_transfer_that_is_not_whole_is_refused_and_the_old_file_stays(tmp_path):
    files, local = Short(), tmp_path / "file"
    files.pipe_file("/place/file", b"old")
    local.write_bytes(b"new and longer")
    with pytest.raises(DataError, match="AK-D081"):
        send(files, local, "/place/file")
    assert files.cat_file("/place/file") == b"old"
    assert files.ls("/place", detail=False) == ["/place/file"]


def test_a_folder_is_made_when_it_is_asked_for(tmp_path):
    dataset = FolderDataset(filepath=str(tmp_path / "06_models" / "folds"))
    assert dataset.exists()
    assert dataset.load().is_dir()


def test_a_table_that_was_never_saved_is_an_error_with_its_path(tmp_path):
    with pytest.raises(DatasetError, match=r"nothing\.parquet"):
        ParquetDataset(filepath=str(tmp_path / "nothing.parquet")).load()

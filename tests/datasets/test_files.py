"""Files come back as they went, and a damaged or half-written one never does."""

import json
import os
import signal
import subprocess
import sys
import time

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
    TextDataset,
)

N_FLIPS = 60
WRITER = """
import sys
import pandas as pd
from pathlib import Path
from alpha_kedro.core.files import write_parquet

rows = pd.DataFrame({"value": range(200_000)})
while True:
    for number in (1, 2):
        write_parquet(Path(sys.argv[1]), rows.assign(run=number))
        print("saved", flush=True)
"""


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


def test_a_process_killed_while_it_writes_leaves_the_old_table_or_the_new(tmp_path):
    target = tmp_path / "table.parquet"
    for moment in (0, 1, 4):
        line = [sys.executable, "-c", WRITER, str(target)]
        with subprocess.Popen(line, stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(0.002 * moment)
            os.kill(writer.pid, signal.SIGKILL)
        found = ParquetDataset(filepath=str(target)).load()
        assert len(found) == 200_000
        assert (found["run"] == found["run"].iloc[0]).all()


def test_a_flipped_bit_is_refused_or_changes_nothing(tmp_path):
    target = tmp_path / "table.parquet"
    dataset = ParquetDataset(filepath=str(target))
    dataset.save(prices())
    whole, wanted = target.read_bytes(), prices()
    rng = np.random.default_rng(5)
    refused = []
    for place in rng.integers(0, len(whole), N_FLIPS):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        target.write_bytes(damaged)
        try:
            pd.testing.assert_frame_equal(dataset.load(), wanted, check_exact=True)
        except (DataError, DatasetError) as error:
            refused.append(str(error))
    assert len(refused) > N_FLIPS // 2
    assert all("AK-D002" in message for message in refused)


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


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_table_is_refused(tmp_path, share):
    target = tmp_path / "table.parquet"
    dataset = ParquetDataset(filepath=str(target))
    dataset.save(prices())
    whole = target.read_bytes()
    target.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises((DataError, DatasetError), match="AK-D002"):
        dataset.load()


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


def test_a_folder_is_made_when_it_is_asked_for(tmp_path):
    dataset = FolderDataset(filepath=str(tmp_path / "06_models" / "folds"))
    assert dataset.exists()
    assert dataset.load().is_dir()


def test_a_table_that_was_never_saved_is_an_error_with_its_path(tmp_path):
    with pytest.raises(DatasetError, match=r"nothing\.parquet"):
        ParquetDataset(filepath=str(tmp_path / "nothing.parquet")).load()

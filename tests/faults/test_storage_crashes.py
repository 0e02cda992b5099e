"""Crashes, full disks, rotten bits, readers beside writers: what is read is whole."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from queue import Queue

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core import stored_table
from alpha_kedro.core.errors import DataError
from alpha_kedro.core.files import read_parquet, sweep_partials, write_parquet
from alpha_kedro.core.stored_table import StoredTable, write_parts
from alpha_kedro.sources.vintages import keep_vintage, load_vintage
from alpha_kedro.sources.vintages.records import list_vintages

FACTS = {"market": "mine", "kind": "files", "basis": "raw"}
N_ROWS = 30_000
N_KILLS, N_KILLS_FULL = 25, 250
N_FLIPS, N_FLIPS_FULL = 400, 20_000


def make_table(version, n_rows=N_ROWS):
    rng = np.random.default_rng(version)
    return pd.DataFrame(
        {
            "ticker": np.where(np.arange(n_rows) % 2, "AA", "BB"),
            "close": rng.lognormal(size=n_rows),
            "version": version,
        }
    )


def version_of(table, n_rows=N_ROWS):
    version = int(table["version"].iloc[0])
    pd.testing.assert_frame_equal(table, make_table(version, n_rows), check_exact=True)
    return version


def parts_of(table):
    return [table.iloc[start : start + 7_000] for start in range(0, len(table), 7_000)]


def keep(root, version):
    write_parts(root / "raw.parquet", [make_table(version)])
    return keep_vintage(root / "vintages", {"bars": root / "raw.parquet"}, FACTS)


def naive(root, version):
    make_table(version).to_parquet(root / "table.parquet", index=False)


STORES = {
    "write_parquet": lambda root, n: write_parquet(
        root / "table.parquet", make_table(n)
    ),
    "write_parts": lambda root, n: write_parts(
        root / "table.parquet", parts_of(make_table(n))
    ),
    "keep_vintage": keep,
    "naive": naive,
}


def write_for_ever(store, root, started):
    """Two versions in turn: the work of the process that is killed."""
    while True:
        for version in (1, 2):
            STORES[store](root, version)
            started.set()


def killed(store, root, moments):
    """Kill a writer at each moment, counted in writes; yield after every kill."""
    context = get_context("fork")
    began = time.perf_counter()
    STORES[store](root, 1)
    pace = time.perf_counter() - began
    for moment in moments:
        started = context.Event()
        writer = context.Process(target=write_for_ever, args=(store, root, started))
        writer.start()
        assert started.wait(timeout=30)
        time.sleep(moment * pace)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        yield


@pytest.fixture
def moments(full_size):
    n_kills = N_KILLS_FULL if full_size else N_KILLS
    return np.random.default_rng(1).uniform(0, 2, n_kills)


@pytest.mark.parametrize("store", ["write_parquet", "write_parts"])
def test_a_killed_writer_leaves_the_old_table_or_the_new(tmp_path, store, moments):
    seen, swept = [], 0
    for _ in killed(store, tmp_path, moments):
        seen.append(version_of(read_parquet(tmp_path / "table.parquet")))
        swept += sweep_partials(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["table.parquet"]
    assert set(seen) <= {1, 2}
    print(f"{store}: {len(seen)} kills, {swept} half-written files swept, 0 broken")
    assert swept > 0


def test_a_killed_run_leaves_whole_vintages_or_none(tmp_path, moments):
    swept = 0
    for _ in killed("keep_vintage", tmp_path, moments):
        swept += sweep_partials(tmp_path)
        folder = tmp_path / "vintages"
        ids = [record["id"] for record in list_vintages(folder)]
        assert {path.name for path in folder.iterdir()} == set(ids)
        assert 1 <= len(ids) <= 2
        versions = {version_of(load_vintage(folder, name).bars) for name in ids}
        assert len(versions) == len(ids)
    print(f"vintages: {len(moments)} kills, {swept} swept, 0 lost, 0 broken")


def test_the_plain_writer_is_broken_by_a_kill(tmp_path, moments):
    broken = 0
    for _ in killed("naive", tmp_path, moments[:10]):
        try:
            version_of(pd.read_parquet(tmp_path / "table.parquet"))
        except (OSError, ValueError, AssertionError):
            broken += 1
    assert broken > 0


@contextmanager
def small_files(n_bytes):
    """As a disk that is full: a file cannot grow beyond some size."""
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.parametrize("store", ["write_parquet", "write_parts", "keep_vintage"])
@pytest.mark.parametrize("n_bytes", [0, 4, 1_000, 100_000, 200_000])
def test_a_full_disk_leaves_the_last_good_state(tmp_path, store, n_bytes):
    STORES[store](tmp_path, 1)
    before = sorted(path for path in tmp_path.rglob("*"))
    with small_files(n_bytes), pytest.raises(OSError, match=r"too large|Errno"):
        STORES[store](tmp_path, 2)
    assert sorted(path for path in tmp_path.rglob("*")) == before
    (table,) = tmp_path.glob("*.parquet")
    assert version_of(read_parquet(table)) == 1
    STORES[store](tmp_path, 2)
    assert version_of(read_parquet(table)) == 2


def test_the_plain_writer_destroys_the_old_table_on_a_full_disk(tmp_path):
    naive(tmp_path, 1)
    with small_files(100_000), pytest.raises(OSError, match=r"too large|Errno"):
        naive(tmp_path, 2)
    with pytest.raises((OSError, ValueError)):
        pd.read_parquet(tmp_path / "table.parquet")


@pytest.fixture
def small_disk():
    """A real disk of two megabytes, where one may be mounted."""
    with tempfile.TemporaryDirectory() as place:
        mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place]
        try:
            done = subprocess.run(mount, capture_output=True)
        except FileNotFoundError:
            pytest.skip("there is no mount")
        if done.returncode:
            pytest.skip("nothing may be mounted here")
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", "-l", place], check=True)


def test_a_disk_that_really_is_full_leaves_the_last_good_vintage(small_disk):
    kept = []

    def fill():
        for version in range(1, 9):
            kept.append(keep(small_disk, version)["id"])

    with pytest.raises(OSError, match="No space left"):
        fill()
    folder = small_disk / "vintages"
    assert {one["id"] for one in list_vintages(folder)} == set(kept)
    assert kept
    for number, name in enumerate(kept, start=1):
        assert version_of(load_vintage(folder, name).bars) == number
    assert not list(small_disk.rglob("*.partial"))


@pytest.fixture
def stored(tmp_path):
    """A table of several row groups of text, numbers, dates and truth values."""
    table = make_table(1, 2_000).assign(
        date=pd.date_range("2024-01-02", periods=2_000, unit="us"), halted=True
    )
    path = tmp_path / "table.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored_table, "ROWS_PER_PART", 512)
        write_parts(path, [table])
    return path, table


def flips_of(whole, n_flips):
    """Places all over the file, its last part with the footer as often as the rest."""
    rng = np.random.default_rng(5)
    anywhere = rng.integers(0, len(whole), n_flips // 2)
    ending = rng.integers(len(whole) * 9 // 10, len(whole), n_flips - n_flips // 2)
    for place in (*anywhere, *ending):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << rng.integers(8)
        yield bytes(flipped)


def outcomes(path, table, n_flips, read):
    """Count what reading a file with one flipped bit leads to."""
    whole, counts = path.read_bytes(), {"refused": 0, "same": 0, "silent": 0}
    for flipped in flips_of(whole, n_flips):
        path.write_bytes(flipped)
        try:
            found = read(path)
        except Exception:
            counts["refused"] += 1
            continue
        counts["same" if found.equals(table) else "silent"] += 1
    return counts


@pytest.mark.parametrize(
    "read",
    [
        read_parquet,
        lambda path: StoredTable(path).read(),
        lambda path: pd.concat(StoredTable(path).parts(), ignore_index=True),
        lambda path: StoredTable(path).rows_of(["AA", "BB"]),
    ],
    ids=["read_parquet", "read", "parts", "rows_of"],
)
def test_no_flipped_bit_is_silent(stored, full_size, read):
    path, table = stored
    counts = outcomes(path, table, N_FLIPS_FULL if full_size else N_FLIPS, read)
    print(f"flipped bits: {counts}")
    assert counts["silent"] == 0
    assert counts["refused"] > N_FLIPS // 2


def test_a_plain_reader_takes_flipped_bits_for_data(stored):
    """The same flips in a plain file, which has no checksums."""
    path, table = stored
    table.to_parquet(path, index=False)
    counts = outcomes(path, table, N_FLIPS, pd.read_parquet)
    assert counts["silent"] > N_FLIPS // 10


def test_every_truncation_is_refused_with_the_path(stored):
    path, _ = stored
    whole = path.read_bytes()
    for percent in range(100):
        path.write_bytes(whole[: len(whole) * percent // 100])
        for read in (read_parquet, StoredTable):
            with pytest.raises(DataError, match="AK-D002") as caught:
                read(path)
            assert caught.value.where == [str(path)]


def read_for(seconds, read, faults, seen):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            seen.put(read())
        except Exception as error:
            faults.put(error)
            return


def test_readers_beside_a_writer_see_one_version_or_the_other(tmp_path, full_size):
    seconds = 60 if full_size else 2.0
    path, n_rows = tmp_path / "table.parquet", 5_000
    write_parts(path, [make_table(1, n_rows)])

    def whole():
        return version_of(read_parquet(path), n_rows)

    def part_by_part():
        return version_of(
            pd.concat(StoredTable(path).parts(), ignore_index=True), n_rows
        )

    def twice():
        """Both halves of one open table are of one version."""
        table = StoredTable(path)
        halves = [table.rows_of([name]) for name in ("AA", "BB")]
        both = pd.concat(halves)["version"].unique()
        assert len(both) == 1
        return int(both[0])

    faults, seen = Queue(), Queue()
    readers = [
        threading.Thread(target=read_for, args=(seconds, read, faults, seen))
        for read in (whole, part_by_part, twice)
    ]
    for reader in readers:
        reader.start()
    n_written = 1
    while any(reader.is_alive() for reader in readers):
        n_written += 1
        write_parts(path, parts_of(make_table(1 + n_written % 3, n_rows)))
    assert faults.empty(), faults.get()
    versions = [seen.get() for _ in range(seen.qsize())]
    print(f"{n_written} tables written, {len(versions)} read beside, 0 faults")
    assert set(versions) == {1, 2, 3}


@pytest.mark.parametrize("name", ["two words", "Übersicht-日本", "a#b%20c", "[x]*?"])
def test_any_folder_will_do(tmp_path, name):
    root = tmp_path / name / "deep"
    root.mkdir(parents=True)
    record = keep(root, 1)
    assert version_of(load_vintage(root / "vintages", record["id"]).bars) == 1


def test_a_folder_behind_a_link_will_do(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for version in (1, 2):
        keep(tmp_path / "link", version)
    assert (tmp_path / "link").is_symlink()
    assert len(list_vintages(tmp_path / "real" / "vintages")) == 2


def test_a_raw_file_behind_a_link_is_kept_itself(tmp_path):
    write_parts(tmp_path / "real.parquet", [make_table(1)])
    (tmp_path / "raw.parquet").symlink_to(tmp_path / "real.parquet")
    record = keep_vintage(tmp_path / "v", {"bars": tmp_path / "raw.parquet"}, FACTS)
    kept = tmp_path / "v" / record["id"] / "bars.parquet"
    assert kept.samefile(tmp_path / "real.parquet")
    assert not kept.is_symlink()


READ_ONLY = """
import os, sys
from pathlib import Path
import pandas as pd
from alpha_kedro.core.files import write_parquet

write_parquet(Path(sys.argv[2], "warm.parquet"), pd.DataFrame({"a": [1]}))
if os.getuid() == 0:
    os.setuid(65534)
try:
    write_parquet(Path(sys.argv[1], "table.parquet"), pd.DataFrame({"a": [1]}))
except PermissionError as error:
    print(error)
"""


def test_a_read_only_folder_is_named(tmp_path):
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o555)
        line = [sys.executable, "-c", READ_ONLY, root, str(tmp_path)]
        said = subprocess.run(line, capture_output=True, text=True)
        assert os.listdir(root) == []
    assert "Permission denied" in said.stdout, said.stderr
    assert root in said.stdout


def test_storage_that_fails_is_not_called_damage(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="AK-D080") as caught:
        read_parquet(tmp_path / "file" / "below")
    assert caught.value.where == [str(tmp_path / "file" / "below")]
    with pytest.raises(FileNotFoundError, match=r"nothing\.parquet"):
        read_parquet(tmp_path / "nothing.parquet")

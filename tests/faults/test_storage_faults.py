"""Failing storage: a reader sees the old state or the new one, whole, or an error."""

from collections import Counter

import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kedro.io import DatasetError

from alpha_kedro.core.errors import AlphaKedroError
from alpha_kedro.core.files import (
    read_parquet,
    sweep_partials,
    write_bytes,
    write_parquet,
)
from alpha_kedro.core.stored_table import StoredTable, write_parts
from alpha_kedro.datasets import (
    JsonDataset,
    ParquetDataset,
    StoredTableDataset,
    TextDataset,
)
from alpha_kedro.sources.vintages import forget_vintages, keep_vintage, load_vintage
from alpha_kedro.sources.vintages.records import list_vintages
from tests.faults.storage_faults import (
    DELETE,
    LIST,
    READ,
    VERBS,
    WRITE,
    FaultyFileSystem,
    Weather,
    rough_local_storage,
    set_weather,
)

FAULTS = (OSError, AlphaKedroError, DatasetError, ValueError)
N_SEEDS, N_SEEDS_FULL, N_STEPS = 6, 100, 12
FACTS = {"market": "mine", "kind": "files", "basis": "raw"}


@pytest.fixture(scope="module", autouse=True)
def faulty_urls():
    fsspec.register_implementation("faulty", FaultyFileSystem, clobber=True)


@pytest.fixture(scope="module")
def n_seeds(full_size):
    return N_SEEDS_FULL if full_size else N_SEEDS


def make_table(version, n_rows=300):
    rng = np.random.default_rng(version)
    return pd.DataFrame(
        {
            "date": pd.date_range("2024-01-02", periods=n_rows, unit="us"),
            "ticker": np.where(np.arange(n_rows) % 2, "AA", "BB"),
            "close": rng.lognormal(size=n_rows),
            "version": version,
        }
    )


def as_parts(table):
    return [table.iloc[:100], table.iloc[100:]]


def version_of(table):
    """The version a table was written as; anything else is corruption."""
    version = int(table["version"].iloc[0])
    pd.testing.assert_frame_equal(table, make_table(version), check_exact=True)
    return version


WRITERS = {
    "write_parquet": (
        lambda path, n: write_parquet(path, make_table(n)),
        lambda path: version_of(read_parquet(path)),
    ),
    "write_parts": (
        lambda path, n: write_parts(path, as_parts(make_table(n))),
        lambda path: version_of(StoredTable(path).read()),
    ),
    "write_bytes": (
        lambda path, n: write_bytes(path, b"%d" % n * 1000),
        lambda path: int(path.read_bytes()[:1]),
    ),
}


def try_to(action, *args):
    """The answer of an action, or None where the storage failed under it."""
    try:
        return True, action(*args)
    except FAULTS:
        return False, None


@pytest.mark.parametrize("writer", WRITERS)
def test_a_local_file_is_the_old_one_or_the_new_one(tmp_path, n_seeds, writer):
    write, read = WRITERS[writer]
    faults, failed = Counter(), 0
    for seed in range(n_seeds):
        path = tmp_path / str(seed) / "table"
        write(path, 0)
        weather, possible = Weather(seed, 0.15), {0}
        for version in range(1, N_STEPS):
            with rough_local_storage(weather):
                done, _ = try_to(write, path, version % 9)
                seen, got = try_to(read, path)
            possible = {version % 9} if done else possible | {version % 9}
            assert not seen or got in possible
            failed += not done
            now = read(path)
            assert now in possible
            possible = {now}
        write(path, 7)
        assert read(path) == 7
        sweep_partials(tmp_path)
        assert list(path.parent.iterdir()) == [path]
        faults += weather.faults
    print(f"{writer}: {faults.total()} faults, {failed} writes failed, 0 corruptions")
    assert failed > n_seeds
    assert faults[WRITE] > n_seeds


def naive_write(path, version):
    pq.write_table(pa.Table.from_pandas(make_table(version)), path)


def test_the_plain_writer_does_lose_data(tmp_path):
    """What the property above is worth: pyarrow alone, which pandas calls, lacks it."""
    broken = 0
    for seed in range(N_SEEDS):
        path = tmp_path / f"{seed}.parquet"
        naive_write(path, 0)
        with rough_local_storage(Weather(seed, 0.5)):
            try_to(naive_write, path, 1)
        seen, got = try_to(lambda path: version_of(pd.read_parquet(path)), path)
        broken += not (seen and got in (0, 1))
    assert broken > 0


class Model:
    """What the vintage store has promised, and what it may hold."""

    def __init__(self, root):
        self.root, self.folder = root, root / "vintages"
        self.raw = root / "bars.parquet"
        self.promised: dict[str, int] = {}
        self.possible: set[int] = set()

    def keep(self, version):
        write_parts(self.raw, [make_table(version)])
        return keep_vintage(self.folder, {"bars": self.raw}, FACTS)

    def check(self):
        """Everything promised is there, and everything there is whole."""
        versions = {}
        for record in list_vintages(self.folder):
            bars = load_vintage(self.folder, record["id"]).bars
            versions[record["id"]] = version_of(bars)
        assert self.promised.items() <= versions.items()
        assert set(versions.values()) <= self.possible
        assert len(versions) == len(set(versions.values()))
        return versions


@pytest.mark.parametrize("verbs", [VERBS, *((verb,) for verb in VERBS)], ids=str)
def test_no_vintage_is_lost_doubled_or_changed(tmp_path, n_seeds, verbs):
    faults, failed = Counter(), 0
    for seed in range(max(n_seeds // 3, 3)):
        store = Model(tmp_path / str(seed))
        weather = Weather(seed, 0.08 if len(verbs) > 1 else 0.2, verbs)
        for _ in range(N_STEPS):
            version = int(weather.rng.integers(5))
            store.possible.add(version)
            with rough_local_storage(weather):
                done, record = try_to(store.keep, version)
                try_to(store.check)
            if done:
                store.promised[record["id"]] = version
            failed += not done
            store.check()
        version = int(weather.rng.integers(5))
        store.possible.add(version)
        record = store.keep(version)  # trying again succeeds, and sweeps
        assert store.check()[record["id"]] == version
        ids = {one["id"] for one in list_vintages(store.folder)}
        assert {path.name for path in store.folder.iterdir()} == ids
        faults += weather.faults
    print(f"vintages, {verbs}: {faults.total()} faults, {failed} keeps failed, 0 lost")
    assert faults.total() > 0


def test_forgetting_under_faults_deletes_nothing_that_is_to_stay(tmp_path):
    for seed in range(N_SEEDS):
        store = Model(tmp_path / str(seed))
        store.possible = set(range(5))
        kept = [store.keep(version)["id"] for version in range(5)]
        with rough_local_storage(Weather(seed, 0.2, (DELETE, LIST, WRITE))):
            try_to(lambda store: forget_vintages(store.folder, keep=2), store)
        assert set(kept[-2:]) <= set(store.check())
        forget_vintages(store.folder, keep=2)
        assert list(store.check()) == kept[-2:]
        sweep_partials(store.folder)
        assert {path.name for path in store.folder.iterdir()} == set(kept[-2:])


TABLES = [
    (ParquetDataset, make_table, version_of),
    (StoredTableDataset, make_table, lambda table: version_of(table.read())),
    (JsonDataset, lambda n: {"version": n, "x": "y" * 99}, lambda one: one["version"]),
    (
        TextDataset,
        lambda n: f"{n}" * 500,
        lambda text: int(text[0] * (len(text) == 500)),
    ),
]


@pytest.mark.parametrize(
    ("kind", "make", "read"), TABLES, ids=[kind.__name__ for kind, *_ in TABLES]
)
def test_a_remote_file_is_the_old_one_or_the_new_one(n_seeds, kind, make, read):
    """Uploads and downloads that end early, half of them in silence."""
    faults, failed = Counter(), 0
    for seed in range(n_seeds):
        weather = Weather(seed, 0.25)
        set_weather(weather)
        dataset = kind(filepath=f"faulty:///{kind.__name__}/{seed}/file")
        dataset.save(make(0))
        possible = {0}
        for version in range(1, N_STEPS):
            version = version % 9 + 1
            with weather.storm():
                done, _ = try_to(dataset.save, make(version))
                seen, loaded = try_to(dataset.load)
            possible = {version} if done else possible | {version}
            assert not seen or read(loaded) in possible
            failed += not done
            now = read(dataset.load())
            assert now in possible
            possible = {now}
        dataset.save(make(1))
        assert read(dataset.load()) == 1
        left = FaultyFileSystem().ls(f"/{kind.__name__}/{seed}", detail=False)
        assert [path.rpartition("/")[2] for path in left] == ["file"]
        faults += weather.faults
    print(f"{kind.__name__}: {faults.total()} faults, {failed} saves failed, 0 wrong")
    assert min(faults[verb] for verb in (READ, WRITE, LIST)) > 0


def test_a_file_system_that_ends_early_in_silence_is_seen_to_harm():
    """The plain way, put and get, reads half a text without a word."""
    weather = Weather(1, 1.0)
    set_weather(weather)
    files = FaultyFileSystem()
    files.below.pipe_file("/faulty/plain", b"0123456789")
    silent = 0
    for _ in range(20):
        with weather.storm():
            done, _ = try_to(files.get_file, "plain", "/dev/null")
        silent += done
    assert silent > 0

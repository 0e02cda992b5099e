"""Storage that fails now and then: reading, writing, listing, deleting.

Faults are drawn from a seed and counted, so that a test can say how many it survived.
"""

import builtins
import errno
import io
import os
import shutil
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractFileSystem

READ, WRITE, LIST, DELETE = "read", "write", "list", "delete"
VERBS = (READ, WRITE, LIST, DELETE)
_CODES = {READ: errno.EIO, WRITE: errno.ENOSPC, LIST: errno.EIO, DELETE: errno.EBUSY}


class Weather:
    """When storage fails: seeded, counted, by verb; calm until told otherwise."""

    def __init__(self, seed=0, probability=0.3, verbs=VERBS):
        self.rng = np.random.default_rng(seed)
        self.probability, self.verbs = probability, verbs
        self.faults = Counter()
        self.rough = False

    @contextmanager
    def storm(self):
        self.rough = True
        try:
            yield
        finally:
            self.rough = False

    def strikes(self, verb):
        hit = self.rough and verb in self.verbs and self.rng.random() < self.probability
        self.faults[verb] += hit
        return bool(hit)

    def pass_by(self, verb, where=""):
        """Raise as the operating system does, or do nothing."""
        if self.strikes(verb):
            raise OSError(_CODES[verb], f"injected: {verb}", str(where))


WEATHER = Weather()


def set_weather(weather):
    """What the file systems made from now on live in."""
    global WEATHER
    WEATHER = weather


class FaultyFileSystem(AbstractFileSystem):
    """``faulty://``: a file system in memory whose verbs fail with the weather.

    A failing upload leaves what had arrived; half of them say nothing about it. A
    failing download ends early; half of those say nothing about it either.
    """

    protocol = "faulty"
    cachable = False

    def __init__(self, **options):
        super().__init__(**options)
        self.below = MemoryFileSystem()

    @classmethod
    def _strip_protocol(cls, path):
        return "/faulty/" + str(path).removeprefix("faulty://").removeprefix(
            "/faulty/"
        ).strip("/")

    def put_file(self, lpath, rpath, **options):
        content = Path(lpath).read_bytes()
        if WEATHER.strikes(WRITE):
            cut = int(WEATHER.rng.integers(len(content)))
            self.below.pipe_file(self._strip_protocol(rpath), content[:cut])
            if WEATHER.rng.random() < 0.5:
                return
            raise OSError(errno.ENOSPC, "injected: short write", rpath)
        self.below.pipe_file(self._strip_protocol(rpath), content)

    def get_file(self, rpath, lpath, **options):
        content = self.below.cat_file(self._strip_protocol(rpath))
        if WEATHER.strikes(READ):
            cut = int(WEATHER.rng.integers(len(content)))
            with open(lpath, "wb") as file:
                file.write(content[:cut])
            if WEATHER.rng.random() < 0.5:
                return
            raise OSError(errno.EIO, "injected: short read", rpath)
        with open(lpath, "wb") as file:
            file.write(content)

    def mv(self, path1, path2, **options):
        WEATHER.pass_by(WRITE, path1)
        self.below.mv(self._strip_protocol(path1), self._strip_protocol(path2))

    def info(self, path, **options):
        WEATHER.pass_by(LIST, path)
        return self.below.info(self._strip_protocol(path))

    def ls(self, path, detail=True, **options):
        WEATHER.pass_by(LIST, path)
        return self.below.ls(self._strip_protocol(path), detail=detail)

    def rm_file(self, path):
        WEATHER.pass_by(DELETE, path)
        self.below.rm_file(self._strip_protocol(path))

    def makedirs(self, path, exist_ok=False):
        self.below.makedirs(self._strip_protocol(path), exist_ok=True)


def _failing(weather, verb, function, *, half=False):
    """Wrap a function of the operating system; ``half``: it may fail after its work."""

    def wrapped(*args, **options):
        weather.pass_by(verb, args[0] if args else "")
        answer = function(*args, **options)
        if half:
            weather.pass_by(verb, args[0])
        return answer

    return wrapped


class _ShortWriter(pq.ParquetWriter):
    """A writer that stops in the middle of a table when the weather is rough."""

    def __init__(self, where, *args, **options):
        super().__init__(where, *args, **options)
        self.where = where

    def write_table(self, table, **options):
        super().write_table(table, **options)
        WEATHER.pass_by(WRITE, self.where)

    def close(self):
        super().close()
        if not isinstance(self.where, str | Path):
            return
        if WEATHER.strikes(WRITE):  # it says nothing: the end is not there
            size = os.path.getsize(self.where)
            os.truncate(self.where, int(WEATHER.rng.integers(size)))


@contextmanager
def rough_local_storage(weather):
    """Make what local files are written, read, listed and deleted with fail."""
    set_weather(weather)
    real_open, weather_open = builtins.open, _opener(weather, builtins.open)
    places = [
        (os, "replace", WRITE, False),
        (os, "rename", WRITE, True),
        (os, "fsync", WRITE, False),
        (os, "link", WRITE, False),
        (os, "mkdir", WRITE, False),
        (shutil, "copyfile", WRITE, True),
        (os, "unlink", DELETE, False),
        (os, "rmdir", DELETE, False),
        (os, "listdir", LIST, False),
        (os, "scandir", LIST, False),
        (pa, "OSFile", READ, False),
    ]
    patches = [
        mock.patch.object(
            place, name, _failing(weather, verb, getattr(place, name), half=half)
        )
        for place, name, verb, half in places
    ]
    patches += [
        mock.patch.object(builtins, "open", weather_open),
        mock.patch.object(io, "open", weather_open),
        mock.patch.object(pq, "ParquetWriter", _ShortWriter),
        mock.patch.object(pq.core, "ParquetWriter", _ShortWriter),
    ]
    for patch in patches:
        patch.start()
    try:
        with weather.storm():
            yield
    finally:
        for patch in reversed(patches):
            patch.stop()
        assert builtins.open is real_open


def _opener(weather, real_open):
    def opened(file, mode="r", *args, **options):
        if isinstance(file, int):
            return real_open(file, mode, *args, **options)
        weather.pass_by(READ if mode in ("r", "rb") else WRITE, file)
        return real_open(file, mode, *args, **options)

    return opened

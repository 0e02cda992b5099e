"""Memory is asked for where that is understood, and nowhere made worse."""

import ctypes
import mmap
import platform

import numpy as np
import pytest

from alpha_kedro.core.memory import empty_single, keep_freed_memory

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1


@pytest.mark.parametrize("shape", [(3, 4), (0, 5), (7,), (2, 0)])
@pytest.mark.parametrize("linux", [True, False])
def test_a_large_result_is_an_array_like_any_other(monkeypatch, shape, linux):
    for name in () if linux else ("MAP_POPULATE", "MAP_PRIVATE", "MAP_ANONYMOUS"):
        monkeypatch.delattr(mmap, name, raising=False)
    made = empty_single(shape)
    assert (made.shape, made.dtype) == (shape, np.float32)
    made[:] = 2.5
    assert (made == 2.5).all()


def options_set(monkeypatch, *, library, refused=()):
    """What is asked of a C library that refuses some options."""
    asked = []

    class Library:
        def mallopt(self, option, size):
            asked.append((option, size))
            return int(option not in refused)

    monkeypatch.setattr(platform, "libc_ver", lambda: library)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Library())
    return keep_freed_memory.__wrapped__(), asked


def test_glibc_is_asked_for_no_more_than_every_version_grants(monkeypatch):
    understood, asked = options_set(monkeypatch, library=("glibc", "2.31"))
    assert understood
    assert dict(asked)[MMAP_THRESHOLD] <= 32 * 2**20


def test_the_second_option_is_not_set_without_the_first(monkeypatch):
    """By itself it would freeze the first at its smallest: five times slower."""
    understood, asked = options_set(
        monkeypatch, library=("glibc", "2.31"), refused=[MMAP_THRESHOLD]
    )
    assert not understood
    assert TRIM_THRESHOLD not in dict(asked)


@pytest.mark.parametrize("library", [("", ""), ("musl", "1.2")])
def test_another_library_is_asked_for_nothing(monkeypatch, library):
    assert options_set(monkeypatch, library=library) == (False, [])

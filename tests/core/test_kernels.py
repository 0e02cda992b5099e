"""Kernels are compiled once, and kept where there is a place for them."""

import numpy as np
import pytest
from numba.core.caching import CompileResultCacheImpl

from alpha_kedro.core.kernels import kernel


def added_up(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] / (len(x) - 3)
    return total


@pytest.mark.parametrize("somewhere", [True, False])
def test_a_kernel_needs_no_place_on_disk(monkeypatch, tmp_path, somewhere):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    if not somewhere:
        monkeypatch.setattr(CompileResultCacheImpl, "_locator_classes", [])
    assert kernel(added_up)(np.ones(4)) == 4


def test_a_quotient_by_nothing_is_infinite_and_raises_nothing():
    assert kernel(added_up)(np.ones(3)) == np.inf

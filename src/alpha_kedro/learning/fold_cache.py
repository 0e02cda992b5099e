"""Finished folds on disk, so that a killed run goes on where it stopped.

A fold is found again by what went into it: its own rows, the model's parameters, the
seed, this package's code and the libraries' versions. Rows added later belong to other
folds and change no key.
"""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.files import read_parquet, write_parquet
from alpha_kedro.core.fingerprint import hash_parameters, hash_sources
from alpha_kedro.core.panel import Array, Int
from alpha_kedro.learning.examples import Examples
from alpha_kedro.learning.fold_outcome import FoldOutcome
from alpha_kedro.learning.models import ModelSpec
from alpha_kedro.learning.scoring import feature_matrix

_SOURCES = (
    *("alpha_kedro.core", "alpha_kedro.learning", "alpha_kedro.measures"),
    *("alpha_kedro.signals.cross_section", "alpha_kedro.signals.operators"),
)
_LIBRARIES = (
    *("numpy", "pandas", "scipy", "scikit-learn", "numba", "statsmodels"),
    *("lightgbm", "xgboost", "xgboost-cpu", "torch", "hmmlearn", "optuna"),
)


@dataclass(frozen=True, eq=False)
class RowDigests:
    """A digest of the names and features of each date, made once for all folds.

    Attributes
    ----------
    starts
        (n_dates + 1,) row each date starts at; the last entry is the number of rows.
    digests
        (n_dates, 32) uint8, SHA-256 of one date's tickers and features.
    """

    starts: Int
    digests: Array

    @classmethod
    def of(cls, examples: Examples) -> "RowDigests":
        """Digest every cross-section of ``examples``."""
        X = feature_matrix(examples.samples, examples.features)
        tickers = examples.samples["ticker"].to_numpy(dtype=object)
        starts = np.flatnonzero(np.diff(examples.dates.astype(np.int64), prepend=-1))
        bounds = np.append(starts, len(X))
        digests = [
            _sha256("\n".join(tickers[start:end]).encode(), X[start:end].tobytes())
            for start, end in pairwise(bounds)
        ]
        joined = np.frombuffer(b"".join(digests), dtype=np.uint8)
        return cls(bounds, joined.reshape(-1, 32))

    def over(self, examples: Examples, rows: Int) -> bytes:
        """Return the digest of some rows: dates, names, features, places."""
        if not len(rows):
            return _sha256()
        first = np.searchsorted(self.starts, rows[0], side="right") - 1
        last = np.searchsorted(self.starts, rows[-1], side="right")
        return _sha256(
            examples.dates[rows].tobytes(),
            self.digests[first:last].tobytes(),
            (rows - self.starts[first]).tobytes(),
        )


def fold_key(
    spec: ModelSpec,
    examples: Examples,
    digests: RowDigests,
    *,
    train: Int,
    test: Int,
    settings: Mapping[str, int],
) -> str:
    """Return the name under which a fold's outcome is kept.

    Labels of the tested rows do not enter: they come to be known later, and no fit
    depends on them.

    Parameters
    ----------
    spec
        The model; parameters of kinds not in use do not enter.
    train, test
        Rows learnt from and rows scored.
    settings
        Fold number, seed, and what else shapes the outcome.
    """
    words = {
        "model": spec.in_use,
        # The registry that knows them is not among the sources.
        "families": spec.selection and spec.selection.families_of(examples.features),
        "settings": settings,
        "device": spec.device,
        "features": examples.features,
        "code": code_digest(),
    }
    return _sha256(
        hash_parameters(words).encode(),
        digests.over(examples, train),
        examples.label[train].tobytes(),
        examples.label_end[train].tobytes(),
        digests.over(examples, test),
        _background(spec, examples, train, test),
        _sectors(spec, examples, test),
    ).hex()


def _sectors(spec: ModelSpec, examples: Examples, test: Int) -> bytes:
    """Return the digest of the sectors of the tested rows, where scores need them."""
    if "sector" not in spec.neutralize or "sector" not in examples.samples:
        return b""
    return _sha256("\n".join(examples.samples["sector"].iloc[test]).encode())


def _background(spec: ModelSpec, examples: Examples, train: Int, test: Int) -> bytes:
    """Return the digest of what a model that looks further than a row can read."""
    rows = np.concatenate([train, test])
    if not spec.looks_back or not len(rows):
        return b""
    dates = examples.dates[rows]
    return examples.background.digest(dates.min(), dates.max())


@dataclass(frozen=True)
class FoldCache:
    """A folder of outcomes; without a folder nothing is kept and nothing found."""

    folder: Path | None

    def load(self, key: str, expected: pd.DataFrame) -> FoldOutcome | None:
        """Return a finished fold, None when it is missing, damaged or of other rows.

        Parameters
        ----------
        key
            From ``fold_key``.
        expected
            date and ticker of the rows the scores must be of.
        """
        if self.folder is None:
            return None
        try:
            tables = [read_parquet(path) for path in self._paths(self.folder, key)]
        except (FileNotFoundError, DataError):
            return None
        outcome = FoldOutcome(*tables)
        kept = outcome.scores.reindex(columns=["date", "ticker"])
        same = np.array_equal(
            kept.to_numpy(dtype=object), expected.to_numpy(dtype=object)
        )
        return outcome if same else None

    def save(self, key: str, outcome: FoldOutcome) -> None:
        """Keep a finished fold; each file appears whole or not at all."""
        if self.folder is None:
            return
        tables = [getattr(outcome, part.name) for part in fields(outcome)]
        for path, table in zip(self._paths(self.folder, key), tables, strict=True):
            write_parquet(path, table)

    @staticmethod
    def _paths(folder: Path, key: str) -> list[Path]:
        return [folder / key / f"{part.name}.parquet" for part in fields(FoldOutcome)]


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Return the digest of the code and the libraries a score depends on."""
    return hash_parameters(
        {
            "sources": hash_sources(*_SOURCES),
            "libraries": {name: _version(name) for name in _LIBRARIES},
            "python": platform.python_version(),
            "machine": platform.machine(),
        }
    )


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "absent"


def _sha256(*parts: bytes) -> bytes:
    """Digest parts with their lengths, so that no two divisions look alike."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()

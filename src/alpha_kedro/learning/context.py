"""Where rows stand, for models that look further than one row.

Most models score a row by its features alone. One that reads the sessions before it, or
the state of the market, finds them here: the row's date and name lead to them.
"""

from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import DATE_DTYPE, Dates, Int, Tickers
from alpha_kedro.learning.histories import FeatureHistory


@dataclass(frozen=True, eq=False)
class Background:
    """What is known of every session beside the rows; a part nobody reads is None.

    Attributes
    ----------
    histories
        Features of every member on every session.
    states
        date, and one float64 column per state of the market; one row per session.
    """

    histories: FeatureHistory | None = None
    states: pd.DataFrame | None = None

    @classmethod
    def of(cls, histories: pd.DataFrame, states: pd.DataFrame) -> "Background":
        """Take both from tables; a table without rows is a part nobody reads."""
        return cls(
            FeatureHistory.of(histories) if len(histories) else None,
            states if len(states) else None,
        )

    @property
    def sessions(self) -> Dates | None:
        """Return the sessions of the market, None where nothing here knows them."""
        if self.states is not None:
            return self.states["date"].to_numpy(dtype=DATE_DTYPE)
        return None if self.histories is None else self.histories.sessions

    def digest(self, first: np.datetime64, last: np.datetime64) -> bytes:
        """Return the digest of what a model can read from ``first`` to ``last``."""
        parts = sha256()
        if self.histories is not None:
            parts.update(b"histories")
            parts.update(self.histories.digest(first, last))
        if self.states is not None:
            dates = self.states["date"].to_numpy(dtype=DATE_DTYPE)
            within = self.states[dates <= last]
            parts.update("/".join(map(str, within.columns)).encode())
            hashes = pd.util.hash_pandas_object(within, index=False)
            parts.update(hashes.to_numpy(dtype=np.uint64).tobytes())
        return parts.digest()


NOTHING = Background()
"""The background of models that read a row and nothing else."""


@dataclass(frozen=True, eq=False)
class Context:
    """Where n rows stand.

    Attributes
    ----------
    dates
        (n,) datetime64[us], the session at whose close a row is known.
    tickers
        (n,) names, object of str.
    background
        What the rows share.
    sectors
        (n,) sectors of the names, object of str; None where they are not known.
    window_start
        First date of the training window the rows are from, from which on their past
        may be read; None: that of the rows themselves. Parts of a window keep it.
    """

    dates: Dates
    tickers: Tickers
    background: Background = NOTHING
    sectors: Tickers | None = None
    window_start: np.datetime64 | None = None

    @classmethod
    def of(cls, samples: pd.DataFrame, background: Background = NOTHING) -> "Context":
        """Take dates, names and, if there are any, sectors from a table of samples."""
        sectors = samples["sector"].to_numpy(object) if "sector" in samples else None
        return cls(
            samples["date"].to_numpy(dtype=DATE_DTYPE),
            samples["ticker"].to_numpy(dtype=object),
            background,
            sectors,
        )

    def take(self, rows: Int) -> "Context":
        """Return the context of some of the rows."""
        return replace(
            self,
            dates=self.dates[rows],
            tickers=self.tickers[rows],
            sectors=None if self.sectors is None else self.sectors[rows],
        )


def require_context(context: Context | None, kind: str) -> Context:
    """Return the context of rows, or raise ``AK-M100`` naming the model without it."""
    if context is not None:
        return context
    raise ModelError(
        "AK-M100",
        f"a {kind} model looks further than one row and was given rows alone",
        wanted="the dates and names of the rows, and what is known of their sessions",
        fix="pass context=Context.of(samples, background)",
    )

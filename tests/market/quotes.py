"""Small, sound quotes for tests to break."""

from datetime import datetime

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.market import CleanBars, clean_bars

SESSIONS = sessions_between("XNYS", "2023-01-03", "2023-03-01")
TODAY = NOW = datetime(2023, 6, 30, 22)


def make_quotes(
    *tickers: str, sessions: np.ndarray = SESSIONS, seed: int = 0
) -> pd.DataFrame:
    """Return sound bars, one per ticker and session, every value different."""
    rng = np.random.default_rng(seed)
    shape = (len(tickers), len(sessions))
    close = 50 * np.exp(0.01 * rng.standard_normal(shape).cumsum(axis=1)).ravel()
    opening = close * np.exp(0.005 * rng.standard_normal(close.size))
    return pd.DataFrame(
        {
            "date": np.tile(sessions, len(tickers)),
            "ticker": pd.array(np.repeat(tickers, len(sessions)), dtype="str"),
            "open": opening,
            "high": np.maximum(opening, close) * 1.01,
            "low": np.minimum(opening, close) * 0.99,
            "close": close,
            "volume": rng.integers(1_000, 9_000, close.size).astype(float),
            "adj_close": close * 0.9,
        }
    )


def cleaned(raw: pd.DataFrame, **options: object) -> CleanBars:
    """Clean bars as of a fixed day, and check that every row is accounted for."""
    found = clean_bars(raw, **({"now": NOW} | options))
    report = found.report
    assert report["n_input"] == len(raw)
    assert report["n_kept"] == len(found.bars)
    assert report["n_rejected"] == len(found.rejects)
    fates = report["n_kept"] + report["n_rejected"] + report["n_out_of_scope"]
    assert fates == len(raw)
    assert sum(report["by_reason"].values()) == report["n_rejected"]
    return found

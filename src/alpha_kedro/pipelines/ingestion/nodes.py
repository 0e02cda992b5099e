"""The nodes of ingestion."""

from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from alpha_kedro.core.fingerprint import hash_parameters, hash_table
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.experiment import MarketSpec
from alpha_kedro.market import (
    IngestionSpec,
    clean_bars,
    clean_benchmarks,
    clean_membership,
    clean_sectors,
    survivorship_coverage,
)
from alpha_kedro.sources import MarketTables, load_market

_OPTIONAL = {
    "membership": ["ticker", "start", "end", "price_ticker"],
    "sectors": ["ticker", "sector"],
    "benchmarks": ["date", "ticker", "open", "high", "low", "close", "volume"],
    "actions": ["date", "ticker", "dividend", "split_ratio"],
}


def load_raw_market(
    market: str, markets: dict[str, Any], seed: int
) -> tuple[pd.DataFrame, ...]:
    """Load the chosen market as it came; a table it does not have is empty."""
    if market not in markets:
        raise unknown_name("market", market, markets)
    spec: MarketSpec = TypeAdapter(MarketSpec).validate_python(markets[market])
    tables = load_market(spec, seed=seed)
    return tables.bars, *(_or_empty(tables, name) for name in _OPTIONAL)


def clean_prices(
    raw_bars: pd.DataFrame,
    raw_actions: pd.DataFrame,
    ingestion: IngestionSpec,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Keep the bars that can be trusted; quarantine the others with their reason."""
    clean = clean_bars(raw_bars, actions=_given(raw_actions), spec=ingestion, seed=seed)
    hashes = {"bars": hash_table(raw_bars), "actions": hash_table(raw_actions)}
    report = clean.report | {"hashes": hashes}
    return clean.bars, clean.rejects, report


def clean_references(
    bars: pd.DataFrame,
    raw_membership: pd.DataFrame,
    raw_sectors: pd.DataFrame,
    raw_benchmarks: pd.DataFrame,
    bars_report: dict[str, Any],
    ingestion: IngestionSpec,
    market: str,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Check membership, sectors and benchmarks against the clean bars."""
    intervals = _given(raw_membership)
    membership, of_members = clean_membership(intervals, bars=bars)
    sectors, of_sectors = clean_sectors(
        _given(raw_sectors), tickers=bars["ticker"].unique()
    )
    benchmarks, of_benchmarks = clean_benchmarks(
        _given(raw_benchmarks),
        sessions=np.unique(bars["date"].to_numpy()),
        spec=ingestion,
    )
    coverage = None if intervals is None else survivorship_coverage(intervals, bars)
    hashes = bars_report["hashes"] | {
        "membership": hash_table(raw_membership),
        "sectors": hash_table(raw_sectors),
        "benchmarks": hash_table(raw_benchmarks),
    }
    report = {
        "market": market,
        "data_hash": hash_parameters(hashes),
        "hashes": hashes,
        "bars": {key: of for key, of in bars_report.items() if key != "hashes"},
        "membership": of_members,
        "sectors": of_sectors,
        "benchmarks": of_benchmarks,
        "coverage": None if coverage is None else coverage.to_dict("records"),
    }
    return membership, sectors, benchmarks, report


def _or_empty(tables: MarketTables, name: str) -> pd.DataFrame:
    table: pd.DataFrame | None = getattr(tables, name)
    return pd.DataFrame(columns=_OPTIONAL[name]) if table is None else table


def _given(table: pd.DataFrame) -> pd.DataFrame | None:
    return None if table.empty else table

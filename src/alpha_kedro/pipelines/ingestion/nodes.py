"""The nodes of ingestion: fetch, keep, clean, judge, account."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import SecretStr, TypeAdapter

from alpha_kedro.core.registry import unknown_name
from alpha_kedro.core.stored_table import StoredTable
from alpha_kedro.experiment import MarketSpec
from alpha_kedro.market import (
    FundamentalsSpec,
    IngestionSpec,
    SentimentSpec,
    clean_bars,
    clean_benchmarks,
    clean_fundamentals,
    clean_membership,
    clean_sectors,
    clean_sentiment,
    listing_fates,
    survivorship_coverage,
)
from alpha_kedro.market.health import HealthSpec, check_health
from alpha_kedro.sources import (
    MarketTables,
    find_vintage,
    keep_vintage,
    load_market,
    load_vintage,
    previous_bars,
)

Table = pd.DataFrame | StoredTable
Report = dict[str, Any]

# What an absent table looks like on disk: its columns, no rows.
_OPTIONAL = {
    "membership": ("ticker", "start", "end", "price_ticker"),
    "sectors": ("ticker", "sector"),
    "benchmarks": ("date", "ticker", "open", "high", "low", "close", "volume"),
    "actions": ("date", "ticker", "dividend", "split_ratio"),
    "delistings": ("ticker", "date", "exit_return"),
    "fundamentals": ("ticker", "known_date", "end_date"),
    "sentiment": ("date", "ticker"),
}


def load_raw_market(
    market: str,
    markets: dict[str, Any],
    ingestion: IngestionSpec,
    seed: int,
    vendor_folder: Path,
    vintage_folder: Path,
    market_database: SecretStr | None,
) -> tuple[Iterator[pd.DataFrame] | pd.DataFrame | Report, ...]:
    """Load the chosen market as it came, or as an old vintage kept it."""
    if market not in markets:
        raise unknown_name("market", market, markets)
    spec: MarketSpec = TypeAdapter(MarketSpec).validate_python(markets[market])
    if ingestion.vintage is not None:
        tables = load_vintage(vintage_folder, ingestion.vintage, market=market)
    else:
        tables = load_market(
            spec, seed=seed, folder=vendor_folder, database=market_database
        )
    facts = {
        "market": market,
        "kind": spec.kind,
        "basis": tables.basis,
        **tables.facts,
        "repeats": ingestion.vintage,
    }
    return tables.parts(), *(_or_empty(tables, name) for name in _OPTIONAL), facts


def keep_raw_market(
    vintage_folder: Path,
    market_facts: Report,
    raw_bars: StoredTable,
    *others: StoredTable,
) -> Report:
    """Keep the raw tables with their content hashes, unless they are kept already."""
    if market_facts["repeats"] is not None:
        wanted, market = market_facts["repeats"], market_facts["market"]
        return find_vintage(vintage_folder, wanted, market=market)
    names = ("bars", *_OPTIONAL)
    tables = zip(names, (raw_bars, *others), strict=True)
    paths = {name: table.path if len(table) else None for name, table in tables}
    return keep_vintage(vintage_folder, paths, market_facts)


def clean_prices(
    raw_bars: Table,
    raw_actions: Table,
    market_facts: Report,
    ingestion: IngestionSpec,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame, Report]:
    """Keep the bars that can be trusted; quarantine the others with their reason."""
    clean = clean_bars(
        raw_bars,
        actions=_given(raw_actions),
        basis=market_facts["basis"],
        spec=ingestion,
        seed=seed,
    )
    return clean.bars, clean.rejects, clean.report


def clean_references(
    bars: pd.DataFrame,
    rejects: pd.DataFrame,
    raw_membership: Table,
    raw_sectors: Table,
    raw_benchmarks: Table,
    raw_delistings: Table,
    raw_actions: Table,
    market_facts: Report,
    ingestion: IngestionSpec,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, Report]:
    """Check membership, sectors and benchmarks; tell what became of every name."""
    intervals = _given(raw_membership)
    membership, of_members = clean_membership(intervals, bars=bars)
    names = bars["ticker"].unique()
    sectors, of_sectors = clean_sectors(
        _given(raw_sectors), tickers=names, funds=_tickers_of(raw_benchmarks)
    )
    benchmarks, of_benchmarks = clean_benchmarks(
        _given(raw_benchmarks),
        sessions=np.unique(bars["date"].to_numpy()),
        spec=ingestion,
        actions=_given(raw_actions),
        basis=market_facts["basis"],
    )
    listings, of_listings = listing_fates(
        bars,
        delisted_after=ingestion.delisted_after,
        rejects=rejects,
        known=_given(raw_delistings),
    )
    coverage = None
    if intervals is not None:
        covered = survivorship_coverage(intervals, bars, listings=listings)
        coverage = covered.to_dict("records")
    report = {
        "membership": of_members,
        "sectors": of_sectors,
        "benchmarks": of_benchmarks,
        "listings": of_listings,
        "coverage": coverage,
    }
    return membership, sectors, benchmarks, listings, report


def clean_disclosures(
    bars: pd.DataFrame,
    raw_fundamentals: Table,
    raw_sentiment: Table,
    fundamentals: FundamentalsSpec,
    sentiment: SentimentSpec,
    ingestion: IngestionSpec,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, Report]:
    """Give reports and sentiment the session from whose close on they were known."""
    calendar = ingestion.calendar
    reports = clean_fundamentals(
        _given(raw_fundamentals), bars=bars, spec=fundamentals, calendar=calendar
    )
    said = clean_sentiment(
        _given(raw_sentiment), bars=bars, spec=sentiment, calendar=calendar
    )
    account = {"fundamentals": reports.report, "sentiment": said.report}
    return reports.table, said.table, reports.rejects, said.rejects, account


def judge_health(
    raw_bars: Table,
    raw_actions: Table,
    raw_benchmarks: Table,
    raw_membership: Table,
    rejects: pd.DataFrame,
    market_facts: Report,
    vintage: Report,
    vintage_folder: Path,
    health: HealthSpec,
    ingestion: IngestionSpec,
) -> tuple[pd.DataFrame, Report]:
    """Look for faults in the market as it came, and against its vintage before."""
    seen = check_health(
        raw_bars,
        actions=_given(raw_actions),
        benchmarks=_given(raw_benchmarks),
        membership=_given(raw_membership),
        rejects=rejects,
        previous=previous_bars(vintage_folder, vintage),
        basis=market_facts["basis"],
        spec=health,
        calendar=ingestion.calendar,
    )
    return seen.findings, seen.summary


def account_for_all(
    market_facts: Report,
    vintage: Report,
    bars_report: Report,
    references_report: Report,
    disclosures_report: Report,
    health: Report,
) -> Report:
    """Put what every step of ingestion has counted on one page."""
    return {
        "market": market_facts["market"],
        "source": {key: of for key, of in market_facts.items() if key != "market"},
        "vintage": vintage["id"],
        "data_hash": vintage["content_hash"],
        "hashes": vintage["hashes"],
        "bars": bars_report,
        **references_report,
        **disclosures_report,
        "health": health,
    }


def _tickers_of(benchmarks: Table) -> list[str]:
    given = _given(benchmarks)
    return [] if given is None else [str(name) for name in given["ticker"].unique()]


def _or_empty(tables: MarketTables, name: str) -> pd.DataFrame:
    table: pd.DataFrame | None = getattr(tables, name)
    return pd.DataFrame(columns=list(_OPTIONAL[name])) if table is None else table


def _given(table: Table) -> pd.DataFrame | None:
    if not len(table):
        return None
    return table.read() if isinstance(table, StoredTable) else table

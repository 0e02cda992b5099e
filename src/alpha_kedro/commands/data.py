"""``kedro data``: which vintages there are, what changed between two of them."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alpha_kedro.commands.setting import faults_told, local_root, with_data_root

if TYPE_CHECKING:
    import pandas as pd

    from alpha_kedro.sources.tables import MarketTables
    from alpha_kedro.sources.vintages.diff import Changes

_VINTAGES = "01_raw/vintages"
_DIFFERENT = 3
_NAMED = 6  # tickers of a kind that are named


@click.group(name="data")
def data() -> None:
    """Look at the vintages of raw data that runs have kept."""


@data.command()
@with_data_root
@faults_told()
def vintages(**options: Any) -> None:
    """List the kept vintages, the latest first."""
    from alpha_kedro.sources.vintages.records import list_vintages

    records = list_vintages(local_root(**options) / _VINTAGES)
    if not records:
        click.echo("No vintage is kept yet; kedro run keeps one.")
        return
    header = ("Vintage", "Market", "Recorded (UTC)", "Confirmed", "Bars", "Tables")
    rows = [
        (
            one["id"],
            str(one["market"]),
            one["recorded_at"][:16].replace("T", " "),
            one["confirmed_at"][:16].replace("T", " "),
            f"{one['n_rows'].get('bars', 0):,}",
            str(len(one["n_rows"])),
        )
        for one in reversed(records)
    ]
    _show(header, rows, n_names=4)


@data.command()
@click.argument("a")
@click.argument("b")
@click.option("--output", type=click.Path(path_type=Path), help="Parquet of all rows.")
@click.option("--ticker", help="Only this ticker.")
@click.option("--rows", default=20, show_default=True, help="Changes to print.")
@with_data_root
@faults_told()
def diff(
    a: str, b: str, output: Path | None, ticker: str | None, rows: int, **options: Any
) -> None:
    """Say what changed from vintage A to vintage B.

    A and B are ids, beginnings of ids, latest, previous, or the folder of another
    data_root (its latest). Leaves with 0 when they are equal and with 3 when not.
    """
    from alpha_kedro.sources.vintages.diff import diff_vintages

    folder = local_root(**options) / _VINTAGES
    older, newer = (_market(name, folder) for name in (a, b))
    click.echo(f"from  {older.facts['vintage']}\nto    {newer.facts['vintage']}\n")
    changes = diff_vintages(older, newer)
    if ticker is not None:
        changes = _of_ticker(changes, ticker)
    if changes.are_none:
        click.echo("They hold the same rows.")
        return
    _tell(changes, rows)
    if output is not None:
        from alpha_kedro.core.stored_table import write_parts

        n_rows = write_parts(output, changes.rows())
        click.echo(f"\n{n_rows:,} changes written to {output}")
    sys.exit(_DIFFERENT)


@data.command()
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    required=True,
    help="How many of every market stay.",
)
@with_data_root
@faults_told()
def forget(keep: int, **options: Any) -> None:
    """Delete all but the last vintages of every market."""
    from alpha_kedro.core.lock import RunLock
    from alpha_kedro.sources.vintages import forget_vintages

    root = local_root(**options)
    with RunLock(root):
        gone = forget_vintages(root / _VINTAGES, keep=keep)
    for record in gone:
        click.echo(f"deleted {record['id']} of {record['market']}")
    click.echo(f"{len(gone)} vintage(s) deleted")


def _market(name: str, folder: Path) -> "MarketTables":
    from alpha_kedro.sources.vintages import load_vintage
    from alpha_kedro.sources.vintages.records import LATEST, RECORD_FILE

    place = Path(name)
    if (place / RECORD_FILE).is_file():
        return load_vintage(place.parent, place.name)
    if (place / _VINTAGES).is_dir():
        return load_vintage(place / _VINTAGES, LATEST)
    return load_vintage(folder, name)


def _of_ticker(changes: "Changes", ticker: str) -> "Changes":
    from dataclasses import replace

    import pandas as pd

    def rows() -> "Iterator[pd.DataFrame]":
        for part in changes.rows():
            yield part[part["ticker"] == ticker]

    found = pd.concat(rows(), ignore_index=True)
    keys = ["table", "kind", "date"]
    per_row = found.drop_duplicates([*keys, "field"]).drop_duplicates(keys)
    counts = per_row.groupby(["table", "kind"]).size().rename("rows").reset_index()
    of_ticker = changes.tickers[changes.tickers["ticker"] == ticker]
    if of_ticker.empty and found.empty:
        raise click.BadParameter(f"neither vintage has a ticker {ticker}")
    return replace(changes, rows=rows, counts=counts, tickers=of_ticker)


def _tell(changes: "Changes", n_rows: int) -> None:
    if changes.basis[0] != changes.basis[1]:
        click.echo(f"The price basis changed from {' to '.join(changes.basis)}.\n")
    counts = changes.counts.pivot_table(
        index="table", columns="kind", values="rows", aggfunc="sum", fill_value=0
    ).reindex(columns=["added", "removed", "changed"], fill_value=0)
    lines = [
        (str(name), *(f"{n:,}" for n in row)) for name, *row in counts.itertuples()
    ]
    _show(("Table", "Added", "Removed", "Changed"), lines)
    click.echo()
    kinds = changes.tickers.groupby("kind", sort=False)
    named = [(str(kind), f"{len(of):,}", _names(of)) for kind, of in kinds]
    _show(("Bars of tickers", "Tickers", "Which"), named)
    first = _first(changes, n_rows)
    if len(first):
        click.echo("\nThe first changes that the tickers' kinds do not explain:\n")
        _show(tuple(first.columns.str.capitalize()), _cells(first), n_names=7)


def _names(tickers: "pd.DataFrame") -> str:
    """Name the first tickers of a kind, with the ratio of those that were rescaled."""
    from alpha_kedro.sources.vintages.kinds import NORMAL

    if tickers["kind"].isin(NORMAL).all():
        return ""
    shown = [
        f"{one['ticker']}{_ratio(one)}"
        for one in tickers.head(_NAMED).to_dict("records")
    ]
    more = len(tickers) - len(shown)
    return ", ".join(shown) + (f" (+{more:,} more)" if more else "")


def _ratio(ticker: Mapping[Any, Any]) -> str:
    price, total = ticker["price_ratio"], ticker["adj_close_ratio"]
    if price != price:  # NaN: not rescaled
        return ""
    if price != 1.0:
        return f" x {price:.6g}"
    return f" adj_close x {total:.6g}"


def _first(changes: "Changes", n_rows: int) -> "pd.DataFrame":
    """Return the first changes that are more than new days or another basis."""
    import pandas as pd

    from alpha_kedro.sources.vintages.kinds import EXPLAINED

    tickers = changes.tickers
    known = tickers.loc[tickers["kind"].isin(EXPLAINED), "ticker"]
    found: list[pd.DataFrame] = []
    for part in changes.rows():
        told = (part["table"] == "bars") & part["ticker"].isin(known)
        found.append(part[~told].head(n_rows - sum(map(len, found))))
        if sum(map(len, found)) >= n_rows:
            break
    return pd.concat(found, ignore_index=True)


def _cells(rows: "pd.DataFrame") -> list[tuple[str, ...]]:
    import pandas as pd

    def cell(value: Any) -> str:
        if pd.isna(value):
            return ""
        if isinstance(value, pd.Timestamp):
            return f"{value:%Y-%m-%d}"
        return f"{value:+.3%}" if isinstance(value, float) else str(value)

    return [tuple(map(cell, row)) for row in rows.itertuples(index=False)]


def _show(
    header: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, n_names: int = 1
) -> None:
    from alpha_kedro.reports.tables import Table, as_text

    click.echo(as_text(Table(header, tuple(rows), n_names)))

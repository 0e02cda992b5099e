"""Attributions as one table, and back again."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Dates, Panel
from alpha_kedro.measures.attribution.attribute import Attribution
from alpha_kedro.measures.attribution.breakdown import Breakdown

_COLUMNS = ("date", "strategy", "dimension", "key", "contribution", "cost", "exposure")


def attribution_table(
    attributions: Mapping[str, Attribution], *, by_name: str
) -> pd.DataFrame:
    """Return every attribution as one long table.

    Parameters
    ----------
    attributions
        By strategy.
    by_name
        The strategy whose names are kept too, for there are many of them.

    Returns
    -------
    DataFrame
        date, strategy, dimension, key, contribution (after the costs of the key) and
        cost, shares of the NAV before the session; exposure of the book at the close
        before, for factors, NaN otherwise. Keys that neither earned nor cost anything
        on a date are left out by name.
    """
    tables = [
        _table(attribution, names=strategy == by_name).assign(strategy=strategy)
        for strategy, attribution in attributions.items()
    ]
    if not tables:
        return pd.DataFrame(columns=list(_COLUMNS))
    stacked = pd.concat(tables, ignore_index=True)[list(_COLUMNS)]
    texts = dict.fromkeys(("strategy", "dimension", "key"), "str")
    keys = ["date", "strategy", "dimension", "key"]
    return stacked.astype(texts).sort_values(keys, kind="stable", ignore_index=True)


def attributions_of(
    table: pd.DataFrame, returns: pd.DataFrame
) -> dict[str, Attribution]:
    """Return the attributions that `attribution_table` wrote down, by strategy.

    Parameters
    ----------
    table
        As it was written.
    returns
        date, strategy, gross_return, net_return: of the same backtests.
    """
    ledgers = dict(tuple(returns.groupby("strategy")))
    return {
        str(strategy): _attribution(own, ledgers[strategy])
        for strategy, own in table.groupby("strategy", sort=False)
    }


def _table(attribution: Attribution, *, names: bool) -> pd.DataFrame:
    wanted = [
        each
        for dimension, each in attribution.breakdowns.items()
        if names or dimension != "name"
    ]
    table = pd.concat([each.table() for each in wanted], ignore_index=True)
    table["exposure"] = np.nan
    if attribution.exposures is not None:
        held = attribution.exposures.melt(
            var_name="key", value_name="exposure", ignore_index=False
        )
        held = held.reset_index().assign(dimension="factor")
        keys = ["date", "dimension", "key"]
        texts = {"dimension": "str", "key": "str"}
        table = table.drop(columns="exposure").astype(texts)
        table = table.merge(held.astype(texts), on=keys, how="left", validate="1:1")
    return table


def _attribution(table: pd.DataFrame, ledger: pd.DataFrame) -> Attribution:
    ledger = ledger.sort_values("date")
    dates = ledger["date"].to_numpy()
    breakdowns = {
        str(dimension): _breakdown(str(dimension), own, dates)
        for dimension, own in table.groupby("dimension", sort=False)
    }
    return Attribution(
        dates=dates,
        gross=ledger["gross_return"].to_numpy(),
        net=ledger["net_return"].to_numpy(),
        breakdowns=breakdowns,
        exposures=_exposures(table[table["exposure"].notna()], dates),
        notes={},
    )


def _breakdown(dimension: str, table: pd.DataFrame, dates: Dates) -> Breakdown:
    parts = _spread(table, ["contribution", "cost"], dates)
    own, costs = (np.nan_to_num(part) for part in parts.fields.values())
    return Breakdown(dimension, dates, tuple(map(str, parts.tickers)), own, costs)


def _exposures(table: pd.DataFrame, dates: Dates) -> pd.DataFrame | None:
    if table.empty:
        return None
    held = _spread(table, ["exposure"], dates)
    names = pd.Index(held.tickers, dtype="str", name="factor")
    return pd.DataFrame(
        held["exposure"], index=pd.DatetimeIndex(dates, name="date"), columns=names
    )


def _spread(table: pd.DataFrame, columns: list[str], dates: Dates) -> Panel:
    """Return (n_dates, n_keys) arrays, keys in the order of their names."""
    keyed = table[["date", "key", *columns]].rename(columns={"key": "ticker"})
    return Panel.from_table(keyed, columns, axes=Axes.of(dates, keyed["ticker"]))

"""How much of the universe the features know anything about, year by year."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Bool
from alpha_kedro.signals.features import find_feature

_KEY = ("date", "ticker")
_TABLES = {"fundamentals": "report", "sentiment": "sentiment"}
_PRICES = "prices"


def coverage_by_year(
    features: pd.DataFrame, *, axes: Axes, mask: Bool, decisions: Bool
) -> pd.DataFrame:
    """Tell for which share of the members' decision days a feature has a value.

    Parameters
    ----------
    features
        Long table: date, ticker and one column per feature.
    axes
        Sessions and tickers of ``mask`` and ``decisions``.
    mask
        (n_dates, n_tickers) bool: members of the universe.
    decisions
        (n_dates,) bool: sessions at whose close a decision is made.

    Returns
    -------
    DataFrame
        year, group (``prices``, ``fundamentals`` or ``sentiment``: what the features
        are made of), ``n_features``, ``member_days`` (members times decision dates,
        with a bar or without), ``mean_share`` and ``lowest_share`` of them with a
        value, over the features of the group, and ``lowest``, the feature that has it.
    """
    asked = mask & decisions[:, None]
    years = pd.DatetimeIndex(axes.dates).year.to_numpy()
    days = pd.Series(asked.sum(axis=1)).groupby(years).sum()
    days = days[days > 0]
    names = [str(name) for name in features if name not in _KEY]
    rows, columns = axes.locate(features)
    inside = (rows >= 0) & (columns >= 0)
    inside[inside] = asked[rows[inside], columns[inside]]
    known = features.loc[inside, names].notna().groupby(years[rows[inside]]).sum()
    shares = known.reindex(days.index, fill_value=0).div(days, axis=0)
    parts = [_of_group(shares, group, days) for group in (_PRICES, *_TABLES)]
    table = pd.concat([part for part in parts if not part.empty], ignore_index=True)
    return table.sort_values(["year", "group"], ignore_index=True)


def _of_group(shares: pd.DataFrame, group: str, days: pd.Series) -> pd.DataFrame:
    names = [name for name in shares if _made_of(str(name)) == group]
    if not names:
        return pd.DataFrame()
    own = shares[names]
    return pd.DataFrame(
        {
            "year": own.index.to_numpy(dtype=np.int64),
            "group": pd.array([group] * len(own), "str"),
            "n_features": len(names),
            "member_days": days.to_numpy(),
            "mean_share": own.mean(axis=1).to_numpy(),
            "lowest_share": own.min(axis=1).to_numpy(),
            "lowest": own.idxmin(axis=1).astype("str").to_numpy(),
        }
    )


def _made_of(name: str) -> str:
    """Return the table beside the prices that a feature reads, if there is one."""
    feature = find_feature(name)
    tables = {need.partition(".")[0] for need in feature.needs} if feature else set()
    return next((table for table, at in _TABLES.items() if at in tables), _PRICES)

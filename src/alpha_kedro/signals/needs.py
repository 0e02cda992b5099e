"""What features need, and the refusal of those that lack it."""

from collections.abc import Sequence

import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Int, Panel
from alpha_kedro.signals.features import Feature


def needing(field: str, features: Sequence[Feature]) -> list[str]:
    """Return the features that read a field, or any whose name begins so."""
    return [
        each.name
        for each in features
        if any(need.startswith(field) for need in each.needs)
    ]


def refuse_unmet_needs(
    features: Sequence[Feature],
    prices: Panel,
    *,
    groups: Int | None,
    fundamentals: pd.DataFrame | None,
    sentiment: pd.DataFrame | None,
) -> None:
    """Refuse features whose history, groups, reports, tweets or quotes are missing.

    Raises
    ------
    ConfigError
        ``AK-C021``, ``AK-C022``, ``AK-C100``, ``AK-C101``.
    """
    _refuse_short_history(len(prices.dates), features)
    _refuse_missing_groups(features, groups)
    _refuse_missing_table(features, "report.", "fundamentals", fundamentals)
    _refuse_missing_table(features, "sentiment.", "sentiment", sentiment)
    _refuse_missing_quotes(features, prices)


def _refuse_short_history(n_dates: int, features: Sequence[Feature]) -> None:
    needed = max(each.formula.needed for each in features)
    if needed > n_dates:
        raise ConfigError(
            "AK-C021",
            "the history is shorter than the longest lookback",
            where=[each.name for each in features if each.formula.needed > n_dates],
            got=f"has {n_dates} sessions",
            wanted=f"needs {needed} sessions",
            fix="load more history, or leave these features out",
        )


def _refuse_missing_groups(features: Sequence[Feature], groups: Int | None) -> None:
    asking = needing("sector", features)
    if asking and groups is None:
        raise ConfigError(
            "AK-C022",
            "a feature needs the group of each ticker, and none were given",
            where=asking,
            fix="pass sectors (a table of ticker and sector), or leave it out",
        )


def _refuse_missing_table(
    features: Sequence[Feature], prefix: str, name: str, table: pd.DataFrame | None
) -> None:
    asking = needing(prefix, features)
    if asking and (table is None or table.empty):
        raise ConfigError(
            "AK-C100",
            f"a feature needs {name}, and the market has none",
            where=asking,
            fix=f"give a table of {name} (markets), or leave these features out",
        )


def _refuse_missing_quotes(features: Sequence[Feature], prices: Panel) -> None:
    asking = needing("quoted_", features)
    if asking and "quoted_close" not in prices.fields:
        raise ConfigError(
            "AK-C101",
            "a feature needs prices as quoted, and the panel lacks them",
            where=asking,
            fix="use build_features, or add them with with_quotes(prices, bars)",
        )

"""From prices and the tables beside them to what features are computed from."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Axes, Bool, Float, Int, Panel
from alpha_kedro.signals.features import FEATURES, Inputs, longest_lookback
from alpha_kedro.signals.fundamentals import KnownReports
from alpha_kedro.signals.market_return import equal_weight_return
from alpha_kedro.signals.sentiment import known_sentiment

_PRICE_FIELDS = ("open", "high", "low", "close", "volume", "dollar_volume")
_SHARE_VALUE = "share_value"


def assemble_inputs(
    prices: Panel,
    names: tuple[str, ...],
    *,
    members: Bool | None,
    market_return: Float | None,
    groups: Int | None,
    fundamentals: pd.DataFrame | None,
    sentiment: pd.DataFrame | None,
) -> Inputs:
    """Align everything the named features read, and nothing they do not need.

    Parameters
    ----------
    prices
        Total-return panel; with ``share_value`` where a feature reads it, see
        `with_share_value`.
    names
        Of features.
    members, market_return, groups, fundamentals, sentiment
        As `compute_features`.

    Raises
    ------
    ConfigError
        ``AK-C021`` history shorter than the longest lookback, ``AK-C022`` groups
        missing, ``AK-C023`` an array that does not fit, ``AK-C100`` fundamentals or
        sentiment missing, ``AK-C101`` a panel without ``share_value``.
    """
    _refuse_short_history(prices, names)
    _refuse_missing_groups(names, groups)
    _refuse_missing_table(names, "fundamentals", fundamentals)
    _refuse_missing_table(names, "sentiment", sentiment)
    fields = {name: _read_only(prices[name]) for name in _PRICE_FIELDS}
    if market_return is None and needing("market_return", names):
        market_return = equal_weight_return(fields["close"], members)
    return Inputs(
        dates=prices.dates,
        market_return=_market_column(market_return, prices.axes),
        sector=_sector_rows(groups, prices.axes),
        share_value=_share_value(prices, names),
        fundamentals=_reports(names, fundamentals, prices.axes),
        sentiment=_sentiment(names, sentiment, prices.axes),
        **fields,
    )


def with_share_value(prices: Panel, bars: pd.DataFrame) -> Panel:
    """Return the panel with ``share_value``: what a share is worth, dividends aside.

    Parameters
    ----------
    prices
        The panel of ``bars``.
    bars
        Long table: date, ticker, close as quoted, and ``share_factor`` where splits are
        known.

    Notes
    -----
    The value is that of what one share of the ticker's first bar has become by splits:
    close times ``share_factor``. Unlike the total-return close its level is that of the
    day, so it may be compared with figures of a report.
    """
    known = [name for name in ("close", "share_factor") if name in bars]
    quotes = Panel.from_table(bars, known, axes=prices.axes)
    value = quotes["close"] * quotes.fields.get("share_factor", 1.0)
    return Panel(prices.axes, {**prices.fields, _SHARE_VALUE: value})


def needing(field: str, names: tuple[str, ...]) -> list[str]:
    """Return the features among the named that read a field of `Inputs`."""
    return [name for name in names if field in FEATURES[name].needs]


def align_members(mask: pd.DataFrame | Bool | None, axes: Axes) -> Bool | None:
    """Return the members as (n_dates, n_tickers); a frame is aligned by its names.

    Raises
    ------
    ConfigError
        ``AK-C023`` an array of another shape.
    """
    if isinstance(mask, pd.DataFrame):
        on_axes = mask.reindex(index=axes.dates, columns=axes.tickers, fill_value=False)
        return on_axes.to_numpy(dtype=bool)
    if mask is not None and mask.shape != axes.shape:
        raise _misfit("mask", mask.shape, axes.shape)
    return mask


def _market_column(market_return: Float | None, axes: Axes) -> Float:
    n_dates = axes.shape[0]
    if market_return is None:
        return _read_only(np.full((n_dates, 1), np.nan))
    if market_return.shape != (n_dates,):
        raise _misfit("market return", market_return.shape, (n_dates,))
    return _read_only(market_return[:, None])


def _sector_rows(groups: Int | None, axes: Axes) -> Float:
    """Return the codes of every date, or of one where they are the same on all."""
    n_tickers = axes.shape[1]
    if groups is None:
        return _read_only(np.full((1, n_tickers), np.nan))
    if groups.shape not in {(n_tickers,), axes.shape}:
        raise _misfit("array of groups", groups.shape, axes.shape)
    rows = np.atleast_2d(groups)
    rows = rows[:1] if rows.strides[0] == 0 else rows
    return _read_only(np.where(rows < 0, np.nan, rows))


def _share_value(prices: Panel, names: tuple[str, ...]) -> Float:
    asking = needing(_SHARE_VALUE, names)
    if not asking:
        return _read_only(np.full((1, prices.axes.shape[1]), np.nan))
    if _SHARE_VALUE not in prices.fields:
        raise ConfigError(
            "AK-C101",
            "a feature needs the value of a share, and the panel lacks share_value",
            where=asking,
            fix="use build_features, or add it with with_share_value(prices, bars)",
        )
    return _read_only(prices[_SHARE_VALUE])


def _reports(
    names: tuple[str, ...], fundamentals: pd.DataFrame | None, axes: Axes
) -> Mapping[str, Float]:
    if fundamentals is None or not needing("fundamentals", names):
        return {}
    return KnownReports(fundamentals, axes)


def _sentiment(
    names: tuple[str, ...], sentiment: pd.DataFrame | None, axes: Axes
) -> Mapping[str, Float]:
    if sentiment is None or not needing("sentiment", names):
        return {}
    sums = known_sentiment(sentiment, axes)
    return {name: _read_only(values) for name, values in sums.items()}


def _read_only(array: npt.NDArray[np.generic]) -> Float:
    """Return a view nobody can write to: features share their inputs."""
    view: Float = array.astype(np.float64, copy=False).view()
    view.flags.writeable = False
    return view


def _refuse_short_history(prices: Panel, names: tuple[str, ...]) -> None:
    wanted, has = longest_lookback(names), len(prices.dates)
    if wanted > has:
        raise ConfigError(
            "AK-C021",
            "the history is shorter than the longest lookback",
            where=[name for name in names if FEATURES[name].lookback > has],
            got=f"has {has} sessions",
            wanted=f"needs {wanted} sessions",
            fix="load more history, or leave these features out",
        )


def _refuse_missing_groups(names: tuple[str, ...], groups: Int | None) -> None:
    asking = needing("sector", names)
    if asking and groups is None:
        raise ConfigError(
            "AK-C022",
            "a feature needs the group of each ticker, and none were given",
            where=asking,
            fix="pass sectors (a table of ticker and sector), or leave it out",
        )


def _refuse_missing_table(
    names: tuple[str, ...], field: str, table: pd.DataFrame | None
) -> None:
    asking = needing(field, names)
    if asking and (table is None or table.empty):
        raise ConfigError(
            "AK-C100",
            f"a feature needs {field}, and the market has none",
            where=asking,
            fix=f"give a table of {field} (markets), or leave these features out",
        )


def _misfit(what: str, got: tuple[int, ...], wanted: tuple[int, ...]) -> ConfigError:
    return ConfigError(
        "AK-C023",
        f"the {what} does not fit the bars",
        got=f"shape {got}",
        wanted=f"shape {wanted}",
        fix="align it with the sorted dates and tickers of the bars",
    )

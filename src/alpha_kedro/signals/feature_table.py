"""From bars to the table of features: the research path and the evening job's alike."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Axes, Bool, Float, Int, Panel, Single, gather
from alpha_kedro.core.prices import price_panel
from alpha_kedro.core.sectors import sector_codes
from alpha_kedro.signals.feature_matrix import feature_matrix
from alpha_kedro.signals.features import Asked, Feature, choose_features
from alpha_kedro.signals.inputs import (
    align_members,
    assemble_inputs,
    with_quotes,
)
from alpha_kedro.signals.market_return import benchmark_return
from alpha_kedro.signals.needs import needing
from alpha_kedro.signals.usable import refuse_infinite_prices, refuse_unusable_bars

Day = str | date | np.datetime64


def build_features(
    bars: pd.DataFrame,
    features: Asked = "weekly_equity",
    mask: pd.DataFrame | Bool | None = None,
    *,
    benchmark: pd.DataFrame | None = None,
    sectors: pd.DataFrame | None = None,
    fundamentals: pd.DataFrame | None = None,
    sentiment: pd.DataFrame | None = None,
    since: Day | None = None,
    threads: int = 1,
) -> pd.DataFrame:
    """Compute features of every bar, known at the close of its date.

    Parameters
    ----------
    bars
        Long table: date, ticker, open, high, low, close, volume, ``adj_close`` (total
        return) and ``share_factor`` (splits) where known. In any order; a (date,
        ticker) stands in it once.
    features
        Names of features and feature sets.
    mask
        Members of the universe by date, as a (dates x tickers) frame or as an array on
        the sorted dates and tickers of ``bars``. Only members make up the market return
        where no benchmark is given, and are compared by the words that look across
        names. All other features are computed for every bar.
    benchmark
        Bars of one ticker, whose total return is then the market return. Default: the
        equal-weighted mean return of the members.
    sectors
        Table of ticker and sector, start and end where labels are dated, for the
        features that need it.
    fundamentals, sentiment
        Clean tables with ``known_at``, for the features that need them: see
        `alpha_kedro.market.clean_fundamentals` and ``clean_sentiment``.
    since
        First day wanted: that and later sessions are computed, from no more bars than
        the longest lookback asks for. Default: all.
    threads
        Blocks of names computed at the same time; the bits are the same with any.

    Returns
    -------
    pandas.DataFrame
        date, ticker and one float32 column per feature, sorted by (date, ticker); one
        row per bar with a close. NaN until the history is as long as the formula needs.

    Raises
    ------
    ConfigError
        ``AK-C002`` unknown name, ``AK-C020`` no name, ``AK-C021`` history shorter than
        the longest lookback, ``AK-C022`` sectors missing, ``AK-C023`` a mask that does
        not fit, ``AK-C025`` a benchmark of several tickers, ``AK-C100`` fundamentals or
        sentiment missing, ``AK-C115`` no session from ``since`` on.
    DataError
        ``AK-D001`` duplicates, ``AK-D050`` columns or rows missing, ``AK-D051`` an
        infinite feature, ``AK-D053`` a ticker in two sectors, ``AK-D115`` prices
        or volumes that are infinite, or text.

    Notes
    -----
    A row is the same to the last bit whatever comes after it and wherever the history
    starts, as long as the longest lookback is loaded: `longest_lookback`. Fundamentals
    and sentiment are given whole; a row of them counts from its ``known_at`` on.
    """
    refuse_unusable_bars(bars)
    if benchmark is not None:
        refuse_unusable_bars(benchmark)
    chosen = choose_features(features)
    loaded = bars if since is None else _history_of(bars, chosen, since)
    prices = price_panel(loaded)
    if needing("quoted_", chosen):
        prices = with_quotes(prices, loaded)
    inputs = assemble_inputs(
        prices,
        chosen,
        members=_members(mask, bars, prices.axes),
        market_return=(
            None if benchmark is None else benchmark_return(benchmark, prices.axes)
        ),
        groups=None if sectors is None else sector_codes(sectors, prices.axes),
        fundamentals=fundamentals,
        sentiment=sentiment,
    )
    wanted = np.isfinite(prices["close"])
    if since is not None:
        wanted[prices.dates < np.datetime64(pd.Timestamp(since))] = False
    values = feature_matrix(inputs, chosen, wanted, threads=threads)
    table = pd.DataFrame(values.T, columns=[each.name for each in chosen], copy=False)
    places = gather(prices.axes, {}, wanted)
    for place, key in enumerate(("date", "ticker")):
        table.insert(place, key, places[key])
    return table


def _history_of(
    bars: pd.DataFrame, features: Sequence[Feature], since: Day
) -> pd.DataFrame:
    """Return the bars from which the values of ``since`` on follow to the last bit."""
    sessions = np.sort(bars["date"].unique())
    first = int(np.searchsorted(sessions, np.datetime64(pd.Timestamp(since))))
    if first == len(sessions):
        raise ConfigError(
            "AK-C115",
            "no session is left to compute",
            got=f"sessions up to {pd.Timestamp(sessions[-1]):%Y-%m-%d}",
            wanted=f"one on or after {pd.Timestamp(since):%Y-%m-%d}",
            fix="load the new sessions first, or give an earlier day",
        )
    lookback = max(each.lookback for each in features)
    loaded: pd.DataFrame = bars[bars["date"] >= sessions[max(first - lookback + 1, 0)]]
    return loaded


def _members(
    mask: pd.DataFrame | Bool | None, bars: pd.DataFrame, axes: Axes
) -> Bool | None:
    """Return the members on the axes of the bars that are loaded."""
    if isinstance(mask, np.ndarray):
        whole = Axes.of_table(bars)
        align_members(mask, whole)
        mask = pd.DataFrame(mask, index=whole.dates, columns=whole.tickers)
    return align_members(mask, axes)


def compute_features(
    prices: Panel,
    features: Asked,
    *,
    mask: Bool | None = None,
    market_return: Float | None = None,
    groups: Int | None = None,
    fundamentals: pd.DataFrame | None = None,
    sentiment: pd.DataFrame | None = None,
    threads: int = 1,
) -> dict[str, Single]:
    """Compute features as arrays: what `build_features` does between its tables.

    Parameters
    ----------
    prices
        As `alpha_kedro.core.prices.price_panel` makes it; with quoted prices
        for features that read them, see `with_quotes`.
    features
        Names of features and feature sets.
    mask
        (n_dates, n_tickers) members of the universe, as `build_features`.
    market_return
        (n_dates,) simple return over one session. Default: the equal-weighted mean of
        the members.
    groups
        (n_tickers,) or (n_dates, n_tickers) code of each ticker's group, negative where
        unknown.
    fundamentals, sentiment
        As `build_features`.

    Returns
    -------
    dict
        (n_dates, n_tickers) float32 by name.

    Raises
    ------
    ConfigError, DataError
        As `build_features`; ``AK-C101`` a panel without quoted prices.
    """
    refuse_infinite_prices(prices)
    chosen = choose_features(features)
    inputs = assemble_inputs(
        prices,
        chosen,
        members=align_members(mask, prices.axes),
        market_return=market_return,
        groups=groups,
        fundamentals=fundamentals,
        sentiment=sentiment,
    )
    everywhere = np.ones(prices.axes.shape, dtype=bool)
    values = feature_matrix(inputs, chosen, everywhere, threads=threads)
    return {
        each.name: row.reshape(prices.axes.shape)
        for each, row in zip(chosen, values, strict=True)
    }

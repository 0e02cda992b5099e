"""From bars to the table of features: the research path and the evening job's alike."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Axes, Bool, Float, Int, Panel, Single, gather
from alpha_kedro.core.prices import price_panel
from alpha_kedro.core.sectors import sector_codes
from alpha_kedro.core.spec import Names, Spec
from alpha_kedro.signals.features import FEATURES, Feature, Inputs, feature_names
from alpha_kedro.signals.inputs import (
    align_members,
    assemble_inputs,
    needing,
    with_share_value,
)
from alpha_kedro.signals.market_return import benchmark_return

_COLUMNS = ("date", "ticker", "open", "high", "low", "close", "volume")


class FeatureSpec(Spec):
    """Which features are computed, and against which market."""

    names: Names = Field(min_length=1, description="features and feature sets")
    benchmark: str | None = Field(
        "SPY",
        description="benchmark whose return is the market's; absent from the market, "
        "or null: the equal-weighted mean return of the members",
    )

    @model_validator(mode="after")
    def _names_are_known(self) -> "FeatureSpec":
        feature_names(self.names)
        return self


def build_features(
    bars: pd.DataFrame,
    features: str | Iterable[str] = "weekly_equity",
    mask: pd.DataFrame | Bool | None = None,
    *,
    benchmark: pd.DataFrame | None = None,
    sectors: pd.DataFrame | None = None,
    fundamentals: pd.DataFrame | None = None,
    sentiment: pd.DataFrame | None = None,
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
        where no benchmark is given; features are computed for every bar all the same.
    benchmark
        Bars of one ticker, whose total return is then the market return. Default: the
        equal-weighted mean return of the members.
    sectors
        Table of ticker and sector, start and end where labels are dated, for the
        features that need it.
    fundamentals, sentiment
        Clean tables with ``known_at``, for the features that need them: see
        `alpha_kedro.market.clean_fundamentals` and ``clean_sentiment``.

    Returns
    -------
    pandas.DataFrame
        date, ticker and one float32 column per feature, sorted by (date, ticker); one
        row per bar with a close. NaN until a feature's lookback is filled.

    Raises
    ------
    ConfigError
        ``AK-C002`` unknown name, ``AK-C020`` no name, ``AK-C021`` history shorter than
        the longest lookback, ``AK-C022`` sectors missing, ``AK-C023`` a mask that does
        not fit, ``AK-C025`` a benchmark of several tickers, ``AK-C100`` fundamentals or
        sentiment missing.
    DataError
        ``AK-D001`` duplicates, ``AK-D050`` columns or rows missing, ``AK-D051`` an
        infinite feature, ``AK-D053`` a ticker in two sectors.

    Notes
    -----
    A row is the same to the last bit whatever comes after it and wherever the history
    starts, as long as the longest lookback is loaded: `longest_lookback`. Fundamentals
    and sentiment are given whole; a row of them counts from its ``known_at`` on.
    """
    _refuse_unusable(bars)
    names = feature_names(features)
    prices = price_panel(bars)
    if needing("share_value", names):
        prices = with_share_value(prices, bars)
    inputs = assemble_inputs(
        prices,
        names,
        members=align_members(mask, prices.axes),
        market_return=(
            None if benchmark is None else benchmark_return(benchmark, prices.axes)
        ),
        groups=None if sectors is None else sector_codes(sectors, prices.axes),
        fundamentals=fundamentals,
        sentiment=sentiment,
    )
    listed = np.isfinite(inputs.close)
    places = gather(prices.axes, {}, listed)
    columns: dict[str, object] = {name: places[name] for name in ("date", "ticker")}
    # Column by column: the wide arrays of all features would take as much again.
    for name, values in _evaluate(inputs, names, prices.axes):
        columns[name] = values[listed]
    return pd.DataFrame(columns, copy=False)


def compute_features(
    prices: Panel,
    features: str | Iterable[str],
    *,
    mask: Bool | None = None,
    market_return: Float | None = None,
    groups: Int | None = None,
    fundamentals: pd.DataFrame | None = None,
    sentiment: pd.DataFrame | None = None,
) -> dict[str, Single]:
    """Compute features as arrays: what `build_features` does between its tables.

    Parameters
    ----------
    prices
        As `alpha_kedro.core.prices.price_panel` makes it; with ``share_value`` for
        features that compare a report with a price, see `with_share_value`.
    features
        Names of features and feature sets.
    mask
        (n_dates, n_tickers) members of the universe, for the market return.
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
        As `build_features`; ``AK-C101`` a panel without ``share_value``.
    """
    names = feature_names(features)
    inputs = assemble_inputs(
        prices,
        names,
        members=align_members(mask, prices.axes),
        market_return=market_return,
        groups=groups,
        fundamentals=fundamentals,
        sentiment=sentiment,
    )
    return dict(_evaluate(inputs, names, prices.axes))


def _evaluate(
    inputs: Inputs, names: tuple[str, ...], axes: Axes
) -> Iterator[tuple[str, Single]]:
    for name in names:
        values = FEATURES[name].compute(inputs).astype(np.float32)
        cells = np.broadcast_to(values, axes.shape)
        _refuse_infinite(FEATURES[name], cells, axes)
        yield name, cells


def _refuse_unusable(bars: pd.DataFrame) -> None:
    missing = [name for name in _COLUMNS if name not in bars]
    if missing or bars.empty:
        raise DataError(
            "AK-D050",
            "these are no bars to compute features from",
            where=missing,
            got="columns missing" if missing else "no rows",
            wanted=f"rows with {', '.join(_COLUMNS)}",
            fix="clean the bars first: alpha_kedro.market.clean_bars",
        )


def _refuse_infinite(feature: Feature, values: Single, axes: Axes) -> None:
    infinite = np.isinf(values)
    if infinite.any():
        places = gather(axes, {}, infinite)
        raise DataError(
            "AK-D051",
            f"feature {feature.name!r} is infinite",
            where=[f"{at.ticker} {at.date:%Y-%m-%d}" for at in places.itertuples()],
            wanted="a number, or NaN where the formula has no answer",
            fix="look for a price or volume of 0, and divide with operators.ratio",
        )

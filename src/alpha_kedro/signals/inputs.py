"""What features are computed from: the fields of their formulas, as aligned arrays."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Axes, Bool, Float, Int, Panel
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.signals.features import Feature
from alpha_kedro.signals.formulas.words import MEMORY_OF_LISTINGS
from alpha_kedro.signals.fundamentals import KnownReports
from alpha_kedro.signals.market_return import equal_weight_return
from alpha_kedro.signals.needs import refuse_unmet_needs
from alpha_kedro.signals.operators.windows import Window
from alpha_kedro.signals.sentiment import known_sentiment

_QUOTED = ("open", "high", "low", "close", "vwap")


class Inputs:
    """The fields of formulas by name, read-only, up to the last session.

    Prices are total return (`open`, `high`, `low`, `close`) or as quoted with splits
    undone (`quoted_open` ... `quoted_vwap`): what one share of the ticker's first bar
    has become, dividends aside. NaN where there is no bar. Each field is made when it
    is first asked for.

    Parameters
    ----------
    prices
        Total-return panel; with the quoted prices where a feature reads them, see
        `with_quotes`.
    members
        (n_dates, n_tickers) bool: the universe.
    market_return
        (n_dates,) simple return over one session. Default: the equal-weighted mean of
        the members.
    groups
        (n_tickers,) or (n_dates, n_tickers) code of each ticker's group, negative where
        unknown.
    fundamentals, sentiment
        Clean tables with ``known_at``.
    """

    def __init__(
        self,
        prices: Panel,
        *,
        members: Bool | None = None,
        market_return: Float | None = None,
        groups: Int | None = None,
        fundamentals: pd.DataFrame | None = None,
        sentiment: pd.DataFrame | None = None,
    ) -> None:
        self.axes = prices.axes
        self.members = members
        self._prices = prices
        self._market_return = market_return
        self._groups = groups
        self._fundamentals = fundamentals
        self._sentiment = sentiment
        self._made: dict[str, Float] = {}

    def __call__(self, name: str) -> Float:
        """Return a field: (n_dates, n_tickers), (n_dates, 1) or (1, n_tickers)."""
        if name not in self._made:
            self._made[name] = read_only(self._make(name))
        return self._made[name]

    def _make(self, name: str) -> npt.NDArray[np.generic]:
        table, _, column = name.partition(".")
        if column:
            return self._column_of(table, column)
        if name in self._prices.fields:
            field: Float = self._prices[name]
            return field
        makers: Mapping[str, Callable[[], Float]] = {
            "market_return": self._market_column,
            "sector": self._sector_rows,
            "listed": self._listed,
            "day_of_week": lambda: self._calendar("dayofweek"),
            "month": lambda: self._calendar("month"),
        }
        if name not in makers:
            raise unknown_name("field", name, [*self._prices.fields, *makers])
        return makers[name]()

    def _column_of(self, table: str, column: str) -> Float:
        known = self._reports if table == "report" else self._said
        if column not in list(known):
            names = [f"{table}.{each}" for each in known]
            raise unknown_name("field", f"{table}.{column}", names)
        return known[column]

    @cached_property
    def _reports(self) -> Mapping[str, Float]:
        if self._fundamentals is None:
            return {}
        return KnownReports(self._fundamentals, self.axes)

    @cached_property
    def _said(self) -> Mapping[str, Float]:
        if self._sentiment is None:
            return {}
        return known_sentiment(self._sentiment, self.axes)

    def _market_column(self) -> Float:
        of_market = self._market_return
        if of_market is None:
            of_market = equal_weight_return(self("close"), self.members)
        return _column(of_market)

    def _sector_rows(self) -> Float:
        """Return the codes of every date, or of one where they are the same on all."""
        if self._groups is None:
            return np.full((1, self.axes.shape[1]), np.nan)
        rows = np.atleast_2d(self._groups)
        rows = rows[:1] if rows.strides[0] == 0 else rows
        return np.where(rows < 0, np.nan, rows)

    def _listed(self) -> Float:
        """Return 1 from a name's first bar on, NaN before it or long after its last."""
        close = np.asarray(self("close"))
        lately = Window(MEMORY_OF_LISTINGS + 1, least=1, partial=True)
        return lately.masked_by(np.ones(close.shape), close)

    def _calendar(self, part: str) -> Float:
        numbers = getattr(pd.DatetimeIndex(self.axes.dates), part)
        return _column(numbers.to_numpy(dtype=np.float64))


def assemble_inputs(
    prices: Panel,
    features: Sequence[Feature],
    *,
    members: Bool | None,
    market_return: Float | None,
    groups: Int | None,
    fundamentals: pd.DataFrame | None,
    sentiment: pd.DataFrame | None,
) -> Inputs:
    """Return the inputs of features, once all they need is known to be there.

    Parameters
    ----------
    prices, members, market_return, groups, fundamentals, sentiment
        See `Inputs`.
    features
        What is going to be computed.

    Raises
    ------
    ConfigError
        ``AK-C021`` history shorter than a window, ``AK-C022`` groups missing,
        ``AK-C023`` an array that does not fit, ``AK-C100`` fundamentals or sentiment
        missing, ``AK-C101`` a panel without quoted prices.
    """
    n_dates, n_tickers = prices.axes.shape
    refuse_unmet_needs(
        features, prices, groups=groups, fundamentals=fundamentals, sentiment=sentiment
    )
    if market_return is not None and market_return.shape != (n_dates,):
        raise _misfit("market return", market_return.shape, (n_dates,))
    fitting = {(n_tickers,), (n_dates, n_tickers)}
    if groups is not None and groups.shape not in fitting:
        raise _misfit("array of groups", groups.shape, (n_dates, n_tickers))
    return Inputs(
        prices,
        members=members,
        market_return=market_return,
        groups=groups,
        fundamentals=fundamentals,
        sentiment=sentiment,
    )


def with_quotes(prices: Panel, bars: pd.DataFrame) -> Panel:
    """Return the panel with ``quoted_open`` ... ``quoted_vwap``, splits undone.

    Parameters
    ----------
    prices
        The panel of ``bars``.
    bars
        Long table: date, ticker and prices as quoted; ``share_factor`` where splits are
        known; ``vwap`` where known, else the typical price (high + low + close) / 3
        stands for it.

    Notes
    -----
    Unlike the total-return close the level is that of the day, so it may be compared
    with figures of a report.
    """
    known = [name for name in (*_QUOTED, "share_factor") if name in bars]
    quotes = dict(Panel.from_table(bars, known, axes=prices.axes).fields)
    if "vwap" not in quotes:
        quotes["vwap"] = (quotes["high"] + quotes["low"] + quotes["close"]) / 3
    factor = quotes.pop("share_factor", None)
    if factor is not None:
        quotes = {name: values * factor for name, values in quotes.items()}
    quoted = {f"quoted_{name}": values for name, values in quotes.items()}
    return Panel(prices.axes, {**prices.fields, **quoted})


def align_members(mask: pd.DataFrame | Bool | None, axes: Axes) -> Bool | None:
    """Return the members as (n_dates, n_tickers); a frame is aligned by its names.

    What is missing in a frame, or is not True, is no member.

    Raises
    ------
    ConfigError
        ``AK-C023`` an array of another shape or of other values than true and false, a
        frame with a date or ticker twice or with none of the bars.
    """
    if isinstance(mask, pd.DataFrame):
        return _aligned_frame(mask, axes)
    if mask is not None and mask.shape != axes.shape:
        raise _misfit("mask", mask.shape, axes.shape)
    if mask is not None and mask.dtype != np.bool_:
        raise _misfit("mask", mask.dtype, "true and false")
    return mask


def _aligned_frame(mask: pd.DataFrame, axes: Axes) -> Bool:
    if not (mask.index.is_unique and mask.columns.is_unique):
        raise _misfit("mask", "a date or ticker twice", "each once")
    on_axes = mask.reindex(index=axes.dates, columns=axes.tickers)
    met = mask.index.isin(axes.dates).any() and mask.columns.isin(axes.tickers).any()
    if not met:
        raise _misfit("mask", "none of their dates, or of their tickers", "some")
    members: Bool = on_axes.isin([True]).to_numpy(dtype=bool)
    return members


def _column(values: Float) -> Float:
    return values[:, None]


def read_only(array: npt.NDArray[np.generic]) -> Float:
    """Return a view nobody can write to: features share their inputs."""
    view: Float = array.astype(np.float64, copy=False).view()
    view.flags.writeable = False
    return view


def _misfit(what: str, got: object, wanted: object) -> ConfigError:
    return ConfigError(
        "AK-C023",
        f"the {what} does not fit the bars",
        got=f"{got}",
        wanted=f"{wanted}",
        fix="align it with the sorted dates and tickers of the bars",
    )

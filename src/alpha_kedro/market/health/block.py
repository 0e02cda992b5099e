"""Bars of some tickers as arrays: what every check of one ticker's series reads."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Array, Bool, Dates, Float, Int
from alpha_kedro.market.actions import spelt_as_bars
from alpha_kedro.market.adjust import PriceBasis
from alpha_kedro.market.cleaning.quarantine import (
    Verdicts,
    charge_duplicates,
    charge_prices,
)
from alpha_kedro.market.columns import PRICES, arrange_bars
from alpha_kedro.market.health.spec import HealthSpec
from alpha_kedro.market.tickers import is_ticker

_EXPLAINED = 0.5  # share of a move that adj_close may leave


@dataclass(frozen=True)
class Setting:
    """What a check knows besides the bars.

    Attributes
    ----------
    spec
        The thresholds.
    calendar
        ISO code of the exchange.
    sessions
        Every session from the first to the last day of the data.
    last_day
        The newest day a bar may have.
    basis
        ``raw``: prices as quoted; ``split_adjusted``: on the last day's share basis.
    """

    spec: HealthSpec
    calendar: str
    sessions: Dates
    last_day: pd.Timestamp
    basis: PriceBasis


@dataclass(frozen=True)
class Block:
    """Sound bars of some tickers, sorted by (ticker, date); every array is (n_bars,).

    Attributes
    ----------
    names
        (n_tickers,) the tickers.
    code, row
        Which ticker; which session.
    open, high, low, close, volume
        On one share basis per ticker: listed splits are taken out.
    adj_close
        As the vendor gave it, NaN where not.
    split, dividend
        Listed split ratio (1.0 none) and dividend (0.0 none; on the basis of ``close``)
        that go ex with this bar.
    factor
        Shares of this row that one share of the first bar has become.
    """

    setting: Setting
    names: Array
    code: Int
    row: Int
    open: Float
    high: Float
    low: Float
    close: Float
    adj_close: Float
    volume: Float
    split: Float
    dividend: Float
    factor: Float

    @property
    def spec(self) -> HealthSpec:
        """Return the thresholds."""
        return self.setting.spec

    def __len__(self) -> int:
        return len(self.code)

    @cached_property
    def date(self) -> Dates:
        """Return the session of each bar."""
        return self.setting.sessions[self.row]

    @cached_property
    def first(self) -> Bool:
        """Mark the first bar of each ticker."""
        edges = np.ones(len(self), dtype=bool)
        edges[1:] = self.code[1:] != self.code[:-1]
        return edges

    @cached_property
    def starts(self) -> Int:
        """Return where each ticker's bars start."""
        return np.flatnonzero(self.first)

    @cached_property
    def ends(self) -> Int:
        """Return the last bar of each ticker."""
        return np.flatnonzero(np.append(self.first[1:], len(self) > 0))

    def before(self, values: Array) -> Float:
        """Return the ticker's value of the bar before, NaN at its first bar."""
        shifted = np.full(len(values), np.nan)
        shifted[1:] = values[:-1]
        shifted[self.first] = np.nan
        return shifted

    @cached_property
    def step(self) -> Int:
        """Return the sessions since the bar before; 0 at the first bar."""
        return np.where(self.first, 0, np.diff(self.row, prepend=0))

    @cached_property
    def log_return(self) -> Float:
        """Return log(close / close before), NaN at the first bar."""
        return np.log(self.close / self.before(self.close))

    @cached_property
    def total_return(self) -> Float:
        """Return the simple total return: adj_close's if known, else with dividends."""
        paid = (self.close + self.dividend) / self.before(self.close)
        vendor = self.adj_close / self.before(self.adj_close)
        return np.where(np.isfinite(vendor), vendor, paid) - 1

    @cached_property
    def excess(self) -> Float:
        """Return the log return of adj_close less that of close, 0 where unknown."""
        kept = np.log(self.adj_close / self.close)
        return np.nan_to_num(kept - self.before(kept))

    @cached_property
    def overnight(self) -> Float:
        """Return log(open / close before); of the close where the open is missing."""
        opened = np.where(np.isfinite(self.open), self.open, self.close)
        return np.log(opened / self.before(self.close))

    @cached_property
    def reach(self) -> Float:
        """Return log(high / low) of each bar."""
        return np.log(self.high / self.low)

    @cached_property
    def is_distribution(self) -> Bool:
        """Mark moves of the close that adj_close explains: payments and spin-offs."""
        left = np.abs(self.overnight + self.excess)
        return left < _EXPLAINED * np.abs(self.overnight)

    @cached_property
    def is_newest(self) -> Bool:
        """Mark the bars of the last session: what follows them is not known yet."""
        newest: Bool = self.row == self.row.max(initial=-1)
        return newest

    def around(self, values: Array, at: Int, first: int, last: int) -> Float:
        """Return (len(at), last - first + 1) values of the bars around some bars.

        Parameters
        ----------
        values
            (n_bars,) one of the arrays.
        at
            Positions of bars.
        first, last
            Bars from the one at ``at``, both included; NaN beyond the ticker's life.
        """
        place = at[:, None] + np.arange(first, last + 1)
        there = (place >= 0) & (place < len(self))
        place = np.where(there, place, 0)
        there &= self.code[place] == self.code[at][:, None]
        return np.where(there, values[place], np.nan)

    def places(self, at: Any) -> dict[str, Array]:
        """Return ticker and first day of findings at some bars."""
        return {"ticker": self.names[self.code[at]], "first": self.date[at]}


def make_block(
    raw: pd.DataFrame, *, actions: pd.DataFrame | None, setting: Setting
) -> tuple[Block, pd.DataFrame]:
    """Return the sound bars as arrays, and the unsound ones with their ``reason``.

    Parameters
    ----------
    raw
        Raw bars as they came, all rows of the tickers that are in it.
    actions
        date (ex-date), ticker, dividend, split_ratio on the basis of the bars.
    setting
        Calendar, clock, basis and thresholds.

    Returns
    -------
    block, unsound
        Every row of ``raw`` is in one of the two.
    """
    given = arrange_bars(raw, calendar=setting.calendar, where="bars")
    verdicts = _examine(given, setting)
    kept = np.flatnonzero(verdicts.sound)
    code = given["ticker"].cat.codes.to_numpy()[kept].astype(np.int64)
    order = kept[np.argsort(code, kind="stable")]
    columns = {
        name: given[name].to_numpy()[order] for name in (*PRICES, "adj_close", "volume")
    }
    names = given["ticker"].cat.categories.to_numpy(dtype=object)
    code = np.sort(code, kind="stable")
    row = np.searchsorted(setting.sessions, given["date"].to_numpy()[order])
    split, dividend = _actions_on(code, row, names, actions, setting.sessions)
    factor = np.ones(len(code))
    if setting.basis == "raw":
        factor = _running_product(split, code)
    prices = {name: columns[name] * factor for name in PRICES}
    block = Block(
        setting=setting,
        names=names,
        code=code,
        row=row,
        adj_close=columns["adj_close"],
        volume=columns["volume"] / factor,
        split=split,
        dividend=dividend * factor,
        factor=factor,
        **prices,
    )
    return block, verdicts.rejects(given).astype({"ticker": "str"})


def _examine(given: pd.DataFrame, setting: Setting) -> Verdicts:
    """Look for the faults that make a row unfit, as cleaning does."""
    verdicts = Verdicts.of(len(given))
    dates = given["date"]
    names = is_ticker(given["ticker"].cat.categories)
    named = np.append(names, False)[given["ticker"].cat.codes.to_numpy()]
    verdicts.charge("bad_ticker", ~named)
    verdicts.charge("bad_date", dates.isna().to_numpy())
    verdicts.charge("future_date", (dates > setting.last_day).to_numpy())
    place = np.searchsorted(setting.sessions, dates.to_numpy())
    nearest = np.append(setting.sessions, np.datetime64("NaT"))[place]
    verdicts.charge("not_a_session", nearest != dates.to_numpy())
    charge_prices(verdicts, given, tolerance=setting.spec.rounding_tolerance)
    charge_duplicates(verdicts, given)
    return verdicts


def _actions_on(
    code: Int, row: Int, names: Array, actions: pd.DataFrame | None, sessions: Dates
) -> tuple[Float, Float]:
    """Return split ratio and dividend of each bar.

    An action on a day without a bar goes ex with the ticker's next one; before its
    first bar it changes nothing.
    """
    split, dividend = np.ones(len(code)), np.zeros(len(code))
    if actions is None or actions.empty or not len(code):
        return split, dividend
    dated = spelt_as_bars(actions[actions["date"].notna()], names)
    whose = pd.Index(names).get_indexer(pd.Index(dated["ticker"]))
    when = np.searchsorted(sessions, dated["date"].to_numpy())
    stretch = len(sessions) + 1
    keys = code * stretch + row
    at = np.searchsorted(keys, whose * stretch + when)
    inside = (whose >= 0) & (at < len(code)) & (when < len(sessions))
    own = np.where(inside, at, 0)
    inside &= (code[own] == whose) & (own > 0) & (code[own - 1] == whose)
    ratio = dated["split_ratio"].fillna(1.0).to_numpy()
    paid = dated["dividend"].fillna(0.0).to_numpy()
    np.multiply.at(split, own[inside], np.where(ratio > 0, ratio, 1.0)[inside])
    np.add.at(dividend, own[inside], paid[inside])
    return split, dividend


def _running_product(split: Float, code: Int) -> Float:
    """Return the product of each ticker's splits up to and including each bar."""
    total = np.cumsum(np.log(split))
    lead = np.searchsorted(code, code)  # each bar's first of its ticker
    growth: Float = np.exp(total - total[lead] + np.log(split[lead]))
    return growth

"""The prices a book fills and marks at, and what can be traded at them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.core.panel import Array, Bool, Float, Int
from alpha_kedro.core.prices import delisting_rows
from alpha_kedro.portfolio.account import read_only
from alpha_kedro.portfolio.simulation.carried import (
    carry_forward,
    has_gaps,
    row_by_row,
    trailing_means,
)
from alpha_kedro.portfolio.simulation.records import Access, Marks
from alpha_kedro.portfolio.simulation.spec import SimulationSpec

Prices = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Tape:
    """What each name is worth, and whether it trades.

    Attributes
    ----------
    open, fill, close
        (n_dates, n_tickers) price where there is one, else the last known price carried
        on: its return is booked when the name trades again. A delisted name is marked
        at last close x (1 + its exit return) from the open on at which it is given up.
        Zero before the first price: nobody can hold the name yet. ``fill`` is the very
        array of the opens or closes where orders are filled at those.
    dividends
        (n_dates, n_tickers) cash per unit held at the close before; (0, n_tickers)
        where dividends are in the prices.
    fillable
        An order can be filled in this session. Like the next two (n_dates, n_tickers),
        or (1, n_tickers) where every session is the same.
    shortable
        The name can be sold short in this session.
    largest
        Value that can be traded in one session, in units of the starting NAV, known
        before the open; infinite where there is no limit.
    given_up
        (n_tickers,) row at whose open a delisted name's position ends, -1 for the
        others: the session on which its absence has lasted ``delisted_after`` sessions.
        Earlier nobody could have told the death from a halt.
    """

    open: Float
    fill: Float
    close: Float
    dividends: Float
    fillable: Bool
    shortable: Bool
    largest: Float
    given_up: Int

    @classmethod
    def of(
        cls,
        prices: Prices,
        *,
        spec: SimulationSpec,
        exit_returns: Float | None = None,
    ) -> Self:
        """Build the tape from arrays of shape (n_dates, n_tickers).

        Parameters
        ----------
        prices
            ``open`` and ``close`` (float64, NaN where there is no bar); optionally
            ``traded`` (False in a halt) and ``shortable``, boolean. Fills at the VWAP
            proxy need ``high`` and ``low``, a limit by volume ``dollar_volume``
            (currency), cash dividends ``dividend`` (per unit of the prices).
        spec
            On which terms orders are filled.
        exit_returns
            (n_tickers,) return of each delisted name after its last close, decimal.
            None: ``spec.delisting_return`` for all.

        Raises
        ------
        ConfigError
            ``AK-C154`` where the terms need prices that are not there, ``AK-C155`` for
            a limit by volume without capital.
        SimulationError
            ``AK-S050`` for dividends, ``AK-S052`` for exit returns that cannot be.
        """
        refuse_missing_prices(prices, spec)
        opens, close = row_by_row(prices["open"]), row_by_row(prices["close"])
        if spec.missing_open == "close" and has_gaps(opens):
            opens = np.where(np.isnan(opens), close, opens)
        fill = _fill_prices(opens, close, prices, spec)
        given_up = np.full(close.shape[1], -1)
        fillable = _flags(prices.get("traded"), close.shape)
        layers = {id(layer): layer for layer in (opens, fill, close)}
        if any(has_gaps(layer) for layer in layers.values()):
            fillable = fillable & np.isfinite(fill)
            given_up, exits = _exits(close, spec, exit_returns)
            opens, fill, close = carry_forward(opens, fill, close, given_up, exits)
        return cls(
            open=read_only(opens),
            fill=read_only(fill),
            close=read_only(close),
            dividends=read_only(_dividends(prices, spec)),
            fillable=read_only(fillable),
            shortable=read_only(_flags(prices.get("shortable"), close.shape)),
            largest=read_only(_largest_trades(prices, spec)),
            given_up=given_up,
        )

    def since(self, row: int) -> Self:
        """Return the tape from ``row`` on."""
        later = {
            name: table[row:]
            for name, table in vars(self).items()
            if len(table) > 1 and name != "given_up"
        }
        return replace(self, **later, given_up=np.maximum(self.given_up - row, -1))

    @property
    def shape(self) -> tuple[int, int]:
        """Return (n_dates, n_tickers)."""
        n_dates, n_tickers = self.close.shape
        return n_dates, n_tickers

    @property
    def marks(self) -> Marks:
        """Return the prices as the sessions read them."""
        return Marks(self.open, self.fill, self.close, self.dividends)

    @property
    def access(self) -> Access:
        """Return what can be traded as the sessions read it."""
        endings = np.bincount(
            self.given_up[self.given_up >= 0], minlength=self.shape[0]
        )
        return Access(
            self.fillable, self.shortable, self.largest, self.given_up, endings
        )


def refuse_missing_prices(prices: Prices, spec: SimulationSpec) -> None:
    """Refuse terms that need more than opens and closes where that is not there.

    Raises
    ------
    ConfigError
        ``AK-C154``, ``AK-C155``.
    """
    needed = {
        "high": spec.fill == "vwap",
        "low": spec.fill == "vwap",
        "dollar_volume": spec.max_adv_share is not None,
        "dividend": spec.dividends == "cash",
    }
    missing = [name for name, need in needed.items() if need and name not in prices]
    if missing:
        raise ConfigError(
            "AK-C154",
            "the terms of the simulation need prices that are not there",
            got=", ".join(sorted(prices)),
            wanted=", ".join(missing),
            fix="give them (dividends: 0 where there is none), or change "
            "simulation.fill, simulation.max_adv_share or simulation.dividends",
        )
    if spec.max_adv_share is not None and spec.capital is None:
        raise ConfigError(
            "AK-C155",
            "a limit by dollar volume needs to know how large the book is",
            got=f"max_adv_share: {spec.max_adv_share:g}, capital: null",
            fix="set simulation.capital to the NAV at the start, in currency",
        )


def _flags(flags: Array | None, shape: tuple[int, int]) -> Bool:
    if flags is None:
        return np.ones((1, shape[1]), dtype=np.bool_)
    return np.ascontiguousarray(flags, dtype=np.bool_)


def _fill_prices(
    opens: Float, close: Float, prices: Prices, spec: SimulationSpec
) -> Float:
    if spec.fill == "open":
        return opens
    if spec.fill == "close":
        return close
    typical = (row_by_row(prices["high"]) + row_by_row(prices["low"]) + close) / 3
    if spec.missing_open == "close":
        typical = np.where(np.isnan(typical), close, typical)
    return typical


def _exits(
    close: Float, spec: SimulationSpec, exit_returns: Float | None
) -> tuple[Int, Float]:
    """Return when each dead name is given up, and its price then (0 for the others)."""
    last_bar = delisting_rows(close, after=spec.delisted_after)
    gone = np.flatnonzero(last_bar >= 0)
    returns = np.full(len(last_bar), spec.delisting_return)
    if exit_returns is not None:
        returns = exit_returns
        _refuse_impossible_exits(exit_returns)
    exits = np.zeros(len(last_bar))
    exits[gone] = close[last_bar[gone], gone] * (1 + returns[gone])
    return np.where(last_bar >= 0, last_bar + spec.delisted_after, -1), exits


def _refuse_impossible_exits(exit_returns: Float) -> None:
    wrong = ~(np.isfinite(exit_returns) & (exit_returns >= -1))
    if wrong.any():
        raise SimulationError(
            "AK-S052",
            "exit returns that no position can earn",
            where=[f"column {column}" for column in np.flatnonzero(wrong)],
            got=exit_returns[wrong][0],
            wanted="finite decimals of at least -1",
        )


def _dividends(prices: Prices, spec: SimulationSpec) -> Float:
    if spec.dividends != "cash":
        return np.empty((0, prices["close"].shape[1]))
    paid = np.nan_to_num(row_by_row(prices["dividend"]), nan=0.0, posinf=np.inf)
    if not ((paid >= 0) & (paid < np.inf)).all():
        raise SimulationError(
            "AK-S050",
            "dividends that nobody can be paid",
            got=paid[~((paid >= 0) & (paid < np.inf))][0],
            wanted="cash per unit of at least 0; NaN or 0 where there is none",
        )
    return paid


def _largest_trades(prices: Prices, spec: SimulationSpec) -> Float:
    """Return what the volume of the sessions before allows; 0 for the first."""
    if spec.max_adv_share is None or spec.capital is None:
        return np.full((1, prices["close"].shape[1]), np.inf)
    volume = np.nan_to_num(row_by_row(prices["dollar_volume"]))
    means = trailing_means(volume, spec.adv_window)
    return means * (spec.max_adv_share / spec.capital)

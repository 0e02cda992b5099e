"""The prices a ledger fills and marks at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.core.panel import Axes, Bool, Float, Int
from alpha_kedro.core.prices import delisting_rows
from alpha_kedro.core.spec import Spec


class SimulationSpec(Spec):
    """How orders are filled and what becomes of names that stop trading."""

    lag: int = Field(
        default=1,
        ge=0,
        le=10,
        description="sessions from decision to fill; 1 is the next open",
    )
    delisting_return: float = Field(
        default=-0.3, ge=-1, le=1, description="last return of a delisted name, decimal"
    )
    delisted_after: int = Field(
        default=10,
        ge=1,
        le=252,
        description="sessions without a bar that make a delisting",
    )
    missing_open: Literal["refuse", "close"] = Field(
        default="refuse",
        description="an order without an open: not filled, or at that close",
    )
    liquidate_at_end: bool = Field(
        default=False, description="sell everything, at a cost, at the last close"
    )


@dataclass(frozen=True)
class Tape:
    """What each name is worth at each open and close, and whether it trades.

    Attributes
    ----------
    open, close
        (n_dates, n_tickers) price where there is one, else the last known price carried
        on: its return is booked when the name trades again. A delisted name is marked
        at last close x (1 + its exit return) at the open at which it is given up.
        Zero before the first price: nobody can hold the name yet.
    fillable
        (n_dates, n_tickers) an order can be filled at this open.
    shortable
        (n_dates, n_tickers) the name can be sold short at this open.
    given_up
        (n_tickers,) row at whose open a delisted name's position ends, -1 for the
        others: the session on which its absence has lasted ``delisted_after`` sessions.
        Earlier nobody could have told the death from a halt.
    """

    open: Float
    close: Float
    fillable: Bool
    shortable: Bool
    given_up: Int

    @classmethod
    def of(
        cls,
        prices: Mapping[str, npt.NDArray[np.generic]],
        *,
        spec: SimulationSpec,
        exit_returns: Float | None = None,
    ) -> Self:
        """Build the tape from arrays of shape (n_dates, n_tickers).

        Parameters
        ----------
        prices
            ``open`` and ``close`` (float64, NaN where there is no bar); optionally
            ``traded`` (False in a halt) and ``shortable``, boolean.
        spec
            What to do about missing opens and delistings.
        exit_returns
            (n_tickers,) return of each delisted name after its last close, decimal.
            None: ``spec.delisting_return`` for all.
        """
        close = prices["close"].astype(np.float64)
        opens = prices["open"].astype(np.float64)
        if spec.missing_open == "close":
            opens = np.where(np.isnan(opens), close, opens)
        everywhere = np.ones(close.shape, dtype=bool)
        traded = prices.get("traded", everywhere).astype(bool)
        last_bar = delisting_rows(close, after=spec.delisted_after)
        given_up = np.where(last_bar >= 0, last_bar + spec.delisted_after, -1)
        if exit_returns is None:
            exit_returns = np.full(len(last_bar), spec.delisting_return)
        marks = _marks(opens, close, last_bar, given_up, exit_returns)
        return cls(
            open=marks[0::2],
            close=marks[1::2],
            fillable=traded & np.isfinite(opens),
            shortable=prices.get("shortable", everywhere).astype(bool),
            given_up=given_up,
        )

    def since(self, row: int) -> Self:
        """Return the tape from ``row`` on."""
        return type(self)(
            open=self.open[row:],
            close=self.close[row:],
            fillable=self.fillable[row:],
            shortable=self.shortable[row:],
            given_up=np.maximum(self.given_up - row, -1),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Return (n_dates, n_tickers)."""
        n_dates, n_tickers = self.close.shape
        return n_dates, n_tickers


def _marks(
    opens: Float, close: Float, last_bar: Int, given_up: Int, exit_returns: Float
) -> Float:
    """Interleave opens and closes, and carry the last known price over the gaps."""
    n_dates, n_tickers = close.shape
    marks = np.empty((2 * n_dates, n_tickers))
    marks[0::2], marks[1::2] = opens, close
    gone = np.flatnonzero(given_up >= 0)
    last_close = close[last_bar[gone], gone]
    marks[2 * given_up[gone], gone] = last_close * (1 + exit_returns[gone])
    return pd.DataFrame(marks).ffill().fillna(0.0).to_numpy()


def refuse_impossible_prices(
    axes: Axes, prices: Mapping[str, npt.NDArray[np.generic]]
) -> None:
    """Refuse prices that are zero, negative or infinite.

    Raises
    ------
    SimulationError
        ``AK-S006`` with the first places.
    """
    for name in ("open", "close"):
        price = prices[name].astype(np.float64)
        wrong = ~np.isnan(price) & ~((price > 0) & (price < np.inf))
        if wrong.any():
            rows, columns = np.nonzero(wrong)
            raise SimulationError(
                "AK-S006",
                f"{name} prices that nobody can trade at",
                where=[
                    f"{axes.tickers[column]} {pd.Timestamp(axes.dates[row]):%Y-%m-%d}"
                    for row, column in zip(rows, columns, strict=True)
                ],
                got=price[wrong][0],
                wanted="positive finite prices, NaN where there is none",
                fix="clean the bars first: alpha_kedro.market.clean_bars",
            )


def refuse_fill_before_decision(lag: int) -> None:
    """Refuse a lag of zero where orders are filled at opens.

    Raises
    ------
    ConfigError
        ``AK-C040``.
    """
    if lag == 0:
        raise ConfigError(
            "AK-C040",
            "with lag 0 an order would be filled at an open before its decision",
            got="lag: 0",
            wanted="lag: 1 (the next session's open) or more",
            fix="set simulation.lag to 1",
        )

"""Cost rates: of every session for the ledger, of the next fill for a decision."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Float, Int
from alpha_kedro.portfolio.costs.charge import charge

_NONE = np.zeros((1, 1))


@dataclass(frozen=True, eq=False)
class CostRates:
    """What trading and borrowing cost per session and name.

    Attributes
    ----------
    trading
        (n_dates, n_tickers) decimals, one way, of the absolute traded value: commission
        and half the spread.
    borrow
        (n_dates, n_tickers) decimals per session, of the short value held.
    impact
        (n_dates, n_tickers) share of the starting NAV that trading ``x`` costs, over
        ``|x|^1.5``, with ``x`` in units of the starting NAV. Default: none.

    Notes
    -----
    Row t is charged in session t, so it may rest on what was known before its open: a
    spread or an impact made from the prices or the volume of t is a look-ahead. Arrays
    may be read-only views that repeat one number, one row or one column.
    """

    trading: Float
    borrow: Float
    impact: Float = field(default_factory=lambda: _NONE)

    def __post_init__(self) -> None:
        if self.impact is _NONE:
            none = np.broadcast_to(0.0, np.shape(self.trading))
            object.__setattr__(self, "impact", none)

    def since(self, row: int) -> "CostRates":
        """Return the rates from ``row`` on."""
        return self.rows(slice(row, None))

    def rows(self, which: slice) -> "CostRates":
        """Return the rates of some sessions, as views."""
        return CostRates(self.trading[which], self.borrow[which], self.impact[which])


@dataclass(frozen=True, eq=False)
class NextRates:
    """What trading would cost at the next fill, in shares of the NAV of the decision.

    Attributes
    ----------
    trading
        (n_tickers,) decimals, one way, of the absolute traded value.
    borrow
        (n_tickers,) decimals per session, of the short value held.
    impact
        (n_tickers,) share of NAV that trading ``x`` costs, over ``|x|^1.5``, with ``x``
        as a share of NAV.
    """

    trading: Float
    borrow: Float
    impact: Float

    def cost_of(self, trades: Float) -> Float:
        """Return (n_tickers,) cost of trades, both in shares of NAV; borrow apart."""
        none = np.zeros_like(trades)
        return charge(
            trades, none, trading=self.trading, borrow=0.0, impact=self.impact
        )

    def marginal(self, trades: Float) -> Float:
        """Return (n_tickers,) cost of the last unit traded, decimal: the derivative."""
        slope: Float = self.trading + 1.5 * self.impact * np.sqrt(np.abs(trades))
        return slope


@dataclass(frozen=True, eq=False)
class KnownRates:
    """Cost rates as they stand at each close, for decisions; and what is billed later.

    Attributes
    ----------
    as_of
        Rates of one session more than there are: row 0 rests on no data at all, row
        t + 1 on the data up to and including the close of t.
    notes
        (n_dates,) counts by what was counted: names with a bar whose rate is that of
        other names, because their own history says too little.
    """

    as_of: CostRates
    notes: Mapping[str, Int] = field(default_factory=dict)

    @classmethod
    def behind(cls, charged: CostRates) -> "KnownRates":
        """Return what must have been known, of rates given as they are charged.

        The last close has no session after it and repeats the rates before.
        """
        last = {
            name: np.concatenate([rate, rate[-1:]])
            for name, rate in vars(charged).items()
        }
        return cls(CostRates(**last))

    @property
    def charged(self) -> CostRates:
        """Return what is billed in each session: what was known at the close before."""
        return self.as_of.rows(slice(None, -1))

    @property
    def at_close(self) -> CostRates:
        """Return what is known at each close."""
        return self.as_of.rows(slice(1, None))

    def next_fill(self, row: int, *, nav: float = 1.0) -> NextRates:
        """Return what a decision at the close of ``row`` knows of the fill after it.

        Parameters
        ----------
        row
            Session of the decision, counted from 0.
        nav
            NAV at that close, over the starting NAV: orders are that much larger, and
            impact grows with the root of them. 0 and below: no impact.
        """
        return NextRates(
            self.as_of.trading[row + 1],
            self.as_of.borrow[row + 1],
            self.as_of.impact[row + 1] * math.sqrt(max(nav, 0.0)),
        )


def charged_rates(known: KnownRates) -> CostRates:
    """Return what is billed in each session, to the last bit what was planned with.

    A fill in session t is billed at what was known at the close of t - 1, which is when
    a decision with an execution lag of one session was made. Session 0 has no close
    before it, and rates that rest on constants alone: no impact.
    """
    return known.charged


def checked(rates: CostRates, shape: tuple[int, int]) -> CostRates:
    """Return the rates as they are.

    Raises
    ------
    ConfigError
        ``AK-C042`` for arrays of another shape, negative or not finite.
    """
    for name, rate in vars(rates).items():
        if rate.shape != shape or not _can_be_charged(rate):
            raise ConfigError(
                "AK-C042",
                f"{name} cost rates that cannot be charged",
                got=f"an array of shape {rate.shape}{_worst(rate)}",
                wanted=f"finite decimals of at least 0, of shape {shape}",
                fix="align the rates with the sorted dates and tickers of the prices",
            )
    return rates


def _can_be_charged(rate: Float) -> bool:
    # An axis without a stride repeats itself: one look at it is enough.
    distinct = rate[tuple(slice(None if step else 1) for step in rate.strides)]
    return bool(np.all(np.isfinite(distinct) & (distinct >= 0)))


def _worst(rate: Float) -> str:
    if not np.isfinite(rate).all():
        return ", not finite in places"
    return f", the lowest {rate.min():g}" if rate.size and rate.min() < 0 else ""

"""What the sessions read, hold and write, as their kernel takes it.

Arrays are row by row (C order); prices, rates and targets are read-only, so that the
kernel is compiled once.
"""

from typing import NamedTuple

from alpha_kedro.core.panel import Bool, Float, Int

AT_OPEN, AT_FILL, AT_CLOSE = 1, 2, 3
"""When in its last session a book was wiped out."""


class Marks(NamedTuple):
    """Prices to mark and fill at; (n_dates, n_tickers), without NaN.

    ``fill`` may be the very array of the opens or closes. ``dividends`` are per unit,
    paid to those who held the name at the close before; no rows where none are cash.
    """

    open: Float
    fill: Float
    close: Float
    dividends: Float


class Access(NamedTuple):
    """What can be traded; a table of one row stands for every session."""

    fillable: Bool
    shortable: Bool
    largest: Float  # value that can be traded in the session, in starting NAV
    given_up: Int  # (n_tickers,) row at whose open a dead name ends, or -1
    endings: Int  # (n_dates,) names given up in the session


class Rates(NamedTuple):
    """What is charged; a table of one row stands for every session."""

    trading: Float
    borrow: Float
    impact: Float
    moves: bool  # whether there is any impact


class Terms(NamedTuple):
    """Numbers of `SimulationSpec`, interest as decimals per session."""

    order_life: int
    cash: float
    financing: float
    rebate: float


class Orders(NamedTuple):
    """Targets and the sessions that fill them, oldest first."""

    rows: Int  # (n_orders,) session of the fill
    places: Int  # (n_orders,) row of the targets
    targets: Float  # (any, n_tickers) target share of NAV, NaN as zero
    keep: Bool  # (any, n_tickers) names without an order; no rows: none


class State(NamedTuple):
    """What a book holds between two sessions; changed in place."""

    cash: Float  # (1,)
    units: Float  # (n_tickers,)
    wanted: Float  # (n_tickers,) value an order asks for
    aims: Float  # (n_tickers,) units it asks for, once it is worked on
    trades: Float  # (n_tickers,) value traded in the session
    bills: Float  # (n_tickers,) what that cost
    waiting: Bool  # (n_tickers,) orders that are not done
    left: Int  # (1,) sessions the order may still be worked for
    ruin: Int  # (2,) session of the wipe-out, -1 before it, and when in it


class Series(NamedTuple):
    """What is written down of each session, (n_dates,) each, values in starting NAV."""

    nav: Float  # at the close, from cash and values
    pnl: Float  # from price changes and dividends
    worth: Float  # of all positions, absolute, at the fill and at the close
    turnover: Float
    gross: Float
    net: Float
    fill_nav: Float  # before costs
    trading: Float
    impact: Float
    borrow: Float
    financing: Float
    interest: Float
    unfilled: Int
    partly_filled: Int
    delisted: Int


class Kept(NamedTuple):
    """Units after each session that changed them; no rows: not kept."""

    rows: Int
    units: Float


class Before(NamedTuple):
    """Sums over the names of a session, for the units of the close before."""

    at_open: float  # value
    at_fill: float
    gain: float  # from the last close to the fill


class After(NamedTuple):
    """Sums over the names of a session, for the units from the fill on."""

    at_close: float  # value
    gain: float  # from the fill to the close
    gross: float  # absolute value at the close
    worth: float  # absolute values at the fill and at the close
    short: float  # absolute value of shorts at the fill
    borrow: float  # what they cost

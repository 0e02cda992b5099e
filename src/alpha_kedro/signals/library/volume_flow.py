"""Volume and the price together: which way the money goes.

Lines that textbooks cumulate from the first bar on have no level to compare. Here each
is the sum of its last k steps over the volume of those sessions; means stand for sums,
whose quotient is the same and survives a missing day. Exponential averages have a
finite memory; see `ewm_mean`.
"""

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    close,
    corr,
    delta,
    ewm_mean,
    first_known,
    high,
    log_of,
    log_ret,
    low,
    mean,
    rank,
    sign,
    volume,
    where,
)
from alpha_kedro.signals.library.bar import day_range, midpoint, typical

_change = delta(close, 1)
_volume = volume + 0 * _change
"""Volume of the sessions whose change is known."""

_location = first_known((2 * close - high - low) / day_range, 0 * close)
"""-1 for a close at the low, 1 at the high, 0 on a day without a range."""


@feature(
    "obv_{k}",
    at=(20, 60),
    family="volume",
    unit="-1 to 1",
    source="Granville (1963): on-balance volume",
)
def on_balance_volume(k: int) -> Formula:
    """Return volume with the sign of the day's change, over all volume."""
    return mean(sign(_change) * volume, k) / mean(_volume, k)


@feature(
    "up_down_volume_{k}",
    at=(50,),
    family="volume",
    unit="ratio, 1 both alike",
    source="O'Neil (2009)",
)
def up_down_volume(k: int) -> Formula:
    """Return the volume of rising over that of falling days; NaN where none fell."""
    rising = where(_change, _volume, 0)
    return mean(rising, k) / mean(where(-_change, _volume, 0), k)


@feature(
    "mfi_{k}",
    at=(14,),
    family="volume",
    unit="0 to 100",
    source="Quong and Soudack (1989): money flow index",
)
def money_flow_index(k: int) -> Formula:
    """Return the share of the money of days on which the typical price rose.

    Days on which it did not move count for neither side; NaN where all are such.
    """
    change = delta(typical, 1)
    inflow = mean(where(change, typical * volume, 0), k)
    outflow = mean(where(-change, typical * volume, 0), k)
    return 100 * inflow / (inflow + outflow)


@feature(
    "chaikin_flow_{k}",
    at=(20,),
    family="volume",
    unit="-1 to 1",
    source="Chaikin, after Achelis (2000)",
)
def chaikin_flow(k: int) -> Formula:
    """Return volume weighted by where in the range the close is, over all volume."""
    return mean(_location * volume, k) / mean(volume, k)


@feature(
    "accumulation_{fast}_{slow}",
    at=((3, 10),),
    family="volume",
    unit="sessions of average volume",
    source="Chaikin, after Achelis (2000): the Chaikin oscillator",
)
def accumulation(fast: int, slow: int) -> Formula:
    """Return whether the accumulation and distribution line rises.

    It is the line's fast exponential average less the slow one, over average volume.
    The average of a cumulated line lags behind it by (span - 1) / 2 times the average
    of its steps. So the line itself, which begins with the first bar, is not needed.
    """
    flow = first_known(_location * volume, 0)

    def lag(span: int) -> Formula:
        return (span - 1) / 2 * ewm_mean(flow, span)

    return (lag(slow) - lag(fast)) / ewm_mean(volume, slow)


@feature(
    "force_index_{k}",
    at=(2, 13),
    family="volume",
    unit="decimal return",
    source="Elder (1993)",
)
def force_index(k: int) -> Formula:
    """Return the exponential average of change times volume, over price and volume."""
    return ewm_mean(_change * volume, k) / (close * ewm_mean(_volume, k))


@feature(
    "ease_of_movement_{k}",
    at=(14,),
    family="volume",
    unit="none",
    source="Arms (1989)",
)
def ease_of_movement(k: int) -> Formula:
    """Return how far midpoints moved for the volume it took, in wide ranges further.

    Over the squared close and times mean volume, so that names compare. A day without
    volume is passed over.
    """
    eased = delta(midpoint, 1) * day_range / volume
    return mean(eased, k) * mean(volume, k) / (close * close)


@feature(
    "vwap_deviation_{k}",
    at=(5, 20, 60),
    family="volume",
    unit="decimal",
    source="Berkowitz, Logue and Noser (1988), over several days",
)
def vwap_deviation(k: int) -> Formula:
    """Return the distance of the close to the volume-weighted typical price."""
    return close * mean(volume, k) / mean(typical * volume, k) - 1


@feature(
    "price_volume_correlation_{k}",
    at=(20, 60),
    family="volume",
    unit="-1 to 1",
    source="Karpoff (1987)",
)
def price_volume_correlation(k: int) -> Formula:
    """Return the correlation of log returns with log volume."""
    return corr(log_ret, log_of(volume), k)


@feature(
    "move_volume_correlation_{k}",
    at=(60,),
    family="volume",
    unit="-1 to 1",
    source="Karpoff (1987)",
)
def move_volume_correlation(k: int) -> Formula:
    """Return the correlation of the sizes of log returns with log volume."""
    return corr(abs(log_ret), log_of(volume), k)


@feature(
    "volume_oscillator_{fast}_{slow}",
    at=((12, 26),),
    family="volume",
    unit="percent",
    source="Appel (2005): the percentage oscillator, of volume",
)
def volume_oscillator(fast: int, slow: int) -> Formula:
    """Return how far volume's fast exponential average stands above its slow one."""
    return 100 * (ewm_mean(volume, fast) / ewm_mean(volume, slow) - 1)


@feature(
    "volume_rank_{k}",
    at=(50,),
    family="volume",
    unit="1 the largest, 1 / k the smallest",
    source="Gervais, Kaniel and Mingelgrin (2001)",
)
def volume_rank(k: int) -> Formula:
    """Return the rank of today's volume among those of k sessions."""
    return rank(volume, k)

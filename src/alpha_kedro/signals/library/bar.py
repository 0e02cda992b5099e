"""What a day's bar says by itself, and beside the close before it.

Indicators are made of these. Each is a price or a difference of prices, and so no
feature yet: its level means nothing until it is divided by another.
"""

from alpha_kedro.signals.formulas.words import (
    close,
    delay,
    high,
    larger,
    low,
    smaller,
)

before = delay(close, 1)
"""Close of the session before."""

rise, fall = larger(close - before, 0), larger(before - close, 0)
"""How far the close rose or fell, 0 where it did the other."""

typical = (high + low + close) / 3
"""Typical price."""

midpoint = (high + low) / 2
"""Middle of the day's range."""

day_range = high - low
"""Range between low and high."""

true_range = larger(high, before) - smaller(low, before)
"""Range with the gap since the close before (Wilder 1978)."""

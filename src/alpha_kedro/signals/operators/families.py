"""Statistics of a window, those that share their work together.

A family sums up each window once and reads several statistics off the summary: mean and
standard deviation off the moments, slope and fit off the moments with the age of a row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.signals.operators import merges, readings
from alpha_kedro.signals.operators.ordered import quantiles, ranks
from alpha_kedro.signals.operators.passes import mean_deviations, streaks
from alpha_kedro.signals.operators.requests import Family, Request
from alpha_kedro.signals.operators.windows import (
    Merge,
    State,
    over_windows,
)

Reading = Callable[[State, Request], Float]
"""Reads a statistic off the summary of its window."""


@dataclass(frozen=True, eq=False)
class _Doubling:
    """A family whose windows are summed up by doubling.

    Attributes
    ----------
    begin
        Makes the summary of each row alone from the operands.
    merge
        Makes the merge, given the parameter of a request.
    readings
        Each statistic's reading.
    counted
        Whether the summary begins with the count of known values.
    fading
        Whether the parameter of a request is what an older row counts.
    """

    begin: Callable[..., State]
    merge: Callable[[float | None], Merge]
    readings: Mapping[str, Reading]
    counted: bool
    fading: bool = False

    def __call__(
        self, operands: tuple[Float, ...], requests: Sequence[Request]
    ) -> list[Float]:
        rows = self.begin(*operands)
        found: dict[Request, Float] = {}
        for fade, alike in self._by_fade(requests).items():
            lengths = [asked.window.length for asked in alike]
            for length, state in over_windows(rows, lengths, self.merge(fade)):
                for asked in alike:
                    if asked.window.length == length:
                        found[asked] = self._read(operands, state, asked)
        return [found[asked] for asked in requests]

    def _read(self, operands: tuple[Float, ...], state: State, asked: Request) -> Float:
        values = self.readings[asked.statistic](state, asked)
        if self.counted:
            return asked.window.masked(values, state[0])
        return asked.window.masked_by(values, operands[0])

    def _by_fade(
        self, requests: Sequence[Request]
    ) -> Mapping[float | None, list[Request]]:
        """Return the requests that can share their summaries."""
        alike: dict[float | None, list[Request]] = {}
        for asked in requests:
            fade = asked.parameter if self.fading else None
            alike.setdefault(fade, []).append(asked)
        return alike


# What is known of a row alone.


def _one(x: Float) -> State:
    """Return (count, mean, squared distances)."""
    known = ~np.isnan(x)
    return known.astype(np.float64), np.where(known, x, 0.0), np.zeros(x.shape)


def _one_of_higher(x: Float) -> State:
    return (*_one(x), np.zeros(x.shape), np.zeros(x.shape))


def _pair(x: Float, y: Float) -> State:
    """Return (count, mean x, mean y, three sums of products) where both are known."""
    x, y = np.broadcast_arrays(x, y)
    known: Bool = ~(np.isnan(x) | np.isnan(y))
    return (
        known.astype(np.float64),
        np.where(known, x, 0.0),
        np.where(known, y, 0.0),
        *(np.zeros(x.shape) for _ in range(3)),
    )


def _aged(x: Float) -> State:
    """Return a pair of each value and its age, which is 0 on its own day."""
    return _pair(x, np.zeros(x.shape))


def _filled(x: Float, *, identity: float) -> State:
    return (np.where(np.isnan(x), identity, x),)


def _peak(x: Float, *, sign: float) -> State:
    """Return (value, age), the sign turned where the least is wanted."""
    return np.where(np.isnan(x), -np.inf, sign * x), np.zeros(x.shape)


# What a statistic reads off the summary of its window.


def _of(reading: Callable[..., Float], *places: int) -> Reading:
    """Return a reading that is given these parts of the summary."""
    return lambda state, asked: reading(*(state[place] for place in places))


def _fit(state: State, asked: Request) -> Float:
    _, _, _, xx, yy, xy = state
    return readings.correlation(xx, yy, xy) ** 2


def _trend(state: State, asked: Request) -> Float:
    """Return the slope by session, which is that by age turned round."""
    return -readings.slope(state[4], state[5])


def _linear_decay(state: State, asked: Request) -> Float:
    n, mean_x, mean_age, _, _, xy = state
    return readings.linear_decay(n, mean_x, mean_age, xy, asked.window.length)


def _fading(parameter: float | None) -> Merge:
    decay = 1.0 if parameter is None else parameter

    def merge(older: State, newer: State, out: State, length: int) -> None:
        merges.merge_moments(older, newer, out, decay**length)

    return merge


def _plain(merge: Callable[[State, State, State], None]) -> Callable[..., Merge]:
    return lambda _: lambda older, newer, out, length: merge(older, newer, out)


def _pairing(older: State, newer: State, out: State, length: int) -> None:
    merges.merge_comoments(older, newer, out, 0.0)


def _ageing(older: State, newer: State, out: State, length: int) -> None:
    merges.merge_comoments(older, newer, out, float(length))


def _peak_statistics(value: str, age: str, sign: float) -> _Doubling:
    readings: dict[str, Reading] = {
        value: lambda state, asked: sign * state[0],
        age: lambda state, asked: state[1],
    }
    begin = partial(_peak, sign=sign)
    return _Doubling(begin, lambda _: merges.merge_maxima, readings, counted=False)


_FAMILIES: tuple[_Doubling, ...] = (
    _Doubling(
        partial(_filled, identity=0.0),
        _plain(merges.merge_sums),
        {"sum": _of(np.asarray, 0)},
        counted=False,
    ),
    _Doubling(
        partial(_filled, identity=1.0),
        _plain(merges.merge_products),
        {"product": _of(np.asarray, 0)},
        counted=False,
    ),
    _Doubling(
        _one,
        _fading,
        {
            "mean": _of(np.asarray, 1),
            "var": _of(readings.variance, 0, 2),
            "std": _of(readings.deviation, 0, 2),
        },
        counted=True,
    ),
    _Doubling(
        _one,
        _fading,
        {
            "ewm_mean": _of(np.asarray, 1),
            "ewm_std": _of(readings.weighted_deviation, 0, 2),
            "wilder": _of(np.asarray, 1),
        },
        counted=False,
        fading=True,
    ),
    _Doubling(
        _one_of_higher,
        _plain(merges.merge_higher_moments),
        {
            "skew": _of(readings.skewness, 0, 2, 3),
            "kurt": _of(readings.kurtosis, 0, 2, 4),
        },
        counted=True,
    ),
    _Doubling(
        _pair,
        lambda _: _pairing,
        {
            "cov": _of(readings.covariance, 0, 5),
            "corr": _of(readings.correlation, 3, 4, 5),
            "beta": _of(readings.slope, 4, 5),
            "residual_std": _of(readings.residual_deviation, 0, 3, 4, 5),
        },
        counted=True,
    ),
    _Doubling(
        _aged,
        lambda _: _ageing,
        {
            "slope": _trend,
            "r_squared": _fit,
            "line": _of(readings.line_today, 1, 2, 4, 5),
            "decay_linear": _linear_decay,
        },
        counted=True,
    ),
    _peak_statistics("max", "argmax", 1.0),
    _peak_statistics("min", "argmin", -1.0),
)

FAMILY_OF: Mapping[str, Family] = {
    **{name: family for family in _FAMILIES for name in family.readings},
    "rank": ranks,
    "quantile": quantiles,
    "mean_deviation": mean_deviations,
    "streak": streaks,
}
"""The family that knows each statistic, by name."""

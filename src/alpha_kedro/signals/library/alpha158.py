"""Alpha158: the features of Qlib's benchmark models, value for value.

Qlib (Yang et al. 2020, "Qlib: An AI-oriented quantitative investment platform")
computes 158 formulas of the day's bar and of windows of 5 to 60 sessions. They follow
its rules, which differ from those of the other features here: a window needs one known
value and may begin before the history does; inputs are rounded to 32 bits; a day
without a bar inside a listing counts as a day on which nothing rose or fell.

Prices are those quoted, splits undone, dividends not.
"""

from collections.abc import Callable

from alpha_kedro.signals.features import FEATURE_SETS, FEATURES, Feature
from alpha_kedro.signals.formulas import words
from alpha_kedro.signals.formulas.formula import Formula

_WINDOWS = (5, 10, 20, 30, 60)
_TINY = 1e-12
_AT_REST = 2e-5

_open, _high, _low, _close, _vwap, _volume = (
    words.single(field)
    for field in (
        words.quoted_open,
        words.quoted_high,
        words.quoted_low,
        words.quoted_close,
        words.quoted_vwap,
        words.volume,
    )
)
_before = words.delay(_close, 1)
_volume_before = words.delay(_volume, 1)


def _mean(x: Formula, k: int) -> Formula:
    return words.mean(x, k, "any")


def _std(x: Formula, k: int) -> Formula:
    return words.std(x, k, "any")


def _total(x: Formula, k: int) -> Formula:
    return words.sum_of(x, k, "any")


def _highest(k: int) -> Formula:
    return words.max_of(_high, k, "any")


def _lowest(k: int) -> Formula:
    return words.min_of(_low, k, "any")


# The bar of the day.

_range = _high - _low + _TINY
_top, _bottom = words.larger(_open, _close), words.smaller(_open, _close)
_shift = 2 * _close - _high - _low

_BAR: dict[str, tuple[Formula, str]] = {
    "KMID": ((_close - _open) / _open, "Body of the candle over the open."),
    "KLEN": ((_high - _low) / _open, "Range of the day over the open."),
    "KMID2": ((_close - _open) / _range, "Body over the range."),
    "KUP": ((_high - _top) / _open, "Upper shadow over the open."),
    "KUP2": ((_high - _top) / _range, "Upper shadow over the range."),
    "KLOW": ((_bottom - _low) / _open, "Lower shadow over the open."),
    "KLOW2": ((_bottom - _low) / _range, "Lower shadow over the range."),
    "KSFT": (_shift / _open, "Where the close lies in the range, over the open."),
    "KSFT2": (_shift / _range, "Where the close lies in the range."),
    "OPEN0": (_open / _close, "Open over the close."),
    "HIGH0": (_high / _close, "High over the close."),
    "LOW0": (_low / _close, "Low over the close."),
    "VWAP0": (_vwap / _close, "Volume-weighted price over the close."),
}


# Windows.


def _position(extreme: Callable[..., Formula], x: Formula, k: int) -> Formula:
    """Return where in the window the extreme is, counted from its first day.

    A day without a bar counts as the extreme, as numpy's argmax has it. A window of
    such days alone has none.
    """
    beyond = 1e300 if extreme is words.argmax else -1e300
    there = words.first_known(x, beyond * words.listed)
    days = _total(words.listed, k)
    return (days - extreme(there, k, "any")) / k + 0 * _highest(k)


def _correlation(x: Formula, y: Formula, k: int) -> Formula:
    """Return the correlation; a quotient by 0 is NaN, so nothing at rest has one."""
    return words.corr(x, y, k, "any") / _moves(words.smaller(_std(x, k), _std(y, k)))


def _moves(deviation: Formula) -> Formula:
    """Return 1, or 0 where the deviation is too small to speak of."""
    return deviation > _AT_REST


def _share_of_days(up: Formula, down: Formula, k: int) -> Formula:
    return _total(words.is_above(up, down) * words.listed, k) / _total(words.listed, k)


_rise, _fall = words.larger(_close - _before, 0), words.larger(_before - _close, 0)
_more = words.larger(_volume - _volume_before, 0)
_less = words.larger(_volume_before - _volume, 0)
_moved = abs(_close - _before)
_flowed = abs(_volume - _volume_before)
_weighted = abs(_close / _before - 1) * _volume

_ROLLING: dict[str, tuple[Callable[[int], Formula], str]] = {
    "ROC": (lambda k: words.delay(_close, k) / _close, "Price then over price now."),
    "MA": (lambda k: _mean(_close, k) / _close, "Mean price over price."),
    "STD": (lambda k: _std(_close, k) / _close, "Deviation of price over price."),
    "BETA": (
        lambda k: words.slope(_close, k, "any") / _close,
        "Slope of the trend over price.",
    ),
    "RSQR": (
        lambda k: words.r_squared(_close, k, "any") / _moves(_std(_close, k)),
        "How well a line fits the prices.",
    ),
    "RESI": (
        lambda k: words.residual(_close, k, "any") / _close,
        "Distance to the line over price.",
    ),
    "MAX": (lambda k: _highest(k) / _close, "Highest high over price."),
    "MIN": (lambda k: _lowest(k) / _close, "Lowest low over price."),
    "QTLU": (
        lambda k: words.quantile(_close, k, 0.8, "any") / _close,
        "Quantile 0.8 of price over price.",
    ),
    "QTLD": (
        lambda k: words.quantile(_close, k, 0.2, "any") / _close,
        "Quantile 0.2 of price over price.",
    ),
    "RANK": (lambda k: words.rank(_close, k, "any"), "Rank of price among its past."),
    "RSV": (
        lambda k: (_close - _lowest(k)) / (_highest(k) - _lowest(k) + _TINY),
        "Where the price lies between lowest low and highest high.",
    ),
    "IMAX": (
        lambda k: _position(words.argmax, _high, k),
        "Where in the window the highest high is.",
    ),
    "IMIN": (
        lambda k: _position(words.argmin, _low, k),
        "Where in the window the lowest low is.",
    ),
    "IMXD": (
        lambda k: _position(words.argmax, _high, k) - _position(words.argmin, _low, k),
        "How much later the high came than the low.",
    ),
    "CORR": (
        lambda k: _correlation(_close, words.log_of(_volume + 1), k),
        "Correlation of price with log volume.",
    ),
    "CORD": (
        lambda k: _correlation(
            _close / _before, words.log_of(_volume / _volume_before + 1), k
        ),
        "Correlation of change of price with change of volume.",
    ),
    "CNTP": (
        lambda k: _share_of_days(_close, _before, k),
        "Share of days the price rose.",
    ),
    "CNTN": (
        lambda k: _share_of_days(_before, _close, k),
        "Share of days the price fell.",
    ),
    "CNTD": (
        lambda k: (
            _share_of_days(_close, _before, k) - _share_of_days(_before, _close, k)
        ),
        "Share of days the price rose less those it fell.",
    ),
    "SUMP": (
        lambda k: _total(_rise, k) / (_total(_moved, k) + _TINY),
        "Rises over all moves.",
    ),
    "SUMN": (
        lambda k: _total(_fall, k) / (_total(_moved, k) + _TINY),
        "Falls over all moves.",
    ),
    "SUMD": (
        lambda k: (_total(_rise, k) - _total(_fall, k)) / (_total(_moved, k) + _TINY),
        "Rises less falls over all moves.",
    ),
    "VMA": (
        lambda k: _mean(_volume, k) / (_volume + _TINY),
        "Mean volume over volume.",
    ),
    "VSTD": (
        lambda k: _std(_volume, k) / (_volume + _TINY),
        "Deviation of volume over volume.",
    ),
    "WVMA": (
        lambda k: _std(_weighted, k) / (_mean(_weighted, k) + _TINY),
        "Deviation over mean of moves weighted by volume.",
    ),
    "VSUMP": (
        lambda k: _total(_more, k) / (_total(_flowed, k) + _TINY),
        "Rises of volume over all its moves.",
    ),
    "VSUMN": (
        lambda k: _total(_less, k) / (_total(_flowed, k) + _TINY),
        "Falls of volume over all its moves.",
    ),
    "VSUMD": (
        lambda k: (_total(_more, k) - _total(_less, k)) / (_total(_flowed, k) + _TINY),
        "Rises less falls of volume over all its moves.",
    ),
}


def _register(name: str, formula: Formula, summary: str) -> str:
    found = Feature(
        name=name,
        formula=formula,
        family="alpha158",
        unit="ratio",
        summary=summary,
        source="Qlib, Alpha158",
    )
    FEATURES.add(name, found)
    return name


FEATURE_SETS.add(
    "alpha158",
    (
        *(_register(name, *said) for name, said in _BAR.items()),
        *(
            _register(f"{name}{k}", made(k), summary)
            for name, (made, summary) in _ROLLING.items()
            for k in _WINDOWS
        ),
    ),
)

"""From columns as somebody wrote them to typed ones: dates, tickers, numbers, units."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Float
from alpha_kedro.market.columns import NO_VALUE, PRICES, as_floats
from alpha_kedro.market.dates import local_stamps, session_dates
from alpha_kedro.market.tickers import canonical_tickers
from alpha_kedro.sources.tabular.spec import (
    DATES,
    NUMBERS,
    OF_BARS,
    TICKERS,
    TabularMarketSpec,
)

_OF_PRICES = (*PRICES, "adj_close")
# Whether what they stamp is known that day or the next is told by their time of day.
_PUBLISHED = {("fundamentals", "known_date"), ("sentiment", "date")}
_EPOCH = r"-?\d{9,}(?:\.\d+)?"


def type_table(
    table: pd.DataFrame, *, key: str, spec: TabularMarketSpec, where: str
) -> pd.DataFrame:
    """Type the columns this project knows; others stay as they are.

    Parameters
    ----------
    table
        Columns under our names, in whatever types the source gave them.
    key
        Which table of the market it is, such as ``bars``.
    spec
        Units, the writing of dates, and the exchange on whose clock they are read.
    where
        The file or table, for errors.

    Returns
    -------
    DataFrame
        Dates as datetime64[us], tickers as upper-case text, numbers as float64 with
        prices per share and volumes in shares; what is missing is NaT or NaN.

    Raises
    ------
    DataError
        ``AK-D010`` a ticker is not text, ``AK-D011`` or ``AK-D066`` a date cannot be
        read, ``AK-D017`` a value is not a number.

    Notes
    -----
    The ``known_date`` of reports and the ``date`` of sentiment keep their time of day,
    on the exchange's clock, for `alpha_kedro.market.dates.known_days` to read.
    """
    typed: dict[str, pd.Series] = {}
    for name in _those(DATES, table):
        read = _as_told(table[name], name, spec, where)
        on_clock = local_stamps if (key, name) in _PUBLISHED else session_dates
        typed[name] = on_clock(read, calendar=spec.calendar, where=where)
    for name in _those(TICKERS, table):
        text = table[name].replace("", None)
        typed[name] = canonical_tickers(text, where=where)
    for name in _those(NUMBERS, table):
        numbers = _in_units(as_floats(table, name, where=where), name, key, spec)
        typed[name] = pd.Series(numbers, table.index)
    return table.assign(**typed)


def _those(names: Iterable[str], table: pd.DataFrame) -> list[str]:
    return [name for name in names if name in table]


def _in_units(values: Float, name: str, key: str, spec: TabularMarketSpec) -> Float:
    """Return prices, dividends and volumes in whole units of money and shares."""
    if (key in OF_BARS and name in _OF_PRICES) or (key, name) == (
        "actions",
        "dividend",
    ):
        return _times(values, spec.price_unit)
    if key in OF_BARS and name == "volume":
        return _times(values, spec.volume_unit)
    return values


def _times(values: Float, unit: float) -> Float:
    """Multiply; 0.01 divides by 100, which gives the nearest number to the quote."""
    parts = 1 / unit
    if unit < 1 and abs(parts - round(parts)) < 1e-9 * parts:
        return np.asarray(values / round(parts))
    return values if unit == 1.0 else values * unit


def _as_told(
    stamps: pd.Series, name: str, spec: TabularMarketSpec, where: str
) -> pd.Series:
    """Read what only parameters can tell: numbers since 1970, text that is not ISO."""
    if pd.api.types.is_datetime64_any_dtype(stamps):
        return stamps
    stamps = stamps.mask(stamps.isin(NO_VALUE))
    numeric = pd.api.types.is_numeric_dtype(stamps) and stamps.notna().any()
    if spec.date_format is not None:
        written = stamps.dropna().astype(str)
        known = pd.to_datetime(written, format=spec.date_format, errors="coerce")
        _refuse_lost(written[known.isna()], name, where, key="date_format", spec=spec)
        return known.reindex(stamps.index)
    if spec.date_unit is not None and (numeric or _all_epochs(stamps)):
        counts = pd.to_numeric(stamps)
        return pd.to_datetime(counts, unit=spec.date_unit, utc=True)
    if numeric or _all_epochs(stamps):
        _refuse_lost(stamps.dropna(), name, where, key="date_unit", spec=spec)
    return stamps


def _all_epochs(stamps: pd.Series) -> bool:
    """Tell whether a column of text holds nothing but long whole numbers."""
    written = stamps.dropna()
    if not len(written) or not isinstance(written.iloc[0], str):
        return False
    return bool(written.astype(str).str.fullmatch(_EPOCH).all())


def _refuse_lost(
    lost: pd.Series, name: str, where: str, *, key: str, spec: TabularMarketSpec
) -> None:
    if not len(lost):
        return
    told = {
        "date_unit": "ISO dates, or to be told what the numbers count since 1970",
        "date_format": f"dates written as {spec.date_format}",
    }
    raise DataError(
        "AK-D066",
        f"{len(lost)} value(s) of column {name!r} of {where} are no dates as they are",
        where=[repr(stamp) for stamp in lost.head(5)],
        wanted=told[key],
        fix=f"set markets.{spec.kind}.{key}",
    )

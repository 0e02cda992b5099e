"""One spelling per name: text, upper case, safe to be part of a file's name."""

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Bool

# Windows keeps these names for devices, whatever their extension.
_DEVICE = r"(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?:\.|$)"
_TICKER = re.compile(rf"(?!{_DEVICE})[A-Z0-9][A-Z0-9.\-]{{0,14}}")
_OTHER_CLASS_MARK = str.maketrans(".-", "-.")


def canonical_tickers(tickers: pd.Series, *, where: str) -> pd.Series:
    """Return tickers as upper-case text without blanks around them.

    Parameters
    ----------
    tickers
        (n_rows,) text; a missing name stays missing.
    where
        The file or table, for the error.

    Raises
    ------
    DataError
        ``AK-D010`` when a ticker is a number or a truth value: a reader of YAML or CSV
        has turned ``ON`` into True or ``0700`` into 448, and the name is lost.
    """
    codes, names = pd.factorize(tickers)
    mangled = [name for name in names if not isinstance(name, str)]
    if mangled:
        raise DataError(
            "AK-D010",
            f"{len(mangled)} ticker(s) of {where} are not text",
            where=[repr(name) for name in mangled],
            wanted="text",
            fix="quote it where it is written, and read the column as text",
        )
    spelt = pd.array([name.strip().upper() for name in names], dtype="str")
    return pd.Series(
        spelt.take(codes, allow_fill=True), index=tickers.index, name=tickers.name
    )


def is_ticker(names: Iterable[object]) -> Bool:
    """Tell which names may stand in a path or a query: (n_names,) bool.

    A letter or digit, then up to 14 letters, digits, dots or hyphens, and not the name
    of a device such as ``CON``. A missing name is not a ticker.
    """
    return np.array(
        [isinstance(name, str) and bool(_TICKER.fullmatch(name)) for name in names],
        dtype=bool,
    )


def match_spelling(tickers: pd.Series, known: Iterable[str]) -> pd.Series:
    """Return tickers with ``BRK.B`` spelt ``BRK-B`` where only that has prices.

    Vendors mark share classes by a dot or by a hyphen. A name is changed only where
    it has no prices itself and the name with the other mark has.
    """
    listed = set(known)
    twins = {
        name: name.translate(_OTHER_CLASS_MARK)
        for name in tickers.dropna().unique()
        if name not in listed and name.translate(_OTHER_CLASS_MARK) in listed
    }
    # A categorical column refuses names that are not among its categories.
    if isinstance(tickers.dtype, pd.CategoricalDtype):
        tickers = tickers.astype("object")
    return tickers.replace(twins) if twins else tickers

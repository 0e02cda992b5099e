"""Our names for the columns of somebody's table: told or obvious, never guessed."""

import re
from collections.abc import Collection, Mapping, Sequence

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.registry import nearest
from alpha_kedro.market.tickers import is_ticker
from alpha_kedro.sources.tabular.spec import GROUP, LAYOUTS, OF_BARS, TabularMarketSpec

# Only ever suggested: a symbol may be reused, a "price" may be anything.
_ALSO_CALLED = {
    "date": ("time", "timestamp", "datetime", "day", "tradedate", "pricedate"),
    "ticker": ("symbol", "code", "ric", "instrument", "name", "act_symbol"),
    "close": ("last", "price", "pxlast", "settle"),
    "volume": ("vol", "shares", "turnover"),
    "adj_close": ("adjustedclose", "closeadj", "adjprice"),
    "dividend": ("dividends", "divcash", "amount"),
    "split_ratio": ("splits", "stocksplits", "splitfactor"),
}
_PAIR = re.compile(r"\(['\"].*['\"], ?['\"].*['\"]\)")


def match_columns(
    there: Sequence[str],
    *,
    key: str,
    spec: TabularMarketSpec,
    where: str,
    known: Collection[str] = (),
) -> dict[str, str]:
    """Find the columns of a table.

    A name told under ``columns`` is taken as told. Otherwise case, blanks and
    underscores are passed over: ``Adj Close`` is adj_close, ``Symbol`` is not ticker.

    Parameters
    ----------
    there
        Names of the columns as they stand in the file or database.
    key
        Which table of the market it is, such as ``bars``.
    where
        The file or table, for errors.
    known
        Columns that the table may lack because their content is known otherwise.

    Returns
    -------
    dict
        Our name: theirs, for those that are there. The groups are called ``sector``.

    Raises
    ------
    DataError
        ``AK-D060`` a column is missing, with the block of parameters that would name
        it; ``AK-D061`` a name fits two columns; ``AK-D062`` the table is wide, with a
        column per ticker.
    """
    layout, told = LAYOUTS[key], _told(there, key=key, spec=spec)
    wanted = {name: name for name in layout.columns}
    if GROUP in layout.needs or key in OF_BARS:
        wanted[GROUP] = spec.group_column
    fits = {
        ours: [told[ours]] if ours in told else _like(name, there)
        for ours, name in wanted.items()
    }
    several = {ours: names for ours, names in fits.items() if len(names) > 1}
    needed = {*layout.needs, *told} - {*known}
    found = told | {ours: names[0] for ours, names in fits.items() if names}
    lacking = sorted(name for name in needed if found.get(name) not in {*there})
    if key in OF_BARS and (several or lacking):
        _refuse_wide(there, where=where)
    if several:
        raise _ambiguous(several, where=where, spec=spec)
    if lacking:
        raise _lacks(lacking, there, key=key, spec=spec, where=where)
    taken = {*found.values()}
    rest = [name for name in there if layout.open and name not in taken]
    return found | dict(zip(rest, rest, strict=True))


def _told(there: Sequence[str], *, key: str, spec: TabularMarketSpec) -> dict[str, str]:
    """Return the names that were told for this table.

    What is said for all tables binds those of bars; another table may lack the column.
    """
    layout, own = LAYOUTS[key], spec.columns.get(key, {})
    return {
        ours: theirs
        for ours, theirs in spec.names_of(key).items()
        if ours in own
        or (ours in layout.columns and (key in OF_BARS or theirs in there))
    }


def _like(name: str, there: Sequence[str]) -> list[str]:
    return [each for each in there if _plain(each) == _plain(name)]


def _plain(name: str) -> str:
    return re.sub(r"[\s_]", "", name).casefold()


def _ambiguous(
    several: Mapping[str, Sequence[str]], *, where: str, spec: TabularMarketSpec
) -> DataError:
    block = ", ".join(f"{ours}: {names[0]!r}" for ours, names in several.items())
    return DataError(
        "AK-D061",
        f"{where} has several columns of one name",
        where=[f"{ours}: {' or '.join(map(repr, n))}" for ours, n in several.items()],
        wanted="one column for each",
        fix=f"say which under markets.{spec.kind}:  columns: {{{block}}}",
    )


def _lacks(
    lacking: Sequence[str],
    there: Sequence[str],
    *,
    key: str,
    spec: TabularMarketSpec,
    where: str,
) -> DataError:
    names = _told(there, key=key, spec=spec)
    return DataError(
        "AK-D060",
        f"{where} lacks {len(lacking)} column(s) of {key}",
        where=[_shown(name, names.get(name), spec) for name in lacking],
        got=", ".join(map(repr, there)),
        wanted=", ".join(LAYOUTS[key].needs),
        fix=_suggestion(lacking, there, key=key, spec=spec),
    )


def _refuse_wide(there: Sequence[str], *, where: str) -> None:
    pairs = [name for name in there if _PAIR.fullmatch(name)]
    known = {_plain(name) for name in LAYOUTS["bars"].columns}
    spelt = [name for name in there if name.isupper() and _plain(name) not in known]
    of_tickers = [name for name in spelt if is_ticker([name]).all()]
    repeated = [name for name in there if list(there).count(name) > 1]
    if len([*pairs, *repeated, *of_tickers]) <= len(there) / 2:
        return
    raise DataError(
        "AK-D062",
        f"{where} is wide: a column for each ticker",
        where=[*pairs, *repeated, *of_tickers],
        wanted="one row per date and ticker",
        fix=(
            "make it long before: prices.stack('Ticker').reset_index() where the "
            "columns are pairs of price and ticker; prices.melt(ignore_index=False, "
            "var_name='ticker', value_name='close') for each table of one price"
        ),
    )


def _shown(name: str, theirs: str | None, spec: TabularMarketSpec) -> str:
    if name == GROUP:
        return f"{spec.group_column} (the group_column)"
    return f"{name} (told to be {theirs!r})" if theirs else name


def _suggestion(
    lacking: Sequence[str], there: Sequence[str], *, key: str, spec: TabularMarketSpec
) -> str:
    """Return the parameters to paste, with the likeliest column where one is near."""
    names = [name for name in lacking if name != GROUP]
    if not names:
        return f"set markets.{spec.kind}.group_column to one of the columns"
    likely = [f"{name}: {_likely(name, there) or '?'!r}" for name in names]
    place = "" if key in OF_BARS else f"{key}: "
    inner = f"{{{', '.join(likely)}}}"
    block = f"{{{place}{inner}}}" if place else inner
    return f"name them under markets.{spec.kind}:  columns: {block}"


def _likely(name: str, there: Sequence[str]) -> str | None:
    also = {_plain(word) for word in _ALSO_CALLED.get(name, ())}
    called = [each for each in there if _plain(each) in also]
    return called[0] if called else nearest(name, there)

"""The names of a market, and how Yahoo spells them."""

from collections import Counter
from collections.abc import Iterable

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.market.tickers import is_ticker

INDEX_MARK = "^"
# Where a dot marks a class of shares; elsewhere it is Yahoo's mark of the exchange.
_UNITED_STATES = {"XNYS", "XNAS", "XASE", "NYSE", "NASDAQ", "AMEX"}


def yahoo_symbol(ticker: str, *, calendar: str) -> str:
    """Return Yahoo's spelling: ``BRK.B`` is ``BRK-B``, ``^VIX`` stays ``^VIX``.

    Parameters
    ----------
    ticker
        Canonical.
    calendar
        ISO code of the exchange. Outside the United States ``VOD.L`` is left: the
        letters after the dot name the exchange.
    """
    if ticker.startswith(INDEX_MARK) or calendar not in _UNITED_STATES:
        return ticker
    return ticker.replace(".", "-")


def symbols_of(tickers: Iterable[str], *, calendar: str) -> dict[str, str]:
    """Return Yahoo's symbol of each ticker; an index goes by its name without mark.

    Raises
    ------
    ConfigError
        ``AK-C071`` for what is no ticker, such as ``../x``; ``AK-C072`` when two
        tickers are one symbol.
    """
    names = list(dict.fromkeys(tickers))
    bare = [name.removeprefix(INDEX_MARK) for name in names]
    unfit = [
        name for name, good in zip(names, is_ticker(bare), strict=True) if not good
    ]
    if unfit:
        raise ConfigError(
            "AK-C071",
            f"{len(unfit)} name(s) cannot be asked of Yahoo",
            where=[repr(name) for name in unfit],
            wanted="letters, digits, dots, hyphens, such as BRK.B; ^ before an index",
            fix="correct them in markets.yahoo, or in the file of the membership",
        )
    symbols = [yahoo_symbol(name, calendar=calendar) for name in names]
    _refuse_twins(symbols)
    return dict(zip(bare, symbols, strict=True))


def _refuse_twins(symbols: list[str]) -> None:
    bare = Counter(symbol.removeprefix(INDEX_MARK) for symbol in symbols)
    twins = [symbol for symbol, count in bare.items() if count > 1]
    if twins:
        raise ConfigError(
            "AK-C072",
            f"{len(twins)} symbol(s) are asked for under two names",
            where=twins,
            wanted="one spelling of each name",
            fix="write BRK.B or BRK-B, not both; an index and a stock need two names",
        )

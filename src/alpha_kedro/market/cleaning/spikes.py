"""Closes that cannot be believed, judged by what was known on their evening.

A close far beyond the one before is a spike unless something speaks for it:

1. a split or dividend that is listed, or a vendor's ``adj_close`` that shows no fall:
   a distribution nobody listed;
2. volume: a real move of that size is traded; a fall needs less of it than a rise;
3. that it goes back to where the name was quoted a few bars ago;
4. for a fall, that it is none by a power of ten. Real losses are kept in doubt: to lose
   them would flatter every result, and only a slip of units or of the decimal point
   makes exactly such a ratio.

Spikes in a row mean that the quotes are in another unit for good, pence for pounds. No
bar after that is comparable with those before; all are refused, none is rescaled.
"""

from dataclasses import dataclass

import numpy as np

from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.market.cleaning.spec import IngestionSpec

_USUAL_BARS = 20  # whose median volume is the usual one
_RECENT_BARS = 5  # to whose level a name may go back
_UNITS = np.array([0.1, 0.01, 0.001])
_NEAR_A_UNIT = 0.2
_NO_COMPANY = 50.0  # no price rises so far in a session, whatever was traded


@dataclass(frozen=True)
class Quotes:
    """What a move is judged by, bar by bar in (ticker, date) order.

    Attributes
    ----------
    codes
        (n_bars,) ticker, each one's bars together.
    close, volume
        (n_bars,) on the shares of the ticker's first bar.
    dividend
        (n_bars,) cash per share that went ex since the bar before, on the same shares.
    adj_close
        (n_bars,) the vendor's total return, NaN where it has none.
    """

    codes: Int
    close: Float
    volume: Float
    dividend: Float
    adj_close: Float

    def growth(self, before: Int, after: int) -> Float:
        """Return close and dividends of one bar over the closes of earlier ones."""
        paid = np.array([self.dividend[row + 1 : after + 1].sum() for row in before])
        growth: Float = (self.close[after] + paid) / self.close[before]
        return growth

    def of_rows(self, rows: slice) -> "Quotes":
        """Return the quotes of some bars."""
        return Quotes(
            codes=self.codes[rows],
            close=self.close[rows],
            volume=self.volume[rows],
            dividend=self.dividend[rows],
            adj_close=self.adj_close[rows],
        )


def find_spikes(quotes: Quotes, spec: IngestionSpec) -> dict[str, Bool]:
    """Mark the closes that cannot be believed.

    Parameters
    ----------
    quotes
        Of the sound bars.
    spec
        ``spike_ratio``, ``spike_volume``, ``fall_volume``, ``unit_change_after``.

    Returns
    -------
    dict
        ``spike`` and ``unit_change``, all bars after too many spikes in a row:
        (n_bars,) bool each.

    Notes
    -----
    A bar is judged by earlier bars of its ticker, and by its own day.
    """
    spikes, changed = (np.zeros(len(quotes.codes), dtype=bool) for _ in range(2))
    jumps = _jumps(quotes, spec.spike_ratio)
    for code in np.unique(quotes.codes[jumps]):
        first, after = np.searchsorted(quotes.codes, [code, code + 1])
        own = slice(first, after)
        spikes[own], changed[own] = _walk(quotes.of_rows(own), jumps[own], spec)
    return {"spike": spikes, "unit_change": changed}


def _jumps(quotes: Quotes, ratio: float) -> Bool:
    """Mark bars far beyond the bar before; only those need a closer look."""
    jumps = np.zeros(len(quotes.codes), dtype=bool)
    growth = (quotes.close + quotes.dividend)[1:] / quotes.close[:-1]
    same = quotes.codes[1:] == quotes.codes[:-1]
    jumps[1:] = same & ((growth > ratio) | (growth < 1 / ratio))
    return jumps


def _walk(own: Quotes, jumps: Bool, spec: IngestionSpec) -> tuple[Bool, Bool]:
    """Go through the bars of one ticker from jump to jump."""
    n_bars = len(jumps)
    spikes, changed = np.zeros(n_bars, dtype=bool), np.zeros(n_bars, dtype=bool)
    row = int(np.argmax(jumps))
    while row < n_bars:
        start = row
        while row < n_bars and not _believable(own, row, ~spikes[:row], spec):
            spikes[row] = True
            row += 1
            if row - start == spec.unit_change_after:
                changed[row:] = True
                return spikes, changed
        later = np.flatnonzero(jumps[row + 1 :])
        row = row + 1 + int(later[0]) if len(later) else n_bars
    return spikes, changed


def _believable(own: Quotes, row: int, accepted: Bool, spec: IngestionSpec) -> bool:
    known = np.flatnonzero(accepted)[-_USUAL_BARS:]
    growth = own.growth(known[-_RECENT_BARS:], row)  # since each of them
    ratio, latest = spec.spike_ratio, growth[-1]
    if ((growth >= 1 / ratio) & (growth <= ratio)).any():
        return True
    volumes = own.volume[known]
    traded = volumes[volumes > 0]
    confirming = spec.spike_volume if latest > ratio else spec.fall_volume
    if latest > _NO_COMPANY:
        return False
    if len(traded) and own.volume[row] >= confirming * np.median(traded):
        return True
    if latest > ratio:
        return False
    if own.adj_close[row] / own.adj_close[known[-1]] >= 1 / ratio:
        return True
    return not bool((np.abs(latest / _UNITS - 1) <= _NEAR_A_UNIT).any())

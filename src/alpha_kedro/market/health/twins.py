"""One series under two names: a download that mixed up its answers."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from alpha_kedro.market.health.block import Setting
from alpha_kedro.market.health.findings import make_findings, no_findings
from alpha_kedro.market.health.tally import Tally

RowsOf = Callable[[list[str]], pd.DataFrame]

_MOST_PAIRS = 2_000


def check_twins(market: Tally, rows_of: RowsOf, setting: Setting) -> pd.DataFrame:
    """Return tickers with the same closes as another on many sessions in a row.

    Which of the two was given the other's data is not known: both are named.

    Parameters
    ----------
    market
        Its fingerprints say which pairs to compare.
    rows_of
        Gives the sound bars of some tickers: date, ticker, close.
    setting
        Sessions and thresholds.
    """
    pairs = _alike(market.prints)
    if pairs.empty:
        return no_findings()
    bars = rows_of(sorted({*pairs["one"], *pairs["other"]}))
    closes = {
        name: series.set_index("date")["close"]
        for name, series in bars.groupby("ticker")
    }
    return pd.concat(
        [
            _compare(one, other, closes[one], closes[other], setting)
            for one, other in pairs.itertuples(index=False)
        ]
    )


def _alike(prints: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of tickers that share a fingerprint of the same sessions."""
    shared = prints[prints.duplicated(["chunk", "print"], keep=False)]
    lead = shared.drop_duplicates(["chunk", "print"])
    pairs = lead.merge(shared, on=["chunk", "print"], suffixes=("", "_other"))
    pairs = pairs[pairs["ticker"] != pairs["ticker_other"]]
    named = pairs[["ticker", "ticker_other"]].drop_duplicates()
    named = pd.DataFrame(
        np.sort(named.astype(object).to_numpy(), axis=1)
    ).drop_duplicates()
    return named.set_axis(["one", "other"], axis=1).head(_MOST_PAIRS)


def _compare(
    one: str, other: str, a: "pd.Series[float]", b: "pd.Series[float]", setting: Setting
) -> pd.DataFrame:
    a, b = a.align(b, join="inner")
    equal = np.r_[0, (a.to_numpy() == b.to_numpy()).astype(np.int8), 0]
    edge = np.diff(equal)
    starts, stops = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    long = (stops - starts) >= setting.spec.identical_closes
    starts, stops = starts[long], stops[long]
    return pd.concat(
        [
            make_findings(
                "identical_series",
                ticker=name,
                first=a.index.to_numpy()[starts],
                last=a.index.to_numpy()[stops - 1],
                n_rows=stops - starts,
                severity="suspect",
                detail="{n_rows} closes equal to those of {twin}",
                twin=twin,
            )
            for name, twin in ((one, other), (other, one))
        ]
    )

"""Splits and dividends laid on the bars at which they take effect.

An action takes effect at the first bar of its ticker on or after its ex-date: that is
the first price without the dividend, or on the new shares. On one ex-date the split
comes before the dividend, which is paid on the new shares.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import DATE_DTYPE, Bool, Float, Int
from alpha_kedro.market.tickers import canonical_tickers, match_spelling

# More days than lie between any two dates: each ticker gets a stretch of its own.
_DAYS_APART = 1_000_000
APPLIED, BEFORE, AFTER, NO_BARS = (
    "n_applied",
    "n_before_first_bar",
    "n_after_last_bar",
    "n_without_bars",
)


@dataclass(frozen=True)
class Timelines:
    """Where the bars of each ticker lie in time.

    Attributes
    ----------
    names
        The tickers.
    codes
        (n_bars,) place of each bar's ticker among ``names``.
    moments
        (n_bars,) a number that ascends through each ticker's dates, ticker by ticker.
    """

    names: pd.Index
    codes: Int
    moments: Int

    @classmethod
    def of(cls, bars: pd.DataFrame) -> "Timelines":
        """Read them off bars."""
        names, codes = _named_codes(bars["ticker"])
        return cls(names, codes, _moments(codes, bars["date"]))

    def of_rows(self, rows: Int) -> "Timelines":
        """Return the timelines of some bars."""
        return Timelines(self.names, self.codes[rows], self.moments[rows])

    def moments_of(self, actions: pd.DataFrame) -> Int:
        """Return where actions lie in time among the bars."""
        codes = self.names.get_indexer(pd.Index(actions["ticker"]))
        return _moments(codes, actions["date"])

    @property
    def first(self) -> Bool:
        """Mark the first bar of each ticker: (n_bars,) bool."""
        starts = np.ones(len(self.codes), dtype=bool)
        starts[1:] = self.codes[1:] != self.codes[:-1]
        return starts

    def place(self, actions: pd.DataFrame) -> tuple[Int, npt.NDArray[np.str_]]:
        """Return the bar at which each action takes effect, and whether it does.

        Bars have to be in (ticker, date) order, as for `running_product`.
        """
        codes = self.names.get_indexer(pd.Index(actions["ticker"]))
        moments = self.moments_of(actions)
        rows = np.searchsorted(self.moments, moments).astype(np.int64)
        own = np.append(self.codes, -1)[rows] == codes
        opens = np.append(self.first, False)[rows]
        fates = np.select([codes < 0, ~own, opens], [NO_BARS, AFTER, BEFORE], APPLIED)
        return rows, fates

    def running_product(self, rows: Int, factors: Float) -> Float:
        """Multiply the factors that took effect at a bar or before it: (n_bars,).

        Each ticker's product runs from its first bar on, in the order of time: a
        factor that comes later changes no bit of what stands before it.
        """
        so_far = pd.Series(factors).groupby(self.codes[rows]).cumprod().to_numpy()
        starts = np.flatnonzero(self.first)
        begins = np.concatenate([starts, rows])
        values = np.concatenate([np.ones(len(starts)), so_far])
        order = np.argsort(begins, kind="stable")
        lasts = np.diff(begins[order], append=len(self.codes))
        return np.repeat(values[order], lasts)


def product_of_later(moments: Int, splits: Int, ratios: Float) -> Float:
    """Multiply, for each moment, the ratios of its ticker's splits after it.

    Parameters
    ----------
    moments
        (n_rows,) in any order, as `Timelines` counts them.
    splits
        (n_splits,) moments of the splits.
    ratios
        (n_splits,) new shares per old share.
    """
    if not len(splits):
        return np.ones(len(moments))
    order = np.lexsort((ratios, splits))
    splits, ratios = splits[order], ratios[order]
    tickers = splits // _DAYS_APART
    backward = pd.Series(ratios[::-1]).groupby(tickers[::-1]).cumprod()
    remaining = np.append(backward.to_numpy()[::-1], 1.0)
    following = np.searchsorted(splits, moments, side="right")
    theirs = np.append(tickers, -1)[following] == moments // _DAYS_APART
    return np.where(theirs, remaining[following], 1.0)


@dataclass(frozen=True)
class Effects:
    """What all actions that take effect at one bar do together.

    Attributes
    ----------
    rows
        (n_effects,) the bar, ascending.
    split
        (n_effects,) shares now for one share held at the bar before; 1.0 no split.
    dividend
        (n_effects,) cash for one share held at the bar before.
    """

    rows: Int
    split: Float
    dividend: Float


def effects_at_bars(timelines: Timelines, actions: pd.DataFrame) -> Effects:
    """Gather the actions that take effect at each bar.

    Parameters
    ----------
    timelines
        Of the bars.
    actions
        date (ex-date), ticker, dividend (per share as paid), split_ratio; those that
        take effect at no bar are left out.
    """
    rows, fates = timelines.place(actions)
    known = actions.assign(row=rows)[fates == APPLIED]
    # Sorted by value too, so that the order of the table changes no bit of a product.
    ordered = known.sort_values(["row", "date", "split_ratio", "dividend"])
    daily = ordered.groupby(["row", "date"]).agg(
        split=("split_ratio", "prod"), dividend=("dividend", "sum")
    )
    held = daily["split"].groupby(level="row").cumprod()
    paid = (daily["dividend"] * held).groupby(level="row").sum()
    return Effects(
        paid.index.to_numpy(dtype="int64"),
        held.groupby(level="row").last().to_numpy(dtype="float64"),
        paid.to_numpy(dtype="float64"),
    )


def checked_actions(actions: pd.DataFrame | None) -> pd.DataFrame:
    """Return the actions, or an empty table, after a look at dates and ratios.

    Raises
    ------
    DataError
        ``AK-D025`` for an action without a date, ``AK-D013`` for a split ratio that is
        not positive and finite.
    """
    if actions is None or actions.empty:
        return pd.DataFrame(
            {
                "date": pd.Series(dtype=DATE_DTYPE),
                "ticker": pd.Series(dtype="str"),
                "dividend": pd.Series(dtype="float64"),
                "split_ratio": pd.Series(dtype="float64"),
            }
        )
    undated = actions.loc[actions["date"].isna(), "ticker"]
    if len(undated):
        raise DataError(
            "AK-D025",
            f"{len(undated)} corporate action(s) have no date",
            where=undated,
            wanted="the ex-date",
            fix="correct the actions of the market, or leave them out",
        )
    ratio = actions["split_ratio"]
    refuse_actions(
        actions[~(ratio > 0) | np.isinf(ratio)],
        code="AK-D013",
        what="an impossible split ratio",
        wanted="new shares per old share, above 0",
    )
    return actions


def spelt_as_bars(actions: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Return the actions with their tickers spelt as those of the bars are.

    Parameters
    ----------
    actions
        Their tickers as the source of the actions writes them.
    names
        Tickers of the bars in one spelling. ``BRK.B`` becomes ``BRK-B`` where only
        that has bars.

    Raises
    ------
    DataError
        ``AK-D010`` a ticker is not text.
    """
    spelt = canonical_tickers(actions["ticker"], where="actions")
    return actions.assign(ticker=match_spelling(spelt, names))


def refuse_actions(wrong: pd.DataFrame, *, code: str, what: str, wanted: str) -> None:
    """Raise DataError naming the actions that are ``wrong``, if there are any."""
    if wrong.empty:
        return
    raise DataError(
        code,
        f"{len(wrong)} corporate action(s) have {what}",
        where=[f"{event.ticker} {event.date:%Y-%m-%d}" for event in wrong.itertuples()],
        wanted=wanted,
        fix="correct the actions of the market, or leave them out",
    )


def _named_codes(tickers: pd.Series) -> tuple[pd.Index, Int]:
    if isinstance(tickers.dtype, pd.CategoricalDtype):
        codes = tickers.cat.codes.to_numpy().astype(np.int64)
        return tickers.cat.categories, codes
    codes, names = pd.factorize(tickers)
    return pd.Index(names), codes


def _moments(codes: Int, dates: pd.Series) -> Int:
    """Return a number per (ticker, date) that ascends through each ticker's dates."""
    days = dates.to_numpy().astype("datetime64[D]").astype(np.int64)
    moments: Int = codes * _DAYS_APART + days + _DAYS_APART // 2
    return moments

"""Reports and sentiment for the difficult prices, as cleaning leaves them."""

import numpy as np
import pandas as pd

from alpha_kedro.market.fundamentals import PERIODS, QUANTITIES
from alpha_kedro.market.sentiment import MEASURES

QUIET = "DDD"
"""Its last report becomes known in the first session: a year later it is stale."""


def reports_of(dates, tickers, seed=6):
    """Quarterly reports from three years before the first date to the last one."""
    rng = np.random.default_rng(seed)
    sessions = pd.DatetimeIndex(dates)
    ends = pd.date_range(
        sessions[0] - pd.Timedelta(days=1_100), sessions[-1], freq="QE"
    )
    tables = [_of_one(rng, ticker, ends, sessions) for ticker in tickers]
    reports = pd.concat([*tables, *(_restated(rng, table) for table in tables)])
    key = ["known_at", "ticker", "end_date"]
    known = reports[reports["known_at"] <= sessions[-1]]
    return known.drop_duplicates(key).sort_values(key, ignore_index=True)


def _of_one(rng, ticker, ends, sessions):
    delays = pd.to_timedelta(rng.integers(20, 46, len(ends)), unit="D")
    known = pd.DatetimeIndex(np.sort(ends + delays))
    if ticker == QUIET:
        known = pd.DatetimeIndex([*known[known < sessions[0]], sessions[0]])
    periods = np.array(PERIODS)[ends.quarter - 1]
    figures = {name: rng.lognormal(3, 0.3, len(ends)) for name in QUANTITIES}
    year = np.where(periods == "FY", 4.0, 1.0)
    so_far = {name: figures[name] * ends.quarter for name in ("cash_flow_op",)}
    income = {name: figures[name] * year for name in QUANTITIES[:5]}
    table = pd.DataFrame(
        {"ticker": ticker, "end_date": ends, "period": periods, "share_factor": 1.0}
        | (figures | so_far | income | {"equity": figures["assets"] * 0.4})
    )
    table = table.iloc[: len(known)]
    weekdays = known[: len(table)] + pd.offsets.BDay(0)
    return table.assign(known_at=weekdays.as_unit("us"), known_date=known[: len(table)])


def _restated(rng, table):
    """Some reports over again with other figures, months later."""
    again = table.sample(frac=0.3, random_state=int(rng.integers(1_000)))
    again = again[again["ticker"] != QUIET]
    figures = {
        name: again[name] * rng.lognormal(0, 0.2, len(again)) for name in QUANTITIES
    }
    later = again["known_at"] + pd.offsets.BDay(50)
    return again.assign(**figures, known_at=later.astype("datetime64[us]"))


def sentiment_of(dates, tickers, seed=8):
    """Days of tweets, most days of most tickers, weekends counted to the Monday."""
    rng = np.random.default_rng(seed)
    days = pd.date_range(dates[0], dates[-1]).as_unit("us")
    table = pd.DataFrame(
        [(day, ticker) for day in days for ticker in tickers],
        columns=["date", "ticker"],
    )
    n = rng.integers(1, 20, len(table))
    positive = rng.binomial(n, 0.4)
    table = table.assign(
        known_at=(table["date"] + pd.offsets.BDay(0)).astype("datetime64[us]"),
        n_tweets=n.astype(float),
        sent_mean=rng.uniform(-0.5, 0.7, len(table)),
        sent_std=np.where(n > 1, rng.uniform(0, 0.5, len(table)), np.nan),
        n_pos=positive.astype(float),
        n_neg=rng.binomial(n - positive, 0.3).astype(float),
    )
    spoken = rng.random(len(table)) < 0.8
    return table[spoken].sort_values(["known_at", "ticker", "date"], ignore_index=True)


def garbled_rows(table, where, seed=21):
    """The table with other figures in the marked rows, of other tickers too."""
    rng = np.random.default_rng(seed)
    figures = [name for name in (*QUANTITIES, *MEASURES) if name in table]
    other = table.copy()
    other.loc[where, figures] = rng.permutation(
        other.loc[where, figures].to_numpy() * rng.lognormal(0, 2, (where.sum(), 1))
    )
    names = other.loc[where, "ticker"].to_numpy().copy()
    other.loc[where, "ticker"] = rng.permutation(names)
    if "end_date" in table:
        ends = other.loc[where, "end_date"].to_numpy().copy()
        other.loc[where, "end_date"] = rng.permutation(ends)
    return other

"""Faults planted into a sound market at random: what a health check must find."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.market import simulate_market
from alpha_kedro.market.adjust import PriceBasis

MARKET = ""
ANY_DAY = pd.Timestamp(0)  # the whole series is at fault
PRICES = ["open", "high", "low", "close"]
MARGIN = 40  # bars of sound history before a fault, and some after it
N_PLACES = 12
SPLITS = (2.0, 3.0, 1.5, 4.0, 5.0, 10.0, 20.0, 1 / 2, 1 / 4, 1 / 8, 1 / 10, 1 / 20)


@dataclass(frozen=True)
class Tables:
    """The raw tables of a market, the bars sorted by (ticker, date)."""

    bars: pd.DataFrame
    actions: pd.DataFrame
    benchmarks: pd.DataFrame
    membership: pd.DataFrame
    basis: PriceBasis
    today: pd.Timestamp
    previous: pd.DataFrame | None = None


@dataclass(frozen=True)
class Planted:
    """Tables with faults, and where these are: ticker (empty: the market), date."""

    tables: Tables
    places: list[tuple[str, pd.Timestamp]]


Plant = Callable[[Tables, np.random.Generator], Planted]


@dataclass(frozen=True)
class Fault:
    """A way to spoil a market.

    ``numbers`` of the catalogue of faults; ``checks`` whose finding says what is wrong.
    """

    numbers: tuple[int, ...]
    checks: frozenset[str]
    plant: Plant
    bases: tuple[PriceBasis, ...] = ("raw", "split_adjusted")


FAULTS: dict[str, Fault] = {}


def fault(*numbers: int, finds: str, bases: str = "raw split_adjusted"):
    def register(plant: Plant) -> Plant:
        FAULTS[plant.__name__] = Fault(
            numbers, frozenset(finds.split()), plant, tuple(bases.split())
        )
        return plant

    return register


def draw_tables(
    basis: PriceBasis, *, seed: int, n_tickers: int = 100, n_sessions: int = 504
) -> Tables:
    """Return a sound simulated market."""
    market = simulate_market(n_tickers, n_sessions, seed=seed, basis=basis)
    bars = market.bars.sort_values(["ticker", "date"], ignore_index=True)
    if "adj_close" not in bars:
        bars["adj_close"] = np.nan
    return Tables(
        bars=bars.astype({"volume": "float64"}),
        actions=market.actions,
        benchmarks=market.benchmarks,
        membership=market.membership,
        basis=basis,
        today=bars["date"].max(),
    )


def draw_rows(
    tables: Tables, rng: np.random.Generator, n: int = N_PLACES, *, after: int = 10
) -> np.ndarray:
    """Return a quiet row in each of some tickers, away from the ends of its life."""
    bars = tables.bars
    place = bars.groupby("ticker").cumcount()
    left = bars.groupby("ticker").cumcount(ascending=False)
    keys = pd.MultiIndex.from_frame(tables.actions[["ticker", "date"]])
    acting = pd.MultiIndex.from_frame(bars[["ticker", "date"]]).isin(keys)
    traded = bars["volume"] > 0
    fit = bars[(place >= MARGIN) & (left >= after) & ~acting & traded]
    names = rng.permutation(fit["ticker"].unique())[:n]
    return np.sort([rng.choice(fit.index[fit["ticker"] == name]) for name in names])


def places(tables: Tables, rows) -> list[tuple[str, pd.Timestamp]]:
    chosen = tables.bars.loc[rows]
    return list(zip(chosen["ticker"], chosen["date"], strict=True))


def with_values(
    tables: Tables, rng: np.random.Generator, **values: Callable | float
) -> Planted:
    """Set columns of some rows."""
    rows = draw_rows(tables, rng)
    bars = tables.bars.copy()
    for name, value in values.items():
        own = tables.bars.loc[rows]
        bars.loc[rows, name] = value(own) if callable(value) else value
    return Planted(replace(tables, bars=bars), places(tables, rows))


def before(bars: pd.DataFrame, row: int) -> pd.Index:
    """Return the rows of the same ticker before a row."""
    own = bars.index[bars["ticker"] == bars.loc[row, "ticker"]]
    return own[own < row]


def of_ticker(bars: pd.DataFrame, row: int) -> pd.Index:
    return bars.index[bars["ticker"] == bars.loc[row, "ticker"]]


def add_rows(tables: Tables, more: pd.DataFrame) -> Tables:
    return replace(tables, bars=pd.concat([tables.bars, more], ignore_index=True))


# ── rows that are no bars ────────────────────────────────────────────────────────────
@fault(1, finds="duplicate")
def exact_duplicate(tables, rng):
    rows = draw_rows(tables, rng)
    return Planted(add_rows(tables, tables.bars.loc[rows]), places(tables, rows))


@fault(2, finds="conflicting_duplicate")
def conflicting_duplicate(tables, rng):
    rows = draw_rows(tables, rng)
    rivals = tables.bars.loc[rows]
    rivals = rivals.assign(close=(rivals["high"] + rivals["low"]) / 2 * 1.0001)
    return Planted(add_rows(tables, rivals), places(tables, rows))


@fault(4, finds="unsettled_duplicate")
def last_session_twice(tables, rng):
    last = tables.bars[
        (tables.bars["date"] == tables.today) & (tables.bars["volume"] > 0)
    ]
    chosen = last.sample(N_PLACES, random_state=int(rng.integers(2**31)))
    body = chosen[["open", "close"]]
    so_far = chosen.assign(
        high=body.max(axis=1), low=body.min(axis=1), volume=chosen["volume"] // 3
    )
    return Planted(add_rows(tables, so_far), places(tables, chosen.index))


@fault(8, finds="not_positive")
def price_not_positive(tables, rng):
    return with_values(tables, rng, close=lambda own: -own["close"])


@fault(8, finds="not_positive")
def price_zero(tables, rng):
    return with_values(tables, rng, open=0.0, low=0.0)


@fault(9, finds="high_below_low")
def high_below_low(tables, rng):
    return with_values(
        tables, rng, high=lambda own: own["low"], low=lambda own: own["high"] * 1.01
    )


@fault(9, finds="close_outside_range")
def close_outside_range(tables, rng):
    return with_values(tables, rng, close=lambda own: own["high"] * 1.01)


@fault(9, finds="open_outside_range")
def open_outside_range(tables, rng):
    return with_values(tables, rng, open=lambda own: own["low"] * 0.99)


@fault(23, finds="infinite")
def infinite_price(tables, rng):
    return with_values(tables, rng, high=np.inf)


@fault(23, finds="no_close")
def close_missing(tables, rng):
    return with_values(tables, rng, close=np.nan)


@fault(50, finds="negative_volume")
def volume_wrapped(tables, rng):
    return with_values(tables, rng, volume=lambda own: own["volume"] - 2.0**32)


@fault(24, finds="no_prices")
def ticker_without_prices(tables, rng):
    rows = draw_rows(tables, rng, 3)
    bars = tables.bars.copy()
    gone = bars["ticker"].isin(bars.loc[rows, "ticker"])
    bars.loc[gone, [*PRICES, "adj_close"]] = np.nan
    first = bars[gone].groupby("ticker")["date"].min()
    return Planted(replace(tables, bars=bars), list(first.items()))


@fault(32, 45, finds="future_date")
def future_rows(tables, rng):
    rows = draw_rows(tables, rng)
    day = tables.today + pd.Timedelta(days=3)
    early = tables.bars.loc[rows].assign(date=day)
    return Planted(add_rows(tables, early), [(name, day) for name in early["ticker"]])


@fault(47, finds="bad_ticker")
def name_with_a_path(tables, rng):
    rows = draw_rows(tables, rng)
    day = tables.bars.loc[rows]
    odd = day.assign(ticker="../" + day["ticker"])
    return Planted(
        add_rows(tables, odd), list(zip(odd["ticker"], odd["date"], strict=True))
    )


@fault(29, finds="not_a_session")
def bar_on_a_holiday(tables, rng):
    rows = draw_rows(tables, rng)
    days = tables.bars.loc[rows, "date"]
    saturday = days + pd.to_timedelta(5 - days.dt.dayofweek, unit="D")
    odd = tables.bars.loc[rows].assign(date=saturday)
    return Planted(
        add_rows(tables, odd), list(zip(odd["ticker"], odd["date"], strict=True))
    )


@fault(28, finds="other_calendar")
def ticker_of_every_day(tables, rng):
    row = draw_rows(tables, rng, 1)[0]
    own = tables.bars.loc[of_ticker(tables.bars, row)]
    days = pd.date_range(own["date"].min(), own["date"].max(), unit="us")
    daily = own.set_index("date").reindex(days, method="ffill").rename_axis("date")
    rest = tables.bars.drop(index=own.index)
    bars = pd.concat([rest, daily.reset_index()], ignore_index=True)[list(own)]
    return Planted(replace(tables, bars=bars), [(own["ticker"].iloc[0], days[5])])


# ── sessions that are missing ────────────────────────────────────────────────────────
@fault(5, finds="missing_sessions")
def sessions_missing(tables, rng):
    rows = draw_rows(tables, rng)
    gone = np.unique([row + step for row in rows for step in range(rng.integers(1, 6))])
    bars = tables.bars.drop(index=gone)
    return Planted(replace(tables, bars=bars), places(tables, rows))


@fault(5, finds="missing_market_days")
def market_days_missing(tables, rng):
    days = np.sort(tables.bars["date"].unique())
    start = int(rng.integers(50, len(days) - 50))
    lost = tables.bars["date"].isin(days[start : start + 2]) & (
        rng.random(len(tables.bars)) < 0.8
    )
    bars = tables.bars[~lost].reset_index(drop=True)
    return Planted(replace(tables, bars=bars), [(MARKET, pd.Timestamp(days[start]))])


@fault(19, finds="reused_symbol")
def symbol_reused(tables, rng):
    rows = draw_rows(tables, rng, after=60)
    bars = tables.bars.copy()
    gone: list[int] = []
    for row in rows:
        later = of_ticker(bars, row)
        later = later[later > row + 30]
        factor = rng.choice([0.2, 0.4, 3.0])
        bars.loc[later, [*PRICES, "adj_close"]] *= factor
        gone += range(row, row + 31)
    bars = bars.drop(index=gone)
    return Planted(replace(tables, bars=bars), places(tables, rows))


@fault(18, finds="possible_rename")
def symbol_changed(tables, rng):
    rows = draw_rows(tables, rng, after=60)
    bars = tables.bars.copy()
    found = []
    for row in rows:
        own = of_ticker(bars, row)
        new = bars.loc[row, "ticker"] + ".N"
        bars.loc[own[own >= row], "ticker"] = new
        found.append((new, bars.loc[row, "date"]))
    return Planted(replace(tables, bars=bars), found)


@fault(31, finds="stale_last_bar")
def last_bars_late(tables, rng):
    ends = tables.bars[tables.bars["date"] == tables.today].index
    chosen = np.sort(rng.permutation(ends)[:N_PLACES])
    lag = {row: int(rng.integers(1, 8)) for row in chosen}
    gone = [row - step for row, n in lag.items() for step in range(n)]
    found = [
        (tables.bars.loc[row, "ticker"], tables.bars.loc[row - n, "date"])
        for row, n in lag.items()
    ]
    return Planted(replace(tables, bars=tables.bars.drop(index=gone)), found)


@fault(21, 22, finds="source_ended")
def source_that_stops(tables, rng):
    days = np.sort(tables.bars["date"].unique())
    end = pd.Timestamp(days[int(rng.integers(100, len(days) - 20))])
    names = rng.permutation(tables.bars["ticker"].unique())[:20]
    late = tables.bars["ticker"].isin(names) & (tables.bars["date"] > end)
    return Planted(replace(tables, bars=tables.bars[~late]), [(MARKET, end)])


@fault(30, finds="unfinished_session")
def session_unfinished(tables, rng):
    bars = tables.bars.copy()
    last = bars["date"] == tables.today
    part = rng.uniform(0.05, 0.35)
    bars.loc[last, "volume"] = np.rint(bars.loc[last, "volume"] * part)
    return Planted(replace(tables, bars=bars), [(MARKET, tables.today)])


# ── feeds that stand still, volumes that lie ─────────────────────────────────────────
@fault(6, finds="halt")
def halted(tables, rng):
    rows = draw_rows(tables, rng)
    bars = tables.bars.copy()
    for row in rows:
        bars.loc[row, PRICES] = bars.loc[row - 1, "close"]
    bars.loc[rows, "volume"] = 0.0
    return Planted(replace(tables, bars=bars), places(tables, rows))


@fault(7, finds="move_without_volume")
def moved_without_volume(tables, rng):
    return with_values(tables, rng, volume=0.0)


@fault(10, finds="missing_value")
def open_missing(tables, rng):
    return with_values(tables, rng, open=np.nan)


@fault(23, finds="missing_value")
def volume_missing(tables, rng):
    return with_values(tables, rng, volume=np.nan)


@fault(31, finds="stale_close")
def feed_stuck(tables, rng):
    rows = draw_rows(tables, rng, after=20)
    bars = tables.bars.copy()
    for row in rows:
        stuck = range(row, row + int(rng.integers(4, 9)))
        bars.loc[stuck, PRICES] = bars.loc[row - 1, "close"]
    return Planted(replace(tables, bars=bars), places(tables, rows))


@fault(3, 31, finds="repeated_bar")
def bar_repeated(tables, rng):
    rows = draw_rows(tables, rng)
    bars = tables.bars.copy()
    bars.loc[rows, [*PRICES, "adj_close", "volume"]] = bars.loc[
        rows - 1, [*PRICES, "adj_close", "volume"]
    ].to_numpy()
    sound = (bars.loc[rows, "volume"] > 0).to_numpy()
    return Planted(replace(tables, bars=bars), places(tables, rows[sound]))


@fault(50, finds="volume_limit")
def volume_capped(tables, rng):
    return with_values(tables, rng, volume=2.0**31 - 1)


@fault(50, finds="float32_volume")
def volume_through_float32(tables, rng):
    row = draw_rows(tables, rng, 1)[0]
    own = of_ticker(tables.bars, row)
    bars = tables.bars.copy()
    shares = np.rint(bars.loc[own, "volume"] * 1e8 / bars.loc[own, "volume"].median())
    bars.loc[own, "volume"] = shares.astype(np.float32).astype(float)
    found = [(bars.loc[row, "ticker"], bars.loc[own[0], "date"])]
    return Planted(replace(tables, bars=bars), found)


# ── prices on another basis ──────────────────────────────────────────────────────────
def change_basis(bars, row, ratio, *, noise=1.0, with_volume=True):
    """Multiply a ticker's prices before a row, as if a split there were not applied."""
    old = before(bars, row)
    bars.loc[old, [*PRICES, "adj_close"]] *= ratio * noise
    if with_volume:
        bars.loc[old, "volume"] = np.rint(bars.loc[old, "volume"] / ratio)


def splits_unlisted(tables, rng, ratios=SPLITS, **how):
    rows = draw_rows(tables, rng)
    bars = tables.bars.copy()
    for row in rows:
        change_basis(bars, row, rng.choice(ratios), **how)
    return Planted(replace(tables, bars=bars), places(tables, rows))


@fault(11, 17, finds="unlisted_split")
def split_unlisted(tables, rng):
    return splits_unlisted(tables, rng)


@fault(11, finds="unlisted_split")
def split_unlisted_in_a_move(tables, rng):
    """The open after the split lies up to 5 % away from what the ratio says."""
    rows = draw_rows(tables, rng)
    bars = tables.bars.copy()
    for row in rows:
        change_basis(bars, row, rng.choice(SPLITS), noise=rng.uniform(0.95, 1.05))
    return Planted(replace(tables, bars=bars), places(tables, rows))


@fault(11, finds="unlisted_split")
def small_split_unlisted(tables, rng):
    return splits_unlisted(tables, rng, ratios=(5 / 4, 4 / 3))


@fault(12, finds="unlisted_split")
def split_invented(tables, rng):
    """A repair took a split out of prices that never had one, volumes untouched."""
    return splits_unlisted(tables, rng, ratios=(1 / 2, 1 / 3, 2.0), with_volume=False)


def list_splits(tables, rows, ratios):
    """Add splits to the actions on the dates of some rows."""
    day = tables.bars.loc[rows, ["date", "ticker"]]
    more = day.assign(dividend=0.0, split_ratio=ratios)
    actions = pd.concat([tables.actions, more], ignore_index=True)
    return replace(tables, actions=actions)


@fault(11, 12, finds="listed_split")
def split_listed_for_nothing(tables, rng):
    """Raw: the prices do not show it. Split-adjusted: applied to them twice."""
    rows = draw_rows(tables, rng)
    ratios = rng.choice(SPLITS, len(rows))
    bars = tables.bars.copy()
    if tables.basis == "split_adjusted":
        for row, ratio in zip(rows, ratios, strict=True):
            change_basis(bars, row, 1 / ratio)
    planted = list_splits(replace(tables, bars=bars), rows, ratios)
    return Planted(planted, places(tables, rows))


@fault(11, 12, finds="listed_split")
def split_listed_and_shown_wrongly(tables, rng):
    """Raw: the prices show it twice. Split-adjusted: the vendor has not applied it."""
    rows = draw_rows(tables, rng)
    ratios = rng.choice(SPLITS, len(rows))
    bars = tables.bars.copy()
    for row, ratio in zip(rows, ratios, strict=True):
        change_basis(bars, row, ratio**2 if tables.basis == "raw" else ratio)
    planted = list_splits(replace(tables, bars=bars), rows, ratios)
    return Planted(planted, places(tables, rows))


@fault(14, finds="unit_change")
def unit_changed(tables, rng):
    return splits_unlisted(
        tables, rng, ratios=(100.0, 1 / 100, 1_000.0, 1 / 1_000), with_volume=False
    )


@fault(13, finds="spike")
def bad_print(tables, rng):
    rows = draw_rows(tables, rng)
    bars = tables.bars.copy()
    for row in rows:
        factor = rng.choice([0.01, 0.1, 0.5, 1.5, 2.0, 10.0, 100.0])
        bars.loc[row, [*PRICES, "adj_close"]] *= factor
    return Planted(replace(tables, bars=bars), places(tables, rows))


@fault(15, finds="dividend", bases="split_adjusted")
def dividend_not_in_adj_close(tables, rng):
    return dividends_wrong(tables, rng, applied=0)


@fault(15, finds="dividend", bases="split_adjusted")
def dividend_twice_in_adj_close(tables, rng):
    return dividends_wrong(tables, rng, applied=2)


def dividends_wrong(tables, rng, *, applied):
    bars = tables.bars.copy()
    paid = tables.actions[tables.actions["dividend"] > 0]
    own = bars.reset_index().merge(paid, on=["date", "ticker"])
    own = own[own.groupby("ticker").cumcount() == 1]
    rows = np.sort(rng.permutation(own["index"].to_numpy())[:N_PLACES])
    dividend = own.set_index("index")["dividend"]
    for row in rows:
        kept = 1 - dividend[row] / bars.loc[row - 1, "close"]
        bars.loc[before(bars, row), "adj_close"] *= kept ** (applied - 1)
    return Planted(replace(tables, bars=bars), places(tables, rows))


@fault(17, finds="negative_dividend", bases="split_adjusted")
def adj_close_of_two_vintages(tables, rng):
    """Old rows were fetched before a dividend that newer rows already know of."""
    rows = draw_rows(tables, rng)
    bars = tables.bars.copy()
    for row in rows:
        bars.loc[before(bars, row), "adj_close"] *= 1 + rng.uniform(0.005, 0.02)
    return Planted(replace(tables, bars=bars), places(tables, rows))


# ── the wrong answer, the wrong day, another vintage ─────────────────────────────────
@fault(37, finds="identical_series")
def answers_mixed_up(tables, rng):
    bars = tables.bars.copy()
    complete = bars.groupby("ticker").size()
    names = rng.permutation(complete.index[complete == complete.max()])[:6]
    days = np.sort(bars["date"].unique())
    found = []
    for one, other in zip(names[::2], names[1::2], strict=True):
        start = int(rng.integers(MARGIN, len(days) - 80))
        span = bars["date"].between(days[start], days[start + 39])
        values = [*PRICES, "adj_close", "volume"]
        mine, theirs = span & (bars["ticker"] == one), span & (bars["ticker"] == other)
        bars.loc[theirs, values] = bars.loc[mine, values].to_numpy()
        found.append((other, pd.Timestamp(days[start])))
    return Planted(replace(tables, bars=bars), found)


@fault(25, 26, finds="shifted_dates")
def dates_one_session_late(tables, rng):
    bars = tables.bars.copy()
    days = pd.DatetimeIndex(np.sort(bars["date"].unique()))
    complete = bars.groupby("ticker").size()
    names = rng.permutation(complete.index[complete == complete.max()])[:6]
    late = bars["ticker"].isin(names)
    bars.loc[late, "date"] = days[
        np.minimum(days.get_indexer(bars.loc[late, "date"]) + 1, len(days) - 1)
    ]
    bars = bars[~(late & bars.duplicated(["ticker", "date"], keep="first"))]
    return Planted(
        replace(tables, bars=bars), [(str(name), ANY_DAY) for name in sorted(names)]
    )


@fault(16, finds="revised")
def history_rewritten(tables, rng):
    planted = with_values(tables, rng, volume=lambda own: own["volume"] * 2)
    return Planted(replace(planted.tables, previous=tables.bars), planted.places)


@fault(16, finds="withdrawn")
def history_withdrawn(tables, rng):
    rows = draw_rows(tables, rng)
    bars = tables.bars.drop(index=rows)
    return Planted(
        replace(tables, bars=bars, previous=tables.bars), places(tables, rows)
    )


@fault(49, finds="benchmark_gap")
def benchmark_days_missing(tables, rng):
    table = tables.benchmarks
    spy = table.index[table["ticker"] == "SPY"]
    gone = spy[int(rng.integers(50, len(spy) - 50))]
    return Planted(
        replace(tables, benchmarks=table.drop(index=gone)),
        [("SPY", table.loc[gone, "date"])],
    )


@fault(49, finds="benchmark_shifted")
def benchmark_one_session_late(tables, rng):
    table = tables.benchmarks.copy()
    spy = table.index[table["ticker"] == "SPY"]
    values = [name for name in table if name not in ("date", "ticker")]
    table.loc[spy[1:], values] = table.loc[spy[:-1], values].to_numpy()
    first = table.loc[spy[0], "date"]
    return Planted(replace(tables, benchmarks=table), [("SPY", first)])


def session_number(calendar: str = "XNYS") -> Callable[[pd.Timestamp], int]:
    sessions = sessions_between(calendar, "2013-01-01", "2030-12-31")
    return lambda day: int(np.searchsorted(sessions, np.datetime64(day)))


@dataclass
class Score:
    """How many planted faults were found."""

    planted: int = 0
    found: int = 0
    missed: list[tuple[str, pd.Timestamp]] = field(default_factory=list)

    def __add__(self, other: "Score") -> "Score":
        return Score(
            self.planted + other.planted,
            self.found + other.found,
            self.missed + other.missed,
        )

    @property
    def recall(self) -> float:
        return self.found / self.planted if self.planted else float("nan")


def score(planted: Planted, findings: pd.DataFrame, checks: frozenset[str]) -> Score:
    """Count the places with a fitting finding within a session of them."""
    number = session_number()
    fitting = findings[findings["check"].isin(checks)]
    result = Score()
    for ticker, day in planted.places:
        own = fitting[fitting["ticker"] == ticker]
        near = [
            day == ANY_DAY or number(first) - 1 <= number(day) <= number(last) + 1
            for first, last in zip(own["first"], own["last"], strict=True)
        ]
        result.planted += 1
        result.found += any(near)
        if not any(near):
            result.missed.append((ticker, day))
    return result

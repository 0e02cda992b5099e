"""Reports and sentiment of the simulated market: as they would come, and worth nothing.

Figures are drawn from streams of their own and know of a name only its size at listing,
its splits and when it trades. They are therefore pure noise about returns. What makes
reports hard to use is there: they come weeks after the quarter, some never, some again
with other figures; cash flows are year to date; names stop reporting when they die.
"""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import DATE_DTYPE, Axes, Bool, Float, Int
from alpha_kedro.market.fundamentals import PERIODS, RAW_FUNDAMENTALS
from alpha_kedro.market.sentiment import RAW_SENTIMENT
from alpha_kedro.market.simulated.bars import Actions
from alpha_kedro.market.simulated.lives import SECTORS, Lives, Names
from alpha_kedro.market.simulated.spec import SimulatedMarketSpec

_HISTORY = pd.DateOffset(years=2)  # reported before the first session
_QUARTERS = len(PERIODS)
_DELAYS = (20, 46)  # days from the end of a quarter to its report ...
_ANNUAL_DELAY = 15  # ... and for the annual one so many more
_RESTATED_AFTER = (30, 200)  # days
_RESTATEMENT = 0.1  # standard deviation of its logarithm
_SALES_OVER_SIZE = 0.6
_PER_SHARE = ("eps_basic", "eps_diluted", "dividend")
_FLOWS = ("cash_flow_op", "cash_flow_inv", "cash_flow_fin")
_UNREPORTED_BY_BANKS = ("op_income", "cur_assets", "cur_liab")

_MEDIAN_TWEETS = 2.0  # a day
_TWEET_DISPERSION = 1.2
_WEEKEND_TWEETS = 0.6  # of a weekday's
_MOOD = 0.1
_TWEET_SPREAD = 0.25
_GOOD, _BAD = 0.4, 0.25


def fundamentals_table(
    spec: SimulatedMarketSpec,
    axes: Axes,
    names: Names,
    lives: Lives,
    actions: Actions,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return reports as a vendor gives them: ``RAW_FUNDAMENTALS``.

    Notes
    -----
    Figures per share stand on the share basis of the day they are known.
    """
    streams = rng.spawn(5)
    ends = _quarter_ends(axes)
    figures = _figures(names, len(ends), streams[0])
    known = _known_dates(ends, figures["assets"].shape, streams[1])
    told = streams[2].random(known.shape) >= spec.unreported_share
    again = streams[3].random(known.shape) < spec.restated_share
    later = known + streams[3].integers(*_RESTATED_AFTER, known.shape)
    news = np.exp(_RESTATEMENT * streams[4].standard_normal(known.shape))
    other = {name: values * news for name, values in figures.items()}
    tables = [
        _reports(axes, names, lives, actions, ends, known, figures, told),
        _reports(axes, names, lives, actions, ends, later, other, told & again),
    ]
    amended = [table.assign(amend=n > 0) for n, table in enumerate(tables)]
    reports = pd.concat(amended, ignore_index=True)[list(RAW_FUNDAMENTALS)]
    return reports.sort_values(["ticker", "known_date", "end_date"], ignore_index=True)


def sentiment_table(
    spec: SimulatedMarketSpec,
    axes: Axes,
    lives: Lives,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return a row per name and day on which somebody spoke of it: ``RAW_SENTIMENT``.

    Days end at the close and include weekends.
    """
    streams = rng.spawn(5)
    column = np.flatnonzero(streams[0].random(axes.shape[1]) < spec.tweeted_share)
    a_day = np.timedelta64(1, "D")
    days = np.arange(axes.dates[0], axes.dates[-1] + a_day, a_day)
    usual = np.exp(_TWEET_DISPERSION * streams[0].standard_normal(axes.shape[1]))
    rate = _MEDIAN_TWEETS * usual[column] * _weekly(days)[:, None]
    rows = np.searchsorted(axes.dates, days)
    spoken = streams[1].poisson(rate) * lives.listed[rows][:, column]
    day, name = np.nonzero(spoken)
    count = spoken[day, name]
    mood = _MOOD + streams[2].standard_normal(len(count)) * _TWEET_SPREAD / np.sqrt(
        count
    )
    degrees = np.maximum(count - 1, 1)
    spread = _TWEET_SPREAD * np.sqrt(streams[3].chisquare(degrees) / degrees)
    good = streams[4].binomial(count, _GOOD)
    table = {
        "date": days[day],
        "ticker": pd.array(axes.tickers, "str")[column[name]],
        "n_tweets": count,
        "sent_mean": np.clip(mood, -1, 1),
        "sent_std": np.where(count > 1, spread, np.nan),
        "n_pos": good,
        "n_neg": streams[4].binomial(count - good, _BAD),
    }
    return pd.DataFrame(table)[list(RAW_SENTIMENT)]


def _weekly(days: "np.ndarray[tuple[int], np.dtype[np.datetime64]]") -> Float:
    """Return how much of a weekday's tweets each day has."""
    return np.where(np.is_busday(days.astype("datetime64[D]")), 1.0, _WEEKEND_TWEETS)


def _quarter_ends(axes: Axes) -> pd.DatetimeIndex:
    first, last = pd.Timestamp(axes.dates[0]), pd.Timestamp(axes.dates[-1])
    return pd.date_range(first - _HISTORY, last, freq="QE").as_unit("us")


def _known_dates(
    ends: pd.DatetimeIndex, shape: tuple[int, ...], rng: np.random.Generator
) -> "np.ndarray[tuple[int, int], np.dtype[np.datetime64]]":
    """Return (n_quarters, n_tickers) days, weekends put off to the Monday."""
    annual = np.where(ends.quarter == _QUARTERS, _ANNUAL_DELAY, 0)
    delay = rng.integers(*_DELAYS, shape) + annual[:, None]
    days = ends.to_numpy().astype("datetime64[D]")[:, None] + delay
    return np.busday_offset(days, 0, roll="forward")


def _figures(
    names: Names, n_quarters: int, rng: np.random.Generator
) -> dict[str, Float]:
    """Return figures of each quarter: (n_quarters, n_tickers), dollars."""
    streams = rng.spawn(8)
    n = len(names.tickers)

    def own(place: int) -> Float:
        return streams[place].standard_normal(n)

    def walk(place: int, step: float) -> Float:
        steps = streams[place].spawn(1)[0].standard_normal((n_quarters, n))
        return np.exp(step * np.cumsum(steps, axis=0))

    def noise(place: int) -> Float:
        return streams[place].spawn(1)[0].standard_normal((n_quarters, n))

    size = names.price * names.shares * np.exp(0.5 * own(0))
    sales = _SALES_OVER_SIZE * size / _QUARTERS * walk(0, 0.05)
    margin = 0.08 + 0.05 * own(1) + 0.03 * noise(1)
    assets = size * np.exp(0.3 * own(2)) * walk(2, 0.03)
    equity = assets * np.clip(0.4 + 0.15 * own(3) + 0.02 * noise(3), -0.2, 0.9)
    income = sales * margin
    cash_flow = income + assets * (0.01 + 0.01 * noise(4))
    liquid = 0.25 * np.exp(0.3 * own(5)) * np.exp(0.05 * noise(5))
    return {
        "revenues": sales,
        "op_income": sales * (1.4 * margin + 0.02),
        "net_income": income,
        "assets": assets,
        "cur_assets": assets * liquid,
        "cur_liab": assets * liquid * np.exp(-0.4 + 0.3 * own(6)),
        "cash": assets * liquid * 0.3,
        "equity": equity,
        "cash_flow_op": cash_flow,
        "cash_flow_inv": -0.8 * cash_flow,
        "cash_flow_fin": -0.2 * cash_flow * (1 + 0.5 * noise(7)),
    }


def _reports(
    axes: Axes,
    names: Names,
    lives: Lives,
    actions: Actions,
    ends: pd.DatetimeIndex,
    known: "np.ndarray[tuple[int, int], np.dtype[np.datetime64]]",
    figures: dict[str, Float],
    told: Bool,
) -> pd.DataFrame:
    """Return the reports that are told, each known while its name is listed."""
    day = known.astype(DATE_DTYPE)
    row = np.minimum(np.searchsorted(axes.dates, day), len(axes.dates) - 1)
    column = np.arange(len(names.tickers))
    told = told & lives.listed[row, column] & (day <= axes.dates[-1])
    quarter, name = np.nonzero(told)
    number = np.asarray(ends.quarter)
    as_reported = {
        field: _as_reported(field, values, number)[told]
        for field, values in figures.items()
    }
    shares = (names.shares * actions.basis[row, column])[told]
    eps = np.round(as_reported["net_income"] / shares, 2)
    per_share = (eps, np.round(0.98 * eps, 2), np.round(np.maximum(0.3 * eps, 0), 2))
    of_bank = names.sector[name] == SECTORS.index("Financials")
    for field in _UNREPORTED_BY_BANKS:
        as_reported[field] = np.where(of_bank, np.nan, as_reported[field])
    return pd.DataFrame(
        {
            "ticker": pd.array(names.tickers, "str")[name],
            "known_date": day[told],
            "end_date": ends.to_numpy()[quarter],
            "period_focus": pd.array(PERIODS, "str")[number[quarter] - 1],
        }
        | as_reported
        | dict(zip(_PER_SHARE, per_share, strict=True))
    )


def _as_reported(field: str, values: Float, number: Int) -> Float:
    """Return a figure as reports give it: of the quarter, the year so far, a day."""
    if field in _FLOWS:
        return _year_so_far(values, number)
    if field in {"revenues", "op_income", "net_income"}:
        annual = (number == _QUARTERS)[:, None]
        return np.where(annual, _year_so_far(values, number), values)
    return values


def _year_so_far(values: Float, number: Int) -> Float:
    """Add up the quarters of each year; the first may start in the middle."""
    total = np.cumsum(values, axis=0)
    opening = np.arange(len(number)) - number  # last quarter of the year before
    before = np.where((opening >= 0)[:, None], total[np.maximum(opening, 0)], 0.0)
    return total - before

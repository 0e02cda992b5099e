"""What a company's reports add up to on each day that one more becomes known.

Reports give income of a quarter, or of the year in the annual one, and cash flows of
the fiscal year so far. What features need is the last four quarters, and the same
period a year before. Both are put together from versions known by that day and nothing
else; where one of them is missing so is the sum. No quarter is annualised.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Bool, Dates, Float, Int

_ANNUAL = 4
_PERIODS = {"Q1": 1, "Q2": 2, "Q3": 3, "FY": _ANNUAL}
_A_YEAR = (350, 380)  # days; years of 52 or 53 weeks are 364 or 371
_QUARTERS_SINCE_ANNUAL = 300  # days from the annual report to the third quarter at most
_SHARES_LAST = 400  # days for which a count of shares is taken to hold
_LEAST_EPS = 0.05  # below it the rounding of EPS to cents moves the count by over 10 %

_INCOME = ("revenues", "op_income", "net_income")
_CASH_FLOW = "cash_flow_op"
_BALANCE = ("assets", "cur_assets", "cur_liab", "equity")
_YEAR_AGO = ("revenues", "net_income", "assets")
_READ = (*_INCOME, _CASH_FLOW, *_BALANCE, "eps_basic", "share_factor")


def standing_reports(reports: pd.DataFrame) -> pd.DataFrame:
    """Say, for each day on which a name's reports changed, how the name then stood.

    Parameters
    ----------
    reports
        Clean fundamentals: ticker, known_at, end_date, period and figures.

    Returns
    -------
    DataFrame
        One row per (ticker, known_at): ``end_date`` of the latest period known;
        ``revenues``, ``net_income`` of that period and ``..._year_ago`` of the same
        period a year before; ``assets``, ``cur_assets``, ``cur_liab``, ``equity`` at
        its end, ``assets_year_ago``; ``revenues_ttm``, ``op_income_ttm``,
        ``net_income_ttm``, ``cash_flow_op_ttm`` over the last four quarters; ``shares``
        outstanding, counted in shares of the ticker's first bar. Currency, float64.

    Notes
    -----
    After an annual report the last four quarters are its year. After the k-th quarter
    they are the last annual figure, plus the first k quarters of this year, less the
    first k of the year before; of cash flows, which are year to date, the k-th alone.
    Shares are net income over EPS, of the latest report whose EPS is at least 5 cents.
    A row depends on reports known at or before its ``known_at``.
    """
    ordered = reports.sort_values(["ticker", "end_date", "known_at"])
    by_ticker = ordered.groupby("ticker", sort=True, observed=True)
    parts = [_standing(str(name), own) for name, own in by_ticker]
    if not parts:
        return _standing("", ordered)
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class _History:
    """The reports of one ticker, and on which of its days each is known.

    ``n`` versions of reports stand in the order of (end, known_at), so that among any
    of them the last is the latest version of the latest period. Position ``n`` is no
    report, and every figure of it is NaN.

    Attributes
    ----------
    known
        (n_days, n) the version is known on that day.
    ends
        (n + 1,) last day of the period, in days.
    period
        (n + 1,) 1 to 3 for a quarter, 4 for a year, 0 for no report.
    figures
        Each (n + 1,).
    """

    known: Bool
    ends: Float
    period: Int
    figures: dict[str, Float]

    @classmethod
    def of(cls, own: pd.DataFrame, days: Dates) -> "_History":
        ends = own["end_date"].to_numpy().astype("datetime64[D]").astype(np.float64)
        period = own["period"].map(_PERIODS).to_numpy(dtype=np.int64)
        figures = {name: own[name].to_numpy(dtype=np.float64) for name in _READ}
        figures["shares"] = _shares(figures)
        return cls(
            known=own["known_at"].to_numpy()[None, :] <= days[:, None],
            ends=np.append(ends, np.nan),
            period=np.append(period, 0),
            figures={name: np.append(of, np.nan) for name, of in figures.items()},
        )

    def latest(self, among: Bool) -> Int:
        """Return the last version known among those marked, ``n`` where none is."""
        chosen = among & self.known
        n = chosen.shape[1]
        if not n:
            return np.zeros(len(chosen), dtype=np.int64)
        last = n - 1 - chosen[:, ::-1].argmax(axis=1)
        found: Int = np.where(chosen.any(axis=1), last, n)
        return found

    def before(self, here: Int) -> Float:
        """Return (n_days, n) days by which each version's period ends before another's.

        NaN, which compares as False, where there is no other.
        """
        return self.ends[here][:, None] - self.ends[None, :-1]

    def same_period(self, here: Int) -> Bool:
        """Mark (n_days, n) the versions of the same quarter, or of years as well."""
        return np.equal(self.period[here][:, None], self.period[None, :-1])

    def year_before(self, here: Int) -> Int:
        """Return the version of the same period a year before each report."""
        gap = self.before(here)
        a_year = (gap >= _A_YEAR[0]) & (gap <= _A_YEAR[1])
        return self.latest(a_year & self.same_period(here))


def _standing(ticker: str, own: pd.DataFrame) -> pd.DataFrame:
    days = np.unique(own["known_at"].to_numpy())
    history = _History.of(own, days)
    of = history.figures
    newest = history.latest(history.known)
    year_ago = history.year_before(newest)
    recent = (history.before(newest) <= _SHARES_LAST) & ~np.isnan(of["shares"][:-1])
    figures = {name: of[name][newest] for name in (*_YEAR_AGO[:2], *_BALANCE)}
    figures |= {f"{name}_year_ago": of[name][year_ago] for name in _YEAR_AGO}
    figures |= _last_four_quarters(history, newest, year_ago)
    figures["shares"] = of["shares"][history.latest(recent)]
    ends = np.append(own["end_date"].to_numpy(), np.datetime64("NaT"))
    keys = {"ticker": pd.array([ticker] * len(days), "str"), "known_at": days}
    return pd.DataFrame({**keys, "end_date": ends[newest], **figures})


def _last_four_quarters(
    history: _History, newest: Int, year_ago: Int
) -> dict[str, Float]:
    """Return the figures of the last four quarters as known on each day."""
    of, number = history.figures, history.period[newest]
    gap = history.before(newest)
    annual = (history.period[:-1] == _ANNUAL) & (gap > 0)
    base = history.latest(annual & (gap <= _QUARTERS_SINCE_ANNUAL))
    since = {name: of[name][base].copy() for name in _INCOME}
    this_year = (history.before(base) < 0) & (gap >= 0)
    for quarter in range(1, _ANNUAL):
        now = history.latest(this_year & (history.period[:-1] == quarter))
        then = history.year_before(now)
        for name, total in since.items():
            change = of[name][now] - of[name][then]
            total += np.where(quarter <= number, change, 0.0)
    flow = of[_CASH_FLOW]
    since[_CASH_FLOW] = flow[base] + flow[newest] - flow[year_ago]
    is_annual = number == _ANNUAL
    return {
        f"{name}_ttm": np.where(is_annual, of[name][newest], total)
        for name, total in since.items()
    }


def _shares(figures: dict[str, Float]) -> Float:
    """Return shares outstanding by each report, in shares of the ticker's first bar."""
    eps = figures["eps_basic"]
    telling = np.abs(eps) >= _LEAST_EPS
    count = np.full(eps.shape, np.nan)
    np.divide(figures["net_income"], eps, out=count, where=telling)
    return np.where(count > 0, count, np.nan) / figures["share_factor"]

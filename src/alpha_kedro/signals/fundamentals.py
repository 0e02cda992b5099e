"""Value, quality, growth and accruals: what reports say of a company, as then known.

Every feature stands on the latest report known at the close and is NaN where a figure
it needs was not reported, or where no report came for three quarters of a year. Market
value is the price of a share times the shares outstanding, both counted in shares of
the ticker's first bar: a split between the report and today changes nothing.
"""

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Float
from alpha_kedro.signals.as_of import Newest, newest_known
from alpha_kedro.signals.features import Inputs, feature
from alpha_kedro.signals.operators import ratio
from alpha_kedro.signals.standing import standing_reports

MAX_AGE_SESSIONS = 189
"""Three quarters of a year: a name that skips two reports is no longer known."""

REPORT_AGE = "report_age"
_LOOKBACK = MAX_AGE_SESSIONS + 1


class KnownReports(Mapping[str, Float]):
    """Figures of the latest report known, as (n_dates, n_tickers) arrays by name.

    Parameters
    ----------
    reports
        Clean fundamentals, see `alpha_kedro.market.clean_fundamentals`.
    axes
        Sessions and tickers of the bars.
    """

    def __init__(self, reports: pd.DataFrame, axes: Axes) -> None:
        listed = reports["ticker"].isin(list(axes.tickers))
        self._standing = standing_reports(reports[listed])
        self._newest: Newest = newest_known(
            self._standing, axes, max_age_sessions=MAX_AGE_SESSIONS
        )
        self._names = [*self._standing.columns[3:], REPORT_AGE]

    def __getitem__(self, name: str) -> Float:
        if name == REPORT_AGE:
            age = self._newest.age
            return np.where(age < 0, np.nan, age)
        return self._newest.spread(self._standing[name].to_numpy(dtype=np.float64))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


_of_reports = partial(
    feature, lookback=_LOOKBACK, needs=("fundamentals",), unit="decimal"
)
_of_price = partial(
    feature,
    lookback=_LOOKBACK,
    needs=("fundamentals", "share_value"),
    unit="decimal",
    scale_free=False,
)


def _market_value(inputs: Inputs) -> Float:
    return inputs.fundamentals["shares"] * inputs.share_value


def _only_positive(values: Float) -> Float:
    return np.where(values > 0, values, np.nan)


def _growth(now: Float, before: Float) -> Float:
    return ratio(now - before, np.abs(before))


@_of_price(
    "earnings_yield",
    formula="net income of the last four quarters / market value",
    source="Basu (1977)",
)
def earnings_yield(inputs: Inputs) -> Float:
    """Return earnings over price; losses are negative."""
    return ratio(inputs.fundamentals["net_income_ttm"], _market_value(inputs))


@_of_price(
    "book_to_price",
    formula="equity / market value, where equity is above 0",
    source="Rosenberg, Reid and Lanstein (1985)",
)
def book_to_price(inputs: Inputs) -> Float:
    """Return book over market; NaN where debts exceed the assets."""
    equity = _only_positive(inputs.fundamentals["equity"])
    return ratio(equity, _market_value(inputs))


@_of_price(
    "sales_to_price",
    formula="revenues of the last four quarters / market value",
    source="Barbee, Mukherji and Raines (1996)",
)
def sales_to_price(inputs: Inputs) -> Float:
    """Return sales over price."""
    return ratio(inputs.fundamentals["revenues_ttm"], _market_value(inputs))


@_of_price(
    "cash_flow_to_price",
    formula="operating cash flow of the last four quarters / market value",
    source="Lakonishok, Shleifer and Vishny (1994)",
)
def cash_flow_to_price(inputs: Inputs) -> Float:
    """Return operating cash flow over price."""
    return ratio(inputs.fundamentals["cash_flow_op_ttm"], _market_value(inputs))


@_of_reports(
    "return_on_equity",
    formula="net income of the last four quarters / equity, where that is above 0",
    source="Haugen and Baker (1996)",
)
def return_on_equity(inputs: Inputs) -> Float:
    """Return profit on the owners' capital; NaN where there is none."""
    known = inputs.fundamentals
    return ratio(known["net_income_ttm"], _only_positive(known["equity"]))


@_of_reports(
    "return_on_assets",
    formula="net income of the last four quarters / assets",
    source="Balakrishnan, Bartov and Faurel (2010)",
)
def return_on_assets(inputs: Inputs) -> Float:
    """Return profit on all capital."""
    known = inputs.fundamentals
    return ratio(known["net_income_ttm"], known["assets"])


@_of_reports(
    "operating_margin",
    formula="operating income / revenues, both of the last four quarters and the "
    "latter above 0",
    source="Haugen and Baker (1996)",
)
def operating_margin(inputs: Inputs) -> Float:
    """Return what is left of a sale before interest and tax."""
    known = inputs.fundamentals
    return ratio(known["op_income_ttm"], _only_positive(known["revenues_ttm"]))


@_of_reports(
    "cash_flow_to_assets",
    formula="operating cash flow of the last four quarters / assets",
    source="Asness, Frazzini and Pedersen (2019)",
)
def cash_flow_to_assets(inputs: Inputs) -> Float:
    """Return cash earned on all capital."""
    known = inputs.fundamentals
    return ratio(known["cash_flow_op_ttm"], known["assets"])


@_of_reports(
    "leverage",
    formula="(assets - equity) / assets",
    source="Bhandari (1988), on book values",
)
def leverage(inputs: Inputs) -> Float:
    """Return the share of the assets that others have lent."""
    known = inputs.fundamentals
    return ratio(known["assets"] - known["equity"], known["assets"])


@_of_reports(
    "current_ratio",
    formula="current assets / current liabilities",
    source="Ou and Penman (1989)",
)
def current_ratio(inputs: Inputs) -> Float:
    """Return what falls due to the company over what it owes within a year."""
    known = inputs.fundamentals
    return ratio(known["cur_assets"], known["cur_liab"])


@_of_reports(
    "revenue_growth_yoy",
    formula="revenues / those of the same period a year before - 1",
    source="Lakonishok, Shleifer and Vishny (1994)",
)
def revenue_growth(inputs: Inputs) -> Float:
    """Return the growth of sales: of a quarter, or of the year in an annual report."""
    known = inputs.fundamentals
    return _growth(known["revenues"], _only_positive(known["revenues_year_ago"]))


@_of_reports(
    "earnings_growth_yoy",
    formula="(net income - x) / |x| with x that of the same period a year before",
    source="Ball and Brown (1968), scaled",
)
def earnings_growth(inputs: Inputs) -> Float:
    """Return the change of profit relative to its size a year before."""
    known = inputs.fundamentals
    return _growth(known["net_income"], known["net_income_year_ago"])


@_of_reports(
    "asset_growth",
    formula="assets / those a year before - 1",
    source="Cooper, Gulen and Schill (2008)",
)
def asset_growth(inputs: Inputs) -> Float:
    """Return the growth of total assets over a year."""
    known = inputs.fundamentals
    return _growth(known["assets"], _only_positive(known["assets_year_ago"]))


@_of_reports(
    "accruals",
    formula="(net income - operating cash flow) / assets, both of four quarters",
    source="Sloan (1996), by cash flows as in Hribar and Collins (2002)",
)
def accruals(inputs: Inputs) -> Float:
    """Return the part of profit that is no cash yet."""
    known = inputs.fundamentals
    unpaid = known["net_income_ttm"] - known["cash_flow_op_ttm"]
    return ratio(unpaid, known["assets"])


@feature(
    REPORT_AGE,
    lookback=_LOOKBACK,
    needs=("fundamentals",),
    unit="sessions",
    formula="sessions since the latest period was first known; 0 on that day",
    source="definition",
)
def report_age(inputs: Inputs) -> Float:
    """Return how long ago the latest report came."""
    return inputs.fundamentals[REPORT_AGE]

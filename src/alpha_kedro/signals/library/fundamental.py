"""Value, quality, growth and accruals: what reports say of a company, as then known.

Every feature stands on the latest report known at the close and is NaN where a figure
it needs was not reported, or where no report came for three quarters of a year. Market
value is the price of a share times the shares outstanding, both counted in shares of
the ticker's first bar: a split between the report and today changes nothing.
"""

from functools import partial

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import quoted_close, report

_of_reports = partial(feature, family="fundamental", unit="decimal")
_of_price = partial(_of_reports, scale_free=False)

_market_value = report("shares") * quoted_close


def _positive(x: Formula) -> Formula:
    """Return x where it is above 0, NaN elsewhere."""
    return x / (x > 0)


def _growth(now: Formula, before: Formula) -> Formula:
    return (now - before) / abs(before)


@_of_price("earnings_yield", source="Basu (1977)")
def earnings_yield() -> Formula:
    """Return earnings over price; losses are negative."""
    return report("net_income_ttm") / _market_value


@_of_price("book_to_price", source="Rosenberg, Reid and Lanstein (1985)")
def book_to_price() -> Formula:
    """Return book over market; NaN where debts exceed the assets."""
    return _positive(report("equity")) / _market_value


@_of_price("sales_to_price", source="Barbee, Mukherji and Raines (1996)")
def sales_to_price() -> Formula:
    """Return sales over price."""
    return report("revenues_ttm") / _market_value


@_of_price("cash_flow_to_price", source="Lakonishok, Shleifer and Vishny (1994)")
def cash_flow_to_price() -> Formula:
    """Return operating cash flow over price."""
    return report("cash_flow_op_ttm") / _market_value


@_of_reports("return_on_equity", source="Haugen and Baker (1996)")
def return_on_equity() -> Formula:
    """Return profit on the owners' capital; NaN where there is none."""
    return report("net_income_ttm") / _positive(report("equity"))


@_of_reports("return_on_assets", source="Balakrishnan, Bartov and Faurel (2010)")
def return_on_assets() -> Formula:
    """Return profit on all capital."""
    return report("net_income_ttm") / report("assets")


@_of_reports("operating_margin", source="Haugen and Baker (1996)")
def operating_margin() -> Formula:
    """Return what is left of a sale before interest and tax."""
    return report("op_income_ttm") / _positive(report("revenues_ttm"))


@_of_reports("cash_flow_to_assets", source="Asness, Frazzini and Pedersen (2019)")
def cash_flow_to_assets() -> Formula:
    """Return cash earned on all capital."""
    return report("cash_flow_op_ttm") / report("assets")


@_of_reports("leverage", source="Bhandari (1988), on book values")
def leverage() -> Formula:
    """Return the share of the assets that others have lent."""
    return (report("assets") - report("equity")) / report("assets")


@_of_reports("current_ratio", source="Ou and Penman (1989)")
def current_ratio() -> Formula:
    """Return what falls due to the company over what it owes within a year."""
    return report("cur_assets") / report("cur_liab")


@_of_reports("revenue_growth_yoy", source="Lakonishok, Shleifer and Vishny (1994)")
def revenue_growth() -> Formula:
    """Return the growth of sales: of a quarter, or of the year in an annual report."""
    return _growth(report("revenues"), _positive(report("revenues_year_ago")))


@_of_reports("earnings_growth_yoy", source="Ball and Brown (1968), scaled")
def earnings_growth() -> Formula:
    """Return the change of profit relative to its size a year before."""
    return _growth(report("net_income"), report("net_income_year_ago"))


@_of_reports("asset_growth", source="Cooper, Gulen and Schill (2008)")
def asset_growth() -> Formula:
    """Return the growth of total assets over a year."""
    return _growth(report("assets"), _positive(report("assets_year_ago")))


@_of_reports(
    "accruals", source="Sloan (1996), by cash flows as in Hribar and Collins (2002)"
)
def accruals() -> Formula:
    """Return the part of profit that is no cash yet, over the assets."""
    unpaid = report("net_income_ttm") - report("cash_flow_op_ttm")
    return unpaid / report("assets")


@_of_reports("report_age", unit="sessions", source="definition")
def report_age() -> Formula:
    """Return how long ago the latest report came; 0 on that day."""
    return report("report_age")

"""What reports add up to, by hand and against sums written out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.panel import Axes
from alpha_kedro.core.prices import price_panel
from alpha_kedro.market.fundamentals import QUANTITIES
from alpha_kedro.signals import compute_features, with_quotes
from alpha_kedro.signals.fundamentals import MAX_AGE_SESSIONS, KnownReports
from alpha_kedro.signals.standing import standing_reports
from tests.causality.disclosures import garbled_rows, reports_of

ENDS = pd.date_range("2014-12-31", "2016-12-31", freq="QE").as_unit("us")
REVENUES = [100.0, 20, 25, 30, 120, 26, 27, 28, 130]
CASH_FLOW = [40.0, 5, 12, 20, 44, 8, 16, 22, 50]  # of the year so far
SESSIONS = pd.bdate_range("2015-01-01", "2017-06-30").as_unit("us")


def reports(*, without=(), **figures):
    """Nine quarters of one company, each known 30 days after its end."""
    n = len(ENDS)
    table = pd.DataFrame(dict.fromkeys(QUANTITIES, [1.0] * n)).assign(
        ticker=pd.array(["AAA"] * n, "str"),
        end_date=ENDS,
        known_at=(ENDS + pd.Timedelta(days=30) + pd.offsets.BDay(0)).as_unit("us"),
        period=["FY", "Q1", "Q2", "Q3"] * 2 + ["FY"],
        share_factor=1.0,
        revenues=REVENUES,
        cash_flow_op=CASH_FLOW,
    )
    return table.assign(**figures).drop(index=list(without))


def standing(known, name):
    found = standing_reports(known)
    return found[name].to_numpy()


def test_four_quarters_are_the_year_plus_this_year_less_the_one_before():
    expected = [100, *[np.nan] * 3, 120, 126, 128, 126, 130]
    np.testing.assert_allclose(standing(reports(), "revenues_ttm"), expected)


def test_cash_flows_are_year_to_date():
    expected = [40, *[np.nan] * 3, 44, 47, 48, 46, 50]
    np.testing.assert_allclose(standing(reports(), "cash_flow_op_ttm"), expected)


@pytest.mark.parametrize("lost", [1, 4, 5])
def test_without_one_of_its_parts_there_is_no_sum(lost):
    """The quarter a year ago, the year between, a quarter of this year."""
    known = reports(without=[lost])
    second = known["end_date"].eq(ENDS[6]).to_numpy().argmax()
    assert np.isnan(standing(known, "revenues_ttm")[second])


def test_growth_compares_a_period_with_the_same_one_a_year_before():
    expected = [np.nan] * 4 + [100, 20, 25, 30, 120]
    np.testing.assert_allclose(standing(reports(), "revenues_year_ago"), expected)


@pytest.mark.parametrize(("days", "same"), [(364, True), (371, True), (341, False)])
def test_years_of_52_and_53_weeks_are_years(days, same):
    ends = ENDS[4:].to_series().reset_index(drop=True)
    ends[0] = ends[4] - pd.Timedelta(days=days)
    known = reports(without=range(4)).assign(end_date=ends.to_numpy())
    assert np.isfinite(standing(known, "revenues_year_ago")[-1]) == same


def test_a_restatement_changes_the_sums_it_is_part_of_from_its_own_day():
    known = reports()
    again = known.iloc[[1]].assign(revenues=22.0, known_at=pd.Timestamp("2016-06-01"))
    found = standing_reports(pd.concat([known, again])).set_index("known_at")
    assert found.loc[pd.Timestamp("2016-05-02"), "revenues_ttm"] == 126
    assert found.loc[pd.Timestamp("2016-06-01"), "revenues_ttm"] == 124
    assert found.loc[pd.Timestamp("2016-06-01"), "end_date"] == ENDS[5]


def test_shares_are_net_income_over_eps_where_eps_is_no_rounding():
    eps = [0.5, 0.04, -0.5, np.nan, 0.25, 0.5, 0.5, 0.5, 0.5]
    income = [10.0, 10, 10, 10, 10, -10, 15, 15, 15]
    known = reports(net_income=income, eps_basic=eps)
    expected = [20, 20, 20, 20, 40, 40, 30, 30, 30]
    np.testing.assert_allclose(standing(known, "shares"), expected)


def test_shares_are_counted_in_those_of_the_first_bar():
    factor = [1.0] * 5 + [2.0] * 4
    known = reports(net_income=10.0, eps_basic=[1.0] * 5 + [0.5] * 4)
    found = standing(known.assign(share_factor=factor), "shares")
    np.testing.assert_allclose(found, 10)


def bars(close=50.0, split_at=None):
    """Quotes of the day: halved at a split of two for one."""
    after = pd.Timestamp(split_at or "2200-01-01") <= SESSIONS
    quote = np.where(after, close / 2, close)
    prices = dict.fromkeys(("open", "high", "low", "close"), quote)
    return pd.DataFrame(
        {"date": SESSIONS, "ticker": "AAA", "volume": 1.0, **prices}
    ).assign(share_factor=np.where(after, 2.0, 1.0), adj_close=close)


def feature(name, known, quotes):
    prices = with_quotes(price_panel(quotes), quotes)
    values = compute_features(prices, name, fundamentals=known)[name]
    return pd.Series(values[:, 0], index=SESSIONS)


@pytest.mark.parametrize("split_at", [None, "2016-03-10"])
def test_a_split_between_the_report_and_today_changes_no_yield(split_at):
    """EPS of 2.00 reported in January 2016 on 50 dollars: 4 %, split or no split."""
    known = reports(net_income=20.0, eps_basic=2.0)
    found = feature("earnings_yield", known, bars(split_at=split_at))
    assert found["2016-02-01":"2016-04-29"].unique() == pytest.approx([0.04])


def test_a_report_is_used_from_the_close_of_its_session_on():
    known = reports(equity=[np.nan] * 4 + [30.0] + [np.nan] * 4, assets=60.0)
    found = feature("leverage", known, bars())
    assert np.isnan(found["2016-01-29"])
    assert found["2016-02-01"] == pytest.approx(0.5)


def test_the_age_counts_sessions_and_ends_the_value():
    known = reports(without=range(5, 9))
    found = feature("report_age", known, bars())["2016-02-01":]
    assert found.iloc[: MAX_AGE_SESSIONS + 1].tolist() == list(
        range(MAX_AGE_SESSIONS + 1)
    )
    assert found.iloc[MAX_AGE_SESSIONS + 1 :].isna().all()


HAND = {
    "book_to_price": 40 / 500,
    "sales_to_price": 126 / 500,
    "cash_flow_to_price": 47 / 500,
    "return_on_equity": 20 / 40,
    "return_on_assets": 20 / 80,
    "operating_margin": 16 / 126,
    "cash_flow_to_assets": 47 / 80,
    "leverage": (80 - 40) / 80,
    "current_ratio": 1.5,
    "accruals": (20 - 47) / 80,
    "revenue_growth_yoy": 26 / 20 - 1,
    "earnings_growth_yoy": 1.0,
    "asset_growth": 0.25,
    "earnings_yield": 20 / 500,
}


def in_full():
    """After the first quarter of 2016: earnings 5 after 2.5 a year before."""
    return reports(
        net_income=[12.0, 2.5, 3, 4, 17.5, 5, 5, 5, 20],
        op_income=[10.0, 2, 3, 4, 14, 4, 4, 4, 16],
        eps_basic=[1.2, 0.25, 0.3, 0.4, 1.75, 0.5, 0.5, 0.5, 2],
        assets=[60.0, 64, 66, 68, 70, 80, 80, 80, 80],
        equity=40.0,
        cur_assets=30.0,
        cur_liab=20.0,
    )


@pytest.mark.parametrize("name", sorted(HAND))
def test_a_feature_by_hand(name):
    found = feature(name, in_full(), bars())["2016-06-01"]
    assert found == pytest.approx(HAND[name], rel=1e-6)


@pytest.mark.parametrize("name", ["return_on_equity", "book_to_price"])
def test_negative_equity_is_no_denominator_and_no_value(name):
    assert feature(name, in_full().assign(equity=-5.0), bars()).isna().all()


def test_a_loss_that_became_a_profit_has_grown():
    income = [12.0, -4, 3, 4, 17.5, 2, 5, 5, 20]
    known = in_full().assign(net_income=income)
    found = feature("earnings_growth_yoy", known, bars())
    assert found["2016-06-01"] == pytest.approx(1.5)


@given(place=st.integers(0, 259), seed=st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_reports_known_later_move_nothing_before(place, seed):
    dates = pd.bdate_range("2020-01-01", periods=260).as_unit("us")
    axes = Axes.of(dates, ["AAA", "BBB", "CCC"])
    known = reports_of(dates, axes.tickers)
    whole, cut = KnownReports(known, axes), dates[place]
    later = (known["known_at"] > cut).to_numpy()
    garbled = garbled_rows(known, later, seed).drop_duplicates(
        ["known_at", "ticker", "end_date"]
    )
    for other in (garbled.sample(frac=1, random_state=seed), known[~later]):
        seen = KnownReports(other, axes)
        for name in whole:
            np.testing.assert_array_equal(
                seen[name][: place + 1], whole[name][: place + 1]
            )


def test_the_sums_equal_those_written_out():
    """A twin that walks from day to day and looks the reports up by hand."""
    dates = pd.bdate_range("2020-01-01", periods=260).as_unit("us")
    known = reports_of(dates, ["AAA", "BBB"])
    found = standing_reports(known)
    for row in found.itertuples():
        seen = known[
            (known["ticker"] == row.ticker) & (known["known_at"] <= row.known_at)
        ].sort_values("known_at")
        newest = seen.groupby("end_date").last()
        end = newest.index[-1]
        assert row.end_date == end
        quarters = end.quarter
        year = newest[newest["period"] == "FY"]
        base = year.index[-1]
        total = newest.loc[base, "revenues"]
        if quarters < 4:
            for back in range(quarters):
                day = end - pd.offsets.QuarterEnd(back)
                total += newest.loc[day, "revenues"]
                ago = day - pd.offsets.QuarterEnd(4)
                total -= newest["revenues"].get(ago, np.nan)
        assert row.revenues_ttm == pytest.approx(total, nan_ok=True)
    assert found["revenues_ttm"].notna().mean() > 0.5

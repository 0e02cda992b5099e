"""Returns by month, year, rolling window and drawdown."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.measures import (
    max_drawdown,
    monthly_returns,
    rolling_sharpe,
    sharpe_ratio,
    worst_drawdowns,
    yearly_returns,
)

NAN = np.nan


def daily(values: list[float], start: str = "2020-01-01") -> pd.Series:
    return pd.Series(
        values, index=pd.date_range(start, periods=len(values)).as_unit("us")
    )


def test_months_and_years_compound_their_days():
    returns = daily([0.1, 0.1, -0.5], start="2019-12-30")
    table = monthly_returns(returns)
    assert table.columns.tolist() == list(range(1, 13))
    assert table.loc[2019, 12] == pytest.approx(0.21)
    assert table.loc[2020, 1] == pytest.approx(-0.5)
    assert table.loc[2020, 2:].isna().all()
    assert yearly_returns(returns).to_dict() == pytest.approx({2019: 0.21, 2020: -0.5})


def test_a_missing_day_leaves_its_month_and_year_unknown():
    returns = daily([0.1, NAN, 0.1], start="2019-12-30")
    assert np.isnan(monthly_returns(returns).loc[2019, 12])
    assert monthly_returns(returns).loc[2020, 1] == pytest.approx(0.1)
    assert np.isnan(yearly_returns(returns)[2019])


def test_the_rolling_ratio_is_the_ratio_of_its_window():
    returns = daily(np.random.default_rng(0).normal(0, 0.01, 30).tolist())
    rolled = rolling_sharpe(returns, window=20)
    assert rolled.iloc[:19].isna().all()
    assert rolled.iloc[25] == pytest.approx(sharpe_ratio(returns.iloc[6:26]))
    assert rolling_sharpe(daily([0.01] * 30), window=20).isna().all()


def test_the_drawdowns_of_a_known_path():
    # Values 1, 1.2, 0.9, 1.3, 1.17: down 25 % and back, then down 10 % to the end.
    table = worst_drawdowns(daily([0.2, -0.25, 1.3 / 0.9 - 1, -0.1]))
    day = pd.Timestamp("2020-01-01")
    assert table["depth"].tolist() == pytest.approx([-0.25, -0.1])
    first, second = table.iloc[0], table.iloc[1]
    assert (first["peak"] - day).days == 0
    assert (first["trough"] - day).days == 1
    assert (first["recovery"] - day).days == 2
    assert (first["sessions_down"], first["sessions"]) == (1, 2)
    assert pd.isna(second["recovery"])
    assert (second["peak"] - day).days == 2
    assert (second["sessions_down"], second["sessions"]) == (1, 1)


def test_a_drawdown_from_the_start_begins_on_the_first_date():
    table = worst_drawdowns(daily([-0.1, -0.1, 0.5]))
    assert table.loc[0, "peak"] == pd.Timestamp("2020-01-01")
    assert table.loc[0, "sessions_down"] == 2


def test_a_strategy_that_never_falls_has_no_drawdowns():
    table = worst_drawdowns(daily([0.1, 0.0, 0.1]))
    assert len(table) == 0
    assert str(table["peak"].dtype) == "datetime64[us]"


def test_the_list_is_sorted_and_cut_and_its_head_is_the_deepest():
    returns = daily(np.random.default_rng(3).normal(0.001, 0.01, 400).tolist())
    table = worst_drawdowns(returns, count=3)
    assert len(table) == 3
    assert table["depth"].is_monotonic_increasing
    assert table.loc[0, "depth"] == max_drawdown(returns)
    longer = worst_drawdowns(returns, count=100)
    pd.testing.assert_frame_equal(longer.head(3), table)

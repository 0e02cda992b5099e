import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.calendar import decision_rows, sessions_between
from alpha_kedro.core.errors import ConfigError


def decisions(start, end, frequency="weekly", calendar="XNYS"):
    dates = sessions_between(calendar, start, end)
    chosen = dates[decision_rows(dates, frequency, calendar=calendar)]
    return pd.DatetimeIndex(chosen).strftime("%Y-%m-%d").tolist()


def test_sessions_leave_out_weekends_holidays_and_days_of_mourning():
    days = pd.DatetimeIndex(sessions_between("XNYS", "2018-11-30", "2018-12-07"))
    assert days.day.tolist() == [30, 3, 4, 6, 7]
    assert days.dtype == "datetime64[us]"
    assert days.tz is None


def test_a_half_day_is_a_session():
    assert len(sessions_between("XNYS", "2023-11-24", "2023-11-24")) == 1


def test_both_ends_belong_to_the_sessions():
    days = sessions_between("XNYS", "2024-01-02", "2024-01-03")
    assert len(days) == 2
    assert len(sessions_between("XNYS", "2024-01-01", "2024-01-01")) == 0


def test_a_week_decides_on_its_last_session():
    assert decisions("2023-04-03", "2023-04-21") == [
        "2023-04-06",  # Good Friday is a holiday
        "2023-04-14",
        "2023-04-21",
    ]


def test_a_month_decides_on_its_last_session():
    months = decisions("2023-03-01", "2023-07-10", "monthly")
    assert months == ["2023-03-31", "2023-04-28", "2023-05-31", "2023-06-30"]


def test_every_session_decides_daily():
    dates = sessions_between("XNYS", "2024-01-02", "2024-01-31")
    assert decision_rows(dates, "daily", calendar="XNYS").all()


@pytest.mark.parametrize("frequency", ["weekly", "monthly"])
def test_cutting_the_data_on_any_weekday_makes_no_new_decision(frequency):
    dates = sessions_between("XNYS", "2023-03-01", "2023-05-12")
    whole = decision_rows(dates, frequency, calendar="XNYS")
    for stop in range(1, len(dates)):
        part = decision_rows(dates[:stop], frequency, calendar="XNYS")
        np.testing.assert_array_equal(part, whole[:stop])


def test_a_session_missing_from_the_data_moves_no_decision():
    dates = sessions_between("XNYS", "2024-01-02", "2024-01-31")
    without_friday = np.delete(dates, 3)
    chosen = without_friday[decision_rows(without_friday, "weekly", calendar="XNYS")]
    assert pd.Timestamp("2024-01-04") not in pd.DatetimeIndex(chosen)


def test_other_exchanges_keep_their_own_holidays():
    assert decisions("2023-05-01", "2023-05-05", calendar="XTKS") == ["2023-05-02"]


def test_days_in_the_wrong_order_have_no_session_between_them():
    assert len(sessions_between("XNYS", "2024-01-31", "2024-01-02")) == 0


def test_no_dates_make_no_decision():
    empty = np.array([], dtype="datetime64[us]")
    assert len(decision_rows(empty, "weekly", calendar="XNYS")) == 0


def test_an_unknown_exchange_is_answered_by_the_known_ones():
    with pytest.raises(ConfigError, match="AK-C002") as refusal:
        sessions_between("XNYX", "2024-01-02", "2024-01-31")
    assert "did you mean 'XNYS'?" in str(refusal.value)


def test_an_unknown_frequency_is_refused():
    dates = sessions_between("XNYS", "2024-01-02", "2024-01-31")
    with pytest.raises(ConfigError, match="AK-C004"):
        decision_rows(dates, "hourly", calendar="XNYS")

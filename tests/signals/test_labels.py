import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.core.panel import Axes, Panel
from alpha_kedro.core.prices import delisting_rows
from alpha_kedro.signals.label_spec import LabelSpec
from alpha_kedro.signals.labels import build_labels, forward_returns

NAN = np.nan
DAILY = LabelSpec(horizon=2, lag=1, kind="raw", frequency="daily", delisted_after=2)
few = settings(max_examples=25, deadline=None)


def panel_of(opens, closes=None, traded=None, start="2023-03-01"):
    opens = np.asarray(opens, dtype=float)
    closes = opens if closes is None else np.asarray(closes, dtype=float)
    traded = np.isfinite(closes) if traded is None else np.asarray(traded)
    end = pd.Timestamp(start) + pd.Timedelta(days=2 * len(opens) + 10)
    sessions = sessions_between("XNYS", start, end)[: len(opens)]
    axes = Axes.of(sessions, [f"N{i}" for i in range(opens.shape[1])])
    return Panel(axes, {"open": opens, "close": closes, "traded": traded})


def labels_of(prices, spec=DAILY, mask=None, **options):
    mask = np.ones(prices.axes.shape, dtype=bool) if mask is None else mask
    return build_labels(prices, mask=mask, spec=spec, calendar="XNYS", **options)


def name(labels, ticker):
    return labels[labels["ticker"] == ticker].set_index("date")


def random_market(seed, n_sessions=60, n_tickers=5):
    """Prices with halts, short absences and deaths, as wild as labels ever meet."""
    rng = np.random.default_rng(seed)
    opens = rng.uniform(1, 100, (n_sessions, n_tickers))
    closes = rng.uniform(1, 100, (n_sessions, n_tickers))
    absent = rng.random(opens.shape) < 0.1
    for column in range(2):
        absent[rng.integers(n_sessions // 3, n_sessions) :, column] = True
    absent[:, 2:] &= ~np.roll(absent[:, 2:], 1, axis=0)
    opens[absent | (rng.random(opens.shape) < 0.05)] = NAN
    closes[absent] = NAN
    traded = np.isfinite(closes) & (rng.random(opens.shape) > 0.1)
    return panel_of(opens, closes, traded)


def rows(panel, chosen):
    axes = Axes(panel.dates[chosen], panel.tickers)
    return Panel(axes, {key: field[chosen] for key, field in panel.fields.items()})


def test_two_tickers_earn_their_own_returns_from_open_to_open_after_the_lag():
    opens = [[10, 1000], [11, 900], [12, 800], [22, 450], [24, 400], [33, 800]]
    labels = labels_of(panel_of(opens))
    assert labels["ticker"].tolist() == ["N0", "N1"] * 3
    assert name(labels, "N0")["fwd_ret"].tolist() == [22 / 11 - 1, 24 / 12 - 1, 0.5]
    assert name(labels, "N1")["fwd_ret"].tolist() == [-0.5, -0.5, 800 / 450 - 1]
    assert (labels["label"] == labels["fwd_ret"]).all()


def test_the_label_ends_on_the_session_of_the_exit():
    prices = panel_of(np.ones((6, 1)))
    labels = labels_of(prices)
    assert (labels["date"].to_numpy() == prices.dates[:3]).all()
    assert (labels["label_end"].to_numpy() == prices.dates[3:]).all()


def test_a_missing_or_halted_open_is_no_fill_and_is_counted():
    opens = [[1.0], [NAN], [2.0], [3.0], [6.0], [9.0]]
    traded = [[True], [True], [False], [True], [True], [True]]
    labels = labels_of(panel_of(opens, np.ones((6, 1)), traded))
    assert labels["fwd_ret"].tolist() == [9 / 3 - 1]
    assert labels.attrs["left_out"] == {"unfinished": 3, "no_fill": 2, "no_group": 0}


def test_a_halt_over_the_exit_holds_the_position_at_the_last_close_before_it():
    opens = [[1.0], [10.0], [11.0], [99.0], [12.0], [13.0]]
    closes = [[1.0], [10.5], [14.0], [14.0], [12.5], [13.5]]
    traded = [[True], [True], [True], [False], [True], [True]]
    labels = labels_of(panel_of(opens, closes, traded))
    assert labels["fwd_ret"].iloc[0] == 14.0 / 10.0 - 1


def test_an_exit_open_that_is_missing_counts_no_close_of_its_own_evening():
    opens = [[1.0], [10.0], [11.0], [NAN], [12.0], [13.0]]
    closes = [[1.0], [10.5], [14.0], [77.0], [12.5], [13.5]]
    assert labels_of(panel_of(opens, closes))["fwd_ret"].iloc[0] == 14.0 / 10.0 - 1


def test_a_delisted_name_ends_at_its_last_close_and_the_delisting_return():
    opens = np.array([[5.0], [10.0], [8.0], [NAN], [NAN], [NAN]])
    closes = np.array([[5.0], [9.0], [4.0], [NAN], [NAN], [NAN]])
    labels = labels_of(panel_of(opens, closes))
    first, second = 4.0 * 0.7 / 10.0 - 1, 4.0 * 0.7 / 8.0 - 1
    np.testing.assert_allclose(labels["fwd_ret"], [first, second], rtol=1e-15)


def test_each_delisted_name_ends_at_its_own_exit_return():
    opens = np.full((6, 3), 10.0)
    closes = np.full((6, 3), 8.0)
    opens[3:, :2] = closes[3:, :2] = NAN
    exits = np.array([0.0, -1.0, 0.5])
    labels = labels_of(panel_of(opens, closes), exit_returns=exits)
    second = labels[labels["date"] == labels["date"].unique()[1]]
    assert second["fwd_ret"].tolist() == [8 / 10 - 1, -1.0, 0.0]


def test_one_exit_return_for_all_is_the_delisting_return():
    prices, spec = random_market(4), LabelSpec(horizon=3, frequency="daily")
    pd.testing.assert_frame_equal(
        labels_of(prices, spec, exit_returns=np.full(5, spec.delisting_return)),
        labels_of(prices, spec),
        check_exact=True,
    )


@few
@given(seed=st.integers(0, 10**6))
def test_exit_returns_move_only_the_labels_that_hold_a_name_beyond_its_end(seed):
    prices = random_market(seed)
    spec = DAILY.model_copy(update={"horizon": 3, "delisted_after": 4})
    one, other = (
        labels_of(prices, spec, exit_returns=np.random.default_rng(k).uniform(-1, 1, 5))
        for k in (1, 2)
    )
    keys = ["date", "ticker", "label_end"]
    pd.testing.assert_frame_equal(one[keys], other[keys], check_exact=True)
    moved = one[one["fwd_ret"] != other["fwd_ret"]]
    ends = delisting_rows(prices["close"], after=spec.delisted_after)
    exits = prices.axes.rows_of(moved["date"]) + spec.lag + spec.horizon
    last = ends[prices.axes.columns_of(moved["ticker"])]
    assert ((last >= 0) & (exits > last)).all()


def test_the_label_of_a_delisted_name_ends_when_its_absence_is_a_delisting():
    alive, dying = np.ones((8, 1)), np.full((8, 1), NAN)
    dying[:3] = 1.0
    prices = panel_of(np.hstack([alive, dying]))
    spec = DAILY.model_copy(update={"delisted_after": 3})
    labels = labels_of(prices, spec)
    assert name(labels, "N0")["label_end"].iloc[1] == prices.dates[4]
    assert name(labels, "N1")["fwd_ret"].iloc[1] == pytest.approx(-0.3)
    assert name(labels, "N1")["label_end"].iloc[1] == prices.dates[2 + 3]
    compared = labels_of(prices, spec.model_copy(update={"kind": "rank"}))
    assert name(compared, "N0")["label_end"].iloc[1] == prices.dates[2 + 3]


def test_the_label_of_an_absent_name_ends_with_its_next_bar():
    opens = [[5.0], [10.0], [8.0], [NAN], [NAN], [6.0], [6.0]]
    spec = DAILY.model_copy(update={"delisted_after": 3})
    prices = panel_of(opens)
    labels = labels_of(prices, spec)
    held = labels[labels["date"] == prices.dates[1]]
    assert held["fwd_ret"].tolist() == [0.0]
    assert held["label_end"].tolist() == [pd.Timestamp(prices.dates[5])]


def test_an_absence_nobody_can_judge_yet_leaves_the_label_unfinished():
    opens = [[5.0], [10.0], [8.0], [9.0], [NAN], [NAN]]
    spec = DAILY.model_copy(update={"delisted_after": 3})
    labels = labels_of(panel_of(opens), spec)
    assert labels["fwd_ret"].tolist() == [9 / 10 - 1]
    assert labels.attrs["left_out"] == {"unfinished": 5, "no_fill": 0, "no_group": 0}


def test_the_dead_stay_in_the_cross_section_and_rank_last():
    opens = np.full((8, 3), 10.0)
    opens[:, 1] = np.arange(10.0, 18.0)
    opens[2:, 2] = NAN
    labels = labels_of(panel_of(opens), DAILY.model_copy(update={"kind": "rank"}))
    assert labels["label"].iloc[:3].tolist() == [0.0, 0.5, -0.5]


def test_dates_whose_exit_lies_after_the_data_have_no_label():
    labels = labels_of(panel_of(np.ones((6, 2))))
    assert labels["date"].nunique() == 3
    assert labels.attrs["left_out"]["unfinished"] == 6


def test_a_week_that_ends_on_good_friday_decides_on_thursday():
    prices = panel_of(np.ones((40, 1)), start="2023-03-20")
    spec = LabelSpec(kind="raw", horizon=5)
    weeks = labels_of(prices, spec).set_index("date")["label_end"]
    assert pd.Timestamp("2023-04-06") in weeks.index
    assert weeks[pd.Timestamp("2023-04-06")] == pd.Timestamp("2023-04-17")
    assert weeks[pd.Timestamp("2023-03-31")] == pd.Timestamp("2023-04-11")


def test_the_rank_is_taken_among_the_members_of_the_date_alone():
    opens = np.ones((4, 4))
    opens[3] = [2.0, 3.0, 4.0, 99.0]
    mask = np.array([[True, True, True, False]] * 4)
    spec = DAILY.model_copy(update={"kind": "rank"})
    labels = labels_of(panel_of(opens), spec, mask=mask)
    assert labels["label"].tolist() == [-0.5, 0.0, 0.5]


def test_sector_labels_compare_names_with_their_sector():
    opens = np.ones((4, 4))
    opens[3] = [2.0, 4.0, 10.0, 30.0]
    groups = np.array([0, 0, 1, 1])
    for kind, expected in [
        ("sector_relative", [-1.0, 1.0, -10.0, 10.0]),
        ("sector_rank", [-0.5, 0.5, -0.5, 0.5]),
    ]:
        spec = DAILY.model_copy(update={"kind": kind})
        labels = labels_of(panel_of(opens), spec, groups=groups)
        assert labels["label"].tolist() == expected


def test_a_name_is_compared_with_the_sector_it_has_on_the_day():
    opens = np.ones((5, 4))
    opens[3] = opens[4] = [2.0, 4.0, 10.0, 30.0]
    groups = np.array([[0, 0, 1, 1], [0, 1, 1, 1], *[[0, 1, 1, 0]] * 3])
    spec = DAILY.model_copy(update={"kind": "sector_relative"})
    labels = labels_of(panel_of(opens), spec, groups=groups)
    assert labels["label"].tolist()[:4] == [-1.0, 1.0, -10.0, 10.0]
    means = np.array([0, 41 / 3, 41 / 3, 41 / 3])
    expected = [0.0, *(np.array([3.0, 9.0, 29.0]) - means[1:])]
    np.testing.assert_allclose(labels["label"].tolist()[4:], expected)


@few
@given(seed=st.integers(0, 10**6), cut=st.integers(5, 55))
def test_a_later_reclassification_moves_no_earlier_label(seed, cut):
    prices, rng = random_market(seed), np.random.default_rng(seed)
    spec = LabelSpec(kind="sector_rank", horizon=3, frequency="daily")
    groups = np.tile(np.array([0, 0, 1, 1, 1]), (60, 1))
    moved = groups.copy()
    moved[cut:] = rng.integers(-1, 3, moved[cut:].shape)
    one, other = (labels_of(prices, spec, groups=codes) for codes in (groups, moved))
    day = prices.dates[cut]
    pd.testing.assert_frame_equal(
        one[one["date"] < day], other[other["date"] < day], check_exact=True
    )


def test_a_name_without_sector_is_left_out_of_sector_labels_and_counted():
    spec = DAILY.model_copy(update={"kind": "sector_rank"})
    labels = labels_of(panel_of(np.ones((4, 2))), spec, groups=np.array([0, -1]))
    assert labels["ticker"].tolist() == ["N0"]
    assert labels.attrs["left_out"]["no_group"] == 1


def test_columns_and_types_are_those_of_the_labels_table():
    labels = labels_of(panel_of(np.ones((6, 2))))
    assert {key: str(kind) for key, kind in labels.dtypes.items()} == {
        "date": "datetime64[us]",
        "ticker": "str",
        "horizon": "int64",
        "fwd_ret": "float64",
        "label": "float64",
        "label_end": "datetime64[us]",
    }


def slow_forward_return(prices, row, column, spec):
    opens, closes = prices["open"][:, column], prices["close"][:, column]
    traded = prices["traded"][:, column]
    entry, leave = row + spec.lag, row + spec.lag + spec.horizon
    if leave >= len(opens) or not traded[entry] or np.isnan(opens[entry]):
        return NAN
    if traded[leave] and not np.isnan(opens[leave]):
        return opens[leave] / opens[entry] - 1
    last = max(i for i in range(leave) if not np.isnan(closes[i]))
    later = [i for i in range(leave, len(opens)) if not np.isnan(closes[i])]
    gone = not later and len(opens) - 1 - last >= spec.delisted_after
    if not later and not gone:
        return NAN
    worth = closes[last] * (1 + spec.delisting_return if gone else 1)
    return worth / opens[entry] - 1


@few
@given(seed=st.integers(0, 10**6), horizon=st.integers(1, 9), lag=st.integers(1, 4))
def test_forward_returns_agree_with_their_slow_twin(seed, horizon, lag):
    prices = random_market(seed, n_sessions=25)
    spec = LabelSpec(horizon=horizon, lag=lag, delisted_after=3)
    asked = {"horizon", "lag", "delisting_return", "delisted_after"}
    settings_of = spec.model_dump(include=asked)
    fast = forward_returns(prices, **settings_of)
    slow = [
        [slow_forward_return(prices, row, column, spec) for column in range(5)]
        for row in range(25)
    ]
    np.testing.assert_allclose(fast, slow, rtol=1e-12)


def test_forward_returns_of_too_few_sessions_are_all_unknown():
    assert np.isnan(forward_returns(panel_of(np.ones((3, 2))), horizon=5)).all()


@pytest.mark.parametrize("lag", [1, 2])
def test_no_price_up_to_the_decision_enters_its_label(lag):
    prices = panel_of(np.random.default_rng(0).uniform(1, 9, (20, 3)))
    before = forward_returns(prices, horizon=3, lag=lag)
    opens = prices["open"].copy()
    opens[: 8 + lag] = 77.0
    after = forward_returns(panel_of(opens), horizon=3, lag=lag)
    np.testing.assert_array_equal(before[8:], after[8:])
    assert (before[7, :] != after[7, :]).all(), "the entry open must matter"


def test_a_label_shifted_by_one_session_is_seen():
    prices = panel_of(np.random.default_rng(0).uniform(1, 9, (20, 3)))
    right = forward_returns(prices, horizon=3, lag=1)
    assert not np.allclose(right[:-4], forward_returns(prices, horizon=3, lag=2)[:-4])


def garbled_after(prices, row, seed):
    """Replace every price after ``row``; who is absent stays absent."""
    rng = np.random.default_rng(seed)
    fields = {}
    for key in ("open", "close"):
        garbage = prices[key] * rng.uniform(0.1, 10, prices.axes.shape)
        fields[key] = np.vstack([prices[key][: row + 1], garbage[row + 1 :]])
    return Panel(prices.axes, {**prices.fields, **fields})


def known_by(labels, date):
    return labels[labels["label_end"] <= date].reset_index(drop=True)


@pytest.mark.parametrize("kind", ["raw", "rank", "sector_relative", "sector_rank"])
@few
@given(seed=st.integers(0, 10**6), cut=st.integers(10, 55))
def test_what_happens_later_changes_no_label_that_has_ended(kind, seed, cut):
    prices = random_market(seed)
    spec = LabelSpec(kind=kind, horizon=3, frequency="weekly", delisted_after=4)
    groups = np.array([0, 0, 1, 1, 1])
    true = labels_of(prices, spec, groups=groups)
    other = labels_of(garbled_after(prices, cut, seed), spec, groups=groups)
    date = prices.dates[cut]
    pd.testing.assert_frame_equal(
        known_by(true, date), known_by(other, date), check_exact=True
    )


def test_what_happens_later_does_change_the_labels_still_running():
    prices = random_market(1)
    true, other = labels_of(prices), labels_of(garbled_after(prices, 30, 1))
    assert not known_by(true, prices.dates[31]).equals(
        known_by(other, prices.dates[31])
    )


@pytest.mark.parametrize("cut", range(40, 45))
@few
@given(seed=st.integers(0, 10**6))
def test_cutting_the_data_on_any_weekday_keeps_every_final_label(cut, seed):
    prices = random_market(seed)
    spec = LabelSpec(horizon=3, frequency="weekly", delisted_after=4)
    whole, part = labels_of(prices, spec), labels_of(rows(prices, slice(cut)), spec)
    final = prices.dates[cut - 1 - spec.delisted_after]
    pd.testing.assert_frame_equal(
        known_by(whole, final), known_by(part, final), check_exact=True
    )


def test_an_absence_is_a_delisting_only_once_it_has_lasted():
    opens = np.ones((8, 1))
    opens[4:] = NAN
    prices = panel_of(opens)
    spec = DAILY.model_copy(update={"delisted_after": 3})
    early = labels_of(rows(prices, slice(6)), spec)
    late = labels_of(prices, spec)
    assert delisting_rows(opens[:6], after=3).tolist() == [-1]
    assert early["fwd_ret"].iloc[-1] == 0.0
    assert late["fwd_ret"].iloc[-1] == pytest.approx(-0.3)


def test_a_name_added_outside_the_universe_changes_no_label():
    prices = random_market(3)
    wider = {
        key: np.hstack([field, field[:, :1]]) for key, field in prices.fields.items()
    }
    axes = Axes.of(prices.dates, [*prices.tickers, "N5"])
    mask = np.ones(axes.shape, dtype=bool)
    mask[:, 5] = False
    spec = LabelSpec(horizon=3, frequency="daily")
    pd.testing.assert_frame_equal(
        labels_of(Panel(axes, wider), spec, mask=mask),
        labels_of(prices, spec),
        check_exact=True,
    )


def test_too_few_sessions_for_a_single_label_are_refused_at_the_boundary():
    assert len(labels_of(panel_of(np.ones((4, 1))))) == 1
    with pytest.raises(DataError, match="AK-D052") as refusal:
        labels_of(panel_of(np.ones((3, 1))))
    assert "3 sessions" in str(refusal.value)
    assert "at least 4" in str(refusal.value)


def test_sector_labels_without_sectors_are_refused():
    spec = DAILY.model_copy(update={"kind": "sector_rank"})
    with pytest.raises(ConfigError, match="AK-C024"):
        labels_of(panel_of(np.ones((6, 1))), spec)


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"horizon": 0}, "labels.horizon: input should be greater than or equal to 1"),
        ({"horizon": -5}, "got -5"),
        ({"horizon": 253}, "less than or equal to 252"),
        ({"horizon": "5"}, "valid integer, got '5'"),
        ({"lag": 0}, "labels.lag"),
        ({"lag": True}, "valid integer"),
        ({"delisting_return": -1.1}, "labels.delisting_return"),
        ({"delisting_return": float("nan")}, "finite"),
        ({"horizn": 5}, "did you mean 'horizon'?"),
        ({"frequency": "hourly"}, "labels.frequency"),
    ],
)
def test_a_wrong_label_block_names_the_key_and_the_range(block, said):
    with pytest.raises(ConfigError) as refusal:
        LabelSpec.parse(block, "labels")
    assert said in str(refusal.value)

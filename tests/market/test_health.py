"""Each check on a market of a few names: red on its fault, silent without it."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.core.errors import DataError
from alpha_kedro.core.stored_table import StoredTable, write_parts
from alpha_kedro.market.health import (
    CHECKS,
    FINDING_COLUMNS,
    SEVERITIES,
    WHOLE_MARKET,
    Health,
    HealthSpec,
    check_health,
    check_named,
    is_healthy,
)
from alpha_kedro.market.health.findings import runs_of
from alpha_kedro.market.health.splits import RATIOS, nearest_ratio

SESSIONS = sessions_between("XNYS", "2022-01-03", "2023-12-29")
PRICES = ["open", "high", "low", "close"]
MEMBERSHIP = pd.DataFrame({"ticker": ["T00"], "start": [SESSIONS[0]], "end": [None]})
NAMES = [f"T{number:02d}" for number in range(24)]
HERE = 200  # the row of most planted faults


@pytest.fixture(scope="module")
def market() -> pd.DataFrame:
    """24 names that move with a market, 1 % a day, all of their sessions."""
    rng = np.random.default_rng(3)
    shape = (len(NAMES), len(SESSIONS))
    common = 0.008 * rng.standard_normal(shape[1])
    day = common + 0.008 * rng.standard_normal(shape)
    close = 80 * np.exp(np.cumsum(day, axis=1))
    opening = close * np.exp(-0.6 * day)
    reach = 1 + 0.004 * np.abs(rng.standard_normal(shape)) + 0.002
    table = {
        "open": opening,
        "high": np.maximum(opening, close) * reach,
        "low": np.minimum(opening, close) / reach,
        "close": close,
        "adj_close": close * 0.9,
        "volume": np.rint(1e6 * np.exp(0.3 * rng.standard_normal(shape))),
    }
    keys = {
        "date": np.tile(SESSIONS, len(NAMES)),
        "ticker": pd.array(np.repeat(NAMES, len(SESSIONS)), dtype="str"),
    }
    return pd.DataFrame(keys | {name: v.ravel() for name, v in table.items()})


def checked(bars: pd.DataFrame, **known) -> Health:
    """Check as of the last session, with a membership, and account for every row."""
    options = {"membership": MEMBERSHIP, "now": date(2023, 12, 29)} | known
    found = check_health(bars, **options)
    account = found.summary["account"]
    assert account["n_input"] == len(bars)
    assert account["n_bars"] + account["n_unsound"] == len(bars)
    assert list(found.findings) == list(FINDING_COLUMNS)
    assert set(found.findings["check"]) <= set(CHECKS)
    assert set(found.findings["severity"]) <= set(SEVERITIES)
    json.dumps(found.summary, allow_nan=False)
    return found


def names_of(found: Health) -> dict[str, str]:
    """The checks that found something, with the ticker."""
    rows = found.findings[["check", "ticker"]]
    return dict(rows.itertuples(index=False, name=None))


def row_of(ticker: str, place: int = HERE) -> int:
    return NAMES.index(ticker) * len(SESSIONS) + place


def day_of(place: int = HERE) -> pd.Timestamp:
    return pd.Timestamp(SESSIONS[place])


def only(found: Health, check: str) -> dict:
    """The single finding of a market with one fault, but for the note of a move."""
    findings = found.findings
    if check != "large_move":
        findings = findings.query("check != 'large_move' or severity != 'note'")
    assert list(findings["check"]) == [check]
    return findings.iloc[0].to_dict()


def rebased(bars, ticker, place, *, price, volume=1.0, adjusted=None):
    """Multiply what came before a bar."""
    old = bars.index[(bars["ticker"] == ticker) & (bars["date"] < day_of(place))]
    bars = bars.copy()
    bars.loc[old, PRICES] *= price
    bars.loc[old, "adj_close"] *= price if adjusted is None else adjusted
    bars.loc[old, "volume"] = np.rint(bars.loc[old, "volume"] * volume)
    return bars


def edited(bars, row, **values):
    bars = bars.copy()
    for name, value in values.items():
        bars.loc[row, name] = value
    return bars


def unmoved(bars, row):
    """The prices of a bar that stays at the close before."""
    before = bars.loc[row - 1]
    return dict.fromkeys(PRICES, before["close"]) | {"adj_close": before["adj_close"]}


def test_a_sound_market_has_no_findings(market):
    found = checked(market)
    assert found.findings.empty
    assert is_healthy(found.summary)
    assert found.summary["clean_share"] == 1.0
    assert found.summary["by_check"] == {}
    assert found.summary["thresholds"] == HealthSpec().model_dump(mode="json")


ROW_FAULTS = {
    "bad_ticker": {"ticker": "../ETC"},
    "bad_date": {"date": pd.NaT},
    "future_date": {"date": pd.Timestamp("2024-02-01")},
    "not_a_session": {"date": pd.Timestamp("2022-10-22")},
    "infinite": {"high": np.inf},
    "no_close": {"close": np.nan},
    "not_positive": {"open": 0.0},
    "negative_volume": {"volume": -1.0},
    "high_below_low": {"high": 10.0, "open": np.nan, "close": 20.0, "low": 30.0},
    "open_outside_range": {"open": 500.0},
    "close_outside_range": {"close": 500.0},
}


@pytest.mark.parametrize("fault", ROW_FAULTS)
def test_a_row_that_is_no_bar_is_suspect_until_cleaning_has_refused_it(market, fault):
    row = market.loc[[row_of("T03")]].assign(**ROW_FAULTS[fault])
    more = pd.concat([market, row], ignore_index=True)
    assert only(checked(more), fault)["severity"] == "suspect"
    rejects = row.assign(reason=fault)
    finding = only(checked(more, rejects=rejects), fault)
    assert (finding["severity"], finding["n_rows"]) == ("refused", 1)


def test_a_reason_nobody_knows_yet_is_told_in_its_own_words(market):
    rejects = market.loc[[5, 6]].assign(reason="blessed_twice")
    found = check_health(market, rejects=rejects, membership=MEMBERSHIP)
    finding = found.findings.query("severity == 'refused'").iloc[0]
    assert (finding["check"], finding["n_rows"]) == ("blessed_twice", 2)
    assert check_named("blessed_twice").meaning == "blessed twice"


def test_rows_out_of_scope_are_no_findings(market):
    rejects = market.loc[[5, 6]].assign(reason="out_of_scope")
    assert checked(market, rejects=rejects).findings.empty


def test_duplicates_are_told_apart(market):
    row = market.loc[[row_of("T01")]]
    again = pd.concat([market, row], ignore_index=True)
    assert only(checked(again), "duplicate")["ticker"] == "T01"
    rival = pd.concat([market, row.assign(close=row["open"])], ignore_index=True)
    assert only(checked(rival), "conflicting_duplicate")["n_rows"] == 2


def test_an_unsettled_copy_of_the_last_session_is_named(market):
    last = market.loc[[row_of("T01", -1 % len(SESSIONS))]]
    body = last[["open", "close"]]
    so_far = last.assign(high=body.max(axis=1), low=body.min(axis=1), volume=1.0)
    found = checked(pd.concat([market, so_far], ignore_index=True))
    assert only(found, "unsettled_duplicate")["ticker"] == "T01"


def test_a_run_of_missing_sessions_is_one_finding(market):
    finding = only(checked(market.drop(index=range(300, 304))), "missing_sessions")
    assert (finding["first"], finding["last"]) == (day_of(300), day_of(303))
    assert finding["n_rows"] == 4


def test_a_refused_row_is_not_missing_as_well(market):
    only(checked(edited(market, 300, close=-1.0)), "not_positive")


def test_days_that_most_names_miss_are_one_finding_of_the_market(market):
    lost = market["date"].isin(SESSIONS[HERE : HERE + 2]) & (market["ticker"] != "T05")
    finding = only(checked(market[~lost]), "missing_market_days")
    assert (finding["ticker"], finding["n_rows"]) == (WHOLE_MARKET, 2)
    assert (finding["value"], finding["expected"]) == (23.0, 0.0)


def test_a_symbol_that_comes_back_at_another_level_may_be_another_company(market):
    bars = rebased(market, "T02", HERE + 20, price=3.0)
    bars = bars.drop(index=range(row_of("T02"), row_of("T02") + 20))
    finding = only(checked(bars), "reused_symbol")
    assert finding["n_rows"] == 20
    assert finding["value"] == pytest.approx(1 / 3, rel=0.3)


def test_a_name_that_begins_where_another_ends_may_be_it(market):
    bars = market.copy()
    later = (bars["ticker"] == "T04") & (bars["date"] >= day_of())
    bars.loc[later, "ticker"] = "NEW"
    found = checked(bars)
    assert names_of(found) == {"ended": "T04", "possible_rename": "NEW"}
    assert is_healthy(found.summary)


def test_a_name_some_sessions_behind_the_market_is_late(market):
    end = row_of("T06", len(SESSIONS) - 1)
    finding = only(checked(market.drop(index=[end, end - 1])), "stale_last_bar")
    assert (finding["value"], finding["first"]) == (2.0, day_of(-3))


def test_names_that_all_end_in_one_session_show_the_source_s_end(market):
    gone = market["ticker"].isin(NAMES[:5]) & (market["date"] > day_of())
    found = checked(market[~gone])
    assert found.summary["by_check"]["ended"]["note"] == 5
    finding = found.findings.query("check == 'source_ended'").iloc[0]
    assert (finding["first"], finding["value"]) == (day_of(), 5.0)


def test_a_young_name_is_noted(market):
    late = (market["ticker"] == "T07") & (market["date"] < day_of(-40))
    assert only(checked(market[~late]), "short_history")["n_rows"] == 40


def test_a_ticker_without_prices_is_named(market):
    bars = market.copy()
    bars.loc[bars["ticker"] == "T08", PRICES] = np.nan
    found = names_of(checked(bars))
    assert found == {"no_close": "T08", "no_prices": "T08"}


def test_a_halt_is_a_note_and_a_move_without_volume_is_not(market):
    row = row_of("T09")
    still = unmoved(market, row) | {"volume": 0.0}
    assert only(checked(edited(market, row, **still)), "halt")["severity"] == "note"
    moved = only(checked(edited(market, row, volume=0.0)), "move_without_volume")
    assert moved["severity"] == "suspect"


@pytest.mark.parametrize("name", ["open", "high", "low", "volume"])
def test_a_missing_value_is_noted(market, name):
    finding = only(
        checked(edited(market, row_of("T09"), **{name: np.nan})), "missing_value"
    )
    assert name in finding["detail"]


def test_closes_that_stand_still_are_suspect_where_chance_makes_none(market):
    rows = range(row_of("T10"), row_of("T10") + 5)
    still = unmoved(market, row_of("T10"))
    finding = only(checked(edited(market, rows, **still)), "stale_close")
    assert (finding["n_rows"], finding["severity"]) == (6, "suspect")
    short = checked(edited(market, list(rows)[:3], **still))
    assert short.findings.empty


def test_a_fund_that_often_closes_unchanged_is_only_noted(market):
    bars = market.copy()
    fund = bars["ticker"] == "T10"
    cents = 91.0 + 0.01 * (np.arange(fund.sum()) // 3) + (np.arange(fund.sum()) // 40)
    bars.loc[fund, PRICES] = np.repeat(cents[:, None], 4, axis=1)
    bars.loc[fund, "adj_close"] = cents
    rows = np.flatnonzero(fund)[201:207]
    bars.loc[rows, PRICES] = bars.loc[rows[0], "close"]
    bars.loc[rows, "adj_close"] = bars.loc[rows[0], "close"]
    stale = checked(bars).findings.query("check == 'stale_close'")
    assert set(stale["severity"]) == {"note"}


def test_a_bar_that_comes_again_the_next_day_is_suspect(market):
    row = row_of("T11")
    values = [*PRICES, "adj_close", "volume"]
    again = edited(market, row, **market.loc[row - 1, values].to_dict())
    assert only(checked(again), "repeated_bar")["first"] == day_of()


def test_a_volume_at_the_limit_of_an_integer_is_suspect(market):
    full = edited(market, row_of("T12"), volume=2.0**31 - 1)
    assert only(checked(full), "volume_limit")["ticker"] == "T12"


def test_volumes_that_went_through_float32_are_noted(market):
    bars = market.copy()
    own = bars["ticker"] == "T12"
    shares = np.rint(bars.loc[own, "volume"] * 271) + 1
    exact = edited(bars, own, volume=shares)
    assert checked(exact).findings.empty
    rounded = edited(bars, own, volume=shares.astype(np.float32).astype(float))
    assert only(checked(rounded), "float32_volume")["severity"] == "note"


@pytest.mark.parametrize("ratio", [2.0, 3.0, 1.5, 10.0, 1 / 8])
def test_a_split_nobody_listed_is_suspect(market, ratio):
    bars = rebased(market, "T13", HERE, price=ratio, volume=1 / ratio)
    finding = only(checked(bars), "unlisted_split")
    assert finding["first"] == day_of()
    assert finding["expected"] == pytest.approx(ratio)
    assert f"near {ratio:.4g}" in finding["detail"]


def actions(**values) -> pd.DataFrame:
    row = {"date": day_of(), "ticker": "T13", "dividend": 0.0, "split_ratio": 1.0}
    return pd.DataFrame([row | values])


def test_a_listed_split_of_raw_prices_is_no_fault(market):
    bars = rebased(market.assign(adj_close=np.nan), "T13", HERE, price=2, volume=0.5)
    found = checked(bars, actions=actions(split_ratio=2.0), basis="raw")
    assert found.findings.empty


@pytest.mark.parametrize(
    ("basis", "price", "shown"),
    [
        ("raw", 1.0, "missing"),
        ("raw", 4.0, "twice"),
        ("split_adjusted", 2.0, "missing"),
        ("split_adjusted", 0.5, "twice"),
    ],
)
def test_a_listed_split_that_prices_show_wrongly_is_suspect(
    market, basis, price, shown
):
    adjusted = price if basis == "split_adjusted" else 1.0
    bars = rebased(
        market, "T13", HERE, price=price, volume=1 / price, adjusted=adjusted
    )
    found = checked(bars, actions=actions(split_ratio=2.0), basis=basis)
    assert shown in only(found, "listed_split")["detail"]


@pytest.mark.parametrize("factor", [100.0, 0.01, 1_000.0])
def test_a_change_of_unit_is_no_split(market, factor):
    finding = only(checked(rebased(market, "T14", HERE, price=factor)), "unit_change")
    assert finding["expected"] == pytest.approx(factor)


@pytest.mark.parametrize("factor", [0.1, 1.5, 10.0, 100.0])
def test_a_bad_print_is_found_from_both_sides(market, factor):
    row = row_of("T15")
    values = [*PRICES, "adj_close"]
    wrong = (market.loc[row, values] * factor).to_dict()
    found = checked(edited(market, row, **wrong)).findings
    assert set(found["ticker"]) == {"T15"}
    assert set(found["check"]) <= {"spike", "large_move"}
    assert found.query("check == 'spike'")["first"].tolist() == [day_of()]


def squeeze(market, volume, reach):
    """A name doubles in one session and falls back the next."""
    row = row_of("T16")
    values = (market.loc[row, [*PRICES, "adj_close"]] * 2).to_dict()
    values["low"] = values["high"] / reach
    values["open"] = values["low"]
    values["volume"] = market.loc[row, "volume"] * volume
    return checked(edited(market, row, **values)).findings


def test_a_squeeze_is_kept_as_a_note(market):
    for found in (squeeze(market, 20.0, 1.05), squeeze(market, 1.0, 1.9)):
        assert set(found["check"]) == {"large_move"}
        assert set(found["severity"]) == {"note"}


def test_an_unconfirmed_move_in_the_last_session_waits_for_the_next(market):
    last = row_of("T16", len(SESSIONS) - 1)
    values = (market.loc[last, [*PRICES, "adj_close"]] * 1.77).to_dict()
    finding = only(checked(edited(market, last, **values)), "large_move")
    assert finding["severity"] == "suspect"
    assert finding["value"] > 0.6


def test_a_distribution_only_adj_close_knows_is_a_note(market):
    bars = rebased(market, "T17", HERE, price=1.5, adjusted=1.0)
    finding = only(checked(bars), "distribution")
    assert finding["severity"] == "note"
    assert finding["expected"] < -0.3 < abs(finding["value"]) < 0.1


def test_an_adj_close_that_falls_where_close_does_not_is_suspect(market):
    bars = rebased(market, "T17", HERE, price=1.0, adjusted=1.2)
    assert only(checked(bars), "distribution")["severity"] == "suspect"
    bars = rebased(market, "T17", HERE, price=1.0, adjusted=1.01)
    assert only(checked(bars), "negative_dividend")["first"] == day_of()


@pytest.mark.parametrize(("applied", "silent"), [(0, False), (1, True), (2, False)])
def test_a_dividend_is_compared_with_adj_close(market, applied, silent):
    row = row_of("T13")
    share = 0.01
    paid = actions(dividend=share * market.loc[row - 1, "close"])
    bars = rebased(market, "T13", HERE, price=1.0, adjusted=(1 - share) ** applied)
    found = checked(bars, actions=paid)
    if silent:
        assert found.findings.empty
    else:
        assert only(found, "dividend")["expected"] == pytest.approx(-np.log1p(-share))


def test_two_names_with_the_same_closes_are_both_named(market):
    bars = market.copy()
    mine, theirs = (range(row_of(name), row_of(name) + 25) for name in ("T18", "T19"))
    values = [*PRICES, "adj_close", "volume"]
    bars.loc[theirs, values] = bars.loc[mine, values].to_numpy()
    found = checked(bars).findings.query("check == 'identical_series'")
    assert set(found["ticker"]) == {"T18", "T19"}
    assert set(found["n_rows"]) == {25}
    assert set(found["first"]) == {day_of()}


def test_dates_a_session_late_do_not_fit_the_market(market):
    bars = market.copy()
    own = bars.index[bars["ticker"] == "T20"]
    values = [*PRICES, "adj_close", "volume"]
    bars.loc[own[1:], values] = bars.loc[own[:-1], values].to_numpy()
    bars = bars.drop(index=own[0])
    found = checked(bars).findings
    assert set(found["check"]) == {"shifted_dates"}
    assert set(found["ticker"]) == {"T20"}
    assert "before" in found["detail"].iloc[0]


def test_a_ticker_of_another_calendar_is_named(market):
    own = market[market["ticker"] == "T21"]
    days = pd.date_range(SESSIONS[0], SESSIONS[-1], unit="us")
    daily = own.set_index("date").reindex(days, method="ffill").rename_axis("date")
    rest = market[market["ticker"] != "T21"]
    found = checked(pd.concat([rest, daily.reset_index()], ignore_index=True))
    finding = found.findings.query("check == 'other_calendar'").iloc[0]
    assert finding["ticker"] == "T21"
    assert 0.25 < finding["value"] < 0.35


@pytest.mark.parametrize(("share", "whose"), [(0.3, WHOLE_MARKET), (0.02, "T22")])
def test_a_session_that_had_not_ended_shows_in_its_volume(market, share, whose):
    last = market["date"] == day_of(-1)
    if whose:
        last &= market["ticker"] == whose
    bars = market.assign(volume=market["volume"].mask(last, market["volume"] * share))
    assert only(checked(bars), "unfinished_session")["ticker"] == whose


def benchmark(market) -> pd.DataFrame:
    """The mean of all names."""
    mean = market.groupby("date")["close"].mean()
    values = {name: mean.to_numpy() for name in (*PRICES, "adj_close")}
    keys = {"date": SESSIONS, "ticker": "SPY"}
    return pd.DataFrame(keys | values | {"volume": 1e6})


def test_a_benchmark_is_compared_day_by_day(market):
    spy = benchmark(market)
    assert checked(market, benchmarks=spy).findings.empty
    gap = checked(market, benchmarks=spy.drop(index=[50, 51]))
    assert only(gap, "benchmark_gap")["n_rows"] == 2
    extra = spy.iloc[[50]].assign(date=pd.Timestamp("2022-07-04"))
    found = checked(market, benchmarks=pd.concat([spy, extra]))
    assert only(found, "benchmark_extra_day")["severity"] == "note"
    late = spy.assign(date=np.roll(SESSIONS, -1)).iloc[:-1]
    shifted = checked(market, benchmarks=late).findings
    assert "benchmark_shifted" in set(shifted["check"])


def test_what_the_vendor_has_rewritten_is_told_run_by_run(market):
    assert checked(market, previous=market).findings.empty
    old = edited(market, [100, 101, 400], volume=7.0)
    found = checked(market, previous=old).findings
    assert list(found["check"]) == ["revised", "revised"]
    assert set(found["severity"]) == {"suspect"}
    assert sorted(found["n_rows"]) == [1, 2]
    gone = checked(market.drop(index=[300]), previous=market)
    assert names_of(gone)["withdrawn"] == "T00"


def test_a_history_rebased_by_one_factor_is_a_note(market):
    old = rebased(market, "T01", HERE, price=2.0, volume=0.5)
    finding = only(checked(market, previous=old), "revised")
    assert (finding["severity"], finding["n_rows"]) == ("note", HERE)
    assert finding["value"] == pytest.approx(0.5)


def test_an_undated_universe_is_noted(market):
    finding = only(checked(market, membership=None), "undated_universe")
    assert finding["severity"] == "note"


def test_no_bars_at_all_are_refused(market):
    with pytest.raises(DataError, match=r"^AK-D090 "):
        check_health(market.iloc[:0])


def spoilt(market) -> pd.DataFrame:
    bars = rebased(market, "T13", HERE, price=2.0, volume=0.5)
    bars = edited(bars, row_of("T03"), close=-1.0)
    values = [*PRICES, "adj_close", "volume"]
    mine, theirs = (range(row_of(name), row_of(name) + 25) for name in ("T18", "T02"))
    bars.loc[theirs, values] = bars.loc[mine, values].to_numpy()
    return bars.drop(index=range(300, 304))


def test_a_stored_table_is_checked_block_by_block_with_the_same_findings(
    market, tmp_path
):
    bars = spoilt(market)
    write_parts(tmp_path / "bars.parquet", [bars.iloc[:5000], bars.iloc[5000:]])
    small = HealthSpec(block_rows=4_000, market_names=5)
    stored = checked(StoredTable(tmp_path / "bars.parquet"), spec=small)
    whole = checked(bars, spec=HealthSpec(market_names=5))
    assert len(whole.findings) >= 4
    pd.testing.assert_frame_equal(stored.findings, whole.findings)
    assert stored.summary["by_check"] == whole.summary["by_check"]


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_the_rows_changes_nothing(market, seed):
    bars = spoilt(market)
    shuffled = bars.sample(frac=1.0, random_state=seed)
    expected = checked(bars).findings
    pd.testing.assert_frame_equal(checked(shuffled).findings, expected)


def test_the_summary_counts_what_the_findings_say(market):
    found = checked(spoilt(market))
    by_check = found.summary["by_check"]
    for word in SEVERITIES:
        counted = sum(block[word] for block in by_check.values())
        assert counted == (found.findings["severity"] == word).sum()
        assert counted == found.summary["by_severity"][word]
    serious = found.findings.query("severity != 'note' and ticker != ''")
    clean = 1 - serious["ticker"].nunique() / len(NAMES)
    assert found.summary["clean_share"] == pytest.approx(clean)
    assert not is_healthy(found.summary)


def test_every_check_says_what_it_means_and_what_to_do():
    for name, check in CHECKS.items():
        assert check.meaning, name
        assert check.remedy, name


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=30))
def test_runs_are_those_of_a_slow_count(places):
    places = sorted(places)
    slow: list[list[tuple[int, int]]] = []
    for code, row in places:
        if slow and slow[-1][-1][0] == code and row - slow[-1][-1][1] <= 1:
            slow[-1].append((code, row))
        else:
            slow.append([(code, row)])
    code, row = (np.array([p[k] for p in places], dtype=np.int64) for k in (0, 1))
    starts, lengths = runs_of(code, row)
    assert list(lengths) == [len(run) for run in slow]
    assert [places[start] for start in starts] == [run[0] for run in slow]


@given(st.floats(-4, 4))
def test_the_nearest_ratio_is_that_of_a_slow_search(log_ratio):
    found, distance = nearest_ratio(np.array([log_ratio]), RATIOS)
    slow = min(
        [*RATIOS, *(1 / ratio for ratio in RATIOS)],
        key=lambda ratio: abs(np.log(ratio) - log_ratio),
    )
    assert distance[0] == pytest.approx(abs(np.log(slow) - log_ratio), abs=1e-12)
    assert abs(np.log(found[0]) - log_ratio) == pytest.approx(distance[0])


def test_actions_reach_bars_that_spell_the_ticker_another_way():
    from alpha_kedro.market.health.block import _actions_on

    sessions = pd.date_range("2023-01-02", periods=3).to_numpy()
    actions = pd.DataFrame(
        {
            "date": sessions[1:2],
            "ticker": ["brk.b"],
            "dividend": [0.5],
            "split_ratio": [2.0],
        }
    )
    code, names = np.zeros(3, dtype=int), np.array(["BRK-B"], dtype=object)
    split, paid = _actions_on(code, np.arange(3), names, actions, sessions)
    assert list(split) == [1.0, 2.0, 1.0]
    assert list(paid) == [0.0, 0.5, 0.0]

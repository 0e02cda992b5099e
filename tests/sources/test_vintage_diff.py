"""What changed between two vintages, by answers known by hand and by a slow twin."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.sources.tables import MarketTables
from alpha_kedro.sources.vintages import diff as vintage_diff
from alpha_kedro.sources.vintages.diff import diff_vintages
from alpha_kedro.sources.vintages.kinds import find_ratio

PRICES = ["open", "high", "low", "close"]


def make_bars(n_days=10, tickers=("AA", "BB", "CC"), seed=1):
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2024-01-02", periods=n_days, unit="us")
    parts = []
    for name in tickers:
        close = 50 * np.exp(np.cumsum(rng.normal(0, 0.02, n_days)))
        quotes = dict(zip(PRICES, close * [[0.99], [1.02], [0.98], [1]], strict=True))
        volume = rng.integers(1_000, 9_000, n_days).astype(float)
        parts.append(
            pd.DataFrame(
                {"date": days, "ticker": name, **quotes, "adj_close": close * 0.9}
            ).assign(volume=volume)
        )
    return pd.concat(parts, ignore_index=True)


def market(bars, **tables):
    return MarketTables(parts=lambda: iter([bars]), **tables)


def diff(old, new, **tables):
    return diff_vintages(market(old), market(new, **tables))


def kinds(changes):
    return changes.tickers.set_index("ticker")["kind"].to_dict()


def all_rows(changes):
    return pd.concat(changes.rows(), ignore_index=True)


def counted(changes, table="bars"):
    of_table = changes.counts[changes.counts["table"] == table]
    return dict(zip(of_table["kind"], of_table["rows"], strict=True))


@pytest.fixture
def bars():
    return make_bars()


def cell(bars, name, place):
    return bars.index[bars["ticker"] == name][place]


def test_the_same_market_has_no_changes_in_any_order(bars):
    bars.loc[3, "volume"] = np.nan
    shuffled = bars.sample(frac=1, random_state=3)
    changes = diff(bars, shuffled)
    assert changes.are_none
    assert all_rows(changes).empty
    assert set(kinds(changes).values()) == {"unchanged"}


def test_new_sessions_are_appended(bars):
    changes = diff(bars[bars["date"] < bars["date"].max()], bars)
    assert counted(changes) == {"added": 3, "removed": 0, "changed": 0}
    assert set(kinds(changes).values()) == {"appended"}
    assert changes.tickers["appended"].tolist() == [1, 1, 1]
    assert not changes.are_none


def test_a_changed_row_says_its_field_before_after_and_by_how_much(bars):
    new = bars.copy()
    place = cell(new, "BB", 4)
    new.loc[place, "close"] *= 1.1
    changes = diff(bars, new)
    assert kinds(changes) == {"AA": "unchanged", "BB": "revised", "CC": "unchanged"}
    (row,) = all_rows(changes).to_dict("records")
    assert row["relative"] == pytest.approx(0.1)
    assert float(row["before"]) == bars.loc[place, "close"]
    assert float(row["after"]) == new.loc[place, "close"]
    row = {key: row[key] for key in ("table", "kind", "ticker", "field", "date")}
    assert row == {
        **{"table": "bars", "kind": "changed", "ticker": "BB", "field": "close"},
        "date": bars.loc[place, "date"],
    }


def test_the_last_bar_of_the_older_vintage_may_settle(bars):
    old = bars.copy()
    old.loc[cell(old, "AA", -1), ["close", "volume"]] = [51.0, 10.0]
    assert kinds(diff(old, bars))["AA"] == "settled"


def test_a_hole_in_history_that_is_filled_is_a_revision(bars):
    old = bars.drop(index=cell(bars, "AA", 3))
    changes = diff(old, bars)
    told = changes.tickers.set_index("ticker").loc["AA"]
    assert (told["kind"], told["filled"], told["appended"]) == ("revised", 1, 0)
    assert told["first_change"] == bars["date"].unique()[3]
    removed = diff(bars, old)
    assert kinds(removed)["AA"] == "revised"
    assert counted(removed) == {"added": 0, "removed": 1, "changed": 0}


def test_tickers_that_come_and_go_are_named(bars):
    others = make_bars(tickers=("BB", "CC", "DD"))
    changed = kinds(diff(bars, others.assign(ticker=others["ticker"])))
    assert changed["AA"] == "vanished"
    assert changed["DD"] == "new"


@pytest.mark.parametrize("counts_shares", [True, False])
@pytest.mark.parametrize("decimals", [12, 4])
@pytest.mark.parametrize("ratio", [0.25, 0.1, 7.5])
def test_a_split_rescales_all_earlier_prices(bars, ratio, decimals, counts_shares):
    """Until some day or throughout; rounded or not; shares counted anew or not."""
    for n_before in (6, 10):
        days = bars["date"].unique()[:n_before]
        mine = (bars["ticker"] == "AA") & bars["date"].isin(days)
        new = bars.copy()
        for name in (*PRICES, "adj_close"):
            new.loc[mine, name] = (new.loc[mine, name] * ratio).round(decimals)
        if counts_shares:
            new.loc[mine, "volume"] = (new.loc[mine, "volume"] / ratio).round()
        old = bars.assign(**{name: bars[name].round(decimals) for name in PRICES})
        new = new.assign(**{name: new[name].round(decimals) for name in PRICES})
        told = diff(old, new).tickers.set_index("ticker").loc["AA"]
        assert told["kind"] == "rescaled"
        assert told["price_ratio"] == pytest.approx(ratio, rel=1e-4)
        assert told["adj_close_ratio"] == pytest.approx(ratio, rel=1e-4)
        assert told["first_change"] == days[0]


def test_a_dividend_rescales_the_total_return_alone(bars):
    new = bars.copy()
    mine = (new["ticker"] == "CC") & (new["date"] < new["date"].max())
    new.loc[mine, "adj_close"] *= 0.995
    told = diff(bars, new).tickers.set_index("ticker").loc["CC"]
    assert told["kind"] == "rescaled"
    assert told["price_ratio"] == 1.0
    assert told["adj_close_ratio"] == pytest.approx(0.995)


def spoil_one(new, mine):
    new.loc[new.index[mine][2], "close"] *= 1.01


def spoil_volume(new, mine):
    new.loc[new.index[mine][2], "volume"] *= 2


def spoil_missing(new, mine):
    new.loc[new.index[mine][2], "open"] = np.nan


def leave_an_early_row(new, mine):
    first = new.index[mine][0]
    new.loc[first, PRICES] /= 0.5


@pytest.mark.parametrize(
    "spoil", [spoil_one, spoil_volume, spoil_missing, leave_an_early_row]
)
def test_a_rescaling_that_leaves_something_unexplained_is_a_revision(bars, spoil):
    new = bars.copy()
    mine = new["ticker"] == "AA"
    new.loc[mine, PRICES] *= 0.5
    assert kinds(diff(bars, new))["AA"] == "rescaled"
    spoil(new, mine)
    assert kinds(diff(bars, new))["AA"] == "revised"


def test_a_single_row_is_no_basis():
    old = np.array([[10.0, 11.0], [10.0, 11.0]])
    assert find_ratio(old, np.array([[5.0, 5.5], [10.0, 11.0]])) is None
    assert find_ratio(old, old) is None
    assert find_ratio(old, old / 2) == (0.5, 2)


def test_changes_within_the_last_digit_are_revisions_and_no_rescaling():
    old = np.array([[10.0], [11.0], [12.0]])
    assert find_ratio(old, old + 0.0001) is None


def test_duplicates_and_rows_without_a_ticker_are_compared_too(bars):
    old = pd.concat([bars, bars.iloc[[0]].assign(close=1.0)], ignore_index=True)
    old = pd.concat([old, bars.iloc[[1]].assign(ticker=None)], ignore_index=True)
    assert diff(old, old).are_none
    new = old.copy()
    new.loc[len(bars), "close"] = 2.0
    new.loc[len(bars) + 1, "close"] = 3.0
    changes = diff(old, new)
    assert counted(changes) == {"added": 0, "removed": 0, "changed": 2}
    assert kinds(changes)["AA"] == "revised"
    assert changes.tickers["ticker"].isna().sum() == 1
    assert counted(diff(old, bars)) == {"added": 0, "removed": 2, "changed": 0}


def test_the_other_tables_are_compared_by_their_keys(bars):
    days = pd.to_datetime(["2020-01-02", "2021-01-04"]).astype("datetime64[us]")
    never = pd.Series([pd.NaT, pd.NaT], dtype="datetime64[us]")
    members = pd.DataFrame(
        {"ticker": ["AA", "BB"], "start": days, "end": never, "price_ticker": "AA"}
    )
    sectors = pd.DataFrame({"ticker": ["AA", "BB"], "sector": ["Energy", "Tech"]})
    old = market(bars, membership=members, sectors=sectors)
    left = members.assign(end=[pd.NaT, days[1]])
    moved = sectors.assign(sector=["Energy", "Health"])
    new = market(bars, membership=left, sectors=moved, actions=dividends(days))
    changes = diff_vintages(old, new)
    assert counted(changes, "membership") == {"added": 0, "removed": 0, "changed": 1}
    assert counted(changes, "actions") == {"added": 2, "removed": 0, "changed": 0}
    rows = all_rows(changes).set_index("table")
    assert rows.loc["membership", ["field", "after"]].tolist() == ["end", "2021-01-04"]
    told = rows.loc["sectors", ["ticker", "before", "after"]].tolist()
    assert told == ["BB", "Tech", "Health"]
    assert (rows.loc["actions", "kind"] == "added").all()
    gone = diff_vintages(new, old)
    assert counted(gone, "actions") == {"added": 0, "removed": 2, "changed": 0}


def dividends(days):
    return pd.DataFrame(
        {"date": days, "ticker": "AA", "dividend": 0.5, "split_ratio": 1.0}
    )


def test_sectors_that_become_dated_are_compared_by_ticker(bars):
    undated = pd.DataFrame({"ticker": ["AA"], "sector": ["Energy"]})
    dated = undated.assign(start=pd.Timestamp("2020-01-02"), end=pd.NaT)
    changes = diff_vintages(market(bars, sectors=undated), market(bars, sectors=dated))
    assert counted(changes, "sectors") == {"added": 0, "removed": 0, "changed": 1}


def test_another_basis_is_a_change(bars):
    changes = diff_vintages(market(bars, basis="raw"), market(bars))
    assert changes.basis == ("raw", "split_adjusted")
    assert not changes.are_none


def test_blocks_of_tickers_leave_no_trace(bars, monkeypatch):
    new = make_bars(12, tickers=("AA", "CC", "EE"))
    whole = diff(bars, new)
    monkeypatch.setattr(vintage_diff, "_BLOCK_ROWS", 7)
    parted = diff(bars, new)
    pd.testing.assert_frame_equal(whole.tickers, parted.tickers)
    pd.testing.assert_frame_equal(whole.counts, parted.counts)
    pd.testing.assert_frame_equal(all_rows(whole), all_rows(parted))


def test_a_market_without_bars_is_compared_as_well(bars):
    nothing = bars.iloc[:0]
    assert diff(nothing, nothing).are_none
    assert counted(diff(nothing, bars))["added"] == len(bars)
    assert set(kinds(diff(bars, nothing)).values()) == {"vanished"}


VALUE = st.sampled_from([1.0, 2.0, float("nan")])
ROWS = st.lists(
    st.tuples(st.sampled_from(["A", "B", "C"]), st.integers(0, 3), VALUE, VALUE),
    max_size=12,
)


def as_bars(rows):
    days = pd.to_datetime("2024-01-02") + pd.to_timedelta([r[1] for r in rows], "D")
    return pd.DataFrame(
        {
            "date": days.astype("datetime64[us]"),
            "ticker": pd.Series([row[0] for row in rows], dtype="str"),
            "close": pd.Series([row[2] for row in rows], dtype="float64"),
            "volume": pd.Series([row[3] for row in rows], dtype="float64"),
        }
    )


def slow_counts(old, new):
    """The n-th row of a key against the n-th, one by one."""

    def keyed(rows):
        found = {}
        for name, day, *values in rows:
            found.setdefault((name, day), []).append(repr(values))
        return found

    left, right = keyed(old), keyed(new)
    told = {"added": 0, "removed": 0, "changed": 0}
    for key in left.keys() | right.keys():
        mine, theirs = left.get(key, []), right.get(key, [])
        told["added"] += max(len(theirs) - len(mine), 0)
        told["removed"] += max(len(mine) - len(theirs), 0)
        told["changed"] += sum(map(str.__ne__, mine, theirs))
    return told


@settings(max_examples=40, deadline=None)
@given(old=ROWS, new=ROWS)
def test_every_row_is_accounted_for(old, new):
    changes = diff(as_bars(old), as_bars(new))
    assert counted(changes) == slow_counts(old, new)
    rows = all_rows(changes)
    whole = rows[rows["kind"] != "changed"]
    assert len(whole) == counted(changes)["added"] + counted(changes)["removed"]
    assert set(changes.tickers["ticker"]) == {row[0] for row in (*old, *new)}

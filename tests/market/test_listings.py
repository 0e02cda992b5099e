"""Who left, and whether a company died or a vendor stopped collecting."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.core.schemas import Listings
from alpha_kedro.market import listing_fates, simulate_market

SESSIONS = sessions_between("XNYS", "2020-01-02", "2022-12-30")
FINAL = len(SESSIONS) - 1


def bars_until(**last: int) -> pd.DataFrame:
    """One row per name and session, up to the session with that number."""
    return pd.concat(
        [
            pd.DataFrame({"date": SESSIONS[: row + 1], "ticker": name})
            for name, row in last.items()
        ],
        ignore_index=True,
    ).astype({"ticker": "str"})


def fates_of(bars: pd.DataFrame, **options: object) -> dict[str, str]:
    listings, report = listing_fates(bars, **({"delisted_after": 10} | options))
    Listings.validate(listings)
    counts = [report[f"n_{fate}"] for fate in ("listed", "delisted", "source_ended")]
    assert sum(counts) == report["n_tickers"] == bars["ticker"].nunique()
    return dict(zip(listings["ticker"], listings["fate"], strict=True))


def record(*rows: tuple[str, int, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["ticker", "date", "exit_return"])
    return table.assign(date=SESSIONS[table["date"]])


def test_a_name_has_left_once_its_absence_has_lasted():
    bars = bars_until(A=FINAL, B=FINAL - 10, C=FINAL - 9)
    assert fates_of(bars) == {"A": "listed", "B": "delisted", "C": "listed"}


def test_first_and_last_are_those_of_the_bars():
    bars = bars_until(A=FINAL, B=50)
    bars = bars[(bars["ticker"] != "B") | (bars["date"] >= SESSIONS[20])]
    table, _ = listing_fates(bars.sample(frac=1, random_state=0), delisted_after=10)
    assert table["ticker"].tolist() == ["A", "B"]
    assert table["first"].tolist() == [SESSIONS[0], SESSIONS[20]]
    assert table["last"].tolist() == [SESSIONS[FINAL], SESSIONS[50]]


def test_two_of_two_names_that_end_on_one_late_session_are_the_end_of_a_source():
    bars = bars_until(A=FINAL, EEM=500, DIA=500)
    table, report = listing_fates(bars, delisted_after=10)
    # The second end falls on the session of the first once in 501 times.
    assert table["fate"].tolist() == ["listed", "source_ended", "source_ended"]
    assert report["source_ends"] == {f"{pd.Timestamp(SESSIONS[500]):%Y-%m-%d}": 2}
    assert table["exit_return"].fillna(9).tolist() == [9, 0, 0]


def test_two_ends_on_one_early_session_may_be_chance():
    # Once in 91 times.
    bars = bars_until(A=FINAL, EEM=90, DIA=90)
    assert set(fates_of(bars).values()) == {"listed", "delisted"}
    assert fates_of(bars, level=1 / 90)["DIA"] == "source_ended"


def test_a_lone_end_is_a_delisting_and_its_return_is_not_known():
    table, report = listing_fates(bars_until(A=FINAL, B=500), delisted_after=10)
    assert table["fate"].tolist() == ["listed", "delisted"]
    assert table["exit_return"].isna().all()
    assert report["source_ends"] == {}


def slow_fates(last: dict[str, int], after: int, level: float) -> dict[str, str]:
    left = {name: row for name, row in last.items() if FINAL - row >= after}
    fates = dict.fromkeys(last, "listed")
    for name, row in left.items():
        here = sum(other == row for other in left.values())
        so_far = sum(other <= row for other in left.values())
        chance = binom.sf(here - 1, so_far, 1 / (row + 1)) * (row + 1)
        ended = here > 1 and chance < level
        fates[name] = "source_ended" if ended else "delisted"
    return fates


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(st.sampled_from([9, 60, 61, 300, 301, 700, 745, 750]), max_size=9),
    level=st.sampled_from([0.001, 0.01, 0.2]),
)
def test_fates_agree_with_their_slow_twin(rows, level):
    last = {"ALIVE": FINAL} | {f"N{i}": row for i, row in enumerate(rows)}
    fast = fates_of(bars_until(**last), level=level)
    assert fast == slow_fates(last, 10, level)


@settings(max_examples=20, deadline=None)
@given(
    rows=st.lists(st.integers(20, 740), min_size=1, max_size=9),
    cut=st.integers(40, 750),
)
def test_a_fate_is_final_once_the_absence_is(rows, cut):
    bars = bars_until(ALIVE=FINAL, **{f"N{i}": row for i, row in enumerate(rows)})
    seen = bars[bars["date"] <= SESSIONS[cut]]
    now, later = (listing_fates(b, delisted_after=10)[0] for b in (seen, bars))
    gone = (now["fate"] != "listed").to_numpy()
    pd.testing.assert_frame_equal(now[gone], later[gone], check_exact=True)


def days_refused():
    """B is quoted on, in rows that are refused; the last bar of C is no bar."""
    return [("B", 505), ("B", 510), ("C", 601), ("C", 611), ("C", 590)]


def test_a_name_that_is_refused_while_it_trades_has_not_died():
    bars = bars_until(A=FINAL, B=500, C=600)
    refused = record(*[(name, row, 0) for name, row in days_refused()])
    assert fates_of(bars, rejects=refused) == {
        "A": "listed",
        "B": "source_ended",
        "C": "delisted",
    }
    _, report = listing_fates(bars, delisted_after=10, rejects=refused)
    assert report["n_cut_off"] == 1


def test_names_cut_off_do_not_make_others_look_like_the_end_of_a_source():
    bars = bars_until(A=FINAL, B=500, C=500)
    refused = record(("B", 510, 0))
    assert fates_of(bars, rejects=refused)["C"] == "delisted"


def test_a_delisting_on_record_overrules_the_count():
    bars = bars_until(A=FINAL, EEM=500, DIA=500, SIVB=500, TAKEN=300)
    known = record(("SIVB", 501, -1.0), ("TAKEN", 300, 0.0), ("EEM", 511, 0.2))
    table, report = listing_fates(bars, delisted_after=10, known=known)
    rows = table.set_index("ticker")
    assert rows.loc["SIVB", ["fate", "exit_return"]].tolist() == ["delisted", -1.0]
    assert rows.loc["TAKEN", ["fate", "exit_return"]].tolist() == ["delisted", 0.0]
    assert rows.loc["EEM", "fate"] == "source_ended", "its prices end too long before"
    assert (report["n_known"], report["n_known_unmatched"]) == (3, 1)


def test_a_delisting_on_record_without_a_return_leaves_it_to_the_assumption():
    bars = bars_until(A=FINAL, EEM=500, DIA=500)
    known = record(("EEM", 500, np.nan), ("A", FINAL, -1.0))
    rows = listing_fates(bars, delisted_after=10, known=known)[0].set_index("ticker")
    assert rows.loc["EEM", "fate"] == "delisted"
    assert np.isnan(rows.loc["EEM", "exit_return"])
    assert rows.loc["A", "fate"] == "listed", "it still trades"


@pytest.mark.parametrize("seed", range(3))
def test_the_deaths_of_a_simulated_market_are_deaths(seed):
    bars = simulate_market(60, 900, seed=seed, delisting_rate=0.08).bars
    assert "source_ended" not in fates_of(bars).values()


def test_a_later_row_that_fits_nothing_does_not_hide_the_one_that_fits():
    """A name is used again: its second owner is removed long after."""
    bars = bars_until(A=FINAL, SIVB=500)
    known = record(("SIVB", 501, -1.0), ("SIVB", 700, 0.0))
    table, report = listing_fates(bars, delisted_after=10, known=known)
    assert table.set_index("ticker").loc["SIVB", "exit_return"] == -1.0
    assert report["n_known_unmatched"] == 1


def test_of_two_rows_that_fit_the_later_counts():
    known = record(("B", 502, -0.5), ("B", 501, -1.0))
    bars = bars_until(A=FINAL, B=500)
    table, report = listing_fates(bars, delisted_after=10, known=known)
    assert table.set_index("ticker").loc["B", "exit_return"] == -0.5
    assert report["n_known_unmatched"] == 0


@pytest.mark.parametrize("name", ["BRK.B", " brk-b "])
def test_a_record_reaches_a_share_class_spelt_otherwise(name):
    bars = bars_until(A=FINAL, **{"BRK-B": 500})
    known = record((name, 501, -0.3))
    table, report = listing_fates(bars, delisted_after=10, known=known)
    assert table.set_index("ticker").loc["BRK-B", "exit_return"] == -0.3
    assert report["n_known_unmatched"] == 0

"""Every check by name: what a finding means and what to do about it."""

from dataclasses import dataclass

from alpha_kedro.core.registry import Registry


@dataclass(frozen=True)
class Check:
    """What a finding of this name says.

    Attributes
    ----------
    meaning
        What was seen.
    remedy
        What a person should do.
    """

    meaning: str
    remedy: str


CHECKS: Registry[Check] = Registry("check")

_FETCH = "fetch the ticker again; compare with another source"
_REJECTS = "look the row up in rejects; correct it at the source"

_REFUSED = {
    "bad_ticker": "the name is missing, or cannot stand in a path",
    "bad_date": "the date is missing",
    "future_date": "the bar is of a day that has not come",
    "unfinished": "the session had not ended when the bar was taken",
    "not_a_session": "the exchange was closed on that day",
    "infinite": "a value is infinite",
    "no_close": "the close is missing",
    "not_positive": "a price is zero or negative",
    "negative_volume": "the volume is negative, as after an overflow",
    "high_below_low": "the high lies below the low",
    "open_outside_range": "the open lies outside low to high",
    "close_outside_range": "the close lies outside low to high",
    "no_adj_close": "the total return is missing of a ticker that began with one",
    "duplicate": "the same bar came more than once; one is kept",
    "unsettled_duplicate": "the bar is of an open session; the settled one is kept",
    "conflicting_duplicate": "one session has bars that contradict each other",
    "too_many_gaps": "the ticker has missed too many sessions before this bar",
}

_SERIES = {
    "missing_sessions": (
        "the ticker has no bar on sessions within its life",
        "fetch these days again; a long halt is left as it is",
    ),
    "missing_market_days": (
        "most names have no bar on these sessions",
        "fetch these days for all names",
    ),
    "reused_symbol": (
        "a long absence, then another price level: perhaps another company",
        "give the two companies two names",
    ),
    "possible_rename": (
        "the ticker begins where another ended: perhaps one company",
        "join them under one name",
    ),
    "ended": (
        "the bars end before the market's do",
        "give a table of delistings if you know what became of it",
    ),
    "source_ended": (
        "several names end in one session: the source stopped, they did not",
        "find their later bars; a position leaves at the last close",
    ),
    "unfinished_session": (
        "volume says that the session had not ended when the vendor was asked",
        "fetch again after the close",
    ),
    "stale_last_bar": (
        "the last bars are missing",
        "fetch again when the vendor has them",
    ),
    "no_prices": (
        "not one sound bar",
        "drop the ticker, or fetch it under its own name",
    ),
    "short_history": ("too few bars to learn from", "none; features stay missing"),
    "missing_value": ("open, high, low or volume is missing", _FETCH),
    "halt": ("no trade in the session", "none; nothing is filled on such days"),
    "move_without_volume": ("prices moved and nobody traded", _FETCH),
    "stale_close": (
        "the close stood still while shares changed hands",
        "suspect: the feed was stuck, fetch again; note: usual for this ticker",
    ),
    "repeated_bar": ("the bar before came again under a new date", _FETCH),
    "volume_limit": ("the volume is cut at what an integer holds", _FETCH),
    "float32_volume": (
        "volumes went through float32 and lost their last digits",
        "none for research; fetch as int64 where digits matter",
    ),
    "unlisted_split": (
        "prices changed by a split's ratio overnight, in a calm session, for good",
        "add the split to the actions, or fetch the whole ticker on one basis",
    ),
    "listed_split": (
        "a listed split is not in the prices, or is in them twice",
        "check markets.*.basis and the ex-date; correct the actions",
    ),
    "unit_change": (
        "prices changed a hundred- or a thousandfold for good",
        "convert pence to pounds (or lots to shares) on one side of the day",
    ),
    "spike": (
        "one price far from its neighbours, unconfirmed by volume or range",
        "compare with another source; leave the row out if it is a bad print",
    ),
    "large_move": (
        "a very large total return, confirmed by volume or by what followed",
        "note: none, it is kept; suspect: wait for the next session",
    ),
    "distribution": (
        "the returns of adj_close and close are far apart",
        "note: a special dividend or spin-off, use adj_close; suspect: check adj_close",
    ),
    "dividend": (
        "adj_close leaves a listed dividend out, or takes it out twice",
        "fetch the ticker's adj_close again, or leave it out: actions are used then",
    ),
    "negative_dividend": (
        "adj_close returns less than close: two bases were joined",
        "fetch the whole ticker again",
    ),
    "identical_series": (
        "two tickers have the same closes for weeks",
        "one of them was answered with the other's data: fetch both again",
    ),
    "shifted_dates": (
        "the ticker moves with the market of another session: dates are off by one",
        "read the vendor's instants on the exchange's clock",
    ),
    "other_calendar": (
        "many bars are on days without a session",
        "set the calendar of the market, or bring these names separately",
    ),
    "benchmark_gap": ("the benchmark has no bar on sessions", "fetch these days again"),
    "benchmark_extra_day": (
        "the benchmark has a bar where the names have no session",
        "none; the day is left out",
    ),
    "benchmark_shifted": (
        "the benchmark moves with the names of another session",
        "align its dates: alpha and beta are wrong otherwise",
    ),
    "revised": (
        "values differ from the vintage before",
        "note: rebased by one factor after an action; suspect: ask which one is right",
    ),
    "withdrawn": (
        "rows of the vintage before are gone",
        "fetch again; keep the old vintage",
    ),
    "undated_universe": (
        "nobody says who was in the index when: survivors only",
        "set a membership; results without it are flattered",
    ),
}

for _name, _meaning in _REFUSED.items():
    CHECKS.add(_name, Check(_meaning, _REJECTS))
for _name, (_meaning, _remedy) in _SERIES.items():
    CHECKS.add(_name, Check(_meaning, _remedy))


def check_named(name: str) -> Check:
    """Return what a check means; a reason that is new to us speaks for itself."""
    return CHECKS.get(name) or Check(name.replace("_", " "), _REJECTS)

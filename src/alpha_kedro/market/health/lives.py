"""When names trade and when not: gaps, ends, beginnings, the last session."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Int
from alpha_kedro.market.health.block import Setting
from alpha_kedro.market.health.findings import WHOLE_MARKET, make_findings, runs_of
from alpha_kedro.market.health.tally import Tally

_ANOTHER_LEVEL = 0.35  # log: a name that comes back elsewhere may be another company
_SAME_LEVEL = 0.04  # log: one that follows at this distance may be the same one


def market_end(market: Tally, setting: Setting) -> int:
    """Return the last session on which the market, not a stray name, has bars."""
    filled = np.flatnonzero(market.present)
    if not len(filled):
        return -1
    recent = filled[-setting.spec.delisted_after :]
    usual = np.median(market.present[recent])
    enough = market.present[recent] >= (1 - setting.spec.outage_share) * usual
    return int(recent[enough][-1])


def alive(market: Tally) -> Int:
    """Return how many names are between their first and last bar: (n_sessions,)."""
    n = len(market.present)
    born = np.bincount(market.lives["first"], minlength=n + 1)
    gone = np.bincount(market.lives["last"] + 1, minlength=n + 1)
    return np.cumsum(born - gone)[:n]


def outages(market: Tally, setting: Setting) -> Int:
    """Return the sessions that most of the living names miss."""
    living = alive(market)
    lacking = living - market.present
    return np.flatnonzero(
        (living > 0) & (lacking >= setting.spec.outage_share * living)
    )


def check_outages(market: Tally, setting: Setting) -> pd.DataFrame:
    """Return runs of sessions that most or all names miss: a fault of the vendor."""
    at = outages(market, setting)
    starts, lengths = runs_of(np.zeros_like(at), at)
    first = at[starts]
    missing = (alive(market) - market.present)[first]
    return make_findings(
        "missing_market_days",
        ticker=WHOLE_MARKET,
        first=setting.sessions[first],
        last=setting.sessions[at[starts + lengths - 1]],
        n_rows=lengths,
        severity="suspect",
        value=missing,
        expected=0.0,
        detail="{n_rows} sessions without {value:.0f} of {living} names",
        living=alive(market)[first],
    )


def check_gaps(market: Tally, setting: Setting) -> pd.DataFrame:
    """Return runs of missing sessions; a long one may hide a change of company."""
    gaps = market.gaps
    lost = np.zeros(len(setting.sessions) + 1, dtype=np.int64)
    lost[outages(market, setting) + 1] = 1
    in_outage = np.cumsum(lost)
    own = gaps["last"] - gaps["first"] + 1
    own -= in_outage[gaps["last"] + 1] - in_outage[gaps["first"]]
    gaps = gaps.assign(n_rows=gaps["last"] - gaps["first"] + 1)[own > 0]
    long = gaps["n_rows"] > setting.spec.delisted_after
    moved = np.abs(np.log(gaps["level"])) > _ANOTHER_LEVEL
    return pd.concat(
        [
            _gap_findings(
                gaps[~(long & moved)],
                setting,
                "missing_sessions",
                "{n_rows} sessions missing",
            ),
            _gap_findings(
                gaps[long & moved],
                setting,
                "reused_symbol",
                "{n_rows} sessions missing, then {value:.4g} times the close before",
            ),
        ]
    )


def check_ends(market: Tally, setting: Setting) -> pd.DataFrame:
    """Return names whose bars end: late ones, departed ones, and a source that ends."""
    lives, end = market.lives, market_end(market, setting)
    absence = end - lives["last"]
    late = lives[(absence > 0) & (absence < setting.spec.delisted_after)]
    gone = lives[absence >= setting.spec.delisted_after]
    together = gone.groupby("last")["ticker"].transform("size")
    many = gone[together >= setting.spec.mass_end]
    ends = many.groupby("last")["ticker"].agg(["size", "min"])
    return pd.concat(
        [
            make_findings(
                "stale_last_bar",
                ticker=late["ticker"],
                first=setting.sessions[late["last"]],
                severity="suspect",
                value=absence[late.index],
                expected=0.0,
                detail="{value:.0f} sessions behind the market",
            ),
            make_findings(
                "ended",
                ticker=gone["ticker"],
                first=setting.sessions[gone["last"]],
                severity="note",
                value=gone["last_close"],
                detail="no bar since; last close {value:.6g}",
            ),
            make_findings(
                "source_ended",
                ticker=WHOLE_MARKET,
                first=setting.sessions[ends.index],
                severity="suspect",
                value=ends["size"],
                detail="{value:.0f} names end in this session, {name} among them",
                name=ends["min"],
            ),
        ]
    )


def check_renames(market: Tally, setting: Setting) -> pd.DataFrame:
    """Return names that begin where another ends: the next session, at its level."""
    lives = market.lives
    ended = lives.loc[lives["last"] < market_end(market, setting)]
    old = ended[["ticker", "last", "last_close"]].assign(first=ended["last"] + 1)
    pairs = old.merge(lives, on="first", suffixes=("", "_new"))
    step = np.log(pairs["first_price"] / pairs["last_close"])
    pairs = pairs[np.abs(step) <= _SAME_LEVEL]
    return make_findings(
        "possible_rename",
        ticker=pairs["ticker_new"],
        first=setting.sessions[pairs["first"]],
        severity="note",
        value=pairs["first_price"],
        expected=pairs["last_close"],
        detail="begins at {value:.6g} the session after {old} ended at {expected:.6g}",
        old=pairs["ticker"],
    )


def check_short_histories(market: Tally, setting: Setting) -> pd.DataFrame:
    """Return tickers with too few bars to say anything about."""
    young = market.lives[market.lives["n_bars"] < setting.spec.short_history]
    return make_findings(
        "short_history",
        ticker=young["ticker"],
        first=setting.sessions[young["first"]],
        last=setting.sessions[young["last"]],
        n_rows=young["n_bars"],
        severity="note",
        detail="{n_rows} bars",
    )


def check_last_session(market: Tally, setting: Setting) -> pd.DataFrame:
    """Return a last session that had not ended when the vendor was asked.

    All names with a small part of their usual volume, or a single one with next to
    nothing of it; one without any is halted.
    """
    spec, end = setting.spec, market_end(market, setting)
    newest = market.lives[market.lives["last"].eq(end)]
    share = newest["last_volume"].to_numpy()
    known = share[np.isfinite(share)]
    many = len(known) >= spec.market_names
    middle = float(np.median(known)) if many else np.nan
    unfinished = bool(middle < spec.unfinished_share)
    meagre = (share > 0) & (share < spec.unfinished_name_share) & (not unfinished)
    single = newest[meagre]
    day = setting.sessions[end : end + 1]
    return pd.concat(
        [
            make_findings(
                "unfinished_session",
                ticker=WHOLE_MARKET,
                first=day if unfinished else [],
                severity="suspect",
                n_rows=len(known),
                value=middle,
                expected=1.0,
                detail="volume of the last session is {value:.0%} of the usual",
            ),
            make_findings(
                "unfinished_session",
                ticker=single["ticker"],
                first=np.repeat(day, len(single)),
                severity="suspect",
                value=single["last_volume"],
                expected=1.0,
                detail="volume of the last session is {value:.1%} of the usual",
            ),
        ]
    )


def _gap_findings(
    gaps: pd.DataFrame, setting: Setting, check: str, detail: str
) -> pd.DataFrame:
    return make_findings(
        check,
        ticker=gaps["ticker"],
        first=setting.sessions[gaps["first"]],
        last=setting.sessions[gaps["last"]],
        n_rows=gaps["n_rows"],
        severity="suspect",
        value=gaps["level"],
        expected=1.0,
        detail=detail,
    )

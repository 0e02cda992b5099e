"""How much of a market was covered, and what a run has to say of it."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.sources.yahoo.keep import Outcome
from alpha_kedro.sources.yahoo.reading import StoredMarket
from alpha_kedro.sources.yahoo.spec import YahooMarketSpec

Outcomes = Mapping[str, Outcome]


def coverage(outcomes: Outcomes) -> float:
    """Return the share of names that were answered for, or needed no asking."""
    return sum(outcome.answered for outcome in outcomes.values()) / len(outcomes)


def refuse_thin(outcomes: Outcomes, *, spec: YahooMarketSpec) -> None:
    """Refuse a market of which too little is covered.

    Parameters
    ----------
    outcomes
        How each ticker of the universe stands, benchmarks not counted.
    spec
        The share that is wanted.

    Raises
    ------
    DataError
        ``AK-D070`` when not a single name is covered, ``AK-D071`` when fewer are than
        ``min_coverage``; both list the names with their reasons.
    """
    failed = _reasons(outcomes, answered=False)
    places = [f"{ticker} ({reason})" for ticker, reason in failed.items()]
    if len(failed) == len(outcomes):
        raise DataError(
            "AK-D070",
            f"not one of {len(outcomes)} name(s) has come",
            where=places,
            wanted="an answer with quotes; what was stored before is untouched",
            fix=_fix(spec),
        )
    if coverage(outcomes) < spec.min_coverage:
        raise DataError(
            "AK-D071",
            f"{len(failed)} of {len(outcomes)} names are not covered",
            where=places,
            got=f"{coverage(outcomes):.1%}",
            wanted=f"at least {spec.min_coverage:.1%} (markets.yahoo.min_coverage)",
            fix=f"{_fix(spec)}; names Yahoo does not know have to be left out, or "
            "min_coverage lowered to what is there",
        )


def facts_of(
    outcomes: Outcomes, market: StoredMarket, *, n_tickers: int
) -> dict[str, Any]:
    """Return what a run knows of its names, in plain types.

    Parameters
    ----------
    outcomes
        How each ticker and benchmark stands.
    market
        What is read.
    n_tickers
        Names of the universe among them.

    Returns
    -------
    dict
        source, fetched_at, vintage (``as_of`` that reads the same bytes again),
        n_tickers, statuses (count of each), failed (ticker to reason: not covered;
        whoever has bars has old ones), n_failed, stale (ticker to reason: answered, and
        without the last session), revised (ticker to why its history was fetched
        again), rows (sum of the counts of all answers).
    """
    rows: Counter[str] = Counter()
    for outcome in outcomes.values():
        rows.update(outcome.counts)
    failed = _reasons(outcomes, answered=False)
    return {
        "source": "yahoo",
        "fetched_at": _text(market.fetched_at),
        "vintage": _text(market.vintage),
        "n_tickers": n_tickers,
        "statuses": dict(Counter(each.status for each in outcomes.values())),
        "n_failed": len(failed),
        "failed": failed,
        "stale": _reasons(outcomes, answered=True),
        "revised": {
            ticker: outcome.revised
            for ticker, outcome in outcomes.items()
            if outcome.revised
        },
        "rows": dict(rows),
    }


def _text(instant: pd.Timestamp | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _reasons(outcomes: Outcomes, *, answered: bool) -> dict[str, str]:
    return {
        ticker: outcome.reason
        for ticker, outcome in outcomes.items()
        if outcome.reason and outcome.answered == answered
    }


def _fix(spec: YahooMarketSpec) -> str:
    if not spec.asks:
        return "run once with markets.yahoo.offline: false and as_of: null"
    return "run again later: what has come is kept and is not asked for again"

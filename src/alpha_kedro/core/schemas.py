"""The contract of every table up to model input that outlives a run.

The catalog names a contract beside each dataset, and Kedro checks it when the table is
saved. What it is made of, and what holds unless it says otherwise: `core.contract`.
Tables of results: `core.result_schemas`.
"""

import pandera.pandas as pa

from alpha_kedro.core.contract import (
    A_RETURN,
    FINITE,
    NOT_NEGATIVE,
    POSITIVE,
    as_given,
    check,
    day,
    feature,
    one_of,
    real,
    table_of,
    text,
    whole,
)

_VENDOR_ROUNDING = 0.01  # bars may be rounded before they are adjusted for splits
_PERIODS = ("Q1", "Q2", "Q3", "FY")
_FIGURES = (
    *("revenues", "op_income", "net_income", "eps_basic", "eps_diluted", "dividend"),
    *("assets", "cur_assets", "cur_liab", "cash", "equity"),
    *("cash_flow_op", "cash_flow_inv", "cash_flow_fin"),
)
_FATES = ("listed", "delisted", "source_ended")
_SEVERITIES = ("refused", "suspect", "note")
_FEATURE = r"^(?!(?:date|ticker|sector)$).+"


def _state() -> pa.Column:
    return pa.Column("float64", FINITE, nullable=True, regex=True)


def _bar() -> dict[str, pa.Column]:
    prices = {name: real(POSITIVE, missing=True) for name in ("open", "high", "low")}
    return {
        "date": day(),
        "ticker": text(),
        **prices,
        "close": real(POSITIVE),
        "adj_close": real(POSITIVE),
        "volume": real(NOT_NEGATIVE, missing=True),
    }


Bars = table_of(
    _bar() | {"share_factor": real(POSITIVE), "halted": pa.Column("bool")},
    check(
        lambda bars: ~(bars["high"] < bars["low"] * (1 - _VENDOR_ROUNDING)),
        "high is not below low",
    ),
    key=("date", "ticker"),
)
"""Clean bars as quoted on the day; open, high, low and volume may be missing."""

Rejects = as_given("date", "ticker").add_columns({"reason": text()})
"""Rows that were refused, as they came, each with its reason."""

FundamentalsRejects = as_given("ticker", "known_date", "end_date").add_columns(
    {"reason": text()}
)
"""Reports that were refused, as they came, each with its reason."""

Findings = table_of(
    {
        "ticker": pa.Column("str"),
        "check": text(),
        "first": day(missing=True),
        "last": day(missing=True),
        "n_rows": whole(),
        "value": pa.Column("float64", nullable=True),
        "expected": pa.Column("float64", nullable=True),
        "severity": one_of(_SEVERITIES, "a known severity"),
        "detail": pa.Column("str"),
    },
    key=(),
)
"""What looks wrong or odd in the raw data; no ticker: the whole market."""

Membership = table_of(
    {"ticker": text(), "start": day(), "end": day(missing=True)},
    check(lambda spans: ~(spans["end"] < spans["start"]), "end is not before start"),
    key=("ticker", "start"),
)
"""Who belonged to the universe from when to when; no end: still a member."""

Sectors = table_of(
    {
        "ticker": text(),
        "sector": text(),
        "start": day(missing=True),
        "end": day(missing=True),
    },
    check(lambda labels: ~(labels["end"] < labels["start"]), "end is not before start"),
    key=("ticker", "start"),
)
"""The sector of each ticker from when to when; no start: always, no end: still."""

Listings = table_of(
    {
        "ticker": text(),
        "first": day(),
        "last": day(),
        "fate": one_of(_FATES, "a known fate"),
        "exit_return": real(A_RETURN, missing=True),
    },
    check(lambda names: names["last"] >= names["first"], "last is not before first"),
    key=("ticker",),
)
"""When each name's bars start and end, why, and what a position left in it earns."""

Fundamentals = table_of(
    {
        "known_at": day(),
        "ticker": text(),
        "end_date": day(),
        "known_date": day(),
        "period": one_of(_PERIODS, "Q1 to Q3 or FY"),
        "amended": pa.Column("bool"),
        **{name: real(missing=True) for name in _FIGURES},
        "share_factor": real(POSITIVE, missing=True),
    },
    check(lambda told: told["known_at"] >= told["known_date"], "usable once known"),
    check(lambda told: told["known_date"] >= told["end_date"], "known once ended"),
    key=("known_at", "ticker", "end_date"),
)
"""What companies reported, and the session at whose close it was known."""

Sentiment = table_of(
    {
        "known_at": day(),
        "ticker": text(),
        "date": day(),
        "n_tweets": real(NOT_NEGATIVE),
        "sent_mean": real(missing=True),
        "sent_std": real(NOT_NEGATIVE, missing=True),
        "n_pos": real(NOT_NEGATIVE),
        "n_neg": real(NOT_NEGATIVE),
    },
    check(lambda said: said["known_at"] >= said["date"], "usable once said"),
    key=("known_at", "ticker", "date"),
)
"""What was said of names, and the session at whose close it was known."""

Benchmarks = table_of(_bar(), key=("date", "ticker"))
"""Bars of the benchmarks; an index has no volume."""

Features = table_of(
    {"date": day(), "ticker": text(), _FEATURE: feature()}, key=("date", "ticker")
)
"""One float32 column per feature; missing until its lookback is filled."""

Labels = table_of(
    {
        "date": day(),
        "ticker": text(),
        "horizon": pa.Column("int64", POSITIVE),
        "fwd_ret": real(A_RETURN),
        "label": real(),
        "label_end": day(),
    },
    check(lambda labels: labels["label_end"] > labels["date"], "label_end after date"),
    key=("date", "ticker", "horizon"),
)
"""What came of each decision, and the day that was known."""

Samples = table_of(
    {"date": day(), "ticker": text(), "sector": text(), _FEATURE: feature()},
    key=("date", "ticker"),
)
"""Model input: members of the decision dates, their features made comparable."""

Histories = table_of(
    {"date": day(), "ticker": text(), "sector": text(), _FEATURE: feature()},
    key=("date", "ticker"),
)
"""The samples of every session, for models that read sequences; else without rows."""

MarketStates = table_of({"date": day(), r"^(?!date$).+": _state()}, key=("date",))
"""The state of the market on every session, known at its close."""

FeatureCoverage = table_of(
    {
        "year": whole(),
        "group": text(),
        "n_features": whole(),
        "member_days": whole(),
        "mean_share": real(NOT_NEGATIVE),
        "lowest_share": real(NOT_NEGATIVE),
        "lowest": text(),
    },
    key=("year", "group"),
)
"""For which share of the members' decision days features are known, year by year."""

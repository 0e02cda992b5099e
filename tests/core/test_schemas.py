import re
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.validation import DataValidationError, resolve_validator
from kedro.validation.core import ValidatorSpec

from alpha_kedro.core import result_schemas, schemas

NAN = np.nan
_KEYS = ("date", "ticker")
CATALOG = Path(__file__).parents[2] / "conf" / "base" / "catalog.yml"


def days(*dates):
    return pd.Series(pd.to_datetime(list(dates))).astype("datetime64[us]")


def texts(*names):
    return pd.array(list(names), dtype="str")


def bars():
    names = ("open", "high", "low", "close", "adj_close")
    prices = {name: [10.0, 20.0] for name in names}
    return pd.DataFrame(
        {"date": days("2024-01-02", "2024-01-02"), "ticker": texts("A", "B")}
        | prices
        | {"volume": [100.0, 0.0], "share_factor": [1.0, 2.0], "halted": [False, True]}
    )


def features():
    values = np.array([0.5, NAN], dtype=np.float32)
    key = bars()[["date", "ticker"]]
    return key.assign(ret_5=values, vol_20=values)


def labels():
    return bars()[["date", "ticker"]].assign(
        horizon=5,
        fwd_ret=[0.1, -1.0],
        label=[0.5, -0.5],
        label_end=days("2024-01-10", "2024-01-10"),
    )


def predictions():
    return pd.DataFrame(
        {
            "date": days("2024-01-02", "2024-01-02", "2024-01-03"),
            "ticker": texts("A", "A", "A"),
            "model": texts("ridge", "trees", "ridge"),
            "fold": [0, 0, 1],
            "score": [0.1, NAN, 0.3],
            "label": [NAN, NAN, 0.5],
            "fit_end": days("2023-12-29", None, "2024-01-02"),
        }
    )


def fit_ledger():
    return pd.DataFrame(
        {
            "model": texts("ridge", "ridge"),
            "fold": [0, 1],
            "train_start": days("2020-01-03", None),
            "train_end": days("2022-12-23", None),
            "max_label_end": days("2022-12-30", None),
            "embargo_sessions": [1, 1],
            "test_start": days("2023-01-06", "2024-01-05"),
            "test_end": days("2023-12-29", "2024-12-27"),
            "n_train": [900, 0],
            "n_test": [300, 300],
            "skipped": texts("", "no rows"),
        }
    )


def fit_choices():
    return pd.DataFrame(
        {
            "model": texts("ensemble", "ensemble"),
            "fold": [1, 1],
            "seed": [0, 0],
            "choice": texts("weight_ridge", "weights"),
            "value": [0.5, NAN],
            "text": texts("", "equal: too few dates"),
        }
    )


def histories():
    return features().assign(sector=texts("one", "two"))[
        ["date", "ticker", "sector", *[c for c in features() if c not in _KEYS]]
    ]


def market_states():
    return pd.DataFrame(
        {"date": days("2024-01-02", "2024-01-03"), "trend": [NAN, 0.02]}
    )


def contributions():
    return pd.DataFrame(
        {
            "date": days("2024-01-02", "2024-01-02"),
            "ticker": texts("A", "A"),
            "model": texts("ridge", "ridge"),
            "fold": [0, 0],
            "feature": texts("ret_5", "bias"),
            "value": np.array([0.1, NAN], dtype=np.float32),
            "contribution": [0.2, -0.1],
        }
    )


def feature_choices():
    return pd.DataFrame(
        {
            "model": texts("ridge", "ridge", "ridge"),
            "fold": [0, 0, 1],
            "feature": texts("mom_20", "ret_5", "mom_20"),
            "family": texts("momentum", "reversal", "momentum"),
            "chosen": [True, False, False],
            "reason": texts("", "redundant", "unmeasured"),
            "twin": texts("", "mom_20", ""),
            "ic": [0.03, -0.01, NAN],
            "t": [3.1, -1.2, NAN],
            "agreement": [1.0, 0.75, 0.0],
        }
    )


def returns():
    return pd.DataFrame(
        {
            "date": days("2024-01-02", "2024-01-02", "2024-01-03"),
            "strategy": texts("buffered", "top", "buffered"),
            "gross_return": [0.02, -1.2, 0.0],
            "cost": [0.001, 0.1, 0.0],
            "net_return": [0.019, -1.0, 0.0],
            "turnover": [1.0, 1.0, 0.0],
            "gross_exposure": [1.0, 2.0, 1.0],
            "net_exposure": [1.0, 0.0, -1.0],
            "nav": [1.019, 0.0, 1.019],
        }
    )


_FIGURES = (
    *("revenues", "op_income", "net_income", "eps_basic", "eps_diluted", "dividend"),
    *("assets", "cur_assets", "cur_liab", "cash", "equity"),
    *("cash_flow_op", "cash_flow_inv", "cash_flow_fin"),
)

GOOD = {
    "Bars": bars,
    "Rejects": lambda: bars().assign(reason="not_positive"),
    "Membership": lambda: pd.DataFrame(
        {
            "ticker": texts("A", "A", "B"),
            "start": days("2005-01-03", "2010-01-04", "2001-01-02"),
            "end": days("2007-01-03", None, None),
        }
    ),
    "Sectors": lambda: pd.DataFrame(
        {
            "ticker": texts("A", "A", "B"),
            "sector": texts("Energy", "Utilities", "UNKNOWN"),
            "start": days(None, "2018-10-01", None),
            "end": days("2018-09-30", None, None),
        }
    ),
    "Histories": histories,
    "MarketStates": market_states,
    "Listings": lambda: pd.DataFrame(
        {
            "ticker": texts("A", "B", "C"),
            "first": days("2005-01-03", "2005-01-03", "2005-01-03"),
            "last": days("2024-03-08", "2017-12-08", "2005-01-03"),
            "fate": texts("listed", "source_ended", "delisted"),
            "exit_return": [NAN, 0.0, -1.0],
        }
    ),
    "Benchmarks": lambda: bars().drop(columns=["share_factor", "halted"]),
    "Fundamentals": lambda: pd.DataFrame(
        {
            "known_at": days("2016-05-02", "2016-08-01"),
            "ticker": texts("A", "A"),
            "end_date": days("2016-03-31", "2016-06-30"),
            "known_date": days("2016-05-01", "2016-08-01"),
            "period": texts("Q1", "Q2"),
            "amended": [False, True],
            **{name: [1.5, NAN] for name in _FIGURES},
            "share_factor": [1.0, NAN],
        }
    ),
    "FundamentalsRejects": lambda: pd.DataFrame(
        {
            "ticker": texts("A"),
            "known_date": days("2016-01-01"),
            "end_date": days("2016-03-31"),
            "reason": texts("known_before_end"),
        }
    ),
    "Sentiment": lambda: pd.DataFrame(
        {
            "known_at": days("2015-01-05", "2015-01-05"),
            "ticker": texts("A", "A"),
            "date": days("2015-01-03", "2015-01-05"),
            "n_tweets": [3.0, 1.0],
            "sent_mean": [0.1, -0.2],
            "sent_std": [0.3, NAN],
            "n_pos": [2.0, 0.0],
            "n_neg": [1.0, 1.0],
        }
    ),
    "Findings": lambda: pd.DataFrame(
        {
            "ticker": texts("A", ""),
            "check": texts("large_move", "undated_universe"),
            "first": days("2024-01-02", None),
            "last": days("2024-01-02", None),
            "n_rows": [1, 0],
            "value": [0.5, NAN],
            "expected": [0.4, NAN],
            "severity": texts("note", "note"),
            "detail": texts("close 3 after 2", ""),
        }
    ),
    "Features": features,
    "Labels": labels,
    "Samples": lambda: features().assign(sector=texts("Energy", "Energy")),
    "FeatureCoverage": lambda: pd.DataFrame(
        {
            "year": [2016, 2016],
            "group": texts("fundamentals", "prices"),
            "n_features": [15, 31],
            "member_days": [5200, 5200],
            "mean_share": [0.69, 1.0],
            "lowest_share": [0.4, 0.99],
            "lowest": texts("earnings_yield", "momentum_252_21"),
        }
    ),
    "Predictions": predictions,
    "FitLedger": fit_ledger,
    "Contributions": contributions,
    "FeatureChoices": feature_choices,
    "FitChoices": fit_choices,
    "Weights": lambda: pd.DataFrame(
        {
            "date": days("2024-01-05", "2024-01-05"),
            "ticker": texts("A", "A"),
            "strategy": texts("buffered", "top"),
            "weight": [0.5, -0.5],
        }
    ),
    "Returns": returns,
    "Bills": lambda: pd.DataFrame(
        {
            "date": days("2024-01-02", "2024-01-02"),
            "strategy": texts("a", "b"),
            "trading": [0.001, 0.0],
            "impact": [0.0, 0.002],
            "borrow": [0.0, 0.0],
            "financing": [0.0, 0.0],
        }
    ),
    "OverlayChanges": lambda: pd.DataFrame(
        {
            "date": days("2024-01-02", "2024-01-02"),
            "strategy": texts("a", "a"),
            "place": [0, 1],
            "overlay": texts("leverage_cap", "partial"),
            "changed": [0.0, 0.3],
        }
    ),
    "Attributions": lambda: pd.DataFrame(
        {
            "date": days("2024-01-02", "2024-01-02"),
            "strategy": texts("a", "a"),
            "dimension": texts("factor", "leg"),
            "key": texts("market", "long"),
            "contribution": [-0.01, 0.02],
            "cost": [0.0, 0.001],
            "exposure": [0.4, NAN],
        }
    ),
    "UniverseReturns": lambda: pd.DataFrame(
        {"date": days("2024-01-02", "2024-01-03"), "equal_weight": [NAN, 0.01]}
    ),
    "Sweep": lambda: pd.DataFrame(
        {
            "strategy": texts("a", "a"),
            "setting": texts('{"x": 1}', '{"x": 2}'),
            "gross_sharpe": [1.0, NAN],
            "net_sharpe": [0.5, NAN],
            "ci_low": [-0.5, NAN],
            "ci_high": [1.5, NAN],
            "turnover_annual": [12.0, NAN],
            "cost_annual": [0.01, NAN],
            "net_return_annual": [-0.02, NAN],
            "refused": texts("", "AK-S002 no room"),
        }
    ),
    "Frontier": lambda: pd.DataFrame({"cost_bps": [2.0, 5.0], "method": ["a", "a"]}),
    "Capacity": lambda: pd.DataFrame({"capital": [1e6, 1e9], "net_sharpe": [0.5, NAN]}),
}


def validate(name, table):
    """Validate as the catalog does."""
    module = "result_schemas" if hasattr(result_schemas, name) else "schemas"
    path = f"alpha_kedro.core.{module}.{name}"
    spec = ValidatorSpec.from_dataset_config("table", path)
    return resolve_validator(spec).validate(table)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_table_passes_unchanged(name):
    table = GOOD[name]()
    pd.testing.assert_frame_equal(validate(name, table), GOOD[name]())


@pytest.mark.parametrize("name", GOOD)
def test_a_table_without_rows_passes(name):
    validate(name, GOOD[name]().head(0))


def set_cell(column, value):
    def plant(table):
        table = table.copy()
        table.loc[0, column] = value
        return table

    return plant


def last_twice(table):
    return pd.concat([table, table.tail(1)], ignore_index=True)


def backwards(table):
    return table.iloc[::-1].reset_index(drop=True)


FAULTS = [
    ("Bars", last_twice, "sorted by date, ticker, each once"),
    ("Bars", backwards, "sorted by date, ticker, each once"),
    ("Bars", set_cell("high", 9.0), "high is not below low"),
    ("Bars", set_cell("close", 0.0), "above 0"),
    ("Bars", set_cell("close", NAN), "not_nullable"),
    ("Bars", set_cell("open", np.inf), "finite"),
    ("Bars", set_cell("volume", -1.0), "at least 0"),
    ("Bars", set_cell("ticker", ""), "not empty"),
    ("Bars", lambda t: t.assign(close=t["close"].astype("float32")), "float64"),
    (
        "Bars",
        lambda t: t.assign(date=t["date"].astype("datetime64[ns]")),
        "in microseconds",
    ),
    ("Bars", lambda t: t.assign(vwap=1.0), "column_in_schema"),
    ("Bars", lambda t: t.drop(columns="halted"), "column_in_dataframe"),
    ("Rejects", lambda t: t.drop(columns="reason"), "reason"),
    ("Membership", set_cell("end", pd.Timestamp("2004-01-01")), "not before start"),
    ("Membership", backwards, "sorted by ticker, start"),
    ("Sectors", last_twice, "sorted by ticker, start, each once"),
    ("Listings", set_cell("fate", "bankrupt"), "a known fate"),
    ("Listings", set_cell("exit_return", -1.1), "at least -1"),
    ("Listings", set_cell("last", pd.Timestamp("2004-01-01")), "not before first"),
    ("Listings", last_twice, "sorted by ticker, each once"),
    ("Benchmarks", set_cell("close", -1.0), "above 0"),
    ("Fundamentals", set_cell("known_at", pd.Timestamp("2016-04-30")), "once known"),
    ("Fundamentals", set_cell("known_date", pd.Timestamp("2016-03-30")), "once ended"),
    ("Fundamentals", set_cell("period", "Q4"), "Q1 to Q3 or FY"),
    ("Fundamentals", set_cell("assets", np.inf), "finite"),
    ("FundamentalsRejects", lambda t: t.drop(columns="reason"), "reason"),
    ("Sentiment", set_cell("known_at", pd.Timestamp("2015-01-02")), "once said"),
    ("Sentiment", set_cell("n_tweets", -1.0), "at least 0"),
    ("FeatureCoverage", set_cell("mean_share", -0.1), "at least 0"),
    ("FeatureCoverage", backwards, "sorted by year, group"),
    ("Findings", set_cell("severity", "fatal"), "a known severity"),
    ("Findings", set_cell("check", ""), "not empty"),
    ("Features", set_cell("ret_5", np.inf), "finite"),
    ("Features", lambda t: t.assign(ret_5=1.0), "float32"),
    ("Features", backwards, "sorted by date, ticker"),
    ("Labels", set_cell("label_end", pd.Timestamp("2024-01-02")), "label_end after"),
    ("Labels", set_cell("fwd_ret", -1.1), "at least -1"),
    ("Labels", set_cell("label", NAN), "not_nullable"),
    ("Labels", set_cell("horizon", 0), "above 0"),
    ("Samples", lambda t: t.drop(columns="sector"), "sector"),
    ("Samples", last_twice, "each once"),
    ("Predictions", set_cell("fit_end", pd.Timestamp("2024-01-02")), "before date"),
    ("Predictions", set_cell("score", np.inf), "finite"),
    ("Predictions", last_twice, "sorted by date, ticker, model"),
    ("FitLedger", set_cell("max_label_end", pd.Timestamp("2023-01-06")), "test_start"),
    ("FitLedger", last_twice, "each model, fold once"),
    ("FitLedger", set_cell("n_train", -1), "at least 0"),
    ("Contributions", last_twice, "each feature of a score once"),
    (
        "FeatureChoices",
        lambda t: t.assign(reason=t["reason"].replace("redundant", "unlucky")),
        "a known reason",
    ),
    ("FeatureChoices", set_cell("chosen", False), "no reason if chosen"),
    ("FitChoices", set_cell("text", "half"), "a number or words"),
    ("FitChoices", backwards, "sorted by model, fold, seed, choice, each once"),
    ("Histories", last_twice, "sorted by date, ticker, each once"),
    ("MarketStates", last_twice, "sorted by date, each once"),
    ("MarketStates", set_cell("trend", np.inf), "finite"),
    ("FeatureChoices", last_twice, "sorted by model, fold, feature, each once"),
    ("Weights", set_cell("weight", NAN), "not_nullable"),
    ("Weights", set_cell("weight", np.inf), "finite"),
    ("Weights", backwards, "sorted by date, ticker, strategy"),
    ("Returns", set_cell("net_return", 0.02), "gross_return less cost"),
    ("Returns", set_cell("nav", -0.1), "at least 0"),
    ("Returns", set_cell("gross_return", NAN), "not_nullable"),
    ("Returns", last_twice, "sorted by date, strategy"),
    ("Bills", set_cell("impact", -0.1), "at least 0"),
    ("Bills", backwards, "sorted by date, strategy"),
    ("OverlayChanges", set_cell("changed", -0.1), "at least 0"),
    ("OverlayChanges", last_twice, "each once"),
    ("Attributions", set_cell("dimension", "luck"), "a known dimension"),
    ("Attributions", set_cell("contribution", NAN), "not_nullable"),
    ("UniverseReturns", last_twice, "sorted by date"),
    ("Sweep", last_twice, "each setting once"),
    ("Sweep", set_cell("turnover_annual", -1.0), "at least 0"),
    ("Frontier", set_cell("cost_bps", -1.0), "at least 0"),
    ("Capacity", backwards, "sorted by capital"),
    ("Capacity", set_cell("capital", 0.0), "above 0"),
]


@pytest.mark.parametrize(("name", "plant", "said"), FAULTS)
def test_a_planted_fault_is_named(name, plant, said):
    with pytest.raises(DataValidationError, match=re.escape(said)):
        validate(name, plant(GOOD[name]()))


def test_every_contract_has_been_seen_to_refuse():
    assert {name for name, _, _ in FAULTS} == set(GOOD)


def test_a_fault_in_many_rows_is_shown_by_a_few():
    table = pd.concat([bars()] * 1000, ignore_index=True).assign(close=-1.0)
    with pytest.raises(DataValidationError) as refusal:
        validate("Bars", table)
    assert len(str(refusal.value)) < 1000


def test_keys_are_ordered_by_code_point_like_panels():
    table = bars().assign(ticker=texts("B", "a"))
    validate("Bars", table)
    with pytest.raises(DataValidationError):
        validate("Bars", table.assign(ticker=texts("a", "B")))


def test_the_catalog_names_contracts_that_exist():
    catalog = yaml.safe_load(CATALOG.read_text())
    named = [
        entry["validator"]
        for entry in catalog.values()
        if isinstance(entry, dict) and "validator" in entry
    ]
    assert named
    for path in named:
        assert path.rpartition(".")[2] in GOOD
        name = path.rpartition(".")[2]
        assert hasattr(schemas, name) or hasattr(result_schemas, name)


def test_a_large_table_is_checked_in_a_moment():
    n_dates, n_tickers = 500, 650
    dates = pd.date_range("2005-01-03", periods=n_dates, freq="B").as_unit("us")
    tickers = texts(*(f"T{number:03d}" for number in range(n_tickers)))
    table = pd.DataFrame(
        {
            "date": dates.repeat(n_tickers),
            "ticker": tickers[np.tile(np.arange(n_tickers), n_dates)],
        }
        | {f"f{k}": np.zeros(n_dates * n_tickers, np.float32) for k in range(35)}
    )
    validate("Features", table.head(1))
    started = perf_counter()
    validate("Features", table)
    assert perf_counter() - started < 2

"""From predictions and ledgers to the summary that a run leaves behind."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.measures import (
    Evidence,
    EvidenceSpec,
    NotAvailable,
    breakeven_cost_bps,
    describe_sample,
    information_coefficients,
    measure_models,
    measure_strategies,
    sharpe_ratio,
    summarise,
)
from alpha_kedro.measures.model_evidence import join_outcomes, periods_spanned

SPEC = EvidenceSpec(bootstrap_reps=100, quantiles=5)
MODEL_KEYS = {
    "rank_ic",
    "ic",
    "rank_ic_ir",
    "rank_ic_t",
    "positive_share",
    "decile_spread",
    "by_year",
}
STRATEGY_KEYS = {
    "gross",
    "net",
    "turnover_annual",
    "cost_annual",
    "deflated_sharpe",
    "beta",
    "trials",
}
BLOCK_KEYS = {
    "annual_return",
    "annual_volatility",
    "sharpe",
    "sharpe_ci95",
    "max_drawdown",
    "calmar",
}


def labels_of(judged: pd.DataFrame, horizon: int = 5) -> pd.DataFrame:
    return judged[["date", "ticker", "fwd_ret"]].assign(horizon=horizon)


def judge(predictions: pd.DataFrame, labels: pd.DataFrame):
    scores = predictions.drop(columns="fwd_ret")
    return measure_models(scores, labels, frequency="weekly", spec=SPEC)


@pytest.fixture
def ledger() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    dates = pd.bdate_range("2020-01-01", periods=300).as_unit("us")
    tables = []
    for name, drift in (("top_n", 0.001), ("neutral", 0.0)):
        gross = rng.normal(drift, 0.01, len(dates))
        net = gross - 0.0001
        tables.append(
            pd.DataFrame(
                {
                    "date": dates,
                    "strategy": name,
                    "gross_return": gross,
                    "cost": 0.0001,
                    "net_return": net,
                    "turnover": 0.05,
                    "gross_exposure": 1.0,
                    "net_exposure": 1.0,
                    "nav": np.cumprod(1 + net),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


@pytest.fixture
def benchmark(ledger) -> pd.DataFrame:
    own = ledger[ledger["strategy"] == "top_n"]
    close = 100 * (1 + own["net_return"]).cumprod().to_numpy()
    prices = dict.fromkeys(("open", "high", "low", "close", "adj_close"), close)
    return pd.DataFrame(
        {"date": own["date"].to_numpy(), "ticker": "SPY"} | prices
    ).assign(volume=1.0)


def test_a_model_is_summarised_under_the_promised_keys(draw_predictions):
    table = draw_predictions(n_dates=60)
    evidence = judge(table, labels_of(table))["ridge"]
    assert set(evidence.summary) >= MODEL_KEYS
    ic = information_coefficients(table)["rank_ic"]
    summary = evidence.summary
    assert summary["rank_ic"] == pytest.approx(ic.mean())
    assert summary["rank_ic_ir"] == pytest.approx(ic.mean() / ic.std())
    assert summary["rank_ic_ir_annual"] == pytest.approx(
        summary["rank_ic_ir"] * math.sqrt(52)
    )
    assert summary["positive_share"] == (ic > 0).mean()
    assert (
        summary["by_year"][2020]["n_dates"] + summary["by_year"][2021]["n_dates"] == 60
    )
    assert evidence.ic.index.name == "date"
    assert evidence.deciles["quantile"].tolist() == [1, 2, 3, 4, 5]
    assert len(evidence.rank_autocorrelation) == 60


def test_predictions_without_an_outcome_are_counted_and_left_out(draw_predictions):
    table = draw_predictions(n_dates=10)
    labels = labels_of(table)
    last = labels["date"] == labels["date"].max()
    labels.loc[last, "fwd_ret"] = np.nan
    dropped = labels.iloc[5:]
    summary = judge(table, dropped)["ridge"].summary
    assert summary["n_predictions"] == 400
    assert summary["n_without_outcome"] == 45
    assert summary["n_dates"] == 9
    assert summary["n_dates_excluded"] == {
        "no_outcome": 1,
        "too_few_names": 0,
        "single_value": 0,
    }


def test_constant_scores_leave_reasons_and_no_zeros(draw_predictions):
    table = draw_predictions(n_dates=10).assign(score=0.5)
    summary = judge(table, labels_of(table))["ridge"].summary
    assert isinstance(summary["rank_ic"], NotAvailable)
    assert isinstance(summary["decile_spread"], NotAvailable)
    assert summary["n_dates"] == 0
    assert summary["n_dates_excluded"]["single_value"] == 10


def test_too_few_names_are_counted_apart(draw_predictions):
    table = draw_predictions(n_dates=10, n_names=5)
    summary = judge(table, labels_of(table))["ridge"].summary
    assert summary["n_dates_excluded"]["too_few_names"] == 10


def test_labels_of_two_horizons_are_refused(draw_predictions):
    table = draw_predictions(n_dates=3)
    both = pd.concat([labels_of(table, 5), labels_of(table, 10)])
    with pytest.raises(ConfigError, match="AK-C050"):
        join_outcomes(table, both)


@pytest.mark.parametrize(
    ("horizon", "frequency", "periods"),
    [(5, "daily", 5), (5, "weekly", 1), (10, "weekly", 2), (21, "monthly", 1)],
)
def test_a_label_spans_whole_decision_periods(horizon, frequency, periods):
    assert periods_spanned(horizon, frequency) == periods


def test_overlapping_labels_are_allowed_for_in_the_lags_of_a_model(draw_predictions):
    table = draw_predictions(n_dates=60)
    scores, labels = table.drop(columns="fwd_ret"), labels_of(table, horizon=5)
    lags = {
        frequency: measure_models(scores, labels, frequency=frequency, spec=SPEC)[
            "ridge"
        ].summary["hac_lags"]
        for frequency in ("daily", "weekly")
    }
    assert lags == {"daily": 10, "weekly": 3}


def test_a_strategy_is_summarised_under_the_promised_keys(ledger, benchmark):
    found = measure_strategies(ledger, benchmark, spec=SPEC, trials=6, seed=0)
    assert list(found) == ["neutral", "top_n"]
    top = found["top_n"]
    assert set(top.summary) >= STRATEGY_KEYS
    assert set(top.summary["net"]) >= BLOCK_KEYS
    assert set(top.summary["gross"]) >= BLOCK_KEYS
    net = ledger.loc[ledger["strategy"] == "top_n", "net_return"]
    assert top.summary["net"]["sharpe"] == sharpe_ratio(net)
    assert top.summary["turnover_annual"] == pytest.approx(12.6)
    assert top.summary["cost_annual"] == pytest.approx(0.0252)
    # Turnover is one-way: every unit of it is two units traded and charged.
    charged = ledger.loc[ledger["strategy"] == "top_n", "gross_return"]
    expected = breakeven_cost_bps(charged, np.full(len(charged), 0.1))
    assert top.summary["breakeven_cost_bps"] == pytest.approx(expected)
    assert top.summary["beta"] == pytest.approx(1.0)
    assert top.summary["alpha_annual"] == pytest.approx(0.0, abs=1e-12)
    assert not top.summary["benchmark_misaligned"]
    assert top.drawdown.min() == top.summary["net"]["max_drawdown"]
    assert (top.returns["gross_nav"] > top.returns["nav"]).all()
    assert top.summary["gross"]["sharpe"] > top.summary["net"]["sharpe"]


def test_more_trials_leave_less_of_the_same_returns(ledger):
    few, many = (
        measure_strategies(ledger, None, spec=SPEC, trials=trials, seed=0)["top_n"]
        for trials in (2, 200)
    )
    assert few.summary["deflated_sharpe"] > many.summary["deflated_sharpe"]


def test_trials_that_differ_more_leave_less_of_the_same_returns(ledger):
    losing = ledger["strategy"] == "neutral"
    worse = ledger.copy()
    worse.loc[losing, "net_return"] -= 0.005
    alike, apart = (
        measure_strategies(table, None, spec=SPEC, trials=2, seed=0)["top_n"]
        for table in (ledger, worse)
    )
    assert alike.summary["deflated_sharpe"] > apart.summary["deflated_sharpe"]


def test_a_strategy_alone_is_judged_as_it_is_among_others(ledger):
    alone = ledger[ledger["strategy"] == "top_n"]
    first = measure_strategies(ledger, None, spec=SPEC, trials=2, seed=3)["top_n"]
    second = measure_strategies(alone, None, spec=SPEC, trials=2, seed=3)["top_n"]
    assert first.summary["net"] == second.summary["net"]


def test_a_misspelt_benchmark_is_answered_with_the_nearest(ledger, benchmark):
    spec = EvidenceSpec(bootstrap_reps=100, benchmark="SPX")
    with pytest.raises(ConfigError, match="did you mean 'SPY'"):
        measure_strategies(ledger, benchmark, spec=spec, trials=1, seed=0)


def test_a_flat_book_gives_nulls_with_reasons(ledger):
    flat = ledger.assign(gross_return=0.0, cost=0.0, net_return=0.0, turnover=0.0)
    found = measure_strategies(flat, None, spec=SPEC, trials=2, seed=0)
    evidence = Evidence({}, found, "top_n", "", {}, trials=2)
    summary = summarise(evidence, {})
    net = summary["strategies"]["top_n"]["net"]
    assert net["sharpe"] is None
    assert net["sharpe_ci95"] is None
    assert net["max_drawdown"] == 0
    reasons = summary["reasons"]
    assert reasons["strategies.top_n.net.sharpe"] == "zero volatility"
    assert reasons["strategies.top_n.net.calmar"] == "no drawdown"
    assert reasons["strategies.top_n.breakeven_cost_bps"] == "nothing was traded"
    assert reasons["strategies.top_n.beta"] == "no benchmark"


def test_the_summary_is_json_without_nan_and_repeats_byte_for_byte(
    draw_predictions, ledger, benchmark
):
    table = draw_predictions(n_dates=60)

    def write() -> str:
        evidence = Evidence(
            models=judge(table, labels_of(table)),
            strategies=measure_strategies(
                ledger, benchmark, spec=SPEC, trials=2, seed=0
            ),
            headline="top_n",
            headline_model="ridge",
            sample=describe_sample(table),
            trials=2,
        )
        return json.dumps(summarise(evidence, {"seed": 0}), allow_nan=False)

    text = write()
    assert text == write()
    summary = json.loads(text)
    assert summary["sample"] == {
        "start": "2020-01-02",
        "end": "2021-02-18",
        "n_dates": 60,
        "n_tickers": 40,
        "n_predictions": 2400,
    }
    assert summary["headline"] == "top_n"
    assert summary["manifest"] == {"seed": 0}
    assert len(summary["strategies"]["top_n"]["net"]["sharpe_ci95"]) == 2


def test_a_headline_nobody_traded_is_refused(ledger):
    found = measure_strategies(ledger, None, spec=SPEC, trials=2, seed=0)
    with pytest.raises(ConfigError, match="did you mean 'top_n'"):
        Evidence({}, found, "topn", "", {}, trials=2)

"""Small runs to write reports about: scores, ledgers, folds and their reports."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.learning.wrappers.tuning import tuning_gain
from alpha_kedro.market.health import HealthSpec, summarise_findings
from alpha_kedro.market.health.findings import make_findings
from alpha_kedro.measures import (
    Evidence,
    EvidenceSpec,
    compare_models,
    describe_sample,
    measure_models,
    measure_strategies,
    summarise,
)
from alpha_kedro.measures.model_evidence import join_outcomes
from alpha_kedro.portfolio import SpeedRun, speed_frontier
from alpha_kedro.reports import BookRecords

SPEC = EvidenceSpec(bootstrap_reps=100)
MANIFEST = {
    "git_sha": "0123456789abcdef",
    "env": "base",
    "market": "files",
    "parameters_hash": "aaaa",
    "data_hash": "bbbb",
    "versions": {"python": "3.11.0"},
    "seed": 20240101,
    "started": "2024-01-02T03:04:05.000+00:00",
    "seconds": 12.5,
}


@dataclass(frozen=True)
class Run:
    """Everything ``write_report`` is given."""

    evidence: Evidence
    contributions: pd.DataFrame
    feature_choices: pd.DataFrame
    fit_choices: pd.DataFrame
    fit_ledger: pd.DataFrame
    ingestion_report: dict[str, Any]
    findings: pd.DataFrame
    feature_coverage: pd.DataFrame
    records: BookRecords
    backtest_notes: dict[str, dict[str, int]] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=lambda: dict(MANIFEST))

    @property
    def summary(self) -> dict[str, Any]:
        return summarise(self.evidence, self.manifest)

    def arguments(self) -> dict[str, Any]:
        return {
            "summary": self.summary,
            "contributions": self.contributions,
            "feature_choices": self.feature_choices,
            "fit_choices": self.fit_choices,
            "fit_ledger": self.fit_ledger,
            "backtest_notes": self.backtest_notes,
            "ingestion_report": self.ingestion_report,
            "findings": self.findings,
            "feature_coverage": self.feature_coverage,
            "records": self.records,
        }

    def but(self, **changes: Any) -> "Run":
        return replace(self, **changes)


def draw_run(
    *,
    models: tuple[str, ...] = ("lightgbm", "random", "ridge"),
    strategies: tuple[str, ...] = ("quintiles", "quintiles@ridge"),
    n_weeks: int = 150,
    with_benchmark: bool = True,
    seed: int = 0,
) -> Run:
    """Return a run of a few models and strategies with some skill."""
    predictions, labels = draw_scores(models, n_weeks=n_weeks, seed=seed)
    returns, benchmark = draw_ledgers(strategies, n_sessions=5 * n_weeks, seed=seed)
    fit_choices = draw_fit_choices(models, seed=seed)
    evidence = Evidence(
        models=measure_models(predictions, labels, frequency="weekly", spec=SPEC),
        strategies=measure_strategies(
            returns,
            benchmark if with_benchmark else None,
            spec=SPEC,
            trials=len(strategies),
            seed=seed,
        ),
        headline=strategies[0],
        headline_model=models[0],
        sample=describe_sample(predictions),
        trials=len(strategies),
        comparison=compare_models(predictions, labels, draw_sectors()),
        tuning=tuning_gain(
            join_outcomes(predictions, labels),
            fit_choices,
            {models[-1]: models[0]} if len(models) > 1 else {},
            target="fwd_ret",
        ),
    )
    return Run(
        evidence=evidence,
        contributions=draw_contributions(models[0], seed=seed),
        feature_choices=draw_choices(models[-1], seed=seed),
        fit_choices=fit_choices,
        fit_ledger=draw_fits(models),
        ingestion_report=draw_ingestion(),
        findings=draw_findings(),
        feature_coverage=draw_coverage(),
        records=draw_records(strategies, returns),
        backtest_notes={strategies[0]: {"unfilled": 12, "small_group": 3}},
    )


def draw_records(strategies: tuple[str, ...], returns: pd.DataFrame) -> BookRecords:
    """Return what overlays, settings, speeds and sizes would have left behind."""
    rng = np.random.default_rng(3)
    own = returns[returns["strategy"] == strategies[0]]
    kinds = ["no_trade_band", "volatility_target"]
    keys = pd.MultiIndex.from_product(
        [own["date"].iloc[::5], kinds], names=["date", "overlay"]
    )
    changes = keys.to_frame(index=False).assign(strategy=strategies[0])
    changes["changed"] = rng.uniform(0, 0.2, len(changes)) * (
        rng.random(len(changes)) < 0.8
    )
    return BookRecords(
        bills=draw_bills(returns),
        overlay_changes=changes[["date", "strategy", "overlay", "changed"]],
        sweep=draw_sweep(strategies[0]),
        frontier=speed_frontier(
            [SpeedRun("fifths", "", own, 5.0), SpeedRun("slow", "rate 0.2", own, 5.0)],
            reference="fifths",
            seed=1,
            reps=100,
        ),
        capacity=draw_capacity(),
    )


def draw_bills(returns: pd.DataFrame) -> pd.DataFrame:
    """Return costs of which four fifths are trading and one fifth is borrow."""
    return returns[["date", "strategy"]].assign(
        trading=0.8 * returns["cost"],
        impact=0.0,
        borrow=0.2 * returns["cost"],
        financing=0.0,
    )


def draw_sweep(strategy: str) -> pd.DataFrame:
    cells = [
        {"strategy.quantile": share, "costs.cost_bps": cost}
        for share in (0.1, 0.2)
        for cost in (2.0, 10.0)
    ]
    net = np.array([0.6, 0.2, 0.5, 0.1])
    return pd.DataFrame(
        {
            "strategy": strategy,
            "setting": [json.dumps(cell) for cell in cells],
            "gross_sharpe": 0.8,
            "net_sharpe": net,
            "ci_low": net - 0.4,
            "ci_high": net + 0.4,
            "turnover_annual": 40.0,
            "cost_annual": 0.02,
            "net_return_annual": net / 10,
            "refused": "",
        }
    )


def draw_capacity() -> pd.DataFrame:
    net = np.array([0.6, 0.5, 0.1])
    return pd.DataFrame(
        {
            "capital": [1e6, 1e8, 1e9],
            "net_sharpe": net,
            "ci_low": net - 0.4,
            "ci_high": net + 0.4,
            "gross_sharpe": 0.8,
            "net_return_annual": net / 10,
            "cost_annual": [0.02, 0.03, 0.07],
            "turnover_annual": 40.0,
            "unfilled_share": [0.0, 0.0, 0.1],
        }
    )


def draw_scores(
    models: tuple[str, ...], *, n_weeks: int, n_names: int = 50, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2018-01-05", periods=n_weeks, freq="7D").as_unit("us")
    names = [f"T{place:03d}" for place in range(n_names)]
    index = pd.MultiIndex.from_product([dates, names], names=["date", "ticker"])
    labels = index.to_frame(index=False).assign(horizon=5)
    labels["fwd_ret"] = rng.normal(0.002, 0.03, len(labels))
    tables = []
    for place, model in enumerate(models):
        skill = 0.06 - 0.03 * place
        noise = rng.normal(0, 0.03, len(labels))
        score = skill * labels["fwd_ret"] + (1 - skill) * noise
        tables.append(labels[["date", "ticker"]].assign(model=model, score=score))
    return pd.concat(tables, ignore_index=True), labels


def draw_ledgers(
    strategies: tuple[str, ...], *, n_sessions: int, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    dates = pd.bdate_range("2018-01-05", periods=n_sessions).as_unit("us")
    trading = np.arange(n_sessions) % 5 == 1
    tables = []
    for place, strategy in enumerate(strategies):
        gross = rng.normal(0.0005 - 0.0002 * place, 0.006, n_sessions)
        turnover = np.where(trading, rng.uniform(0.3, 0.5, n_sessions), 0.0)
        net = gross - 0.001 * turnover
        tables.append(
            pd.DataFrame(
                {
                    "date": dates,
                    "strategy": strategy,
                    "gross_return": gross,
                    "cost": 0.001 * turnover,
                    "net_return": net,
                    "turnover": turnover,
                    "gross_exposure": 2 + rng.normal(0, 0.01, n_sessions),
                    "net_exposure": rng.normal(0, 0.01, n_sessions),
                    "nav": np.cumprod(1 + net),
                }
            )
        )
    close = 100 * np.cumprod(1 + rng.normal(0.0004, 0.01, n_sessions))
    prices = dict.fromkeys(("open", "high", "low", "close", "adj_close"), close)
    benchmark = pd.DataFrame({"date": dates, "ticker": "SPY", **prices, "volume": 1.0})
    return pd.concat(tables, ignore_index=True), benchmark


def draw_contributions(
    model: str, *, n_folds: int = 3, n_features: int = 20, seed: int = 0
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    tables = []
    for fold in range(n_folds):
        dates = pd.date_range(f"{2018 + fold}-03-01", periods=10, freq="7D").as_unit(
            "us"
        )
        names = [f"T{place:03d}" for place in range(12)]
        for place in range(n_features):
            value = rng.normal(size=len(dates) * len(names))
            index = pd.MultiIndex.from_product([dates, names], names=["date", "ticker"])
            table = index.to_frame(index=False).assign(model=model, fold=fold)
            strength = (n_features - place) / n_features * 0.01
            table["feature"] = f"feature_{place:02d}"
            table["value"] = value.astype(np.float32)
            table["contribution"] = strength * np.tanh(value) + rng.normal(
                0, 0.001, len(value)
            )
            tables.append(table)
        bias = tables[-1].assign(feature="bias", value=np.nan, contribution=0.5)
        tables.append(bias)
    return pd.concat(tables, ignore_index=True)


def draw_choices(
    model: str, *, n_folds: int = 3, n_features: int = 20, seed: int = 0
) -> pd.DataFrame:
    """Of four features of each of five families, two or so are chosen in a fold."""
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product(
        [range(n_folds), range(n_features)], names=["fold", "place"]
    )
    choices = index.to_frame(index=False)
    t = 4 - 0.3 * choices["place"] + rng.normal(0, 0.5, len(choices))
    chosen = t > 1.5
    reason = choices["place"].map(lambda place: ("redundant", "unstable")[place % 2])
    return pd.DataFrame(
        {
            "model": model,
            "fold": choices["fold"],
            "feature": [f"feature_{place:02d}" for place in choices["place"]],
            "family": [f"family_{place % 5}" for place in choices["place"]],
            "chosen": chosen,
            "reason": reason.where(~chosen, ""),
            "twin": np.where(~chosen & (reason == "redundant"), "feature_00", ""),
            "ic": t / 100,
            "t": t,
            "agreement": 0.75,
        }
    )


def draw_sectors(*, n_names: int = 50) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ticker": [f"T{place:03d}" for place in range(n_names)],
            "sector": [f"S{place % 5}" for place in range(n_names)],
        }
    )


def draw_fit_choices(
    models: tuple[str, ...], *, n_folds: int = 3, seed: int = 0
) -> pd.DataFrame:
    """The first model has a threshold, the last is tuned; two more are made of them."""
    rng = np.random.default_rng(seed)
    first, last = models[0], models[-1]
    rows: list[tuple[str, int, int, str, float | str]] = []
    for fold in range(n_folds):
        share = rng.uniform(0.2, 0.8)
        told: dict[tuple[str, int], dict[str, float | str]] = {
            (first, 0): {
                "rounds": float(rng.integers(10, 40)),
                "threshold": rng.uniform(0.5, 0.6),
                "calibration": "isotonic",
            },
            ("blend", 0): {
                "weight_a": share,
                "weight_b": 1 - share,
                "weights": f"learned from {50 * fold} dates",
            },
        }
        if last != first:
            told[last, 0] = {
                "tuned.alpha": 10.0**fold,
                "trials": 5.0,
                "pruned": 1.0,
                "failed": 0.0,
                "inner_rank_ic": 0.03,
                "inner_rank_ic_untuned": 0.02,
                "trials_ended_by": "trials",
            }
        for number in (0, 1):
            told["switched", number] = {
                "regime_0_share": share,
                "regime_1_share": 1 - share,
                "regime_0_spell": 20.0 + number,
                "regime_1_spell": 5.0,
                "regime0_alpha": 100.0 + number,
                "sessions": 500.0 + 100 * fold,
            }
        rows += [
            (model, fold, number, choice, found)
            for (model, number), choices in told.items()
            for choice, found in choices.items()
        ]
    return choice_rows(*rows)


def choice_rows(*rows: tuple[str, int, int, str, float | str]) -> pd.DataFrame:
    """Return the table of (model, fold, seed, choice, what was chosen)."""
    names = ["model", "fold", "seed", "choice", "found"]
    table = pd.DataFrame(list(rows), columns=names)
    is_text = table["found"].map(lambda found: isinstance(found, str)).astype(bool)
    return table.drop(columns="found").assign(
        value=table["found"].where(~is_text).astype("float64"),
        text=table["found"].where(is_text, "").astype("str"),
    )


def draw_fits(models: tuple[str, ...], *, n_folds: int = 3) -> pd.DataFrame:
    rows = [
        {
            "model": model,
            "fold": fold,
            "n_train": 10_000 * (fold + 1),
            "n_test": 2_500,
            "train_start": pd.Timestamp("2015-01-02"),
            "max_label_end": pd.Timestamp(f"{2017 + fold}-12-22"),
            "embargo_sessions": 5,
            "test_start": pd.Timestamp(f"{2018 + fold}-01-05"),
            "test_end": pd.Timestamp(f"{2018 + fold}-12-28"),
            "skipped": "",
        }
        for model in models
        for fold in range(n_folds)
    ]
    return pd.DataFrame(rows)


def draw_ingestion(*, dated: bool = True) -> dict[str, Any]:
    coverage = [
        {"year": year, "members": 500, "priced": 430 + 20 * step, "covered": share}
        for step, (year, share) in enumerate([(2018, 0.86), (2019, 0.9), (2020, 0.94)])
    ]
    return {
        "market": "files",
        "data_hash": "bbbb",
        "bars": {
            "n_input": 1_000_000,
            "n_kept": 999_000,
            "n_rejected": 1_000,
            "by_reason": {"not_a_session": 900, "duplicate": 100},
            "excluded_tickers": ["BAD"],
            "missing_by_ticker": {f"T{place:03d}": place for place in range(1, 40)},
        },
        "membership": {"source": "membership" if dated else "listing"},
        "sectors": {"n_tickers": 50, "n_unknown": 2},
        "benchmarks": {"n_input": 100},
        "coverage": coverage if dated else None,
        "health": summarise_findings(
            draw_findings(), account=ACCOUNT, spec=HealthSpec()
        ),
    }


ACCOUNT = {"n_input": 1_000_000, "n_bars": 999_000, "n_unsound": 1_000, "n_tickers": 50}


def draw_findings() -> pd.DataFrame:
    return make_findings(
        "halt",
        ticker=["T001", "T002"],
        first=pd.to_datetime(["2018-01-05", "2019-01-04"]),
        severity="note",
        detail="{n} bars without a trade",
        n=[1, 2],
    )


def draw_coverage() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "year": [2018, 2019],
            "group": ["prices", "prices"],
            "n_features": [31, 31],
            "member_days": [2_600, 2_600],
            "mean_share": [0.97, 1.0],
            "lowest_share": [0.8, 1.0],
            "lowest": ["momentum_252_21", "momentum_1"],
        }
    )

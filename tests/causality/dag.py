"""The whole DAG as it is wired, in memory, on raw tables a test may tamper with."""

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pandas as pd

from alpha_kedro.config import overlay
from alpha_kedro.experiment import Experiment
from alpha_kedro.market import simulate_market
from tests.pipelines.runs import PROJECT

RAW = (
    *("bars", "membership", "sectors", "benchmarks", "actions"),
    *("fundamentals", "sentiment"),
)
TIMELY = (
    *("features", "samples", "market_states"),
    *("predictions", "weights", "returns"),
)
PASSED_ON = ("traded_market",)
"""What ``conf/base/catalog.yml`` hands from node to node as it is."""

OUTCOMES = {"predictions": "label"}
"""Columns that tell what came of a row later, and may know it."""

CHOSEN = {
    "models": ["lightgbm", "ridge", "momentum_12_1"],
    "strategies": [
        "sector_neutral_quintiles",
        "sector_neutral_ranks@ridge",
        "sector_neutral_quintiles@momentum_12_1",
    ],
    "headline": "sector_neutral_quintiles",
    "features": {"names": ["weekly_equity", "fundamental", "sentiment"]},
    "quick": True,
    "quick_settings": {
        "walk_forward": {
            "first_train_sessions": 300,
            "refit_every": "quarter",
            "explain_rows": 5,
        },
        "model_library": {"lightgbm": {"lightgbm": {"n_estimators": 8}}},
        # Nonsense may leave few members: so few have to be able to hold a leg.
        "strategy_library": {
            "sector_neutral_quintiles": {"name_cap": 0.5},
            "sector_neutral_ranks": {"name_cap": 0.5},
        },
    },
    "execution": {"backend": "serial"},
}


_TINY_TREES = {
    "n_estimators": 5,
    "min_data_in_leaf": 20,
    "rounds": {"choose_by": "none"},
}
LEARNERS = {
    "models": [
        *("boosted", "averaged", "classifier", "tuned", "switched", "blended"),
        *("lstm", "longer", "combined"),
    ],
    "strategies": ["sector_neutral_quintiles@combined"],
    "headline": "sector_neutral_quintiles@combined",
    "labels": {
        "more_horizons": [10],
        "scale": "volatility_60",
        "neutralize": ["sector", "beta_252", "momentum_60"],
    },
    "model_library": {
        "boosted": {"kind": "lightgbm", "lightgbm": _TINY_TREES},
        "averaged": {
            "kind": "ridge",
            "seeds": 2,
            "neutralize": ["sector", "volatility_60"],
            "weighting": {"half_life": 200},
        },
        "tuned": {
            "kind": "ridge",
            "ridge": {"alpha": [100.0]},
            "tuning": {
                "n_trials": 3,
                "n_splits": 2,
                "space": {"alpha": {"low": 1.0, "high": 1e4, "log": True}},
            },
        },
        "switched": {
            "kind": "ridge",
            "regimes": {
                "detector": "volatility",
                "mode": "switch",
                "volatility": {"min_sessions": 100},
                "min_rows": 100,
            },
        },
        "blended": {
            "kind": "ridge",
            "regimes": {"hmm": {"min_sessions": 100}, "min_rows": 100},
        },
        "longer": {"kind": "ridge", "horizon": 10},
        "combined": {
            "kind": "ensemble",
            "ensemble": {
                "members": ["boosted", "averaged", "longer", "lstm"],
                "weighting": "sharpe",
                "min_dates": 10,
                "min_names": 5,
            },
        },
    },
    "quick_settings": {
        "walk_forward": {"explain_rows": 2},
        "model_library": {
            "classifier": {"classifier": {"lightgbm": _TINY_TREES, "n_splits": 2}},
            "lstm": {
                "lstm": {
                    "lookback": 6,
                    "min_length": 3,
                    "hidden": 4,
                    "training": {"epochs": 2, "dates_per_batch": 16},
                }
            },
        },
    },
}


@dataclass(frozen=True)
class Inputs:
    """The raw tables of one market."""

    bars: pd.DataFrame
    membership: pd.DataFrame
    sectors: pd.DataFrame
    benchmarks: pd.DataFrame
    actions: pd.DataFrame
    fundamentals: pd.DataFrame
    sentiment: pd.DataFrame
    delistings: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["ticker", "date", "exit_return"])
    )


@cache
def small_market(n_tickers=40, n_sessions=700, seed=3):
    """A market with deaths, late listings, halts and changes of membership."""
    return raw_tables(
        simulate_market(
            *(n_tickers, n_sessions, seed),
            **{"basis": "raw", "delisting_rate": 0.08, "split_rate": 0.3},
        )
    )


def raw_tables(market):
    """The tables of a simulated market, as ingestion is given them."""
    members = market.membership
    return Inputs(
        market.bars,
        members.assign(price_ticker=members["ticker"]),
        market.sectors,
        market.benchmarks,
        market.actions,
        market.fundamentals,
        market.sentiment,
    )


@cache
def experiment():
    """The base experiment, small, with three models."""
    return parsed(CHOSEN)


@cache
def learners():
    """The same with a model of every way to learn, on what is a name's own."""
    return parsed(overlay(CHOSEN, LEARNERS))


def parsed(chosen):
    """The experiment of ``conf/base`` with some parameters changed."""
    from alpha_kedro.config import ExperimentConfigLoader
    from alpha_kedro.settings import CONFIG_LOADER_ARGS

    loader = ExperimentConfigLoader(
        conf_source=str(PROJECT / "conf"), runtime_params=chosen, **CONFIG_LOADER_ARGS
    )
    return Experiment.parse(loader["parameters"], "")


def run_dag(inputs, *, only_to=("labels", *TIMELY), settings=None):
    """Run every node from the raw tables to the returns; nothing touches a disk."""
    held = {f"raw_{name}": getattr(inputs, name) for name in RAW}
    held["raw_delistings"] = inputs.delistings
    held["market_facts"] = {"market": "simulated", "kind": "simulated", "basis": "raw"}
    return run_stages(("walk_forward",), held, only_to=only_to, settings=settings)


def run_stages(stages, held, *, only_to, settings=None):
    """Run some pipelines in memory on the data sets that are ``held`` by name."""
    from kedro.io import DataCatalog, MemoryDataset
    from kedro.runner import SequentialRunner

    chosen = vars(settings or experiment())
    given = {f"params:{name}": value for name, value in chosen.items()} | held
    catalog = DataCatalog({name: MemoryDataset(data) for name, data in given.items()})
    for name in PASSED_ON:
        catalog[name] = MemoryDataset(copy_mode="assign")
    catalog["fold_cache"] = MemoryDataset(None, copy_mode="assign")
    kept = {name: MemoryDataset() for name in only_to}
    for name, dataset in kept.items():
        dataset._release = _nothing  # the runner forgets what a later node has read
        catalog[name] = dataset
    SequentialRunner().run(_job(stages, only_to), catalog)
    return {name: dataset.load() for name, dataset in kept.items()}


def data_read(stages, *, only_to):
    """Names of the data sets that pipelines read to make others."""
    read = _job(stages, only_to).inputs()
    return sorted(name for name in read if not name.startswith("params:"))


def _job(stages, only_to):
    from kedro.pipeline import Pipeline

    from alpha_kedro.pipeline_registry import register_pipelines

    pipelines = register_pipelines()
    job = sum((pipelines[name] for name in stages), Pipeline([]))
    loads = [node.name for node in job.nodes if node.name == "load_market"]
    return (job - job.only_nodes(*loads)).to_outputs(*only_to)


def garbled_after(inputs, day):
    """Nonsense of the same shape in every input dated after ``day``."""
    rng = np.random.default_rng(17)

    def later(table, column="date"):
        return table[column] > day

    return replace(
        inputs,
        bars=_prices_garbled(inputs.bars, later(inputs.bars), rng),
        membership=_stays_garbled(
            inputs.membership, day, later(inputs.membership, "start"), rng
        ),
        benchmarks=_prices_garbled(inputs.benchmarks, later(inputs.benchmarks), rng),
        actions=_payments_garbled(inputs.actions, later(inputs.actions), rng),
        fundamentals=_figures_garbled(
            inputs.fundamentals, later(inputs.fundamentals, "known_date"), rng
        ),
        sentiment=_figures_garbled(inputs.sentiment, later(inputs.sentiment), rng),
    )


def garbled_on(inputs, day, *, but_the_open=False):
    """Nonsense in the bars of one day."""
    rng = np.random.default_rng(17)
    bars = inputs.bars
    garbled = _prices_garbled(bars, bars["date"] == day, rng)
    if but_the_open:
        garbled["open"] = bars["open"]
        garbled["high"] = garbled[["open", "high"]].max(axis=1)
        garbled["low"] = garbled[["open", "low"]].min(axis=1)
    return replace(inputs, bars=garbled)


def reclassified(inputs, day, *, seed=0, share=1.0):
    """Close labels on ``day`` and draw new ones from then on, some of a new sector."""
    rng = np.random.default_rng(seed)
    labels = inputs.sectors.assign(
        **{side: inputs.sectors.get(side, pd.NaT) for side in ("start", "end")}
    ).astype({"start": "M8[us]", "end": "M8[us]"})
    moved = labels["end"].isna().to_numpy() & (rng.random(len(labels)) < share)
    choice = np.append(labels["sector"].unique(), "Aviation")
    begun = labels[moved].assign(
        sector=rng.choice(choice, moved.sum()), start=day, end=pd.NaT
    )
    ended = labels["end"].mask(moved, day - pd.Timedelta(days=1))
    changed = pd.concat([labels.assign(end=ended), begun], ignore_index=True)
    return replace(inputs, sectors=changed.astype({"sector": "str"}))


def cut_off_after(inputs, day):
    """The market as it stood on the evening of ``day``."""
    stays = inputs.membership[inputs.membership["start"] <= day]
    ends = stays["end"].where(stays["end"] <= day)
    return replace(
        inputs,
        bars=_until(inputs.bars, day),
        membership=stays.assign(end=ends).reset_index(drop=True),
        benchmarks=_until(inputs.benchmarks, day),
        actions=_until(inputs.actions, day),
        fundamentals=_until(inputs.fundamentals, day, "known_date"),
        sentiment=_until(inputs.sentiment, day),
    )


def assert_same_until(seen, whole, day, *, names=TIMELY, rtol=0.0):
    """What is dated up to ``day`` is bit for bit the same, or raise naming what is not.

    ``rtol`` is for a matrix product of another length, which may round otherwise.
    """
    for name in names:
        one, other = (_known(tables[name], name, day) for tables in (seen, whole))
        assert len(other), f"nothing of {name} is dated up to {day:%Y-%m-%d}"
        pd.testing.assert_frame_equal(
            one, other, check_exact=not rtol, rtol=rtol or 1e-5, atol=0, obj=name
        )


def assert_same_labels_until(seen, whole, day, *, settled):
    """Labels whose outcome had settled by ``day`` are the same.

    Parameters
    ----------
    settled
        Maps a label_end to the day from which no later price can change the label.
    """
    one, other = (
        tables["labels"][settled(tables["labels"]["label_end"]) <= day]
        for tables in (seen, whole)
    )
    assert len(other)
    pd.testing.assert_frame_equal(
        one.reset_index(drop=True), other.reset_index(drop=True), check_exact=True
    )


def _nothing():
    pass


def _known(table, name, day):
    kept = table[table["date"] <= day].drop(columns=OUTCOMES.get(name, []))
    if name == "attributions":  # a sector that is named later had no part in anything
        idle = (kept["contribution"] == 0) & (kept["cost"] == 0)
        kept = kept[~(idle & (kept["dimension"] == "sector"))]
    return kept.reset_index(drop=True)


def _until(table, day, column="date"):
    return table[table[column] <= day].reset_index(drop=True)


def _prices_garbled(bars, later, rng):
    """Another level every day, consistent within a bar, and other volumes.

    Not so wild that ingestion would refuse it: nonsense has to arrive to do harm.
    """
    noise = np.where(later, rng.lognormal(0, 0.25, len(bars)), 1.0)
    prices = {
        name: bars[name] * noise
        for name in ("open", "high", "low", "close", "adj_close")
        if name in bars
    }
    traded = rng.integers(1, 10**7, len(bars))
    return bars.assign(**prices, volume=np.where(later, traded, bars["volume"]))


def _stays_garbled(stays, day, later, rng):
    """Stays that begin later belong to others, stays that go on end otherwise."""
    names = stays["ticker"].to_numpy().copy()
    names[later] = rng.permutation(names[later])
    ends = stays["end"].mask(~(stays["end"] <= day), pd.NaT)
    other = stays.assign(ticker=names, price_ticker=names, end=ends)
    return other.sort_values(["ticker", "start"], ignore_index=True)


def _payments_garbled(actions, later, rng):
    """Other dividends, and splits that were none, on the same days."""
    # Less than was paid: prices are nonsense too, and no dividend exceeds its price.
    paid = actions["dividend"] * rng.uniform(0, 0.9, len(actions))
    split = rng.choice([0.125, 1.0, 1.5, 3.0], len(actions))
    return actions.assign(
        dividend=np.where(later, paid, actions["dividend"]),
        split_ratio=np.where(later, split, actions["split_ratio"]),
    )


def _figures_garbled(table, later, rng):
    """Rows that come later tell other figures, of other names."""
    other = table.copy()
    names = other["ticker"].to_numpy().copy()
    names[later] = rng.permutation(names[later])
    numbers = other.select_dtypes("float").columns
    noise = np.where(later, rng.lognormal(0, 1, len(other)), 1.0)
    return other.assign(ticker=names, **other[numbers].mul(noise, axis=0))

"""A strategy with benchmarks and an attribution, to draw charts of."""

from dataclasses import replace

import numpy as np
import pandas as pd

from alpha_kedro.measures import (
    EvidenceSpec,
    RiskFactorSpec,
    RiskMatchSpec,
    StrategyEvidence,
    attribute,
    measure_strategies,
)
from tests.measures.toy_books import draw_books, draw_panel, fitted

SPEC = EvidenceSpec(
    bootstrap_reps=100,
    benchmarks=("SPY", "QQQ", "equal_weight"),
    risk_match=RiskMatchSpec(window=40),
)
FACTORS = RiskFactorSpec(beta=60, size=20, momentum=60, reversal=10, volatility=20)
SECTORS = ("Energy", "Health Care", "Information Technology", "Utilities")


def draw_strategy(*, n_dates: int = 700, n_tickers: int = 40) -> StrategyEvidence:
    """Return the evidence of a long/short book; QQQ begins late."""
    panel = draw_panel(n_dates, n_tickers)
    close = panel[2]
    model = fitted(panel, spec=FACTORS)
    books = draw_books(*panel[:3])
    names = ("dates", "contributions", "costs", "weights", "returns", "targets")
    cut = {name: getattr(books, name)[1:] for name in (*names, "intraday", "holdings")}
    books = replace(books, **cut)
    sectors = np.tile(np.arange(n_tickers) % 5 - 1, (n_dates - 1, 1))
    attribution = attribute(books, sectors=sectors, sector_names=SECTORS, factors=model)
    net = attribution.total()
    ledger = pd.DataFrame(
        {
            "date": net.index,
            "strategy": "long_short",
            "gross_return": attribution.gross,
            "cost": attribution.gross - attribution.net,
            "net_return": attribution.net,
            "turnover": 0.2,
            "gross_exposure": 1.0,
            "net_exposure": 0.0,
            "nav": (1 + net).cumprod().to_numpy(),
        }
    )
    everyone = pd.Series(np.nanmean(close[1:] / close[:-1] - 1, axis=1), net.index)
    table = pd.concat([_quotes("SPY", everyone, 1), _quotes("QQQ", everyone[200:], 2)])
    return measure_strategies(
        ledger,
        table,
        spec=SPEC,
        trials=1,
        seed=0,
        series={"equal_weight": everyone},
        attributions={"long_short": attribution},
    )["long_short"]


def _quotes(ticker: str, returns: pd.Series, seed: int) -> pd.DataFrame:
    noise = np.random.default_rng(seed).normal(0.0002, 0.004, len(returns))
    close = 100 * np.cumprod(1 + returns.to_numpy() + noise)
    prices = dict.fromkeys(("open", "high", "low", "close", "adj_close"), close)
    return pd.DataFrame(
        {"date": returns.index, "ticker": ticker, "volume": 1.0} | prices
    )

"""What is publicly known about the S&P 500 since 2005."""

import os
from pathlib import Path

import pandas as pd
import pytest

from alpha_kedro.measures import (
    annual_return,
    annual_volatility,
    benchmark_returns,
    market_model,
    worst_drawdowns,
    yearly_returns,
)

BESIDE = Path(__file__).parents[3] / "shared" / "data"
DATA = Path(os.environ.get("ALPHA_KEDRO_DATA", BESIDE))
BENCHMARKS = DATA / "benchmarks_daily.parquet"

pytestmark = pytest.mark.skipif(not BENCHMARKS.exists(), reason="no market data here")


@pytest.fixture(scope="module")
def index_fund() -> pd.Series:
    bars = pd.read_parquet(BENCHMARKS, columns=["date", "ticker", "adj_close"])
    own = bars[bars["ticker"] == "SPY"].set_index("date")["adj_close"]
    return benchmark_returns(own, pd.DatetimeIndex(own.index)).dropna()


def test_the_deepest_drawdown_is_that_of_the_financial_crisis(index_fund):
    deepest = worst_drawdowns(index_fund).iloc[0]
    assert deepest["peak"] == pd.Timestamp("2007-10-09")
    assert deepest["trough"] == pd.Timestamp("2009-03-09")
    assert deepest["recovery"].year == 2012
    assert deepest["depth"] == pytest.approx(-0.552, abs=0.002)


def test_years_and_averages_are_those_of_the_record(index_fund):
    years = yearly_returns(index_fund)
    assert years[2008] == pytest.approx(-0.368, abs=0.002)
    assert years[2013] == pytest.approx(0.323, abs=0.002)
    assert 0.09 < annual_return(index_fund) < 0.11
    assert 0.18 < annual_volatility(index_fund) < 0.21


def test_the_fund_against_itself_has_beta_one_and_alpha_zero(index_fund):
    model = market_model(index_fund, index_fund)
    assert model.beta == pytest.approx(1.0)
    assert model.alpha_annual == pytest.approx(0.0, abs=1e-12)

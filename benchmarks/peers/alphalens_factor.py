"""The numbers of one factor's full tear sheet by alphalens, without its plots.

    python -m benchmarks.peers.alphalens_factor <folder> [--by-group]

Scores and prices are in memory in the layout alphalens asks for before time is taken.
"""

import sys
import warnings
from pathlib import Path

import pandas as pd
from alphalens import performance, utils

from benchmarks.stopwatch import tell, timed

HORIZONS = (1, 5, 10)
QUANTILES = 5


def main(folder: Path, *, by_group: bool) -> None:
    """Evaluate the factor of the folder, tell what it took."""
    warnings.simplefilter("ignore")
    scores, prices, sectors = (
        pd.read_parquet(folder / f"{name}.parquet")
        for name in ("scores", "prices", "sectors")
    )
    factor = scores.stack().rename_axis(["date", "asset"])  # noqa: PD013
    sector_of = sectors.set_index("ticker")["sector"].to_dict() if by_group else None
    tables, taken = timed(lambda: full_tear_sheet(factor, prices, sector_of))
    for name, table in tables.items():
        table.columns = table.columns.astype(str)
        table.to_parquet(folder / f"alphalens_{name}.parquet")
    tell(taken, "alphalens-reloaded", "pandas", "numpy")


def full_tear_sheet(
    factor: pd.Series, prices: pd.DataFrame, sector_of: dict[str, str] | None
) -> dict[str, pd.DataFrame]:
    """Compute what ``create_full_tear_sheet`` draws, each table once."""
    data = utils.get_clean_factor_and_forward_returns(
        factor, prices, groupby=sector_of, quantiles=QUANTILES, periods=HORIZONS
    )
    tables = returns_of(data) | information_of(data) | turnover_of(data)
    return tables if sector_of is None else tables | by_group_of(data)


def returns_of(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Compute the tables of the returns sheet."""
    portfolio = performance.factor_returns(data)
    by_date, errors = performance.mean_return_by_quantile(data, by_date=True)
    spread, _ = performance.compute_mean_returns_spread(
        by_date, QUANTILES, 1, std_err=errors
    )
    return {
        "quantile_returns": performance.mean_return_by_quantile(data)[0],
        "spread": spread,
        "factor_returns": portfolio,
        "alpha_beta": performance.factor_alpha_beta(data, portfolio),
    }


def information_of(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Compute the tables of the information sheet."""
    by_month = performance.mean_information_coefficient(
        data, by_time=pd.offsets.MonthEnd()
    )
    ic = performance.factor_information_coefficient(data)
    return {"ic": ic, "ic_by_month": by_month}


def by_group_of(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Compute what the sheets add by group."""
    returns, _ = performance.mean_return_by_quantile(data, by_group=True)
    ic = performance.mean_information_coefficient(data, by_group=True)
    return {"quantile_returns_by_group": returns, "ic_by_group": ic}


def turnover_of(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Compute the tables of the turnover sheet, for every horizon."""
    quantile = data["factor_quantile"]
    turnover = {
        (horizon, name): performance.quantile_turnover(quantile, name, horizon)
        for horizon in HORIZONS
        for name in range(1, QUANTILES + 1)
    }
    autocorrelation = {
        horizon: performance.factor_rank_autocorrelation(data, horizon)
        for horizon in HORIZONS
    }
    return {
        "turnover": pd.DataFrame({f"{h}_{q}": of for (h, q), of in turnover.items()}),
        "rank_autocorrelation": pd.DataFrame(autocorrelation),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), by_group="--by-group" in sys.argv)

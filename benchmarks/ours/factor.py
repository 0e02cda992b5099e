"""The same numbers of one factor by this project, under alphalens's definitions.

    python -m benchmarks.ours.factor <folder> [--by-group]

Scores and prices are in memory before time is taken; the tables are then written in
the layout of alphalens.
"""

import sys
from pathlib import Path

import pandas as pd

from alpha_kedro.measures import FactorEvidence, evaluate_factor
from alpha_kedro.measures.factor import ALPHALENS
from benchmarks.ours.libraries import load_libraries
from benchmarks.stopwatch import tell, timed

HORIZONS = (1, 5, 10)
TABLES = (
    *("quantile_returns", "spread", "factor_returns", "alpha_beta", "ic"),
    *("ic_by_month", "turnover_by_quantile", "rank_autocorrelation_by_horizon"),
)
TABLES_BY_GROUP = ("quantile_returns_by_group", "ic_by_group")


def main(folder: Path, *, by_group: bool) -> None:
    """Evaluate the factor of the folder, tell what it took."""
    scores, prices, sectors = (
        pd.read_parquet(folder / f"{name}.parquet")
        for name in ("scores", "prices", "sectors")
    )
    sector_of = sectors.set_index("ticker")["sector"].to_dict() if by_group else None
    _, taken = timed(lambda: full_evidence(scores, prices, sector_of))
    evidence, again = timed(lambda: full_evidence(scores, prices, sector_of))
    for name, table in as_alphalens(evidence, by_group=by_group).items():
        table.columns = table.columns.astype(str)
        table.to_parquet(folder / f"factor_{name}.parquet")
    tell(taken | {"again_cpu": again["cpu"]}, "alpha-kedro", "numba", "numpy")


def full_evidence(
    scores: pd.DataFrame, prices: pd.DataFrame, sector_of: dict[str, str] | None
) -> FactorEvidence:
    """Evaluate the factor and make every table that is compared, and the summary."""
    evidence = evaluate_factor(
        scores,
        prices,
        HORIZONS,
        quantiles=5,
        groups=sector_of,
        lag=0,
        min_names=2,
        relative_to="universe",
        conventions=ALPHALENS,
    )
    for name in TABLES + (TABLES_BY_GROUP if sector_of else ()):
        getattr(evidence, name)
    evidence.summary()
    return evidence


def as_alphalens(
    evidence: FactorEvidence, *, by_group: bool
) -> dict[str, pd.DataFrame]:
    """Lay the tables out as alphalens does; its spread is that of a book of gross 1."""
    spread, slopes = evidence.spread / 2, evidence.alpha_beta
    returns, turnover = evidence.quantile_returns, evidence.turnover_by_quantile
    tables = {
        "ic": evidence.ic,
        "ic_by_month": evidence.ic_by_month,
        "spread": spread,
        "factor_returns": evidence.factor_returns,
        "alpha_beta": slopes[["alpha_annual", "beta"]].T,
        "quantile_returns": returns.pivot_table("mean_return", "quantile", "horizon"),
        "turnover": turnover.set_axis(
            turnover.columns.map("{0[0]}_{0[1]}".format), axis=1
        ),
        "rank_autocorrelation": evidence.rank_autocorrelation_by_horizon,
    }
    return tables | (_by_group(evidence) if by_group else {})


def _by_group(evidence: FactorEvidence) -> dict[str, pd.DataFrame]:
    returns, ic = evidence.quantile_returns_by_group, evidence.ic_by_group
    rows = ["quantile", "group"]
    return {
        "quantile_returns_by_group": returns.pivot_table(
            "mean_return", rows, "horizon"
        ),
        "ic_by_group": ic.pivot_table("rank_ic", "group", "horizon"),
    }


if __name__ == "__main__":
    load_libraries()
    main(Path(sys.argv[1]), by_group="--by-group" in sys.argv)

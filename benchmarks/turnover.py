"""What is left of one signal after costs, by how it is traded, on real data.

    python -m benchmarks.turnover <data_root> <model> [first day]

The data_root is that of a finished run, whose predictions of one model are traded at
the last session of each week: in legs of tenths, fifths and three tenths (`fifths` by
name), with bands of ranks, neutral to what names share, and that at several speeds.
Every setting is run at 2, 5, 10 and 20 bps one way, and turnover and gross are those of
each run: methods that heed costs trade otherwise at other costs. What is ahead is ahead
of the tenths, the first setting of the reference.
The table and its chart are put into ``08_reporting/turnover.*`` of the data_root.
"""

import sys
import time
from pathlib import Path

import pandas as pd

from alpha_kedro.core.calendar import decision_rows
from alpha_kedro.core.prices import exit_returns_of, price_panel
from alpha_kedro.portfolio import (
    CostSpec,
    FrontierSpec,
    SimulationSpec,
    StrategySpec,
    TradedMarket,
    frontier_of,
)
from alpha_kedro.reports.frontier_chart import frontier_chart
from benchmarks.report import Report

CALENDAR, SEED = "XNYS", 7
STYLES = {"styles": ["beta", "volatility", "size", "momentum", "momentum_3m"]}
NEUTRAL = {
    "kind": "proportional",
    "proportional": {"signal": "rank", "name_cap": 0.02, "exposures": STYLES},
}
KEPT = {"neutral": "sector", "exposures": STYLES}
STRATEGIES = {
    "fifths": {"kind": "quantile"},
    "enter and leave": {"kind": "hysteresis", "hysteresis": {"leave": 0.5}},
    "neutral": NEUTRAL,
    "neutral, averaged scores": NEUTRAL | {"score_half_life": 1.0},
    "neutral, tranches": NEUTRAL | {"tranches": 2},
    "neutral, part of the way": NEUTRAL
    | {"overlays": [{"kind": "partial", "rate": 0.2, **KEPT}]},
    "neutral, aim portfolio": NEUTRAL
    | {"overlays": [{"kind": "aim_portfolio", "rate": None, **KEPT}]},
    "neutral, band": NEUTRAL
    | {"overlays": [{"kind": "no_trade_band", "cost_root": 2.0, **KEPT}]},
    "neutral, band from costs": NEUTRAL
    | {"overlays": [{"kind": "no_trade_band", "from_costs": True, **KEPT}]},
}
METHODS: dict[str, dict[str, list[object]]] = {
    "fifths": {"strategy.quantile": [0.1, 0.2, 0.3]},
    "enter and leave": {"strategy.hysteresis.leave": [0.3, 0.5, 0.7]},
    "neutral": {},
    "neutral, averaged scores": {"strategy.score_half_life": [1.0, 3.0]},
    "neutral, tranches": {"strategy.tranches": [2, 4]},
    "neutral, part of the way": {"strategy.overlays.0.rate": [0.2, 0.4]},
    "neutral, aim portfolio": {},
    "neutral, band": {"strategy.overlays.0.cost_root": [1.0, 2.0, 4.0]},
    "neutral, band from costs": {},
}


def main(root: Path, model: str, first: str = "1900-01-01") -> int:
    """Run every method at every speed and cost, show and keep the table."""
    market = market_of(root / "03_primary")
    predictions = pd.read_parquet(root / "07_model_output/predictions.parquet")
    scores = weekly(predictions, model)
    started = time.process_time()
    frontier = frontier_of(
        market,
        scores[scores["date"] >= first],
        strategies={
            name: StrategySpec.parse({"model": model, **block}, name)
            for name, block in STRATEGIES.items()
        },
        costs=CostSpec(),
        spec=FrontierSpec(methods=METHODS, reference="fifths"),
        seed=SEED,
    )
    frontier.to_parquet(root / "08_reporting/turnover.parquet")
    chart = frontier_chart(frontier)
    chart.figure.write_html(root / "08_reporting/turnover.html", include_plotlyjs=True)
    taken = time.process_time() - started
    report(frontier, f"{len(frontier)} books, {taken:.0f} CPU s").show()
    return 0


def market_of(primary: Path) -> TradedMarket:
    """Lay out the market of a finished run."""
    names = ("bars", "sectors", "listings", "benchmarks")
    bars, sectors, listings, benchmarks = (
        pd.read_parquet(primary / f"{name}.parquet") for name in names
    )
    prices, simulation = price_panel(bars), SimulationSpec()
    return TradedMarket.of(
        prices,
        sectors=sectors,
        benchmarks=benchmarks,
        exit_returns=exit_returns_of(
            listings, prices.axes, default=simulation.delisting_return
        ),
        costs=CostSpec(),
        simulation=simulation,
    )


def weekly(predictions: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return one model's predictions at the last session of each week."""
    own = predictions[predictions["model"] == model]
    days = pd.DatetimeIndex(own["date"].unique()).sort_values()
    chosen = days[decision_rows(days.to_numpy(), "weekly", calendar=CALENDAR)]
    return own[own["date"].isin(chosen)]


def report(frontier: pd.DataFrame, took: str) -> Report:
    """Return the frontier as a table."""
    header = ("method", "cost bps", "turnover a week", "gross", "net", "95 %", "ahead")
    rows = [
        [
            row["name"],
            f"{row['cost_bps']:g}",
            f"{row['turnover_weekly'] / 2:.0%}",
            f"{row['gross_sharpe']:.2f}",
            f"{row['net_sharpe']:.2f}",
            f"[{row['ci_low']:.2f}, {row['ci_high']:.2f}]",
            f"{row['difference']:+.2f} [{row['difference_low']:.2f}, "
            f"{row['difference_high']:.2f}]",
        ]
        for row in frontier.to_dict("records")
    ]
    notes = [took, "turnover of a book of 2: share of itself; ahead: of fifths, paired"]
    return Report("turnover", header, rows, notes)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        print(__doc__)
        sys.exit(2)
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))

"""Target weights traded by vectorbt, with its statistics.

    python -m benchmarks.peers.vectorbt_simulation <folder> <book>
    python -m benchmarks.peers.vectorbt_simulation <folder> configurations

Runs on the project's own interpreter: vectorbt asks for its pandas. Orders are filled
at the open of the session after the decision and positions are marked at closes.
``min_size`` 0 and a large account keep its thresholds, absolute numbers of units, away
from small orders. Its kernels are loaded by a small market before time is taken; the
best of three more calls is told as well. All configurations one call after the other:
grouped columns take as long for each, and half a gigabyte more with each of them.
"""

import gc
import sys
import warnings
from pathlib import Path

import pandas as pd
import vectorbt as vbt

from benchmarks.books import (
    COST_BPS,
    configurations,
    keep,
    read_book,
    read_prices,
)
from benchmarks.stopwatch import tell, timed

CASH = 1e6
CALLS = 3
FIGURES = {
    "total_return": ("Total Return [%]", 0.01),
    "max_drawdown": ("Max Drawdown [%]", -0.01),
    "sharpe": ("Sharpe Ratio", 1.0),
    "calmar": ("Calmar Ratio", 1.0),
    "fees": ("Total Fees Paid", 1 / CASH),
}
"""Statistics of one definition in both: the name here, the name there, the unit."""


def main(folder: Path, what: str) -> None:
    """Trade one book or all configurations, tell what it took."""
    warnings.simplefilter("ignore")
    vbt.settings.returns["year_freq"] = "252 days"
    prices = read_prices(folder)
    single = what != "configurations"
    names = {what} if single else {name for name, _ in configurations()}
    orders = {name: orders_of(read_book(folder, name), prices[1]) for name in names}
    few, opens, closes = (
        each.iloc[:50, :10] for each in (next(iter(orders.values())), *prices)
    )
    trade(few, (opens, closes), COST_BPS)
    if single:
        one_book(folder, what, orders[what], prices)
    else:
        all_configurations(folder, orders, prices)


def one_book(
    folder: Path,
    name: str,
    orders: pd.DataFrame,
    prices: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    """Trade one book a few times over; keep its path and figures."""
    (value, stats), taken = timed(lambda: trade(orders, prices, COST_BPS))
    again = min(
        timed(lambda: trade(orders, prices, COST_BPS))[1]["cpu"] for _ in range(CALLS)
    )
    figures = {ours: stats[its] * unit for ours, (its, unit) in FIGURES.items()}
    keep(folder / "vectorbt", name, (value / CASH).to_frame("nav"), figures)
    tell(taken | {"again_cpu": again}, *_PACKAGES)


def all_configurations(
    folder: Path,
    orders: dict[str, pd.DataFrame],
    prices: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    """Trade every configuration, one call each; memory is freed off the clock."""
    paths, cpu = {}, 0.0
    for name, cost in configurations():
        (value, _), taken = timed(lambda n=name, c=cost: trade(orders[n], prices, c))
        paths[f"{name} {cost}"] = value / CASH
        cpu += taken["cpu"]
        gc.collect()
    keep(folder / "vectorbt", "configurations", pd.DataFrame(paths), {})
    tell(taken | {"cpu": cpu}, *_PACKAGES)


def trade(
    orders: pd.DataFrame, prices: tuple[pd.DataFrame, pd.DataFrame], cost_bps: float
) -> tuple[pd.Series, pd.Series]:
    """Return the value path and the statistics of one book."""
    opens, closes = prices
    book = vbt.Portfolio.from_orders(
        closes,
        orders,
        price=opens,
        size_type="targetpercent",
        fees=cost_bps * 1e-4,
        min_size=0.0,
        init_cash=CASH,
        group_by=True,
        cash_sharing=True,
        call_seq="auto",
        freq="1D",
    )
    return book.value(), book.stats()


def orders_of(book: pd.DataFrame, closes: pd.DataFrame) -> pd.DataFrame:
    """Return a row per session: targets where they are filled, NaN elsewhere."""
    return book.reindex(index=closes.index, columns=closes.columns).shift(1)


_PACKAGES = ("vectorbt", "pandas", "numpy")

if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

"""Checks that catch a function of a price panel looking where it must not.

Each takes ``compute`` (a panel in, an array of (n_dates, n_tickers) out) and raises an
AssertionError that names the first cell that moved. What each can and cannot see is
proven by planted leaks in ``test_checks_see_leaks.py``.
"""

import ast
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Panel
from alpha_kedro.core.prices import price_panel

Compute = Callable[[Panel], np.ndarray]


def difficult_bars(n_dates=300, seed=0):
    """Bars with a hole, a late listing, a delisting, a flat price and days unsold."""
    rng = np.random.default_rng(seed)
    dates = pd.bdate_range("2020-01-01", periods=n_dates)
    tables = [_walk(rng, name, dates) for name in ("AAA", "BBB", "CCC", "DDD", "EEE")]
    holey, late, dead, quiet, _ = tables
    flat = pd.DataFrame({"date": dates, "ticker": "FLAT", "volume": 1000.0})
    flat[["open", "high", "low", "close", "adj_close"]] = 12.5
    tables[0] = holey.drop(index=[40, 41, n_dates - 30])
    tables[1] = late.iloc[n_dates // 6 :]
    tables[2] = dead.iloc[: n_dates - 8]
    quiet.loc[quiet.index % 9 == 0, "volume"] = 0.0
    return pd.concat([*tables, flat], ignore_index=True)


def difficult_prices(n_dates=300, seed=0):
    return price_panel(difficult_bars(n_dates, seed))


def _walk(rng, ticker, dates):
    close = 50 * np.exp(np.cumsum(rng.normal(0, 0.02, len(dates))))
    opened = close * np.exp(rng.normal(0, 0.01, len(dates)))
    spread = np.exp(np.abs(rng.normal(0, 0.01, (2, len(dates)))))
    return pd.DataFrame(
        {
            "date": dates,
            "ticker": ticker,
            "open": opened,
            "high": np.maximum(opened, close) * spread[0],
            "low": np.minimum(opened, close) / spread[1],
            "close": close,
            "adj_close": close * np.linspace(0.9, 1.0, len(dates)),
            "volume": np.round(rng.lognormal(10, 1, len(dates))),
        }
    )


def rows(prices: Panel, start: int, stop: int) -> Panel:
    """The panel from row ``start`` to before ``stop``."""
    axes = Axes(prices.dates[start:stop], prices.tickers)
    return Panel(
        axes, {name: field[start:stop] for name, field in prices.fields.items()}
    )


def columns(prices: Panel, chosen) -> Panel:
    """The panel of some tickers, in the order given."""
    axes = Axes(prices.dates, prices.tickers[chosen])
    fields = {name: field[:, chosen] for name, field in prices.fields.items()}
    return Panel(axes, fields)


def garbled(prices: Panel, where: np.ndarray, fields: Iterable[str] = ()) -> Panel:
    """The panel with nonsense of the same shape wherever ``where`` is True."""
    rng = np.random.default_rng(99)
    nonsense = {}
    for name, field in prices.fields.items():
        noise = rng.lognormal(0, 2, field.shape) * np.where(np.isnan(field), 1, field)
        noise[rng.random(field.shape) < 0.1] = np.nan
        if field.dtype == bool:
            noise = rng.random(field.shape) < 0.5
        touched = not fields or name in fields
        nonsense[name] = np.where(where, noise, field) if touched else field
    return Panel(prices.axes, nonsense)


def assert_same_bits(found: np.ndarray, wanted: np.ndarray, what: str) -> None:
    moved = ~((found == wanted) | (np.isnan(found) & np.isnan(wanted)))
    first = tuple(int(place) for place in np.argwhere(moved)[0]) if moved.any() else ()
    assert not moved.any(), f"{what}: {moved.sum()} cells moved, first {first}"


def assert_blind_to_the_future(
    compute: Compute, prices: Panel, *, cuts: Iterable[int]
) -> None:
    """D1: nonsense in all fields after a cut leaves every value up to it as it was."""
    whole = compute(prices)
    for cut in cuts:
        later = np.arange(len(prices.dates))[:, None] > cut
        seen = compute(garbled(prices, np.broadcast_to(later, prices.axes.shape)))
        assert_same_bits(seen[: cut + 1], whole[: cut + 1], f"garbled after row {cut}")


def assert_same_when_cut_off(
    compute: Compute, prices: Panel, *, cuts: Iterable[int]
) -> None:
    """D2: a history that ends at a cut has the values of the whole history."""
    whole = compute(prices)
    for cut in cuts:
        seen = compute(rows(prices, 0, cut + 1))
        assert_same_bits(seen, whole[: cut + 1], f"cut off after row {cut}")


def assert_lookback_holds(
    compute: Compute, prices: Panel, *, lookback: int, cuts: Iterable[int]
) -> None:
    """L42: the lookback alone, as the evening job loads it, gives the same last row."""
    whole = compute(prices)
    for cut in cuts:
        if cut + 1 >= lookback:
            seen = compute(rows(prices, cut + 1 - lookback, cut + 1))
            assert_same_bits(seen[-1], whole[cut], f"started {lookback} before {cut}")


def assert_order_of_tickers_is_nothing(compute: Compute, prices: Panel) -> None:
    """Columns in another order give the same columns in that order."""
    order = np.random.default_rng(5).permutation(len(prices.tickers))
    shuffled = compute(columns(prices, order))
    assert_same_bits(shuffled, compute(prices)[:, order], "tickers reordered")


def assert_tickers_apart(compute: Compute, prices: Panel) -> None:
    """Nonsense in one ticker leaves all others as they were."""
    whole = compute(prices)
    for victim in range(len(prices.tickers)):
        others = np.arange(len(prices.tickers)) != victim
        seen = compute(garbled(prices, np.broadcast_to(~others, prices.axes.shape)))
        ticker = prices.tickers[victim]
        assert_same_bits(seen[:, others], whole[:, others], f"garbled {ticker}")


def assert_later_listing_is_nothing(compute: Compute, prices: Panel) -> None:
    """L20: a name that lists later changes nothing before it does."""
    listing = 2 * len(prices.dates) // 3
    newcomer = columns(prices, [0])
    fields = {name: field.copy() for name, field in newcomer.fields.items()}
    for name, field in fields.items():
        field[:listing] = False if field.dtype == bool else np.nan
        fields[name] = np.hstack([prices[name], field])
    axes = Axes(prices.dates, np.append(prices.tickers, "ZZZ"))
    seen = compute(Panel(axes, fields))[:listing, :-1]
    assert_same_bits(seen, compute(prices)[:listing], f"listed at row {listing}")


def assert_reads_only(compute: Compute, prices: Panel, *, needs: Iterable[str]) -> None:
    """Nonsense in every field that is not declared changes nothing."""
    undeclared = set(prices.fields) - set(needs)
    everywhere = np.ones(prices.axes.shape, dtype=bool)
    seen = compute(garbled(prices, everywhere, undeclared or {"none"}))
    assert_same_bits(seen, compute(prices), f"garbled {sorted(undeclared)}")


def assert_scale_free(
    compute: Compute, prices: Panel, *, factor: float = 7.3, rtol: float = 1e-9
) -> None:
    """Prices in another currency give the same values, up to rounding."""
    kept = {"volume", "traded"}
    scaled = {
        name: field if name in kept else field * factor
        for name, field in prices.fields.items()
    }
    seen = compute(Panel(prices.axes, scaled))
    np.testing.assert_allclose(seen, compute(prices), rtol=rtol, atol=rtol / 1000)


def forward_looking_calls(source: str) -> list[str]:
    """D11: calls in a source that fill backward, centre or shift from the future."""
    return [ast.unparse(node) for node in _calls(source) if _looks_forward(node)]


def _calls(source: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))


def _looks_forward(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    given = {word.arg: word.value for word in call.keywords}
    numbers = [*call.args, *(given[k] for k in ("periods", "k") if k in given)]
    return (
        name in {"bfill", "backfill", "interpolate", "filtfilt"}
        or _is(given.get("center"), True)
        or _is(given.get("method"), "bfill")
        or (name in {"shift", "diff", "pct_change", "delay"} and _any_negative(numbers))
    )


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _any_negative(nodes: list[ast.expr]) -> bool:
    return any(
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
        for node in nodes
    )

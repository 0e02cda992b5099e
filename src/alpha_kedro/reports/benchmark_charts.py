"""A strategy beside its benchmarks: growth, years, and what it added at what risk.

A benchmark is shown as it is and at the strategy's risk: ex-ante, by volatilities known
the close before, and ex-post, by those of the whole sample, which is hindsight.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from alpha_kedro.measures import (
    AS_IT_IS,
    EX_ANTE,
    EX_POST,
    BenchmarkEvidence,
    Relative,
    StrategyEvidence,
)
from alpha_kedro.reports.chart import (
    Chart,
    Drawn,
    Gap,
    blank,
    legend_above,
    literal,
)
from alpha_kedro.reports.growth_lines import growth_figure
from alpha_kedro.reports.palette import BENCHMARK, GREEN, NET, ORANGE, PURPLE
from alpha_kedro.reports.tables import Table
from alpha_kedro.reports.titles import about_strategy
from alpha_kedro.reports.wording import count, day, fixed, numbered, percent

LABELS = {AS_IT_IS: "", EX_ANTE: " (ex-ante)", EX_POST: " (ex-post)"}
_HELD = {
    AS_IT_IS: "as it is",
    EX_ANTE: "ex-ante risk-matched",
    EX_POST: "ex-post risk-matched",
}
_NUMBERS: dict[str, Callable[[Relative], str]] = {
    "Its return a year": lambda r: percent(r.annual_return),
    "Its volatility": lambda r: percent(r.annual_volatility),
    "Its Sharpe ratio": lambda r: fixed(r.sharpe),
    "Its deepest drawdown": lambda r: percent(r.max_drawdown),
    "Active return a year": lambda r: percent(r.active_return),
    "t of the active return (HAC)": lambda r: fixed(r.active_t, 1),
    "Tracking error": lambda r: percent(r.tracking_error),
    "Information ratio": lambda r: fixed(r.information_ratio),
    "Beta": lambda r: fixed(r.beta),
    "Alpha a year": lambda r: percent(r.alpha_annual),
    "t of alpha (HAC)": lambda r: fixed(r.alpha_t, 1),
    "Correlation": lambda r: fixed(r.correlation),
    "Up capture": lambda r: fixed(r.up_capture),
    "Down capture": lambda r: fixed(r.down_capture),
    "Sessions on which the strategy did better": lambda r: percent(r.hit_rate, 0),
    "Common sessions": lambda r: count(r.n_sessions),
    "Sessions without it": lambda r: count(r.n_missing),
    "First common session": lambda r: day(r.start),
}
_DASHES = {AS_IT_IS: "solid", EX_ANTE: "dash", EX_POST: "dot"}
_COLOURS = (BENCHMARK, ORANGE, GREEN, PURPLE)
_WHOLE_YEAR = 0.95  # common sessions (share) for a year to be compared
_LABEL_MARGIN = 150  # pixels to the right, for the names of lines


def benchmark_chart(strategy: StrategyEvidence) -> Drawn:
    """Draw growth of 1 beside every benchmark, and the reference at equal risk."""
    if not strategy.benchmarks:
        return Gap("Growth beside benchmarks", "there is no benchmark")
    styles = dict(_styles(strategy))
    lines = _growth(strategy)
    figure = growth_figure(lines, styles, height=460)
    for name, annotation in zip(lines, figure.layout.annotations, strict=True):
        annotation.font = {"color": styles[str(name)]["color"]}
    figure.update_layout(margin={"r": _LABEL_MARGIN})
    reference = next(iter(strategy.benchmarks.values()))
    ends = ", ".join(f"{name} {fixed(lines[name].dropna().iloc[-1])}" for name in lines)
    return Chart(
        key="benchmarks",
        title=_finding(reference),
        subtitle=f"{about_strategy(strategy)} · {_matching(reference)} · a line that "
        "begins later begins where the strategy stood",
        figure=figure,
        table=lines.reset_index(),
        alt=f"Growth of 1 beside benchmarks on a log scale. At the end: {ends}.",
        least_width=560,
    )


def yearly_chart(strategy: StrategyEvidence) -> Drawn:
    """Draw the return of every year beside those of the benchmarks."""
    years = strategy.years
    if years.empty or not strategy.benchmarks:
        return Gap("Returns by year beside benchmarks", "there is no benchmark")
    own = years.drop_duplicates("year")
    labels = [_year_label(row) for row in own.to_dict("records")]
    figure = blank(x="Year", y="Return (%)", height=340)
    figure.add_bar(
        x=labels,
        y=(100 * own["net_return"]).round(3),
        name="net",
        marker={"color": NET},
        hovertemplate="net %{y:.1f} %<extra></extra>",
    )
    for colour, name in zip(_shades(strategy), strategy.benchmarks, strict=True):
        beside = years[years["benchmark"] == name]
        figure.add_bar(
            x=labels,
            y=(100 * beside["benchmark_return"]).round(3),
            name=literal(name),
            marker={"color": colour},
            hovertemplate=f"{literal(name)} %{{y:.1f}} %<extra></extra>",
        )
    figure.add_hline(y=0, line_width=1)
    figure.update_xaxes(type="category")
    legend_above(figure)
    reference = next(iter(strategy.benchmarks))
    beside = years[years["benchmark"] == reference]
    known = beside[beside["n_common"] >= _WHOLE_YEAR * beside["n_sessions"]]
    ahead = int((known["net_return"] > known["benchmark_return"]).sum())
    return Chart(
        key="benchmarks_by_year",
        title=f"Ahead of {reference} in {ahead} of {numbered(len(known), 'year')}",
        subtitle=about_strategy(strategy) + " · benchmarks as they are, on the dates "
        "they have · * part of a year",
        figure=figure,
        table=years,
        alt=f"Net return by year beside {numbered(len(strategy.benchmarks), 'other')}; "
        f"ahead of {reference} in {ahead} of {len(known)}.",
        least_width=120 + 60 * len(labels),
    )


def benchmark_table(strategy: StrategyEvidence) -> Table:
    """Return a column per benchmark and way of holding it, a row per number."""
    held = [
        (each.name, words, _share_held(each, line), each.relative[line])
        for each in strategy.benchmarks.values()
        for line, words in _HELD.items()
    ]
    shares = (
        "Share of NAV held, on average",
        *(fixed(share) for _, _, share, _ in held),
    )
    rows = (
        (heading, *(cell(relative) for *_, relative in held))
        for heading, cell in _NUMBERS.items()
    )
    names = (f"{name}, {words}" for name, words, _, _ in held)
    return Table(("Against", *names), (shares, *rows) if held else ())


def year_table(strategy: StrategyEvidence) -> Table:
    """Return a row per year: the strategy, and each benchmark beside it."""
    names = tuple(strategy.benchmarks)
    beside = [(name, f"IR against {name}") for name in names]
    header = (
        *("Year", "Net return", "Gross return", "Volatility", "Sharpe"),
        *("Deepest drawdown", "Sessions"),
        *(heading for headings in beside for heading in headings),
    )
    return Table(
        header,
        tuple(
            (
                _year_label(own.iloc[0].to_dict()),
                *_year_cells(own.iloc[0].to_dict()),
                *(cell for name in names for cell in _beside_cells(own, name)),
            )
            for _, own in strategy.years.groupby("year")
        ),
    )


def _growth(strategy: StrategyEvidence) -> pd.DataFrame:
    """Return growth of 1 by line; what begins late begins where the strategy stood."""
    nav = strategy.returns["nav"]
    lines = {"net": nav}
    for place, each in enumerate(strategy.benchmarks.values()):
        for line, returns in each.lines.items():
            if (line == AS_IT_IS or place == 0) and returns.notna().any():
                lines[each.name + LABELS[line]] = _joined(nav, returns)
    table = pd.DataFrame(lines)
    return table.where(table > 0)


def _joined(nav: pd.Series, returns: pd.Series) -> pd.Series:
    first = int(np.flatnonzero(returns.notna())[0])
    began = float(nav.iloc[first - 1]) if first else 1.0
    return began * (1 + returns).cumprod()


def _styles(strategy: StrategyEvidence) -> Iterator[tuple[str, dict[str, object]]]:
    yield "net", {"color": NET, "width": 2.6}
    named = zip(_shades(strategy), strategy.benchmarks, strict=True)
    for colour, name in named:
        for line, label in LABELS.items():
            width = 1.4 if line == AS_IT_IS else 1.8
            dash = _DASHES[line]
            yield name + label, {"color": colour, "width": width, "dash": dash}


def _shades(strategy: StrategyEvidence) -> list[str]:
    many = len(strategy.benchmarks)
    return [_COLOURS[min(place, len(_COLOURS) - 1)] for place in range(many)]


def _finding(reference: BenchmarkEvidence) -> str:
    plainly, matched = (reference.relative[line] for line in (AS_IT_IS, EX_ANTE))
    return (
        f"Information ratio {fixed(plainly.information_ratio)} against "
        f"{reference.name}, {fixed(matched.information_ratio)} against it at equal risk"
        f" set beforehand; alpha {percent(plainly.alpha_annual)} a year, "
        f"t {fixed(plainly.alpha_t, 1)}"
    )


def _matching(reference: BenchmarkEvidence) -> str:
    match = reference.match
    return (
        f"ex-ante: {reference.name} scaled each session to the volatility of the "
        f"{match.window} sessions before, at most {fixed(match.cap, 1)} × NAV · "
        "ex-post: scaled once by the whole sample, with hindsight"
    )


def _share_held(benchmark: BenchmarkEvidence, line: str) -> float:
    if line == EX_ANTE:
        return float(benchmark.scale.mean())
    return benchmark.ex_post_scale if line == EX_POST else 1.0


def _year_label(row: Mapping[object, object]) -> str:
    """Return the year, marked where the sample does not span it."""
    start, end = pd.Timestamp(str(row["start"])), pd.Timestamp(str(row["end"]))
    whole = start.dayofyear <= 7 and end.dayofyear >= 359
    return f"{row['year']}" if whole else f"{row['year']}*"


def _year_cells(row: Mapping[object, float]) -> tuple[str, ...]:
    return (
        percent(row["net_return"]),
        percent(row["gross_return"]),
        percent(row["annual_volatility"]),
        fixed(row["sharpe"]),
        percent(row["max_drawdown"]),
        count(row["n_sessions"]),
    )


def _beside_cells(own: pd.DataFrame, name: str) -> tuple[str, str]:
    """Return a benchmark's return and the information ratio against it.

    Where the benchmark lacks sessions of the year, how many it has.
    """
    row = own[own["benchmark"] == name].iloc[0]
    n, all_of_them = int(row["n_common"]), int(row["n_sessions"])
    counted = "" if n == all_of_them else f" ({count(n)})"
    return percent(row["benchmark_return"]) + counted, fixed(row["information_ratio"])

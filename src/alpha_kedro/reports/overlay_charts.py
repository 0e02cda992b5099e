"""What limits and rules of trading changed: how much, when, and how often.

All of it is read from the long table date, strategy, overlay, changed of a backtest:
``changed`` is half the sum of absolute changes of weights, share of NAV.
"""

from typing import TYPE_CHECKING

import pandas as pd

from alpha_kedro.reports.chart import (
    Chart,
    Drawn,
    Gap,
    blank,
    blank_grid,
    days,
    literal,
    tiles,
)
from alpha_kedro.reports.palette import BAND, BLUE
from alpha_kedro.reports.section import Section
from alpha_kedro.reports.tables import Table
from alpha_kedro.reports.wording import (
    count,
    day,
    numbered,
    percent,
    plain_words,
    span,
)

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ROUNDING = 1e-9
_PANEL = 96  # pixels
_PLAIN = "What each overlay changed"


def overlay_section(changes: pd.DataFrame, *, headline: str) -> list[Section]:
    """Return the chapter about overlays; none where no strategy has any.

    Parameters
    ----------
    changes
        See the module; a row per decision and overlay, with 0 where nothing changed.
    headline
        The strategy that is drawn over time, if it has overlays; else the first one.
    """
    if changes.empty:
        return []
    strategies = list(changes["strategy"].unique())
    drawn = headline if headline in strategies else strategies[0]
    compared = (frequency_chart(changes),) if len(strategies) > 1 else ()
    return [
        Section(
            "overlays",
            "Limits and overlays",
            "Between what construction wants and what is traded stand overlays, in the "
            "order of the strategy: each may change the book, and what it "
            "changed is half the sum of the absolute changes of all weights, as a "
            "share of NAV. One that never changes anything could be left out; one that "
            "always does decides what is held.",
            (overlay_chart(changes, strategy=drawn), *compared),
            (("What each overlay changed, in its order", overlay_table(changes)),),
        )
    ]


def overlay_chart(changes: pd.DataFrame, *, strategy: str) -> Drawn:
    """Draw what each overlay of a strategy changed at each decision, one below another.

    All of them have one scale, so that a large one is seen to be large.
    """
    own = changes[changes["strategy"] == strategy]
    if own.empty:
        return Gap(_PLAIN, f"{strategy} has no overlays")
    facts = overlay_tally(own)
    names = list(facts["overlay"])
    figure = blank_grid(
        [plain_words(name) for name in names],
        x="Decision date",
        y="",
        columns=1,
        row_height=_PANEL,
    )
    for row, name in enumerate(names, start=1):
        _add_steps(figure, own[own["overlay"] == name], row=row)
    _finish_panels(figure)
    most = facts.to_dict("records")[int(facts["mean_changed"].argmax())]
    return Chart(
        key="overlays_over_time",
        title=f"{_capital(plain_words(most['overlay']))} changes most: "
        f"{percent(most['mean_changed'])} of NAV a decision",
        subtitle=f"{strategy} · {span(own['date'].min(), own['date'].max())} · "
        f"{numbered(own['date'].nunique(), 'decision')} · in the order of applying",
        figure=figure,
        table=own.reset_index(drop=True),
        alt="What each overlay changed at each decision: "
        + ", ".join(
            f"{plain_words(fact['overlay'])} on {percent(fact['share'], 0)} of them"
            for fact in facts.to_dict("records")
        ),
    )


def frequency_chart(changes: pd.DataFrame) -> Chart:
    """Draw on what share of decisions each overlay of each strategy did anything."""
    facts = overlay_tally(changes)
    grid = 100 * facts.pivot_table("share", index="strategy", columns="overlay")
    order = list(facts["overlay"].unique())
    shown = grid.reindex(index=facts["strategy"].unique()[::-1], columns=order)
    idle = int((facts["n_changed"] == 0).sum())
    figure = blank(x="Overlay", y="Strategy", height=150 + 34 * len(shown))
    labelled = shown.rename(index=literal, columns=plain_words)
    tiles(
        figure,
        labelled,
        limit=100.0,
        hover="%{y}, %{x}: changed something on %{z:.0f} % of decisions<extra></extra>",
    )
    figure.update_traces(texttemplate="%{z:.0f}")
    figure.update_xaxes(showgrid=False, type="category", tickangle=-30)
    figure.update_yaxes(showgrid=False, type="category")
    return Chart(
        key="overlays_how_often",
        title=f"{idle} of {numbered(len(facts), 'overlay')} never changed anything"
        if idle
        else f"All {numbered(len(facts), 'overlay')} changed something",
        subtitle=f"{span(changes['date'].min(), changes['date'].max())} · "
        f"{len(shown)} strategies · % of decisions on which it changed the book",
        figure=figure,
        table=facts,
        alt=f"How often overlays of {len(shown)} strategies changed the book.",
        least_width=200 + 64 * len(order),
    )


def overlay_tally(changes: pd.DataFrame) -> pd.DataFrame:
    """Sum up what each overlay changed.

    Returns
    -------
    DataFrame
        strategy, overlay, n_decisions, n_changed, share (of decisions on which it
        changed anything), mean_changed (over all decisions), largest, largest_on; in
        the order in which they stand in the table. A kind that stands in a strategy
        twice is one row.
    """
    keys = ["strategy", "overlay"]
    marked = changes.reset_index(drop=True)
    marked["acted"] = marked["changed"] > _ROUNDING
    grouped = marked.groupby(keys, sort=False)
    facts = grouped.agg(
        n_decisions=("date", "nunique"),
        n_changed=("acted", "sum"),
        mean_changed=("changed", "mean"),
        largest=("changed", "max"),
    )
    peak = marked.loc[grouped["changed"].idxmax()].set_index(keys)["date"]
    facts.insert(2, "share", facts["n_changed"] / facts["n_decisions"])
    return facts.assign(largest_on=peak).reset_index()


def overlay_table(changes: pd.DataFrame) -> Table:
    """Return how often and how much each overlay changed, strategy by strategy."""
    header = (
        *("Strategy", "Overlay", "Decisions", "Changed something"),
        *("Mean change (% of NAV)", "Largest", "On"),
    )
    return Table(
        header,
        tuple(
            (
                fact["strategy"],
                plain_words(fact["overlay"]),
                count(fact["n_decisions"]),
                percent(fact["share"], 0),
                percent(fact["mean_changed"], 2),
                percent(fact["largest"]),
                day(fact["largest_on"]) if fact["n_changed"] else "never",
            )
            for fact in overlay_tally(changes).to_dict("records")
        ),
        n_names=2,
    )


def _add_steps(figure: "Figure", own: pd.DataFrame, *, row: int) -> None:
    figure.add_scatter(
        x=days(pd.Index(own["date"])),
        y=(100 * own["changed"]).round(3),
        mode="lines",
        line={"color": BLUE, "width": 1, "shape": "hv"},
        fill="tozeroy",
        fillcolor=BAND,
        hovertemplate="%{x}: %{y:.2f} % of NAV<extra></extra>",
        row=row,
        col=1,
    )


def _finish_panels(figure: "Figure") -> None:
    """Put the names of the panels at their left; all have one scale and one title."""
    figure.update_annotations(x=0, xanchor="left")
    figure.update_yaxes(rangemode="tozero", nticks=4, title_text="% of NAV")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]

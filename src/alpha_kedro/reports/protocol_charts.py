"""Charts of how the test was run and on what: folds, and coverage of the universe."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from alpha_kedro.reports.chart import Chart, Drawn, Gap, blank, legend_above
from alpha_kedro.reports.palette import BLUE, GAP, TEST, TRAIN
from alpha_kedro.reports.wording import day, numbered, percent, span

_PARTS = {
    "training, labels included": ("train_start", "max_label_end", TRAIN),
    "purge and embargo": ("max_label_end", "test_start", GAP),
    "test": ("test_start", "test_end", TEST),
}
_MILLISECONDS = 1_000  # in a second; plotly measures dates in them


def fold_chart(fit_ledger: pd.DataFrame, *, model: str) -> Drawn:
    """Draw what each fit of a model saw, the gap after it, and what it was tested on.

    Parameters
    ----------
    fit_ledger
        A line per fit: model, fold, train_start, max_label_end, test_start, test_end
        (dates), embargo_sessions, n_train, n_test, skipped.
    model
        Whose fits.
    """
    own = fit_ledger[fit_ledger["model"] == model]
    fits = own[own["max_label_end"].notna()].sort_values("fold")
    if fits.empty:
        return Gap("Walk-forward folds", f"{model} learned from no row in any fold")
    figure = blank(x="Date", y="Fold", height=120 + 24 * len(fits), barmode="overlay")
    for name, (start, end, colour) in _PARTS.items():
        figure.add_bar(
            base=list(map(day, fits[start])),
            x=(fits[end] - fits[start]).dt.total_seconds() * _MILLISECONDS,
            y=fits["fold"].astype("str"),
            orientation="h",
            name=name,
            marker={"color": colour},
            customdata=list(map(span, fits[start], fits[end])),
            hovertemplate=f"fold %{{y}}: %{{customdata}}<extra>{name}</extra>",
        )
    figure.update_xaxes(type="date")
    figure.update_yaxes(autorange="reversed", type="category")
    legend_above(figure)
    gap = numbered(min((fits["test_start"] - fits["max_label_end"]).dt.days), "day")
    embargo = numbered(int(fits["embargo_sessions"].max()), "session")
    return Chart(
        key="folds",
        title=f"From a fit's last label to its test: at least {gap}",
        subtitle=f"{model} · {numbered(len(fits), 'fold')} fitted, "
        f"{len(own) - len(fits)} skipped · embargo {embargo} beyond the labels",
        figure=figure,
        table=own,
        alt=f"Training, gap and test of {len(fits)} folds along time.",
    )


def coverage_chart(coverage: Sequence[Mapping[str, Any]] | None) -> Drawn:
    """Draw the share of the index's members that have prices, year by year."""
    if not coverage:
        return Gap(
            "Share of the index members that have prices",
            "no dated membership was given",
        )
    table = pd.DataFrame(coverage)
    figure = blank(x="Year", y="Members with prices (%)", height=300)
    figure.add_bar(
        x=table["year"].astype("str"),
        y=100 * table["covered"],
        marker={"color": BLUE},
        text=[percent(share, 0) for share in table["covered"]],
        textposition="inside",
        hovertemplate="%{x}: %{y:.1f} %<extra></extra>",
    )
    figure.update_xaxes(type="category")
    figure.update_yaxes(range=[0, 105])
    thinnest = min(coverage, key=lambda year: float(year["covered"]))
    share = percent(thinnest["covered"], 0)
    return Chart(
        key="coverage",
        title=f"{share} of the members have prices in {thinnest['year']}, "
        "the thinnest year",
        subtitle="counted each February · what is not covered was mostly taken over or "
        "failed, and a backtest on the rest flatters itself",
        figure=figure,
        table=table,
        alt=f"Coverage by year, lowest {share} in {thinnest['year']}.",
    )

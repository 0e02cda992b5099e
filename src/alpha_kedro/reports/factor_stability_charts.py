"""Charts of how long names keep their place in a factor's order."""

from alpha_kedro.measures import FactorEvidence
from alpha_kedro.reports.chart import Chart, Drawn, Gap, blank, days, legend_above
from alpha_kedro.reports.factor_words import about, quantile_word, sessions
from alpha_kedro.reports.palette import apart
from alpha_kedro.reports.series import IC_WINDOW, rolling_mean
from alpha_kedro.reports.wording import fixed, percent


def turnover_bars(evidence: FactorEvidence) -> Drawn:
    """Draw the mean share of new names in each quantile after each horizon."""
    shares = evidence.turnover_by_quantile.mean()
    if not shares.notna().any():
        return Gap("Turnover of quantiles", "no two dates can be compared")
    what = quantile_word(evidence)
    figure = blank(x=f"{what.capitalize()} of the score", y="New names (%)", height=300)
    horizons = evidence.design.horizons
    for horizon, colour in zip(horizons, apart(len(horizons)), strict=True):
        own = shares[horizon]
        figure.add_bar(
            x=own.index,
            y=(100 * own).round(2),
            name=f"after {sessions(horizon)}",
            marker={"color": colour},
            hovertemplate="%{x}: %{y:.1f} %",
        )
    figure.update_yaxes(rangemode="tozero")
    legend_above(figure)
    top = ", ".join(
        f"{percent(shares[horizon, evidence.design.quantiles], 0)} after "
        f"{sessions(horizon)}"
        for horizon in evidence.design.horizons
    )
    table = shares.rename("new_names").reset_index()
    return Chart(
        key="turnover",
        title=f"New in the top {what}: {top}",
        subtitle=about(evidence, "mean over dates"),
        figure=figure,
        table=table,
        alt=f"Share of new names by {what}. In the top {what}: {top}.",
    )


def persistence(evidence: FactorEvidence) -> Drawn:
    """Draw the rank autocorrelation over each horizon along time."""
    table = evidence.rank_autocorrelation_by_horizon
    means = table.apply(rolling_mean)
    if not table.notna().any(axis=None):
        return Gap("Rank autocorrelation", "no two dates have enough names in common")
    figure = blank(x="Date", y="Rank autocorrelation", height=320)
    horizons = evidence.design.horizons
    for horizon, colour in zip(horizons, apart(len(horizons)), strict=True):
        figure.add_scatter(
            x=days(table.index),
            y=means[horizon].round(4),
            name=f"after {sessions(horizon)}",
            line={"color": colour, "width": 2},
            hovertemplate="%{x}: %{y:.3f}",
        )
    legend_above(figure)
    found = ", ".join(
        f"{fixed(table[each].mean())} after {sessions(each)}"
        for each in evidence.design.horizons
    )
    return Chart(
        key="persistence",
        title=f"Rank autocorrelation {found}",
        subtitle=about(evidence, f"mean of the last {IC_WINDOW} dates"),
        figure=figure,
        table=table.reset_index(),
        alt=f"Rank autocorrelation of the scores: {found}.",
    )

"""What fits chose, drawn over the folds: members' weights, regimes, thresholds.

All of it is read from ``WalkForwardResult.fit_choices``.
"""

import re
from typing import TYPE_CHECKING

import pandas as pd

from alpha_kedro.reports.chart import Chart, blank, legend_above, literal
from alpha_kedro.reports.fit_choices import portraits
from alpha_kedro.reports.palette import apart
from alpha_kedro.reports.wording import fixed, numbered, percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_WEIGHT = re.compile(r"weight_(.+)")
_FIXED = "equal: by definition"
_THRESHOLD = re.compile(r"(?:(.+)_)?threshold")


def weight_charts(fit_choices: pd.DataFrame) -> list[Chart]:
    """Draw what each member of each ensemble counted, fold by fold."""
    named = fit_choices.assign(member=_named(fit_choices, _WEIGHT))
    fixed_ones = named.loc[named["text"].str.startswith(_FIXED), "model"]
    learned = named[~named["model"].isin(fixed_ones)]
    told = learned.dropna(subset=["member", "value"])
    return [
        _weight_chart(str(model), _spread(own, "member"))
        for model, own in told.groupby("model")
    ]


def regime_charts(fit_choices: pd.DataFrame) -> list[Chart]:
    """Draw the share of a fit's sessions in each regime, fold by fold."""
    shares = {
        model: own[own["trait"] == "share"]
        for model in sorted(fit_choices["model"].unique())
        if len(own := portraits(fit_choices, model=model))
    }
    return [
        _regime_chart(model, _spread(own, "regime"))
        for model, own in shares.items()
        if len(own)
    ]


def threshold_charts(fit_choices: pd.DataFrame) -> list[Chart]:
    """Draw the probability each fit holds names from; nothing without a threshold."""
    found = fit_choices["choice"].str.extract(rf"^{_THRESHOLD.pattern}$")[0]
    is_one = fit_choices["choice"].str.fullmatch(_THRESHOLD.pattern)
    told = fit_choices[is_one & fit_choices["value"].notna()]
    if told.empty:
        return []
    line = told["model"].str.cat(found[told.index].fillna(""), sep=" ").str.strip()
    lines = _spread(told.assign(line=line), "line")
    figure = _over_folds(lines, y="Threshold (probability)")
    for name, colour in zip(lines, apart(lines.shape[1]), strict=True):
        figure.add_scatter(
            x=_folds(lines),
            y=lines[name].round(4),
            mode="lines+markers",
            name=literal(name),
            line={"color": colour},
            hovertemplate="fold %{x}: %{y:.3f}<extra></extra>",
        )
    low, high = lines.min().min(), lines.max().max()
    return [
        Chart(
            key="thresholds",
            title="Names are worth holding from a probability of "
            f"{fixed(low, 3)} to {fixed(high, 3)}",
            subtitle=f"{numbered(len(lines), 'fold')} · chosen inside the training "
            "window, on blocks the trees had not learned from",
            figure=figure,
            table=lines.reset_index(),
            alt=f"Thresholds by fold, {fixed(low)} to {fixed(high)}.",
        )
    ]


def _weight_chart(model: str, weights: pd.DataFrame) -> Chart:
    mean = weights.mean().sort_values(ascending=False)
    return Chart(
        key=f"weights_{model}",
        title=f"{mean.index[0]} counts most in {model}: "
        f"{percent(mean.iloc[0], 0)} of the weight on average",
        subtitle=f"{numbered(len(weights), 'fold')} · learned from the members' scores "
        "out of sample and labels final before the fold",
        figure=_stacked(weights, y="Weight (%)"),
        table=weights.reset_index(),
        alt=f"Weights of {numbered(weights.shape[1], 'member')} by fold.",
    )


def _regime_chart(model: str, shares: pd.DataFrame) -> Chart:
    last = shares.columns[-1]
    low, high = (percent(end, 0) for end in (shares[last].min(), shares[last].max()))
    return Chart(
        key=f"regimes_{model}",
        title=f"{model}: the last regime holds {low} to {high} of a fit's sessions",
        subtitle=f"{numbered(len(shares), 'fold')} · regime 0 is the calm one, or that "
        "of a rising market; the last the most volatile, or the falling one",
        figure=_stacked(shares.add_prefix("regime "), y="Share of sessions (%)"),
        table=shares.add_prefix("regime_").reset_index(),
        alt=f"Shares of {numbered(shares.shape[1], 'regime')} by fold.",
    )


def _stacked(parts: pd.DataFrame, *, y: str) -> "Figure":
    figure = _over_folds(parts, y=y)
    for name, colour in zip(parts, apart(parts.shape[1]), strict=True):
        figure.add_bar(
            x=_folds(parts),
            y=(100 * parts[name]).round(2),
            name=literal(name),
            marker={"color": colour},
            hovertemplate="fold %{x}: %{y:.1f} %<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.1)
    return figure


def _over_folds(table: pd.DataFrame, *, y: str) -> "Figure":
    figure = blank(x="Fold", y=y, height=320)
    figure.update_xaxes(type="category", showgrid=False)
    legend_above(figure)
    return figure


def _folds(table: pd.DataFrame) -> list[str]:
    return list(map(str, table.index))


def _spread(told: pd.DataFrame, columns: str) -> pd.DataFrame:
    """Return the mean over seeds by fold (rows) and whatever else is named."""
    return told.pivot_table("value", index="fold", columns=columns).rename_axis(
        columns=None
    )


def _named(fit_choices: pd.DataFrame, pattern: re.Pattern[str]) -> "pd.Series[str]":
    named: pd.Series[str] = fit_choices["choice"].str.extract(rf"^{pattern.pattern}$")[
        0
    ]
    return named

"""Charts of what drove the scores, from contributions on out-of-sample rows."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Float
from alpha_kedro.learning.explaining.explain import BIAS
from alpha_kedro.learning.explaining.explanation_stability import (
    directions,
    explanation_stability,
    shares_by_fold,
)
from alpha_kedro.reports.chart import (
    Chart,
    Drawn,
    Gap,
    blank,
    legend_above,
    literal,
)
from alpha_kedro.reports.palette import BLUE, DIVERGING, GREY, ORANGE, SKY, VERMILLION
from alpha_kedro.reports.wording import count, fixed, numbered, percent, span

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_SHOWN = 15  # features
_DOTS = 240  # rows in the swarm
_SWARM_BINS = 60  # of like contributions, per feature
_SWARM_WIDTH = 0.42  # share of the distance between two features
_FULL_BIN = 4  # dots to either side that make a bin as wide as that
_PRINTED = 30  # folds whose numbers fit into the cells
_CELL, _SLIVER = 34, 5  # pixels a fold is wide, with and without its number
_FOLD_MARK = {"color": VERMILLION, "width": 2}
_SCALE: dict[str, Any] = {
    "colorscale": [[0.0, BLUE], [0.5, "#B4B4B4"], [1.0, ORANGE]],
    "cmin": 0,
    "cmax": 1,
    "showscale": True,
    "colorbar": {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": 1,
        "yanchor": "bottom",
        "len": 0.5,
        "thickness": 8,
        "tickvals": [0, 1],
        "ticktext": ["low value", "high value"],
    },
}


def importance_chart(contributions: pd.DataFrame, *, model: str) -> Drawn:
    """Draw the mean size of the largest contributions, and its spread over folds.

    Parameters
    ----------
    contributions
        Long table: date, ticker, model, fold, feature, value, contribution (score
        units), of rows the model did not learn from.
    model
        Whose contributions.
    """
    own = contributions_of(contributions, model=model)
    if own.empty:
        return Gap("What moves the scores", f"{model} has no contributions")
    sizes = fold_sizes(own)
    top = sizes.head(_SHOWN)
    figure = blank(
        x="Mean |contribution| (score units)",
        y="Feature",
        height=110 + 24 * len(top),
    )
    names = list(map(literal, top.index))
    figure.add_bar(
        x=top.mean(axis=1),
        y=names,
        orientation="h",
        marker={"color": SKY},
        name="mean of the folds",
        hovertemplate="%{y}: %{x:.3g}<extra></extra>",
    )
    figure.add_scatter(
        x=top.to_numpy().ravel(),
        y=np.repeat(names, top.shape[1]).tolist(),
        mode="markers",
        marker={"symbol": "line-ns", "size": 12, "line": _FOLD_MARK},
        name="one fold",
        hovertemplate="%{y}: %{x:.3g} in one fold<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", type="category")
    legend_above(figure)
    return Chart(
        key="importance",
        title=f"{top.index[0]} moves the scores of {model} most",
        subtitle=_sample(own, sizes, model=model),
        figure=figure,
        table=top.add_prefix("fold_").reset_index(),
        alt="Features with the largest contributions: " + ", ".join(top.index[:5]),
    )


def swarm_chart(contributions: pd.DataFrame, *, model: str) -> Drawn:
    """Draw single contributions, coloured by the value of the feature.

    A sample of rows is shown, evenly spaced over dates and names. Values are ranked
    within the sample, so every feature uses the whole scale; missing values are grey.
    """
    title = "How a feature's value moves the score"
    own = contributions_of(contributions, model=model)
    if own.empty:
        return Gap(title, f"{model} has no contributions")
    sizes = fold_sizes(own)
    shown = list(sizes.index[:_SHOWN])
    table = _thinned(own[own["feature"].isin(shown)])
    figure = blank(
        x="Contribution (score units)", y="Feature", height=130 + 26 * len(shown)
    )
    rows = table["feature"].map(shown.index).to_numpy() + _fan_out(table)
    rank = table.groupby("feature")["value"].rank(pct=True)
    missing = rank.isna()
    _add_dots(figure, table[missing], rows[missing], {"color": GREY})
    _add_dots(
        figure, table[~missing], rows[~missing], {"color": rank[~missing], **_SCALE}
    )
    figure.update_yaxes(
        range=[len(shown) - 0.4, -0.6],
        tickvals=list(range(len(shown))),
        ticktext=list(map(literal, shown)),
        showgrid=False,
        zeroline=False,
    )
    figure.add_vline(x=0, line_width=1)
    n_rows = numbered(len(table[["date", "ticker"]].drop_duplicates()), "row")
    n_missing = numbered(int(missing.sum()), "missing value")
    return Chart(
        key="contributions",
        title=title,
        subtitle=f"{_sample(own, sizes, model=model)} · {n_rows} shown, {n_missing}",
        figure=figure,
        table=table[["date", "ticker", "fold", "feature", "value", "contribution"]],
        alt="Contributions of the largest features, coloured by the feature's value.",
    )


def stability_chart(contributions: pd.DataFrame, *, model: str) -> Drawn:
    """Draw how much each feature moved the scores of each fold, and which way.

    A cell holds the feature's share in the contributions of the fold, below zero where
    high values lower scores; it is empty where the feature moved nothing, or no one
    way. Columns that look alike are fits that learned the same.
    """
    own = contributions_of(contributions, model=model)
    if own["fold"].nunique() < 2:
        reason = f"{model} has contributions in fewer than two folds"
        return Gap("How steady the explanation is", reason)
    shares = shares_by_fold(own)
    folds, features = explanation_stability(own)
    top = 100 * shares.head(_SHOWN)
    cells = top.where(top > 0) * directions(own).reindex_like(top)
    agreed = features.set_index("feature")["direction_agreement"].loc[top.index]
    shared = percent(folds["jaccard_before"].mean(), 0)
    wide = _CELL if cells.shape[1] <= _PRINTED else _SLIVER
    return Chart(
        key="stability",
        title=f"From fold to fold {shared} of the ten leading features stay",
        subtitle=_sample(own, fold_sizes(own), model=model)
        + f" · those in several folds push the same way in "
        f"{percent(agreed.mean(), 0)} of them",
        figure=_fold_strip(cells),
        table=cells.add_prefix("fold_")
        .assign(direction_agreement=agreed)
        .reset_index(),
        alt="Signed share of each feature in the contributions of each fold: "
        + ", ".join(top.index[:5]),
        least_width=360 + cells.shape[1] * wide,
    )


def _fold_strip(cells: pd.DataFrame) -> "Figure":
    """Draw (feature, fold) shares (%), signed by direction."""
    figure = blank(x="Fold", y="Feature", height=130 + 24 * len(cells))
    limit = float(np.nanmax(cells.abs().to_numpy(), initial=1.0))
    printed = cells.shape[1] <= _PRINTED
    figure.add_heatmap(
        x=list(map(str, cells.columns)),
        y=list(map(literal, cells.index)),
        z=cells.round(1).to_numpy(),
        zmin=-limit,
        zmax=limit,
        colorscale=[list(stop) for stop in DIVERGING],
        texttemplate="%{z:.0f}" if printed else "",
        xgap=2 if printed else 0,
        ygap=2,
        showscale=False,
        hoverongaps=False,
        hovertemplate="%{y} in fold %{x}: %{z:.1f} % of all<extra></extra>",
    )
    figure.update_layout(margin={"t": 36})
    figure.update_xaxes(showgrid=False, type="category")
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    return figure


def contributions_of(contributions: pd.DataFrame, *, model: str) -> pd.DataFrame:
    """Return a model's contributions that are numbers, without the bias, sorted."""
    mine = (contributions["model"] == model) & (contributions["feature"] != BIAS)
    finite = np.isfinite(contributions["contribution"].astype("float64"))
    return contributions[mine & finite].sort_values(["feature", "date", "ticker"])


def fold_sizes(own: pd.DataFrame) -> pd.DataFrame:
    """Return the mean absolute contribution of each feature (rows) in each fold.

    The largest by the mean of its folds comes first, ties by name.
    """
    sized = own.assign(size=own["contribution"].abs())
    sizes = sized.pivot_table("size", index="feature", columns="fold", aggfunc="mean")
    order = np.argsort(-sizes.mean(axis=1).to_numpy(), kind="stable")
    ranked: pd.DataFrame = sizes.iloc[order]
    return ranked


def stability(sizes: pd.DataFrame) -> float:
    """Return the mean rank correlation of importances between neighbouring folds.

    NaN with a single fold.
    """
    ranks = sizes.rank()
    pairs = zip(ranks.columns, ranks.columns[1:], strict=False)
    agreement = [ranks[before].corr(ranks[after]) for before, after in pairs]
    return float(np.mean(agreement)) if agreement else float("nan")


def _sample(own: pd.DataFrame, sizes: pd.DataFrame, *, model: str) -> str:
    n_rows = len(own[["date", "ticker"]].drop_duplicates())
    return (
        f"{model} · {span(own['date'].min(), own['date'].max())} · "
        f"{count(n_rows)} out-of-sample rows · {numbered(sizes.shape[1], 'fold')}, "
        f"rank correlation of neighbours {fixed(stability(sizes))} · "
        "explains the model, not the market"
    )


def _thinned(own: pd.DataFrame) -> pd.DataFrame:
    """Keep every k-th (date, ticker), so that the page stays small."""
    keys = own[["date", "ticker"]].drop_duplicates().sort_values(["date", "ticker"])
    step = -(-len(keys) // _DOTS)
    kept = own.merge(keys.iloc[::step], on=["date", "ticker"])
    return kept.sort_values(["feature", "date", "ticker"], ignore_index=True)


def _fan_out(table: pd.DataFrame) -> Float:
    """Return how far each dot leaves its row: dots of like size stand side by side."""
    by_feature = table.groupby("feature")["contribution"]
    bins = by_feature.transform(lambda own: pd.cut(own, _SWARM_BINS, labels=False))
    place = table.groupby([table["feature"], bins]).cumcount().to_numpy()
    steps = np.where(place % 2, 1, -1) * ((place + 1) // 2)
    fanned: Float = _SWARM_WIDTH * steps / max(np.abs(steps).max(), _FULL_BIN)
    return fanned


def _add_dots(
    figure: "Figure", table: pd.DataFrame, rows: Float, colours: dict[str, Any]
) -> None:
    figure.add_scatter(
        x=table["contribution"].astype("float64").round(6),
        y=rows.round(3),
        mode="markers",
        marker={"size": 4, **colours},
        text=[
            literal(f"{row['ticker']} {row['date']:%Y-%m-%d}")
            for row in table.to_dict("records")
        ],
        hovertemplate="%{text}: %{x:.3g}<extra></extra>",
    )

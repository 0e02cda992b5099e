"""Which features a model chose for itself, fold by fold, and how steady the choice is.

All of it is read from ``WalkForwardResult.feature_choices``.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.reports.chart import Chart, blank, literal
from alpha_kedro.reports.palette import DIVERGING
from alpha_kedro.reports.tables import Table
from alpha_kedro.reports.wording import count, fixed, numbered, percent

_SHOWN = 60  # features of the chart
_REASONS = ("redundant", "family full", "unstable", "unmeasured")
_PRINTED = 30  # folds whose numbers fit into the cells
_CELL, _SLIVER = 34, 5  # pixels a fold is wide, with and without its number


def choosers(feature_choices: pd.DataFrame) -> list[str]:
    """Return the models that chose their features, sorted."""
    return sorted(feature_choices["model"].unique())


def choice_chart(feature_choices: pd.DataFrame, *, model: str) -> Chart:
    """Draw which features a model chose in which fold, family by family.

    A cell holds the t of the feature's mean rank IC in the training window of the fold,
    printed while folds are few; it is empty where the feature was not chosen.
    """
    own = _of_model(feature_choices, model)
    tallied = tally(own)
    shown = tallied.head(_SHOWN).sort_values(["family", "place"])
    folds = sorted(own["fold"].unique())
    chosen = own[own["chosen"]]
    strip = chosen.pivot_table("t", index="feature", columns="fold")
    strip = strip.reindex(index=shown["feature"], columns=folds)
    always = int((tallied["n_folds"] == len(folds)).sum())
    return Chart(
        key=f"choices_{model}",
        title=f"{always} of {numbered(own['feature'].nunique(), 'feature')} are chosen "
        f"in every fold, {len(tallied)} in one or more",
        subtitle=_about(own, model=model, n_hidden=len(tallied) - len(shown)),
        figure=_heat_strip(strip, families=shown["family"]),
        table=chosen.drop(columns=["chosen", "reason", "twin"]),
        alt=f"Features {model} chose most often: " + ", ".join(tallied["feature"][:5]),
        least_width=360 + len(folds) * (_CELL if len(folds) <= _PRINTED else _SLIVER),
    )


def _heat_strip(strip: pd.DataFrame, *, families: "pd.Series[str]") -> Any:
    """Draw (feature, fold) cells, the rows under the names of their families."""
    figure = blank(x="Fold", y="Feature", height=130 + 21 * len(strip))
    printed = strip.shape[1] <= _PRINTED
    limit = float(np.nanmax(strip.abs().to_numpy(), initial=1.0))
    figure.add_heatmap(
        x=list(map(str, strip.columns)),
        y=[list(map(literal, families)), list(map(literal, strip.index))],
        z=strip.round(2).to_numpy(),
        zmin=-limit,
        zmax=limit,
        colorscale=[list(stop) for stop in DIVERGING],
        texttemplate="%{z:.1f}" if printed else "",
        xgap=2 if printed else 0,
        ygap=2,
        showscale=False,
        hoverongaps=False,
        hovertemplate="%{y} in fold %{x}: t %{z:.2f}<extra></extra>",
    )
    figure.update_layout(margin={"t": 36})
    figure.update_xaxes(showgrid=False, type="category")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


def tally(own: pd.DataFrame) -> pd.DataFrame:
    """Count how often each feature was chosen, the most often first.

    Parameters
    ----------
    own
        The choices of one model.

    Returns
    -------
    DataFrame
        feature, family, n_folds (chosen in), share (of the folds), ic and t (means over
        all folds in which they were measured), place; features never chosen left out.
        Ties by the size of ``t``, then by name.
    """
    by_feature = own.groupby("feature", as_index=False)
    table = by_feature.agg(
        family=("family", "first"),
        n_folds=("chosen", "sum"),
        share=("chosen", "mean"),
        ic=("ic", "mean"),
        t=("t", "mean"),
    )
    order = np.lexsort((-table["t"].abs(), -table["n_folds"]))
    ranked = table.iloc[order].assign(place=range(len(table)))
    return ranked[ranked["n_folds"] > 0].reset_index(drop=True)


def agreement(own: pd.DataFrame) -> pd.DataFrame:
    """Compare the choice of each fold with that of the fold before.

    Returns
    -------
    DataFrame
        fold, n_chosen, n_new (not chosen before), jaccard: features of both folds over
        features of either; NaN in the first fold.
    """
    chosen = {
        fold: set(table.loc[table["chosen"], "feature"])
        for fold, table in own.groupby("fold")
    }
    rows = [
        {
            "fold": fold,
            "n_chosen": len(now),
            "n_new": len(now - before),
            "jaccard": len(now & before) / len(now | before),
        }
        for (_, before), (fold, now) in pairwise(chosen.items())
    ]
    first = [{"fold": fold, "n_chosen": len(now)} for fold, now in chosen.items()][:1]
    return pd.DataFrame(
        [*first, *rows], columns=["fold", "n_chosen", "n_new", "jaccard"]
    )


def choice_table(feature_choices: pd.DataFrame, *, model: str) -> Table:
    """Return how often each feature was chosen, and what the windows said of it."""
    rows = tally(_of_model(feature_choices, model)).to_dict("records")
    return Table(
        ("Feature", "Family", "Folds", "Share", "Mean IC", "Mean t"),
        tuple(
            (
                row["feature"],
                row["family"],
                count(row["n_folds"]),
                percent(row["share"], 0),
                fixed(row["ic"], 3),
                fixed(row["t"], 1),
            )
            for row in rows
        ),
        n_names=2,
    )


def family_table(feature_choices: pd.DataFrame, *, model: str) -> Table:
    """Return how many of each family were chosen, or why not (means over folds)."""
    own = _of_model(feature_choices, model)
    n_folds = own["fold"].nunique()
    fates = pd.crosstab(own["family"], own["reason"]) / n_folds
    fates = fates.reindex(columns=["", *_REASONS], fill_value=0.0)
    sizes = own.groupby("family")["feature"].nunique()
    rows = zip(fates.index, fates.to_numpy(), strict=True)
    header = ("Family", "Features", "Chosen", *map(str.capitalize, _REASONS))
    return Table(
        header,
        tuple(
            (str(family), count(sizes[family]), *(fixed(each, 1) for each in means))
            for family, means in rows
        ),
    )


def fold_table(feature_choices: pd.DataFrame, *, model: str) -> Table:
    """Return how much of each fold's choice the fold before had made too."""
    rows = agreement(_of_model(feature_choices, model)).to_dict("records")
    return Table(
        ("Fold", "Chosen", "New", "In common with the fold before (Jaccard)"),
        tuple(
            (
                str(row["fold"]),
                count(row["n_chosen"]),
                count(row["n_new"]),
                percent(row["jaccard"], 0),
            )
            for row in rows
        ),
    )


def _of_model(feature_choices: pd.DataFrame, model: str) -> pd.DataFrame:
    own = feature_choices[feature_choices["model"] == model]
    return own.drop(columns="model").sort_values(["fold", "feature"], ignore_index=True)


def _about(own: pd.DataFrame, *, model: str, n_hidden: int) -> str:
    compared = agreement(own)
    hidden = f" · the {_SHOWN} chosen most often" if n_hidden else ""
    return (
        f"{model} · {numbered(len(compared), 'fold')} · "
        f"{fixed(compared['n_chosen'].mean(), 0)} features a fold · neighbouring folds "
        f"have {percent(compared['jaccard'].mean(), 0)} in common (Jaccard) · "
        f"chosen on training rows alone; cells: t of the mean rank IC there{hidden}"
    )

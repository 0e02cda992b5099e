"""What each fit chose for itself, in tables that a page has room for.

All of it is read from ``WalkForwardResult.fit_choices``. A model fitted with several
seeds has the mean of the numbers they chose.
"""

import re
from collections.abc import Callable, Hashable
from typing import Any

import pandas as pd

from alpha_kedro.learning.wrappers.tuning.record import PREFIX
from alpha_kedro.learning.wrappers.tuning.spending import best_parameters
from alpha_kedro.reports.tables import Table
from alpha_kedro.reports.wording import ABSENT, count, fixed, numbered, plain_words

_LONGEST = 44  # characters of words in a cell
_DIGITS = 4
_PORTRAIT = re.compile(r"regime_(\d+)_(.+)")
_SPENDING = re.compile(
    rf"{re.escape(PREFIX)}|inner_rank_ic|(trials|pruned|failed)($|_ended_by$)"
)

_TRAITS = {
    "share": "Share of sessions",
    "spell": "Mean spell (sessions)",
    "stays": "Chance to stay",
}

Choices = pd.DataFrame
Labelled = list[tuple[str, Table]]


def by_fold(fit_choices: Choices, *, model: str) -> pd.DataFrame:
    """Return what a model chose in each fold: a column per choice, sorted by name.

    Returns
    -------
    DataFrame
        Indexed by fold; a float (mean over seeds), words, or None where nothing was
        chosen. Words that differ from seed to seed stand beside one another.
    """
    own = fit_choices[fit_choices["model"] == model]
    by_cell = own.groupby(["fold", "choice"])
    found = by_cell["value"].mean().astype("object")
    words = by_cell["text"].agg(lambda told: " / ".join(sorted({*told} - {""})))
    table = found.where(found.notna(), words).unstack()  # noqa: PD010
    return table.astype("object").where(table.notna(), None)


def fit_tables(fit_choices: Choices) -> Labelled:
    """Return a table per model: folds are rows, what they chose differently columns.

    Models with one such choice share a table. What was chosen alike in every fold of a
    model stands in one last table for all. Tuned parameters and the portraits of
    regimes have tables of their own.
    """
    tables: Labelled = []
    singles: dict[str, pd.Series[Any]] = {}
    alike: list[tuple[str, ...]] = []
    for model in _models(fit_choices):
        table = by_fold(fit_choices, model=model)
        told = {name for name in map(str, table) if _told_elsewhere(name)}
        told |= {name.removeprefix(PREFIX) for name in told}
        plain = [name for name in map(str, table) if name not in told]
        steady = [name for name in plain if len(table) > 1 and _is_one(table[name])]
        varied = table[[name for name in plain if name not in steady]]
        alike += [
            (model, plain_words(name), _cell(table[name].iloc[0])) for name in steady
        ]
        if varied.shape[1] == 1:
            singles[f"{model}: {varied.columns[0]}"] = varied.iloc[:, 0]
        elif varied.shape[1]:
            tables.append((f"{model}: chosen fold by fold", _fold_rows(varied)))
    if singles:
        shared = pd.DataFrame(singles).sort_index()
        tables.insert(0, ("Chosen fold by fold", _fold_rows(shared)))
    if alike:
        header = ("Model", "Choice", "In every fold")
        tables.append(("Chosen alike in every fold", Table(header, tuple(alike), 3)))
    return tables


def regime_tables(fit_choices: Choices) -> Labelled:
    """Return a portrait per model of its regimes, as the mean of the folds."""
    tables: Labelled = []
    for model in _models(fit_choices):
        own = portraits(fit_choices, model=model)
        if own.empty:
            continue
        means = own.pivot_table("value", index="regime", columns="trait")
        first = [name for name in _TRAITS if name in means]
        means = means[first + [name for name in means if name not in _TRAITS]]
        rows = zip(means.index, means.to_numpy(), strict=True)
        tables.append(
            (
                f"{model}: its regimes, means over "
                f"{numbered(own['fold'].nunique(), 'fold')}",
                Table(
                    ("Regime", *map(_trait, map(str, means))),
                    tuple((str(name), *map(_number, traits)) for name, traits in rows),
                ),
            )
        )
    return tables


def parameter_tables(fit_choices: Choices) -> Labelled:
    """Return the parameters that tuning took, a table per tuned model."""
    best = best_parameters(fit_choices)
    tables: Labelled = []
    for model, own in best.groupby("model"):
        taken = own.drop(columns="model").dropna(axis="columns", how="all")
        if len(taken["seed"].unique()) == 1:
            taken = taken.drop(columns="seed")
        cells = taken.astype("object").to_numpy()
        keys = [name.capitalize() for name in ("fold", "seed") if name in taken]
        header = (*keys, *(plain_words(str(name)) for name in list(taken)[len(keys) :]))
        rows = tuple(tuple(map(_cell, row)) for row in cells)
        tables.append((f"{model}: parameters taken", Table(header, rows)))
    return tables


def spending_table(fit_choices: Choices, tuning: pd.DataFrame | None) -> Table:
    """Return what tuning each model cost, and what it bought.

    Parameters
    ----------
    tuning
        As from ``tuning_gain``: the tuned models that have an untuned twin. Others are
        shown with what they spent and gained inside alone.
    """
    known = {} if tuning is None else {row["model"]: row for row in _records(tuning)}
    header = (
        *("Model", "Beside", "Verdict", "Trials", "Pruned", "Failed", "Gain inside"),
        *("Rank IC outside", "Untuned", "Gain outside", "t (HAC)", "Dates"),
    )
    unknown = [ABSENT] * 5
    rows = [
        _spent_and_bought(known[model])
        if model in known
        else (model, "no twin", "not measured", *_spent(fit_choices, model), *unknown)
        for model in sorted(trials_by_model(fit_choices))
    ]
    return Table(header, tuple(rows), n_names=3)


def effort_table(fit_ledger: pd.DataFrame, fit_choices: Choices) -> Table:
    """Return how many folds of each model were fitted, and its tuning trials."""
    trials = trials_by_model(fit_choices)
    rows = (
        (
            str(model),
            count((own["skipped"] == "").sum()),
            count((own["skipped"] != "").sum()),
            count(trials.get(str(model), 0)),
        )
        for model, own in fit_ledger.groupby("model")
    )
    header = ("Model", "Folds fitted", "Folds skipped", "Tuning trials")
    return Table(header, tuple(rows))


def trials_by_model(fit_choices: Choices) -> dict[str, int]:
    """Return how many parameter sets each tuned model tried, over folds and seeds."""
    own = fit_choices[fit_choices["choice"] == "trials"]
    totals = own.groupby("model")["value"].sum()
    return {str(model): int(total) for model, total in totals.items()}


def portraits(fit_choices: Choices, *, model: str) -> pd.DataFrame:
    """Return fold, regime, trait, value of a model's regimes: means over seeds."""
    own = fit_choices[(fit_choices["model"] == model) & fit_choices["value"].notna()]
    named = own["choice"].str.extract(_PORTRAIT)
    told = own.assign(regime=named[0], trait=named[1]).dropna(subset="regime")
    keys = ["fold", "regime", "trait"]
    means: pd.DataFrame = told.groupby(keys)["value"].mean().reset_index()
    return means


def _spent_and_bought(row: dict[Hashable, object]) -> tuple[str, ...]:
    def shown(form: Callable[..., str], *names: str, **how: int) -> list[str]:
        return [form(row[name], **how) for name in names]

    return (
        *(str(row[name]) for name in ("model", "untuned", "verdict")),
        *shown(count, "trials", "pruned", "failed"),
        *shown(fixed, "inner_gain", "rank_ic", "rank_ic_untuned", "gain", places=4),
        *shown(fixed, "t", places=1),
        *shown(count, "n_dates"),
    )


def _spent(fit_choices: Choices, model: str) -> list[str]:
    own = fit_choices[fit_choices["model"] == model]
    totals = own.groupby("choice")["value"].sum()
    inner = own.pivot_table("value", index=["fold", "seed"], columns="choice")
    inner = inner.reindex(columns=["inner_rank_ic", "inner_rank_ic_untuned"])
    gain = float((inner.iloc[:, 0] - inner.iloc[:, 1]).mean())
    spent = [count(totals.get(name, 0)) for name in ("trials", "pruned", "failed")]
    return [*spent, fixed(gain, 4)]


def _fold_rows(varied: pd.DataFrame) -> Table:
    words = [name for name in map(str, varied) if _is_words(varied[name])]
    names = words + [name for name in map(str, varied) if name not in words]
    shown = varied[names].fillna(dict.fromkeys(words, ""))
    cells = shown.to_numpy(dtype=object)
    rows = zip(varied.index, cells, strict=True)
    return Table(
        ("Fold", *map(_heading, names)),
        tuple((str(fold), *map(_cell, row)) for fold, row in rows),
        n_names=1 + len(words),
    )


def _trait(name: str) -> str:
    return _TRAITS.get(name, f"Mean {plain_words(name)}")


def _heading(name: str) -> str:
    """Return a choice in words; the name of a model before it stays as it is."""
    model, found, choice = name.rpartition(": ")
    return f"{model}{found}{plain_words(choice)}"


def _models(fit_choices: Choices) -> list[str]:
    return sorted(fit_choices["model"].unique())


def _told_elsewhere(choice: str) -> bool:
    portrait = _PORTRAIT.fullmatch(choice)
    drawn = portrait is not None and portrait[2] != "model"
    return drawn or _SPENDING.match(choice) is not None


def _is_one(column: "pd.Series[Any]") -> bool:
    return bool(column.notna().all()) and len(column.unique()) == 1


def _is_words(column: "pd.Series[Any]") -> bool:
    return any(isinstance(each, str) for each in column)


def _cell(found: object) -> str:
    if isinstance(found, str):
        return found if len(found) <= _LONGEST else f"{found[: _LONGEST - 1]}…"
    return _number(found)


def _number(found: object) -> str:
    """Return counts in full, other numbers to four significant digits."""
    if not isinstance(found, int | float) or pd.isna(found):
        return ABSENT
    return count(found) if float(found).is_integer() else f"{found:.{_DIGITS}g}"


def _records(table: pd.DataFrame) -> list[dict[Hashable, object]]:
    return table.to_dict("records")

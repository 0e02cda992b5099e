"""Samples joined to their labels: what a walk-forward trains on and scores."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import DATE_DTYPE, Dates, Float, Int
from alpha_kedro.learning.context import NOTHING, Background, Context
from alpha_kedro.learning.scoring import feature_matrix
from alpha_kedro.learning.training import TrainingData

_KEY = ["date", "ticker"]
_BESIDE = {"date", "ticker", "sector"}


@dataclass(frozen=True, eq=False)
class Examples:
    """All rows of an experiment, sorted by (date, ticker), labelled where possible.

    Attributes
    ----------
    samples
        (n rows) date, ticker, sector and float32 features.
    label
        (n,) float64, NaN where unknown.
    label_end
        (n,) datetime64[us], NaT where unknown.
    background
        What is known of every session beside the rows.
    """

    samples: pd.DataFrame
    label: Float
    label_end: Dates
    background: Background = NOTHING

    @property
    def features(self) -> tuple[str, ...]:
        """Return the names of the p features."""
        return tuple(str(name) for name in self.samples if name not in _BESIDE)

    @property
    def dates(self) -> Dates:
        """Return the (n,) decision dates, ascending."""
        return self.samples["date"].to_numpy(dtype=DATE_DTYPE)

    def dated(self) -> pd.DataFrame:
        """Return ``date`` and ``label_end`` of every row, as splitters read them."""
        return pd.DataFrame({"date": self.dates, "label_end": self.label_end})

    def outcomes(self) -> pd.DataFrame:
        """Return date, ticker, label, label_end of the rows with a known label."""
        known = ~np.isnan(self.label)
        return (
            self.samples[_KEY]
            .assign(label=self.label, label_end=self.label_end)[known]
            .reset_index(drop=True)
        )

    def label_of(self, rows: pd.DataFrame) -> Float:
        """Return the (n,) labels of some (date, ticker), NaN where not known yet."""
        labels = rows[_KEY].merge(self.outcomes(), on=_KEY, how="left", validate="1:1")
        return labels["label"].to_numpy(dtype=np.float64)

    def labelled(self, rows: Int) -> Int:
        """Return those of ``rows`` that have a label; an infinite one is a label."""
        return rows[~np.isnan(self.label[rows])]

    def between(self, first: pd.Timestamp, last: pd.Timestamp) -> Int:
        """Return the rows decided from ``first`` to ``last``, both included."""
        start, end = np.datetime64(first), np.datetime64(last)
        return np.arange(
            np.searchsorted(self.dates, start),
            np.searchsorted(self.dates, end, side="right"),
        )

    def training(self, rows: Int) -> TrainingData:
        """Return ``rows``, which have to be ascending, as a model learns from them."""
        return TrainingData(
            feature_matrix(self.samples.iloc[rows], self.features),
            self.label[rows],
            self.dates[rows],
            self.label_end[rows],
            self.features,
            context=self._context(rows),
        )

    def relabelled(self, labels: pd.DataFrame, horizon: int) -> "Examples":
        """Return the same rows under the labels of another horizon."""
        return _labelled(self.samples, labels_of(labels, horizon), self.background)

    def _context(self, rows: Int) -> Context:
        context = Context.of(self.samples.iloc[rows], self.background)
        start = context.dates[0] if len(rows) else None
        return replace(context, window_start=start)


def join_examples(
    samples: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    horizon: int | None = None,
    background: Background = NOTHING,
) -> Examples:
    """Join samples to labels of one horizon; the order of the rows does not matter.

    Parameters
    ----------
    samples
        date, ticker, optional sector, and float32 features; NaN where missing.
    labels
        date, ticker, horizon, label, label_end. A sample without a row here has no
        label yet; a label without a sample is not used.
    horizon
        Which labels are taken, where there are several horizons (sessions). Default:
        all, which have to be of one.
    background
        What is known of every session beside the rows.

    Raises
    ------
    ModelError
        ``AK-M005`` for a column that is neither a key nor a float32 feature,
        ``AK-M006`` for a (date, ticker) that stands in a table twice, as with labels of
        several horizons, ``AK-M024`` for infinite features.
    """
    _refuse_strangers(samples)
    _refuse_repeats(samples, "samples")
    labels = labels if horizon is None else labels_of(labels, horizon)
    ordered = samples.sort_values(_KEY, kind="stable", ignore_index=True)
    examples = _labelled(ordered, labels, background)
    feature_matrix(ordered, examples.features)
    return examples


def _labelled(
    ordered: pd.DataFrame, labels: pd.DataFrame, background: Background
) -> Examples:
    _refuse_repeats(labels, "labels")
    known = labels[[*_KEY, "label", "label_end"]]
    joined = ordered[_KEY].merge(known, on=_KEY, how="left", validate="1:1")
    return Examples(
        ordered,
        joined["label"].to_numpy(dtype=np.float64),
        joined["label_end"].to_numpy(dtype=DATE_DTYPE),
        background,
    )


def labels_of(labels: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Return the labels of one horizon.

    Raises
    ------
    ModelError
        ``AK-M016`` when there is none, naming the horizons there are.
    """
    chosen = labels[labels["horizon"] == horizon]
    if len(chosen) or not len(labels):
        return chosen
    raise ModelError(
        "AK-M016",
        f"there are no labels {horizon} sessions ahead",
        got=f"labels of {sorted(map(int, labels['horizon'].unique()))} sessions",
        fix="add the horizon to labels.more_horizons",
    )


def _refuse_strangers(samples: pd.DataFrame) -> None:
    strange = [
        f"{name} ({kind})"
        for name, kind in samples.dtypes.items()
        if name not in _BESIDE and kind != np.float32
    ]
    if strange:
        raise ModelError(
            "AK-M005",
            "samples hold columns that are no features",
            where=strange,
            wanted="date, ticker, sector and float32 features",
            fix="drop the column, or make it a float32 feature",
        )


def _refuse_repeats(table: pd.DataFrame, what: str) -> None:
    twice = table[table.duplicated(_KEY, keep=False)].sort_values(_KEY)
    if len(twice):
        raise ModelError(
            "AK-M006",
            f"a (date, ticker) stands in the {what} more than once",
            where=[f"{row.ticker} {row.date:%Y-%m-%d}" for row in twice.itertuples()],
            wanted="one row per (date, ticker), labels of one horizon",
            fix="choose one horizon before training",
        )

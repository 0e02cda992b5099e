"""The members' scores and the labels they are judged by, laid out once for all folds.

Which labels were final when the weights of a fold were needed follows from the one gap
rule, row by row: a date on which some labels were final and others were not says what
the final ones say, as it would have on that day.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import DATE_DTYPE, Axes, Bool, Dates, Float, Int, Panel
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.learning.ensemble.combination import standardised
from alpha_kedro.learning.ensemble.spec import EnsembleSpec
from alpha_kedro.learning.ensemble.weightings import LEARNERS, Scores
from alpha_kedro.learning.splitters.splits import FOREVER, Spans

_NO_LABEL = -1


class Judgements(NamedTuple):
    """What the labels final by some session say, and the dates they are of.

    Attributes
    ----------
    rows
        (n,) places of dates on the axis, ascending.
    evidence
        (n, n_members, k) as from ``Learner.evidence``.
    """

    rows: Int
    evidence: Float


@dataclass(frozen=True, eq=False)
class Past:
    """Every score given out of sample, and what became of it.

    Attributes
    ----------
    spec
        The ensemble.
    axes
        Dates and names of the scores.
    standardised
        (n_members, n_dates, n_tickers), members in the order of their names.
    scored
        (n_dates, n_tickers) bool: rows of the tests, even those nobody scores.
    label
        (n_dates, n_tickers), NaN where unknown.
    sessions
        (n_sessions,) axis that spans are counted on.
    first
        (n_dates,) position of each date on it.
    last
        (n_dates, n_tickers) position of ``label_end`` plus the embargo, -1 without.
    fit_end
        (n_dates,) latest label any member's fit had seen.
    """

    spec: EnsembleSpec
    axes: Axes
    standardised: Float
    scored: Bool
    label: Float
    sessions: Dates
    first: Int
    last: Int
    fit_end: Dates

    @classmethod
    def of(
        cls,
        spec: EnsembleSpec,
        predictions: pd.DataFrame,
        labels: pd.DataFrame,
        *,
        embargo: int,
        sessions: Dates | None,
    ) -> "Past":
        """Lay out the members' rows of ``predictions``; see ``run_ensemble``."""
        own = _scored_unseen(predictions, spec.names)
        axes = Axes.of_table(own)
        given = [_member(own, name, axes) for name in spec.names]
        scored = np.any([np.isfinite(panel["row"]) for panel in given], axis=0)
        label, last, counted_on = _labels(
            labels, axes, scored, embargo=embargo, sessions=sessions
        )
        return cls(
            spec,
            axes,
            standardised(np.stack([panel["score"] for panel in given]), spec.scale),
            scored,
            label,
            counted_on,
            np.searchsorted(counted_on, axes.dates),
            last,
            _latest_fit_end(own, axes),
        )

    def known_before(self, start: int) -> Judgements:
        """Return what labels final before position ``start`` say of the members."""
        rows = np.flatnonzero(self._earliest < start)
        if not self.spec.learns:
            return Judgements(rows[:0], np.zeros((0, len(self.spec.names), 1)))
        evidence = self._evidence[rows]
        partly = np.flatnonzero(self._latest[rows] >= start)
        if len(partly):
            final = self.spans(rows[partly]).clear_of(start, FOREVER)
            evidence[partly] = self._judge(rows[partly], final)
        return Judgements(rows, evidence)

    def spans(self, rows: Int) -> Spans:
        """Return the spans of all names on some dates: (n, n_tickers)."""
        last = self.last[rows]
        first = np.broadcast_to(self.first[rows][:, None], last.shape)
        return Spans(self.sessions, first, last)

    @cached_property
    def _evidence(self) -> Float:
        """What each date says once all its labels are final."""
        rows = np.arange(len(self.first))
        return self._judge(rows, np.ones(self.label.shape, dtype=np.bool_))

    @cached_property
    def _earliest(self) -> Int:
        """Position by which the first label of each date is final."""
        ends: Int = np.where(self.last == _NO_LABEL, FOREVER, self.last)
        earliest: Int = np.min(ends, axis=1)
        return earliest

    @cached_property
    def _latest(self) -> Int:
        """Position by which the last label of each date is final."""
        latest: Int = np.max(self.last, axis=1)
        return latest

    def _judge(self, rows: Int, final: Bool) -> Float:
        label = np.where(final, self.label[rows], np.nan)
        scores = Scores(
            self.standardised[:, rows], label, self.spec.scale, self.spec.min_names
        )
        return LEARNERS[self.spec.weighting].evidence(scores)


def _scored_unseen(predictions: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Return the members' rows, all there and none of a date its model had seen."""
    missing = sorted({*names} - {*predictions["model"].unique()})
    if missing:
        raise unknown_name("ensemble member", missing[0], predictions["model"].unique())
    own = predictions[predictions["model"].isin(names)]
    seen = own[own["fit_end"] >= own["date"]]
    if len(seen):
        raise ModelError(
            "AK-M160",
            "members of an ensemble have seen the dates they score",
            where=[
                f"{row.model} {row.date:%Y-%m-%d}, fitted on labels to "
                f"{row.fit_end:%Y-%m-%d}"
                for row in seen.head(6).itertuples()
            ],
            got=f"{len(seen)} of {len(own)} scores",
            wanted="scores out of sample alone",
            fix="pass the predictions of a walk-forward",
        )
    return own


def _member(own: pd.DataFrame, name: str, axes: Axes) -> Panel:
    """Return ``score`` and ``row``, which is 1 where there is one, of a member."""
    rows = own[own["model"] == name]
    return Panel.from_table(rows.assign(row=1.0), ["score", "row"], axes=axes)


def _labels(
    labels: pd.DataFrame,
    axes: Axes,
    scored: Bool,
    *,
    embargo: int,
    sessions: Dates | None,
) -> tuple[Float, Int, Dates]:
    """Return label and last position of every scored name, and the axis of sessions."""
    rows, columns = axes.locate(labels)
    inside = np.flatnonzero((rows >= 0) & (columns >= 0))
    inside = inside[scored[rows[inside], columns[inside]]]
    known = labels.iloc[inside]
    label = Panel.from_table(known, ["label"], axes=axes)["label"]
    unlabelled = pd.DataFrame({"date": axes.dates, "label_end": pd.NaT})
    spans = Spans.of(
        pd.concat([known[["date", "label_end"]], unlabelled]),
        embargo=embargo,
        sessions=sessions,
    )
    last = np.full(axes.shape, _NO_LABEL)
    last[rows[inside], columns[inside]] = spans.last[: len(known)]
    return label, last, spans.sessions


def _latest_fit_end(own: pd.DataFrame, axes: Axes) -> Dates:
    """Return the latest label that any member's fit had seen, by date of the scores."""
    latest = own.groupby("date")["fit_end"].max()
    return latest.reindex(axes.dates).to_numpy(dtype=DATE_DTYPE)

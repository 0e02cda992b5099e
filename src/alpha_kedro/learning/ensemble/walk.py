"""An ensemble through a walk-forward: for each fold, weights of its past alone.

1. The members' scores are out of sample, and are checked to be.
2. Before each fold, the weights are learned from scores of earlier folds whose labels,
   and the embargo, are over before its first test date. The split is proved.
3. The scores of the fold's dates are combined with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Bool, Dates, Int, gather
from alpha_kedro.learning.ensemble.combination import combined, n_scored
from alpha_kedro.learning.ensemble.past import Past
from alpha_kedro.learning.ensemble.spec import EnsembleSpec
from alpha_kedro.learning.ensemble.weights import MemberWeights, learn_weights
from alpha_kedro.learning.splitters.folds import Fold
from alpha_kedro.learning.splitters.splits import FOREVER, Spans, assert_no_overlap

Line = dict[str, Any]


@dataclass(frozen=True, eq=False)
class EnsembleFold:
    """What an ensemble leaves behind of one fold.

    Attributes
    ----------
    scores
        date, ticker, score (float64, NaN where too few members give one) of every row a
        member was tested on; no rows where all members skipped the fold.
    weights
        What each member counted, and why.
    line
        The entries of ``fit_line``: n_train, n_unlabelled, n_test (rows), train_start,
        train_end, test_start, test_end, max_label_end, embargo_sessions. Trained are
        the rows the weights were learned from. ``max_label_end`` is the latest label
        that anything in these scores has seen: the weights, or the fit of a member.
    n_incomplete
        Rows scored by some of the members and not by all.
    """

    scores: pd.DataFrame
    weights: MemberWeights
    line: Line
    n_incomplete: int

    @property
    def fit_end(self) -> pd.Timestamp:
        """Return the latest label the weights or a member had seen."""
        latest: pd.Timestamp = self.line["max_label_end"]
        return latest


def run_ensemble(
    name: str,
    spec: EnsembleSpec,
    predictions: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    folds: Sequence[Fold],
    embargo: int = 0,
    sessions: Dates | None = None,
) -> list[EnsembleFold]:
    """Combine the out-of-sample scores of the members, fold by fold.

    Parameters
    ----------
    name
        Of the ensemble, for the ledger.
    spec
        Its members and how they are weighed.
    predictions
        date, ticker, model, fold, score, fit_end of the members; other models may stand
        beside them, and no order is asked for.
    labels
        date, ticker, label, label_end that the weights are learned from; of the horizon
        the ensemble is judged on, whatever those of its members are.
    folds
        The plan the members were tested by.
    embargo
        Sessions beyond the labels' end.
    sessions
        Axis to count on; see ``Spans.of``.

    Returns
    -------
    list of EnsembleFold
        One per fold. Nothing that is dated from a fold's first test date on, or final
        from then on, changes its weights; no other date changes a date's scores but
        through the weights.

    Raises
    ------
    ConfigError
        ``AK-C002`` for a member that has no predictions, with the nearest name.
    DataError
        ``AK-D001`` for a (date, ticker) that a member scores twice, or that has two
        labels.
    ModelError
        ``AK-M160`` for scores of dates the member's fit had seen, ``AK-M161`` for
        predictions of other folds, ``AK-M003`` should the weights of a fold rest on its
        tests.
    """
    _refuse_other_folds(predictions, spec, folds)
    past = Past.of(spec, predictions, labels, embargo=embargo, sessions=sessions)
    ledger = _Rows.of(past)
    return [_run_fold(name, fold, past, ledger, embargo) for fold in folds]


def weights_today(
    spec: EnsembleSpec,
    predictions: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    newest: pd.Timestamp,
    embargo: int = 0,
    sessions: Dates | None = None,
) -> MemberWeights:
    """Learn the weights for a decision, as for a fold that starts with it.

    Parameters
    ----------
    spec, predictions, labels, embargo, sessions
        As for ``run_ensemble``.
    newest
        Date of the decision.
    """
    past = Past.of(spec, predictions, labels, embargo=embargo, sessions=sessions)
    start = int(np.searchsorted(past.sessions, newest.to_datetime64()))
    return learn_weights(past.known_before(start).evidence, spec)


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of a past, counted by decision date and end of the label.

    A row's place in the gap rule depends on these two alone, so that a date of five
    hundred names is one or two entries here.
    """

    past: Past
    date: Int
    spans: Spans
    labelled: Int
    unlabelled: Int

    @classmethod
    def of(cls, past: Past) -> "_Rows":
        rows, columns = np.nonzero(past.scored)
        keys = np.column_stack([rows, past.last[rows, columns]])
        unique, place = np.unique(keys, axis=0, return_inverse=True)
        known = np.isfinite(past.label[rows, columns])
        n_rows, n_known = (
            np.bincount(place.ravel(), weights=each, minlength=len(unique))
            for each in (np.ones(len(rows)), known)
        )
        date, last = unique.T
        spans = Spans(past.sessions, past.first[date], last)
        counts = n_known.astype(np.int64), (n_rows - n_known).astype(np.int64)
        return cls(past, date, spans, *counts)

    def line(self, learned_from: Int, tested: Bool, start: int, embargo: int) -> Line:
        """Prove the split of one fold, and say what went into it."""
        used = np.isin(self.date, learned_from) & self.spans.clear_of(start, FOREVER)
        train = np.flatnonzero(used & (self.labelled > 0))
        test = np.flatnonzero(tested[self.date])
        assert_no_overlap(self.spans, train, test)
        dates, sessions = self.past.axes.dates, self.past.sessions
        ends = [*sessions[self.spans.last[train] - embargo]]
        ends += [*self.past.fit_end[tested]]
        known = [end for end in ends if not np.isnat(end)]
        return {
            "n_train": int(self.labelled[train].sum()),
            "n_unlabelled": int(self.unlabelled[used].sum()),
            "n_test": int((self.labelled + self.unlabelled)[test].sum()),
            "train_start": _day(dates[self.date[train][:1]]),
            "train_end": _day(dates[self.date[train][-1:]]),
            "max_label_end": _day(np.sort(known)[-1:]),
            "embargo_sessions": embargo,
        }


def _run_fold(
    name: str, fold: Fold, past: Past, ledger: _Rows, embargo: int
) -> EnsembleFold:
    start = int(np.searchsorted(past.sessions, fold.test_start.to_datetime64()))
    known = past.known_before(start)
    weights = learn_weights(known.evidence, past.spec)
    dates = pd.DatetimeIndex(past.axes.dates)
    tested = np.asarray((dates >= fold.test_start) & (dates <= fold.test_end))
    line = ledger.line(known.rows[weights.learned_from], tested, start, embargo)
    line = {"model": name, "fold": fold.number} | line
    line |= {"test_start": fold.test_start, "test_end": fold.test_end}
    given = n_scored(past.standardised[:, tested])
    return EnsembleFold(
        _scores(past, tested, weights),
        weights,
        line,
        int(((given > 0) & (given < len(weights.names))).sum()),
    )


def _scores(past: Past, tested: Bool, weights: MemberWeights) -> pd.DataFrame:
    scores = combined(
        past.standardised[:, tested], weights.values, min_members=past.spec.min_members
    )
    axes = replace(past.axes, dates=past.axes.dates[tested])
    return gather(axes, {"score": scores}, past.scored[tested])


def _refuse_other_folds(
    predictions: pd.DataFrame, spec: EnsembleSpec, folds: Sequence[Fold]
) -> None:
    own = predictions[predictions["model"].isin(spec.names)]
    dated = own[["date", "fold"]].drop_duplicates()
    starts = np.array([fold.test_start.to_datetime64() for fold in folds])
    ends = np.array([fold.test_end.to_datetime64() for fold in folds])
    dates = dated["date"].to_numpy()
    place = np.searchsorted(starts, dates, side="right") - 1
    numbers = np.array([fold.number for fold in folds])
    fits = (place >= 0) & (dates <= ends[place]) & (numbers[place] == dated["fold"])
    if not fits.all():
        raise ModelError(
            "AK-M161",
            "members of an ensemble were tested in other folds",
            where=[
                f"{row.date:%Y-%m-%d} in fold {row.fold}"
                for row in dated[~fits].sort_values("date").itertuples()
            ],
            wanted=f"the {len(folds)} folds of the plan",
            fix="pass the plan of the walk-forward the predictions are from",
        )


def _day(dates: Dates) -> pd.Timestamp:
    """Return the one date there may be, NaT where there is none."""
    return pd.Timestamp(dates[0]) if len(dates) else pd.NaT  # type: ignore[return-value]

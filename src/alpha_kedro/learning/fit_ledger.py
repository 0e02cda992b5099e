"""The fit ledger: what every fit saw, so that anyone can prove it saw no future."""

from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import DATE_DTYPE, Dates, Int
from alpha_kedro.learning.examples import Examples
from alpha_kedro.learning.fold_outcome import FoldOutcome

Line = dict[str, Any]


def fit_line(
    examples: Examples, *, known: Int, train: Int, test: Int, embargo: int
) -> Line:
    """Return what goes into a fit.

    Parameters
    ----------
    known
        Rows whose span is over before the tests.
    train
        Those of them that have a label.
    test
        Rows to be scored.
    embargo
        Sessions beyond the labels' end.

    Returns
    -------
    dict
        n_train, n_unlabelled, n_test (rows); train_start, train_end, test_start,
        test_end (decision dates); max_label_end; embargo_sessions; NaT where there is
        no row.
    """
    return {
        "n_train": len(train),
        "n_unlabelled": len(known) - len(train),
        "n_test": len(test),
        "train_start": _day(examples.dates[train][:1]),
        "train_end": _day(examples.dates[train][-1:]),
        "max_label_end": _day(np.sort(examples.label_end[train])[-1:]),
        "embargo_sessions": embargo,
        "test_start": _day(examples.dates[test][:1]),
        "test_end": _day(examples.dates[test][-1:]),
    }


def outcome_line(outcome: FoldOutcome) -> Line:
    """Return what came out of a fit.

    Returns
    -------
    dict
        nan_scores (rows the model gave none), constant_scores (True: nothing is
        ranked), dropped_features (what the fit could not use, with reasons), skipped
        (empty).
    """
    scores = outcome.scores["score"].to_numpy()
    given = scores[~np.isnan(scores)]
    dropped = outcome.dropped.itertuples()
    return {
        "nan_scores": len(scores) - len(given),
        "constant_scores": len(given) > 1 and bool(given.min() == given.max()),
        "dropped_features": "; ".join(
            f"{row.feature}: {row.reason}" for row in dropped
        ),
        "skipped": "",
    }


def skipped_line(n_test: int, reason: str) -> Line:
    """Return the same entries for a fold that was not fitted, and why it was not."""
    return {
        "nan_scores": n_test,
        "constant_scores": False,
        "dropped_features": "",
        "skipped": reason,
    }


def check_fit_ledger(ledger: pd.DataFrame, *, sessions: Dates) -> None:
    """Prove from a ledger alone that no fit saw a label reaching its tests.

    Parameters
    ----------
    ledger
        ``WalkForwardResult.fit_ledger``.
    sessions
        The axis its embargo was counted on.

    Raises
    ------
    ModelError
        ``AK-M003`` unless ``max_label_end`` plus the embargo lies before ``test_start``
        in every line.
    """
    fits = ledger[ledger["max_label_end"].notna()]
    ends = np.searchsorted(sessions, fits["max_label_end"].to_numpy(dtype=DATE_DTYPE))
    starts = np.searchsorted(sessions, fits["test_start"].to_numpy(dtype=DATE_DTYPE))
    late = fits[ends + fits["embargo_sessions"].to_numpy() >= starts]
    if len(late):
        raise ModelError(
            "AK-M003",
            "fits saw labels that reach their tests",
            where=[
                f"{line.model} fold {line.fold}: labels to "
                f"{line.max_label_end:%Y-%m-%d}, tests from {line.test_start:%Y-%m-%d}"
                for line in late.itertuples()
            ],
            wanted="max_label_end + embargo_sessions before test_start",
            fix="fit on rows that Spans.clear_of lets pass",
        )


def refuse_unfitted(ledger: pd.DataFrame) -> None:
    """Raise ``AK-M008`` with a reason when all folds of a model were skipped."""
    skipped = ledger[ledger["skipped"] != ""]
    for model, lines in skipped.groupby("model", sort=False):
        if len(lines) == (ledger["model"] == model).sum():
            raise ModelError(
                "AK-M008",
                f"no fold of the model {model!r} could be fitted",
                where=[f"fold {number}" for number in lines["fold"]],
                got=lines["skipped"].iloc[0],
                wanted="at least one fitted fold",
            )


def _day(dates: Dates) -> pd.Timestamp:
    """Return the one date there may be, NaT where there is none."""
    return pd.Timestamp(dates[0]) if len(dates) else pd.NaT  # type: ignore[return-value]

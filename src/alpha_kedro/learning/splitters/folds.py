"""The plan of a walk-forward: when each model is fitted, and which dates it scores."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Array, Dates, Int
from alpha_kedro.core.spec import SessionDate, Spec
from alpha_kedro.learning.splitters.dated_rows import dated_rows, groups_requested
from alpha_kedro.learning.splitters.splits import FOREVER, Spans, too_short

Window = Literal["expanding", "rolling"]
Period = Literal["week", "month", "quarter", "year"]
RefitEvery = Period | Annotated[int, Field(ge=1)]

_PERIOD = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}


class WalkForwardSpec(Spec):
    """How often models are refitted, on how much history, and what a fit has to have.

    The gap between training and test follows from the ``label_end`` of the labels, so
    horizon and execution lag are covered without being named here.
    """

    window: Window = Field(
        default="expanding",
        description="expanding: all history trains; rolling: the last train_sessions",
    )
    train_sessions: int | None = Field(
        default=None,
        ge=1,
        description="length of a rolling window (sessions before the first test date)",
    )
    first_train_sessions: int = Field(
        default=504, ge=1, description="history before the first test date (sessions)"
    )
    first_test: SessionDate | None = Field(
        default=None,
        description="first date that may be scored; null: as early as history allows",
    )
    refit_every: RefitEvery = Field(
        default="year",
        description="week, month, quarter, year or a number of sessions",
    )
    embargo: int = Field(
        default=0, ge=0, description="gap beyond the end of the labels (sessions)"
    )
    min_rows: int = Field(
        default=1_000, ge=2, description="labelled rows a fit must have, else no fit"
    )
    min_dates: int = Field(
        default=20, ge=1, description="labelled dates a fit must have, else no fit"
    )
    explain_rows: int = Field(
        default=200, ge=0, description="tested rows per fold that are explained"
    )
    keep_models: int | None = Field(
        default=None,
        ge=1,
        description="fits of a model that modeling keeps, the oldest go; null: all",
    )

    @model_validator(mode="after")
    def _window_has_a_length(self) -> "WalkForwardSpec":
        if (self.window == "rolling") == (self.train_sessions is None):
            raise ValueError(
                "train_sessions belongs to a rolling window, and only there"
            )
        return self


@dataclass(frozen=True)
class Fold:
    """One fit and the dates it scores.

    Attributes
    ----------
    number
        From 1, in order of time.
    train_start, train_end
        First and last decision date trained on.
    test_start, test_end
        First and last decision date scored, both included.
    """

    number: int
    train_start: pd.Timestamp
    train_end: pd.Timestamp
    test_start: pd.Timestamp
    test_end: pd.Timestamp

    def rows(self, spans: Spans) -> tuple[Int, Int]:
        """Return the row numbers (trained, scored), both ascending.

        A row trains when its span is over before ``test_start``. A scored row needs no
        label: the newest decisions have none yet.
        """
        start = spans.position(self.test_start)
        past = spans.between(spans.position(self.train_start), start - 1)
        trained = past[spans.take(past).clear_of(start, FOREVER)]
        return trained, spans.between(start, spans.position(self.test_end))


def plan_folds(spans: Spans, spec: WalkForwardSpec) -> tuple[Fold, ...]:
    """Plan the folds: their test dates partition all decision dates after the first.

    Parameters
    ----------
    spans
        Rows on the axis of sessions, made with ``embargo=spec.embargo``.
    spec
        Window, refit step and history.

    Returns
    -------
    tuple of Fold
        In order of time. Adding later rows changes no fold but the last.

    Raises
    ------
    ConfigError
        ``AK-C032`` with the sessions needed and had, when the history does not reach to
        a first test date or a window holds no label known in time.
    """
    dates = spans.shortest()
    tested = dates.first[dates.first >= _first_test(spans, dates.first, spec)]
    return tuple(
        _fold(number, block, dates, spec)
        for number, block in enumerate(_blocks(tested, spans, spec.refit_every), 1)
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class WalkForward:
    """Train on the past, test on what follows, step forward: a scikit-learn splitter.

    Pass a table with ``date`` and ``label_end`` as ``groups``, or as ``X`` itself.

    Parameters
    ----------
    window, train_sessions, first_train_sessions, first_test, refit_every, embargo
        As in ``WalkForwardSpec``.
    sessions
        Axis to count sessions on; see ``Spans.of``.

    Raises
    ------
    ConfigError
        ``AK-C003`` for values out of range.
    """

    window: Window = "expanding"
    train_sessions: int | None = None
    first_train_sessions: int = 504
    first_test: date | None = None
    refit_every: Period | int = "year"
    embargo: int = 0
    sessions: Dates | None = field(default=None, repr=False)
    get_metadata_routing = groups_requested

    def __post_init__(self) -> None:
        _ = self.spec  # refuses what makes no plan before there are rows

    @property
    def spec(self) -> WalkForwardSpec:
        """Return the parameters as the specification of a walk-forward."""
        named = (each.name for each in fields(self) if each.name != "sessions")
        return WalkForwardSpec.parse(
            {name: getattr(self, name) for name in named}, "WalkForward"
        )

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds; it depends on the dates of the rows."""
        return len(plan_folds(self._spans(X, groups), self.spec))

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[Int, Int]]:
        """Yield (train, test) row numbers, both ascending, one pair per fold.

        Raises
        ------
        ConfigError
            ``AK-C030`` without ``date`` and ``label_end``; ``AK-C032`` as in
            ``plan_folds``; ``AK-C036`` when ``groups`` are not the rows of ``X``.
        """
        spans = self._spans(X, groups)
        for fold in plan_folds(spans, self.spec):
            yield fold.rows(spans)

    def _spans(self, X: Any, groups: Any) -> Spans:
        rows = dated_rows(X, groups)
        return Spans.of(rows, embargo=self.spec.embargo, sessions=self.sessions)


def _first_test(spans: Spans, days: Int, spec: WalkForwardSpec) -> int:
    """Return the position tests start from, once enough history lies before it."""
    wanted = spec.first_train_sessions
    if not len(days):
        raise too_short("sessions before the first test date", wanted, 0)
    start = int(days[0]) + wanted
    if spec.first_test is not None:
        start = spans.position(pd.Timestamp(spec.first_test))
    had = int(min(start, days[-1]) - days[0])
    if had < wanted:
        raise too_short("sessions before the first test date", wanted, had)
    if start > days[-1]:
        raise too_short(f"decisions from first_test {spec.first_test} on", 1, 0)
    if spec.train_sessions is not None and spec.train_sessions > days[-1] - days[0]:
        had = int(days[-1] - days[0])
        raise too_short("sessions for the rolling window", spec.train_sessions, had)
    return start


def _blocks(tested: Int, spans: Spans, refit_every: str | int) -> list[Int]:
    """Cut the tested positions where a new fit is due."""
    due: Array
    if isinstance(refit_every, int):
        due = (tested - tested[0]) // refit_every
    else:
        days = pd.DatetimeIndex(spans.sessions[tested])
        due = days.to_period(_PERIOD[refit_every]).astype("int64").to_numpy()
    return np.split(tested, np.flatnonzero(np.diff(due)) + 1)


def _fold(number: int, block: Int, dates: Spans, spec: WalkForwardSpec) -> Fold:
    """Plan one fold from the shortest span of each date."""
    start = int(block[0])
    reach = spec.train_sessions if spec.train_sessions is not None else start
    known = dates.clear_of(start, FOREVER) & (dates.first >= start - reach)
    if not known.any():
        raise too_short(f"sessions to have a known label by fold {number}", 1, 0)
    trained = dates.first[known]
    ends = (trained[0], trained[-1], block[0], block[-1])
    return Fold(number, *(pd.Timestamp(dates.sessions[end]) for end in ends))

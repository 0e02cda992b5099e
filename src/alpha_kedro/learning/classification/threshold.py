"""The probability from which on names are held, chosen where it can be judged."""

from typing import Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Bool, Dates, Float
from alpha_kedro.core.spec import Spec

Worth = Literal["mean_root_count", "t_of_dates"]


class ThresholdSpec(Spec):
    """How the threshold of a classifier is found, inside the training window.

    ``fixed`` is what one is told. Otherwise candidates are the probabilities that leave
    a share of the names at or above them. The one whose names did best is taken, on
    rows that the trees they are scored by did not learn from.
    """

    fixed: float | None = Field(
        default=None, gt=0, lt=1, description="A threshold as it is; null: choose one."
    )
    worth: Worth = Field(
        default="mean_root_count",
        description="What is made large: mean label of the names above times the root "
        "of their number; or the t-statistic over dates of the mean label of a date's "
        "names above.",
    )
    least_share: float = Field(
        default=0.02, gt=0, lt=1, description="Fewest names above (share of rows)."
    )
    most_share: float = Field(
        default=0.5, gt=0, le=1, description="Most names above (share of rows)."
    )
    n_candidates: int = Field(
        default=49, ge=2, le=1_000, description="Thresholds tried (thresholds)."
    )

    @model_validator(mode="after")
    def _shares_leave_a_choice(self) -> Self:
        if self.least_share >= self.most_share:
            raise ValueError("least_share has to be below most_share")
        return self

    def choose(self, probability: Float, label: Float, dates: Dates) -> float:
        """Return the threshold for a classifier, between 0 and 1.

        Parameters
        ----------
        probability
            (n,) of rows the trees did not learn from.
        label
            (n,) what holding each row brought, relative to holding none.
        dates
            (n,) decision dates.

        Notes
        -----
        Of equal candidates the highest is taken. The best of many thresholds looks
        better here than it will be: this is a choice, not a measurement.
        """
        if self.fixed is not None:
            return self.fixed
        shares = np.linspace(self.least_share, self.most_share, self.n_candidates)
        held = np.ceil(np.round(shares * len(probability), 6)).astype(np.int64)
        candidates = np.sort(probability)[::-1][held - 1]
        worth = [
            self.worth_of(probability >= each, label, dates) for each in candidates
        ]
        return float(candidates[int(np.argmax(worth))])

    def worth_of(self, above: Bool, label: Float, dates: Dates) -> float:
        """Return what holding the rows ``above`` was worth, by ``worth``.

        Negative infinity where it cannot be told.
        """
        if self.worth == "mean_root_count":
            return float(label[above].sum() / np.sqrt(max(above.sum(), 1)))
        by_date = pd.Series(label[above]).groupby(dates[above]).mean()
        if len(by_date) < 2 or not by_date.std() > 0:
            return -np.inf
        return float(by_date.mean() / by_date.std() * np.sqrt(len(by_date)))

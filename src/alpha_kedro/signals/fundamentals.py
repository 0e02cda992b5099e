"""What the latest company report known at each close says.

A figure is NaN where it was not reported, or where no report came for three quarters of
a year.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Float
from alpha_kedro.signals.as_of import Newest, newest_known
from alpha_kedro.signals.standing import standing_reports

MAX_AGE_SESSIONS = 189
"""Three quarters of a year: a name that skips two reports is no longer known."""

REPORT_AGE = "report_age"


class KnownReports(Mapping[str, Float]):
    """Figures of the latest report known, as (n_dates, n_tickers) arrays by name.

    Parameters
    ----------
    reports
        Clean fundamentals, see `alpha_kedro.market.clean_fundamentals`.
    axes
        Sessions and tickers of the bars.
    """

    def __init__(self, reports: pd.DataFrame, axes: Axes) -> None:
        listed = reports["ticker"].isin(list(axes.tickers))
        self._standing = standing_reports(reports[listed])
        self._newest: Newest = newest_known(
            self._standing, axes, max_age_sessions=MAX_AGE_SESSIONS
        )
        self._names = [*self._standing.columns[3:], REPORT_AGE]

    def __getitem__(self, name: str) -> Float:
        if name == REPORT_AGE:
            age = self._newest.age
            return np.where(age < 0, np.nan, age)
        return self._newest.spread(self._standing[name].to_numpy(dtype=np.float64))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

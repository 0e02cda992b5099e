"""The group of each name on each date, such as its sector."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError, shorten
from alpha_kedro.core.panel import Array, Axes, Bool
from alpha_kedro.measures.cross_sections import Cells

GroupLabels = Mapping[str, str] | pd.Series | pd.DataFrame
"""One label per ticker, or a (dates x tickers) frame of dated ones."""


class Groups(NamedTuple):
    """Cells by group, and what the groups are called."""

    cells: Cells
    names: tuple[str, ...]

    @property
    def known(self) -> Bool:
        """Return where a name has a group: (n_dates, n_tickers) bool."""
        return self.cells.codes >= 0


def read_groups(labels: GroupLabels, axes: Axes) -> Groups:
    """Read the group of each name on each date.

    Parameters
    ----------
    labels
        By ticker, or by date and ticker; missing ones are no group. Nothing is carried
        from one date to the next. Labels of other tickers or dates are left out.
    axes
        Of the scores.

    Raises
    ------
    ConfigError
        ``AK-C121`` for what is no mapping, Series or frame, a date or ticker that
        stands in it twice, and when nobody scored has a group.
    """
    table = (
        pd.Series(dict(labels), dtype="object")
        if isinstance(labels, Mapping)
        else labels
    )
    if not isinstance(table, pd.Series | pd.DataFrame):
        raise _misfit(axes, got=f"a {type(labels).__name__}")
    if not all(axis.is_unique for axis in table.axes):
        raise _misfit(axes, got="a date or ticker twice")
    codes, names = pd.factorize(np.ravel(_by_date(table, axes)), sort=False)
    if not len(names):
        raise _misfit(axes, got=f"labels of {shorten(table.axes[-1])}")
    order = np.argsort([str(name) for name in names], kind="stable")
    sorted_codes = np.append(np.argsort(order), -1)[codes].astype(np.int32)
    return Groups(
        Cells(sorted_codes.reshape(axes.shape), len(names)),
        tuple(str(names[place]) for place in order),
    )


def _by_date(labels: pd.Series | pd.DataFrame, axes: Axes) -> Array:
    """Return the label of each name on each date: (n_dates, n_tickers) objects."""
    if isinstance(labels, pd.Series):
        row = labels.astype("object").reindex(axes.tickers)
        return np.broadcast_to(row.to_numpy(), axes.shape)
    dates = pd.DatetimeIndex(labels.index).as_unit("us")
    aligned = labels.astype("object").set_axis(dates, axis=0)
    return aligned.reindex(
        index=pd.DatetimeIndex(axes.dates), columns=axes.tickers
    ).to_numpy()


def _misfit(axes: Axes, *, got: str) -> ConfigError:
    return ConfigError(
        "AK-C121",
        "the groups do not fit the scores",
        where=axes.tickers,
        got=got,
        wanted="a mapping of tickers to groups, or a frame of dates x tickers",
        fix="use the tickers, and the dates, of the scores",
    )


def required_groups(groups: Groups | None) -> Groups:
    """Return the groups, or say that there are none.

    Raises
    ------
    ConfigError
        ``AK-C122`` without groups.
    """
    if groups is None:
        raise ConfigError(
            "AK-C122",
            "a number by group is asked for, and there are no groups",
            wanted="groups: a mapping of tickers, or a frame of dates x tickers",
            fix="pass groups= to evaluate_factor",
        )
    return groups

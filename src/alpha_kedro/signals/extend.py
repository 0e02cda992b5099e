"""The evening's features: those of the new sessions, added to what is there."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.signals.feature_table import build_features
from alpha_kedro.signals.features import choose_features


def extend_features(
    features: pd.DataFrame,
    bars: pd.DataFrame,
    *,
    formulas: Mapping[str, str] | None = None,
    **known: Any,
) -> pd.DataFrame:
    """Add the sessions that came after a table of features was made.

    Parameters
    ----------
    features
        What `build_features` made some sessions ago.
    bars
        The bars by now.
    formulas
        Those of its columns that were written out, by name.
    known
        The further arguments `build_features` was given then.

    Returns
    -------
    pandas.DataFrame
        To the last bit what `build_features` makes of all the bars, in the time that
        the new sessions take.

    Raises
    ------
    DataError
        ``AK-D116`` when the newest session of the table comes out otherwise now: the
        bars before it, or the formulas, are not those it was made of.
    ConfigError, DataError
        As `build_features`.
    """
    newest = features["date"].max()
    names = [str(name) for name in features.columns[2:]]
    chosen = choose_features(names, formulas)
    fresh = build_features(bars, chosen, since=newest, **known)
    is_old = fresh["date"] == newest
    _refuse_another_past(features[features["date"] == newest], fresh[is_old])
    extended: pd.DataFrame = pd.concat([features, fresh[~is_old]], ignore_index=True)
    return extended


def _refuse_another_past(stored: pd.DataFrame, made: pd.DataFrame) -> None:
    if stored.reset_index(drop=True).equals(made.reset_index(drop=True)):
        return
    raise DataError(
        "AK-D116",
        "the stored features do not follow from these bars",
        where=[f"{stored['date'].max():%Y-%m-%d}"],
        got=f"{len(stored)} rows stored, {len(made)} made again and not the same",
        wanted="the newest stored session, bit for bit",
        fix="the past was revised, or the formulas changed: build all features again",
    )

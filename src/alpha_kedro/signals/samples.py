"""From features of every bar to what a model reads: decision dates, members, ranks."""

import logging
from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Axes, Bool, Float, Panel, Single, gather
from alpha_kedro.core.sectors import sector_labels
from alpha_kedro.core.spec import Names, Spec
from alpha_kedro.signals.cross_section import rank, winsorize, z_score

logger = logging.getLogger(__name__)

_KEY = ("date", "ticker")


class SampleSpec(Spec):
    """How features are made comparable across the names of a date."""

    transform: Literal["rank", "z_score", "none"] = Field(
        "rank",
        description="rank: onto -0.5 to 0.5 within the universe of the date; z_score: "
        "standard deviations from its mean; none: as they are",
    )
    keep_raw: Names = Field(
        ("day_of_week", "month"),
        description="features that are left as they are, such as those that are equal "
        "for all names of a date",
    )
    winsorize: float | None = Field(
        None,
        gt=0,
        lt=0.5,
        description="share of the names of a date beyond each of two quantiles; values "
        "there are pulled in to the quantile, before a z-score or none; null: never",
    )

    @model_validator(mode="after")
    def _refuse_limits_without_effect(self) -> "SampleSpec":
        if self.winsorize is not None and self.transform == "rank":
            raise ValueError("winsorize only blurs ranks; use z_score or none with it")
        return self


def build_samples(
    features: pd.DataFrame,
    *,
    axes: Axes,
    mask: Bool,
    decisions: Bool,
    spec: SampleSpec,
    sectors: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Take the members of each decision date and transform their features.

    Parameters
    ----------
    features
        Long table: date, ticker and one numeric column per feature.
    axes
        Sessions and tickers of ``mask`` and ``decisions``.
    mask
        (n_dates, n_tickers) bool: members of the universe.
    decisions
        (n_dates,) bool: sessions at whose close a decision is made.
    spec
        See `SampleSpec`.
    sectors
        ticker, sector; start and end where labels are dated. A ticker without a label
        on a date is ``UNKNOWN``.

    Returns
    -------
    DataFrame
        ``date``, ``ticker``, ``sector`` and one float32 column per feature in the order
        of ``features``, sorted by (date, ticker). A missing feature stays NaN. Members
        without any feature but those of ``spec.keep_raw`` are left out, and counted in
        ``attrs["left_out"]["no_feature"]``.

    Raises
    ------
    DataError
        ``AK-D001`` when a (date, ticker) stands in the features twice.

    Notes
    -----
    A row depends on the members of its own date and on nothing else: neither on later
    dates nor on names outside the universe.
    """
    grid = Axes(axes.dates[decisions], axes.tickers)
    members = mask[decisions]
    asked = features[features["date"].isin(grid.dates)]
    rows = gather(grid, {"sector": sector_labels(sectors, grid)}, members)
    # Column by column: the wide arrays of all features would not fit a small machine.
    names = [str(name) for name in features if name not in _KEY]
    columns = {name: _column(asked, name, grid, members, spec) for name in names}
    samples = pd.DataFrame({**rows, **columns}, copy=False)
    return _leave_out_empty(samples, columns, spec)


def _column(
    asked: pd.DataFrame, name: str, grid: Axes, members: Bool, spec: SampleSpec
) -> Single:
    """Return one feature of the members, row by row."""
    panel = Panel.from_table(asked[[*_KEY, name]], [name], axes=grid)
    values = np.asarray(panel[name], dtype=np.float64)
    if name not in spec.keep_raw:
        values = _comparable(values, members, spec)
    return values[members].astype(np.float32)


def _comparable(values: Float, members: Bool, spec: SampleSpec) -> Float:
    if spec.winsorize is not None:
        values = winsorize(values, limit=spec.winsorize, mask=members)
    if spec.transform == "none":
        return values
    kernel = rank if spec.transform == "rank" else z_score
    return kernel(values, mask=members)


def _leave_out_empty(
    samples: pd.DataFrame, columns: Mapping[str, Single], spec: SampleSpec
) -> pd.DataFrame:
    telling = [values for name, values in columns.items() if name not in spec.keep_raw]
    known = np.zeros(len(samples), dtype=bool)
    for values in telling or columns.values():
        known |= ~np.isnan(values)
    left_out = {"no_feature": int((~known).sum())}
    logger.info("samples: %d rows, left out: %s", known.sum(), left_out)
    kept = samples[known].reset_index(drop=True)
    kept.attrs["left_out"] = left_out
    return kept

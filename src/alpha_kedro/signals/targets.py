"""From the forward returns of a date to its labels; every date by itself.

1. Divided by what the name is used to (``scale``): a surprise, not a size.
2. Less what sector and known exposures explain of it (``neutralize``): what is left is
   of the name itself. On this much less noise a model learns more from the same rows.
3. Ranked, set against its sector, or left as it is (``kind``).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Axes, Bool, Float, Panel
from alpha_kedro.signals.cross_section import Codes, demean, neutralize, rank
from alpha_kedro.signals.label_spec import SECTOR, LabelSpec


@dataclass(frozen=True, eq=False)
class Yardsticks:
    """What forward returns are measured by; all of it known at the decision.

    Attributes
    ----------
    scale
        (n_dates, n_tickers) the returns are divided by; None: none.
    exposures
        (k, n_dates, n_tickers) ranks of the features whose part is taken out; a missing
        one is the middle.
    """

    scale: Float | None
    exposures: Float

    @classmethod
    def of(
        cls, features: pd.DataFrame, *, axes: Axes, members: Bool, spec: LabelSpec
    ) -> "Yardsticks":
        """Take from the table of features what the labels ask for.

        Parameters
        ----------
        features
            date, ticker, float32 columns, those the specification names among them.
        members
            (n_dates, n_tickers) names whose labels are asked for.
        """
        scale = None if spec.scale is None else _panel(features, spec.scale, axes)
        exposures = np.empty((len(spec.exposures), *axes.shape))
        for at, name in enumerate(spec.exposures):
            ranks = rank(_panel(features, name, axes), mask=members)
            exposures[at] = np.where(np.isfinite(ranks), ranks, 0.0)
        return cls(scale, exposures)


def targets(
    fwd_ret: Float,
    *,
    groups: Codes | None,
    yardsticks: Yardsticks | None,
    spec: LabelSpec,
) -> Float:
    """Return the labels of each date.

    Parameters
    ----------
    fwd_ret
        (n_dates, n_tickers) forward returns, NaN where no label is asked for.
    groups
        Codes of the sectors; names with a negative one have no label where the sector
        takes part.
    yardsticks
        Needed where the specification names a scale or exposures.

    Returns
    -------
    (n_dates, n_tickers) float64
        NaN where the return, its scale, or a sector that takes part is missing.

    Raises
    ------
    ConfigError
        ``AK-C149`` without the yardsticks the specification names.
    """
    values = _residual(_surprise(fwd_ret, yardsticks, spec), groups, yardsticks, spec)
    if spec.kind == "raw":
        return values
    if spec.kind == "sector_relative":
        return demean(values, groups=groups)
    return rank(values, groups=groups if spec.kind == "sector_rank" else None)


def _surprise(fwd_ret: Float, yardsticks: Yardsticks | None, spec: LabelSpec) -> Float:
    """Return the returns in units of what each name is used to."""
    if spec.scale is None:
        return fwd_ret
    if yardsticks is None or yardsticks.scale is None:
        raise _yardsticks_needed(spec)
    scale = yardsticks.scale
    return np.divide(fwd_ret, scale, out=np.full_like(fwd_ret, np.nan), where=scale > 0)


def _residual(
    values: Float, groups: Codes | None, yardsticks: Yardsticks | None, spec: LabelSpec
) -> Float:
    """Return what sector and exposures do not explain."""
    if not spec.neutralize:
        return values
    if spec.exposures and yardsticks is None:
        raise _yardsticks_needed(spec)
    return neutralize(
        values,
        np.empty((0, *values.shape)) if yardsticks is None else yardsticks.exposures,
        mask=np.isfinite(values),
        groups=groups if SECTOR in spec.neutralize else None,
    )


def _yardsticks_needed(spec: LabelSpec) -> ConfigError:
    return ConfigError(
        "AK-C149",
        "labels are to be scaled or neutralized by features that were not given",
        where=[*spec.exposures, *([spec.scale] if spec.scale else [])],
        fix="pass yardsticks=Yardsticks.of(features, ...) to build_labels",
    )


def _panel(features: pd.DataFrame, name: str, axes: Axes) -> Float:
    known = features[features["date"].isin(axes.dates)]
    panel = Panel.from_table(known[["date", "ticker", name]], [name], axes=axes)
    return np.asarray(panel[name], dtype=np.float64)

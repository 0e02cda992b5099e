"""From features of every bar to what a model reads: decision dates, members, ranks."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from alpha_kedro.core.errors import ConfigError, shorten
from alpha_kedro.core.panel import Axes, Bool, Float, Int, Panel, Single, gather
from alpha_kedro.core.registry import nearest
from alpha_kedro.core.sectors import sector_codes, sector_labels
from alpha_kedro.core.spec import Names, Spec
from alpha_kedro.signals.cross_section import (
    neutralize,
    normal_score,
    rank,
    robust_z_score,
    winsorize,
    z_score,
)
from alpha_kedro.signals.label_spec import SECTOR

logger = logging.getLogger(__name__)

Transform = Literal["rank", "normal_score", "z_score", "robust_z_score", "none"]

_KEY = ("date", "ticker")
_TRANSFORMS: Mapping[str, Callable[..., Float]] = {
    "rank": rank,
    "normal_score": normal_score,
    "z_score": z_score,
    "robust_z_score": robust_z_score,
}


class SampleSpec(Spec):
    """How features are made comparable across the names of a date."""

    transform: Transform = Field(
        "rank",
        description="rank: onto -0.5 to 0.5 within the universe of the date; "
        "normal_score: what a normal sample has at that rank; z_score: standard "
        "deviations from its mean; robust_z_score: from its median, in 1.4826 median "
        "absolute deviations; none: as they are",
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
    neutralize: Names = Field(
        (),
        description="features, or sector, that the others are made independent of: "
        "after the transform each is replaced by its residual of a regression, date by "
        "date, on those named as they stand in the samples. A name without one of them "
        "has none of the others; those of keep_raw stay as they are",
    )

    @model_validator(mode="after")
    def _refuse_limits_without_effect(self) -> "SampleSpec":
        if self.winsorize is not None and self.transform in ("rank", "normal_score"):
            raise ValueError("winsorize only blurs ranks; use a z-score or none")
        return self

    @property
    def exposures(self) -> tuple[str, ...]:
        """Return the features that others are neutralized against."""
        return tuple(name for name in self.neutralize if name != SECTOR)

    def neutralizes(self, name: str) -> bool:
        """Tell whether a feature is replaced by its residual."""
        stays = name in self.keep_raw or name in self.neutralize
        return bool(self.neutralize) and not stays

    def require_exposures(self, names: Iterable[str]) -> None:
        """Refuse to neutralize against what is no feature of the samples.

        Parameters
        ----------
        names
            Features the samples will have.

        Raises
        ------
        ConfigError
            ``AK-C140`` with the nearest name.
        """
        known = list(names)
        unknown = [name for name in self.exposures if name not in known]
        if not unknown:
            return
        close = nearest(unknown[0], [SECTOR, *known])
        hint = f"did you mean {close!r}? " if close else ""
        raise ConfigError(
            "AK-C140",
            "samples are to be neutralized against what is no feature of theirs",
            where=unknown,
            wanted=f"{SECTOR}, or one of {shorten(sorted(known))}",
            fix=f"{hint}correct samples.neutralize, or add it to features.names",
        )


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
        ``attrs["left_out"]["no_feature"]``. Where features are neutralized,
        ``attrs["no_exposure"]`` counts the members who lack an exposure.

    Raises
    ------
    ConfigError
        ``AK-C140`` a name in ``spec.neutralize`` that is no feature, ``AK-C141`` sector
        among them without ``sectors``.
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
    spec.require_exposures(names)
    request = _Request(asked, grid, members, spec)
    against = _Exposures.of(request, sectors)
    columns = {name: _column(request, name, against) for name in names}
    samples = pd.DataFrame({**rows, **columns}, copy=False)
    samples = samples.astype({"ticker": "str", "sector": "str"})  # of no rows, too
    kept = _leave_out_empty(samples, columns, spec)
    if spec.neutralize:
        kept.attrs["no_exposure"] = against.missing(members)
    return kept


@dataclass(frozen=True)
class _Request:
    """The features of members that are asked for, and how they are to be seen."""

    asked: pd.DataFrame
    grid: Axes
    members: Bool
    spec: SampleSpec

    def comparable(self, name: str) -> Float:
        """Return one feature, (n_decisions, n_tickers), transformed date by date."""
        panel = Panel.from_table(self.asked[[*_KEY, name]], [name], axes=self.grid)
        values = np.asarray(panel[name], dtype=np.float64)
        if name in self.spec.keep_raw:
            return values
        if self.spec.winsorize is not None:
            values = winsorize(values, limit=self.spec.winsorize, mask=self.members)
        transform = _TRANSFORMS.get(self.spec.transform)
        return values if transform is None else transform(values, mask=self.members)


@dataclass(frozen=True)
class _Exposures:
    """What features are neutralized against."""

    features: Float
    groups: Int | None

    @classmethod
    def of(cls, request: _Request, sectors: pd.DataFrame | None) -> "_Exposures":
        names = request.spec.exposures
        features = np.empty((len(names), *request.grid.shape))
        for at, name in enumerate(names):
            features[at] = request.comparable(name)
        if SECTOR not in request.spec.neutralize:
            return cls(features, None)
        if sectors is None or sectors.empty:
            raise _sectors_needed()
        return cls(features, sector_codes(sectors, request.grid))

    def missing(self, members: Bool) -> int:
        """Count the members without one of the exposures."""
        known = ~np.isnan(self.features).any(axis=0)
        if self.groups is not None:
            known &= self.groups >= 0
        return int((members & ~known).sum())


def _column(request: _Request, name: str, against: _Exposures) -> Single:
    """Return one feature of the members, row by row."""
    values = request.comparable(name)
    if request.spec.neutralizes(name):
        values = neutralize(
            values, against.features, mask=request.members, groups=against.groups
        )
    return values[request.members].astype(np.float32)


def _sectors_needed() -> ConfigError:
    return ConfigError(
        "AK-C141",
        "samples are to be neutralized against sectors, and there are none",
        fix="give the market a sectors table, or take sector out of samples.neutralize",
    )


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

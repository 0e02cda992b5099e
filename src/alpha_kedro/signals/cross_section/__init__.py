"""Stateless kernels on the cross-section of one date.

Every kernel takes ``values`` of shape (n_dates, n_tickers), of any unit, and treats
each date alone: no date can tell another anything, so none of these can look ahead. Two
arguments narrow the cross-section:

- ``mask`` (n_dates, n_tickers) bool: the universe of the date. Names outside are NaN in
  the result and have no influence on the others, not even on their last bit.
- ``groups`` (n_tickers,) or (n_dates, n_tickers) int: one cross-section per code,
  counted from 0. A negative code is no group: NaN.

NaN stays NaN and counts for nothing. What only looks at order (`rank`, `normal_score`,
`quantile_bucket`, `winsorize`) is the same to the last bit in whatever order the
tickers stand; sums are taken in that order, so what rests on them (`demean`, `z_score`,
`unit_gross`, `neutralize`) is the same to rounding.
"""

from alpha_kedro.signals.cross_section.cells import Codes
from alpha_kedro.signals.cross_section.limits import clip, winsorize
from alpha_kedro.signals.cross_section.ranks import (
    normal_score,
    quantile_bucket,
    rank,
)
from alpha_kedro.signals.cross_section.residuals import neutralize
from alpha_kedro.signals.cross_section.scales import (
    demean,
    robust_z_score,
    unit_gross,
    z_score,
)

__all__ = [
    "Codes",
    "clip",
    "demean",
    "neutralize",
    "normal_score",
    "quantile_bucket",
    "rank",
    "robust_z_score",
    "unit_gross",
    "winsorize",
    "z_score",
]

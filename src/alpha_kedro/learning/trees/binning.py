"""The bins LightGBM cuts features into, and the rows it holds in them.

Finding the bins of a window costs more than a hundred small trees, and putting rows
into bins that are known costs a third of that. So a window is binned once, and the
parts of it that choose the rounds are cut from the binned rows.

Under ``first_window`` the bins come from the earliest dates of the window alone. The
windows of an expanding walk-forward begin with the same dates: they share their bins,
which are found once in a process. Nothing later can move them.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from alpha_kedro.core.panel import Float, Int, Single
from alpha_kedro.learning.training import TrainingData

if TYPE_CHECKING:
    import lightgbm

Binning = Literal["per_fit", "first_window"]

_KEPT = 4
_PROBED_ROWS = 8_192
_ROWS_OF_A_BIN = 3  # LightGBM's min_data_in_bin
_FOUND: "OrderedDict[str, lightgbm.Dataset]" = OrderedDict()
"""Bins found in this process, by what they were found from; the newest few."""


@dataclass(frozen=True, eq=False)
class BinnedRows:
    """A window in bins.

    Attributes
    ----------
    dataset
        All its rows, constructed.
    notes
        ``binning``: why the bins are not those that were asked for.
    """

    dataset: "lightgbm.Dataset"
    notes: Mapping[str, str]

    @classmethod
    def of(
        cls,
        data: TrainingData,
        label: Float,
        *,
        groups: Int | None,
        params: Mapping[str, Any],
        first_dates: int | None,
    ) -> "BinnedRows":
        """Put the rows of a window into bins.

        Parameters
        ----------
        label
            (n,) what the objective learns.
        groups
            Rows of each date, for objectives and draws that go by date.
        params
            LightGBM's own.
        first_dates
            Dates at the start of the window the bins come from; None: all rows.
        """
        import lightgbm

        reference, notes = None, {}
        if first_dates is not None:
            first = data.X[: np.searchsorted(data.dates, _after(data, first_dates))]
            reference = shared_bins(first, params=params)
            usual = min(int(params["max_bin"]), len(first) // _ROWS_OF_A_BIN)
            coarse = outgrown(data, reference, usual)
            if coarse:
                reference, notes = None, {"binning": _reason(coarse)}
        dataset = lightgbm.Dataset(
            data.X,
            label,
            weight=data.weight,
            group=groups,
            reference=reference,
            params=dict(params) if reference is None else _bin_params(params),
        )
        return cls(dataset.construct(), notes)

    def take(self, rows: Int | None) -> "lightgbm.Dataset":
        """Return some of the rows, in the bins of all; None: all of them."""
        if rows is None:
            return self.dataset
        # Constructed here: a fit that did it would first mix its own parameters in.
        return self.dataset.subset(rows.tolist()).construct()


def shared_bins(first: Single, *, params: Mapping[str, Any]) -> "lightgbm.Dataset":
    """Return the bins of the earliest rows, found before or found now.

    They follow from the values of ``first`` and ``max_bin`` alone, so it does not
    matter which fits ran before in the process. Every feature gets a bin for missing
    values, whether or not it has any yet.
    """
    import lightgbm

    key = sha256(f"{first.shape} {params['max_bin']} ".encode())
    key.update(np.ascontiguousarray(first).data)
    name = key.hexdigest()
    if name not in _FOUND:
        missing = np.full((1, first.shape[1]), np.nan, dtype=np.float32)
        rows = np.vstack([first, missing])
        dataset = lightgbm.Dataset(rows, params=_bin_params(params))
        _FOUND[name] = dataset.construct()
    _FOUND.move_to_end(name)
    while len(_FOUND) > _KEPT:
        _FOUND.popitem(last=False)
    return _FOUND[name]


def outgrown(
    data: TrainingData, bins: "lightgbm.Dataset", usual: int
) -> tuple[str, ...]:
    """Return the features that vary more in the window than the bins let show.

    One that was constant or missing throughout the earliest dates has no bins at all,
    and would be lost to every fit. One that was mostly so has too few.

    Parameters
    ----------
    usual
        Bins a feature has whose values are all different.
    """
    step = max(1, len(data.X) // _PROBED_ROWS)
    return tuple(
        name
        for column, name in enumerate(data.features)
        if (n_bins := bins.feature_num_bin(column)) < max(usual // 2, 3)
        and (n_bins < 3 or len(np.unique(data.X[::step, column])) > 2 * n_bins)
    )


def _after(data: TrainingData, n_dates: int) -> np.datetime64:
    """Return the moment after the first ``n_dates`` dates of a window."""
    dates = np.unique(data.dates)
    last: np.datetime64 = dates[min(n_dates, len(dates)) - 1]
    return last + np.timedelta64(1, "us")


def _bin_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters bins depend on, and nothing that differs between fits."""
    shared = ("max_bin", "num_threads", "force_col_wise", "deterministic", "verbosity")
    # What the earliest rows rule out, later ones may bring: a split of a feature that
    # was too even, or two flags at once that LightGBM would hold as one feature.
    kept = {"feature_pre_filter": False, "enable_bundle": False}
    return {name: params[name] for name in shared} | kept


def _reason(coarse: tuple[str, ...]) -> str:
    shown = ", ".join(coarse[:3]) + (", ..." if len(coarse) > 3 else "")
    return f"per_fit: too few values in the first window: {shown}"

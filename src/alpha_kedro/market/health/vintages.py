"""What a vendor says today of days it had spoken of before."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.market.columns import VALUES, arrange_bars
from alpha_kedro.market.health.block import Setting
from alpha_kedro.market.health.findings import make_findings, runs_of

_KEYS = ["ticker", "date"]
_SAME_FACTOR = 1e-4  # prices are rounded after they are rebased


def check_revisions(
    raw: pd.DataFrame, previous: pd.DataFrame, setting: Setting
) -> pd.DataFrame:
    """Return rows whose values are not those of an older vintage, run by run.

    Parameters
    ----------
    raw, previous
        Bars of the same tickers, new and old.
    setting
        Calendar and tolerance.

    Notes
    -----
    ``rebased``: every close of the run is the old one times one factor, as after a
    split, and ``adj_close`` alone after a dividend. ``revised``: any other change.
    ``withdrawn``: rows that are no longer there, inside the span of the new vintage.
    """
    new, old = (_arranged(table, setting) for table in (raw, previous))
    both = old.merge(new, on=_KEYS, suffixes=("_old", ""), how="left", indicator=True)
    here = (both["_merge"] == "both").to_numpy()
    ratio = (both["close"] / both["close_old"]).to_numpy()
    adjusted = (both["adj_close"] / both["adj_close_old"]).to_numpy()
    changed = here & _changed(both, setting.spec.revision_tolerance)
    first, last = new["date"].min(), new["date"].max()
    gone = ~here & both["date"].between(first, last).to_numpy()
    return pd.concat(
        [
            _revisions(both[changed], ratio[changed], adjusted[changed], setting),
            _withdrawn(both[gone], setting),
        ]
    )


def _arranged(table: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    bars = arrange_bars(table, calendar=setting.calendar, where="bars")
    bars = bars[bars["date"].notna() & bars["ticker"].notna()]
    ordered = bars.astype({"ticker": "str"}).sort_values(_KEYS, kind="stable")
    return ordered.drop_duplicates(_KEYS, ignore_index=True)


def _changed(both: pd.DataFrame, tolerance: float) -> Bool:
    changed = np.zeros(len(both), dtype=bool)
    for name in VALUES:
        old, new = both[f"{name}_old"].to_numpy(), both[name].to_numpy()
        near = np.isclose(new, old, rtol=tolerance, atol=0.0, equal_nan=True)
        changed |= ~near
    return changed


def _revisions(
    changed: pd.DataFrame, ratio: Float, adjusted: Float, setting: Setting
) -> pd.DataFrame:
    starts, lengths = _runs(changed, setting)
    if not len(starts):
        return make_findings("revised", ticker="", first=[], severity="", detail="")
    moves = [_range(values, starts) for values in (ratio, adjusted)]
    one_factor = np.logical_and(*(spread <= _SAME_FACTOR for _, spread in moves))
    moved = np.logical_or(*(np.abs(factor - 1) > _SAME_FACTOR for factor, _ in moves))
    rebased = one_factor & moved & (lengths > 1)
    place = changed.iloc[starts]
    return make_findings(
        "revised",
        ticker=place["ticker"],
        first=place["date"],
        last=changed["date"].to_numpy()[starts + lengths - 1],
        n_rows=lengths,
        severity=np.where(rebased, "note", "suspect"),
        value=moves[0][0],
        expected=1.0,
        detail="{n_rows} rows {how}: close x {value:.6g}, adj_close x {adjusted:.6g}",
        how=np.where(rebased, "rebased", "changed"),
        adjusted=moves[1][0],
    )


def _withdrawn(gone: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    starts, lengths = _runs(gone, setting)
    place = gone.iloc[starts]
    return make_findings(
        "withdrawn",
        ticker=place["ticker"],
        first=place["date"],
        last=gone["date"].to_numpy()[starts + lengths - 1],
        n_rows=lengths,
        severity="suspect",
        value=place["close_old"],
        detail="{n_rows} rows of the vintage before are gone",
    )


def _runs(rows: pd.DataFrame, setting: Setting) -> tuple[Int, Int]:
    code = rows["ticker"].factorize()[0]
    row = np.searchsorted(setting.sessions, rows["date"].to_numpy())
    starts, lengths = runs_of(code, row)
    return np.asarray(starts), np.asarray(lengths)


def _range(values: Float, starts: Int) -> tuple[Float, Float]:
    """Return the first ratio of each run, and how far others lie from it (log)."""
    logs = np.nan_to_num(np.log(values))
    spread = np.maximum.reduceat(logs, starts) - np.minimum.reduceat(logs, starts)
    return values[starts], spread

"""Whether a model explains itself alike from fold to fold.

A model that leans on other features, or on the same the other way round, each time it
is fitted anew has learned its window and not the market.
"""

from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from alpha_kedro.learning.explaining.explain import BIAS

_LEADING = 10
_FOLD_COLUMNS = (
    "model",
    "fold",
    "n_rows",
    "rank_correlation_before",
    "rank_correlation_others",
    "jaccard_before",
)
_FEATURE_COLUMNS = (
    "model",
    "feature",
    "n_folds",
    "share",
    "share_std",
    "direction",
    "direction_agreement",
)


class ExplanationStability(NamedTuple):
    """How explanations change from fold to fold, by fold and by feature.

    Attributes
    ----------
    folds
        model, fold, n_rows (explained), rank_correlation_before (Spearman, of the
        importance of features with that in the fold before),
        rank_correlation_others (with the mean share in all other folds),
        jaccard_before (features among the ten most important of this fold and the one
        before, over those of either); NaN in the first fold, with a single one, and
        where all features count the same.
    features
        model, feature, n_folds (in which it moved a score), share (of the mean
        absolute contributions of a fold, the mean over folds), share_std (over folds),
        direction (1: high values raise scores in most folds, -1: they lower them, 0:
        as many folds each way, or none), direction_agreement (share of the folds with a
        direction that have that one; NaN in fewer than two). The most important come
        first.
    """

    folds: pd.DataFrame
    features: pd.DataFrame


def explanation_stability(contributions: pd.DataFrame) -> ExplanationStability:
    """Compare the explanations of a model's folds.

    Parameters
    ----------
    contributions
        date, ticker, model, fold, feature, value, contribution (score units), of rows
        the fits had not learned from. The bias is left out, and so are contributions
        that are no numbers. Folds in the order of their numbers.
    """
    folds: list[dict[str, Any]] = []
    features: list[dict[str, Any]] = []
    known = contributions[np.isfinite(contributions["contribution"].astype("float64"))]
    for name, own in known[known["feature"] != BIAS].groupby("model"):
        shares = shares_by_fold(own)
        n_rows = own.groupby("fold")[["date", "ticker"]].apply(_distinct)
        folds += [{"model": name, **row} for row in _fold_rows(shares, n_rows)]
        signs = directions(own).reindex_like(shares)
        features += [{"model": name, **row} for row in _feature_rows(shares, signs)]
    return ExplanationStability(
        pd.DataFrame(folds, columns=list(_FOLD_COLUMNS)),
        pd.DataFrame(features, columns=list(_FEATURE_COLUMNS)),
    )


def shares_by_fold(own: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each feature (rows) in the contributions of each fold.

    Mean absolute contributions, of each fold brought to a sum of one; 0 where a feature
    moved nothing. The largest by the mean of the folds comes first, ties by name.

    Parameters
    ----------
    own
        Contributions of one model, without the bias.
    """
    sized = own.assign(size=own["contribution"].abs())
    sizes = sized.pivot_table("size", index="feature", columns="fold", aggfunc="mean")
    shares = sizes.fillna(0.0) / sizes.sum()
    order = np.argsort(-shares.mean(axis=1).to_numpy(), kind="stable")
    ranked: pd.DataFrame = shares.iloc[order]
    return ranked


def directions(own: pd.DataFrame) -> pd.DataFrame:
    """Return which way each feature (rows) moves scores in each fold: 1, -1, or NaN.

    The sign of the correlation of value and contribution; NaN where one of them does
    not vary, or too few rows have both.

    Parameters
    ----------
    own
        Contributions of one model, without the bias.
    """
    signs: dict[Hashable, dict[Hashable, float]] = {}
    for fold, rows in own.groupby("fold"):
        signs[fold] = {
            feature: _sign(each["value"], each["contribution"])
            for feature, each in rows.groupby("feature")
        }
    return pd.DataFrame(signs, dtype=np.float64)


def top_overlap(one: "pd.Series[float]", other: "pd.Series[float]") -> float:
    """Return the Jaccard overlap of the leading features of two folds.

    Features that move nothing never lead; NaN where nothing does.
    """
    first, second = _leading(one), _leading(other)
    either = first | second
    return len(first & second) / len(either) if either else np.nan


def _fold_rows(
    shares: pd.DataFrame, n_rows: "pd.Series[int]"
) -> Iterator[dict[str, Any]]:
    ranks = shares.rank()
    before = None
    for fold in shares.columns:
        others = shares.drop(columns=fold).mean(axis=1).rank()
        yield {
            "fold": fold,
            "n_rows": int(n_rows[fold]),
            "rank_correlation_before": (
                np.nan if before is None else _correlation(ranks[before], ranks[fold])
            ),
            "rank_correlation_others": _correlation(others, ranks[fold]),
            "jaccard_before": (
                np.nan if before is None else top_overlap(shares[before], shares[fold])
            ),
        }
        before = fold


def _feature_rows(
    shares: pd.DataFrame, signs: pd.DataFrame
) -> Iterator[dict[str, Any]]:
    pairs = zip(shares.to_numpy(), signs.to_numpy(), strict=True)
    for feature, (own, signed) in zip(shares.index, pairs, strict=True):
        ways = signed[~np.isnan(signed)]
        up, down = int((ways > 0).sum()), int((ways < 0).sum())
        yield {
            "feature": feature,
            "n_folds": int((own > 0).sum()),
            "share": float(own.mean()),
            "share_std": float(np.std(own, ddof=1)) if len(own) > 1 else np.nan,
            "direction": int(np.sign(up - down)),
            "direction_agreement": max(up, down) / len(ways)
            if len(ways) > 1
            else np.nan,
        }


def _agreement(up: int, down: int) -> float:
    """Return the share of the larger side; one fold alone agrees with nobody."""
    return max(up, down) / (up + down) if up + down > 1 else np.nan


def _leading(shares: "pd.Series[float]") -> set[str]:
    ranked = shares[shares > 0].sort_values(ascending=False, kind="stable")
    return {*ranked.index[:_LEADING]}


def _sign(values: "pd.Series[float]", parts: "pd.Series[float]") -> float:
    correlation = _correlation(values, parts)
    return float(np.sign(correlation)) if correlation else np.nan


def _correlation(one: "pd.Series[float]", other: "pd.Series[float]") -> float:
    """Return the correlation of the pairs that are whole; NaN without variation."""
    both = np.array([one, other], dtype=np.float64)
    both = both[:, np.isfinite(both).all(axis=0)]
    if both.shape[1] < 2 or (both == both[:, :1]).all(axis=1).any():
        return np.nan
    return float(np.asarray(np.corrcoef(both))[0, 1])


def _distinct(keys: pd.DataFrame) -> int:
    return len(keys.drop_duplicates())

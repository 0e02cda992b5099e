"""Why one name stands where it stands today: what sets it apart from the mean name.

Names are ranked against one another, so what all of them share explains no rank. Each
feature counts by its contribution to the name's score less the mean contribution to
the scores of the date.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Float, Int, Single
from alpha_kedro.core.registry import nearest
from alpha_kedro.learning.context import NOTHING, Background, Context
from alpha_kedro.learning.ensemble import EnsembleModel
from alpha_kedro.learning.ensemble.combination import standardised
from alpha_kedro.learning.explaining.explain import (
    BIAS,
    before_neutralizing,
    contributions,
)
from alpha_kedro.learning.scoring import feature_matrix, scoring
from alpha_kedro.learning.storage.restoring import wrappers_of
from alpha_kedro.learning.training import FittedModel

_SHOWN = 5
_COLUMNS = {
    "feature": "str",
    "value": "float64",
    "percentile": "float64",
    "contribution": "float64",
    "mean_contribution": "float64",
    "relative": "float64",
}


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a name has its rank.

    Attributes
    ----------
    date, ticker, kind
        Of what, by which kind of model.
    rank, n_ranked
        Place among the names with a score, 1 the highest; equals share the best.
    score, mean_score
        Of the name, and of the mean name of the date, before the scores are neutralized
        where they are: what ``parts`` add up to. The rank is that of the final scores.
    parts
        feature, value, percentile (0 to 1, of the value among the names that have one),
        contribution, mean_contribution (of the date), relative (their difference).
        ``relative`` adds up to ``score - mean_score``; the largest come first and what
        is in no feature, ``bias``, last. Of an ensemble there is a row for each member,
        with the member's score as value. No rows where nothing is known.
    note
        What a reader should know of it; empty as a rule.
    """

    date: pd.Timestamp
    ticker: str
    kind: str
    rank: int
    n_ranked: int
    score: float
    mean_score: float
    parts: pd.DataFrame
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return ``parts`` under the date and name they explain."""
        table = self.parts.copy()
        table.insert(0, "date", self.date)
        table.insert(1, "ticker", self.ticker)
        return table

    def __str__(self) -> str:
        """Return it in words, the largest parts on either side."""
        lines = [
            f"{self.ticker} is {self.rank} of {self.n_ranked} on "
            f"{self.date:%Y-%m-%d} ({self.kind})",
            f"score {self.score:+.4g}, {self.score - self.mean_score:+.4g} from the "
            "mean name",
        ]
        features = self.parts[self.parts["feature"] != BIAS]
        for side, sign in (("raised by", 1), ("lowered by", -1)):
            moved = features[sign * features["relative"] > 0].head(_SHOWN)
            lines += [f"{side}:"] * bool(len(moved))
            lines += [f"  {_sentence(row)}" for row in moved.to_dict("records")]
        return "\n".join([*lines, *filter(None, [self.note])])


def why(
    fitted: FittedModel,
    samples_of_date: pd.DataFrame,
    ticker: str,
    *,
    background: Background = NOTHING,
) -> Explanation:
    """Explain the rank of one name among all names of its date.

    Parameters
    ----------
    fitted
        Any model that has not learned from the date.
    samples_of_date
        The whole cross-section of one date: date, ticker, sector where the model asks
        for it, and the model's float32 features.
    ticker
        The name.
    background
        What is known of every session, for models that look further than one row.

    Raises
    ------
    ModelError
        ``AK-M040`` for rows of several dates, ``AK-M041`` for a name the model gives no
        score, ``AK-M042`` for one that is not in the cross-section, with the nearest;
        ``AK-M027`` and ``AK-M028`` as ``explain``.
    """
    section = _Section.of(fitted, samples_of_date, background)
    place = _place_of(ticker, samples_of_date, section.date)
    final = section.final
    if np.isnan(final[place]):
        raise ModelError(
            "AK-M041",
            f"the {fitted.kind} model gives {ticker} no score",
            where=[f"{section.date:%Y-%m-%d}"],
            fix="see which of its features are missing, or whether its history is long "
            "enough",
        )
    scored = np.flatnonzero(~np.isnan(final))
    return Explanation(
        date=section.date,
        ticker=ticker,
        kind=fitted.kind,
        rank=1 + int((final > final[place]).sum()),
        n_ranked=len(scored),
        score=float(section.explained[place]),
        mean_score=float(section.explained[scored].mean()),
        parts=section.table(place, scored),
        note=section.note,
    )


class _Parts(NamedTuple):
    """What scores are made of.

    Attributes
    ----------
    names
        k features, or members of an ensemble.
    values
        (n, k) of these.
    contributions
        (n, k + 1) parts of the scores, the bias last.
    """

    names: tuple[str, ...]
    values: Float
    contributions: Float


@dataclass(frozen=True, eq=False)
class _Section:
    """The scores of one date, what they were before neutralizing, and their parts."""

    date: pd.Timestamp
    final: Float
    explained: Float
    parts: _Parts | None
    note: str

    @classmethod
    def of(
        cls, fitted: FittedModel, samples: pd.DataFrame, background: Background
    ) -> "_Section":
        dates = pd.DatetimeIndex(samples["date"].unique())
        if len(dates) != 1:
            raise ModelError(
                "AK-M040",
                "a rank is explained among the names of one date",
                where=[f"{day:%Y-%m-%d}" for day in dates.sort_values()],
                got=f"rows of {len(dates)} dates",
                fix="pass the samples of that date, all of them",
            )
        inner = before_neutralizing(fitted)
        final = scoring(fitted, samples, background=background)
        explained = scoring(inner, samples, background=background)
        parts = _parts_of(inner, samples, background)
        return cls(dates[0], final, explained, parts, _note(fitted, parts))

    def table(self, place: int, scored: Int) -> pd.DataFrame:
        """Return ``Explanation.parts`` of the row ``place``, one of the scored."""
        if self.parts is None:
            return pd.DataFrame(columns=list(_COLUMNS)).astype(_COLUMNS)
        names, values, given = self.parts
        means = given[scored].mean(axis=0)
        relative = given[place] - means
        order = np.argsort(-np.abs(relative[:-1]), kind="stable")
        # What rounding leaves over goes where no feature is credited with it.
        whole = self.explained[place] - self.explained[scored].mean()
        relative[-1] = whole - relative[order].sum()
        table = pd.DataFrame(
            {
                "feature": [*names, BIAS],
                "value": np.append(values[place], np.nan),
                "percentile": np.append(
                    _percentiles(values[place], values[scored]), np.nan
                ),
                "contribution": given[place],
                "mean_contribution": means,
                "relative": relative,
            }
        )
        return table.iloc[[*order, len(names)]].reset_index(drop=True).astype(_COLUMNS)


def _place_of(ticker: str, samples: pd.DataFrame, date: pd.Timestamp) -> int:
    names = [str(name) for name in samples["ticker"]]
    if ticker in names:
        return names.index(ticker)
    close = nearest(ticker, names)
    raise ModelError(
        "AK-M042",
        f"{ticker} is not in the cross-section of {date:%Y-%m-%d}",
        got=f"{len(names)} names",
        fix=(f"did you mean {close!r}? " if close else "")
        + "name one that was a member then and has features",
    )


def _parts_of(
    inner: FittedModel, samples: pd.DataFrame, background: Background
) -> _Parts | None:
    X = feature_matrix(samples, inner.features)
    context = Context.of(samples, background)
    if isinstance(inner, EnsembleModel):
        return _member_parts(inner, X, context)
    given = contributions(inner, X, context)
    return given if given is None else _Parts(inner.features, X.astype(float), given)


def _member_parts(ensemble: EnsembleModel, X: Single, context: Context) -> _Parts:
    """Return what each member adds: its weight times its standardised score."""
    columns = {name: column for column, name in enumerate(ensemble.features)}
    scores = np.stack(
        [
            member.score(
                np.ascontiguousarray(X[:, [columns[name] for name in member.features]]),
                context,
            )
            for member in ensemble.members.values()
        ]
    )
    settled = standardised(scores[:, np.newaxis], ensemble.combination.scale)[:, 0]
    weights = np.array(ensemble.combination.weights)[:, np.newaxis]
    held = np.where(np.isnan(settled), 0.0, weights)
    total = held.sum(axis=0)
    given = np.zeros((len(X), len(scores) + 1))
    np.divide(held * np.nan_to_num(settled), total, out=given.T[:-1], where=total > 0)
    return _Parts(tuple(ensemble.members), scores.T, given)


def _note(fitted: FittedModel, parts: _Parts | None) -> str:
    if parts is None:
        return f"a {fitted.kind} model credits no feature with a part of its scores"
    if isinstance(fitted, EnsembleModel):
        return "the parts are those of the members; ask each why it ranks as it does"
    if "neutralize" in wrappers_of(fitted):
        return "the rank is that of neutralized scores, the parts are from before"
    return ""


def _percentiles(own: Float, all_names: Float) -> Float:
    """Return the share of known values below each of (k,), equals counting half."""
    known = np.isfinite(all_names).sum(axis=0)
    below = (all_names < own).sum(axis=0) + 0.5 * (all_names == own).sum(axis=0)
    shares = np.full(len(own), np.nan)
    np.divide(below, known, out=shares, where=np.isfinite(own) & (known > 0))
    return shares


def _sentence(row: Mapping[Any, Any]) -> str:
    """Return one part in words, such as ``size +0.12 (2.1, percentile 97)``."""
    said = f"{row['feature']} {row['relative']:+.3g}"
    if np.isnan(row["value"]):
        return f"{said} (missing)"
    return f"{said} ({row['value']:.3g}, percentile {100 * row['percentile']:.0f})"

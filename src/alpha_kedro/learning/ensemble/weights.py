"""From what the past says of each member to what each counts."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alpha_kedro.core.panel import Float, Int
from alpha_kedro.learning.ensemble.spec import EnsembleSpec
from alpha_kedro.learning.ensemble.weightings import LEARNERS

_NOTHING: Int = np.array([], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class MemberWeights:
    """What each member counts, and how that came about.

    Attributes
    ----------
    names
        (n_members,) in the order of their names.
    values
        (n_members,) not negative, adding up to one.
    reason
        ``learned from 120 dates``, or why they are equal.
    learned_from
        Places of the past dates that were used, ascending; none where there were too
        few.
    """

    names: tuple[str, ...]
    values: Float
    reason: str
    learned_from: Int

    @property
    def by_member(self) -> Mapping[str, float]:
        """Return the weight of each member."""
        return dict(zip(self.names, self.values.tolist(), strict=True))

    @property
    def chosen(self) -> Mapping[str, float | str]:
        """Return them as a fit says what it chose: ``weight_<member>``, ``weights``."""
        named = {f"weight_{name}": value for name, value in self.by_member.items()}
        return {**named, "weights": self.reason}


def learn_weights(evidence: Float, spec: EnsembleSpec) -> MemberWeights:
    """Learn the weights from all that was known when they were needed.

    1. A member is judged once ``min_dates`` past dates say something of it. Until then
       it counts as much as in an ensemble of equals, and the others share the rest.
    2. The judged are compared on the dates that say something of all of them, the
       latest ``window`` of these, an old date counting less by ``half_life``.
    3. What the weighting makes of them is drawn towards equal weights by ``shrinkage``.

    All members count the same when fewer than ``min_dates`` such dates are known, and
    when no member has earned a positive weight.

    Parameters
    ----------
    evidence
        (n_dates, n_members, k) from ``Learner.evidence``, in order of time.
    """
    n_members = len(spec.names)
    if not spec.learns:
        return _equal(spec, "by definition")
    said = np.isfinite(evidence[:, :, -1])
    judged = np.flatnonzero(said.sum(axis=0) >= spec.min_dates)
    if not len(judged):
        return _too_few(spec, int(said.sum(axis=0).max(initial=0)))
    common = np.flatnonzero(said[:, judged].all(axis=1))
    if len(common) < spec.min_dates:
        return _too_few(spec, len(common))
    common = common[-(spec.window or len(common)) :]
    shares = _shares(len(common), spec.half_life)
    learn = LEARNERS[spec.weighting].learn
    learned = learn(evidence[common][:, judged], shares, judged)
    if learned is None:
        return _equal(spec, "no member has earned a weight", common)
    values = np.full(n_members, 1 / n_members)
    drawn = (1 - spec.shrinkage) * learned / learned.sum()
    drawn += spec.shrinkage / len(judged)
    values[judged] = drawn * len(judged) / n_members
    return MemberWeights(spec.names, values, _reason(spec, judged, common), common)


def _reason(spec: EnsembleSpec, judged: Int, common: Int) -> str:
    new = [name for place, name in enumerate(spec.names) if place not in judged]
    without = f"; too new to judge: {', '.join(new)}" if new else ""
    return f"learned from {len(common)} dates{without}"


def _shares(n_dates: int, half_life: float | None) -> Float:
    """Return what each date counts, the latest last; together one."""
    age = np.arange(n_dates - 1, -1, -1, dtype=np.float64)
    counts = np.ones(n_dates) if half_life is None else 0.5 ** (age / half_life)
    shares: Float = counts / counts.sum()
    return shares


def _too_few(spec: EnsembleSpec, had: int) -> MemberWeights:
    return _equal(spec, f"{had} of {spec.min_dates} past dates")


def _equal(spec: EnsembleSpec, why: str, learned_from: Int = _NOTHING) -> MemberWeights:
    n_members = len(spec.names)
    values = np.full(n_members, 1 / n_members)
    return MemberWeights(spec.names, values, f"equal: {why}", learned_from)

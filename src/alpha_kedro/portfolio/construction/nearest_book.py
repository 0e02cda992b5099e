"""The book that is nearest to an aim once every trade has its price.

Minimises over the weights ``w`` of the names that may trade

    1/2 sum_i d_i (w_i - a_i)^2 + sum_i (c_i |t_i| + q_i |t_i|^1.5)
        + 1/2 sum_k s_k (B_k'(w - a))^2,        t = w - h,  |w_i| <= cap

with aim ``a``, holdings ``h``, stiffness ``d`` (risk aversion times variance), prices
``c``, impact ``q`` and exposures ``B``, each with the strength ``s_k`` at which the
book is held to the exposure of its aim. An infinite strength is a constraint: a neutral
book stays neutral, whatever its holdings have drifted to.

Without exposures and impact the answer is a no-trade band of half-width ``c_i / d_i``
around the aim: what lies outside is traded to its edge. With exposures it is the same
band around ``a - B x / d``, and the multipliers ``x`` are the root of a function that
is monotone, found by Newton's method; without impact it is piecewise linear, so that
the root is met exactly.
"""

from dataclasses import dataclass

import numpy as np

from alpha_kedro.core.panel import Bool, Float

_ROUNDING = 1e-14
_STEPS = 100
_RIDGE = 1e-12  # singular values below this share are copies of another exposure
_LITTLE = 1e-9  # share of what everybody could give
_FAR = 1e12  # steps; beyond it the exposures cannot be met
_HALVINGS = 60
_ENOUGH = 0.05  # of the slope along a direction, for what is left to the next one


@dataclass(frozen=True, eq=False)
class Pull:
    """What holds a book to its aim.

    Attributes
    ----------
    stiffness
        (n,) positive: cost of the square of the distance to the aim, twice over.
    price
        (n,) not negative: what one unit of ``|trade|`` costs, in the same currency.
    impact
        (n,) not negative: what ``|trade|^1.5`` costs besides.
    exposures
        (n, k) of each name; without columns where nothing is to be neutral.
    slack
        (k,) inverse strengths, 0 where an exposure has to be met.
    cap
        Largest weight on either side, share of NAV.
    """

    stiffness: Float
    price: Float
    impact: Float
    exposures: Float
    slack: Float
    cap: float = np.inf

    def among(self, names: Bool) -> "Pull":
        """Return the same for some of the names."""
        return Pull(
            self.stiffness[names],
            self.price[names],
            self.impact[names],
            self.exposures[names],
            self.slack,
            self.cap,
        )


@dataclass(frozen=True, eq=False)
class NearestBook:
    """Weights, and by how much each exposure misses that of the aim.

    Attributes
    ----------
    weights
        (n,) share of NAV. Equal to the holding, to the bit, where nothing is traded.
    missed
        (k,) with the slack taken off; zero up to rounding where it could be met.
    """

    weights: Float
    missed: Float


def nearest_book(
    aim: Float, holdings: Float, pull: Pull, *, offset: Float | None = None
) -> NearestBook:
    """Return the minimiser above.

    Parameters
    ----------
    aim, holdings
        (n,) shares of NAV.
    pull
        Stiffness, prices and exposures of the same names.
    offset
        (k,) exposure beyond that of the aim in names that do not trade, which the
        others have to make up for.

    Notes
    -----
    No-trade regions: M. Davis and A. Norman, Portfolio Selection with Transaction
    Costs, Mathematics of Operations Research 15 (1990). The dual is concave, so along
    Newton's direction it has one highest point, which is searched for where the whole
    step does not bring the exposures half as near. Where the cap leaves no way to meet
    an exposure, what is missed says so.
    """
    beyond = np.zeros(pull.exposures.shape[1]) if offset is None else offset
    dual = _Dual(aim, holdings, pull, beyond)
    at = dual.at(np.zeros(len(beyond)))
    largest = max(np.abs(aim).max(initial=0.0), np.abs(holdings).max(initial=0.0))
    reach = np.abs(pull.exposures).sum(axis=0) * largest
    limit = np.where(reach > 0, _ROUNDING * (reach + np.abs(beyond)), np.inf)
    for _ in range(_STEPS):
        if np.all(np.abs(at.slope) <= limit):
            break
        at = dual.higher(at)
    if pull.cap < largest:
        at = dual.polished(at)
    return NearestBook(at.weights, at.slope)


@dataclass(frozen=True, eq=False)
class _Point:
    multipliers: Float
    weights: Float
    give: Float
    slope: Float

    @property
    def off(self) -> float:
        return float(np.abs(self.slope).max(initial=0.0))


@dataclass(frozen=True, eq=False)
class _Dual:
    aim: Float
    holdings: Float
    pull: Pull
    offset: Float

    def at(self, multipliers: Float) -> _Point:
        pull = self.pull
        drawn = self.aim - pull.exposures @ multipliers / pull.stiffness
        trade, give = self._trades(drawn - self.holdings)
        weights = np.clip(self.holdings + trade, -pull.cap, pull.cap)
        give = np.where(np.abs(weights) < pull.cap, give, 0.0)
        missed = pull.exposures.T @ (weights - self.aim) + self.offset
        slope = missed - pull.slack * multipliers
        return _Point(multipliers, weights, give, slope)

    def _trades(self, wanted: Float) -> tuple[Float, Float]:
        """Return trades, and how much each gives way to one more unit of force.

        The root of a trade ``t`` solves ``d t + 1.5 q sqrt(t) = force``, the force
        being what is left of ``d |wanted|`` once the price is paid.
        """
        pull = self.pull
        force = np.maximum(pull.stiffness * np.abs(wanted) - pull.price, 0.0)
        drag = 1.5 * pull.impact
        speed = np.sqrt(drag**2 + 4 * pull.stiffness * force)
        root = 2 * force / np.where(force > 0, drag + speed, 1.0)
        give = np.where(force > 0, 2 * root / np.where(force > 0, speed, 1.0), 0.0)
        return np.sign(wanted) * root**2, give

    def higher(self, point: _Point) -> _Point:
        """Take Newton's step, or as much of it as gets highest."""
        direction = self._direction(point)
        newton = self.at(point.multipliers + direction)
        if newton.off < 0.5 * point.off:
            return newton
        return self._highest(point, direction)

    def polished(self, point: _Point) -> _Point:
        """Take Newton's whole step if it gets nearer.

        Where the aim is far beyond the cap, what is near enough for the aim is not yet
        for the weights.
        """
        newton = self.at(point.multipliers + self._direction(point))
        return newton if newton.off < point.off else point

    def _direction(self, point: _Point) -> Float:
        exposures = self.pull.exposures
        # Where nobody trades nothing gives way: a little of everybody keeps the step
        # finite, and the search along it finds how far the next trade is.
        give = point.give + _LITTLE / self.pull.stiffness
        curvature = exposures.T @ (give[:, None] * exposures) + np.diag(self.pull.slack)
        step = np.linalg.lstsq(curvature, point.slope, rcond=_RIDGE)[0]
        return np.asarray(step)

    def _highest(self, point: _Point, direction: Float) -> _Point:
        """Search along a direction for where the dual no longer rises."""

        def there(share: float) -> tuple[_Point, float]:
            found = self.at(point.multipliers + share * direction)
            return found, float(found.slope @ direction)

        rises = float(point.slope @ direction)
        low, high = 0.0, 1.0
        found, after = there(high)
        while after > 0 and high < _FAR:
            low, high = high, 8 * high
            found, after = there(high)
        for _ in range(_HALVINGS):
            if abs(after) <= _ENOUGH * rises:
                break
            middle = (low + high) / 2
            found, after = there(middle)
            low, high = (middle, high) if after > 0 else (low, middle)
        return found

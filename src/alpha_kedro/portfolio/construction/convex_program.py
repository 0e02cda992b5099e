"""A book as the solution of a convex program, built once and used at every decision."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from warnings import catch_warnings, simplefilter

import numpy as np

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.construction.book_task import Limits, Task
from alpha_kedro.portfolio.construction.convex_values import (
    PERCENT,
    singles_of,
    values_of,
)

_PAGE = 50
"""Names are filled up to a multiple of this, so that few programs serve all dates."""

_SOLVER = {
    "max_threads": 1,
    "tol_gap_abs": 1e-8,
    "tol_gap_rel": 1e-8,
    "tol_feas": 1e-8,
    "max_iter": 200,
}
_CAREFUL = _SOLVER | {"max_step_fraction": 0.9}  # once the usual steps have failed

_BROKEN = 1e-6


class _Form(NamedTuple):
    """What two programs must share for one to be used in place of the other."""

    n_names: int
    n_factors: int
    n_nets: int
    beta: bool
    impact: bool
    long_only: bool
    turnover: bool
    largest_trade: bool
    elastic: bool


@dataclass(frozen=True, eq=False)
class _Program:
    problem: Any
    weights: Any
    given: dict[str, Any]
    slacks: dict[str, Any]


def best_book(task: Task, limits: Limits) -> tuple[Float, bool]:
    """Return the book with the best return after risk and cost within the limits.

    Returns
    -------
    weights
        (n,) to the solver's tolerance of 1e-8.
    inaccurate
        True where it stopped short of that.

    Raises
    ------
    ConfigError
        ``AK-C175`` without cvxpy and Clarabel.
    SimulationError
        ``AK-S018`` where the limits cannot be met together: it names those that would
        have to give, from the program that lets each of them give at the same price per
        share of NAV. ``AK-S019`` where the solver fails.

    Notes
    -----
    The same task gives the same bytes, whatever was solved before: settings are fixed,
    one thread works, and no solution is the start of the next.
    """
    form = _form(task, limits, elastic=False)
    program, status = _solved(form, task, limits)
    if "infeasible" in status:
        raise _refusal(_binding(form, task, limits))
    if not status.startswith("optimal"):
        raise _failure(status, len(task.alpha))
    found: Float = program.weights.value[: len(task.alpha)] / PERCENT
    return found, status != "optimal"


def _form(task: Task, limits: Limits, *, elastic: bool) -> _Form:
    return _Form(
        n_names=-(-len(task.alpha) // _PAGE) * _PAGE,
        n_factors=task.risk.loadings.shape[1],
        n_nets=limits.net.shape[1],
        beta=limits.beta is not None,
        impact=bool(task.impact.any()),
        long_only=limits.long_only,
        turnover=limits.turnover is not None,
        largest_trade=limits.largest_trade is not None,
        elastic=elastic,
    )


def _solved(form: _Form, task: Task, limits: Limits) -> tuple[_Program, str]:
    program, cvxpy = _program(form), _cvxpy()
    _refuse_unknown(task)
    _fill(program, task, limits)
    try:
        with suppress(cvxpy.SolverError):
            return program, _solve(program, _SOLVER)
        return program, _solve(program, _CAREFUL)
    except cvxpy.SolverError as error:
        raise _failure(str(error), len(task.alpha)) from error


def _solve(program: _Program, settings: dict[str, float]) -> str:
    with catch_warnings():  # of an inaccurate solution, which the status tells too
        simplefilter("ignore", UserWarning)
        program.problem.solve(solver="CLARABEL", warm_start=False, **settings)
    return str(program.problem.status)


def _binding(form: _Form, task: Task, limits: Limits) -> list[str]:
    """Return which limits would have to give, and by how much."""
    program, status = _solved(form._replace(elastic=True), task, limits)
    if not status.startswith("optimal"):
        raise _failure(status, len(task.alpha))
    return [
        f"{name}: {_said(name, limits)}, short by {float(slack.value) / PERCENT:.2g}"
        for name, slack in program.slacks.items()
        if slack.value > _BROKEN * PERCENT
    ]


def _said(name: str, limits: Limits) -> str:
    words = {
        "net": f"within {limits.net_tolerance:g} in {limits.net.shape[1]} group(s)",
        "beta": f"within {limits.beta_tolerance:g}",
        "name_cap": f"{limits.name_cap:g}",
        "gross": f"{limits.gross:g}",
        "long_only": "no short position",
        "turnover": f"{limits.turnover or 0.0:g} one-way",
        "largest_trade": "share of traded value",
    }
    return words[name]


@lru_cache(maxsize=16)
def _program(form: _Form) -> _Program:
    """Build the program, with numbers still to be filled in."""
    cp = _cvxpy()
    given = _parameters(cp, form)
    weights, trade, position, traded = (cp.Variable(form.n_names) for _ in range(4))
    sizes = [position >= weights, position >= -weights, traded >= trade]
    rules = [trade == weights - given["holdings"], traded >= -trade, *sizes]
    slacks: dict[str, Any] = {}
    for name, expression, most in _rules(cp, form, weights, position, traded, given):
        if form.elastic:
            slacks[name] = cp.Variable(nonneg=True)
            most = most + slacks[name]
        rules.append(expression <= most)
    if form.elastic:
        goal = cp.Minimize(sum(slacks.values()))
        return _Program(cp.Problem(goal, rules), weights, given, slacks)
    own = cp.sum_squares(cp.multiply(given["specific"], weights))
    worth = given["alpha"] @ weights - own - given["trading"] @ traded
    if form.n_factors:
        factors = cp.Variable(form.n_factors)
        rules.append(factors == given["loadings"] @ weights)
        worth -= cp.sum_squares(factors)
    if form.impact:
        # As cones of its own: in second-order cones it takes twice the time.
        worth -= given["impact"] @ cp.power(traded, 1.5, approx=False)
    if not form.long_only:
        worth -= given["borrow"] @ (position - weights) / 2
    return _Program(cp.Problem(cp.Maximize(worth), rules), weights, given, slacks)


def _parameters(cp: Any, form: _Form) -> dict[str, Any]:
    n_names = form.n_names
    given = {name: cp.Parameter(n_names) for name in ("alpha", "holdings", "beta")}
    positive = ("specific", "trading", "impact", "borrow", "cap", "largest_trade")
    given |= {name: cp.Parameter(n_names, nonneg=True) for name in positive}
    single = ("gross", "turnover", "net_tolerance", "beta_tolerance")
    given |= {name: cp.Parameter(nonneg=True) for name in single}
    given["loadings"] = cp.Parameter((max(form.n_factors, 1), n_names))
    given["net"] = cp.Parameter((max(form.n_nets, 1), n_names))
    return given


def _rules(
    cp: Any,
    form: _Form,
    weights: Any,
    position: Any,
    traded: Any,
    given: dict[str, Any],
) -> Sequence[tuple[str, Any, Any]]:
    """Return name, expression and limit of everything that is limited from above."""
    rules = [
        ("name_cap", position, given["cap"]),
        ("gross", cp.sum(position), given["gross"]),
    ]
    if form.n_nets:
        rules.append(("net", cp.abs(given["net"] @ weights), given["net_tolerance"]))
    if form.beta:
        rules.append(("beta", cp.abs(given["beta"] @ weights), given["beta_tolerance"]))
    if form.long_only:
        rules.append(("long_only", -weights, 0.0))
    if form.turnover:
        rules.append(("turnover", cp.sum(traded) / 2, given["turnover"]))
    if form.largest_trade:
        rules.append(("largest_trade", traded, given["largest_trade"]))
    return rules


def _fill(program: _Program, task: Task, limits: Limits) -> None:
    for name, value in values_of(task, limits).items():
        wanted = program.given[name].shape
        filled = np.zeros(wanted)
        if value is not None and np.size(value):
            filled[..., : np.shape(value)[-1]] = value
            # A name that only fills the page has a risk and a limit, and no reason.
            filled[..., np.shape(value)[-1] :] = _FILLING.get(name, 0.0)
        program.given[name].value = filled
    for name, single in singles_of(limits).items():
        program.given[name].value = single


_FILLING = {"specific": 1.0, "cap": 1.0, "largest_trade": 1.0}


def _refuse_unknown(task: Task) -> None:
    given = [value for value in vars(task).values() if isinstance(value, np.ndarray)]
    given += [task.risk.loadings, task.risk.specific]
    if not all(np.isfinite(value).all() for value in given):
        raise _failure("returns, risks or costs that are not finite", len(task.alpha))


def _cvxpy() -> Any:
    try:
        import clarabel  # noqa: F401
        import cvxpy
    except ImportError:
        raise ConfigError(
            "AK-C175",
            "kind: optimize needs cvxpy and Clarabel, which are not installed",
            fix="pip install 'alpha-kedro[optimize]', or take kind: proportional",
        ) from None
    return cvxpy


def _refusal(binding: list[str]) -> SimulationError:
    return SimulationError(
        "AK-S018",
        "the limits of an optimised book cannot be met together",
        where=binding,
        fix="loosen one of these limits",
    )


def _failure(status: str, n_names: int) -> SimulationError:
    return SimulationError(
        "AK-S019",
        "the solver found no book",
        got=f"{n_names} names: {status}",
        fix="look for returns or costs of absurd size",
    )

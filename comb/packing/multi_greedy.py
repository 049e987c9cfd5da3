"""Greedy for the multidimensional knapsack, and its linear relaxation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from combkit.instances.multi_knapsack import MultiKnapsack
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Selection
from combkit.instances.stop import Reason

__all__ = ["Relaxation", "begin", "fill", "relax", "report_bound", "solve"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The linear relaxation of a multidimensional knapsack.

    Parameters
    ----------
    bound : float
        No selection is worth more, rounding errors included.
    values : ndarray, shape (n,)
        Its solution.
    prices : ndarray, shape (m,)
        Price of each resource.
    reduced : ndarray, shape (n,)
        Profit of each item less the value of what it uses: what deviating from
        it costs of the bound.
    """

    bound: float
    values: Floats
    prices: Floats
    reduced: Floats


def solve(problem: MultiKnapsack, run: Run) -> Outcome:
    """Take what fits by profit per share of the capacities that it uses."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        shares = problem.weights / np.maximum(problem.capacities, 1e-300)[:, None]
        use = np.where(problem.weights > 0, shares, 0.0).sum(axis=0)
        density = np.where(use > 0, problem.profits / use, np.inf)
    run.report(Selection(fill(problem, np.argsort(-density, kind="stable"))), "greedy")
    return Outcome(reason=run.reason or Reason.COMPLETED)


def fill(problem: MultiKnapsack, order: Integers) -> Integers:
    """Return the items taken, in ascending order, if each is taken that still fits.

    Parameters
    ----------
    problem : MultiKnapsack
        The problem.
    order : ndarray of int, shape (n,)
        Items in the order in which they are looked at.
    """
    slack = problem.capacities.astype(
        np.result_type(problem.capacities, problem.weights)
    )
    weights = np.ascontiguousarray(problem.weights.T)
    taken = []
    for item in order.tolist():
        if bool(np.all(weights[item] <= slack)):
            slack -= weights[item]
            taken.append(item)
    return np.sort(np.array(taken, dtype=np.int64))


def relax(problem: MultiKnapsack, count: int | None = None) -> Relaxation | None:
    """Return the linear relaxation, None where it cannot be solved.

    Parameters
    ----------
    problem : MultiKnapsack
        The problem.
    count : int, optional
        How many items must be selected: what is relaxed, and bounded, is then the
        problem with that condition. An item costs its price, whatever it uses.
    """
    from scipy.optimize import linprog

    # Rows of very different size would trouble the simplex method.
    scale = np.maximum(problem.weights.max(axis=1), 1).astype(np.float64)
    gain = max(1.0, float(problem.profits.max()))
    answer = linprog(
        -problem.profits / gain,
        A_ub=problem.weights / scale[:, None],
        b_ub=problem.capacities / scale,
        A_eq=None if count is None else np.ones((1, problem.n)),
        b_eq=None if count is None else [count],
        bounds=(0, 1),
        method="highs-ds",
    )
    if answer.status != 0:
        return None
    prices = np.maximum(0.0, -answer.ineqlin.marginals) * gain / scale
    each = 0.0 if count is None else -float(answer.eqlin.marginals[0]) * gain
    used = prices @ problem.weights + each
    reduced = problem.profits - used
    # Any prices give a bound, so their rounding does no harm; that of sums might.
    terms = [*np.maximum(reduced, 0.0), *(prices * problem.capacities)]
    terms.append(each * (count or 0))
    size = float(problem.profits.sum() + np.abs(used).sum() + np.abs(terms).sum())
    return Relaxation(
        bound=math.fsum(terms) + size * problem.n * 2.0**-50,
        values=answer.x,
        prices=prices,
        reduced=reduced,
    )


def begin(problem: MultiKnapsack, run: Run, source: str) -> Relaxation | Outcome:
    """Return the relaxation that a search goes on from, or why it ends at once.

    There is a selection then, the greedy one where there was none, and a bound.

    Parameters
    ----------
    problem, run
        The problem and its run.
    source : str
        Name of the solver.
    """
    if run.solution is None:
        solve(problem, run)
    if run.should_stop():
        return Outcome()
    relaxation = run.supervise(lambda: relax(problem))
    if relaxation is None:
        return Outcome(raw_status="the linear relaxation could not be solved")
    report_bound(problem, run, relaxation, source)
    return relaxation


def report_bound(
    problem: MultiKnapsack, run: Run, relaxation: Relaxation, source: str
) -> None:
    """Report the bound of a relaxation, rounded where profits are integers.

    Parameters
    ----------
    problem, run
        The problem and its run.
    relaxation : Relaxation
        Its relaxation.
    source : str
        Name of the solver.
    """
    bound = relaxation.bound
    if problem.profits.dtype == np.int64:
        bound = float(math.floor(bound))
    if not problem.integral:
        # A selection may make use of the checker's tolerance.
        bound += 1e-8 * abs(bound)
    run.report_bound(max(bound, run.objective or 0.0), source)

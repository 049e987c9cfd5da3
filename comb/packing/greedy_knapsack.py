"""Greedy for the 0-1 knapsack: by density, or the single best item."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.knapsack import Knapsack
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Selection
from combkit.instances.stop import Reason

__all__ = ["by_density", "dantzig_bound", "solve"]

Integers = NDArray[np.int64]

#: A little more than the tolerance on float weights and all rounding here.
_OPEN = 1 + 1e-8


def solve(problem: Knapsack, run: Run) -> Outcome:
    """Take items in order of profit per weight; at least half of the optimum.

    The better of the filled knapsack and the most valuable single item is
    reported, and Dantzig's bound of the linear relaxation [1]_.

    References
    ----------
    .. [1] G. B. Dantzig, "Discrete-variable extremum problems", Operations
       Research 5(2), 1957.
    """
    order = by_density(problem.profits, problem.weights)
    run.report(Selection(np.sort(_fill(problem, order, run))), "greedy")
    single = _best_single(problem)
    if single is not None:
        run.report(Selection([single]), "greedy")
    run.report_bound(dantzig_bound(problem, order), "linear relaxation")
    if run.should_stop():
        return Outcome(reason=run.reason)
    return Outcome(reason=Reason.COMPLETED)


def by_density(profits: NDArray[Any], weights: NDArray[Any]) -> Integers:
    """Return the items by falling profit per weight, heavy before light.

    Weightless items come first, worthless ones among them last.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        density = np.where(
            weights > 0, profits / weights, np.where(profits > 0, np.inf, 0.0)
        )
    return np.lexsort((-weights, -density))


def dantzig_bound(problem: Knapsack, order: Integers) -> float:
    """Return the optimum of the linear relaxation, rounded safely.

    Parameters
    ----------
    problem : Knapsack
        The problem.
    order : ndarray, shape (n,)
        Items by density.
    """
    integers = problem.profits.dtype == np.int64
    capacity = problem.capacity * (1 if problem.integral else _OPEN)
    order = order[problem.weights[order] <= capacity]
    used = np.cumsum(problem.weights[order])
    b = int(np.searchsorted(used, problem.capacity, side="right"))
    if b == order.size:
        total = problem.evaluate(Selection(order))
        return total if integers else total * _OPEN
    profit, weight = problem.profits[order[b]], problem.weights[order[b]]
    if problem.integral and integers:
        return float(_lagrangian(problem, order, int(profit), int(weight)))
    density = float(profit) / float(weight)
    gains = problem.profits[order] - density * problem.weights[order]
    gains = np.maximum(gains, 0.0)
    value = (math.fsum(gains.tolist()) + density * problem.capacity) * _OPEN
    return float(math.floor(value)) if integers else value


def _lagrangian(problem: Knapsack, items: Integers, profit: int, weight: int) -> int:
    """Return the Lagrangian bound at the price ``profit / weight`` of a unit.

    At the density of the break item it is the bound of the linear relaxation;
    it is a bound at any price, so that the order by rounded densities, which
    may be wrong among nearly equal ones, does no harm.
    """
    profits, weights = problem.profits[items], problem.weights[items]
    largest = max(int(profits.max()) * weight, int(weights.max()) * profit)
    if largest * items.size >= 2**62:
        profits, weights = profits.astype(object), weights.astype(object)
    gains = profits * weight - weights * profit
    total = int(np.maximum(gains, 0).sum()) + int(problem.capacity) * profit
    return total // weight


def _fill(problem: Knapsack, order: Integers, run: Run) -> Integers:
    """Go through the items in order and take each that still fits."""
    weights = problem.weights
    left = problem.capacity
    taken: list[Integers] = []
    rest = order
    while True:
        rest = rest[weights[rest] <= left]
        if rest.size == 0:
            break
        used = np.cumsum(weights[rest])
        fitting = int(np.searchsorted(used, left, side="right"))
        if fitting == 0:  # only by rounding of float weights
            break
        taken.append(rest[:fitting])
        left -= used[fitting - 1]
        rest = rest[fitting:]
        if run.should_stop():
            break
    return np.concatenate(taken) if taken else np.zeros(0, dtype=np.int64)


def _best_single(problem: Knapsack) -> int | None:
    """Return the most valuable item that fits."""
    profits = np.where(problem.weights <= problem.capacity, problem.profits, -1)
    item = int(np.argmax(profits))
    return item if profits[item] >= 0 else None

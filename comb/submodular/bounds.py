"""What no allowed set can exceed: bounds from the gains at some sets.

For a monotone submodular f, any S and any allowed O, ``f(O) <= f(S + O) <= f(S) +
sum_{e in O - S} f(e | S)``: the first step is monotonicity, the second submodularity,
adding the elements of O - S one by one. What the last sum can be at most is a matter
of the constraint alone: the k largest gains, the independent set of largest weight, or
a fractional knapsack. Upper bounds of the gains do as well, and S may be of any size.

Several sets together bound more than each by itself: an average of their inequalities
holds, too, and the best average is found by cutting planes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from combkit.comb.submodular import _kernels_protocol as protocol
from combkit.comb.submodular.states import rule_of
from combkit.instances.submodular.constraints import Constraint, Knapsack

__all__ = ["combined", "heaviest", "least_cost", "rounded_up"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: A weight, and elements and amounts that have it.
Pack = tuple[float, Integers, Floats]

#: Relative rounding of sums of gains.
_NOISE = 1e-12
_NOISE_SINGLE = 1e-6
#: Averages that are tried, and the relative gain that is worth another.
_ROUNDS, _WORTH = 40, 1e-4


def heaviest(
    constraint: Constraint, weights: Floats, chosen: Sequence[int] = ()
) -> float:
    """Return an upper bound of the weight that an allowed set adds to some elements.

    Parameters
    ----------
    constraint : Constraint
        Which sets are allowed.
    weights : ndarray of float64, shape (n,)
        Weight of each element; none below 0 is taken.
    chosen : sequence of int
        Elements of the set, of weight 0.
    """
    packs = _relaxations(constraint, weights.size, chosen)
    weights = np.maximum(weights, 0.0)
    return min(pack(weights)[0] for pack in packs)


def combined(
    values: Floats,
    gains: Floats,
    constraint: Constraint,
    chosen: Sequence[int] = (),
    stop: Callable[[], bool] = lambda: False,
) -> float:
    """Return the least upper bound of an average of inequalities.

    Minimises ``max_O sum_t a_t (f(S_t) + sum_{e in O} f(e | S_t))`` over averages a by
    cutting planes, an allowed O each [1]_.

    Parameters
    ----------
    values : ndarray of float64, shape (t,)
        Values of the sets S_t.
    gains : ndarray of float64, shape (t, n)
        Gains of all elements at each of them, or upper bounds.
    constraint : Constraint
        Which sets are allowed.
    chosen : sequence of int
        Elements of every O, of gain 0.
    stop : callable
        Asked whether to be content with what there is.

    References
    ----------
    .. [1] J. E. Kelley, "The cutting-plane method for solving convex programs",
       J. SIAM 8, 1960; the inequalities are those of Nemhauser and Wolsey, 1981.
    """
    gains = np.maximum(gains, 0.0)
    return min(
        _kelley(values, gains, pack, stop)
        for pack in _relaxations(constraint, gains.shape[1], chosen)
    )


def _kelley(
    values: Floats,
    gains: Floats,
    pack: Callable[[Floats], Pack],
    stop: Callable[[], bool],
) -> float:
    size = values.size
    single = [v + pack(g)[0] for v, g in zip(values, gains, strict=True)]
    best = min(single)
    average = np.eye(size)[int(np.argmin(single))]
    cuts: list[Floats] = []
    costs = np.append(np.zeros(size), 1.0)
    total = np.append(np.ones(size), 0.0)[None]
    limits = [(0.0, None)] * size + [(None, None)]
    for _ in range(_ROUNDS if size > 1 else 0):
        worth, elements, amounts = pack(average @ gains)
        best = min(best, float(average @ values) + worth)
        cuts.append(values + gains[:, elements] @ amounts)
        rows = np.column_stack([np.array(cuts), -np.ones(len(cuts))])
        solved = linprog(
            costs, rows, np.zeros(len(cuts)), total, np.ones(1), bounds=limits
        )
        if (
            not solved.success
            or best - float(solved.fun) <= _WORTH * abs(best)
            or stop()
        ):
            break
        # Clean of rounding, so that it is an average indeed.
        average = np.maximum(solved.x[:size], 0.0)
        average /= average.sum()
    return float(best)


def _relaxations(
    constraint: Constraint, n: int, chosen: Sequence[int]
) -> list[Callable[[Floats], Pack]]:
    """Return functions that bound the weight of an allowed set that has some elements.

    Each takes non-negative weights and returns the largest weight of its relaxation,
    with elements and amounts that have it.
    """
    taken = np.array(chosen, dtype=np.int64)
    if isinstance(constraint, Knapsack):
        left = constraint.limits - constraint.costs[:, taken].sum(axis=1)
        return [
            partial(_fractional, costs=costs, limit=max(0.0, float(limit)))
            for costs, limit in zip(constraint.costs, left, strict=True)
        ]
    if constraint.type in ("cardinality", "unconstrained") or not constraint.matroid:
        most = max(0, constraint.most(n) - taken.size)
        return [partial(_largest, most=most)]
    return [partial(_independent, constraint=constraint, chosen=taken)]


def _largest(weights: Floats, most: int) -> Pack:
    if most >= weights.size:
        elements = np.arange(weights.size)
    elif most == 0:
        elements = np.zeros(0, np.int64)
    else:
        elements = np.argpartition(weights, -most)[-most:]
    return float(weights[elements].sum()), elements, np.ones(elements.size)


def _independent(weights: Floats, constraint: Constraint, chosen: Integers) -> Pack:
    rule = rule_of(constraint, weights.size)
    for e in chosen.tolist():
        protocol.take(rule, e)
    elements: list[int] = []
    for e in np.argsort(-weights, kind="stable").tolist():
        if weights[e] <= 0.0:
            break
        if protocol.fits(rule, e):
            protocol.take(rule, e)
            elements.append(e)
    found = np.array(elements, dtype=np.int64)
    return float(weights[found].sum()), found, np.ones(found.size)


def _fractional(weights: Floats, costs: Floats, limit: float) -> Pack:
    """Return the largest weight within a limit if elements can be cut."""
    order = np.argsort(-weights / costs, kind="stable")
    spent = np.cumsum(costs[order])
    whole = int(np.searchsorted(spent, limit, side="right"))
    amounts = np.ones(min(whole + 1, order.size))
    if whole < order.size:
        left = limit - (float(spent[whole - 1]) if whole else 0.0)
        amounts[whole] = left / float(costs[order[whole]])
    elements = order[: amounts.size]
    return float(weights[elements] @ amounts), elements, amounts


def least_cost(weights: Floats, costs: Floats, needed: float) -> float:
    """Return a lower bound of the cost of elements of a total weight.

    Parameters
    ----------
    weights : ndarray of float64, shape (n,)
        Weight of each element.
    costs : ndarray of float64, shape (n,)
        Positive costs.
    needed : float
        The total; elements may be cut.

    Returns
    -------
    float
        Infinite if all of them together are too light.
    """
    if needed <= 0.0:
        return 0.0
    order = np.argsort(-weights / costs, kind="stable")
    order = order[weights[order] > 0.0]
    total = np.cumsum(weights[order])
    place = int(np.searchsorted(total, needed))
    if place >= order.size:
        return math.inf
    e = order[place]
    missing = needed - (float(total[place - 1]) if place else 0.0)
    return float(costs[order[:place]].sum() + costs[e] * missing / weights[e])


def rounded_up(bound: float, single: bool = False) -> float:
    """Return a bound with what sums of floats may be off.

    Parameters
    ----------
    bound : float
        An upper bound.
    single : bool
        Whether gains are computed in single precision.
    """
    return bound + abs(bound) * (_NOISE_SINGLE if single else _NOISE)

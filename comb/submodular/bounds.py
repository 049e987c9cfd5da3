"""What no allowed set can exceed: bounds from the gains at a set.

For a monotone submodular f, any S and any allowed O, ``f(O) <= f(S + O) <= f(S) +
sum_{e in O - S} f(e | S)``: the first step is monotonicity, the second submodularity,
adding the elements of O - S one by one. What the last sum can be at most is a matter
of the constraint alone: the k largest gains, the independent set of largest weight, or
a fractional knapsack. Upper bounds of the gains do as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from combkit.comb.submodular import _kernels_protocol as protocol
from combkit.comb.submodular.states import rule_of
from combkit.instances.submodular.constraints import Constraint, Knapsack

__all__ = ["heaviest", "least_cost", "rounded_up"]

Floats = NDArray[np.float64]

#: Relative rounding of sums of gains.
_NOISE = 1e-12
_NOISE_SINGLE = 1e-6


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
    weights = np.maximum(weights, 0.0)
    taken = np.array(chosen, dtype=np.int64)
    if isinstance(constraint, Knapsack):
        left = constraint.limits - constraint.costs[:, taken].sum(axis=1)
        return min(
            _fractional(weights, costs, max(0.0, float(limit)))
            for costs, limit in zip(constraint.costs, left, strict=True)
        )
    most = constraint.most(weights.size) - taken.size
    if most <= 0:
        return 0.0
    top = weights if most >= weights.size else np.partition(weights, -most)[-most:]
    if constraint.type in ("cardinality", "unconstrained") or not constraint.matroid:
        return float(top.sum())
    rule = rule_of(constraint, weights.size)
    for e in taken.tolist():
        protocol.take(rule, e)
    total = 0.0
    for e in np.argsort(-weights, kind="stable").tolist():
        if weights[e] <= 0.0:
            break
        if protocol.fits(rule, e):
            protocol.take(rule, e)
            total += float(weights[e])
    return total


def _fractional(weights: Floats, costs: Floats, limit: float) -> float:
    """Return the largest weight within a limit if elements can be cut."""
    order = np.argsort(-weights / costs, kind="stable")
    spent = np.cumsum(costs[order])
    whole = int(np.searchsorted(spent, limit, side="right"))
    total = float(weights[order[:whole]].sum())
    if whole < order.size:
        e = order[whole]
        left = limit - (float(spent[whole - 1]) if whole else 0.0)
        total += float(weights[e]) * left / float(costs[e])
    return total


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

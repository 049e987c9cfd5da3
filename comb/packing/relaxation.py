"""Lagrangian bounds of the 0-1 knapsack, and what each item's change costs.

With prices on the capacity and on valid inequalities ``a x <= b``, the bound is

    price * capacity + sum(mu * b) + sum_j max(0, r_j),
    r_j = p_j - price * w_j - sum(mu * a_j),

and an answer that differs from a reference in item j loses ``|r_j|`` of it.
Any prices give a valid bound; good ones come from linear programs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from combkit.comb.packing.greedy_knapsack import by_density
from combkit.comb.packing.integral import Core

__all__ = ["Relaxation", "dantzig", "tightened"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Inequalities looked through; more only cost time.
_MAX_CUTS = 200
_MAX_ROUNDS = 12
#: Items that a linear program starts with.
_NEAR = 500
#: Numbers in the table of inequalities, 8 bytes each.
_MAX_TABLE = 4_000_000


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A bound, and the loss that each departure from its reference costs.

    Parameters
    ----------
    bound : float
        No answer is worth more, rounding errors included.
    reference : ndarray of bool, shape (m,)
        The answer that the losses are counted from.
    loss : ndarray, shape (m,)
        Non-negative loss of bound by changing item j.
    price : float
        Loss of bound by a unit of capacity left over.
    distance : ndarray, shape (m,)
        How far item j lies from the break item in the order of densities.
    cuts : int
        Number of inequalities in it.
    """

    bound: float
    reference: NDArray[np.bool_]
    loss: Floats
    price: float
    distance: Integers
    cuts: int


@dataclass(frozen=True, slots=True)
class _Cut:
    """A valid inequality ``coefficients @ x <= limit``."""

    coefficients: Floats
    limit: float

    @property
    def scale(self) -> float:
        return max(1.0, abs(self.limit))


def dantzig(core: Core) -> Relaxation:
    """Return the linear relaxation: all items denser than the break item."""
    order = by_density(core.profits, core.weights)
    used = np.cumsum(core.weights[order])
    b = int(np.searchsorted(used, core.capacity, side="right"))
    reference = np.zeros(order.size, dtype=np.bool_)
    reference[order[:b]] = True
    price = float(core.profits[order[b]]) / float(core.weights[order[b]])
    distance = np.empty(order.size, dtype=np.int64)
    distance[order] = np.abs(np.arange(order.size) - b)
    return _relaxation(core, reference, price, (), distance)


def tightened(core: Core, best: int, base: Relaxation) -> Relaxation | None:
    """Return a better bound on what is worth more than ``best``, or None.

    Inequalities on the number of items (as in Combo [1]_) and rounded forms of
    the capacity are added to the linear relaxation as it violates them: for
    any integer k, ``sum (ceil(k w_j / c) - 1) x_j <= k - 1``. They see that
    items a little heavier than a simple fraction of the capacity do not fill
    it, which the linear relaxation does not.

    Parameters
    ----------
    core : Core
        The items.
    best : int
        Profit of the incumbent; answers that are no better may be cut off.
    base : Relaxation
        Dantzig's.

    References
    ----------
    .. [1] S. Martello, D. Pisinger, P. Toth, "Dynamic programming and strong
       bounds for the 0-1 knapsack problem", Management Science 45(3), 1999.
    """
    pool = _cuts(core, best)
    table = np.array([cut.coefficients / cut.scale for cut in pool])
    limits = np.array([cut.limit / cut.scale for cut in pool])
    capacity = core.weights / core.capacity
    values, prices = _break_solution(core, base), np.zeros(1)
    used: list[int] = []
    for _ in range(_MAX_ROUNDS):
        violation = table @ values - limits
        violation[used] = 0.0
        worst = int(np.argmax(violation))
        if violation[worst] < 1e-6:
            break
        used.append(worst)
        answer = _linear_program(
            core.profits.astype(np.float64),
            np.vstack([capacity, table[used]]),
            np.concatenate([[1.0], limits[used]]),
            values,
            base.distance,
        )
        if answer is None:
            return None
        values, prices = answer
    priced = [
        (pool[i], float(price) / pool[i].scale)
        for i, price in zip(used, prices[1:], strict=True)
    ]
    price = float(prices[0]) / core.capacity
    better = _relaxation(core, values > 1 - 1e-6, price, priced, base.distance)
    return better if better.bound < base.bound else None


def _break_solution(core: Core, base: Relaxation) -> Floats:
    """Return the solution of the linear relaxation without inequalities."""
    values = base.reference.astype(np.float64)
    b = int(np.argmin(base.distance))
    rest = core.capacity - int(core.weights[base.reference].sum())
    values[b] = rest / int(core.weights[b])
    return values


def _linear_program(
    profits: Floats, rows: Floats, limits: Floats, values: Floats, distance: Integers
) -> tuple[Floats, Floats] | None:
    """Maximise ``profits @ x`` with ``rows @ x <= limits`` and x in [0, 1].

    Only items near the break item are given to the solver, with the others
    fixed; those whose reduced profit then disagrees join in.

    Returns
    -------
    tuple or None
        Values of the items and prices of the rows; None where it fails.
    """
    from scipy.optimize import linprog

    values = np.rint(values)
    free = np.zeros(profits.size, dtype=np.bool_)
    free[np.argsort(distance, kind="stable")[:_NEAR]] = True
    while True:
        answer = linprog(
            -profits[free],
            A_ub=rows[:, free],
            b_ub=limits - rows[:, ~free] @ values[~free],
            bounds=(0, 1),
            method="highs-ds",
        )
        if answer.status == 0:
            prices = np.maximum(-answer.ineqlin.marginals, 0.0)
            reduced = profits - prices @ rows
            wrong = ~free & (np.abs(reduced) > 1e-9 * profits)
            wrong &= (reduced > 0) != (values > 0.5)
        else:  # perhaps for want of freedom
            wrong = ~free
        if not wrong.any():
            break
        free |= wrong
    if answer.status != 0:
        return None
    values[free] = answer.x
    return values, prices


def _relaxation(
    core: Core,
    reference: NDArray[np.bool_],
    price: float,
    priced: Sequence[tuple[_Cut, float]],
    distance: Integers,
) -> Relaxation:
    """Evaluate the Lagrangian at given prices, rounded up to the safe side."""
    profits, weights = core.profits.astype(float), core.weights.astype(float)
    reduced = profits - price * weights
    terms = [price * core.capacity]
    # The largest number that any rounding error below can be relative to.
    scale = float(profits.sum()) + price * (float(weights.sum()) + core.capacity)
    for cut, mu in priced:
        reduced -= mu * cut.coefficients
        terms.append(mu * cut.limit)
        scale += mu * (float(np.abs(cut.coefficients).sum()) + abs(cut.limit))
    # Where rounding turned the sign, the change is free and paid in advance.
    loss = np.where(reference, reduced, -reduced)
    terms.extend(np.maximum(reduced, 0.0).tolist())
    terms.extend(np.maximum(-loss, 0.0).tolist())
    return Relaxation(
        bound=math.fsum(terms) + scale * 2.0**-46,
        reference=reference,
        loss=np.maximum(loss, 0.0),
        price=price,
        distance=distance,
        cuts=len(priced),
    )


def _cuts(core: Core, best: int) -> list[_Cut]:
    """Return inequalities that hold for every answer better than ``best``."""
    ones = np.ones(core.items.size)
    lightest = np.cumsum(np.sort(core.weights))
    at_most = int(np.searchsorted(lightest, core.capacity, side="right"))
    richest = np.cumsum(np.sort(core.profits)[::-1])
    at_least = 1 + int(np.searchsorted(richest, best, side="right"))
    cuts = [_Cut(ones, float(at_most)), _Cut(-ones, -float(at_least))]
    heaviest = int(core.weights.max())
    for k in _multiples(core):
        if k * heaviest < 2**62:
            coefficients = -(-(k * core.weights) // core.capacity) - 1
            cuts.append(_Cut(coefficients.astype(float), float(k - 1)))
    return cuts


def _multiples(core: Core) -> list[int]:
    """Return the k for which ``k`` items of some weight just do not fit."""
    multiples = np.unique(-(-core.capacity // core.weights))
    multiples = np.unique(np.concatenate([np.arange(2, 65), multiples]))
    count = max(1, min(_MAX_CUTS, _MAX_TABLE // core.items.size))
    if multiples.size > count:
        places = np.linspace(0, multiples.size - 1, count).astype(np.int64)
        multiples = multiples[places]
    listed: list[int] = multiples.tolist()
    return listed

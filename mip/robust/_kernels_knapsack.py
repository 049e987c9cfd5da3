"""The knapsack of three states an item: left out, put in, put in heavier.

The core of a multiple-choice knapsack: all items start at their choice in the linear
relaxation; those whose best other choice loses least are opened one after the other,
and states, pairs of weight and profit of which none dominates another, are kept while
they can still beat the best one.

References
----------
.. [1] D. Pisinger, "A minimal algorithm for the multiple-choice knapsack problem",
   European Journal of Operational Research 83(2), 1995.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any

import numpy as np

from combkit.instances.kernels import kernel

__all__ = ["fill", "relax"]

#: Nothing is found that is better by less.
_EPSILON = 1e-9
_HUGE = 1e300


@kernel
def _usable(profit: Any, weight: Any, capacity: int, i: int, o: int) -> bool:
    """Whether a choice is open: 0 always, others where they fit and pay."""
    return o == 0 or (profit[i, o] > 0.0 and weight[i, o] <= capacity)


@kernel(allocates=True)
def relax(profit: Any, weight: Any, capacity: int, base: Any, filled: Any) -> float:
    """Put the choices of the linear relaxation, rounded down, into `base`.

    `filled` gets what else fits, in the same order. Returns the efficiency of the step
    that does not fit, 0 if all do.
    """
    n = profit.shape[0]
    efficiency = np.empty(2 * n)
    steps = np.empty((2 * n, 2), np.int64)
    count = 0
    for i in range(n):
        light = _usable(profit, weight, capacity, i, 1)
        heavy = _usable(profit, weight, capacity, i, 2)
        heavy = heavy and (not light or profit[i, 2] > profit[i, 1])
        # Both are on the hull, or the light one is below it.
        below = profit[i, 1] * weight[i, 2] < profit[i, 2] * weight[i, 1]
        light = light and not (heavy and below)
        if light:
            efficiency[count] = profit[i, 1] / max(weight[i, 1], 1e-9)
            steps[count, 0], steps[count, 1] = i, 1
            count += 1
        if heavy:
            gain, more = profit[i, 2], weight[i, 2]
            if light:
                gain, more = gain - profit[i, 1], more - weight[i, 1]
            efficiency[count] = gain / max(more, 1e-9)
            steps[count, 0], steps[count, 1] = i, 2
            count += 1
    order = np.argsort(-efficiency[:count])
    left, critical = capacity, 0.0
    base[:] = 0
    for k in range(count):
        i, o = steps[order[k], 0], steps[order[k], 1]
        if o < base[i]:
            continue
        more = weight[i, o] - weight[i, base[i]]
        if more > left:
            critical = efficiency[order[k]]
            break
        left -= more
        base[i] = o
    filled[:] = base
    for k in range(count):
        i, o = steps[order[k], 0], steps[order[k], 1]
        more = weight[i, o] - weight[i, filled[i]]
        if o > filled[i] and more <= left and profit[i, o] > profit[i, filled[i]]:
            left -= more
            filled[i] = o
    return critical


@kernel(allocates=True)
def _losses(
    profit: Any, weight: Any, capacity: int, base: Any, price: float, loss: Any
) -> float:
    """Return the Lagrangian bound at a price of weight, and what each change loses."""
    bound = price * capacity
    for i in range(profit.shape[0]):
        kept = profit[i, base[i]] - price * weight[i, base[i]]
        bound += kept
        loss[i] = _HUGE
        for o in range(3):
            if o != base[i] and _usable(profit, weight, capacity, i, o):
                loss[i] = min(loss[i], kept - (profit[i, o] - price * weight[i, o]))
    return bound


@kernel(allocates=True)
def _slopes(
    profit: Any, weight: Any, capacity: int, base: Any, order: Any, up: Any, down: Any
) -> None:
    """Say what a unit of weight brings, and costs, at best in items not opened yet."""
    n = order.size
    up[n], down[n] = 0.0, _HUGE
    for k in range(n - 1, -1, -1):
        i = order[k]
        up[k], down[k] = up[k + 1], down[k + 1]
        for o in range(3):
            if o == base[i] or not _usable(profit, weight, capacity, i, o):
                continue
            more = weight[i, o] - weight[i, base[i]]
            gain = profit[i, o] - profit[i, base[i]]
            if more > 0:
                up[k] = max(up[k], gain / more)
            elif more < 0:
                down[k] = min(down[k], gain / more)
            elif gain > 0.0:
                up[k] = _HUGE


@kernel(allocates=True)
def fill(profit: Any, weight: Any, capacity: int, choice: Any) -> float:
    """Choose a state for each item so that the profit is largest.

    Parameters
    ----------
    profit : ndarray of float64, shape (n, 3)
        Profit of each state; 0 of the first one. States of no profit are not chosen.
    weight : ndarray of int64, shape (n, 3)
        Weight of each state; 0 of the first one, and growing.
    capacity : int
        Limit on the weight.
    choice : ndarray of int64, shape (n,)
        The chosen states, written.

    Returns
    -------
    float
        The profit.
    """
    n = profit.shape[0]
    base = np.empty(n, np.int64)
    price = relax(profit, weight, capacity, base, choice)
    value, used, best = 0.0, 0, 0.0
    for i in range(n):
        value += profit[i, base[i]]
        used += weight[i, base[i]]
        best += profit[i, choice[i]]
    if price == 0.0:
        return best
    loss = np.empty(n)
    bound = _losses(profit, weight, capacity, base, price, loss)
    order = np.argsort(loss)
    up, down = np.empty(n + 1), np.empty(n + 1)
    _slopes(profit, weight, capacity, base, order, up, down)

    # States of the stage, lightest first, and for all stages where each came from.
    mass, worth = np.full(1, used), np.full(1, value)
    parent, option = np.zeros(4096, np.int64), np.zeros(4096, np.int64)
    total, first, found, depth = 1, 0, -1, 0
    at, more = np.empty(3, np.int64), np.empty(3, np.int64)
    gain, state = np.empty(3), np.empty(3, np.int64)
    for stage in range(n):
        i = order[stage]
        if mass.size == 0 or loss[i] >= bound - best - _EPSILON:
            break
        ways = 0
        for o in range(3):
            if _usable(profit, weight, capacity, i, o):
                more[ways] = weight[i, o] - weight[i, base[i]]
                gain[ways] = profit[i, o] - profit[i, base[i]]
                state[ways] = o
                at[ways] = 0
                ways += 1
        size = ways * mass.size
        while total + size > parent.size:
            parent = np.concatenate((parent, np.zeros_like(parent)))
            option = np.concatenate((option, np.zeros_like(option)))
        new_mass, new_worth = np.empty(size, np.int64), np.empty(size)
        count, highest = 0, -_HUGE
        for _ in range(size):
            # The lightest of what is next; the best of those.
            w, next_mass, next_worth = -1, 0, 0.0
            for q in range(ways):
                if at[q] < mass.size:
                    m, v = mass[at[q]] + more[q], worth[at[q]] + gain[q]
                    if w < 0 or m < next_mass or (m == next_mass and v > next_worth):
                        w, next_mass, next_worth = q, m, v
            source = at[w]
            at[w] += 1
            if next_worth <= highest:
                continue
            slack = capacity - next_mass
            if slack >= 0:
                reach = next_worth + slack * up[stage + 1]
            elif down[stage + 1] == _HUGE:
                continue
            else:
                reach = next_worth + slack * down[stage + 1]
            if reach <= best + _EPSILON:
                continue
            highest = next_worth
            new_mass[count], new_worth[count] = next_mass, next_worth
            parent[total + count] = first + source
            option[total + count] = state[w]
            if slack >= 0 and next_worth > best + _EPSILON:
                best, found, depth = next_worth, total + count, stage + 1
            count += 1
        first = total
        total += count
        mass, worth = new_mass[:count], new_worth[:count]
    if found >= 0:
        choice[:] = base
        for stage in range(depth - 1, -1, -1):
            choice[order[stage]] = option[found]
            found = parent[found]
    return best

"""Compiled loops of the knapsack dynamic program: arrays in, arrays out.

A *state* is a set of decisions on the first items of the processing order,
seen as changes against a reference solution: its weight, its profit, the loss
of bound that its changes cost, and the node of its last change in a log from
which the changes are read back. States lie sorted by weight; of two, the
lighter has the smaller profit (else the heavier is dominated).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.kernels import kernel

__all__ = [
    "BEST",
    "BEST_NODE",
    "BUDGET",
    "CHEAPEST",
    "DONE",
    "LEAST",
    "LENGTH",
    "LOG_FULL",
    "NODES",
    "SIDE",
    "STATES_FULL",
    "STEP",
    "VISITED",
    "WORKED",
    "advance",
    "collect",
]

# Places in the vector of counters.
STEP, SIDE, LENGTH, NODES, BEST, BEST_NODE, VISITED = range(7)
# Places in the vector of measures.
BUDGET, LEAST, CHEAPEST = range(3)
# Answers of ``advance``.
WORKED, DONE, STATES_FULL, LOG_FULL = range(4)


@kernel
def advance(
    capacity: int,
    change: NDArray[np.int64],
    loss: NDArray[np.float64],
    rest: NDArray[np.float64],
    slope: NDArray[np.float64],
    states: NDArray[np.int64],
    losses: NDArray[np.float64],
    log: NDArray[np.int32],
    counters: NDArray[np.int64],
    measures: NDArray[np.float64],
    work: int,
) -> int:
    """Decide on further items until ``work`` states were visited.

    Parameters
    ----------
    capacity : int
        Capacity of the knapsack.
    change : ndarray, shape (2, m)
        Change of weight (never 0) and of profit by changing item k.
    loss : ndarray, shape (m,)
        Loss of bound by changing item k.
    rest : ndarray, shape (m,)
        Smallest loss of the items from k on.
    slope : ndarray, shape (2, m + 1)
        Smallest loss per unit of weight that the items from k on ask for
        filling a lighter and for emptying a heavier state than the capacity.
    states : ndarray, shape (2, 3, s)
        Two buffers of weight, profit and node; one is read, one written.
    losses : ndarray, shape (2, s)
        Loss of each state.
    log : ndarray, shape (2, t)
        Previous node (-1: none) and item of each change.
    counters : ndarray, shape (7,)
        Next item, buffer in use, number of states and nodes, best profit
        and the node of its last change, states visited so far.
    measures : ndarray, shape (3,)
        Loss above which a state is pruned, least loss of a state with and
        without what it still has to pay for its weight.

    Returns
    -------
    int
        ``WORKED``, ``DONE`` when no open state or no item worth a change is
        left, ``STATES_FULL`` or ``LOG_FULL`` when a buffer is too small for
        the next item, which is then untouched.
    """
    end = counters[VISITED] + work
    while counters[VISITED] < end:
        k = counters[STEP]
        n = counters[LENGTH]
        # Beyond the budget, nothing that is still open can change any more.
        if n == 0 or k == loss.size or measures[CHEAPEST] + rest[k] > measures[BUDGET]:
            return DONE
        if counters[NODES] + n > log.shape[1]:
            return LOG_FULL
        if not _decide(
            capacity,
            change[0, k],
            change[1, k],
            loss[k],
            slope[0, k + 1],
            slope[1, k + 1],
            states[counters[SIDE]],
            losses[counters[SIDE]],
            states[1 - counters[SIDE]],
            losses[1 - counters[SIDE]],
            log,
            counters,
            measures,
        ):
            return STATES_FULL
        counters[VISITED] += n
    return WORKED


@kernel
def _decide(
    capacity: int,
    heavier: int,
    richer: int,
    dearer: float,
    fill: float,
    empty: float,
    old: NDArray[np.int64],
    old_loss: NDArray[np.float64],
    new: NDArray[np.int64],
    new_loss: NDArray[np.float64],
    log: NDArray[np.int32],
    counters: NDArray[np.int64],
    measures: NDArray[np.float64],
) -> bool:
    """Merge the states with those changed by one item; False if out of room."""
    n = counters[LENGTH]
    room = new.shape[1]
    nodes = counters[NODES]
    best, best_node = counters[BEST], counters[BEST_NODE]
    budget = measures[BUDGET]
    least = cheapest = np.inf
    top = np.int64(-1)
    size = i = j = 0
    while i < n or j < n:
        # The lighter comes first; of equal ones the richer, which dominates.
        if j == n:
            kept = True
        elif i == n:
            kept = False
        else:
            difference = old[0, i] - old[0, j] - heavier
            kept = difference < 0 or (
                difference == 0 and old[1, i] >= old[1, j] + richer
            )
        if kept:
            weight, profit, cost = old[0, i], old[1, i], old_loss[i]
            source = i
            i += 1
        else:
            weight, profit = old[0, j] + heavier, old[1, j] + richer
            cost = old_loss[j] + dearer
            source = j
            j += 1
        if profit <= top:
            continue
        # A pruned state still dominates: what it beats cannot be better.
        top = profit
        if weight <= capacity:
            total = cost + fill * (capacity - weight)
        else:
            total = cost + empty * (weight - capacity)
        improves = weight <= capacity and profit > best
        if total > budget and not improves:
            continue
        if size == room:
            return False
        node = old[2, source]
        if not kept:
            log[0, nodes] = node
            log[1, nodes] = counters[STEP]
            node = nodes
            nodes += 1
        if improves:
            budget -= profit - best
            best, best_node = profit, node
        new[0, size] = weight
        new[1, size] = profit
        new[2, size] = node
        new_loss[size] = cost
        least = min(least, total)
        cheapest = min(cheapest, cost)
        size += 1
    counters[NODES] = nodes
    counters[BEST], counters[BEST_NODE] = best, best_node
    counters[LENGTH] = size
    counters[SIDE] = 1 - counters[SIDE]
    counters[STEP] += 1
    measures[BUDGET] = budget
    measures[LEAST], measures[CHEAPEST] = least, cheapest
    return True


@kernel
def collect(
    nodes: NDArray[np.int64],
    best: int,
    log: NDArray[np.int32],
    used: int,
    place: NDArray[np.int32],
) -> Any:
    """Drop the log's nodes that no state needs; renumber in place.

    Parameters
    ----------
    nodes : ndarray, shape (s,)
        Node of each state, renumbered.
    best : int
        Node of the best solution, kept as well.
    log : ndarray, shape (2, t)
        The log, packed.
    used : int
        Number of nodes before.
    place : ndarray, shape (t,)
        Work space.

    Returns
    -------
    tuple of int
        Number of nodes and the best solution's node after.
    """
    place[:used] = 0
    for s in range(nodes.size):
        if nodes[s] >= 0:
            place[nodes[s]] = 1
    if best >= 0:
        place[best] = 1
    # A node comes after the one it leads back to.
    for node in range(used - 1, -1, -1):
        if place[node] and log[0, node] >= 0:
            place[log[0, node]] = 1
    count = 0
    for node in range(used):
        if place[node]:
            before = log[0, node]
            log[0, count] = before if before < 0 else place[before]
            log[1, count] = log[1, node]
            place[node] = count
            count += 1
    for s in range(nodes.size):
        if nodes[s] >= 0:
            nodes[s] = place[nodes[s]]
    return count, best if best < 0 else place[best]

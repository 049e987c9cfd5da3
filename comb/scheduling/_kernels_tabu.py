"""Numba kernels: tabu search on the job shop with the neighbourhood N7.

A move takes an operation of a critical block to one of its ends, or the first
or last one of a block inside. Moves are judged by the estimate of Balas and
Vazacopoulos, and forbidden while they restore an arc that was reversed lately.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.comb.scheduling._kernels_graph import (
    Graph,
    Shop,
    insert_after,
    insert_before,
    longest,
    rebuild,
)
from combkit.instances.kernels import kernel

__all__ = ["Walk", "begin", "search"]

#: Entries of ``Walk.scalars``.
ITERATION, MAKESPAN, BEST, STALE, STUCK = range(5)


class Walk(NamedTuple):
    """The state of a search, all of it arrays that the kernels change.

    Attributes
    ----------
    graph : Graph
        The current sequences.
    best : ndarray, shape (n,), int32
        The best schedule since ``begin``, as a linear order of the operations.
    path : ndarray, shape (n,), int32
        The critical path of the step.
    head : ndarray, shape (n,), int64
        Estimates of the heads of a move.
    tabu : ndarray, shape (2^k,), int64
        Iteration until which an arc, hashed, must not be restored.
    tenure : ndarray, shape (2,), int64
        Least tenure, and the number of values above it.
    scalars : ndarray, shape (5,), int64
        Iterations, makespan, best makespan, iterations since then, and whether
        there was no move left.
    chosen : ndarray, shape (10,), int64
        Moves of a step: see ``_consider``.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    graph: Any
    best: Any
    path: Any
    head: Any
    tabu: Any
    tenure: Any
    scalars: Any
    chosen: Any
    random: Any


@kernel
def _keep(walk: Walk) -> None:
    """Remember the current schedule as the best."""
    for at in range(walk.best.shape[0]):
        walk.best[at] = walk.graph.order[at]


@kernel
def begin(shop: Shop, walk: Walk, order: Any) -> None:
    """Stand at the schedule of a linear order, with nothing forbidden."""
    scalars = walk.scalars
    scalars[MAKESPAN] = rebuild(shop, walk.graph, order)
    scalars[BEST] = scalars[MAKESPAN]
    scalars[STALE] = scalars[STUCK] = 0
    _keep(walk)
    # Old entries point to the past from here on.
    scalars[ITERATION] += walk.tenure[0] + walk.tenure[1]


@kernel
def _slot(walk: Walk, a: int, b: int) -> int:
    """Return where the arc from a to b stands in the table."""
    mixed = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(b)
    mixed *= np.uint64(0xD6E8FEB86659FD93)
    return np.int64(mixed >> np.uint64(32)) & (walk.tabu.shape[0] - 1)


@kernel
def _critical_path(shop: Shop, walk: Walk) -> int:
    """Write a random critical path and return its number of operations."""
    graph, path = walk.graph, walk.path
    n = path.shape[0]
    makespan = walk.scalars[MAKESPAN]
    x, seen = n, 0
    for y in shop.last:
        if graph.head[y] + shop.duration[y] == makespan:
            seen += 1
            if below(walk.random, seen) == 0:
                x = y
    size = 0
    while x != n:
        path[size] = x
        size += 1
        start = graph.head[x]
        j, m = shop.before[x], graph.before[x]
        by_job = j != n and graph.head[j] + shop.duration[j] == start
        by_machine = m != n and graph.head[m] + shop.duration[m] == start
        if by_job and by_machine:
            x = j if below(walk.random, 2) == 0 else m
        elif by_job:
            x = j
        else:
            x = m if by_machine else n
    for k in range(size // 2):
        path[k], path[size - 1 - k] = path[size - 1 - k], path[k]
    return size


@kernel
def _may_follow(shop: Shop, graph: Graph, u: int, v: int) -> bool:
    """Whether surely no path leads from the job successor of u to v."""
    x = shop.after[u]
    return x != v and (
        graph.place[x] > graph.place[v]
        or graph.tail[x] < shop.duration[x] + graph.tail[v]
    )


@kernel
def _may_lead(shop: Shop, graph: Graph, u: int, v: int) -> bool:
    """Whether surely no path leads from u to the job predecessor of v."""
    x = shop.before[v]
    return x != u and (
        x == graph.order.shape[0]
        or graph.place[x] < graph.place[u]
        or graph.head[x] < graph.head[u] + shop.duration[u]
    )


@kernel
def _estimate(
    shop: Shop, walk: Walk, first: int, last: int, forward: bool, limit: int
) -> int:
    """Return the longest path through the operations of a move, about.

    The operations ``path[first..last]`` follow each other on their machine;
    the first one goes behind the last (forward) or the last one before the
    first. What is at least ``limit`` need not be exact.
    """
    graph, path = walk.graph, walk.path
    head = walk.head
    count = last - first + 1
    previous = graph.before[path[first]]
    end = graph.head[previous] + shop.duration[previous]
    for k in range(count):
        if forward:
            x = path[first + (k + 1 if k + 1 < count else 0)]
        else:
            x = path[last if k == 0 else first + k - 1]
        j = shop.before[x]
        start = max(graph.head[j] + shop.duration[j], end)
        head[k] = start
        end = start + shop.duration[x]
    behind = graph.tail[graph.after[path[last]]]
    value = 0
    for k in range(count - 1, -1, -1):
        if forward:
            x = path[first + (k + 1 if k + 1 < count else 0)]
        else:
            x = path[last if k == 0 else first + k - 1]
        behind = max(behind, graph.tail[shop.after[x]]) + shop.duration[x]
        value = max(value, head[k] + behind)
        if value >= limit:
            break
    return value


@kernel
def _is_tabu(walk: Walk, first: int, last: int, forward: bool) -> bool:
    """Whether a move restores an arc that is forbidden."""
    path, now = walk.path, walk.scalars[ITERATION]
    if forward:
        u = path[first]
        for k in range(first + 1, last + 1):
            if walk.tabu[_slot(walk, path[k], u)] > now:
                return True
    else:
        v = path[last]
        for k in range(first, last):
            if walk.tabu[_slot(walk, v, path[k])] > now:
                return True
    return False


@kernel
def _forbid(walk: Walk, first: int, last: int, forward: bool) -> None:
    """Forbid the arcs that a move reverses."""
    path = walk.path
    until = walk.scalars[ITERATION] + walk.tenure[0]
    until += below(walk.random, walk.tenure[1])
    if forward:
        u = path[first]
        for k in range(first + 1, last + 1):
            walk.tabu[_slot(walk, u, path[k])] = until
    else:
        v = path[last]
        for k in range(first, last):
            walk.tabu[_slot(walk, path[k], v)] = until


@kernel
def _consider(
    shop: Shop, walk: Walk, chosen: Any, first: int, last: int, forward: bool
) -> None:
    """Judge a move; keep it if it is the best, or by chance as the spare one.

    ``chosen`` holds the first and last place, the direction and the estimate of
    the best move, those of the spare move, and how many of each were seen.
    """
    graph, u, v = walk.graph, walk.path[first], walk.path[last]
    if forward:
        if not _may_follow(shop, graph, u, v):
            return
    elif not _may_lead(shop, graph, u, v):
        return
    chosen[9] += 1
    if below(walk.random, chosen[9]) == 0:
        chosen[4], chosen[5], chosen[6] = first, last, forward
    value = _estimate(shop, walk, first, last, forward, chosen[3] + 1)
    if value > chosen[3]:
        return
    if value >= walk.scalars[BEST] and _is_tabu(walk, first, last, forward):
        return
    if value == chosen[3]:
        chosen[8] += 1
        if below(walk.random, chosen[8]) != 0:
            return
    else:
        chosen[8] = 1
    chosen[0], chosen[1], chosen[2], chosen[3] = first, last, forward, value


@kernel
def _block(
    shop: Shop,
    walk: Walk,
    chosen: Any,
    start: int,
    end: int,
    front: bool,
    back: bool,
) -> None:
    """Judge the moves of the block ``path[start..end]`` that change its ends."""
    for k in range(start, end):
        if back or (front and k == start):
            _consider(shop, walk, chosen, k, end, True)
    for k in range(start + 1, end):
        if front:
            _consider(shop, walk, chosen, start, k, True)
            if k > start + 1:
                _consider(shop, walk, chosen, start, k, False)
        if back and k < end - 1:
            _consider(shop, walk, chosen, k, end, False)
    if end > start + 1 and (front or back):
        _consider(shop, walk, chosen, start, end, False)


@kernel
def search(shop: Shop, walk: Walk, iterations: int, patience: int) -> int:
    """Make moves until one of the limits; return how many.

    Parameters
    ----------
    shop : Shop
        The problem.
    walk : Walk
        The state.
    iterations : int
        Moves to make at most.
    patience : int
        Moves without a new best schedule after which to end.
    """
    graph, path, scalars, chosen = walk.graph, walk.path, walk.scalars, walk.chosen
    machine = shop.machine
    for done in range(iterations):
        if scalars[STALE] >= patience:
            return done
        size = _critical_path(shop, walk)
        chosen[3] = np.iinfo(np.int64).max - 1
        chosen[8] = chosen[9] = 0
        at = 0
        while at < size:
            end = at
            while (
                end + 1 < size
                and machine[path[end + 1]] == machine[path[at]]
                and graph.before[path[end + 1]] == path[end]
            ):
                end += 1
            if end > at:
                _block(shop, walk, chosen, at, end, at > 0, end < size - 1)
            at = end + 1
        if chosen[9] == 0:
            scalars[STUCK] = 1
            return done
        best = 0 if chosen[8] > 0 else 4
        first, last, forward = chosen[best], chosen[best + 1], chosen[best + 2] != 0
        _forbid(walk, first, last, forward)
        if forward:
            insert_after(shop, graph, path[first], path[last])
        else:
            insert_before(shop, graph, path[first], path[last])
        scalars[ITERATION] += 1
        scalars[STALE] += 1
        scalars[MAKESPAN] = longest(shop, graph)
        if scalars[MAKESPAN] < scalars[BEST]:
            scalars[BEST] = scalars[MAKESPAN]
            scalars[STALE] = 0
            _keep(walk)
    return iterations

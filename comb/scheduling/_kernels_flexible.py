"""Numba kernels: tabu search on the flexible job shop.

A move takes a critical operation off its machine and puts it elsewhere, on the
same machine or on another one. The makespan that follows is exact: without the
operation heads and tails are computed anew, and where it is inserted no path
leads from it to its predecessor or from its successor to it [1]_.

References
----------
.. [1] M. Mastrolilli, L. M. Gambardella, "Effective neighbourhood functions for
   the flexible job shop problem", Journal of Scheduling 3(1), 2000.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.comb.scheduling._kernels_graph import Graph, Shop, longest, rebuild
from combkit.instances.kernels import kernel

__all__ = ["FlexibleWalk", "Options", "begin", "search"]

#: Entries of ``FlexibleWalk.scalars``.
ITERATION, MAKESPAN, BEST, STALE = range(4)
#: Entries of ``FlexibleWalk.move``.
TASK, OPTION, AFTER, VALUE, THROUGH, SEEN = range(6)


class Options(NamedTuple):
    """Options of operations: those of x are ``first[x]`` to ``first[x + 1] - 1``.

    Attributes
    ----------
    first : ndarray, shape (n + 1,), int32
    machine : ndarray, shape (options,), int32
    duration : ndarray, shape (options,), int64
    """

    first: Any
    machine: Any
    duration: Any


class FlexibleWalk(NamedTuple):
    """The state of a search, all of it arrays that the kernels change.

    Attributes
    ----------
    shop : Shop
        Machines and durations as chosen at the moment.
    graph : Graph
        The current sequences.
    choice : ndarray, shape (n,), int32
        Chosen option of each operation, an index of ``Options``.
    best, best_choice : ndarray, shape (n,), int32
        The best schedule since ``begin``: a linear order, and the options.
    path : ndarray, shape (n,), int32
        The critical path of the step.
    head, tail : ndarray, shape (n + 1,), int64
        Heads and tails without an operation.
    front : ndarray, shape (machines,), int32
        First operation on each machine.
    tabu : ndarray, shape (n, machines), int64
        Iteration until which an operation must not be put on a machine.
    move : ndarray, shape (6,), int64
        The best move of the step.
    scalars : ndarray, shape (4,), int64
        Iterations, makespan, best makespan, iterations since then.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    shop: Any
    graph: Any
    choice: Any
    best: Any
    best_choice: Any
    path: Any
    head: Any
    tail: Any
    front: Any
    tabu: Any
    move: Any
    scalars: Any
    random: Any


@kernel
def _keep(walk: FlexibleWalk) -> None:
    """Remember the current schedule as the best."""
    walk.scalars[BEST] = walk.scalars[MAKESPAN]
    walk.scalars[STALE] = 0
    for k in range(walk.best.shape[0]):
        walk.best[k] = walk.graph.order[k]
        walk.best_choice[k] = walk.choice[k]


@kernel
def _find_fronts(walk: FlexibleWalk) -> None:
    """Find the first operation on each machine."""
    n = walk.best.shape[0]
    walk.front[:] = n
    for x in range(n):
        if walk.graph.before[x] == n:
            walk.front[walk.shop.machine[x]] = x


@kernel
def begin(options: Options, walk: FlexibleWalk, order: Any, choice: Any) -> None:
    """Stand at the schedule of a linear order and options, nothing forbidden."""
    for x in range(order.shape[0]):
        walk.choice[x] = choice[x]
        walk.shop.machine[x] = options.machine[choice[x]]
        walk.shop.duration[x] = options.duration[choice[x]]
    walk.scalars[MAKESPAN] = rebuild(walk.shop, walk.graph, order)
    _find_fronts(walk)
    _keep(walk)
    walk.tabu[:] = 0


@kernel
def _sort(shop: Shop, graph: Graph) -> int:
    """Find an order, heads and tails anew; return the makespan."""
    n = graph.order.shape[0]
    order, left = graph.order, graph.scratch
    filled = 0
    for x in range(n):
        left[x] = (shop.before[x] != n) + (graph.before[x] != n)
        if left[x] == 0:
            order[filled] = x
            filled += 1
    for at in range(n):
        x = order[at]
        graph.place[x] = at
        j, m = shop.before[x], graph.before[x]
        graph.head[x] = max(
            graph.head[j] + shop.duration[j], graph.head[m] + shop.duration[m]
        )
        for y in (shop.after[x], graph.after[x]):
            if y != n:
                left[y] -= 1
                if left[y] == 0:
                    order[filled] = y
                    filled += 1
    for at in range(n - 1, -1, -1):
        x = order[at]
        behind = max(graph.tail[shop.after[x]], graph.tail[graph.after[x]])
        graph.tail[x] = behind + shop.duration[x]
    return longest(shop, graph)


@kernel
def _critical_path(shop: Shop, walk: FlexibleWalk) -> int:
    """Write a random critical path and return its number of operations."""
    graph = walk.graph
    n = walk.path.shape[0]
    x, seen = n, 0
    for y in shop.last:
        if graph.head[y] + shop.duration[y] == walk.scalars[MAKESPAN]:
            seen += 1
            if below(walk.random, seen) == 0:
                x = y
    size = 0
    while x != n:
        walk.path[size] = x
        size += 1
        j, m = shop.before[x], graph.before[x]
        by_job = j != n and graph.head[j] + shop.duration[j] == graph.head[x]
        by_machine = m != n and graph.head[m] + shop.duration[m] == graph.head[x]
        if by_job and by_machine:
            x = j if below(walk.random, 2) == 0 else m
        elif by_job:
            x = j
        else:
            x = m if by_machine else n
    return size


@kernel
def _without(walk: FlexibleWalk, v: int) -> int:
    """Compute heads and tails without an operation; return the makespan.

    It keeps its place in its job, takes no time and stands on no machine.
    """
    shop, graph, head, tail = walk.shop, walk.graph, walk.head, walk.tail
    n = walk.path.shape[0]
    for at in range(n):
        x = graph.order[at]
        j = shop.before[x]
        begin = head[j] + (shop.duration[j] if j != v else 0)
        if x != v:
            m = graph.before[x]
            if m == v:
                m = graph.before[v]
            begin = max(begin, head[m] + shop.duration[m])
        head[x] = begin
    makespan = 0
    for at in range(n - 1, -1, -1):
        x = graph.order[at]
        behind = tail[shop.after[x]]
        if x != v:
            m = graph.after[x]
            if m == v:
                m = graph.after[v]
            behind = max(behind, tail[m]) + shop.duration[x]
        tail[x] = behind
        makespan = max(makespan, head[x] + behind)
    return makespan


@kernel
def _consider(options: Options, walk: FlexibleWalk, v: int, rest: int) -> None:
    """Judge every place where an operation can go; ``rest`` is the makespan without.

    Keeps the move of the least makespan, then of the shortest path through v.
    """
    shop, graph, head, tail = walk.shop, walk.graph, walk.head, walk.tail
    move, now = walk.move, walk.scalars[ITERATION]
    n = walk.path.shape[0]
    j, s = shop.before[v], shop.after[v]
    ready = head[j] + shop.duration[j]
    for option in range(options.first[v], options.first[v + 1]):
        machine, duration = options.machine[option], options.duration[option]
        a, b = n, walk.front[machine]
        if b == v:
            b = graph.after[v]
        while True:
            leads = head[a] < head[s] + shop.duration[s]
            leads = leads or tail[s] < shop.duration[s] + tail[a]
            if a != n and s != n and (a == s or not leads):
                break
            follows = head[j] < head[b] + shop.duration[b]
            follows = follows or tail[b] < shop.duration[b] + tail[j]
            follows = b == n or j == n or (b != j and follows)
            same = option == walk.choice[v] and a == graph.before[v]
            if follows and not same:
                start = max(ready, head[a] + shop.duration[a])
                through = start + duration + max(tail[s], tail[b])
                value = max(rest, through)
                allowed = value < walk.scalars[BEST] or walk.tabu[v, machine] <= now
                better = value < move[VALUE] or (
                    value == move[VALUE] and through < move[THROUGH]
                )
                equal = value == move[VALUE] and through == move[THROUGH]
                if allowed and equal:
                    move[SEEN] += 1
                    better = below(walk.random, move[SEEN]) == 0
                elif allowed and better:
                    move[SEEN] = 1
                if allowed and better:
                    move[TASK], move[OPTION], move[AFTER] = v, option, a
                    move[VALUE], move[THROUGH] = value, through
            if b == n:
                break
            a, b = b, graph.after[b]
            if b == v:
                b = graph.after[v]


@kernel
def _apply(options: Options, walk: FlexibleWalk) -> None:
    """Make the move."""
    shop, graph = walk.shop, walk.graph
    before, after = graph.before, graph.after
    n = walk.path.shape[0]
    v, option, a = walk.move[TASK], walk.move[OPTION], walk.move[AFTER]
    before[after[v]], after[before[v]] = before[v], after[v]
    if before[v] == n:
        walk.front[shop.machine[v]] = after[v]
    walk.choice[v] = option
    machine = options.machine[option]
    shop.machine[v], shop.duration[v] = machine, options.duration[option]
    b = walk.front[machine] if a == n else after[a]
    if a == n:
        walk.front[machine] = v
    before[v], after[v] = a, b
    after[a], before[b] = v, v
    before[n] = after[n] = n


@kernel
def search(options: Options, walk: FlexibleWalk, iterations: int, patience: int) -> int:
    """Make moves until one of the limits; return how many.

    Parameters
    ----------
    options : Options
        The problem.
    walk : FlexibleWalk
        The state.
    iterations : int
        Moves to make at most.
    patience : int
        Moves without a new best schedule after which to end.
    """
    shop, scalars, move = walk.shop, walk.scalars, walk.move
    for done in range(iterations):
        if scalars[STALE] >= patience:
            return done
        size = _critical_path(shop, walk)
        move[VALUE] = move[THROUGH] = np.iinfo(np.int64).max
        for k in range(size):
            _consider(options, walk, walk.path[k], _without(walk, walk.path[k]))
        if move[VALUE] == np.iinfo(np.int64).max:
            # All is forbidden: forget that, and look again.
            walk.tabu[:] = 0
            scalars[STALE] += 1
            scalars[ITERATION] += 1
            continue
        v = walk.move[TASK]
        until = scalars[ITERATION] + 10 + below(walk.random, 5 + size)
        walk.tabu[v, shop.machine[v]] = until
        _apply(options, walk)
        scalars[MAKESPAN] = _sort(shop, walk.graph)
        scalars[ITERATION] += 1
        scalars[STALE] += 1
        if scalars[MAKESPAN] < scalars[BEST]:
            _keep(walk)
    return iterations

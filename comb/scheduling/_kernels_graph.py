"""Numba kernels: the disjunctive graph of operations that are all sequenced.

Every operation has at most two predecessors, one in its job and one on its
machine. A topological order of all of them is maintained: inserting an
operation elsewhere reorders a window of it, and heads and tails are recomputed
only where they change.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

from combkit.instances.kernels import kernel

__all__ = [
    "Graph",
    "Shop",
    "insert_after",
    "insert_before",
    "longest",
    "rebuild",
]


class Shop(NamedTuple):
    """Operations 0..n-1; the number n stands for "none".

    Attributes
    ----------
    duration : ndarray, shape (n + 1,), int64
        Duration of each operation; 0 at n.
    machine : ndarray, shape (n + 1,), int32
        Machine of each operation.
    before, after : ndarray, shape (n + 1,), int32
        Predecessor and successor in the job.
    last : ndarray, shape (jobs,), int32
        Last operation of each job.
    """

    duration: Any
    machine: Any
    before: Any
    after: Any
    last: Any


class Graph(NamedTuple):
    """Machine sequences with their longest paths; all arrays are changed in place.

    Attributes
    ----------
    before, after : ndarray, shape (n + 1,), int32
        Predecessor and successor on the machine.
    head : ndarray, shape (n + 1,), int64
        Longest path to the start of each operation; 0 at n.
    tail : ndarray, shape (n + 1,), int64
        Longest path from its start, own duration included; 0 at n.
    order, place : ndarray, shape (n,) and (n + 1,), int32
        A topological order and the place of each operation in it.
    mark : ndarray, shape (n + 1, 2), uint8
        Operations whose head, or tail, is to be recomputed.
    scratch : ndarray, shape (n + 1,), int32
        Free to use.
    reach : ndarray, shape (2,), int64
        First and last place where a recomputation has to begin and to end.
    latest : ndarray, shape (machines,), int32
        Used by ``rebuild``.
    """

    before: Any
    after: Any
    head: Any
    tail: Any
    order: Any
    place: Any
    mark: Any
    scratch: Any
    reach: Any
    latest: Any


@kernel
def longest(shop: Shop, graph: Graph) -> int:
    """Return the makespan."""
    makespan = 0
    for x in shop.last:
        makespan = max(makespan, graph.head[x] + shop.duration[x])
    return makespan


@kernel
def _head(shop: Shop, graph: Graph, x: int) -> int:
    j, m = shop.before[x], graph.before[x]
    return max(
        graph.head[j] + shop.duration[j],
        graph.head[m] + shop.duration[m],
    )


@kernel
def _tail(shop: Shop, graph: Graph, x: int) -> int:
    behind = max(graph.tail[shop.after[x]], graph.tail[graph.after[x]])
    return behind + shop.duration[x]


@kernel
def rebuild(shop: Shop, graph: Graph, order: Any) -> int:
    """Sequence the machines by a linear order; return the makespan.

    Parameters
    ----------
    order : ndarray, shape (n,), int32
        All operations, each one after those before it in its job.
    """
    n = order.shape[0]
    graph.latest[:] = n
    for at in range(n):
        x = order[at]
        graph.order[at] = x
        graph.place[x] = at
        previous = graph.latest[shop.machine[x]]
        graph.before[x] = previous
        graph.after[x] = n
        graph.after[previous] = x
        graph.latest[shop.machine[x]] = x
        graph.head[x] = _head(shop, graph, x)
    graph.place[n] = n
    graph.mark[:] = 0
    for at in range(n - 1, -1, -1):
        x = graph.order[at]
        graph.tail[x] = _tail(shop, graph, x)
    return longest(shop, graph)


@kernel
def _propagate(shop: Shop, graph: Graph) -> None:
    """Recompute marked heads and tails, and those that follow from them."""
    n = graph.order.shape[0]
    mark, place = graph.mark, graph.place
    # Nothing marked lies beyond the end.
    at, end = graph.reach[0], graph.reach[1]
    while at <= end:
        x = graph.order[at]
        at += 1
        if mark[x, 0] == 0:
            continue
        mark[x, 0] = 0
        head = _head(shop, graph, x)
        if head == graph.head[x]:
            continue
        graph.head[x] = head
        j, m = shop.after[x], graph.after[x]
        mark[j, 0] = 1
        mark[m, 0] = 1
        if j != n:
            end = max(end, place[j])
        if m != n:
            end = max(end, place[m])
    at, end = graph.reach[1], graph.reach[0]
    while at >= end:
        x = graph.order[at]
        at -= 1
        if mark[x, 1] == 0:
            continue
        mark[x, 1] = 0
        tail = _tail(shop, graph, x)
        if tail == graph.tail[x]:
            continue
        graph.tail[x] = tail
        j, m = shop.before[x], graph.before[x]
        mark[j, 1] = 1
        mark[m, 1] = 1
        if j != n:
            end = min(end, place[j])
        if m != n:
            end = min(end, place[m])
    mark[n, 0] = 0
    mark[n, 1] = 0


@kernel
def insert_after(shop: Shop, graph: Graph, u: int, v: int) -> None:
    """Move an operation behind a later one of its machine, and propagate.

    Parameters
    ----------
    u, v : int
        ``u`` goes right after ``v``; no path leads from the job successor of
        ``u`` to ``v``.
    """
    before, after = graph.before, graph.after
    a, b, c = before[u], after[u], after[v]
    after[a], before[b] = b, a
    after[v], before[u] = u, v
    after[u], before[c] = c, u
    low, high = graph.place[u], graph.place[v]
    # What has to come after u within the window moves behind the rest of it.
    mark, scratch, order, place = graph.mark, graph.scratch, graph.order, graph.place
    n = order.shape[0]
    mark[n, 0] = 0
    mark[u, 0] = 1
    moved, at = 0, low
    for k in range(low, high + 1):
        x = order[k]
        if x == u or mark[shop.before[x], 0] or mark[before[x], 0]:
            mark[x, 0] = 1
            scratch[moved] = x
            moved += 1
        else:
            order[at] = x
            place[x] = at
            at += 1
    for k in range(moved):
        x = scratch[k]
        order[at] = x
        place[x] = at
        mark[x, 0] = 0
        at += 1
    graph.reach[0], graph.reach[1] = low, high
    if c != n:
        mark[c, 0] = 1
        graph.reach[1] = max(high, place[c])
    mark[b, 0] = mark[u, 0] = 1
    mark[u, 1] = mark[v, 1] = 1
    if a != n:
        mark[a, 1] = 1
        graph.reach[0] = min(low, place[a])
    _propagate(shop, graph)


@kernel
def insert_before(shop: Shop, graph: Graph, u: int, v: int) -> None:
    """Move an operation before an earlier one of its machine, and propagate.

    Parameters
    ----------
    u, v : int
        ``v`` goes right before ``u``; no path leads from ``u`` to the job
        predecessor of ``v``.
    """
    before, after = graph.before, graph.after
    a, b, c = before[u], before[v], after[v]
    after[b], before[c] = c, b
    after[v], before[u] = u, v
    before[v], after[a] = a, v
    low, high = graph.place[u], graph.place[v]
    mark, scratch, order, place = graph.mark, graph.scratch, graph.order, graph.place
    n = order.shape[0]
    mark[n, 1] = 0
    moved, at = 0, high
    for k in range(high, low - 1, -1):
        x = order[k]
        if x == v or mark[shop.after[x], 1] or mark[after[x], 1]:
            mark[x, 1] = 1
            scratch[moved] = x
            moved += 1
        else:
            order[at] = x
            place[x] = at
            at -= 1
    for k in range(moved):
        x = scratch[k]
        order[at] = x
        place[x] = at
        mark[x, 1] = 0
        at -= 1
    graph.reach[0], graph.reach[1] = low, high
    if c != n:
        mark[c, 0] = 1
        graph.reach[1] = max(high, place[c])
    mark[v, 0] = mark[u, 0] = 1
    mark[v, 1] = mark[b, 1] = 1
    if a != n:
        mark[a, 1] = 1
        graph.reach[0] = min(low, place[a])
    _propagate(shop, graph)

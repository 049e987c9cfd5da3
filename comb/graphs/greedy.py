"""Greedy independent sets: the vertex that costs its neighbours least, again."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from combkit.comb.graphs.view import Adjacency, unsupported, view_of
from combkit.instances.graph_sets import GraphSet
from combkit.instances.run import Outcome, Run
from combkit.instances.stop import Reason

__all__ = ["independent_set", "solve", "supports"]

#: Vertices between two questions whether to stop.
_PATIENCE = 500


def supports(problem: GraphSet) -> str | None:
    """Return why the problem is not taken, or None if it is."""
    return unsupported(problem)


def solve(problem: GraphSet, run: Run) -> Outcome:
    """Take the vertex of most weight per remaining vertex that it blocks.

    With weights of 1 it is the one of least degree. A cover is what is not
    taken; a clique is taken in the complement.
    """
    view = view_of(problem)
    chosen = independent_set(view.graph, view.weights, stop=run.should_stop)
    run.report(view.selection(chosen), "greedy")
    return Outcome(reason=run.reason or Reason.COMPLETED)


def independent_set(
    graph: Adjacency,
    weights: NDArray[np.float64],
    *,
    first: NDArray[np.bool_] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> NDArray[np.bool_]:
    """Return an independent set, maximal unless it was stopped.

    Parameters
    ----------
    graph : Adjacency
        The graph.
    weights : ndarray, shape (n,), float64
        Non-negative weight of each vertex.
    first : ndarray, shape (n,), bool, optional
        Vertices that are taken before others.
    stop : callable
        Asked now and then; what was taken so far is independent.
    """
    chosen = np.zeros(graph.n, dtype=np.bool_)
    degree = np.diff(graph.offsets).tolist()
    weight = weights.tolist()
    early = [False] * graph.n if first is None else first.tolist()
    flat, ends = graph.near.tolist(), graph.offsets.tolist()
    alive = [True] * graph.n

    def key(v: int) -> tuple[bool, float, int]:
        return not early[v], -weight[v] / (degree[v] + 1), v

    heap = [key(v) for v in range(graph.n)]
    heapq.heapify(heap)
    taken = 0
    while heap:
        entry = heapq.heappop(heap)
        v = entry[2]
        if not alive[v] or entry != key(v):
            continue
        taken += 1
        if taken % _PATIENCE == 0 and stop():
            break
        chosen[v] = True
        alive[v] = False
        for u in flat[ends[v] : ends[v + 1]]:
            if alive[u]:
                alive[u] = False
                for x in flat[ends[u] : ends[u + 1]]:
                    if alive[x]:
                        degree[x] -= 1
                        heapq.heappush(heap, key(x))
    return chosen

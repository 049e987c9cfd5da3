"""Reductions of independent set: what is left is the kernel.

Three rules [1]_ run until none applies. A vertex at least as heavy as its
neighbours together is taken. A neighbour of v is dropped if it is no heavier and
sees all that v sees. A vertex v with two neighbours that are not adjacent is
folded with them: the new vertex stands for taking both instead of v.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.comb.graphs.view import Adjacency

__all__ = ["MOST_EDGES", "Kernel", "reduce"]

#: Larger graphs are left as they are: sets of neighbours would fill the memory.
MOST_EDGES = 5_000_000
#: Vertices of a higher degree are not compared with their neighbours.
_MOST_COMPARED = 40
#: Vertices looked at between two questions whether to stop.
_PATIENCE = 2_000


@dataclass(frozen=True, slots=True)
class Kernel:
    """A graph that remains, and the way back from it.

    Parameters
    ----------
    graph : Adjacency
        The remaining graph.
    weights : ndarray, shape (k,), float64
        Weights of its vertices.
    vertices : ndarray, shape (k,), int64
        Their numbers in the original graph; a folded vertex has that of its
        middle one.
    offset : float
        Weight that every independent set of the kernel gains on the way back.
    n : int
        Number of vertices of the original graph.
    steps : tuple
        ``(v,)`` for a vertex taken and ``(v, a, b)`` for one folded, in order.
    """

    graph: Adjacency
    weights: NDArray[np.float64]
    vertices: NDArray[np.int64]
    offset: float
    n: int
    steps: tuple[tuple[int, ...], ...]

    def restore(self, independent: NDArray[Any]) -> NDArray[np.bool_]:
        """Return the independent set of the original graph.

        Parameters
        ----------
        independent : ndarray, shape (k,), bool or 0 and 1
            Membership of the kernel's vertices.
        """
        chosen = np.zeros(self.n, dtype=np.bool_)
        chosen[self.vertices] = np.asarray(independent) != 0
        for step in reversed(self.steps):
            if len(step) == 1:
                chosen[step[0]] = True
            else:
                v, a, b = step
                chosen[a] = chosen[b] = chosen[v]
                chosen[v] = not chosen[v]
        return chosen


def reduce(
    graph: Adjacency,
    weights: NDArray[np.float64],
    stop: Callable[[], bool] = lambda: False,
) -> Kernel:
    """Return the kernel of a graph.

    Parameters
    ----------
    graph : Adjacency
        The graph.
    weights : ndarray, shape (n,), float64
        Non-negative weight of each vertex.
    stop : callable
        Asked now and then; reducing may end at any time.

    References
    ----------
    .. [1] S. Lamm, C. Schulz, D. Strash, R. Williger, H. Zhang, "Exactly solving
       the maximum weight independent set problem on large real-world graphs",
       ALENEX 2019. doi:10.1137/1.9781611975499.12
    """
    if graph.m > MOST_EDGES:
        everything = np.arange(graph.n)
        return Kernel(graph, weights, everything, 0.0, graph.n, ())
    return _Reducer(graph, weights).run(stop)


class _Reducer:
    """The graph as sets of neighbours, None for a vertex that is gone."""

    def __init__(self, graph: Adjacency, weights: NDArray[np.float64]) -> None:
        flat = graph.near.tolist()
        ends = graph.offsets.tolist()
        self.near: list[set[int] | None] = [
            set(flat[ends[v] : ends[v + 1]]) for v in range(graph.n)
        ]
        self.weight: list[float] = weights.tolist()
        # Light graphs first: a stack is popped from its end.
        self.todo = np.argsort(-np.diff(graph.offsets), kind="stable").tolist()
        self.queued = [True] * graph.n
        self.offset = 0.0
        self.steps: list[tuple[int, ...]] = []

    def run(self, stop: Callable[[], bool]) -> Kernel:
        count = 0
        while self.todo:
            count += 1
            if count % _PATIENCE == 0 and stop():
                break
            v = self.todo.pop()
            self.queued[v] = False
            near = self.near[v]
            if near is not None:
                self._look(v, near)
        return self._kernel()

    def _look(self, v: int, near: set[int]) -> None:
        weight = self.weight
        if len(near) <= _MOST_COMPARED:
            if weight[v] >= sum(weight[u] for u in near):
                self._take(v, near)
                return
            others = [u for u in near if weight[u] <= weight[v]]
            for u in others:
                seen = self.near[u]
                if seen is None or len(seen) < len(near):
                    continue
                if all(x == u or x in seen for x in near):
                    self._drop(u, seen)
            if len(near) == 2:
                a, b = near
                heavier = max(weight[a], weight[b])
                apart = b not in self._of(a)
                if apart and heavier <= weight[v] < weight[a] + weight[b]:
                    self._fold(v, a, b)

    def _of(self, v: int) -> set[int]:
        near = self.near[v]
        return set() if near is None else near

    def _push(self, v: int) -> None:
        if not self.queued[v]:
            self.queued[v] = True
            self.todo.append(v)

    def _take(self, v: int, near: set[int]) -> None:
        self.offset += self.weight[v]
        self.steps.append((v,))
        for u in list(near):
            self._drop(u, self._of(u))
        self.near[v] = None

    def _drop(self, u: int, near: set[int]) -> None:
        for x in near:
            self._of(x).discard(u)
            self._push(x)
        self.near[u] = None

    def _fold(self, v: int, a: int, b: int) -> None:
        self.offset += self.weight[v]
        self.weight[v] = self.weight[a] + self.weight[b] - self.weight[v]
        self.steps.append((v, a, b))
        joined = (self._of(a) | self._of(b)) - {v}
        for end in (a, b):
            self._drop(end, self._of(end))
        self.near[v] = joined
        for x in joined:
            self._of(x).add(v)
            self._push(x)
        self._push(v)

    def _kernel(self) -> Kernel:
        kept = [v for v, near in enumerate(self.near) if near is not None]
        place = {v: i for i, v in enumerate(kept)}
        rows = [sorted(place[u] for u in self._of(v)) for v in kept]
        counts = [len(row) for row in rows]
        graph = Adjacency(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            np.array([u for row in rows for u in row], dtype=np.int32),
        )
        vertices = np.array(kept, dtype=np.int64)
        return Kernel(
            graph,
            np.array(self.weight, dtype=np.float64)[vertices],
            vertices,
            self.offset,
            len(self.near),
            tuple(self.steps),
        )

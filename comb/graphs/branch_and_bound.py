"""Exact independent set, vertex cover and clique by branch and bound.

The graph is reduced to its kernel, and each connected part of that is solved as
a heaviest clique of its complement on bit sets, with greedy colourings as bounds
[1]_ [2]_.

References
----------
.. [1] E. Tomita, Y. Sutani, T. Higashi, S. Takahashi, M. Wakatsuki, "A simple and
   faster branch-and-bound algorithm for finding a maximum clique", WALCOM 2010.
   doi:10.1007/978-3-642-11440-3_18
.. [2] P. San Segundo, D. Rodríguez-Losada, A. Jiménez, "An exact bit-parallel
   algorithm for the maximum clique problem", Computers & Operations Research 38,
   2011. doi:10.1016/j.cor.2010.07.019
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from combkit.comb.graphs.bounds import upper_bound
from combkit.comb.graphs.greedy import independent_set
from combkit.comb.graphs.reductions import Kernel, reduce
from combkit.comb.graphs.view import Adjacency, View, unsupported, view_of
from combkit.comb.routing.slices import fitted
from combkit.instances.graph_sets import GraphSet
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Selection
from combkit.instances.stop import Reason

if TYPE_CHECKING:
    from combkit.comb.graphs._kernels_clique import Tree

__all__ = ["solve", "supports"]

_SOURCE = "branch-and-bound"
#: Larger connected parts would need too much memory, and are out of reach.
_LARGEST_PART = 5_000
#: Float weights: an improvement smaller than this share is rounding.
_RELATIVE = 1e-12


def supports(problem: GraphSet) -> str | None:
    """Return why the problem is not taken, or None if it is."""
    return unsupported(problem)


def solve(problem: GraphSet, run: Run) -> Outcome:
    """Solve to optimality, or as far as the time allows.

    Starts from ``run.initial``, or else from a greedy solution. An iteration is
    a node of the tree. Connected parts of the kernel with more than 5,000
    vertices keep what they have; then nothing is proven.
    """
    view = view_of(problem)
    kernel = reduce(view.graph, view.weights, run.should_stop)
    early = None
    if isinstance(run.initial, Selection):
        early = view.independent(run.initial)[kernel.vertices]
    chosen = independent_set(kernel.graph, kernel.weights, first=early)
    if kernel.graph.n == 0:
        run.report(view.selection(kernel.restore(chosen)), _SOURCE)
        run.report_bound(run.objective or 0.0, _SOURCE)
        return Outcome(Status.OPTIMAL)
    run.report(view.selection(kernel.restore(chosen)), _SOURCE)
    if run.should_stop():
        return Outcome()
    run.supervise(_warm_up)
    return _Search(view, kernel, chosen, run).go()


class _Search:
    """The parts of a kernel, solved one after the other, small ones first."""

    def __init__(
        self, view: View, kernel: Kernel, chosen: NDArray[np.bool_], run: Run
    ) -> None:
        self._view, self._kernel, self._run = view, kernel, run
        self._chosen = chosen
        self._nodes, self._slice = 0, 100
        graph = kernel.graph
        ones = np.ones(graph.near.size, dtype=np.int8)
        matrix = csr_array((ones, graph.near, graph.offsets), (graph.n, graph.n))
        _, label = connected_components(matrix, directed=False)
        order = np.argsort(label, kind="stable")
        borders = np.flatnonzero(np.diff(label[order])) + 1
        self._parts = sorted(np.split(order, borders), key=lambda part: part.size)

    def go(self) -> Outcome:
        """Return the outcome of all parts."""
        weights, bounds = self._kernel.weights, []
        for part in self._parts:
            graph = self._kernel.graph.induced(part)
            bounds.append(
                upper_bound(graph, weights[part], integral=self._view.integral)
            )
        for i, part in enumerate(self._parts):
            self._report_bound(bounds)
            if self._run.should_stop(self._nodes):
                break
            value = float(weights[part][self._chosen[part]].sum())
            if bounds[i] > value and part.size <= _LARGEST_PART:
                bounds[i] = min(bounds[i], self._part(part, value, bounds, i))
            else:
                bounds[i] = max(bounds[i], value)
        self._report_bound(bounds)
        proven = all(
            bound <= float(weights[part][self._chosen[part]].sum())
            for bound, part in zip(bounds, self._parts, strict=True)
        )
        if proven:
            self._run.report_bound(self._run.objective or 0.0, _SOURCE)
            return Outcome(Status.OPTIMAL, extra={"nodes": self._nodes})
        # Parts that were too large are why a search that is over proves nothing.
        reason = self._run.reason or Reason.MEMORY
        return Outcome(reason=reason, extra={"nodes": self._nodes})

    def _part(
        self, part: NDArray[np.int64], value: float, bounds: list[float], i: int
    ) -> float:
        """Search a part; return a bound on its independent sets."""
        from combkit.comb.graphs import _kernels_clique as kernels

        graph, weights = self._kernel.graph.induced(part), self._kernel.weights[part]
        gain = 1.0 if self._view.integral else _RELATIVE * float(weights.sum())
        order = _sparsest_last(graph)
        tree = _tree_of(graph, weights, order)
        kernels.start(tree, value, gain)
        alive = True
        while alive:
            started = time.perf_counter()
            before = int(tree.counters[kernels.NODES])
            alive = kernels.advance(tree, self._slice)
            self._nodes += int(tree.counters[kernels.NODES]) - before
            self._slice = fitted(self._slice, time.perf_counter() - started)
            if tree.top[0] > value:
                value = float(tree.top[0])
                best = tree.best[: tree.counters[kernels.BEST_SIZE]]
                self._chosen[part] = False
                self._chosen[part[order[best]]] = True
                self._report()
            # What is left at the root bounds what is still to come.
            left = int(tree.left[0])
            rest = float(tree.bound[0, left]) if alive else value
            self._report_bound([*bounds[:i], max(value, rest), *bounds[i + 1 :]])
            if self._run.should_stop(self._nodes):
                return max(value, rest)
        return value

    def _report(self) -> None:
        chosen = self._kernel.restore(self._chosen)
        self._run.report(self._view.selection(chosen), _SOURCE)

    def _report_bound(self, bounds: list[float]) -> None:
        total = self._kernel.offset + sum(bounds)
        if not self._view.integral:
            total *= 1.0 + _RELATIVE * self._kernel.n
        bound = self._view.bound(total)
        best = self._run.objective or 0.0
        worst = max(bound, best) if not self._view.covers else min(bound, best)
        self._run.report_bound(worst, _SOURCE)


def _sparsest_last(graph: Adjacency) -> NDArray[np.int64]:
    """Return an order for branching: again and again, the most neighbours last.

    In the complement, whose cliques are searched, these have the fewest.
    """
    degree = np.diff(graph.offsets)
    order = np.empty(graph.n, dtype=np.int64)
    for place in range(graph.n - 1, -1, -1):
        v = int(np.argmax(degree))
        order[place] = v
        degree[v] = -graph.n - 1
        degree[graph.of(v)] -= 1
    return order


def _tree_of(
    graph: Adjacency, weights: NDArray[np.float64], order: NDArray[np.int64]
) -> Tree:
    """Return the search tree of the cliques in a graph's complement."""
    from combkit.comb.graphs._kernels_clique import Tree

    n = graph.n
    words = (n + 63) // 64
    matrix = np.zeros((n, 64 * words), dtype=np.uint8)
    matrix[:, :n] = ~graph.matrix()[np.ix_(order, order)]
    matrix[np.arange(n), np.arange(n)] = 0
    rows = np.packbits(matrix, axis=1, bitorder="little").view("<u8")
    # No clique of the complement has more vertices than this.
    deepest = int(upper_bound(graph, np.ones(n), integral=True))
    return Tree(
        rows=rows.astype(np.uint64),
        weights=weights[order],
        open=np.zeros((deepest, words), np.uint64),
        order=np.zeros((deepest, n), np.int32),
        bound=np.zeros((deepest, n)),
        left=np.zeros(deepest, np.int32),
        value=np.zeros(deepest),
        clique=np.zeros(deepest, np.int32),
        best=np.zeros(deepest, np.int32),
        top=np.zeros(2),
        counters=np.zeros(3, np.int64),
        rest=np.zeros(words, np.uint64),
        colour=np.zeros(words, np.uint64),
    )


def _warm_up() -> None:
    """Load the compiled kernels, compiling them the first time."""
    from combkit.comb.graphs import _kernels_clique as kernels

    path = Adjacency(np.array([0, 1, 3, 4]), np.array([1, 0, 2, 1], dtype=np.int32))
    tree = _tree_of(path, np.ones(3), np.arange(3))
    kernels.start(tree, 0.0, 1.0)
    kernels.advance(tree, 10)

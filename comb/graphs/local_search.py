"""Local search for independent set, vertex cover and clique.

The graph is reduced to its kernel. There, a vertex cover that leaves a few edges
open exchanges vertices until it covers, under weights of the edges that grow
while they stay open: NuMVC [1]_ for weights of 1, where a cover that is found
loses a vertex; for other weights, two vertices leave and others cover again, by
score per weight [2]_.

References
----------
.. [1] S. Cai, K. Su, C. Luo, A. Sattar, "NuMVC: an efficient local search
   algorithm for minimum vertex cover", Journal of Artificial Intelligence
   Research 46, 2013. doi:10.1613/jair.3907
.. [2] S. Cai, Y. Li, W. Hou, H. Wang, "Towards faster local search for minimum
   weight vertex cover on massive graphs", Information Sciences 471, 2019.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.graphs.bounds import upper_bound
from combkit.comb.graphs.greedy import independent_set
from combkit.comb.graphs.reductions import Kernel, reduce
from combkit.comb.graphs.view import Adjacency, View, unsupported, view_of
from combkit.comb.routing.slices import Reports, side_by_side
from combkit.instances.errors import UsageError
from combkit.instances.graph_sets import GraphSet
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import kernel_state
from combkit.instances.solutions import Selection

if TYPE_CHECKING:
    from combkit.comb.graphs._kernels_cover import Cover

__all__ = ["cover_of", "solve", "supports"]

_SOURCE = "local-search"
#: Share of the time that reductions and bounds may take.
_PREPARING = 0.2
#: More edges than this are not bounded: it would take seconds.
_MOST_BOUNDED = 2_000_000


def supports(problem: GraphSet) -> str | None:
    """Return why the problem is not taken, or None if it is."""
    return unsupported(problem)


def solve(
    problem: GraphSet, run: Run, *, mean: float = 0.5, keep: float = 0.3
) -> Outcome:
    """Search until the run ends, or a bound proves the incumbent optimal.

    An iteration is an exchange of two vertices of the kernel. With several
    threads, independent searches run side by side.

    Parameters
    ----------
    problem : GraphSet
        The problem.
    run : Run
        The run.
    mean : float
        Mean weight of the edges, in vertices of the kernel, at which weights are
        forgotten; above 0.
    keep : float
        Share of its weight that an edge then keeps, 0 to 1.

    Raises
    ------
    UsageError
        If a number is out of its range.
    """
    if not mean > 0.0 or not 0.0 <= keep < 1.0:
        raise UsageError(f"mean={mean:g}, keep={keep:g}: mean > 0, 0 <= keep < 1")
    view = view_of(problem)
    first = None
    if isinstance(run.initial, Selection):
        first = view.independent(run.initial)
    if run.should_stop():
        chosen = independent_set(view.graph, view.weights, stop=run.should_stop)
        run.report(view.selection(chosen), _SOURCE)
        return Outcome()
    end = run.elapsed + _PREPARING * run.remaining

    def late() -> bool:
        return run.elapsed >= end or run.should_stop()

    kernel = reduce(view.graph, view.weights, late)
    early = None if first is None else first[kernel.vertices]
    start = independent_set(kernel.graph, kernel.weights, first=early, stop=late)
    run.report(view.selection(kernel.restore(start)), _SOURCE)
    extra = {"kernel": kernel.graph.n, "kernel_edges": kernel.graph.m}
    if kernel.graph.n == 0:
        run.report_bound(run.objective or 0.0, _SOURCE)
        return Outcome(Status.OPTIMAL, extra=extra)
    if kernel.graph.m <= _MOST_BOUNDED and not late():
        bound = kernel.offset + upper_bound(
            kernel.graph, kernel.weights, integral=view.integral
        )
        run.report_bound(view.bound(bound), _SOURCE)
    if kernel.graph.m == 0 or run.should_stop():
        return Outcome(extra=extra)
    run.supervise(_warm_up)
    _Search(view, kernel, start, run, round(mean * kernel.graph.n) or 1, keep).go()
    return Outcome(extra=extra)


class _Search:
    """Covers of one kernel, advanced in short slices."""

    def __init__(
        self,
        view: View,
        kernel: Kernel,
        start: NDArray[np.bool_],
        run: Run,
        mean: int,
        keep: float,
    ) -> None:
        from combkit.comb.graphs import _kernels_cover as kernels

        self._view, self._kernel, self._run = view, kernel, run
        self._mean, self._keep = mean, keep
        equal = bool(np.all(kernel.weights == kernel.weights[0]))
        self._move = kernels.advance if equal else kernels.advance_weighted
        self._covers = [
            cover_of(kernel.graph, kernel.weights, run.seed, k)
            for k in range(run.threads)
        ]
        for cover in self._covers:
            kernels.load(cover, start)
        self._weight = float(kernel.weights.sum())
        self._reports = Reports(run, _SOURCE)

    def go(self) -> None:
        """Search until the run ends."""
        side_by_side(self._run, self._covers, self._advance, self._report)

    def _advance(self, cover: Cover, steps: int) -> bool:
        return bool(self._move(cover, steps, self._mean, self._keep))

    def _report(self, last: bool) -> None:
        cover = min(self._covers, key=lambda cover: float(cover.values[1]))

        def selection() -> Selection:
            return self._view.selection(self._kernel.restore(cover.best == 0))

        weight = self._kernel.offset + self._weight - float(cover.values[1])
        self._reports.offer(self._view.bound(weight), selection, last=last)


def cover_of(
    graph: Adjacency, weights: NDArray[np.float64], seed: int, number: int
) -> Cover:
    """Return the state of a search, to be loaded.

    Parameters
    ----------
    graph : Adjacency
        The graph.
    weights : ndarray, shape (n,), float64
        Weight of each vertex.
    seed, number : int
        Seed of the run, and which of its states this is.
    """
    from combkit.comb.graphs._kernels_cover import Cover

    n, m = graph.n, graph.m
    owner = np.repeat(np.arange(n, dtype=np.int32), np.diff(graph.offsets))
    forward = owner < graph.near
    ends = np.stack([owner[forward], graph.near[forward]], axis=1)
    low, high = np.minimum(owner, graph.near), np.maximum(owner, graph.near)
    edge = np.searchsorted(
        ends[:, 0].astype(np.int64) * n + ends[:, 1], low.astype(np.int64) * n + high
    )
    return Cover(
        offsets=graph.offsets,
        near=graph.near,
        edge=edge.astype(np.int32),
        ends=np.ascontiguousarray(ends),
        cost=weights,
        weight=np.ones(m, np.int64),
        score=np.zeros(n, np.int64),
        inside=np.zeros(n, np.uint8),
        changed=np.zeros(n, np.uint8),
        stamp=np.zeros(n, np.int64),
        cover=np.zeros(n, np.int32),
        cover_place=np.zeros(n, np.int32),
        open=np.zeros(m, np.int32),
        open_place=np.zeros(m, np.int32),
        redundant=np.zeros(n, np.int32),
        counters=np.zeros(6, np.int64),
        values=np.zeros(2),
        best=np.zeros(n, np.uint8),
        random=kernel_state(seed, number),
    )


def _warm_up() -> None:
    """Load the compiled kernels, compiling them the first time."""
    from combkit.comb.graphs import _kernels_cover as kernels

    path = Adjacency(np.array([0, 1, 3, 4]), np.array([1, 0, 2, 1], dtype=np.int32))
    cover = cover_of(path, np.ones(3), 0, 0)
    for move in (kernels.advance, kernels.advance_weighted):
        kernels.load(cover, np.zeros(3, dtype=np.bool_))
        move(cover, 2, 1, 0.3)

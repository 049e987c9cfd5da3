"""Breakout local search for max-cut.

References
----------
.. [1] U. Benlic, J.-K. Hao, "Breakout local search for the max-cut problem",
   Engineering Applications of Artificial Intelligence 26, 2013.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.slices import Reports, side_by_side
from combkit.instances.errors import UsageError
from combkit.instances.quadratic import MaxCut
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import kernel_state
from combkit.instances.solutions import Selection

if TYPE_CHECKING:
    from combkit.comb.graphs._kernels_cut import Cut, Graph

__all__ = ["solve"]

_SOURCE = "breakout"
_MILLION = 1_000_000


def solve(
    problem: MaxCut,
    run: Run,
    *,
    shortest: float = 0.25,
    longest: float = 0.5,
    patience: int = 50,
    directed: float = 0.8,
    swaps: float = 0.5,
) -> Outcome:
    """Climb to local optima and break out of them, until the run ends [1]_.

    An iteration is a change of a vertex's side. With several threads, independent
    searches run side by side.

    Parameters
    ----------
    problem : MaxCut
        The problem.
    run : Run
        The run.
    shortest, longest : float
        Changes of a perturbation at first, and of a strong one, in parts of n.
    patience : int
        Local optima without a better cut until a strong perturbation.
    directed : float
        Smallest chance of a perturbation by gains.
    swaps : float
        Chance that another one exchanges vertices of both sides.

    Raises
    ------
    UsageError
        If a number is out of its range.

    References
    ----------
    See the module.
    """
    if not 0.0 < shortest <= longest <= 1.0 or patience < 1:
        raise UsageError(
            f"shortest={shortest:g}, longest={longest:g}, patience={patience}: "
            "0 < shortest <= longest <= 1, patience >= 1"
        )
    if not (0.0 <= directed <= 1.0 and 0.0 <= swaps <= 1.0):
        raise UsageError(f"directed={directed:g}, swaps={swaps:g}: 0 to 1")
    # Heavy edges are cut greedily before anything is compiled.
    start = _greedy(problem)
    if isinstance(run.initial, Selection):
        start = np.zeros(problem.n, np.uint8)
        start[run.initial.selected] = 1
    run.report(Selection(np.flatnonzero(start)), "greedy")
    total = float(np.maximum(problem.weights, 0).sum())
    run.report_bound(total, "all edges of positive weight")
    if len(problem.edges) == 0 or run.should_stop():
        return Outcome()
    run.supervise(_warm_up)
    options = (
        max(1, round(shortest * problem.n)),
        max(1, round(longest * problem.n)),
        patience,
        round(directed * _MILLION),
        round(swaps * _MILLION),
    )
    _Search(problem, run, start, options).go()
    return Outcome()


def _greedy(problem: MaxCut) -> NDArray[np.uint8]:
    """Return sides: each vertex in turn against the heavier side before it."""
    side = np.zeros(problem.n, np.uint8)
    pull = np.zeros(problem.n)
    ends = problem.edges[:, 0].searchsorted(np.arange(problem.n + 1))
    for v in range(problem.n):
        # Positive: its neighbours before it weigh more on side 0.
        side[v] = pull[v] > 0.0
        later = slice(ends[v], ends[v + 1])
        sign = -1.0 if side[v] else 1.0
        pull[problem.edges[later, 1]] += sign * problem.weights[later]
    return side


class _Search:
    """Cuts of one graph, advanced in short slices."""

    def __init__(
        self,
        problem: MaxCut,
        run: Run,
        start: NDArray[np.uint8],
        options: tuple[int, ...],
    ) -> None:
        from combkit.comb.graphs import _kernels_cut as kernels

        self._kernels, self._run, self._options = kernels, run, options
        self._graph = _graph_of(problem)
        self._cuts = [
            _cut_of(self._graph, start, run.seed, number)
            for number in range(run.threads)
        ]
        self._reports = Reports(run, _SOURCE)

    def go(self) -> None:
        """Search until the run ends or a cut is as heavy as any can be."""
        side_by_side(self._run, self._cuts, self._advance, self._report, steps=1_000)

    def _advance(self, cut: Cut, moves: int) -> bool:
        self._kernels.search(self._graph, cut, moves, *self._options)
        bound = self._run.bound
        return bound is None or float(cut.sums[self._kernels.BEST]) < bound

    def _report(self, last: bool) -> None:
        best = self._kernels.BEST
        cut = max(self._cuts, key=lambda cut: float(cut.sums[best]))
        self._reports.offer(
            float(cut.sums[best]),
            lambda: Selection(np.flatnonzero(cut.best)),
            last=last,
        )


def _warm_up() -> None:
    """Load or compile the kernels, at a triangle."""
    from combkit.comb.graphs import _kernels_cut as kernels

    triangle = MaxCut(3, [[0, 1], [1, 2], [0, 2]])
    graph = _graph_of(triangle)
    cut = _cut_of(graph, np.zeros(3, np.uint8), 0, 0)
    kernels.search(graph, cut, 1, 1, 1, 1, 0, 0)


def _graph_of(problem: MaxCut) -> Graph:
    """Return the neighbours of each vertex."""
    from combkit.comb.graphs._kernels_cut import Graph

    ends = np.concatenate([problem.edges, problem.edges[:, ::-1]])
    weights = np.concatenate([problem.weights, problem.weights]).astype(np.float64)
    order = np.argsort(ends[:, 0], kind="stable")
    first = np.searchsorted(ends[order, 0], np.arange(problem.n + 1))
    return Graph(first, ends[order, 1].astype(np.int32), weights[order])


def _cut_of(graph: Graph, side: NDArray[np.uint8], seed: int, number: int) -> Cut:
    """Return the state of a search that stands at a partition."""
    from combkit.comb.graphs import _kernels_cut as kernels

    n = side.size
    cut = kernels.Cut(
        side.copy(),
        np.zeros(n),
        np.zeros(n, np.int64),
        side.copy(),
        np.array([0.0, -np.inf, -np.inf]),
        np.zeros(3, np.int64),
        kernel_state(seed, number),
    )
    kernels.stand(graph, cut)
    return cut

"""Memetic search for max-cut: tabu searches from crossings of elite cuts.

References
----------
.. [1] Q. Wu, J.-K. Hao, "A memetic approach for the max-cut problem", PPSN XII, 2012.
.. [2] U. Benlic, J.-K. Hao, "Breakout local search for the max-cut problem",
   Engineering Applications of Artificial Intelligence 26, 2013.
.. [3] R. Tinós, D. Whitley, F. Chicano, "Partition crossover for pseudo-Boolean
   optimization", FOGA XIII, 2015.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.slices import Reports, side_by_side
from combkit.instances.errors import UsageError
from combkit.instances.quadratic import MaxCut
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import generator, kernel_state
from combkit.instances.solutions import Selection

if TYPE_CHECKING:
    from combkit.comb.graphs._kernels_cut import Cut, Graph

__all__ = ["solve"]

Sides = NDArray[np.uint8]

_SOURCE = "memetic"
#: Moves for which a vertex may not move again, at least and on top, in parts of n.
#: Random graphs want the shortest, tori long ones.
_TENURES = ((1 / 80, 1 / 40), (1 / 40, 1 / 20), (1 / 40, 1 / 11), (1 / 40, 1 / 8))
#: Fewest and most elite cuts by default, and vertices for one.
_ELITE, _VERTICES = (20, 40), 60
#: Part of the vertices in which cuts of the population differ at least.
_APART = 1 / 25
#: Children without a better elite, in multiples of it, until it is given up.
_STALE = 3


def solve(
    problem: MaxCut, run: Run, *, population: int | None = None, depth: int = 10
) -> Outcome:
    """Search from random cuts, then from crossings of the best of them [1]_.

    Each tabu search moves the best vertex that did not move lately, with tenures as
    of [2]_ and shorter ones, which it learns to choose from, and ends ``depth n`` moves
    after its best cut. A crossing keeps what two cuts agree in. Where they differ in
    parts that no edge joins, it takes the better of both in each part [3]_. An elite
    that gets no better is given up for a new one. An iteration is a change of a
    vertex's side. With several threads, independent populations evolve side by side.

    Parameters
    ----------
    problem : MaxCut
        The problem.
    run : Run
        The run.
    population : int, optional
        Number of elite cuts; by default a sixtieth of n, from 20 to 40.
    depth : int
        Moves without a better cut until a tabu search ends, in multiples of n.

    Raises
    ------
    UsageError
        If a number is out of its range.

    References
    ----------
    See the module.
    """
    if population is None:
        population = min(max(_ELITE[0], problem.n // _VERTICES), _ELITE[1])
    if population < 2 or depth < 1:
        raise UsageError(f"population={population}, depth={depth}: from 2, from 1")
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
    graph = run.supervise(lambda: _warmed(problem))
    populations = [
        _Population(graph, start, population, depth, run.seed, number)
        for number in range(run.threads)
    ]
    reports = Reports(run, _SOURCE)

    def advance(evolving: _Population, moves: int) -> bool:
        evolving.advance(moves)
        return run.bound is None or evolving.value < run.bound

    def report(last: bool) -> None:
        best = max(populations, key=lambda evolving: evolving.value)
        reports.offer(
            best.value, lambda: Selection(np.flatnonzero(best.side)), last=last
        )

    side_by_side(run, populations, advance, report, steps=1_000)
    return Outcome()


def _greedy(problem: MaxCut) -> Sides:
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


class _Population:
    """Elite cuts of one graph, and the tabu search that works on the next one."""

    def __init__(
        self,
        graph: Graph,
        start: Sides,
        size: int,
        depth: int,
        seed: int,
        number: int,
    ) -> None:
        from scipy.sparse import csr_array

        from combkit.comb.graphs import _kernels_cut as kernels

        n = start.size
        self._kernels, self._graph, self._size = kernels, graph, size
        self._near = csr_array(
            (graph.twice.astype(np.float64), graph.near.view(np.int32), graph.first),
            shape=(n, n),
        )
        self._depth = depth * n
        self._tenures = [(max(1, int(n * a)), int(n * b)) for a, b in _TENURES]
        self._arm, self._paid = 0, np.zeros((3, len(_TENURES)))
        self._random = generator(seed, number, 1)
        self._elite: list[tuple[float, Sides]] = []
        self._stale = 0
        self._cut = _cut_of(graph, start, seed, number, 2 + sum(self._tenures[-1]))
        self._value, self._side = self._now, start

    @property
    def _now(self) -> float:
        return float(self._cut.sums[self._kernels.BEST] * self._graph.unit)

    @property
    def value(self) -> float:
        """Weight of the best cut."""
        return max(self._value, self._now)

    @property
    def side(self) -> Sides:
        """Sides of the best cut."""
        side: Sides = self._cut.best if self._now > self._value else self._side
        return side

    def _choose(self) -> int:
        """Return a tenure: the best by a draw of what each is worth (Thompson).

        By normal laws: a worth is a weight, not in [0, 1] as for bandits of Balans.
        """
        times, total, square = self._paid
        if times.min() < 2:
            return int(times.argmin())
        mean = total / times
        error = np.sqrt((square / times - mean**2).clip(0.0) / times)
        return int(self._random.normal(mean, error).argmax())

    def advance(self, moves: int) -> None:
        """Make some moves; begin anew, from a crossing, where a search has ended."""
        count, kernels = self._cut.count, self._kernels
        end = int(count[kernels.MOVES]) + moves
        while (left := end - int(count[kernels.MOVES])) > 0:
            if count[kernels.SINCE] >= self._depth:
                self._end()
                self._arm = self._choose()
                self._cut.side[:] = self._begin()
                kernels.stand(self._graph, self._cut)
            tenure = self._tenures[self._arm]
            kernels.search(self._graph, self._cut, left, self._depth, *tenure)

    def _end(self) -> None:
        """Let the cut of a search join the elite if it is good enough, or new."""
        value, side = self._now, self._cut.best.copy()
        if value > self._value:
            self._value, self._side = value, side
        if len(self._elite) < self._size:
            self._elite.append((value, side))
            return
        gain = value - float(np.mean([other for other, _ in self._elite]))
        self._paid[:, self._arm] += 1.0, gain, gain**2
        distances = [_distance(other, side) for _, other in self._elite]
        place = int(np.argmin(distances))
        if distances[place] >= _APART * side.size:
            place = min(range(self._size), key=lambda k: self._elite[k][0])
        least = self._elite[place][0]
        if value >= least:
            self._elite[place] = value, side
        self._stale = 0 if value > least else self._stale + 1
        if self._stale >= _STALE * self._size:
            # All of one kind by now: only others can lead elsewhere.
            self._elite.clear()
            self._stale = 0

    def _begin(self) -> Sides:
        """Return a random cut, or a crossing of two once the elite is complete."""
        rng = self._random
        if len(self._elite) < self._size:
            chance: Sides = rng.integers(0, 2, self._side.size, dtype=np.uint8)
            return chance
        first, second = rng.choice(self._size, 2, replace=False)
        one, other = self._elite[first][1], self._elite[second][1]
        n = one.size
        if 2 * int((one != other).sum()) > n:
            other = 1 - other  # the same cut, its sides named the other way
        apart = np.flatnonzero(one != other)
        child = self._best_of_both(one, apart)
        if child is None:
            child = one.copy()
            child[rng.permutation(apart)[: apart.size // 2]] ^= 1
            if 2 * apart.size < _APART * n:
                child[rng.integers(0, n, max(1, n // 20))] ^= 1
        return child

    def _best_of_both(self, one: Sides, apart: NDArray[np.int64]) -> Sides | None:
        """Return the best crossing of a cut and another, which differ in some vertices.

        Parts of these that no edge joins are of no concern to each other. None if one
        of both is the better one in all parts.
        """
        from scipy.sparse.csgraph import connected_components

        rows = self._near[apart]
        parts, part = connected_components(rows[:, apart], directed=False)
        side = 2.0 * one - 1.0
        rest = side.copy()
        rest[apart] = 0.0
        # An edge to the rest is cut by the change if it was not before.
        gain = np.bincount(part, side[apart] * (rows @ rest), parts)
        other = (gain > 0.0) | ((gain == 0.0) & (self._random.random(parts) < 0.5))
        if other.all() or not other.any():
            return None
        best = one.copy()
        best[apart[other[part]]] ^= 1
        return best


def _distance(one: Sides, other: Sides) -> int:
    """Return the vertices in which two cuts differ, however their sides are named."""
    differ = int((one != other).sum())
    return min(differ, one.size - differ)


def _warmed(problem: MaxCut) -> Graph:
    """Return the graph, for which the kernels are loaded or compiled."""
    from combkit.comb.graphs import _kernels_cut as kernels

    graph = _graph_of(problem)
    cut = _cut_of(graph, np.zeros(problem.n, np.uint8), 0, 0, 3)
    kernels.search(graph, cut, 0, 1, 1, 1)
    return graph


def _graph_of(problem: MaxCut) -> Graph:
    """Return the neighbours of each vertex."""
    from combkit.comb.graphs._kernels_cut import BLOCK, Graph

    n, vertices = problem.n, np.arange(problem.n + 1)
    ends = np.concatenate([problem.edges, problem.edges[:, ::-1]])
    weights = np.concatenate([problem.weights, problem.weights])
    kind, unit = _unit_of(weights, np.bincount(ends[:, 0], np.abs(weights), n).max())
    order = np.argsort(ends[:, 0], kind="stable")
    blocks = n // BLOCK + 1
    places = ends[:, 0] * blocks + ends[:, 1] // BLOCK
    own = vertices[:-1] * blocks + vertices[:-1] // BLOCK
    vertex, block = np.divmod(np.unique(np.concatenate([places, own])), blocks)
    return Graph(
        first=np.searchsorted(ends[order, 0], vertices),
        near=ends[order, 1].astype(np.uint32),
        twice=2 * np.rint(weights[order] / unit).astype(kind),
        far=(np.iinfo(kind).max + 1) // 2,
        start=np.searchsorted(vertex, vertices),
        block=block.astype(np.uint32),
        unit=unit,
    )


def _unit_of(weights: NDArray[np.float64], most: float) -> tuple[type, float]:
    """Return the kind of whole numbers for gains up to `most`, and what 1 stands for.

    The shorter they are, the more of them are looked at in one step.
    """
    if (weights == np.rint(weights)).all():
        for kind in (np.int16, np.int32, np.int64):
            if 4 * most <= np.iinfo(kind).max:
                return kind, 1.0
    unit = float(np.exp2(np.ceil(np.log2(most)) - 60))
    return np.int64, max(unit, float(np.finfo(np.float64).smallest_subnormal))


def _cut_of(graph: Graph, side: Sides, seed: int, number: int, slots: int) -> Cut:
    """Return the state of a search that stands at a partition."""
    from combkit.comb.graphs import _kernels_cut as kernels

    n = side.size
    blocks = -(-n // kernels.BLOCK)
    kind = graph.twice.dtype
    cut = kernels.Cut(
        side.copy(),
        np.full(blocks * kernels.BLOCK, -2 * graph.far, kind),
        np.zeros(blocks, kind),
        np.full(1 << slots.bit_length(), -1),
        np.full(n, -1),
        side.copy(),
        np.zeros(2),
        np.zeros(2, np.int64),
        kernel_state(seed, number),
    )
    kernels.stand(graph, cut)
    return cut

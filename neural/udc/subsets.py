"""Pieces of knapsacks and graphs: some items, some vertices."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from combkit.comb.graphs.view import adjacency
from combkit.comb.packing.greedy_knapsack import by_density
from combkit.instances.graph_sets import IndependentSet
from combkit.instances.knapsack import Knapsack
from combkit.instances.solutions import Selection
from combkit.instances.subsets import total
from combkit.neural.udc.cells import windows
from combkit.neural.udc.pieces import Piece

__all__ = ["ItemCutter", "VertexCutter"]

Integers = NDArray[np.int64]


class ItemCutter:
    """Cuts the items of a knapsack.

    In turn, pieces are random items, and items of like profit per weight: the second
    have one piece around the item at which the capacity is spent, which decides.

    Parameters
    ----------
    problem : Knapsack
        The problem.
    """

    def __init__(self, problem: Knapsack) -> None:
        self._problem = problem
        order = by_density(problem.profits, problem.weights)
        full = np.cumsum(problem.weights[order], dtype=np.float64)
        self._order = order
        self._break = int(np.searchsorted(full, problem.capacity))
        sums = max(float(problem.profits.sum()), float(full[-1]), 1e-300)
        #: Fractions become integers by this factor, within what 53 bits hold.
        self._scale = 2.0 ** (52 - math.ceil(math.log2(sums)))

    def cells(
        self, solution: Selection, size: int, stage: int, rng: np.random.Generator
    ) -> list[Integers]:
        """Return groups of items."""
        n = self._problem.n
        if stage % 2:
            return windows(rng.permutation(n), size, 0)
        offset = int(rng.integers(n)) if stage else self._break - min(size, n // 2) // 2
        return windows(self._order, size, offset)

    def piece(self, solution: Selection, cell: Integers) -> Piece | None:
        """Return the problem of some items, with all room that others leave."""
        problem = self._problem
        taken = np.zeros(problem.n, bool)
        taken[solution.selected] = True
        mine = np.zeros(problem.n, bool)
        mine[cell] = True
        cell = np.sort(cell)
        rest = np.flatnonzero(taken & ~mine)
        room = problem.capacity - total(problem.weights[rest])
        profits, weights = problem.profits[cell], problem.weights[cell]
        if not (problem.integral and profits.dtype == np.int64):
            # Rounded so that what fits the integers fits; exact but for the last bits.
            profits = np.floor(profits * self._scale).astype(np.int64)
            weights = np.ceil(weights * self._scale).astype(np.int64)
            room = math.floor(room * self._scale)
        if room <= 0:
            return None
        small = Knapsack(profits, weights, room)
        start = Selection(np.flatnonzero(taken[cell]))
        if small.check(start):  # by rounding
            start = Selection([])
        return Piece(
            small,
            start,
            lambda found: Selection(np.concatenate([rest, cell[found.selected]])),
        )


class VertexCutter:
    """Cuts a graph into what is left when vertices that are far away stay chosen.

    A piece has the vertices that none of those excludes. In a dense graph a few
    chosen vertices exclude most others, so pieces are measured by what is left.

    Parameters
    ----------
    problem : IndependentSet
        The problem.
    """

    def __init__(self, problem: IndependentSet) -> None:
        self._problem = problem
        self._graph = adjacency(problem.n, problem.edges)

    def cells(
        self, solution: Selection, size: int, stage: int, rng: np.random.Generator
    ) -> list[Integers]:
        """Return all vertices from several places on, near ones first."""
        n = self._problem.n
        count = max(2, math.ceil(n / size))
        self._size = min(size, 9 * n // 10)
        return [self._from(int(root)) for root in rng.integers(n, size=count)]

    def _from(self, root: int) -> Integers:
        """Return the vertices in the order of a breadth-first search."""
        n = self._problem.n
        order = np.empty(n, np.int64)
        seen = np.zeros(n, bool)
        seen[root], order[0] = True, root
        head, tail, other = 0, 1, 0
        while head < n:
            if head == tail:  # another component
                other += int(np.argmin(seen[other:]))
                seen[other], order[tail] = True, other
                tail += 1
            near = self._graph.of(int(order[head]))
            fresh = near[~seen[near]]
            seen[fresh] = True
            order[tail : tail + fresh.size] = fresh
            tail += fresh.size
            head += 1
        return order

    def piece(self, solution: Selection, cell: Integers) -> Piece | None:
        """Return the graph that chosen vertices leave, those that come last kept."""
        problem = self._problem
        taken = np.zeros(problem.n, bool)
        taken[solution.selected] = True
        free = np.ones(problem.n, bool)
        left = problem.n
        for vertex in cell[::-1][taken[cell[::-1]]].tolist():
            if left <= self._size:
                break
            free[vertex] = False
            near = self._graph.of(vertex)
            left -= 1 + int(free[near].sum())
            free[near] = False
            taken[vertex] = False
        nodes = np.flatnonzero(free)
        if nodes.size == 0:
            return None
        graph = self._graph.induced(nodes)
        owner = np.repeat(np.arange(nodes.size), np.diff(graph.offsets))
        forward = owner < graph.near
        edges = np.stack([owner[forward], graph.near[forward]], axis=1)
        weights = None if problem.weights is None else problem.weights[nodes]
        rest = np.setdiff1d(solution.selected, nodes)
        return Piece(
            IndependentSet(nodes.size, edges, weights),
            Selection(np.flatnonzero(taken[nodes])),
            lambda found: Selection(np.concatenate([rest, nodes[found.selected]])),
        )

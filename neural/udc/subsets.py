"""Pieces of knapsacks and graphs: some items, some vertices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.comb.graphs.view import adjacency
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
        weights = np.maximum(problem.weights.astype(np.float64), 1e-300)
        self._order = np.argsort(-problem.profits / weights, kind="stable")

    def cells(
        self, solution: Selection, size: int, stage: int, rng: np.random.Generator
    ) -> list[Integers]:
        """Return groups of items."""
        n = self._problem.n
        if stage % 2:
            return windows(rng.permutation(n), size, 0)
        offset = int(rng.integers(n)) if stage else 0
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
        if room <= 0:
            return None
        small = Knapsack(problem.profits[cell], problem.weights[cell], room)
        start = Selection(np.flatnonzero(taken[cell]))
        if small.check(start):  # by the rounding of sums
            return None
        return Piece(
            small,
            start,
            lambda found: Selection(np.concatenate([rest, cell[found.selected]])),
        )


class VertexCutter:
    """Cuts a graph into vertices that are near each other.

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
        """Return vertices in the order of a breadth-first search, in windows."""
        n = self._problem.n
        order = np.empty(n, np.int64)
        seen = np.zeros(n, bool)
        head = tail = 0
        for root in rng.permutation(n).tolist():
            if seen[root]:
                continue
            seen[root] = True
            order[tail] = root
            tail += 1
            while head < tail:
                near = self._graph.of(int(order[head]))
                fresh = near[~seen[near]]
                seen[fresh] = True
                order[tail : tail + fresh.size] = fresh
                tail += fresh.size
                head += 1
        return windows(order, size, 0)

    def piece(self, solution: Selection, cell: Integers) -> Piece | None:
        """Return the vertices of a cell that no chosen one outside excludes."""
        problem = self._problem
        inside = np.zeros(problem.n, bool)
        inside[cell] = True
        taken = np.zeros(problem.n, bool)
        taken[solution.selected] = True
        outside = taken & ~inside
        ends = problem.edges
        for a, b in ((0, 1), (1, 0)):
            inside[ends[outside[ends[:, a]], b]] = False
        nodes = np.flatnonzero(inside)
        if nodes.size == 0:
            return None
        place = np.full(problem.n, -1)
        place[nodes] = np.arange(nodes.size)
        edges = place[ends]
        edges = edges[(edges >= 0).all(axis=1)]
        weights = None if problem.weights is None else problem.weights[nodes]
        rest = np.flatnonzero(outside)
        return Piece(
            IndependentSet(nodes.size, edges, weights),
            Selection(np.flatnonzero(taken[nodes])),
            lambda found: Selection(np.concatenate([rest, nodes[found.selected]])),
        )

"""Pieces of tours: blocks of the plane, or windows of the tour."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.solutions import Tour
from combkit.instances.tsp import ATSP, TSP
from combkit.neural.udc.cells import blocks, plane, windows
from combkit.neural.udc.contraction import Contraction
from combkit.neural.udc.pieces import Piece

__all__ = ["TourCutter"]

Integers = NDArray[np.int64]

#: Fewer cities, or fewer edges that may change, are not worth a search.
_FEWEST = 5


class TourCutter:
    """Cuts tours through all cities.

    Where there are coordinates, pieces are blocks of the plane. Elsewhere they are
    windows of the tour, whose ends shift by half a window and then at random.

    Parameters
    ----------
    problem : TSP or ATSP
        The problem.
    cut : str
        See `cells.plane`.
    """

    def __init__(self, problem: TSP | ATSP, cut: str = "auto") -> None:
        self._problem = problem
        self._points = plane(problem, cut)

    def cells(
        self, solution: Tour, size: int, stage: int, rng: np.random.Generator
    ) -> list[Integers]:
        """Return blocks or windows of cities."""
        n = self._problem.n
        if self._points is not None:
            return blocks(self._points, np.ones(n), size, rng)
        offset = (0, size // 2)[stage] if stage < 2 else int(rng.integers(n))
        return windows(solution.tour, size, offset)

    def piece(self, solution: Tour, cell: Integers) -> Piece | None:
        """Return the problem of the cities of a cell."""
        problem = self._problem
        chosen = np.zeros(problem.n, bool)
        chosen[cell] = True
        part = Contraction(solution.tour, chosen)
        nodes = part.nodes
        kept = np.concatenate([part.kept, self._own(nodes, solution)])
        if nodes.size < _FEWEST or nodes.size - len(kept) < _FEWEST:
            return None
        fixed = kept if len(kept) else None
        changes: dict[str, Any] = {"fixed_edges": fixed, "ends": None, "display": None}
        small: TSP | ATSP
        if problem.matrix is not None:
            matrix = problem.matrix[np.ix_(nodes, nodes)]
            small = replace(problem, matrix=matrix, **changes)
        else:
            coords = np.asarray(problem.coords)[nodes]
            small = replace(problem, coords=coords, **changes)
        start = Tour(np.arange(nodes.size))
        return Piece(small, start, lambda tour: Tour(part.expand(tour.tour, nodes)))

    def _own(self, nodes: Integers, solution: Tour) -> Integers:
        """Return fixed edges of the problem between neighbours among some nodes."""
        fixed = self._problem.fixed_edges
        if fixed is None:
            return np.zeros((0, 2), np.int64)
        place = np.full(self._problem.n, -1)
        place[nodes] = np.arange(nodes.size)
        both = place[fixed]
        inside: Integers = both[(both >= 0).all(axis=1)]
        return inside

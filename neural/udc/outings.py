"""Pieces of tours that choose whom to visit: blocks, with those left out in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.prizes import OP, PCTSP
from combkit.instances.solutions import Tour
from combkit.neural.udc.cells import blocks, plane, windows
from combkit.neural.udc.contraction import Contraction
from combkit.neural.udc.pieces import Piece

__all__ = ["OutingCutter"]

Integers = NDArray[np.int64]

#: Fewer visited nodes are not worth a search.
_FEWEST = 3


class OutingCutter:
    """Cuts tours of orienteers and collectors.

    Each piece has the depot, the nodes of its cell, visited or not, and all that is
    left of the length or of the quota.

    Parameters
    ----------
    problem : OP or PCTSP
        The problem.
    cut : str
        See `cells.plane`.
    """

    def __init__(self, problem: OP | PCTSP, cut: str = "auto") -> None:
        self._problem = problem
        self._points = plane(problem, cut)

    def cells(
        self, solution: Tour, size: int, stage: int, rng: np.random.Generator
    ) -> list[Integers]:
        """Return blocks of nodes, or windows of the tour with some that are not on it.

        Those left out have no place on the tour: they are put in anywhere.
        """
        n = self._problem.n + 1
        if self._points is not None:
            return blocks(self._points, np.ones(n), size, rng)
        visited = np.zeros(n, bool)
        visited[solution.tour] = True
        key = np.empty(n)
        key[solution.tour] = np.arange(solution.tour.size)
        key[~visited] = rng.uniform(0, solution.tour.size, n - solution.tour.size)
        return windows(np.argsort(key, kind="stable"), size, int(rng.integers(n)))

    def piece(self, solution: Tour, cell: Integers) -> Piece | None:
        """Return the problem of the nodes of a cell."""
        problem = self._problem
        chosen = np.zeros(problem.n + 1, bool)
        chosen[cell] = chosen[0] = True
        tour = solution.tour
        part = Contraction(np.roll(tour, -int(np.flatnonzero(tour == 0)[0])), chosen)
        on = np.zeros(problem.n + 1, bool)
        on[tour] = True
        nodes = np.concatenate([part.nodes, np.flatnonzero(chosen & ~on)])
        if part.nodes.size < _FEWEST or len(part.kept) == part.nodes.size:
            return None
        small = _of_nodes(problem, nodes)
        start = Tour(np.arange(part.nodes.size))
        if isinstance(small, OP):
            outside = problem.length(solution) - small.length(start)
            # Others may have gone too far already, but a price needs some limit.
            least = 1e-9 * float(small.limit)
            small = replace(small, limit=max(least, small.limit - outside))
        else:
            outside = float(problem.prizes[on & ~chosen].sum())
            small = replace(small, quota=max(0.0, small.quota - outside))
        return Piece(
            small,
            start,
            lambda found: Tour(part.expand(found.tour, nodes)),
            kept=part.kept,
        )


def _of_nodes(problem: OP | PCTSP, nodes: Integers) -> OP | PCTSP:
    """Return the problem of some of the nodes, the depot first."""
    coords = None if problem.coords is None else problem.coords[nodes]
    matrix = None
    if problem.matrix is not None:
        matrix = problem.matrix[np.ix_(nodes, nodes)]
    changes: dict[str, Any] = {"coords": coords, "matrix": matrix, "display": None}
    changes["prizes"] = problem.prizes[nodes]
    if isinstance(problem, PCTSP):
        changes["penalties"] = problem.penalties[nodes]
    return replace(problem, **changes)

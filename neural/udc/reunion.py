"""Reunion: where a solution is cut from stage to stage, and which pieces are due.

References
----------
.. [1] Z. Zheng et al., "UDC: a unified neural divide-and-conquer framework for
   large-scale combinatorial optimization problems", NeurIPS 2024.
   https://arxiv.org/abs/2407.00312
.. [2] É. D. Taillard, S. Voss, "POPMUSIC: partial optimization metaheuristic under
   special intensification conditions", in Essays and Surveys in Metaheuristics, 2002.
   https://doi.org/10.1007/978-1-4615-1507-4_27
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.neural.udc.pieces import Cutter

__all__ = ["REUNIONS", "Reunion"]

Integers = NDArray[np.int64]

#: Ways to reunite.
SHIFT, QUEUE, ONCE = REUNIONS = ("shift", "queue", "once")


class Reunion:
    """Says which groups of nodes are conquered in each stage of an attempt.

    Parameters
    ----------
    cutter : Cutter
        Cuts solutions.
    nodes : int
        More than the largest node.
    size : int
        Nodes of a piece, about.
    way : {"shift", "queue", "once"}
        Cut elsewhere in every stage [1]_; leave out what is as it was when it last
        resisted, as POPMUSIC does [2]_; or cut where the first stage did, so that
        nothing is reunited.
    stable : int
        Stages after which an edge of a tour that nobody has changed stays, so that
        pieces contract and reach further; 0 for never.
    rng : Generator
        For the place of the cuts.
    """

    def __init__(
        self,
        cutter: Cutter,
        nodes: int,
        size: int,
        way: str,
        stable: int,
        rng: np.random.Generator,
    ) -> None:
        self._cutter, self._size, self._way = cutter, size, way
        self._stable, self._rng = stable, rng
        self._cells: list[Integers] = []
        self._due = np.ones(nodes, bool)
        self._beside = np.full((nodes, 2), -1)
        self._age = np.zeros(nodes, np.int64)

    def cells(self, solution: Any, stage: int) -> list[Integers]:
        """Return groups of nodes to conquer, perhaps none.

        Parameters
        ----------
        solution : Solution
            The solution as it is.
        stage : int
            Number of the stage.
        """
        if self._way == ONCE and stage > 0:
            return self._cells
        size = self._size
        free = np.ones(self._age.size, bool)
        if self._stable > 0:
            free = self._changing(solution)
            size = size * free.size // max(1, int(free.sum()))
        cells = self._cutter.cells(solution, size, stage, self._rng)
        if self._stable > 0:
            cells = [cell[free[cell]] for cell in cells]
        if self._way == QUEUE:
            cells = [cell for cell in cells if self._due[cell].any()]
        self._cells = cells
        return cells

    def settle(self, cell: Integers, changed: bool) -> None:
        """Tell whether somebody has changed the piece of a group of nodes."""
        self._due[cell] = changed

    def _changing(self, solution: Any) -> NDArray[np.bool_]:
        """Return which nodes have an edge that was changed some stages ago or less."""
        tour = solution.tour
        beside = np.empty_like(self._beside)
        beside[tour] = np.sort(np.stack([np.roll(tour, 1), np.roll(tour, -1)]), 0).T
        self._age += 1
        self._age[(beside != self._beside).any(axis=1)] = 0
        self._beside = beside
        return self._age < self._stable

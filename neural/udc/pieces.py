"""What a problem must know to be solved in pieces.

A piece is again an instance of a kind that combkit solves, with the solution that it
has now, so every solver of its kind can conquer it; what it finds is put back into
the whole, where it is as good there as in the piece.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from combkit.instances.problem import Problem
from combkit.instances.solutions import Solution

__all__ = ["Cutter", "Piece", "size_of"]

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a problem, with the part of the solution.

    Parameters
    ----------
    problem : Problem
        The part.
    start : Solution
        The part of the solution.
    join : callable
        Makes the whole solution from one of the part.
    kept : ndarray of int64, shape (k, 2), optional
        Edges that a solution of the part must have, where ``problem`` cannot say so.
    """

    problem: Problem
    start: Solution
    join: Callable[[Any], Solution]
    kept: Integers | None = None

    @property
    def size(self) -> int:
        """Number of its nodes, items or vertices."""
        return size_of(self.problem)


def size_of(problem: Problem) -> int:
    """Return the number of a problem's nodes, items or vertices.

    Parameters
    ----------
    problem : Problem
        The problem.
    """
    return next(iter(problem.size.values()))


class Cutter(Protocol):
    """Cuts solutions of one problem into pieces."""

    def cells(
        self, solution: Any, size: int, stage: int, rng: np.random.Generator
    ) -> list[Integers]:
        """Return groups of nodes; every stage cuts elsewhere.

        Parameters
        ----------
        solution : Solution
            The solution.
        size : int
            Nodes of a group, about; there are at least two groups.
        stage : int
            Number of the stage.
        rng : Generator
            For the place of the cuts.
        """
        ...

    def piece(self, solution: Any, cell: Integers) -> Piece | None:
        """Return the piece of a group of nodes, None if there is nothing to improve.

        The solution may have changed since the cells were made.
        """
        ...

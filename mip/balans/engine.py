"""What the search asks of a solver: solve a part of the model, stream what is found."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from combkit.instances.mip import MIP

__all__ = ["Answer", "Engine", "Row", "SubProblem", "minimised", "objective_row"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """A linear row, ``lower <= values @ x[cols] <= upper``.

    Parameters
    ----------
    cols : ndarray of int, shape (k,)
        Different columns.
    values : ndarray of float, shape (k,)
        Their coefficients.
    lower, upper : float
        Bounds; infinite where open.
    """

    cols: NDArray[np.int64]
    values: Floats
    lower: float = -np.inf
    upper: float = np.inf


@dataclass(frozen=True, slots=True)
class SubProblem:
    """A part of a model that is minimised.

    Parameters
    ----------
    lower, upper : ndarray of float, shape (n,)
        Bounds of the variables.
    seconds : float
        Time limit.
    cutoff : float
        Only solutions with a lower objective are asked for; infinite without.
    rows : tuple of Row
        Further rows.
    objective : ndarray of float, shape (n,), optional
        Costs to minimise in place of the model's own. The cutoff still counts
        in the model's own objective.
    start : ndarray of float, shape (n,), optional
        Where to start from; it need not be below the cutoff.
    first : bool
        Whether the first solution is enough.
    nodes : int, optional
        Limit of branch-and-bound nodes (conflicts of CP-SAT); none without.
    """

    lower: Floats
    upper: Floats
    seconds: float
    cutoff: float = np.inf
    rows: tuple[Row, ...] = ()
    objective: Floats | None = None
    start: Floats | None = None
    first: bool = False
    nodes: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """How an engine ended.

    Parameters
    ----------
    exhausted : bool
        Whether it searched the part to its end. It proves nothing of the model.
    nodes : int
        Nodes that it took.
    """

    exhausted: bool
    nodes: int = 0


class Engine(Protocol):
    """A solver that holds the model and solves parts of it."""

    name: str

    def solve(self, part: SubProblem, found: Callable[[Floats], None]) -> Answer:
        """Solve a part; call ``found`` with each solution as it comes.

        What is found may be worse than the cutoff and violate rows by a
        solver's tolerances: the caller judges it.

        Raises
        ------
        SolverError
            If the solver fails.
        """
        ...


def minimised(problem: MIP) -> MIP:
    """Return the problem as a minimisation, without names."""
    sign = -1.0 if problem.maximize else 1.0
    return dataclasses.replace(
        problem,
        c=sign * problem.c,
        offset=sign * problem.offset,
        maximize=False,
        col_names=None,
        row_names=None,
    )


def objective_row(problem: MIP, cutoff: float) -> Row:
    """Return the row that keeps a minimisation's objective below a cutoff."""
    cols = np.flatnonzero(problem.c)
    return Row(cols, problem.c[cols], upper=cutoff - problem.offset)

"""Robust tabu search for quadratic assignment, iterated from its best.

References
----------
.. [1] E. Taillard, "Robust taboo search for the quadratic assignment problem",
   Parallel Computing 17, 1991.
.. [2] A. Misevicius, "An implementation of the iterated tabu search algorithm for
   the quadratic assignment problem", OR Spectrum 34, 2012.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.slices import Reports, side_by_side
from combkit.instances.errors import UsageError
from combkit.instances.quadratic import QuadraticAssignment
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import kernel_state
from combkit.instances.solutions import Assignment

if TYPE_CHECKING:
    from combkit.comb.graphs._kernels_assign import Assigned

__all__ = ["solve"]

_SOURCE = "tabu"


def solve(
    problem: QuadraticAssignment, run: Run, *, patience: int = 200, shaken: float = 1.0
) -> Outcome:
    """Exchange places of two facilities at least cost, with a tabu list [1]_.

    After ``patience n`` exchanges without a better value the search goes on from its
    best permutation with some facilities moved [2]_, first few and then more. An
    iteration is an exchange. With several threads, independent searches run side by
    side.

    Parameters
    ----------
    problem : QuadraticAssignment
        The problem.
    run : Run
        The run.
    patience : int
        Exchanges without progress until a shake, in multiples of n.
    shaken : float
        Largest part of the facilities that a shake moves.

    Raises
    ------
    UsageError
        If a number is out of its range.

    References
    ----------
    See the module.
    """
    if patience < 1 or not 0.0 < shaken <= 1.0:
        raise UsageError(f"patience={patience}, shaken={shaken:g}: from 1, in (0, 1]")
    start = np.arange(problem.n)
    if isinstance(run.initial, Assignment):
        start = run.initial.assigned.copy()
    run.report(Assignment(start), "start")
    run.report_bound(_least(problem), "sorted products")
    if problem.n < 2 or run.should_stop():
        return Outcome()
    run.supervise(_warm_up)
    _Search(problem, run, start, patience * problem.n, shaken).go()
    return Outcome()


def _least(problem: QuadraticAssignment) -> float:
    """Return a lower bound: large flows over small distances, off the diagonal."""
    off = ~np.eye(problem.n, dtype=bool)
    flow, distance = np.sort(problem.flow[off]), np.sort(problem.distance[off])
    own = np.sort(np.diagonal(problem.flow)), np.sort(np.diagonal(problem.distance))
    return float((flow * distance[::-1]).sum() + (own[0] * own[1][::-1]).sum())


class _Search:
    """Permutations of one problem, advanced in short slices."""

    def __init__(
        self,
        problem: QuadraticAssignment,
        run: Run,
        start: NDArray[np.int64],
        patience: int,
        shaken: float,
    ) -> None:
        from combkit.comb.graphs import _kernels_assign as kernels

        self._kernels, self._run, self._patience = kernels, run, patience
        self._matrices = problem.flow, problem.distance
        self._strongest = max(2, round(shaken * problem.n))
        self._states = [
            _state_of(self._matrices, start, run.seed, number)
            for number in range(run.threads)
        ]
        self._reports = Reports(run, _SOURCE)

    def go(self) -> None:
        """Search until the run ends or the bound is reached."""
        side_by_side(self._run, self._states, self._advance, self._report)

    def _advance(self, state: Assigned, moves: int) -> bool:
        self._kernels.iterate(
            *self._matrices, state, moves, self._patience, self._strongest
        )
        bound = self._run.bound
        return bound is None or float(state.sums[self._kernels.BEST]) > bound

    def _report(self, last: bool) -> None:
        best = self._kernels.BEST
        state = min(self._states, key=lambda state: float(state.sums[best]))
        self._reports.offer(
            float(state.sums[best]), lambda: Assignment(state.best.copy()), last=last
        )


def _warm_up() -> None:
    """Load or compile the kernels for integers and floats, at two facilities."""
    from combkit.comb.graphs import _kernels_assign as kernels

    for dtype in (np.int64, np.float64):
        matrix = np.ones((2, 2), dtype)
        matrix.flags.writeable = False
        state = _state_of((matrix, matrix), np.arange(2), 0, 0)
        kernels.iterate(matrix, matrix, state, 1, 1, 2)


def _state_of(
    matrices: tuple[NDArray[Any], NDArray[Any]],
    start: NDArray[np.int64],
    seed: int,
    number: int,
) -> Assigned:
    """Return the state of a search that stands at a permutation."""
    from combkit.comb.graphs import _kernels_assign as kernels

    n, dtype = start.size, matrices[0].dtype
    most = np.iinfo(np.int64).max if dtype == np.int64 else np.inf
    state = kernels.Assigned(
        start.copy(),
        np.zeros((n, n), dtype),
        np.zeros((n, n), np.int64),
        start.copy(),
        np.array([0, most], dtype),
        np.array([0, 0, 1]),
        kernel_state(seed, number),
    )
    kernels.stand(*matrices, state)
    if number > 0:
        kernels.shake(*matrices, state, n)
    return state

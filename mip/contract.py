"""What the adapters of all MIP solvers share: starts, reports, easy endings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidSolutionError
from combkit.instances.mip import MIP, TOLERANCE
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Values

__all__ = ["Deaf", "Listener", "Reporter", "gap_limit", "settled", "start_vector"]


def gap_limit(run: Run) -> float:
    """Return the relative gap at which a solver may stop."""
    return run.problem.optimality_gap if run.limits.gap is None else run.limits.gap


def settled(problem: MIP, run: Run) -> Outcome | None:
    """Return the outcome of a model that needs no solver, else None.

    That is one without variables, or with a lower bound above its upper bound:
    solvers treat the latter in various ways, some as an error of the input.
    """
    for what, name, lower, upper in (
        ("variable", problem.col_name, problem.lower, problem.upper),
        ("row", problem.row_name, problem.row_lower, problem.row_upper),
    ):
        with np.errstate(invalid="ignore"):
            slack = TOLERANCE * np.maximum(1.0, np.abs(upper))
            crossed = lower > np.where(np.isfinite(upper), upper + slack, upper)
        crossed |= (lower == np.inf) | (upper == -np.inf)
        if crossed.any():
            k = int(np.argmax(crossed))
            why = f"{what} {name(k)}: lower bound above the upper bound"
            return Outcome(Status.INFEASIBLE, raw_status=why)
    if problem.n == 0:
        nothing = Values(np.zeros(0))
        if violations := problem.check(nothing):
            return Outcome(Status.INFEASIBLE, raw_status=violations[0])
        run.report(nothing, "trivial")
        run.report_bound(problem.offset, "trivial")
        return Outcome(Status.OPTIMAL, raw_status="no variables")
    return None


def start_vector(problem: MIP, run: Run) -> NDArray[np.float64] | None:
    """Return where to start from, NaN where open, and report it if complete.

    Parameters
    ----------
    problem : MIP
        The problem.
    run : Run
        Its run, whose ``initial`` is a complete or a partial solution.

    Returns
    -------
    ndarray of float, shape (n,), or None
        None without an initial solution.
    """
    if run.initial is None:
        return None
    if not isinstance(run.initial, Values):
        raise InvalidSolutionError(["the initial solution of a mip must be Values"])
    aligned = problem.values_of(run.initial, missing=np.nan)
    if problem.violation(aligned.values) <= TOLERANCE:
        run.report(aligned, "initial")
    return aligned.values


class Listener:
    """Carries what a native solver says to its run, from native threads.

    Callbacks must not raise into native code: what they raise is kept, ends
    the run and is raised again by ``check``.

    Parameters
    ----------
    run : Run
        The run.
    source : str
        Name of the solver.
    """

    def __init__(self, run: Run, source: str) -> None:
        self.run = run
        self.source = source
        self.stopping = False
        self._error: BaseException | None = None

    def bound(self, value: float) -> None:
        """Report a bound in the problem's own sense."""
        self.run.report_bound(float(value), self.source)

    def should_stop(self, nodes: int | None = None) -> bool:
        """Whether the solver has to end now."""
        if not self.stopping and self.run.should_stop(nodes):
            self.stopping = True
        return self.stopping

    def interrupt(self) -> None:
        """Ask the solver to end at its next callback."""
        self.stopping = True

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """Keep an exception of the body; do not let it into native code."""
        try:
            yield
        except BaseException as error:
            self._error = self._error or error
            self.stopping = True

    def listen(self, function: Callable[[], None]) -> None:
        """Call a function shielded, unless the run has left the solver behind."""
        if self.run.abandoned or self._error is not None:
            self.stopping = True
            return
        with self.shielded():
            function()

    def check(self) -> None:
        """Raise what a callback raised."""
        if self._error is not None:
            raise self._error


class Deaf(Listener):
    """A listener that hears no bounds: those of a part do not bound the problem."""

    def bound(self, value: float) -> None:
        """Keep it to oneself."""


class Reporter(Listener):
    """A listener that takes the points of a native solver of a MIP.

    Parameters
    ----------
    problem : MIP
        The problem.
    run : Run
        Its run.
    source : str
        Name of the solver.
    """

    def __init__(self, problem: MIP, run: Run, source: str) -> None:
        super().__init__(run, source)
        self.problem = problem
        self._integer = problem.integrality == 1
        self._continuous = not self._integer.any()

    def solution(self, values: ArrayLike) -> None:
        """Report a point, its integers rounded where that breaks nothing."""
        x = np.array(values, dtype=np.float64) + 0.0  # no negative zeros
        if not self._continuous:
            rounded = np.where(self._integer, np.round(x), x) + 0.0
            limit = max(TOLERANCE, self.problem.violation(x))
            if self.problem.violation(rounded) <= limit:
                x = rounded
        self.run.report(Values(x, self.problem.col_names), self.source)

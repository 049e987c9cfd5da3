"""Where a search starts: the caller's solution, or a constructive one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from combkit.comb.routing import greedy_tsp, patching, savings
from combkit.comb.routing.limits import obstacle
from combkit.comb.routing.nearness import Routing
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import InvalidSolutionError
from combkit.instances.problem import Problem
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run, unusable_start

__all__ = ["require_known", "searched", "stand_in", "start_of"]

_CONSTRUCTIVES: dict[str, Callable[..., Outcome]] = {
    "tsp": greedy_tsp.solve,
    "atsp": patching.solve,
    "cvrp": savings.solve,
    "ovrp": savings.solve,
    "vrptw": savings.solve,
}


def start_of(problem: Routing, run: Run) -> Any:
    """Return ``run.initial``, or the solution that a constructive reports.

    None if there is none, which only tight limits on routes bring about.
    """
    if run.initial is None:
        _CONSTRUCTIVES[problem.kind](problem, run)
        return run.solution
    return run.initial


def require_known(problem: Problem, run: Run) -> None:
    """Refuse a start that names what does not exist, which nobody can mend.

    Parameters
    ----------
    problem : Problem
        The problem.
    run : Run
        Its run.

    Raises
    ------
    InvalidSolutionError
        If ``run.initial`` is such a solution.
    """
    # A start that is feasible has been reported.
    if run.initial is not None and run.solution is None:
        try:
            problem.evaluate(run.initial)
        except InvalidSolutionError as error:
            raise unusable_start(error.violations) from None


def searched(problem: CVRP, run: Run, search: Callable[[], None]) -> Outcome:
    """Let a search go on from any start, and see to it that there is an answer.

    Parameters
    ----------
    problem : CVRP
        The problem.
    run : Run
        Its run.
    search : callable
        Searches until the run ends.

    Raises
    ------
    InvalidSolutionError
        If ``run.initial`` names what does not exist.
    """
    require_known(problem, run)
    if reason := obstacle(problem):
        return Outcome(Status.INFEASIBLE, raw_status=reason)
    try:
        search()
    finally:
        stand_in(problem, run)
    return Outcome()


def stand_in(problem: Routing, run: Run) -> None:
    """Report a constructive solution if there is none: a start was not mended in time.

    Parameters
    ----------
    problem : Problem
        The problem.
    run : Run
        Its run.
    """
    if run.solution is None:
        _CONSTRUCTIVES[problem.kind](problem, run)

"""Where a search starts: the caller's solution, or a constructive one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from combkit.comb.routing import greedy_tsp, patching, savings
from combkit.comb.routing.nearness import Routing
from combkit.instances.run import Outcome, Run

__all__ = ["stand_in", "start_of"]

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

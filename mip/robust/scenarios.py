"""First stages that come from outside: their scenarios are not trusted."""

from __future__ import annotations

from typing import TypeVar, cast

from combkit.instances.problem import Problem
from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.instances.solutions import FirstStage, Solution

__all__ = ["with_worst_scenario"]

S = TypeVar("S", bound=Solution | None)


def with_worst_scenario(problem: Problem, solution: S) -> S:
    """Return a first stage with its worst scenario; anything else as it is.

    Parameters
    ----------
    problem : Problem
        A problem of any kind.
    solution : Solution or None
        A solution of it, or none.

    Raises
    ------
    InvalidSolutionError
        If it is no first stage of the problem.
    """
    if not isinstance(problem, RobustKnapsack) or not isinstance(solution, FirstStage):
        return solution
    from combkit.mip.robust.worst_case import evaluate

    return cast("S", evaluate(problem, solution).solution)

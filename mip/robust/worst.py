"""Brackets of worst cases, and first stages that come from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from combkit.instances.errors import InvalidSolutionError
from combkit.instances.problem import Problem
from combkit.instances.run import Run
from combkit.instances.solutions import FirstStage, Solution, Values
from combkit.instances.stop import MaxRuntime

if TYPE_CHECKING:
    from combkit.instances.robust.knapsack import RobustKnapsack
    from combkit.instances.robust.two_stage import TwoStage

__all__ = ["Worst", "as_start", "evaluate"]

#: Relative width of a bracket that is rounding.
_ROUNDING = 1e-5

S = TypeVar("S", bound=Solution | None)


@dataclass(frozen=True, slots=True)
class Worst:
    """A bracket of the worst case of a first stage.

    Parameters
    ----------
    lower, upper : float
        The worst case is at least and at most that.
    solution : FirstStage
        The first stage, and a scenario in which its value is the adversary's end of
        the bracket: the upper one of a profit, the lower one of a cost.
    """

    lower: float
    upper: float
    solution: FirstStage

    @property
    def certified(self) -> bool:
        """Whether both ends agree but for rounding."""
        size = max(1.0, abs(self.lower), abs(self.upper))
        return self.upper - self.lower <= _ROUNDING * size


def evaluate(
    problem: RobustKnapsack | TwoStage,
    solution: FirstStage,
    *,
    time_limit: float | None = None,
    separation: str = "auto",
) -> Worst:
    """Return the worst case of a first stage as a bracket.

    Parameters
    ----------
    problem : RobustKnapsack or TwoStage
        The problem.
    solution : FirstStage
        The first stage; its scenario, if any, is not looked at.
    time_limit : float, optional
        Seconds after which the bracket of a general problem stays open.
    separation : str
        How worst scenarios of a general problem are found: see the solver ``ccg``.

    Raises
    ------
    InvalidSolutionError
        If it is no first stage of the problem.

    Examples
    --------
    >>> from combkit.instances.robust.knapsack import RobustKnapsack
    >>> problem = RobustKnapsack([6, 5], [4, 1], [2, 1], [3, 3], [8, 7], 6, 1)
    >>> worst = evaluate(problem, FirstStage([1, 1]))
    >>> round(worst.lower, 6), round(worst.upper, 6), worst.certified
    (7.0, 7.0, True)
    """
    # Late: whoever solves anything imports this module.
    if problem.kind == "rkp":
        from combkit.mip.robust import worst_case

        return worst_case.evaluate(cast("RobustKnapsack", problem), solution)
    from combkit.mip.robust.ccg.evaluation import bracket

    stop: Any = None if time_limit is None else MaxRuntime(time_limit)
    run = Run(problem, stop=stop)
    return bracket(cast("TwoStage", problem), solution, run, separation)


def as_start(problem: Problem, solution: S) -> S:
    """Return a first stage as a solver may start from it; anything else as it is.

    Scenarios that come from outside are not trusted. A robust knapsack gets the worst
    one; elsewhere that may take long, and the solver looks for it.

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
    if not isinstance(solution, FirstStage):
        return solution
    if problem.kind == "rkp":
        return cast("S", evaluate(cast("RobustKnapsack", problem), solution).solution)
    x = solution.first_stage
    if violations := cast("TwoStage", problem).first.program().check(Values(x)):
        raise InvalidSolutionError(violations)
    return cast("S", FirstStage(x))

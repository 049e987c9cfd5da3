"""Robust knapsack by local search: cheap estimates lead, exact worst cases decide.

In any scenario, with the weight at any price, a first stage earns at most a linear
function of it. The smallest of such functions, one for each worst scenario that was
met, is an estimate that is wrong by what a knapsack loses to rounding, and all flips
and swaps of items are judged by it in microseconds. Where it leads to, the exact worst
case is looked for, as far as is needed to see that it is no better than the best known
one; its scenario is one estimate more. The first climbs start from roundings of the
linear relaxation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UsageError
from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.instances.run import Outcome, Run
from combkit.mip.robust.judge import Judge
from combkit.mip.robust.relaxed import relaxation, roundings
from combkit.mip.robust.safe import safe_start
from combkit.mip.robust.search import Search

__all__ = ["solve"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SOURCE = "robust-ls"


def solve(
    problem: RobustKnapsack, run: Run, *, estimates: int = 100, shake: int = 4
) -> Outcome:
    """Climb by estimates, judge by the exact worst case, shake and climb again.

    An iteration is a climb.

    Parameters
    ----------
    problem : RobustKnapsack
        The problem.
    run : Run
        The run; it goes on from ``run.initial``.
    estimates : int
        Most scenarios that are kept.
    shake : int
        Most items that are flipped at random before the next climb.

    Raises
    ------
    UsageError
        If a number is not positive.
    """
    if estimates < 1 or shake < 1:
        raise UsageError(f"estimates={estimates}, shake={shake}: at least 1")
    run.report(safe_start(problem), "greedy")
    judge = run.supervise(lambda: Judge(problem, run, _SOURCE))

    def priced(accepted: Flags, scenario: Floats) -> tuple[Floats, Floats]:
        constant, slopes = judge.recourse.estimate(accepted, scenario)
        return np.array([constant]), slopes[None, :]

    search = run.supervise(lambda: Search(judge, priced, estimates, shake))
    search.climb(search.best.copy())
    for accepted in roundings(relaxation(problem), problem.n, run):
        search.climb(accepted.copy())
    climbs = 0
    while not run.should_stop(climbs):
        search.shake()
        climbs += 1
    return Outcome(extra=judge.facts())

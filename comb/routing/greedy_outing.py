"""A greedy tour of all nodes, without whoever does not pay."""

from __future__ import annotations

from combkit.comb.routing.outing_search import OutingSearch, obstacle
from combkit.instances.prizes import OP, PCTSP
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run

__all__ = ["solve"]


def solve(problem: OP | PCTSP, run: Run, *, neighbours: int = 16) -> Outcome:
    """Leave nodes out of a tour of greedy edges until that does not pay.

    Parameters
    ----------
    problem : OP or PCTSP
        The problem.
    run : Run
        The run.
    neighbours : int
        Visited nodes beside which a node may be put in.
    """
    if reason := obstacle(problem):
        return Outcome(Status.INFEASIBLE, raw_status=reason)
    search = OutingSearch(problem, run, "greedy", neighbours, 0)
    search.begin(None)
    search.report(last=True)
    return Outcome()

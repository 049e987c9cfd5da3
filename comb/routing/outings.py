"""Tours that choose whom to visit, for orienteering and collecting prizes.

Slack induction by string removals carried over to one tour: a step takes strings of
near nodes out, puts in whatever pays around there, shortens the tour by
Lin-Kernighan steps; simulated annealing decides whether the result stays. Length has
a price in orienteering too, so that a shorter tour of the same nodes is better.

References
----------
.. [1] J. Christiaens and G. Vanden Berghe, "Slack induction by string removals
   for vehicle routing problems", Transportation Science 54(2), 2020.
   https://doi.org/10.1287/trsc.2019.0914
"""

from __future__ import annotations

import math

import numpy as np

from combkit.comb.routing.outing_search import OutingSearch, obstacle
from combkit.comb.routing.starts import require_known
from combkit.instances.errors import UsageError
from combkit.instances.prizes import OP, PCTSP
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Tour

__all__ = ["solve"]


def solve(
    problem: OP | PCTSP,
    run: Run,
    *,
    neighbours: int = 10,
    longest: int = 10,
    depth: int = 6,
    hot: float = 2.0,
    cold: float = 0.03,
    price: float = 0.3,
    trials: int = 6,
) -> Outcome:
    """Ruin, recreate and anneal until the run ends.

    Starts from ``run.initial``, mended if it breaks a limit or visits a node twice, or
    else from a thinned greedy tour. The heat falls
    over the time or the iterations that the run has left; without either, it is
    raised again and again, for twice the time. With several threads, independent
    searches run side by side.

    Parameters
    ----------
    problem : OP or PCTSP
        The problem.
    run : Run
        The run.
    neighbours : int
        Visited nodes beside which a node may be put in, nearest first.
    longest : int
        Longest string that a step takes out.
    depth : int
        Levels of a Lin-Kernighan step; 0 for 2-opt and Or-opt instead.
    hot, cold : float
        First and last heat, in the mean prize of a visit for an orienteer and in
        mean distances otherwise.
    price : float
        What length costs an orienteer once the limit is kept, as a part of the price
        at which it is kept by itself.
    trials : int
        Attempts of which the best goes on after half of the time.

    Raises
    ------
    UsageError
        If a number is out of its range.
    InvalidSolutionError
        If ``run.initial`` visits a node that does not exist.
    """
    if min(neighbours, longest, trials) < 1:
        raise UsageError(
            f"neighbours={neighbours}, longest={longest}, trials={trials}: at least 1"
        )
    if depth < 0 or not price > 0.0:
        raise UsageError(f"depth={depth}, price={price:g}: depth >= 0, price > 0")
    if not 0.0 < cold <= hot < math.inf:
        raise UsageError(f"hot={hot:g}, cold={cold:g}: 0 < cold <= hot")
    start = None
    require_known(problem, run)
    if isinstance(run.initial, Tour):
        # The depot first, and every other node once.
        start = np.array(list(dict.fromkeys([0, *_from_depot(run.initial)])))
    if reason := obstacle(problem):
        return Outcome(Status.INFEASIBLE, raw_status=reason)
    search = OutingSearch(problem, run, "sisr", neighbours, depth)
    search.begin(start)
    search.report(last=True)
    if problem.n > 0:
        search.anneal(longest, hot, cold, price, trials)
    return Outcome()


def _from_depot(initial: Tour) -> list[int]:
    tour: list[int] = initial.tour.tolist()
    depot = tour.index(0) if 0 in tour else 0
    return tour[depot:] + tour[:depot]

"""Iterated local search for the travelling salesman problem: 2-opt and Or-opt.

References
----------
.. [1] D. S. Johnson and L. A. McGeoch, "The traveling salesman problem: a
   case study in local optimization", in Local Search in Combinatorial
   Optimization, Wiley, 1997.
"""

from __future__ import annotations

from combkit.comb.routing.tour_search import search
from combkit.instances.run import Outcome, Run
from combkit.instances.tsp import TSP

__all__ = ["solve"]


def solve(
    problem: TSP, run: Run, *, neighbours: int = 10, segment: int = 50
) -> Outcome:
    """Search by 2-opt and Or-opt until the run ends; see ``tour_search.search``.

    Parameters
    ----------
    problem : TSP
        The problem.
    run : Run
        The run.
    neighbours : int
        Candidates of a city, at least 1.
    segment : int
        Longest segment of most perturbations, at least 1.
    """
    return search(problem, run, "ils", neighbours=neighbours, segment=segment, depth=0)

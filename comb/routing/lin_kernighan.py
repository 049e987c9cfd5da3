"""Lin-Kernighan style search for the travelling salesman problem.

Steps are chains of sequential 3-opt moves: the basis move of LKH with its
gain criterion, of breadth one below the first that closes up.

References
----------
.. [1] S. Lin and B. W. Kernighan, "An effective heuristic algorithm for the
   traveling-salesman problem", Operations Research 21 (1973).
   https://doi.org/10.1287/opre.21.2.498
.. [2] K. Helsgaun, "An effective implementation of the Lin-Kernighan traveling
   salesman heuristic", European Journal of Operational Research 126 (2000).
   https://doi.org/10.1016/S0377-2217(99)00284-2
"""

from __future__ import annotations

from combkit.comb.routing.tour_search import search
from combkit.instances.errors import UsageError
from combkit.instances.run import Outcome, Run
from combkit.instances.tsp import TSP

__all__ = ["solve"]


def solve(
    problem: TSP,
    run: Run,
    *,
    neighbours: int = 8,
    depth: int = 25,
    segment: int = 50,
) -> Outcome:
    """Search by Lin-Kernighan steps until the run ends; see ``tour_search.search``.

    Parameters
    ----------
    problem : TSP
        The problem.
    run : Run
        The run.
    neighbours : int
        Candidates of a city, at least 1.
    depth : int
        Levels of a step, at least 1; each exchanges three edges.
    segment : int
        Longest segment of a perturbation, at least 1.
    """
    if depth < 1:
        raise UsageError(f"depth={depth}: at least 1")
    return search(
        problem, run, "lk", neighbours=neighbours, segment=segment, depth=depth
    )

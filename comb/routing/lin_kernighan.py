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
    candidates: str = "auto",
    neighbours: int | None = None,
    depth: int = 25,
    segment: int = 30,
) -> Outcome:
    """Search by Lin-Kernighan steps until the run ends; see ``tour_search.search``.

    Parameters
    ----------
    problem : TSP
        The problem.
    run : Run
        The run.
    candidates : str
        ``alpha``: by how little a minimum 1-tree grows that must hold an edge,
        after a subgradient ascent; ``nearest``; or ``auto``, alpha where the
        ascent fits in a twelfth of the time.
    neighbours : int, optional
        Candidates of a city, at least 1; by default 5, or 8 nearest ones.
    depth : int
        Levels of a step, at least 1; each exchanges three edges.
    segment : int
        Longest segment of most perturbations, at least 1.
    """
    if depth < 1:
        raise UsageError(f"depth={depth}: at least 1")
    return search(
        problem,
        run,
        "lk",
        neighbours=neighbours,
        segment=segment,
        depth=depth,
        candidates=candidates,
    )

"""Or-3opt search for the asymmetric travelling salesman problem.

Steps exchange neighbouring segments of the tour, the only 3-opt move that keeps
the direction of all of them; cities are tried as in Lin-Kernighan's method, by a
positive gain at each arc.

References
----------
.. [1] P. C. Kanellakis and C. H. Papadimitriou, "Local search for the asymmetric
   traveling salesman problem", Operations Research 28(5), 1980.
   https://doi.org/10.1287/opre.28.5.1086
.. [2] R. M. Karp, "A patching algorithm for the nonsymmetric traveling-salesman
   problem", SIAM Journal on Computing 8(4), 1979. https://doi.org/10.1137/0208045
"""

from __future__ import annotations

from combkit.comb.routing import patching
from combkit.comb.routing.tour_search import search
from combkit.instances.run import Outcome, Run
from combkit.instances.tsp import ATSP

__all__ = ["solve", "supports"]

supports = patching.supports


def solve(
    problem: ATSP, run: Run, *, neighbours: int = 8, segment: int = 30
) -> Outcome:
    """Search by Or-3opt until the run ends; see ``tour_search.search``.

    Parameters
    ----------
    problem : ATSP
        The problem.
    run : Run
        The run.
    neighbours : int
        Cities near to go to, and near to come from, of a city; at least 1.
    segment : int
        Longest segment of most perturbations, at least 1.
    """
    return search(
        problem, run, "or-3opt", neighbours=neighbours, segment=segment, depth=1
    )

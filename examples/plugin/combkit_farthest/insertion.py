"""Farthest insertion: the city that is farthest from the tour comes next.

References
----------
D. J. Rosenkrantz, R. E. Stearns and P. M. Lewis, "An analysis of several heuristics for
the traveling salesman problem", SIAM Journal on Computing 6(3), 1977.
"""

import numpy as np

from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Tour
from combkit.instances.tsp import TSP


def supports(problem: TSP) -> str | None:
    """Return why a problem cannot be solved here, None if it can."""
    return "it has more than 5,000 cities" if problem.n > 5_000 else None


def solve(problem: TSP, run: Run, *, first: int = 0) -> Outcome:
    """Insert each city where the detour is least; report the tour at the end.

    Parameters
    ----------
    problem : TSP
        The problem.
    run : Run
        Its run.
    first : int
        The city to begin with.
    """
    cities = np.arange(problem.n)
    tour = [first % problem.n]
    away = np.asarray(problem.distance(tour[0], cities), float)
    away[tour[0]] = -np.inf
    while len(tour) < problem.n:
        if run.should_stop(iterations=len(tour)):
            # A tour that is not whole is no solution.
            return Outcome()
        city = int(away.argmax())
        here, there = np.array(tour), np.roll(tour, -1)
        detour = problem.distance(here, city) + problem.distance(city, there)
        place = int((detour - problem.distance(here, there)).argmin())
        tour.insert(place + 1, city)
        away = np.minimum(away, problem.distance(city, cities))
        away[tour] = -np.inf
    run.report(Tour(tour), "farthest")
    return Outcome()

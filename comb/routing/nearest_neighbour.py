"""Nearest neighbour: always go on to the nearest city not yet visited."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.nearness import near_nodes
from combkit.comb.routing.paths import Paths
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Tour
from combkit.instances.tsp import ATSP, TSP

__all__ = ["solve"]

#: Neighbours that are tried before all unvisited cities are compared.
_NEIGHBOURS = 10
#: Steps between two looks at the clock.
_STEPS = 256


def solve(problem: TSP | ATSP, run: Run, *, first: int = 0) -> Outcome:
    """Walk from city to nearest unvisited city.

    Paths of fixed edges are walked as a whole from where they are entered.
    When the time is up, the cities that remain follow in their order.

    Parameters
    ----------
    problem : TSP or ATSP
        The problem.
    run : Run
        The run.
    first : int
        City to start from.
    """
    run.report(Tour(_walk(problem, run, first % problem.n)), "nearest-neighbour")
    return Outcome()


def _walk(problem: TSP | ATSP, run: Run, first: int) -> list[int]:
    paths = Paths(problem.n, directed=isinstance(problem, ATSP))
    if problem.fixed_edges is not None:
        paths.link(problem.fixed_edges.tolist())
    # Where a path may be entered; for an undirected one that is either end.
    entry: dict[int, list[int]] = {}
    for path in paths.lists():
        if not paths.directed:
            entry[path[-1]] = path[::-1]
        entry[path[0]] = path
    near = near_nodes(problem, _NEIGHBOURS).tolist()
    unvisited = _Unvisited(sorted(entry))
    here = first if first in entry else next(iter(entry))
    tour: list[int] = []
    for step in itertools.count(1):
        path = entry[here]
        tour += path
        unvisited.drop(path[0])
        unvisited.drop(path[-1])
        if not unvisited:
            break
        if step % _STEPS == 0 and run.should_stop():
            break
        here = next((c for c in near[tour[-1]] if c in unvisited), -1)
        if here < 0:
            others = unvisited.members()
            here = int(others[problem.distance(tour[-1], others).argmin()])
    # Where the walk was cut short, the rest follows in its own order.
    rest = (city for path in entry.values() for city in path)
    return list(dict.fromkeys([*tour, *rest]))


class _Unvisited:
    """A set of cities that is also an array, for vectorised comparison."""

    def __init__(self, cities: list[int]) -> None:
        self._array = np.array(cities, dtype=np.int64)
        self._place = {city: k for k, city in enumerate(cities)}

    def __contains__(self, city: int) -> bool:
        return city in self._place

    def __len__(self) -> int:
        return len(self._place)

    def members(self) -> NDArray[np.int64]:
        """Return the cities, in no particular order."""
        return self._array[: len(self._place)]

    def drop(self, city: int) -> None:
        """Remove a city; the last one takes its place in the array."""
        place = self._place.pop(city, None)
        if place is not None:
            last = int(self._array[len(self._place)])
            if last != city:
                self._array[place] = last
                self._place[last] = place

"""Greedy edges: the shortest edge that fits, again and again."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.nearness import curve_order, near_nodes
from combkit.comb.routing.paths import Paths
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Tour
from combkit.instances.tsp import ATSP, TSP

__all__ = ["curve_tour", "fixed_paths", "greedy_tour", "solve"]

Integers = NDArray[np.int64]

#: Above this a space-filling curve answers first: greedy takes 10 us a city.
_SMALL = 20_000
#: As many path ends are joined by comparing all of them.
_FEW_ENDS = 64
#: Share of the paths that may remain after a round for another one to pay.
_LITTLE_PROGRESS = 0.9


def solve(problem: TSP, run: Run) -> Outcome:
    """Build a tour from greedy edges; from a space-filling curve when huge.

    Above 20,000 cities the curve's tour (a third above the optimum) comes
    first, after milliseconds; greedy edges (a sixth above) follow if time is left.
    Fixed edges are kept.
    """
    if problem.n > _SMALL and problem.coords is not None:
        run.report(Tour(curve_tour(problem)), "space-filling curve")
        if run.should_stop():
            return Outcome()
        tour = run.supervise(lambda: greedy_tour(problem))
    else:
        tour = greedy_tour(problem)
    run.report(Tour(tour), "greedy")
    # Up to three cities there is only one cycle.
    return Outcome(Status.OPTIMAL if problem.n <= 3 else None)


def greedy_tour(
    problem: TSP,
    first: Iterable[tuple[int, int]] = (),
    *,
    hub: int = -1,
    neighbours: int = 10,
) -> Integers:
    """Return a tour of greedy edges.

    Candidates are the edges to near neighbours; the ends of the paths that
    remain are joined in the same way until there is one.

    Parameters
    ----------
    problem : TSP
        The problem.
    first : iterable of tuple of int
        Edges that are taken before, in this order, where they make no branch
        and no cycle.
    hub : int
        A city without fixed edges: then it is not the shortest edge that comes next
        but the one that saves most against the ways over this city, which is put in
        last (savings [2]_).
    neighbours : int
        Near cities of a city, the edges to which are candidates.

    Returns
    -------
    ndarray of int64, shape (n,)
        The cities in order.

    References
    ----------
    .. [1] J. L. Bentley, "Fast algorithms for geometric traveling salesman
       problems", ORSA J. Computing 4(4), 1992.
       https://doi.org/10.1287/ijoc.4.4.387
    .. [2] G. Clarke, J. W. Wright, "Scheduling of vehicles from a central depot to
       a number of delivery points", Operations Research 12(4), 1964.
       https://doi.org/10.1287/opre.12.4.568
    """
    paths = fixed_paths(problem)
    paths.link(first)
    whole, over_hub = 1, None
    if hub >= 0:
        whole, over_hub = 2, problem.distance(hub, np.arange(problem.n))
    ends = paths.ends()
    while len(paths) > whole:
        ends = ends[ends != hub]
        if ends.size <= _FEW_ENDS:
            neighbours = _FEW_ENDS
        near = near_nodes(problem, neighbours, ends)
        start, end = np.repeat(ends, near.shape[1]), ends[near.ravel()]
        cost = problem.distance(start, end)
        if over_hub is not None:
            cost = cost - over_hub[start] - over_hub[end]
        order = np.argsort(cost, kind="stable")
        before = len(paths)
        paths.link(zip(start[order].tolist(), end[order].tolist(), strict=True))
        ends = paths.ends()
        if len(paths) > _LITTLE_PROGRESS * before:
            _string_together(paths)
    return np.concatenate(paths.lists()).astype(np.int64)


def _string_together(paths: Paths) -> None:
    """Join all paths as they come: for masses of equal distances only."""
    lists = paths.lists()
    paths.link((a[-1], b[0]) for a, b in pairwise(lists))


def curve_tour(problem: TSP) -> Integers:
    """Return the tour along a space-filling curve, fixed edges kept."""
    if problem.coords is None:
        raise TypeError("a space-filling curve needs coordinates")
    order = curve_order(problem.coords)
    if problem.fixed_edges is None:
        return order
    # A path of fixed edges is walked as a whole where the curve first meets it.
    path_of = {}
    for path in fixed_paths(problem).lists():
        path_of.update(dict.fromkeys(path, path))
    tour = dict.fromkeys(city for first in order.tolist() for city in path_of[first])
    return np.array(list(tour), dtype=np.int64)


def fixed_paths(problem: TSP | ATSP) -> Paths:
    """Return the paths that fixed edges make, single cities included.

    Parameters
    ----------
    problem : TSP or ATSP
        The problem.
    """
    paths = Paths(problem.n, directed=isinstance(problem, ATSP))
    if problem.fixed_edges is not None:
        paths.link(problem.fixed_edges.tolist())
    return paths

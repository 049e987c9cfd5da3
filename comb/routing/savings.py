"""Clarke and Wright savings: join the routes whose union saves most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.fleet import fit_fleet
from combkit.comb.routing.nearness import curve_order, is_symmetric, near_nodes
from combkit.comb.routing.paths import Paths
from combkit.instances.cvrp import CVRP
from combkit.instances.errors import UsageError
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Routes
from combkit.instances.vrptw import VRPTW

__all__ = ["curve_routes", "savings_routes", "solve"]

#: Above this the routes along a space-filling curve answer first.
_SMALL = 3_000
#: Share of the route ends that must have been joined for another round to pay.
_LITTLE_PROGRESS = 0.01


def solve(problem: CVRP, run: Run, *, neighbours: int = 40) -> Outcome:
    """Build routes by savings; along a space-filling curve first when huge.

    Where a limit on the vehicles or on the length of a route leaves no
    feasible routes, none are reported.

    Parameters
    ----------
    problem : CVRP, OVRP or VRPTW
        The problem.
    run : Run
        The run.
    neighbours : int
        Customers with which a customer may be joined, nearest first.
    """
    if neighbours < 1:
        raise UsageError(f"neighbours={neighbours}: at least 1")
    simple = problem.coords is not None and not isinstance(problem, VRPTW)
    if problem.n > _SMALL and simple:
        _report(problem, run, curve_routes(problem), "space-filling curve")
        if run.should_stop() and run.solution is not None:
            return Outcome()
        routes = run.supervise(lambda: savings_routes(problem, neighbours))
    else:
        routes = savings_routes(problem, neighbours)
    crowded = problem.vehicles is not None and len(routes) > problem.vehicles
    if crowded and not isinstance(problem, VRPTW):
        routes = run.supervise(lambda: fit_fleet(problem, routes))
    _report(problem, run, routes, "savings")
    return Outcome()


def _report(
    problem: CVRP, run: Run, routes: Sequence[Sequence[int]], source: str
) -> None:
    solution = Routes(routes)
    if not problem.check(solution):
        run.report(solution, source)


def savings_routes(problem: CVRP, neighbours: int = 40) -> list[list[int]]:
    """Return routes joined in the order of their savings.

    ``d(i, 0) + d(0, j) - d(i, j)`` is saved where customer j follows i. Only
    near customers are candidates; the ends of the routes that remain are tried
    again with their own neighbours until nothing fits. Capacity, length and
    time windows are respected, except for a customer too far away for any route.

    References
    ----------
    .. [1] G. Clarke and J. W. Wright, "Scheduling of vehicles from a central
       depot to a number of delivery points", Operations Research 12(4), 1964.
       https://doi.org/10.1287/opre.12.4.568
    """
    growth = _Growth(problem)
    customers = np.arange(1, problem.n + 1)
    while customers.size > 1:
        if growth.join(customers, neighbours) < _LITTLE_PROGRESS * customers.size:
            break
        customers = growth.paths.ends()
        customers = customers[customers > 0]
    return [route for route in growth.paths.lists() if route != [0]]


class _Growth:
    """Routes that grow by joining their ends; node 0 stays alone.

    Load and length of a route stand at both of its ends.
    """

    def __init__(self, problem: CVRP) -> None:
        self.problem = problem
        nodes = np.arange(problem.n + 1)
        self.out = problem.distance(nodes, 0)
        if problem.open_ended:
            self.out = np.zeros_like(self.out)
        self.back = problem.distance(0, nodes)
        timed = isinstance(problem, VRPTW)
        one_way = timed or problem.open_ended or not is_symmetric(problem)
        self.paths = Paths(problem.n + 1, directed=one_way)
        self._times = _Times(problem) if isinstance(problem, VRPTW) else None
        self._loads = problem.demands.tolist()
        lengths = self.out + self.back
        if problem.service_time is not None:
            lengths = lengths + problem.service_time
        self._lengths = lengths.tolist()

    def join(self, customers: NDArray[np.int64], neighbours: int) -> int:
        """Join what the neighbours of some customers allow; return how often."""
        near = near_nodes(self.problem, neighbours, customers)
        i, j = np.repeat(customers, near.shape[1]), customers[near.ravel()]
        if not self.paths.directed:
            i, j = _unordered(i, j, self.problem.n + 1)
        saved = self.out[i] + self.back[j] - self.problem.distance(i, j)
        worth = saved > 0
        i, j, saved = i[worth], j[worth], saved[worth]
        order = np.argsort(-saved, kind="stable")
        return self._link(i[order].tolist(), j[order].tolist(), saved[order].tolist())

    def _link(self, starts: list[int], ends: list[int], saved: list[float]) -> int:
        leaving, entering = self.paths.leaving, self.paths.entering
        other, links = self.paths.other, self.paths.links
        loads, lengths = self._loads, self._lengths
        capacity = self.problem.capacity
        limit = self.problem.max_distance
        times = self._times
        before = len(links)
        for i, j, gain in zip(starts, ends, saved, strict=True):
            if not (leaving[i] and entering[j]) or other[i] == j:
                continue
            load = loads[i] + loads[j]
            if load > capacity:
                continue
            length = lengths[i] + lengths[j] - gain
            if limit is not None and length > limit:
                continue
            if times is not None and not times.join(other[i], i, j, other[j]):
                continue
            leaving[i] -= 1
            entering[j] -= 1
            a, b = other[i], other[j]
            other[a], other[b] = b, a
            loads[a] = loads[b] = load
            lengths[a] = lengths[b] = length
            links.append((i, j))
        return len(links) - before


class _Times:
    """When routes may begin: segments that are put together from known ones.

    Both ends of a segment hold the earliest and the latest time at which its
    first service may begin, and the time from there to the end of its last one.
    """

    def __init__(self, problem: VRPTW) -> None:
        nodes = np.arange(problem.n + 1)
        ready = np.maximum(problem.ready, problem.ready[0] + problem.distance(0, nodes))
        back = problem.due[0] - problem.service - problem.distance(nodes, 0)
        self._way = problem.distance
        self._early = ready.tolist()
        self._late = np.minimum(problem.due, back).tolist()
        self._lasting = problem.service.tolist()

    def join(self, first: int, end: int, start: int, last: int) -> bool:
        """Put two segments together, if the second can be reached in time."""
        early, late, lasting = self._early, self._late, self._lasting
        way = lasting[first] + float(self._way(end, start))
        if early[first] + way > late[start]:
            return False
        waiting = max(0.0, early[start] - way - late[first])
        begin = max(early[first], early[start] - way)
        joined = (
            min(begin, late[first]),
            min(late[first], late[start] - way),
            way + waiting + lasting[start],
        )
        for node in (first, last):
            early[node], late[node], lasting[node] = joined
        return True


def _unordered(
    i: NDArray[np.int64], j: NDArray[np.int64], n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each pair once, whichever way round it was given."""
    keys = np.sort(np.minimum(i, j) * n + np.maximum(i, j))
    keys = keys[np.diff(keys, prepend=-1) > 0]
    return keys // n, keys % n


def curve_routes(problem: CVRP) -> list[list[int]]:
    """Return routes cut from a space-filling curve, each as long as it can be."""
    if problem.coords is None:
        raise TypeError("a space-filling curve needs coordinates")
    order = curve_order(problem.coords[1:]) + 1
    limit = np.inf if problem.max_distance is None else problem.max_distance
    service = np.zeros(order.size)
    if problem.service_time is not None:
        service = problem.service_time[order]
    steps = zip(
        order.tolist(),
        problem.demands[order].tolist(),
        service.tolist(),
        problem.distance(np.roll(order, 1), order).tolist(),
        problem.distance(0, order).tolist(),
        problem.distance(order, 0).tolist(),
        strict=True,
    )
    routes: list[list[int]] = []
    load = length = np.inf
    for customer, demand, time, here, out, back in steps:
        load += demand
        length += here + time
        if load > problem.capacity or length + back > limit:
            routes.append([])
            load, length = demand, out + time
        routes[-1].append(customer)
    return routes

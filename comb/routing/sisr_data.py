"""Problems and routes in the form that the kernels of ``sisr`` take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.limits import limits_of
from combkit.comb.routing.metric import metric_arrays
from combkit.comb.routing.nearness import is_symmetric, near_nodes
from combkit.instances.cvrp import CVRP
from combkit.instances.seeds import kernel_state
from combkit.instances.vrptw import VRPTW

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_sisr_plan import Fleet, Plan

__all__ = ["fleet_of", "fleet_size", "lists_of", "plan_of", "routes_of"]

#: Slack of due times, in the latest one: well within that of the checkers.
_NOISE = 1e-10


def fleet_of(problem: CVRP, neighbours: int) -> Fleet:
    """Return what stays the same during a search.

    Parameters
    ----------
    problem : CVRP, OVRP or VRPTW
        The problem.
    neighbours : int
        Customers beside which a customer may be inserted.
    """
    from combkit.comb.routing import _kernels_sisr_plan as kernels

    nodes = np.arange(problem.n + 1)
    near = np.zeros((problem.n + 1, min(neighbours, problem.n - 1)), np.int32)
    near[1:] = near_nodes(problem, neighbours, nodes[1:]) + 1
    node = np.zeros((problem.n + 1, 5))
    node[:, kernels.DEMAND] = problem.demands
    if problem.service_time is not None:
        node[:, kernels.SERVICE] = problem.service_time
    node[:, kernels.FAR] = problem.distance(0, nodes)
    limit = np.zeros(7)
    limit[kernels.CAPACITY], limit[kernels.LENGTH] = limits_of(problem)
    limit[kernels.RETURN] = 0.0 if problem.open_ended else 1.0
    # What an insertion adds to one leg it adds again, where ways are equal.
    equal = is_symmetric(problem) and not problem.open_ended
    limit[kernels.PRUNE] = 2.0 if equal else 1.0
    if isinstance(problem, VRPTW):
        node[:, kernels.READY], node[:, kernels.DUE] = problem.ready, problem.due
        limit[kernels.TIMED] = 1.0
        limit[kernels.FIXED] = problem.vehicle_cost
        limit[kernels.NOISE] = _NOISE * max(1.0, float(problem.due.max()))
    return kernels.Fleet(
        *metric_arrays(problem),
        near,
        problem.distance(nodes[:, None], near).astype(np.float64),
        node,
        limit,
    )


def fleet_size(problem: CVRP, routes: Sequence[Sequence[int]]) -> int:
    """Return the number of routes that a search may use."""
    if problem.vehicles is not None:
        return min(problem.vehicles, problem.n)
    return min(problem.n, 2 * len(routes) + 10) if routes else problem.n


def plan_of(
    fleet: Fleet,
    routes: Sequence[Sequence[int]],
    most: int,
    seed: int,
    number: int,
) -> Plan:
    """Return a plan of given routes, and as best plan what it begins with.

    Customers that do not fit where they are, or are in more routes than there
    may be, are absent.

    Parameters
    ----------
    fleet : Fleet
        The data.
    routes : sequence of sequences of int
        Customers, route by route; only the first visit of each one counts.
    most : int
        Routes that there may be.
    seed, number : int
        Seed of the run, and which of its plans this is.
    """
    from combkit.comb.routing import _kernels_sisr_plan as kernels
    from combkit.comb.routing._kernels_sisr import gather, keep_best, seat

    n, m = fleet.node.shape[0] - 1, most
    link = np.zeros((n + 1 + m, 4), np.int32)
    link[:, [kernels.AFTER, kernels.BEFORE, kernels.KEPT]] = np.arange(n + 1 + m)[
        :, None
    ]
    link[:, kernels.ROUTE] = m
    value = np.zeros((n + 1 + m, 3))
    value[:, [kernels.INNER, kernels.OUTER]] = -math.inf
    time = np.empty((n + 1 + m, 2))
    time[:, kernels.LEAVE] = fleet.node[0, kernels.READY]
    time[:, kernels.LATE] = fleet.node[0, kernels.DUE]
    sums = np.zeros((m + 1, 2))
    sums[m] = math.inf
    count = np.zeros((m, 5), np.int64)
    count[:, kernels.EMPTY] = np.arange(m)[::-1]
    count[:, kernels.LISTED], count[:, kernels.CHANGED] = np.arange(m), 1
    plan = kernels.Plan(
        link,
        value,
        time,
        sums,
        count,
        log=np.zeros((2 * n + 2, 3), np.int32),
        todo=np.zeros((n, 3), np.int32),
        rank=np.zeros((n + 1, 2)),
        scalars=np.zeros(8),
        random=kernel_state(seed, number),
    )
    plan.scalars[kernels.FREE] = plan.scalars[kernels.DIRTY] = m
    used = 0
    # Where not all may stay, the ones with most customers do.
    for route in sorted(routes, key=len, reverse=True)[:m]:
        for customer in route:
            if plan.link[customer, kernels.ROUTE] == m:
                seat(fleet, plan, customer, used)
        used += int(plan.count[used, kernels.SIZE] > 0)
    gather(fleet, plan)
    keep_best(fleet, plan)
    return plan


def routes_of(plan: Plan) -> list[list[int]]:
    """Return the routes of the best plan."""
    from combkit.comb.routing import _kernels_sisr_plan as kernels

    return routes_along(plan.link[:, kernels.KEPT], len(plan.rank))


def lists_of(plan: Plan) -> list[list[int]]:
    """Return the routes of the plan as it is."""
    from combkit.comb.routing import _kernels_sisr_plan as kernels

    return routes_along(plan.link[:, kernels.AFTER], len(plan.rank))


def routes_along(after: NDArray[np.int32], depot: int) -> list[list[int]]:
    """Return the routes of a plan, those without customers left out.

    Parameters
    ----------
    after : ndarray of int32, shape (depot + m,)
        Who follows each node, and each of the m copies of the depot.
    depot : int
        The first copy; nodes have smaller numbers.
    """
    following = after.tolist()
    routes = []
    for node in range(depot, len(following)):
        route = []
        while (node := following[node]) < depot:
            route.append(node)
        if route:
            routes.append(route)
    return routes

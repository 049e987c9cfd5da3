"""Numba kernels that change the plan of ``sisr``, and undo it.

Routes are circular doubly linked lists. Node 0 of the problem appears once a
route, as the nodes ``n + 1, n + 2, ...``: its successor is the first customer,
its predecessor the last one. Removals and insertions are logged, so what a step
did is undone in the reverse order, in time that does not depend on the size of
the problem.

A route is a chain of segments that are known by a few numbers: what comes
before a position (when it can be left at the earliest) and what comes after it
(when it must begin at the latest). An insertion is judged by those alone. A
further constraint takes such numbers of its own: here, in ``_forward`` and
``_backward``, which keep them, and in ``fits``, which asks them.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb.routing._kernels_tour import distance
from combkit.instances.kernels import kernel

#: Columns of ``Fleet.node``.
DEMAND, SERVICE, FAR, READY, DUE = range(5)
#: Columns of ``Fleet.limit``.
CAPACITY, LENGTH, RETURN, PRUNE, TIMED, NOISE, FIXED = range(7)
#: Columns of ``Plan.link``.
AFTER, BEFORE, ROUTE, KEPT = range(4)
#: Columns of ``Plan.value``.
LEG, INNER, OUTER = range(3)
#: Columns of ``Plan.time``.
LEAVE, LATE = range(2)
#: Columns of ``Plan.sums``; a route is as long as its distance and service times.
LOAD, LONG = range(2)
#: Columns of ``Plan.count``.
SIZE, EMPTY, LISTED, CHANGED, MARK = range(5)
#: Columns of ``Plan.todo`` and of ``Plan.rank``.
REMOVED, LEFT_OUT, SHORT = range(3)
KEY, MISSED = range(2)
#: Columns of ``Plan.scalars``.
COST, BEST, FREE, LOGGED, BLINK, DIRTY, ABSENT, USED = range(8)


class Fleet(NamedTuple):
    """What stays the same during a search.

    Attributes
    ----------
    metric, points, matrix
        Distances of the nodes 0..n, see ``_kernels_tour.Space``.
    near : ndarray, shape (n + 1, k), int32
        Nearest other customers of each customer, nearest first; row 0 unused.
    reach : ndarray, shape (n + 1, k), float64
        Distances to go to them.
    node : ndarray, shape (n + 1, 5), float64
        Demand, service time and distance from the depot of each customer, and
        when its service may begin; of the depot, when routes may leave and must
        be back.
    limit : ndarray, shape (7,), float64
        Capacity; longest distance with service times; 1 where routes return to
        the depot, else 0; an insertion costs at least so many times the
        distance that it adds to a leg; 1 with time windows, else 0; slack of a
        due time; cost of a route in use.
    """

    metric: Any
    points: Any
    matrix: Any
    near: Any
    reach: Any
    node: Any
    limit: Any


class Plan(NamedTuple):
    """The state of a search, all of it arrays that the kernels change.

    They are few because a call hands over each one as several numbers. There
    are n customers and m depots, one for each route, and ``m`` stands for the
    route of customers that have none.

    Attributes
    ----------
    link : ndarray, shape (n + 1 + m, 4), int32
        Successor, predecessor and route of customers 1..n and of depots;
        successor in the best plan.
    value : ndarray, shape (n + 1 + m, 3), float64
        Distance to the successor; the longest leg of a customer to another
        one, and to the depot, minus infinity where there is none.
    time : ndarray, shape (n + 1 + m, 2), float64
        When a node is left at the earliest, and when its service must begin at
        the latest so that the rest of the route is in time; of depots, when
        routes leave and must be back.
    sums : ndarray, shape (m + 1, 2), float64
        Load of each route, and its distance with service times. Where there is
        no route, infinite.
    count : ndarray, shape (m, 5), int64
        Customers of each route; a stack of the empty routes that may be used;
        a list of the routes that differ from the best plan, and whether each
        one is listed; the last step that took a string from each route.
    log : ndarray, shape (2 * n + 2, 3), int32
        What the current step did: customer, its predecessor and its route if it
        was removed, -1 if it was inserted.
    todo : ndarray, shape (n, 3), int32
        Customers to be inserted; customers that the fleet phase has not placed;
        the near customers beside which there may be a place.
    rank : ndarray, shape (n + 1, 2), float64
        Order of the customers to be inserted; how often each customer was left
        out in the fleet phase.
    scalars : ndarray, shape (8,), float64
        Cost, best cost, empty routes, entries of the log, positions until the
        next blink, listed routes, absent customers, routes in use.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    link: Any
    value: Any
    time: Any
    sums: Any
    count: Any
    log: Any
    todo: Any
    rank: Any
    scalars: Any
    random: Any


@kernel
def leg(fleet: Fleet, i: int, j: int) -> float:
    """Return the distance of two nodes, depots of routes included."""
    n = fleet.node.shape[0] - 1
    a = i if i <= n else 0
    b = j
    if j > n:
        if fleet.limit[RETURN] == 0.0:
            return 0.0
        b = 0
    return distance(fleet.metric, fleet.points, fleet.matrix, a, b)


@kernel(inline=True)
def _measure(fleet: Fleet, plan: Plan, node: int) -> None:
    """Note the longest legs of a node, if it is a customer."""
    n = fleet.node.shape[0] - 1
    if node <= n:
        p, s = plan.link[node, BEFORE], plan.link[node, AFTER]
        to, on = plan.value[p, LEG], plan.value[node, LEG]
        plan.value[node, INNER] = max(
            to if p <= n else -np.inf, on if s <= n else -np.inf
        )
        plan.value[node, OUTER] = max(
            to if p > n else -np.inf, on if s > n else -np.inf
        )


@kernel(inline=True)
def _forward(fleet: Fleet, plan: Plan, node: int) -> None:
    """Bring the earliest times up to date from a node to the end of its route."""
    while node < fleet.node.shape[0]:
        p = plan.link[node, BEFORE]
        start = max(fleet.node[node, READY], plan.time[p, LEAVE] + plan.value[p, LEG])
        if plan.time[node, LEAVE] == start + fleet.node[node, SERVICE]:
            break
        plan.time[node, LEAVE] = start + fleet.node[node, SERVICE]
        node = plan.link[node, AFTER]


@kernel(inline=True)
def _backward(fleet: Fleet, plan: Plan, node: int) -> None:
    """Bring the latest times up to date from a node to the start of its route."""
    while node < fleet.node.shape[0]:
        rest = (
            plan.time[plan.link[node, AFTER], LATE]
            - plan.value[node, LEG]
            - fleet.node[node, SERVICE]
        )
        start = min(fleet.node[node, DUE], rest)
        if plan.time[node, LATE] == start:
            break
        plan.time[node, LATE] = start
        node = plan.link[node, BEFORE]


@kernel(inline=True)
def fits(fleet: Fleet, plan: Plan, c: int, p: int, to: float, on: float) -> bool:
    """Whether a customer can be inserted after a node in time."""
    if fleet.limit[TIMED] == 0.0:
        return True
    start = max(fleet.node[c, READY], plan.time[p, LEAVE] + to)
    noise = fleet.limit[NOISE]
    if start > fleet.node[c, DUE] + noise:
        return False
    return (
        start + fleet.node[c, SERVICE] + on
        <= plan.time[plan.link[p, AFTER], LATE] + noise
    )


@kernel(inline=True)
def insert(fleet: Fleet, plan: Plan, c: int, p: int, r: int) -> None:
    """Insert a customer after a node of a route."""
    s = plan.link[p, AFTER]
    old = plan.value[p, LEG]
    to, on = leg(fleet, p, c), leg(fleet, c, s)
    plan.link[p, AFTER], plan.link[c, BEFORE] = c, p
    plan.link[c, AFTER], plan.link[s, BEFORE] = s, c
    plan.value[p, LEG], plan.value[c, LEG] = to, on
    _measure(fleet, plan, c)
    _measure(fleet, plan, p)
    _measure(fleet, plan, s)
    if plan.count[r, SIZE] == 0:
        plan.scalars[FREE] -= 1
        plan.scalars[USED] += 1
        plan.scalars[COST] += fleet.limit[FIXED]
    plan.count[r, SIZE] += 1
    plan.sums[r, LOAD] += fleet.node[c, DEMAND]
    plan.sums[r, LONG] += to + on - old + fleet.node[c, SERVICE]
    plan.scalars[COST] += to + on - old
    plan.link[c, ROUTE] = r
    if fleet.limit[TIMED] > 0.0:
        plan.time[c, LEAVE] = plan.time[c, LATE] = np.nan
        _forward(fleet, plan, c)
        _backward(fleet, plan, c)


@kernel(inline=True)
def remove(fleet: Fleet, plan: Plan, c: int) -> None:
    """Take a customer out of its route."""
    r, p, s = plan.link[c, ROUTE], plan.link[c, BEFORE], plan.link[c, AFTER]
    new = leg(fleet, p, s)
    gain = plan.value[p, LEG] + plan.value[c, LEG] - new
    plan.link[p, AFTER], plan.link[s, BEFORE] = s, p
    plan.value[p, LEG] = new
    plan.value[c, INNER] = plan.value[c, OUTER] = -np.inf
    _measure(fleet, plan, p)
    _measure(fleet, plan, s)
    plan.count[r, SIZE] -= 1
    plan.sums[r, LOAD] -= fleet.node[c, DEMAND]
    plan.sums[r, LONG] -= gain + fleet.node[c, SERVICE]
    plan.scalars[COST] -= gain
    plan.link[c, ROUTE] = plan.count.shape[0]
    if fleet.limit[TIMED] > 0.0:
        _forward(fleet, plan, s)
        _backward(fleet, plan, p)
    if plan.count[r, SIZE] == 0:
        plan.sums[r, LOAD] = plan.sums[r, LONG] = 0.0
        plan.count[int(plan.scalars[FREE]), EMPTY] = r
        plan.scalars[FREE] += 1
        plan.scalars[USED] -= 1
        plan.scalars[COST] -= fleet.limit[FIXED]


@kernel(inline=True)
def place(fleet: Fleet, plan: Plan, c: int, p: int, r: int) -> None:
    """Insert a customer after a node of a route, and log it."""
    entry = int(plan.scalars[LOGGED])
    plan.log[entry, 0], plan.log[entry, 1] = c, -1
    plan.log[entry, 2] = r
    plan.scalars[LOGGED] += 1
    insert(fleet, plan, c, p, r)


@kernel(inline=True)
def take(fleet: Fleet, plan: Plan, c: int, count: int) -> int:
    """Remove a customer and log it; return the new number of removed ones."""
    entry = int(plan.scalars[LOGGED])
    plan.log[entry, 0], plan.log[entry, 1] = c, plan.link[c, BEFORE]
    plan.log[entry, 2] = plan.link[c, ROUTE]
    plan.scalars[LOGGED] += 1
    remove(fleet, plan, c)
    plan.todo[count, REMOVED] = c
    return count + 1


@kernel
def undo(fleet: Fleet, plan: Plan) -> None:
    """Undo everything that is logged."""
    for entry in range(int(plan.scalars[LOGGED]) - 1, -1, -1):
        c, p, r = plan.log[entry, 0], plan.log[entry, 1], plan.log[entry, 2]
        if p < 0:
            remove(fleet, plan, c)
        else:
            insert(fleet, plan, c, p, r)

"""Numba kernels of slack induction by string removals (SISR).

Routes are circular doubly linked lists. Node 0 of the problem appears once a
route, as the nodes ``n + 1, n + 2, ...``: its successor is the first customer,
its predecessor the last one. Removals and insertions are logged, so what a step
did is undone in the reverse order, in time that does not depend on the size of
the problem.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb.routing._kernels_tour import below, distance
from combkit.instances.kernels import kernel

__all__ = ["Fleet", "Plan", "keep_best", "place", "ruin_and_recreate"]

#: Columns of ``Plan.scalars``.
COST, BEST, FREE, LOGGED, BLINK, DIRTY, SERVED = range(7)


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
    demand, service : ndarray, shape (n + 1,), float64
        Load and time of each customer.
    far : ndarray, shape (n + 1,), float64
        Distance from the depot.
    limit : ndarray, shape (2,), float64
        Capacity, and longest distance with service times.
    """

    metric: Any
    points: Any
    matrix: Any
    near: Any
    reach: Any
    demand: Any
    service: Any
    far: Any
    limit: Any


class Plan(NamedTuple):
    """The state of a search, all of it arrays that the kernels change.

    Attributes
    ----------
    after, before : ndarray, shape (n + 1 + m,), int32
        Successor and predecessor of customers 1..n and of m depots.
    leg : ndarray, shape (n + 1 + m,), float64
        Distance to the successor.
    route : ndarray, shape (n + 1,), int32
        Route of each customer, -1 while it has none.
    load, length : ndarray, shape (m,), float64
        Of each route.
    size : ndarray, shape (m,), int32
        Customers of each route.
    free : ndarray, shape (m,), int32
        Stack of the empty routes.
    log : ndarray, shape (2 * n + 2, 3), int32
        What the current step did: customer, its predecessor and its route if it
        was removed, -1 if it was inserted.
    removed, key : ndarray, shape (n,), int32 and float64
        Customers to be inserted, and their order.
    mark : ndarray, shape (m,), int64
        The last step that took a string from each route.
    dirty : ndarray, shape (2, m), int32
        Routes that differ from the best plan, and whether each one is listed.
    best : ndarray, shape (n + 1 + m,), int32
        Successors in the best plan.
    scalars : ndarray, shape (7,), float64
        Cost, best cost, empty routes, entries of the log, positions until the
        next blink, listed dirty routes, customers served.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    after: Any
    before: Any
    leg: Any
    route: Any
    load: Any
    length: Any
    size: Any
    free: Any
    log: Any
    removed: Any
    key: Any
    mark: Any
    dirty: Any
    best: Any
    scalars: Any
    random: Any


@kernel
def _unit(random: Any) -> float:
    """Return the next number between 0 and 1, both excluded."""
    return (below(random, 1 << 30) + 0.5) / (1 << 30)


@kernel
def _leg(fleet: Fleet, i: int, j: int) -> float:
    """Return the distance of two nodes, depots of routes included."""
    n = fleet.demand.size - 1
    a = i if i <= n else 0
    b = j if j <= n else 0
    return distance(fleet.metric, fleet.points, fleet.matrix, a, b)


@kernel
def _insert(fleet: Fleet, plan: Plan, c: int, p: int, r: int) -> None:
    """Insert a customer after a node of a route."""
    s = plan.after[p]
    old = plan.leg[p]
    to, on = _leg(fleet, p, c), _leg(fleet, c, s)
    plan.after[p], plan.before[c] = c, p
    plan.after[c], plan.before[s] = s, c
    plan.leg[p], plan.leg[c] = to, on
    if plan.size[r] == 0:
        plan.scalars[FREE] -= 1
    plan.size[r] += 1
    plan.load[r] += fleet.demand[c]
    plan.length[r] += to + on - old + fleet.service[c]
    plan.scalars[COST] += to + on - old
    plan.scalars[SERVED] += 1
    plan.route[c] = r


@kernel
def _remove(fleet: Fleet, plan: Plan, c: int) -> None:
    """Take a customer out of its route."""
    r, p, s = plan.route[c], plan.before[c], plan.after[c]
    new = _leg(fleet, p, s)
    gain = plan.leg[p] + plan.leg[c] - new
    plan.after[p], plan.before[s] = s, p
    plan.leg[p] = new
    plan.size[r] -= 1
    plan.load[r] -= fleet.demand[c]
    plan.length[r] -= gain + fleet.service[c]
    plan.scalars[COST] -= gain
    plan.scalars[SERVED] -= 1
    plan.route[c] = -1
    if plan.size[r] == 0:
        plan.load[r] = plan.length[r] = 0.0
        plan.free[int(plan.scalars[FREE])] = r
        plan.scalars[FREE] += 1


@kernel
def place(fleet: Fleet, plan: Plan, c: int, p: int, r: int) -> None:
    """Insert a customer after a node of a route, and log it."""
    entry = int(plan.scalars[LOGGED])
    plan.log[entry, 0], plan.log[entry, 1] = c, -1
    plan.log[entry, 2] = r
    plan.scalars[LOGGED] += 1
    _insert(fleet, plan, c, p, r)


@kernel
def _take(fleet: Fleet, plan: Plan, c: int, count: int) -> int:
    """Remove a customer and log it; return the new number of removed ones."""
    entry = int(plan.scalars[LOGGED])
    plan.log[entry, 0], plan.log[entry, 1] = c, plan.before[c]
    plan.log[entry, 2] = plan.route[c]
    plan.scalars[LOGGED] += 1
    _remove(fleet, plan, c)
    plan.removed[count] = c
    return count + 1


@kernel
def _undo(fleet: Fleet, plan: Plan) -> None:
    """Undo everything that is logged."""
    for entry in range(int(plan.scalars[LOGGED]) - 1, -1, -1):
        c, p, r = plan.log[entry, 0], plan.log[entry, 1], plan.log[entry, 2]
        if p < 0:
            _remove(fleet, plan, c)
        else:
            _insert(fleet, plan, c, p, r)


@kernel
def _cut(
    fleet: Fleet, plan: Plan, c: int, longest: float, split: float, count: int
) -> int:
    """Remove a string around a customer; return the number of removed ones.

    With probability ``split`` one customer inside the string stays.
    """
    r = plan.route[c]
    size = plan.size[r]
    length = 1 + below(plan.random, int(min(float(size), longest)))
    kept = 0
    if 1 < length < size and _unit(plan.random) < split:
        kept = 1
    span = length + kept
    # The string may begin up to ``span - 1`` customers before this one.
    n = fleet.demand.size - 1
    ahead, node = 0, plan.after[c]
    while ahead < span - 1 and node <= n:
        ahead += 1
        node = plan.after[node]
    behind, node = 0, plan.before[c]
    while behind < span - 1 and node <= n:
        behind += 1
        node = plan.before[node]
    least = max(0, span - 1 - ahead)
    back = least + below(plan.random, behind - least + 1)
    node = c
    for _ in range(back):
        node = plan.before[node]
    skipped = 1 + below(plan.random, length - 1) if kept > 0 else -1
    for number in range(span):
        next_node = plan.after[node]
        if number != skipped:
            count = _take(fleet, plan, node, count)
        node = next_node
    return count


@kernel
def _ruin(
    fleet: Fleet, plan: Plan, step: int, mean: float, most: int, split: float
) -> int:
    """Remove strings of near customers; return how many customers were removed."""
    n, m = fleet.demand.size - 1, plan.size.size
    routes = m - plan.scalars[FREE]
    longest = min(float(most), n / routes)
    strings = 4.0 * mean / (1.0 + longest) - 1.0
    wanted = int(1.0 + _unit(plan.random) * strings)
    seed = 1 + below(plan.random, n)
    count = done = 0
    for k in range(-1, fleet.near.shape[1]):
        c = seed if k < 0 else fleet.near[seed, k]
        r = plan.route[c]
        if r < 0 or plan.mark[r] == step:
            continue
        plan.mark[r] = step
        count = _cut(fleet, plan, c, longest, split, count)
        done += 1
        if done >= wanted:
            break
    return count


@kernel
def _sort(fleet: Fleet, plan: Plan, count: int) -> None:
    """Order the removed customers: random, by demand, far or close first."""
    draw = below(plan.random, 11)
    for k in range(count):
        c = plan.removed[k]
        if draw < 4:
            value = _unit(plan.random)
        elif draw < 8:
            value = -fleet.demand[c]
        elif draw < 10:
            value = -fleet.far[c]
        else:
            value = fleet.far[c]
        j = k - 1
        while j >= 0 and plan.key[j] > value:
            plan.key[j + 1], plan.removed[j + 1] = plan.key[j], plan.removed[j]
            j -= 1
        plan.key[j + 1], plan.removed[j + 1] = value, c


@kernel
def _recreate(fleet: Fleet, plan: Plan, count: int, blink: float) -> bool:
    """Insert the removed customers greedily; return whether all have a place.

    Positions beside near customers are looked at, and an empty route. A
    position is overlooked with probability ``blink``.
    """
    capacity, longest = fleet.limit[0], fleet.limit[1]
    n = fleet.demand.size - 1
    scale = 1.0 / np.log(1.0 - blink) if blink > 0.0 else -np.inf
    skip = plan.scalars[BLINK]
    for k in range(count):
        c = plan.removed[k]
        room = capacity - fleet.demand[c]
        span = longest - fleet.service[c]
        best, spot, into = np.inf, -1, -1
        free = int(plan.scalars[FREE])
        if free > 0:
            r = plan.free[free - 1]
            cost = _leg(fleet, 0, c) + _leg(fleet, c, 0)
            if cost <= span:
                best, spot, into = cost, n + 1 + r, r
        for q in range(fleet.near.shape[1]):
            v = fleet.near[c, q]
            r = plan.route[v]
            if r < 0 or plan.load[r] > room:
                continue
            away = fleet.reach[c, q]
            p = plan.before[v]
            # By the triangle inequality no side costs less than this.
            if 2.0 * (away - plan.leg[p]) < best:
                skip -= 1.0
                if skip < 0.0:
                    skip = np.floor(np.log(_unit(plan.random)) * scale)
                else:
                    cost = _leg(fleet, p, c) + away - plan.leg[p]
                    if cost < best and plan.length[r] + cost <= span:
                        best, spot, into = cost, p, r
            if 2.0 * (away - plan.leg[v]) < best:
                skip -= 1.0
                if skip < 0.0:
                    skip = np.floor(np.log(_unit(plan.random)) * scale)
                else:
                    cost = away + _leg(fleet, c, plan.after[v]) - plan.leg[v]
                    if cost < best and plan.length[r] + cost <= span:
                        best, spot, into = cost, v, r
        if spot < 0:
            plan.scalars[BLINK] = skip
            return False
        place(fleet, plan, c, spot, into)
    plan.scalars[BLINK] = skip
    return True


@kernel
def _accept(plan: Plan) -> None:
    """Note the routes that the logged step has changed."""
    for entry in range(int(plan.scalars[LOGGED])):
        r = plan.log[entry, 2]
        if plan.dirty[1, r] == 0:
            plan.dirty[1, r] = 1
            plan.dirty[0, int(plan.scalars[DIRTY])] = r
            plan.scalars[DIRTY] += 1


@kernel
def keep_best(fleet: Fleet, plan: Plan) -> None:
    """Bring the best plan up to date: only what differs is copied."""
    n = fleet.demand.size - 1
    plan.scalars[BEST] = plan.scalars[COST]
    for number in range(int(plan.scalars[DIRTY])):
        r = plan.dirty[0, number]
        plan.dirty[1, r] = 0
        node = n + 1 + r
        while True:
            plan.best[node] = plan.after[node]
            node = plan.after[node]
            if node > n:
                break
    plan.scalars[DIRTY] = 0


@kernel
def ruin_and_recreate(
    fleet: Fleet,
    plan: Plan,
    first: int,
    steps: int,
    heat: float,
    cooling: float,
    mean: float,
    most: int,
    split: float,
    blink: float,
    least: float,
) -> None:
    """Take steps of ruin, recreation and simulated annealing.

    Parameters
    ----------
    fleet, plan
        Data and state.
    first, steps : int
        Number of the first step, at least 1, and how many to take.
    heat, cooling : float
        Step k is taken at the temperature ``heat * exp(-cooling * k)``.
    mean : float
        Customers that a step removes, on average.
    most : int
        Longest string.
    split, blink : float
        Probabilities.
    least : float
        A plan is better only if it is by more than this.
    """
    for step in range(first, first + steps):
        cost = plan.scalars[COST]
        plan.scalars[LOGGED] = 0
        count = _ruin(fleet, plan, step, mean, most, split)
        _sort(fleet, plan, count)
        whole = _recreate(fleet, plan, count, blink)
        bar = cost - heat * np.exp(-cooling * step) * np.log(_unit(plan.random))
        if whole and plan.scalars[COST] < bar:
            _accept(plan)
            if plan.scalars[COST] < plan.scalars[BEST] - least:
                keep_best(fleet, plan)
        else:
            _undo(fleet, plan)
            plan.scalars[COST] = cost

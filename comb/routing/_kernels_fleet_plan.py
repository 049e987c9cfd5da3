"""Routes of a fleet in the form that its kernels change and undo: the kind ``vrp``.

A route is a chain of nodes between two of its own: where its vehicle starts and
where it ends. The type of the vehicle may change while the chain stays. Each node
knows two segments, from the start of its route up to it and from it to the end, by a
few numbers that can be put together in constant time [1]_: duration, earliest and
latest start, distance, loads. So an insertion is judged without looking at the rest
of a route.

What is to be served is a *task*: a client, a group of which one client is, or a
shipment, of which two are: the goods that one gives the other gets. Those are
pickups of a negative amount where they are handed over.

References
----------
.. [1] T. Vidal, T. G. Crainic, M. Gendreau and C. Prins, "A unified solution
   framework for multi-attribute vehicle routing problems", European Journal of
   Operational Research 234(3), 2014. https://doi.org/10.1016/j.ejor.2013.09.045
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.instances.kernels import kernel

#: Columns of ``World.client``.
SERVICE, RELEASE, AMOUNT, FAR = range(4)
#: Columns of ``World.type``.
FIXED, PER_DISTANCE, PER_TIME, OPENS, CLOSES, LONGEST, LASTING, CLIENTS = range(8)
#: Entries of ``World.flags``.
TIMED, LAST, NOISE, LOADS, FLOOR, CHEAPEST, PLACES, EVEN, PAIRS = range(9)
#: Columns of ``Plan.link``.
AFTER, BEFORE, ROUTE, KEPT = range(4)
#: Columns of ``Plan.ahead`` and ``Plan.rest``.
LONG, EARLY, LATE, WAY, READY, SORT, TO, ON = range(8)
#: Columns of ``Plan.type``.
NOW, THEN = range(2)
#: Columns of ``Plan.count``.
SIZE, STACK, LISTED, CHANGED, MARK, TOUCHED = range(6)
#: Entries of ``Plan.scalars``.
COST, BEST, LOGGED, DIRTY, ABSENT, USED, SERVED, TOUCHES, SKIP, EMPTY, STAMP = range(11)


class World(NamedTuple):
    """What stays the same during a search: n clients, v vehicle types.

    Attributes
    ----------
    length, time : ndarray, shape (f, p, p), float64
        Distances and durations between places, of each profile.
    ends : ndarray, shape (v, 2), int32
        Place where vehicles of each type start, and where they end; -1 for open
        routes.
    client : ndarray, shape (n, 4), float64
        Service time, release, amount and distance from a depot.
    load : ndarray, shape (n, 2, q), float64
        What each client is brought and what it gives.
    sort : ndarray, shape (n, 2), int8
        Whether a client is brought something, and whether it gives something.
    window : ndarray, shape (w, 2), float64
        Time windows.
    first_window : ndarray, shape (n + 1,), int32
        Where those of a client begin.
    near : ndarray, shape (n, k), int32
        Near clients, nearest first.
    reach : ndarray, shape (n, k), float64
        Distances to go to them, or from them, whichever is shorter.
    task : ndarray, shape (n,), int64
        Task of each client.
    member, first_member : ndarray, int64
        Clients of tasks, and where those of each one begin; of a shipment, where
        it is picked up.
    mate : ndarray, shape (n,), int32
        The other client of a shipment, -1 for none.
    required : ndarray, shape (t,), int8
        Whether a task must be done.
    type : ndarray, shape (v, 8), float64
        Costs of a vehicle, a unit of distance and of time; when it may leave and
        must be back; limits on distance, time and clients.
    capacity : ndarray, shape (v, q), float64
        What it carries.
    profile : ndarray, shape (v,), int32
        Its profile.
    allowed : ndarray, shape (v, n), int8
        Whom it may serve.
    kin : ndarray, shape (v, v + 1), int32
        Types that differ from one in costs and limits only and may serve all that
        it may: itself, others, -1.
    roomiest : ndarray, shape (v,), float64
        Largest capacity of its kin, in the first dimension of loads.
    flags : ndarray, shape (9,), float64
        1 where times matter; 1 where pickups come last; slack of times; 1 where
        capacities matter; an insertion costs at least so many times the distance
        that it adds to a leg, and at least so many times what it adds to a route;
        served clients beside which an insertion is tried; 1 where the distances of
        ``reach`` hold both ways and for all vehicles; 1 with shipments.
    """

    length: Any
    time: Any
    ends: Any
    client: Any
    load: Any
    sort: Any
    window: Any
    first_window: Any
    near: Any
    reach: Any
    task: Any
    member: Any
    first_member: Any
    mate: Any
    required: Any
    type: Any
    capacity: Any
    profile: Any
    allowed: Any
    kin: Any
    roomiest: Any
    flags: Any


class Plan(NamedTuple):
    """The state of a search, with m routes.

    Nodes are the clients, then the start and the end of each route by turns. One more
    is in no route, but stands for the last client of a part that is tried.

    Attributes
    ----------
    place : ndarray, shape (n + 2 m + 1,), int32
        Place of each node, -1 for the end of an open route.
    type : ndarray, shape (m, 2), int32
        Type of the vehicle of each route, now and in the best plan.
    link : ndarray, shape (n + 2 m, 4), int32
        Successor, predecessor, route (m for none) and successor in the best plan.
    chosen : ndarray, shape (n,), int32
        Window of each client.
    ahead, rest : ndarray, shape (n + 2 m + 1, 8), float64
        From the start of a route up to a node, and from it to the end: duration,
        earliest and latest start, distance, latest release; pickups ahead,
        deliveries in the rest; the legs to a node and on from it (of ``ahead``),
        -1 if nobody goes there.
    ahead_load, rest_load : ndarray, shape (n + 2 m + 1, 3, q), float64
        Deliveries, pickups and largest load of the same segments.
    cost : ndarray, shape (m,), float64
        Of each route.
    total : ndarray, shape (m, 2), float64
        Deliveries and pickups of each route, in the first dimension.
    count : ndarray, shape (m, 6), int64
        Clients of each route; a stack of the routes that are empty; a list of the
        routes that differ from the best plan, and whether each one is listed; the
        last step that took a string; a list of those that a step changed.
    free : ndarray, shape (v,), int64
        Vehicles of each type that are not in use.
    log : ndarray, shape (6 n + 8, 4), int32
        What the current step did: client, its predecessor (-1 if inserted), route
        and window; or -1, former type and route of a vehicle.
    todo : ndarray, shape (2 t + 2,), int32
        Tasks to be done.
    key : ndarray, shape (2 t + 2,), float64
        Their order.
    seen : ndarray, shape (t,), int64
        Last step in which a task was listed.
    tried : ndarray, shape (n + 2 m,), int64
        Last shipment for which the place behind a node was tried, by its stamp.
    worth : ndarray, shape (t,), float64
        What it costs not to do a task.
    absent, where : ndarray, shape (t,), int32
        Tasks that are not done, and the place of each one there, or -1.
    scalars : ndarray, shape (11,), float64
        Cost, best cost, entries of the log, listed routes, absent tasks, routes in
        use, clients served, routes changed, places until the next blink, empty
        routes, stamp of the last shipment.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    place: Any
    type: Any
    link: Any
    chosen: Any
    ahead: Any
    rest: Any
    ahead_load: Any
    rest_load: Any
    cost: Any
    total: Any
    count: Any
    free: Any
    log: Any
    todo: Any
    key: Any
    seen: Any
    tried: Any
    worth: Any
    absent: Any
    where: Any
    scalars: Any
    random: Any


@kernel(inline=True)
def length(world: World, plan: Plan, f: int, a: int, b: int) -> float:
    """Return the distance between nodes."""
    to = plan.place[b]
    return world.length[f, plan.place[a], to] if to >= 0 else 0.0


@kernel(inline=True)
def duration(world: World, plan: Plan, f: int, a: int, b: int) -> float:
    """Return the duration between nodes."""
    to = plan.place[b]
    return world.time[f, plan.place[a], to] if to >= 0 else 0.0


@kernel(inline=True)
def go_on(
    world: World,
    plan: Plan,
    p: int,
    to: int,
    time: float,
    early: float,
    late: float,
    work: float,
    ready: float,
) -> bool:
    """Let what is ahead of a node go on to another one; return whether it is in time.

    The times of the longer segment are those of node ``to``, which may be the same.
    """
    sum_ = plan.ahead[p, LONG] + time
    wait = max(early - sum_ - plan.ahead[p, LATE], 0.0)
    good = plan.ahead[p, EARLY] + sum_ <= late + world.flags[NOISE]
    plan.ahead[to, LONG] = sum_ + work + wait
    plan.ahead[to, EARLY] = max(early - sum_, plan.ahead[p, EARLY]) - wait
    plan.ahead[to, LATE] = min(late - sum_, plan.ahead[p, LATE])
    plan.ahead[to, READY] = max(plan.ahead[p, READY], ready)
    return good


@kernel(inline=True)
def carry(world: World, plan: Plan, p: int, c: int, to: int) -> None:
    """Let the loads ahead of a node go on to a client; they are those of ``to``."""
    for j in range(world.capacity.shape[1]):
        down, up = world.load[c, 0, j], world.load[c, 1, j]
        most = max(
            plan.ahead_load[p, 2, j] + down,
            plan.ahead_load[p, 1, j] + max(down, up),
        )
        plan.ahead_load[to, 0, j] = plan.ahead_load[p, 0, j] + down
        plan.ahead_load[to, 1, j] = plan.ahead_load[p, 1, j] + up
        plan.ahead_load[to, 2, j] = most


@kernel
def refresh(world: World, plan: Plan, r: int) -> bool:
    """Compute all segments of a route anew; return whether it is allowed."""
    start = world.client.shape[0] + 2 * r
    return update(world, plan, r, start, start + 1)


@kernel
def update(world: World, plan: Plan, r: int, before: int, behind: int) -> bool:
    """Compute what comes ahead behind a node, and the rest before another one.

    Returns whether what was looked at is allowed.
    """
    n, q = world.client.shape[0], world.capacity.shape[1]
    k = plan.type[r, NOW]
    f, start, end = world.profile[k], n + 2 * r, n + 2 * r + 1
    opens, closes = world.type[k, OPENS], world.type[k, CLOSES]
    noise, timed = world.flags[NOISE], world.flags[TIMED] > 0.0
    good = True
    if before == start:
        plan.ahead[start, LONG] = plan.ahead[start, WAY] = plan.ahead[start, SORT] = 0.0
        plan.ahead[start, EARLY], plan.ahead[start, LATE] = opens, closes
        plan.ahead[start, READY] = -np.inf
        for i in range(3):
            for j in range(q):
                plan.ahead_load[start, i, j] = 0.0
    if behind == end:
        plan.rest[end, LONG] = plan.rest[end, WAY] = plan.rest[end, SORT] = 0.0
        plan.rest[end, EARLY], plan.rest[end, LATE] = opens, closes
        plan.rest[end, READY] = -np.inf
        for i in range(3):
            for j in range(q):
                plan.rest_load[end, i, j] = 0.0
    p, size, delivered = before, plan.count[r, SIZE], False
    for j in range(q):
        delivered |= plan.ahead_load[before, 0, j] > 0.0
    while p != end:
        c = plan.link[p, AFTER]
        leg = length(world, plan, f, p, c)
        plan.ahead[c, WAY] = plan.ahead[p, WAY] + leg
        plan.ahead[p, ON] = plan.ahead[c, TO] = leg
        last = c == end
        if timed:
            early, late, work, ready = opens, closes, 0.0, -np.inf
            if not last:
                early = world.window[plan.chosen[c], 0]
                late = world.window[plan.chosen[c], 1]
                work, ready = world.client[c, SERVICE], world.client[c, RELEASE]
            time = duration(world, plan, f, p, c)
            good &= go_on(world, plan, p, c, time, early, late, work, ready)
        plan.ahead[c, SORT] = plan.ahead[p, SORT]
        if last:
            for i in range(3):
                for j in range(q):
                    plan.ahead_load[c, i, j] = plan.ahead_load[p, i, j]
        else:
            good &= world.allowed[k, c] > 0
            carry(world, plan, p, c, c)
            if world.flags[LAST] > 0.0:
                delivered |= world.sort[c, 0] > 0
                if world.sort[c, 0] > 0 and plan.ahead[p, SORT] > 0.0:
                    good = False
                if world.sort[c, 1] > 0 and not delivered:
                    good = False
                plan.ahead[c, SORT] += world.sort[c, 1]
        p = c
    for j in range(q):
        good &= plan.ahead_load[end, 2, j] <= world.capacity[k, j]
    s = behind
    while s != start:
        c = plan.link[s, BEFORE]
        plan.rest[c, WAY] = plan.rest[s, WAY] + length(world, plan, f, c, s)
        first = c == start
        if timed:
            work = 0.0 if first else world.client[c, SERVICE]
            if first:
                early, late = opens, closes
            else:
                early = world.window[plan.chosen[c], 0]
                late = world.window[plan.chosen[c], 1]
            sum_ = work + duration(world, plan, f, c, s)
            wait = max(plan.rest[s, EARLY] - sum_ - late, 0.0)
            plan.rest[c, LONG] = sum_ + plan.rest[s, LONG] + wait
            plan.rest[c, EARLY] = max(plan.rest[s, EARLY] - sum_, early) - wait
            plan.rest[c, LATE] = min(plan.rest[s, LATE] - sum_, late)
            ready = -np.inf if first else world.client[c, RELEASE]
            plan.rest[c, READY] = max(plan.rest[s, READY], ready)
        plan.rest[c, SORT] = plan.rest[s, SORT]
        if first:
            for i in range(3):
                for j in range(q):
                    plan.rest_load[c, i, j] = plan.rest_load[s, i, j]
        else:
            for j in range(q):
                down, up = world.load[c, 0, j], world.load[c, 1, j]
                most = max(
                    max(down, up) + plan.rest_load[s, 0, j],
                    up + plan.rest_load[s, 2, j],
                )
                plan.rest_load[c, 0, j] = plan.rest_load[s, 0, j] + down
                plan.rest_load[c, 1, j] = plan.rest_load[s, 1, j] + up
                plan.rest_load[c, 2, j] = most
            if world.flags[LAST] > 0.0:
                plan.rest[c, SORT] += world.sort[c, 0]
        s = c
    cost = 0.0
    if size > 0:
        cost = world.type[k, FIXED] + world.type[k, PER_DISTANCE] * plan.ahead[end, WAY]
        if timed:
            cost += world.type[k, PER_TIME] * plan.ahead[end, LONG]
            good &= plan.ahead[end, LONG] <= world.type[k, LASTING] + noise
            good &= plan.ahead[end, READY] <= plan.ahead[end, LATE] + noise
        good &= plan.ahead[end, WAY] <= world.type[k, LONGEST]
        good &= size <= world.type[k, CLIENTS]
    plan.scalars[COST] += cost - plan.cost[r]
    plan.cost[r] = cost
    plan.total[r, 0] = plan.ahead_load[end, 0, 0]
    plan.total[r, 1] = plan.ahead_load[end, 1, 0]
    return good


@kernel(inline=True)
def touch(plan: Plan, r: int) -> None:
    """List a route as changed by the current step."""
    for number in range(int(plan.scalars[TOUCHES])):
        if plan.count[number, TOUCHED] == r:
            return
    plan.count[int(plan.scalars[TOUCHES]), TOUCHED] = r
    plan.scalars[TOUCHES] += 1


@kernel(inline=True)
def link(world: World, plan: Plan, c: int, p: int, r: int, w: int) -> None:
    """Put a client behind a node of a route."""
    s = plan.link[p, AFTER]
    plan.link[p, AFTER], plan.link[c, BEFORE] = c, p
    plan.link[c, AFTER], plan.link[s, BEFORE] = s, c
    plan.link[c, ROUTE] = r
    plan.chosen[c] = w
    if plan.count[r, SIZE] == 0:
        plan.free[plan.type[r, NOW]] -= 1
        plan.scalars[USED] += 1
        plan.scalars[EMPTY] -= 1
    plan.count[r, SIZE] += 1
    plan.scalars[SERVED] += 1
    t = world.task[c]
    place = plan.where[t]
    # Of a shipment, the other half may be there.
    if place >= 0:
        plan.scalars[COST] -= plan.worth[t]
        last = int(plan.scalars[ABSENT]) - 1
        plan.absent[place] = plan.absent[last]
        plan.where[plan.absent[last]] = place
        plan.where[t] = -1
        plan.scalars[ABSENT] = last


@kernel(inline=True)
def unlink(world: World, plan: Plan, c: int) -> None:
    """Take a client out of its route."""
    r, p, s = plan.link[c, ROUTE], plan.link[c, BEFORE], plan.link[c, AFTER]
    plan.link[p, AFTER], plan.link[s, BEFORE] = s, p
    plan.link[c, ROUTE] = plan.count.shape[0]
    plan.ahead[c, TO] = plan.ahead[c, ON] = -1.0
    plan.count[r, SIZE] -= 1
    plan.scalars[SERVED] -= 1
    if plan.count[r, SIZE] == 0:
        plan.free[plan.type[r, NOW]] += 1
        plan.count[int(plan.scalars[EMPTY]), STACK] = r
        plan.scalars[EMPTY] += 1
        plan.scalars[USED] -= 1
    t = world.task[c]
    if plan.where[t] < 0:
        plan.scalars[COST] += plan.worth[t]
        last = int(plan.scalars[ABSENT])
        plan.absent[last], plan.where[t] = t, last
        plan.scalars[ABSENT] = last + 1


@kernel(inline=True)
def note(plan: Plan, c: int, p: int, r: int, w: int) -> None:
    """Write an entry of the log."""
    entry = int(plan.scalars[LOGGED])
    plan.log[entry, 0], plan.log[entry, 1] = c, p
    plan.log[entry, 2], plan.log[entry, 3] = r, w
    plan.scalars[LOGGED] += 1


@kernel
def equip(world: World, plan: Plan, r: int, k: int) -> None:
    """Give a route a vehicle of a type."""
    start = world.client.shape[0] + 2 * r
    if plan.count[r, SIZE] > 0:
        plan.free[plan.type[r, NOW]] += 1
        plan.free[k] -= 1
    plan.type[r, NOW] = k
    plan.place[start], plan.place[start + 1] = world.ends[k, 0], world.ends[k, 1]


@kernel
def undo(world: World, plan: Plan) -> None:
    """Undo everything that is logged."""
    for entry in range(int(plan.scalars[LOGGED]) - 1, -1, -1):
        c, p = plan.log[entry, 0], plan.log[entry, 1]
        if c < 0:
            equip(world, plan, plan.log[entry, 2], p)
        elif p < 0:
            unlink(world, plan, c)
        else:
            link(world, plan, c, p, plan.log[entry, 2], plan.log[entry, 3])
    for number in range(int(plan.scalars[TOUCHES])):
        refresh(world, plan, plan.count[number, TOUCHED])


@kernel
def whole(world: World, plan: Plan) -> bool:
    """Whether all that must be done is."""
    for number in range(int(plan.scalars[ABSENT])):
        if world.required[plan.absent[number]] > 0:
            return False
    return True


@kernel
def mark(plan: Plan, r: int) -> None:
    """List a route as one that differs from the best plan."""
    if plan.count[r, CHANGED] == 0:
        plan.count[r, CHANGED] = 1
        plan.count[int(plan.scalars[DIRTY]), LISTED] = r
        plan.scalars[DIRTY] += 1


@kernel
def accept(plan: Plan) -> None:
    """Mark the routes that the step has changed."""
    for number in range(int(plan.scalars[TOUCHES])):
        mark(plan, plan.count[number, TOUCHED])


@kernel
def keep_if_best(world: World, plan: Plan, least: float) -> None:
    """Bring the best plan up to date: only what differs is copied."""
    if plan.scalars[COST] >= plan.scalars[BEST] - least or not whole(world, plan):
        return
    n = world.client.shape[0]
    plan.scalars[BEST] = plan.scalars[COST]
    for number in range(int(plan.scalars[DIRTY])):
        r = plan.count[number, LISTED]
        plan.count[r, CHANGED] = 0
        plan.type[r, THEN] = plan.type[r, NOW]
        node = n + 2 * r
        while node != n + 2 * r + 1:
            plan.link[node, KEPT] = plan.link[node, AFTER]
            node = plan.link[node, AFTER]
    plan.scalars[DIRTY] = 0

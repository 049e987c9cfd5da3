"""Routes of a fleet in the form that its kernels change and undo: the kind ``vrp``.

A route is a chain of nodes between two of its own: where its vehicle starts and
where it ends. The type of the vehicle may change while the chain stays. Each node
knows two segments, from the start of its route up to it and from it to the end, by a
few numbers that can be put together in constant time [1]_: duration, earliest and
latest start, distance, loads. So an insertion is judged without looking at the rest
of a route.

On a leg, a vehicle may take breaks and reload: both belong to the node behind which it
is, breaks come first. Goods that are ready late let a route begin later, but a later
trip has to wait for them at its depot.

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
STOPS, RELOADS, DEAR = range(9, 12)
#: Columns of ``World.depot`` and ``World.rest``.
OPEN, SHUT, TAKES = range(3)
#: Columns of ``Plan.leg``.
PAUSES, DEPOT, DEPOT_KEPT = range(3)
#: Columns of ``Plan.trip``.
TAKEN, TRIP, FIRST = range(3)
#: Columns of ``Plan.link``.
AFTER, BEFORE, ROUTE, KEPT = range(4)
#: Columns of ``Plan.ahead`` and ``Plan.rest``.
LONG, EARLY, LATE, WAY, READY, SORT, TO, ON = range(8)
#: Columns of ``Plan.type``.
NOW, THEN = range(2)
#: Columns of ``Plan.count``.
SIZE, STACK, LISTED, CHANGED, MARK, TOUCHED, AGAIN = range(7)
#: Entries of ``Plan.scalars``.
COST, BEST, LOGGED, DIRTY, ABSENT, USED, SERVED, TOUCHES, SKIP, EMPTY, STAMP = range(11)
MAKESPAN = 11
#: What an entry of ``Plan.log`` begins with that is no client.
KIND, LEG = -1, -2


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
    rest : ndarray, shape (b, 3), float64
        When each break may begin, and how long it takes, in the order of types.
    first_rest : ndarray, shape (v + 1,), int32
        Where those of a type begin.
    depot : ndarray, shape (d, 3), float64
        When vehicles may begin to reload at a depot, and how long that takes.
    depot_place : ndarray, shape (d,), int32
        Where it is.
    reload : ndarray, shape (v, d), int8
        Where vehicles of a type may reload.
    most_reloads : ndarray, shape (v,), int64
        How often.
    kin : ndarray, shape (v, v + 1), int32
        Types that differ from one in costs and limits only and may serve all that
        it may: itself, others, -1. With reloads they carry the same, too.
    roomiest : ndarray, shape (v,), float64
        Largest capacity of its kin, in the first dimension of loads.
    flags : ndarray, shape (12,), float64
        1 where times matter; 1 where pickups come last; slack of times; 1 where
        capacities matter; an insertion costs at least so many times the distance
        that it adds to a leg, and at least so many times what it adds to a route;
        served clients beside which an insertion is tried; 1 where the distances of
        ``reach`` hold both ways and for all vehicles; 1 with shipments; 1 with breaks
        or reloads; 1 with reloads; cost of a unit of time of the longest route.
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
    rest: Any
    first_rest: Any
    depot: Any
    depot_place: Any
    reload: Any
    most_reloads: Any
    kin: Any
    roomiest: Any
    flags: Any


class Plan(NamedTuple):
    """The state of a search, with m routes.

    Nodes are the clients, then the start and the end of each route by turns. Three
    more are in no route, but stand for the last stop of a part that is tried.

    Attributes
    ----------
    place : ndarray, shape (n + 2 m + 3,), int32
        Place of each node, -1 for the end of an open route.
    type : ndarray, shape (m, 2), int32
        Type of the vehicle of each route, now and in the best plan.
    link : ndarray, shape (n + 2 m, 4), int32
        Successor, predecessor, route (m for none) and successor in the best plan.
    chosen : ndarray, shape (n,), int32
        Window of each client.
    leg : ndarray, shape (n + 2 m, 3), int32
        Breaks on the leg behind each node, and the depot where the vehicle reloads
        there, now and in the best plan; -1 for none.
    trip : ndarray, shape (n + 2 m + 3, 3), float64
        Breaks up to a node; of a later trip, when its goods are ready, infinite for
        the first one; when those of the first trip are, for later ones.
    ahead, rest : ndarray, shape (n + 2 m + 3, 8), float64
        From the start of a route up to a node, and from it to the end: duration,
        earliest and latest start, distance; of the same trip only: latest release,
        pickups ahead and deliveries in the rest; the legs to a node and on from it
        (of ``ahead``), -1 if nobody goes there.
    ahead_load, rest_load : ndarray, shape (n + 2 m + 3, 3, q), float64
        Deliveries, pickups and largest load of the same segments, of the same trip.
    cost : ndarray, shape (m,), float64
        Of each route.
    total : ndarray, shape (m, 2), float64
        Deliveries and pickups of each route, in the first dimension; 0 with reloads.
    count : ndarray, shape (m, 7), int64
        Clients of each route; a stack of the routes that are empty; a list of the
        routes that differ from the best plan, and whether each one is listed; the
        last step that took a string; a list of those that a step changed; reloads
        of each route.
    free : ndarray, shape (v,), int64
        Vehicles of each type that are not in use.
    log : ndarray, shape (20 n + 8, 4), int32
        What the current step did: client, its predecessor (-1 if inserted), route
        and window; or KIND, former type and route of a vehicle; or LEG, a node, and
        what was on the leg behind it.
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
    scalars : ndarray, shape (12,), float64
        Cost, best cost, entries of the log, listed routes, absent tasks, routes in
        use, clients served, routes changed, places until the next blink, empty
        routes, stamp of the last shipment, time of the longest route.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    place: Any
    type: Any
    link: Any
    chosen: Any
    leg: Any
    trip: Any
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


@kernel(inline=True)
def come_before(
    world: World,
    plan: Plan,
    s: int,
    to: int,
    time: float,
    early: float,
    late: float,
    work: float,
) -> None:
    """Let something come before the rest from a node; the times are those of ``to``."""
    sum_ = work + time
    wait = max(plan.rest[s, EARLY] - sum_ - late, 0.0)
    soonest = max(plan.rest[s, EARLY] - sum_, early) - wait
    plan.rest[to, LONG] = sum_ + plan.rest[s, LONG] + wait
    plan.rest[to, EARLY] = soonest
    plan.rest[to, LATE] = min(plan.rest[s, LATE] - sum_, late)


@kernel
def cross(
    world: World,
    plan: Plan,
    k: int,
    p: int,
    to: int,
    s: int,
    pauses: int,
    depot: int,
    ready: float,
) -> bool:
    """Let what is ahead of a node pass breaks, and a depot, on the way to another one.

    Returns whether it is in time. What comes out is ``to``, still on its way; for the
    trip from the depot goods are ``ready`` at some time. Loads are left alone.
    """
    f, good = world.profile[k], True
    for column in range(READY + 1):
        plan.ahead[to, column] = plan.ahead[p, column]
    for column in range(FIRST + 1):
        plan.trip[to, column] = plan.trip[p, column]
    plan.place[to] = plan.place[p]
    then = world.depot_place[depot] if depot >= 0 else plan.place[s]
    way = world.time[f, plan.place[p], then] if then >= 0 else 0.0
    first = world.first_rest[k] + int(plan.trip[p, TAKEN])
    if first + pauses > world.first_rest[k + 1]:
        return False
    for b in range(first, first + pauses):
        early, late = world.rest[b, OPEN] - way, world.rest[b, SHUT]
        work = world.rest[b, TAKES]
        good &= go_on(world, plan, to, to, 0.0, early, late, work, -np.inf)
    plan.trip[to, TAKEN] += pauses
    if depot >= 0:
        early, late = max(world.depot[depot, OPEN], ready), world.depot[depot, SHUT]
        work = world.depot[depot, TAKES]
        good &= early <= late + world.flags[NOISE]
        good &= go_on(world, plan, to, to, way, early, late, work, -np.inf)
        plan.ahead[to, WAY] += world.length[f, plan.place[p], then]
        plan.place[to] = then
        if plan.trip[to, TRIP] == np.inf:
            plan.trip[to, FIRST] = plan.ahead[to, READY]
        plan.trip[to, TRIP], plan.ahead[to, READY] = ready, -np.inf
        plan.ahead[to, SORT] = 0.0
    return good


@kernel
def _cross_back(
    world: World, plan: Plan, k: int, c: int, s: int, to: int, taken: int
) -> float:
    """Let breaks, and a depot, on the leg between two nodes come before the rest.

    Returns the time that is still to go from the first one to ``to``, what comes out.
    """
    f, pauses, depot = world.profile[k], plan.leg[c, PAUSES], plan.leg[c, DEPOT]
    for column in range(SORT + 1):
        plan.rest[to, column] = plan.rest[s, column]
    plan.place[to] = plan.place[s]
    if depot >= 0:
        at, then = world.depot_place[depot], plan.place[s]
        way = world.time[f, at, then] if then >= 0 else 0.0
        early = max(world.depot[depot, OPEN], plan.rest[s, READY])
        late, work = world.depot[depot, SHUT], world.depot[depot, TAKES]
        come_before(world, plan, to, to, way, early, late, work)
        plan.rest[to, WAY] += world.length[f, at, then] if then >= 0 else 0.0
        plan.rest[to, READY], plan.rest[to, SORT] = -np.inf, 0.0
        plan.place[to] = at
    way = duration(world, plan, f, c, to)
    left, last = way, world.first_rest[k] + taken
    for b in range(last - 1, max(last - pauses, world.first_rest[k]) - 1, -1):
        early, late = world.rest[b, OPEN] - way, world.rest[b, SHUT]
        come_before(world, plan, to, to, left, early, late, world.rest[b, TAKES])
        left = 0.0
    return left


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
    n = world.client.shape[0]
    start, end = n + 2 * r, n + 2 * r + 1
    if world.flags[RELOADS] > 0.0:
        # What is loaded later may let a trip begin later.
        before, behind = start, end
    _look_back(world, plan, r, behind)
    good = _look_ahead(world, plan, r, before)
    k, size, cost = plan.type[r, NOW], plan.count[r, SIZE], 0.0
    if size > 0:
        cost = world.type[k, FIXED] + world.type[k, PER_DISTANCE] * plan.ahead[end, WAY]
        if world.flags[TIMED] > 0.0:
            noise, ready = world.flags[NOISE], plan.ahead[end, READY]
            if plan.trip[end, TRIP] < np.inf:
                ready = plan.trip[end, FIRST]
            cost += world.type[k, PER_TIME] * plan.ahead[end, LONG]
            good &= plan.ahead[end, LONG] <= world.type[k, LASTING] + noise
            good &= ready <= plan.ahead[end, LATE] + noise
        good &= plan.ahead[end, WAY] <= world.type[k, LONGEST]
        good &= size <= world.type[k, CLIENTS]
    plan.scalars[COST] += cost - plan.cost[r]
    plan.cost[r] = cost
    if world.flags[RELOADS] == 0.0:
        plan.total[r, 0] = plan.ahead_load[end, 0, 0]
        plan.total[r, 1] = plan.ahead_load[end, 1, 0]
    return good


@kernel
def _look_back(world: World, plan: Plan, r: int, behind: int) -> None:
    """Compute the rest before a node of a route."""
    n, q = world.client.shape[0], world.capacity.shape[1]
    k = plan.type[r, NOW]
    f, start, end = world.profile[k], n + 2 * r, n + 2 * r + 1
    opens, closes = world.type[k, OPENS], world.type[k, CLOSES]
    timed, spare = world.flags[TIMED] > 0.0, plan.ahead.shape[0] - 1
    stops, taken = world.flags[STOPS] > 0.0, int(plan.trip[behind, TAKEN])
    if behind == end:
        plan.rest[end, LONG] = plan.rest[end, WAY] = plan.rest[end, SORT] = 0.0
        plan.rest[end, EARLY], plan.rest[end, LATE] = opens, closes
        plan.rest[end, READY] = -np.inf
        taken = world.first_rest[k + 1] - world.first_rest[k]
        for i in range(3):
            for j in range(q):
                plan.rest_load[end, i, j] = 0.0
    s = behind
    while s != start:
        c = plan.link[s, BEFORE]
        first, x, depot = c == start, s, -1
        time = duration(world, plan, f, c, s) if timed else 0.0
        if stops and (plan.leg[c, PAUSES] > 0 or plan.leg[c, DEPOT] >= 0):
            x, depot = spare, plan.leg[c, DEPOT]
            time = _cross_back(world, plan, k, c, s, x, taken)
            taken -= plan.leg[c, PAUSES]
        plan.rest[c, WAY] = plan.rest[x, WAY] + length(world, plan, f, c, x)
        if timed:
            work = 0.0 if first else world.client[c, SERVICE]
            if first:
                early, late = opens, closes
            else:
                early = world.window[plan.chosen[c], 0]
                late = world.window[plan.chosen[c], 1]
            come_before(world, plan, x, c, time, early, late, work)
            ready = -np.inf if first else world.client[c, RELEASE]
            plan.rest[c, READY] = max(plan.rest[x, READY], ready)
        plan.rest[c, SORT] = plan.rest[x, SORT]
        if depot >= 0:
            for i in range(3):
                for j in range(q):
                    plan.rest_load[spare, i, j] = 0.0
        else:
            x = s
        if first:
            for i in range(3):
                for j in range(q):
                    plan.rest_load[c, i, j] = plan.rest_load[x, i, j]
        else:
            for j in range(q):
                down, up = world.load[c, 0, j], world.load[c, 1, j]
                most = max(
                    max(down, up) + plan.rest_load[x, 0, j],
                    up + plan.rest_load[x, 2, j],
                )
                plan.rest_load[c, 0, j] = plan.rest_load[x, 0, j] + down
                plan.rest_load[c, 1, j] = plan.rest_load[x, 1, j] + up
                plan.rest_load[c, 2, j] = most
            if world.flags[LAST] > 0.0:
                plan.rest[c, SORT] += world.sort[c, 0]
        s = c


@kernel
def _look_ahead(world: World, plan: Plan, r: int, before: int) -> bool:
    """Compute what comes ahead behind a node; return whether it is allowed."""
    n, q = world.client.shape[0], world.capacity.shape[1]
    k = plan.type[r, NOW]
    f, start, end = world.profile[k], n + 2 * r, n + 2 * r + 1
    opens, closes = world.type[k, OPENS], world.type[k, CLOSES]
    timed, spare = world.flags[TIMED] > 0.0, plan.ahead.shape[0] - 1
    stops, good, reloads = world.flags[STOPS] > 0.0, True, 0
    if before == start:
        plan.ahead[start, LONG] = plan.ahead[start, WAY] = plan.ahead[start, SORT] = 0.0
        plan.ahead[start, EARLY], plan.ahead[start, LATE] = opens, closes
        plan.ahead[start, READY] = -np.inf
        plan.trip[start, TAKEN], plan.trip[start, TRIP] = 0.0, np.inf
        for i in range(3):
            for j in range(q):
                plan.ahead_load[start, i, j] = 0.0
    p, delivered = before, False
    for j in range(q):
        delivered |= plan.ahead_load[before, 0, j] > 0.0
    while p != end:
        c = plan.link[p, AFTER]
        x, depot, extra = p, -1, 0.0
        if stops:
            if plan.leg[p, PAUSES] > 0 or plan.leg[p, DEPOT] >= 0:
                x, depot = spare, plan.leg[p, DEPOT]
                pauses, ready = plan.leg[p, PAUSES], plan.rest[c, READY]
                good &= cross(world, plan, k, p, x, c, pauses, depot, ready)
                extra = plan.ahead[x, WAY] - plan.ahead[p, WAY]
            for column in range(FIRST + 1):
                plan.trip[c, column] = plan.trip[x, column]
        if depot >= 0:
            good &= world.reload[k, depot] > 0
            reloads, delivered = reloads + 1, False
            for j in range(q):
                good &= plan.ahead_load[p, 2, j] <= world.capacity[k, j]
                for i in range(3):
                    plan.ahead_load[spare, i, j] = 0.0
        leg = length(world, plan, f, x, c)
        plan.ahead[c, WAY] = plan.ahead[x, WAY] + leg
        plan.ahead[p, ON] = plan.ahead[c, TO] = leg + extra
        last = c == end
        if timed:
            early, late, work, ready = opens, closes, 0.0, -np.inf
            if not last:
                early = world.window[plan.chosen[c], 0]
                late = world.window[plan.chosen[c], 1]
                work, ready = world.client[c, SERVICE], world.client[c, RELEASE]
            time = duration(world, plan, f, x, c)
            good &= go_on(world, plan, x, c, time, early, late, work, ready)
        plan.ahead[c, SORT] = plan.ahead[x, SORT]
        if depot < 0:
            x = p
        if last:
            for i in range(3):
                for j in range(q):
                    plan.ahead_load[c, i, j] = plan.ahead_load[x, i, j]
        else:
            good &= world.allowed[k, c] > 0
            carry(world, plan, x, c, c)
            if world.flags[LAST] > 0.0:
                delivered |= world.sort[c, 0] > 0
                if world.sort[c, 0] > 0 and plan.ahead[c, SORT] > 0.0:
                    good = False
                if world.sort[c, 1] > 0 and not delivered:
                    good = False
                plan.ahead[c, SORT] += world.sort[c, 1]
        p = c
    for j in range(q):
        good &= plan.ahead_load[end, 2, j] <= world.capacity[k, j]
    if stops:
        plan.count[r, AGAIN] = reloads
        good &= reloads <= world.most_reloads[k]
        due = world.first_rest[k + 1] - world.first_rest[k]
        good &= plan.count[r, SIZE] == 0 or plan.trip[end, TAKEN] == due
    return good

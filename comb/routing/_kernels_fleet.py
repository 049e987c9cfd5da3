"""Numba kernels of ruin and recreation for fleets: the kind ``vrp``.

A route is a chain of nodes between two of its own: where its vehicle starts and
where it ends. The type of the vehicle may change while the chain stays. Each node
knows two segments, from the start of its route up to it and from it to the end, by a
few numbers that can be put together in constant time [1]_: duration, earliest and
latest start, distance, loads. So an insertion is judged without looking at the rest
of a route.

What is to be served is a *task*: a client, or a group of which one client is.

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

from combkit.comb._kernels_random import below, unit
from combkit.instances.kernels import kernel

__all__ = ["Plan", "World", "fill", "refresh", "search", "take_over", "weigh"]

#: Columns of ``World.client``.
SERVICE, RELEASE, AMOUNT, FAR = range(4)
#: Columns of ``World.type``.
FIXED, PER_DISTANCE, PER_TIME, OPENS, CLOSES, LONGEST, LASTING, CLIENTS = range(8)
#: Entries of ``World.flags``.
TIMED, LAST, NOISE, LOADS, FLOOR, CHEAPEST, PLACES, EVEN = range(8)
#: Columns of ``Plan.link``.
AFTER, BEFORE, ROUTE, KEPT = range(4)
#: Columns of ``Plan.ahead`` and ``Plan.rest``.
LONG, EARLY, LATE, WAY, READY, SORT, TO, ON = range(8)
#: Columns of ``Plan.type``.
NOW, THEN = range(2)
#: Columns of ``Plan.count``.
SIZE, STACK, LISTED, CHANGED, MARK, TOUCHED = range(6)
#: Entries of ``Plan.scalars``.
COST, BEST, LOGGED, DIRTY, ABSENT, USED, SERVED, TOUCHES, SKIP, EMPTY = range(10)


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
        Clients of tasks, and where those of each one begin.
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
    flags : ndarray, shape (8,), float64
        1 where times matter; 1 where pickups come last; slack of times; 1 where
        capacities matter; an insertion costs at least so many times the distance
        that it adds to a leg, and at least so many times what it adds to a route;
        served clients beside which an insertion is tried; 1 where the distances of
        ``reach`` hold both ways and for all vehicles.
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

    Nodes are the clients, then the start and the end of each route by turns.

    Attributes
    ----------
    place : ndarray, shape (n + 2 m,), int32
        Place of each node, -1 for the end of an open route.
    type : ndarray, shape (m, 2), int32
        Type of the vehicle of each route, now and in the best plan.
    link : ndarray, shape (n + 2 m, 4), int32
        Successor, predecessor, route (m for none) and successor in the best plan.
    chosen : ndarray, shape (n,), int32
        Window of each client.
    ahead, rest : ndarray, shape (n + 2 m, 8), float64
        From the start of a route up to a node, and from it to the end: duration,
        earliest and latest start, distance, latest release; pickups ahead,
        deliveries in the rest; the legs to a node and on from it (of ``ahead``),
        -1 if nobody goes there.
    ahead_load, rest_load : ndarray, shape (n + 2 m, 3, q), float64
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
    worth : ndarray, shape (t,), float64
        What it costs not to do a task.
    absent, where : ndarray, shape (t,), int32
        Tasks that are not done, and the place of each one there, or -1.
    scalars : ndarray, shape (10,), float64
        Cost, best cost, entries of the log, listed routes, absent tasks, routes in
        use, clients served, routes changed, places until the next blink, empty
        routes.
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
    worth: Any
    absent: Any
    where: Any
    scalars: Any
    random: Any


@kernel(inline=True)
def _length(world: World, plan: Plan, f: int, a: int, b: int) -> float:
    """Return the distance between nodes."""
    to = plan.place[b]
    return world.length[f, plan.place[a], to] if to >= 0 else 0.0


@kernel(inline=True)
def _time(world: World, plan: Plan, f: int, a: int, b: int) -> float:
    """Return the duration between nodes."""
    to = plan.place[b]
    return world.time[f, plan.place[a], to] if to >= 0 else 0.0


@kernel
def refresh(world: World, plan: Plan, r: int) -> bool:
    """Compute all segments of a route anew; return whether it is allowed."""
    start = world.client.shape[0] + 2 * r
    return _update(world, plan, r, start, start + 1)


@kernel
def _update(world: World, plan: Plan, r: int, before: int, behind: int) -> bool:
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
        leg = _length(world, plan, f, p, c)
        plan.ahead[c, WAY] = plan.ahead[p, WAY] + leg
        plan.ahead[p, ON] = plan.ahead[c, TO] = leg
        last = c == end
        if timed:
            work = 0.0 if last else world.client[c, SERVICE]
            if last:
                early, late = opens, closes
            else:
                early = world.window[plan.chosen[c], 0]
                late = world.window[plan.chosen[c], 1]
            sum_ = plan.ahead[p, LONG] + _time(world, plan, f, p, c)
            wait = max(early - sum_ - plan.ahead[p, LATE], 0.0)
            good &= plan.ahead[p, EARLY] + sum_ <= late + noise
            plan.ahead[c, LONG] = sum_ + work + wait
            plan.ahead[c, EARLY] = max(early - sum_, plan.ahead[p, EARLY]) - wait
            plan.ahead[c, LATE] = min(late - sum_, plan.ahead[p, LATE])
            ready = -np.inf if last else world.client[c, RELEASE]
            plan.ahead[c, READY] = max(plan.ahead[p, READY], ready)
        plan.ahead[c, SORT] = plan.ahead[p, SORT]
        if last:
            for i in range(3):
                for j in range(q):
                    plan.ahead_load[c, i, j] = plan.ahead_load[p, i, j]
        else:
            good &= world.allowed[k, c] > 0
            for j in range(q):
                down, up = world.load[c, 0, j], world.load[c, 1, j]
                most = max(
                    plan.ahead_load[p, 2, j] + down,
                    plan.ahead_load[p, 1, j] + max(down, up),
                )
                plan.ahead_load[c, 0, j] = plan.ahead_load[p, 0, j] + down
                plan.ahead_load[c, 1, j] = plan.ahead_load[p, 1, j] + up
                plan.ahead_load[c, 2, j] = most
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
        plan.rest[c, WAY] = plan.rest[s, WAY] + _length(world, plan, f, c, s)
        first = c == start
        if timed:
            work = 0.0 if first else world.client[c, SERVICE]
            if first:
                early, late = opens, closes
            else:
                early = world.window[plan.chosen[c], 0]
                late = world.window[plan.chosen[c], 1]
            sum_ = work + _time(world, plan, f, c, s)
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
def _loads_fit(world: World, plan: Plan, c: int, p: int, s: int, k: int) -> bool:
    """Whether what a vehicle carries allows a client between two nodes."""
    for j in range(world.capacity.shape[1]):
        down, up = world.load[c, 0, j], world.load[c, 1, j]
        most = max(
            plan.ahead_load[p, 2, j] + down,
            plan.ahead_load[p, 1, j] + max(down, up),
        )
        most = max(
            most + plan.rest_load[s, 0, j],
            plan.ahead_load[p, 1, j] + up + plan.rest_load[s, 2, j],
        )
        if most > world.capacity[k, j]:
            return False
    return True


@kernel(inline=True)
def _in_order(world: World, plan: Plan, c: int, p: int, s: int) -> bool:
    """Whether pickups stay last, behind a delivery."""
    if world.sort[c, 0] > 0:
        return plan.ahead[p, SORT] == 0.0
    if world.sort[c, 1] > 0:
        if plan.rest[s, SORT] > 0.0:
            return False
        for j in range(world.capacity.shape[1]):
            if plan.ahead_load[p, 0, j] > 0.0:
                return True
        return False
    return True


@kernel(inline=True)
def _window_for(
    world: World, plan: Plan, c: int, p: int, s: int, f: int
) -> tuple[int, float]:
    """Return the window for a client between two nodes, and the route's duration.

    The window is -1 where none is in time.
    """
    noise = world.flags[NOISE]
    to, on = _time(world, plan, f, p, c), _time(world, plan, f, c, s)
    work = world.client[c, SERVICE]
    ready = max(plan.ahead[p, READY], plan.rest[s, READY], world.client[c, RELEASE])
    best, found = np.inf, -1
    for w in range(world.first_window[c], world.first_window[c + 1]):
        early, late = world.window[w, 0], world.window[w, 1]
        sum_ = plan.ahead[p, LONG] + to
        if plan.ahead[p, EARLY] + sum_ > late + noise:
            continue
        wait = max(early - sum_ - plan.ahead[p, LATE], 0.0)
        long = sum_ + work + wait + on
        first = max(early - sum_, plan.ahead[p, EARLY]) - wait
        last = min(late - sum_, plan.ahead[p, LATE])
        if first + long > plan.rest[s, LATE] + noise:
            continue
        more = max(plan.rest[s, EARLY] - long - last, 0.0)
        whole = long + plan.rest[s, LONG] + more
        last = min(plan.rest[s, LATE] - long, last)
        if ready > last + noise:
            continue
        if whole < best:
            best, found = whole, w
    return found, best


@kernel(inline=True)
def _touch(plan: Plan, r: int) -> None:
    """List a route as changed by the current step."""
    for number in range(int(plan.scalars[TOUCHES])):
        if plan.count[number, TOUCHED] == r:
            return
    plan.count[int(plan.scalars[TOUCHES]), TOUCHED] = r
    plan.scalars[TOUCHES] += 1


@kernel(inline=True)
def _link(world: World, plan: Plan, c: int, p: int, r: int, w: int) -> None:
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
    plan.scalars[COST] -= plan.worth[t]
    last = int(plan.scalars[ABSENT]) - 1
    place = plan.where[t]
    plan.absent[place] = plan.absent[last]
    plan.where[plan.absent[last]] = place
    plan.where[t] = -1
    plan.scalars[ABSENT] = last


@kernel(inline=True)
def _unlink(world: World, plan: Plan, c: int) -> None:
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
    plan.scalars[COST] += plan.worth[t]
    last = int(plan.scalars[ABSENT])
    plan.absent[last], plan.where[t] = t, last
    plan.scalars[ABSENT] = last + 1


@kernel(inline=True)
def _note(plan: Plan, c: int, p: int, r: int, w: int) -> None:
    """Write an entry of the log."""
    entry = int(plan.scalars[LOGGED])
    plan.log[entry, 0], plan.log[entry, 1] = c, p
    plan.log[entry, 2], plan.log[entry, 3] = r, w
    plan.scalars[LOGGED] += 1


@kernel
def _equip(world: World, plan: Plan, r: int, k: int) -> None:
    """Give a route a vehicle of a type."""
    start = world.client.shape[0] + 2 * r
    if plan.count[r, SIZE] > 0:
        plan.free[plan.type[r, NOW]] += 1
        plan.free[k] -= 1
    plan.type[r, NOW] = k
    plan.place[start], plan.place[start + 1] = world.ends[k, 0], world.ends[k, 1]


@kernel
def _undo(world: World, plan: Plan) -> None:
    """Undo everything that is logged."""
    for entry in range(int(plan.scalars[LOGGED]) - 1, -1, -1):
        c, p = plan.log[entry, 0], plan.log[entry, 1]
        if c < 0:
            _equip(world, plan, plan.log[entry, 2], p)
        elif p < 0:
            _unlink(world, plan, c)
        else:
            _link(world, plan, c, p, plan.log[entry, 2], plan.log[entry, 3])
    for number in range(int(plan.scalars[TOUCHES])):
        refresh(world, plan, plan.count[number, TOUCHED])


@kernel(inline=True)
def _want(plan: Plan, t: int, step: int, count: int) -> int:
    """List a task to be done, once a step."""
    if plan.seen[t] == step:
        return count
    plan.seen[t] = step
    plan.todo[count] = t
    return count + 1


@kernel
def _cut(
    world: World,
    plan: Plan,
    c: int,
    step: int,
    longest: float,
    split: float,
    count: int,
) -> int:
    """Remove a string around a client; return the number of tasks to be done."""
    n, r = world.client.shape[0], plan.link[c, ROUTE]
    size = plan.count[r, SIZE]
    length = 1 + below(plan.random, int(min(float(size), longest)))
    kept = 0
    if 1 < length < size and unit(plan.random) < split:
        kept = 1
    span = length + kept
    ahead, node = 0, plan.link[c, AFTER]
    while ahead < span - 1 and node < n:
        ahead += 1
        node = plan.link[node, AFTER]
    behind, node = 0, plan.link[c, BEFORE]
    while behind < span - 1 and node < n:
        behind += 1
        node = plan.link[node, BEFORE]
    least = max(0, span - 1 - ahead)
    back = least + below(plan.random, behind - least + 1)
    node = c
    for _ in range(back):
        node = plan.link[node, BEFORE]
    before = plan.link[node, BEFORE]
    skipped = 1 + below(plan.random, length - 1) if kept > 0 else -1
    for number in range(span):
        after = plan.link[node, AFTER]
        if number != skipped:
            _note(plan, node, plan.link[node, BEFORE], r, plan.chosen[node])
            _unlink(world, plan, node)
            count = _want(plan, world.task[node], step, count)
        node = after
    _touch(plan, r)
    if not _update(world, plan, r, before, node):
        # What is left needed what is gone.
        node = plan.link[n + 2 * r, AFTER]
        while node < n:
            after = plan.link[node, AFTER]
            _note(plan, node, plan.link[node, BEFORE], r, plan.chosen[node])
            _unlink(world, plan, node)
            count = _want(plan, world.task[node], step, count)
            node = after
        refresh(world, plan, r)
    return count


@kernel
def _ruin(
    world: World, plan: Plan, step: int, mean: float, most: int, split: float
) -> int:
    """Remove strings of near clients; return the number of tasks to be done.

    Tasks that are not done and have a client near are among them.
    """
    n, m = world.client.shape[0], plan.count.shape[0]
    longest = min(float(most), plan.scalars[SERVED] / max(1.0, plan.scalars[USED]))
    longest = max(longest, 1.0)
    strings = 4.0 * mean / (1.0 + longest) - 1.0
    wanted = int(1.0 + unit(plan.random) * strings)
    seed = below(plan.random, n)
    count = done = 0
    for q in range(-1, world.near.shape[1]):
        c = seed if q < 0 else world.near[seed, q]
        r = plan.link[c, ROUTE]
        if r == m:
            if plan.where[world.task[c]] >= 0:
                count = _want(plan, world.task[c], step, count)
            continue
        if plan.count[r, MARK] == step:
            continue
        plan.count[r, MARK] = step
        count = _cut(world, plan, c, step, longest, split, count)
        done += 1
        if done >= wanted:
            break
    return count


@kernel
def _sort(world: World, plan: Plan, count: int) -> None:
    """Order the tasks to be done by their first client."""
    draw = below(plan.random, 11 if world.flags[TIMED] == 0.0 else 17)
    for number in range(count):
        t = plan.todo[number]
        c = world.member[world.first_member[t]]
        w = world.first_window[c]
        if draw < 4:
            value = unit(plan.random)
        elif draw < 8:
            value = -world.client[c, AMOUNT]
        elif draw < 10:
            value = -world.client[c, FAR]
        elif draw < 11:
            value = world.client[c, FAR]
        elif draw < 13:
            value = world.window[w, 1] - world.window[w, 0]
        elif draw < 15:
            value = world.window[w, 0]
        else:
            value = -world.window[w, 1]
        j = number - 1
        while j >= 0 and plan.key[j] > value:
            plan.key[j + 1], plan.todo[j + 1] = plan.key[j], plan.todo[j]
            j -= 1
        plan.key[j + 1], plan.todo[j + 1] = value, t


@kernel
def _judge_alone(
    world: World, plan: Plan, c: int, k: int, best: float
) -> tuple[float, int]:
    """Return the cost of a vehicle of a type for one client, and its window.

    The cost is infinite where it is not allowed, or not below ``best``.
    """
    f, at = world.profile[k], plan.place[c]
    start, end = world.ends[k, 0], world.ends[k, 1]
    way = world.length[f, start, at] + (world.length[f, at, end] if end >= 0 else 0.0)
    cost = world.type[k, FIXED] + world.type[k, PER_DISTANCE] * way
    if cost >= best or world.allowed[k, c] == 0 or way > world.type[k, LONGEST]:
        return np.inf, -1
    if world.type[k, CLIENTS] < 1.0:
        return np.inf, -1
    if world.flags[LAST] > 0.0 and world.sort[c, 1] > 0 and world.sort[c, 0] == 0:
        return np.inf, -1
    for j in range(world.capacity.shape[1]):
        if max(world.load[c, 0, j], world.load[c, 1, j]) > world.capacity[k, j]:
            return np.inf, -1
    w = world.first_window[c]
    if world.flags[TIMED] == 0.0:
        return cost, w
    noise, found, least = world.flags[NOISE], -1, np.inf
    to = world.time[f, start, at]
    on = world.client[c, SERVICE] + (world.time[f, at, end] if end >= 0 else 0.0)
    opens = max(world.type[k, OPENS], world.client[c, RELEASE])
    closes = world.type[k, CLOSES]
    for w in range(world.first_window[c], world.first_window[c + 1]):
        begin = max(opens + to, world.window[w, 0])
        if begin > world.window[w, 1] + noise or begin + on > closes + noise:
            continue
        # It leaves late enough not to wait.
        if to + on < least and to + on <= world.type[k, LASTING] + noise:
            found, least = w, to + on
    cost += world.type[k, PER_TIME] * (to + on)
    return (cost, found) if found >= 0 and cost < best else (np.inf, -1)


@kernel(inline=True)
def _judge(
    world: World,
    plan: Plan,
    c: int,
    p: int,
    r: int,
    detour: float,
    best: float,
    grow: bool,
) -> tuple[float, int, int]:
    """Return the cost of a client behind a node of a route, its window and a type.

    If routes may ``grow``, a free vehicle of a type that is alike may take over. The
    cost is infinite where it is not allowed, or not below ``best``.
    """
    own, s = plan.type[r, NOW], plan.link[p, AFTER]
    f = world.profile[own]
    end = world.client.shape[0] + 2 * r + 1
    if world.flags[LAST] > 0.0 and not _in_order(world, plan, c, p, s):
        return np.inf, -1, -1
    way, least, kind = plan.ahead[end, WAY], best, -1
    timed, noise = world.flags[TIMED] > 0.0, world.flags[NOISE]
    w, long = world.first_window[c], -1.0
    for place in range(world.kin.shape[1]):
        k = world.kin[own, place]
        if k < 0:
            break
        if k != own and (plan.free[k] == 0 or not grow):
            continue
        cost = world.type[k, PER_DISTANCE] * detour
        if k != own:
            cost += world.type[k, FIXED] - world.type[own, FIXED]
            more = world.type[k, PER_DISTANCE] - world.type[own, PER_DISTANCE]
            cost += more * way
            cost -= world.type[own, PER_TIME] * plan.ahead[end, LONG]
        if cost >= least or way + detour > world.type[k, LONGEST]:
            continue
        if world.allowed[k, c] == 0 or plan.count[r, SIZE] >= world.type[k, CLIENTS]:
            continue
        if world.flags[LOADS] > 0.0 and not _loads_fit(world, plan, c, p, s, k):
            continue
        if timed:
            if long < 0.0:
                w, long = _window_for(world, plan, c, p, s, f)
                if w < 0:
                    return np.inf, -1, -1
            if long > world.type[k, LASTING] + noise:
                continue
            cost += world.type[k, PER_TIME] * long
            if k == own:
                cost -= world.type[own, PER_TIME] * plan.ahead[end, LONG]
        if cost < least:
            least, kind = cost, k
    return (least, w, kind) if kind >= 0 else (np.inf, -1, -1)


@kernel
def _recreate(
    world: World, plan: Plan, count: int, blink: float, warm: float, share: bool
) -> None:
    """Do the listed tasks, each where it costs least, unless that is too much.

    Places beside near clients are looked at, and a free vehicle of each type. A
    place is overlooked with probability ``blink``. At a temperature, some tasks are
    done that are not worth it: together with others they may be. If costs of vehicles
    are to be ``share``d, a new one counts as far as the client fills it, and none is
    changed for a larger one: else few clients would ever seem worth a new vehicle.
    """
    n, floor = world.client.shape[0], world.flags[FLOOR]
    even = world.flags[EVEN] > 0.0
    scale = 1.0 / np.log(1.0 - blink) if blink > 0.0 else -np.inf
    skip = plan.scalars[SKIP]
    for number in range(count):
        t = plan.todo[number]
        best, spot, into, window, who = plan.worth[t], -1, -1, -1, -1
        kind = -1
        best -= warm * np.log(unit(plan.random))
        for i in range(world.first_member[t], world.first_member[t + 1]):
            c = world.member[i]
            down, up = world.load[c, 0, 0], world.load[c, 1, 0]
            if plan.scalars[EMPTY] > 0.0:
                r = plan.count[int(plan.scalars[EMPTY]) - 1, STACK]
                at = plan.place[c]
                for k in range(world.type.shape[0]):
                    way = world.length[world.profile[k], world.ends[k, 0], at]
                    bound = world.type[k, FIXED] + world.type[k, PER_DISTANCE] * way
                    shared = 0.0
                    if share:
                        # A vehicle may be there for clients without loads only.
                        fill = max(down, up) / max(world.capacity[k, 0], 1e-9)
                        shared = world.type[k, FIXED] * max(1.0 - fill, 0.0)
                    if plan.free[k] > 0 and bound - shared < best:
                        cost, w = _judge_alone(world, plan, c, k, best + shared)
                        cost -= shared
                        if w >= 0:
                            best, spot, into, window, who = cost, n + 2 * r, r, w, c
                            kind = k
            beside = world.flags[PLACES]
            for q in range(world.near.shape[1]):
                v = world.near[c, q]
                away, to, on = world.reach[c, q], plan.ahead[v, TO], plan.ahead[v, ON]
                if to < 0.0:
                    continue
                beside -= 1.0
                if beside < 0.0:
                    break
                # By the triangle inequality no place beside it costs less.
                if floor * (away - max(to, on)) >= best:
                    continue
                r = plan.link[v, ROUTE]
                own = plan.type[r, NOW]
                room = world.roomiest[own]
                if plan.total[r, 0] + down > room or plan.total[r, 1] + up > room:
                    continue
                f = world.profile[own]
                for side in range(TO, ON + 1):
                    leg = to if side == TO else on
                    if floor * (away - leg) >= best:
                        continue
                    p = plan.link[v, BEFORE] if side == TO else v
                    s = v if side == TO else plan.link[v, AFTER]
                    there = (
                        away if even and side == ON else _length(world, plan, f, p, c)
                    )
                    back = (
                        away if even and side == TO else _length(world, plan, f, c, s)
                    )
                    detour = there + back - leg
                    if world.flags[CHEAPEST] * detour < best:
                        skip -= 1.0
                        if skip < 0.0:
                            skip = np.floor(np.log(unit(plan.random)) * scale)
                        else:
                            cost, w, k = _judge(
                                world, plan, c, p, r, detour, best, not share
                            )
                            if w >= 0:
                                best, spot, into, window, who = cost, p, r, w, c
                                kind = k
        if spot >= 0:
            changed = plan.type[into, NOW] != kind
            if changed:
                _note(plan, -1, plan.type[into, NOW], into, -1)
                _equip(world, plan, into, kind)
            _note(plan, who, -1, into, window)
            _link(world, plan, who, spot, into, window)
            _touch(plan, into)
            if plan.count[into, SIZE] == 1 or changed:
                refresh(world, plan, into)
            else:
                _update(world, plan, into, spot, plan.link[who, AFTER])
    plan.scalars[SKIP] = skip


@kernel
def _whole(world: World, plan: Plan) -> bool:
    """Whether all that must be done is."""
    for number in range(int(plan.scalars[ABSENT])):
        if world.required[plan.absent[number]] > 0:
            return False
    return True


@kernel
def _mark(plan: Plan, r: int) -> None:
    """List a route as one that differs from the best plan."""
    if plan.count[r, CHANGED] == 0:
        plan.count[r, CHANGED] = 1
        plan.count[int(plan.scalars[DIRTY]), LISTED] = r
        plan.scalars[DIRTY] += 1


@kernel
def _accept(plan: Plan) -> None:
    """Mark the routes that the step has changed."""
    for number in range(int(plan.scalars[TOUCHES])):
        _mark(plan, plan.count[number, TOUCHED])


@kernel
def _keep_if_best(world: World, plan: Plan, least: float) -> None:
    """Bring the best plan up to date: only what differs is copied."""
    if plan.scalars[COST] >= plan.scalars[BEST] - least or not _whole(world, plan):
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


@kernel
def _trim(world: World, plan: Plan) -> None:
    """Give each route that the step changed the vehicle that costs least, if free.

    Types that are alike only, so that times stay as they are.
    """
    for number in range(int(plan.scalars[TOUCHES])):
        r = plan.count[number, TOUCHED]
        if plan.count[r, SIZE] == 0:
            continue
        own, end = plan.type[r, NOW], world.client.shape[0] + 2 * r + 1
        best, kind = plan.cost[r] - 1e-9 * abs(plan.cost[r]), -1
        for place in range(1, world.kin.shape[1]):
            k = world.kin[own, place]
            if k < 0:
                break
            if plan.free[k] == 0:
                continue
            cost = (
                world.type[k, FIXED] + world.type[k, PER_TIME] * plan.ahead[end, LONG]
            )
            cost += world.type[k, PER_DISTANCE] * plan.ahead[end, WAY]
            if cost < best:
                best, kind = cost, k
        if kind >= 0:
            _equip(world, plan, r, kind)
            if refresh(world, plan, r):
                _note(plan, -1, own, r, -1)
            else:
                _equip(world, plan, r, own)
                refresh(world, plan, r)


@kernel
def _exchange(world: World, plan: Plan) -> bool:
    """Let two routes change their vehicles, or one get another type.

    Returns whether both are allowed; if so it is logged.
    """
    n, m = world.client.shape[0], plan.count.shape[0]
    r = plan.link[below(plan.random, n), ROUTE]
    k = below(plan.random, world.type.shape[0])
    if r == m or plan.type[r, NOW] == k:
        return False
    own, other = plan.type[r, NOW], -1
    if plan.free[k] == 0 or unit(plan.random) < 0.5:
        for _ in range(8):
            route = plan.link[below(plan.random, n), ROUTE]
            if route < m and plan.type[route, NOW] == k:
                other = route
                break
        if other < 0:
            return False
    plan.scalars[LOGGED] = plan.scalars[TOUCHES] = 0
    _note(plan, -1, own, r, -1)
    _touch(plan, r)
    _equip(world, plan, r, k)
    good = refresh(world, plan, r)
    if other >= 0:
        _note(plan, -1, k, other, -1)
        _touch(plan, other)
        _equip(world, plan, other, own)
        good &= refresh(world, plan, other)
    if not good:
        _undo(world, plan)
    return good


@kernel
def fill(world: World, plan: Plan, least: float) -> None:
    """Do the absent tasks, worth it or not, as far as there is room."""
    count = int(plan.scalars[ABSENT])
    plan.scalars[LOGGED] = plan.scalars[TOUCHES] = 0
    for number in range(count):
        plan.todo[number] = plan.absent[number]
    _sort(world, plan, count)
    _recreate(world, plan, count, 0.0, np.inf, True)
    _accept(plan)
    _keep_if_best(world, plan, least)


@kernel
def weigh(world: World, plan: Plan, factor: float) -> None:
    """Let the absent tasks that must be done cost more."""
    for number in range(int(plan.scalars[ABSENT])):
        t = plan.absent[number]
        if world.required[t] > 0:
            plan.scalars[COST] += (factor - 1.0) * plan.worth[t]
            plan.worth[t] *= factor


@kernel
def search(
    world: World,
    plan: Plan,
    first: int,
    steps: int,
    heat: float,
    mean: float,
    most: int,
    split: float,
    blink: float,
    cooling: float,
    least: float,
) -> None:
    """Take steps of ruin, recreation and simulated annealing.

    Parameters
    ----------
    world, plan
        Data and state.
    first, steps : int
        Number of the first step, at least 1, and how many to take.
    heat : float
        Temperature of step 0.
    mean : float
        Clients that a step removes, on average.
    most : int
        Longest string.
    split, blink : float
        Probabilities.
    cooling : float
        Step k is taken at the temperature ``heat * exp(-cooling * k)``.
    least : float
        A plan is better only if it is by more than this.
    """
    several = world.type.shape[0] > 1
    for step in range(first, first + steps):
        warm = heat * np.exp(-cooling * step)
        cost = plan.scalars[COST]
        if several and unit(plan.random) < 0.1 and _exchange(world, plan):
            if plan.scalars[COST] < cost - warm * np.log(unit(plan.random)):
                _accept(plan)
                _keep_if_best(world, plan, least)
                cost = plan.scalars[COST]
            else:
                _undo(world, plan)
                plan.scalars[COST] = cost
        plan.scalars[LOGGED] = plan.scalars[TOUCHES] = 0
        count = _ruin(world, plan, step, mean, most, split)
        if several and unit(plan.random) < 0.5:
            # What is left may do with less: then to carry more is paid for.
            _trim(world, plan)
        for number in range(min(int(plan.scalars[ABSENT]), 20)):
            # A window of the absent tasks that moves along.
            t = plan.absent[(step + number) % int(plan.scalars[ABSENT])]
            if world.required[t] > 0:
                count = _want(plan, t, step, count)
        _sort(world, plan, count)
        bold = warm
        if world.flags[LAST] > 0.0 and not _whole(world, plan):
            # A pickup that must be done needs a delivery, worth it or not.
            bold = np.inf if unit(plan.random) < 0.5 else warm
        share = several and unit(plan.random) < 0.5
        _recreate(world, plan, count, blink, bold, share)
        if several:
            _trim(world, plan)
        if plan.scalars[COST] < cost - warm * np.log(unit(plan.random)):
            _accept(plan)
            _keep_if_best(world, plan, least)
        else:
            _undo(world, plan)
            plan.scalars[COST] = cost


@kernel
def take_over(world: World, plan: Plan, k: int, visits: Any) -> None:
    """Let a free vehicle of a type make visits, until one is not allowed."""
    n, m = world.client.shape[0], plan.count.shape[0]
    r = plan.count[int(plan.scalars[EMPTY]) - 1, STACK]
    _equip(world, plan, r, k)
    refresh(world, plan, r)
    last = n + 2 * r
    for number in range(visits.shape[0]):
        c = visits[number]
        if plan.link[c, ROUTE] < m or plan.where[world.task[c]] < 0:
            continue
        if last == n + 2 * r:
            _, w = _judge_alone(world, plan, c, k, np.inf)
            kind = k
        else:
            f, end = world.profile[k], n + 2 * r + 1
            detour = _length(world, plan, f, last, c) + _length(world, plan, f, c, end)
            detour -= plan.ahead[last, ON]
            _, w, kind = _judge(world, plan, c, last, r, detour, np.inf, True)
        if w >= 0 and kind == k:
            _link(world, plan, c, last, r, w)
            refresh(world, plan, r)
            _mark(plan, r)
            last = c

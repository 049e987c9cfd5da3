"""Breaks and reloads on the legs of routes of a fleet."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

import numpy as np

from combkit.comb.routing._kernels_fleet_edits import (
    beyond,
    note,
    put,
    unlink,
)
from combkit.comb.routing._kernels_fleet_plan import (
    AFTER,
    AGAIN,
    BEFORE,
    CLIENTS,
    DEPOT,
    EARLY,
    FIRST,
    FIXED,
    LAST,
    LASTING,
    LATE,
    LONG,
    LONGEST,
    NOISE,
    NOW,
    OPEN,
    PAUSES,
    PER_DISTANCE,
    PER_TIME,
    READY,
    RELEASE,
    RELOADS,
    ROUTE,
    SERVICE,
    SIZE,
    SORT,
    STOPS,
    TAKES,
    TIMED,
    TRIP,
    WAY,
    Plan,
    World,
    cross,
    duration,
    go_on,
    refresh,
)
from combkit.instances.kernels import kernel

__all__ = ["judge_leg", "lay_out", "plain", "save_reloads", "serve", "take_out"]


@kernel(inline=True)
def plain(world: World, plan: Plan, p: int) -> bool:
    """Whether nothing is, or could be, on the leg behind a node but a client."""
    if world.flags[STOPS] == 0.0:
        return True
    if plan.leg[p, PAUSES] > 0 or plan.leg[p, DEPOT] >= 0:
        return False
    return world.flags[RELOADS] == 0.0


@kernel
def take_out(world: World, plan: Plan, c: int) -> None:
    """Take a client out of its route; breaks stay, and so does one reload; logged."""
    p, s, r = plan.link[c, BEFORE], plan.link[c, AFTER], plan.link[c, ROUTE]
    if world.flags[STOPS] > 0.0:
        pauses, depot = plan.leg[p, PAUSES], plan.leg[p, DEPOT]
        if plan.leg[c, PAUSES] > 0 or plan.leg[c, DEPOT] >= 0 or depot >= 0:
            n = world.client.shape[0]
            depot = depot if depot >= 0 else plan.leg[c, DEPOT]
            if p >= n or s >= n:
                # A trip without clients is none.
                depot = -1
            put(plan, p, pauses + plan.leg[c, PAUSES], depot)
            put(plan, c, 0, -1)
    note(plan, c, p, r, plan.chosen[c])
    unlink(world, plan, c)


@kernel
def save_reloads(world: World, plan: Plan, r: int) -> None:
    """Give up reloads of a route that it does not need."""
    if plan.count[r, AGAIN] == 0:
        return
    n = world.client.shape[0]
    node = n + 2 * r
    while node != n + 2 * r + 1:
        pauses, depot = plan.leg[node, PAUSES], plan.leg[node, DEPOT]
        if depot >= 0:
            cost = plan.cost[r]
            put(plan, node, pauses, -1)
            if not refresh(world, plan, r) or plan.cost[r] > cost:
                put(plan, node, pauses, depot)
                refresh(world, plan, r)
        node = plan.link[node, AFTER]


@kernel
def lay_out(world: World, plan: Plan, r: int) -> None:
    """Let a vehicle take each break where it need not wait for it; logged."""
    n, k = world.client.shape[0], plan.type[r, NOW]
    f, end = world.profile[k], n + 2 * r + 1
    b, last = world.first_rest[k], world.first_rest[k + 1]
    time = plan.ahead[n + 2 * r, EARLY]
    p = n + 2 * r
    while p != end:
        s = plan.link[p, AFTER]
        way, pauses = duration(world, plan, f, p, s), 0
        while b < last and (s == end or time + way >= world.rest[b, OPEN]):
            time = max(time, world.rest[b, OPEN] - way) + world.rest[b, TAKES]
            b, pauses = b + 1, pauses + 1
        put(plan, p, pauses, plan.leg[p, DEPOT])
        time += way
        if s != end:
            time = max(time, world.window[plan.chosen[s], 0])
            time += world.client[s, SERVICE]
        p = s


@kernel
def _replay(world: World, plan: Plan, k: int, p: int, to: int, ready: float) -> bool:
    """Let ``to`` be what is ahead of a node of a later trip, ready at another time.

    Returns whether it is in time.
    """
    first = p
    while plan.leg[plan.link[first, BEFORE], DEPOT] < 0:
        first = plan.link[first, BEFORE]
    q, f, good = plan.link[first, BEFORE], world.profile[k], True
    x, c, depot = q, first, plan.leg[q, DEPOT]
    while True:
        if plan.leg[q, PAUSES] > 0 or depot >= 0 or x == q:
            pauses = plan.leg[q, PAUSES]
            good &= cross(world, plan, k, x, to, c, pauses, depot, ready)
        time = duration(world, plan, f, to, c)
        early = world.window[plan.chosen[c], 0]
        late = world.window[plan.chosen[c], 1]
        work, release = world.client[c, SERVICE], world.client[c, RELEASE]
        good &= go_on(world, plan, to, to, time, early, late, work, release)
        plan.place[to] = plan.place[c]
        if c == p or not good:
            break
        q, c, x, depot = c, plan.link[c, AFTER], to, -1
    return good


@kernel(inline=True)
def _fits(
    world: World, plan: Plan, c: int, p: int, s: int, k: int, fresh: bool, cut: bool
) -> bool:
    """Whether loads and order allow a client between two nodes.

    The trip may be ``fresh`` before it, or ``cut`` off behind it.
    """
    brought = False
    for j in range(world.capacity.shape[1]):
        down, up = world.load[c, 0, j], world.load[c, 1, j]
        given = taken = most = later = top = 0.0
        if not fresh:
            given, taken = plan.ahead_load[p, 0, j], plan.ahead_load[p, 1, j]
            most = plan.ahead_load[p, 2, j]
        if not cut:
            later, top = plan.rest_load[s, 0, j], plan.rest_load[s, 2, j]
        most = max(most + down, taken + max(down, up))
        if max(most + later, taken + up + top) > world.capacity[k, j]:
            return False
        brought |= given > 0.0
    if world.flags[LAST] == 0.0:
        return True
    if world.sort[c, 0] > 0:
        return fresh or plan.ahead[p, SORT] == 0.0
    if world.sort[c, 1] > 0:
        return brought and (cut or plan.rest[s, SORT] == 0.0)
    return True


@kernel
def _time(
    world: World,
    plan: Plan,
    c: int,
    p: int,
    r: int,
    before: int,
    first: int,
    then: int,
) -> tuple[float, int]:
    """Return the duration of a route with a client, and its window, -1 if none is.

    So many breaks are taken ``before`` it, and the vehicle reloads at depots ``first``
    before it and ``then`` behind it, if they are not -1.
    """
    k, s, part = plan.type[r, NOW], plan.link[p, AFTER], plan.ahead.shape[0] - 1
    release, later = world.client[c, RELEASE], plan.rest[s, READY]
    # When the goods of the trips before, with and behind it are ready.
    own = plan.ahead[p, READY]
    if first < 0:
        own = max(own, release)
        if then < 0:
            own = max(own, later)
    start, x = own, p
    if plan.trip[p, TRIP] < np.inf:
        start = plan.trip[p, FIRST]
        if own != plan.trip[p, TRIP]:
            x = part
            if not _replay(world, plan, k, p, x, own):
                return np.inf, -1
    fresh = max(release, later) if then < 0 else release
    behind = plan.leg[p, PAUSES] - before
    return serve(world, plan, k, x, c, s, before, behind, first, then, fresh, start)


@kernel
def serve(
    world: World,
    plan: Plan,
    k: int,
    x: int,
    c: int,
    s: int,
    before: int,
    behind: int,
    first: int,
    then: int,
    fresh: float,
    start: float,
) -> tuple[float, int]:
    """Return the duration of a route that goes on from ``x`` over a client to a node.

    And its window, -1 if none is in time. Breaks are taken ``before`` and ``behind``
    it, reloads are made at depots ``first`` and ``then``, goods of the trip from the
    first of them are ready at ``fresh``, and the route begins from ``start`` on.
    """
    f, noise, best, found = world.profile[k], world.flags[NOISE], np.inf, -1
    part, spare = plan.ahead.shape[0] - 1, plan.ahead.shape[0] - 2
    release, later = world.client[c, RELEASE], plan.rest[s, READY]
    if not cross(world, plan, k, x, part, c, before, first, fresh):
        return best, found
    for w in range(world.first_window[c], world.first_window[c + 1]):
        early, late = world.window[w, 0], world.window[w, 1]
        time, work = duration(world, plan, f, part, c), world.client[c, SERVICE]
        for column in range(FIRST + 1):
            plan.trip[spare, column] = plan.trip[part, column]
        if not go_on(world, plan, part, spare, time, early, late, work, release):
            continue
        plan.place[spare] = plan.place[c]
        if not cross(world, plan, k, spare, spare, s, behind, then, later):
            continue
        long = plan.ahead[spare, LONG] + duration(world, plan, f, spare, s)
        soonest, last = plan.ahead[spare, EARLY], plan.ahead[spare, LATE]
        if soonest + long > plan.rest[s, LATE] + noise:
            continue
        more = max(plan.rest[s, EARLY] - long - last, 0.0)
        last = min(plan.rest[s, LATE] - long, last)
        if start > last + noise:
            continue
        whole = long + plan.rest[s, LONG] + more
        if whole < best:
            best, found = whole, w
    return best, found


@kernel
def judge_leg(
    world: World, plan: Plan, c: int, p: int, r: int, best: float
) -> tuple[float, int, int, int, int]:
    """Return the cost of a client behind a node of a route, and how it is served.

    That is its window, -1 if no cost is below ``best``, how many breaks of the leg
    are taken before it, and the depots where the vehicle reloads before and behind
    it, -1 for none.
    """
    n, k, s = world.client.shape[0], plan.type[r, NOW], plan.link[p, AFTER]
    f, held, pauses = world.profile[k], plan.leg[p, DEPOT], plan.leg[p, PAUSES]
    window, before, first, then = -1, 0, -1, -1
    fits = plan.count[r, SIZE] < world.type[k, CLIENTS]
    if not fits or world.allowed[k, c] == 0:
        return best, window, before, first, then
    # Neither, before, behind, both; what is on the leg stays at one of its sides.
    depots = world.depot.shape[0] if held < 0 else held + 1
    for d in range(held, depots):
        if d >= 0 and world.reload[k, d] == 0:
            continue
        for sides in range(1 if d >= 0 else 0, 4 if d >= 0 else 1):
            a, b = d if sides != 2 else -1, d if sides > 1 else -1
            more = sides // 2 + sides % 2 - (1 if held >= 0 else 0)
            again = plan.count[r, AGAIN] + more
            empty = (a >= 0 and p >= n) or (b >= 0 and s >= n)
            if empty or again > world.most_reloads[k]:
                continue
            if not _fits(world, plan, c, p, s, k, a >= 0, b >= 0):
                continue
            way = plan.ahead[p, WAY] + plan.rest[s, WAY]
            way += _through(world, plan, f, p, a, c) + _through(world, plan, f, c, b, s)
            cost = world.type[k, FIXED] + world.type[k, PER_DISTANCE] * way
            cost -= plan.cost[r]
            if cost >= best or way > world.type[k, LONGEST]:
                continue
            if world.flags[TIMED] == 0.0:
                window, before, first, then = world.first_window[c], 0, a, b
                best = cost
                continue
            for j in range(pauses + 1):
                long, w = _time(world, plan, c, p, r, j, a, b)
                if w < 0 or long > world.type[k, LASTING] + world.flags[NOISE]:
                    continue
                total = cost + world.type[k, PER_TIME] * long
                total += beyond(world, plan, long)
                if total < best:
                    best, window, before, first, then = total, w, j, a, b
    return best, window, before, first, then


@kernel(inline=True)
def _through(world: World, plan: Plan, f: int, a: int, depot: int, b: int) -> float:
    """Return the distance between nodes, over a depot if that is not -1."""
    here, to = plan.place[a], plan.place[b]
    if depot >= 0:
        at = world.depot_place[depot]
        there = world.length[f, at, to] if to >= 0 else 0.0
        return world.length[f, here, at] + there
    return world.length[f, here, to] if to >= 0 else 0.0

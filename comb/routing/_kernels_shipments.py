"""Numba kernels for shipments of a fleet: what one client gives, another one gets."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

import numpy as np

from combkit.comb._kernels_random import unit
from combkit.comb.routing._kernels_fleet_edits import (
    beyond,
    equip,
    link,
    measure,
    note,
    put,
    touch,
)
from combkit.comb.routing._kernels_fleet_places import window_for
from combkit.comb.routing._kernels_fleet_plan import (
    AFTER,
    BEFORE,
    CHEAPEST,
    CLIENTS,
    EMPTY,
    FIRST,
    FIXED,
    KIND,
    LASTING,
    LONGEST,
    NOISE,
    NOW,
    ON,
    PAUSES,
    PER_DISTANCE,
    PER_TIME,
    PLACES,
    READY,
    RELEASE,
    ROUTE,
    SERVICE,
    SIZE,
    SKIP,
    STACK,
    STAMP,
    STOPS,
    TIMED,
    TO,
    WAY,
    Plan,
    World,
    carry,
    cross,
    duration,
    go_on,
    length,
    refresh,
    update,
)
from combkit.comb.routing._kernels_fleet_stops import serve
from combkit.instances.kernels import kernel

__all__ = ["ship"]


@kernel
def ship(
    world: World, plan: Plan, a: int, best: float, scale: float, share: bool
) -> None:
    """Make the shipment that is picked up at a client where it costs least.

    Nothing is done if that is not below ``best``. The pickup is tried beside near
    clients and in a vehicle of its own, the delivery everywhere behind it. ``scale``
    and ``share`` are as in the recreation of single clients.
    """
    n, b = world.client.shape[0], world.mate[a]
    spot, behind, into, kind, wa, wb, ja, jb = -1, -1, -1, -1, -1, -1, 0, 0
    if plan.scalars[EMPTY] > 0.0:
        r = plan.count[int(plan.scalars[EMPTY]) - 1, STACK]
        former = plan.type[r, NOW]
        for k in range(world.type.shape[0]):
            if plan.free[k] == 0:
                continue
            shared = 0.0
            if share:
                fill = world.load[a, 1, 0] / max(world.capacity[k, 0], 1e-9)
                shared = world.type[k, FIXED] * max(1.0 - fill, 0.0)
            way = world.length[world.profile[k], world.ends[k, 0], plan.place[a]]
            bound = world.type[k, FIXED] + world.type[k, PER_DISTANCE] * way
            if bound - shared >= best:
                continue
            equip(world, plan, r, k)
            refresh(world, plan, r)
            found = _judge(world, plan, a, n + 2 * r, r, best + shared)
            if found[1] >= 0:
                best, into, kind, spot = found[0] - shared, r, k, n + 2 * r
                behind, wa, wb, ja, jb = found[1:]
        # What the step has emptied may come back.
        equip(world, plan, r, former)
    plan.scalars[STAMP] += 1.0
    stamp, beside = int(plan.scalars[STAMP]), world.flags[PLACES]
    skip = plan.scalars[SKIP]
    for place in range(world.near.shape[1]):
        v = world.near[a, place]
        if plan.ahead[v, TO] < 0.0:
            continue
        beside -= 1.0
        if beside < 0.0:
            break
        r = plan.link[v, ROUTE]
        own = plan.type[r, NOW]
        f = world.profile[own]
        for side in range(2):
            p = plan.link[v, BEFORE] if side == 0 else v
            if plan.tried[p] == stamp:
                continue
            plan.tried[p] = stamp
            detour = length(world, plan, f, p, a) - plan.ahead[p, ON]
            detour += length(world, plan, f, a, plan.link[p, AFTER])
            # By the triangle inequality the delivery makes it no shorter.
            if world.flags[CHEAPEST] * detour >= best:
                continue
            skip -= 1.0
            if skip < 0.0:
                skip = np.floor(np.log(unit(plan.random)) * scale)
                continue
            found = _judge(world, plan, a, p, r, best)
            if found[1] >= 0:
                best, into, kind, spot = found[0], r, own, p
                behind, wa, wb, ja, jb = found[1:]
    plan.scalars[SKIP] = skip
    if spot < 0:
        return
    if plan.type[into, NOW] != kind:
        note(plan, KIND, plan.type[into, NOW], into, -1)
        equip(world, plan, into, kind)
    fresh = plan.count[into, SIZE] == 0
    if world.flags[STOPS] > 0.0:
        put(plan, a, plan.leg[spot, PAUSES] - ja, -1)
        put(plan, spot, ja, -1)
        put(plan, b, plan.leg[behind, PAUSES] - jb, -1)
        put(plan, behind, jb, -1)
    note(plan, a, -1, into, wa)
    link(world, plan, a, spot, into, wa)
    note(plan, b, -1, into, wb)
    link(world, plan, b, behind, into, wb)
    touch(plan, into)
    if fresh:
        refresh(world, plan, into)
    else:
        update(world, plan, into, spot, plan.link[b, AFTER])
    measure(world, plan)


@kernel
def _judge(
    world: World, plan: Plan, a: int, p: int, r: int, best: float
) -> tuple[float, int, int, int, int, int]:
    """Return the least cost of a shipment that is picked up behind a node of a route.

    Also the node behind which it is delivered, -1 if no cost is below ``best``, the
    windows of both, and how many breaks of their legs are taken before them. The part
    of the route from its start over the pickup is extended node by node, and at each
    one put together with delivery and rest.
    """
    n, b, k = world.client.shape[0], world.mate[a], plan.type[r, NOW]
    f, end = world.profile[k], n + 2 * r + 1
    spot, wa, wb, ja, jb = -1, -1, -1, 0, 0
    fits = plan.count[r, SIZE] + 2.0 <= world.type[k, CLIENTS]
    if not fits or world.allowed[k, a] == 0 or world.allowed[k, b] == 0:
        return best, spot, wa, wb, ja, jb
    timed, part = world.flags[TIMED] > 0.0, plan.ahead.shape[0] - 3
    most = world.type[k, LASTING] + world.flags[NOISE]
    fixed, per_time = world.type[k, FIXED] - plan.cost[r], world.type[k, PER_TIME]
    windows = world.first_window[a + 1] - world.first_window[a] if timed else 1
    pauses = plan.leg[p, PAUSES]
    for choice in range(windows * (pauses + 1)):
        before, window = choice // windows, world.first_window[a] + choice % windows
        plan.place[part] = plan.place[p]
        for column in range(READY + 1):
            plan.ahead[part, column] = plan.ahead[p, column]
        for column in range(FIRST + 1):
            plan.trip[part, column] = plan.trip[p, column]
        for i in range(3):
            for j in range(world.capacity.shape[1]):
                plan.ahead_load[part, i, j] = plan.ahead_load[p, i, j]
        if not _extend(world, plan, k, a, window, before):
            continue
        q, s, left = a, plan.link[p, AFTER], pauses - before
        while _carried(world, plan, s, k):
            way = plan.ahead[part, WAY] + length(world, plan, f, part, b)
            way += length(world, plan, f, b, s) + plan.rest[s, WAY]
            cost = fixed + world.type[k, PER_DISTANCE] * way
            if cost < best and way <= world.type[k, LONGEST]:
                if not timed:
                    best, spot, wa, wb = cost, q, window, world.first_window[b]
                for i in range(left + 1 if timed else 0):
                    if left == 0:
                        w, long = window_for(world, plan, b, part, s, f)
                    else:
                        start = max(plan.ahead[part, READY], plan.rest[s, READY])
                        start = max(start, world.client[b, RELEASE])
                        long, w = serve(
                            *(world, plan, k, part, b, s, i, left - i),
                            *(-1, -1, -np.inf, start),
                        )
                    total = cost + per_time * long + beyond(world, plan, long)
                    if w >= 0 and long <= most and total < best:
                        best, spot, wa, wb, ja, jb = total, q, window, w, before, i
            if s == end:
                break
            if not _extend(world, plan, k, s, plan.chosen[s], left):
                break
            q, s = s, plan.link[s, AFTER]
            left = plan.leg[q, PAUSES]
    return best, spot, wa, wb, ja, jb


@kernel(inline=True)
def _extend(world: World, plan: Plan, k: int, c: int, w: int, pauses: int) -> bool:
    """Let the part go on to a client, with breaks; return whether it is in time."""
    part, f = plan.ahead.shape[0] - 3, world.profile[k]
    if world.flags[TIMED] > 0.0:
        late = world.flags[STOPS] > 0.0 and not cross(
            world, plan, k, part, part, c, pauses, -1, -np.inf
        )
        if late:
            return False
        time = duration(world, plan, f, part, c)
        early, shut = world.window[w, 0], world.window[w, 1]
        work, ready = world.client[c, SERVICE], world.client[c, RELEASE]
        if not go_on(world, plan, part, part, time, early, shut, work, ready):
            return False
    plan.ahead[part, WAY] += length(world, plan, f, part, c)
    carry(world, plan, part, c, part)
    plan.place[part] = plan.place[c]
    return True


@kernel(inline=True)
def _carried(world: World, plan: Plan, s: int, k: int) -> bool:
    """Whether a vehicle can carry what the part holds, before a node.

    From one node to the next that becomes more: if not now, then never again.
    """
    part = plan.ahead.shape[0] - 3
    for j in range(world.capacity.shape[1]):
        most = plan.ahead_load[part, 2, j] + plan.rest_load[s, 0, j]
        if most > world.capacity[k, j]:
            return False
    return True

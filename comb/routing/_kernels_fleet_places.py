"""What it costs to serve a client of a fleet in a place of a route."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

import numpy as np

from combkit.comb.routing._kernels_fleet_edits import (
    beyond,
)
from combkit.comb.routing._kernels_fleet_plan import (
    AFTER,
    CLIENTS,
    CLOSES,
    EARLY,
    FIXED,
    LAST,
    LASTING,
    LATE,
    LOADS,
    LONG,
    LONGEST,
    NOISE,
    NOW,
    OPENS,
    PER_DISTANCE,
    PER_TIME,
    READY,
    RELEASE,
    SERVICE,
    SIZE,
    SORT,
    TIMED,
    WAY,
    Plan,
    World,
    duration,
)
from combkit.instances.kernels import kernel

__all__ = ["judge", "judge_alone", "window_for"]


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
def window_for(
    world: World, plan: Plan, c: int, p: int, s: int, f: int
) -> tuple[int, float]:
    """Return the window for a client between two nodes, and the route's duration.

    The window is -1 where none is in time.
    """
    noise = world.flags[NOISE]
    to, on = duration(world, plan, f, p, c), duration(world, plan, f, c, s)
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


@kernel
def judge_alone(
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
    cost += world.type[k, PER_TIME] * (to + on) + beyond(world, plan, to + on)
    return (cost, found) if found >= 0 and cost < best else (np.inf, -1)


@kernel(inline=True)
def judge(
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
                w, long = window_for(world, plan, c, p, s, f)
                if w < 0:
                    return np.inf, -1, -1
            if long > world.type[k, LASTING] + noise:
                continue
            cost += world.type[k, PER_TIME] * long + beyond(world, plan, long)
            if k == own:
                cost -= world.type[own, PER_TIME] * plan.ahead[end, LONG]
        if cost < least:
            least, kind = cost, k
    return (least, w, kind) if kind >= 0 else (np.inf, -1, -1)

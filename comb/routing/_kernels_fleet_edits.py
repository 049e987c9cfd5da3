"""Numba kernels that change the routes of a fleet, and undo it: the kind ``vrp``."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from combkit.comb.routing._kernels_fleet_plan import (
    ABSENT,
    AFTER,
    BEFORE,
    BEST,
    CHANGED,
    COST,
    DEAR,
    DEPOT,
    DEPOT_KEPT,
    DIRTY,
    EMPTY,
    KEPT,
    KIND,
    LEG,
    LISTED,
    LOGGED,
    LONG,
    MAKESPAN,
    NOW,
    ON,
    PAUSES,
    ROUTE,
    SERVED,
    SIZE,
    STACK,
    THEN,
    TO,
    TOUCHED,
    TOUCHES,
    USED,
    Plan,
    World,
    refresh,
)
from combkit.instances.kernels import kernel


@kernel(inline=True)
def beyond(world: World, plan: Plan, long: float) -> float:
    """Return what it costs that a route takes longer than all others."""
    if world.flags[DEAR] == 0.0:
        return 0.0
    return world.flags[DEAR] * max(long - plan.scalars[MAKESPAN], 0.0)


@kernel
def measure(world: World, plan: Plan) -> None:
    """Bring the time of the longest route, and what it costs, up to date."""
    if world.flags[DEAR] == 0.0:
        return
    n, longest = world.client.shape[0], 0.0
    for r in range(plan.count.shape[0]):
        if plan.count[r, SIZE] > 0:
            longest = max(longest, plan.ahead[n + 2 * r + 1, LONG])
    plan.scalars[COST] += world.flags[DEAR] * (longest - plan.scalars[MAKESPAN])
    plan.scalars[MAKESPAN] = longest


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


@kernel(inline=True)
def put(plan: Plan, p: int, pauses: int, depot: int) -> None:
    """Let breaks and a depot be on the leg behind a node; it is logged."""
    note(plan, LEG, p, plan.leg[p, PAUSES], plan.leg[p, DEPOT])
    plan.leg[p, PAUSES], plan.leg[p, DEPOT] = pauses, depot


@kernel
def equip(world: World, plan: Plan, r: int, k: int) -> None:
    """Give a route a vehicle of a type; if it is empty, with all breaks on its leg."""
    start = world.client.shape[0] + 2 * r
    if plan.count[r, SIZE] > 0:
        plan.free[plan.type[r, NOW]] += 1
        plan.free[k] -= 1
    else:
        plan.leg[start, PAUSES] = world.first_rest[k + 1] - world.first_rest[k]
        plan.leg[start, DEPOT] = -1
    plan.type[r, NOW] = k
    plan.place[start], plan.place[start + 1] = world.ends[k, 0], world.ends[k, 1]


@kernel
def undo(world: World, plan: Plan) -> None:
    """Undo everything that is logged."""
    for entry in range(int(plan.scalars[LOGGED]) - 1, -1, -1):
        c, p = plan.log[entry, 0], plan.log[entry, 1]
        if c == LEG:
            plan.leg[p, PAUSES] = plan.log[entry, 2]
            plan.leg[p, DEPOT] = plan.log[entry, 3]
        elif c == KIND:
            equip(world, plan, plan.log[entry, 2], p)
        elif p < 0:
            unlink(world, plan, c)
        else:
            link(world, plan, c, p, plan.log[entry, 2], plan.log[entry, 3])
    for number in range(int(plan.scalars[TOUCHES])):
        refresh(world, plan, plan.count[number, TOUCHED])
    measure(world, plan)


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
            plan.leg[node, DEPOT_KEPT] = plan.leg[node, DEPOT]
            node = plan.link[node, AFTER]
    plan.scalars[DIRTY] = 0

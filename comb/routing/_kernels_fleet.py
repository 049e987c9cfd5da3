"""Numba kernels of ruin and recreation for fleets: the kind ``vrp``."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value,arg-type"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below, unit
from combkit.comb.routing._kernels_fleet_edits import (
    accept,
    equip,
    keep_if_best,
    link,
    mark,
    measure,
    note,
    put,
    touch,
    undo,
    unlink,
    whole,
)
from combkit.comb.routing._kernels_fleet_places import judge, judge_alone
from combkit.comb.routing._kernels_fleet_plan import (
    ABSENT,
    AFTER,
    AMOUNT,
    BEFORE,
    CHEAPEST,
    COST,
    EMPTY,
    EVEN,
    FAR,
    FIXED,
    FLOOR,
    KIND,
    LAST,
    LOGGED,
    LONG,
    MARK,
    NOW,
    ON,
    PAIRS,
    PAUSES,
    PER_DISTANCE,
    PER_TIME,
    PLACES,
    RELOADS,
    ROUTE,
    SERVED,
    SIZE,
    SKIP,
    STACK,
    STOPS,
    TIMED,
    TO,
    TOUCHED,
    TOUCHES,
    USED,
    WAY,
    Plan,
    World,
    length,
    refresh,
    update,
)
from combkit.comb.routing._kernels_fleet_stops import (
    judge_leg,
    lay_out,
    plain,
    save_reloads,
    take_out,
)
from combkit.comb.routing._kernels_shipments import ship
from combkit.instances.kernels import kernel

__all__ = ["dissolve", "fill", "search", "take_over", "weigh"]


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
    before, first = plan.link[node, BEFORE], int(plan.scalars[LOGGED])
    skipped = 1 + below(plan.random, length - 1) if kept > 0 else -1
    for number in range(span):
        after = plan.link[node, AFTER]
        if number != skipped:
            take_out(world, plan, node)
            count = _want(plan, world.task[node], step, count)
        node = after
    touch(plan, r)
    if world.flags[PAIRS] > 0.0:
        for entry in range(first, int(plan.scalars[LOGGED])):
            gone = plan.log[entry, 0]
            mate = world.mate[gone] if gone >= 0 else -1
            if mate >= 0 and plan.link[mate, ROUTE] == r:
                take_out(world, plan, mate)
        before, node = n + 2 * r, n + 2 * r + 1
    if not update(world, plan, r, before, node):
        # What is left needed what is gone.
        node = plan.link[n + 2 * r, AFTER]
        while node < n:
            after = plan.link[node, AFTER]
            take_out(world, plan, node)
            count = _want(plan, world.task[node], step, count)
            node = after
        refresh(world, plan, r)
    if world.flags[RELOADS] > 0.0 and unit(plan.random) < 0.5:
        save_reloads(world, plan, r)
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
    measure(world, plan)
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


class _Spot(NamedTuple):
    """Where a client could be served.

    Attributes
    ----------
    cost : float
        What that costs, at most what it may.
    node, route, kind : int
        Behind which node of which route, by what type of vehicle; no node is -1.
    client, window : int
        The client, and its window.
    pauses, first, then : int
        Breaks of the leg that are taken before it, and the depots where the vehicle
        reloads before and behind it, -1 for none.
    """

    cost: float
    node: int
    route: int
    kind: int
    client: int
    window: int
    pauses: int
    first: int
    then: int


@kernel(inline=True)
def _found(
    cost: float,
    node: int,
    route: int,
    kind: int,
    client: int,
    window: int,
    pauses: int,
    first: int,
    then: int,
) -> _Spot:
    """Return a spot of integers of one width, which Numba needs."""
    return _Spot(
        cost,
        np.int64(node),
        np.int64(route),
        np.int64(kind),
        np.int64(client),
        np.int64(window),
        np.int64(pauses),
        np.int64(first),
        np.int64(then),
    )


@kernel(inline=True)
def _alone(world: World, plan: Plan, c: int, spot: _Spot, share: bool) -> _Spot:
    """Return a spot in a vehicle of its own for a client, or the one that is better."""
    if plan.scalars[EMPTY] == 0.0:
        return spot
    r = plan.count[int(plan.scalars[EMPTY]) - 1, STACK]
    start, at, former = world.client.shape[0] + 2 * r, plan.place[c], plan.type[r, NOW]
    stops, fill = (
        world.flags[STOPS] > 0.0,
        max(world.load[c, 0, 0], world.load[c, 1, 0]),
    )
    for k in range(world.type.shape[0]):
        way = world.length[world.profile[k], world.ends[k, 0], at]
        bound = world.type[k, FIXED] + world.type[k, PER_DISTANCE] * way
        shared = 0.0
        if share:
            # A vehicle may be there for clients without loads only.
            rest = max(1.0 - fill / max(world.capacity[k, 0], 1e-9), 0.0)
            shared = world.type[k, FIXED] * rest
        if plan.free[k] == 0 or bound - shared >= spot.cost:
            continue
        most, j, a, b = spot.cost + shared, 0, -1, -1
        if stops:
            equip(world, plan, r, k)
            refresh(world, plan, r)
            cost, w, j, a, b = judge_leg(world, plan, c, start, r, most)
        else:
            cost, w = judge_alone(world, plan, c, k, most)
        if w >= 0:
            spot = _found(cost - shared, start, r, k, c, w, j, a, b)
    if stops:
        # What the step has emptied may come back.
        equip(world, plan, r, former)
    return spot


@kernel(inline=True)
def _beside(
    world: World, plan: Plan, c: int, spot: _Spot, scale: float, share: bool
) -> _Spot:
    """Return a spot beside a near client, or the one that is better."""
    floor, even = world.flags[FLOOR], world.flags[EVEN] > 0.0
    down, up = world.load[c, 0, 0], world.load[c, 1, 0]
    skip, beside = plan.scalars[SKIP], world.flags[PLACES]
    for q in range(world.near.shape[1]):
        v = world.near[c, q]
        away, to, on = world.reach[c, q], plan.ahead[v, TO], plan.ahead[v, ON]
        if to < 0.0:
            continue
        beside -= 1.0
        if beside < 0.0:
            break
        # By the triangle inequality no place beside it costs less.
        if floor * (away - max(to, on)) >= spot.cost:
            continue
        r = plan.link[v, ROUTE]
        own = plan.type[r, NOW]
        room = world.roomiest[own]
        if plan.total[r, 0] + down > room or plan.total[r, 1] + up > room:
            continue
        f = world.profile[own]
        for side in range(TO, ON + 1):
            leg = to if side == TO else on
            if floor * (away - leg) >= spot.cost:
                continue
            p = plan.link[v, BEFORE] if side == TO else v
            s = v if side == TO else plan.link[v, AFTER]
            there = away if even and side == ON else length(world, plan, f, p, c)
            back = away if even and side == TO else length(world, plan, f, c, s)
            detour = there + back - leg
            if world.flags[CHEAPEST] * detour >= spot.cost:
                continue
            skip -= 1.0
            if skip < 0.0:
                skip = np.floor(np.log(unit(plan.random)) * scale)
                continue
            k, j, a, b = own, 0, -1, -1
            if plain(world, plan, p):
                cost, w, k = judge(world, plan, c, p, r, detour, spot.cost, not share)
            else:
                cost, w, j, a, b = judge_leg(world, plan, c, p, r, spot.cost)
            if w >= 0:
                spot = _found(cost, p, r, k, c, w, j, a, b)
    plan.scalars[SKIP] = skip
    return spot


@kernel(inline=True)
def _insert(world: World, plan: Plan, spot: _Spot) -> None:
    """Serve a client where it is best; it is logged."""
    c, p, r = spot.client, spot.node, spot.route
    changed = plan.type[r, NOW] != spot.kind
    if changed:
        note(plan, KIND, plan.type[r, NOW], r, -1)
        equip(world, plan, r, spot.kind)
    if world.flags[STOPS] > 0.0:
        put(plan, c, plan.leg[p, PAUSES] - spot.pauses, spot.then)
        put(plan, p, spot.pauses, spot.first)
    note(plan, c, -1, r, spot.window)
    link(world, plan, c, p, r, spot.window)
    touch(plan, r)
    if plan.count[r, SIZE] == 1 or changed:
        refresh(world, plan, r)
    else:
        update(world, plan, r, p, plan.link[c, AFTER])
    measure(world, plan)


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
    scale = 1.0 / np.log(1.0 - blink) if blink > 0.0 else -np.inf
    for number in range(count):
        t = plan.todo[number]
        first = world.first_member[t]
        most = plan.worth[t] - warm * np.log(unit(plan.random))
        if world.mate[world.member[first]] >= 0:
            ship(world, plan, world.member[first], most, scale, share)
            continue
        spot = _Spot(most, -1, -1, -1, -1, -1, 0, -1, -1)
        for i in range(first, world.first_member[t + 1]):
            spot = _alone(world, plan, world.member[i], spot, share)
            spot = _beside(world, plan, world.member[i], spot, scale, share)
        if spot.node >= 0:
            _insert(world, plan, spot)


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
            equip(world, plan, r, kind)
            if refresh(world, plan, r):
                note(plan, KIND, own, r, -1)
            else:
                equip(world, plan, r, own)
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
    note(plan, KIND, own, r, -1)
    touch(plan, r)
    equip(world, plan, r, k)
    if world.flags[STOPS] > 0.0:
        lay_out(world, plan, r)
    good = refresh(world, plan, r)
    if other >= 0:
        note(plan, KIND, k, other, -1)
        touch(plan, other)
        equip(world, plan, other, own)
        if world.flags[STOPS] > 0.0:
            lay_out(world, plan, other)
        good &= refresh(world, plan, other)
    measure(world, plan)
    if not good:
        undo(world, plan)
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
    accept(plan)
    keep_if_best(world, plan, least)


@kernel
def dissolve(world: World, plan: Plan) -> None:
    """Give up the route whose tasks are worth least, and its vehicle for good."""
    n, weakest, least = world.client.shape[0], -1, np.inf
    for r in range(plan.count.shape[0]):
        worth, node = 0.0, plan.link[n + 2 * r, AFTER]
        while node < n:
            worth += plan.worth[world.task[node]]
            node = plan.link[node, AFTER]
        if plan.count[r, SIZE] > 0 and worth < least:
            weakest, least = r, worth
    plan.scalars[LOGGED] = plan.scalars[TOUCHES] = 0
    while plan.count[weakest, SIZE] > 0:
        take_out(world, plan, plan.link[n + 2 * weakest, AFTER])
    refresh(world, plan, weakest)
    measure(world, plan)
    plan.free[plan.type[weakest, NOW]] -= 1
    mark(plan, weakest)


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
                accept(plan)
                keep_if_best(world, plan, least)
                cost = plan.scalars[COST]
            else:
                undo(world, plan)
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
        if world.flags[LAST] > 0.0 and not whole(world, plan):
            # A pickup that must be done needs a delivery, worth it or not.
            bold = np.inf if unit(plan.random) < 0.5 else warm
        share = several and unit(plan.random) < 0.5
        _recreate(world, plan, count, blink, bold, share)
        if several:
            _trim(world, plan)
        if plan.scalars[COST] < cost - warm * np.log(unit(plan.random)):
            accept(plan)
            keep_if_best(world, plan, least)
        else:
            undo(world, plan)
            plan.scalars[COST] = cost


@kernel
def take_over(world: World, plan: Plan, k: int, visits: Any, depots: Any) -> None:
    """Let a free vehicle of a type make visits, without those that are not allowed.

    Before each of them it reloads at a depot, if that is not -1.
    """
    n, m = world.client.shape[0], plan.count.shape[0]
    r = plan.count[int(plan.scalars[EMPTY]) - 1, STACK]
    equip(world, plan, r, k)
    refresh(world, plan, r)
    last, depot = n + 2 * r, -1
    for number in range(visits.shape[0]):
        c = visits[number]
        t, mate = world.task[c], world.mate[c]
        if depots[number] >= 0 and last < n:
            depot = depots[number]
        if plan.link[c, ROUTE] < m:
            continue
        # A shipment is picked up first.
        half = mate >= 0 and world.member[world.first_member[t]] != c
        if plan.link[mate, ROUTE] != r if half else plan.where[t] < 0:
            continue
        for w in range(world.first_window[c], world.first_window[c + 1]):
            link(world, plan, c, last, r, w)
            if _settles(world, plan, r, last, depot):
                last, depot = c, -1
                break
            unlink(world, plan, c)
            _settles(world, plan, r, last, -1)
    for number in range(visits.shape[0]):
        c = visits[number]
        mate = world.mate[c]
        alone = mate >= 0 and plan.link[mate, ROUTE] != r
        if plan.link[c, ROUTE] == r and alone:
            take_out(world, plan, c)
    if not refresh(world, plan, r):
        # What is left needed what is gone.
        for number in range(visits.shape[0]):
            if plan.link[visits[number], ROUTE] == r:
                take_out(world, plan, visits[number])
        refresh(world, plan, r)
    measure(world, plan)
    mark(plan, r)


@kernel
def _settles(world: World, plan: Plan, r: int, p: int, depot: int) -> bool:
    """Let a vehicle reload behind a node, or not; return whether that is allowed."""
    if world.flags[STOPS] > 0.0:
        plan.scalars[LOGGED] = 0
        put(plan, p, plan.leg[p, PAUSES], depot)
        lay_out(world, plan, r)
    return refresh(world, plan, r)

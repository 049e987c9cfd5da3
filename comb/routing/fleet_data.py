"""Problems of kind ``vrp`` and their routes in the form that the kernels take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.instances.fleet.problem import RichVRP
from combkit.instances.fleet.solution import FleetRoutes, Route
from combkit.instances.seeds import kernel_state

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_fleet_plan import Plan, World

__all__ = ["adopt", "plan_of", "routes_of", "world_of"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Relative slack of limits on sums of floats: well within that of the checker.
_NOISE = 1e-10
#: How many round trips to the farthest client it costs not to do a task.
_PENALTY = 2.0
#: How many times more near clients are known where not all must be served.
_SPARE = 3


def world_of(problem: RichVRP, neighbours: int) -> World:
    """Return what stays the same during a search.

    Parameters
    ----------
    problem : RichVRP
        The problem.
    neighbours : int
        Clients beside which a client may be inserted.
    """
    from combkit.comb.routing import _kernels_fleet_plan as kernels

    n = problem.n
    length, time = _legs(problem)
    task, member, first_member = _tasks(problem)
    required = np.zeros(first_member.size - 1, np.int8)
    np.maximum.at(required, task, problem.required.astype(np.int8))
    window, first_window = _windows(problem)
    load = np.stack([problem.delivery, problem.pickup + problem.handed], axis=1)
    brought, given = ((x > 0).any(1) for x in (problem.delivery, problem.pickup))
    client = np.zeros((n, 4))
    client[:, kernels.SERVICE] = problem.service
    client[:, kernels.RELEASE] = np.where(problem.release > 0, problem.release, -np.inf)
    room = np.where(np.isfinite(problem.capacity), problem.capacity, 0.0).max(axis=0)
    client[:, kernels.AMOUNT] = (load.max(axis=1) / np.maximum(room, 1e-9)).sum(axis=1)
    client[:, kernels.FAR] = length[0][np.ix_(problem.depots, problem.clients)].min(0)
    rest = np.column_stack([problem.break_start, problem.break_end, problem.break_time])
    per_type = np.bincount(problem.break_type, minlength=problem.n_types)
    kin = _kin(problem)
    room = problem.capacity[:, 0] * (1.0 + _NOISE)
    roomiest = np.array([room[row[row >= 0]].max() for row in kin])
    # Of those that need not be served, some are not there to stand beside.
    everyone = problem.required.all() and (problem.group < 0).all()
    known = neighbours if everyone else _SPARE * neighbours
    near = _near(problem, length[0], time[0], known)
    return kernels.World(
        length=length,
        time=time,
        ends=_ends(problem),
        client=client,
        load=load,
        sort=np.column_stack([brought, given]).astype(np.int8),
        window=window,
        first_window=first_window,
        near=near,
        reach=_reach(problem, length, near),
        task=task,
        member=member,
        first_member=first_member,
        mate=problem.mates.astype(np.int32),
        required=required,
        type=_types(problem),
        capacity=problem.capacity * (1.0 + _NOISE),
        profile=problem.profile.astype(np.int32),
        allowed=problem.allowed.astype(np.int8),
        rest=rest,
        first_rest=np.concatenate([[0], np.cumsum(per_type)]).astype(np.int32),
        depot=np.column_stack(
            [problem.depot_start, problem.depot_end, problem.reload_time]
        ),
        depot_place=problem.depots.astype(np.int32),
        reload=problem.reload.astype(np.int8),
        most_reloads=problem.max_reloads,
        kin=kin,
        roomiest=roomiest,
        flags=_flags(problem, length, neighbours),
    )


def plan_of(world: World, problem: RichVRP, seed: int, number: int) -> Plan:
    """Return a state in which nothing is done.

    Parameters
    ----------
    world : World
        The data.
    problem : RichVRP
        The problem.
    seed, number : int
        Seed of the run and number of the search.
    """
    from combkit.comb.routing import _kernels_fleet_plan as kernels

    n, t = problem.n, world.required.size
    m = int(min(problem.available.sum(), n))
    nodes, q = n + 2 * m, problem.capacity.shape[1]
    link = np.full((nodes, 4), m, np.int32)
    starts = np.arange(n, nodes, 2)
    for column in (kernels.AFTER, kernels.KEPT):
        link[starts, column] = starts + 1
    link[starts + 1, kernels.BEFORE] = starts
    count = np.zeros((m, 7), np.int64)
    # The first route is on top of the stack.
    count[:, kernels.STACK] = np.arange(m)[::-1]
    kind = int(np.argmax(problem.available > 0))
    place = np.zeros(nodes + 3, np.int32)
    place[:n] = problem.clients
    place[n:nodes:2], place[n + 1 : nodes : 2] = world.ends[kind]
    leg = np.tile(np.array([0, -1, -1], np.int32), (nodes, 1))
    leg[starts, kernels.PAUSES] = world.first_rest[kind + 1] - world.first_rest[kind]
    trip = np.tile([0.0, np.inf, 0.0], (nodes + 3, 1))
    worth = np.zeros(t)
    np.add.at(worth, world.task, problem.prize)
    worth[world.required > 0] += _PENALTY * _round_trip(world)
    plan = kernels.Plan(
        place=place,
        type=np.full((m, 2), kind, np.int32),
        link=link,
        chosen=world.first_window[:-1].copy(),
        leg=leg,
        trip=trip,
        ahead=np.zeros((nodes + 3, 8)),
        rest=np.zeros((nodes + 3, 8)),
        ahead_load=np.zeros((nodes + 3, 3, q)),
        rest_load=np.zeros((nodes + 3, 3, q)),
        cost=np.zeros(m),
        total=np.zeros((m, 2)),
        count=count,
        free=problem.available.astype(np.int64),
        log=np.zeros((20 * n + 8, 4), np.int32),
        todo=np.zeros(2 * t + 2, np.int32),
        key=np.zeros(2 * t + 2),
        seen=np.zeros(t, np.int64),
        tried=np.zeros(nodes, np.int64),
        worth=worth,
        absent=np.arange(t, dtype=np.int32),
        where=np.arange(t, dtype=np.int32),
        scalars=np.zeros(12),
        random=kernel_state(seed, number),
    )
    plan.ahead[:n, kernels.TO] = -1.0
    plan.scalars[kernels.ABSENT] = t
    plan.scalars[kernels.EMPTY] = m
    plan.scalars[kernels.COST] = worth.sum()
    plan.scalars[kernels.BEST] = np.inf
    for r in range(m):
        kernels.refresh(world, plan, r)
    return plan


def routes_of(problem: RichVRP, plan: Plan) -> FleetRoutes:
    """Return the best routes of a search."""
    from combkit.comb.routing._kernels_fleet_plan import DEPOT_KEPT, KEPT, THEN

    kept, types = plan.link[:, KEPT].tolist(), plan.type[:, THEN].tolist()
    depots, routes = plan.leg[:, DEPOT_KEPT].tolist(), []
    for r, kind in enumerate(types):
        node, visits = kept[problem.n + 2 * r], []
        reloads: list[tuple[int, int]] = []
        while node < problem.n:
            visits.append(node)
            if depots[node] >= 0:
                reloads.append((len(visits), depots[node]))
            node = kept[node]
        if visits:
            routes.append(Route(kind, visits, reloads))
    return FleetRoutes(routes)


def adopt(world: World, plan: Plan, start: FleetRoutes) -> None:
    """Let an empty plan begin with routes, as far as they are allowed.

    Clients that make a route break a rule are left out.
    """
    from combkit.comb.routing._kernels_fleet import take_over
    from combkit.comb.routing._kernels_fleet_plan import EMPTY

    for route in start.routes:
        if plan.free[route.vehicle_type] > 0 and plan.scalars[EMPTY] > 0:
            depots = np.full(route.visits.size, -1)
            depots[route.reloads[:, 0]] = route.reloads[:, 1]
            take_over(world, plan, route.vehicle_type, route.visits, depots)


def _legs(problem: RichVRP) -> tuple[Floats, Floats]:
    """Return distances and durations between places, of each profile."""
    everyone = np.arange(problem.places)
    pairs = [
        problem.legs(f, everyone[:, None], everyone) for f in range(problem.profiles)
    ]
    length = np.stack([one for one, _ in pairs])
    if problem.duration is None:
        return length, length
    return length, np.stack([other for _, other in pairs])


def _ends(problem: RichVRP) -> Integers:
    """Return the places where vehicles of each type start and end, -1 if open."""
    last = problem.end_depot
    ends = np.where(last >= 0, problem.depots[last], -1)
    starts = problem.depots[problem.start_depot]
    return np.ascontiguousarray(np.column_stack([starts, ends]), np.int32)


def _kin(problem: RichVRP) -> NDArray[np.int32]:
    """Return which types may stand in for each one, times as they are."""
    from combkit.comb.routing import _kernels_fleet_plan as kernels

    table = _types(problem)[:, [kernels.OPENS, kernels.CLOSES]]
    table = np.column_stack([table, _ends(problem), problem.profile])
    # Whoever else may take over has the same breaks, and can carry every trip.
    breaks = [problem.breaks(k).tolist() for k in range(problem.n_types)]
    table = np.column_stack([table, [breaks.index(one) for one in breaks]])
    if problem.reload.any():
        room = np.minimum(problem.capacity, 1e300)
        table = np.column_stack([table, room, problem.reload, problem.max_reloads])
    kin = np.full((problem.n_types, problem.n_types + 1), -1, np.int32)
    for k, row in enumerate(table):
        may = (problem.allowed | ~problem.allowed[k]).all(axis=1)
        same = np.flatnonzero((table == row).all(axis=1) & may)
        found = [k, *same[same != k]]
        kin[k, : len(found)] = found
    return kin


def _tasks(problem: RichVRP) -> tuple[Integers, Integers, Integers]:
    """Return the task of each client, and the clients by which each is known."""
    own = np.where(problem.group >= 0, problem.group, problem.n + np.arange(problem.n))
    given, taken = problem.shipments.T
    own[taken] = own[given]
    _, task = np.unique(own, return_inverse=True)
    task = task.ravel()
    member = np.argsort(task, kind="stable")
    # A shipment is known by its pickup.
    member = member[~np.isin(member, taken)]
    sizes = np.bincount(task[member])
    first = np.concatenate([[0], np.cumsum(sizes)])
    return task, member, first


def _windows(problem: RichVRP) -> tuple[Floats, Integers]:
    rows, first = [], [0]
    for client in range(problem.n):
        rows += list(zip(*problem.windows(client), strict=True))
        first.append(len(rows))
    return np.array(rows, np.float64), np.array(first, np.int32)


def _near(problem: RichVRP, length: Floats, time: Floats, count: int) -> Integers:
    """Return near clients: by distance and by what waiting the windows ask for."""
    c = problem.clients
    apart = length[np.ix_(c, c)]
    apart = np.minimum(apart, apart.T)
    ways = time[np.ix_(c, c)]
    opens = np.array([problem.windows(k)[0][0] for k in range(problem.n)])
    closes = np.array([problem.windows(k)[1][-1] for k in range(problem.n)])
    if np.isfinite(closes).any():
        leave = opens + problem.service
        leave[~np.isfinite(leave)] = 0.0
        last = closes + problem.service
        arrive = ways + last[:, None]
        wait = np.maximum(opens - np.where(np.isfinite(arrive), arrive, np.inf), 0.0)
        late = np.maximum(leave[:, None] + ways - closes, 0.0)
        wait[~np.isfinite(wait)] = 0.0
        extra = 0.2 * wait + late
        apart = apart + np.minimum(extra, extra.T)
    np.fill_diagonal(apart, np.inf)
    k = min(count, problem.n - 1)
    if k < 1:
        return np.zeros((problem.n, 0), np.int32)
    near = np.argpartition(apart, k - 1, axis=1)[:, :k]
    order = np.argsort(np.take_along_axis(apart, near, 1), axis=1, kind="stable")
    return np.ascontiguousarray(np.take_along_axis(near, order, 1), np.int32)


def _reach(problem: RichVRP, length: Floats, near: Integers) -> Floats:
    """Return the shortest distances to near clients, either way."""
    here, there = problem.clients[:, None], problem.clients[near]
    ways = np.minimum(length[:, here, there], length[:, there, here])
    return np.ascontiguousarray(ways.min(axis=0))


def _types(problem: RichVRP) -> Floats:
    from combkit.comb.routing import _kernels_fleet_plan as kernels

    table = np.zeros((problem.n_types, 8))
    table[:, kernels.FIXED] = problem.fixed_cost
    table[:, kernels.PER_DISTANCE] = problem.distance_cost
    table[:, kernels.PER_TIME] = problem.duration_cost
    opens = problem.depot_start[problem.start_depot]
    table[:, kernels.OPENS] = np.maximum(problem.shift_start, opens)
    ends = problem.end_depot
    closes = np.where(ends >= 0, problem.depot_end[ends], np.inf)
    table[:, kernels.CLOSES] = np.minimum(problem.shift_end, closes)
    table[:, kernels.LONGEST] = problem.max_distance * (1.0 + _NOISE)
    table[:, kernels.LASTING] = problem.max_duration * (1.0 + _NOISE)
    table[:, kernels.CLIENTS] = problem.max_clients
    return table


def _flags(problem: RichVRP, length: Floats, neighbours: int) -> Floats:
    from combkit.comb.routing import _kernels_fleet_plan as kernels

    flags = np.zeros(12)
    times = (
        *(problem.window_end, problem.depot_end, problem.shift_end),
        *(problem.max_duration, problem.break_end),
    )
    timed = any(np.isfinite(one).any() for one in times)
    timed |= bool((problem.duration_cost > 0).any() or problem.break_type.size)
    timed |= problem.longest_cost > 0.0
    flags[kernels.TIMED] = timed
    flags[kernels.LAST] = problem.backhaul == "last"
    finite = [one[np.isfinite(one)].max(initial=0.0) for one in times]
    flags[kernels.NOISE] = _NOISE * max(1.0, *finite)
    flags[kernels.LOADS] = np.isfinite(problem.capacity).any()
    # By the triangle inequality both ends of a new leg are that far away.
    symmetric = all((one == one.T).all() for one in length)
    least = float(problem.distance_cost.min())
    flags[kernels.FLOOR] = least * (2.0 if symmetric else 1.0)
    flags[kernels.CHEAPEST] = least
    flags[kernels.PLACES] = neighbours
    flags[kernels.PAIRS] = len(problem.shipments) > 0
    flags[kernels.DEAR] = problem.longest_cost
    flags[kernels.RELOADS] = problem.reload.any()
    flags[kernels.STOPS] = problem.reload.any() or problem.break_type.size > 0
    flags[kernels.EVEN] = symmetric and len(length) == 1
    return flags


def _round_trip(world: World) -> float:
    """Return what a vehicle of its own costs at most, about."""
    from combkit.comb.routing import _kernels_fleet_plan as kernels

    far = 2.0 * float(world.client[:, kernels.FAR].max())
    work = float(world.client[:, kernels.SERVICE].max())
    costs = world.type[:, kernels.FIXED] + world.type[:, kernels.PER_DISTANCE] * far
    costs += world.type[:, kernels.PER_TIME] * (far + work)
    return max(float(costs.max()), 1.0)

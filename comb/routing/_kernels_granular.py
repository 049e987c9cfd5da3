"""Numba kernels of granular moves for vehicle routing, with penalties.

Moves join a customer to one of its near ones: relocations and exchanges of one or
two customers, 2-opt inside a route and 2-opt* between two. Loads and durations may
exceed their limits at a price.

Routes are circular doubly linked lists as in ``_kernels_sisr_plan``: the depot appears
once a route, as the nodes ``n + 1, n + 2, ...``. Routes may be of several kinds of
vehicles, with depots, capacities and costs of their own.

References
----------
.. [1] T. Vidal, "Hybrid genetic search for the CVRP: open-source implementation and
   SWAP* neighborhood", Computers & Operations Research 140, 2022.
   https://doi.org/10.1016/j.cor.2021.105643
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.comb.routing.limits import BOTH
from combkit.instances.kernels import kernel

__all__ = [
    "AFTER",
    "BEFORE",
    "CAPACITY",
    "CHANGED",
    "EXCESS",
    "FIRST",
    "FULL",
    "FULL_TURN",
    "GAIN",
    "LAST",
    "LOAD",
    "LONGER",
    "LONGEST",
    "PARENT",
    "PICKUPS",
    "RATE",
    "SERVICES",
    "SIZE",
    "TESTED",
    "TIME",
    "Ground",
    "State",
    "attempt",
    "excess",
    "lay",
    "move_after",
    "overload",
    "refresh",
    "shuffle",
    "surroundings",
    "take_out",
    "turn",
    "worth",
]

#: Columns of ``State.link``.
AFTER, BEFORE = range(2)
#: Columns of ``State.sofar``, and the first of ``State.sums``.
LOAD, TIME, TURN = range(3)
#: Another column of ``State.sofar``.
LONGER = 3
#: Another column of ``State.sums``.
EXCESS = 3
#: Columns of ``State.count``.
SIZE, CHANGED, TESTED, FIRST, LAST, PARENT = range(6)
#: Columns of ``Ground.fleet``.
CAPACITY, LONGEST, RATE = range(3)
#: Entries of ``Ground.limit``.
GAIN, SERVICES, FULL, PICKUPS = range(4)
#: Steps of a full turn in the angles of customers, a power of two.
FULL_TURN = 65_536
#: Kinds of moves; see ``_judge``.
(
    _NONE,
    _ONE,
    _PAIR,
    _PAIR_TURNED,
    _EXCHANGE,
    _PAIR_FOR_ONE,
    _PAIRS,
    _REVERSED,
    _ENDS_TURNED,
    _ENDS,
) = range(10)


class Ground(NamedTuple):
    """What stays the same during a search.

    Attributes
    ----------
    dist : ndarray, shape (n + k, n + k), float64
        Distances between customers, from the depots of k kinds of vehicles and back
        to them: 0 where routes do not return. A depot is 0, or more than n.
    near, apart, begin : ndarray, shapes (k,) twice and (n + 2,)
        Near customers of customer c, ``near[begin[c] : begin[c + 1]]``, and the shorter
        one of the two ways between them.
    demand, service : ndarray, shape (n + 1,), float64
        Demand and service time of each customer; pickups, if there are any, are added
        ``BOTH`` times.
    angle : ndarray, shape (n + 1,) or (0,), int64
        Direction from the depot, for SWAP*; none without coordinates.
    limit : ndarray, shape (4,), float64
        A move must gain more than this; sum of all service times; number of full
        vehicles that the demand fills; whether there are pickups, for which the
        capacity holds on its own.
    fleet : ndarray, shape (m, 3), float64
        Capacity of each route's vehicle; its longest distance with service times; cost
        of a unit of distance: where it is not 1, there are no service times.
    place : ndarray, shape (n + 1 + m,), int32
        Which row of ``dist`` each node is: a depot tells the kind of its vehicle.
    kinds : ndarray, shape (k + 1,), int32
        Routes of kind j, ``kinds[j]`` up to ``kinds[j + 1]``.
    """

    dist: Any
    near: Any
    apart: Any
    begin: Any
    demand: Any
    service: Any
    angle: Any
    limit: Any
    fleet: Any
    place: Any
    kinds: Any


class State(NamedTuple):
    """Routes under way, all of it arrays that the kernels change.

    Attributes
    ----------
    link : ndarray, shape (n + 1 + m, 2), int32
        Who comes after and before each node.
    route, rank : ndarray, shape (n + 1 + m,), int32
        Route of each node and its place there, 0 for the depot.
    sofar : ndarray, shape (n + 1 + m, 4), float64
        Load, distance with service times, and what the way back is longer, from the
        depot to each node; the longer one of its two legs.
    sums : ndarray, shape (m, 4), float64
        The same of whole routes, and what their excess costs.
    count : ndarray, shape (m, 6), int64
        Customers of each route; the move that changed it last; the move at which
        SWAP* tried it last; ends of its sector; of which parents of a child it is a
        route, too: 1 for the first one plus 2 for the second.
    tested : ndarray, shape (n + 1,), int64
        The move at which each customer was tried last.
    order, turns : ndarray of int32, shapes (n,) and (m,)
        Customers and routes in a random order.
    spot, extra, when : ndarray, shapes (m, n + 1, 3) twice and (m, n + 1)
        After whom each customer is cheapest to insert in each route, at what cost,
        and at which move that was found.
    drop : ndarray, shape (n + 1,), float64
        What is gained by taking each customer out.
    room : ndarray, shape (2, n), int32
        Two routes that are made.
    price : ndarray, shape (2,), float64
        Price of a unit of load and of duration above the limits.
    clock : ndarray, shape (1,), int64
        Moves made.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    link: Any
    route: Any
    rank: Any
    sofar: Any
    sums: Any
    count: Any
    tested: Any
    order: Any
    turns: Any
    spot: Any
    extra: Any
    when: Any
    drop: Any
    room: Any
    price: Any
    clock: Any
    random: Any


@kernel
def shuffle(random: Any, items: Any) -> None:
    """Put items in a random order."""
    for k in range(items.size - 1, 0, -1):
        j = below(random, k + 1)
        items[k], items[j] = items[j], items[k]


@kernel(inline=True)
def overload(ground: Ground, r: int, load: float) -> float:
    """Return by how much a load exceeds the capacity of a route's vehicle."""
    capacity = ground.fleet[r, CAPACITY]
    if ground.limit[PICKUPS] > 0.0:
        pickups = np.floor(load / BOTH)
        deliveries = load - pickups * BOTH
        return max(0.0, deliveries - capacity) + max(0.0, pickups - capacity)
    return max(0.0, load - capacity)


@kernel(inline=True)
def excess(ground: Ground, state: State, r: int, load: float, time: float) -> float:
    """Return what exceeding the limits costs a route."""
    over = overload(ground, r, load) * state.price[0]
    longest = ground.fleet[r, LONGEST]
    if time > longest:
        over += (time - longest) * state.price[1]
    return over


@kernel(inline=True)
def turn(a: int, b: int) -> int:
    """Return how far it is from one direction to another, in one sense."""
    return (b - a) & (FULL_TURN - 1)


@kernel(inline=True)
def _extend(count: Any, r: int, angle: int) -> None:
    """Widen the sector of a route so that it holds a direction."""
    first, last = count[r, FIRST], count[r, LAST]
    if turn(first, angle) > turn(first, last):
        if turn(last, angle) <= turn(angle, first):
            count[r, LAST] = angle
        else:
            count[r, FIRST] = angle


@kernel
def refresh(ground: Ground, state: State, r: int) -> None:
    """Bring all that is known of a route up to date."""
    dist, n = ground.dist, ground.demand.size - 1
    link, sofar, count, sums = state.link, state.sofar, state.count, state.sums
    depot = n + 1 + r
    home = ground.place[depot]
    load = time = longer = 0.0
    rank = 0
    before, node = home, link[depot, AFTER]
    while node <= n:
        rank += 1
        load += ground.demand[node]
        time += dist[before, node] + ground.service[node]
        longer += dist[node, before] - dist[before, node]
        sofar[node, LOAD], sofar[node, TIME], sofar[node, TURN] = load, time, longer
        leg = dist[before, node]
        sofar[node, LONGER] = leg
        if rank > 1:
            sofar[before, LONGER] = max(leg, sofar[before, LONGER])
        state.route[node], state.rank[node] = r, rank
        if ground.angle.size > 0:
            if rank == 1:
                count[r, FIRST] = count[r, LAST] = ground.angle[node]
            else:
                _extend(count, r, ground.angle[node])
        before, node = node, link[node, AFTER]
    if rank > 0:
        time += dist[before, home]
        sofar[before, LONGER] = max(dist[before, home], sofar[before, LONGER])
        longer += dist[home, before] - dist[before, home]
    sums[r, LOAD], sums[r, TIME], sums[r, TURN] = load, time, longer
    sums[r, EXCESS] = excess(ground, state, r, load, time)
    count[r, SIZE], count[r, CHANGED] = rank, state.clock[0]
    count[r, PARENT] = 0


@kernel
def lay(
    ground: Ground, state: State, r: int, customers: Any, first: int, end: int
) -> None:
    """Let a route visit some customers, and no others.

    Parameters
    ----------
    ground, state
        Data and state.
    r : int
        The route.
    customers : ndarray of int32
        Customers in order.
    first, end : int
        Which of them.
    """
    depot = ground.demand.size + r
    before = depot
    for k in range(first, end):
        node = customers[k]
        state.link[before, AFTER], state.link[node, BEFORE] = node, before
        before = node
    state.link[before, AFTER], state.link[depot, BEFORE] = depot, before
    refresh(ground, state, r)


@kernel(inline=True)
def move_after(link: Any, u: int, v: int) -> None:
    """Take a customer out and put it after a node."""
    a, b = link[u, BEFORE], link[u, AFTER]
    link[a, AFTER], link[b, BEFORE] = b, a
    b = link[v, AFTER]
    link[v, AFTER], link[u, BEFORE] = u, v
    link[u, AFTER], link[b, BEFORE] = b, u


@kernel(inline=True)
def _trade(link: Any, u: int, v: int) -> None:
    """Let two customers, who are not neighbours, change places."""
    p, x, q, y = link[u, BEFORE], link[u, AFTER], link[v, BEFORE], link[v, AFTER]
    link[p, AFTER] = link[x, BEFORE] = v
    link[q, AFTER] = link[y, BEFORE] = u
    link[u, BEFORE], link[u, AFTER] = q, y
    link[v, BEFORE], link[v, AFTER] = p, x


@kernel(inline=True)
def worth(
    ground: Ground,
    state: State,
    ru: int,
    rv: int,
    du: float,
    dv: float,
    load: float,
    service: float,
) -> float:
    """Return what a move costs that changes distances and hands over a load.

    ``du`` and ``dv`` are changes of distance; load and service time leave route
    ``ru`` for ``rv``. Between two routes, at least 0 where it cannot gain: the excess
    afterwards is not looked at then.
    """
    sums, fleet = state.sums, ground.fleet
    if ru == rv:
        change = du + dv
        cost = change * fleet[ru, RATE]
        if sums[ru, TIME] + max(0.0, change) > fleet[ru, LONGEST]:
            cost += excess(ground, state, ru, sums[ru, LOAD], sums[ru, TIME] + change)
            cost -= sums[ru, EXCESS]
    else:
        cost = du * fleet[ru, RATE] + dv * fleet[rv, RATE]
        cost -= sums[ru, EXCESS] + sums[rv, EXCESS]
        if cost < 0.0:
            time = sums[ru, TIME] + du - service
            cost += excess(ground, state, ru, sums[ru, LOAD] - load, time)
            time = sums[rv, TIME] + dv + service
            cost += excess(ground, state, rv, sums[rv, LOAD] + load, time)
    return cost


@kernel(inline=True)
def _judge_ends(ground: Ground, state: State, u: int, v: int) -> tuple[float, int]:
    """Return cost and kind of the better exchange of the ends of two routes."""
    dist, place, n = ground.dist, ground.place, ground.demand.size - 1
    link, sums, sofar = state.link, state.sums, state.sofar
    ru, rv = state.route[u], state.route[v]
    x, y = link[u, AFTER], link[v, AFTER]
    cx, cv, cy = place[x], place[v], place[y]
    ux, vy = dist[u, cx], dist[cv, cy]
    loadu, timeu = sofar[u, LOAD], sofar[u, TIME]
    loadv, timev, turnv = 0.0, 0.0, 0.0
    if v <= n:
        loadv, timev, turnv = sofar[v, LOAD], sofar[v, TIME], sofar[v, TURN]
    # What comes after u and after v, the legs there left out.
    restu, endu = sums[ru, LOAD] - loadu, sums[ru, TIME] - timeu - ux
    restv, endv = sums[rv, LOAD] - loadv, sums[rv, TIME] - timev - vy
    turnu = sums[ru, TURN] - sofar[x, TURN] if x <= n else 0.0
    before = sums[ru, EXCESS] + sums[rv, EXCESS]
    rateu, ratev = ground.fleet[ru, RATE], ground.fleet[rv, RATE]
    homeu, homev = place[n + 1 + ru], place[n + 1 + rv]
    differ, tou, tov = homeu != homev, 0.0, 0.0
    if differ:
        # Ends that change routes begin or end at another depot.
        before += sums[ru, TIME] * rateu + sums[rv, TIME] * ratev
        if x <= n:
            last = link[n + 1 + ru, BEFORE]
            tov = dist[last, homev] - dist[last, homeu]
            turnu += dist[homev, last] - dist[homeu, last]
        else:
            cx = homev
        if y <= n:
            last = link[n + 1 + rv, BEFORE]
            tou = dist[last, homeu] - dist[last, homev]
        else:
            cy = homeu
        if v <= n:
            head = link[n + 1 + rv, AFTER]
            turnv += dist[head, homeu] - dist[head, homev]
    best, kind = np.inf, _NONE
    cost = (dist[u, cy] + dist[cv, cx] - ux - vy) * rateu - before
    if differ or cost < 0.0:
        newu = timeu + dist[u, cy] + endv + tou
        newv = timev + dist[cv, cx] + endu + tov
        if differ:
            cost = newu * rateu + newv * ratev - before
        if cost < 0.0:
            cost += excess(ground, state, ru, loadu + restv, newu)
            cost += excess(ground, state, rv, loadv + restu, newv)
            best, kind = cost, _ENDS
    if differ:
        cv, cy = (homeu if v > n else cv), (homev if y > n else cy)
    cost = (dist[u, cv] + dist[cx, cy] - ux - vy + turnv + turnu) * rateu - before
    if differ or cost < 0.0:
        newu = timeu + dist[u, cv] + timev + turnv
        newv = endu + turnu + dist[cx, cy] + endv
        if differ:
            cost = newu * rateu + newv * ratev - before
        if cost < 0.0:
            cost += excess(ground, state, ru, loadu + loadv, newu)
            cost += excess(ground, state, rv, restu + restv, newv)
            if cost < best:
                best, kind = cost, _ENDS_TURNED
    return best, kind


@kernel(inline=True)
def surroundings(ground: Ground, state: State, u: int) -> tuple[Any, ...]:
    """Return what a customer's moves ask of the route around it, see ``attempt``.

    Its route; the node before it and the two behind, as nodes and as rows of
    ``Ground.dist``; the legs between them; and what it adds to the distance to take
    out the customer, and the pair with the next one but for the leg between them.

    Parameters
    ----------
    ground, state
        Data and state.
    u : int
        The customer.
    """
    dist, place, link = ground.dist, ground.place, state.link
    p, x = link[u, BEFORE], link[u, AFTER]
    cp, cx = place[p], place[x]
    pu, ux = dist[cp, u], dist[u, cx]
    cxx = 0
    xxd = pair = 0.0
    if x < ground.demand.size:
        cxx = place[link[x, AFTER]]
        xxd = dist[x, cxx]
        pair = dist[cp, cxx] - pu - xxd
    one = dist[cp, cx] - pu - ux
    return state.route[u], p, x, cp, cx, cxx, pu, ux, xxd, one, pair


@kernel(inline=True)
def _judge(ground: Ground, state: State, u: int, v: int, around: Any) -> int:
    """Return the best kind of move that brings a customer and a node together.

    With p before and x after u, q before and y after v: u, (u, x) or (x, u) goes
    between v and y; u, (u, x) or (u, x) changes places with v, v or (v, y); x..v is
    reversed; the ends of two routes are exchanged, as they are or so that u meets v.
    ``_NONE`` if no move gains.
    """
    dist, place, n = ground.dist, ground.place, ground.demand.size - 1
    link, sofar = state.link, state.sofar
    demand, service = ground.demand, ground.service
    ru, p, x, cp, cx, cxx, pu, ux, xxd, one, pair = around
    rv, y = state.route[v], link[v, AFTER]
    cv, cy = place[v], place[y]
    vy, vu = dist[cv, cy], dist[cv, u]
    best, kind = -ground.limit[GAIN], _NONE
    if v != p:
        dv = vu + dist[u, cy] - vy
        cost = worth(ground, state, ru, rv, one, dv, demand[u], service[u])
        if cost < best:
            best, kind = cost, _ONE
        if x <= n and v != x:
            load, time = demand[u] + demand[x], service[u] + service[x]
            dv = vu + dist[x, cy] - vy
            cost = worth(ground, state, ru, rv, pair - ux, dv + ux, load, time)
            if cost < best:
                best, kind = cost, _PAIR
            dv = dist[cv, x] + dist[x, u] + dist[u, cy] - vy
            cost = worth(ground, state, ru, rv, pair - ux, dv, load, time)
            if cost < best:
                best, kind = cost, _PAIR_TURNED
    if v <= n and v != p and v != x:
        q = link[v, BEFORE]
        cq = place[q]
        qv, qu = dist[cq, v], dist[cq, u]
        if u < v:
            du = dist[cp, v] + dist[v, cx] - pu - ux
            dv = qu + dist[u, cy] - qv - vy
            load, time = demand[u] - demand[v], service[u] - service[v]
            cost = worth(ground, state, ru, rv, du, dv, load, time)
            if cost < best:
                best, kind = cost, _EXCHANGE
        if x <= n and q != x:
            du = dist[cp, v] + dist[v, cxx] - pu - ux - xxd
            dv = qu + ux + dist[x, cy] - qv - vy
            load = demand[u] + demand[x] - demand[v]
            time = service[u] + service[x] - service[v]
            cost = worth(ground, state, ru, rv, du, dv, load, time)
            if cost < best:
                best, kind = cost, _PAIR_FOR_ONE
            if u < v and y <= n and y != p:
                yy = link[y, AFTER]
                cyy = place[yy]
                yyd = dist[y, cyy]
                du = dist[cp, v] + vy + dist[y, cxx] - pu - ux - xxd
                dv = qu + ux + dist[x, cyy] - qv - vy - yyd
                load -= demand[y]
                time -= service[y]
                cost = worth(ground, state, ru, rv, du, dv, load, time)
                if cost < best:
                    best, kind = cost, _PAIRS
    if ru == rv:
        if state.rank[u] < state.rank[v] and x != v:
            du = dist[u, v] + dist[x, cy] - ux - vy
            du += sofar[v, TURN] - sofar[x, TURN]
            cost = worth(ground, state, ru, ru, du, 0.0, 0.0, 0.0)
            if cost < best:
                best, kind = cost, _REVERSED
    else:
        cost, ends = _judge_ends(ground, state, u, v)
        if cost < best:
            kind = ends
    return kind


@kernel
def _write(state: State, which: int, size: int, node: int, last: int, way: int) -> int:
    """Append the customers from a node on, in either direction, to a route's room."""
    while node < state.tested.size:
        state.room[which, size] = node
        size += 1
        if node == last:
            break
        node = state.link[node, way]
    return size


@kernel
def _apply(ground: Ground, state: State, kind: int, u: int, v: int) -> None:
    """Make a move that ``_judge`` has found."""
    link = state.link
    ru, rv = state.route[u], state.route[v]
    x, y = link[u, AFTER], link[v, AFTER]
    state.clock[0] += 1
    if kind >= _REVERSED:
        first, depot = link[ground.demand.size + ru, AFTER], ground.demand.size + rv
        nobody = -1
        if kind == _REVERSED:
            size = _write(state, 0, 0, first, u, AFTER)
            size = _write(state, 0, size, v, x, BEFORE)
            size = _write(state, 0, size, y, nobody, AFTER)
            lay(ground, state, ru, state.room[0], 0, size)
            return
        head = link[depot, AFTER]
        size = _write(state, 0, 0, first, u, AFTER)
        if kind == _ENDS:
            size = _write(state, 0, size, y, nobody, AFTER)
            other = 0 if v == depot else _write(state, 1, 0, head, v, AFTER)
            other = _write(state, 1, other, x, nobody, AFTER)
        else:
            size = _write(state, 0, size, v, nobody, BEFORE)
            last = link[ground.demand.size + ru, BEFORE]
            other = 0 if last == u else _write(state, 1, 0, last, x, BEFORE)
            other = _write(state, 1, other, y, nobody, AFTER)
        lay(ground, state, ru, state.room[0], 0, size)
        lay(ground, state, rv, state.room[1], 0, other)
        return
    if kind == _ONE:
        move_after(link, u, v)
    elif kind == _PAIR:
        move_after(link, u, v)
        move_after(link, x, u)
    elif kind == _PAIR_TURNED:
        move_after(link, x, v)
        move_after(link, u, x)
    else:
        _trade(link, u, v)
        if kind == _PAIR_FOR_ONE:
            move_after(link, x, u)
        elif kind == _PAIRS:
            _trade(link, x, y)
    refresh(ground, state, ru)
    if ru != rv:
        refresh(ground, state, rv)


@kernel(inline=True)
def attempt(ground: Ground, state: State, u: int, v: int, around: Any) -> bool:
    """Make the best move between a customer and a node; return whether one gains.

    Parameters
    ----------
    ground, state
        Data and state.
    u, v : int
        A customer, and another one or the depot of a route.
    around : tuple
        The ``surroundings`` of the customer, as they are.
    """
    kind = _judge(ground, state, u, v, around)
    if kind != _NONE:
        _apply(ground, state, kind, u, v)
    return kind != _NONE


@kernel
def take_out(ground: Ground, state: State, order: Any, after: Any, before: Any) -> int:
    """Write down the routes of a state.

    Parameters
    ----------
    ground, state
        Data and state.
    order : ndarray of int32, shape (n,)
        Becomes the customers, route by route.
    after, before : ndarray of int32, shape (n + 1,)
        Become who is after and before each customer, 0 for the depot.

    Returns
    -------
    int
        Number of routes.
    """
    n = ground.demand.size - 1
    size = routes = 0
    for i in range(state.turns.size):
        r = state.turns[i]
        node = state.link[n + 1 + r, AFTER]
        routes += 1 if node <= n else 0
        while node <= n:
            order[size] = node
            size += 1
            a, b = state.link[node, AFTER], state.link[node, BEFORE]
            after[node] = a if a <= n else 0
            before[node] = b if b <= n else 0
            node = a
    return routes

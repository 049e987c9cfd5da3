"""Numba kernels of a local search for vehicle routing, with penalties.

It makes the moves of ``_kernels_granular``, lets routes exchange their vehicles, and
SWAP*, which exchanges two customers of near routes wherever each fits best.

References
----------
.. [1] T. Vidal, "Hybrid genetic search for the CVRP: open-source implementation and
   SWAP* neighborhood", Computers & Operations Research 140, 2022.
   https://doi.org/10.1016/j.cor.2021.105643
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any

import numpy as np

from combkit.comb.routing._kernels_granular import (
    AFTER,
    BEFORE,
    CHANGED,
    EXCESS,
    FIRST,
    GAIN,
    LAST,
    LOAD,
    LONGER,
    PARENT,
    RATE,
    SIZE,
    TESTED,
    TIME,
    Ground,
    State,
    attempt,
    excess,
    move_after,
    overload,
    refresh,
    shuffle,
    surroundings,
    turn,
    worth,
)
from combkit.instances.kernels import kernel

__all__ = ["educate", "empty_route"]


@kernel
def _find_spots(ground: Ground, state: State, c: int, r: int) -> None:
    """Note the three cheapest places for a customer in a route."""
    dist, place, n = ground.dist, ground.place, ground.demand.size - 1
    link, spot, extra = state.link, state.spot, state.extra
    for k in range(3):
        spot[r, c, k], extra[r, c, k] = -1, np.inf
    node = n + 1 + r
    before = place[node]
    while True:
        after = link[node, AFTER]
        ahead = place[after]
        cost = dist[before, c] + dist[c, ahead] - dist[before, ahead]
        if cost < extra[r, c, 2]:
            k = 2
            while k > 0 and cost < extra[r, c, k - 1]:
                extra[r, c, k], spot[r, c, k] = extra[r, c, k - 1], spot[r, c, k - 1]
                k -= 1
            extra[r, c, k], spot[r, c, k] = cost, node
        if after > n:
            break
        node = before = after
    state.when[r, c] = state.clock[0]


@kernel
def _prepare_swaps(ground: Ground, state: State, ru: int, rv: int) -> None:
    """Learn what the customers of a route gain when out, and cost in another."""
    dist, n, link = ground.dist, ground.demand.size - 1, state.link
    u = link[n + 1 + ru, AFTER]
    while u <= n:
        p, x = ground.place[link[u, BEFORE]], ground.place[link[u, AFTER]]
        state.drop[u] = dist[p, x] - dist[p, u] - dist[u, x]
        if state.count[rv, CHANGED] > state.when[rv, u]:
            _find_spots(ground, state, u, rv)
        u = link[u, AFTER]


@kernel(inline=True)
def _cheapest_without(
    ground: Ground, state: State, u: int, v: int
) -> tuple[float, int]:
    """Return cost and place of inserting u in the route of v, once v is out."""
    dist, link = ground.dist, state.link
    rv = state.route[v]
    best, after = np.inf, -1
    for k in range(3):
        node = state.spot[rv, u, k]
        if node >= 0 and node != v and link[node, AFTER] != v:
            best, after = state.extra[rv, u, k], node
            break
    q, y = link[v, BEFORE], link[v, AFTER]
    cq, cy = ground.place[q], ground.place[y]
    here = dist[cq, u] + dist[u, cy] - dist[cq, cy]
    if here < best:
        best, after = here, q
    return best, after


@kernel
def _swap_star(ground: Ground, state: State, ru: int, rv: int) -> bool:
    """Make the best exchange or relocation between two routes, if it gains."""
    n, link, sums, drop = ground.demand.size - 1, state.link, state.sums, state.drop
    demand, service = ground.demand, ground.service
    _prepare_swaps(ground, state, ru, rv)
    _prepare_swaps(ground, state, rv, ru)
    rateu, ratev = ground.fleet[ru, RATE], ground.fleet[rv, RATE]
    best = -ground.limit[GAIN]
    one = other = to = back = -1
    before = sums[ru, EXCESS] + sums[rv, EXCESS]
    u = link[n + 1 + ru, AFTER]
    while u <= n:
        v = link[n + 1 + rv, AFTER]
        while v <= n:
            load = demand[u] - demand[v]
            loads = overload(ground, ru, sums[ru, LOAD] - load)
            loads += overload(ground, rv, sums[rv, LOAD] + load)
            loads *= state.price[0]
            if drop[u] * rateu + drop[v] * ratev + loads - before < best:
                into, place = _cheapest_without(ground, state, u, v)
                out, seat = _cheapest_without(ground, state, v, u)
                time = service[u] - service[v]
                du, dv = drop[u] + out, drop[v] + into
                cost = du * rateu + dv * ratev - before
                load, whole = sums[ru, LOAD] - load, sums[ru, TIME] + du - time
                cost += excess(ground, state, ru, load, whole)
                load = sums[rv, LOAD] + demand[u] - demand[v]
                cost += excess(ground, state, rv, load, sums[rv, TIME] + dv + time)
                if cost < best:
                    best = cost
                    one, other, to, back = u, v, place, seat
            v = link[v, AFTER]
        u = link[u, AFTER]
    # A customer that goes over to the other route alone.
    for side in range(2):
        a, b = (ru, rv) if side == 0 else (rv, ru)
        u = link[n + 1 + a, AFTER]
        while u <= n:
            place, into = state.spot[b, u, 0], state.extra[b, u, 0]
            cost = worth(ground, state, a, b, drop[u], into, demand[u], service[u])
            if cost < best:
                best = cost
                one, other, to = u, -1, place
            u = link[u, AFTER]
    if one < 0:
        return False
    state.clock[0] += 1
    move_after(link, one, to)
    if other >= 0:
        move_after(link, other, back)
    refresh(ground, state, ru)
    refresh(ground, state, rv)
    return True


@kernel(inline=True)
def _overlap(count: Any, a: int, b: int) -> bool:
    """Whether the sectors of two routes meet."""
    first_a, first_b = count[a, FIRST], count[b, FIRST]
    return turn(first_a, first_b) <= turn(first_a, count[a, LAST]) or turn(
        first_b, first_a
    ) <= turn(first_b, count[b, LAST])


@kernel
def _time_with(ground: Ground, state: State, r: int, s: int) -> float:
    """Return what the distance of a route is with the vehicle of another one."""
    if state.count[r, SIZE] == 0:
        return 0.0
    n, dist = ground.demand.size - 1, ground.dist
    first, last = state.link[n + 1 + r, AFTER], state.link[n + 1 + r, BEFORE]
    here, there = ground.place[n + 1 + r], ground.place[n + 1 + s]
    out = dist[there, first] - dist[here, first]
    return state.sums[r, TIME] + out + dist[last, there] - dist[last, here]


@kernel
def _exchange(ground: Ground, state: State, a: int, b: int) -> bool:
    """Let two routes exchange their vehicles, if it gains."""
    sums, fleet = state.sums, ground.fleet
    timea, timeb = _time_with(ground, state, a, b), _time_with(ground, state, b, a)
    cost = (timea - sums[b, TIME]) * fleet[b, RATE] - sums[a, EXCESS] - sums[b, EXCESS]
    cost += (timeb - sums[a, TIME]) * fleet[a, RATE]
    cost += excess(ground, state, b, sums[a, LOAD], timea)
    cost += excess(ground, state, a, sums[b, LOAD], timeb)
    if cost >= -ground.limit[GAIN]:
        return False
    link, one, other = state.link, ground.demand.size + a, ground.demand.size + b
    ends = link[one, AFTER], link[one, BEFORE], link[other, AFTER], link[other, BEFORE]
    for depot, first, last, size in (
        (other, ends[0], ends[1], state.count[a, SIZE]),
        (one, ends[2], ends[3], state.count[b, SIZE]),
    ):
        if size == 0:
            link[depot, AFTER] = link[depot, BEFORE] = depot
        else:
            link[depot, AFTER], link[first, BEFORE] = first, depot
            link[depot, BEFORE], link[last, AFTER] = last, depot
    state.clock[0] += 1
    refresh(ground, state, a)
    refresh(ground, state, b)
    return True


@kernel
def empty_route(ground: Ground, state: State, kind: int) -> int:
    """Return a route of a kind of vehicles without customers, or -1.

    Parameters
    ----------
    ground, state
        Data and state.
    kind : int
        The kind.
    """
    for r in range(ground.kinds[kind], ground.kinds[kind + 1]):
        if state.count[r, SIZE] == 0:
            return r
    return -1


@kernel(inline=True)
def _alike(count: Any, a: int, b: int) -> bool:
    """Whether two routes are as in the same parent, where no move of theirs gained."""
    return count[a, PARENT] & count[b, PARENT] > 0


@kernel
def educate(ground: Ground, state: State) -> None:
    """Move customers until no move gains; the routes may be any.

    Parameters
    ----------
    ground, state
        Data and state.
    """
    n = ground.demand.size - 1
    near, begin = ground.near, ground.begin
    count, sums = state.count, state.sums
    home = ground.place[n + 1 :]
    kinds = ground.kinds.size - 1
    shuffle(state.random, state.order)
    shuffle(state.random, state.turns)
    state.tested[:] = -1
    state.when[:] = -1
    count[:, TESTED] = -1
    for r in range(count.shape[0]):
        # Prices may have changed.
        sums[r, EXCESS] = excess(ground, state, r, sums[r, LOAD], sums[r, TIME])
    number, found = 0, True
    # Empty routes are tried from the second turn on.
    while found or number <= 1:
        found = False
        for k in range(n):
            u = state.order[k]
            last = state.tested[u]
            state.tested[u] = state.clock[0]
            if number > 1 and state.clock[0] == last:
                continue
            around = surroundings(ground, state, u)
            ru = around[0]
            # Near customers, and the depot where it is before one; empty routes.
            end = begin[u + 1]
            for j in range(begin[u], end + (kinds if number > 0 else 0)):
                if j >= end:
                    empty = empty_route(ground, state, j - end)
                    if empty < 0:
                        continue
                    v = n + 1 + empty
                else:
                    v = near[j]
                    rv = state.route[v]
                    if (
                        number > 0
                        and max(count[ru, CHANGED], count[rv, CHANGED]) <= last
                    ):
                        continue
                    # By the triangle inequality nothing is gained where both are
                    # nearer to their neighbours, unless an excess can be reduced, or
                    # another vehicle is cheaper.
                    if (
                        sums[ru, EXCESS] == 0.0
                        and sums[rv, EXCESS] == 0.0
                        and (
                            _alike(count, ru, rv)
                            or (
                                home[ru] == home[rv]
                                and ground.apart[j]
                                >= state.sofar[u, LONGER] + state.sofar[v, LONGER]
                            )
                        )
                    ):
                        continue
                for side in range(2):
                    if side == 1:
                        v = state.link[v, BEFORE]
                        if v <= n or j >= end:
                            break
                    if attempt(ground, state, u, v, around):
                        found = True
                        around = surroundings(ground, state, u)
                        ru = around[0]
                        break
        for i in range(count.shape[0]):
            a = state.turns[i]
            last = count[a, TESTED]
            count[a, TESTED] = state.clock[0]
            if number > 0 and state.clock[0] == last:
                continue
            for j in range(count.shape[0]):
                b = state.turns[j]
                if a >= b or (
                    number > 0 and max(count[a, CHANGED], count[b, CHANGED]) <= last
                ):
                    continue
                if (
                    sums[a, EXCESS] == 0.0
                    and sums[b, EXCESS] == 0.0
                    and _alike(count, a, b)
                ):
                    continue
                if home[a] != home[b] and _exchange(ground, state, a, b):
                    found = True
                if (
                    ground.angle.size > 0
                    and count[a, SIZE] > 0
                    and count[b, SIZE] > 0
                    and _overlap(count, a, b)
                    and _swap_star(ground, state, a, b)
                ):
                    found = True
        number += 1

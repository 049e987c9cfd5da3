"""Numba kernels that beget children for vehicle routing.

A child is the order crossover of two parents, cut into routes by ``split``.

References
----------
.. [1] T. Vidal, "Hybrid genetic search for the CVRP: open-source implementation and
   SWAP* neighborhood", Computers & Operations Research 140, 2022.
   https://doi.org/10.1016/j.cor.2021.105643
.. [2] T. Vidal, T. G. Crainic, M. Gendreau and C. Prins, "A unified solution
   framework for multi-attribute vehicle routing problems", European Journal of
   Operational Research 234(3), 2014. https://doi.org/10.1016/j.ejor.2013.09.045
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.comb.routing._kernels_educate import empty_route
from combkit.comb.routing._kernels_granular import (
    AFTER,
    CAPACITY,
    LONGEST,
    PARENT,
    RATE,
    Ground,
    State,
    excess,
    lay,
    overload,
)
from combkit.instances.kernels import kernel

__all__ = ["Pool", "cross", "inherit", "split"]

#: What a route in a split may carry above its capacity, in capacities.
_OVERLOAD = 0.5
#: Change of a toll, in mean costs of a route, and how much less it falls than rises.
_TOLL, _FALL = 0.02, 0.5
#: What it costs not to have the parent's vehicle, in mean costs of a customer.
_OTHER = 0.1


class Pool(NamedTuple):
    """Two populations, of fewer than ``s`` individuals each.

    Attributes
    ----------
    survive : int
        Individuals to which a population shrinks when it is full.
    order : ndarray, shape (2, s, n), int32
        Customers of each individual, route by route.
    after, before, home : ndarray, shape (2, s, n + 1), int32
        Who is after and before each customer, 0 for the depot; which depot that is.
    value : ndarray, shape (2, s, 6), float64
        Cost with penalties, distance, load and duration above the limits, number of
        routes, and biased fitness.
    gap : ndarray, shape (2, s, s), float64
        Share of broken pairs between two individuals.
    rank : ndarray, shape (2, s), int32
        Individuals by cost; behind them places that are free.
    count : ndarray, shape (5,), int64
        Sizes; births; births since the best one; entries of ``kept``.
    kept : ndarray, shape (100, 2), uint8
        Whether the last children kept the limits on loads and on durations.
    best : ndarray, shape (3, n + 1), int32
        Customers of the best sound individual, route by route; who comes after each
        of them, and from which depot.
    least : ndarray, shape (1,), float64
        Its cost.
    child, wish : ndarray of int32, shapes (n,) and (n + 1,)
        A child, and the depot that the parent has for each customer, or -1.
    cost, cut : ndarray, shapes (m + 1, n + 1), float64 and int32
        Of a split: least costs of the first customers in some routes, and where the
        last route begins; with several kinds of vehicles in any number of routes, and
        of which kind it is.
    apart : ndarray, shape (s,), float64
        Mean distances of individuals from the nearest others.
    toll : ndarray, shape (k,), float64
        What a route of each kind of vehicles costs in a split on top, since there are
        too few of them.
    used, same : ndarray, shape (k,), int64
        Of a split: how many there are of each kind, and customers that wish for it.
    scale : ndarray, shape (1,), float64
        What the last child has cost, cut into routes.
    """

    survive: Any
    order: Any
    after: Any
    before: Any
    home: Any
    value: Any
    gap: Any
    rank: Any
    count: Any
    kept: Any
    best: Any
    least: Any
    child: Any
    wish: Any
    cost: Any
    cut: Any
    apart: Any
    toll: Any
    used: Any
    same: Any
    scale: Any


@kernel
def split(ground: Ground, state: State, pool: Pool, most: int) -> None:
    """Cut the child into routes, the cheapest with penalties.

    With several kinds of vehicles, as many as there are, and cheapest but for what it
    takes to have enough of them.

    Parameters
    ----------
    ground, state, pool
        Data; routes under way, which it becomes; populations with the child.
    most : int
        Largest number of routes.
    """
    if ground.kinds.size > 2:
        _split_by_kinds(ground, state, pool)
        return
    n = pool.child.size
    cost, cut = pool.cost, pool.cut
    over = _OVERLOAD * ground.fleet[0, CAPACITY]
    _layer(ground, state, pool, 0, 0, over)
    routes, end = 0, n
    while end > 0:
        routes += 1
        end = cut[0, end]
    if routes <= most:
        end, layer = n, 0
    else:
        while True:
            cost[0, :] = np.inf
            cost[0, 0] = 0.0
            for k in range(most):
                _layer(ground, state, pool, k, k + 1, over)
            if cost[most, n] < np.inf or over == np.inf:
                break
            over = np.inf
        layer = 1
        for k in range(1, most + 1):
            if cost[k, n] < cost[layer, n]:
                layer = k
        end, routes = n, layer
    for r in range(state.count.shape[0]):
        if r >= routes:
            lay(ground, state, r, pool.child, 0, 0)
    r = routes
    while end > 0:
        first = cut[layer, end]
        r -= 1
        lay(ground, state, r, pool.child, first, end)
        end = first
        if layer > 0:
            layer -= 1


@kernel
def _split_by_kinds(ground: Ground, state: State, pool: Pool) -> None:
    """Cut the child into routes, and give each one a vehicle.

    Which kind of vehicles a route has is chosen with it [2]_. What a kind costs on top
    rises from child to child where there are not enough, and falls where there are; and
    so that parents and children are alike, it costs a little if it is not the parent's.
    """
    dist, kinds, child = ground.dist, ground.kinds, pool.child
    n, count = child.size, kinds.size - 1
    least, cut, used, same = pool.cost[0], pool.cut, pool.used, pool.same
    other = _OTHER * pool.scale[0] / n
    large = 0
    for r in kinds[:-1]:
        if ground.fleet[r, CAPACITY] > ground.fleet[large, CAPACITY]:
            large = r
    least[:] = np.inf
    least[0] = 0.0
    for first in range(n):
        load = inside = 0.0
        start = before = child[first]
        same[:] = 0
        for last in range(first, n):
            c = child[last]
            load += ground.demand[c]
            inside += dist[before, c]
            before = c
            over = overload(ground, large, load)
            if last > first and over > _OVERLOAD * ground.fleet[large, CAPACITY]:
                break
            for kind in range(count):
                r = kinds[kind]
                same[kind] += pool.wish[c] == ground.place[n + 1 + r]
                total = least[first] + pool.toll[kind]
                total += other * (last + 1 - first - same[kind])
                total += _alone(ground, state, r, start, c, inside, load)
                if total < least[last + 1]:
                    least[last + 1] = total
                    cut[0, last + 1], cut[1, last + 1] = first, kind
    for r in range(kinds[count]):
        lay(ground, state, r, child, 0, 0)
    used[:] = 0
    routes, r, behind, end = 0, -1, n, n
    while end > 0:
        first, kind = cut[0, end], cut[1, end]
        free = _free_route(ground, state, pool, first, end, kind)
        used[kind] += 1
        routes += 1
        if free < 0:
            # No vehicle is left: the last one has to do.
            lay(ground, state, r, child, first, behind)
        else:
            r, behind = free, end
            lay(ground, state, r, child, first, end)
        end = first
    pool.scale[0] = least[n]
    step = _TOLL * least[n] / routes
    for kind in range(count):
        enough = used[kind] <= kinds[kind + 1] - kinds[kind]
        change = -_FALL * step if enough else step
        pool.toll[kind] = max(0.0, pool.toll[kind] + change)


@kernel(inline=True)
def _alone(
    ground: Ground, state: State, r: int, start: int, c: int, inside: float, load: float
) -> float:
    """Return what a route costs from one customer to another, with penalties."""
    home = ground.place[ground.demand.size + r]
    time = ground.dist[home, start] + inside + ground.dist[c, home]
    return time * ground.fleet[r, RATE] + excess(ground, state, r, load, time)


@kernel
def _free_route(
    ground: Ground, state: State, pool: Pool, first: int, end: int, kind: int
) -> int:
    """Return an empty route for part of the child, or -1.

    Of a kind, or else of the one where that is cheapest.
    """
    free = empty_route(ground, state, kind)
    if free >= 0:
        return free
    child = pool.child
    load = inside = 0.0
    for k in range(first, end):
        load += ground.demand[child[k]]
        inside += ground.dist[child[k - 1], child[k]] if k > first else 0.0
    least = np.inf
    for other in range(ground.kinds.size - 1):
        r = empty_route(ground, state, other)
        if r >= 0:
            start, last = child[first], child[end - 1]
            cost = _alone(ground, state, r, start, last, inside, load)
            if cost < least:
                free, least = r, cost
    return free


@kernel
def _layer(
    ground: Ground, state: State, pool: Pool, here: int, there: int, most: float
) -> None:
    """Extend the least costs of the first customers by one route.

    If they are extended in place, by as many routes as it pays. No route carries
    more than ``most`` above the capacity, but for a single customer.
    """
    dist, cost, cut, child = ground.dist, pool.cost, pool.cut, pool.child
    n = child.size
    longest = ground.fleet[0, LONGEST]
    for k in range(n + 1):
        cost[there, k] = np.inf
    if here == there:
        cost[there, 0] = 0.0
    for first in range(n):
        if cost[here, first] == np.inf:
            continue
        load = time = 0.0
        service = 0.0
        before = 0
        for last in range(first, n):
            c = child[last]
            load += ground.demand[c]
            service += ground.service[c]
            time += dist[before, c]
            before = c
            over = overload(ground, 0, load)
            if last > first and over > most:
                break
            whole = time + dist[c, 0]
            total = cost[here, first] + whole + over * state.price[0]
            if whole + service > longest:
                total += (whole + service - longest) * state.price[1]
            if total < cost[there, last + 1]:
                cost[there, last + 1] = total
                cut[there, last + 1] = first


@kernel
def inherit(
    ground: Ground, state: State, pool: Pool, s: int, a: int, parent: int
) -> None:
    """Mark the routes of the child that are as in a parent.

    Parameters
    ----------
    ground, state, pool
        Data, routes under way, which the child was cut into, and populations.
    s, a : int
        Population and number of the parent.
    parent : int
        Its mark.
    """
    n = pool.child.size
    after, before = pool.after[s, a], pool.before[s, a]
    for r in range(state.count.shape[0]):
        depot = n + 1 + r
        node = state.link[depot, AFTER]
        same = node <= n and before[node] == 0
        while same and node <= n:
            follower = state.link[node, AFTER]
            same = after[node] == (follower if follower <= n else 0)
            same = same and pool.home[s, a, node] == ground.place[depot]
            node = follower
        if same:
            state.count[r, PARENT] += parent


@kernel
def cross(state: State, pool: Pool, s: int, a: int, t: int, b: int) -> None:
    """Let the child have a part of one order, and the rest as in another one.

    Parameters
    ----------
    state, pool
        Routes under way and populations.
    s, a, t, b : int
        Population and number of either parent.
    """
    n, order = pool.child.size, pool.order
    first, last = below(state.random, n), below(state.random, n)
    taken = state.tested
    taken[:] = 0
    k = first
    while True:
        c = pool.child[k] = order[s, a, k]
        pool.wish[c] = pool.home[s, a, c]
        taken[c] = 1
        if k == last:
            break
        k = k + 1 if k + 1 < n else 0
    at = last + 1 if last + 1 < n else 0
    k = at
    for _ in range(n):
        c = order[t, b, k]
        if taken[c] == 0:
            pool.child[at] = c
            pool.wish[c] = pool.home[t, b, c]
            at = at + 1 if at + 1 < n else 0
        k = k + 1 if k + 1 < n else 0

"""Numba kernels of tours that choose whom to visit: ruin, recreate, shorten, anneal.

The visited nodes are the first ones of an array, the depot among them; ``place`` is
-1 for the others. A step takes strings of near nodes out, puts nodes from around
them in again where that pays, and shortens the tour by the moves of the tour search.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.comb.routing._kernels_moves import deepen, improve
from combkit.comb.routing._kernels_tour import (
    Space,
    Walk,
    distance,
    is_fixed,
    pop,
    push,
    tour_length,
)
from combkit.instances.kernels import kernel

__all__ = [
    "BEST",
    "LENGTH",
    "PRICE",
    "PRIZE",
    "VALUE",
    "Trip",
    "Wishes",
    "fill",
    "search",
    "thin",
]

#: Places in ``Trip.sums``.
LENGTH, VALUE, PRIZE, BEST, PRICE = range(5)
#: How the price follows the length: by steps of so much, where it is off by a part.
_FLOW, _TENSION = 0.002, 20.0
#: Steps of a random number between 0 and 1.
_FINE = 1 << 30
#: Share of the way to and from a node that leaving it out saves at least.
_LEAST = 1e-9
#: How a node that fits is chosen: by value a length, by its square, by what is left.
_RATIO, _SQUARE, _LEFT = range(3)


class Wishes(NamedTuple):
    """What is wanted of a tour; constant.

    Attributes
    ----------
    value : ndarray, shape (n,), float64
        What a visit is worth.
    prize : ndarray, shape (n,), float64
        What a visit counts towards the quota.
    cost : float
        What a unit of length costs: 1, or 0 where only the limit counts.
    limit : float
        Longest tour.
    room : float
        Length up to which nodes are put in: the limit, or infinite while a price
        holds the length near the limit.
    quota : float
        Smallest sum of the prizes of visited nodes.
    """

    value: Any
    prize: Any
    cost: Any
    limit: Any
    room: Any
    quota: Any


class Trip(NamedTuple):
    """The state of a search, all of it arrays that the kernels change.

    Attributes
    ----------
    tour : ndarray, shape (n,), int32
        Visited nodes in order, as many as ``count`` says; the first is the depot
        or some other.
    place : ndarray, shape (n,), int32
        Where a node is in the tour, -1 for those that are not.
    count : ndarray, shape (3,), int64
        Visited nodes, those of the best tour, nodes in the pool.
    sums : ndarray, shape (5,), float64
        Length of the tour, values and prizes of its nodes, objective of the best,
        what a unit of length costs the search.
    best, kept : ndarray, shape (n,), int32
        The best tour, and the one before the current step.
    pool : ndarray, shape (p,), int32
        Nodes that may be put in.
    pooled : ndarray, shape (n,), uint8
        Whether a node is in the pool, or must never be in it.
    added, after : ndarray, shape (p,), float64 and int32
        Least detour of each node of the pool, and the node that it follows then.
    queue, queued, journal, cursor, edges : ndarray
        As of ``_kernels_tour.Walk``.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    tour: Any
    place: Any
    count: Any
    sums: Any
    best: Any
    kept: Any
    pool: Any
    pooled: Any
    added: Any
    after: Any
    queue: Any
    queued: Any
    journal: Any
    cursor: Any
    edges: Any
    random: Any


@kernel
def _next(trip: Trip, node: int) -> int:
    at = trip.place[node] + 1
    return trip.tour[at] if at < trip.count[0] else trip.tour[0]


@kernel
def _previous(trip: Trip, node: int) -> int:
    at = trip.place[node]
    return trip.tour[at - 1] if at > 0 else trip.tour[trip.count[0] - 1]


@kernel
def _detour(space: Space, a: int, node: int, b: int) -> float:
    """Return how much longer a tour gets by a node between two neighbours."""
    return (
        distance(space.metric, space.points, space.matrix, a, node)
        + distance(space.metric, space.points, space.matrix, node, b)
        - distance(space.metric, space.points, space.matrix, a, b)
    )


@kernel
def _stays(space: Space, node: int) -> bool:
    """Whether a node is on every tour: the depot, and the ends of fixed edges."""
    return node == 0 or (space.fixed.shape[0] > 0 and space.fixed[node, 0] >= 0)


@kernel
def _joined(space: Space, trip: Trip, a: int, b: int) -> bool:
    """Whether nothing goes between neighbours; of two nodes, one way is free."""
    one_way = trip.count[0] > 2 or trip.place[a] == 0
    return one_way and is_fixed(space.fixed, a, b)


@kernel
def _look(space: Space, trip: Trip, k: int) -> None:
    """Find the least detour of a node of the pool, beside its near nodes."""
    node = trip.pool[k]
    trip.added[k], trip.after[k] = np.inf, -1
    for j in range(space.near.shape[1]):
        a = space.near[node, j]
        if trip.place[a] < 0:
            continue
        for before in (True, False):
            first = _previous(trip, a) if before else a
            last = a if before else _next(trip, a)
            if _joined(space, trip, first, last):
                continue
            detour = _detour(space, first, node, last)
            if detour < trip.added[k]:
                trip.added[k], trip.after[k] = detour, first


@kernel
def _look_everywhere(space: Space, trip: Trip, k: int) -> None:
    """Find the least detour of a node of the pool that has no near visited nodes."""
    first = trip.tour[trip.count[0] - 1]
    for at in range(trip.count[0]):
        last = trip.tour[at]
        if not _joined(space, trip, first, last):
            detour = _detour(space, first, trip.pool[k], last)
            if detour < trip.added[k]:
                trip.added[k], trip.after[k] = detour, first
        first = last


@kernel
def _take_out(space: Space, wishes: Wishes, trip: Trip, node: int, length: int) -> None:
    """Take out a random string of nodes that holds a given one, but who stays."""
    metric, points, matrix = space.metric, space.points, space.matrix
    tour, place, count = trip.tour, trip.place, trip.count
    m = count[0]
    for _ in range(below(trip.random, length)):
        before = _previous(trip, node)
        if _stays(space, before):
            break
        node = before
    first = _previous(trip, node)
    at = place[node]
    last = first
    for _ in range(min(length, m - 1)):
        node = tour[at]
        if _stays(space, node):
            break
        trip.sums[LENGTH] -= distance(metric, points, matrix, last, node)
        trip.sums[VALUE] -= wishes.value[node]
        trip.sums[PRIZE] -= wishes.prize[node]
        place[node] = -1
        _pool(trip, node)
        last = node
        at = at + 1 if at + 1 < m else 0
    behind = tour[at]
    trip.sums[LENGTH] -= distance(metric, points, matrix, last, behind)
    trip.sums[LENGTH] += distance(metric, points, matrix, first, behind)
    kept = 0
    for k in range(m):
        node = tour[k]
        if place[node] >= 0:
            tour[kept] = node
            place[node] = kept
            kept += 1
    count[0] = kept
    push(trip.queue, trip.queued, trip.cursor, first)
    push(trip.queue, trip.queued, trip.cursor, behind)


@kernel
def _pool(trip: Trip, node: int) -> None:
    """Have a node that is not visited put in where it pays, if there is room."""
    size = trip.count[2]
    if not trip.pooled[node] and size < trip.pool.size:
        trip.pooled[node] = 1
        trip.pool[size] = node
        trip.count[2] = size + 1


@kernel
def _put_in(wishes: Wishes, trip: Trip, node: int, after: int, detour: float) -> None:
    """Put a node in after another one."""
    tour, place, count = trip.tour, trip.place, trip.count
    at = place[after] + 1
    for k in range(count[0], at, -1):
        moved = tour[k - 1]
        tour[k] = moved
        place[moved] = k
    tour[at] = node
    place[node] = at
    count[0] += 1
    trip.sums[LENGTH] += detour
    trip.sums[VALUE] += wishes.value[node]
    trip.sums[PRIZE] += wishes.prize[node]
    push(trip.queue, trip.queued, trip.cursor, node)
    push(trip.queue, trip.queued, trip.cursor, after)


@kernel
def _worth(wishes: Wishes, trip: Trip, rule: int, node: int, detour: float) -> float:
    """Return how much a node should be put in; 0 or less is not at all."""
    if trip.sums[LENGTH] + detour > wishes.room:
        return 0.0
    value = wishes.value[node]
    if trip.sums[PRIZE] < wishes.quota:
        owed = trip.sums[PRICE] * detour - value
        return wishes.prize[node] / max(owed, 1e-9)
    left = value - trip.sums[PRICE] * detour
    if left <= 0.0 or rule == _LEFT:
        return left
    detour = max(detour, 1e-9)
    return value / detour if rule == _RATIO else value * value / detour


@kernel
def _recreate(
    space: Space, wishes: Wishes, trip: Trip, rule: int, blink: int, forced: int
) -> None:
    """Put nodes of the pool in, the most worth first, and empty the pool.

    One in ``blink`` is overlooked each time. Node ``forced``, -1 for none, comes
    before all others if it fits, whether it pays or not: its neighbours may.
    """
    for k in range(trip.count[2]):
        _look(space, trip, k)
    while True:
        chosen, most = -1, 0.0
        if forced >= 0:
            for k in range(trip.count[2]):
                if trip.pool[k] == forced:
                    if trip.after[k] < 0:
                        _look_everywhere(space, trip, k)
                    fits = trip.sums[LENGTH] + trip.added[k] <= wishes.room
                    chosen, most = (k, np.inf) if fits else (-1, 0.0)
            forced = -1
        for k in range(trip.count[2]):
            if trip.after[k] < 0 or most == np.inf:
                continue
            worth = _worth(wishes, trip, rule, trip.pool[k], trip.added[k])
            if worth > most and below(trip.random, blink) > 0:
                chosen, most = k, worth
        if chosen < 0:
            break
        node, after = trip.pool[chosen], trip.after[chosen]
        _put_in(wishes, trip, node, after, trip.added[chosen])
        last = trip.count[2] - 1
        trip.pooled[node] = 0
        trip.pool[chosen] = trip.pool[last]
        trip.added[chosen], trip.after[chosen] = trip.added[last], trip.after[last]
        trip.count[2] = last
        behind = _next(trip, node)
        for k in range(last):
            if trip.after[k] == after or trip.after[k] < 0:
                _look(space, trip, k)
                continue
            for first, second in ((after, node), (node, behind)):
                detour = _detour(space, first, trip.pool[k], second)
                if detour < trip.added[k]:
                    trip.added[k], trip.after[k] = detour, first
    for k in range(trip.count[2]):
        trip.pooled[trip.pool[k]] = 0
    trip.count[2] = 0


@kernel
def _shorten(space: Space, trip: Trip) -> None:
    """Apply improving moves at the queued nodes until there are none."""
    m = trip.count[0]
    if m < 5:
        while trip.cursor[1] > 0:
            pop(trip.queue, trip.queued, trip.cursor)
        return
    walk = Walk(
        trip.tour[:m],
        trip.place,
        trip.queue,
        trip.queued,
        trip.journal,
        trip.cursor,
        trip.sums,
        trip.best,
        trip.random,
        trip.edges,
    )
    while trip.cursor[1] > 0:
        node = pop(trip.queue, trip.queued, trip.cursor)
        if trip.place[node] < 0:
            continue
        while True:
            trip.cursor[2] = 0
            gain = (
                deepen(space, walk, node)
                if space.depth > 0
                else improve(space, walk, node)
            )
            if gain == 0.0:
                break
            trip.sums[LENGTH] -= gain
    trip.cursor[2] = 0


@kernel
def stand(space: Space, wishes: Wishes, trip: Trip, tour: Any) -> None:
    """Go to a tour, and keep it if it is the best one.

    Parameters
    ----------
    space, wishes, trip
        Data and state.
    tour : ndarray, shape (m,), int32
        The visited nodes.
    """
    trip.place[:] = -1
    trip.sums[VALUE] = trip.sums[PRIZE] = 0.0
    for k in range(tour.size):
        node = tour[k]
        trip.tour[k] = node
        trip.place[node] = k
        trip.sums[VALUE] += wishes.value[node]
        trip.sums[PRIZE] += wishes.prize[node]
    trip.count[0] = tour.size
    trip.sums[LENGTH] = tour_length(space, tour)
    _note(wishes, trip)


@kernel
def thin(space: Space, wishes: Wishes, trip: Trip, rate: float) -> None:
    """Leave out who is worth less than the way saved, unless the quota needs them.

    Parameters
    ----------
    space, wishes, trip
        Data and state.
    rate : float
        What a unit of the way counts.
    """
    metric, points, matrix = space.metric, space.points, space.matrix
    m, kept = trip.count[0], 0
    for k in range(m):
        node = trip.tour[k]
        before = trip.tour[kept - 1] if kept > 0 else trip.tour[m - 1]
        behind = trip.tour[k + 1] if k + 1 < m else trip.tour[0]
        # Without a neighbour at the same place, or on the way, some would be saved.
        way = distance(metric, points, matrix, before, node)
        way += distance(metric, points, matrix, node, behind)
        saved = max(_detour(space, before, node, behind), _LEAST * way)
        left = trip.sums[PRIZE] - wishes.prize[node]
        if (
            not _stays(space, node)
            and left >= wishes.quota
            and wishes.value[node] < rate * saved
        ):
            trip.place[node] = -1
            trip.sums[VALUE] -= wishes.value[node]
            trip.sums[PRIZE] = left
        else:
            trip.tour[kept] = node
            trip.place[node] = kept
            kept += 1
    trip.count[0] = kept
    trip.sums[LENGTH] = 0.0
    for k in range(kept):
        a, b = trip.tour[k], trip.tour[k + 1 if k + 1 < kept else 0]
        trip.sums[LENGTH] += distance(metric, points, matrix, a, b)


@kernel
def fill(space: Space, wishes: Wishes, trip: Trip) -> None:
    """Put in whatever pays, wherever it is, then shorten; the queue is searched.

    Parameters
    ----------
    space, wishes, trip
        Data and state.
    """
    while True:
        before = trip.count[0]
        for node in range(trip.place.size):
            if trip.place[node] < 0:
                _pool(trip, node)
            if trip.count[2] == trip.pool.size:
                _recreate(space, wishes, trip, _RATIO, _FINE, -1)
        _recreate(space, wishes, trip, _RATIO, _FINE, -1)
        _shorten(space, trip)
        if trip.count[0] == before:
            break
    _note(wishes, trip)


@kernel
def _note(wishes: Wishes, trip: Trip) -> None:
    """Keep the tour if it is the best one."""
    if trip.sums[LENGTH] > wishes.limit or trip.sums[PRIZE] < wishes.quota:
        return
    objective = wishes.cost * trip.sums[LENGTH] - trip.sums[VALUE]
    if objective < trip.sums[BEST]:
        trip.sums[BEST] = objective
        trip.count[1] = trip.count[0]
        for k in range(trip.count[0]):
            trip.best[k] = trip.tour[k]


@kernel
def _ruin(space: Space, wishes: Wishes, trip: Trip, longest: int) -> int:
    """Take strings out around one or two random nodes, and pool who is near.

    Returns one of these nodes that is not visited, -1 for none.
    """
    n, outside = trip.place.size, -1
    if below(trip.random, 8) == 0:
        longest *= 4
    for _ in range(1 + below(trip.random, 2)):
        seed = below(trip.random, n)
        strings = 1 + below(trip.random, 3)
        if trip.place[seed] < 0:
            _pool(trip, seed)
            outside = seed
        elif not _stays(space, seed):
            size = 1 + below(trip.random, longest)
            _take_out(space, wishes, trip, seed, size)
            strings -= 1
        for j in range(space.near.shape[1]):
            node = space.near[seed, j]
            if trip.place[node] < 0:
                _pool(trip, node)
            elif strings > 0 and not _stays(space, node):
                size = 1 + below(trip.random, longest)
                _take_out(space, wishes, trip, node, size)
                strings -= 1
    return outside


@kernel
def search(
    space: Space,
    wishes: Wishes,
    trip: Trip,
    steps: int,
    longest: int,
    heat: float,
    cooling: float,
) -> None:
    """Ruin, recreate, shorten, and keep the result unless it is much worse.

    Parameters
    ----------
    space, wishes, trip
        Data and state.
    steps : int
        How often.
    longest : int
        Longest string that is taken out.
    heat : float
        Heat of the first step, in units of the objective.
    cooling : float
        Each step is colder by a factor of ``exp(-cooling)``.
    """
    for step in range(steps):
        m = trip.count[0]
        length, value, prize = trip.sums[LENGTH], trip.sums[VALUE], trip.sums[PRIZE]
        for k in range(m):
            trip.kept[k] = trip.tour[k]
        outside = _ruin(space, wishes, trip, longest)
        _recreate(space, wishes, trip, below(trip.random, 3), 64, outside)
        _shorten(space, trip)
        chance = (1 + below(trip.random, _FINE)) / _FINE
        worse = trip.sums[PRICE] * (trip.sums[LENGTH] - length)
        worse -= trip.sums[VALUE] - value
        limit = -heat * np.exp(-cooling * step) * np.log(chance)
        if wishes.room > wishes.limit:
            # The price finds its level: the longer the tour, the dearer.
            over = min(1.0, max(-1.0, _TENSION * (length / wishes.limit - 1.0)))
            trip.sums[PRICE] *= np.exp(_FLOW * over)
        if trip.sums[PRIZE] >= wishes.quota and worse <= limit:
            _note(wishes, trip)
            continue
        for k in range(trip.count[0]):
            trip.place[trip.tour[k]] = -1
        for k in range(m):
            node = trip.kept[k]
            trip.tour[k] = node
            trip.place[node] = k
        trip.count[0] = m
        trip.sums[LENGTH], trip.sums[VALUE], trip.sums[PRIZE] = length, value, prize

"""Numba kernels of the tour search: descents, and kicks that are undone.

The data is a ``Space``, or ``Arcs`` for directed tours, which have moves of their
own. Which ones is resolved by the type when the kernels are compiled.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import overload

from combkit.comb._kernels_random import below
from combkit.comb.routing._kernels_directed import (
    Arcs,
    exchange,
    reorder,
    take_back,
)
from combkit.comb.routing._kernels_moves import deepen, improve
from combkit.comb.routing._kernels_tour import (
    Space,
    Walk,
    distance,
    flip,
    is_fixed,
    pop,
    push,
    undo,
)
from combkit.instances.kernels import kernel

__all__ = ["descend", "kick", "shake"]

#: One perturbation in so many is of any size.
_RARE = 8
#: Steps of a random number between 0 and 1.
_FINE = 1 << 30


def _by_type(for_space: Any, for_arcs: Any) -> Any:
    """Return what stands for one of two kernels in compiled code, by its data."""

    def either(space: Any, walk: Any, what: Any) -> Any:
        raise TypeError("only for compiled code")

    options: Any = {"_nrt": False}  # the stubs do not know it

    @overload(either, jit_options=options)
    def resolve(space: Any, walk: Any, what: Any) -> Any:
        chosen = for_arcs if space.instance_class is Arcs else for_space

        def call(space: Any, walk: Any, what: Any) -> Any:
            return chosen(space, walk, what)

        return call

    return either


@kernel
def _improve_edges(space: Space, walk: Walk, city: int) -> float:
    return deepen(space, walk, city) if space.depth > 0 else improve(space, walk, city)


@kernel
def _take_back_flips(space: Space, walk: Walk, entry: int) -> None:
    undo(walk.tour, walk.place, walk.journal, walk.cursor, entry)


@kernel
def _double_bridge(space: Space, walk: Walk, longest: int) -> float:
    """Exchange the outer two of three random neighbouring segments.

    Returns the increase of the length. Nothing happens (and 0 is returned)
    where a fixed edge is in the way.
    """
    metric, points, matrix, _, _, fixed, _, _ = space
    tour, place, queue, queued, journal, cursor, _, _, random, _ = walk
    n = tour.size
    start = below(random, n)
    first = 1 + below(random, longest)
    second = first + 1 + below(random, longest)
    third = second + 1 + below(random, longest)
    p = tour[start]
    x1, x2 = tour[(start + 1) % n], tour[(start + first) % n]
    y1, y2 = tour[(start + first + 1) % n], tour[(start + second) % n]
    z1, z2 = tour[(start + second + 1) % n], tour[(start + third) % n]
    q = tour[(start + third + 1) % n]
    removed = added = 0.0
    for a, b in ((p, x1), (x2, y1), (y2, z1), (z2, q)):
        if is_fixed(fixed, a, b):
            return 0.0
        removed += distance(metric, points, matrix, a, b)
    for a, b in ((p, z1), (z2, y1), (y2, x1), (x2, q)):
        added += distance(metric, points, matrix, a, b)
    flip(tour, place, journal, cursor, p, x1, z2)
    flip(tour, place, journal, cursor, p, z2, z1)
    flip(tour, place, journal, cursor, z2, y2, y1)
    flip(tour, place, journal, cursor, y2, x2, x1)
    for city in (p, x1, x2, y1, y2, z1, z2, q):
        push(queue, queued, cursor, city)
    return added - removed


#: Apply a move at a city, rearrange three random segments, take all moves back from
#: an entry of the journal on: what follows is about these.
_step = _by_type(_improve_edges, exchange)
_perturb = _by_type(_double_bridge, reorder)
_take_back = _by_type(_take_back_flips, take_back)


@kernel
def _search(space: Any, walk: Walk) -> float:
    """Take a city from the queue, apply all its improving moves, return their gain."""
    city = pop(walk.queue, walk.queued, walk.cursor)
    total = 0.0
    # A level takes up to three entries; a full journal ends the search early.
    most = walk.journal.shape[0] - 3 * max(1, space.depth)
    while walk.cursor[2] <= most:
        gain = _step(space, walk, city)
        if gain == 0.0:
            break
        total += gain
    return total


@kernel
def descend(space: Any, walk: Walk, pops: int) -> bool:
    """Search the queued cities; return whether the queue is empty.

    Parameters
    ----------
    space, walk
        Data and state.
    pops : int
        Cities to look at before returning.
    """
    for _ in range(pops):
        if walk.cursor[1] == 0:
            break
        walk.cursor[2] = 0
        walk.length[0] -= _search(space, walk)
    walk.cursor[2] = 0
    walk.length[1] = min(walk.length[0], walk.length[1])
    return walk.cursor[1] == 0


@kernel
def _remember(walk: Walk) -> None:
    """Copy the tour, which is the best one, before the walk leaves it."""
    walk.length[2] = walk.length[1]
    # A slice would be assigned by way of a temporary array.
    for k in range(walk.tour.size):
        walk.best[k] = walk.tour[k]


@kernel
def kick(
    space: Any,
    walk: Walk,
    kicks: int,
    longest: int,
    hot: float,
    made: int,
    whole: float,
) -> None:
    """Perturb, repair, and keep the result unless it is much longer.

    A longer tour is kept with the probability of Metropolis at a heat that
    falls linearly, from ``hot`` at the first to 0 at the last kick of a round.

    Parameters
    ----------
    space, walk
        Data and state; the queue must be empty.
    kicks : int
        How often.
    longest : int
        Longest segment of most perturbations.
    hot : float
        Heat at the start of the round, a length; 0 keeps no longer tours.
    made : int
        Kicks made in this round before.
    whole : float
        Kicks of the round, at least ``made + kicks``.
    """
    bound = (walk.tour.size - 2) // 3
    for k in range(kicks):
        walk.cursor[2] = 0
        size = longest
        # Only long segments mend what is wrong between clusters.
        if below(walk.random, _RARE) == 0:
            size = 8 << below(walk.random, 8)
        change = _perturb(space, walk, min(size, bound))
        while walk.cursor[1] > 0:
            change -= _search(space, walk)
        limit = 0.0
        if hot > 0.0:
            chance = (1 + below(walk.random, _FINE)) / _FINE
            limit = -hot * (1.0 - (made + k) / whole) * np.log(chance)
        is_best = walk.length[1] < walk.length[2]
        if change < -space.least or (change <= limit and not is_best):
            walk.length[0] += change
            if walk.length[0] < walk.length[1] - space.least:
                walk.length[1] = walk.length[0]
            continue
        _take_back(space, walk, 0)
        if 0.0 < change <= limit:
            # The walk may leave the best tour from now on.
            _remember(walk)
    walk.cursor[2] = 0


@kernel
def shake(space: Any, walk: Walk, bridges: int) -> None:
    """Leave for another region by double bridges of all sizes; ``descend`` follows.

    Parameters
    ----------
    space, walk
        Data and state; the queue must be empty.
    bridges : int
        How many.
    """
    if walk.length[1] < walk.length[2]:
        _remember(walk)
    for _ in range(bridges):
        walk.cursor[2] = 0
        walk.length[0] += _perturb(space, walk, (walk.tour.size - 2) // 3)
    walk.cursor[2] = 0

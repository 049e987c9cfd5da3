"""Numba kernels of the tour search: descents, and kicks that are undone."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any

from combkit.comb.routing._kernels_moves import deepen, improve
from combkit.comb.routing._kernels_tour import (
    Space,
    Walk,
    below,
    distance,
    flip,
    is_fixed,
    pop,
    push,
    undo,
)
from combkit.instances.kernels import kernel

__all__ = ["descend", "kick"]


@kernel
def _search(space: Space, walk: Walk) -> float:
    """Take a city from the queue, apply all its improving moves, return their gain."""
    city = pop(walk.queue, walk.queued, walk.cursor)
    total = 0.0
    # A level takes up to three entries; a full journal ends the search early.
    most = walk.journal.shape[0] - 3 * max(1, space.depth)
    while walk.cursor[2] <= most:
        if space.depth > 0:
            gain = deepen(space, walk, city)
        else:
            gain = improve(space, walk, city)
        if gain == 0.0:
            break
        total += gain
    return total


@kernel
def _copy(source: Any, target: Any) -> None:
    # A slice would be assigned by way of a temporary array.
    for k in range(source.size):
        target[k] = source[k]


@kernel
def descend(space: Space, walk: Walk, pops: int) -> bool:
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
    walk.length[1] = walk.length[0]
    _copy(walk.tour, walk.best)
    return walk.cursor[1] == 0


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


@kernel
def kick(space: Space, walk: Walk, kicks: int, longest: int) -> None:
    """Perturb, repair, and keep the result unless it is longer.

    Parameters
    ----------
    space, walk
        Data and state; the queue must be empty.
    kicks : int
        How often.
    longest : int
        Longest segment of a perturbation, at most ``(n - 2) // 3``.
    """
    for _ in range(kicks):
        walk.cursor[2] = 0
        change = _double_bridge(space, walk, longest)
        while walk.cursor[1] > 0:
            change -= _search(space, walk)
        if change <= 0.0:
            walk.length[0] += change
            # Equally long tours are walked through, but the first one is kept:
            # which one is found must not depend on when somebody looks.
            if walk.length[0] < walk.length[1] - space.least:
                walk.length[1] = walk.length[0]
                _copy(walk.tour, walk.best)
            continue
        undo(walk.tour, walk.place, walk.journal, walk.cursor, 0)
    walk.cursor[2] = 0

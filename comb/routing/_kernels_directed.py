"""Numba kernels of directed tours: exchanges of segments that keep their direction.

There is one move, the Or-3opt exchange: two neighbouring segments of the tour
change places, which replaces three arcs. The same move undoes it, so the journal
of a walk holds a place and two sizes for each; its room for added edges serves
for a segment that is on its way.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.comb.routing._kernels_tour import Walk, following, push
from combkit.instances.kernels import kernel

__all__ = ["Arcs", "exchange", "reorder", "take_back"]


class Arcs(NamedTuple):
    """What stays the same during a search.

    Attributes
    ----------
    matrix : ndarray, shape (n, n), float64
        Distances.
    after, before : ndarray, shape (n, k), int32
        Near cities to go to and to come from, nearest first.
    kept : ndarray, shape (n,), int32
        City that must follow each city, -1 where there is none.
    least : float
        A move must gain more than this; above 0 where sums are rounded.
    depth : int
        Exchanges of a step: 1.
    """

    matrix: Any
    after: Any
    before: Any
    kept: Any
    least: Any
    depth: Any


@kernel
def _exchange_at(walk: Walk, start: int, first: int, second: int) -> None:
    """Exchange the segments of the given sizes that follow each other at a place."""
    tour, place, _, _, _, _, _, _, _, scratch = walk
    n = tour.size
    if first <= second:
        for k in range(first):
            at = start + k
            scratch[k] = tour[at if at < n else at - n]
        for k in range(second):
            at, to = start + first + k, start + k
            at, to = at if at < n else at - n, to if to < n else to - n
            tour[to] = tour[at]
            place[tour[to]] = to
        for k in range(first):
            to = start + second + k
            to = to if to < n else to - n
            tour[to] = scratch[k]
            place[scratch[k]] = to
    else:
        for k in range(second):
            at = start + first + k
            scratch[k] = tour[at if at < n else at - n]
        for k in range(first - 1, -1, -1):
            at, to = start + k, start + second + k
            at, to = at if at < n else at - n, to if to < n else to - n
            tour[to] = tour[at]
            place[tour[to]] = to
        for k in range(second):
            to = start + k
            to = to if to < n else to - n
            tour[to] = scratch[k]
            place[scratch[k]] = to


@kernel
def _swap(walk: Walk, a1: int, b1: int, c1: int) -> None:
    """Exchange the segments that begin at a1 and b1, before c1, and note it.

    The three segments of the ring may as well be exchanged in other pairs: the
    longest one stays where it is.
    """
    tour, place, _, _, journal, cursor, _, _, _, _ = walk
    n = tour.size
    first, second = place[b1] - place[a1], place[c1] - place[b1]
    first = first + n if first <= 0 else first
    second = second + n if second <= 0 else second
    third = n - first - second
    start = place[a1]
    if first >= second and first >= third:
        start, first, second = place[b1], second, third
    elif second >= third:
        start, first, second = place[c1], third, first
    _exchange_at(walk, start, first, second)
    entry = cursor[2]
    journal[entry, 0] = start
    journal[entry, 1] = first
    journal[entry, 2] = second
    cursor[2] = entry + 1


@kernel
def take_back(arcs: Arcs, walk: Walk, entry: int) -> None:
    """Take back all exchanges from an entry of the journal on."""
    journal, cursor = walk.journal, walk.cursor
    for k in range(cursor[2] - 1, entry - 1, -1):
        _exchange_at(walk, journal[k, 0], journal[k, 2], journal[k, 1])
    cursor[2] = entry


@kernel
def _improve(arcs: Arcs, walk: Walk, a: int) -> float:
    """Apply the best exchange that begins by leaving a city for a nearer one.

    The arcs a-a1, b-b1, c-c1 become a-b1, c-a1, b-c1. Returns the gain.
    """
    matrix, after, before, kept, least, _ = arcs
    tour, place, queue, queued, _, cursor, _, _, _, _ = walk
    n = tour.size
    a1 = following(tour, place, a, True)
    if kept[a] == a1:
        return 0.0
    origin = place[a1]
    most = least
    b1_of_most: Any = np.int32(-1)
    c1_of_most: Any = np.int32(-1)
    for k in range(after.shape[1]):
        b1 = after[a, k]
        opened = matrix[a, a1] - matrix[a, b1]
        if opened <= least:
            break
        b = following(tour, place, b1, False)
        if kept[b] == b1:
            continue
        opened += matrix[b, b1]
        reached = place[b1] - origin
        reached = reached + n if reached < 0 else reached
        for j in range(after.shape[1]):
            c1 = after[b, j]
            gain = opened - matrix[b, c1]
            if gain <= least:
                break
            far = place[c1] - origin
            far = far + n if far < 0 else far
            if far <= reached:
                continue
            c = following(tour, place, c1, False)
            gain += matrix[c, c1] - matrix[c, a1]
            if gain > most and kept[c] != c1:
                most, b1_of_most, c1_of_most = gain, b1, c1
        for j in range(before.shape[1]):
            c = before[a1, j]
            gain = opened - matrix[c, a1]
            if gain <= least:
                break
            far = place[c] - origin
            far = far + n if far < 0 else far
            if far < reached or c == a:
                continue
            c1 = following(tour, place, c, True)
            gain += matrix[c, c1] - matrix[b, c1]
            if gain > most and kept[c] != c1:
                most, b1_of_most, c1_of_most = gain, b1, c1
    if b1_of_most < 0:
        return 0.0
    for head in (b1_of_most, c1_of_most):
        push(queue, queued, cursor, head)
        push(queue, queued, cursor, following(tour, place, head, False))
    push(queue, queued, cursor, a)
    push(queue, queued, cursor, a1)
    _swap(walk, a1, b1_of_most, c1_of_most)
    return most


@kernel
def exchange(arcs: Arcs, walk: Walk, city: int) -> float:
    """Apply the best exchange of an arc at a city; return its gain."""
    gain = _improve(arcs, walk, city)
    if gain == 0.0:
        gain = _improve(arcs, walk, following(walk.tour, walk.place, city, False))
    return gain


@kernel
def reorder(arcs: Arcs, walk: Walk, longest: int) -> float:
    """Put three random neighbouring segments in the reverse order.

    Returns the increase of the length. Nothing happens (and 0 is returned)
    where a fixed arc is in the way.
    """
    matrix, _, _, kept, _, _ = arcs
    tour, _, queue, queued, _, cursor, _, _, random, _ = walk
    n = tour.size
    at = below(random, n)
    p, x1 = tour[at], tour[(at + 1) % n]
    at += 1 + below(random, longest)
    x2, y1 = tour[at % n], tour[(at + 1) % n]
    at += 1 + below(random, longest)
    y2, z1 = tour[at % n], tour[(at + 1) % n]
    at += 1 + below(random, longest)
    z2, q = tour[at % n], tour[(at + 1) % n]
    change = 0.0
    for a, b in ((p, x1), (x2, y1), (y2, z1), (z2, q)):
        if kept[a] == b:
            return 0.0
        change -= matrix[a, b]
    for a, b in ((p, z1), (z2, y1), (y2, x1), (x2, q)):
        change += matrix[a, b]
        push(queue, queued, cursor, a)
        push(queue, queued, cursor, b)
    _swap(walk, x1, y1, q)
    _swap(walk, y1, z1, x1)
    return change

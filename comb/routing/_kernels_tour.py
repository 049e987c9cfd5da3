"""Numba kernels of tours: distances, reversals with a journal, a queue of cities.

A tour is an array of cities and its inverse. Every change is a sequence of
reversals of the shorter side, so that a journal of reversed position pairs,
replayed backwards, undoes whatever was tried. Lengths are float64: exact for
integer metrics, whose sums the caller keeps below 2**53.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.instances.kernels import kernel

__all__ = [
    "ATT",
    "CEIL",
    "EUC",
    "EUCLIDEAN",
    "GEO",
    "MAN",
    "MATRIX",
    "MAX",
    "XRAY1",
    "XRAY2",
    "Space",
    "Walk",
    "distance",
    "flip",
    "following",
    "is_fixed",
    "pop",
    "push",
    "reverse",
    "tour_length",
    "undo",
]

#: How ``distance`` reads its arguments.
MATRIX, EUCLIDEAN, EUC, CEIL, ATT, MAN, MAX, GEO, XRAY1, XRAY2 = range(10)

#: Radius of the earth in kilometres as TSPLIB rounds it.
_EARTH = 6378.388


class Space(NamedTuple):
    """What stays the same during a search.

    Attributes
    ----------
    metric : int
        One of the codes above.
    points : ndarray, shape (n, 2) or (n, 3), float64
        Coordinates; latitude and longitude in radians for ``GEO``.
    matrix : ndarray, shape (n, n) or (0, 0), float64
        Distances, for ``MATRIX``.
    near : ndarray, shape (n, k), int32
        Candidates of each city, nearest first.
    reach : ndarray, shape (n, k), float64
        Their distances.
    fixed : ndarray, shape (n, 2) or (0, 2), int32
        Cities that must stay next to each city, -1 where there is none.
    least : float
        A move must gain more than this; above 0 where sums are rounded.
    depth : int
        Levels of a Lin-Kernighan step; 0 for 2-opt and Or-opt instead.
    """

    metric: Any
    points: Any
    matrix: Any
    near: Any
    reach: Any
    fixed: Any
    least: Any
    depth: Any


class Walk(NamedTuple):
    """The state of a search, all of it arrays that the kernels change.

    Attributes
    ----------
    tour, place : ndarray, shape (n,), int32
        The tour and its inverse.
    queue : ndarray, shape (n,), int32
        Ring buffer of the cities whose neighbourhood has to be searched.
    queued : ndarray, shape (n,), uint8
        Whether a city is in the queue.
    journal : ndarray, shape (m, 2) or (m, 3), int32
        Reversed position pairs since the last accepted tour; for a directed one,
        place and sizes of exchanged segments.
    cursor : ndarray, shape (3,), int64
        Head of the queue, cities in it, entries of the journal.
    length : ndarray, shape (3,), float64
        Lengths of the tour, of the best one, and of the one in ``best``.
    best : ndarray, shape (n,), int32
        A copy of the best tour, made before the walk leaves it: the tour itself
        is the best one where the second length is below the third.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    added : ndarray, shape (3 * depth, 2) or (n,), int32
        Edges that the current Lin-Kernighan step has added; for a directed tour,
        room for a segment.
    """

    tour: Any
    place: Any
    queue: Any
    queued: Any
    journal: Any
    cursor: Any
    length: Any
    best: Any
    random: Any
    added: Any


@kernel
def distance(metric: int, points: Any, matrix: Any, i: int, j: int) -> float:
    """Return the distance of two cities, rounded as the metric demands."""
    if metric == MATRIX:
        return matrix[i, j]
    dx = points[i, 0] - points[j, 0]
    dy = points[i, 1] - points[j, 1]
    square = dx * dx + dy * dy
    if points.shape[1] == 3:
        dz = points[i, 2] - points[j, 2]
        square += dz * dz
    if metric == EUC:
        return np.floor(np.sqrt(square) + 0.5)
    if metric == EUCLIDEAN:
        return np.sqrt(square)
    if metric == CEIL:
        return np.ceil(np.sqrt(square))
    if metric == ATT:
        return np.ceil(np.sqrt(square / 10.0))
    return _rare_distance(metric, points, i, j)


@kernel
def _rare_distance(metric: int, points: Any, i: int, j: int) -> float:
    """Return the distance for the metrics that need not be inlined."""
    if metric == GEO:
        q1 = np.cos(points[i, 1] - points[j, 1])
        q2 = np.cos(points[i, 0] - points[j, 0])
        q3 = np.cos(points[i, 0] + points[j, 0])
        cosine = 0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3)
        if i == j:
            return 0.0
        return np.floor(_EARTH * np.arccos(min(1.0, max(-1.0, cosine))) + 1.0)
    total = largest = 0.0
    for k in range(points.shape[1]):
        step = abs(points[i, k] - points[j, k])
        if metric >= XRAY1 and k == 0:
            step = min(step, abs(step - 360.0))
        if metric == XRAY2:
            step /= 1.25 if k == 0 else 1.5 if k == 1 else 1.15
        total += step
        largest = max(largest, step)
    if metric >= XRAY1:
        largest *= 100.0
    return np.floor((total if metric == MAN else largest) + 0.5)


@kernel
def tour_length(space: Space, tour: Any) -> float:
    """Return the length of a closed tour."""
    total = 0.0
    before = tour[-1]
    for city in tour:
        total += distance(space.metric, space.points, space.matrix, before, city)
        before = city
    return total


@kernel
def following(tour: Any, place: Any, city: int, forward: bool) -> int:
    """Return the city after another one, in either direction."""
    at = place[city]
    if forward:
        return tour[at + 1] if at + 1 < tour.size else tour[0]
    return tour[at - 1] if at > 0 else tour[tour.size - 1]


@kernel
def is_fixed(fixed: Any, a: int, b: int) -> bool:
    """Whether the edge between two cities may not be removed."""
    return fixed.shape[0] > 0 and (fixed[a, 0] == b or fixed[a, 1] == b)


@kernel
def reverse(tour: Any, place: Any, i: int, j: int) -> None:
    """Reverse the cities at positions i..j, or all others if they are fewer.

    Both give the same cyclic tour. Applied twice it changes nothing.
    """
    n = tour.size
    inside = j - i + 1 if j >= i else j - i + 1 + n
    if 2 * inside > n:
        i, j = (j + 1 if j + 1 < n else 0), (i - 1 if i > 0 else n - 1)
        inside = n - inside
    for _ in range(inside // 2):
        a, b = tour[i], tour[j]
        tour[i], tour[j] = b, a
        place[b], place[a] = i, j
        i = i + 1 if i + 1 < n else 0
        j = j - 1 if j > 0 else n - 1


@kernel
def flip(
    tour: Any, place: Any, journal: Any, cursor: Any, a: int, b: int, c: int
) -> None:
    """Replace the edges a-b and c-d by a-c and b-d, and note it in the journal.

    ``b`` follows ``a`` and ``d`` follows ``c`` in the same direction.
    """
    if following(tour, place, a, True) == b:
        i, j = place[b], place[c]
    else:
        i, j = place[c], place[b]
    reverse(tour, place, i, j)
    entry = cursor[2]
    journal[entry, 0] = i
    journal[entry, 1] = j
    cursor[2] = entry + 1


@kernel
def push(queue: Any, queued: Any, cursor: Any, city: int) -> None:
    """Queue a city whose neighbourhood has changed."""
    if not queued[city]:
        queued[city] = 1
        at = cursor[0] + cursor[1]
        queue[at if at < queue.size else at - queue.size] = city
        cursor[1] += 1


@kernel
def pop(queue: Any, queued: Any, cursor: Any) -> int:
    """Take the first city out of the queue."""
    head = cursor[0]
    city = queue[head]
    cursor[0] = head + 1 if head + 1 < queue.size else 0
    cursor[1] -= 1
    queued[city] = 0
    return city


@kernel
def undo(tour: Any, place: Any, journal: Any, cursor: Any, entry: int) -> None:
    """Take back all reversals from an entry of the journal on."""
    for k in range(cursor[2] - 1, entry - 1, -1):
        reverse(tour, place, journal[k, 0], journal[k, 1])
    cursor[2] = entry

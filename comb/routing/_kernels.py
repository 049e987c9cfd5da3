"""Numba kernels of the tour local search: 2-opt and Or-opt, kicked and undone.

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
    "descend",
    "distance",
    "kick",
    "tour_length",
]

#: How ``distance`` reads its arguments.
MATRIX, EUCLIDEAN, EUC, CEIL, ATT, MAN, MAX, GEO, XRAY1, XRAY2 = range(10)

#: Longest segment that Or-opt moves.
_LONGEST = 3
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
    fixed : ndarray, shape (n, 2) or (0, 2), int32
        Cities that must stay next to each city, -1 where there is none.
    least : float
        A move must gain more than this; above 0 where sums are rounded.
    """

    metric: Any
    points: Any
    matrix: Any
    near: Any
    fixed: Any
    least: Any


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
    journal : ndarray, shape (m, 2), int32
        Reversed position pairs since the last accepted tour.
    cursor : ndarray, shape (3,), int64
        Head of the queue, cities in it, entries of the journal.
    length : ndarray, shape (2,), float64
        Lengths of the tour and of the best one.
    best : ndarray, shape (n,), int32
        The first tour of the best length.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
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
def _below(random: Any, limit: int) -> int:
    """Return the next number below a limit (xorshift64*, high bits)."""
    x = random[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    random[0] = x
    high = (x * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(33)
    return (np.int64(high) * limit) >> 31


@kernel
def _next(tour: Any, place: Any, city: int, forward: bool) -> int:
    """Return the city after another one, in either direction."""
    at = place[city]
    if forward:
        return tour[at + 1] if at + 1 < tour.size else tour[0]
    return tour[at - 1] if at > 0 else tour[tour.size - 1]


@kernel
def _is_fixed(fixed: Any, a: int, b: int) -> bool:
    """Whether the edge between two cities may not be removed."""
    return fixed.shape[0] > 0 and (fixed[a, 0] == b or fixed[a, 1] == b)


@kernel
def _reverse(tour: Any, place: Any, i: int, j: int) -> None:
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
def _flip(
    tour: Any, place: Any, journal: Any, cursor: Any, a: int, b: int, c: int
) -> None:
    """Replace the edges a-b and c-d by a-c and b-d, and note it in the journal.

    ``b`` follows ``a`` and ``d`` follows ``c`` in the same direction.
    """
    if _next(tour, place, a, True) == b:
        i, j = place[b], place[c]
    else:
        i, j = place[c], place[b]
    _reverse(tour, place, i, j)
    entry = cursor[2]
    journal[entry, 0] = i
    journal[entry, 1] = j
    cursor[2] = entry + 1


@kernel
def _push(queue: Any, queued: Any, cursor: Any, city: int) -> None:
    """Queue a city whose neighbourhood has changed."""
    if not queued[city]:
        queued[city] = 1
        at = cursor[0] + cursor[1]
        queue[at if at < queue.size else at - queue.size] = city
        cursor[1] += 1


@kernel
def _pop(queue: Any, queued: Any, cursor: Any) -> int:
    """Take the first city out of the queue."""
    head = cursor[0]
    city = queue[head]
    cursor[0] = head + 1 if head + 1 < queue.size else 0
    cursor[1] -= 1
    queued[city] = 0
    return city


@kernel
def _improve(space: Space, walk: Walk, t1: int) -> float:
    """Apply the first improving move that breaks an edge of t1; return its gain."""
    metric, points, matrix, near, fixed, least = space
    tour, place, queue, queued, journal, cursor, _, _, _ = walk
    n = tour.size
    for forward in (True, False):
        t2 = _next(tour, place, t1, forward)
        if _is_fixed(fixed, t1, t2):
            continue
        open_edge = distance(metric, points, matrix, t1, t2)
        # 2-opt: t1-t2 and t3-t4 become t1-t3 and t2-t4.
        for k in range(near.shape[1]):
            t3 = near[t1, k]
            gain = open_edge - distance(metric, points, matrix, t1, t3)
            if gain <= least:
                break
            t4 = _next(tour, place, t3, forward)
            gain += distance(metric, points, matrix, t3, t4)
            gain -= distance(metric, points, matrix, t2, t4)
            if gain > least and t4 != t1 and not _is_fixed(fixed, t3, t4):
                _flip(tour, place, journal, cursor, t1, t2, t3)
                _push(queue, queued, cursor, t1)
                _push(queue, queued, cursor, t2)
                _push(queue, queued, cursor, t3)
                _push(queue, queued, cursor, t4)
                return gain
        # Or-opt: q [s..t1] t2 becomes q t2; the segment goes between c and e.
        s = t1
        for size in range(1, min(_LONGEST, n - 3) + 1):
            if size > 1:
                s = _next(tour, place, s, not forward)
            q = _next(tour, place, s, not forward)
            removed = open_edge + distance(metric, points, matrix, q, s)
            removed -= distance(metric, points, matrix, q, t2)
            if removed <= least or _is_fixed(fixed, q, s):
                continue
            for k in range(near.shape[1]):
                c = near[t1, k]
                gain = removed - distance(metric, points, matrix, t1, c)
                if gain <= least:
                    break
                back = place[t1] - place[c] if forward else place[c] - place[t1]
                back = back + n if back < 0 else back
                if back < size:
                    continue
                for after in (True, False):
                    e = _next(tour, place, c, forward == after)
                    if e == (s if after else t1) or _is_fixed(fixed, c, e):
                        continue
                    total = gain + distance(metric, points, matrix, c, e)
                    total -= distance(metric, points, matrix, s, e)
                    if total > least:
                        if after:
                            _flip(tour, place, journal, cursor, q, s, c)
                            _flip(tour, place, journal, cursor, q, c, t2)
                        else:
                            _flip(tour, place, journal, cursor, q, s, e)
                            _flip(tour, place, journal, cursor, q, e, t2)
                            _flip(tour, place, journal, cursor, e, t1, s)
                        _push(queue, queued, cursor, q)
                        _push(queue, queued, cursor, s)
                        _push(queue, queued, cursor, t1)
                        _push(queue, queued, cursor, t2)
                        _push(queue, queued, cursor, c)
                        _push(queue, queued, cursor, e)
                        return total
    return 0.0


@kernel
def _search(space: Space, walk: Walk) -> float:
    """Take a city from the queue, apply all its improving moves, return their gain."""
    city = _pop(walk.queue, walk.queued, walk.cursor)
    total = 0.0
    # One move takes three entries; a full journal ends the search early.
    while walk.cursor[2] + 3 <= walk.journal.shape[0]:
        gain = _improve(space, walk, city)
        if gain == 0.0:
            break
        total += gain
    return total


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
    walk.best[:] = walk.tour
    return walk.cursor[1] == 0


@kernel
def _double_bridge(space: Space, walk: Walk, longest: int) -> float:
    """Exchange the outer two of three random neighbouring segments.

    Returns the increase of the length. Nothing happens (and 0 is returned)
    where a fixed edge is in the way.
    """
    metric, points, matrix, _, fixed, _ = space
    tour, place, queue, queued, journal, cursor, _, _, random = walk
    n = tour.size
    start = _below(random, n)
    first = 1 + _below(random, longest)
    second = first + 1 + _below(random, longest)
    third = second + 1 + _below(random, longest)
    p = tour[start]
    x1, x2 = tour[(start + 1) % n], tour[(start + first) % n]
    y1, y2 = tour[(start + first + 1) % n], tour[(start + second) % n]
    z1, z2 = tour[(start + second + 1) % n], tour[(start + third) % n]
    q = tour[(start + third + 1) % n]
    removed = added = 0.0
    for a, b in ((p, x1), (x2, y1), (y2, z1), (z2, q)):
        if _is_fixed(fixed, a, b):
            return 0.0
        removed += distance(metric, points, matrix, a, b)
    for a, b in ((p, z1), (z2, y1), (y2, x1), (x2, q)):
        added += distance(metric, points, matrix, a, b)
    _flip(tour, place, journal, cursor, p, x1, z2)
    _flip(tour, place, journal, cursor, p, z2, z1)
    _flip(tour, place, journal, cursor, z2, y2, y1)
    _flip(tour, place, journal, cursor, y2, x2, x1)
    for city in (p, x1, x2, y1, y2, z1, z2, q):
        _push(queue, queued, cursor, city)
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
                walk.best[:] = walk.tour
            continue
        for entry in range(walk.cursor[2] - 1, -1, -1):
            i, j = walk.journal[entry, 0], walk.journal[entry, 1]
            _reverse(walk.tour, walk.place, i, j)
    walk.cursor[2] = 0

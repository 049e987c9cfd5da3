"""Numba kernels of tour moves: 2-opt with Or-opt, and a Lin-Kernighan step.

A tour may leave cities out: those have no place, and moves pass them by.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any

from combkit.comb.routing._kernels_tour import (
    Space,
    Walk,
    distance,
    flip,
    following,
    is_fixed,
    push,
    undo,
)
from combkit.instances.kernels import kernel

__all__ = ["deepen", "improve"]

#: Longest segment that Or-opt moves.
_LONGEST = 3
#: Forms of a move of a Lin-Kernighan step; see ``_apply``.
_NONE, _TWO_FLIPS, _SWAPPED, _BOTH_REVERSED = range(4)


@kernel
def improve(space: Space, walk: Walk, t1: int) -> float:
    """Apply the first improving move that breaks an edge of t1; return its gain."""
    metric, points, matrix, near, reach, fixed, least, _ = space
    tour, place, queue, queued, journal, cursor, _, _, _, _ = walk
    n = tour.size
    for forward in (True, False):
        t2 = following(tour, place, t1, forward)
        if is_fixed(fixed, t1, t2):
            continue
        open_edge = distance(metric, points, matrix, t1, t2)
        # 2-opt: t1-t2 and t3-t4 become t1-t3 and t2-t4.
        for k in range(near.shape[1]):
            t3 = near[t1, k]
            gain = open_edge - reach[t1, k]
            if gain <= least:
                break
            if place[t3] < 0:
                continue
            t4 = following(tour, place, t3, forward)
            gain += distance(metric, points, matrix, t3, t4)
            gain -= distance(metric, points, matrix, t2, t4)
            if gain > least and t4 != t1 and not is_fixed(fixed, t3, t4):
                flip(tour, place, journal, cursor, t1, t2, t3)
                push(queue, queued, cursor, t1)
                push(queue, queued, cursor, t2)
                push(queue, queued, cursor, t3)
                push(queue, queued, cursor, t4)
                return gain
        # Or-opt: q [s..t1] t2 becomes q t2; the segment goes between c and e.
        s = t1
        for size in range(1, min(_LONGEST, n - 3) + 1):
            if size > 1:
                s = following(tour, place, s, not forward)
            q = following(tour, place, s, not forward)
            removed = open_edge + distance(metric, points, matrix, q, s)
            removed -= distance(metric, points, matrix, q, t2)
            if removed <= least or is_fixed(fixed, q, s):
                continue
            for k in range(near.shape[1]):
                c = near[t1, k]
                gain = removed - reach[t1, k]
                if gain <= least:
                    break
                if place[c] < 0:
                    continue
                back = place[t1] - place[c] if forward else place[c] - place[t1]
                back = back + n if back < 0 else back
                if back < size:
                    continue
                for after in (True, False):
                    e = following(tour, place, c, forward == after)
                    if e == (s if after else t1) or is_fixed(fixed, c, e):
                        continue
                    total = gain + distance(metric, points, matrix, c, e)
                    total -= distance(metric, points, matrix, s, e)
                    if total > least:
                        if after:
                            flip(tour, place, journal, cursor, q, s, c)
                            flip(tour, place, journal, cursor, q, c, t2)
                        else:
                            flip(tour, place, journal, cursor, q, s, e)
                            flip(tour, place, journal, cursor, q, e, t2)
                            flip(tour, place, journal, cursor, e, t1, s)
                        push(queue, queued, cursor, q)
                        push(queue, queued, cursor, s)
                        push(queue, queued, cursor, t1)
                        push(queue, queued, cursor, t2)
                        push(queue, queued, cursor, c)
                        push(queue, queued, cursor, e)
                        return total
    return 0.0


@kernel
def _apply(
    walk: Walk, form: int, t1: int, t2: int, t3: int, t4: int, t5: int, t6: int
) -> None:
    """Exchange the edges t1-t2, t3-t4, t5-t6 for t2-t3, t4-t5, t6-t1."""
    tour, place, _, _, journal, cursor, _, _, _, _ = walk
    if form == _TWO_FLIPS:
        flip(tour, place, journal, cursor, t1, t2, t4)
        flip(tour, place, journal, cursor, t1, t4, t6)
    elif form == _SWAPPED:
        # t1 [t2..t5] [t6..t3] t4 becomes t1 [t6..t3] [t2..t5] t4.
        flip(tour, place, journal, cursor, t1, t2, t3)
        flip(tour, place, journal, cursor, t1, t3, t6)
        flip(tour, place, journal, cursor, t3, t5, t2)
    else:
        # t1 [t2..t6] [t5..t3] t4 becomes t1 [t6..t2] [t3..t5] t4.
        flip(tour, place, journal, cursor, t1, t2, t6)
        flip(tour, place, journal, cursor, t2, t5, t3)


@kernel
def _was_added(added: Any, count: int, a: int, b: int) -> bool:
    """Whether an edge is among those that the step has added."""
    for k in range(count):
        x, y = added[k, 0], added[k, 1]
        if (x == a and y == b) or (x == b and y == a):
            return True
    return False


@kernel
def deepen(space: Space, walk: Walk, t1: int) -> float:
    """Apply an improving Lin-Kernighan step that breaks an edge of t1.

    Each level is a sequential 3-opt move; the first one that closes up with a
    gain is taken, else the one that leaves the most to spend is made and the
    next level goes on from its end. Returns the gain; 0 leaves the tour as it
    was.
    """
    metric, points, matrix, near, reach, fixed, least, depth = space
    tour, place, queue, queued, journal, cursor, _, _, _, added = walk
    n = tour.size
    degree = near.shape[1]
    start = cursor[2]
    for first in (True, False):
        forward = first
        t2 = following(tour, place, t1, forward)
        if is_fixed(fixed, t1, t2):
            continue
        open_gain = distance(metric, points, matrix, t1, t2)
        count = 0
        for _ in range(depth):
            form = _NONE
            best = 0.0
            b3 = b4 = b5 = b6 = t1
            origin = place[t2]
            for i in range(degree):
                t3 = near[t2, i]
                g1 = open_gain - reach[t2, i]
                if g1 <= least:
                    break
                if place[t3] < 0 or t3 == t1:
                    continue
                if t3 == following(tour, place, t2, forward):
                    continue
                offset3 = place[t3] - origin if forward else origin - place[t3]
                offset3 = offset3 + n if offset3 < 0 else offset3
                for before in (True, False):
                    t4 = following(tour, place, t3, forward != before)
                    if t4 == t1 or is_fixed(fixed, t3, t4):
                        continue
                    if _was_added(added, count, t3, t4):
                        continue
                    g2 = g1 + distance(metric, points, matrix, t3, t4)
                    if before:
                        closed = g2 - distance(metric, points, matrix, t4, t1)
                        if closed > least:
                            flip(tour, place, journal, cursor, t1, t2, t4)
                            _queue_ends(walk, count, t1, t2)
                            push(queue, queued, cursor, t3)
                            push(queue, queued, cursor, t4)
                            return closed
                    for j in range(degree):
                        t5 = near[t4, j]
                        g3 = g2 - reach[t4, j]
                        if g3 <= least:
                            break
                        if (
                            place[t5] < 0
                            or t5 == t1
                            or t5 == following(tour, place, t4, True)
                            or t5 == following(tour, place, t4, False)
                        ):
                            continue
                        offset5 = place[t5] - origin if forward else origin - place[t5]
                        offset5 = offset5 + n if offset5 < 0 else offset5
                        inside = offset5 <= offset3
                        if not before and not inside:
                            continue
                        for onward in (True, False):
                            # The side of t5 that keeps one tour, or either one.
                            if before and onward != inside:
                                continue
                            if not before and not onward and t5 == t2:
                                continue
                            t6 = following(tour, place, t5, forward == onward)
                            if t6 == t1 or is_fixed(fixed, t5, t6):
                                continue
                            if _was_added(added, count, t5, t6):
                                continue
                            g4 = g3 + distance(metric, points, matrix, t5, t6)
                            kind = (
                                _TWO_FLIPS
                                if before
                                else _SWAPPED
                                if onward
                                else _BOTH_REVERSED
                            )
                            closed = g4 - distance(metric, points, matrix, t6, t1)
                            if closed > least:
                                _apply(walk, kind, t1, t2, t3, t4, t5, t6)
                                _queue_ends(walk, count, t1, t2)
                                push(queue, queued, cursor, t3)
                                push(queue, queued, cursor, t4)
                                push(queue, queued, cursor, t5)
                                push(queue, queued, cursor, t6)
                                return closed
                            if g4 > best and g4 > reach[t6, 0]:
                                best, form = g4, kind
                                b3, b4, b5, b6 = t3, t4, t5, t6
            if form == _NONE:
                break
            _apply(walk, form, t1, t2, b3, b4, b5, b6)
            added[count, 0], added[count, 1] = t2, b3
            added[count + 1, 0], added[count + 1, 1] = b4, b5
            count += 2
            t2, open_gain = b6, best
            forward = following(tour, place, t1, True) == t2
        undo(tour, place, journal, cursor, start)
    return 0.0


@kernel
def _queue_ends(walk: Walk, count: int, t1: int, t2: int) -> None:
    """Queue the ends of all edges that a step has added."""
    push(walk.queue, walk.queued, walk.cursor, t1)
    push(walk.queue, walk.queued, walk.cursor, t2)
    for k in range(count):
        push(walk.queue, walk.queued, walk.cursor, walk.added[k, 0])
        push(walk.queue, walk.queued, walk.cursor, walk.added[k, 1])

"""Numba kernels: iterated greedy search for the permutation flow shop.

A step takes one job out of the sequence, or from those that were removed, and
puts it where it does least harm. For the makespan all places together cost as
much as one evaluation [1]_; ties go to the place with the least idle time [2]_.

References
----------
.. [1] E. Taillard, "Some efficient heuristic methods for the flow shop
   sequencing problem", European Journal of Operational Research 47(1), 1990.
.. [2] V. Fernandez-Viagas, J. M. Framinan, "On insertion tie-breaking rules in
   heuristics for the permutation flowshop scheduling problem", Computers &
   Operations Research 45, 2014.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.instances.kernels import kernel

__all__ = ["BEST", "BUILD", "FULL", "PHASE", "REMOVED", "SIZE", "Greedy", "search"]

#: Entries of ``Greedy.scalars``.
PHASE, SIZE, REMOVED, AT, STALE, COST, ACCEPTED, BEST = range(8)
#: Phases: search on what is left, building it up again, search on all of it.
PARTIAL, BUILD, FULL = range(3)


class Greedy(NamedTuple):
    """The state of a search, all of it arrays that the kernels change.

    Attributes
    ----------
    duration : ndarray, shape (n, m), int64
        Duration of each job on each machine.
    sequence, accepted, best : ndarray, shape (n,), int32
        The sequence at work, the one it came from and the best one.
    removed : ndarray, shape (n,), int32
        Jobs to be inserted.
    turn : ndarray, shape (n,), int32
        Order in which the local search tries the jobs.
    head, tail : ndarray, shape (n + 1, m), int64
        Ends of the jobs of the sequence, behind an empty one, and the longest
        paths from their starts, before an empty one.
    row : ndarray, shape (m,), int64
        Free to use.
    scalars : ndarray, shape (8,), int64
        Phase, lengths of ``sequence`` and ``removed``, place in the order,
        tries without improvement, and the costs of the three sequences.
    control : ndarray, shape (3,), float64
        Whether the makespan counts, not the flow time; jobs removed at a time;
        temperature.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    duration: Any
    sequence: Any
    accepted: Any
    best: Any
    removed: Any
    turn: Any
    head: Any
    tail: Any
    row: Any
    scalars: Any
    control: Any
    random: Any


@kernel
def _measure(state: Greedy) -> None:
    """Compute the heads and, for the makespan, the tails of the sequence."""
    duration, head, tail = state.duration, state.head, state.tail
    size, m = state.scalars[SIZE], duration.shape[1]
    for i in range(size):
        job = state.sequence[i]
        end = 0
        for k in range(m):
            end = max(end, head[i, k]) + duration[job, k]
            head[i + 1, k] = end
    if state.control[0] == 0.0:
        return
    for k in range(m):
        tail[size, k] = 0
    for i in range(size - 1, -1, -1):
        job = state.sequence[i]
        behind = 0
        for k in range(m - 1, -1, -1):
            behind = max(behind, tail[i + 1, k]) + duration[job, k]
            tail[i, k] = behind


@kernel
def _idle(state: Greedy, job: int, place: int) -> int:
    """Return the idle time that a job brings at a place; its ends are in ``row``."""
    duration, head, end = state.duration, state.head, state.row
    size, m = state.scalars[SIZE], duration.shape[1]
    total = 0
    if place == size:
        for k in range(1, m):
            total += end[k] - head[size, k] - duration[job, k]
        return total
    follower = state.sequence[place]
    later = end[0] + duration[follower, 0]
    for k in range(1, m):
        total += end[k] - head[place + 1, k]
        total += duration[follower, k] - duration[job, k]
        total += max(0, later - end[k])
        later = max(later, end[k]) + duration[follower, k]
    return total


@kernel
def _place_by_makespan(state: Greedy, job: int) -> Any:
    """Return where a job does least harm, and the makespan there."""
    duration, head, tail, end = state.duration, state.head, state.tail, state.row
    size, m = state.scalars[SIZE], duration.shape[1]
    best = least = np.iinfo(np.int64).max
    where = 0
    for place in range(size + 1):
        now = longest = 0
        for k in range(m):
            now = max(now, head[place, k]) + duration[job, k]
            end[k] = now
            longest = max(longest, now + tail[place, k])
        if longest > best:
            continue
        idle = _idle(state, job, place)
        if longest < best or idle < least:
            best, least, where = longest, idle, place
    return where, best


@kernel
def _place_by_flow_time(state: Greedy, job: int) -> Any:
    """Return where a job does least harm, and the flow time there."""
    duration, head, end = state.duration, state.head, state.row
    size, m = state.scalars[SIZE], duration.shape[1]
    best = np.iinfo(np.int64).max
    where = before = seen = 0
    for place in range(size + 1):
        if place > 0:
            before += head[place, m - 1]
        now, total = 0, before
        for k in range(m):
            now = max(now, head[place, k]) + duration[job, k]
            end[k] = now
        total += now
        at = place
        while at < size and total <= best:
            following = state.sequence[at]
            now = 0
            for k in range(m):
                now = max(now, end[k]) + duration[following, k]
                end[k] = now
            total += now
            at += 1
        if total > best or at < size:
            continue
        # Among equals, any.
        seen = 1 if total < best else seen + 1
        if total < best or below(state.random, seen) == 0:
            best, where = total, place
    return where, best


@kernel
def _insert(state: Greedy, job: int) -> None:
    """Put a job where it does least harm; the heads are not kept."""
    _measure(state)
    if state.control[0] != 0.0:
        place, cost = _place_by_makespan(state, job)
    else:
        place, cost = _place_by_flow_time(state, job)
    scalars, sequence = state.scalars, state.sequence
    for i in range(scalars[SIZE], place, -1):
        sequence[i] = sequence[i - 1]
    sequence[place] = job
    scalars[SIZE] += 1
    scalars[COST] = cost


@kernel
def _take_out(state: Greedy, place: int) -> int:
    """Take the job at a place out of the sequence and return it."""
    scalars, sequence = state.scalars, state.sequence
    job = sequence[place]
    for i in range(place, scalars[SIZE] - 1):
        sequence[i] = sequence[i + 1]
    scalars[SIZE] -= 1
    return job


@kernel
def _begin_phase(state: Greedy, phase: int) -> None:
    """Begin a phase; a search tries the jobs in a random order."""
    scalars, turn = state.scalars, state.turn
    scalars[PHASE], scalars[AT], scalars[STALE] = phase, 0, 0
    if phase == BUILD:
        return
    for i in range(scalars[SIZE]):
        turn[i] = state.sequence[i]
    for i in range(scalars[SIZE] - 1, 0, -1):
        j = below(state.random, i + 1)
        turn[i], turn[j] = turn[j], turn[i]
    scalars[COST] = np.iinfo(np.int64).max


@kernel
def _try(state: Greedy) -> None:
    """Give the next job of the order the best place."""
    scalars, sequence = state.scalars, state.sequence
    job, cost = state.turn[scalars[AT]], scalars[COST]
    place = 0
    while sequence[place] != job:
        place += 1
    _insert(state, _take_out(state, place))
    scalars[STALE] = 0 if scalars[COST] < cost else scalars[STALE] + 1
    scalars[AT] = (scalars[AT] + 1) % scalars[SIZE]


@kernel
def _conclude(state: Greedy) -> None:
    """Accept the sequence, or go back; then remove some jobs at random."""
    scalars, sequence, n = state.scalars, state.sequence, state.best.shape[0]
    worse = scalars[COST] - scalars[ACCEPTED]
    draw = (below(state.random, 1 << 30) + 1) / float(1 << 30)
    if worse <= 0 or draw <= np.exp(-worse / max(state.control[2], 1e-9)):
        scalars[ACCEPTED] = scalars[COST]
        for i in range(n):
            state.accepted[i] = sequence[i]
    if scalars[COST] < scalars[BEST]:
        scalars[BEST] = scalars[COST]
        for i in range(n):
            state.best[i] = sequence[i]
    for i in range(n):
        sequence[i] = state.accepted[i]
    scalars[REMOVED] = min(int(state.control[1]), n - 1)
    for i in range(scalars[REMOVED]):
        state.removed[i] = _take_out(state, below(state.random, scalars[SIZE]))
    _begin_phase(state, PARTIAL)


@kernel
def search(state: Greedy, steps: int) -> int:
    """Make steps, each the insertion of a job; return how many."""
    scalars = state.scalars
    for _ in range(steps):
        if scalars[PHASE] == BUILD:
            _insert(state, state.removed[scalars[AT]])
            scalars[AT] += 1
            if scalars[AT] == scalars[REMOVED]:
                _begin_phase(state, FULL)
            continue
        _try(state)
        if scalars[STALE] < scalars[SIZE]:
            continue
        if scalars[PHASE] == PARTIAL:
            _begin_phase(state, BUILD)
        else:
            _conclude(state)
    return steps

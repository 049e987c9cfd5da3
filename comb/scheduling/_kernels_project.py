"""Numba kernels: genetic search and annealing of resource-constrained projects.

An individual is a list of the activities, each one behind its predecessors. The
schedule of a list puts one activity after the other as early as what stands there
lets it; then all are pushed to the right and back to the left again (double
justification [1]_), which rarely leaves a schedule as it was. Children take
stretches of one parent's list, or what runs together where one parent uses the
resources well [2]_, and the order of the other parent elsewhere. A breed that
stands still has its best individual annealed [3]_: a few neighbours in its list
move, the schedule is justified again, and one that is longer stays now and then.

References
----------
.. [1] V. Valls, F. Ballestín, S. Quintanilla, "Justification and RCPSP: a
   technique that pays", European Journal of Operational Research 165(2), 2005.
   https://doi.org/10.1016/j.ejor.2004.04.008
.. [2] V. Valls, F. Ballestín, S. Quintanilla, "A hybrid genetic algorithm for the
   resource-constrained project scheduling problem", European Journal of
   Operational Research 185(2), 2008. https://doi.org/10.1016/j.ejor.2006.12.033
.. [3] K. Bouleimen, H. Lecocq, "A new efficient simulated annealing algorithm for
   the resource-constrained project scheduling problem and its multiple mode
   version", European Journal of Operational Research 149(2), 2003.
   https://doi.org/10.1016/S0377-2217(02)00761-0
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.instances.kernels import kernel

__all__ = ["ANNEALED", "BEST", "Activities", "Breed", "adopt", "anneal", "search"]

#: Entries of ``Breed.scalars``.
FILLED, BEST, STALE, USED, ANNEALED = range(5)
#: A mutation moves fewer activities than this, each over at most so many others.
_MOVES, _FARTHEST = 6, 30
#: Annealing moves those at most so many places from one another.
_AROUND = 20
#: Steps from hot to cold. A schedule that is longer by one stays with these chances,
#: the first one for 60 activities; it falls with the square of their number.
_CYCLE, _HOT, _COLD = 10_000, 0.02, 0.001
#: Justification rarely takes more than this off a schedule.
_HOPELESS = 6


class Activities(NamedTuple):
    """Activities 0..n-1; each one's predecessors have smaller numbers.

    Attributes
    ----------
    duration : ndarray, shape (n,), int64
        Durations.
    demand : ndarray, shape (n, r), int64
        Units of the resources that they take.
    capacity : ndarray, shape (r,), int64
        Units of the resources.
    first, before : ndarray, shape (n + 1,) and (p,), int32
        Those before x are ``before[first[x]]`` to ``before[first[x + 1] - 1]``.
    """

    duration: Any
    demand: Any
    capacity: Any
    first: Any
    before: Any


class Breed(NamedTuple):
    """The state of a search, all of it arrays that the kernels change.

    Attributes
    ----------
    order : ndarray, shape (individuals, n), int32
        Lists of activities.
    start : ndarray, shape (individuals, n), int64
        Their schedules.
    makespan : ndarray, shape (individuals,), int64
        Their makespans.
    best : ndarray, shape (n,), int64
        Starts of the best schedule.
    child : ndarray, shape (2, n), int32
        Lists at work.
    begin : ndarray, shape (2, n), int64
        Schedules at work.
    free : ndarray, shape (horizon, r), int64
        Free units at each time.
    count : ndarray, shape (horizon + 1,), int32
        Activities that begin by each time, and the load of the resources.
    place : ndarray, shape (n,), int32
        Places in a list, or marks.
    key : ndarray, shape (n,), float64
        Priorities of a drawn list.
    tail : ndarray, shape (n,), int64
        Longest path from the start of each activity to the end of all.
    scalars : ndarray, shape (5,), int64
        Individuals, best makespan, children since the last that was kept,
        times in use of ``free``, and steps of annealing made.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    order: Any
    start: Any
    makespan: Any
    best: Any
    child: Any
    begin: Any
    free: Any
    count: Any
    place: Any
    key: Any
    tail: Any
    scalars: Any
    random: Any


@kernel
def _schedule(work: Activities, breed: Breed, order: Any, start: Any) -> int:
    """Write the starts that a list gives and return the makespan."""
    free, resources = breed.free, work.capacity.shape[0]
    for t in range(breed.scalars[USED]):
        for k in range(resources):
            free[t, k] = work.capacity[k]
    makespan = 0
    for x in order:
        now, length = 0, work.duration[x]
        for i in range(work.first[x], work.first[x + 1]):
            y = work.before[i]
            now = max(now, start[y] + work.duration[y])
        # From the end: the last moment without room moves it farthest.
        t = now + length - 1
        while t >= now:
            fits = True
            for k in range(resources):
                if free[t, k] < work.demand[x, k]:
                    fits = False
                    break
            if fits:
                t -= 1
            else:
                now = t + 1
                t = now + length - 1
        start[x] = now
        for t in range(now, now + length):
            for k in range(resources):
                free[t, k] -= work.demand[x, k]
        makespan = max(makespan, now + length)
    breed.scalars[USED] = makespan
    return makespan


@kernel
def _sort(breed: Breed, start: Any, makespan: int, order: Any, backward: bool) -> None:
    """List the activities by start; equal ones by number, backward or not."""
    n, count = start.shape[0], breed.count
    for t in range(makespan + 2):
        count[t] = 0
    for x in range(n):
        count[start[x] + 1] += 1
    for t in range(makespan + 1):
        count[t + 1] += count[t]
    for i in range(n):
        x = n - 1 - i if backward else i
        order[count[start[x]]] = x
        count[start[x]] += 1


@kernel
def _mirror(work: Activities, start: Any, makespan: int, mirrored: Any) -> None:
    """Write starts with time running backwards."""
    for x in range(start.shape[0]):
        mirrored[x] = makespan - start[x] - work.duration[x]


@kernel
def _justify(work: Activities, mirror: Activities, breed: Breed) -> int:
    """Schedule ``child[0]``, justify it twice, list it anew; return the makespan."""
    makespan = _schedule(work, breed, breed.child[0], breed.begin[0])
    return _push(work, mirror, breed, makespan)


@kernel
def _push(work: Activities, mirror: Activities, breed: Breed, makespan: int) -> int:
    """Justify the schedule ``begin[0]`` twice, list it; return the makespan."""
    order, start, other = breed.child[0], breed.begin[0], breed.begin[1]
    _mirror(work, start, makespan, other)
    _sort(breed, other, makespan, order, True)
    makespan = _schedule(mirror, breed, order, other)
    _mirror(work, other, makespan, start)
    _sort(breed, start, makespan, order, False)
    makespan = _schedule(work, breed, order, start)
    _sort(breed, start, makespan, order, False)
    return makespan


@kernel
def _draw(work: Activities, breed: Breed) -> None:
    """Write a random list to ``child[0]``, long tails rather first."""
    n, order, key, done = breed.key.shape[0], breed.child[0], breed.key, breed.place
    longest = 1
    for x in range(n):
        longest = max(longest, breed.tail[x])
    spread = longest * (1 + below(breed.random, 1024)) / 1024.0
    for x in range(n):
        key[x] = breed.tail[x] + spread * below(breed.random, 1024) / 1024.0
        done[x] = 0
    for at in range(n):
        chosen = -1
        for x in range(n):
            if done[x] != 0 or (chosen >= 0 and key[x] <= key[chosen]):
                continue
            open_ = True
            for i in range(work.first[x], work.first[x + 1]):
                if done[work.before[i]] == 0:
                    open_ = False
                    break
            if open_:
                chosen = x
        done[chosen] = 1
        order[at] = chosen


@kernel
def _cross_stretch(breed: Breed, mother: int, father: int) -> None:
    """Write a child: the mother's list, but the father's order in a stretch."""
    n, child, used = breed.place.shape[0], breed.child[0], breed.place
    one, two = breed.order[mother], breed.order[father]
    a, b = below(breed.random, n), below(breed.random, n)
    low, high = min(a, b), max(a, b) + 1
    for x in range(n):
        used[x] = 0
    for i in range(low):
        child[i] = one[i]
        used[one[i]] = 1
    at = low
    for i in range(n):
        if at == high:
            break
        if used[two[i]] == 0:
            child[at] = two[i]
            used[two[i]] = 1
            at += 1
    for i in range(n):
        if used[one[i]] == 0:
            child[at] = one[i]
            at += 1


@kernel
def _cross_peaks(work: Activities, breed: Breed, mother: int, father: int) -> None:
    """Write a child: the mother's list, but what runs in the father's peaks together.

    A peak is a span of time in which the father's load of the resources is high.
    """
    n, mark = breed.place.shape[0], breed.place
    one, two = breed.order[mother], breed.order[father]
    start, makespan = breed.start[father], breed.makespan[father]
    load = breed.count
    for t in range(makespan + 1):
        load[t] = 0
    for x in range(n):
        part = 0
        for k in range(work.capacity.shape[0]):
            if work.capacity[k] > 0:
                part += (1024 * work.demand[x, k]) // work.capacity[k]
        for t in range(start[x], start[x] + work.duration[x]):
            load[t] += part
    highest = 0
    for t in range(makespan):
        highest = max(highest, load[t])
    least = highest * (60 + below(breed.random, 31)) // 100
    # Number the peaks; an activity belongs to the first one that it runs in.
    number = 0
    high = False
    for x in range(n):
        mark[x] = 0
    for t in range(makespan):
        if load[t] >= least:
            if not high:
                number += 1
            high = True
            load[t] = number
        else:
            high = False
            load[t] = 0
    for x in range(n):
        for t in range(start[x], start[x] + work.duration[x]):
            if load[t] > 0:
                mark[x] = load[t]
                break
    # Place the mother's list; a member of a peak brings the others along.
    at = 0
    for i in range(n):
        x = one[i]
        if mark[x] < 0:
            continue
        group = mark[x]
        if group == 0:
            at = _with_those_before(work, breed, x, one, at)
            continue
        for j in range(n):
            if mark[two[j]] == group:
                at = _with_those_before(work, breed, two[j], one, at)


@kernel
def _with_those_before(
    work: Activities, breed: Breed, x: int, order: Any, at: int
) -> int:
    """Append an activity to ``child[0]``, what must precede it first."""
    mark, child, stack = breed.place, breed.child[0], breed.child[1]
    depth = 1
    stack[0] = x
    while depth > 0:
        y = stack[depth - 1]
        if mark[y] < 0:
            depth -= 1
            continue
        pushed = False
        for i in range(work.first[y], work.first[y + 1]):
            if mark[work.before[i]] >= 0:
                stack[depth] = work.before[i]
                depth += 1
                pushed = True
                break
        if not pushed:
            mark[y] = -1
            child[at] = y
            at += 1
            depth -= 1
    return at


@kernel
def _mutate(work: Activities, breed: Breed) -> None:
    """Move some activities of ``child[0]``."""
    n = breed.place.shape[0]
    for _ in range(below(breed.random, _MOVES)):
        _move(work, breed, below(breed.random, n))


@kernel
def _move(work: Activities, breed: Breed, i: int) -> None:
    """Move what ``child[0]`` has at a place as far as the precedences let it."""
    order = breed.child[0]
    j = i + below(breed.random, 2 * _FARTHEST + 1) - _FARTHEST
    j = min(order.shape[0] - 1, max(0, j))
    x = order[i]
    step = 1 if j > i else -1
    while i != j:
        y = order[i + step]
        first, second = (x, y) if step > 0 else (y, x)
        for k in range(work.first[second], work.first[second + 1]):
            if work.before[k] == first:
                return
        order[i], order[i + step] = y, x
        i += step


@kernel
def _parent(breed: Breed) -> int:
    """Return the better of two random individuals."""
    a = below(breed.random, breed.scalars[FILLED])
    b = below(breed.random, breed.scalars[FILLED])
    return a if breed.makespan[a] <= breed.makespan[b] else b


@kernel
def _write(breed: Breed, place: int, makespan: int) -> None:
    """Make the child an individual."""
    for x in range(breed.best.shape[0]):
        breed.order[place, x] = breed.child[0, x]
        breed.start[place, x] = breed.begin[0, x]
    breed.makespan[place] = makespan
    if makespan < breed.scalars[BEST]:
        breed.scalars[BEST] = makespan
        for x in range(breed.best.shape[0]):
            breed.best[x] = breed.begin[0, x]


@kernel
def _offer(breed: Breed, makespan: int) -> None:
    """Let a child take the place of the worst individual, unless it is known."""
    worst = 0
    for i in range(breed.scalars[FILLED]):
        if breed.makespan[i] > breed.makespan[worst]:
            worst = i
        elif breed.makespan[i] == makespan:
            same = True
            for x in range(breed.best.shape[0]):
                if breed.start[i, x] != breed.begin[0, x]:
                    same = False
                    break
            if same:
                return
    if makespan > breed.makespan[worst]:
        return
    if makespan < breed.makespan[worst]:
        breed.scalars[STALE] = 0
    _write(breed, worst, makespan)


@kernel
def adopt(work: Activities, mirror: Activities, breed: Breed, start: Any) -> None:
    """Make a schedule, justified, the next individual of a breed that is not full."""
    makespan = 0
    for x in range(start.shape[0]):
        makespan = max(makespan, start[x] + work.duration[x])
    _sort(breed, start, makespan, breed.child[0], False)
    makespan = _justify(work, mirror, breed)
    _write(breed, breed.scalars[FILLED], makespan)
    breed.scalars[FILLED] += 1


@kernel
def search(
    work: Activities, mirror: Activities, breed: Breed, children: int, patience: int
) -> int:
    """Make children until one of the limits; return how many.

    Parameters
    ----------
    work, mirror : Activities
        The project, and the same one with time running backwards.
    breed : Breed
        The state.
    children : int
        Children to make.
    patience : int
        Children since the worst individual was last improved upon, after which
        to end.
    """
    scalars = breed.scalars
    for done in range(children):
        if scalars[STALE] >= patience:
            return done
        if scalars[FILLED] < breed.makespan.shape[0]:
            _draw(work, breed)
            _write(breed, scalars[FILLED], _justify(work, mirror, breed))
            scalars[FILLED] += 1
            continue
        mother, father = _parent(breed), _parent(breed)
        if below(breed.random, 2) == 0:
            _cross_stretch(breed, mother, father)
        else:
            _cross_peaks(work, breed, mother, father)
        _mutate(work, breed)
        scalars[STALE] += 1
        _offer(breed, _justify(work, mirror, breed))
    return children


@kernel
def anneal(work: Activities, mirror: Activities, breed: Breed, steps: int) -> None:
    """Make steps of annealing on the best individual, which changes in place.

    Parameters
    ----------
    work, mirror : Activities
        The project, and the same one with time running backwards.
    breed : Breed
        The state; ``scalars[ANNEALED]`` steps were made.
    steps : int
        Steps to make.
    """
    scalars, child, begin = breed.scalars, breed.child[0], breed.begin[0]
    n = child.shape[0]
    # The one that is annealed is the first, from the first step on.
    if scalars[ANNEALED] == 0:
        _put_first(breed, int(np.argmin(breed.makespan[: scalars[FILLED]])))
    hot = -1.0 / np.log(min(0.5, _HOT * (60.0 / n) ** 2))
    cold = min(hot, -1.0 / np.log(_COLD))
    for _ in range(steps):
        heat = hot * (cold / hot) ** ((scalars[ANNEALED] % _CYCLE) / _CYCLE)
        scalars[ANNEALED] += 1
        for i in range(n):
            child[i] = breed.order[0, i]
        middle = below(breed.random, n)
        for _ in range(1 + below(breed.random, _MOVES - 1)):
            i = middle + below(breed.random, 2 * _AROUND + 1) - _AROUND
            _move(work, breed, min(n - 1, max(0, i)))
        makespan = _schedule(work, breed, child, begin)
        if makespan > breed.makespan[0] + _HOPELESS or _is_first(breed):
            continue
        makespan = _push(work, mirror, breed, makespan)
        chance = np.exp((breed.makespan[0] - makespan) / heat)
        if below(breed.random, 1 << 30) < (1 << 30) * chance:
            _write(breed, 0, makespan)


@kernel
def _put_first(breed: Breed, place: int) -> None:
    """Write an individual over the first one."""
    for x in range(breed.best.shape[0]):
        breed.order[0, x] = breed.order[place, x]
        breed.start[0, x] = breed.start[place, x]
    breed.makespan[0] = breed.makespan[place]


@kernel
def _is_first(breed: Breed) -> bool:
    """Return whether the schedule at work is that of the first individual."""
    for x in range(breed.best.shape[0]):
        if breed.begin[0, x] != breed.start[0, x]:
            return False
    return True

"""Numba kernels: iterated greedy search for the open shop.

A schedule is a linear order of all operations: each one starts when its job and
its machine are free, and any order is feasible. A step takes some operations out
and puts them back one by one where the longest path through them is shortest
[1]_; nothing moves the other ones apart from that.

References
----------
.. [1] H. Bräsel, T. Tautenhahn, F. Werner, "Constructive heuristic algorithms
   for the open shop problem", Computing 51(2), 1993.
   https://doi.org/10.1007/BF02243845
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.instances.kernels import kernel

__all__ = ["BEST", "OpenGreedy", "begin", "search"]

#: Entries of ``OpenGreedy.scalars``.
COST, BEST, CRITICAL = range(3)


class OpenGreedy(NamedTuple):
    """The state of a search, all of it arrays that the kernels change.

    Attributes
    ----------
    duration : ndarray, shape (n,), int64
        Duration of each operation.
    job, machine : ndarray, shape (n,), int32
        Both are numbered together, the machines behind the jobs.
    order, trial, best : ndarray, shape (n,), int32
        The order a step begins with, the one it makes, and the best one.
    critical : ndarray, shape (n,), int32
        Operations of the longest paths of ``order``.
    removed : ndarray, shape (n,), int32
        Operations to be put back.
    out : ndarray, shape (n,), uint8
        Whether each one is among them.
    head, tail : ndarray, shape (n,), int64
        Longest paths to the start of each operation of ``trial``, and from it.
    end : ndarray, shape (jobs + machines,), int64
        Where each job and each machine ends; free to use.
    place : ndarray, shape (n + 1,), int32
        Places of the operations of one job or one machine; free to use.
    behind : ndarray, shape (n + 1,), int64
        Longest tail of those from each place on; free to use.
    scalars : ndarray, shape (3,), int64
        Makespans of ``order`` and of ``best``, and how many are critical.
    control : ndarray, shape (3,), float64
        Least and most operations removed at a time; temperature.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    duration: Any
    job: Any
    machine: Any
    order: Any
    trial: Any
    best: Any
    critical: Any
    removed: Any
    out: Any
    head: Any
    tail: Any
    end: Any
    place: Any
    behind: Any
    scalars: Any
    control: Any
    random: Any


@kernel
def _heads(state: OpenGreedy, size: int) -> int:
    """Compute the heads of the first operations of the trial; return the makespan."""
    trial, end, head = state.trial, state.end, state.head
    job, machine, duration = state.job, state.machine, state.duration
    end[:] = 0
    makespan = 0
    for at in range(size):
        x = trial[at]
        j, m = job[x], machine[x]
        start = max(end[j], end[m])
        head[x] = start
        start += duration[x]
        end[j] = end[m] = start
        makespan = max(makespan, start)
    return makespan


@kernel
def _tails(state: OpenGreedy, size: int) -> None:
    """Compute the tails of the first operations of the trial."""
    trial, end, tail = state.trial, state.end, state.tail
    job, machine, duration = state.job, state.machine, state.duration
    end[:] = 0
    for at in range(size - 1, -1, -1):
        x = trial[at]
        j, m = job[x], machine[x]
        length = max(end[j], end[m]) + duration[x]
        tail[x] = end[j] = end[m] = length


@kernel
def _insert(state: OpenGreedy, size: int, v: int) -> int:
    """Put an operation where the longest path through it is shortest; return that.

    Among equal places each one is taken alike.
    """
    trial, head, tail, place = state.trial, state.head, state.tail, state.place
    job, machine, behind = state.job, state.machine, state.behind
    j, m, length = job[v], machine[v], state.duration[v]
    count = 0
    for at in range(size):
        x = trial[at]
        if job[x] == j or machine[x] == m:
            place[count] = at
            count += 1
    behind[count] = 0
    for k in range(count - 1, -1, -1):
        behind[k] = max(behind[k + 1], tail[trial[place[k]]])
    place[count] = size
    start = least = gap = seen = 0
    until: Any = np.int64(0)
    for k in range(count + 1):
        if k > 0:
            x = trial[place[k - 1]]
            until = max(until, head[x] + state.duration[x])
        value = until + length + behind[k]
        if k == 0 or value < least:
            least, seen = value, 0
        if value == least:
            seen += 1
            if below(state.random, seen) == 0:
                gap, start = k, until
    # In the order of the starts, so that the most places are left to the others.
    at = 0 if gap == 0 else place[gap - 1] + 1
    while at < place[gap] and head[trial[at]] < start:
        at += 1
    for k in range(size, at, -1):
        trial[k] = trial[k - 1]
    trial[at] = v
    return least


@kernel
def _accept(state: OpenGreedy, makespan: int) -> None:
    """Go on from the trial."""
    n = state.order.shape[0]
    scalars = state.scalars
    _tails(state, n)
    scalars[COST] = makespan
    critical = 0
    for at in range(n):
        x = state.trial[at]
        state.order[at] = x
        if state.head[x] + state.tail[x] == makespan:
            state.critical[critical] = x
            critical += 1
    scalars[CRITICAL] = critical
    if makespan < scalars[BEST]:
        scalars[BEST] = makespan
        for at in range(n):
            state.best[at] = state.order[at]


@kernel
def begin(state: OpenGreedy, order: Any) -> int:
    """Stand at the schedule of a linear order; return its makespan.

    Parameters
    ----------
    order : ndarray, shape (n,), int32
        All operations.
    """
    for at in range(order.shape[0]):
        state.trial[at] = order[at]
    makespan = _heads(state, order.shape[0])
    _accept(state, makespan)
    return makespan


@kernel
def _remove(state: OpenGreedy, count: int) -> None:
    """Take a critical operation and some others out of the trial."""
    n = state.order.shape[0]
    out, removed = state.out, state.removed
    x = state.critical[below(state.random, state.scalars[CRITICAL])]
    for k in range(count):
        while out[x] != 0:
            x = below(state.random, n)
        out[x] = 1
        removed[k] = x
    at = 0
    for x in state.order:
        if out[x] == 0:
            state.trial[at] = x
            at += 1
    for k in range(count):
        out[removed[k]] = 0


@kernel
def search(state: OpenGreedy, iterations: int) -> int:
    """Make steps, and return how many.

    Parameters
    ----------
    iterations : int
        Steps to make.
    """
    n = state.order.shape[0]
    scalars, control = state.scalars, state.control
    for _ in range(iterations):
        # What a trial may cost, drawn at once: most can be given up half-way.
        chance = (1.0 + below(state.random, 2**31 - 1)) / 2.0**31
        limit = scalars[COST] - control[2] * np.log(chance)
        count = int(control[0])
        count += below(state.random, int(control[1]) - count + 1)
        _remove(state, count)
        good = True
        for k in range(count):
            size = n - count + k
            _heads(state, size)
            _tails(state, size)
            if _insert(state, size, state.removed[k]) > limit:
                good = False
                break
        if good:
            makespan = _heads(state, n)
            if makespan <= limit:
                _accept(state, makespan)
    return iterations

"""Numba kernels: iterated greedy insertion for open and flexible job shops.

A schedule is a linear order of all operations with a machine for each: an
operation starts when its job and its machine are free. A step takes some
operations out and puts them back one by one, on the machine and at the place
where the longest path through them is shortest [1]_; nothing moves the other
ones apart from that. In an open shop any order is feasible; in a flexible job
shop the operations of a job keep theirs.

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

__all__ = ["BEST", "COST", "CRITICAL", "FORBIDDEN", "Insertion", "begin", "search"]

#: Entries of ``Insertion.scalars``.
COST, BEST, CRITICAL = range(3)
#: Set-up time between operations that must not follow each other.
FORBIDDEN = 2**44


class Insertion(NamedTuple):
    """The state of a search, all of it arrays that the kernels change.

    Attributes
    ----------
    first : ndarray, shape (n + 1,), int32
        First option of each operation, and the number of options.
    option_machine, option_duration : ndarray, shape (options,), int32, int64
        Machine and duration of each option.
    job : ndarray, shape (n,), int32
        Job of each operation.
    setup : ndarray, shape (machines, n, n) or (0, 0, 0), int64
        Set-up times between operations on each machine.
    order, trial, best : ndarray, shape (n,), int32
        The order a step begins with, the one it makes, and the best one.
    chosen, choice, best_choice : ndarray, shape (n,), int32
        Options of the operations in each of them.
    machine, duration : ndarray, shape (n,), int32 and int64
        Those of the options of the trial.
    critical : ndarray, shape (n,), int32
        Operations of the longest paths of ``order``.
    removed : ndarray, shape (n,), int32
        Operations to be put back.
    out : ndarray, shape (n,), uint8
        Whether each one is among them.
    head, tail : ndarray, shape (n,), int64
        Longest paths to the start of each operation of ``trial``, and from it.
    job_end, machine_end : ndarray, shape (jobs,) and (machines,), int64
        Where each job and each machine ends; free to use.
    last : ndarray, shape (machines,), int32
        Last operation on each machine; free to use.
    place : ndarray, shape (n + 2,), int32
        Places of the operations beside which one may go; free to use.
    behind : ndarray, shape (n + 2,), int64
        Longest tail of those from each place on; free to use.
    scalars : ndarray, shape (3,), int64
        Makespans of ``order`` and of ``best``, and how many are critical.
    control : ndarray, shape (4,), float64
        Least and most operations removed at a time; temperature; whether the
        operations of a job keep their order.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    first: Any
    option_machine: Any
    option_duration: Any
    job: Any
    setup: Any
    order: Any
    trial: Any
    best: Any
    chosen: Any
    choice: Any
    best_choice: Any
    machine: Any
    duration: Any
    critical: Any
    removed: Any
    out: Any
    head: Any
    tail: Any
    job_end: Any
    machine_end: Any
    last: Any
    place: Any
    behind: Any
    scalars: Any
    control: Any
    random: Any


@kernel
def _choose(state: Insertion, x: int, option: int) -> None:
    """Let an operation of the trial take an option."""
    state.choice[x] = option
    state.machine[x] = state.option_machine[option]
    state.duration[x] = state.option_duration[option]


@kernel
def _heads(state: Insertion, size: int) -> int:
    """Compute the heads of the first operations of the trial; return the makespan."""
    trial, head, last, setup = state.trial, state.head, state.last, state.setup
    job_end, machine_end = state.job_end, state.machine_end
    job, machine, duration = state.job, state.machine, state.duration
    with_setups = setup.shape[0] > 0
    job_end[:] = 0
    machine_end[:] = 0
    last[:] = -1
    makespan = 0
    for at in range(size):
        x = trial[at]
        j, m = job[x], machine[x]
        free = machine_end[m]
        if with_setups:
            if last[m] >= 0:
                free += setup[m, last[m], x]
            last[m] = x
        start = max(job_end[j], free)
        head[x] = start
        start += duration[x]
        job_end[j] = machine_end[m] = start
        makespan = max(makespan, start)
    return makespan


@kernel
def _tails(state: Insertion, size: int) -> None:
    """Compute the tails of the first operations of the trial."""
    trial, tail, last, setup = state.trial, state.tail, state.last, state.setup
    job_end, machine_end = state.job_end, state.machine_end
    job, machine, duration = state.job, state.machine, state.duration
    with_setups = setup.shape[0] > 0
    job_end[:] = 0
    machine_end[:] = 0
    last[:] = -1
    for at in range(size - 1, -1, -1):
        x = trial[at]
        j, m = job[x], machine[x]
        behind = machine_end[m]
        if with_setups:
            if last[m] >= 0:
                behind += setup[m, x, last[m]]
            last[m] = x
        length = max(job_end[j], behind) + duration[x]
        tail[x] = job_end[j] = machine_end[m] = length


@kernel
def _neighbours(
    state: Insertion, low: int, high: int, size: int, m: int, j: int
) -> tuple[int, int, int]:
    """List the places of those beside which an operation may go, of m or of j.

    Returns how many of them lie before the range of places, those and the ones
    inside, and all: outside of it only the nearest ones on the machine count.
    """
    trial, place, job, machine = state.trial, state.place, state.job, state.machine
    count = 0
    for at in range(low - 1, -1, -1):
        if machine[trial[at]] == m:
            place[count] = at
            count += 1
            break
    outside = count
    for at in range(low, high):
        x = trial[at]
        if machine[x] == m or job[x] == j:
            place[count] = at
            count += 1
    inside = count
    for at in range(high, size):
        if machine[trial[at]] == m:
            place[count] = at
            count += 1
            break
    return outside, inside, count


@kernel
def _insert(state: Insertion, size: int, v: int) -> int:
    """Put an operation where the longest path through it is shortest; return that.

    Among equal places each one is taken alike.
    """
    trial, head, tail, place = state.trial, state.head, state.tail, state.place
    job, behind, setup, duration = state.job, state.behind, state.setup, state.duration
    with_setups = setup.shape[0] > 0
    ordered = state.control[3] != 0.0
    low, high = 0, size
    ready: Any = np.int64(0)
    rest: Any = np.int64(0)
    if ordered:
        for at in range(size):
            x = trial[at]
            if job[x] == job[v]:
                if x > v:
                    high, rest = at, tail[x]
                    break
                low, ready = at + 1, head[x] + duration[x]
    # In an open shop the job is one more machine.
    j = -1 if ordered else job[v]
    least: Any = np.int64(-1)
    start: Any = np.int64(0)
    option, left, right, seen = state.first[v], low, high, 0
    for k in range(state.first[v], state.first[v + 1]):
        m, length = state.option_machine[k], state.option_duration[k]
        outside, inside, count = _neighbours(state, low, high, size, m, j)
        behind[count] = 0
        for i in range(count - 1, outside - 1, -1):
            y = trial[place[i]]
            if with_setups:
                # Those behind the next one lie behind its set-up too.
                behind[i] = setup[m, v, y] + tail[y]
            else:
                behind[i] = max(behind[i + 1], tail[y])
        until = ready
        for i in range(outside, inside + 1):
            if i > 0:
                x = trial[place[i - 1]]
                end = head[x] + duration[x]
                if with_setups:
                    until = max(ready, end + setup[m, x, v])
                else:
                    until = max(until, end)
            value = until + length + max(rest, behind[i])
            if least < 0 or value < least:
                least, seen = value, 0
            if value == least:
                seen += 1
                if below(state.random, seen) == 0:
                    option, start = k, until
                    left = low if i == outside else place[i - 1] + 1
                    right = high if i == inside else place[i]
    _choose(state, v, option)
    # In the order of the starts, so that the most places are left to the others.
    at = left
    while at < right and head[trial[at]] < start:
        at += 1
    for k in range(size, at, -1):
        trial[k] = trial[k - 1]
    trial[at] = v
    return least


@kernel
def _accept(state: Insertion, makespan: int) -> None:
    """Go on from the trial."""
    n = state.order.shape[0]
    scalars = state.scalars
    _tails(state, n)
    scalars[COST] = makespan
    critical = 0
    for at in range(n):
        x = state.trial[at]
        state.order[at] = x
        state.chosen[at] = state.choice[at]
        if state.head[x] + state.tail[x] == makespan:
            state.critical[critical] = x
            critical += 1
    scalars[CRITICAL] = critical
    if makespan < scalars[BEST]:
        scalars[BEST] = makespan
        for at in range(n):
            state.best[at] = state.order[at]
            state.best_choice[at] = state.chosen[at]


@kernel
def begin(state: Insertion, order: Any, choice: Any) -> int:
    """Stand at the schedule of a linear order and options; return its makespan.

    Parameters
    ----------
    order : ndarray, shape (n,), int32
        All operations.
    choice : ndarray, shape (n,), int32
        Option of each operation.
    """
    for at in range(order.shape[0]):
        state.trial[at] = order[at]
        _choose(state, at, choice[at])
    makespan = _heads(state, order.shape[0])
    _accept(state, makespan)
    return makespan


@kernel
def _remove(state: Insertion, count: int) -> None:
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
def search(state: Insertion, iterations: int) -> int:
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
            good = makespan <= limit
            if good:
                _accept(state, makespan)
        if not good:
            for k in range(count):
                _choose(state, state.removed[k], state.chosen[state.removed[k]])
    return iterations

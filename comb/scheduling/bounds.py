"""Heads, tails and lower bounds of the job shop."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from combkit.instances.jobshop import JobShop

__all__ = ["heads", "jackson_bound", "one_machine", "tails", "trivial_bound"]

Integers = NDArray[np.int64]


def heads(problem: JobShop) -> list[list[int]]:
    """Return the work of its job before each operation."""
    return [
        [0, *accumulate(row[:-1])] for row in (r.tolist() for r in problem.durations)
    ]


def tails(problem: JobShop) -> list[list[int]]:
    """Return the work of its job after each operation."""
    return [
        list(accumulate(row[:0:-1], initial=0))[::-1]
        for row in (r.tolist() for r in problem.durations)
    ]


def trivial_bound(problem: JobShop) -> int:
    """Return the longest job, or machine load with its least head and tail."""
    machine = np.concatenate(problem.machines)
    duration = np.concatenate(problem.durations)
    head = np.concatenate(heads(problem)).astype(np.int64)
    tail = np.concatenate(tails(problem)).astype(np.int64)
    load = np.zeros(problem.n_machines, dtype=np.int64)
    np.add.at(load, machine, duration)
    first = np.full(problem.n_machines, np.iinfo(np.int64).max)
    last = first.copy()
    np.minimum.at(first, machine, head)
    np.minimum.at(last, machine, tail)
    used = np.unique(machine)
    on_machines = int((load + first + last)[used].max())
    return max(on_machines, int((head + duration + tail).max()))


def jackson_bound(problem: JobShop) -> int:
    """Return the best preemptive one-machine bound over all machines.

    Each machine alone, with the heads and tails of its operations, is solved
    by Jackson's rule: at any time the available operation with the longest
    tail runs [1]_.

    References
    ----------
    .. [1] J. Carlier, "The one-machine sequencing problem", European Journal
       of Operational Research 11(1), 1982. doi:10.1016/S0377-2217(82)80007-6
    """
    on_machine: dict[int, list[tuple[int, int, int]]] = {}
    for machines, durations, before, after in zip(
        problem.machines, problem.durations, heads(problem), tails(problem), strict=True
    ):
        for m, d, head, tail in zip(
            machines.tolist(), durations.tolist(), before, after, strict=True
        ):
            on_machine.setdefault(m, []).append((head, -tail, d))
    return max(one_machine(sorted(work)) for work in on_machine.values())


def one_machine(work: Sequence[tuple[int, int, int]]) -> int:
    """Return the preemptive makespan of (head, -tail, duration), by head."""
    now = longest = k = 0
    waiting: list[tuple[int, int]] = []
    while k < len(work) or waiting:
        if not waiting:
            now = max(now, work[k][0])
        while k < len(work) and work[k][0] <= now:
            heapq.heappush(waiting, work[k][1:])
            k += 1
        tail, left = heapq.heappop(waiting)
        # Run it to its end, or until the next operation is there to compare.
        until = now + left if k == len(work) else min(now + left, work[k][0])
        if until < now + left:
            heapq.heappush(waiting, (tail, now + left - until))
        else:
            longest = max(longest, until - tail)
        now = until
    return longest

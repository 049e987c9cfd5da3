"""Numba kernel: a short tabu search that improves the labels of job shops."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any

import numpy as np

from combkit.instances.kernels import kernel

__all__ = ["improve"]


@kernel(allocates=True)
def _longest_paths(
    duration: Any, job: Any, line: Any, head: Any, tail: Any, order: Any, left: Any
) -> float:
    """Write starts and tails (own duration included), and return the makespan.

    ``job`` and ``line`` hold the operation before and after each one in its job
    and on its machine, -1 where there is none.
    """
    n = duration.shape[0]
    filled = 0
    for i in range(n):
        left[i] = (job[0, i] >= 0) + (line[0, i] >= 0)
        head[i] = 0.0
        if left[i] == 0:
            order[filled] = i
            filled += 1
    at = 0
    while at < filled:
        i = order[at]
        at += 1
        end = head[i] + duration[i]
        for k in (job[1, i], line[1, i]):
            if k >= 0:
                head[k] = max(head[k], end)
                left[k] -= 1
                if left[k] == 0:
                    order[filled] = k
                    filled += 1
    longest = 0.0
    for at in range(n - 1, -1, -1):
        i = order[at]
        behind = 0.0
        for k in (job[1, i], line[1, i]):
            if k >= 0:
                behind = max(behind, tail[k])
        tail[i] = behind + duration[i]
        longest = max(longest, head[i] + tail[i])
    return longest


@kernel(allocates=True)
def _estimate(
    u: int, v: int, duration: Any, job: Any, line: Any, head: Any, tail: Any
) -> float:
    """Return the longest path through either of two swapped operations."""
    early, late = 0.0, 0.0
    if job[0, v] >= 0:
        early = head[job[0, v]] + duration[job[0, v]]
    if line[0, u] >= 0:
        early = max(early, head[line[0, u]] + duration[line[0, u]])
    begin = early + duration[v]
    if job[0, u] >= 0:
        begin = max(begin, head[job[0, u]] + duration[job[0, u]])
    if job[1, u] >= 0:
        late = tail[job[1, u]]
    if line[1, v] >= 0:
        late = max(late, tail[line[1, v]])
    late += duration[u]
    behind = late
    if job[1, v] >= 0:
        behind = max(behind, tail[job[1, v]])
    return max(begin + late, early + duration[v] + behind)


@kernel(allocates=True)
def improve(
    duration: Any,
    machine: Any,
    job: Any,
    starts: Any,
    fixed: Any,
    iterations: int,
    random: Any,
) -> tuple[Any, float]:
    """Improve a job-shop schedule by tabu search on swaps at ends of blocks [1]_.

    Parameters
    ----------
    duration : ndarray, shape (n,), float64
        Durations.
    machine : ndarray, shape (n,), int64
        Machines.
    job : ndarray, shape (2, n), int64
        Operation before and after each one in its job, -1 where there is none.
    starts : ndarray, shape (n,), float64
        A feasible schedule without operations of duration 0.
    fixed : ndarray, shape (n,), bool
        Operations that keep their places at the heads of their machines.
    iterations : int
        Swaps made.
    random : ndarray, shape (1,), uint64
        State of the random numbers, not 0; moves on.

    Returns
    -------
    starts : ndarray, shape (n,), float64
        Starts of the best schedule met.
    makespan : float
        Its makespan.

    References
    ----------
    .. [1] E. Nowicki, C. Smutnicki, "A fast taboo search algorithm for the job
       shop problem", Management Science 42(6), 1996.
    """
    n = duration.shape[0]
    line = np.full((2, n), -1, np.int64)
    last = np.full(machine.max() + 1, -1, np.int64)
    for i in np.argsort(starts):
        before = last[machine[i]]
        line[0, i] = before
        if before >= 0:
            line[1, before] = i
        last[machine[i]] = i
    head, tail = np.zeros(n), np.zeros(n)
    order, left = np.empty(n, np.int64), np.empty(n, np.int64)
    until = np.zeros((n, n), np.int32)
    best = _longest_paths(duration, job, line, head, tail, order, left)
    best_head = head.copy()
    longest = best
    path = np.empty(n, np.int64)
    base = 10 + n // (last.shape[0] * last.shape[0])
    for iteration in range(iterations):
        # One critical path, from an operation that starts at 0.
        size = 0
        i = -1
        for k in range(n):
            if head[k] == 0.0 and tail[k] == longest:
                i = k
                break
        while i >= 0:
            path[size] = i
            size += 1
            end, following = head[i] + duration[i], -1
            for k in (line[1, i], job[1, i]):
                if k >= 0 and head[k] == end and end + tail[k] == longest:
                    following = k
                    break
            i = following
        chosen, value, seen = -1, np.inf, 0
        spare = -1
        at = 0
        while at < size:
            stop = at
            while stop + 1 < size and machine[path[stop + 1]] == machine[path[at]]:
                stop += 1
            for side in range(2):
                place = at if side == 0 else stop - 1
                if stop == at or (side == 1 and stop == at + 1):
                    continue
                if stop > at + 1:
                    # Inside the first and the last block one end is pointless.
                    if side == 0 and at == 0:
                        continue
                    if side == 1 and stop == size - 1:
                        continue
                u, v = path[place], path[place + 1]
                if fixed[u]:
                    continue
                guess = _estimate(u, v, duration, job, line, head, tail)
                seen += 1
                x = random[0]
                x ^= x >> np.uint64(12)
                x ^= x << np.uint64(25)
                x ^= x >> np.uint64(27)
                random[0] = x
                if x % np.uint64(seen) == 0:
                    spare = place
                if until[v, u] > iteration and guess >= best:
                    continue
                if guess < value:
                    chosen, value = place, guess
            at = stop + 1
        if seen == 0:
            break  # a path without a swap is optimal
        if chosen < 0:
            chosen = spare
        u, v = path[chosen], path[chosen + 1]
        before, after = line[0, u], line[1, v]
        line[0, v], line[1, v] = before, u
        line[0, u], line[1, u] = v, after
        if before >= 0:
            line[1, before] = v
        if after >= 0:
            line[0, after] = u
        spread = np.int64(random[0] % np.uint64(1 + base // 2))
        until[u, v] = iteration + base + spread
        longest = _longest_paths(duration, job, line, head, tail, order, left)
        if longest < best:
            best = longest
            best_head[:] = head
    return best_head, best

"""Numba kernels of the robust tabu search for quadratic assignment.

References
----------
.. [1] E. Taillard, "Robust taboo search for the quadratic assignment problem",
   Parallel Computing 17, 1991.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

from combkit.comb._kernels_random import below
from combkit.instances.kernels import kernel

__all__ = ["BEST", "VALUE", "Assigned", "iterate", "shake", "stand"]

#: Places of `Assigned.sums` and of `Assigned.count`.
VALUE, BEST = 0, 1
MOVES, IMPROVED, STRENGTH = 0, 1, 2
_MILLION = 1_000_000


class Assigned(NamedTuple):
    """A permutation: facility i is at place ``at[i]``.

    ``delta[i, j]`` is what an exchange of i and j costs, ``free[i, p]`` the move from
    which on facility i may return to place p.
    """

    at: Any
    delta: Any
    free: Any
    best: Any
    sums: Any
    count: Any
    random: Any


@kernel
def _delta(a: Any, b: Any, p: Any, i: int, j: int) -> Any:
    """Return what an exchange costs, from the definition."""
    pi, pj = p[i], p[j]
    d = (a[i, i] - a[j, j]) * (b[pj, pj] - b[pi, pi])
    d += (a[i, j] - a[j, i]) * (b[pj, pi] - b[pi, pj])
    for k in range(p.size):
        if k != i and k != j:
            pk = p[k]
            d += (a[k, i] - a[k, j]) * (b[pk, pj] - b[pk, pi])
            d += (a[i, k] - a[j, k]) * (b[pj, pk] - b[pi, pk])
    return d


@kernel
def stand(a: Any, b: Any, state: Any) -> None:
    """Compute the value and the costs of all exchanges."""
    p, n = state.at, state.at.size
    total = a[0, 0] - a[0, 0]
    for i in range(n):
        for j in range(n):
            total += a[i, j] * b[p[i], p[j]]
            if i < j:
                state.delta[i, j] = _delta(a, b, p, i, j)
    state.sums[VALUE] = total
    if total < state.sums[BEST]:
        _keep(state)


@kernel
def _keep(state: Any) -> None:
    state.sums[BEST] = state.sums[VALUE]
    state.count[IMPROVED] = state.count[MOVES]
    for i in range(state.at.size):
        state.best[i] = state.at[i]


@kernel
def shake(a: Any, b: Any, state: Any, strength: int) -> None:
    """Start from the best permutation with so many facilities moved in a cycle."""
    p, n = state.at, state.at.size
    for i in range(n):
        p[i] = state.best[i]
    for _ in range(strength - 1):
        i = below(state.random, n)
        j = below(state.random, n)
        p[i], p[j] = p[j], p[i]
    stand(a, b, state)
    for i in range(n):
        for q in range(n):
            # One after the other, so that they are not overdue all at once.
            state.free[i, q] = state.count[MOVES] - (n * i + q)


@kernel
def iterate(
    a: Any, b: Any, state: Any, moves: int, patience: int, strongest: int
) -> None:
    """Search for so many moves; shake where there was no progress for some."""
    count = state.count
    end = count[MOVES] + moves
    while count[MOVES] < end:
        rest = count[IMPROVED] + patience - count[MOVES]
        if rest <= 0:
            count[STRENGTH] = 2 + (count[STRENGTH] - 1) % max(1, strongest - 1)
            shake(a, b, state, count[STRENGTH])
            count[IMPROVED] = count[MOVES]
            rest = patience
        before = state.sums[BEST]
        search(a, b, state, min(rest, end - count[MOVES]))
        if state.sums[BEST] < before:
            count[STRENGTH] = 1


@kernel
def search(a: Any, b: Any, state: Any, moves: int) -> None:
    """Exchange two facilities at least cost, again and again.

    A facility may not return to a place that it left lately, unless that gives the
    best value so far, or neither was there for a long time.
    """
    p, n = state.at, state.at.size
    delta, free = state.delta, state.free
    old = 5 * n * n
    for _ in range(moves):
        now = state.count[MOVES]
        bi, bj, overdue = -1, -1, False
        least = delta[0, n - 1]
        for i in range(n - 1):
            for j in range(i + 1, n):
                d = delta[i, j]
                u, v = free[i, p[j]], free[j, p[i]]
                due = (u < now - old and v < now - old) or (
                    state.sums[VALUE] + d < state.sums[BEST]
                )
                if due:
                    if not overdue or d < least:
                        bi, bj, least, overdue = i, j, d, True
                elif not overdue and (bi < 0 or d < least) and (u < now or v < now):
                    bi, bj, least = i, j, d
        state.count[MOVES] = now + 1
        if bi < 0:
            continue
        _exchange(a, b, state, bi, bj)


@kernel
def _exchange(a: Any, b: Any, state: Any, r: int, s: int) -> None:
    p, n, delta, free = state.at, state.at.size, state.delta, state.free
    now = state.count[MOVES]
    for i, q in ((r, p[r]), (s, p[s])):
        # Short ones mostly, long ones at times.
        u = below(state.random, _MILLION) / _MILLION
        free[i, q] = now + 1 + int(8.0 * n * u * u * u)
    state.sums[VALUE] += delta[r, s]
    p[r], p[s] = p[s], p[r]
    pr, ps = p[r], p[s]
    for i in range(n - 1):
        for j in range(i + 1, n):
            if i in (r, s) or j in (r, s):
                delta[i, j] = _delta(a, b, p, i, j)
                continue
            pi, pj = p[i], p[j]
            left = a[r, i] - a[r, j] + a[s, j] - a[s, i]
            right = a[i, r] - a[j, r] + a[j, s] - a[i, s]
            if left != 0:
                delta[i, j] += left * (b[ps, pi] - b[ps, pj] + b[pr, pj] - b[pr, pi])
            if right != 0:
                delta[i, j] += right * (b[pi, ps] - b[pj, ps] + b[pj, pr] - b[pi, pr])
    if state.sums[VALUE] < state.sums[BEST]:
        _keep(state)

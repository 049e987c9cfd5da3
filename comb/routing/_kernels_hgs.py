"""Numba kernels of a hybrid genetic search for vehicle routing.

Children, of ``_kernels_offspring``, are improved by ``_kernels_educate``. Two
populations, of solutions that keep all limits and of such that do not, are kept small
by cost and by how different they are.

References
----------
.. [1] T. Vidal, "Hybrid genetic search for the CVRP: open-source implementation and
   SWAP* neighborhood", Computers & Operations Research 140, 2022.
   https://doi.org/10.1016/j.cor.2021.105643
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any

import numpy as np

from combkit.comb._kernels_random import below
from combkit.comb.routing._kernels_educate import educate
from combkit.comb.routing._kernels_granular import (
    FULL,
    GAIN,
    LOAD,
    LONGEST,
    RATE,
    SERVICES,
    TIME,
    Ground,
    State,
    lay,
    overload,
    shuffle,
    take_out,
)
from combkit.comb.routing._kernels_offspring import Pool, cross, inherit, split
from combkit.instances.kernels import kernel

__all__ = ["evolve", "welcome"]

#: Columns of ``Pool.value``.
COST, TRAVEL, LOADED, LATE, ROUTES, FITNESS = range(6)
#: Entries of ``Pool.count``; the sizes of the two populations come first.
BORN, STALE, KNOWN = range(2, 5)
#: Who keeps the limits, and who does not.
SOUND, UNSOUND = range(2)
#: Individuals that count as the best, and that are near; births at random for each
#: one that survives.
_ELITE, _NEAR, _RANDOM = 4, 5, 4
#: Births between looks at the prices, share that should keep a limit and how far it
#: may be from it, factors of a price, and its range.
_LOOK, _TARGET, _APART, _UP, _DOWN = 100, 0.2, 0.05, 1.2, 0.85
_CHEAPEST, _DEAREST = 0.1, 1e5
#: Price of an excess in a repair, times the usual one.
_REPAIR = 10.0


@kernel
def _broken(pool: Pool, s: int, a: int, b: int) -> float:
    """Return the share of the customers whose neighbours differ in two individuals."""
    n = pool.child.size
    after, before = pool.after, pool.before
    broken = 0
    for c in range(1, n + 1):
        x, p = after[s, a, c], before[s, a, c]
        y, q = after[s, b, c], before[s, b, c]
        if x != y and x != q:
            broken += 1
        if p == 0 and q != 0 and y != 0:
            broken += 1
    return broken / n


@kernel
def _nearest(pool: Pool, s: int, a: int) -> float:
    """Return the mean distance of an individual from the nearest others."""
    size = pool.count[s]
    near = min(_NEAR, size - 1)
    if near <= 0:
        return 1.0
    total, floor, equal = 0.0, -1.0, 0
    taken = 0
    # The next larger distance again and again: there are few.
    while taken < near:
        smallest, equal = np.inf, 0
        for k in range(size):
            b = pool.rank[s, k]
            gap = pool.gap[s, a, b]
            if b == a or gap <= floor:
                continue
            if gap < smallest:
                smallest, equal = gap, 1
            elif gap == smallest:
                equal += 1
        equal = min(equal, near - taken)
        total += equal * smallest
        taken += equal
        floor = smallest
    return total / near


@kernel
def _rate(pool: Pool, s: int) -> None:
    """Bring the biased fitness of a population up to date."""
    size, value, rank = pool.count[s], pool.value, pool.rank
    if size == 1:
        value[s, rank[s, 0], FITNESS] = 0.0
        return
    apart = pool.apart
    for k in range(size):
        apart[k] = _nearest(pool, s, rank[s, k])
    for k in range(size):
        # How many are farther from the others.
        farther = 0
        for j in range(size):
            if apart[j] > apart[k] or (apart[j] == apart[k] and j < k):
                farther += 1
        place = k / (size - 1.0)
        if size > _ELITE:
            place += (1.0 - _ELITE / size) * farther / (size - 1.0)
        value[s, rank[s, k], FITNESS] = place


@kernel
def _is_clone(pool: Pool, s: int, a: int) -> bool:
    for k in range(pool.count[s]):
        b = pool.rank[s, k]
        if b != a and pool.gap[s, a, b] == 0.0:
            return True
    return False


@kernel
def _let_go(pool: Pool, s: int) -> None:
    """Remove the worst individual: a clone, if there is one, never the best."""
    _rate(pool, s)
    size, rank = pool.count[s], pool.rank
    worst, clone, most = 1, False, -1.0
    for k in range(1, size):
        a = rank[s, k]
        same = _is_clone(pool, s, a)
        fitness = pool.value[s, a, FITNESS]
        if (same and not clone) or (same == clone and fitness > most):
            worst, clone, most = k, same, fitness
    a = rank[s, worst]
    for k in range(worst, size - 1):
        rank[s, k] = rank[s, k + 1]
    rank[s, size - 1] = a
    pool.count[s] -= 1


@kernel
def _sort(pool: Pool, s: int, k: int) -> None:
    """Move the individual at a place forward to where its cost belongs."""
    rank, value = pool.rank, pool.value
    a = rank[s, k]
    while k > 0 and value[s, rank[s, k - 1], COST] > value[s, a, COST]:
        rank[s, k] = rank[s, k - 1]
        k -= 1
    rank[s, k] = a


@kernel
def _tally(ground: Ground, state: State) -> tuple[float, float, float]:
    """Return what all routes cost, and by how much loads and times exceed limits."""
    sums = state.sums
    total = loaded = late = 0.0
    for r in range(sums.shape[0]):
        total += sums[r, TIME] * ground.fleet[r, RATE]
        loaded += overload(ground, r, sums[r, LOAD])
        if sums[r, TIME] > ground.fleet[r, LONGEST]:
            late += sums[r, TIME] - ground.fleet[r, LONGEST]
    return total, loaded, late


@kernel
def _add(ground: Ground, state: State, pool: Pool) -> int:
    """Take the routes of the state into a population; return which one."""
    value = pool.value
    total, loaded, late = _tally(ground, state)
    travel = total - ground.limit[SERVICES]
    s = SOUND if loaded == 0.0 and late == 0.0 else UNSOUND
    size = pool.count[s]
    a = pool.rank[s, size]
    routes = take_out(
        ground, state, pool.order[s, a], pool.after[s, a], pool.before[s, a]
    )
    for c in range(1, pool.wish.size):
        pool.home[s, a, c] = ground.place[pool.wish.size + state.route[c]]
    value[s, a, TRAVEL], value[s, a, LOADED], value[s, a, LATE] = travel, loaded, late
    value[s, a, ROUTES] = routes
    value[s, a, COST] = travel + loaded * state.price[0] + late * state.price[1]
    for k in range(size):
        b = pool.rank[s, k]
        pool.gap[s, a, b] = pool.gap[s, b, a] = _broken(pool, s, a, b)
    pool.count[s] += 1
    _sort(pool, s, size)
    if s == SOUND and travel < pool.least[0] - ground.limit[GAIN]:
        pool.least[0] = travel
        pool.count[STALE] = 0
        for k in range(pool.child.size):
            c = pool.order[s, a, k]
            pool.best[0, k], pool.best[1, c] = c, pool.after[s, a, c]
            pool.best[2, c] = pool.home[s, a, c]
    if pool.count[s] >= pool.rank.shape[1]:
        while pool.count[s] > pool.survive:
            _let_go(pool, s)
    _rate(pool, s)
    return s


@kernel
def _winner(state: State, pool: Pool) -> tuple[int, int]:
    """Return population and number of the fitter of two individuals."""
    size = pool.count[SOUND] + pool.count[UNSOUND]
    best = np.inf
    chosen_s, chosen = 0, 0
    for _ in range(2):
        k = below(state.random, size)
        s = SOUND if k < pool.count[SOUND] else UNSOUND
        a = pool.rank[s, k if s == SOUND else k - pool.count[SOUND]]
        if pool.value[s, a, FITNESS] < best:
            best = pool.value[s, a, FITNESS]
            chosen_s, chosen = s, a
    return chosen_s, chosen


@kernel
def _reprice(state: State, pool: Pool) -> None:
    """Raise the price of a limit that is kept too rarely, lower the others."""
    known = min(pool.count[KNOWN], pool.kept.shape[0])
    for which in range(2):
        kept = 0
        for k in range(known):
            kept += pool.kept[k, which]
        share = kept / known
        price = state.price[which]
        if share < _TARGET - _APART and price < _DEAREST:
            price = min(_DEAREST, price * _UP)
        elif share > _TARGET + _APART and price > _CHEAPEST:
            price = max(_CHEAPEST, price * _DOWN)
        state.price[which] = price
    for k in range(pool.count[UNSOUND]):
        a = pool.rank[UNSOUND, k]
        pool.value[UNSOUND, a, COST] = (
            pool.value[UNSOUND, a, TRAVEL]
            + pool.value[UNSOUND, a, LOADED] * state.price[0]
            + pool.value[UNSOUND, a, LATE] * state.price[1]
        )
    for k in range(pool.count[UNSOUND]):
        _sort(pool, UNSOUND, k)
    if pool.count[UNSOUND] > 0:
        _rate(pool, UNSOUND)


@kernel
def _note(ground: Ground, state: State, pool: Pool) -> None:
    """Remember whether the routes of the state keep the limits."""
    at = pool.count[KNOWN] % pool.kept.shape[0]
    _, loaded, late = _tally(ground, state)
    pool.kept[at, 0] = 1 if loaded == 0.0 else 0
    pool.kept[at, 1] = 1 if late == 0.0 else 0
    pool.count[KNOWN] += 1


@kernel
def welcome(ground: Ground, state: State, pool: Pool, ends: Any) -> None:
    """Take the child in, cut into given routes: as it is, and improved.

    Parameters
    ----------
    ground, state, pool
        Data, routes under way, populations; the child is a permutation.
    ends : ndarray of int32
        Where its routes end.
    """
    first = 0
    for r in range(state.count.shape[0]):
        end = ends[r] if r < ends.size else first
        lay(ground, state, r, pool.child, first, end)
        first = end
    _add(ground, state, pool)
    _raise(ground, state, pool)


@kernel
def _raise(ground: Ground, state: State, pool: Pool) -> None:
    """Improve the routes under way, and take them in."""
    educate(ground, state)
    pool.count[BORN] += 1
    pool.count[STALE] += 1
    _note(ground, state, pool)
    if _add(ground, state, pool) == UNSOUND and below(state.random, 2) == 0:
        state.price[0] *= _REPAIR
        state.price[1] *= _REPAIR
        educate(ground, state)
        state.price[0] /= _REPAIR
        state.price[1] /= _REPAIR
        _, loaded, late = _tally(ground, state)
        if loaded == 0.0 and late == 0.0:
            _add(ground, state, pool)
    if pool.count[BORN] % _LOOK == 0:
        _reprice(state, pool)


@kernel
def evolve(
    ground: Ground, state: State, pool: Pool, births: int, patience: int
) -> None:
    """Let children be born: at first random ones, then such of two parents.

    Parameters
    ----------
    ground, state, pool
        Data, routes under way, populations.
    births : int
        How many.
    patience : int
        Births without a better solution after which the populations begin anew.
    """
    count = pool.count
    for _ in range(births):
        most = state.count.shape[0]
        if count[BORN] < _RANDOM * pool.survive:
            for k in range(pool.child.size):
                pool.child[k] = k + 1
                pool.wish[k + 1] = -1
            shuffle(state.random, pool.child)
            split(ground, state, pool, most)
        else:
            s, a = _winner(state, pool)
            t, b = _winner(state, pool)
            while t == s and b == a and count[SOUND] + count[UNSOUND] > 1:
                t, b = _winner(state, pool)
            cross(state, pool, s, a, t, b)
            # No more routes than a parent has: moves may begin others.
            fewest = int(ground.limit[FULL])
            most = min(most, max(int(pool.value[s, a, ROUTES]), fewest))
            split(ground, state, pool, most)
            inherit(ground, state, pool, s, a, 1)
            inherit(ground, state, pool, t, b, 2)
        _raise(ground, state, pool)
        if count[STALE] > patience:
            count[SOUND] = count[UNSOUND] = count[BORN] = count[STALE] = 0

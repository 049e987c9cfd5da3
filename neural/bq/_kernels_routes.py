"""Numba kernel that labels capacitated routing: ruin and recreate by strings.

References
----------
.. [1] J. Christiaens and G. Vanden Berghe, "Slack induction by string removals
   for vehicle routing problems", Transportation Science 54(2), 2020.
   https://doi.org/10.1287/trsc.2019.0914
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any

import numpy as np

from combkit.instances.kernels import kernel

__all__ = ["search_cvrp", "uniform"]

#: Mean number of removed customers, and longest removed string.
_REMOVED, _STRING = 10.0, 10
#: Chance that an insertion position is overlooked.
_BLINK = 0.01
#: Chance that a string is removed in two parts, and that the gap grows.
_SPLIT, _GAP = 0.5, 0.5
#: First and last temperature, in mean distances of near neighbours.
_HOT, _COLD = 1.0, 0.02


@kernel(allocates=True)
def uniform(state: Any) -> float:
    """Return the next number of [0, 1) (xorshift64*, high bits)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    high = (x * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(33)
    return np.float64(high) / 2147483648.0


@kernel(allocates=True)
def search_cvrp(
    points: Any, demand: Any, capacity: int, iterations: int, seed: int
) -> Any:
    """Return short routes by simulated annealing over string removals.

    Parameters
    ----------
    points : ndarray, shape (n + 1, 2), float64
        Coordinates, those of the depot first.
    demand : ndarray, shape (n + 1,), int64
        Demands, at most the capacity; the depot's counts as 0.
    capacity : int
        Capacity of a vehicle.
    iterations : int
        Removals and reinsertions.
    seed : int
        Seed of the search, not 0.

    Returns
    -------
    ndarray, shape (n, 2), int32
        The customers in the order of their routes, and the route of each.
    """
    size = points.shape[0]
    n = size - 1
    state = np.full(1, seed, np.uint64)
    dist = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            dx = points[i, 0] - points[j, 0]
            dy = points[i, 1] - points[j, 1]
            dist[i, j] = np.sqrt(dx * dx + dy * dy)
    near = np.empty((size, n), np.int32)
    for i in range(1, size):
        near[i] = np.argsort(dist[i, 1:])[:n] + 1
    scale = 0.0
    for i in range(1, size):
        scale += dist[i, near[i, min(1, n - 1)]] / n
    routes = np.zeros((n, n), np.int32)
    length = np.zeros(n, np.int64)
    load = np.zeros(n, np.int64)
    where = np.full(size, -1, np.int64)
    used = n
    cost = 0.0
    for i in range(1, size):
        routes[i - 1, 0] = i
        length[i - 1] = 1
        load[i - 1] = demand[i]
        where[i] = i - 1
        cost += 2.0 * dist[0, i]
    best_cost = cost
    best_routes, best_length, best_used = routes.copy(), length.copy(), used
    # Routes that an iteration changes are saved first, to be put back.
    saved = np.zeros((n + 1, n), np.int32)
    saved_route = np.zeros(n + 1, np.int64)
    saved_length = np.zeros(n + 1, np.int64)
    saved_load = np.zeros(n + 1, np.int64)
    stamp = np.full(n + 1, -1, np.int64)
    ruined = np.full(n + 1, -1, np.int64)
    pool = np.zeros(n, np.int32)
    rank = np.zeros(n)
    hot, cold = _HOT * scale, _COLD * scale
    for iteration in range(iterations):
        heat = hot * (cold / hot) ** (iteration / iterations)
        used_before = used
        changes = 0
        removed = 0
        delta = 0.0
        # Ruin.
        mean = 0.0
        for r in range(used):
            mean += length[r] / used
        longest = min(np.float64(_STRING), mean)
        most = 4.0 * _REMOVED / (1.0 + longest) - 1.0
        strings = int(uniform(state) * most + 1.0)
        centre = 1 + int(uniform(state) * n)
        done = 0
        for k in range(n):
            if done >= strings:
                break
            c = near[centre, k]
            r = where[c]
            if r < 0 or ruined[r] == iteration:
                continue
            ruined[r] = iteration
            done += 1
            if stamp[r] != iteration:
                stamp[r] = iteration
                saved[changes, : length[r]] = routes[r, : length[r]]
                saved_route[changes] = r
                saved_length[changes] = length[r]
                saved_load[changes] = load[r]
                changes += 1
            size_r = length[r]
            cut = int(uniform(state) * min(np.float64(size_r), longest) + 1.0)
            cut = min(cut, size_r)
            keep = 0
            if cut > 1 and cut < size_r and uniform(state) < _SPLIT:
                keep = 1
                while cut + keep < size_r and uniform(state) > _GAP:
                    keep += 1
            span = cut + keep
            at = 0
            while routes[r, at] != c:
                at += 1
            low = max(0, at - span + 1)
            high = min(at, size_r - span)
            start = low + int(uniform(state) * (high - low + 1))
            first = start + int(uniform(state) * (cut + 1)) if keep else start + cut
            # Remove start..first and first + keep..start + span.
            before = 0.0
            previous = 0
            for p in range(size_r):
                before += dist[previous, routes[r, p]]
                previous = routes[r, p]
            before += dist[previous, 0]
            write = 0
            after = 0.0
            previous = 0
            for p in range(size_r):
                node = routes[r, p]
                if start <= p < start + span and not (first <= p < first + keep):
                    pool[removed] = node
                    removed += 1
                    where[node] = -1
                    load[r] -= demand[node]
                else:
                    routes[r, write] = node
                    write += 1
                    after += dist[previous, node]
                    previous = node
            after += dist[previous, 0] if write > 0 else 0.0
            length[r] = write
            delta += after - before
        # Recreate, in an order drawn anew: random, demand, far or close.
        kind = uniform(state) * 11.0
        for k in range(removed):
            node = pool[k]
            if kind < 4.0:
                rank[k] = uniform(state)
            elif kind < 8.0:
                rank[k] = -np.float64(demand[node])
            elif kind < 10.0:
                rank[k] = -dist[0, node]
            else:
                rank[k] = dist[0, node]
        for k in range(1, removed):
            key, node = rank[k], pool[k]
            p = k - 1
            while p >= 0 and rank[p] > key:
                rank[p + 1], pool[p + 1] = rank[p], pool[p]
                p -= 1
            rank[p + 1], pool[p + 1] = key, node
        for k in range(removed):
            node = pool[k]
            best = np.inf
            best_route = -1
            best_at = 0
            for r in range(used):
                if length[r] == 0 or load[r] + demand[node] > capacity:
                    continue
                previous = 0
                for p in range(length[r] + 1):
                    following = routes[r, p] if p < length[r] else 0
                    if uniform(state) >= _BLINK:
                        extra = (
                            dist[previous, node]
                            + dist[node, following]
                            - dist[previous, following]
                        )
                        if extra < best:
                            best, best_route, best_at = extra, r, p
                    previous = following
            if best_route < 0:
                best = 2.0 * dist[0, node]
                best_route = used
                for r in range(used):
                    if length[r] == 0:
                        best_route = r
                        break
                if best_route == used:
                    used += 1
                    length[best_route] = 0
                    load[best_route] = 0
                best_at = 0
            r = best_route
            if stamp[r] != iteration:
                stamp[r] = iteration
                saved[changes, : length[r]] = routes[r, : length[r]]
                saved_route[changes] = r
                saved_length[changes] = length[r]
                saved_load[changes] = load[r]
                changes += 1
            for p in range(length[r], best_at, -1):
                routes[r, p] = routes[r, p - 1]
            routes[r, best_at] = node
            length[r] += 1
            load[r] += demand[node]
            where[node] = r
            delta += best
        if delta < -heat * np.log(max(uniform(state), 1e-12)):
            cost += delta
            if cost < best_cost - 1e-9:
                best_cost = cost
                for r in range(used):
                    best_length[r] = length[r]
                    best_routes[r, : length[r]] = routes[r, : length[r]]
                best_used = used
            # Close the gaps that emptied routes leave.
            r = 0
            while r < used:
                if length[r] == 0:
                    used -= 1
                    length[r] = length[used]
                    load[r] = load[used]
                    routes[r, : length[r]] = routes[used, : length[used]]
                    for p in range(length[r]):
                        where[routes[r, p]] = r
                else:
                    r += 1
        else:
            for k in range(changes):
                r = saved_route[k]
                length[r] = saved_length[k]
                load[r] = saved_load[k]
                routes[r, : length[r]] = saved[k, : length[r]]
            for k in range(changes):
                r = saved_route[k]
                for p in range(length[r]):
                    where[routes[r, p]] = r
            used = used_before
    result = np.empty((n, 2), np.int32)
    count = 0
    for r in range(best_used):
        for p in range(best_length[r]):
            result[count, 0] = best_routes[r, p]
            result[count, 1] = r
            count += 1
    return result

"""Numba kernel that labels orienteering: annealed removal and reinsertion."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any

import numpy as np

from combkit.instances.kernels import kernel
from combkit.neural.bq._kernels_routes import uniform

__all__ = ["search_op"]

#: Longest removed string.
_STRING = 10
#: First and last temperature, in mean prizes.
_HOT, _COLD = 0.5, 0.01
#: A change of the tour must save more than this share of the budget.
_LEAST = 1e-9


@kernel(allocates=True)
def _shorten(dist: Any, tour: Any, count: int, length: float, least: float) -> float:
    """Apply 2-opt and Or-opt moves until none helps; return the length.

    ``tour`` starts and ends at the depot, at places 0 and ``count + 1``.
    """
    better = True
    while better:
        better = False
        for i in range(count):
            for j in range(i + 2, count + 1):
                a, b, c, d = tour[i], tour[i + 1], tour[j], tour[j + 1]
                gain = dist[a, b] + dist[c, d] - dist[a, c] - dist[b, d]
                if gain > least:
                    low, high = i + 1, j
                    while low < high:
                        tour[low], tour[high] = tour[high], tour[low]
                        low += 1
                        high -= 1
                    length -= gain
                    better = True
        for i in range(1, count + 1):
            a, b, c = tour[i - 1], tour[i], tour[i + 1]
            saved = dist[a, b] + dist[b, c] - dist[a, c]
            if saved <= least:
                continue
            best, place = least, -1
            for j in range(count + 1):
                if j == i or j == i - 1:
                    continue
                gain = saved - (
                    dist[tour[j], b] + dist[b, tour[j + 1]] - dist[tour[j], tour[j + 1]]
                )
                if gain > best:
                    best, place = gain, j
            if place >= 0:
                if place > i:
                    for k in range(i, place):
                        tour[k] = tour[k + 1]
                    tour[place] = b
                else:
                    for k in range(i, place + 1, -1):
                        tour[k] = tour[k - 1]
                    tour[place + 1] = b
                length -= best
                better = True
    return length


@kernel(allocates=True)
def search_op(
    points: Any, prizes: Any, budget: float, iterations: int, seed: int
) -> Any:
    """Return a tour from the depot that collects much within a budget.

    Parameters
    ----------
    points : ndarray, shape (n + 1, 2), float64
        Coordinates, those of the depot first.
    prizes : ndarray, shape (n + 1,), float64
        Prizes, at least 0; the depot's counts as 0.
    budget : float
        Longest tour.
    iterations : int
        Removals and reinsertions.
    seed : int
        Seed of the search, not 0.

    Returns
    -------
    ndarray, shape (m,), int32
        The visited nodes in order, without the depot.
    """
    size = points.shape[0]
    state = np.full(1, seed, np.uint64)
    dist = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            dx = points[i, 0] - points[j, 0]
            dy = points[i, 1] - points[j, 1]
            dist[i, j] = np.sqrt(dx * dx + dy * dy)
    least = _LEAST * budget
    limit = budget * (1.0 - 1e-7)
    scale = prizes[1:].mean()
    tour = np.zeros(size + 1, np.int32)
    inside = np.zeros(size, np.bool_)
    count = 0
    length = prize = 0.0
    kept, kept_count, kept_length, kept_prize = tour.copy(), 0, 0.0, 0.0
    best, best_count, best_prize = tour.copy(), 0, 0.0
    extra = np.full(size, np.inf)
    place = np.zeros(size, np.int64)
    for iteration in range(iterations):
        heat = _HOT * scale * (_COLD / _HOT) ** (iteration / iterations)
        if count > 0:
            cut = 1 + int(uniform(state) * min(_STRING, count))
            start = 1 + int(uniform(state) * (count - cut + 1))
            for k in range(start, start + cut):
                inside[tour[k]] = False
                prize -= prizes[tour[k]]
                length -= dist[tour[k - 1], tour[k]]
            length -= dist[tour[start + cut - 1], tour[start + cut]]
            length += dist[tour[start - 1], tour[start + cut]]
            for k in range(start + cut, count + 2):
                tour[k - cut] = tour[k]
            count -= cut
        greed = 0.5 + uniform(state)
        renewed = True
        shortened = False
        while True:
            # Cheapest places: all anew, or only what the last insertion changed.
            chosen = 0
            top = 0.0
            for v in range(1, size):
                if inside[v]:
                    continue
                if renewed:
                    extra[v] = np.inf
                    for k in range(count + 1):
                        e = dist[tour[k], v] + dist[v, tour[k + 1]]
                        e -= dist[tour[k], tour[k + 1]]
                        if e < extra[v]:
                            extra[v], place[v] = e, k
                if length + extra[v] > limit:
                    continue
                value = prizes[v] ** greed / (extra[v] + 1e-3 * budget)
                value *= 0.6 + 0.8 * uniform(state)
                if chosen == 0 or value > top:
                    top, chosen = value, v
            if chosen == 0:
                if shortened:
                    break
                length = _shorten(dist, tour, count, length, least)
                shortened = renewed = True
                continue
            at = place[chosen]
            for k in range(count + 1, at, -1):
                tour[k + 1] = tour[k]
            tour[at + 1] = chosen
            count += 1
            inside[chosen] = True
            length += extra[chosen]
            prize += prizes[chosen]
            shortened = False
            renewed = False
            for v in range(1, size):
                if inside[v]:
                    continue
                if place[v] == at:
                    extra[v] = np.inf
                    for k in range(count + 1):
                        e = dist[tour[k], v] + dist[v, tour[k + 1]]
                        e -= dist[tour[k], tour[k + 1]]
                        if e < extra[v]:
                            extra[v], place[v] = e, k
                    continue
                if place[v] > at:
                    place[v] += 1
                for k in range(at, at + 2):
                    e = dist[tour[k], v] + dist[v, tour[k + 1]]
                    e -= dist[tour[k], tour[k + 1]]
                    if e < extra[v]:
                        extra[v], place[v] = e, k
        if prize > best_prize:
            best_prize, best_count = prize, count
            best[:] = tour
        if prize > kept_prize + heat * np.log(max(uniform(state), 1e-12)):
            kept[:] = tour
            kept_count, kept_length, kept_prize = count, length, prize
        else:
            for k in range(1, count + 1):
                inside[tour[k]] = False
            tour[:] = kept
            count, length, prize = kept_count, kept_length, kept_prize
            for k in range(1, count + 1):
                inside[tour[k]] = True
    return best[1 : best_count + 1].copy()

"""Numba kernels of vertex cover local search with edge weights.

An edge is *open* when neither end is in the cover. The score of a vertex is the
weight of the edges that would open, or close, were it removed or added; both
moves leave the vertex's own score as it is.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return,return-value"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.instances.kernels import kernel

__all__ = ["Cover", "advance", "advance_weighted", "load"]

#: Places in the vector of counters.
COVERED, OPEN, STEP, LAST, TOTAL, CANDIDATES = range(6)
#: A cover of more vertices is sampled, not scanned, for the one to remove.
_SCANNED = 3_000
_SAMPLE = 64


class Cover(NamedTuple):
    """A cover and what is kept up to date with it; the kernels change the arrays.

    Attributes
    ----------
    offsets, near : ndarray
        Neighbours, as in ``Adjacency``.
    edge : ndarray, shape (2 * m,), int32
        Edge to each neighbour.
    ends : ndarray, shape (m, 2), int32
        Ends of each edge.
    cost : ndarray, shape (n,), float64
        Weight of each vertex.
    weight : ndarray, shape (m,), int64
        Weight of each edge, 1 at first.
    score : ndarray, shape (n,), int64
        Score of each vertex.
    inside : ndarray, shape (n,), uint8
        Whether a vertex is in the cover.
    changed : ndarray, shape (n,), uint8
        Whether a neighbour was moved since the vertex was removed.
    stamp : ndarray, shape (n,), int64
        Step of the vertex's last move.
    cover, cover_place : ndarray, shape (n,), int32
        Vertices of the cover and where each stands there.
    open, open_place : ndarray, shape (m,), int32
        Open edges and where each stands there.
    redundant : ndarray, shape (n,), int32
        Vertices whose score fell to 0: candidates for removal.
    counters : ndarray, shape (6,), int64
        Sizes of the cover and of the open edges, steps so far, vertex added
        last, sum of edge weights, number of candidates.
    values : ndarray, shape (2,), float64
        Costs of the cover and of the best one without open edges.
    best : ndarray, shape (n,), uint8
        The best cover.
    random : ndarray, shape (1,), uint64
        State of the generator, never 0.
    """

    offsets: Any
    near: Any
    edge: Any
    ends: Any
    cost: Any
    weight: Any
    score: Any
    inside: Any
    changed: Any
    stamp: Any
    cover: Any
    cover_place: Any
    open: Any
    open_place: Any
    redundant: Any
    counters: Any
    values: Any
    best: Any
    random: Any


@kernel
def _add(c: Cover, v: int) -> None:
    """Put a vertex into the cover."""
    counters, score, inside = c.counters, c.score, c.inside
    inside[v] = 1
    c.values[0] += c.cost[v]
    c.cover[counters[COVERED]] = v
    c.cover_place[v] = counters[COVERED]
    counters[COVERED] += 1
    for k in range(c.offsets[v], c.offsets[v + 1]):
        u = c.near[k]
        e = c.edge[k]
        score[u] -= c.weight[e]
        c.changed[u] = 1
        if inside[u]:
            if score[u] == 0 and counters[CANDIDATES] < c.redundant.size:
                c.redundant[counters[CANDIDATES]] = u
                counters[CANDIDATES] += 1
        else:
            place = c.open_place[e]
            counters[OPEN] -= 1
            last = c.open[counters[OPEN]]
            c.open[place] = last
            c.open_place[last] = place


@kernel
def _remove(c: Cover, v: int) -> None:
    """Take a vertex out of the cover."""
    counters, score, inside = c.counters, c.score, c.inside
    inside[v] = 0
    c.changed[v] = 0
    c.values[0] -= c.cost[v]
    counters[COVERED] -= 1
    place = c.cover_place[v]
    last = c.cover[counters[COVERED]]
    c.cover[place] = last
    c.cover_place[last] = place
    for k in range(c.offsets[v], c.offsets[v + 1]):
        u = c.near[k]
        e = c.edge[k]
        score[u] += c.weight[e]
        c.changed[u] = 1
        if not inside[u]:
            c.open[counters[OPEN]] = e
            c.open_place[e] = counters[OPEN]
            counters[OPEN] += 1


@kernel
def load(c: Cover, independent: Any) -> None:
    """Set the cover to the complement of an independent set; the best one too."""
    c.counters[:] = 0
    c.counters[LAST] = -1
    c.counters[TOTAL] = c.weight.size
    c.counters[OPEN] = c.weight.size
    c.weight[:] = 1
    c.values[:] = 0.0
    c.inside[:] = 0
    c.changed[:] = 1
    c.stamp[:] = 0
    for e in range(c.weight.size):
        c.open[e] = e
        c.open_place[e] = e
    for v in range(c.inside.size):
        c.score[v] = c.offsets[v + 1] - c.offsets[v]
    for v in range(c.inside.size):
        if not independent[v]:
            _add(c, v)
    c.counters[CANDIDATES] = 0
    _keep(c)


@kernel
def _keep(c: Cover) -> None:
    """Remember the cover as the best one; its cost is summed anew."""
    total = 0.0
    for v in range(c.inside.size):
        c.best[v] = c.inside[v]
        if c.inside[v]:
            total += c.cost[v]
    c.values[:] = total


@kernel
def _reweigh(c: Cover, mean: int, keep: float) -> None:
    """Make every open edge heavier; forget much of all weights when they are large."""
    counters, weight, score = c.counters, c.weight, c.score
    for k in range(counters[OPEN]):
        e = c.open[k]
        weight[e] += 1
        score[c.ends[e, 0]] += 1
        score[c.ends[e, 1]] += 1
    counters[TOTAL] += counters[OPEN]
    if counters[TOTAL] <= mean * weight.size:
        return
    counters[TOTAL] = 0
    score[:] = 0
    for e in range(weight.size):
        weight[e] = max(1, np.int64(weight[e] * keep))
        counters[TOTAL] += weight[e]
        u, v = c.ends[e, 0], c.ends[e, 1]
        if c.inside[u] + c.inside[v] == 0:
            score[u] += weight[e]
            score[v] += weight[e]
        elif c.inside[u] + c.inside[v] == 1:
            score[u if c.inside[u] else v] += weight[e]


@kernel
def _loosest(c: Cover, barred: int) -> int:
    """Return the vertex of the cover with the least score, the oldest of several."""
    size = c.counters[COVERED]
    best = -1
    if size > _SCANNED:
        for _ in range(_SAMPLE):
            v = c.cover[below(c.random, size)]
            if v != barred and (
                best < 0
                or c.score[v] < c.score[best]
                or (c.score[v] == c.score[best] and c.stamp[v] < c.stamp[best])
            ):
                best = v
        return best
    least = np.int64(2**62)
    for k in range(size):
        v = c.cover[k]
        s = c.score[v]
        if s <= least and v != barred and (s < least or c.stamp[v] < c.stamp[best]):
            least = s
            best = v
    return best


@kernel
def advance(c: Cover, steps: int, mean: int, keep: float) -> bool:
    """Exchange vertices until ``steps`` are done: NuMVC, for equal costs.

    Whenever no edge is open, the cover is the best so far and loses a vertex.

    Parameters
    ----------
    c : Cover
        The state.
    steps : int
        Exchanges to make.
    mean : int
        Mean edge weight above which weights are forgotten.
    keep : float
        Share of its weight that an edge then keeps.

    Returns
    -------
    bool
        Whether the search may go on; False when the cover is empty.
    """
    counters = c.counters
    end = counters[STEP] + steps
    while counters[STEP] < end:
        while counters[OPEN] == 0:
            _keep(c)
            if counters[COVERED] == 0:
                return False
            _remove(c, _loosest(c, -1))
        counters[STEP] += 1
        counters[CANDIDATES] = 0
        u = _loosest(c, counters[LAST])
        if u >= 0:
            _remove(c, u)
            c.stamp[u] = counters[STEP]
        e = c.open[below(c.random, counters[OPEN])]
        v, w = c.ends[e, 0], c.ends[e, 1]
        if not c.changed[v] or (
            c.changed[w]
            and (
                c.score[w] > c.score[v]
                or (c.score[w] == c.score[v] and c.stamp[w] < c.stamp[v])
            )
        ):
            v = w
        _add(c, v)
        c.stamp[v] = counters[STEP]
        counters[LAST] = v
        _reweigh(c, mean, keep)
    return True


@kernel
def _cheapest(c: Cover, sampled: bool) -> int:
    """Return the vertex of the cover with the least score a cost, not added last."""
    size = c.counters[COVERED]
    best = -1
    count = min(size, _SAMPLE) if sampled or size > _SCANNED else size
    for k in range(count):
        v = c.cover[below(c.random, size)] if count < size else c.cover[k]
        if c.stamp[v] == c.counters[STEP] - 1:
            continue
        if best < 0:
            best = v
            continue
        left = c.score[v] * c.cost[best]
        right = c.score[best] * c.cost[v]
        if left < right or (left == right and c.stamp[v] < c.stamp[best]):
            best = v
    return best


@kernel
def _fittest(c: Cover) -> int:
    """Return the end of an open edge with the largest score a cost."""
    best = -1
    for k in range(c.counters[OPEN]):
        e = c.open[k]
        for side in range(2):
            v = c.ends[e, side]
            if not c.changed[v]:
                continue
            if best < 0:
                best = v
                continue
            left = c.score[v] * c.cost[best]
            right = c.score[best] * c.cost[v]
            if left > right or (left == right and c.stamp[v] < c.stamp[best]):
                best = v
    return best


@kernel
def advance_weighted(c: Cover, steps: int, mean: int, keep: float) -> bool:
    """Remove two vertices and cover again, ``steps`` times: for any costs.

    Parameters and return value are those of `advance`.
    """
    counters = c.counters
    end = counters[STEP] + steps
    while counters[STEP] < end:
        counters[STEP] += 1
        if counters[COVERED] == 0:
            return False
        for k in range(2):
            u = _cheapest(c, k > 0)
            if u >= 0:
                _remove(c, u)
                c.stamp[u] = counters[STEP]
        counters[CANDIDATES] = 0
        while counters[OPEN] > 0:
            v = _fittest(c)
            if v < 0:
                # Both ends of all open edges were just removed: any will do.
                v = c.ends[c.open[below(c.random, counters[OPEN])], 0]
            _add(c, v)
            c.stamp[v] = counters[STEP]
            _reweigh(c, mean, keep)
        for k in range(counters[CANDIDATES]):
            v = c.redundant[k]
            if c.inside[v] and c.score[v] == 0:
                _remove(c, v)
                c.stamp[v] = counters[STEP]
        if c.values[0] < c.values[1]:
            _keep(c)
    return True

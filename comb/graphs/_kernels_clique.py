"""Numba kernels of branch and bound for the heaviest clique, on bit sets.

Candidates of a node are coloured greedily; no clique has two vertices of a
colour, so the heaviest vertices of the first colours bound what the vertices of
these colours can give. A node branches on its candidates from the last colour to
the first, until the bound no longer beats the incumbent.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.instances.kernels import kernel

__all__ = ["DEPTH", "NODES", "Tree", "advance", "start"]

#: Places in the vector of counters.
DEPTH, NODES, BEST_SIZE = range(3)
#: Number of the lowest bit of a power of two, found by a product (de Bruijn).
_MAGIC = np.uint64(0x03F79D71B4CB0A89)
_BIT = np.zeros(64, dtype=np.int64)
for _k in range(64):
    _BIT[((1 << _k) * 0x03F79D71B4CB0A89 >> 58) & 63] = _k


class Tree(NamedTuple):
    """A search tree, depth first; the kernels change the arrays.

    Attributes
    ----------
    rows : ndarray, shape (n, w), uint64
        Neighbours of each vertex as bits.
    weights : ndarray, shape (n,), float64
        Weight of each vertex.
    open : ndarray, shape (d, w), uint64
        Candidates of the node at each depth.
    order : ndarray, shape (d, n), int32
        Candidates to branch on, the last one first.
    bound : ndarray, shape (d, n), float64
        What each of them and those before it can give.
    left : ndarray, shape (d,), int32
        How many are still to be branched on.
    value : ndarray, shape (d,), float64
        Weight of the clique at each depth.
    clique : ndarray, shape (d,), int32
        Vertex chosen at each depth.
    best : ndarray, shape (d,), int32
        The best clique.
    top : ndarray, shape (2,), float64
        Weight of the best clique, and by how much it must be beaten.
    counters : ndarray, shape (3,), int64
        Present depth (-1: done), nodes so far, size of the best clique.
    rest, colour : ndarray, shape (w,), uint64
        Work space.
    """

    rows: Any
    weights: Any
    open: Any
    order: Any
    bound: Any
    left: Any
    value: Any
    clique: Any
    best: Any
    top: Any
    counters: Any
    rest: Any
    colour: Any


@kernel
def _lowest(word: Any) -> int:
    """Return the number of the lowest bit that is set."""
    low = word & (~word + np.uint64(1))
    return _BIT[np.int64((low * _MAGIC) >> np.uint64(58))]


@kernel
def _colour(t: Tree, d: int) -> None:
    """Order the candidates of a node by colour; leave out those too cheap to try."""
    words = t.rest.size
    need = t.top[0] + t.top[1] - t.value[d]
    count = 0
    total = 0.0
    some = False
    for w in range(words):
        t.rest[w] = t.open[d, w]
        some = some or t.rest[w] != 0
    while some:
        heaviest = 0.0
        first = count
        for w in range(words):
            t.colour[w] = t.rest[w]
        for w in range(words):
            while t.colour[w] != 0:
                bit = _lowest(t.colour[w])
                v = 64 * w + bit
                one = np.uint64(1) << np.uint64(bit)
                t.rest[w] &= ~one
                t.colour[w] &= ~one
                for x in range(w, words):
                    t.colour[x] &= ~t.rows[v, x]
                heaviest = max(heaviest, t.weights[v])
                t.order[d, count] = v
                count += 1
        total += heaviest
        if total < need:
            count = first
        for k in range(first, count):
            t.bound[d, k] = total
        some = False
        for w in range(words):
            some = some or t.rest[w] != 0
    t.left[d] = count


@kernel
def start(t: Tree, value: float, gain: float) -> None:
    """Begin at the root; only cliques heavier than ``value`` by ``gain`` count."""
    t.top[0] = value
    t.top[1] = gain
    t.counters[:] = 0
    t.value[0] = 0.0
    t.open[0, :] = 0
    for v in range(t.weights.size):
        t.open[0, v // 64] |= np.uint64(1) << np.uint64(v % 64)
    _colour(t, 0)


@kernel
def advance(t: Tree, nodes: int) -> bool:
    """Visit up to ``nodes`` nodes; return whether any are left."""
    end = t.counters[NODES] + nodes
    words = t.rest.size
    d = t.counters[DEPTH]
    while d >= 0 and t.counters[NODES] < end:
        k = t.left[d] - 1
        if k < 0 or t.value[d] + t.bound[d, k] < t.top[0] + t.top[1]:
            d -= 1
            continue
        t.counters[NODES] += 1
        t.left[d] = k
        v = t.order[d, k]
        t.clique[d] = v
        value = t.value[d] + t.weights[v]
        t.open[d, v // 64] &= ~(np.uint64(1) << np.uint64(v % 64))
        some = False
        if d + 1 < t.left.size:
            for w in range(words):
                t.open[d + 1, w] = t.open[d, w] & t.rows[v, w]
                some = some or t.open[d + 1, w] != 0
        if value >= t.top[0] + t.top[1]:
            t.top[0] = value
            for i in range(d + 1):
                t.best[i] = t.clique[i]
            t.counters[BEST_SIZE] = d + 1
        if some:
            d += 1
            t.value[d] = value
            _colour(t, d)
    t.counters[DEPTH] = d
    return d >= 0

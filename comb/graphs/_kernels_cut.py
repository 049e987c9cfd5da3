"""Numba kernels of a tabu search for max-cut, with the largest gains of blocks."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

from combkit.comb._kernels_random import below
from combkit.instances.kernels import kernel

__all__ = [
    "BEST",
    "BLOCK",
    "MOVES",
    "SINCE",
    "VALUE",
    "Cut",
    "Graph",
    "search",
    "stand",
]

#: Places of `Cut.sums`: the value now, the best one since `stand`.
VALUE, BEST = 0, 1
#: Places of `Cut.count`: moves in all, moves since the best value.
MOVES, SINCE = 0, 1
#: Vertices whose largest key is looked for at once: a few registers of short integers.
BLOCK = 64


class Graph(NamedTuple):
    """Neighbours of vertex v: ``near[first[v]:first[v + 1]]``, with their weights.

    ``twice`` is each weight two times, in units of `unit`: whole numbers of the kind
    that keys are, so that sums are exact. ``far`` is more than two gains can differ by.
    ``block[start[v]:start[v + 1]]`` are the blocks in which gains change with v: those
    of its neighbours, and its own.
    """

    first: Any
    near: Any
    twice: Any
    far: Any
    start: Any
    block: Any
    unit: Any


class Cut(NamedTuple):
    """A partition and what is known of it.

    ``key[v]`` is what the cut gains when v changes sides, less ``far`` while v may not;
    below are the keys of no vertex that fill the last block. ``top`` is the largest key
    of each block. Vertices that may move again after the same move are a list:
    ``head[move % head.size]``, then ``next``; the size is a power of two. ``best`` is
    the best partition.
    """

    side: Any
    key: Any
    top: Any
    head: Any
    next: Any
    best: Any
    sums: Any
    count: Any
    random: Any


@kernel
def stand(graph: Any, cut: Any) -> None:
    """Begin at the partition that it stands at: gains and value, nothing tabu."""
    total = 0.0
    for v in range(cut.side.size):
        gain = 0
        for k in range(graph.first[v], graph.first[v + 1]):
            if cut.side[graph.near[k]] == cut.side[v]:
                gain += graph.twice[k]
            else:
                gain -= graph.twice[k]
                total += 0.25 * graph.twice[k]
        cut.key[v] = gain >> 1
        cut.best[v] = cut.side[v]
    for b in range(cut.top.size):
        cut.top[b] = _most(cut.key[b * BLOCK : (b + 1) * BLOCK])
    for slot in range(cut.head.size):
        cut.head[slot] = -1
    cut.sums[VALUE] = cut.sums[BEST] = total
    cut.count[SINCE] = 0


@kernel
def _most(keys: Any) -> int:
    """Return the largest of some keys; written so that many are compared at a time."""
    most = keys[0]
    for k in range(keys.size):
        key = keys[k]
        most = key if key > most else most
    return most


@kernel
def _first_of_most(cut: Any, far: int) -> int:
    """Return a vertex of largest gain, -1 if none may move; of ties any may be it."""
    key, top = cut.key, cut.top
    most = _most(top)
    if most < -(far // 2):
        return -1
    b, k = below(cut.random, top.size), below(cut.random, BLOCK)
    while top[b] != most:
        b = b + 1 if b + 1 < top.size else 0
    while key[b * BLOCK + k] != most:
        k = (k + 1) % BLOCK
    return b * BLOCK + k


@kernel
def _flip(graph: Any, cut: Any, v: int) -> None:
    """Change the side of a vertex, which may not move from now on."""
    side, key = cut.side, cut.key
    cut.sums[VALUE] += key[v]
    key[v] = -key[v] - graph.far
    side[v] = 1 - side[v]
    for k in range(graph.first[v], graph.first[v + 1]):
        u = graph.near[k]
        # An edge that is cut now loses by a change of its other end; without branches,
        # which nobody could predict.
        key[u] += (1 - 2 * (side[u] ^ side[v])) * graph.twice[k]
    for i in range(graph.start[v], graph.start[v + 1]):
        b = graph.block[i]
        cut.top[b] = _most(key[b * BLOCK : (b + 1) * BLOCK])


@kernel
def search(
    graph: Any, cut: Any, moves: int, depth: int, least: int, spread: int
) -> None:
    """Change the side of the best vertex that may move, again and again.

    Parameters
    ----------
    graph : Graph
        The graph.
    cut : Cut
        The state, which `stand` has begun.
    moves : int
        Most moves.
    depth : int
        Moves without a better value after which it ends.
    least, spread : int
        A vertex that moved may not for the next `least` moves, and up to `spread` more;
        ``cut.head`` has more places than both.
    """
    count, slots = cut.count, cut.head.size - 1
    end = count[MOVES] + moves
    while count[MOVES] < end and count[SINCE] < depth:
        slot = count[MOVES] & slots
        v = cut.head[slot]
        cut.head[slot] = -1
        while v >= 0:
            cut.key[v] += graph.far
            cut.top[v // BLOCK] = max(cut.top[v // BLOCK], cut.key[v])
            v = cut.next[v]
        count[MOVES] += 1
        count[SINCE] += 1
        v = _first_of_most(cut, graph.far)
        if v < 0:
            continue
        _flip(graph, cut, v)
        slot = (count[MOVES] + least + below(cut.random, spread + 1)) & slots
        cut.next[v] = cut.head[slot]
        cut.head[slot] = v
        if cut.sums[VALUE] > cut.sums[BEST] + 1e-9 * abs(cut.sums[BEST]):
            cut.sums[BEST] = cut.sums[VALUE]
            count[SINCE] = 0
            for u in range(cut.side.size):
                cut.best[u] = cut.side[u]

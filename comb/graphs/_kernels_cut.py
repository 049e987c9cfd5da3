"""Numba kernels of a tabu search for max-cut, over a tournament of gains."""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

from combkit.comb._kernels_random import below
from combkit.instances.kernels import kernel

__all__ = ["BEST", "MOVES", "SINCE", "TABU", "VALUE", "Cut", "Graph", "search", "stand"]

#: Places of `Cut.sums`: the value now, the best one since `stand`.
VALUE, BEST = 0, 1
#: Places of `Cut.count`: moves in all, moves since the best value.
MOVES, SINCE = 0, 1
#: What stands in the tournament for a vertex that may not move.
TABU = -1e300
#: Vertices for each one that a vertex is joined to, on average, up to which all
#: gains are looked at.
_DENSE = 25
#: Vertices whose largest gain is looked for at once.
_BLOCK = 32


class Graph(NamedTuple):
    """Neighbours of vertex v: ``near[first[v]:first[v + 1]]``, with their weights."""

    first: Any
    near: Any
    weight: Any


class Cut(NamedTuple):
    """A partition and what is known of it.

    ``gain[v]`` is what the cut gains when v changes sides. ``tree`` is a tournament of
    the gains of vertices whose ``tabu`` is 0, not `TABU`: the larger of two children
    stands above them, vertex v at ``tree[size + v]``; of dense graphs, only vertices
    and the blocks of the last look are up to date. Vertices that may move again after
    the same move are a list: ``head[move % head.size]``, then ``next``. ``best`` is
    the best partition.
    """

    side: Any
    gain: Any
    tree: Any
    tabu: Any
    head: Any
    next: Any
    best: Any
    sums: Any
    count: Any
    random: Any


@kernel
def stand(graph: Any, cut: Any) -> None:
    """Begin at the partition that it stands at: gains and value, nothing tabu."""
    n, size = cut.side.size, cut.tree.size // 2
    total = 0.0
    for v in range(n):
        gain = 0.0
        for k in range(graph.first[v], graph.first[v + 1]):
            if cut.side[graph.near[k]] == cut.side[v]:
                gain += graph.weight[k]
            else:
                gain -= graph.weight[k]
                total += 0.5 * graph.weight[k]
        cut.gain[v] = gain
        cut.tree[size + v] = gain
        cut.tabu[v] = 0.0
        cut.best[v] = cut.side[v]
    for v in range(n, size):
        cut.tree[size + v] = TABU
    for i in range(size - 1, 0, -1):
        cut.tree[i] = max(cut.tree[2 * i], cut.tree[2 * i + 1])
    for slot in range(cut.head.size):
        cut.head[slot] = -1
    cut.sums[VALUE] = cut.sums[BEST] = total
    cut.count[SINCE] = 0


@kernel
def _put(tree: Any, v: int, value: float) -> None:
    """Change what stands for a vertex, up to where another one wins as before."""
    i = tree.size // 2 + v
    if tree[i] == value:
        return
    tree[i] = value
    i >>= 1
    while i >= 1:
        winner = max(tree[2 * i], tree[2 * i + 1])
        if tree[i] == winner:
            return
        tree[i] = winner
        i >>= 1


@kernel(inline=True)
def _stand_for(cut: Any, v: int, value: float, dense: bool) -> None:
    """Change what stands for a vertex; in dense graphs only there."""
    if dense:
        cut.tree[cut.tree.size // 2 + v] = value
    else:
        _put(cut.tree, v, value)


@kernel
def _winner(cut: Any) -> int:
    """Return a vertex of largest gain, -1 if none may move; of ties any may be it."""
    tree = cut.tree
    if tree[1] == TABU:
        return -1
    size = tree.size // 2
    i, coins = 1, below(cut.random, 2**30)
    while i < size:
        i = 2 * i
        if tree[i + 1] > tree[i]:
            i += 1
        elif tree[i + 1] == tree[i]:
            i += coins & 1
            coins >>= 1
    return i - size


@kernel(reassociates=True)
def _most(keys: Any, first: int, end: int) -> float:
    """Return the largest of some keys."""
    most = TABU
    for k in range(first, end):
        most = max(most, keys[k])
    return most


@kernel
def _first_of_most(cut: Any) -> int:
    """Return a vertex of largest gain, -1 if none may move: all are looked at.

    The largest of each block of vertices stands where the tournament has it.
    """
    tree, size = cut.tree, cut.tree.size // 2
    width = min(_BLOCK, size)
    blocks, most = size // width, TABU
    for b in range(blocks):
        first = size + b * width
        tree[blocks + b] = _most(tree, first, first + width)
        most = max(most, tree[blocks + b])
    if most == TABU:
        return -1
    b, k = below(cut.random, blocks), below(cut.random, width)
    while tree[blocks + b] != most:
        b = (b + 1) % blocks
    while tree[size + b * width + k] != most:
        k = (k + 1) % width
    return b * width + k


@kernel
def _flip(graph: Any, cut: Any, v: int, dense: bool) -> None:
    side, gain, size = cut.side, cut.gain, cut.tree.size // 2
    cut.sums[VALUE] += gain[v]
    gain[v] = -gain[v]
    side[v] = 1 - side[v]
    for k in range(graph.first[v], graph.first[v + 1]):
        u = graph.near[k]
        # An edge that is cut now loses by a change of its other end; without branches,
        # which nobody could predict.
        gain[u] += (2.0 - 4.0 * (side[u] ^ side[v])) * graph.weight[k]
        if dense:
            cut.tree[size + u] = gain[u] + cut.tabu[u]
        elif cut.tabu[u] == 0.0:
            _put(cut.tree, u, gain[u])


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
    count = cut.count
    # Where a move changes many gains, a look at all is cheaper than the tournament.
    dense = graph.near.size * _DENSE >= cut.side.size**2
    end = count[MOVES] + moves
    while count[MOVES] < end and count[SINCE] < depth:
        slot = count[MOVES] % cut.head.size
        v = cut.head[slot]
        cut.head[slot] = -1
        while v >= 0:
            cut.tabu[v] = 0.0
            _stand_for(cut, v, cut.gain[v], dense)
            v = cut.next[v]
        count[MOVES] += 1
        count[SINCE] += 1
        v = _first_of_most(cut) if dense else _winner(cut)
        if v < 0:
            continue
        cut.tabu[v] = TABU
        _stand_for(cut, v, TABU, dense)
        _flip(graph, cut, v, dense)
        slot = (count[MOVES] + least + below(cut.random, spread + 1)) % cut.head.size
        cut.next[v] = cut.head[slot]
        cut.head[slot] = v
        if cut.sums[VALUE] > cut.sums[BEST] + 1e-9 * abs(cut.sums[BEST]):
            cut.sums[BEST] = cut.sums[VALUE]
            count[SINCE] = 0
            for u in range(cut.side.size):
                cut.best[u] = cut.side[u]

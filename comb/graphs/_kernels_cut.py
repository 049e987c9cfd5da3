"""Numba kernels of the breakout local search for max-cut.

References
----------
.. [1] U. Benlic, J.-K. Hao, "Breakout local search for the max-cut problem",
   Engineering Applications of Artificial Intelligence 26, 2013.
"""

# Compiled code carries its own types; the annotations only tell what is meant.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from combkit.comb._kernels_random import below
from combkit.instances.kernels import kernel

__all__ = ["BEST", "VALUE", "Cut", "Graph", "search", "stand"]

#: Places of `Cut.sums` and of `Cut.count`.
VALUE, BEST, LAST = 0, 1, 2
MOVES, STALLED, LENGTH, CLIMBING = 0, 1, 2, 3
#: A chance in millionths.
_MILLION = 1_000_000


class Graph(NamedTuple):
    """Neighbours of vertex v: ``near[first[v]:first[v + 1]]``, with their weights."""

    first: Any
    near: Any
    weight: Any


class Cut(NamedTuple):
    """A partition and what is known of it.

    ``gain[v]`` is what the cut gains when v changes sides, ``free[v]`` the move from
    which on it may do so again; ``best`` is the best partition.
    """

    side: Any
    gain: Any
    free: Any
    best: Any
    sums: Any
    count: Any
    random: Any


@kernel
def stand(graph: Any, cut: Any) -> None:
    """Compute gains and value of the partition that it stands at."""
    total = 0.0
    for v in range(cut.side.size):
        gain = 0.0
        for k in range(graph.first[v], graph.first[v + 1]):
            if cut.side[graph.near[k]] == cut.side[v]:
                gain += graph.weight[k]
            else:
                gain -= graph.weight[k]
                total += 0.5 * graph.weight[k]
        cut.gain[v] = gain
        cut.free[v] = 0
    cut.sums[VALUE] = total
    if total > cut.sums[BEST]:
        _keep(cut)


@kernel
def _keep(cut: Any) -> None:
    cut.sums[BEST] = cut.sums[VALUE]
    for v in range(cut.side.size):
        cut.best[v] = cut.side[v]


@kernel
def _flip(graph: Any, cut: Any, v: int, tenure: int) -> None:
    side, gain = cut.side, cut.gain
    cut.sums[VALUE] += gain[v]
    gain[v] = -gain[v]
    side[v] = 1 - side[v]
    for k in range(graph.first[v], graph.first[v + 1]):
        u = graph.near[k]
        # An edge that is cut now loses by a change of its other end.
        if side[u] == side[v]:
            gain[u] += 2.0 * graph.weight[k]
        else:
            gain[u] -= 2.0 * graph.weight[k]
    cut.count[MOVES] += 1
    cut.free[v] = cut.count[MOVES] + tenure


@kernel
def _steepest(cut: Any) -> int:
    """Return the vertex of largest gain."""
    gain = cut.gain
    best, most = 0, gain[0]
    for v in range(1, gain.size):
        if gain[v] > most:
            best, most = v, gain[v]
    return best


@kernel
def _directed(cut: Any) -> int:
    """Return a vertex of largest gain that may move, or that gives a new best cut."""
    gain, free, now = cut.gain, cut.free, cut.count[MOVES]
    needed = cut.sums[BEST] - cut.sums[VALUE]
    best, most, ties = -1, 0.0, 0
    for v in range(gain.size):
        if free[v] > now and gain[v] <= needed:
            continue
        if best < 0 or gain[v] > most:
            best, most, ties = v, gain[v], 1
        elif gain[v] == most:
            ties += 1
            if below(cut.random, ties) == 0:
                best = v
    return best if best >= 0 else below(cut.random, gain.size)


@kernel
def _on_side(cut: Any, side: int) -> int:
    """Return a vertex of a side of largest gain that may move, -1 for none."""
    gain, free, now = cut.gain, cut.free, cut.count[MOVES]
    best, ties = -1, 0
    for v in range(gain.size):
        if cut.side[v] != side or free[v] > now:
            continue
        if best < 0 or gain[v] > gain[best]:
            best, ties = v, 1
        elif gain[v] == gain[best]:
            ties += 1
            if below(cut.random, ties) == 0:
                best = v
    return best


@kernel
def search(
    graph: Any,
    cut: Any,
    moves: int,
    shortest: int,
    longest: int,
    patience: int,
    least: int,
    swaps: int,
) -> None:
    """Climb to local optima and break out of them, for about so many moves.

    Parameters
    ----------
    shortest, longest : int
        Moves of a perturbation at first, and of a strong one.
    patience : int
        Local optima without a new best cut until a strong perturbation.
    least : int
        Smallest chance of a perturbation that is directed by gains, in millionths.
    swaps : int
        Chance that another one exchanges vertices of both sides, in millionths.
    """
    count, n = cut.count, cut.side.size
    end = count[MOVES] + moves
    while count[MOVES] < end:
        while True:
            v = _steepest(cut)
            if cut.gain[v] <= 0.0 or count[MOVES] >= end:
                break
            _flip(graph, cut, v, 3 + below(cut.random, max(1, n // 10)))
        if cut.gain[v] > 0.0:
            return
        if cut.sums[VALUE] > cut.sums[BEST] + 1e-9 * abs(cut.sums[BEST]):
            _keep(cut)
            count[STALLED] = 0
        else:
            count[STALLED] += 1
        strong = count[STALLED] > patience
        if strong:
            count[STALLED] = 0
        if cut.sums[VALUE] == cut.sums[LAST]:
            count[LENGTH] += 1
        else:
            count[LENGTH] = shortest
        cut.sums[LAST] = cut.sums[VALUE]
        length = longest if strong else min(count[LENGTH], longest)
        chance = max(
            np.int64(np.exp(-count[STALLED] / patience) * _MILLION), np.int64(least)
        )
        kind = 2
        if not strong:
            if below(cut.random, _MILLION) < chance:
                kind = 0
            elif below(cut.random, _MILLION) < swaps:
                kind = 1
        for _ in range(length):
            tenure = 3 + below(cut.random, max(1, n // 10))
            if kind == 0:
                _flip(graph, cut, _directed(cut), tenure)
            elif kind == 1:
                for side in range(2):
                    u = _on_side(cut, side)
                    if u >= 0:
                        _flip(graph, cut, u, tenure)
            else:
                _flip(graph, cut, below(cut.random, n), tenure)
            if cut.sums[VALUE] > cut.sums[BEST] + 1e-9 * abs(cut.sums[BEST]):
                _keep(cut)
                count[STALLED] = 0

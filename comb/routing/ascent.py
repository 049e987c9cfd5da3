"""Penalties of cities by subgradient ascent, and the candidates they tell.

Edges of an optimal tour are nearly all among the edges that a minimum 1-tree
hardly misses, once penalties have made the tree nearly a tour. All trees but
the last are on near edges only, so that an iteration takes O(n log n).

References
----------
.. [1] M. Held and R. M. Karp, "The traveling-salesman problem and minimum
   spanning trees: part II", Mathematical Programming 1 (1971).
   https://doi.org/10.1007/BF01584070
.. [2] K. Helsgaun, "An effective implementation of the Lin-Kernighan traveling
   salesman heuristic", European Journal of Operational Research 126 (2000),
   section 4.1. https://doi.org/10.1016/S0377-2217(99)00284-2
.. [3] T. Volgenant and R. Jonker, "A branch and bound algorithm for the symmetric
   traveling salesman problem based on the 1-tree relaxation", European Journal
   of Operational Research 9 (1982), for the steps.
   https://doi.org/10.1016/0377-2217(82)90015-7
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from combkit.comb.routing._kernels_trees import Tree

__all__ = ["Ascent", "ascend"]

Floats = NDArray[np.float64]
Nodes = NDArray[np.int32]

#: Shares of the current and the last degrees in a step.
_NOW, _BEFORE = 0.6, 0.4


class Ascent(NamedTuple):
    """What an ascent has found.

    Attributes
    ----------
    u, v : ndarray, shape (m,), int32
        Ends of the edges that were looked at.
    penalty : ndarray, shape (n,), float64
        Penalties of the best 1-tree.
    alpha : ndarray, shape (m,), float64
        By how much that tree grows if it must contain an edge.
    weight : float
        Weight of the best 1-tree on these edges, penalties subtracted.
    leaf : int
        The leaf whose second edge was the heaviest.
    steps : int
        Trees that there was time for.
    """

    u: Nodes
    v: Nodes
    penalty: Floats
    alpha: Floats
    weight: float
    leaf: int
    steps: int

    def by_alpha(self) -> Iterator[tuple[int, int]]:
        """Return the edges, those that a good tour is likely to have first."""
        order = np.argsort(self.alpha, kind="stable")
        return zip(self.u[order].tolist(), self.v[order].tolist(), strict=True)


def ascend(
    u: Nodes,
    v: Nodes,
    length: Floats,
    n: int,
    steps: int,
    seconds: float = math.inf,
    stopped: Callable[[], bool] = lambda: False,
) -> Ascent:
    """Raise the weight of the minimum 1-tree of a connected graph.

    Parameters
    ----------
    u, v : ndarray, shape (m,), int32
        Ends of the edges, each edge once.
    length : ndarray, shape (m,), float64
        Lengths.
    n : int
        Number of nodes.
    steps : int
        Trees to look at, at least 1.
    seconds : float
        Fewer steps are made where so many would take longer.
    stopped : callable
        Ends the ascent early by returning True.
    """
    from combkit.comb.routing import _kernels_trees as kernels

    tree = _room(n, u.size)
    penalty, best = np.zeros(n), np.zeros(n)
    most, leaf, before = -math.inf, 0, np.zeros(n)
    mean = 0.0
    step = 0
    while step < steps:
        started = time.perf_counter()
        weight = length + penalty[u] + penalty[v]
        total = kernels.span(u, v, weight, np.argsort(weight), tree)
        ends = np.flatnonzero(tree.degree == 1)
        special = ends[np.argmax(tree.spare[ends])]
        total += tree.spare[special] - 2.0 * penalty.sum()
        if total > most:
            most, leaf, best = total, int(special), penalty
        if step == 0:
            mean = total / n
        if step == 1:  # the first one may load the kernels
            spent = time.perf_counter() - started
            steps = int(max(1, min(steps, seconds / max(spent, 1e-9))))
        surplus = tree.degree - 2.0
        surplus[special] += 1.0
        if not surplus.any():
            break
        if stopped():
            steps = step + 1
            break
        size = _step_size(step, steps) * 0.5 * mean
        penalty = penalty + size * (_NOW * surplus + _BEFORE * before)
        before = surplus
        step += 1
    weight = length + best[u] + best[v]
    kernels.span(u, v, weight, np.argsort(weight), tree)
    alpha = np.empty(u.size)
    kernels.detours(u, v, weight, tree, alpha)
    return Ascent(u, v, best, alpha, most, leaf, steps)


def _step_size(step: int, steps: int) -> float:
    """Return the size of a step, falling from 1 to 0 with constant curvature."""
    if steps <= 2:
        return 1.0
    m = step + 1
    linear = step * (2 * steps - 5) / (2 * (steps - 1)) - (m - 2)
    return linear + 0.5 * step * (m - 2) / ((steps - 1) * (steps - 2))


def _room(n: int, m: int) -> Tree:
    from combkit.comb.routing._kernels_trees import Tree

    return Tree(
        parent=np.empty(n, np.int32),
        size=np.empty(n, np.int32),
        link=np.empty(n),
        degree=np.empty(n, np.int32),
        used=np.empty(m, np.uint8),
        spare=np.empty(n),
    )

"""The least way from the depot to each node: what any tour through it must go."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.instances.mtsp import MTSP
from combkit.instances.prizes import Outing

__all__ = ["shortest_ways"]

#: Above, shortest ways are not looked for; only unrounded distances are known then.
_MOST = 2_000
#: Relative error of sums of distances in another order.
_NOISE = 1e-12


def shortest_ways(problem: Outing | MTSP) -> NDArray[np.float64]:
    """Return a lower bound of the way from the depot to each node.

    Distances that are rounded or given by a matrix need not obey the triangle
    inequality, so that a way by other nodes may be shorter: these are looked for
    up to 2,000 nodes, above which such bounds are 0.

    Returns
    -------
    ndarray of float64, shape (n + 1,)
        In the unit of the distances; 0 for the depot.

    References
    ----------
    .. [1] E. W. Dijkstra, "A note on two problems in connexion with graphs",
       Numerische Mathematik 1, 1959. https://doi.org/10.1007/BF01386390
    """
    nodes = np.arange(problem.n + 1)
    ways = problem.distance(0, nodes).astype(np.float64)
    if problem.metric == "euclidean":
        return ways * (1.0 - _NOISE)
    if problem.n >= _MOST:
        return np.zeros(nodes.size)
    matrix = problem.distances().astype(np.float64)
    done = np.zeros(nodes.size, dtype=bool)
    for _ in nodes:
        node = int(np.where(done, np.inf, ways).argmin())
        done[node] = True
        np.minimum(ways, ways[node] + matrix[node], out=ways)
    return ways if problem.integral else ways * (1.0 - _NOISE)

"""Near neighbours of nodes, and an order in which near nodes are close."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from combkit.instances.cvrp import CVRP
from combkit.instances.tsp import ATSP, TSP

__all__ = [
    "Routing",
    "curve_order",
    "embedding",
    "is_symmetric",
    "near_nodes",
    "node_count",
]

Routing = TSP | ATSP | CVRP

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Up to here all distances of the nodes are computed and compared.
_COMPARE_ALL = 1_500
#: Distances compared, or neighbours looked up, at once: it bounds the memory.
_BLOCK = 1 << 21
#: Bits of a coordinate on the Hilbert curve.
_BITS = 20
#: The norm whose nearest nodes are the metric's, where it is not Euclidean.
_NORMS = {"MAN_2D": 1.0, "MAN_3D": 1.0} | dict.fromkeys(
    ("MAX_2D", "MAX_3D", "XRAY1", "XRAY2"), np.inf
)


def node_count(problem: Routing) -> int:
    """Return the number of nodes, the depot included."""
    return problem.n + 1 if isinstance(problem, CVRP) else problem.n


def is_symmetric(problem: Routing) -> bool:
    """Whether every distance is the same in both directions."""
    if isinstance(problem, ATSP):
        return False
    matrix = problem.matrix
    return (
        matrix is None or isinstance(problem, TSP) or bool((matrix == matrix.T).all())
    )


def near_nodes(
    problem: Routing, k: int, nodes: Integers | None = None
) -> NDArray[np.int32]:
    """Return the nearest other nodes of every node, nearest first.

    Parameters
    ----------
    problem : TSP, ATSP or CVRP
        Where the nodes are. For an asymmetric matrix, near means near to go to.
    k : int
        Neighbours a node; fewer where there are not as many.
    nodes : ndarray of int64, shape (m,), optional
        The nodes to look at, all by default.

    Returns
    -------
    ndarray of int32, shape (m, min(k, m - 1))
        Positions in ``nodes``.

    Notes
    -----
    From the coordinates of many nodes they come from a k-d tree, in
    O(m log m); there XRAY1 and XRAY2 are approximated by the maximum norm.
    """
    if nodes is None:
        nodes = np.arange(node_count(problem))
    k = min(k, nodes.size - 1)
    if k <= 0:
        return np.zeros((nodes.size, 0), np.int32)
    if problem.matrix is not None or nodes.size <= _COMPARE_ALL:
        blocks = _by_comparison(problem, k, nodes)
    else:
        blocks = _by_tree(problem, k, nodes)
    near = np.concatenate([block.astype(np.int32) for block in blocks])
    if problem.coords is not None:
        _spread(problem.coords[nodes], near)
    return near


def _by_comparison(problem: Routing, k: int, nodes: Integers) -> Iterator[Integers]:
    """Yield the neighbours of blocks of nodes, from all distances."""
    step = max(1, _BLOCK // nodes.size)
    for start in range(0, nodes.size, step):
        rows = np.arange(start, min(start + step, nodes.size))
        far = problem.distance(nodes[rows, None], nodes).astype(np.float64)
        far[np.arange(rows.size), rows] = np.inf
        found = np.argpartition(far, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(far, found, 1), axis=1, kind="stable")
        yield np.take_along_axis(found, order, 1)


def _by_tree(problem: Routing, k: int, nodes: Integers) -> Iterator[Integers]:
    """Yield the neighbours of blocks of nodes, from a k-d tree."""
    from scipy.spatial import cKDTree

    points = embedding(problem)[nodes]
    norm = _NORMS.get(problem.metric, 2.0)
    tree = cKDTree(points)
    step = max(1, _BLOCK // (k + 1))
    for start in range(0, nodes.size, step):
        rows = np.arange(start, min(start + step, nodes.size))
        found = tree.query(points[rows], k + 1, p=norm)[1]
        # A node finds itself, but not always first, and among more than k + 1
        # equal points not always at all.
        itself = found == rows[:, None]
        itself[~itself.any(axis=1), -1] = True
        yield found[~itself].reshape(rows.size, k)


def _spread(points: Floats, near: NDArray[np.int32]) -> None:
    """Let nodes that share a place with many others be near different ones.

    Any of them are nearest, but if all had the same ones, nobody could be
    linked to the others.
    """
    n, k = near.shape
    order = np.lexsort(points.T)
    apart = (points[order[1:]] != points[order[:-1]]).any(axis=1)
    first = np.concatenate([[0], np.flatnonzero(apart) + 1, [n]])
    sizes = np.diff(first)
    crowded = sizes > k + 1
    for start, size in zip(first[:-1][crowded], sizes[crowded], strict=True):
        members = order[start : start + size]
        places = np.arange(size)[:, None] + np.arange(1, k + 1)
        near[members] = members[places % size]


def embedding(problem: Routing) -> Floats:
    """Return points whose distances order the nodes as the metric does.

    Parameters
    ----------
    problem : TSP, ATSP or CVRP
        A problem with coordinates.
    """
    coords = problem.coords
    if coords is None:
        raise TypeError("a matrix has no coordinates")
    if problem.metric == "GEO":
        degrees = np.trunc(coords)
        latitude, longitude = np.radians(degrees + (coords - degrees) / 0.6).T
        return np.stack(
            [
                np.cos(latitude) * np.cos(longitude),
                np.cos(latitude) * np.sin(longitude),
                np.sin(latitude),
            ],
            axis=1,
        )
    if problem.metric == "XRAY2":
        return np.asarray(coords / np.array([1.25, 1.5, 1.15]))
    return coords


def curve_order(coords: Floats) -> Integers:
    """Return the nodes in the order of a Hilbert curve through the plane.

    Parameters
    ----------
    coords : ndarray, shape (n, 2) or (n, 3)
        Coordinates; of three, the two of the largest extent count.

    References
    ----------
    .. [1] L. K. Platzman and J. J. Bartholdi, "Spacefilling curves and the
       planar travelling salesman problem", J. ACM 36(4), 1989.
       https://doi.org/10.1145/76359.76361
    """
    low = coords.min(axis=0)
    extent = coords.max(axis=0) - low
    if not extent.any():
        return np.arange(len(coords))
    axes = np.sort(np.argsort(extent, kind="stable")[-2:])
    unit = (coords - low)[:, axes] / extent.max()
    x, y = (unit * (2.0**_BITS - 1.0)).astype(np.int64).T
    index = np.zeros(len(coords), np.int64)
    for bit in range(_BITS - 1, -1, -1):
        right, upper = (x >> bit) & 1, (y >> bit) & 1
        index += ((3 * right) ^ upper) << (2 * bit)
        # Turn the quadrant so that the curve continues in the next level.
        swap = upper == 0
        mirror = swap & (right == 1)
        side = (1 << bit) - 1
        x = np.where(mirror, side - (x & side), x & side)
        y = np.where(mirror, side - (y & side), y & side)
        x, y = np.where(swap, y, x), np.where(swap, x, y)
    return np.argsort(index, kind="stable")

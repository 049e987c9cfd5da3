"""Vertices and undirected edges as problems on graphs are given them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.problem import frozen_array, require

__all__ = ["edges_of", "ends_of", "keys_of", "vertices_of"]

Integers = NDArray[np.int64]


def vertices_of(n: int) -> int:
    """Return a number of vertices.

    Raises
    ------
    InvalidProblemError
        If it is no integer of 1 to 2**31 - 1.
    """
    require(
        isinstance(n, int | np.integer) and 0 < n < 2**31,
        "n",
        f"{n!r} is not a number of vertices of 1 to 2**31 - 1",
    )
    return int(n)


def ends_of(n: int, edges: ArrayLike) -> Integers:
    """Return the ends of edges as they are given, shape (m, 2).

    Parameters
    ----------
    n : int
        Number of vertices, numbered from 0.
    edges : array_like, shape (m, 2)
        The edges.

    Raises
    ------
    InvalidProblemError
        If an edge ends at an unknown vertex or where it begins.
    """
    if np.size(edges) == 0:
        edges = np.zeros((0, 2), dtype=np.int64)
    array: Integers = frozen_array("edges", edges, np.int64, (None, 2), minimum=0)
    out = np.flatnonzero((array >= n).any(axis=1))
    if out.size:
        u, v = array[out[0]].tolist()
        require(False, "edges", f"edge {u}-{v}: vertices are 0 to {n - 1}")
    loops = np.flatnonzero(array[:, 0] == array[:, 1])
    if loops.size:
        u = int(array[loops[0], 0])
        require(False, "edges", f"edge {u}-{u} is a loop")
    return array


def keys_of(n: int, ends: Integers) -> Integers:
    """Return a number of each edge that does not depend on the order of its ends."""
    keys: Integers = ends.min(axis=1) * n + ends.max(axis=1)
    return keys


def edges_of(n: int, keys: Integers) -> Integers:
    """Return the read-only edges of `keys_of`, the smaller end first."""
    edges: Integers = np.stack([keys // n, keys % n], axis=1)
    edges.flags.writeable = False
    return edges

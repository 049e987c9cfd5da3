"""Bounds of the extreme duals of a recourse that is a network.

Where each column of the recourse has at most two entries, +1 and -1 but for the signs
of rows, the dual constraints are differences of potentials: arcs of a graph, with a
ground node of potential 0 for the signs of duals and columns of one entry. At an
extreme point tight arcs connect every node to the ground. So somewhere a node is tight
with the ground, and either it is the node in question or the path to that one leaves
it by a tight arc: for each such pair of arcs, shortest paths bound all potentials.

Some best dual is extreme, whatever the right-hand sides are: the bounds may serve as
the constants of McCormick's rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.mip.robust.ccg.standard import Fixed

__all__ = ["extreme_duals", "is_network"]

Floats = NDArray[np.float64]

_TOLERANCE = 1e-9


def is_network(matrix: Any) -> bool:
    """Return whether each column is the difference of two rows at most, but for signs.

    Such a matrix is totally unimodular.

    Parameters
    ----------
    matrix : sparse array
        The matrix.
    """
    return _signs(matrix) is not None


def extreme_duals(fixed: Fixed) -> tuple[Floats, Floats] | None:
    """Return bounds of each side's dual at all extreme points, or None.

    Parameters
    ----------
    fixed : Fixed
        The recourse; neither its coefficients nor its costs are uncertain.

    Returns
    -------
    tuple of ndarray of float64, shape (sides,), or None
        Lower and upper bounds, infinite where none is known; None if the recourse is
        no network.
    """
    sides = fixed.rhs.size
    signs = _signs(fixed.matrix)
    if signs is None:
        return None
    length = _arcs(fixed, signs)
    distance = length.copy()
    np.fill_diagonal(distance, 0.0)
    for k in range(sides + 1):
        np.minimum(distance, distance[:, k, None] + distance[k], out=distance)
    if (np.diag(distance) < -_TOLERANCE).any():
        return None  # no duals at all
    ground = sides
    low, high = np.full(sides + 1, np.inf), np.full(sides + 1, -np.inf)
    for z in range(sides):
        for potential in {length[z, ground], -length[ground, z]}:
            if not np.isfinite(potential):
                continue
            low[z], high[z] = min(low[z], potential), max(high[z], potential)
            for y in range(sides):
                if y == z:
                    continue
                for other in {potential - length[z, y], potential + length[y, z]}:
                    if np.isfinite(other):
                        known = {ground: 0.0, z: potential, y: other}
                        _widen(distance, known, low, high)
    low, high = low[:sides], high[:sides]
    never = low > high  # there is no extreme point
    low[never], high[never] = -np.inf, np.inf
    return np.where(signs > 0, low, -high), np.where(signs > 0, high, -low)


def _widen(
    distance: Floats, known: dict[int, float], low: Floats, high: Floats
) -> None:
    """Widen bounds by what potentials may be where some are known."""
    nodes = list(known)
    at = np.array([known[node] for node in nodes])
    upper = (distance[:, nodes] + at).min(axis=1)
    lower = (at[:, None] - distance[nodes]).max(axis=0)
    size = _TOLERANCE * np.maximum(1.0, np.abs(at))
    if (upper[nodes] >= at - size).all() and (lower[nodes] <= at + size).all():
        np.minimum(low, lower, out=low)
        np.maximum(high, upper, out=high)


def _signs(matrix: Any) -> Floats | None:
    """Return signs of rows that give each column a +1 and a -1, or None."""
    columns = matrix.tocsc()
    counts = np.diff(columns.indptr)
    if (counts > 2).any() or (np.abs(columns.data) != 1.0).any():
        return None
    neighbours: list[list[tuple[int, float]]] = [[] for _ in range(matrix.shape[0])]
    for j in np.flatnonzero(counts == 2).tolist():
        first = columns.indptr[j]
        a, b = columns.indices[first : first + 2].tolist()
        relation = -columns.data[first] * columns.data[first + 1]
        neighbours[a].append((b, relation))
        neighbours[b].append((a, relation))
    signs = np.zeros(matrix.shape[0])
    for root in range(signs.size):
        if signs[root]:
            continue
        signs[root], stack = 1.0, [root]
        while stack:
            a = stack.pop()
            for b, relation in neighbours[a]:
                if not signs[b]:
                    signs[b] = relation * signs[a]
                    stack.append(b)
                elif signs[b] != relation * signs[a]:
                    return None
    return signs


def _arcs(fixed: Fixed, signs: Floats) -> Floats:
    """Return lengths: the potential of i exceeds that of k by at most ``[i, k]``."""
    sides = ground = fixed.rhs.size
    length = np.full((sides + 1, sides + 1), np.inf)
    for i in range(sides):
        if not fixed.equation[i]:
            arc = (ground, i) if signs[i] > 0 else (i, ground)
            length[arc] = 0.0
    columns = fixed.matrix.tocsc()
    for j in range(fixed.cost.size):
        part = slice(columns.indptr[j], columns.indptr[j + 1])
        ends = {1.0: ground, -1.0: ground}
        for i, value in zip(columns.indices[part], columns.data[part], strict=True):
            ends[float(value * signs[i])] = int(i)
        a, b = ends[1.0], ends[-1.0]
        if a != b:
            length[a, b] = min(length[a, b], fixed.cost[j])
            if fixed.free[j]:
                length[b, a] = min(length[b, a], -fixed.cost[j])
    return length

"""Cells: groups of nodes that are conquered together, cut elsewhere every time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UsageError

__all__ = ["blocks", "chunks", "plane", "windows"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def plane(problem: Any, cut: str = "auto") -> Floats | None:
    """Return positions of all nodes in the plane, None where it is not to be cut.

    Parameters
    ----------
    problem : Problem
        A problem with nodes; of three coordinates the first two count.
    cut : str
        ``blocks`` of the plane, ``windows`` of the tour, or ``auto``: blocks where
        there are coordinates.

    Raises
    ------
    UsageError
        If there are no coordinates for blocks.
    """
    points = problem.coords if problem.coords is not None else problem.display
    if cut == "blocks" and points is None:
        raise UsageError("cut='blocks': there are no coordinates")
    if cut == "windows" or points is None:
        return None
    flat: Floats = points[:, :2]
    return flat


def blocks(
    points: Floats, weights: Floats, size: float, rng: np.random.Generator
) -> list[Integers]:
    """Split points into compact blocks of about equal weight, at least two.

    The plane is turned by a random angle, then halved across its longer side again
    and again.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Points.
    weights : ndarray, shape (n,)
        Their weights, not negative.
    size : float
        Largest weight of a block, about.
    rng : Generator
        For the angle.

    Returns
    -------
    list of ndarray of int64
        Rows of ``points``, every one in a block.
    """
    angle = rng.uniform(0.0, 2.0 * math.pi)
    cosine, sine = math.cos(angle), math.sin(angle)
    turned = points @ np.array([[cosine, -sine], [sine, cosine]])
    count = max(2, math.ceil(float(weights.sum()) / max(size, 1e-12)))
    found: list[Integers] = []
    todo = [(np.arange(len(points)), count)]
    while todo:
        rows, parts = todo.pop()
        if parts == 1 or rows.size < 2:
            found.append(rows)
            continue
        here = turned[rows]
        axis = int(np.argmax(np.ptp(here, axis=0)))
        rows = rows[np.argsort(here[:, axis], kind="stable")]
        share = np.cumsum(weights[rows])
        left = parts // 2
        cut = int(np.searchsorted(share, share[-1] * left / parts)) + 1
        cut = min(max(cut, 1), rows.size - 1)
        todo += [(rows[cut:], parts - left), (rows[:cut], left)]
    return found


def windows(order: Integers, size: int, offset: int) -> list[Integers]:
    """Split a cyclic order into at least two windows of about equal length.

    Parameters
    ----------
    order : ndarray of int64, shape (n,)
        Nodes in a cyclic order.
    size : int
        Longest window, but that there are two.
    offset : int
        Where the first one begins.
    """
    count = max(2, math.ceil(order.size / size))
    return [
        part for part in np.array_split(np.roll(order, -offset), count) if part.size
    ]


def chunks(order: Sequence[Integers], size: int) -> list[list[int]]:
    """Group neighbours of an order, at least two of them and two groups if it goes.

    Parameters
    ----------
    order : sequence of ndarray
        Groups of nodes, in an order in which near ones are neighbours.
    size : int
        Nodes of a group, about.

    Returns
    -------
    list of list of int
        Positions in ``order``.
    """
    sizes = np.array([part.size for part in order])
    count = min(max(2, math.ceil(int(sizes.sum()) / size)), max(1, len(order) // 2))
    ends = (np.cumsum(sizes) - 0.5 * sizes) * count / max(1, int(sizes.sum()))
    place = np.minimum(ends.astype(np.int64), count - 1)
    return [np.flatnonzero(place == k).tolist() for k in range(count)]

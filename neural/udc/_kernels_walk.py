"""Compiled walks along a heatmap; see ``heatmap``."""

from __future__ import annotations

from typing import Any

from combkit.comb.routing._kernels_tour import distance
from combkit.instances.kernels import kernel

__all__ = ["walk"]


@kernel
def walk(
    metric: int,
    points: Any,
    matrix: Any,
    near: Any,
    heat: Any,
    open_nodes: Any,
    tour: Any,
    begin: int,
    end: int,
) -> None:
    """Go on from the last node of a tour, always along the hottest open edge.

    Where no near node is open, the nearest open one is next.

    Parameters
    ----------
    metric, points, matrix
        Distances, see ``distance``.
    near : ndarray of int64, shape (n, k)
        Near nodes.
    heat : ndarray of float32, shape (n, k)
        Heat of the edges to them.
    open_nodes : ndarray of bool, shape (n,)
        Who may still be visited; changed.
    tour : ndarray of int64, shape (m,)
        The tour; places ``begin`` to ``end`` are filled.
    begin, end : int
        The places, the first one above 0.
    """
    for place in range(begin, end):
        here = tour[place - 1]
        best, following = -1e308, -1
        for j in range(near.shape[1]):
            node = near[here, j]
            if open_nodes[node] and heat[here, j] > best:
                best, following = heat[here, j], node
        if following < 0:
            least = 1e308
            for node in range(open_nodes.size):
                if open_nodes[node]:
                    far = distance(metric, points, matrix, here, node)
                    if far < least:
                        least, following = far, node
        open_nodes[following] = False
        tour[place] = following

"""Pieces of fleets: neighbouring routes, whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.cvrp import CVRP
from combkit.instances.mtsp import MTSP
from combkit.instances.solutions import Routes
from combkit.neural.udc.cells import blocks, chunks, plane
from combkit.neural.udc.pieces import Piece

__all__ = ["FleetCutter"]

Integers = NDArray[np.int64]


class FleetCutter:
    """Cuts sets of routes into groups of neighbouring routes.

    In turn, routes are neighbours by their centres in the plane and by the direction
    in which their centres lie from the depot. Without coordinates, any are.

    Parameters
    ----------
    problem : CVRP, OVRP or MTSP
        The problem.

    References
    ----------
    .. [1] A. Santini et al., "Decomposition strategies for vehicle routing
       heuristics", INFORMS Journal on Computing 35(3), 2023.
       https://doi.org/10.1287/ijoc.2023.1288
    """

    def __init__(self, problem: CVRP | MTSP) -> None:
        self._problem = problem
        self._points = plane(problem)

    def cells(
        self, solution: Routes, size: int, stage: int, rng: np.random.Generator
    ) -> list[Integers]:
        """Return the customers of groups of routes."""
        routes = [route for route in solution.routes if route.size]
        if len(routes) < 2:
            return routes
        groups: list[Any]
        if self._points is None:
            order = rng.permutation(len(routes))
        else:
            centres = np.array([self._points[route].mean(axis=0) for route in routes])
            if stage % 2:
                away = centres - self._points[0]
                angle = np.arctan2(away[:, 1], away[:, 0])
                order = np.argsort(angle, kind="stable")
                order = np.roll(order, int(rng.integers(order.size)))
            else:
                sizes = np.array([float(route.size) for route in routes])
                size = min(size, int(sizes.sum()) // 2)
                groups = blocks(centres, sizes, size, rng)
                return [np.concatenate([routes[k] for k in g]) for g in groups]
        groups = chunks([routes[k] for k in order], size)
        return [np.concatenate([routes[order[k]] for k in g]) for g in groups if g]

    def piece(self, solution: Routes, cell: Integers) -> Piece | None:
        """Return the problem of the customers of a cell and of their routes."""
        problem = self._problem
        chosen = np.zeros(problem.n + 1, bool)
        chosen[cell] = True
        mine: list[Integers] = []
        others: list[Integers] = []
        for route in solution.routes:
            if route.size:
                (mine if chosen[route[0]] else others).append(route)
        nodes = np.concatenate([[0], *mine])
        place = np.zeros(problem.n + 1, np.int64)
        place[nodes] = np.arange(nodes.size)
        changes: dict[str, Any] = {"display": None}
        if problem.coords is not None:
            changes["coords"] = problem.coords[nodes]
        if problem.matrix is not None:
            changes["matrix"] = problem.matrix[np.ix_(nodes, nodes)]
        if isinstance(problem, MTSP):
            if len(mine) < 2:
                return None
            changes["salesmen"] = problem.salesmen - len(others)
        else:
            changes["demands"] = problem.demands[nodes]
            if problem.service_time is not None:
                changes["service_time"] = problem.service_time[nodes]
            if problem.vehicles is not None:
                changes["vehicles"] = problem.vehicles - len(others)
        return Piece(
            replace(problem, **changes),
            Routes([place[route] for route in mine]),
            lambda found: Routes([*others, *(nodes[r] for r in found.routes)]),
        )

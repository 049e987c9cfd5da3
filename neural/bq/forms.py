"""Problems of the suite as rows of the engine, and actions as solutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from combkit.instances.cvrp import CVRP
from combkit.instances.knapsack import Knapsack
from combkit.instances.problem import Problem
from combkit.instances.solutions import Routes, Selection, Solution, Tour
from combkit.instances.tsp import ATSP, TSP
from combkit.neural.bq.cvrp import THROUGH_DEPOT

__all__ = [
    "Form",
    "form_of",
    "policy_name",
    "routes_of",
    "stacked",
    "unsupported",
]

Array = NDArray[Any]

#: Cities of a matrix that is copied for every row: 64 MiB each.
_MATRIX_LIMIT = 4096
#: Largest capacity in whose range floats hold every integer.
_EXACT = 2.0**53
#: Fields that must be exact; other numbers are float32.
_DOUBLE = ("demand", "value", "weight", "capacity")


@dataclass(frozen=True)
class Form:
    """One problem as the engine wants it.

    Attributes
    ----------
    name : str
        Problem of the engine: the policy to use.
    n : int
        Nodes without the depot.
    row : dict of ndarray
        Arrays of ``Problem.start`` for this one.
    solution : callable
        Nodes and ways, each of shape (steps,), to a solution.
    """

    name: str
    n: int
    row: dict[str, Array]
    solution: Callable[[Array, Array], Solution]


def unsupported(problem: Problem) -> str | None:
    """Return why no policy takes a problem, or None if one does."""
    if isinstance(problem, TSP | ATSP):
        if problem.fixed_edges is not None:
            return "the policy knows no fixed edges"
        if not _planar(problem) and problem.n > _MATRIX_LIMIT:
            return f"without plane coordinates at most {_MATRIX_LIMIT} cities"
    elif isinstance(problem, CVRP):
        if not _planar(problem):
            return "the policy needs plane coordinates"
        for feature in ("max_distance", "vehicles"):
            if getattr(problem, feature) is not None:
                return f"the policy does not know {feature}"
    elif isinstance(problem, Knapsack):
        if problem.capacity >= _EXACT:
            return f"capacity {problem.capacity:g} is beyond exact floats"
    else:
        return f"no policy for {problem.kind}"
    return None


def _planar(problem: TSP | ATSP | CVRP) -> bool:
    coords = problem.coords
    return coords is not None and coords.shape[1] == 2


def policy_name(problem: Problem) -> str:
    """Return the problem of the engine that a supported problem becomes."""
    if isinstance(problem, TSP) and not _planar(problem):
        return "atsp"
    return problem.kind


def form_of(problem: Problem) -> Form:
    """Return a supported problem's form."""
    if isinstance(problem, CVRP):
        return _cvrp(problem)
    if isinstance(problem, Knapsack):
        return _kp(problem)
    if policy_name(problem) == "tsp" and isinstance(problem, TSP):
        row = {"xy": _unit(problem.coords)}
        return Form("tsp", problem.n, row, _tour_of)
    if isinstance(problem, TSP | ATSP):
        return Form("atsp", problem.n, {"costs": _costs(problem)}, _tour_of)
    raise TypeError(f"no form of {problem.kind}")


def _unit(coords: Array | None) -> NDArray[np.float64]:
    """Return coordinates moved and scaled into the unit square."""
    points = np.asarray(coords, np.float64)
    low = points.min(axis=0)
    extent = float((points.max(axis=0) - low).max())
    return np.asarray((points - low) / (extent if extent > 0.0 else 1.0))


def _costs(problem: TSP | ATSP) -> NDArray[np.float64]:
    """Return non-negative costs of mean 1: a constant more is the same for all."""
    nodes = np.arange(problem.n)
    costs = np.array(problem.distance(nodes[:, None], nodes), np.float64)
    others = ~np.eye(problem.n, dtype=bool)
    if problem.n > 1:
        costs -= min(0.0, float(costs[others].min()))
        mean = float(costs[others].mean())
        costs /= mean if mean > 0.0 else 1.0
    np.fill_diagonal(costs, 0.0)
    return costs


def _cvrp(problem: CVRP) -> Form:
    points = _unit(problem.coords)
    row = {
        "depot": points[0],
        "xy": points[1:],
        "demand": problem.demands[1:] / float(problem.capacity),
    }
    return Form(
        "cvrp", problem.n, row, lambda nodes, ways: Routes(routes_of(nodes, ways))
    )


def _routes(nodes: Array, ways: Array) -> Routes:
    return Routes(routes_of(nodes, ways))


def routes_of(nodes: Array, ways: Array) -> list[list[int]]:
    """Return the routes of actions, customers numbered from 1."""
    routes: list[list[int]] = []
    for node, way in zip(nodes.tolist(), ways.tolist(), strict=True):
        if not routes or way == THROUGH_DEPOT:
            routes.append([])
        routes[-1].append(node + 1)
    return routes


def _kp(problem: Knapsack) -> Form:
    row = {
        "value": problem.profits.astype(np.float64),
        "weight": problem.weights.astype(np.float64),
        "capacity": np.asarray(problem.capacity, np.float64),
    }
    return Form("kp", problem.n, row, lambda nodes, ways: Selection(np.sort(nodes)))


def _tour_of(nodes: Array, ways: Array) -> Tour:
    return Tour(nodes)


def stacked(forms: Sequence[Form]) -> dict[str, Tensor]:
    """Return forms of one problem as rows, smaller ones padded with zeros."""
    most = max(form.n for form in forms)
    rows: dict[str, Tensor] = {"n": torch.tensor([form.n for form in forms])}
    for name, first in forms[0].row.items():
        exact = name in _DOUBLE
        # The last axis of coordinates, and the depot, do not grow with n.
        grows = 0 if name in ("depot", "capacity") else 2 if name == "costs" else 1
        shape = (most,) * grows + np.shape(first)[grows:]
        array = np.zeros((len(forms), *shape), np.float64 if exact else np.float32)
        for k, form in enumerate(forms):
            place: tuple[int | slice, ...] = (k, *(slice(form.n),) * grows)
            array[place] = form.row[name]
        rows[name] = torch.from_numpy(array)
    return rows

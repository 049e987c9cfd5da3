"""Sparse graphs of problems with nodes in a metric, as the divider's network sees them.

Features do not change when an instance is moved, turned or scaled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.nearness import near_nodes
from combkit.comb.routing.outing_search import everywhere
from combkit.instances.cvrp import CVRP
from combkit.instances.prizes import OP, PCTSP
from combkit.instances.problem import Problem
from combkit.instances.tsp import TSP

__all__ = ["EDGE_FEATURES", "NODE_FEATURES", "Graph", "graph_of"]

#: Numbers of a node and of an edge.
NODE_FEATURES, EDGE_FEATURES = 7, 5
#: Length of an optimal tour of n random points in a unit square over sqrt(n).
_TOUR = 0.7124

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes, each with edges to its nearest ones.

    Parameters
    ----------
    near : ndarray of int64, shape (n, k)
        Who is near each node, nearest first; of problems with a depot all n nodes
        have the depot, node 0, last.
    nodes : ndarray of float32, shape (n, NODE_FEATURES)
        Features of the nodes.
    edges : ndarray of float32, shape (n, k, EDGE_FEATURES)
        Features of the edges.
    """

    near: NDArray[np.int64]
    nodes: NDArray[np.float32]
    edges: NDArray[np.float32]


def graph_of(problem: Problem, k: int = 20) -> Graph:
    """Return the graph of a problem.

    Parameters
    ----------
    problem : TSP, CVRP, OVRP, OP or PCTSP
        The problem, of at least three nodes.
    k : int
        Near nodes of each node, fewer where there are not as many.
    """
    if not isinstance(problem, TSP | CVRP | OP | PCTSP):
        raise TypeError(f"no graph of {problem.kind}")
    has_depot = not isinstance(problem, TSP)
    place = everywhere(problem) if isinstance(problem, OP | PCTSP) else problem
    near = near_nodes(place, k).astype(np.int64)
    n = near.shape[0]
    if has_depot:
        near = np.concatenate([near, np.zeros((n, 1), np.int64)], axis=1)
    rows = np.arange(n)[:, None]
    far = problem.distance(rows, near).astype(np.float64)
    spacing = max(float(np.median(far[:, : min(5, far.shape[1])])), 1e-12)
    local = np.maximum(far[:, : min(5, far.shape[1])].mean(axis=1), 1e-3 * spacing)
    nodes = np.zeros((n, NODE_FEATURES))
    edges = np.zeros((*near.shape, EDGE_FEATURES))
    nodes[:, 0] = np.log(local / spacing)
    edges[..., 0] = np.log1p(far / local[:, None])
    edges[..., 1] = np.log1p(far / spacing)
    edges[..., 2] = np.arange(near.shape[1]) / near.shape[1]
    if has_depot:
        away = problem.distance(0, np.arange(n)).astype(np.float64)
        nodes[0, 1] = 1.0
        nodes[:, 2] = np.log1p(away / spacing)
        around = np.maximum(away[:, None] + away[near], 1e-12)
        edges[..., 3] = 1.0 - far / around
        edges[..., 4] = np.log1p(away[near] / spacing) - nodes[:, 2, None]
        nodes[:, 3:] = _wishes(problem, n, spacing)
    return Graph(near, nodes.astype(np.float32), edges.astype(np.float32))


def _wishes(problem: Any, n: int, spacing: float) -> Floats:
    """Return what a problem wants of its nodes: two numbers of each, two of all."""
    wishes = np.zeros((n, 4))
    if isinstance(problem, CVRP):
        demands = problem.demands.astype(np.float64)
        wishes[:, 0] = demands / problem.capacity
        wishes[:, 2] = math.log(max(1e-9, problem.capacity / max(demands.mean(), 1e-9)))
        return wishes
    prizes = problem.prizes.astype(np.float64)
    mean = max(float(prizes.mean()), 1e-12)
    wishes[:, 0] = prizes / mean
    if isinstance(problem, OP):
        wishes[:, 2] = float(problem.limit) / (_TOUR * n * spacing)
        return wishes
    wishes[:, 1] = problem.penalties / spacing
    wishes[:, 2] = float(problem.penalties.mean()) / spacing
    wishes[:, 3] = float(problem.quota) / (mean * n)
    return wishes

"""Routing problems from weighted networkx graphs.

The nodes of the problem are those of the graph in its own order, for a CVRP
with the depot first: ``list(graph)[i]`` is city ``i``.
"""

from __future__ import annotations

from collections.abc import Hashable
from numbers import Integral, Real
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import NegativeCycleError, csgraph_from_dense, floyd_warshall

from combkit.instances.cvrp import CVRP
from combkit.instances.errors import InvalidProblemError
from combkit.instances.problem import require
from combkit.instances.tsp import ATSP, TSP

__all__ = ["cvrp_from_graph", "tsp_from_graph"]

Array = NDArray[Any]


def tsp_from_graph(
    graph: Any, *, weight: str = "weight", closure: bool = False
) -> TSP | ATSP:
    """Return the TSP of a graph, the ATSP of a directed one.

    Parameters
    ----------
    graph : networkx.Graph or networkx.DiGraph
        A graph; of parallel edges the lightest counts.
    weight : str
        Edge attribute that holds the distance.
    closure : bool
        Whether distances are those of shortest paths. Without it every pair
        of nodes needs an edge.

    Raises
    ------
    InvalidProblemError
        If an edge, a weight or a path is missing, naming the nodes.

    Examples
    --------
    >>> ring = nx.cycle_graph(4)
    >>> nx.set_edge_attributes(ring, 2, "weight")
    >>> tsp_from_graph(ring, closure=True).distances()[0].tolist()
    [0, 2, 4, 2]
    """
    matrix = _matrix(graph, list(graph), weight, closure)
    name = str(graph.name)
    if graph.is_directed():
        return ATSP(matrix, name=name)
    return TSP(matrix=matrix, name=name)


def cvrp_from_graph(
    graph: Any,
    depot: Hashable,
    capacity: float,
    *,
    demand: str = "demand",
    weight: str = "weight",
    closure: bool = False,
    vehicles: int | None = None,
    max_distance: float | None = None,
) -> CVRP:
    """Return the CVRP of a graph whose nodes carry demands.

    Parameters
    ----------
    graph : networkx.Graph or networkx.DiGraph
        A graph; of parallel edges the lightest counts.
    depot : node
        The depot, which becomes node 0; its demand is ignored.
    capacity : int or float
        What a vehicle carries.
    demand : str
        Node attribute that holds the demand.
    weight, closure
        As in `tsp_from_graph`.
    vehicles, max_distance
        As in `combkit.instances.cvrp.CVRP`.

    Raises
    ------
    InvalidProblemError
        If the depot, a demand, an edge, a weight or a path is missing.
    """
    require(depot in graph, "depot", f"{depot!r} is not a node of the graph")
    nodes = [depot, *(node for node in graph if node != depot)]
    demands = [graph.nodes[node].get(demand) for node in nodes]
    demands[0] = 0
    for node, value in zip(nodes, demands, strict=True):
        require(value is not None, "demands", f"node {node!r} has no {demand!r}")
    return CVRP(
        demands=np.array(demands),
        capacity=capacity,
        matrix=_matrix(graph, nodes, weight, closure),
        vehicles=vehicles,
        max_distance=max_distance,
        name=str(graph.name),
    )


def _matrix(graph: Any, nodes: list[Any], weight: str, closure: bool) -> Array:
    """Return the distances between nodes, int64 where every weight is."""
    require(len(nodes) > 0, "matrix", "the graph has no node")
    integral = True
    for u, v, value in graph.edges(data=weight):
        require(
            isinstance(value, Real) and bool(np.isfinite(float(value))),
            "matrix",
            f"edge {u!r}-{v!r}: {weight} = {value!r} is not a finite number",
        )
        integral &= isinstance(value, Integral)
    matrix: Array = nx.to_numpy_array(
        graph, nodes, weight=weight, nonedge=np.inf, multigraph_weight=min
    )
    np.fill_diagonal(matrix, 0)
    if closure:
        try:
            matrix = floyd_warshall(
                csgraph_from_dense(matrix, null_value=np.inf), directed=True
            )
        except NegativeCycleError:
            raise InvalidProblemError(
                "matrix", "a cycle of negative weight has no shortest paths"
            ) from None
    missing = np.argwhere(np.isinf(matrix))
    if missing.size:
        u, v = (nodes[k] for k in missing[0])
        what = "path" if closure else "edge (closure=True takes shortest paths)"
        raise InvalidProblemError("matrix", f"from {u!r} to {v!r} there is no {what}")
    return matrix.astype(np.int64) if integral else matrix

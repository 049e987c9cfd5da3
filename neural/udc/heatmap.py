"""The learned divider: a walk along heat that depends on the walk so far.

The network embeds the graph once. Whoever walks goes on along the hottest edge to
an open node; the heat is computed anew every hundred nodes, or ten times.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from combkit.comb.routing.metric import metric_arrays
from combkit.instances.cvrp import CVRP
from combkit.instances.prizes import OP, PCTSP
from combkit.instances.tsp import TSP
from combkit.neural.devices import device_of, torch_threads
from combkit.neural.udc.graph import graph_of
from combkit.neural.udc.network import Divider, Embedded, network_of

__all__ = ["Heatmap", "heatmap_of"]

Integers = NDArray[np.int64]

#: Least chance of a visit of those with whom an attempt begins: from, to.
_LIKELY = (0.3, 0.6)
#: Nodes between two heatmaps, and most heatmaps of a walk.
_RENEWED, _MOST = 100, 10


class Heatmap:
    """The embedded graph of one problem.

    Parameters
    ----------
    problem : TSP, CVRP, OVRP, OP or PCTSP
        The problem.
    network : Divider
        The network of its kind.
    """

    def __init__(self, problem: Any, network: Divider) -> None:
        whole = TSP(problem.coords, matrix=problem.matrix, metric=problem.metric)
        self._distances = metric_arrays(whole)
        graph = graph_of(problem)
        self._problem, self._near = problem, graph.near
        device = next(network.parameters()).device
        with torch.inference_mode():
            found: Embedded = network(
                *(
                    torch.as_tensor(array, device=device)[None]
                    for array in (graph.near, graph.nodes, graph.edges)
                )
            )
        self._first, self._last, self._visited, self._edge, visit = (
            part[0].float().cpu().numpy() for part in found
        )
        #: Chance of each node to be visited at all.
        self.visit: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-visit.astype(float)))

    def order(self, rng: np.random.Generator) -> Integers:
        """Return nodes in the order of a walk from a random one, or from the depot.

        Those who choose whom to visit begin with nodes that are likely to be visited:
        more of them or less in every attempt.

        Parameters
        ----------
        rng : Generator
            For the start and how many.
        """
        nodes = np.arange(self.visit.size)
        if isinstance(self._problem, OP | PCTSP):
            likely = self.visit > rng.uniform(*_LIKELY)
            likely[0] = True
            return self.tour(nodes[likely], 0)
        if isinstance(self._problem, CVRP):
            nodes = nodes[1:]
        return self.tour(nodes, int(rng.choice(nodes)))

    def tour(self, nodes: Integers, start: int) -> Integers:
        """Return some nodes in the order of a walk.

        Parameters
        ----------
        nodes : ndarray of int64
            Who is visited.
        start : int
            Where the walk begins, one of them.
        """
        from combkit.neural.udc._kernels_walk import walk

        n, m = self._near.shape[0], nodes.size
        open_nodes = np.zeros(n, bool)
        open_nodes[nodes] = True
        open_nodes[start] = False
        tour = np.full(m, start, np.int64)
        step = max(_RENEWED, -(-m // _MOST))
        for begin in range(1, m, step):
            state = self._first[start] + self._last[tour[begin - 1]]
            state = state + self._visited[tour[:begin]].mean(axis=0)
            heat = self._edge @ state
            end = min(m, begin + step)
            walk(*self._distances, self._near, heat, open_nodes, tour, begin, end)
        return tour


def heatmap_of(problem: Any, weights: str, device: str) -> Heatmap:
    """Return the heatmap of a problem by the network of its kind.

    Parameters
    ----------
    problem : TSP, CVRP, OVRP, OP or PCTSP
        The problem.
    weights : str
        ``shipped``, or a file.
    device : str
        ``cpu``, ``cuda`` or ``auto``.

    Raises
    ------
    UsageError
        If the device is not there.
    InstanceFormatError
        If the weights cannot be used.
    """
    with torch_threads(1):
        network, _ = network_of(problem.kind, weights)
        return Heatmap(problem, network.to(device_of(device)))

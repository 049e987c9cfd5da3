"""The divider's network: a gated graph network and a state-dependent heatmap.

References
----------
.. [1] Z. Zheng et al., "UDC: a unified neural divide-and-conquer framework for
   large-scale combinatorial optimization problems", NeurIPS 2024, appendix C.
   https://arxiv.org/abs/2407.00312
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from combkit.neural.networks import load_network
from combkit.neural.shipped import weights_file
from combkit.neural.udc.graph import EDGE_FEATURES, NODE_FEATURES

__all__ = ["VERSION", "Divider", "Embedded", "network_of"]

#: Version of features and layers: older weights do not fit newer code.
VERSION = "udc-1"


class Embedded(NamedTuple):
    """What the network makes of graphs.

    Parameters
    ----------
    first, last, visited : Tensor, shape (b, n, d)
        What a node adds to the state as the first, the last or a visited one.
    edge : Tensor, shape (b, n, k, d)
        What is asked of the state at each edge.
    visit : Tensor, shape (b, n)
        Logits of being visited at all.
    """

    first: Tensor
    last: Tensor
    visited: Tensor
    edge: Tensor
    visit: Tensor


class Divider(nn.Module):
    """Embeds sparse graphs; the heat of an edge depends on the walk so far.

    LayerNorm stands where the reference has BatchNorm: one instance is treated as
    many are.

    Parameters
    ----------
    width, layers : int
        Numbers of a node or an edge, and layers.
    """

    def __init__(self, width: int = 48, layers: int = 6) -> None:
        super().__init__()
        self.config = {"width": width, "layers": layers}
        self.nodes = nn.Linear(NODE_FEATURES, width)
        self.edges = nn.Linear(EDGE_FEATURES, width)
        self.layers = nn.ModuleList([_Layer(width) for _ in range(layers)])
        self.first, self.last, self.visited, self.edge = (
            _perceptron(width, width) for _ in range(4)
        )
        self.visit = _perceptron(width, 1)

    def forward(self, near: Tensor, nodes: Tensor, edges: Tensor) -> Embedded:
        """Embed graphs.

        Parameters
        ----------
        near : Tensor, shape (b, n, k), int64
            Who is near each node.
        nodes : Tensor, shape (b, n, NODE_FEATURES)
            Features of the nodes.
        edges : Tensor, shape (b, n, k, EDGE_FEATURES)
            Features of the edges.
        """
        h = nn.functional.silu(self.nodes(nodes))
        e = nn.functional.silu(self.edges(edges))
        for layer in self.layers:
            h, e = layer(near, h, e)
        return Embedded(
            self.first(h),
            self.last(h),
            self.visited(h),
            self.edge(e) / math.sqrt(h.shape[-1]),
            self.visit(h)[..., 0],
        )


class _Layer(nn.Module):
    """Gated graph convolution on edges to near nodes."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.own, self.other, self.gate, self.start, self.end = (
            nn.Linear(width, width) for _ in range(5)
        )
        self.node_norm, self.edge_norm = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, near: Tensor, h: Tensor, e: Tensor) -> tuple[Tensor, Tensor]:
        b, n, k = near.shape
        flat = (near + n * torch.arange(b, device=near.device)[:, None, None]).view(-1)

        def there(values: Tensor) -> Tensor:
            return values.reshape(b * n, -1).index_select(0, flat).view(b, n, k, -1)

        message = (torch.sigmoid(e) * there(self.other(h))).mean(2)
        new_h = h + nn.functional.silu(self.node_norm(self.own(h) + message))
        both = self.gate(e) + self.start(h)[:, :, None] + there(self.end(h))
        return new_h, e + nn.functional.silu(self.edge_norm(both))


def _perceptron(width: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, out))


def network_of(kind: str, weights: str = "shipped") -> tuple[Divider, dict[str, Any]]:
    """Return the trained divider of a kind, and its card.

    Parameters
    ----------
    kind : str
        Kind of the problem.
    weights : str
        ``shipped``, or a file of `combkit train udc`.

    Raises
    ------
    InstanceFormatError
        If the file is missing, damaged or of another kind.
    """
    if weights != "shipped":
        return load_network(Path(weights), VERSION, Divider, problem=kind)
    with weights_file(f"udc-{kind}.safetensors") as path:
        return load_network(path, VERSION, Divider, problem=kind)

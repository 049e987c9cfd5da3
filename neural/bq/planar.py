"""What the planar problems share: origin, destination and summary tokens."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from combkit.neural.bq.window import frame, lengths, nearest, pick, squash, turn

__all__ = ["COMMON", "MARKS", "Scene", "look"]

#: Tokens before the candidates: origin, destination, the nodes left out.
MARKS = 3
#: Features that ``look`` fills in.
COMMON = 10
#: Pair distances are cut here: the destination can be far away.
_FAR = 3.0


class Scene(NamedTuple):
    """A window in the common frame.

    Attributes
    ----------
    tokens : Tensor, shape (b, t, 10)
        Position (2), distance from the origin, detour towards the destination,
        distance of the destination, number of nodes left out, kind of token (4).
    edges : Tensor, shape (b, t, t, 1)
        Distances of pairs.
    valid : Tensor, shape (b, t), bool
        Which tokens are there.
    node : Tensor, shape (b, t), int64
        Node of each candidate.
    candidate : Tensor, shape (b, t), bool
        Which tokens are candidates.
    near, far : Tensor, shape (b, t)
        Distances of tokens from the origin and from the destination.
    distance, scale : Tensor, shape (b,)
        Distance of the destination, and the length that became 1.
    rest : Tensor, shape (b, n), bool
        Open nodes outside the window.
    """

    tokens: Tensor
    edges: Tensor
    valid: Tensor
    node: Tensor
    candidate: Tensor
    near: Tensor
    far: Tensor
    distance: Tensor
    scale: Tensor
    rest: Tensor


def look(
    xy: Tensor,
    here: Tensor,
    end: Tensor,
    open_nodes: Tensor,
    key: Tensor,
    width: int,
    beyond: Tensor | None = None,
) -> Scene:
    """Return the window of the open nodes with the smallest keys.

    Parameters
    ----------
    xy : Tensor, shape (b, n, 2)
        Nodes.
    here, end : Tensor, shape (b, 2)
        Origin and destination.
    open_nodes : Tensor, shape (b, n), bool
        Nodes that may be seen.
    key : Tensor, shape (b, n)
        The smaller the sooner a node is in the window.
    width : int
        Tokens, at least 4.
    beyond : Tensor, shape (b, 3), optional
        Open nodes that are not among these: their number and the sums of their
        coordinates.
    """
    index, present = nearest(key, open_nodes, width - MARKS)
    offsets = pick(xy, index) - here[:, None]
    points, distance, axis, scale = frame(offsets, present, end - here)
    zero = torch.zeros_like(distance)
    goal = torch.stack([distance, zero], -1)
    # Summary of what is outside the window.
    inside = torch.zeros_like(open_nodes).scatter(1, index, present)
    rest = open_nodes & ~inside
    outside = rest.sum(1)
    total = (xy * rest.unsqueeze(-1)).sum(1)
    if beyond is not None:
        outside = outside + beyond[:, 0]
        total = total + beyond[:, 1:]
    centre = total / outside.clamp(min=1)[:, None] - here
    centre = turn((centre / scale[:, None])[:, None], axis)[:, 0]
    centre = centre * (outside > 0)[:, None]
    places = torch.cat([torch.zeros_like(goal)[:, None], goal[:, None]], 1)
    places = torch.cat([places, centre[:, None], points], 1)
    near = lengths(places)
    far = lengths(places - goal[:, None])
    # Far positions keep their direction; candidates are within distance 1,
    # except where the key is not the distance.
    shrink = torch.where(near > 1.0, (1.0 + near.clamp(min=1.0).log()) / near, 1.0)
    kinds = torch.zeros(*near.shape, 4, device=xy.device)
    for mark in range(MARKS):
        kinds[:, mark, mark] = 1.0
    kinds[:, MARKS:, 3] = 1.0
    tokens = torch.cat(
        [
            places * shrink.unsqueeze(-1),
            (near * shrink).unsqueeze(-1),
            (far - distance[:, None]).clamp(-1.0, 2.0).unsqueeze(-1),
            squash(distance)[:, None, None].expand(-1, near.shape[1], 1),
            (0.25 * torch.log1p(outside.float()))[:, None, None].expand(
                -1, near.shape[1], 1
            ),
            kinds,
        ],
        -1,
    )
    marks = torch.stack([outside >= 0, outside >= 0, outside > 0], 1)
    valid = torch.cat([marks, present], 1)
    tokens = tokens * valid.unsqueeze(-1)
    gaps = places[:, :, None] - places[:, None]
    edges = lengths(gaps).clamp(max=_FAR).unsqueeze(-1)
    node = pad(index, (MARKS, 0))
    candidate = pad(present, (MARKS, 0))
    return Scene(
        tokens, edges, valid, node, candidate, near, far, distance, scale, rest
    )

"""Windows of near nodes, and the frame in which every sub-problem looks alike.

The current node is the origin, the destination lies on the positive x axis,
and the farthest node of the window has distance 1: shifts, rotations and
scales of an instance change nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = [
    "dropped",
    "frame",
    "lengths",
    "mirrored",
    "nearest",
    "pick",
    "squash",
    "turn",
]

#: Below this a distance counts as 0.
TINY = 1e-9


def lengths(vectors: Tensor) -> Tensor:
    """Return Euclidean lengths over the last axis, shape (...)."""
    return vectors.square().sum(-1).sqrt()


def squash(distance: Tensor) -> Tensor:
    """Compress distances far beyond the window."""
    return torch.log1p(distance)


def pick(values: Tensor, index: Tensor) -> Tensor:
    """Gather nodes: ``values[b, index[b, k]]`` for (b, n) or (b, n, c) values."""
    if values.dim() == 2:
        return values.gather(1, index)
    wide = index.unsqueeze(-1).expand(-1, -1, values.shape[-1])
    return values.gather(1, wide)


def mirrored(*points: Tensor) -> tuple[Tensor, ...]:
    """Reflect random rows of (b, 2) and (b, n, 2) points, each row alike.

    Reflections are the one symmetry of the plane that the frame does not remove.
    """
    first = points[0]
    sign = torch.randint(0, 2, (len(first), 1), device=first.device) * 2 - 1
    factor = torch.cat([sign, torch.ones_like(sign)], 1)
    return tuple(p * (factor if p.dim() == 2 else factor[:, None]) for p in points)


def dropped(b: int, device: torch.device) -> Tensor:
    """Draw what part of an instance to leave out: often nothing; shape (b, 1)."""
    draws = torch.rand(2, b, 1, device=device)
    return torch.where(draws[0] < 0.6, 0.0, 0.7 * draws[1])


def nearest(key: Tensor, open_nodes: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the open nodes of the smallest keys and which of them exist.

    Parameters
    ----------
    key : Tensor, shape (b, n)
        The smaller the sooner.
    open_nodes : Tensor, shape (b, n), bool
        Nodes that count.
    count : int
        How many.

    Returns
    -------
    index : Tensor, shape (b, count), int64
        Nodes, any where there are fewer.
    present : Tensor, shape (b, count), bool
        Whether they are open.
    """
    key = key.masked_fill(~open_nodes, torch.inf)
    found = min(count, key.shape[1])
    best, index = key.topk(found, dim=1, largest=False, sorted=False)
    present = best < torch.inf
    if found < count:
        index = torch.nn.functional.pad(index, (0, count - found))
        present = torch.nn.functional.pad(present, (0, count - found))
    return index, present


def turn(points: Tensor, axis: Tensor) -> Tensor:
    """Rotate points (b, k, 2) so that the unit vectors (b, 2) become (1, 0)."""
    x, y = points.unbind(-1)
    u, v = axis[:, None, 0], axis[:, None, 1]
    return torch.stack([x * u + y * v, y * u - x * v], dim=-1)


def frame(
    offsets: Tensor, present: Tensor, end: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Bring a window into the common frame.

    Parameters
    ----------
    offsets : Tensor, shape (b, k, 2)
        Nodes of the window relative to the origin.
    present : Tensor, shape (b, k), bool
        Which are there.
    end : Tensor, shape (b, 2)
        The destination relative to the origin.

    Returns
    -------
    points : Tensor, shape (b, k, 2)
        The nodes in the frame, 0 where absent.
    distance : Tensor, shape (b,)
        Distance of the destination, which lies at (distance, 0).
    axis : Tensor, shape (b, 2)
        Unit vector that the rotation brings to (1, 0).
    scale : Tensor, shape (b,)
        Length that became 1.
    """
    offsets = offsets * present.unsqueeze(-1)
    far = lengths(end)
    scale = lengths(offsets).amax(1)
    # All nodes at one place: any scale does, the destination's if there is one.
    scale = torch.where(scale > TINY, scale, torch.where(far > TINY, far, 1.0))
    distance = far / scale
    away = far > TINY
    divisor = torch.where(away, far, 1.0)
    cosine = torch.where(away, end[:, 0] / divisor, 1.0)
    axis = torch.stack([cosine, end[:, 1] / divisor * away], -1)
    points = turn(offsets / scale[:, None, None], axis)
    return points, distance, axis, scale

"""Windows of near nodes, and the frame in which every sub-problem looks alike.

The current node is the origin, the destination lies on the positive x axis,
and the farthest node of the window has distance 1: shifts, rotations and
scales of an instance change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import torch
from torch import Tensor

__all__ = [
    "dropped",
    "fingerprint",
    "frame",
    "lengths",
    "mirrored",
    "nearest",
    "pick",
    "repeated",
    "squash",
    "symmetries",
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


def repeated(instance: Mapping[str, Tensor], count: int) -> dict[str, Tensor]:
    """Return every row ``count`` times, its copies beside each other."""
    return {key: value.repeat_interleave(count, 0) for key, value in instance.items()}


def symmetries(
    instance: Mapping[str, Tensor], count: int
) -> tuple[dict[str, Tensor], Tensor]:
    """Turn and reflect instances with a depot; see ``Problem.vary``.

    The first decision is made at the depot, where no direction is special, so
    quarter turns matter there; further rows differ by their first action.
    """
    rows = repeated(instance, count)
    depot = rows["depot"]
    number = torch.arange(len(depot), device=depot.device) % count
    quarter = (number // 2) % 4
    cosine = torch.tensor([1.0, 0.0, -1.0, 0.0], device=depot.device)[quarter]
    sine = torch.tensor([0.0, 1.0, 0.0, -1.0], device=depot.device)[quarter]
    offset = rows["xy"] - depot[:, None]
    # Odd rows are reflected.
    flip = 1.0 - 2.0 * (number % 2)
    x, y = offset[..., 0], offset[..., 1] * flip[:, None]
    turned = [x * cosine[:, None] - y * sine[:, None]]
    turned.append(x * sine[:, None] + y * cosine[:, None])
    rows["xy"] = torch.stack(turned, -1) + depot[:, None]
    return rows, number // 8


@lru_cache(maxsize=8)
def _codes(count: int, device: torch.device) -> Tensor:
    draw = torch.Generator().manual_seed(0)
    codes = torch.randint(-(2**62), 2**62, (count,), generator=draw)
    return codes.to(device)


def fingerprint(open_nodes: Tensor, *others: Tensor) -> Tensor:
    """Return hashes of sets of nodes and of further numbers.

    Parameters
    ----------
    open_nodes : Tensor, shape (b, n), bool
        The sets.
    *others : Tensor, shape (b,) or (b, k)
        Further int64 or float32 numbers that count.

    Returns
    -------
    Tensor, shape (b,), int64
        Different for different rows, but for a chance of about 2**-60.
    """
    codes = _codes(open_nodes.shape[1], open_nodes.device)
    total = (codes * open_nodes).sum(1)
    for number, other in enumerate(others):
        if other.is_floating_point():
            other = other.contiguous().view(torch.int32).long()
        weights = _codes(1024, open_nodes.device)[number::16]
        flat = other.reshape(len(other), -1)
        # Squares, so that what one number adds is not what another one takes.
        mixed = flat * weights[: flat.shape[1]]
        total = total + (mixed ^ (mixed >> 29)).sum(1) * weights[-1]
    return total


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

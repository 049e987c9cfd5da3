"""The travelling salesman problem as a path from here to where it began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from combkit.neural.bq.base import View
from combkit.neural.bq.draw import SCALE
from combkit.neural.bq.planar import COMMON, MARKS, look
from combkit.neural.bq.window import fingerprint, lengths, mirrored, repeated

__all__ = ["TSP", "TSPState", "first_of", "infix", "starts"]


class TSPState(NamedTuple):
    """A path that is still to be found.

    Attributes
    ----------
    xy : Tensor, shape (b, n, 2)
        Cities.
    open : Tensor, shape (b, n), bool
        Cities to visit.
    here, end : Tensor, shape (b, 2)
        Where the path begins and ends.
    beyond : Tensor, shape (b, 3), optional
        Further cities to visit, of which the policy is only told the number and
        the sums of their coordinates; see ``combkit.neural.bq.horizon``.
    """

    xy: Tensor
    open: Tensor
    here: Tensor
    end: Tensor
    beyond: Tensor | None = None


def infix(n: Tensor, width: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw a random infix of closed tours through nodes 0, 1, ..., n - 1.

    Parameters
    ----------
    n : Tensor, shape (b,), int64
        Nodes of each tour, at least 3.
    width : int
        Nodes that arrays hold.

    Returns
    -------
    here, following, end : Tensor, shape (b,), int64
        Its first node, the next one, and the last.
    between : Tensor, shape (b, width), bool
        The nodes between first and last: from 2 to all others. Long infixes
        are drawn more often: the errors that cost most are made there.
    """
    b, device = n.shape[0], n.device
    start = (torch.rand(b, device=device) * n).long().clamp(max=n - 1)
    draws = torch.rand(2, b, device=device)
    share = torch.where(draws[0] < 0.5, draws[1], draws[1].sqrt())
    count = 2 + (share * (n - 2)).long().clamp(max=n - 3)
    step = torch.randint(0, 2, (b,), device=device) * 2 - 1
    place = torch.arange(width, device=device)[None]
    size = n[:, None]
    after = ((place - start[:, None]) * step[:, None]) % size
    between = (place < size) & (after >= 1) & (after <= count[:, None])
    return start, (start + step) % n, (start + step * (count + 1)) % n, between


def first_of(instance: Mapping[str, Tensor]) -> Tensor:
    """Return the city at which each tour begins, shape (b,), int64: 0 by default."""
    return instance.get("first", torch.zeros_like(instance["n"]))


def starts(
    instance: Mapping[str, Tensor], count: int
) -> tuple[dict[str, Tensor], Tensor]:
    """Let tours begin at different cities; see ``Problem.vary``."""
    rows = repeated(instance, count)
    number = torch.arange(len(rows["n"]), device=rows["n"].device) % count
    # Where there are fewer cities than rows, the first action differs as well.
    rows["first"] = number * rows["n"] // count
    before = (number - 1).clamp(min=0) * rows["n"] // count
    again = (rows["first"] == before) & (number > 0)
    return rows, again.long() * number


class TSP:
    """See ``combkit.neural.bq.base.Problem``."""

    name = "tsp"
    features = COMMON
    edges = 1
    actions = 1
    width = 48
    marks = MARKS
    maximised = False
    changing = ("open", "here")
    sets: Mapping[str, float] = {"tsp": 0.8, "tsp-large": 0.2}

    def decode(self, shard: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return coordinates in tour order, and sizes."""
        return {
            "xy": shard["xy"].astype(np.float32) / SCALE,
            "n": shard["n"].astype(np.int64),
        }

    def draw(self, rows: Mapping[str, Tensor]) -> tuple[TSPState, Tensor]:
        """Draw an infix of each tour, in either direction."""
        (xy,) = mirrored(rows["xy"])
        here, following, end, between = infix(rows["n"], xy.shape[1])
        batch = torch.arange(len(xy), device=xy.device)
        state = TSPState(xy, between, xy[batch, here], xy[batch, end])
        wanted = torch.nn.functional.one_hot(following, xy.shape[1])
        return state, wanted.float().unsqueeze(-1)

    def start(self, instance: Mapping[str, Tensor]) -> TSPState:
        """Return the states in which the path begins and ends at its first city."""
        xy, first = instance["xy"], first_of(instance)
        place = torch.arange(xy.shape[1], device=xy.device)[None]
        unvisited = (place < instance["n"][:, None]) & (place != first[:, None])
        here = xy[torch.arange(len(xy), device=xy.device), first]
        return TSPState(xy, unvisited, here, here)

    def left(self, state: TSPState) -> Tensor:
        """Return how many cities are unvisited."""
        return state.open.sum(1)

    def observe(self, state: TSPState, width: int) -> View:
        """Show the unvisited cities that are nearest to the current one."""
        key = lengths(state.xy - state.here[:, None])
        scene = look(
            state.xy, state.here, state.end, state.open, key, width, state.beyond
        )
        return View(
            scene.tokens,
            scene.edges,
            scene.valid,
            scene.candidate.unsqueeze(-1),
            scene.node,
        )

    def step(
        self, state: TSPState, node: Tensor, way: Tensor, moving: Tensor
    ) -> TSPState:
        """Go to a city."""
        batch = torch.arange(len(node), device=node.device)
        unvisited = state.open.clone()
        unvisited[batch, node] &= ~moving
        here = torch.where(moving[:, None], state.xy[batch, node], state.here)
        return state._replace(open=unvisited, here=here)

    def turned(self, state: TSPState) -> TSPState:
        """Go from the end to here."""
        return state._replace(here=state.end, end=state.here)

    def gain(self, state: TSPState, node: Tensor, way: Tensor) -> Tensor:
        """Return the distances to cities."""
        batch = torch.arange(len(node), device=node.device)
        return lengths(state.xy[batch, node] - state.here)

    def closing(self, state: TSPState) -> Tensor:
        """Return the distances to the ends of the paths."""
        return lengths(state.end - state.here)

    def identity(self, state: TSPState, gained: Tensor) -> tuple[Tensor, Tensor]:
        """Take for alike what has the same cities left from the same place."""
        return fingerprint(state.open, state.here), -gained

    def vary(
        self, instance: Mapping[str, Tensor], count: int
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Let tours begin at different cities."""
        return starts(instance, count)

    def objective(
        self, instance: Mapping[str, Tensor], nodes: Tensor, ways: Tensor
    ) -> Tensor:
        """Return the lengths of the closed tours."""
        xy, first = instance["xy"], first_of(instance)[:, None]
        # After its last action a row is back where it began.
        tour = torch.cat([first, torch.where(nodes < 0, first, nodes), first], 1)
        points = xy.gather(1, tour.unsqueeze(-1).expand(-1, -1, 2))
        return lengths(points[:, 1:] - points[:, :-1]).sum(1)

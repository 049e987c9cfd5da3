"""Orienteering: collect prizes on a tour from the depot within a budget."""

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
from combkit.neural.bq.window import (
    dropped,
    fingerprint,
    lengths,
    mirrored,
    pick,
    squash,
    symmetries,
)

__all__ = ["OP", "OPState"]

#: Part of the budget that rounding may take.
_SLACK = 1e-6


class OPState(NamedTuple):
    """A path to the depot that collects prizes within a budget.

    Attributes
    ----------
    xy : Tensor, shape (b, n, 2)
        Nodes.
    prize : Tensor, shape (b, n)
        Prizes.
    open : Tensor, shape (b, n), bool
        Nodes that were not visited.
    here, depot : Tensor, shape (b, 2)
        Where the path begins and ends.
    budget : Tensor, shape (b,)
        Longest path.
    """

    xy: Tensor
    prize: Tensor
    open: Tensor
    here: Tensor
    depot: Tensor
    budget: Tensor


def _reachable(state: OPState) -> tuple[Tensor, Tensor]:
    """Return the nodes that can be visited on the way, and their distances."""
    near = lengths(state.xy - state.here[:, None])
    detour = near + lengths(state.xy - state.depot[:, None])
    return state.open & (detour <= state.budget[:, None] * (1.0 + _SLACK)), near


class OP:
    """See ``combkit.neural.bq.base.Problem``."""

    name = "op"
    features = COMMON + 6
    edges = 1
    actions = 1
    width = 80
    marks = MARKS
    maximised = True
    changing = ("open", "here", "budget")
    sets: Mapping[str, float] = {"op": 1.0}

    def decode(self, shard: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return instances whose visited nodes come first, in order."""
        return {
            "xy": shard["xy"].astype(np.float32) / SCALE,
            "depot": shard["depot"].astype(np.float32) / SCALE,
            "prize": shard["prize"].astype(np.float32),
            "budget": shard["budget"].astype(np.float32),
            "n": shard["n"].astype(np.int64),
            "visited": shard["visited"].astype(np.int64),
        }

    def draw(self, rows: Mapping[str, Tensor]) -> tuple[OPState, Tensor]:
        """Cut each tour at a node, in either direction."""
        xy, depot, visited = rows["xy"], rows["depot"], rows["visited"]
        b, width = rows["prize"].shape
        device = xy.device
        batch = torch.arange(b, device=device)
        place = torch.arange(width, device=device)[None]
        cut = (torch.rand(b, device=device) * visited).long()
        cut = torch.minimum(cut, visited - 1).clamp(min=0)
        flip = torch.rand(b, device=device) < 0.5
        on_tour = place < visited[:, None]
        # Going backwards is going forwards on the reversed list.
        rank = torch.where(flip[:, None], visited[:, None] - 1 - place, place)
        passed = on_tour & (rank < cut[:, None])
        node = torch.where(flip, visited - 1 - cut, cut).clamp(min=0)
        before = torch.where(flip, node + 1, node - 1).clamp(0, width - 1)
        here = torch.where((cut > 0)[:, None], xy[batch, before], depot)
        # Length of the part that was passed: from the depot over its edges.
        edges = lengths(xy[:, 1:] - xy[:, :-1])
        length = (edges * (passed[:, 1:] & passed[:, :-1])).sum(1)
        door = torch.where(flip, (visited - 1).clamp(min=0), torch.zeros_like(cut))
        length = length + lengths(xy[batch, door] - depot) * (cut > 0)
        # Without some of the nodes that it leaves out, the tour is as good.
        fate = torch.rand(b, width, device=device)
        there = on_tour | (fate >= dropped(b, device))
        xy, here, depot = mirrored(xy, here, depot)
        state = OPState(
            xy,
            rows["prize"],
            (place < rows["n"][:, None]) & ~passed & there,
            here,
            depot,
            rows["budget"] - length,
        )
        wanted = torch.nn.functional.one_hot(node, width).float()
        # A tour on which nothing was reachable has nothing to teach.
        wanted = wanted * (visited > 0)[:, None]
        return state, wanted.unsqueeze(-1)

    def start(self, instance: Mapping[str, Tensor]) -> OPState:
        """Return the states at the depot."""
        xy, depot = instance["xy"], instance["depot"]
        place = torch.arange(xy.shape[1], device=xy.device)[None]
        return OPState(
            xy,
            instance["prize"],
            place < instance["n"][:, None],
            depot,
            depot,
            instance["budget"],
        )

    def left(self, state: OPState) -> Tensor:
        """Return how many nodes are in reach."""
        return _reachable(state)[0].sum(1)

    def observe(self, state: OPState, width: int) -> View:
        """Show the reachable nodes that are nearest to the current one."""
        reachable, key = _reachable(state)
        scene = look(state.xy, state.here, state.depot, reachable, key, width)
        prize = pick(state.prize, scene.node) * scene.candidate
        most = (state.prize * reachable).amax(1).clamp(min=1e-9)[:, None]
        budget = (state.budget / scene.scale).clamp(min=1e-6)[:, None]
        share = prize / most
        rest = (state.prize * scene.rest).sum(1)[:, None] / most
        extra = torch.stack(
            [
                share,
                (scene.near / budget).clamp(max=1.5),
                ((scene.near + scene.far) / budget).clamp(max=1.5),
                (scene.distance[:, None] / budget).clamp(max=1.5).expand_as(share),
                squash(budget).expand_as(share),
                torch.log1p(rest).expand_as(share),
            ],
            -1,
        )
        tokens = torch.cat([scene.tokens, extra * scene.valid.unsqueeze(-1)], -1)
        return View(
            tokens,
            scene.edges,
            scene.valid,
            scene.candidate.unsqueeze(-1),
            scene.node,
        )

    def step(
        self, state: OPState, node: Tensor, way: Tensor, moving: Tensor
    ) -> OPState:
        """Go to a node."""
        batch = torch.arange(len(node), device=node.device)
        unvisited = state.open.clone()
        unvisited[batch, node] &= ~moving
        there = torch.where(moving[:, None], state.xy[batch, node], state.here)
        budget = state.budget - lengths(there - state.here)
        return state._replace(open=unvisited, here=there, budget=budget)

    def turned(self, state: OPState) -> OPState:
        """Go from the depot to here."""
        return state._replace(here=state.depot, depot=state.here)

    def gain(self, state: OPState, node: Tensor, way: Tensor) -> Tensor:
        """Return the prizes of nodes."""
        return state.prize[torch.arange(len(node), device=node.device), node]

    def closing(self, state: OPState) -> Tensor:
        """Return 0: the way to the depot is part of the budget."""
        return torch.zeros_like(state.budget)

    def identity(self, state: OPState, gained: Tensor) -> tuple[Tensor, Tensor]:
        """Take for alike what has the same nodes left, at any budget."""
        return fingerprint(state.open, state.here), state.budget

    def vary(
        self, instance: Mapping[str, Tensor], count: int
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Turn and reflect; then begin with other nodes."""
        return symmetries(instance, count)

    def objective(
        self, instance: Mapping[str, Tensor], nodes: Tensor, ways: Tensor
    ) -> Tensor:
        """Return the collected prizes."""
        prizes = instance["prize"].gather(1, nodes.clamp(min=0))
        return (prizes * (nodes >= 0)).sum(1)

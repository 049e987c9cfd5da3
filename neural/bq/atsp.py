"""The asymmetric travelling salesman problem, from a matrix alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from combkit.neural.bq.base import View
from combkit.neural.bq.draw import SCALE
from combkit.neural.bq.tsp import first_of, infix, starts
from combkit.neural.bq.window import fingerprint, nearest

__all__ = ["ATSP", "ATSPState"]

#: Tokens before the candidates: origin, destination, the cities left out.
_MARKS = 3
#: Costs are cut here, in mean costs of the window.
_FAR = 4.0


class ATSPState(NamedTuple):
    """A path that is still to be found in a matrix.

    Attributes
    ----------
    costs : Tensor, shape (b, n, n)
        Costs from row to column.
    open : Tensor, shape (b, n), bool
        Cities to visit.
    here, end : Tensor, shape (b,), int64
        Where the path begins and ends.
    """

    costs: Tensor
    open: Tensor
    here: Tensor
    end: Tensor


class ATSP:
    """See ``combkit.neural.bq.base.Problem``."""

    name = "atsp"
    features = 13
    edges = 4
    actions = 1
    width = 64
    marks = _MARKS
    maximised = False
    changing = ("open", "here")
    sets: Mapping[str, float] = {"atsp": 1.0}

    def decode(self, shard: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return matrices in tour order, and sizes."""
        return {
            "costs": shard["costs"].astype(np.float32) / SCALE,
            "n": shard["n"].astype(np.int64),
        }

    def draw(self, rows: Mapping[str, Tensor]) -> tuple[ATSPState, Tensor]:
        """Draw an infix of each tour; backwards on the transposed matrix."""
        costs = rows["costs"]
        here, following, end, between = infix(rows["n"], costs.shape[1])
        # What lies between here and the end follows in one direction only.
        n = rows["n"]
        backwards = (here - following) % n == 1
        costs = torch.where(backwards[:, None, None], costs.mT, costs)
        state = ATSPState(costs, between, here, end)
        wanted = torch.nn.functional.one_hot(following, costs.shape[1])
        return state, wanted.float().unsqueeze(-1)

    def start(self, instance: Mapping[str, Tensor]) -> ATSPState:
        """Return the states in which the path begins and ends at its first city."""
        costs, first = instance["costs"], first_of(instance)
        place = torch.arange(costs.shape[1], device=costs.device)[None]
        unvisited = (place < instance["n"][:, None]) & (place != first[:, None])
        return ATSPState(costs, unvisited, first, first)

    def left(self, state: ATSPState) -> Tensor:
        """Return how many cities are unvisited."""
        return state.open.sum(1)

    def observe(self, state: ATSPState, width: int) -> View:
        """Show the unvisited cities that are cheapest to go to."""
        costs = state.costs
        b = len(costs)
        batch = torch.arange(b, device=costs.device)
        index, present = nearest(costs[batch, state.here], state.open, width - _MARKS)
        outside = state.open.sum(1) - present.sum(1)
        # The summary token stands where the origin does; its costs are cut off.
        marks = torch.stack([state.here, state.end, state.here], 1)
        node = torch.cat([marks, index], 1)
        t = node.shape[1]
        pairs = costs[batch[:, None, None], node[:, :, None], node[:, None]]
        candidate = pad(present, (_MARKS, 0))
        count = present.sum(1).clamp(min=1)
        scale = (pairs[:, 0] * candidate).sum(1) / count
        end_cost = pairs[:, 0, 1]
        scale = torch.where(scale > 0, scale, torch.where(end_cost > 0, end_cost, 1.0))
        pairs = (pairs / scale[:, None, None]).clamp(max=_FAR)
        summary = torch.arange(t, device=costs.device) == 2
        blocked = summary[:, None] | summary
        pairs = pairs.masked_fill(blocked, _FAR)
        # How cheaply each city can be reached from, and left to, another one.
        same = torch.eye(t, dtype=torch.bool, device=costs.device)
        sources = candidate.clone()
        sources[:, 0] = True
        goals = candidate.clone()
        goals[:, 1] = True
        reached = pairs.masked_fill(~sources[:, :, None] | same, _FAR)
        left = pairs.masked_fill(~goals[:, None] | same, _FAR)
        reach = reached.topk(2, dim=1, largest=False).values
        leave = left.topk(2, dim=2, largest=False).values
        kinds = torch.zeros(b, t, 4, device=costs.device)
        for mark in range(_MARKS):
            kinds[:, mark, mark] = 1.0
        kinds[:, _MARKS:, 3] = 1.0
        columns = [
            pairs[:, 0],
            pairs[:, :, 1],
            pairs[:, 0] - reach[:, 0],
            reach[:, 0],
            reach[:, 1],
            leave[:, :, 0],
            leave[:, :, 1],
            pairs[:, 0, 1, None].expand(-1, t),
            (0.25 * torch.log1p(outside.float()))[:, None].expand(-1, t),
        ]
        valid = candidate.clone()
        valid[:, :2] = True
        valid[:, 2] = outside > 0
        tokens = torch.cat([torch.stack(columns, -1), kinds], -1)
        tokens = tokens * valid.unsqueeze(-1)
        both = torch.stack([pairs, pairs.mT], -1)
        edges = torch.cat([both, torch.exp(-4.0 * both)], -1)
        return View(
            tokens,
            edges,
            valid,
            candidate.unsqueeze(-1),
            node * candidate,
        )

    def step(
        self, state: ATSPState, node: Tensor, way: Tensor, moving: Tensor
    ) -> ATSPState:
        """Go to a city."""
        batch = torch.arange(len(node), device=node.device)
        unvisited = state.open.clone()
        unvisited[batch, node] &= ~moving
        return state._replace(
            open=unvisited, here=torch.where(moving, node, state.here)
        )

    def turned(self, state: ATSPState) -> ATSPState:
        """Go from the end to here, against the direction of the costs."""
        return state._replace(costs=state.costs.mT, here=state.end, end=state.here)

    def gain(self, state: ATSPState, node: Tensor, way: Tensor) -> Tensor:
        """Return the costs of going to cities."""
        batch = torch.arange(len(node), device=node.device)
        return state.costs[batch, state.here, node]

    def closing(self, state: ATSPState) -> Tensor:
        """Return the costs of going to the ends of the paths."""
        return self.gain(state, state.end, state.end)

    def identity(self, state: ATSPState, gained: Tensor) -> tuple[Tensor, Tensor]:
        """Take for alike what has the same cities left from the same one."""
        return fingerprint(state.open, state.here), -gained

    def vary(
        self, instance: Mapping[str, Tensor], count: int
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Let tours begin at different cities."""
        return starts(instance, count)

    def objective(
        self, instance: Mapping[str, Tensor], nodes: Tensor, ways: Tensor
    ) -> Tensor:
        """Return the costs of the closed tours."""
        costs, first = instance["costs"], first_of(instance)[:, None]
        n = costs.shape[1]
        # After its last action a row is back where it began; staying costs nothing.
        tour = torch.cat([first, torch.where(nodes < 0, first, nodes), first], 1)
        legs = costs.flatten(1).gather(1, tour[:, :-1] * n + tour[:, 1:])
        return (legs * (tour[:, :-1] != tour[:, 1:])).sum(1)

"""Capacitated routing: serve the next customer directly or through the depot."""

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
    symmetries,
)

__all__ = ["CVRP", "CVRPState"]

#: Ways to go to a customer.
DIRECT, THROUGH_DEPOT = 0, 1
#: Rounding that a load may exceed the capacity by: loads are float64, because
#: what the policy packs must fit exactly.
_SLACK = 1e-12


class CVRPState(NamedTuple):
    """Customers that are still to be served, by a vehicle on its way.

    Attributes
    ----------
    xy : Tensor, shape (b, n, 2)
        Customers.
    demand : Tensor, shape (b, n), float64
        Demands in capacities.
    open : Tensor, shape (b, n), bool
        Customers to serve.
    here, depot : Tensor, shape (b, 2)
        Where the vehicle and the depot are.
    room : Tensor, shape (b,), float64
        What the vehicle still has room for, in capacities.
    home : Tensor, shape (b,), bool
        Whether the vehicle is at the depot, as before the first route.
    """

    xy: Tensor
    demand: Tensor
    open: Tensor
    here: Tensor
    depot: Tensor
    room: Tensor
    home: Tensor


class CVRP:
    """See ``combkit.neural.bq.base.Problem``."""

    name = "cvrp"
    features = COMMON + 6
    edges = 1
    actions = 2
    width = 80
    marks = MARKS
    maximised = False
    changing = ("open", "here", "room", "home")
    sets: Mapping[str, float] = {"cvrp": 1.0}

    def decode(self, shard: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return the instances in the order of routes, and each place's route."""
        route = shard["route"].astype(np.int64)
        place = np.arange(route.shape[1])
        real = place < shard["n"][:, None]
        # First and last place of each place's route.
        same = (route[:, :, None] == route[:, None]) & real[:, None]
        return {
            "xy": shard["xy"].astype(np.float32) / SCALE,
            "depot": shard["depot"].astype(np.float32) / SCALE,
            "demand": shard["demand"] / shard["capacity"][:, None].astype(np.float64),
            "first": same.argmax(2).astype(np.int64),
            "last": place[-1] - same[:, :, ::-1].argmax(2).astype(np.int64),
            "n": shard["n"].astype(np.int64),
        }

    def draw(self, rows: Mapping[str, Tensor]) -> tuple[CVRPState, Tensor]:
        """Cut each solution at a customer, with its route in either direction."""
        xy, demand, n = rows["xy"], rows["demand"], rows["n"]
        b, width = demand.shape
        device = xy.device
        batch = torch.arange(b, device=device)
        place = torch.arange(width, device=device)[None]
        # The last customer is no decision, and the errors of early ones cost most.
        draws = torch.rand(2, b, device=device)
        share = torch.where(draws[0] < 0.5, draws[1], 1.0 - draws[1].sqrt())
        cut = (share * (n - 1)).long().clamp(max=n - 2)
        flip = torch.rand(2, b, device=device) < 0.5
        first, last = rows["first"][batch, cut], rows["last"][batch, cut]
        inside = (place >= first[:, None]) & (place <= last[:, None])
        served = torch.where(
            flip[0][:, None], place > cut[:, None], place < cut[:, None]
        )
        served = served & inside
        opening = torch.where(flip[0], cut == last, cut == first)
        # The route before ends at either of its ends.
        previous = (first - 1).clamp(min=0)
        begun = first > 0
        before = torch.where(flip[1], rows["first"][batch, previous], previous)
        on_way = torch.where(flip[0], cut + 1, cut - 1).clamp(0, width - 1)
        node = torch.where(opening, before, on_way)
        home = opening & ~begun
        here = torch.where(home[:, None], rows["depot"], xy[batch, node])
        total = torch.where(
            opening[:, None],
            rows["first"] == rows["first"][batch, previous][:, None],
            served,
        )
        load = (demand * total * (place < n[:, None])).sum(1)
        room = torch.where(home, 1.0, 1.0 - load)
        unserved = (place >= first[:, None]) & (place < n[:, None]) & ~served
        # Without some of the later routes, the others are as good as before.
        fate = torch.rand(b, width, device=device).gather(1, rows["first"])
        unserved &= inside | (fate >= dropped(b, device))
        xy, here, depot = mirrored(xy, here, rows["depot"])
        state = CVRPState(xy, demand, unserved, here, depot, room, home)
        way = (opening & begun).long()
        wanted = torch.nn.functional.one_hot(cut * 2 + way, 2 * width)
        return state, wanted.float().view(b, width, 2)

    def start(self, instance: Mapping[str, Tensor]) -> CVRPState:
        """Return the states with an empty vehicle at the depot."""
        xy, depot = instance["xy"], instance["depot"]
        place = torch.arange(xy.shape[1], device=xy.device)[None]
        return CVRPState(
            xy,
            instance["demand"],
            place < instance["n"][:, None],
            depot,
            depot,
            torch.ones_like(depot[:, 0], dtype=torch.float64),
            torch.ones_like(depot[:, 0], dtype=torch.bool),
        )

    def left(self, state: CVRPState) -> Tensor:
        """Return how many customers are unserved."""
        return state.open.sum(1)

    def observe(self, state: CVRPState, width: int) -> View:
        """Show unserved customers that are near to the vehicle or to the depot."""
        key = torch.minimum(
            lengths(state.xy - state.here[:, None]),
            lengths(state.xy - state.depot[:, None]),
        )
        scene = look(state.xy, state.here, state.depot, state.open, key, width)
        room = state.room[:, None]
        demand = pick(state.demand, scene.node) * scene.candidate
        fits = scene.candidate & (demand <= room + _SLACK)
        rest = (state.demand * scene.rest).sum(1)
        total = (state.demand * state.open).sum(1)
        extra = torch.stack(
            [
                demand,
                (demand / room.clamp(min=1e-3)).clamp(max=2.0),
                fits.double(),
                room.expand_as(demand),
                torch.log1p(rest)[:, None].expand_as(demand),
                torch.log1p(total)[:, None].expand_as(demand),
            ],
            -1,
        )
        extra = extra.to(scene.tokens.dtype) * scene.valid.unsqueeze(-1)
        tokens = torch.cat([scene.tokens, extra], -1)
        through = scene.candidate & ~state.home[:, None]
        return View(
            tokens,
            scene.edges,
            scene.valid,
            torch.stack([fits, through], -1),
            scene.node,
        )

    def step(
        self, state: CVRPState, node: Tensor, way: Tensor, moving: Tensor
    ) -> CVRPState:
        """Serve a customer, after a visit to the depot or without."""
        batch = torch.arange(len(node), device=node.device)
        unserved = state.open.clone()
        unserved[batch, node] &= ~moving
        here = torch.where(moving[:, None], state.xy[batch, node], state.here)
        room = torch.where(way == THROUGH_DEPOT, 1.0, state.room)
        room = room - state.demand[batch, node]
        return state._replace(
            open=unserved,
            here=here,
            room=torch.where(moving, room, state.room),
            home=state.home & ~moving,
        )

    def turned(self, state: CVRPState) -> None:
        """Return None: later routes have no given end."""

    def gain(self, state: CVRPState, node: Tensor, way: Tensor) -> Tensor:
        """Return the distances to customers, through the depot or not."""
        there = state.xy[torch.arange(len(node), device=node.device), node]
        home = lengths(state.here - state.depot) + lengths(there - state.depot)
        direct = lengths(there - state.here)
        return torch.where(way == THROUGH_DEPOT, home, direct)

    def closing(self, state: CVRPState) -> Tensor:
        """Return the distances to the depot."""
        return lengths(state.here - state.depot)

    def identity(self, state: CVRPState, gained: Tensor) -> tuple[Tensor, Tensor]:
        """Take for alike what serves the same rest from the same place and load."""
        # The same load comes about by sums in any order: digits that rounding
        # may touch do not count.
        room = (state.room * 1e9).round().long()
        return fingerprint(state.open, state.here, room), -gained

    def vary(
        self, instance: Mapping[str, Tensor], count: int
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Turn and reflect; then begin with other customers."""
        return symmetries(instance, count)

    def objective(
        self, instance: Mapping[str, Tensor], nodes: Tensor, ways: Tensor
    ) -> Tensor:
        """Return the lengths of all routes."""
        depot = instance["depot"]
        total = torch.zeros_like(depot[:, 0])
        here = depot
        batch = torch.arange(len(depot), device=depot.device)
        for node, way in zip(nodes.T, ways.T, strict=True):
            there = instance["xy"][batch, node.clamp(min=0)]
            there = torch.where(node[:, None] >= 0, there, here)
            home = lengths(here - depot) + lengths(there - depot)
            total += torch.where(way == THROUGH_DEPOT, home, lengths(there - here))
            here = there
        return total + lengths(here - depot)

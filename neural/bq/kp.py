"""The knapsack problem: put in one of the items that an optimal packing holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from combkit.neural.bq.base import View
from combkit.neural.bq.window import fingerprint, nearest, pick, repeated

__all__ = ["KP", "KPState"]

#: The token before the items: what is left out of the window.
_MARKS = 1


class KPState(NamedTuple):
    """Items that may still be put in, and the room for them.

    Attributes
    ----------
    value, weight : Tensor, shape (b, n), float64
        Of the items; what the policy packs must fit exactly.
    open : Tensor, shape (b, n), bool
        Items that are not packed.
    room : Tensor, shape (b,), float64
        Capacity that is left.
    """

    value: Tensor
    weight: Tensor
    open: Tensor
    room: Tensor


def _fitting(state: KPState) -> Tensor:
    """Return the items that fit and are worth something."""
    fits = state.weight <= state.room[:, None]
    return state.open & fits & (state.value > 0)


class KP:
    """See ``combkit.neural.bq.base.Problem``."""

    name = "kp"
    features = 10
    edges = 1
    actions = 1
    width = 101
    marks = _MARKS
    maximised = True
    changing = ("open", "room")
    sets: Mapping[str, float] = {"kp": 1.0}

    def decode(self, shard: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return instances whose packed items come first."""
        return {
            "value": shard["values"].astype(np.float64),
            "weight": shard["weights"].astype(np.float64),
            "capacity": shard["capacity"].astype(np.float64),
            "n": shard["n"].astype(np.int64),
            "chosen": shard["chosen"].astype(np.int64),
        }

    def draw(self, rows: Mapping[str, Tensor]) -> tuple[KPState, Tensor]:
        """Pack random items of each optimal packing; the others are wanted."""
        value, weight, chosen = rows["value"], rows["weight"], rows["chosen"]
        b, width = value.shape
        place = torch.arange(width, device=value.device)[None]
        good = place < chosen[:, None]
        # Half of the time few are left: that is where it becomes difficult.
        draws = torch.rand(3, b, device=value.device)
        most = torch.where(draws[0] < 0.5, chosen, chosen.clamp(max=10))
        keep = 1 + (draws[1] * most).long().clamp(max=most - 1)
        # Dense items tend to be packed first, as the policy will do.
        noise = torch.rand(b, width, device=value.device, dtype=value.dtype)
        density = torch.log(value / weight.clamp(min=1.0) + 1e-6)
        order = torch.where(draws[2][:, None] < 0.7, 0.3 * noise - density, noise)
        rank = order.masked_fill(~good, -torch.inf).argsort(1, descending=True)
        left = torch.zeros_like(good).scatter(1, rank, place < keep[:, None]) & good
        room = rows["capacity"] - (weight * (good & ~left)).sum(1)
        state = KPState(
            value, weight, (place < rows["n"][:, None]) & (left | ~good), room
        )
        wanted = left.float() / left.sum(1, keepdim=True).clamp(min=1)
        return state, wanted.unsqueeze(-1)

    def start(self, instance: Mapping[str, Tensor]) -> KPState:
        """Return the states with an empty knapsack."""
        value = instance["value"]
        place = torch.arange(value.shape[1], device=value.device)[None]
        return KPState(
            value,
            instance["weight"],
            place < instance["n"][:, None],
            instance["capacity"],
        )

    def left(self, state: KPState) -> Tensor:
        """Return how many items still fit."""
        return _fitting(state).sum(1)

    def observe(self, state: KPState, width: int) -> View:
        """Show the fitting items whose density is nearest to the break item's.

        The relaxation fills the room by density; the item that no longer fits
        sets the price of weight.
        """
        fitting = _fitting(state)
        room = state.room[:, None]
        weight = torch.where(fitting, state.weight, 0.0)
        value = torch.where(fitting, state.value, 0.0)
        # Weightless items come first, at any finite density.
        density = value / weight.clamp(min=1e-6 * room.clamp(min=1.0))
        ranked, order = density.sort(dim=1, descending=True)
        filled = weight.gather(1, order).cumsum(1)
        packed = (filled <= room).sum(1, keepdim=True)
        everything = packed >= fitting.shape[1]
        price = ranked.gather(1, packed.clamp(max=fitting.shape[1] - 1))
        price = torch.where(everything, torch.zeros_like(price), price)
        key = (density / price.clamp(min=1e-9)).clamp(min=1e-9).log().abs()
        index, present = nearest(key, fitting, width - _MARKS)
        inside = torch.zeros_like(fitting).scatter(1, index, present)
        rest = fitting & ~inside
        node = pad(index, (_MARKS, 0))
        candidate = pad(present, (_MARKS, 0))
        heaviest = weight.amax(1, keepdim=True).clamp(min=1e-9)
        unit = torch.where(price > 0, price, ranked[:, :1].clamp(min=1e-9))
        w = pick(weight, node) * candidate
        v = pick(value, node) * candidate / unit
        share = room / heaviest
        # Room that is left after all denser items: how well each one closes it.
        slack = room - (weight * (density > price)).sum(1, keepdim=True)
        surplus = (v - w * (price / unit)) / heaviest
        columns = [
            w / heaviest,
            (v / heaviest).clamp(max=4.0),
            surplus.clamp(-3.0, 3.0),
            (8.0 * surplus).clamp(-3.0, 3.0),
            (w / room.clamp(min=1e-9)).clamp(max=1.0),
            ((slack - w) / heaviest).clamp(-2.0, 2.0),
            torch.log1p(share).expand_as(w),
            (slack / heaviest).clamp(max=2.0).expand_as(w),
            (0.25 * torch.log1p(rest.sum(1, keepdim=True).double())).expand_as(w),
            candidate.double(),
        ]
        valid = candidate.clone()
        valid[:, 0] = True
        tokens = (torch.stack(columns, -1) * valid.unsqueeze(-1)).float()
        size = (w / heaviest).float()
        edges = (size[:, :, None] - size[:, None]).abs().unsqueeze(-1)
        return View(tokens, edges, valid, candidate.unsqueeze(-1), node)

    def step(
        self, state: KPState, node: Tensor, way: Tensor, moving: Tensor
    ) -> KPState:
        """Put an item in."""
        batch = torch.arange(len(node), device=node.device)
        unpacked = state.open.clone()
        unpacked[batch, node] &= ~moving
        room = state.room - state.weight[batch, node] * moving
        return state._replace(open=unpacked, room=room)

    def turned(self, state: KPState) -> None:
        """Return None: a packing has no end."""

    def gain(self, state: KPState, node: Tensor, way: Tensor) -> Tensor:
        """Return the values of items."""
        return state.value[torch.arange(len(node), device=node.device), node]

    def closing(self, state: KPState) -> Tensor:
        """Return 0."""
        return torch.zeros_like(state.room)

    def identity(self, state: KPState, gained: Tensor) -> tuple[Tensor, Tensor]:
        """Take for alike what has the same items left."""
        return fingerprint(state.open), gained

    def vary(
        self, instance: Mapping[str, Tensor], count: int
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Begin with other items."""
        rows = repeated(instance, count)
        number = torch.arange(len(rows["n"]), device=rows["n"].device)
        return rows, number % count

    def objective(
        self, instance: Mapping[str, Tensor], nodes: Tensor, ways: Tensor
    ) -> Tensor:
        """Return the packed values."""
        values = instance["value"].gather(1, nodes.clamp(min=0))
        return (values * (nodes >= 0)).sum(1)

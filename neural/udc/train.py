"""Training of the divider: on the edges of our own solutions.

A random part of a good tour counts as walked. From what the network then asks of
the state, every later node of the next stretch must lead to its successor, among the
near nodes that are still open there: the heat of edges as the walk will see it.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from combkit.neural.training import resume, save_state, say
from combkit.neural.udc.labels import Example
from combkit.neural.udc.network import Divider, Embedded

__all__ = ["Plan", "fit", "loss_of"]

#: Nodes after the walked part that one heatmap is judged by.
_STRETCH = 100
#: Weight of the loss of being visited, beside that of edges.
_VISITS = 0.5
_BATCH, _RATE, _CLIP = 8, 2e-3, 1.0
#: Seconds between checkpoints.
_CHECKPOINT = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to train, and where.

    Parameters
    ----------
    seconds : float
        Seconds of training.
    folder : Path
        Where the checkpoint is.
    seed : int
        Seed.
    device : device
        Where.
    """

    seconds: float
    folder: Path
    seed: int
    device: torch.device


def fit(
    network: Divider,
    examples: Sequence[Example],
    held: Sequence[Example],
    plan: Plan,
) -> list[dict[str, float]]:
    """Train a network for some time, from a checkpoint if there is one.

    Parameters
    ----------
    network : Divider
        The network, trained in place.
    examples, held : sequence of Example
        What to learn from, and what to judge it by.
    plan : Plan
        How long and where.

    Returns
    -------
    list of dict
        Steps, seconds, and losses of learned and held examples, one a checkpoint.
    """
    network.to(plan.device).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=1e-4)
    path = plan.folder / "checkpoint.pt"
    curve: list[dict[str, float]] = []
    spent, step = 0.0, 0
    if path.exists():
        state = resume(path, network, optimizer, plan.device)
        curve, spent, step = state["curve"], state["spent"], state["step"]
    sizes: dict[tuple[int, ...], list[Example]] = {}
    for example in examples:
        sizes.setdefault(example.graph.near.shape, []).append(example)
    groups = list(sizes.values())
    chances = np.array([len(group) for group in groups], float)
    chances /= chances.sum()
    rng = np.random.default_rng([plan.seed, step])
    begun, saved, losses = time.perf_counter(), time.perf_counter(), []
    while spent < plan.seconds:
        for group in optimizer.param_groups:
            share = min(1.0, spent / plan.seconds)
            group["lr"] = _RATE * 0.5 * (1.0 + math.cos(math.pi * share))
        rows = groups[int(rng.choice(len(groups), p=chances))]
        batch = [rows[i] for i in rng.integers(len(rows), size=_BATCH)]
        loss = loss_of(network, batch, rng, plan.device)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
        optimizer.step()
        losses.append(loss.item())
        step += 1
        now = time.perf_counter()
        spent, begun = spent + now - begun, now
        if now - saved > _CHECKPOINT or spent >= plan.seconds:
            judged = _judged(network, held, plan)
            curve.append(
                {
                    "step": step,
                    "seconds": round(spent, 1),
                    "loss": round(float(np.mean(losses)), 4),
                    "held": round(judged, 4),
                }
            )
            say(f"{spent:7.0f} s  {json.dumps(curve[-1])}")
            rest = {"curve": curve, "spent": spent, "step": step}
            save_state(path, network, optimizer, rest)
            saved = begun = time.perf_counter()
            losses = []
    network.eval()
    return curve


def _judged(network: Divider, held: Sequence[Example], plan: Plan) -> float:
    """Return the mean loss of examples that are not learned from."""
    rng = np.random.default_rng(plan.seed)
    network.eval()
    with torch.inference_mode():
        losses = [loss_of(network, [e], rng, plan.device).item() for e in held]
    network.train()
    return float(np.mean(losses))


def loss_of(
    network: Divider,
    batch: Sequence[Example],
    rng: np.random.Generator,
    device: torch.device,
) -> Tensor:
    """Return the mean loss of examples whose graphs have the same shape.

    Parameters
    ----------
    network : Divider
        The network.
    batch : sequence of Example
        The examples.
    rng : Generator
        Decides which part of each tour is walked.
    device : device
        Where the network is.
    """
    arrays = (
        np.stack([getattr(example.graph, name) for example in batch])
        for name in ("near", "nodes", "edges")
    )
    found = network(*(torch.as_tensor(array, device=device) for array in arrays))
    losses = [_edges(found, b, example, rng) for b, example in enumerate(batch)]
    visited = torch.zeros_like(found.visit)
    for b, example in enumerate(batch):
        visited[b, torch.as_tensor(example.tour, device=device)] = 1.0
    of_visits = torch.nn.functional.binary_cross_entropy_with_logits(
        found.visit, visited
    )
    return torch.stack(losses).mean() + _VISITS * of_visits


def _edges(
    found: Embedded, b: int, example: Example, rng: np.random.Generator
) -> Tensor:
    """Return the loss of the edges of one example after a random walked part."""
    tour, leads = _turned(example, rng)
    m, near = tour.size, example.graph.near
    walked = int(rng.integers(1, m))
    place = np.full(near.shape[0], -1)
    place[tour] = np.arange(m)
    at = np.arange(walked - 1, min(m - 1, walked - 1 + _STRETCH))
    rows = tour[at]
    is_open = place[near[rows]] > at[:, None]
    hit = near[rows] == tour[at + 1][:, None]
    known = hit.any(axis=1) & leads[at]
    if not known.any():
        return found.edge.sum() * 0.0
    device = found.edge.device
    prefix = torch.as_tensor(tour[:walked], device=device)
    state = found.first[b, prefix[0]] + found.last[b, prefix[-1]]
    state = state + found.visited[b, prefix].mean(0)
    chosen = torch.as_tensor(rows[known], device=device)
    heat = found.edge[b, chosen] @ state
    heat = heat.masked_fill(
        torch.as_tensor(~is_open[known], device=device), float("-inf")
    )
    target = torch.as_tensor(hit[known].argmax(axis=1), device=device)
    return torch.nn.functional.cross_entropy(heat, target)


def _turned(example: Example, rng: np.random.Generator) -> tuple[Any, Any]:
    """Return the tour from another start, or the other way round.

    A tour with a depot on it begins there.
    """
    tour, leads = example.tour, example.leads
    if rng.random() < 0.5:
        # Who led to a node is now led to by it.
        tour, leads = tour[::-1], np.roll(leads[::-1], -1)
    shift = int(rng.integers(tour.size))
    if example.graph.nodes[0, 1] > 0.0 and (tour == 0).any():
        shift = int(np.argmax(tour == 0))
    return np.roll(tour, -shift), np.roll(leads, -shift)

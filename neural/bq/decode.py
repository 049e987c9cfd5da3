"""Construct solutions of batches of states, one action after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from combkit.instances.errors import SolverError
from combkit.neural.bq.base import Problem, View
from combkit.neural.bq.network import masked_logits

__all__ = [
    "Choice",
    "Halt",
    "Halted",
    "Scorer",
    "construct",
    "greedy",
    "likeliest",
    "ranked",
    "sampled",
    "scores_of",
]

#: The network: tokens, edges and valid tokens to scores of actions.
Scorer = Callable[[Tensor, Tensor, Tensor], Tensor]
#: Logits (b, actions) and number of the step to actions (b,).
Choice = Callable[[Tensor, int], Tensor]
#: Steps done and at most to come, to whether to give up.
Halt = Callable[[int, int], bool]


class Halted(Exception):
    """A construction was given up."""


def likeliest(logits: Tensor, step: int) -> Tensor:
    """Choose the actions of the highest score."""
    return logits.argmax(1)


def ranked(lead: Tensor) -> Choice:
    """Choose first the action of a rank, then the likeliest ones.

    Parameters
    ----------
    lead : Tensor, shape (b,), int64
        Rank of each row's first action, 0 for the likeliest; ranks that a row
        does not have begin again at 0.
    """
    most = int(lead.max()) if len(lead) else 0

    def choose(logits: Tensor, step: int) -> Tensor:
        if step > 0 or most == 0:
            return likeliest(logits, step)
        best, order = logits.topk(min(most + 1, logits.shape[1]), dim=1)
        there = (best > -1e8).sum(1).clamp(min=1)
        return order.gather(1, (lead % there)[:, None])[:, 0]

    return choose


def sampled(generator: torch.Generator, temperature: float) -> Choice:
    """Draw actions from the softmax at a temperature."""

    def choose(logits: Tensor, step: int) -> Tensor:
        # Drawn on the CPU: the same numbers on every device.
        chance = torch.rand(logits.shape, generator=generator).to(logits.device)
        noise = -torch.log(-torch.log(chance.clamp(1e-12, 1.0 - 1e-7)))
        return (logits / temperature + noise).argmax(1)

    return choose


def scores_of(policy: Scorer, view: View) -> Tensor:
    """Return the logits of a view's actions, shape (b, t * actions).

    Raises
    ------
    SolverError
        If the network's scores are not numbers.
    """
    logits = masked_logits(policy(view.tokens, view.edges, view.valid), view)
    if not bool(torch.isfinite(logits).all()):
        raise SolverError("the network gave scores that are not finite numbers")
    return logits


@torch.inference_mode()
def construct(
    problem: Problem,
    policy: Scorer,
    state: Any,
    width: int,
    *,
    choose: Choice = likeliest,
    halt: Halt | None = None,
) -> tuple[Tensor, Tensor]:
    """Go on from states until nothing is left to decide.

    Parameters
    ----------
    problem : Problem
        The problem.
    policy : callable
        Tokens, edges and valid tokens to scores; see ``Policy``.
    state
        The states, as ``problem.start`` returns them.
    width : int
        Most tokens of a window.
    choose : callable
        Chooses actions.
    halt : callable, optional
        Asked before every step whether to give up.

    Returns
    -------
    nodes, ways : Tensor, shape (b, steps), int64
        The actions, nodes -1 where a row has finished.

    Raises
    ------
    SolverError
        If the network's scores are not numbers.
    Halted
        If ``halt`` said so.
    """
    nodes: list[Tensor] = []
    ways: list[Tensor] = []
    left = problem.left(state)
    while (most := int(left.max())) > 0:
        if halt is not None and halt(len(nodes), most):
            raise Halted
        # Nobody needs places for nodes that no row has left.
        view = problem.observe(state, min(width, most + problem.marks))
        moving = view.allowed.flatten(1).any(1)
        if not bool(moving.any()):
            break
        action = choose(scores_of(policy, view), len(nodes))
        token = action // problem.actions
        node = view.node.gather(1, token[:, None])[:, 0]
        way = action % problem.actions
        state = problem.step(state, node, way, moving)
        nodes.append(torch.where(moving, node, -1))
        ways.append(torch.where(moving, way, 0))
        left = problem.left(state)
    if not nodes:
        empty = torch.zeros(len(left), 0, dtype=torch.int64, device=left.device)
        return empty, empty
    return torch.stack(nodes, 1), torch.stack(ways, 1)


def greedy(
    problem: Problem,
    policy: Scorer,
    instance: Mapping[str, Tensor],
    width: int,
    *,
    halt: Halt | None = None,
) -> tuple[Tensor, Tensor]:
    """Construct one solution a row by the likeliest actions; see ``construct``.

    Parameters
    ----------
    instance : mapping
        Tensors as ``problem.start`` wants them.
    """
    return construct(problem, policy, problem.start(instance), width, halt=halt)

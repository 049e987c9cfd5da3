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
    "converge",
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
        node, way = _taken(problem, view, action)
        state = problem.step(state, node, way, moving)
        nodes.append(torch.where(moving, node, -1))
        ways.append(torch.where(moving, way, 0))
        left = problem.left(state)
    return _stacked(nodes, left), _stacked(ways, left)


def _taken(problem: Problem, view: View, action: Tensor) -> tuple[Tensor, Tensor]:
    """Return the nodes of actions and the ways to them."""
    token = action // problem.actions
    return view.node.gather(1, token[:, None])[:, 0], action % problem.actions


def _stacked(steps: list[Tensor], like: Tensor) -> Tensor:
    """Return steps as columns; without any, as many empty rows as ``like`` has."""
    if not steps:
        return torch.zeros(len(like), 0, dtype=torch.int64, device=like.device)
    return torch.stack(steps, 1)


@torch.inference_mode()
def converge(
    problem: Problem,
    policy: Scorer,
    state: Any,
    width: int,
    *,
    choose: Choice = likeliest,
    halt: Halt | None = None,
) -> tuple[Tensor, Tensor]:
    """Go on from states at both ends, always where the policy is surer.

    A path backwards is a path, so the policy also knows what comes before the
    destination; what is difficult is decided last, when little is left. That
    costs twice as much a step. See ``construct`` for the rest.
    """
    other = problem.turned(state)
    if other is None:
        return construct(problem, policy, state, width, choose=choose, halt=halt)
    nodes: list[Tensor] = []
    backwards: list[Tensor] = []
    b = len(problem.left(state))
    while (most := int(problem.left(state).max())) > 0:
        if halt is not None and halt(len(nodes), most):
            raise Halted
        seen = min(width, most + problem.marks)
        ahead, behind = problem.observe(state, seen), problem.observe(other, seen)
        view = View(*(torch.cat(parts) for parts in zip(ahead, behind, strict=True)))
        moving = view.allowed[:b].flatten(1).any(1)
        if not bool(moving.any()):
            break
        logits = scores_of(policy, view)
        action = choose(logits, len(nodes))
        chance = torch.log_softmax(logits, 1).gather(1, action[:, None])[:, 0]
        node, way = _taken(problem, view, action)
        # At first both ends are the same.
        back = (chance[b:] > chance[:b]) & (len(nodes) > 0)
        node = torch.where(back, node[b:], node[:b])
        state = problem.step(state, node, way[:b], moving & ~back)
        other = problem.step(problem.turned(state), node, way[:b], moving & back)
        state = problem.turned(other)
        nodes.append(torch.where(moving, node, -1))
        backwards.append(back & moving)
    order = _joined(_stacked(nodes, problem.left(state)), backwards)
    return order, torch.zeros_like(order)


def _joined(nodes: Tensor, backwards: list[Tensor]) -> Tensor:
    """Return nodes in the order of the path, given those taken from its end."""
    if not backwards:
        return nodes
    step = torch.arange(nodes.shape[1], device=nodes.device)
    back = torch.stack(backwards, 1)
    # What was taken from the end comes last, the first one of it at the very end.
    place = torch.where(back, 2 * nodes.shape[1] - step, step)
    place = torch.where(nodes < 0, 3 * nodes.shape[1], place)
    return nodes.gather(1, place.argsort(1))


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

"""Greedy decoding of batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from combkit.instances.errors import SolverError
from combkit.neural.bq.base import Problem
from combkit.neural.bq.network import masked_logits

__all__ = ["greedy"]

#: The network: tokens, edges and valid tokens to scores of actions.
Scorer = Callable[[Tensor, Tensor, Tensor], Tensor]


@torch.no_grad()
def greedy(
    problem: Problem, policy: Scorer, instance: Mapping[str, Tensor], width: int
) -> tuple[Tensor, Tensor]:
    """Construct one solution a row by the likeliest actions.

    Parameters
    ----------
    problem : Problem
        The problem.
    policy : callable
        Tokens, edges and valid tokens to scores; see ``Policy``.
    instance : mapping
        Tensors as ``problem.start`` wants them.
    width : int
        Most tokens of a window.

    Returns
    -------
    nodes, ways : Tensor, shape (b, steps), int64
        The actions, nodes -1 where a row has finished.

    Raises
    ------
    SolverError
        If the network's scores are not numbers.
    """
    state: Any = problem.start(instance)
    nodes: list[Tensor] = []
    ways: list[Tensor] = []
    while True:
        most = int(problem.left(state).max())
        if most == 0:
            break
        # Nobody needs places for nodes that no row has left.
        view = problem.observe(state, min(width, most + problem.marks))
        moving = view.allowed.flatten(1).any(1)
        if not bool(moving.any()):
            break
        scores = policy(view.tokens, view.edges, view.valid)
        logits = masked_logits(scores, view)
        if not bool(torch.isfinite(logits).all()):
            raise SolverError("the network gave scores that are not finite numbers")
        action = logits.argmax(1)
        token = action // problem.actions
        node = view.node.gather(1, token[:, None])[:, 0]
        way = action % problem.actions
        state = problem.step(state, node, way, moving)
        nodes.append(torch.where(moving, node, -1))
        ways.append(torch.where(moving, way, 0))
    if not nodes:
        empty = torch.zeros(len(problem.left(state)), 0, dtype=torch.int64)
        return empty, empty
    return torch.stack(nodes, 1), torch.stack(ways, 1)

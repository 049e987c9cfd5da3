"""Beam search that keeps only one of several ways to the same state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from combkit.neural.bq.base import Problem
from combkit.neural.bq.decode import Halt, Halted, Scorer, scores_of
from combkit.neural.bq.window import repeated

__all__ = ["beam"]

#: Scores of hypotheses that are not there.
_NEVER = -1e30


class _Step(NamedTuple):
    """Where the hypotheses of a step came from; each of shape (b, beams)."""

    parent: Tensor
    node: Tensor
    way: Tensor


@torch.inference_mode()
def beam(
    problem: Problem,
    policy: Scorer,
    instance: Mapping[str, Tensor],
    width: int,
    beams: int,
    *,
    halt: Halt | None = None,
) -> tuple[Tensor, Tensor]:
    """Construct the best solution of the likeliest ones of each instance.

    Of hypotheses that reach the same state, the better one is kept, with the
    higher of their likelihoods, which leaves room for different ones.

    Parameters
    ----------
    problem : Problem
        The problem.
    policy : callable
        Tokens, edges and valid tokens to scores; see ``Policy``.
    instance : mapping
        Tensors as ``problem.start`` wants them, b rows.
    width : int
        Most tokens of a window.
    beams : int
        Hypotheses that are kept of each instance; 1 is greedy.
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
    rows = repeated(instance, beams)
    state = problem.start(rows)
    left = problem.left(state)
    device = left.device
    b = len(left) // beams
    base = (torch.arange(b, device=device) * beams)[:, None]
    # At first all hypotheses of an instance are the same: one is enough.
    score = torch.full((b, beams), _NEVER, device=device)
    score[:, 0] = 0.0
    gained = torch.zeros(b, beams, device=device, dtype=torch.float64)
    steps: list[_Step] = []
    while (most := int(left.max())) > 0:
        if halt is not None and halt(len(steps), most):
            raise Halted
        view = problem.observe(state, min(width, most + problem.marks))
        # Hypotheses that are not there go nowhere.
        moving = view.allowed.flatten(1).any(1) & (score > _NEVER / 2).flatten()
        if not bool(moving.any()):
            break
        chance = torch.log_softmax(scores_of(policy, view), 1)
        # A finished hypothesis stays as it is: one more action, of no cost.
        # What is forbidden is not unlikely, it must not happen.
        there = view.allowed.flatten(1) & moving[:, None]
        chance = torch.where(there, chance, _NEVER)
        stay = torch.where(moving, _NEVER, 0.0)[:, None]
        chance = torch.cat([chance, stay], 1).view(b, beams, -1)
        actions = chance.shape[2]
        total = (score[:, :, None] + chance).flatten(1)
        # Some of them will turn out to be the same.
        wanted = min(beams if beams == 1 else 2 * beams, total.shape[1])
        likely, place = total.topk(wanted, dim=1)
        parent = place // actions
        action = place % actions
        stays = action == actions - 1
        action = torch.where(stays, 0, action)
        source = (base + parent).flatten()
        token = (action // problem.actions).flatten()
        node = view.node[source, token]
        way = (action % problem.actions).flatten()
        going = ~stays.flatten()
        before = _taken(problem, state, source)
        gain = problem.gain(before, node, way).double() * going
        after = problem.step(before, node, way, going)
        gains = gained.gather(1, parent) + gain.view_as(parent)
        key, merit = problem.identity(after, gains.flatten())
        likely = _merged(likely, key.view_as(parent), merit.view_as(parent))
        score, kept = likely.topk(min(beams, wanted), dim=1)
        if wanted < beams:
            # Fewer actions than hypotheses: the rest stays away.
            score = torch.nn.functional.pad(score, (0, beams - wanted), value=_NEVER)
            kept = torch.nn.functional.pad(kept, (0, beams - wanted))
        chosen = (torch.arange(b, device=device)[:, None] * wanted + kept).flatten()
        state = _taken(problem, after, chosen, of=state)
        gained = gains.gather(1, kept)
        nodes = torch.where(going, node, -1).view_as(parent)
        steps.append(
            _Step(
                parent.gather(1, kept),
                nodes.gather(1, kept),
                torch.where(going, way, 0).view_as(parent).gather(1, kept),
            )
        )
        left = problem.left(state)
    value = gained + problem.closing(state).double().view(b, beams)
    if not problem.maximised:
        value = -value
    # What is not there must not win, however good it looks.
    best = torch.where(score > _NEVER / 2, value, -torch.inf).argmax(1)
    return _traced(steps, best)


def _taken(problem: Problem, state: Any, rows: Tensor, of: Any = None) -> Any:
    """Return rows of a state; what actions do not change is the same in ``of``.

    Rows are taken from among those of their instance, so that unchanging fields
    are only repeated or, with ``of``, taken from there as they are.
    """
    unchanged = {} if of is None else of._asdict()
    fields = {
        name: value[rows] if name in problem.changing or of is None else unchanged[name]
        for name, value in state._asdict().items()
        if value is not None
    }
    return type(state)(**fields)


def _merged(score: Tensor, key: Tensor, merit: Tensor) -> Tensor:
    """Return scores (b, c) of which the worse of equal states are gone."""
    there = score > _NEVER / 2
    same = (key[:, :, None] == key[:, None]) & there[:, :, None] & there[:, None]
    place = torch.arange(key.shape[1], device=key.device)
    better = merit[:, None] > merit[:, :, None]
    equal = (merit[:, None] == merit[:, :, None]) & (place[None] < place[:, None])
    beaten = (same & (better | equal)).any(2)
    together = torch.where(same, score[:, None], _NEVER).amax(2)
    return torch.where(beaten | ~there, _NEVER, torch.maximum(score, together))


def _traced(steps: list[_Step], best: Tensor) -> tuple[Tensor, Tensor]:
    """Follow the parents of each instance's best hypothesis back to the start."""
    nodes: list[Tensor] = []
    ways: list[Tensor] = []
    at = best[:, None]
    for step in reversed(steps):
        nodes.append(step.node.gather(1, at)[:, 0])
        ways.append(step.way.gather(1, at)[:, 0])
        at = step.parent.gather(1, at)
    if not nodes:
        empty = torch.zeros(len(best), 0, dtype=torch.int64, device=best.device)
        return empty, empty
    return torch.stack(nodes[::-1], 1), torch.stack(ways[::-1], 1)

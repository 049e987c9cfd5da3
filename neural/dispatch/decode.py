"""Decoding with the learned rule: many schedules of many problems on a device."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor

from combkit.neural.dispatch.environment import Environment, Problems
from combkit.neural.dispatch.policy import Policy

__all__ = ["decode"]


@torch.no_grad()
def decode(
    policy: Policy,
    problems: Problems,
    samples: int,
    *,
    width: int,
    temperature: Tensor | float = 1.0,
    generator: torch.Generator | None = None,
    half: bool = False,
) -> tuple[Tensor, Tensor]:
    """Build schedules of every problem, step by step in one batch.

    Parameters
    ----------
    policy : Policy
        The rule, on the device of the problems.
    problems : Problems
        The problems.
    samples : int
        Schedules of each problem.
    width : int
        Most candidates a step.
    temperature : float or Tensor, shape (samples,)
        Of the softmax sampled from; the float 0 takes the best candidate.
    generator : torch.Generator, optional
        Random numbers, of the same device.
    half : bool
        Run the head in bfloat16.

    Returns
    -------
    modes : Tensor, shape (b, samples, n), int64
        Modes in the order they were scheduled, padded with the dummy mode.
    makespan : Tensor, shape (b, samples), float32
        Latest ends.
    """
    static = policy.encode(problems)
    environment = Environment(problems, samples, width)
    device = problems.device
    cast = torch.autocast(device.type, torch.bfloat16) if half else nullcontext()
    greedy = not isinstance(temperature, Tensor) and temperature == 0.0
    if isinstance(temperature, Tensor):
        temperature = temperature.to(device)[:, None]
    steps = []
    with cast:
        for _ in range(problems.n_tasks):
            seen = environment.observe()
            logits = policy(static, problems, seen)
            if not greedy:
                uniform = torch.rand(logits.shape, device=device, generator=generator)
                noise = -(-uniform.clamp(min=1e-9).log()).clamp(min=1e-9).log()
                logits = logits / temperature + noise
            best = logits.argmax(2, keepdim=True)
            mode = seen.mode.gather(2, best)[..., 0]
            environment.apply(mode, seen.start.gather(2, best)[..., 0])
            steps.append(mode)
    return torch.stack(steps, dim=2), environment.makespan

"""The learned rule on one problem: weights found, encoder run, schedules built."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from combkit.instances.problem import Problem
from combkit.instances.solutions import Schedule
from combkit.neural.dispatch.checkpoint import load_policy
from combkit.neural.dispatch.decode import decode
from combkit.neural.dispatch.encoding import collate
from combkit.neural.dispatch.environment import Problems
from combkit.neural.dispatch.policy import Policy
from combkit.neural.dispatch.problems import encoding_of, schedule_of
from combkit.neural.dispatch.rollout import (
    WIDTH,
    Built,
    Sampler,
    build,
    greedy,
    head_of,
    row_of,
)
from combkit.neural.shipped import weights_file

__all__ = ["BATCH", "SHIPPED", "Rule", "loaded", "policy_of"]

#: The weights of the package.
SHIPPED = "shipped"
#: Schedules sampled on a GPU at once.
BATCH = 128


def policy_of(weights: str) -> Policy:
    """Return the policy of a file, or the shipped one; raises as ``loaded``."""
    return loaded(weights)[0]


@lru_cache(maxsize=4)
def loaded(weights: str) -> tuple[Policy, dict[str, Any]]:
    """Return the policy of a file, or the shipped one, and its card.

    Raises
    ------
    InstanceFormatError
        If the file is not there or holds something else.
    """
    if weights != SHIPPED:
        return load_policy(Path(weights))
    with weights_file("dispatch.safetensors") as path:
        return load_policy(path)


class Rule:
    """The learned rule, ready to build schedules of a problem.

    Parameters
    ----------
    problem : Problem
        The problem; one that is not ``unsupported``.
    policy : Policy
        The network, on the CPU.
    device : torch.device
        Where schedules are sampled.
    """

    def __init__(self, problem: Problem, policy: Policy, device: torch.device) -> None:
        self._problem, self._device = problem, device
        self._encoding = encoding_of(problem)
        batch = collate([self._encoding])
        self._tables = row_of(batch, 0)
        if self.on_cpu:
            with torch.no_grad():
                static = policy.encode(Problems(batch, device))[0].numpy()
            self._head = head_of(policy, static)
        else:
            # The one at hand may be in use elsewhere.
            self._policy = deepcopy(policy).to(device)
            self._problems = Problems(batch, device)

    @property
    def on_cpu(self) -> bool:
        """Whether samples come one after the other."""
        return self._device.type == "cpu"

    def greedy(self) -> Built:
        """Build the schedule of the best candidates."""
        if not self.on_cpu:
            return next(self._decoded(1, 0.0, None))
        return greedy(self._tables, self._head)

    def samples(self, temperature: float, rng: np.random.Generator) -> Iterator[Built]:
        """Sample schedules, on a CPU one by one, until there is no other choice.

        Parameters
        ----------
        temperature : float
            Of the softmax, above 0.
        rng : Generator
            Source of random numbers.
        """
        state = rng.integers(1, 2**63, 1).astype(np.uint64)
        if self.on_cpu:
            sampler = Sampler(self._tables, self._head, state)
            while (built := sampler.draw(temperature)) is not None:
                yield built
            return
        generator = torch.Generator(self._device).manual_seed(int(state[0]) % 2**62)
        while True:
            yield from self._decoded(BATCH, temperature, generator)

    def schedule(self, built: Built) -> Schedule:
        """Return what was built as a schedule of the problem."""
        return schedule_of(self._problem, self._encoding, built[0], built[1])

    def _decoded(
        self, count: int, temperature: float, generator: torch.Generator | None
    ) -> Iterator[Built]:
        """Sample on a device, and build the schedules of the sequences here."""
        modes, _ = decode(
            self._policy,
            self._problems,
            count,
            width=WIDTH,
            temperature=temperature,
            generator=generator,
        )
        for row in modes[0].cpu().numpy():
            yield build(self._tables, self._places(row))

    def _places(self, modes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return keys that make ``build`` take modes in an order."""
        key = np.full(self._encoding.n_modes, np.inf)
        key[modes] = np.arange(modes.size)
        return key

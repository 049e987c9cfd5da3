"""Efforts: from one greedy construction to re-construction until time is up."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from combkit.instances.seeds import generator, native_seed
from combkit.instances.solutions import Solution
from combkit.neural.bq import horizon
from combkit.neural.bq.base import Problem
from combkit.neural.bq.beam import beam
from combkit.neural.bq.decode import (
    Choice,
    Halt,
    Halted,
    construct,
    converge,
    likeliest,
    ranked,
    sampled,
)
from combkit.neural.bq.forms import Form, stacked
from combkit.neural.bq.network import Policy
from combkit.neural.bq.reconstruct import solutions_of
from combkit.neural.bq.tsp import first_of

__all__ = ["RUNGS", "Ladder"]

#: The efforts in order; each one does what the ones before do, and more.
RUNGS = ("greedy", "starts", "beam", "sample", "reconstruct")
#: Starts, hypotheses of a beam and samples of an instance.
_STARTS, _BEAMS, _SAMPLES = 16, 16, 32
#: Temperature of the samples.
_WARMTH = 0.5
#: Rows that are constructed at once; on a CPU, what fits in its caches.
_ROWS = {"cpu": 32, "cuda": 4096}
#: Bytes that the states and windows of rows may take.
_MEMORY = 1 << 30
#: Rows from which half precision pays.
_WIDE = 4
#: Rounds of re-construction that change nothing and end it.
_STALE = 40
#: Steps before the time of all of them is judged.
_JUDGED = 3

Array = NDArray[Any]
#: Takes what was found for an instance, and where; whether it is its best.
Offer = Callable[[int, Solution, str], bool]


class Ladder:
    """Solves instances of one problem, better and better.

    Parameters
    ----------
    forms : sequence of Form
        The instances.
    problem : Problem
        Their problem.
    policy : Policy
        Its policy, on the device.
    offer : callable
        Takes solutions: number of the instance, solution, source.
    best : callable
        The best solution of an instance so far, or None.
    remaining : callable
        Seconds left, infinite without a limit.
    stopped : callable
        Whether to end now, given the number of constructions done.
    seed : int
        Seed of samples and pieces.
    half : bool
        Whether many rows are constructed in half precision.
    """

    def __init__(
        self,
        forms: Sequence[Form],
        problem: Problem,
        policy: Policy,
        *,
        offer: Offer,
        best: Callable[[int], Any],
        remaining: Callable[[], float],
        stopped: Callable[[int], bool],
        seed: int,
        half: bool,
    ) -> None:
        self._forms = forms
        self._problem = problem
        self._policy = policy
        self._wide = policy.rounded(torch.bfloat16) if half else policy
        self._offer = offer
        self._best = best
        self._remaining = remaining
        self._stopped = stopped
        self._seed = seed
        self._device = next(policy.parameters()).device
        self._width = policy.config.width
        self._done = 0

    def climb(self, effort: str) -> bool:
        """Go as far as an effort and the time allow; return whether all was done."""
        finished = True
        for name in RUNGS[: RUNGS.index(effort) + 1]:
            if self._stopped(self._done):
                return False
            # With nothing in hand, the first one is tried to the end.
            patient = name == "greedy" and any(
                self._best(k) is None for k in range(len(self._forms))
            )
            try:
                getattr(self, f"_{name}")(patient)
            except Halted:
                finished = False
        return finished and not self._stopped(self._done)

    def _greedy(self, patient: bool) -> None:
        for group in self._groups(1):
            rows = self._rows(group)
            if len(group) == 1 and self._endless(group[0]):
                xy = self._forms[group[0]].row["xy"]
                tour = horizon.greedy_tour(
                    self._policy,
                    xy,
                    self._width,
                    self._device,
                    halt=self._halt(patient),
                )
                self._take(group[0], tour, np.zeros_like(tour), "bq greedy")
                continue
            state = self._problem.start(rows)
            nodes, ways = self._converge(state, likeliest, patient)
            self._keep(group, 1, rows, nodes, ways, "bq greedy")

    def _endless(self, number: int) -> bool:
        form = self._forms[number]
        return form.name == "tsp" and form.n > horizon.FEW

    def _starts(self, patient: bool) -> None:
        for group in self._groups(_STARTS):
            rows, lead = self._problem.vary(self._rows(group), _STARTS)
            state = self._problem.start(rows)
            nodes, ways = self._construct(state, ranked(lead), patient)
            self._keep(group, _STARTS, rows, nodes, ways, "bq starts")

    def _beam(self, patient: bool) -> None:
        for group in self._groups(_BEAMS):
            rows = self._rows(group)
            nodes, ways = beam(
                self._problem,
                self._scorer(len(group) * _BEAMS),
                rows,
                self._width,
                _BEAMS,
                halt=self._halt(patient),
            )
            self._keep(group, 1, rows, nodes, ways, "bq beam")

    def _sample(self, patient: bool) -> None:
        draws = torch.Generator().manual_seed(native_seed(self._seed, 62))
        for group in self._groups(_SAMPLES):
            rows, _ = self._problem.vary(self._rows(group), _SAMPLES)
            state = self._problem.start(rows)
            choose = sampled(draws, _WARMTH)
            nodes, ways = self._construct(state, choose, patient)
            self._keep(group, _SAMPLES, rows, nodes, ways, "bq sample")

    def _reconstruct(self, patient: bool) -> None:
        numbers = [k for k in range(len(self._forms)) if self._best(k) is not None]
        forms = [self._forms[k] for k in numbers]
        if not forms:
            return
        rng = generator(self._seed, 0)
        held = [self._best(k) for k in numbers]
        solutions = solutions_of(forms, held, self._device)
        if solutions is None:
            return
        size = self._limit(min(100, max(form.n for form in forms)))
        stale = 0
        while stale < _STALE and not self._stopped(self._done):
            changed = []
            for rows in _dealt(len(forms), size):
                if self._stopped(self._done):
                    break
                cut = solutions.cut(rows, rng)
                try:
                    nodes, ways = self._converge(cut.state, likeliest, patient)
                except Halted:
                    continue
                self._done += len(rows)
                changed += solutions.join(cut, nodes.cpu().numpy(), ways.cpu().numpy())
            stale = 0 if changed else stale + 1
            for row in dict.fromkeys(changed):
                self._offer(numbers[row], solutions.solution(row), "bq reconstruct")

    # -- how ---------------------------------------------------------------

    def _limit(self, n: int) -> int:
        """Return how many rows of n nodes are constructed at once."""
        form = self._forms[0]
        width = min(self._width, n + 4)
        cells = n * n if form.name == "atsp" else 0
        # Nodes, their hashes, and what attention and its bias hold at a time.
        each = 4 * cells + 160 * n + 4 * width * width * 40
        return max(1, min(_ROWS[self._device.type], _MEMORY // each))

    def _groups(self, copies: int) -> list[list[int]]:
        """Return the instances in groups of about one size and few enough rows."""
        order = sorted(range(len(self._forms)), key=lambda k: self._forms[k].n)
        groups: list[list[int]] = []
        for k in order:
            n = self._forms[k].n
            room = max(1, self._limit(n) // copies)
            if not groups or len(groups[-1]) >= room or self._endless(k):
                groups.append([])
            groups[-1].append(k)
        return groups

    def _rows(self, group: Sequence[int]) -> dict[str, Tensor]:
        rows = stacked([self._forms[k] for k in group])
        return {name: value.to(self._device) for name, value in rows.items()}

    def _scorer(self, rows: int) -> Policy:
        return self._wide if rows >= _WIDE else self._policy

    def _construct(
        self, state: Any, choose: Choice, patient: bool
    ) -> tuple[Tensor, Tensor]:
        return construct(
            self._problem,
            self._scorer(len(self._problem.left(state))),
            state,
            self._width,
            choose=choose,
            halt=self._halt(patient),
        )

    def _converge(
        self, state: Any, choose: Choice, patient: bool
    ) -> tuple[Tensor, Tensor]:
        """Construct from both ends where a policy of paths can."""
        if self._problem.maximised:
            return self._construct(state, choose, patient)
        return converge(
            self._problem,
            self._scorer(2 * len(self._problem.left(state))),
            state,
            self._width,
            choose=choose,
            halt=self._halt(patient),
        )

    def _halt(self, patient: bool) -> Halt:
        """Return what gives up a construction at the end of the time.

        If not patient, also as soon as the time will not suffice.
        """
        began = time.perf_counter()

        def halt(done: int, most: int) -> bool:
            if self._stopped(self._done):
                return True
            if patient or done < _JUDGED or math.isinf(self._remaining()):
                return False
            pace = (time.perf_counter() - began) / done
            # Windows get smaller at the end.
            return 0.7 * pace * most > self._remaining()

        return halt

    def _keep(
        self,
        group: Sequence[int],
        copies: int,
        rows: dict[str, Tensor],
        nodes: Tensor,
        ways: Tensor,
        source: str,
    ) -> None:
        """Offer the best of each instance's rows."""
        self._done += len(group) * copies
        values = self._problem.objective(rows, nodes, ways).view(-1, copies)
        best = values.argmax(1) if self._problem.maximised else values.argmin(1)
        place = (torch.arange(len(group), device=best.device) * copies + best).cpu()
        order, way = nodes.cpu()[place].numpy(), ways.cpu()[place].numpy()
        if self._problem.name in ("tsp", "atsp"):
            first = first_of(rows).cpu()[place].numpy()
            order = np.concatenate([first[:, None], order], 1)
            way = np.concatenate([np.zeros_like(first)[:, None], way], 1)
        for k, one, how in zip(group, order, way, strict=True):
            self._take(k, one[one >= 0], how[one >= 0], source)

    def _take(self, number: int, nodes: Array, ways: Array, source: str) -> None:
        self._offer(number, self._forms[number].solution(nodes, ways), source)


def _dealt(count: int, size: int) -> list[list[int]]:
    """Return all of ``count`` rows in batches of ``size``, repeated if they are few."""
    rows = [k for k in range(count) for _ in range(max(1, size // count))]
    return [rows[at : at + size] for at in range(0, len(rows), size)]

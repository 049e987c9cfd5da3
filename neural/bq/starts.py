"""Several different constructions of one problem, for searches to start from."""

from __future__ import annotations

import time
from typing import Any

from combkit.instances.problem import Problem
from combkit.instances.seeds import native_seed
from combkit.instances.solutions import Solution

__all__ = ["propose"]

#: Temperature at which starts are drawn, after the likeliest one of each image.
_WARMTH = 0.5
#: Symmetric images and cities that are begun from before chance is needed.
_IMAGES = 16


def propose(
    problem: Problem, k: int, seed: int, deadline: float = float("inf")
) -> list[Solution]:
    """Return up to k different solutions by the shipped policy, the best first.

    Parameters
    ----------
    problem : Problem
        The problem; one that ``bq`` does not take has no proposals.
    k : int
        How many are wanted.
    seed : int
        Seed of what is drawn.
    deadline : float
        Reading of ``time.perf_counter()`` at which to return what there is.

    Returns
    -------
    list of Solution
        Feasible, no two alike; empty where the time does not suffice.
    """
    import torch

    from combkit.neural.bq import model
    from combkit.neural.bq.decode import Halted, construct, ranked, sampled
    from combkit.neural.bq.forms import form_of, stacked, unsupported
    from combkit.neural.bq.problems import problem_of
    from combkit.neural.bq.tsp import first_of

    if k < 1 or unsupported(problem) is not None:
        return []
    form = form_of(problem)
    engine = problem_of(form.name)
    policy = model.policy_of(form.name, None, torch.device("cpu"))
    draws = torch.Generator().manual_seed(native_seed(seed, 62))
    found: dict[Any, Solution] = {}

    def halt(done: int, most: int) -> bool:
        return time.perf_counter() >= deadline

    for warm in (False, True):
        rows, lead = engine.vary(stacked([form]), min(k, _IMAGES) if not warm else k)
        choose = sampled(draws, _WARMTH) if warm else ranked(lead)
        try:
            nodes, ways = construct(
                engine,
                policy,
                engine.start(rows),
                policy.config.width,
                choose=choose,
                halt=halt,
            )
        except Halted:
            break
        if form.name in ("tsp", "atsp"):
            nodes = torch.cat([first_of(rows)[:, None], nodes], 1)
            ways = torch.cat([torch.zeros_like(ways[:, :1]), ways], 1)
            ways = torch.nn.functional.pad(ways, (0, nodes.shape[1] - ways.shape[1]))
        for one, how in zip(nodes.numpy(), ways.numpy(), strict=True):
            solution = form.solution(one[one >= 0], how[one >= 0])
            found.setdefault(solution, solution)
        if len(found) >= k:
            break
    sign = -1.0 if problem.sense == "max" else 1.0
    ordered = sorted(found.values(), key=lambda s: sign * problem.evaluate(s))
    return ordered[:k]

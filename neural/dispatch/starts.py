"""Several different schedules of one problem, for searches to start from."""

from __future__ import annotations

import time
from itertools import islice

from combkit.instances.problem import Problem
from combkit.instances.seeds import generator
from combkit.instances.solutions import Schedule

__all__ = ["propose"]

#: Temperature at which starts are sampled, after the greedy schedule.
_WARMTH = 0.3
#: Samples, for each start that is wanted, after which there are no new ones.
_TRIES = 4


def propose(
    problem: Problem, k: int, seed: int, deadline: float = float("inf")
) -> list[Schedule]:
    """Return up to k different schedules by the shipped rule, the best first.

    Parameters
    ----------
    problem : Problem
        The problem; one that the rule does not take has no proposals.
    k : int
        How many are wanted.
    seed : int
        Seed of what is sampled.
    deadline : float
        Reading of ``time.perf_counter()`` at which to return what there is.

    Returns
    -------
    list of Schedule
        Feasible, no two alike; empty where the time does not suffice.
    """
    import torch

    from combkit.neural.dispatch.problems import unsupported
    from combkit.neural.dispatch.rule import SHIPPED, Rule, policy_of

    if k < 1 or unsupported(problem) is not None:
        return []
    rule = Rule(problem, policy_of(SHIPPED), torch.device("cpu"))
    if time.perf_counter() >= deadline:
        return []
    first = rule.schedule(rule.greedy())
    found = {first: first}
    for built in islice(rule.samples(_WARMTH, generator(seed)), _TRIES * k):
        if len(found) >= k or time.perf_counter() >= deadline:
            break
        schedule = rule.schedule(built)
        found.setdefault(schedule, schedule)
    return sorted(found.values(), key=problem.evaluate)

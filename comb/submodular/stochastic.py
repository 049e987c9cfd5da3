"""Stochastic greedy: the best element of a sample, and again."""

from __future__ import annotations

import math

import numpy as np

from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular.guarantees import Guarantee, of_greedy
from combkit.comb.submodular.lazy import conclude
from combkit.comb.submodular.refusals import (
    at_least,
    between,
    other_constraint,
    other_goal,
)
from combkit.comb.submodular.session import Session, supervised
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.problem import Submodular

__all__ = ["sample_size", "solve", "supports"]


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    return other_goal(problem, "value") or other_constraint(
        problem, "cardinality", "unconstrained"
    )


@supervised
def solve(
    problem: Submodular, run: Run, *, epsilon: float = 0.1, certificate: int = 12
) -> Outcome:
    """Choose the best of ``(n / k) ln(1 / epsilon)`` random elements, k times [1]_.

    Parameters
    ----------
    problem : Submodular
        The problem.
    run : Run
        The run; an iteration is a gain.
    epsilon : float
        What the factor loses in the mean, between 0 and 1.
    certificate : int
        Number of sets, on the way and beyond, whose gains bound the optimum; each
        costs n gains.

    References
    ----------
    .. [1] B. Mirzasoleiman et al., "Lazier than lazy greedy", AAAI 2015.
    """
    between(epsilon=epsilon)
    at_least(0, certificate=certificate)
    session = Session(problem, run, "stochastic")
    pool = session.candidates()
    left, most = np.array([pool.size]), session.picks.chosen.size
    sample = sample_size(pool.size, most - session.size, epsilon)
    out, random = np.zeros(sample), session.random()
    search = session.compiled(greedy.sampled)
    while not session.full and session.going():
        search(
            session.state, session.rule, pool, left, sample, out, random, session.picks
        )
    guarantee = None
    if of_greedy(problem) is not None:
        guarantee = Guarantee(
            f"E f(S) >= (1 - 1/e - {epsilon:g}) f(O)",
            1.0 - 1.0 / math.e - epsilon,
            "Mirzasoleiman et al., AAAI 2015",
            expected=True,
        )
    return conclude(session, certificate, guarantee, sample=sample)


def sample_size(n: int, most: int, epsilon: float) -> int:
    """Return how many elements a stochastic step looks at.

    Parameters
    ----------
    n, most : int
        Elements, and how many of them will be chosen.
    epsilon : float
        What the factor may lose.
    """
    return max(1, math.ceil(n / max(1, most) * math.log(1.0 / epsilon)))

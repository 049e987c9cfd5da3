"""Threshold greedy: all elements that add enough, for less and less."""

from __future__ import annotations

import math

from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular.guarantees import Guarantee, of_greedy
from combkit.comb.submodular.lazy import conclude
from combkit.comb.submodular.refusals import (
    at_least,
    between,
    is_not_submodular,
    other_constraint,
    other_goal,
)
from combkit.comb.submodular.session import Session, supervised
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.problem import Submodular

__all__ = ["solve", "supports"]


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    return (
        other_goal(problem, "value")
        or is_not_submodular(problem)
        or other_constraint(problem, "cardinality", "unconstrained")
    )


@supervised
def solve(
    problem: Submodular, run: Run, *, epsilon: float = 0.1, certificate: int = 12
) -> Outcome:
    """Choose whatever adds at least a threshold that falls by ``1 - epsilon`` [1]_.

    It starts at the largest single value d and ends below ``epsilon d / n``. An element
    whose last known gain is below the threshold is not asked again.

    Parameters
    ----------
    problem : Submodular
        The problem.
    run : Run
        The run; an iteration is a gain.
    epsilon : float
        What the factor loses, between 0 and 1.
    certificate : int
        Number of sets, on the way and beyond, whose gains bound the optimum.

    References
    ----------
    .. [1] A. Badanidiyuru, J. Vondrak, "Fast algorithms for maximizing submodular
       functions", SODA 2014.
    """
    between(epsilon=epsilon)
    at_least(0, certificate=certificate)
    session = Session(problem, run, "threshold")
    queue = session.queue()
    if queue is None:
        session.report()
        return session.outcome(None)
    largest = float(queue.key.max(initial=0.0))
    threshold, least = largest, epsilon * largest / problem.n
    search = session.compiled(greedy.thresholds)
    while threshold > 0.0 and threshold >= least and session.going():
        search(session.state, session.rule, queue, session.picks, threshold)
        threshold *= 1.0 - epsilon
    session.picks.count[greedy.ENDED] |= threshold < least or largest <= 0.0
    guarantee = None
    if of_greedy(problem) is not None:
        guarantee = Guarantee(
            f"f(S) >= (1 - 1/e - {epsilon:g}) f(O)",
            1.0 - 1.0 / math.e - epsilon,
            "Badanidiyuru, Vondrak, SODA 2014",
        )
    return conclude(session, certificate, guarantee)

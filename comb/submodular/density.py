"""Knapsack greedy: by gain per cost, with the best last element of every prefix."""

from __future__ import annotations

import math

import numpy as np

from combkit.comb.submodular import _kernels_exchange as exchange
from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular.guarantees import Guarantee
from combkit.comb.submodular.refusals import (
    at_least,
    is_not_submodular,
    other_constraint,
    other_goal,
)
from combkit.comb.submodular.session import Session, supervised
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.constraints import Knapsack
from combkit.instances.submodular.problem import Submodular

__all__ = ["density", "solve", "supports"]

_YAROSLAVTSEV = Guarantee(
    "f(S) >= 1/2 f(O)", 0.5, "Yaroslavtsev, Zhou, Avdiukhin, AISTATS 2020"
)


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    return (
        other_goal(problem, "value")
        or other_constraint(problem, "knapsack")
        or is_not_submodular(problem)
    )


def density(constraint: Knapsack) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return what gains are multiplied by: one over the share of budgets used."""
    limits = np.maximum(constraint.budgets, np.finfo(float).tiny)
    shares = (constraint.costs / limits[:, None]).sum(axis=0)
    scale: np.ndarray[tuple[int], np.dtype[np.float64]] = 1.0 / shares
    return scale


@supervised
def solve(problem: Submodular, run: Run, *, certificate: int = 12) -> Outcome:
    """Greedy by density; the best of all prefixes completed by one element [1]_.

    Parameters
    ----------
    problem : Submodular
        The problem, under knapsacks. The guarantee is for one of them.
    run : Run
        The run; an iteration is a gain.
    certificate : int
        Number of sets, on the way and beyond, whose gains bound the optimum.

    References
    ----------
    .. [1] G. Yaroslavtsev, S. Zhou, D. Avdiukhin, "Bring your own greedy"+max:
       near-optimal 1/2-approximations for submodular knapsack", AISTATS 2020.
    """
    at_least(0, certificate=certificate)
    constraint = problem.constraint
    assert isinstance(constraint, Knapsack)
    session = Session(problem, run, "density")
    queue = session.queue(density(constraint))
    if queue is None:
        session.report()
        return session.outcome(None)
    complete = session.compiled(exchange.best_completion)
    search = session.compiled(greedy.lazy)
    best, chosen = -math.inf, session.chosen.copy()
    while session.going():
        parts = session.state, session.rule, queue, session.picks
        value = float(session.picks.value[0])
        last, more = complete(*parts, max(0.0, best - value))
        if last >= 0:
            best, chosen = value + more, np.append(session.chosen, last)
        greedy.build(queue)
        search(*parts, math.inf, session.size + 1, problem.n)
    if session.picks.value[0] >= best:
        chosen = session.chosen.copy()
    session.report(chosen)
    proven = constraint.budgets.size == 1 and session.certifiable and session.ended
    if certificate:
        session.certify(session.chosen.copy(), certificate)
    return session.outcome(_YAROSLAVTSEV if proven else None)

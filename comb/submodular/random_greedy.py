"""Random greedy: a random one of the k best elements, k times."""

from __future__ import annotations

import math

import numpy as np

from combkit.comb.submodular.guarantees import Guarantee
from combkit.comb.submodular.refusals import at_least, other_constraint, other_goal
from combkit.comb.submodular.session import Session, supervised
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.problem import Submodular

__all__ = ["solve", "supports"]

_REFERENCE = "Buchbinder, Feldman, Naor, Schwartz, SODA 2014"


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    return other_goal(problem, "value") or other_constraint(problem, "cardinality")


@supervised
def solve(problem: Submodular, run: Run, *, repeats: int = 1) -> Outcome:
    """Choose uniformly among the k elements that add most, k times [1]_.

    An element that would add less than nothing stands for choosing none.

    Parameters
    ----------
    problem : Submodular
        The problem, under a cardinality.
    run : Run
        The run; an iteration is a gain.
    repeats : int
        Independent tries; the best one counts.

    References
    ----------
    .. [1] N. Buchbinder, M. Feldman, J. Naor, R. Schwartz, "Submodular maximization
       with cardinality constraints", SODA 2014.
    """
    at_least(1, repeats=repeats)
    session = Session(problem, run, "random-greedy")
    f, rng = problem.function, np.random.default_rng(run.seed)
    k = session.picks.chosen.size - session.size
    best = -math.inf
    complete = True
    for _ in range(repeats):
        session.restart()
        for _ in range(k):
            pool = session.candidates()
            out = session.gains(pool)
            top = pool.size - 1 - np.argsort(out[::-1], kind="stable")[::-1][:k]
            # Places beyond the last element are of no element.
            place = int(rng.integers(k))
            if place < top.size and out[top[place]] > 0.0:
                session.take(int(pool[top[place]]), float(out[top[place]]))
            if run.should_stop(session.calls):
                complete = False
                break
        value = f.value(session.chosen)
        if value > best:
            best = value
            session.report()
        if not complete:
            break
    if not (complete and f.submodular and f.non_negative) or problem.required.size:
        return session.outcome(None)
    if f.monotone:
        factor, text = 1.0 - 1.0 / math.e, "(1 - 1/e)"
    else:
        factor, text = 1.0 / math.e, "1/e"
    claim = Guarantee(f"E f(S) >= {text} f(O)", factor, _REFERENCE, expected=True)
    return session.outcome(claim)

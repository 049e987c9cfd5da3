"""Exact assortments under multinomial logit choice: a ratio of sums over a matroid."""

from __future__ import annotations

import numpy as np

from combkit.comb.submodular import _kernels_protocol as protocol
from combkit.comb.submodular.session import Session, supervised
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.problem import Submodular
from combkit.instances.submodular.revenue import Revenue

__all__ = ["solve", "supports"]

#: Rises of the revenue that are rounding.
_NOISE = 1e-12


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    if problem.goal != "value" or not isinstance(problem.function, Revenue):
        return "it is for the revenue of an assortment"
    if not problem.constraint.matroid:
        return f"it is for matroids, not a {problem.constraint.type}"
    return None


@supervised
def solve(problem: Submodular, run: Run) -> Outcome:
    """Raise the revenue until no set is worth more at its price [1]_.

    A set earns more than z if and only if ``sum v_e (r_e - z) > z v_0``, and the set of
    largest such sum is greedy under a matroid. Some rounds suffice.

    Parameters
    ----------
    problem : Submodular
        Revenue under a cardinality or another matroid.
    run : Run
        The run; an iteration is a round.

    References
    ----------
    .. [1] W. Dinkelbach, "On nonlinear fractional programming", Management Science
       13, 1967.
    """
    f = problem.function
    assert isinstance(f, Revenue)
    session = Session(problem, run, "assortment")
    revenue, rounds = -1.0, 0
    while not run.should_stop(rounds):
        session.restart()
        worth = f.attractions * (f.prices - max(revenue, 0.0))
        pool = session.candidates()
        for e in pool[np.argsort(-worth[pool], kind="stable")].tolist():
            if worth[e] <= 0.0:
                break
            if protocol.fits(session.rule, e):
                session.take(e, 0.0)
        rounds += 1
        value = f.value(session.chosen)
        if value <= revenue + _NOISE * max(1.0, revenue):
            run.report_bound(revenue, "assortment")
            return Outcome(Status.OPTIMAL, extra={"rounds": rounds})
        session.report()
        revenue = value
    return Outcome(extra={"rounds": rounds})

"""Ratios and differences of submodular functions.

References
----------
.. [1] P. Perrault, J. Healey, Z. Wen, M. Valko, "On the approximation relationship
   between optimizing ratio of submodular (RS) and difference of submodular (DS)
   functions", arXiv:2101.01631, 2021.
"""

from __future__ import annotations

import numpy as np

from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular import _kernels_protocol as protocol
from combkit.comb.submodular.guarantees import Guarantee
from combkit.comb.submodular.session import Session, supervised
from combkit.comb.submodular.states import compiled, state_of
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.coverage import Modular
from combkit.instances.submodular.problem import Submodular

__all__ = ["solve", "supports"]

_PREFIX = Guarantee(
    "f(S) - c(S) >= f(O) - c(O) - c(O) ln(f(O) / c(O))",
    None,
    "Perrault, Healey, Wen, Valko, arXiv:2101.01631",
)


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    if problem.goal not in ("ratio", "difference"):
        return f"the goal is a {problem.goal}, not a ratio or a difference"
    return None


@supervised
def solve(problem: Submodular, run: Run) -> Outcome:
    """Add the element of largest ``f(e | S) / g(e | S)``; keep the best prefix [1]_.

    Elements that g charges nothing for come first.

    Parameters
    ----------
    problem : Submodular
        Of the goal "ratio" or "difference"; f and g monotone.
    run : Run
        The run; an iteration is a gain of both.

    References
    ----------
    See the module.
    """
    session = Session(problem, run, "ratio-greedy")
    g = problem.minus if problem.over is None else problem.over
    assert g is not None
    charge = state_of(g, session.picks.chosen.size)
    for e in session.chosen.tolist():
        protocol.add(charge, e)
    ask = session.compiled(greedy.ask)
    ask_charge = compiled(greedy.ask, charge)
    session.report()
    complete = False
    while not run.should_stop(session.calls):
        pool = session.candidates()
        pool = np.array([e for e in pool if protocol.fits(session.rule, e)], np.int64)
        if not pool.size:
            complete = True
            break
        gained, paid = np.zeros(pool.size), np.zeros(pool.size)
        ask(session.state, pool, gained)
        ask_charge(charge, pool, paid)
        session.picks.count[greedy.CALLS] += pool.size
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(paid > 0.0, gained / paid, np.inf)
        # Of those for free, the one that gives most.
        best = int(np.lexsort((gained, ratio))[-1])
        session.take(int(pool[best]), float(gained[best]))
        protocol.add(charge, int(pool[best]))
        session.report()
    f = problem.function
    proven = (
        complete
        and isinstance(problem.minus, Modular)
        and problem.minus.monotone
        and f.monotone
        and f.submodular
        and problem.constraint.type == "unconstrained"
        and not problem.required.size
    )
    return session.outcome(_PREFIX if proven else None)

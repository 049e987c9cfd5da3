"""Ratios and differences of submodular functions.

References
----------
.. [1] P. Perrault, J. Healey, Z. Wen, M. Valko, "On the approximation relationship
   between optimizing ratio of submodular (RS) and difference of submodular (DS)
   functions", arXiv:2101.01631, 2021.
"""

from __future__ import annotations

import numpy as np

from combkit.comb.submodular.guarantees import Guarantee
from combkit.comb.submodular.priced import Priced, supports
from combkit.comb.submodular.session import Session, supervised
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.coverage import Modular
from combkit.instances.submodular.problem import Submodular

__all__ = ["solve", "supports"]

_PREFIX = Guarantee(
    "f(S) - c(S) >= f(O) - c(O) - c(O) ln(f(O) / c(O))",
    None,
    "Perrault, Healey, Wen, Valko, arXiv:2101.01631",
)


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
    priced = Priced(session)
    session.report()
    complete = False
    while not run.should_stop(session.calls):
        pool, gained, paid = priced.look()
        if not pool.size:
            complete = True
            break
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(paid > 0.0, gained / paid, np.inf)
        # Of those for free, the one that gives most.
        best = int(np.lexsort((gained, ratio))[-1])
        priced.take(int(pool[best]), float(gained[best]))
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

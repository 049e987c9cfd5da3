"""Ratios by differences: a price of g at which f less the price is worth nothing.

References
----------
.. [1] P. Perrault et al., arXiv:2101.01631, 2021 (both directions).
.. [2] S. M. Nikolakaki, A. Ene, E. Terzi, "An efficient framework for balancing
   submodularity and cost", KDD 2021 (the greedy for differences).
"""

from __future__ import annotations

import numpy as np

from combkit.comb.submodular.guarantees import Guarantee
from combkit.comb.submodular.priced import Priced, supports
from combkit.comb.submodular.refusals import at_least
from combkit.comb.submodular.session import Session, supervised
from combkit.instances.errors import UsageError
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.coverage import Modular
from combkit.instances.submodular.problem import Submodular

__all__ = ["solve", "supports"]

_SCALED = Guarantee(
    "f(S) - c(S) >= 1/2 f(O) - c(O)", 0.5, "Nikolakaki, Ene, Terzi, KDD 2021"
)


@supervised
def solve(
    problem: Submodular, run: Run, *, scale: float = 2.0, steps: int = 50
) -> Outcome:
    """Greedy on ``f - scale g``; for a ratio, at prices of g found by bisection.

    At a price p that some set beats, ``f - p g`` is positive there: the greedy set
    of that difference raises the best ratio, or the price comes down [1]_. The
    difference itself is the case of one price [2]_.

    Parameters
    ----------
    problem : Submodular
        Of the goal "ratio" or "difference".
    run : Run
        The run; an iteration is a gain of both.
    scale : float
        How much g counts in the greedy of a difference; 2 in [2]_.
    steps : int
        Halvings of the interval of prices.

    References
    ----------
    See the module.
    """
    at_least(1, steps=steps)
    if not scale > 0.0:
        raise UsageError(f"scale={scale:g}: above 0")
    session = Session(problem, run, "bisection")
    priced = Priced(session)
    session.report()
    if problem.goal == "difference":
        complete = _greedy(priced, session, scale)
        session.report()
        f, g = problem.function, priced.charge
        proven = complete and f.monotone and f.submodular and scale == 2.0
        matroid = problem.constraint.type in ("cardinality", "unconstrained")
        modular = isinstance(g, Modular) and g.monotone
        fits = proven and matroid and modular and not problem.required.size
        return session.outcome(_SCALED if fits else None)
    low, high = 0.0, _largest(priced, session)
    for _ in range(steps):
        if run.should_stop(session.calls):
            break
        price = 0.5 * (low + high)
        _greedy(priced, session, price)
        worth = problem.function.value(session.chosen)
        paid = priced.charge.value(session.chosen)
        if paid > 0.0 and worth / paid > price:
            session.report()
            low = worth / paid
        else:
            high = price
        if high - low <= 1e-9 * high:
            break
    return session.outcome(None)


def _largest(priced: Priced, session: Session) -> float:
    """Return the largest ratio of a single element, reported, times n.

    For a subadditive f and a monotone g no set has a larger one.
    """
    priced.restart()
    pool, gained, paid = priced.look()
    ratio = np.where(paid > 0.0, gained / np.where(paid > 0.0, paid, 1.0), 0.0)
    if not ratio.size or ratio.max() <= 0.0:
        return 0.0
    best = int(ratio.argmax())
    session.report(np.append(session.chosen, pool[best]))
    return float(ratio[best]) * session.problem.n


def _greedy(priced: Priced, session: Session, price: float) -> bool:
    """Choose by ``f - price g`` from nothing, while it pays; return if at the end."""
    priced.restart()
    while not session.run.should_stop(session.calls):
        pool, gained, paid = priced.look()
        worth = gained - price * paid
        if not pool.size or not worth.max() > 0.0:
            return True
        best = int(worth.argmax())
        priced.take(int(pool[best]), float(gained[best]))
    return False

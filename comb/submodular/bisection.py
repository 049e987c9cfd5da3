"""Ratios by differences: a price of g at which f less the price is worth nothing.

References
----------
.. [1] P. Perrault et al., arXiv:2101.01631, 2021 (both directions).
.. [2] S. M. Nikolakaki, A. Ene, E. Terzi, "An efficient framework for balancing
   submodularity and cost", KDD 2021 (the greedy for differences).
"""

from __future__ import annotations

import math

import numpy as np

from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular import _kernels_protocol as protocol
from combkit.comb.submodular.guarantees import Guarantee
from combkit.comb.submodular.session import Session, supervised
from combkit.comb.submodular.states import compiled, state_of
from combkit.instances.errors import UsageError
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.coverage import Modular
from combkit.instances.submodular.problem import Submodular

__all__ = ["solve", "supports"]

_SCALED = Guarantee(
    "f(S) - c(S) >= 1/2 f(O) - c(O)", 0.5, "Nikolakaki, Ene, Terzi, KDD 2021"
)


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    if problem.goal not in ("ratio", "difference"):
        return f"the goal is a {problem.goal}, not a ratio or a difference"
    return None


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
    if not scale > 0.0 or steps < 1:
        raise UsageError(f"scale={scale:g}, steps={steps}: scale > 0, steps >= 1")
    session = Session(problem, run, "bisection")
    g = problem.minus if problem.over is None else problem.over
    assert g is not None
    charge = state_of(g, session.picks.chosen.size)
    session.report()
    if problem.goal == "difference":
        complete = _greedy(session, charge, scale)
        session.report()
        f = problem.function
        proven = complete and f.monotone and f.submodular and scale == 2.0
        matroid = problem.constraint.type in ("cardinality", "unconstrained")
        modular = isinstance(g, Modular) and g.monotone
        fits = proven and matroid and modular and not problem.required.size
        return session.outcome(_SCALED if fits else None)
    low, high = 0.0, _largest(session, charge)
    for _ in range(steps):
        if run.should_stop(session.calls):
            break
        price = 0.5 * (low + high)
        _greedy(session, charge, price)
        worth, paid = _values(session, problem)
        if paid > 0.0 and worth / paid > price:
            session.report()
            low = worth / paid
        else:
            high = price
        if high - low <= 1e-9 * high:
            break
    return session.outcome(None)


def _values(session: Session, problem: Submodular) -> tuple[float, float]:
    assert problem.over is not None
    chosen = session.chosen
    return problem.function.value(chosen), problem.over.value(chosen)


def _largest(session: Session, charge: object) -> float:
    """Return the largest ratio of a single element, reported, times n.

    For a subadditive f and a monotone g no set has a larger one.
    """
    problem = session.problem
    session.restart()
    protocol.clear(charge)
    pool = session.candidates()
    gained, paid = np.zeros(pool.size), np.zeros(pool.size)
    session.compiled(greedy.ask)(session.state, pool, gained)
    compiled(greedy.ask, charge)(charge, pool, paid)
    session.picks.count[greedy.CALLS] += pool.size
    fits = [protocol.fits(session.rule, int(e)) for e in pool]
    able = np.array(fits, dtype=bool) & (paid > 0.0)
    ratio = np.where(able, gained / np.where(able, paid, 1.0), 0.0)
    if not ratio.size or ratio.max() <= 0.0:
        return 0.0
    best = int(ratio.argmax())
    session.report(np.append(session.chosen, pool[best]))
    return float(ratio[best]) * problem.n


def _greedy(session: Session, charge: object, price: float) -> bool:
    """Choose by ``f - price g`` from nothing, while it pays; return if at the end."""
    session.restart()
    protocol.clear(charge)
    for e in session.chosen.tolist():
        protocol.add(charge, e)
    ask, ask_charge = session.compiled(greedy.ask), compiled(greedy.ask, charge)
    while not session.run.should_stop(session.calls):
        pool = session.candidates()
        pool = np.array([e for e in pool if protocol.fits(session.rule, e)], np.int64)
        gained, paid = np.zeros(pool.size), np.zeros(pool.size)
        ask(session.state, pool, gained)
        ask_charge(charge, pool, paid)
        session.picks.count[greedy.CALLS] += pool.size
        worth = gained - price * paid
        if not pool.size or not worth.max() > 0.0 or math.isnan(worth.max()):
            return True
        best = int(worth.argmax())
        session.take(int(pool[best]), float(gained[best]))
        protocol.add(charge, int(pool[best]))
    return False

"""Distorted greedy: a monotone submodular function less an additive one.

References
----------
.. [1] C. Harshaw, M. Feldman, J. Ward, A. Karbasi, "Submodular maximization beyond
   non-negativity: guarantees, fast algorithms, and applications", ICML 2019.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from combkit.comb.submodular.guarantees import Guarantee
from combkit.comb.submodular.refusals import between, has_included, other_constraint
from combkit.comb.submodular.session import Session, supervised
from combkit.comb.submodular.stochastic import sample_size
from combkit.instances.errors import UsageError, nearest
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.base import SetFunction
from combkit.instances.submodular.coverage import Modular
from combkit.instances.submodular.problem import Submodular

__all__ = ["Variant", "decomposition", "distort", "solve", "supports"]

Floats = NDArray[np.float64]
Variant = Literal["full", "stochastic", "unconstrained"]

_HARSHAW = "Harshaw, Feldman, Ward, Karbasi, ICML 2019"


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    if reason := has_included(problem) or other_constraint(
        problem, "cardinality", "unconstrained"
    ):
        return reason
    if problem.goal == "value" or isinstance(problem.minus, Modular):
        return None
    return f"the goal is a {problem.goal}, not f minus an additive function"


@supervised
def solve(
    problem: Submodular,
    run: Run,
    *,
    gamma: float = 1.0,
    variant: Variant = "full",
    epsilon: float = 0.1,
) -> Outcome:
    """Choose by gains that count little at first, while costs count in full [1]_.

    A function f that is not monotone is taken as ``(f + c) - c`` for the least
    additive c that makes the first part monotone.

    Parameters
    ----------
    problem : Submodular
        Of the goal "difference" with an additive function, or of the goal "value".
    run : Run
        The run; an iteration is a gain.
    gamma : float
        Submodularity ratio of f, in (0, 1]; 1 for submodular functions.
    variant : {"full", "stochastic", "unconstrained"}
        All elements a step; a random sample of them; one random element a step, for
        as many steps as elements.
    epsilon : float
        What the factor of "stochastic" loses in the mean.

    References
    ----------
    See the module.
    """
    known = ("full", "stochastic", "unconstrained")
    if variant not in known:
        raise UsageError(
            f"variant={variant!r}: {', '.join(known)}{nearest(variant, known)}"
        )
    between(epsilon=epsilon)
    if not 0.0 < gamma <= 1.0:
        raise UsageError(f"gamma={gamma:g}: above 0, at most 1")
    f = problem.function
    session = Session(problem, run, "distorted")
    if isinstance(problem.minus, Modular):
        shift, costs = np.zeros(f.n), problem.minus.values.astype(np.float64)
        proven = f.monotone and f.submodular and bool((costs >= 0.0).all())
    else:
        shift = costs = decomposition(f)
        proven = f.submodular
    most = session.picks.chosen.size
    complete = distort(session, shift, costs, most, gamma, variant, epsilon)
    session.report()
    if not (complete and proven) or (variant == "unconstrained") != (
        problem.constraint.type == "unconstrained"
    ):
        return session.outcome(None)
    factor = 1.0 - math.exp(-gamma)
    text = f"(1 - e^-{gamma:g})"
    if variant == "stochastic":
        factor, text = factor - epsilon, f"(1 - e^-{gamma:g} - {epsilon:g})"
    value = "E [g(S) - c(S)]" if variant != "full" else "g(S) - c(S)"
    claim = f"{value} >= {text} g(O) - c(O)"
    return session.outcome(Guarantee(claim, factor, _HARSHAW, variant != "full"))


def decomposition(f: SetFunction) -> Floats:
    """Return the least additive c for which ``f + c`` is monotone, if f is submodular.

    ``c(e) = max(0, f(V - e) - f(V))``: no element loses more than in the largest set.

    Parameters
    ----------
    f : SetFunction
        A submodular function.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    everything = np.arange(f.n)
    whole = f.value(everything)
    rest = np.array([f.value(np.delete(everything, e)) for e in range(f.n)])
    return np.maximum(rest - whole, 0.0)


def distort(
    session: Session,
    shift: Floats,
    costs: Floats,
    most: int,
    gamma: float,
    variant: Variant,
    epsilon: float,
) -> bool:
    """Run the distorted greedy; return whether it came to its end.

    Parameters
    ----------
    session : Session
        Whose state, rule and picks are used.
    shift, costs : ndarray of float64, shape (n,)
        ``f + shift`` is the monotone part, ``costs`` what is subtracted.
    most : int
        Number of steps, m.
    gamma, variant, epsilon
        As of `solve`.
    """
    rng = np.random.default_rng(session.run.seed)
    steps = session.problem.n if variant == "unconstrained" else most
    sample = {
        "full": session.problem.n,
        "stochastic": sample_size(session.problem.n, most, epsilon),
        "unconstrained": 1,
    }[variant]
    for step in range(steps):
        if session.run.should_stop(session.calls):
            return False
        pool = session.fitting()
        if variant == "unconstrained":
            # A draw of an element that is chosen already is a step, too.
            drawn = int(rng.integers(session.problem.n))
            pool = pool[pool == drawn]
        elif sample < pool.size:
            pool = rng.choice(pool, sample, replace=False)
        if not pool.size:
            continue
        out = session.gains(pool)
        worth = (1.0 - gamma / steps) ** (steps - step - 1) * (out + shift[pool])
        worth -= costs[pool]
        best = int(worth.argmax())
        if worth[best] > 0.0:
            session.take(int(pool[best]), float(out[best]))
    return True

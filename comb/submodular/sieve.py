"""The streaming algorithms as solvers: elements come in the order of their numbers."""

from __future__ import annotations

from typing import Literal

from combkit.comb.submodular.guarantees import Guarantee
from combkit.comb.submodular.refusals import has_included, other_constraint, other_goal
from combkit.comb.submodular.session import Session, supervised
from combkit.comb.submodular.streaming import Sieve, ThreeSieves
from combkit.instances.errors import UsageError
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.problem import Submodular

__all__ = ["solve", "supports"]

#: Elements between two looks at the clock.
_BLOCK = 1_000


def supports(problem: Submodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    return (
        other_goal(problem, "value")
        or other_constraint(problem, "cardinality")
        or has_included(problem)
    )


@supervised
def solve(
    problem: Submodular,
    run: Run,
    *,
    epsilon: float = 0.1,
    variant: Literal["sieve", "three-sieves"] = "sieve",
    patience: int = 500,
) -> Outcome:
    """Look at each element once and keep it or forget it [1]_.

    Parameters
    ----------
    problem : Submodular
        The problem, under a cardinality.
    run : Run
        The run; an iteration is a gain.
    epsilon : float
        Fineness of the guesses of the optimum.
    variant : {"sieve", "three-sieves"}
        A set for each guess, or one set and one guess at a time.
    patience : int
        Refusals until the guess of "three-sieves" falls.

    References
    ----------
    .. [1] See `combkit.comb.submodular.streaming`.
    """
    session = Session(problem, run, "sieve")
    f, k = problem.function, problem.constraint.most(problem.n)
    stream: Sieve | ThreeSieves
    if variant == "sieve":
        stream = Sieve(f, k, epsilon=epsilon)
    elif variant == "three-sieves":
        stream = ThreeSieves(f, k, epsilon=epsilon, patience=patience)
    else:
        raise UsageError(f"variant={variant!r}: sieve or three-sieves")
    elements = session.candidates()
    complete = True
    for first in range(0, elements.size, _BLOCK):
        stream.partial_fit(elements[first : first + _BLOCK])
        if run.should_stop(stream.calls):
            complete = first + _BLOCK >= elements.size
            break
    session.report(stream.selected)
    session.picks.count[1] = stream.calls
    proven = complete and f.monotone and f.submodular and variant == "sieve"
    claim = Guarantee(
        f"f(S) >= (1/2 - {epsilon:g}) f(O)",
        0.5 - epsilon,
        "Badanidiyuru et al., KDD 2014",
    )
    sets = stream.sieves if isinstance(stream, Sieve) else 1
    return session.outcome(claim if proven else None, sets=sets)

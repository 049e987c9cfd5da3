"""Greedy labelling: the pair of element and label that adds most (lazy)."""

from __future__ import annotations

from combkit.comb.submodular import lazy, pairs
from combkit.comb.submodular.refusals import at_least
from combkit.comb.submodular.session import supervised
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.problem import KSubmodular

__all__ = ["solve", "supports"]


def supports(problem: KSubmodular) -> str | None:
    """Return why a problem cannot be solved, or None if it can."""
    if problem.costs is not None:
        return "labels have costs: the distorted greedy is for them"
    if not problem.function.submodular:
        return f"{problem.function.type} is not submodular: gains bound nothing"
    return None


@supervised
def solve(problem: KSubmodular, run: Run, *, certificate: int = 12) -> Outcome:
    """Label the element, and so, that it adds most, until nothing adds anything [1]_.

    Half of the optimum, as greedy under any matroid of pairs.

    Parameters
    ----------
    problem : KSubmodular
        The problem, without costs.
    run : Run
        The run; an iteration is a gain.
    certificate : int
        Number of sets, on the way and beyond, whose gains bound the optimum.

    References
    ----------
    .. [1] N. Ohsaka, Y. Yoshida, "Monotone k-submodular function maximization with
       size constraints", NeurIPS 2015.
    """
    at_least(0, certificate=certificate)
    return lazy.maximise(pairs.session_of(problem, run, "lazy"), certificate)

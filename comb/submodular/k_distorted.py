"""Generalised distorted greedy: labels that cost something."""

from __future__ import annotations

import math

import numpy as np

from combkit.comb.submodular import pairs
from combkit.comb.submodular.distorted import distort
from combkit.comb.submodular.guarantees import Guarantee
from combkit.comb.submodular.session import supervised
from combkit.instances.run import Outcome, Run
from combkit.instances.submodular.problem import KSubmodular

__all__ = ["solve"]

_CLAIM = Guarantee(
    "g(S) - c(S) >= (1 - 1/e) g(O) - c(O)",
    1.0 - 1.0 / math.e,
    "Lai, Choi, arXiv:2503.23340; labels of disjoint elements",
)


@supervised
def solve(problem: KSubmodular, run: Run) -> Outcome:
    """Give labels by gains that count little at first, while costs count in full [1]_.

    The guarantee is claimed where no element may have two labels: then pairs are
    elements, and the proof of the distorted greedy holds.

    Parameters
    ----------
    problem : KSubmodular
        The problem.
    run : Run
        The run; an iteration is a gain.

    References
    ----------
    .. [1] Z. Lai, M. C. H. Choi, "Information-theoretic subset selection of
       multivariate Markov chains via submodular optimization", arXiv:2503.23340.
    """
    session = pairs.session_of(problem, run, "distorted")
    size = problem.function.n
    costs = np.zeros(size) if problem.costs is None else problem.costs.ravel()
    complete = distort(session, np.zeros(size), costs, problem.most, 1.0, "full", 0.1)
    session.report()
    single = problem.allowed is not None and bool(
        (problem.allowed.sum(axis=1) <= 1).all()
    )
    f = problem.function
    proven = (
        complete and f.monotone and f.submodular and (single or problem.labels == 1)
    )
    return session.outcome(_CLAIM if proven else None)

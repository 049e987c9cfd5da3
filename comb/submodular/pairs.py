"""k-submodular problems as choices of pairs of element and label.

A labelling is a set of pairs with one label an element at most and so many in all: a
laminar matroid on the pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.comb.submodular.session import Session
from combkit.instances.run import Run
from combkit.instances.solutions import Labels, Solution
from combkit.instances.submodular.constraints import LaminarMatroid
from combkit.instances.submodular.problem import KSubmodular, Submodular

__all__ = ["session_of"]


def session_of(problem: KSubmodular, run: Run, source: str) -> Session:
    """Return a session that chooses pairs and reports labellings.

    Costs are not part of its problem.
    """
    n, k = problem.n, problem.labels
    pairs = n * k
    member = np.zeros((n + 1, pairs), dtype=bool)
    member[np.repeat(np.arange(n), k), np.arange(pairs)] = True
    member[n] = True
    limits = np.append(np.ones(n, dtype=np.int64), problem.most)
    refused = None
    if problem.allowed is not None:
        refused = np.flatnonzero(~problem.allowed.ravel())
    inner = Submodular(
        problem.function, LaminarMatroid(member, limits), exclude=refused
    )

    def labels_of(chosen: NDArray[np.int64]) -> Solution:
        labels = np.full(n, -1, dtype=np.int64)
        labels[chosen // k] = chosen % k
        return Labels(labels)

    return Session(inner, run, source, labels_of)

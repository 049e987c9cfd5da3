"""Criteria of multivariate Markov chains: which coordinates to keep.

All are made of the entropy rate ``h(S) = H(P_S)`` of the chain that keeps the
coordinates of S, by the identities in [1]_.

References
----------
.. [1] Z. Lai, M. C. H. Choi, "Information-theoretic subset selection of multivariate
   Markov chains via submodular optimization", arXiv:2503.23340, 2025.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from combkit.instances.problem import frozen_array, require
from combkit.instances.submodular.arrays import Matrix, floats, indices, matrix, one_of
from combkit.instances.submodular.base import Integers, SetFunction
from combkit.instances.submodular.entropy import entropy_of

__all__ = ["ChainCriterion", "kept"]

Array = NDArray[Any]
Floats = NDArray[np.float64]
Criterion = Literal[
    "entropy-rate", "factorizability", "independence", "stationarity", "given"
]

#: Largest deviation of a row sum, and of the stationary law.
_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class ChainCriterion(SetFunction):
    """What a projection of a Markov chain on some coordinates keeps, or loses.

    Parameters
    ----------
    transitions : array_like or sparse array, shape (M, M)
        Transition probabilities between the joint states, M the product of
        ``sizes``; the first coordinate is the most significant digit of a state.
    sizes : array_like of int, shape (d,)
        States of each coordinate; the elements of the ground set are coordinates.
    stationary : array_like, shape (M,)
        The stationary law.
    criterion : str
        "entropy-rate" ``h(S)``; "factorizability" ``KL(P || P_S x P_{V-S}) = h(S) +
        h(V-S) - h(V)``; "independence" ``sum_{e in S} h(e) - h(S)``, supermodular;
        "stationarity" ``KL(P_S || Pi_S) = H(pi_S) - h(S)``; "given" ``h(W) + h(S) -
        h(S + W)`` for fixed coordinates W. In nats.
    given : array_like of int, optional
        The coordinates W.

    Raises
    ------
    InvalidProblemError
        If a row does not sum to 1, a probability is negative, or the law is not
        stationary.

    References
    ----------
    See the module.
    """

    type: ClassVar[str] = "markov-chain"

    transitions: Matrix
    sizes: Integers
    stationary: Array
    criterion: Criterion = "entropy-rate"
    given: Integers | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        sizes = frozen_array("sizes", self.sizes, np.int64, (None,), minimum=1)
        require(sizes.size > 0, "sizes", "there is no coordinate")
        states = int(np.prod(sizes))
        transitions = matrix(
            "transitions", self.transitions, (states, states), minimum=0
        )
        law = floats("stationary", self.stationary, (states,), minimum=0)
        one_of("criterion", self.criterion, get_args(Criterion))
        sums = np.asarray(transitions.sum(axis=1))
        wrong = np.flatnonzero(np.abs(sums - 1.0) > _TOLERANCE)
        if wrong.size:
            row = int(wrong[0])
            require(False, "transitions", f"row {row} sums to {sums[row]:.12g}, not 1")
        moved = transitions.T @ law
        off = float(np.abs(moved - law).max())
        require(
            off <= _TOLERANCE and abs(float(law.sum()) - 1.0) <= _TOLERANCE,
            "stationary",
            f"not a stationary law: a step moves it by {off:.3g}",
        )
        put(self, "transitions", transitions)
        put(self, "sizes", sizes)
        put(self, "stationary", law)
        needed = self.criterion == "given"
        require(
            (self.given is not None) == needed,
            "given",
            "belongs to the criterion 'given' and to no other",
        )
        if self.given is not None:
            put(self, "given", indices("given", self.given, sizes.size))

    @property
    def n(self) -> int:
        """Number of coordinates."""
        return int(self.sizes.size)

    @property
    def monotone(self) -> bool:
        """Whether more is never worth less: not known, so no."""
        return False

    @property
    def non_negative(self) -> bool:
        """Whether no set is worth less than nothing: so it is."""
        return True

    @property
    def submodular(self) -> bool:
        """Whether it is claimed to be submodular.

        The distance to independence is supermodular where the entropy rate is
        submodular, and the others mix both signs.
        """
        return self.criterion in ("entropy-rate", "factorizability")

    @cached_property
    def flows(self) -> tuple[Integers, Integers, Floats]:
        """Pairs of states and the stationary probability of a step between them."""
        steps = sp.coo_array(self.transitions)
        start, end = (axis.astype(np.int64) for axis in steps.coords)
        weight = self.stationary[start] * steps.data
        used = weight > 0.0
        return start[used], end[used], weight[used]

    def rate(self, selected: Integers) -> float:
        """Return the entropy rate of the projection on some coordinates, in nats."""
        start, end, weight = self.flows
        first, second = self.labels(start, selected), self.labels(end, selected)
        count = int(np.prod(self.sizes[selected]))
        pairs = entropy_of(first * count + second, weight)
        return pairs - entropy_of(first, weight)

    def value(self, selected: Integers) -> float:
        """Return the criterion of some coordinates, in nats."""
        if self.criterion == "entropy-rate":
            return self.rate(selected)
        everything = np.arange(self.n)
        if self.criterion == "factorizability":
            others = np.setdiff1d(everything, selected)
            return self.rate(selected) + self.rate(others) - self.rate(everything)
        if self.criterion == "independence":
            single = sum(self.rate(np.array([e])) for e in selected.tolist())
            return single - self.rate(selected)
        if self.criterion == "stationarity":
            start, _, weight = self.flows
            spread = entropy_of(self.labels(start, selected), weight)
            return spread - self.rate(selected)
        assert self.given is not None
        joint = np.union1d(selected, self.given)
        return self.rate(self.given) + self.rate(selected) - self.rate(joint)

    def labels(self, states: Integers, selected: Integers) -> Integers:
        """Return the state of the chosen coordinates in each joint state.

        Parameters
        ----------
        states : ndarray of int64
            Joint states.
        selected : ndarray of int64
            Coordinates; the first one becomes the most significant digit.
        """
        digits = np.unravel_index(states, tuple(self.sizes.tolist()))
        labels = np.zeros(states.size, dtype=np.int64)
        for e in selected.tolist():
            labels = labels * self.sizes[e] + digits[e]
        return labels


def kept(chain: ChainCriterion, selected: Integers) -> tuple[Floats, Floats]:
    """Return the transition matrix that keeps some coordinates, and its law.

    Parameters
    ----------
    chain : ChainCriterion
        Of which only the chain is used.
    selected : ndarray of int64
        The coordinates, the first one the most significant.

    Returns
    -------
    transitions : ndarray of float64, shape (m, m)
    stationary : ndarray of float64, shape (m,)
    """
    start, end, weight = chain.flows
    first, second = chain.labels(start, selected), chain.labels(end, selected)
    count = int(np.prod(chain.sizes[selected]))
    flow = np.bincount(first * count + second, weight, count * count)
    flow = flow.reshape(count, count)
    law = flow.sum(axis=1)
    return flow / law[:, None], law

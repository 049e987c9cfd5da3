"""Entropies: of discrete samples, log-determinants, Gaussian information."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import InvalidProblemError
from combkit.instances.problem import frozen_array, require
from combkit.instances.submodular.arrays import floats, symmetric
from combkit.instances.submodular.base import Integers, SetFunction

__all__ = ["Entropy", "GaussianInformation", "LogDet", "entropy_of"]

Array = NDArray[Any]

#: Smallest eigenvalue, as a part of the largest, that rounding explains.
_NOISE = 1e-10


class _Kernel(SetFunction):
    kernel: Array

    def _settle(self) -> None:
        kernel = floats("kernel", self.kernel, (None, None))
        symmetric("kernel", kernel)
        require(len(kernel) > 0, "kernel", "there is no element")
        kernel = kernel.astype(np.float64)
        kernel.flags.writeable = False
        object.__setattr__(self, "kernel", kernel)

    @property
    def n(self) -> int:
        """Number of elements."""
        return len(self.kernel)

    @cached_property
    def least_eigenvalue(self) -> float:
        """The smallest eigenvalue of the kernel."""
        import scipy.linalg

        least = scipy.linalg.eigvalsh(self.kernel, subset_by_index=[0, 0])[0]
        return float(least)


def entropy_of(outcomes: Integers, chances: NDArray[np.float64]) -> float:
    """Return the entropy of outcomes, in nats; equal ones add up.

    Parameters
    ----------
    outcomes : ndarray of int64, shape (m,) or (m, d)
        An outcome a row.
    chances : ndarray of float64, shape (m,)
        Their probabilities, positive.
    """
    _, places = np.unique(outcomes, axis=0, return_inverse=True)
    law = np.bincount(places.ravel(), weights=chances)
    return float(-(law * np.log(law)).sum())


def _log_det(kernel: Array, selected: Integers) -> float:
    if not selected.size:
        return 0.0
    sign, value = np.linalg.slogdet(kernel[np.ix_(selected, selected)])
    return float(value) if sign > 0 else -math.inf


@dataclass(frozen=True, eq=False)
class LogDet(_Kernel):
    """Log-determinant of the chosen rows and columns of a kernel (DPP, entropy).

    ``f(S) = log det(K_S + ridge I)``: submodular. With ``ridge = 0`` its maximum is
    the most likely set of a determinantal point process. It is monotone where no
    eigenvalue of ``K + ridge I`` is below 1, as in the information ``log det(I + K_S /
    s^2)`` of sensors with noise. A set whose matrix is singular is worth minus
    infinity and is no solution.

    Parameters
    ----------
    kernel : array_like, shape (n, n)
        Symmetric and positive semidefinite.
    ridge : float
        Non-negative number added to the diagonal.

    Raises
    ------
    InvalidProblemError
        If the kernel is not symmetric, not finite or has a negative eigenvalue.
    """

    type: ClassVar[str] = "log-det"

    kernel: Array
    ridge: float = 0.0

    def __post_init__(self) -> None:
        self._settle()
        ridge = float(floats("ridge", self.ridge, (), minimum=0))
        object.__setattr__(self, "ridge", ridge)
        scale = float(np.abs(np.diagonal(self.kernel)).max())
        least = self.least_eigenvalue
        if least < -_NOISE * self.n * scale:
            raise InvalidProblemError(
                "kernel",
                f"not positive semidefinite: it has the eigenvalue {least:.3g}",
            )

    @property
    def monotone(self) -> bool:
        """Whether no eigenvalue is below 1."""
        return self.least_eigenvalue + self.ridge >= 1.0

    def value(self, selected: Integers) -> float:
        """Return the logarithm of the determinant."""
        return _log_det(self.kernel + self.ridge * np.eye(self.n), selected)


@dataclass(frozen=True, eq=False)
class Entropy(SetFunction):
    """Joint entropy of some columns of a table, in nats; monotone submodular.

    Parameters
    ----------
    samples : array_like of int, shape (m, n)
        Non-negative values of n variables in m samples.
    weights : array_like, shape (m,), optional
        Positive weights of the samples, which are divided by their sum; equal without.

    Raises
    ------
    InvalidProblemError
        If a value is negative, or a weight is not positive.

    Examples
    --------
    >>> f = Entropy([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> round(f.value(np.array([0, 1])) / math.log(2), 12)
    2.0
    """

    type: ClassVar[str] = "entropy"

    samples: Integers
    weights: Array | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        shape = (None, None)
        samples = frozen_array("samples", self.samples, np.int64, shape, minimum=0)
        require(samples.shape[1] > 0, "samples", "there is no variable")
        require(samples.shape[0] > 0, "samples", "there is no sample")
        put(self, "samples", samples)
        if self.weights is not None:
            weights = floats("weights", self.weights, (len(samples),))
            wrong = np.flatnonzero(weights <= 0)
            if wrong.size:
                what = f"weights[{wrong[0]}] = {weights[wrong[0]]:g} is not positive"
                require(False, "weights", what)
            put(self, "weights", weights)

    @property
    def n(self) -> int:
        """Number of variables."""
        return int(self.samples.shape[1])

    @cached_property
    def law(self) -> NDArray[np.float64]:
        """Probability of each sample, shape (m,)."""
        count = len(self.samples)
        weights = np.ones(count) if self.weights is None else self.weights
        law: NDArray[np.float64] = weights / weights.sum(dtype=np.float64)
        return law

    def value(self, selected: Integers) -> float:
        """Return the joint entropy of the variables."""
        if not selected.size:
            return 0.0
        return entropy_of(self.samples[:, np.sort(selected)], self.law)


@dataclass(frozen=True, eq=False)
class GaussianInformation(_Kernel):
    """Mutual information of chosen and other places of a Gaussian process.

    ``f(S) = H(S) + H(V - S) - H(V)``: submodular and symmetric; not monotone, though
    nearly so while few places are chosen (Krause et al. 2008). In nats.

    Parameters
    ----------
    kernel : array_like, shape (n, n)
        Positive definite covariance of all places.

    Raises
    ------
    InvalidProblemError
        If the kernel is not symmetric, not finite or not positive definite.

    References
    ----------
    A. Krause, A. Singh, C. Guestrin, "Near-optimal sensor placements in Gaussian
    processes", JMLR 9, 2008.
    """

    type: ClassVar[str] = "gaussian-information"

    kernel: Array

    def __post_init__(self) -> None:
        self._settle()
        least = self.least_eigenvalue
        if least <= _NOISE * self.n * float(np.diagonal(self.kernel).max()):
            raise InvalidProblemError(
                "kernel", f"not positive definite: it has the eigenvalue {least:.3g}"
            )

    @property
    def monotone(self) -> bool:
        """Whether more is never worth less: no, all places tell nothing of others."""
        return False

    @property
    def non_negative(self) -> bool:
        """Whether information is never negative: so it is."""
        return True

    def value(self, selected: Integers) -> float:
        """Return the information in nats."""
        others = np.delete(np.arange(self.n), selected)
        everything = np.arange(self.n)
        return 0.5 * (
            _log_det(self.kernel, selected)
            + _log_det(self.kernel, others)
            - _log_det(self.kernel, everything)
        )

"""Set functions of covariances: log-determinants and Gaussian information."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import InvalidProblemError
from combkit.instances.problem import require
from combkit.instances.submodular.arrays import floats, symmetric
from combkit.instances.submodular.base import Integers, SetFunction

__all__ = ["GaussianInformation", "LogDet"]

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

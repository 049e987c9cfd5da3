"""What every set function is."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from combkit.instances.parts import Part

__all__ = ["SetFunction"]

Integers = NDArray[np.int64]


class SetFunction(Part, ABC):
    """A function of the subsets of elements 0 to n - 1, zero for the empty set.

    Subclasses are frozen dataclasses. ``value`` recomputes from the data and shares
    no code with any optimiser.
    """

    @property
    @abstractmethod
    def n(self) -> int:
        """Number of elements of the ground set."""

    @property
    def monotone(self) -> bool:
        """Whether more elements are never worth less."""
        return True

    @property
    def submodular(self) -> bool:
        """Whether an element never adds more to a larger set."""
        return True

    @property
    def non_negative(self) -> bool:
        """Whether no set is worth less than nothing."""
        return self.monotone

    @abstractmethod
    def value(self, selected: Integers) -> float:
        """Return the value of a set of distinct elements.

        Parameters
        ----------
        selected : ndarray of int64, shape (k,)
            The elements, in any order.
        """

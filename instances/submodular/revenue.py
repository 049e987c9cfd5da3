"""Revenue of assortments under multinomial logit choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from combkit.instances.problem import require
from combkit.instances.submodular.arrays import floats
from combkit.instances.submodular.base import Integers, SetFunction

__all__ = ["Revenue"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Revenue(SetFunction):
    """Best expected revenue of what is stocked, under multinomial logit choice.

    ``f(S) = max_{X <= S} sum_{e in X} r_e v_e / (v_0 + sum_{e in X} v_e)``: monotone
    and subadditive, not submodular; descending prices are a submodular order (Udwani
    2024).

    Parameters
    ----------
    prices : array_like, shape (n,)
        Non-negative revenue r of each product.
    attractions : array_like, shape (n,)
        Non-negative attraction v of each product.
    outside : float
        Positive attraction v_0 of buying nothing.

    Raises
    ------
    InvalidProblemError
        If a price or attraction is negative or not finite.

    References
    ----------
    R. Udwani, "Submodular order functions and assortment optimization", Management
    Science, 2024. arXiv:2107.02743

    Examples
    --------
    >>> f = Revenue([10, 4], [1, 1])
    >>> f.value(np.array([0, 1]))
    5.0
    """

    type: ClassVar[str] = "revenue"

    prices: Array
    attractions: Array
    outside: float = 1.0

    def __post_init__(self) -> None:
        put = object.__setattr__
        prices = floats("prices", self.prices, (None,), minimum=0)
        require(prices.size > 0, "prices", "there is no product")
        put(self, "prices", prices)
        shape = (prices.size,)
        put(
            self,
            "attractions",
            floats("attractions", self.attractions, shape, minimum=0),
        )
        outside = float(floats("outside", self.outside, ()))
        require(outside > 0.0, "outside", f"{outside:g} is not positive")
        put(self, "outside", outside)

    @property
    def n(self) -> int:
        """Number of products."""
        return int(self.prices.size)

    @property
    def submodular(self) -> bool:
        """Whether it is submodular: no, it has submodular orders only."""
        return False

    def offered(self, selected: Integers) -> Integers:
        """Return which of the stocked products are best offered, dearest first.

        The best assortment holds all products above a price.
        """
        order = selected[np.argsort(-self.prices[selected], kind="stable")]
        weight = self.attractions[order].astype(np.float64)
        revenue = np.cumsum(weight * self.prices[order]) / (
            self.outside + np.cumsum(weight)
        )
        if not order.size:
            return order
        return order[: int(revenue.argmax()) + 1]

    def value(self, selected: Integers) -> float:
        """Return the revenue of the best assortment within a set."""
        offered = self.offered(selected)
        weight = self.attractions[offered].astype(np.float64)
        return float(weight @ self.prices[offered] / (self.outside + weight.sum()))

"""Sieves: one pass over a stream of elements, in little memory.

References
----------
.. [1] A. Badanidiyuru, B. Mirzasoleiman, A. Karbasi, A. Krause, "Streaming submodular
   maximization: massive data summarization on the fly", KDD 2014.
.. [2] S. Buschjaeger, P.-J. Honysz, L. Pfahler, K. Morik, "Very fast streaming
   submodular function maximization", ECML PKDD 2021.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular import _kernels_streams as streams
from combkit.comb.submodular.refusals import at_least, between
from combkit.comb.submodular.states import compiled, gains_of, picks_of, state_of
from combkit.instances.errors import UsageError
from combkit.instances.submodular.arrays import indices
from combkit.instances.submodular.base import SetFunction

__all__ = ["Sieve", "ThreeSieves"]

Integers = NDArray[np.int64]


class _Stream:
    """Elements that come one after the other, each looked at once."""

    def __init__(self, function: SetFunction, k: int, epsilon: float) -> None:
        if not 1 <= k <= function.n:
            raise UsageError(f"k={k}: 1 to {function.n}")
        between(epsilon=epsilon)
        self._function, self._k, self._epsilon = function, k, epsilon
        self._empty = state_of(function, k)
        self._largest = 0.0
        self._calls = 0

    @property
    def calls(self) -> int:
        """Number of gains that were computed."""
        return self._calls

    def _singles(self, elements: Integers) -> None:
        """Learn the largest value of a single element."""
        single = gains_of(self._empty, elements)
        self._calls += elements.size
        self._largest = max(self._largest, float(single.max(initial=0.0)))


class Sieve(_Stream):
    """Sieve-streaming: a set for each guess of the optimum (1/2 - epsilon).

    Parameters
    ----------
    function : SetFunction
        Monotone and submodular.
    k : int
        Most elements.
    epsilon : float
        Fineness of the guesses.

    References
    ----------
    Badanidiyuru et al., KDD 2014; see the module.

    Examples
    --------
    >>> from combkit.instances.submodular import Coverage
    >>> sieve = Sieve(Coverage.of_sets([[0, 1], [1, 2], [2, 3, 4]]), k=2)
    >>> sieve.partial_fit([0, 1]).partial_fit([2]).selected.tolist()
    [0, 2]
    """

    def __init__(self, function: SetFunction, k: int, *, epsilon: float = 0.1) -> None:
        super().__init__(function, k, epsilon)
        self._sieves: dict[int, tuple[Any, greedy.Picks]] = {}
        self._seen = np.zeros(function.n, dtype=bool)

    def partial_fit(self, elements: ArrayLike) -> Sieve:
        """Look at some elements more.

        A sieve that a later block brings about would have refused all before: their
        single values were too small.

        Parameters
        ----------
        elements : array_like of int
            Numbers of elements that did not come yet.

        Raises
        ------
        InvalidProblemError
            If one is unknown or given twice.
        """
        block = indices("elements", elements, self._function.n)
        if self._seen[block].any():
            raise UsageError(f"element {block[self._seen[block]][0]} came before")
        self._seen[block] = True
        self._singles(block)
        if self._largest <= 0.0:
            return self
        base = math.log1p(self._epsilon)
        low = math.ceil(math.log(self._largest) / base)
        high = math.floor(math.log(2.0 * self._k * self._largest) / base)
        self._sieves = {j: s for j, s in self._sieves.items() if j >= low}
        for j in range(low, high + 1):
            if j not in self._sieves:
                state = state_of(self._function, self._k)
                self._sieves[j] = state, picks_of(self._k)
            state, picks = self._sieves[j]
            before = int(picks.count[greedy.CALLS])
            search = compiled(streams.sieve, state)
            search(state, block, math.exp(base * j), self._k, picks)
            self._calls += int(picks.count[greedy.CALLS]) - before
        return self

    @property
    def selected(self) -> Integers:
        """The best set, in the order in which it was chosen."""
        best = max(
            (picks for _, picks in self._sieves.values()),
            key=lambda picks: float(picks.value[0]),
            default=picks_of(self._k),
        )
        chosen: Integers = best.chosen[: best.count[greedy.CHOSEN]].copy()
        return chosen

    @property
    def sieves(self) -> int:
        """Number of sets that are kept."""
        return len(self._sieves)


class ThreeSieves(_Stream):
    """One set, and a guess that falls when too many elements were refused.

    Its factor (1 - epsilon)(1 - 1/e) holds with a probability that grows with
    ``patience``, for elements that come in random order.

    Parameters
    ----------
    function : SetFunction
        Monotone and submodular.
    k : int
        Most elements.
    epsilon : float
        Fineness of the guesses.
    patience : int
        Refusals until the guess falls.

    References
    ----------
    Buschjaeger et al., ECML PKDD 2021; see the module.
    """

    def __init__(
        self,
        function: SetFunction,
        k: int,
        *,
        epsilon: float = 0.1,
        patience: int = 500,
    ) -> None:
        super().__init__(function, k, epsilon)
        at_least(1, patience=patience)
        self._patience = patience
        self._state, self._kept = state_of(function, k), picks_of(self._k)
        self._ladder = np.zeros(0)
        self._place = np.zeros(2, np.int64)

    def partial_fit(self, elements: ArrayLike) -> ThreeSieves:
        """Look at some elements more.

        A larger single value starts the guesses from the top again, with what is
        chosen.

        Parameters
        ----------
        elements : array_like of int
            Numbers of elements.

        Raises
        ------
        InvalidProblemError
            If one is unknown or given twice.
        """
        block = indices("elements", elements, self._function.n)
        before = self._largest
        self._singles(block)
        if self._largest <= 0.0:
            return self
        if self._largest > before:
            base = math.log1p(self._epsilon)
            low = math.floor(math.log(self._largest) / base)
            high = math.ceil(math.log(2.0 * self._k * self._largest) / base)
            self._ladder = np.exp(base * np.arange(high, low - 1, -1))
            self._place[:] = 0
        kept = self._kept
        called = int(kept.count[greedy.CALLS])
        compiled(streams.three_sieves, self._state)(
            self._state, block, self._ladder, self._patience, self._k, kept, self._place
        )
        self._calls += int(kept.count[greedy.CALLS]) - called
        return self

    @property
    def selected(self) -> Integers:
        """The set, in the order in which it was chosen."""
        chosen: Integers = self._kept.chosen[: self._kept.count[greedy.CHOSEN]].copy()
        return chosen

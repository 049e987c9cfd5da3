"""Fully dynamic maximisation: elements come and go, a good set is kept all the time.

References
----------
.. [1] K. Banihashem, L. Biabani, S. Goudarzi, M. T. Hajiaghayi, P. Jabbarzade,
   M. Monemizadeh, "Dynamic algorithms for matroid submodular maximization",
   SODA 2024: the algorithm for a cardinality, whose expected amortised number of
   oracle calls does not depend on n.
"""

from __future__ import annotations

import heapq
import math

import numpy as np
from numpy.typing import NDArray

from combkit.comb.submodular import _kernels_dynamic as kernels
from combkit.comb.submodular import _kernels_protocol as protocol
from combkit.comb.submodular.refusals import between
from combkit.comb.submodular.states import compiled, state_of
from combkit.instances.errors import UsageError
from combkit.instances.seeds import kernel_state
from combkit.instances.submodular.base import SetFunction

__all__ = ["DynamicMaximizer"]

Integers = NDArray[np.int64]

#: Guesses that are kept although they are not needed: they may be again.
_SLACK = 1


class DynamicMaximizer:
    """A set of at most k of the present elements, at least ``1 / (2 + 2 epsilon)``.

    For each guess of the optimum a tower of levels is kept. Level i holds the
    elements that add at least ``guess / 2k`` to the i that were chosen below, each
    drawn uniformly from its level. What comes is put into the levels that it passes
    and becomes the choice of a level with the chance that a fresh draw would have had;
    what goes has the levels above rebuilt only where it was chosen. A guess v of at
    most the optimum gives v / 2: with k chosen elements by the threshold, with fewer
    since what was refused adds v / 2 at most; some guess is at least the optimum
    over ``1 + epsilon``.

    Parameters
    ----------
    function : SetFunction
        Monotone and submodular, of all elements that may come.
    k : int
        Most elements of the set.
    epsilon : float
        Fineness of the guesses.
    seed : int
        Seed of the draws.

    References
    ----------
    See the module.

    Examples
    --------
    >>> from combkit.instances.submodular import Coverage
    >>> keeper = DynamicMaximizer(Coverage.of_sets([[0], [0, 1], [2]]), k=1)
    >>> for e in range(3):
    ...     keeper.insert(e)
    >>> keeper.value
    2.0
    >>> keeper.delete(1)
    >>> keeper.value
    1.0
    """

    def __init__(
        self, function: SetFunction, k: int, *, epsilon: float = 0.1, seed: int = 0
    ) -> None:
        if not 1 <= k <= function.n:
            raise UsageError(f"k={k}: 1 to {function.n}")
        between(epsilon=epsilon)
        self._function, self._k = function, k
        self._base = math.log1p(epsilon)
        self._seed = seed
        # Two places to stand at: the choices so far, and some of them.
        self._states = state_of(function, k), state_of(function, k)
        self._arrive = compiled(kernels.arrive, self._states[0])
        self._leave = compiled(kernels.leave, self._states[0])
        self._pool = np.zeros(function.n, np.int64)
        self._single: dict[int, float] = {}
        self._largest: list[tuple[float, int]] = []
        self._towers: dict[int, kernels.Tower] = {}
        self._calls = self._built = 0

    @property
    def calls(self) -> int:
        """Number of gains that were computed so far."""
        kept = sum(int(t.count[kernels.CALLS]) for t in self._towers.values())
        return self._calls + kept

    def insert(self, e: int) -> None:
        """Let an element come.

        Parameters
        ----------
        e : int
            An element that is not present.

        Raises
        ------
        UsageError
            If it does not exist or is present.
        """
        e = int(e)
        if not 0 <= e < self._function.n:
            raise UsageError(f"element {e}: elements are 0 to {self._function.n - 1}")
        if e in self._single:
            raise UsageError(f"element {e} is present already")
        state = self._states[0]
        protocol.clear(state)
        value = float(protocol.gain(state, e))
        self._calls += 1
        self._single[e] = value
        heapq.heappush(self._largest, (-value, e))
        self._follow()
        for j in self._guesses_of(value):
            # A tower that has just been built has it already.
            if self._towers[j].depth[e] < 0:
                self._arrive(
                    *self._states, self._towers[j], e, self._threshold(j), self._pool
                )

    def delete(self, e: int) -> None:
        """Let an element go.

        Parameters
        ----------
        e : int
            An element that is present.

        Raises
        ------
        UsageError
            If it is not present.
        """
        e = int(e)
        if e not in self._single:
            raise UsageError(f"element {e} is not present")
        for j in self._guesses_of(self._single.pop(e)):
            self._leave(
                *self._states, self._towers[j], e, self._threshold(j), self._pool
            )
        self._follow()

    @property
    def selected(self) -> Integers:
        """The best set of all guesses, in the order of choice."""
        best = max(self._towers.values(), key=_value, default=None)
        if best is None:
            return np.zeros(0, dtype=np.int64)
        chosen: Integers = best.chosen[: best.count[kernels.CHOSEN]].copy()
        return chosen

    @property
    def value(self) -> float:
        """The value of `selected`."""
        return max(map(_value, self._towers.values()), default=0.0)

    @property
    def present(self) -> Integers:
        """The elements that are present, in the order in which they came."""
        return np.array(list(self._single), dtype=np.int64)

    def _threshold(self, j: int) -> float:
        return self._guess(j) / (2.0 * self._k)

    def _follow(self) -> None:
        """Keep a tower for each guess from below the optimum to near it.

        The optimum is at least the value of any set, and at most ``f(S) + v / 2``
        for the set S of a guess v that has fewer than k elements. Towers that are
        missing are built from what is present; others go when they are far away.
        """
        heap = self._largest
        while heap and self._single.get(heap[0][1]) != -heap[0][0]:
            heapq.heappop(heap)
        if not heap or heap[0][0] == 0.0:
            self._drop(list(self._towers))
            return
        largest = -heap[0][0]
        least = max(largest, self.value)
        low = self._below(least)
        high = max([low, *self._towers])
        for j in range(low, high + 1):
            self._need(j)
        last = self._below(self._k * largest)
        while high < last and self._most() > self._guess(high + 1):
            high += 1
            self._need(high)
        needed = max(low, self._below(min(self._most(), self._k * largest)))
        self._drop(
            [j for j in self._towers if not low - _SLACK <= j <= needed + _SLACK]
        )

    def _most(self) -> float:
        """Return an upper bound of the optimum, from the sets that are not full."""
        return min(
            (
                _value(tower) + 0.5 * self._guess(j)
                for j, tower in self._towers.items()
                if tower.count[kernels.CHOSEN] < self._k
            ),
            default=math.inf,
        )

    def _guess(self, j: int) -> float:
        return math.exp(self._base * j)

    def _below(self, value: float) -> int:
        """Return the number of the largest guess up to a value."""
        return math.floor(math.log(value) / self._base + 1e-12)

    def _need(self, j: int) -> None:
        if j not in self._towers:
            self._towers[j] = self._tower(j)

    def _drop(self, numbers: list[int]) -> None:
        for j in numbers:
            self._calls += int(self._towers.pop(j).count[kernels.CALLS])

    def _tower(self, j: int) -> kernels.Tower:
        """Build the tower of a guess."""
        n, k = self._function.n, self._k
        self._built += 1
        tower = kernels.Tower(
            np.full(n, -1, np.int64),
            np.zeros(k + 1, np.int64),
            np.zeros(k, np.int64),
            np.zeros(k),
            np.zeros(2, np.int64),
            kernel_state(self._seed, self._built),
        )
        threshold = self._threshold(j)
        high = [e for e, value in self._single.items() if value >= threshold]
        tower.depth[high] = 0
        tower.sizes[0] = len(high)
        build = compiled(kernels.rebuild, self._states[0])
        build(*self._states, tower, 0, -1, threshold, self._pool)
        return tower

    def _guesses_of(self, value: float) -> list[int]:
        """Return the guesses whose towers hold elements of a value."""
        return [j for j in self._towers if value >= self._threshold(j)]


def _value(tower: kernels.Tower) -> float:
    return float(tower.gained[: tower.count[kernels.CHOSEN]].sum())

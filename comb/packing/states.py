"""The knapsack's dynamic program over a list of states, exact or as a beam.

Items are decided in the order of their losses in a relaxation, seen relative to
their weights. While the list
has room for all states that bounds and dominance leave, the search is exact;
when it has not, the most promising ones are kept and the search becomes a beam
that still finds good answers. A caller widens the list until it is exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from combkit.comb.packing import _kernels as k
from combkit.comb.packing.integral import Core
from combkit.comb.packing.relaxation import Relaxation

__all__ = ["BYTES_PER_STATE", "MAX_WIDTH", "StateList"]

Integers = NDArray[np.int64]

#: Room in the buffers and in the log, in multiples of the width.
_ROOM, _LOG = 4, 24
#: Power of the weight by which losses are divided to order the items: in between
#: are the hard classes with many small items, and those with large ones only.
_BY_WEIGHT = 0.75
#: The node of no change.
_REFERENCE = -1
#: Two buffers of four numbers of 8 bytes, and the log with its work space.
BYTES_PER_STATE = _ROOM * 2 * 4 * 8 + _LOG * 3 * 4
#: Nodes of the log are numbered in 32 bits.
MAX_WIDTH = 2**31 // (2 * _LOG)


class StateList:
    """A search for answers better than ``best``.

    Parameters
    ----------
    core : Core
        The items.
    relaxation : Relaxation
        Prices and losses.
    best : int
        Profit to beat.
    width : int
        Number of states kept where not all fit.

    Attributes
    ----------
    best : int
        Best profit so far.
    exact : bool
        Whether nothing was dropped: then, at the end, ``best`` is optimal.
    bound : float
        No answer is worth more, as long as the search was exact.
    """

    def __init__(
        self, core: Core, relaxation: Relaxation, best: int, width: int
    ) -> None:
        self.exact = True
        self.bound = relaxation.bound
        self._core, self._relaxation, self._width = core, relaxation, width
        reference = relaxation.reference
        self._order = self._worth_deciding(best)
        signs = np.where(reference[self._order], -1, 1)
        weights = core.weights[self._order]
        self._change = np.stack([signs * weights, signs * core.profits[self._order]])
        self._loss = relaxation.loss[self._order]
        self._rest = np.minimum.accumulate(self._loss[::-1])[::-1].copy()
        self._slope = _slopes(self._loss, weights, signs, relaxation.price)
        self._allocate()
        weight = int(core.weights[reference].sum())
        profit = int(core.profits[reference].sum())
        self._counters[k.BEST_NODE] = _REFERENCE
        if weight <= core.capacity:
            best = max(best, profit)
        self._counters[k.LENGTH] = 1
        self._counters[k.BEST] = best
        self._measures[k.BUDGET] = relaxation.bound - best - 1
        self._states[0, :, 0] = weight, profit, _REFERENCE

    @property
    def best(self) -> int:
        """Best profit so far."""
        return int(self._counters[k.BEST])

    @property
    def decided(self) -> int:
        """Number of items decided so far."""
        return int(self._counters[k.STEP])

    @property
    def visited(self) -> int:
        """Number of states visited so far."""
        return int(self._counters[k.VISITED])

    def advance(self, work: int) -> bool:
        """Visit about ``work`` states; return whether the search is over."""
        if self._measures[k.BUDGET] < 0:
            return True
        answer = k.advance(
            self._core.capacity,
            self._change,
            self._loss,
            self._rest,
            self._slope,
            self._states,
            self._losses,
            self._log,
            self._counters,
            self._measures,
            work,
        )
        if answer == k.STATES_FULL or (answer == k.LOG_FULL and not self.collect()):
            self._truncate()
        if self.exact:
            # Whatever is better than the incumbent descends from a state.
            left = self._relaxation.bound - float(self._measures[k.LEAST])
            self.bound = max(left, float(self.best))
        return answer == k.DONE or bool(self._measures[k.BUDGET] < 0)

    def improvement(self) -> Integers:
        """Return the core items of an answer that improved on ``best``."""
        node = int(self._counters[k.BEST_NODE])
        chosen = self._relaxation.reference.copy()
        while node >= 0:
            item = self._order[self._log[1, node]]
            chosen[item] = not chosen[item]
            node = int(self._log[0, node])
        return np.flatnonzero(chosen)

    def _worth_deciding(self, best: int) -> Integers:
        """Return the items whose change alone may still pay, by loss for weight.

        Those that change much for little come first: what is left then can repair
        a wrong weight at a high price only, which prunes.
        """
        relaxation = self._relaxation
        open_ = np.flatnonzero(relaxation.loss <= relaxation.bound - best - 1)
        key = relaxation.loss[open_] / self._core.weights[open_] ** _BY_WEIGHT
        order = np.lexsort((relaxation.distance[open_], key))
        ordered: Integers = open_[order]
        return ordered

    def _allocate(self) -> None:
        room, log = self._width * _ROOM, self._width * _LOG
        self._states = np.empty((2, 3, room), dtype=np.int64)
        self._losses = np.empty((2, room))
        self._losses[0, 0] = 0.0
        self._log = np.empty((2, log), dtype=np.int32)
        self._place = np.empty(log, dtype=np.int32)
        self._counters = np.zeros(7, dtype=np.int64)
        self._measures = np.zeros(3)

    def collect(self) -> bool:
        """Free the log of dead nodes; return whether the next item fits."""
        side, n = self._counters[k.SIDE], self._counters[k.LENGTH]
        nodes, best = k.collect(
            self._states[side, 2, :n],
            self._counters[k.BEST_NODE],
            self._log,
            self._counters[k.NODES],
            self._place,
        )
        self._counters[k.NODES], self._counters[k.BEST_NODE] = nodes, best
        return bool(nodes + n <= self._log.shape[1])

    def _truncate(self) -> None:
        """Keep the states of least loss and those that fill the knapsack best."""
        self.exact = False
        side, n = self._counters[k.SIDE], int(self._counters[k.LENGTH])
        states, losses = self._states[side], self._losses[side]
        fill, empty = self._slope[:, self._counters[k.STEP]]
        excess = states[0, :n] - self._core.capacity
        total = losses[:n].copy()
        total[excess < 0] -= fill * excess[excess < 0]
        total[excess > 0] += empty * excess[excess > 0]
        half = min(n, self._width) // 2
        kept = np.union1d(
            np.argpartition(total, half)[:half],
            np.argpartition(np.abs(excess), half)[:half],
        )
        states[:, : kept.size] = states[:, kept]
        losses[: kept.size] = losses[kept]
        self._counters[k.LENGTH] = kept.size
        self.collect()


def _slopes(
    loss: NDArray[np.float64], weights: Integers, signs: Integers, price: float
) -> NDArray[np.float64]:
    """Return the least loss per unit of weight that the items from k on ask.

    A state that is too light pays for each unit it fills, or the price for
    each it leaves; one that is too heavy pays for each it must give back.
    """
    slope = np.empty((2, loss.size + 1))
    slope[:, -1] = price, np.inf
    rate = loss / weights
    for row, sign in enumerate((1, -1)):
        slope[row, :-1] = np.where(signs == sign, rate, np.inf)
        slope[row] = np.minimum.accumulate(slope[row, ::-1])[::-1]
    return slope

"""A pool of good, different schedules, and starts of searches from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pool"]

Order = NDArray[np.int32]

#: Share of the operations with another predecessor on their machine that makes
#: two schedules different.
_DIFFERENT = 0.08
#: How far a relinked start lies from the first of its two schedules, from 0 to 1.
_LEAST, _MOST = 0.2, 0.8
#: Offers in vain, a place of the pool, after which it begins anew.
_IDLE = 3
#: How much larger it is then.
_GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class _Member:
    makespan: int
    order: Order
    before: Order


class Pool:
    """The best schedules that searches met, no two of them alike.

    Schedules are linear orders of the operations: all of them, each one after
    those before it in its job. A pool that has taken nothing for long is emptied
    and begins anew, larger.

    Parameters
    ----------
    capacity : int
        Schedules to keep, at least 2.
    fresh : int
        Random starts before the first relinked one, at least 1.
    machine : ndarray, shape (n,), int
        Machine of each operation, in job order.
    job : ndarray, shape (n,), int
        Job of each operation, ascending.
    rng : Generator
        Source of random numbers.

    Attributes
    ----------
    generation : int
        How often it has begun anew.
    """

    def __init__(
        self,
        capacity: int,
        fresh: int,
        machine: NDArray[np.int32],
        job: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> None:
        self._capacity, self._fresh = capacity, fresh
        self._machine, self._job, self._rng = machine, job, rng
        self._members: list[_Member] = []
        self._offered = self._idle = 0
        self.generation = 0

    def offer(self, makespan: int, order: Order) -> None:
        """Take a schedule, unless it is worse than all, or than one like it.

        Parameters
        ----------
        makespan : int
            Its makespan.
        order : ndarray, shape (n,), int32
            Its order; copied.
        """
        self._offered += 1
        self._idle += 1
        if self._idle > _IDLE * self._capacity:
            self._renew()
        before = self._before(order)
        least = max(1.0, _DIFFERENT * order.size)
        alike = [
            member
            for member in self._members
            if np.count_nonzero(member.before != before) < least
        ]
        if alike and makespan > min(member.makespan for member in alike):
            return
        full = len(self._members) == self._capacity
        if not alike and full and makespan >= self._members[-1].makespan:
            return
        if not alike or makespan < min(member.makespan for member in alike):
            self._idle = 0
        kept = [m for m in self._members if all(m is not twin for twin in alike)]
        kept.append(_Member(makespan, order.copy(), before))
        kept.sort(key=lambda member: member.makespan)
        self._members = kept[: self._capacity]

    def _renew(self) -> None:
        """Forget all and begin anew, larger."""
        self.generation += 1
        self._members = []
        self._offered, self._idle = 1, 0
        self._capacity = round(_GROWTH * self._capacity)
        self._fresh = round(_GROWTH * self._fresh)

    def start(self) -> Order:
        """Return where the next search begins.

        Random at first; then between two schedules of the pool.
        """
        if self._offered < self._fresh or len(self._members) < 2:
            return self._random()
        first, second = self._rng.choice(len(self._members), 2, replace=False)
        share = self._rng.uniform(_LEAST, _MOST)
        # Whatever comes first in both orders does so by any mean of its ranks.
        ranks = (1 - share) * self._ranks(first) + share * self._ranks(second)
        return np.argsort(ranks, kind="stable").astype(np.int32)

    def _random(self) -> Order:
        """Return a random order: jobs, shuffled, one operation at a time."""
        drawn = self._rng.permutation(self._job)
        order = np.empty(drawn.size, np.int32)
        # The k-th draw of a job is its k-th operation.
        order[np.argsort(drawn, kind="stable")] = np.arange(drawn.size)
        return order

    def _ranks(self, number: int) -> NDArray[np.float64]:
        order = self._members[number].order
        ranks = np.empty(order.size)
        ranks[order] = np.arange(order.size)
        return ranks

    def _before(self, order: Order) -> Order:
        """Return the predecessor of each operation on its machine, -1 for none."""
        by_machine = order[np.argsort(self._machine[order], kind="stable")]
        same = self._machine[by_machine[1:]] == self._machine[by_machine[:-1]]
        before = np.full(order.size, -1, np.int32)
        before[by_machine[1:][same]] = by_machine[:-1][same]
        return before

"""Exact dynamic programming for the 0-1 knapsack on a core that grows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from combkit.comb.packing import greedy_knapsack, integral
from combkit.comb.packing.integral import Core
from combkit.comb.packing.relaxation import Relaxation, dantzig, tightened
from combkit.instances.errors import UsageError
from combkit.instances.knapsack import Knapsack
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Selection
from combkit.instances.stop import Reason

__all__ = ["solve", "supports"]

_SOURCE = "knapsack-dp"

#: States visited between two looks at the clock: some 10 ms.
_SLICE = 1 << 20
#: Widths of the state list: the first is a heuristic that costs milliseconds.
_FIRST_WIDTH, _WIDENING = 1 << 12, 8
#: States visited at the first width before the relaxation is tightened.
_FIRST_WORK = 1 << 21
#: More items than this make the linear programs slower than they help.
_MAX_TIGHTENED = 20_000


def supports(problem: Knapsack) -> str | None:
    """Return why the problem is not taken, or None if it is."""
    return integral.unsupported(problem)


def solve(problem: Knapsack, run: Run, *, memory: int = 1024) -> Outcome:
    """Solve to optimality, or as far as time and memory allow.

    As in Minknap [1]_, items are decided one after the other, those first whose
    change costs least of the bound for its weight, on a list of states that
    dominance and bounds keep short. Unlike there, the bound is a Lagrangian one
    whose prices come from a linear program with further inequalities, and the
    list has a limited width that grows from round to round: early rounds are a
    beam search that finds the optimum, a round that dropped nothing proves it.

    An iteration is an item decided upon; limits are seen every million states.

    Parameters
    ----------
    problem : Knapsack
        Integer data, or decimal fractions that a power of ten makes integers.
    run : Run
        The run.
    memory : int
        Mebibytes for the list of states, at least 16.

    References
    ----------
    .. [1] D. Pisinger, "A minimal algorithm for the 0-1 knapsack problem",
       Operations Research 45(5), 1997. doi:10.1287/opre.45.5.758
    """
    if memory < 16:
        raise UsageError(f"memory: {memory} is below 16 MiB")
    greedy_knapsack.solve(problem, run)
    core = integral.reduce(problem)
    if core.items.size == 0:
        run.report(Selection(core.selection(np.zeros(0, dtype=np.int64))), _SOURCE)
        return _proven(run)
    if run.should_stop():
        return Outcome(reason=run.reason)
    run.supervise(_warm_up)
    return _Search(core, run, memory << 20).solve()


class _Search:
    """Rounds of growing width on one core."""

    def __init__(self, core: Core, run: Run, memory: int) -> None:
        # Loads Numba, which is why solve does it under supervision before.
        from combkit.comb.packing import states

        self.core, self.run = core, run
        self.states = states
        # A power of two, so that machines with like memory give like runs.
        width = 1 << int(math.log2(memory // states.BYTES_PER_STATE))
        self.max_width = min(width, states.MAX_WIDTH)
        self.decided = 0
        self.best = self._incumbent()

    def solve(self) -> Outcome:
        """Return the outcome of the rounds."""
        relaxation = dantzig(self.core)
        width = min(_FIRST_WIDTH, self.max_width)
        proven = self._round(relaxation, width, _FIRST_WORK)
        while not (proven or self.run.should_stop()):
            relaxation = self._tightened(relaxation)
            proven = self._round(relaxation, width)
            if width == self.max_width:
                break
            width = min(width * _WIDENING, self.max_width)
        extra = {"core": int(self.core.items.size), "cuts": relaxation.cuts}
        if proven:
            return _proven(self.run, extra)
        return Outcome(reason=self.run.reason or Reason.MEMORY, extra=extra)

    def _round(
        self, relaxation: Relaxation, width: int, limit: float = math.inf
    ) -> bool:
        """Search at one width; return whether the incumbent is proven optimal."""
        self._report_bound(relaxation.bound)
        search = self.states.StateList(self.core, relaxation, self.best, width)
        over = False
        while not over and search.visited < limit:
            over = search.advance(_SLICE)
            if search.best > self.best:
                self.best = search.best
                chosen = self.core.selection(search.improvement())
                self.run.report(Selection(chosen), _SOURCE)
            if search.exact:
                self._report_bound(search.bound)
            if self.run.should_stop(self.decided + search.decided):
                break
        self.decided += search.decided
        return relaxation.bound < self.best + 1 or (over and search.exact)

    def _tightened(self, relaxation: Relaxation) -> Relaxation:
        """Return a relaxation at least as good, for the present incumbent."""
        if self.core.items.size > _MAX_TIGHTENED:
            return relaxation
        better = self.run.supervise(lambda: tightened(self.core, self.best, relaxation))
        return relaxation if better is None else better

    def _incumbent(self) -> int:
        """Return the core profit that the incumbent stands for."""
        total = round(Fraction(self.run.objective or 0.0) * self.core.scale)
        return (total - self.core.base) // self.core.unit

    def _report_bound(self, bound: float) -> None:
        value = self.core.value(math.floor(max(bound, self.best)))
        if self.core.scale != 1:
            # Decimal profits are summed in floating point, rounding at each item.
            items = self.core.items.size + self.core.taken.size
            value += value * items * np.finfo(float).eps
        self.run.report_bound(max(value, self.run.objective or 0.0), _SOURCE)


def _proven(run: Run, extra: Mapping[str, Any] | None = None) -> Outcome:
    # Where profits are decimal fractions, this closes a gap of rounding.
    run.report_bound(run.objective or 0.0, _SOURCE)
    return Outcome(Status.OPTIMAL, extra=extra or {})


def _warm_up() -> None:
    """Load the compiled kernels, compiling them the first time."""
    from combkit.comb.packing.states import StateList

    # The linear relaxation leaves a gap here, so that there is work to do.
    core = integral.reduce(Knapsack([60, 100, 121], [1, 2, 3], 5))
    search = StateList(core, dantzig(core), 0, 4)
    search.advance(1)
    search.collect()

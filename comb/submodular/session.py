"""What the solvers of set functions share: state, rule, reports, certificate."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.comb.submodular import _kernels_greedy as greedy
from combkit.comb.submodular import _kernels_protocol as protocol
from combkit.comb.submodular.bounds import combined, heaviest, least_cost, rounded_up
from combkit.comb.submodular.checks import spot_check
from combkit.comb.submodular.guarantees import Guarantee
from combkit.comb.submodular.states import (
    compiled,
    gains_of,
    picks_of,
    rule_of,
    state_of,
)
from combkit.instances.errors import InvalidProblemError
from combkit.instances.run import Abandoned, Outcome, Run
from combkit.instances.seeds import kernel_state
from combkit.instances.solutions import Labels, Selection, Solution
from combkit.instances.submodular.composed import Oracle
from combkit.instances.submodular.constraints import Unconstrained
from combkit.instances.submodular.problem import KSubmodular, Submodular

__all__ = ["Session", "supervised"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

Solve = Callable[..., Outcome]

#: Elements that are chosen where there was no time to search.
_FEW = 64
#: Seconds between two reports of a growing set.
_PAUSE = 0.5
#: Random triples at which an oracle of the user's own is looked at.
_TRIALS = 20
#: Gains that are kept to combine the inequalities of several sets: 256 MB.
_MATRIX = 1 << 25
#: Sets from which on some are beyond the order: fewer are for gains that cost much.
_ENOUGH = 4
#: Elements whose first gains are computed between two looks at the clock.
_BLOCK = 2048


def supervised(solve: Solve) -> Solve:
    """Let a solver work where signals and limits are heeded, and answer in any case.

    Kernels may have to be compiled for the first time, which takes seconds and cannot
    be stopped: where that is all that there was time for, some elements are chosen.

    Parameters
    ----------
    solve : callable
        ``solve(problem, run, **params) -> Outcome``.
    """

    @wraps(solve)
    def guarded(problem: Any, run: Run, **params: Any) -> Outcome:
        if run.solution is None:
            _answer(problem, run)
        try:
            return run.supervise(lambda: solve(problem, run, **params))
        except Abandoned:
            if isinstance(problem, Submodular):
                _answer(problem, run, _FEW)
            raise

    return guarded


def _answer(problem: Submodular | KSubmodular, run: Run, most: int = 0) -> None:
    """Report what is included and so many elements, or a cover of all elements.

    Nothing is reported if that is no solution.
    """
    if isinstance(problem, KSubmodular):
        run.report(Labels(np.full(problem.n, -1)), "nothing")
        return
    chosen = np.setdiff1d(np.arange(problem.n), problem.refused)
    if problem.goal != "cover":
        free = np.setdiff1d(chosen, problem.required)
        size = min(most, problem.constraint.most(problem.n), free.size)
        places = np.linspace(0, free.size - 1, size).astype(int)
        chosen = np.concatenate([problem.required, free[places]])
    if not problem.check(Selection(chosen)):
        run.report(Selection(chosen), "some elements")


def _selection(chosen: Integers) -> Solution:
    return Selection(chosen)


class Session:
    """A search of a set: what stands where, and what was found.

    Parameters
    ----------
    problem : Submodular
        The problem.
    run : Run
        The run.
    source : str
        Name of the solver, for reports.
    solution_of : callable, optional
        Returns the run's solution of chosen elements; a `Selection` without.
    """

    def __init__(
        self,
        problem: Submodular,
        run: Run,
        source: str,
        solution_of: Callable[[Integers], Solution] = _selection,
    ) -> None:
        self.problem, self.run, self._source = problem, run, source
        self._solution_of = solution_of
        n = problem.n
        most = problem.constraint.most(n)
        self.state = state_of(problem.function, most)
        self.rule = rule_of(problem.constraint, n)
        self.picks = picks_of(most)
        self._told = -math.inf
        own = isinstance(problem.function, Oracle)
        if own and (found := spot_check(problem.function, _TRIALS, run.seed)):
            raise InvalidProblemError("function", str(found))
        self._include()

    def compiled(self, search: Callable[..., Any]) -> Callable[..., Any]:
        """Return a search as it can take the state and the rule."""
        return compiled(search, self.state, self.rule)

    # -- what is chosen ------------------------------------------------------

    @property
    def chosen(self) -> Integers:
        """The chosen elements, in order."""
        chosen: Integers = self.picks.chosen[: self.size]
        return chosen

    @property
    def size(self) -> int:
        """Number of chosen elements."""
        return int(self.picks.count[greedy.CHOSEN])

    @property
    def calls(self) -> int:
        """Number of gains that were computed."""
        return int(self.picks.count[greedy.CALLS])

    @property
    def ended(self) -> bool:
        """Whether nothing more can, or need, be chosen."""
        return bool(self.picks.count[greedy.ENDED])

    def candidates(self) -> Integers:
        """Return the elements that may be chosen yet, ascending."""
        refused = np.concatenate([self.problem.refused, self.chosen])
        return np.delete(np.arange(self.problem.n), refused)

    def fitting(self) -> Integers:
        """Return the candidates that the constraint allows now, ascending."""
        pool = self.candidates()
        fits = [bool(protocol.fits(self.rule, e)) for e in pool.tolist()]
        allowed: Integers = pool[np.array(fits, dtype=bool)]
        return allowed

    def gains(self, elements: Integers) -> Floats:
        """Return what each of some elements would add; they count as calls."""
        self.picks.count[greedy.CALLS] += elements.size
        return gains_of(self.state, elements)

    @property
    def full(self) -> bool:
        """Whether as many elements are chosen as any constraint allows."""
        return self.size == int(self.picks.chosen.size)

    def random(self) -> NDArray[np.uint64]:
        """Return the state of a generator of the run's seed."""
        return kernel_state(self.run.seed, 0)

    def take(self, e: int, gained: float) -> None:
        """Choose an element that adds so much."""
        count = self.size
        protocol.add(self.state, e)
        protocol.take(self.rule, e)
        self.picks.chosen[count] = e
        self.picks.gained[count] = gained
        self.picks.value[0] += gained
        self.picks.count[greedy.CHOSEN] += 1

    def _include(self) -> None:
        for e in self.problem.required.tolist():
            self.take(e, protocol.gain(self.state, e))

    def restart(self) -> None:
        """Stand at the included elements again; calls stay counted."""
        protocol.clear(self.state)
        protocol.free(self.rule)
        self.picks.value[0] = 0.0
        self.picks.count[greedy.CHOSEN] = 0
        self.picks.count[greedy.ENDED] = 0
        self._include()

    def queue(
        self, scale: Floats | None = None, candidates: Integers | None = None
    ) -> greedy.Queue | None:
        """Return a queue of candidates with their first gains, not a heap yet.

        Parameters
        ----------
        scale : ndarray of float64, shape (n,), optional
            What gains are multiplied by; 1 without.
        candidates : ndarray of int64, optional
            The elements, ascending; all that may be chosen without.

        Returns
        -------
        Queue or None
            None if the run has to end.
        """
        n = self.problem.n
        candidates = self.candidates() if candidates is None else candidates.copy()
        scale = np.ones(n) if scale is None else scale
        key = np.zeros(n)
        for first in range(0, candidates.size, _BLOCK):
            if self.run.should_stop():
                return None
            part = candidates[first : first + _BLOCK]
            key[part] = self.gains(part) * scale[part]
        seen = np.full(n, self.size, np.int64)
        size = np.array([candidates.size])
        return greedy.Queue(candidates, key, seen, scale, size)

    # -- what is told --------------------------------------------------------

    def going(self) -> bool:
        """Tell the run what there is, if it is time; return whether to go on."""
        run = self.run
        stop = run.should_stop(self.calls)
        now = time.perf_counter()
        if self._told == -math.inf:
            self._told = now
        elif now - self._told > _PAUSE and self.problem.quota is None:
            self._told = now
            self.report()
        return not stop and not self.ended

    def report(self, selected: Integers | None = None) -> None:
        """Hand a set, or what is chosen, to the run."""
        chosen = self.chosen if selected is None else selected
        if not self.run.abandoned:
            self.run.report(self._solution_of(chosen), self._source)

    # -- the certificate -----------------------------------------------------

    @property
    def certifiable(self) -> bool:
        """Whether gains bound the optimum: f is monotone submodular, by itself."""
        f, goal = self.problem.function, self.problem.goal
        return f.monotone and f.submodular and goal in ("value", "cover")

    def bound_from(self, gains: Floats, value: float) -> None:
        """Report the bound of upper bounds of gains at a set of this value."""
        problem = self.problem
        gains = np.maximum(gains, 0.0)
        gains[problem.refused] = 0.0
        single = _is_single(self.state)
        if problem.quota is None:
            extra = heaviest(problem.constraint, gains, problem.required.tolist())
            self.run.report_bound(rounded_up(value + extra, single), "gains")
            return
        costs = np.ones(problem.n) if problem.costs is None else problem.costs
        least = least_cost(gains, costs, problem.quota - rounded_up(value, single))
        if math.isfinite(least):
            # Unit costs add up to integers.
            least = math.ceil(least - 1e-6) if problem.costs is None else least
            self.run.report_bound(float(least), "gains")

    def certify(self, order: Integers, sets: int) -> None:
        """Report the bounds of exact gains at some sets.

        They are prefixes of an order of elements, and, if there are at least four, what
        follows when more are added greedily, allowed or not, until twice as many.

        Parameters
        ----------
        order : ndarray of int64
            The elements, those that are included first.
        sets : int
            Number of sets.
        """
        if not self.certifiable or self._is_closed():
            return
        problem, n = self.problem, self.problem.n
        state = state_of(problem.function, min(n, 2 * order.size))
        add = compiled(greedy.one_by_one, state)
        first, last = problem.required.size, min(n, 2 * order.size)
        if sets < _ENOUGH:
            # The sets on the way, without the smallest: no gains but those of each.
            sizes = np.linspace(first, order.size, sets + 1)[1:]
        else:
            sizes = np.linspace(first, last, sets + 1)
        sizes = np.unique(sizes.round().astype(int))
        values: list[float] = []
        rows: list[Floats] = []
        chosen, value = order[:0], 0.0
        for size in sizes.tolist():
            if self.run.should_stop(self.calls):
                return
            if size > order.size:
                more = _greedily(state, chosen, size - chosen.size, rows[-1])
                value += float(more.gained[: more.count[greedy.CHOSEN]].sum())
                new = more.chosen[: more.count[greedy.CHOSEN]]
                self.picks.count[greedy.CALLS] += more.count[greedy.CALLS]
            else:
                new = order[chosen.size : size]
                added = np.zeros(new.size)
                add(state, new, added)
                value += float(added.sum())
            chosen = np.concatenate([chosen, new])
            others = np.delete(np.arange(n), chosen)
            gains = np.zeros(n)
            gains[others] = gains_of(state, others)
            self.picks.count[greedy.CALLS] += others.size
            self.bound_from(gains, value)
            gains[problem.refused] = 0.0
            values.append(value)
            rows.append(gains)
        if problem.quota is None and len(rows) * n <= _MATRIX and not self._is_closed():
            least = combined(
                np.array(values),
                np.array(rows),
                problem.constraint,
                problem.required.tolist(),
                self.run.should_stop,
            )
            self.run.report_bound(rounded_up(least, _is_single(state)), "gains")

    def _is_closed(self) -> bool:
        """Whether the bound says that what was found is optimal."""
        best, bound = self.run.objective, self.run.bound
        return best is not None and bound is not None and bound <= best * (1.0 + 1e-9)

    def outcome(self, guarantee: Guarantee | None, **extra: Any) -> Outcome:
        """Return what the solver says at its end."""
        self.run.iterations = self.calls
        told: dict[str, Any] = {"evaluations": self.calls, **extra}
        if guarantee is not None:
            told["guarantee"] = guarantee.to_dict()
        return Outcome(extra=told)


def _greedily(state: Any, chosen: Integers, more: int, gains: Floats) -> greedy.Picks:
    """Add so many elements of largest gain to a state, whatever is allowed.

    Parameters
    ----------
    state : state
        It stands at the chosen elements.
    chosen : ndarray of int64
        The chosen elements.
    more : int
        How many to add.
    gains : ndarray of float64, shape (n,)
        Gains at the chosen elements.
    """
    n = gains.size
    pool = np.delete(np.arange(n), chosen)
    seen = np.full(n, 0, np.int64)
    queue = greedy.Queue(pool, gains.copy(), seen, np.ones(n), np.array([pool.size]))
    greedy.build(queue)
    picks = picks_of(more)
    rule = rule_of(Unconstrained(), n)
    search = compiled(greedy.lazy, state, rule)
    search(state, rule, queue, picks, math.inf, more, n * more)
    return picks


def _is_single(state: Any) -> bool:
    """Whether a state holds numbers of single precision."""
    if isinstance(state, np.ndarray):
        return bool(state.dtype == np.float32)
    return isinstance(state, tuple) and any(map(_is_single, state))

"""Tabu search for the flexible job shop, begun again between good schedules.

References
----------
.. [1] M. Mastrolilli, L. M. Gambardella, "Effective neighbourhood functions for
   the flexible job shop problem", Journal of Scheduling 3(1), 2000.
.. [2] M. A. González, C. R. Vela, R. Varela, "Scatter search with path
   relinking for the flexible job shop scheduling problem", European Journal of
   Operational Research 245(1), 2015. https://doi.org/10.1016/j.ejor.2015.02.052
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.slices import Reports
from combkit.comb.scheduling.disjunctive import chains_of, graph_of, start_of
from combkit.comb.scheduling.model_dispatch import opening
from combkit.comb.scheduling.proposals import proposed
from combkit.comb.scheduling.walks import advance
from combkit.instances.errors import UsageError
from combkit.instances.problem import Problem
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import generator, kernel_state
from combkit.instances.shops import FlexibleJobShop
from combkit.instances.solutions import Schedule

if TYPE_CHECKING:
    from combkit.comb.scheduling._kernels_flexible import FlexibleWalk, Options

__all__ = ["solve", "supports"]

_SOURCE = "tabu"
#: Good schedules kept.
_ELITE = 10
#: Share of the operations whose option a new start draws at random.
_MUTATION = 0.03

Order = NDArray[np.int32]


def supports(problem: Problem) -> str | None:
    """Return why a problem cannot be solved here, None if it can."""
    if not isinstance(problem, FlexibleJobShop):
        return "it is not a flexible job shop"
    if problem.setups is not None:
        return "it has set-up times"
    if problem.precedences is not None:
        return "it has precedences of its own"
    return None


def solve(
    problem: FlexibleJobShop,
    run: Run,
    *,
    patience: int = 2_000,
    starts: str | None = None,
) -> Outcome:
    """Search until the run ends, or a bound proves the best schedule optimal.

    Starts from ``run.initial``, or else from a dispatched schedule. An
    iteration is a move. With several threads, walks run side by side.

    Parameters
    ----------
    problem : FlexibleJobShop
        The problem.
    run : Run
        The run.
    patience : int
        Moves without improvement that end a walk.
    starts : str, optional
        Who proposes the first schedules, e.g. ``dispatch``, the learned rule.

    Raises
    ------
    UsageError
        If ``patience`` is not positive.
    """
    if patience < 1:
        raise UsageError(f"patience={patience}: at least 1")
    opening(problem, run)
    if run.should_stop():
        return Outcome()
    first = proposed(starts, problem, run, _ELITE)
    options = run.supervise(lambda: _prepare(problem))
    _Search(problem, run, options, patience).run((run.solution, *first))
    return Outcome()


class _Search:
    """Walks over the schedules of one problem, advanced in short slices."""

    def __init__(
        self, problem: FlexibleJobShop, run: Run, options: Options, patience: int
    ) -> None:
        from combkit.comb.scheduling import _kernels_flexible

        self._kernels = _kernels_flexible
        self._problem, self._run, self._options = problem, run, options
        self._patience = patience
        self._rng = generator(run.seed, run.threads)
        self._walks = [
            _walk_of(problem, options, run.seed, k) for k in range(run.threads)
        ]
        n = problem.n_operations
        self._job = np.repeat(np.arange(len(problem.jobs)), problem.row_sizes)
        self._elite: list[tuple[int, Order, Order]] = []
        self._best = np.zeros((2, n), np.int32)
        self._makespan = int(np.iinfo(np.int64).max)
        self._given: deque[tuple[Order, Order]] = deque()
        self._reports = Reports(run, _SOURCE)

    def run(self, starts: Iterable[Schedule]) -> None:
        """Search until the run ends; the first walks begin at given schedules."""
        model = self._problem.model
        self._given = deque(start_of(model, schedule) for schedule in starts)
        for walk in self._walks:
            self._kernels.begin(self._options, walk, *self._next())
        advance(self._run, self._walks, self._advance, self._take, moves=20)
        self._reports.offer(self._makespan, self._schedule, last=True)

    def _advance(self, walk: FlexibleWalk, moves: int) -> int:
        made: int = self._kernels.search(self._options, walk, moves, self._patience)
        return made

    def _take(self) -> int:
        """Keep the best schedule, and begin anew where a walk has ended."""
        for walk in self._walks:
            found = int(walk.scalars[self._kernels.BEST])
            if found < self._makespan:
                self._makespan = found
                self._best[0], self._best[1] = walk.best, walk.best_choice
            if walk.scalars[self._kernels.STALE] >= self._patience:
                self._offer(found, walk.best, walk.best_choice)
                order, choice = self._next()
                self._kernels.begin(self._options, walk, order, choice)
        self._reports.offer(self._makespan, self._schedule)
        return self._makespan

    def _offer(self, makespan: int, order: Order, choice: Order) -> None:
        """Keep a schedule among the best if none has nearly the same options."""
        least = max(1, choice.size // 20)
        for k, (known, _, other) in enumerate(self._elite):
            if np.count_nonzero(other != choice) < least:
                if makespan <= known:
                    self._elite[k] = makespan, order.copy(), choice.copy()
                return
        self._elite.append((makespan, order.copy(), choice.copy()))
        self._elite.sort(key=lambda member: member[0])
        del self._elite[_ELITE:]

    def _next(self) -> tuple[Order, Order]:
        """Return a start: given, random at first, then between two of the best."""
        if self._given:
            return self._given.popleft()
        if len(self._elite) < 3:
            return self._drawn()
        i, j = self._rng.choice(len(self._elite), 2, replace=False)
        share = self._rng.uniform(0.1, 0.9)
        (_, one, first), (_, two, second) = self._elite[i], self._elite[j]
        ranks = (1 - share) * np.argsort(one) + share * np.argsort(two)
        order = np.argsort(ranks, kind="stable").astype(np.int32)
        choice = np.where(self._rng.random(first.size) < share, second, first)
        changed = self._rng.random(first.size) < _MUTATION
        return order, np.where(changed, self._random_choice(), choice)

    def _drawn(self) -> tuple[Order, Order]:
        drawn = self._rng.permutation(self._job)
        order = np.empty(drawn.size, np.int32)
        order[np.argsort(drawn, kind="stable")] = np.arange(drawn.size)
        return order, self._random_choice()

    def _random_choice(self) -> Order:
        first = self._options.first
        drawn: Order = self._rng.integers(first[:-1], first[1:]).astype(np.int32)
        return drawn

    def _schedule(self) -> Schedule:
        walk = _walk_of(self._problem, self._options, 0, 0)
        self._kernels.begin(self._options, walk, self._best[0], self._best[1])
        modes = self._best[1] - self._options.first[:-1]
        return self._problem.schedule(walk.graph.head[:-1].copy(), modes)


def _prepare(problem: FlexibleJobShop) -> Options:
    """Return the data of the search; load or compile its kernels on the way."""
    from combkit.comb.scheduling import _kernels_flexible

    tiny = FlexibleJobShop([[[(0, 1), (1, 2)], [(0, 3)]], [[(0, 2)], [(1, 1)]]])
    options = _options_of(tiny)
    walk = _walk_of(tiny, options, 0, 0)
    _kernels_flexible.begin(
        options, walk, np.arange(4, dtype=np.int32), options.first[:-1]
    )
    _kernels_flexible.search(options, walk, 5, 5)
    return _options_of(problem)


def _options_of(problem: FlexibleJobShop) -> Options:
    from combkit.comb.scheduling._kernels_flexible import Options

    model = problem.model
    return Options(
        model.first_mode.astype(np.int32),
        model.use_resource.astype(np.int32),
        model.mode_duration.copy(),
    )


def _walk_of(
    problem: FlexibleJobShop, options: Options, seed: int, number: int
) -> FlexibleWalk:
    from combkit.comb.scheduling._kernels_flexible import FlexibleWalk

    n, m = problem.n_operations, problem.n_machines
    shop = chains_of(problem.row_sizes)
    shop = shop._replace(machine=np.full(n + 1, m - 1, np.int32))
    return FlexibleWalk(
        shop=shop,
        graph=graph_of(shop),
        choice=np.zeros(n, np.int32),
        best=np.zeros(n, np.int32),
        best_choice=np.zeros(n, np.int32),
        path=np.zeros(n, np.int32),
        head=np.zeros(n + 1, np.int64),
        tail=np.zeros(n + 1, np.int64),
        front=np.full(m, n, np.int32),
        tabu=np.zeros((n, m), np.int64),
        move=np.zeros(6, np.int64),
        scalars=np.zeros(4, np.int64),
        random=kernel_state(seed, number),
    )

"""Tabu search with path relinking for the job shop.

A walk leaves a schedule by the neighbourhood N7 [1]_ until it has not improved
for long; what it found goes to a small pool of good, different schedules. The
next walk begins between two of them [2]_: any linear order of the operations
between the orders of two feasible schedules is feasible too.

References
----------
.. [1] C. Zhang, P. Li, Z. Guan, Y. Rao, "A tabu search algorithm with a new
   neighborhood structure for the job shop scheduling problem", Computers &
   Operations Research 34(11), 2007. https://doi.org/10.1016/j.cor.2005.12.002
.. [2] B. Peng, Z. Lü, T. C. E. Cheng, "A tabu search/path relinking algorithm
   to solve the job shop scheduling problem", Computers & Operations Research
   53, 2015. https://doi.org/10.1016/j.cor.2014.08.006
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.slices import Reports
from combkit.comb.scheduling.bounds import jackson_bound, trivial_bound
from combkit.comb.scheduling.disjunctive import (
    graph_of,
    order_of,
    schedule_of,
    shop_of,
    walk_of,
)
from combkit.comb.scheduling.pool import Pool
from combkit.comb.scheduling.proposals import proposed
from combkit.comb.scheduling.quick import quick
from combkit.comb.scheduling.walks import advance
from combkit.instances.errors import UsageError
from combkit.instances.jobshop import JobShop
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import generator
from combkit.instances.solutions import Schedule

if TYPE_CHECKING:
    from combkit.comb.scheduling._kernels_graph import Shop
    from combkit.comb.scheduling._kernels_tabu import Walk

__all__ = ["solve"]

_SOURCE = "tabu"
#: Moves without improvement that end a walk: at least, and for each operation.
_LEAST_PATIENCE, _PATIENCE = 5_000, 4
#: How much more patient walks are when the pool has begun anew.
_GROWTH = 1.5


def solve(
    problem: JobShop,
    run: Run,
    *,
    patience: int | None = None,
    pool: int = 16,
    fresh: int = 8,
    starts: str | None = None,
) -> Outcome:
    """Search until the run ends, or a bound proves the best schedule optimal.

    Starts from ``run.initial``, or else from a dispatched schedule. An
    iteration is a move. With several threads, walks run side by side and share
    the pool.

    Parameters
    ----------
    problem : JobShop
        The problem.
    run : Run
        The run.
    patience : int
        Moves without improvement that end a walk; more when the pool, which
        nothing improves any more, begins anew. Without: 5,000, and at least four
        for each operation.
    pool : int
        Schedules kept for path relinking, at least 2.
    fresh : int
        Walks from random schedules before the first relinked one.
    starts : str, optional
        Who proposes the first schedules, e.g. ``dispatch``, the learned rule.

    Raises
    ------
    UsageError
        If a number is too small.
    """
    if patience is None:
        operations = sum(row.size for row in problem.machines)
        patience = max(_LEAST_PATIENCE, _PATIENCE * operations)
    if patience < 1 or pool < 2 or fresh < 1:
        raise UsageError(
            f"patience={patience}, pool={pool}, fresh={fresh}: at least 1, 2 and 1"
        )
    run.report_bound(trivial_bound(problem), "load")
    if run.solution is None:
        run.report(quick(problem), "dispatch")
    run.report_bound(jackson_bound(problem), "jackson")
    if run.should_stop():
        return Outcome()
    first = proposed(starts, problem, run, fresh)
    shop = run.supervise(lambda: _prepare(problem))
    search = _Search(problem, run, shop, patience, pool, fresh)
    orders = [order_of(problem, schedule) for schedule in (run.solution, *first)]
    search.run(orders)
    return Outcome()


class _Search:
    """Walks over the schedules of one problem, advanced in short slices."""

    def __init__(
        self,
        problem: JobShop,
        run: Run,
        shop: Shop,
        patience: int,
        pool: int,
        fresh: int,
    ) -> None:
        from combkit.comb.scheduling import _kernels_tabu

        self._kernels = _kernels_tabu
        self._problem, self._run, self._shop = problem, run, shop
        self._patience = self._first_patience = patience
        self._walks = [walk_of(shop, run.seed, k) for k in range(run.threads)]
        job = np.repeat(np.arange(problem.n_jobs), [r.size for r in problem.machines])
        self._pool = Pool(
            pool, fresh, shop.machine[:-1], job, generator(run.seed, run.threads)
        )
        self._best = np.zeros(job.size, np.int32)
        self._makespan = int(np.iinfo(np.int64).max)
        self._given: deque[NDArray[np.int32]] = deque()
        self._reports = Reports(run, _SOURCE)

    def run(self, orders: Iterable[NDArray[np.int32]]) -> None:
        """Search until the run ends; the first walks begin at given orders."""
        self._given = deque(orders)
        for walk in self._walks:
            self._kernels.begin(self._shop, walk, self._next())
        advance(self._run, self._walks, self._advance, self._take, moves=100)
        self._report(last=True)

    def _advance(self, walk: Walk, moves: int) -> int:
        made: int = self._kernels.search(self._shop, walk, moves, self._patience)
        return made

    def _take(self) -> int:
        """Keep the best schedule, and begin anew where a walk has ended."""
        for walk in self._walks:
            found = int(walk.scalars[self._kernels.BEST])
            if found < self._makespan:
                self._makespan = found
                self._best[:] = walk.best
            if (
                walk.scalars[self._kernels.STUCK]
                or walk.scalars[self._kernels.STALE] >= self._patience
            ):
                self._pool.offer(found, walk.best)
                self._patience = round(
                    self._first_patience * _GROWTH**self._pool.generation
                )
                self._kernels.begin(self._shop, walk, self._next())
        self._report()
        return self._makespan

    def _next(self) -> NDArray[np.int32]:
        """Return where the next walk begins."""
        return self._given.popleft() if self._given else self._pool.start()

    def _report(self, *, last: bool = False) -> None:
        self._reports.offer(self._makespan, self._schedule, last=last)

    def _schedule(self) -> Schedule:
        from combkit.comb.scheduling._kernels_graph import rebuild

        graph = graph_of(self._shop)
        rebuild(self._shop, graph, self._best)
        return schedule_of(self._problem, graph.head[:-1])


def _prepare(problem: JobShop) -> Shop:
    """Return the data of the search; load or compile its kernels on the way."""
    from combkit.comb.scheduling import _kernels_tabu

    tiny = shop_of(JobShop([[0, 1], [0, 1]], [[1, 2], [3, 4]]))
    walk = walk_of(tiny, 0, 0)
    _kernels_tabu.begin(tiny, walk, np.arange(4, dtype=np.int32))
    _kernels_tabu.search(tiny, walk, 10, 10)
    return shop_of(problem)

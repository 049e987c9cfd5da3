"""Genetic search and annealing of resource-constrained projects, justified twice.

References
----------
.. [1] V. Valls, F. Ballestín, S. Quintanilla, "A hybrid genetic algorithm for the
   resource-constrained project scheduling problem", European Journal of
   Operational Research 185(2), 2008. https://doi.org/10.1016/j.ejor.2006.12.033
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.slices import Reports
from combkit.comb.scheduling.model_bounds import windows
from combkit.comb.scheduling.model_dispatch import opening
from combkit.comb.scheduling.walks import advance
from combkit.instances.errors import UsageError
from combkit.instances.problem import Problem
from combkit.instances.project import Project
from combkit.instances.run import Outcome, Run
from combkit.instances.seeds import kernel_state
from combkit.instances.solutions import Schedule

if TYPE_CHECKING:
    from combkit.comb.scheduling._kernels_project import Activities, Breed

__all__ = ["solve", "supports"]

_SOURCE = "genetic"
#: Entries of the table of free units, in all.
_LARGEST_TABLE = 20_000_000
#: Children, for each individual, after which a breed that stands still is given up.
_PATIENCE = 10
#: Steps of annealing that its best individual then gets.
_ANNEALING = 200_000
#: How much larger the next breed is, and the largest: individuals times activities.
_GROWTH, _LARGEST_BREED = 3, 20_000_000

Integers = NDArray[np.int64]


def supports(problem: Problem) -> str | None:
    """Return why a problem cannot be solved here, None if it can."""
    if not isinstance(problem, Project):
        return "it is not a project"
    if any(row.size > 1 for row in problem.durations):
        return "its activities have several modes"
    if problem.precedences.shape[1] == 3:
        return "it has time lags"
    if problem.nonrenewable.any():
        return "it has resources that are used up"
    machines = problem.capacities == 1
    for length, demand in zip(problem.durations, problem.demands, strict=True):
        if length[0] == 0 and demand[0][machines].any():
            # It may not start while another holds the resource; profiles miss that.
            return "an activity without duration needs a resource of one unit"
    if _horizon(problem) * max(problem.capacities.size, 1) > _LARGEST_TABLE:
        return "its durations are too long for a table of all moments"
    return None


def solve(problem: Project, run: Run, *, individuals: int = 60) -> Outcome:
    """Search until the run ends, or a bound proves the best schedule optimal.

    Starts from ``run.initial``, or else from a dispatched schedule. An iteration
    is a child: three schedules. The best of a breed that stands still is annealed,
    then one three times as large begins. With several threads, independent breeds
    live side by side.

    Parameters
    ----------
    problem : Project
        A project with one mode an activity and plain precedences.
    run : Run
        The run.
    individuals : int
        Size of the first breed, at least 2.

    Raises
    ------
    UsageError
        If ``individuals`` is too small.
    """
    if individuals < 2:
        raise UsageError(f"individuals={individuals}: at least 2")
    opening(problem, run)
    if run.should_stop():
        return Outcome()
    run.supervise(_prepare)
    _Search(problem, run, individuals).run(run.solution)
    return Outcome()


class _Data(NamedTuple):
    """A project as the kernels take it, and the activity that each number is."""

    work: Activities
    mirror: Activities
    tail: Integers
    activity: NDArray[np.int64]
    unit: int


class _Search:
    """Independent breeds of one project."""

    def __init__(self, problem: Project, run: Run, individuals: int) -> None:
        from combkit.comb.scheduling import _kernels_project

        self._kernels = _kernels_project
        self._problem, self._run = problem, run
        self._data = data = _data_of(problem)
        self._breeds = [
            _breed_of(data, individuals, run.seed, k) for k in range(run.threads)
        ]
        self._begun = run.threads
        self._makespan = int(np.iinfo(np.int64).max)
        self._best = np.zeros(problem.n, np.int64)
        self._reports = Reports(run, _SOURCE)

    def run(self, start: Schedule) -> None:
        """Search until the run ends; a schedule is one of the first breed."""
        data = self._data
        begin = np.concatenate(start.starts)[data.activity] // data.unit
        self._kernels.adopt(data.work, data.mirror, self._breeds[0], begin)
        advance(self._run, self._breeds, self._advance, self._take, moves=5)
        self._reports.offer(self._makespan, self._schedule, last=True)

    def _advance(self, breed: Breed, children: int) -> int:
        data, patience = self._data, _PATIENCE * breed.makespan.size
        made: int = self._kernels.search(
            data.work, data.mirror, breed, children, patience
        )
        annealed = int(breed.scalars[self._kernels.ANNEALED])
        steps = min(children - made, _ANNEALING - annealed)
        if steps > 0:
            self._kernels.anneal(data.work, data.mirror, breed, steps)
        return made + steps

    def _take(self) -> int:
        """Keep the best schedule, and put larger breeds where one was annealed."""
        for k, breed in enumerate(self._breeds):
            found = int(breed.scalars[self._kernels.BEST]) * self._data.unit
            if found < self._makespan:
                self._makespan = found
                self._best[:] = breed.best
            if breed.scalars[self._kernels.ANNEALED] == _ANNEALING:
                self._begun += 1
                most = max(2, _LARGEST_BREED // self._problem.n)
                size = min(_GROWTH * breed.makespan.size, most)
                self._breeds[k] = _breed_of(
                    self._data, size, self._run.seed, self._begun
                )
        self._reports.offer(self._makespan, self._schedule)
        return self._makespan

    def _schedule(self) -> Schedule:
        starts = np.zeros(self._problem.n, np.int64)
        starts[self._data.activity] = self._best * self._data.unit
        return self._problem.schedule(starts)


def _horizon(problem: Project) -> int:
    """Return the sum of all durations in their greatest common unit."""
    durations = np.concatenate(problem.durations)
    return int(durations.sum()) // (int(np.gcd.reduce(durations)) or 1)


def _prepare() -> None:
    """Load or compile the kernels."""
    from combkit.comb.scheduling import _kernels_project

    tiny = Project([[1], [2], [1]], [[[1]], [[1]], [[1]]], [1], [[0, 1]])
    data = _data_of(tiny)
    breed = _breed_of(data, 2, 0, 0)
    _kernels_project.adopt(data.work, data.mirror, breed, np.array([0, 1, 3], np.int64))
    _kernels_project.search(data.work, data.mirror, breed, 4, 10)
    _kernels_project.anneal(data.work, data.mirror, breed, 4)


def _data_of(problem: Project) -> _Data:
    """Renumber the activities so that predecessors come first."""
    limits = windows(problem.model)
    durations = np.concatenate(problem.durations)
    unit = int(np.gcd.reduce(durations)) or 1
    # Empty activities tie: then the depth in the network says who comes first.
    activity = np.lexsort((_depth(problem), limits.head))
    number = np.argsort(activity)
    a, b = (number[column] for column in problem.precedences[:, :2].T)
    demand = np.concatenate(problem.demands).reshape(problem.n, -1)[activity]
    duration = durations[activity] // unit
    from combkit.comb.scheduling._kernels_project import Activities

    def activities(after: Integers, before: Integers) -> Activities:
        order = np.lexsort((before, after))
        first = np.searchsorted(after[order], np.arange(problem.n + 1))
        return Activities(
            duration,
            np.ascontiguousarray(demand),
            problem.capacities.copy(),
            first.astype(np.int32),
            before[order].astype(np.int32),
        )

    tail = limits.tail[activity] // unit
    return _Data(activities(b, a), activities(a, b), tail, activity, unit)


def _depth(problem: Project) -> Integers:
    """Return the number of activities on the longest chain before each one."""
    depth = np.zeros(problem.n, np.int64)
    a, b = problem.precedences[:, 0], problem.precedences[:, 1]
    while True:
        raised = depth.copy()
        np.maximum.at(raised, b, depth[a] + 1)
        if (raised == depth).all():
            return depth
        depth = raised


def _breed_of(data: _Data, individuals: int, seed: int, number: int) -> Breed:
    """Return an empty breed."""
    from combkit.comb.scheduling._kernels_project import Breed

    n = data.tail.size
    horizon = int(data.work.duration.sum()) + 1
    return Breed(
        order=np.zeros((individuals, n), np.int32),
        start=np.zeros((individuals, n), np.int64),
        makespan=np.zeros(individuals, np.int64),
        best=np.zeros(n, np.int64),
        child=np.zeros((2, n), np.int32),
        begin=np.zeros((2, n), np.int64),
        free=np.tile(data.work.capacity, (horizon, 1)),
        count=np.zeros(horizon + 2, np.int32),
        place=np.zeros(n, np.int32),
        key=np.zeros(n),
        tail=data.tail.copy(),
        scalars=np.array([0, np.iinfo(np.int64).max, 0, 0, 0]),
        random=kernel_state(seed, number),
    )

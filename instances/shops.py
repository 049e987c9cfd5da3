"""Flexible job shops, flow shops and open shops."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import (
    InvalidProblemError,
    InvalidSolutionError,
    UnsupportedFeatureError,
)
from combkit.instances.jobshop import JobShop
from combkit.instances.problem import Problem, frozen_array, require
from combkit.instances.scheduling import Scheduling
from combkit.instances.solutions import Schedule, Solution

__all__ = [
    "FlexibleJobShop",
    "FlowShop",
    "Modelled",
    "OpenShop",
    "refuse_circles",
    "schedule_rows",
    "scheduling_model",
]

Integers = NDArray[np.int64]

#: Options of an operation: (machine, duration) pairs.
Options = tuple[tuple[int, int], ...]


class Modelled(Problem):
    """A kind that the scheduling model judges; its schedules have rows of tasks."""

    solution_type: ClassVar[type[Solution]] = Schedule

    @property
    @abstractmethod
    def model(self) -> Scheduling:
        """The same problem as a scheduling model, tasks row by row."""

    @property
    @abstractmethod
    def row_sizes(self) -> list[int]:
        """Number of tasks of each row of a schedule."""

    def schedule(self, starts: ArrayLike, modes: ArrayLike | None = None) -> Schedule:
        """Return the schedule of starts and chosen modes of all tasks in order."""
        cuts = list(accumulate(self.row_sizes))[:-1]
        return Schedule(
            np.split(np.asarray(starts), cuts),
            None if modes is None else np.split(np.asarray(modes), cuts),
        )

    def evaluate(self, solution: Schedule) -> float:
        """Return the makespan.

        Raises
        ------
        InvalidSolutionError
            If the schedule has not one start and mode a task.
        """
        if wrong := self._misfits(solution):
            raise InvalidSolutionError(wrong)
        return self.model.evaluate(solution)

    def check(self, solution: Schedule) -> list[str]:
        """Return every violated constraint in plain words, in O(N log N).

        Tasks are numbered from 0, row by row.
        """
        return self._misfits(solution) or self.model.check(solution)

    def _misfits(self, solution: Schedule) -> list[str]:
        sizes = self.row_sizes
        for name, rows in (("starts", solution.starts), ("modes", solution.modes)):
            if rows is not None and [row.size for row in rows] != sizes:
                if len(rows) != len(sizes):
                    return [f"{name} of {len(rows)} jobs where there are {len(sizes)}"]
                return [
                    f"job {j} has {row.size} {name} for {size} tasks"
                    for j, (row, size) in enumerate(zip(rows, sizes, strict=True))
                    if row.size != size
                ]
        return []


@dataclass(frozen=True, eq=False, init=False)
class FlexibleJobShop(Modelled):
    """Flexible job shop: each operation runs on one of several machines.

    Parameters
    ----------
    jobs : nested sequence of (machine, duration)
        Options of each operation of each job; machines count from 0.
    precedences : array_like of int, shape (p, 2), optional
        Pairs of operations, numbered job by job, the second of which starts
        after the first has ended. Without, the operations of a job follow each
        other.
    setups : array_like of int, shape (machines, n, n), optional
        Set-up time on each machine between two operations that follow each
        other there; -1: they must not.

    Examples
    --------
    >>> shop = FlexibleJobShop([[[(0, 3), (1, 2)], [(1, 4)]]])
    >>> shop.evaluate(Schedule([[0, 3]], [[0, 0]]))
    7.0
    """

    kind: ClassVar[str] = "fjsp"

    jobs: tuple[tuple[Options, ...], ...]
    precedences: Integers | None
    setups: Integers | None

    def __init__(
        self,
        jobs: Sequence[Sequence[Sequence[tuple[int, int]]]],
        precedences: ArrayLike | None = None,
        setups: ArrayLike | None = None,
        *,
        name: str = "",
        comment: str = "",
    ) -> None:
        object.__setattr__(self, "jobs", _options(jobs))
        n, m = self.n_operations, self.n_machines
        if precedences is not None:
            raw = np.asarray(precedences)
            pairs = raw.reshape(0, 2) if raw.size == 0 else raw
            precedences = frozen_array(
                "precedences", pairs, np.int64, (None, 2), minimum=0
            )
        object.__setattr__(self, "precedences", precedences)
        if setups is not None:
            setups = frozen_array("setups", setups, np.int64, (m, n, n), minimum=-1)
        object.__setattr__(self, "setups", setups)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "comment", comment)
        _ = self.model  # refuses what does not fit together
        refuse_circles("precedences", n, self.pairs)

    @cached_property
    def n_machines(self) -> int:
        """Number of machines: one more than the largest index used."""
        return 1 + max(k for job in self.jobs for row in job for k, _ in row)

    @cached_property
    def n_operations(self) -> int:
        """Number of operations of all jobs together."""
        return sum(map(len, self.jobs))

    @property
    def size(self) -> dict[str, int]:
        """Numbers of jobs, machines, operations and their options."""
        return {
            "jobs": len(self.jobs),
            "machines": self.n_machines,
            "operations": self.n_operations,
            "options": sum(len(row) for job in self.jobs for row in job),
        }

    @property
    def row_sizes(self) -> list[int]:
        """Number of operations of each job."""
        return [len(job) for job in self.jobs]

    @cached_property
    def pairs(self) -> Integers:
        """Operations that follow directly on others, shape (p, 2)."""
        if self.precedences is not None:
            return self.precedences
        last = np.cumsum(self.row_sizes) - 1
        first = np.setdiff1d(np.arange(self.n_operations), last)
        return np.stack([first, first + 1], axis=1)

    @cached_property
    def model(self) -> Scheduling:
        """The same problem as a scheduling model; machines are its resources."""
        rows = [row for job in self.jobs for row in job]
        flat = [(t, k, d) for t, row in enumerate(rows) for k, d in row]
        task, machine, duration = np.array(flat, dtype=np.int64).T
        setups: dict[str, Any] = {}
        if self.setups is not None:
            n = len(rows)
            first = np.zeros((self.n_machines, 1, n), np.int64)
            setups = {
                "family": np.arange(n),
                "setup_resource": np.arange(self.n_machines),
                "setup_time": np.concatenate([self.setups, first], axis=1),
            }
        return Scheduling(
            task,
            duration,
            np.arange(task.size),
            machine,
            np.ones(task.size, np.int64),
            np.ones(self.n_machines, np.int64),
            before=self.pairs[:, 0],
            after=self.pairs[:, 1],
            **setups,
        )


@dataclass(frozen=True, eq=False, init=False)
class FlowShop(Modelled):
    """Permutation flow shop: all machines, in turn, run the jobs in one order.

    Parameters
    ----------
    durations : array_like of int, shape (jobs, machines)
        Duration of each job on each machine.
    objective : {"makespan", "flow_time"}
        The latest end, or the sum of the ends of all jobs.

    Examples
    --------
    >>> shop = FlowShop([[3, 2], [1, 4]])
    >>> shop.check(Schedule([[1, 5], [0, 1]]))
    []
    >>> shop.evaluate(Schedule([[1, 5], [0, 1]]))
    7.0
    """

    kind: ClassVar[str] = "pfsp"

    durations: Integers
    objective: str

    def __init__(
        self,
        durations: ArrayLike,
        *,
        objective: str = "makespan",
        name: str = "",
        comment: str = "",
    ) -> None:
        known = objective in ("makespan", "flow_time")
        require(known, "objective", f"{objective!r} is neither makespan nor flow_time")
        object.__setattr__(self, "durations", _table(durations))
        object.__setattr__(self, "objective", objective)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "comment", comment)

    @property
    def size(self) -> dict[str, int]:
        """Numbers of jobs and machines."""
        n, m = self.durations.shape
        return {"jobs": n, "machines": m}

    @property
    def row_sizes(self) -> list[int]:
        """Number of machines, for each job."""
        n, m = self.durations.shape
        return [m] * n

    @cached_property
    def model(self) -> Scheduling:
        """The same problem as a scheduling model; machines are its resources."""
        n, m = self.durations.shape
        tasks = np.arange(n * m).reshape(n, m)
        return Scheduling(
            tasks.ravel(),
            self.durations.ravel(),
            tasks.ravel(),
            np.tile(np.arange(m), n),
            np.ones(n * m, np.int64),
            np.ones(m, np.int64),
            before=tasks[:, :-1].ravel(),
            after=tasks[:, 1:].ravel(),
            job=np.repeat(np.arange(n), m),
            same_order=np.arange(m),
            # Of a job, only its last task counts.
            weight=np.tile(np.arange(m) == m - 1, n).astype(np.int64),
            objective=((self.objective, 1),),
        )


@dataclass(frozen=True, eq=False, init=False)
class OpenShop(Modelled):
    """Open shop: each job visits every machine once, in any order.

    Parameters
    ----------
    durations : array_like of int, shape (jobs, machines)
        Duration of each job on each machine.

    Examples
    --------
    >>> shop = OpenShop([[3, 2], [2, 3]])
    >>> shop.evaluate(Schedule([[0, 3], [3, 0]]))
    5.0
    """

    kind: ClassVar[str] = "ossp"

    durations: Integers

    def __init__(
        self, durations: ArrayLike, *, name: str = "", comment: str = ""
    ) -> None:
        object.__setattr__(self, "durations", _table(durations))
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "comment", comment)

    @property
    def size(self) -> dict[str, int]:
        """Numbers of jobs and machines."""
        n, m = self.durations.shape
        return {"jobs": n, "machines": m}

    @property
    def row_sizes(self) -> list[int]:
        """Number of machines, for each job."""
        n, m = self.durations.shape
        return [m] * n

    @cached_property
    def model(self) -> Scheduling:
        """The same problem as a scheduling model: machines, then jobs, as resources."""
        n, m = self.durations.shape
        tasks = np.arange(n * m)
        machine, job = np.tile(np.arange(m), n), np.repeat(np.arange(n), m)
        return Scheduling(
            tasks,
            self.durations.ravel(),
            np.concatenate([tasks, tasks]),
            np.concatenate([machine, m + job]),
            np.ones(2 * n * m, np.int64),
            np.ones(m + n, np.int64),
        )


def scheduling_model(problem: Problem) -> Scheduling:
    """Return a problem as a scheduling model.

    Parameters
    ----------
    problem : Problem
        A scheduling model already, or of a kind that has one.

    Raises
    ------
    UnsupportedFeatureError
        If the kind does not schedule.
    """
    if isinstance(problem, Scheduling):
        return problem
    if isinstance(problem, Modelled):
        return problem.model
    if isinstance(problem, JobShop):
        jobs = [
            [[pair] for pair in zip(used.tolist(), times.tolist(), strict=True)]
            for used, times in zip(problem.machines, problem.durations, strict=True)
        ]
        return FlexibleJobShop(jobs).model
    raise UnsupportedFeatureError(f"a {problem.kind} has no schedule")


def schedule_rows(problem: Problem) -> list[int]:
    """Return the number of tasks of each row of a problem's schedules.

    Parameters
    ----------
    problem : Problem
        One that ``scheduling_model`` takes.
    """
    if isinstance(problem, JobShop):
        return [row.size for row in problem.machines]
    if isinstance(problem, Modelled):
        return problem.row_sizes
    return [scheduling_model(problem).n_tasks]


def refuse_circles(field: str, n: int, pairs: Integers) -> None:
    """Raise ``InvalidProblemError`` if pairs of tasks go in a circle."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(pairs))
    arcs = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    groups, label = connected_components(arcs, connection="strong")
    own = pairs[pairs[:, 0] == pairs[:, 1], 0]
    if groups < n or own.size:
        circle = own if own.size else np.flatnonzero(np.bincount(label)[label] > 1)
        raise InvalidProblemError(field, f"task {circle[0]} is part of a circle")


def _table(durations: ArrayLike) -> Integers:
    table = frozen_array("durations", durations, np.int64, (None, None), minimum=0)
    require(table.size > 0, "durations", "there is no operation")
    return table


def _options(jobs: Any) -> tuple[tuple[Options, ...], ...]:
    """Return the options of all operations as tuples of integers, checked."""
    result: list[tuple[Options, ...]] = []
    for j, job in enumerate(_listed("jobs", jobs)):
        rows: list[Options] = []
        for o, row in enumerate(_listed(f"jobs[{j}]", job)):
            field = f"jobs[{j}][{o}]"
            require(len(_listed(field, row)) > 0, field, "has no machine")
            table = frozen_array(field, row, np.int64, (None, 2), minimum=0)
            rows.append(tuple((int(k), int(d)) for k, d in table))
            machines = [k for k, _ in rows[-1]]
            twice = len(set(machines)) < len(machines)
            require(not twice, field, "names a machine twice")
            # An array a machine is kept: an index must not demand gigabytes.
            require(max(machines) < 1_000_000, field, f"machine {max(machines)}")
        require(len(rows) > 0, f"jobs[{j}]", "has no operation")
        result.append(tuple(rows))
    require(len(result) > 0, "jobs", "there is no job")
    return tuple(result)


def _listed(field: str, values: Any) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InvalidProblemError(field, "not a list")
    return list(values)

"""The job shop: jobs with a fixed order of operations, one machine each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidProblemError, InvalidSolutionError
from combkit.instances.problem import Problem, frozen_array, require
from combkit.instances.solutions import Schedule, Solution

__all__ = ["JobShop"]

Integers = NDArray[np.int64]

#: Objectives are floats: up to here every integer makespan is exact.
_MAX_TOTAL = 2**53
#: Starts from here on cannot be added to a duration without overflow.
_MAX_START = 2**62


@dataclass(frozen=True, eq=False, init=False)
class JobShop(Problem):
    """Job shop with makespan objective (J || Cmax).

    The operations of a job run in the given order, each on its machine
    without interruption; a machine runs one operation at a time. Jobs may have
    different numbers of operations and may visit a machine more than once or
    never. An operation of duration 0 takes part in the order of its machine:
    it may touch another operation but not lie strictly inside it.

    Parameters
    ----------
    machines : array_like of int, shape (n_jobs, n_operations of a job)
        0-based machine of each operation: a 2-D array or one row a job.
    durations : array_like of int, shape (n_jobs, n_operations of a job)
        Non-negative duration of each operation.

    Raises
    ------
    InvalidProblemError
        If a row is empty, the shapes differ or a value is not a non-negative
        integer.

    Examples
    --------
    >>> shop = JobShop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
    >>> shop.evaluate(Schedule([[0, 3], [0, 3]]))
    7.0
    >>> shop.check(Schedule([[0, 3], [0, 2]]))
    ['machine 0: job 1, operation 1 starts at 2, before job 0, operation 0 ends at 3']
    """

    kind: ClassVar[str] = "jsp"
    solution_type: ClassVar[type[Solution]] = Schedule

    machines: tuple[Integers, ...]
    durations: tuple[Integers, ...]

    def __init__(
        self,
        machines: ArrayLike | Iterable[ArrayLike],
        durations: ArrayLike | Iterable[ArrayLike],
        *,
        name: str = "",
        comment: str = "",
    ) -> None:
        object.__setattr__(self, "machines", _rows("machines", machines))
        object.__setattr__(self, "durations", _rows("durations", durations))
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "comment", comment)
        self._validate()

    @classmethod
    def flow(cls, durations: ArrayLike, *, name: str = "") -> JobShop:
        """Return a flow shop whose machines need not run the jobs in one order.

        Parameters
        ----------
        durations : array_like of int, shape (jobs, machines)
            Duration of each job on each machine, visited in turn.
        name : str
            Name of the instance.
        """
        table = np.asarray(durations)
        require(table.ndim == 2, "durations", "not a table of jobs and machines")
        machines = np.broadcast_to(np.arange(table.shape[1]), table.shape)
        return cls(machines, table, name=name)

    def _validate(self) -> None:
        rows = self.machines, self.durations
        require(len(rows[0]) > 0, "machines", "there is no job")
        require(
            len(rows[0]) == len(rows[1]),
            "durations",
            f"{len(rows[1])} jobs where machines has {len(rows[0])}",
        )
        for j, (used, times) in enumerate(zip(*rows, strict=True)):
            require(used.size > 0, "machines", f"job {j} has no operation")
            require(
                used.size == times.size,
                "durations",
                f"job {j} has {times.size} durations for {used.size} operations",
            )
        total = sum(float(row.sum(dtype=np.float64)) for row in self.durations)
        require(total < _MAX_TOTAL, "durations", f"their sum {total:g} is too large")
        # Solvers keep an array a machine: an index must not demand gigabytes.
        require(
            self.n_machines <= max(1000 * self.n_operations, 1_000_000),
            "machines",
            f"machine {self.n_machines - 1} is out of proportion to "
            f"{self.n_operations} operations",
        )

    @property
    def n_jobs(self) -> int:
        """Number of jobs."""
        return len(self.machines)

    @cached_property
    def n_machines(self) -> int:
        """Number of machines: one more than the largest index used."""
        return 1 + max(int(row.max()) for row in self.machines)

    @cached_property
    def n_operations(self) -> int:
        """Number of operations of all jobs together."""
        return sum(row.size for row in self.machines)

    @property
    def size(self) -> dict[str, int]:
        """Numbers of jobs, machines and operations."""
        return {
            "jobs": self.n_jobs,
            "machines": self.n_machines,
            "operations": self.n_operations,
        }

    def evaluate(self, solution: Schedule) -> float:
        """Return the makespan: the latest end of a job.

        Raises
        ------
        InvalidSolutionError
            If the schedule has not one start an operation.
        """
        if wrong := self._misfits(solution):
            raise InvalidSolutionError(wrong)
        starts = np.concatenate(solution.starts)
        return float((starts + np.concatenate(self.durations)).max())

    def check(self, solution: Schedule) -> list[str]:
        """Return every violation in plain words, in O(N log N).

        Jobs, operations and machines are numbered from 0. An operation that
        overlaps several earlier ones of its machine is reported once, against
        the one that ends last.
        """
        if wrong := self._misfits(solution):
            return wrong
        starts = np.concatenate(solution.starts)
        job, operation = self._places
        violations = []
        for i in np.flatnonzero((starts < 0) | (starts >= _MAX_START)):
            limit = "before 0" if starts[i] < 0 else f"not below {_MAX_START}"
            violations.append(
                f"job {job[i]}, operation {operation[i]} starts at {starts[i]}, {limit}"
            )
        ends = np.minimum(starts, _MAX_START) + np.concatenate(self.durations)
        late = (job[1:] == job[:-1]) & (ends[:-1] > starts[1:])
        violations.extend(
            f"job {job[i]}, operation {operation[i + 1]} starts at {starts[i + 1]}, "
            f"before operation {operation[i]} ends at {ends[i]}"
            for i in np.flatnonzero(late)
        )
        violations.extend(self._overlaps(starts, ends))
        return violations

    @cached_property
    def _places(self) -> tuple[Integers, Integers]:
        """Job and position in its job of each operation, in job order."""
        lengths = np.array([row.size for row in self.machines], dtype=np.int64)
        job = np.repeat(np.arange(self.n_jobs), lengths)
        first = np.cumsum(lengths) - lengths
        return job, np.arange(job.size) - first[job]

    def _misfits(self, solution: Schedule) -> list[str]:
        """Return where a schedule has not one start an operation."""
        rows = solution.starts
        if len(rows) != self.n_jobs:
            return [f"starts of {len(rows)} jobs where there are {self.n_jobs}"]
        wrong = [
            f"job {j} has {row.size} starts for {used.size} operations"
            for j, (row, used) in enumerate(zip(rows, self.machines, strict=True))
            if row.size != used.size
        ]
        if solution.modes is not None:
            wrong.append("modes: the operations of a job shop have no options")
        return wrong

    def _overlaps(self, starts: Integers, ends: Integers) -> list[str]:
        """Return each operation that starts while its machine is still busy."""
        job, operation = self._places
        n = starts.size
        machine = np.concatenate(self.machines)
        by_end = np.argsort(ends, kind="stable")
        rank = np.empty(n, dtype=np.int64)
        rank[by_end] = np.arange(n)
        # At equal starts an empty operation comes first, touching the next one.
        order = np.lexsort((rank, starts, machine))
        machine = machine[order]
        compact = np.cumsum(np.diff(machine, prepend=machine[0]) > 0)
        # Latest end so far on each machine: a running maximum over keys that
        # grow from machine to machine, whose remainder names the operation.
        latest = by_end[np.maximum.accumulate(compact * n + rank[order]) % n]
        before, now = latest[:-1], order[1:]
        overlap = (machine[1:] == machine[:-1]) & (ends[before] > starts[now])
        return [
            f"machine {m}: job {job[i]}, operation {operation[i]} starts at "
            f"{starts[i]}, before job {job[k]}, operation {operation[k]} ends at "
            f"{ends[k]}"
            for m, k, i in zip(
                machine[1:][overlap], before[overlap], now[overlap], strict=True
            )
        ]


def _rows(field: str, values: Any) -> tuple[Integers, ...]:
    """Convert a 2-D array or a sequence of rows to read-only integer rows."""
    if isinstance(values, np.ndarray) and values.dtype != object:
        return tuple(frozen_array(field, values, np.int64, (None, None), minimum=0))
    try:
        rows: list[ArrayLike] = list(values)
    except TypeError:
        raise InvalidProblemError(field, "not a list of rows, one a job") from None
    return tuple(
        frozen_array(f"{field}[{j}]", row, np.int64, (None,), minimum=0)
        for j, row in enumerate(rows)
    )

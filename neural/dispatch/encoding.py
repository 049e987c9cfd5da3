"""One encoding of scheduling problems for the learned rule: tasks, modes, resources.

A task runs once, in one of its modes; a mode takes a number of units of some
resources for its duration. Nothing else is known of the problem's class: a job
shop, a flexible job shop and a resource-constrained project differ only in the
arrays. Bounds are propagated along the precedences: the earliest start of each
task, the work that must follow it, and the chain of successors that decides it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidProblemError
from combkit.instances.jobshop import JobShop

__all__ = [
    "N_MODE_FEATURES",
    "N_RESOURCE_FEATURES",
    "N_TASK_FEATURES",
    "Batch",
    "Encoding",
    "Mode",
    "collate",
    "flexible_job_shop",
    "job_shop",
    "rcpsp",
]

Integers = NDArray[np.int64]
Floats = NDArray[np.float32]

N_TASK_FEATURES = 10
N_MODE_FEATURES = 6
N_RESOURCE_FEATURES = 5

#: Conflicts between modes are tested on words of this many resources.
WORD = 31

#: A mode as given to ``Encoding.build``: duration, {resource: units}.
Mode = tuple[int, dict[int, int]]


@dataclass(frozen=True, eq=False)
class Encoding:
    """A scheduling problem as the learned rule sees it.

    ``n`` tasks, ``m`` modes, ``r`` resources; the last row of every array is a
    dummy (task ``n``, mode ``m``, resource ``r``) that padding points to.

    Parameters
    ----------
    task_of : ndarray, shape (m + 1,), int64
        Task of each mode, ascending.
    duration : ndarray, shape (m + 1,), int64
        Duration of each mode, in the unit of the problem.
    resource : ndarray, shape (m + 1, u), int64
        Resources a mode takes, padded with ``r``.
    demand : ndarray, shape (m + 1, u), int64
        Units taken of them, padded with 0.
    capacity : ndarray, shape (r + 1,), int64
        Units of each resource; 1 makes it disjunctive.
    successors : ndarray, shape (n + 1, s), int64
        Direct successors of each task, padded with ``n``.
    indegree : ndarray, shape (n + 1,), int64
        Number of direct predecessors; 1 for the dummy, which is never ready.
    """

    task_of: Integers
    duration: Integers
    resource: Integers
    demand: Integers
    capacity: Integers
    successors: Integers
    indegree: Integers

    @classmethod
    def build(
        cls,
        tasks: Sequence[Sequence[Mode]],
        precedences: Sequence[tuple[int, int]],
        capacities: Sequence[int],
    ) -> Encoding:
        """Return the encoding of tasks given by their modes.

        Parameters
        ----------
        tasks : sequence of sequence of (duration, {resource: units})
            The modes of each task.
        precedences : sequence of (before, after)
            Pairs of tasks, the second of which starts after the first ended.
        capacities : sequence of int
            Units of each resource.

        Raises
        ------
        InvalidProblemError
            If a task has no mode, a mode cannot run or the precedences are cyclic.
        """
        n, r = len(tasks), len(capacities)
        modes = [(t, *mode) for t, row in enumerate(tasks) for mode in row]
        if empty := [t for t, row in enumerate(tasks) if not row]:
            raise InvalidProblemError("tasks", f"task {empty[0]} has no mode")
        width = max([1, *(len(use) for _, _, use in modes)])
        resource = np.full((len(modes) + 1, width), r)
        demand = np.zeros((len(modes) + 1, width), dtype=np.int64)
        for i, (t, duration, use) in enumerate(modes):
            if duration < 0:
                raise InvalidProblemError("tasks", f"task {t} has duration {duration}")
            for j, (k, units) in enumerate(sorted(use.items())):
                if not 0 < units <= capacities[k]:
                    raise InvalidProblemError(
                        "tasks",
                        f"task {t} takes {units} of {capacities[k]} of resource {k}",
                    )
                resource[i, j], demand[i, j] = k, units
        pairs = sorted(set(precedences))
        after: list[list[int]] = [[] for _ in range(n)]
        indegree = np.zeros(n + 1, dtype=np.int64)
        indegree[n] = 1
        for a, b in pairs:
            after[a].append(b)
            indegree[b] += 1
        successors = np.full((n + 1, max([1, *map(len, after)])), n)
        for t, row in enumerate(after):
            successors[t, : len(row)] = row
        return cls(
            task_of=np.array([*(t for t, _, _ in modes), n]),
            duration=np.array([*(d for _, d, _ in modes), 0]),
            resource=resource,
            demand=demand,
            capacity=np.array([*capacities, 1]),
            successors=successors,
            indegree=indegree,
        )

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return self.indegree.size - 1

    @property
    def n_modes(self) -> int:
        """Number of modes of all tasks together."""
        return self.task_of.size - 1

    @property
    def n_resources(self) -> int:
        """Number of resources."""
        return self.capacity.size - 1

    @cached_property
    def _after(self) -> list[list[int]]:
        """Direct successors of each task, as lists: fast to walk one by one."""
        n = self.n_tasks
        return [[s for s in row if s < n] for row in self.successors[:n].tolist()]

    @cached_property
    def order(self) -> list[int]:
        """Tasks in an order that respects the precedences, n of them."""
        left = self.indegree[:-1].tolist()
        order = [t for t, count in enumerate(left) if count == 0]
        for t in order:
            for s in self._after[t]:
                left[s] -= 1
                if left[s] == 0:
                    order.append(s)
        if len(order) < self.n_tasks:
            raise InvalidProblemError("precedences", "they contain a cycle")
        return order

    @cached_property
    def shortest(self) -> Integers:
        """Least duration of each task over its modes, shape (n + 1,)."""
        least = np.full(self.n_tasks + 1, np.iinfo(np.int64).max)
        np.minimum.at(least, self.task_of, self.duration)
        return least

    @cached_property
    def head(self) -> Integers:
        """Earliest start of each task by its predecessors, shape (n + 1,)."""
        head = [0] * (self.n_tasks + 1)
        least = self.shortest.tolist()
        for t in self.order:
            end = head[t] + least[t]
            for s in self._after[t]:
                head[s] = max(head[s], end)
        return np.array(head, dtype=np.int64)

    @cached_property
    def _chains(self) -> tuple[Integers, Integers, Integers]:
        """Tail, tasks in the longest chain behind, and the successor deciding it."""
        n = self.n_tasks
        tail, steps, critical = [0] * (n + 1), [0] * (n + 1), [n] * (n + 1)
        least = self.shortest.tolist()
        for t in reversed(self.order):
            for s in self._after[t]:
                steps[t] = max(steps[t], 1 + steps[s])
                if critical[t] == n or least[s] + tail[s] > tail[t]:
                    critical[t], tail[t] = s, least[s] + tail[s]
        return np.array(tail), np.array(steps), np.array(critical)

    @property
    def tail(self) -> Integers:
        """Least time from the end of a task to the end of all, shape (n + 1,)."""
        return self._chains[0]

    @property
    def steps(self) -> Integers:
        """Tasks in the longest chain of successors, shape (n + 1,)."""
        return self._chains[1]

    @property
    def critical(self) -> Integers:
        """Successor with the longest work behind it, ``n`` without one, (n + 1,)."""
        return self._chains[2]

    @cached_property
    def fastest(self) -> Integers:
        """First shortest mode of each task, shape (n + 1,)."""
        order = np.lexsort((np.arange(self.duration.size), self.duration, self.task_of))
        first = np.searchsorted(self.task_of, np.arange(self.n_tasks + 1))
        return order[first]

    @cached_property
    def share(self) -> NDArray[np.float64]:
        """Load a mode puts on each resource it takes, shape (m + 1, u).

        Duration times units over capacity, divided by the number of modes of
        its task: summed over all modes it is the expected load.
        """
        count = np.bincount(self.task_of, minlength=self.n_tasks + 1)
        work = self.duration[:, None] * self.demand / self.capacity[self.resource]
        return work / count[self.task_of][:, None]

    @cached_property
    def load(self) -> NDArray[np.float64]:
        """Expected load of each resource in time units, shape (r + 1,)."""
        load = np.zeros(self.n_resources + 1)
        np.add.at(load, self.resource, self.share)
        load[-1] = 0.0
        return load

    @cached_property
    def main(self) -> Integers:
        """Most loaded resource of each mode, shape (m + 1,)."""
        busiest = self.load[self.resource] + (self.demand > 0)
        rows = np.arange(self.task_of.size)
        main: Integers = self.resource[rows, busiest.argmax(axis=1)]
        return main

    @cached_property
    def unit(self) -> float:
        """Mean duration over all modes: the unit of time differences."""
        return max(float(self.duration[:-1].mean()), 1e-9) if self.n_modes else 1.0

    @cached_property
    def horizon(self) -> float:
        """Greater of the longest chain and the largest expected load."""
        chain = (self.head + self.shortest + self.tail)[:-1].max(initial=0)
        return max(float(chain), float(self.load.max()), 1e-9)

    @cached_property
    def features(self) -> tuple[Floats, Floats, Floats]:
        """Scale-free features of tasks, modes and resources, one row each."""
        n = self.n_tasks
        count = np.bincount(self.task_of, minlength=n + 1)
        mean = np.bincount(self.task_of, self.duration, minlength=n + 1) / count
        after = (self.successors < n).sum(axis=1)
        depth = max(int(self.steps.max()), 1)
        task = np.column_stack(
            [
                self.shortest / self.unit,
                mean / self.unit,
                self.head / self.horizon,
                self.tail / self.horizon,
                (self.head + self.shortest + self.tail) / self.horizon,
                self.steps / depth,
                np.log1p(self.indegree),
                np.log1p(after),
                np.log(count),
                np.full(n + 1, np.log1p(depth) / 5),
            ]
        )
        top = max(float(self.load.max()), 1e-9)
        fill = self.demand / self.capacity[self.resource]
        mode = np.column_stack(
            [
                self.duration / self.unit,
                self.duration / np.maximum(self.shortest[self.task_of], 1) - 1.0,
                fill.max(axis=1),
                (self.demand > 0).sum(axis=1) / 4.0,
                self.load[self.main] / top,
                1.0 / count[self.task_of],
            ]
        )
        users = np.zeros(self.n_resources + 1)
        np.add.at(users, self.resource, self.demand > 0)
        least_head, least_tail = np.full((2, self.n_resources + 1), self.horizon)
        heads = np.broadcast_to(self.head[self.task_of][:, None], self.demand.shape)
        tails = np.broadcast_to(self.tail[self.task_of][:, None], self.demand.shape)
        np.minimum.at(least_head, self.resource, heads)
        np.minimum.at(least_tail, self.resource, tails)
        resource = np.column_stack(
            [
                self.load / top,
                self.load / self.horizon,
                np.log(self.capacity) / 3.0,
                least_head / self.horizon,
                np.log1p(users) / 5.0,
            ]
        )
        for table in (task, mode, resource):
            table[-1] = 0.0
        return (
            task.astype(np.float32),
            mode.astype(np.float32),
            resource.astype(np.float32),
        )


def job_shop(problem: JobShop) -> Encoding:
    """Return the encoding of a job shop; tasks are its operations in job order."""
    rows = zip(problem.machines, problem.durations, strict=True)
    return flexible_job_shop(
        [
            [[(k, d)] for k, d in zip(used.tolist(), times.tolist(), strict=True)]
            for used, times in rows
        ]
    )


def flexible_job_shop(
    jobs: Sequence[Sequence[Sequence[tuple[int, int]]]],
) -> Encoding:
    """Return the encoding of a flexible job shop.

    Parameters
    ----------
    jobs : sequence of sequence of sequence of (machine, duration)
        The options of each operation of each job; machines count from 0.
    """
    tasks: list[list[Mode]] = []
    precedences = []
    for job in jobs:
        for k, options in enumerate(job):
            if k:
                precedences.append((len(tasks) - 1, len(tasks)))
            tasks.append([(d, {machine: 1}) for machine, d in options])
    used = (k for modes in tasks for _, use in modes for k in use)
    return Encoding.build(tasks, precedences, [1] * (1 + max(used, default=-1)))


def rcpsp(
    durations: ArrayLike,
    demands: ArrayLike,
    capacities: ArrayLike,
    successors: Sequence[Sequence[int]],
) -> Encoding:
    """Return the encoding of a resource-constrained project.

    Parameters
    ----------
    durations : array_like of int, shape (n,)
        Duration of each activity.
    demands : array_like of int, shape (n, r)
        Units of each renewable resource taken by each activity.
    capacities : array_like of int, shape (r,)
        Units of each resource.
    successors : sequence of sequence of int
        Activities that start after each one ended.
    """
    uses = np.asarray(demands).tolist()
    tasks = [
        [(int(d), {k: int(units) for k, units in enumerate(use) if units > 0})]
        for d, use in zip(np.asarray(durations).tolist(), uses, strict=True)
    ]
    pairs = [(a, int(b)) for a, row in enumerate(successors) for b in row]
    return Encoding.build(tasks, pairs, np.asarray(capacities).tolist())


@dataclass(frozen=True, eq=False)
class Batch:
    """Encodings padded to one shape and stacked: leading axis is the instance.

    ``units`` numbers the units of all resources in one row of ``r * c`` slots,
    ``c`` the largest capacity; a slot not there belongs to no resource.
    Attributes not listed are those of ``Encoding``, as int64 (indices) or
    float32 (times, loads).

    Parameters
    ----------
    slot : ndarray, shape (b, m + 1, u), int64
        Unit whose release lets a mode start: that of its demand-th free unit.
    present : ndarray, shape (b, r + 1, c), float32
        1 where a resource has that unit.
    words : ndarray, shape (b, m + 1, w), int32
        Resources of a mode, as bits.
    siblings : ndarray, shape (b, n + 1, o), int64
        Modes of each task, padded with ``m``.
    chain : ndarray, shape (b, n + 1, 2), int64
        Fastest modes of the critical successor and of the one after it.
    """

    task_of: Integers
    duration: Floats
    resource: Integers
    demand: Integers
    slot: Integers
    share: Floats
    main: Integers
    fill: Floats
    words: NDArray[np.int32]
    shortest: Floats
    tail: Floats
    steps: Floats
    successors: Integers
    indegree: Integers
    siblings: Integers
    chain: Integers
    load: Floats
    present: Floats
    unit: Floats
    horizon: Floats
    n_tasks: Integers
    task_features: Floats
    mode_features: Floats
    resource_features: Floats


def collate(encodings: Sequence[Encoding]) -> Batch:
    """Return encodings of any shapes as one batch."""
    n = max(e.n_tasks for e in encodings)
    m = max(e.n_modes for e in encodings)
    r = max(e.n_resources for e in encodings)
    c = max(int(e.capacity.max()) for e in encodings)
    u = max(e.resource.shape[1] for e in encodings)
    s = max(e.successors.shape[1] for e in encodings)
    o = max(int(np.bincount(e.task_of[:-1]).max()) for e in encodings)
    rows = [_padded(e, n, m, r, c, u, s, o) for e in encodings]
    return Batch(
        **{f.name: np.stack([row[f.name] for row in rows]) for f in fields(Batch)}
    )


def _padded(
    e: Encoding, n: int, m: int, r: int, c: int, u: int, s: int, o: int
) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of one encoding, padded, dummies moved to the new ends."""

    def grown(array: NDArray[np.generic], shape: tuple[int, ...], fill: float = 0):  # type: ignore[no-untyped-def]
        wide = np.full(shape, fill, dtype=array.dtype)
        wide[tuple(slice(0, k) for k in array.shape)] = array
        return wide

    def moved(index: Integers, old: int, new: int) -> Integers:
        return np.where(index == old, new, index)

    resource = grown(moved(e.resource, e.n_resources, r), (m + 1, u), r)
    demand = grown(e.demand, (m + 1, u))
    bits = np.zeros((m + 1, -(-max(r, 1) // WORD)), dtype=np.int32)
    mode, place = np.nonzero(demand)
    used = resource[mode, place]
    np.bitwise_or.at(bits, (mode, used // WORD), np.int32(1) << (used % WORD))
    siblings = np.full((n + 1, o), m)
    first = np.searchsorted(e.task_of[:-1], e.task_of[:-1])
    position = np.arange(e.n_modes) - first
    siblings[e.task_of[:-1], position] = np.arange(e.n_modes)
    second = e.critical[e.critical]
    chain = np.stack([e.fastest[e.critical], e.fastest[second]], axis=1)
    capacity = e.capacity.copy()
    present = np.zeros((r + 1, c))
    present[: e.n_resources] = np.arange(c) < capacity[:-1, None]
    floats = np.float32
    task, modes, resources = e.features
    return {
        "task_of": grown(moved(e.task_of, e.n_tasks, n), (m + 1,), n),
        "duration": grown(e.duration.astype(floats), (m + 1,)),
        "resource": resource,
        "demand": demand,
        "slot": resource * c + np.maximum(demand - 1, 0),
        "share": grown(e.share.astype(floats), (m + 1, u)),
        "main": grown(moved(e.main, e.n_resources, r), (m + 1,), r),
        "fill": grown(
            (e.demand / e.capacity[e.resource]).max(axis=1).astype(floats), (m + 1,)
        ),
        "words": bits,
        "shortest": grown(e.shortest.astype(floats), (n + 1,)),
        "tail": grown(e.tail.astype(floats), (n + 1,)),
        "steps": grown(e.steps.astype(floats), (n + 1,)),
        "successors": grown(moved(e.successors, e.n_tasks, n), (n + 1, s), n),
        "indegree": grown(e.indegree, (n + 1,), 1),
        "siblings": siblings,
        "chain": grown(moved(chain, e.n_modes, m), (n + 1, 2), m),
        "load": grown(e.load.astype(floats), (r + 1,)),
        "present": present.astype(floats),
        "unit": np.array(e.unit, dtype=floats),
        "horizon": np.array(e.horizon, dtype=floats),
        "n_tasks": np.array(e.n_tasks),
        "task_features": grown(task, (n + 1, N_TASK_FEATURES)),
        "mode_features": grown(modes, (m + 1, N_MODE_FEATURES)),
        "resource_features": grown(resources, (r + 1, N_RESOURCE_FEATURES)),
    }

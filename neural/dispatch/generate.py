"""Random scheduling problems to train on: job shops, flexible ones, projects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from combkit.instances.jobshop import JobShop
from combkit.neural.dispatch.encoding import (
    Encoding,
    flexible_job_shop,
    job_shop,
    rcpsp,
)

__all__ = ["CLASSES", "Shape", "draw", "random_job_shop"]

#: Class and size of a drawn problem: ("jsp", jobs, machines), ("fjsp", jobs,
#: machines) or ("rcpsp", activities, resources).
Shape = tuple[str, int, int]


def random_job_shop(jobs: int, machines: int, rng: np.random.Generator) -> JobShop:
    """Return a job shop as Taillard draws them: durations 1..99, random routes."""
    route = np.tile(np.arange(machines), (jobs, 1))
    return JobShop(rng.permuted(route, axis=1), rng.integers(1, 100, (jobs, machines)))


def _job_shop(jobs: int, machines: int, rng: np.random.Generator) -> Encoding:
    return job_shop(random_job_shop(jobs, machines, rng))


def _flexible(jobs: int, machines: int, rng: np.random.Generator) -> Encoding:
    """Draw as Hurink (one duration on all options) or as Brandimarte does."""
    if rng.random() < 0.5:
        base = random_job_shop(jobs, machines, rng)
        options_mean = rng.choice([1.15, 2.0, max(2.0, machines / 2)])
        return flexible_job_shop(
            [
                [
                    _options(k, d, machines, options_mean, rng)
                    for k, d in zip(used.tolist(), times.tolist(), strict=True)
                ]
                for used, times in zip(base.machines, base.durations, strict=True)
            ]
        )
    most = int(rng.integers(2, min(machines, 6) + 1))
    low, spread = int(rng.integers(1, 11)), int(rng.integers(6, 21))
    lengths = rng.integers(max(2, machines - 3), machines + 4, jobs)
    return flexible_job_shop(
        [
            [
                [
                    (int(k), int(rng.integers(low, low + spread)))
                    for k in rng.choice(
                        machines, int(rng.integers(1, most + 1)), replace=False
                    )
                ]
                for _ in range(length)
            ]
            for length in lengths
        ]
    )


def _options(
    machine: int, duration: int, machines: int, mean: float, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Return the given machine and others at random, ``mean`` on average."""
    more = rng.random(machines) < (mean - 1.0) / max(machines - 1, 1)
    more[machine] = True
    return [(int(k), duration) for k in np.flatnonzero(more)]


def _project(activities: int, resources: int, rng: np.random.Generator) -> Encoding:
    """Draw a project with the parameters of ProGen.

    Network complexity 1.5 to 2.1 arcs an activity, resource factor 0.25 to 1,
    resource strength 0.1 to 0.7, durations 1 to 10, demands 1 to 10.
    """
    durations = rng.integers(1, 11, activities)
    factor = rng.choice([0.25, 0.5, 0.75, 1.0])
    strength = rng.choice([0.1, 0.2, 0.3, 0.4, 0.5, 0.7])
    used = rng.random((activities, resources)) < factor
    bare = ~used.any(axis=1)
    used[bare, rng.integers(0, resources, int(bare.sum()))] = True
    demands = np.where(used, rng.integers(1, 11, used.shape), 0)
    successors: list[list[int]] = [[] for _ in range(activities)]
    # Activities are numbered in a topological order; the first three start.
    for b in range(3, activities):
        successors[int(rng.integers(max(0, b - activities // 3), b))].append(b)
    extra = int(activities * (rng.choice([1.5, 1.8, 2.1]) - 1.0))
    for _ in range(extra):
        a = int(rng.integers(0, activities - 1))
        b = int(rng.integers(a + 1, min(activities, a + 1 + activities // 3)))
        if b not in successors[a]:
            successors[a].append(b)
    least = demands.max(axis=0).clip(min=1)
    peak = _peak(durations, demands, successors)
    capacities = least + np.round(strength * (peak - least).clip(min=0)).astype(int)
    return rcpsp(durations, demands, capacities, successors)


def _peak(
    durations: np.ndarray, demands: np.ndarray, successors: list[list[int]]
) -> np.ndarray:
    """Return the peak demand of the schedule of earliest starts, by resource."""
    start = np.zeros(durations.size, dtype=np.int64)
    for a, row in enumerate(successors):
        for b in row:
            start[b] = max(start[b], start[a] + durations[a])
    usage = np.zeros((int((start + durations).max()), demands.shape[1]), dtype=np.int64)
    for s, d, need in zip(start, durations, demands, strict=True):
        usage[s : s + d] += need
    peak: np.ndarray = usage.max(axis=0)
    return peak


#: Generators by class.
CLASSES: dict[str, Callable[[int, int, np.random.Generator], Encoding]] = {
    "jsp": _job_shop,
    "fjsp": _flexible,
    "rcpsp": _project,
}


def draw(shape: Shape, rng: np.random.Generator) -> Encoding:
    """Return a random problem of a class and size."""
    name, first, second = shape
    return CLASSES[name](first, second, rng)

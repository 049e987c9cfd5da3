"""Flexible job shops, flow shops, open shops and projects, drawn as in the field."""

from __future__ import annotations

import numpy as np

from combkit.instances.errors import UsageError
from combkit.instances.project import Project
from combkit.instances.seeds import generator
from combkit.instances.shops import FlexibleJobShop, FlowShop, OpenShop

__all__ = ["flexible_job_shop", "flow_shop", "open_shop", "project"]


def flexible_job_shop(
    n: int,
    *,
    seed: int,
    machines: int = 5,
    options: float = 2.0,
    low: int = 1,
    high: int = 99,
) -> FlexibleJobShop:
    """Generate a flexible job shop as Hurink did [1]_.

    A job visits every machine once, in random order; each operation may run on
    others as well, with the same duration.

    Parameters
    ----------
    n : int
        Number of jobs.
    seed : int
        Non-negative seed.
    machines : int
        Number of machines.
    options : float
        Mean number of machines of an operation, 1 to ``machines``.
    low, high : int
        Shortest and longest duration.

    References
    ----------
    .. [1] J. Hurink, B. Jurisch, M. Thole, "Tabu search for the job-shop
       scheduling problem with multi-purpose machines", OR Spektrum 15, 1994.
    """
    _check(machines=(machines, 1), low=(low, 0), high=(high, low))
    if not 1 <= options <= machines:
        raise UsageError(f"options: {options:g} is not between 1 and {machines}")
    rng = generator(seed)
    extra = (options - 1) / max(machines - 1, 1)
    jobs = []
    for _ in range(n):
        job = []
        for k in rng.permutation(machines).tolist():
            able = rng.random(machines) < extra
            able[k] = True
            duration = int(rng.integers(low, high + 1))
            job.append([(int(i), duration) for i in np.flatnonzero(able)])
        jobs.append(job)
    return FlexibleJobShop(jobs, name=f"fjsp-{n}x{machines}-s{seed}")


def flow_shop(
    n: int, *, seed: int, machines: int = 5, low: int = 1, high: int = 99
) -> FlowShop:
    """Generate a flow shop with durations uniform on ``low..high``.

    Parameters
    ----------
    n : int
        Number of jobs.
    seed : int
        Non-negative seed.
    machines : int
        Number of machines.
    low, high : int
        Shortest and longest duration.
    """
    _check(machines=(machines, 1), low=(low, 0), high=(high, low))
    table = generator(seed).integers(low, high + 1, (n, machines))
    return FlowShop(table, name=f"pfsp-{n}x{machines}-s{seed}")


def open_shop(
    n: int, *, seed: int, machines: int | None = None, low: int = 1, high: int = 99
) -> OpenShop:
    """Generate an open shop with durations uniform on ``low..high``.

    Parameters
    ----------
    n : int
        Number of jobs.
    seed : int
        Non-negative seed.
    machines : int, optional
        Number of machines; as many as jobs without.
    low, high : int
        Shortest and longest duration.
    """
    m = n if machines is None else machines
    _check(machines=(m, 1), low=(low, 0), high=(high, low))
    table = generator(seed).integers(low, high + 1, (n, m))
    return OpenShop(table, name=f"ossp-{n}x{m}-s{seed}")


def project(
    n: int,
    *,
    seed: int,
    resources: int = 4,
    modes: int = 1,
    factor: float = 0.5,
    strength: float = 0.3,
) -> Project:
    """Generate a project in the manner of ProGen [1]_.

    Parameters
    ----------
    n : int
        Number of activities.
    seed : int
        Non-negative seed.
    resources : int
        Number of renewable resources.
    modes : int
        Modes of each activity.
    factor : float
        Mean share of the resources that a mode takes, 0 to 1.
    strength : float
        How far each capacity lies from the largest demand, at 0, to the demand
        of the schedule without limits, at 1.

    References
    ----------
    .. [1] R. Kolisch, A. Sprecher, A. Drexl, "Characterization and generation of
       a general class of resource-constrained project scheduling problems",
       Management Science 41(10), 1995.
    """
    _check(resources=(resources, 1), modes=(modes, 1))
    for name, share in (("factor", factor), ("strength", strength)):
        if not 0 <= share <= 1:
            raise UsageError(f"{name}: {share:g} is not between 0 and 1")
    rng = generator(seed)
    durations = rng.integers(1, 11, (n, modes))
    demands = rng.integers(1, 11, (n, modes, resources))
    demands *= rng.random(demands.shape) < factor
    pairs = [
        (int(i), j)
        for j in range(1, n)
        for i in rng.choice(j, min(j, int(rng.integers(0, 4))), replace=False)
    ]
    start = np.zeros(n, np.int64)
    shortest = durations.min(axis=1)
    for i, j in pairs:
        start[j] = max(start[j], start[i] + shortest[i])
    peak = np.zeros(resources)
    for t in range(int((start + shortest).max())):
        on = (start <= t) & (t < start + shortest)
        peak = np.maximum(peak, demands[on].max(axis=1).sum(axis=0))
    largest = demands.max(axis=(0, 1))
    room = np.maximum(peak - largest, 0)
    capacities = np.maximum(largest + np.round(strength * room), 1).astype(np.int64)
    return Project(
        list(durations),
        list(demands),
        capacities,
        pairs,
        name=f"rcpsp-{n}x{resources}-s{seed}",
    )


def _check(**limits: tuple[int, int]) -> None:
    for name, (value, least) in limits.items():
        if not isinstance(value, int) or value < least:
            raise UsageError(f"{name}: {value!r} is not an integer, at least {least}")

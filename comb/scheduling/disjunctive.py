"""From a job shop to the arrays of its compiled searches, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.instances.jobshop import JobShop
from combkit.instances.scheduling import Scheduling
from combkit.instances.seeds import kernel_state
from combkit.instances.solutions import Schedule

if TYPE_CHECKING:
    from combkit.comb.scheduling._kernels_graph import Graph, Shop
    from combkit.comb.scheduling._kernels_tabu import Walk

__all__ = [
    "chains_of",
    "graph_of",
    "mirror_of",
    "order_of",
    "schedule_of",
    "shop_of",
    "start_of",
    "walk_of",
]

#: Entries of the table of forbidden arcs, at least and at most: powers of 2.
_LEAST_TABLE, _LARGEST_TABLE = 2**14, 2**22


def shop_of(problem: JobShop) -> Shop:
    """Return the arrays of a problem; operations are numbered in job order."""
    machines = np.unique(np.concatenate(problem.machines), return_inverse=True)[1]
    return chains_of([row.size for row in problem.machines])._replace(
        duration=np.append(np.concatenate(problem.durations), 0),
        machine=np.append(machines, 0).astype(np.int32),
    )


def chains_of(lengths: Sequence[int]) -> Shop:
    """Return jobs of so many operations, of no duration and all on machine 0."""
    from combkit.comb.scheduling._kernels_graph import Shop

    n = sum(lengths)
    last = np.cumsum(lengths) - 1
    before, after = np.arange(-1, n), np.arange(1, n + 2)
    before[0] = after[n] = before[n] = n
    after[last] = n
    before[last[:-1] + 1] = n
    return Shop(
        np.zeros(n + 1, np.int64),
        np.zeros(n + 1, np.int32),
        before.astype(np.int32),
        after.astype(np.int32),
        last.astype(np.int32),
    )


def mirror_of(shop: Shop) -> Shop:
    """Return the problem with time running backwards, the same numbers kept."""
    n = shop.duration.size - 1
    first = np.flatnonzero(shop.before[:-1] == n).astype(np.int32)
    return shop._replace(before=shop.after, after=shop.before, last=first)


def graph_of(shop: Shop) -> Graph:
    """Return the arrays of a graph, to be filled by ``rebuild``."""
    from combkit.comb.scheduling._kernels_graph import Graph

    n = shop.duration.size - 1
    return Graph(
        before=np.full(n + 1, n, np.int32),
        after=np.full(n + 1, n, np.int32),
        head=np.zeros(n + 1, np.int64),
        tail=np.zeros(n + 1, np.int64),
        order=np.zeros(n, np.int32),
        place=np.zeros(n + 1, np.int32),
        mark=np.zeros((n + 1, 2), np.uint8),
        scratch=np.zeros(n + 1, np.int32),
        reach=np.zeros(2, np.int64),
        latest=np.zeros(int(shop.machine.max()) + 1, np.int32),
    )


def walk_of(shop: Shop, seed: int, number: int) -> Walk:
    """Return a walk, to be placed somewhere by ``begin``.

    The tenure of a forbidden arc is that of [1]_: from L = 10 + jobs / machines
    to 1.4 L or, with more than two jobs a machine, to 1.5 L.

    Parameters
    ----------
    shop : Shop
        The problem.
    seed, number : int
        Seed of the run, and number of the walk.

    References
    ----------
    .. [1] B. Peng, Z. Lü, T. C. E. Cheng, "A tabu search/path relinking
       algorithm to solve the job shop scheduling problem", Computers &
       Operations Research 53, 2015. https://doi.org/10.1016/j.cor.2014.08.006
    """
    from combkit.comb.scheduling._kernels_tabu import Walk

    n = shop.duration.size - 1
    jobs, machines = shop.last.size, int(shop.machine.max()) + 1
    least = 10.0 + jobs / machines
    spread = (0.4 if jobs <= 2 * machines else 0.5) * least
    table = _LEAST_TABLE
    while table < min(16 * n * jobs, _LARGEST_TABLE):
        table *= 2
    return Walk(
        graph=graph_of(shop),
        best=np.zeros(n, np.int32),
        path=np.zeros(n, np.int32),
        head=np.zeros(n, np.int64),
        tabu=np.zeros(table, np.int64),
        tenure=np.array([round(least), 1 + round(spread)]),
        scalars=np.zeros(5, np.int64),
        chosen=np.zeros(10, np.int64),
        random=kernel_state(seed, number),
    )


def order_of(problem: JobShop, schedule: Schedule) -> NDArray[np.int32]:
    """Return a linear order of the operations that gives a schedule, or a better one.

    By start, and among equal ones by end, so that an empty operation stands
    before one that begins when it does; then in the order of the jobs.
    """
    starts = np.concatenate(schedule.starts)
    ends = starts + np.concatenate(problem.durations)
    return np.lexsort((ends, starts)).astype(np.int32)


def start_of(
    model: Scheduling, schedule: Schedule | None
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return an order of the tasks, and modes, that give a schedule or a better one.

    By start, and among equal ones by end, so that an empty task stands before one
    that begins when it does. Without a schedule, in their own order and first mode.
    """
    choice = model.first_mode[:-1].astype(np.int32)
    if schedule is None:
        return np.arange(model.n_tasks, dtype=np.int32), choice
    if schedule.modes is not None:
        choice = choice + np.concatenate(schedule.modes).astype(np.int32)
    starts = np.concatenate(schedule.starts)
    ends = starts + model.mode_duration[choice]
    return np.lexsort((ends, starts)).astype(np.int32), choice


def schedule_of(problem: JobShop, head: NDArray[np.int64]) -> Schedule:
    """Return the schedule of the starts of all operations, in job order."""
    lengths = [row.size for row in problem.machines]
    return Schedule(np.split(head, np.cumsum(lengths)[:-1]))

"""Labels to imitate: the best of many schedules, improved where that is cheap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from combkit.comb.scheduling.genetic import supports
from combkit.comb.solve import solve
from combkit.instances.project import Project
from combkit.instances.solutions import Schedule
from combkit.instances.stop import MaxIterations
from combkit.neural.dispatch._kernels import Tables
from combkit.neural.dispatch._kernels_improve import improve as tabu
from combkit.neural.dispatch.rollout import Built, Recorded, build, replay

__all__ = ["Choices", "label", "stacked"]


@dataclass(frozen=True, eq=False)
class Choices:
    """Open choices of schedules to imitate.

    Parameters
    ----------
    instance : ndarray, shape (d,), int64
        Problem of each choice in its batch.
    mode : ndarray, shape (d, k), int64
        Candidates, padded with the dummy mode.
    features : ndarray, shape (d, k, N_FEATURES), float32
        Their features.
    count : ndarray, shape (d,), int64
        How many.
    action : ndarray, shape (d,), int64
        Place of the one taken.
    makespan : ndarray, shape (b,), float64
        Of the schedule of each problem.
    """

    instance: NDArray[np.int64]
    mode: NDArray[np.int64]
    features: NDArray[np.float32]
    count: NDArray[np.int64]
    action: NDArray[np.int64]
    makespan: NDArray[np.float64]


def _is_shop(tables: Tables) -> bool:
    """Whether tasks form chains and each mode takes one machine for some time."""
    return bool(
        tables.units == 1
        and tables.resource.shape[1] == 1
        and tables.successors.shape[1] == 1
        and (tables.indegree[:-1] <= 1).all()
    )


def label(
    tables: Tables,
    modes: NDArray[np.int64],
    *,
    width: int,
    improve: int,
    climbs: int,
    seed: int,
    cut: float = 0.0,
) -> Recorded:
    """Return the open choices of a schedule, improved by a short search first.

    With a ``cut``, the choices before it stay as they were and are no labels: the
    search completes what the rule has begun, well or badly [1]_.

    Parameters
    ----------
    tables : Tables
        The problem.
    modes : ndarray, shape (k,), int64
        A schedule: modes in the order they were scheduled, and dummy modes.
    width : int
        Most candidates a step.
    improve : int
        Steps of the tabu search on a (flexible) job shop, whose machines stay;
        children of the genetic search on a project.
    climbs : int
        Schedules built with starts moved at random where modes can be chosen.
    seed : int
        Seed of the search.
    cut : float
        Part of the schedule that stays, in [0, 1).

    References
    ----------
    .. [1] P. Tassel, M. Gebser, K. Schekotihin, "An end-to-end reinforcement
       learning approach for job-shop scheduling problems based on constraint
       programming", ICAPS 2023. https://arxiv.org/abs/2306.05747
    """
    none = tables.task_of.shape[0] - 1
    modes = modes[modes < none]
    kept = modes[: int(cut * modes.size)]
    key = np.full(none, np.inf)
    key[modes] = np.arange(modes.size)
    random = np.array([seed * 2 + 1], dtype=np.uint64)
    order, starts, before = build(tables, key, width=width)
    chosen = tables.siblings.shape[1] > 1
    # The genetic search knows no tasks that stay.
    bred = improve > 0 and not chosen and not kept.size
    if climbs > 0 and (chosen or (kept.size and not _is_shop(tables))):
        order, starts, _ = _climbed(
            tables, (order, starts, before), kept, width, climbs, seed
        )
    better = np.full(none, np.inf)
    better[order] = starts - _tie(tables)[order]
    if improve > 0 and _is_shop(tables):
        if (tables.duration[order] > 0).all():
            fixed = np.isin(order, kept)
            better[order] = _improved(tables, order, starts, fixed, improve, random)
    elif bred:
        found = _bred(tables, order, starts, improve, seed)
        better[order] = found - _tie(tables)[order]
    after = replay(tables, _first(better, kept), width=width)
    if after.makespan > before:
        after = replay(tables, key, width=width)
    return after.without(kept)


def _first(key: NDArray[np.float64], kept: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return keys that take modes in an order before all others."""
    key = key.copy()
    key[kept] = np.arange(-kept.size, 0) - 1.0
    return key


def _tie(tables: Tables) -> NDArray[np.float64]:
    """Return what decides between equal starts, below 1: more work behind first.

    Which of two tasks that start together was scheduled first is of no
    consequence; a choice by number could not be learned.
    """
    rest = tables.duration + tables.tail[tables.task_of]
    return np.asarray(0.9 * rest[:-1] / max(float(rest.max()), 1.0), np.float64)


def _improved(
    tables: Tables,
    order: NDArray[np.int64],
    starts: NDArray[np.float64],
    fixed: NDArray[np.bool_],
    iterations: int,
    random: NDArray[np.uint64],
) -> NDArray[np.float64]:
    """Return better starts of a shop's schedule with the machines it has."""
    n = order.size
    place = np.full(tables.tail.shape[0], -1)
    place[tables.task_of[order]] = np.arange(n)
    job = np.full((2, n), -1, dtype=np.int64)
    job[1] = place[tables.successors[tables.task_of[order], 0]]
    has = np.flatnonzero(job[1] >= 0)
    job[0, job[1, has]] = has
    found, _ = tabu(
        tables.duration[order].astype(np.float64),
        tables.resource[order, 0],
        job,
        starts,
        fixed,
        iterations,
        random,
    )
    return np.asarray(found, np.float64)


def _bred(
    tables: Tables,
    order: NDArray[np.int64],
    starts: NDArray[np.float64],
    children: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return better starts of a project's schedule, by the suite's own search."""
    project = _project_of(tables, order.size)
    if supports(project) is not None:
        return starts
    begin = np.zeros(order.size, np.int64)
    begin[tables.task_of[order]] = np.rint(starts).astype(np.int64)
    result = solve(
        project,
        "genetic",
        initial=project.schedule(begin),
        stop=MaxIterations(children),
        seed=seed,
    )
    if not isinstance(result.solution, Schedule):
        return starts
    begin = np.concatenate(result.solution.starts)
    return np.asarray(begin[tables.task_of[order]], np.float64)


def _project_of(tables: Tables, n: int) -> Project:
    """Return the project that the first ``n`` tasks are, of one mode each."""
    mode = tables.siblings[:n, 0]
    demands = np.zeros((n, tables.capacity.size), np.int64)
    np.add.at(
        demands,
        (np.arange(n)[:, None], tables.resource[mode]),
        tables.demand[mode],
    )
    before, place = np.nonzero(tables.successors[:n] < tables.tail.size - 1)
    pairs = np.column_stack([before, tables.successors[before, place]])
    # The last resource is the one that padding points to.
    return Project(
        tables.duration[mode][:, None],
        demands[:, None, :-1],
        np.maximum(tables.capacity[:-1], 1),
        pairs,
    )


#: Moves of starts reach to this part of the makespan, and a mode that was not
#: taken counts as starting later than the one that was by this part.
_REACH, _LATER = 0.3, 0.1


def _climbed(
    tables: Tables,
    built: Built,
    kept: NDArray[np.int64],
    width: int,
    iterations: int,
    seed: int,
) -> Built:
    """Move some starts at random, build anew, and keep what is not worse.

    Modes that are ``kept`` come first, in their order.
    """
    rng = np.random.default_rng(seed)
    none = tables.task_of.shape[0] - 1
    task = tables.task_of[:none]
    begin = np.zeros(tables.tail.shape[0])
    tie = _tie(tables)
    for _ in range(iterations):
        order, starts, makespan = built
        begin[tables.task_of[order]] = starts
        key = begin[task] + _LATER * makespan
        key[order] = starts - tie[order]
        moved = rng.random(none) < max(0.1 * rng.random(), 1.0 / none)
        reach = _REACH * makespan * rng.random()
        key += moved * rng.uniform(-reach, reach, none)
        trial = build(tables, _first(key, kept), width=width)
        if trial[2] <= makespan:
            built = trial
    return built


def stacked(rows: list[Recorded]) -> Choices:
    """Return the labels of the problems of a batch as one."""
    count = np.concatenate([row.count for row in rows])
    # No choice had more candidates than this.
    k = max(2, int(count.max(initial=0)))
    return Choices(
        instance=np.repeat(np.arange(len(rows)), [row.count.size for row in rows]),
        mode=np.concatenate([row.mode[:, :k] for row in rows]),
        features=np.concatenate([row.features[:, :k] for row in rows]),
        count=count,
        action=np.concatenate([row.action for row in rows]),
        makespan=np.array([row.makespan for row in rows]),
    )

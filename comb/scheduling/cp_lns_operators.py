"""Which tasks a round of large-neighbourhood search frees from their orders.

An operator looks at a schedule and frees about as many tasks as it is told to; the
others keep their modes and their orders on the resources, so that the schedule can
still move in time.

References
----------
.. [1] P. Laborie, D. Godard, "Self-adapting large neighborhood search: application
   to single-mode scheduling problems", MISTA 2007.
.. [2] D. Godard, P. Laborie, W. Nuijten, "Randomized large neighborhood search for
   cumulative scheduling", ICAPS 2005.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import UsageError, nearest
from combkit.instances.scheduling import NEVER, Scheduling

__all__ = ["OPERATORS", "Operator", "Picture", "make_operators"]

Integers = NDArray[np.int64]


class Picture:
    """A schedule as operators see it.

    Parameters
    ----------
    model : Scheduling
        The problem.
    starts, ends : ndarray, shape (n,), int64
        When tasks start, and when they leave their resources.
    modes : ndarray, shape (n,), int64
        The mode of each task, among its own; -1 where it is absent.

    Attributes
    ----------
    sequences : list of list of int
        Tasks present on each resource that is not used up, by their starts.
    """

    def __init__(
        self, model: Scheduling, starts: Integers, ends: Integers, modes: Integers
    ) -> None:
        self.model, self.starts, self.ends, self.modes = model, starts, ends, modes
        self.sequences: list[list[int]] = [[] for _ in range(model.n_resources)]
        order = np.lexsort((np.arange(starts.size), ends, starts))
        for t in order[modes[order] >= 0].tolist():
            for k, _ in model.uses[int(model.first_mode[t] + modes[t])]:
                if not model.consumable[k]:
                    self.sequences[k].append(t)
        self.order = order

    def kept_orders(self, free: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
        """Yield pairs of tasks, the first of which has left before the second starts.

        On a resource of several units, each unit has a sequence of its own; together
        the pairs are a partial-order schedule [2]_ of the tasks that are not free.
        """
        model = self.model
        for k, sequence in enumerate(self.sequences):
            kept = [t for t in sequence if not free[t]]
            if model.capacity[k] == 1:
                yield from pairwise(kept)
            else:
                yield from self._by_units(k, kept)

    def _by_units(self, k: int, tasks: Iterable[int]) -> Iterator[tuple[int, int]]:
        capacity = int(self.model.capacity[k])
        until, last = np.full(capacity, np.iinfo(np.int64).min), np.full(capacity, -1)
        for t in tasks:
            mode = int(self.model.first_mode[t] + self.modes[t])
            demand = dict(self.model.uses[mode])[k]
            open_units = np.flatnonzero(until <= self.starts[t])
            # Units left last: the gaps that stay are the longest.
            taken = open_units[np.argsort(until[open_units], kind="stable")][-demand:]
            if demand:
                for before in sorted({*last[taken].tolist()} - {-1}):
                    yield before, t
                until[taken], last[taken] = self.ends[t], t


Operator = Callable[[Picture, np.random.Generator, int], NDArray[np.int64]]


def _time(picture: Picture, rng: np.random.Generator, size: int) -> Integers:
    """Free the tasks of a window of time."""
    order = picture.order
    first = int(rng.integers(-size // 2, max(1, order.size - size // 2)))
    return order[max(0, first) : first + size]


def _resource(picture: Picture, rng: np.random.Generator, size: int) -> Integers:
    """Free stretches of a few resources' sequences."""
    freed: set[int] = set()
    sequences = [s for s in picture.sequences if s]
    for i in rng.permutation(len(sequences)).tolist():
        sequence, room = sequences[i], size - len(freed)
        if room <= 0:
            break
        first = int(rng.integers(max(1, len(sequence) - room + 1)))
        freed.update(sequence[first : first + room])
    return _vector(freed)


def _related(picture: Picture, rng: np.random.Generator, size: int) -> Integers:
    """Free tasks that precedences tie together: jobs of a shop, parts of a project."""
    near = _neighbours(picture.model)
    freed: dict[int, None] = {}
    for seed in rng.permutation(len(near)).tolist():
        queue = [seed]
        while queue and len(freed) < size:
            t = queue.pop(0)
            if t not in freed:
                freed[t] = None
                queue += [u for u in near[t] if u not in freed]
        if len(freed) >= size:
            break
    return _vector(freed)


def _critical(picture: Picture, rng: np.random.Generator, size: int) -> Integers:
    """Free what delays a task that costs, and its neighbours on their resources."""
    near = _neighbours(picture.model)
    beside: dict[int, set[int]] = {}
    for sequence in picture.sequences:
        for a, b in pairwise(sequence):
            beside.setdefault(a, set()).add(b)
            beside.setdefault(b, set()).add(a)
    costs, starts, ends = _costs(picture), picture.starts, picture.ends
    freed: dict[int, None] = {}
    walked: set[int] = set()
    t: int | None = None
    while len(freed) < size and len(walked) < costs.size:
        if t is None:
            costs[list(walked)] = 0.0
            total = costs.sum()
            t = int(rng.choice(costs.size, p=costs / total if total > 0 else None))
        walked.add(t)
        around = sorted(beside.get(t, ()))
        freed.update(dict.fromkeys([t, *around]))
        # Breaks may lie between a task and what it waits for.
        before = [u for u in {*around, *near[t]} - walked if ends[u] <= starts[t]]
        latest = max((ends[u] for u in before), default=0)
        waits = sorted(u for u in before if ends[u] == latest)
        t = waits[int(rng.integers(len(waits)))] if waits else None
    return _vector(freed)[:size]


def _random(picture: Picture, rng: np.random.Generator, size: int) -> Integers:
    """Free tasks drawn at random."""
    return rng.permutation(picture.starts.size)[:size]


#: Operators by name.
OPERATORS: dict[str, Operator] = {
    "time": _time,
    "resource": _resource,
    "related": _related,
    "critical": _critical,
    "random": _random,
}


def make_operators(names: str) -> dict[str, Operator]:
    """Return operators by their names, separated by commas.

    Raises
    ------
    UsageError
        If there is no operator of a name, or no name.
    """
    found = {}
    for name in filter(None, map(str.strip, names.split(","))):
        if name not in OPERATORS:
            raise UsageError(
                f"operators: no {name!r}{nearest(name, OPERATORS)} "
                f"(known: {', '.join(OPERATORS)})"
            )
        found[name] = OPERATORS[name]
    if not found:
        raise UsageError(f"operators: none (known: {', '.join(OPERATORS)})")
    return found


def _vector(tasks: Iterable[int]) -> Integers:
    return np.fromiter(tasks, np.int64)


def _neighbours(model: Scheduling) -> list[list[int]]:
    """Return the tasks before and after each one."""
    near: list[list[int]] = [[] for _ in range(model.n_tasks)]
    for a, b in zip(model.before.tolist(), model.after.tolist(), strict=True):
        near[a].append(b)
        near[b].append(a)
    return near


def _costs(picture: Picture) -> NDArray[np.float64]:
    """Return about what each task adds to the objective, or that it is the last."""
    model, ends = picture.model, picture.ends
    present = picture.modes >= 0
    late = np.where(model.due < NEVER, np.maximum(ends - model.due, 0), 0)
    early = np.maximum(model.due_from - ends, 0)
    last = (ends == ends[present].max(initial=0)).astype(np.float64)
    measures = {
        "makespan": last,
        "max_lateness": late == late.max(initial=0),
        "tardiness": model.weight * late,
        "late_tasks": model.weight * (late > 0),
        "earliness": model.weight * early,
        "flow_time": model.weight * (ends - model.release),
    }
    costs = sum(
        weight * np.asarray(measures.get(name, last), np.float64)
        for name, weight in model.objective
    )
    return np.asarray(costs * present, np.float64)

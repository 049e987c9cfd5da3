"""The scheduling model: tasks in modes on resources, and what ties them together.

Every scheduling kind of the suite is a special case of it: the kinds with a
format of their own (flexible job shop, flow and open shop, project) hold their
data as their fields do and give a ``model``, which judges their schedules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from combkit.instances.errors import InvalidProblemError, InvalidSolutionError
from combkit.instances.problem import Problem, as_vector, frozen_array, require
from combkit.instances.solutions import Schedule, Solution

__all__ = ["MEASURES", "NEVER", "RELATIONS", "Scheduling"]

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: A time that is never reached: no deadline, no due date.
NEVER = 2**53

#: Kinds of precedence: which end of the first task bounds which end of the second.
RELATIONS = ("end-start", "start-start", "start-end", "end-end")

#: What an objective may add up.
MEASURES = (
    "makespan",
    "tardiness",
    "earliness",
    "flow_time",
    "late_tasks",
    "max_lateness",
    "setup_time",
    "movement",
    "mode_changes",
)


#: What optional fields are before construction puts their defaults in place.
_DEFAULT: Any = None


@dataclass(frozen=True, eq=False)
class Scheduling(Problem):
    """Scheduling of tasks in modes, with general constraints and objectives.

    A task runs once, in one of its modes; it takes units of resources from its
    start to its end. Times are integers from 0. With n tasks, m modes, u uses,
    r resources, p precedences, f set-up families and b breaks:

    Parameters
    ----------
    mode_task : array_like of int, shape (m,)
        Task of each mode, ascending; every task has one.
    mode_duration : array_like of int, shape (m,)
        Duration of each mode.
    use_mode, use_resource, use_demand : array_like of int, shape (u,)
        Units of resources that modes take; a pair appears at most once.
    capacity : array_like of int, shape (r,)
        Units of each resource. With a capacity of 1 it is disjunctive: empty
        tasks take part in its order. Otherwise empty tasks take nothing.
    consumable : array_like of bool, shape (r,), optional
        Resources whose units are used up, over all of the time.
    before, after, relation, lag : array_like, shape (p,), optional
        A point of the task ``after`` lies at least ``lag`` behind one of the
        task ``before``: which ones, ``relation`` says as an index of
        ``RELATIONS``. A negative lag with the tasks exchanged is a maximal
        one. A precedence of an absent task does not count.
    release, deadline : array_like of int, shape (n,), optional
        Least start and greatest end.
    due, due_from : array_like of int, shape (n,), optional
        Window in which a task should end: tardiness counts behind ``due``,
        earliness before ``due_from``.
    weight : array_like of int, shape (n,), optional
        Weight in the measures that sum over tasks; 1 without.
    optional : array_like of bool, shape (n,), optional
        Tasks that may be absent: their mode is then -1.
    interruptible : array_like of bool, shape (n,), optional
        Tasks that pause during breaks; others must not meet one.
    break_resource, break_start, break_end : array_like of int, shape (b,)
        Breaks of resources, from a start to an end.
    family : array_like of int, shape (n,), optional
        Set-up family of each task, 0 to f - 1.
    setup_resource : array_like of int, shape (s,), optional
        Disjunctive resources with set-ups.
    setup_time : array_like of int, shape (s, f + 1, f), optional
        Time between tasks that follow each other there, by their families; row
        f is that of the first task. -1: must not follow.
    blocked_until : array_like of int, shape (n,), optional
        Task whose start frees the resources of each task (blocking), -1: its
        own end does.
    no_idle : array_like of bool, shape (r,), optional
        Disjunctive resources that must not idle between their first and last
        task.
    job : array_like of int, shape (n,), optional
        Job of each task, for ``same_order``.
    same_order : array_like of int, shape (q,), optional
        Disjunctive resources that run the jobs in the same order.
    planned, planned_mode : array_like of int, shape (n,), optional
        Start and mode of each task in an earlier plan, -1: it has none. Its
        movement is the distance of its start from there.
    frozen : array_like of bool, shape (n,), optional
        Tasks, none of them optional, that run as planned.
    objective : sequence of (measure, weight)
        Weighted sum of ``MEASURES``, minimised.

    Raises
    ------
    InvalidProblemError
        If the fields do not fit together, naming the field.

    Examples
    --------
    >>> problem = Scheduling([0, 1], [3, 2], [0, 1], [0, 0], [1, 1], [1])
    >>> problem.check(Schedule([[0, 2]], [[0, 0]]))
    ['resource 0: task 1 starts at 2, before task 0 frees it at 3']
    """

    kind: ClassVar[str] = "scheduling"
    solution_type: ClassVar[type[Solution]] = Schedule

    mode_task: Integers
    mode_duration: Integers
    use_mode: Integers
    use_resource: Integers
    use_demand: Integers
    capacity: Integers
    consumable: Flags = _DEFAULT
    before: Integers = _DEFAULT
    after: Integers = _DEFAULT
    relation: Integers = _DEFAULT
    lag: Integers = _DEFAULT
    release: Integers = _DEFAULT
    deadline: Integers = _DEFAULT
    due: Integers = _DEFAULT
    due_from: Integers = _DEFAULT
    weight: Integers = _DEFAULT
    optional: Flags = _DEFAULT
    interruptible: Flags = _DEFAULT
    break_resource: Integers = _DEFAULT
    break_start: Integers = _DEFAULT
    break_end: Integers = _DEFAULT
    family: Integers = _DEFAULT
    setup_resource: Integers = _DEFAULT
    setup_time: Integers = _DEFAULT
    blocked_until: Integers = _DEFAULT
    no_idle: Flags = _DEFAULT
    job: Integers = _DEFAULT
    same_order: Integers = _DEFAULT
    planned: Integers = _DEFAULT
    planned_mode: Integers = _DEFAULT
    frozen: Flags = _DEFAULT
    objective: tuple[tuple[str, int], ...] = field(default=(("makespan", 1),))

    def __post_init__(self) -> None:
        self._settle_modes()
        n, r = self.n_tasks, self.n_resources
        self._settle("consumable", r, False)
        relations = [self.before, self.after, self.relation, self.lag]
        p = 0 if self.before is None else len(self.before)
        for name, values in zip(
            ("before", "after", "relation", "lag"), relations, strict=True
        ):
            least = None if name == "lag" else 0
            given = 0 if values is None else values
            self._set(name, as_vector(name, given, p, np.int64, minimum=least))
        for name in ("before", "after"):
            self._inside(name, n, "task")
        self._inside("relation", len(RELATIONS), "relation")
        for name, default in (
            ("release", 0),
            ("deadline", NEVER),
            ("due", NEVER),
            ("due_from", 0),
            ("weight", 1),
        ):
            self._settle(name, n, default)
        self._settle("optional", n, False)
        self._settle("interruptible", n, False)
        self._settle_breaks()
        self._settle("family", n, 0)
        self._settle_setups()
        self._settle("blocked_until", n, -1, minimum=-1)
        self._inside("blocked_until", n, "task")
        self._settle("no_idle", r, False)
        self._settle("job", n, 0)
        given = () if self.same_order is None else self.same_order
        self._set("same_order", _vector("same_order", given))
        self._inside("same_order", r, "resource")
        self._settle_plan()
        self._settle_objective()
        for name in ("setup_resource", "same_order"):
            self._disjunctive(name, getattr(self, name))
        self._disjunctive("no_idle", np.flatnonzero(self.no_idle))
        total = float(self.mode_duration.sum(dtype=np.float64))
        require(total < NEVER, "mode_duration", f"their sum {total:g} is too large")

    @classmethod
    def on_machines(
        cls, durations: ArrayLike, *, setup_time: ArrayLike | None = None, **fields: Any
    ) -> Scheduling:
        """Return tasks on parallel machines, each of which runs on one of them.

        Parameters
        ----------
        durations : array_like of int, shape (n, m)
            Duration of each task on each machine, -1: it cannot run there. Equal
            columns are identical machines.
        setup_time : array_like of int, shape (f + 1, f) or (m, f + 1, f), optional
            Time between tasks that follow each other, by their ``family``: on all
            machines, or on each; the last row is that of the first task.
        **fields
            Further fields of the model: ``release``, ``due``, ``weight``,
            ``family``, ``objective`` and so on.

        Raises
        ------
        InvalidProblemError
            If a task can run nowhere, or the fields do not fit together.

        Examples
        --------
        >>> shop = Scheduling.on_machines([[3, 4], [2, -1]], due=[3, 2])
        >>> shop.evaluate(Schedule([[0, 0]], [[1, 0]]))
        4.0
        """
        table = frozen_array("durations", durations, np.int64, (None, None), minimum=-1)
        n, m = table.shape
        task, machine = np.nonzero(table >= 0)
        lost = np.setdiff1d(np.arange(n), task)
        if lost.size:
            raise InvalidProblemError("durations", f"task {lost[0]} can run nowhere")
        if setup_time is not None:
            times = np.asarray(setup_time)
            if times.ndim == 2:
                times = np.broadcast_to(times, (m, *times.shape))
            fields |= {"setup_resource": np.arange(m), "setup_time": times}
        modes = np.arange(task.size)
        ones = np.ones(task.size, np.int64)
        return cls(
            *(task, table[task, machine], modes, machine, ones, np.ones(m, np.int64)),
            **fields,
        )

    # -- validation --------------------------------------------------------

    def _settle_modes(self) -> None:
        for name in ("mode_task", "mode_duration", "use_mode", "use_resource"):
            self._set(name, _vector(name, getattr(self, name)))
        for name in ("use_demand", "capacity"):
            self._set(name, _vector(name, getattr(self, name)))
        task = self.mode_task
        require(task.size > 0, "mode_task", "there is no task")
        steps = np.diff(task, prepend=-1)
        bad = np.flatnonzero((steps < 0) | (steps > 1))
        if bad.size:
            k = int(bad[0])
            reason = (
                f"task {int(task[k]) - 1} has no mode"
                if steps[k] > 1
                else f"mode_task[{k}] = {int(task[k])}: not ascending"
            )
            raise InvalidProblemError("mode_task", reason)
        same = self.mode_duration.size == task.size
        require(same, "mode_duration", f"not {task.size} of them, one a mode")
        for name in ("use_resource", "use_demand"):
            size = getattr(self, name).size
            require(size == self.use_mode.size, name, f"{size} where use_mode differs")
        self._inside("use_mode", task.size, "mode")
        self._inside("use_resource", self.n_resources, "resource")
        over = self.use_demand > self.capacity[self.use_resource]
        if over.any():
            k = int(np.argmax(over))
            raise InvalidProblemError(
                "use_demand",
                f"mode {self.use_mode[k]} takes {self.use_demand[k]} of "
                f"{self.capacity[self.use_resource[k]]} units of resource "
                f"{self.use_resource[k]}",
            )
        pairs = self.use_mode * max(self.n_resources, 1) + self.use_resource
        twice = np.unique(pairs).size < pairs.size
        require(not twice, "use_mode", "a mode lists a resource twice")

    def _settle_breaks(self) -> None:
        names = ("break_resource", "break_start", "break_end")
        given = [getattr(self, name) for name in names]
        for name, values in zip(names, given, strict=True):
            self._set(name, _vector(name, () if values is None else values))
        sizes = {getattr(self, name).size for name in names}
        require(len(sizes) == 1, "break_start", "the fields of breaks differ in length")
        self._inside("break_resource", self.n_resources, "resource")
        require(
            bool((self.break_start < self.break_end).all()),
            "break_end",
            "a break does not end after its start",
        )

    def _settle_setups(self) -> None:
        given = () if self.setup_resource is None else self.setup_resource
        self._set("setup_resource", _vector("setup_resource", given))
        self._inside("setup_resource", self.n_resources, "resource")
        count = self.setup_resource.size
        unique = np.unique(self.setup_resource).size == count
        require(unique, "setup_resource", "a resource is listed twice")
        families = int(self.family.max()) + 1
        times: NDArray[Any] = np.asarray(
            () if self.setup_time is None else self.setup_time
        )
        if times.size == 0:
            # Nested lists do not tell the shape of nothing.
            times = np.zeros((0, families + 1, families))
        if times.ndim == 3:
            families = max(families, times.shape[2])
        shape = (count, families + 1, families)
        times = frozen_array("setup_time", times, np.int64, shape, minimum=-1)
        self._set("setup_time", times)

    def _settle_plan(self) -> None:
        n = self.n_tasks
        self._settle("planned", n, -1, minimum=-1)
        self._settle("planned_mode", n, -1, minimum=-1)
        self._settle("frozen", n, False)
        planned = self.planned >= 0
        require(
            bool((planned == (self.planned_mode >= 0)).all()),
            "planned_mode",
            "not of the tasks that have a planned start",
        )
        bad = np.flatnonzero(self.planned_mode >= np.diff(self.first_mode))
        if bad.size:
            t = int(bad[0])
            raise InvalidProblemError(
                "planned_mode", f"task {t} has no mode {self.planned_mode[t]}"
            )
        for wrong, why in (
            (~planned, "has no planned start"),
            (self.optional, "is optional"),
        ):
            bad = np.flatnonzero(self.frozen & wrong)
            require(bad.size == 0, "frozen", f"task {bad[:1].sum()} {why}")

    def _settle_objective(self) -> None:
        terms = tuple((str(name), weight) for name, weight in self.objective)
        require(len(terms) > 0, "objective", "there is none")
        for name, weight in terms:
            known = ", ".join(MEASURES)
            require(name in MEASURES, "objective", f"{name!r} is none of {known}")
            integral = isinstance(weight, int) and weight >= 0
            require(integral, "objective", f"weight {weight!r} of {name}")
        self._set("objective", terms)

    def _settle(
        self, name: str, size: int, default: int, minimum: int | None = 0
    ) -> None:
        given = getattr(self, name)
        kind = np.bool_ if isinstance(default, bool) else np.int64
        values = as_vector(
            name,
            default if given is None else given,
            size,
            np.int64,
            minimum=minimum,
        )
        if kind is np.bool_:
            values = values.astype(np.bool_)
            values.flags.writeable = False
        self._set(name, values)

    def _inside(self, name: str, limit: int, what: str) -> None:
        values = getattr(self, name)
        bad = np.flatnonzero(values >= limit)
        if bad.size:
            k = int(bad[0])
            raise InvalidProblemError(
                name, f"{name}[{k}] = {values[k]}: there are {limit} {what}s"
            )

    def _disjunctive(self, name: str, resources: Integers) -> None:
        for k in resources.tolist():
            require(
                int(self.capacity[k]) == 1 and not self.consumable[k],
                name,
                f"resource {k} is not disjunctive",
            )

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    # -- what it is --------------------------------------------------------

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return int(self.mode_task[-1]) + 1

    @property
    def n_modes(self) -> int:
        """Number of modes of all tasks."""
        return self.mode_task.size

    @property
    def n_resources(self) -> int:
        """Number of resources."""
        return self.capacity.size

    @property
    def is_bottleneck(self) -> bool:
        """Whether the objective is that of the worst task, not a sum over tasks."""
        return {name for name, _ in self.objective} <= {"makespan", "max_lateness"}

    @property
    def size(self) -> dict[str, int]:
        """Numbers of tasks, modes and resources."""
        return {
            "tasks": self.n_tasks,
            "modes": self.n_modes,
            "resources": self.n_resources,
        }

    @cached_property
    def first_mode(self) -> Integers:
        """First mode of each task, and the number of modes, shape (n + 1,)."""
        return np.searchsorted(self.mode_task, np.arange(self.n_tasks + 1))

    @cached_property
    def uses(self) -> list[list[tuple[int, int]]]:
        """Pairs (resource, demand) of each mode, demands of 0 left out."""
        uses: list[list[tuple[int, int]]] = [[] for _ in range(self.n_modes)]
        for mode, resource, demand in zip(
            self.use_mode.tolist(),
            self.use_resource.tolist(),
            self.use_demand.tolist(),
            strict=True,
        ):
            if demand:
                uses[mode].append((resource, demand))
        return uses

    @cached_property
    def breaks(self) -> dict[int, list[tuple[int, int]]]:
        """Merged breaks of each resource that has some, in order."""
        found: dict[int, list[tuple[int, int]]] = {}
        order = np.argsort(self.break_start, kind="stable")
        for k in order.tolist():
            row = found.setdefault(int(self.break_resource[k]), [])
            start, end = int(self.break_start[k]), int(self.break_end[k])
            if row and start <= row[-1][1]:
                row[-1] = row[-1][0], max(row[-1][1], end)
            else:
                row.append((start, end))
        return found

    # -- judging -----------------------------------------------------------

    def evaluate(self, solution: Schedule) -> float:
        """Return the weighted sum of measures.

        Raises
        ------
        InvalidSolutionError
            If the schedule has not one start and mode a task.
        """
        from combkit.instances import schedule_check

        if wrong := schedule_check.misfits(self, solution):
            raise InvalidSolutionError(wrong)
        return schedule_check.evaluate(self, solution)

    def check(self, solution: Schedule) -> list[str]:
        """Return every violated constraint in plain words, in O(N log N)."""
        from combkit.instances import schedule_check

        wrong = schedule_check.misfits(self, solution)
        return wrong or schedule_check.check(self, solution)

    def encode(self, solution: Schedule) -> dict[str, Any]:
        """Return ``{"starts": [...], "modes": [...]}``, one number a task."""
        data = {"starts": np.concatenate(solution.starts).tolist()}
        if solution.modes is not None:
            data["modes"] = np.concatenate(solution.modes).tolist()
        return data

    def decode(self, data: Mapping[str, Any]) -> Schedule:
        """Return the schedule that ``encode`` wrote."""
        if not isinstance(data, Mapping) or "starts" not in data:
            raise InvalidSolutionError(["starts: missing"])
        modes: Sequence[Any] | None = data.get("modes")
        return Schedule([data["starts"]], None if modes is None else [modes])


def _vector(name: str, values: Any) -> Integers:
    vector: Integers = frozen_array(
        name, values if len(values) else np.zeros(0), np.int64, (None,), minimum=0
    )
    return vector

"""Annealing of lists of tasks in modes, for any objective that grows with the ends.

References
----------
.. [1] S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, "Optimization by simulated
   annealing", Science 220(4598), 1983. https://doi.org/10.1126/science.220.4598.671
.. [2] J. Józefowska, M. Mika, R. Różycki, G. Waligóra, J. Węglarz, "Simulated
   annealing for multi-mode resource-constrained project scheduling", Annals of
   Operations Research 102, 2001. https://doi.org/10.1023/A:1010954031930
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from combkit.comb.routing.slices import Reports
from combkit.comb.scheduling.disjunctive import start_of
from combkit.comb.scheduling.model_dispatch import (
    generate,
    in_order,
    opening,
    schedule_of,
)
from combkit.comb.scheduling.walks import advance
from combkit.instances.problem import Problem
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.scheduling import Scheduling
from combkit.instances.seeds import kernel_state
from combkit.instances.shops import scheduling_model
from combkit.instances.solutions import Schedule

if TYPE_CHECKING:
    from combkit.comb.scheduling._kernels_annealing import List

__all__ = ["solve", "supports"]

_SOURCE = "annealing"
#: Units of all resources that are not disjunctive, each of which has its own clock.
_MOST_UNITS = 5_000
#: Steps of the first cycle for each task; the others are longer by a factor each,
#: and the last one that fits takes all of the time that is left.
_FIRST_CYCLE, _GROWTH = 200, 2.0
#: What a broken unit of a constraint costs, as a part of the first objective, and
#: how much more where a cycle ends with one.
_PENALTY, _DEARER = 0.05, 4.0

Integers = NDArray[np.int64]


def supports(problem: Problem) -> str | None:
    """Return why a problem cannot be solved here, None if it can."""
    model = scheduling_model(problem)
    known = {"makespan", "tardiness", "flow_time", "late_tasks", "max_lateness"}
    for name, _ in model.objective:
        if name not in known | {"setup_time"}:
            return f"its objective has {name}"
    empty = model.mode_duration[model.use_mode] == 0
    for failing, reason in (
        (model.n_tasks == 0, "it has no tasks"),
        (model.optional.any(), "it has optional tasks"),
        (bool(model.breaks), "its resources have breaks"),
        ((model.blocked_until >= 0).any(), "tasks block their resources"),
        (model.no_idle.any(), "resources must not idle"),
        (model.same_order.size > 0, "resources share their order"),
        ((model.lag < 0).any(), "it has maximal or negative lags"),
        (model.frozen.any(), "tasks have begun"),
        (
            len([*in_order(model, range(model.n_tasks))]) < model.n_tasks,
            "precedences go round",
        ),
        (
            # Where it stands among others of its time, the schedule does not tell.
            np.isin(model.use_resource[empty], model.setup_resource).any(),
            "a task without duration needs a resource with set-ups",
        ),
        (
            (model.use_demand > model.capacity[model.use_resource]).any(),
            "a mode demands more than there is",
        ),
        (
            model.capacity[~model.consumable].sum() > _MOST_UNITS,
            f"its resources have more than {_MOST_UNITS} units",
        ),
    ):
        if failing:
            return reason
    return None


def solve(problem: Problem, run: Run) -> Outcome:
    """Search until the run ends, or a bound proves the best schedule optimal.

    Starts from ``run.initial``, or else from a dispatched schedule. Deadlines,
    set-ups that must not be and resources that are used up may be broken on the
    way, at a price. An iteration is a schedule. With several threads, independent
    searches run side by side.

    Parameters
    ----------
    problem : Problem
        A scheduling model, or a kind that has one.
    run : Run
        The run.
    """
    model = scheduling_model(problem)
    limits = opening(problem, run)
    if not limits.feasible:
        return Outcome(Status.INFEASIBLE, raw_status="contradicting precedences")
    if run.should_stop():
        return Outcome()
    run.supervise(_prepare)
    if run.solution is not None:
        starts = np.concatenate(run.solution.starts)
        modes = start_of(model, run.solution)[1] - model.first_mode[:-1]
    else:
        tails = -limits.tail.astype(np.float64)
        starts, modes = map(np.array, generate(model, limits, tails))
    states = [_state_of(model, starts, modes, run.seed, k) for k in range(run.threads)]
    _Search(problem, run, states).run()
    return Outcome()


class _Search:
    """Independent searches of one problem."""

    def __init__(self, problem: Problem, run: Run, states: list[List]) -> None:
        from combkit.comb.scheduling import _kernels_annealing

        self._kernels = _kernels_annealing
        self._problem, self._run, self._states = problem, run, states
        self._best = states[0]
        self._begun, self._steps = run.elapsed, 0.0
        self._reports = Reports(run, _SOURCE)

    def run(self) -> None:
        """Search until the run ends."""
        advance(self._run, self._states, self._kernels.search, self._take, moves=100)
        self._offer(last=True)

    def _take(self) -> float:
        kernels = self._kernels
        for state in self._states:
            if state.scalars[kernels.STEP] >= state.scalars[kernels.CYCLE]:
                self._steps += state.scalars[kernels.CYCLE]
                self._begin_cycle(state)
        self._best = min(self._states, key=self._cost)
        self._offer(last=False)
        return self._cost(self._best)

    def _begin_cycle(self, state: List) -> None:
        kernels = self._kernels
        kernels.evaluate(state, state.order, np.inf)
        if state.scalars[kernels.VIOLATED] > 0:
            state.measure[-1] *= _DEARER
            cost = kernels.evaluate(state, state.order, np.inf)
            state.scalars[kernels.COST] = cost
        state.scalars[kernels.STEP] = 0
        state.scalars[kernels.CYCLE] = self._length(state)

    def _length(self, state: List) -> float:
        """Return the length of the next cycle."""
        run, length = self._run, _GROWTH * state.scalars[self._kernels.CYCLE]
        made = self._steps / len(self._states)
        left = math.inf
        if run.limits.iterations is not None:
            left = run.limits.iterations - made
        if math.isfinite(run.remaining):
            left = min(left, run.remaining * made / (run.elapsed - self._begun))
        return max(1.0, left if left < (1.0 + _GROWTH) * length else length)

    def _cost(self, state: List) -> float:
        return float(state.scalars[self._kernels.BEST])

    def _offer(self, *, last: bool) -> None:
        if self._cost(self._best) < np.inf:
            self._reports.offer(self._cost(self._best), self._schedule, last=last)

    def _schedule(self) -> Schedule:
        best = self._best
        # A copy: the search goes on from its own modes.
        shown = best._replace(mode=best.best_mode, scalars=best.scalars.copy())
        self._kernels.evaluate(shown, best.best, np.inf)
        return schedule_of(self._problem, best.start, best.best_mode - best.first[:-1])


def _prepare() -> None:
    """Load or compile the kernels."""
    from combkit.comb.scheduling import _kernels_annealing

    model = Scheduling.on_machines([[1], [2]])
    none = np.zeros(2, np.int64)
    _kernels_annealing.search(_state_of(model, none, none, 0, 0), 10)


def _state_of(
    model: Scheduling, starts: Integers, modes: Integers, seed: int, number: int
) -> List:
    """Return a search that stands at a schedule."""
    from combkit.comb.scheduling._kernels_annealing import (
        FORBIDDEN,
        MEASURES,
        List,
        adopt,
    )

    n, r = model.n_tasks, model.n_resources
    first = model.first_mode.astype(np.int32)
    ends = starts + model.mode_duration[first[:-1] + modes]
    keys = list(zip(starts.tolist(), ends.tolist(), strict=True))
    order = np.array([*in_order(model, keys)], np.int32)
    kept = np.flatnonzero(model.use_demand > 0)
    kept = kept[np.argsort(model.use_mode[kept], kind="stable")]
    units = np.where(model.consumable, 0, model.capacity)
    families = model.setup_time.shape[2] if model.setup_resource.size else 1
    table = np.full(r, -1, np.int32)
    table[model.setup_resource] = np.arange(model.setup_resource.size)
    setup = model.setup_time.reshape(-1, families + 1, families)
    weights = dict.fromkeys(MEASURES, 0.0)
    for name, weight in model.objective:
        weights[name] += weight
    arcs = np.argsort(model.after, kind="stable")
    nexts = np.argsort(model.before, kind="stable")
    state = List(
        first=first,
        duration=model.mode_duration.copy(),
        uses=_heads(model.use_mode[kept], model.n_modes),
        resource=model.use_resource[kept].astype(np.int32),
        demand=model.use_demand[kept].astype(np.int32),
        units=np.concatenate([[0], np.cumsum(units)]).astype(np.int32),
        stock=np.where(model.consumable, model.capacity, -1),
        family=model.family.astype(np.int32),
        table=table,
        setup=np.where(setup < 0, FORBIDDEN, setup),
        release=model.release.copy(),
        due=model.due.copy(),
        deadline=model.deadline.copy(),
        weight=model.weight.astype(np.float64),
        arc_first=_heads(model.after[arcs], n),
        arc=model.before[arcs].astype(np.int32),
        arc_relation=model.relation[arcs].astype(np.int32),
        arc_lag=model.lag[arcs].astype(np.int64),
        next_first=_heads(model.before[nexts], n),
        next=model.after[nexts].astype(np.int32),
        measure=np.array([weights[name] for name in MEASURES]),
        order=order,
        trial=np.zeros(n, np.int32),
        best=np.zeros(n, np.int32),
        mode=(first[:-1] + modes).astype(np.int32),
        best_mode=np.zeros(n, np.int32),
        start=np.zeros(n, np.int64),
        end=np.zeros(n, np.int64),
        free=np.zeros(int(units.sum()), np.int64),
        last=np.zeros(r, np.int32),
        used=np.zeros(r, np.int64),
        mark=np.zeros(max(n, r), np.uint8),
        scalars=np.array([0.0, np.inf, 0.0, 0.0, float(_FIRST_CYCLE * n), 1.0]),
        random=kernel_state(seed, number),
    )
    adopt(state)
    # Now that the objective's size is known, so is what a violation costs.
    state.measure[-1] = max(1.0, _PENALTY * float(state.scalars[0]))
    adopt(state)
    return state


def _heads(owner: Integers, count: int) -> NDArray[np.int32]:
    """Return where the entries of each owner begin; they are ascending."""
    return np.searchsorted(owner, np.arange(count + 1)).astype(np.int32)

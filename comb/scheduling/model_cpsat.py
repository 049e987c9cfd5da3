"""The whole scheduling model by CP-SAT, exactly, with complete hints."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from combkit.comb.scheduling.model_bounds import Windows
from combkit.comb.scheduling.model_dispatch import opening, report
from combkit.comb.scheduling.proposals import proposed
from combkit.instances.problem import Problem
from combkit.instances.result import Status
from combkit.instances.run import Outcome, Run
from combkit.instances.scheduling import NEVER, Scheduling
from combkit.instances.shops import scheduling_model
from combkit.instances.solutions import Schedule

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpSolver, CpSolverSolutionCallback

__all__ = ["Builder", "build", "find_first", "solve", "worker_options"]

_SOURCE = "cpsat"
#: Tasks added to the model between two looks at the clock.
_POLL = 200
#: Schedules proposed, the best of which is the hint.
_STARTS = 16

#: Starts and modes of all tasks.
Values = tuple[list[int], list[int]]


def solve(
    problem: Problem,
    run: Run,
    *,
    log: str | os.PathLike[str] | None = None,
    starts: str | None = None,
) -> Outcome:
    """Solve by CP-SAT; the search starts from the incumbent, all of it hinted.

    Modes are optional intervals that share the start of their task. Resources
    with set-ups or without idle time get a circuit of their tasks, calendars
    the start times that each number of breaks leaves.

    Parameters
    ----------
    problem : Problem
        A scheduling model, or a kind that has one.
    run : Run
        The run.
    log : str or PathLike, optional
        File for CP-SAT's own log.
    starts : str, optional
        Who proposes the first schedules, e.g. ``dispatch``, the learned rule.
    """
    model = scheduling_model(problem)
    limits = opening(problem, run)
    if not limits.feasible:
        return Outcome(Status.INFEASIBLE, raw_status="contradicting precedences")
    proposed(starts, problem, run, _STARTS)
    if run.should_stop():
        return Outcome(reason=run.reason)
    if run.objective is None and run.threads == 1:
        outcome = find_first(problem, run, limits)
        if run.solution is None or outcome.status is not None:
            return outcome
    from combkit.mip.cp_search import search

    built = run.supervise(lambda: build(model, limits, run))
    if built is None:  # out of time
        return Outcome(reason=run.reason)

    def found(callback: Any) -> None:
        report(problem, run, *built.read(callback), _SOURCE)

    options = worker_options(model) if run.threads == 1 else {}
    return search(
        built.proto,
        run,
        found=found,
        bounded=lambda bound: _bounded(run, bound),
        options=options,
        log=log,
    )


def find_first(problem: Problem, run: Run, limits: Windows) -> Outcome:
    """Report the first schedule that CP-SAT finds, or that there is none.

    For that, relaxations are worth their time whatever the objective.

    Parameters
    ----------
    problem : Problem
        A problem with a scheduling model.
    run : Run
        The run.
    limits : Windows
        The windows of the model.
    """
    from combkit.mip.cp_search import search

    built = run.supervise(lambda: build(scheduling_model(problem), limits, run))
    if built is None:  # out of time
        return Outcome(reason=run.reason)

    def found(callback: Any) -> None:
        report(problem, run, *built.read(callback), _SOURCE)

    options = {"stop_after_first_solution": True}
    outcome = search(
        built.proto,
        run,
        found=found,
        bounded=lambda bound: None,
        options=options,
    )
    # The first one may be called optimal where nothing is to be minimised.
    proven = outcome.status is Status.INFEASIBLE
    return outcome if proven or run.objective is None else Outcome()


def _bounded(run: Run, bound: float) -> None:
    run.report_bound(round(bound), _SOURCE)


def _only_makespan(model: Scheduling) -> bool:
    return model.objective == (("makespan", 1),)


def worker_options(model: Scheduling) -> dict[str, Any]:
    """Return the parameters of CP-SAT for a single worker on a model.

    Linear relaxations say little about the worst of all tasks, and a single worker
    has no time to waste; of a sum over the tasks they say most of what is known.
    """
    return {"linearization_level": int(not model.is_bottleneck), "num_workers": 1}


def build(model: Scheduling, limits: Windows, run: Run) -> Builder | None:
    """Build CP-SAT's model, hinted by the incumbent; None when told to stop.

    Parameters
    ----------
    model : Scheduling
        The problem.
    limits : Windows
        Its windows.
    run : Run
        The run; its incumbent, where the objective is the makespan, its objective
        and its bound narrow the domains.
    """
    schedule = run.solution
    latest = None
    if _only_makespan(model) and run.objective is not None:
        latest = int(run.objective)
    builder = Builder(model, limits, latest, schedule)
    for t in range(model.n_tasks):
        if t % _POLL == 0 and run.should_stop():
            return None
        builder.add_task(t)
    builder.add_constraints()
    builder.add_objective(0 if run.bound is None else int(run.bound))
    return builder


class Builder:
    """CP-SAT's model under construction.

    Every variable is hinted when it is made, by its value in the incumbent.

    Attributes
    ----------
    proto : CpModel
        The model.
    start, end : list
        A variable or an expression of each task.
    choice : list of list
        A literal of each mode of each task.
    """

    def __init__(
        self,
        model: Scheduling,
        limits: Windows,
        latest: int | None,
        schedule: Schedule | None,
    ) -> None:
        from ortools.sat.python.cp_model import CpModel, Domain

        self.proto = CpModel()
        self._domain = Domain
        self._model, self._limits = model, limits
        self._horizon = _horizon(model) if latest is None else latest
        self._tight = latest is not None
        self._hint_start: list[int] | None = None
        self._hint_mode = [0] * model.n_tasks
        if schedule is not None:
            self._hint_start = np.concatenate(schedule.starts).tolist()
            if schedule.modes is not None:
                self._hint_mode = np.concatenate(schedule.modes).tolist()
        self._hint_end = [0] * model.n_tasks
        self.start: list[Any] = []
        self.end: list[Any] = []
        self.choice: list[list[Any]] = []
        self._present: list[Any] = []
        #: (task, literal, interval, demand) of the users of each resource.
        self._users: list[list[tuple[int, Any, Any, int]]] = [
            [] for _ in range(model.n_resources)
        ]
        #: (task, literal, uses) of those that hold their resources until another
        #: task starts.
        self._waiting: list[tuple[int, Any, list[tuple[int, int]]]] = []
        self._setup_terms: list[Any] = []
        self._setup_hint = 0

    def read(self, solution: CpSolver | CpSolverSolutionCallback) -> Values:
        """Return starts and modes, among those of its task, -1: absent."""
        modes = [
            next((k for k, one in enumerate(row) if solution.boolean_value(one)), -1)
            for row in self.choice
        ]
        return [solution.value(start) for start in self.start], modes

    def hinted(self) -> Values:
        """Return starts and modes of the incumbent."""
        return list(self._hint_start or ()), list(self._hint_mode)

    # -- variables ---------------------------------------------------------

    def _integer(self, low: int, high: int, name: str, hint: int) -> Any:
        variable = self.proto.new_int_var(low, max(low, high), name)
        if self._hint_start is not None:
            self.proto.add_hint(variable, min(max(hint, low), max(low, high)))
        return variable

    def _literal(self, name: str, hint: bool) -> Any:
        variable = self.proto.new_bool_var(name)
        if self._hint_start is not None:
            self.proto.add_hint(variable, hint)
        return variable

    def _on(self, t: int) -> bool:
        """Whether a task is present in the incumbent."""
        return bool(self._hint_mode[t] >= 0)

    # -- tasks -------------------------------------------------------------

    def add_task(self, t: int) -> None:
        """Add a task with its modes, and their intervals on resources."""
        model, limits = self._model, self._limits
        low = int(limits.head[t])
        high = min(self._horizon, int(model.deadline[t]))
        optional = bool(model.optional[t])
        if self._tight and not optional:
            latest = self._horizon - int(limits.tail[t])
        else:
            latest = high - int(limits.least[t])
        if model.frozen[t]:
            latest = low
        begin = 0 if self._hint_start is None else self._hint_start[t]
        start = self._integer(low, min(latest, high), f"s{t}", begin)
        modes = range(int(model.first_mode[t]), int(model.first_mode[t + 1]))
        chosen = modes.start + max(0, self._hint_mode[t])
        finish, _ = self._stretch(t, chosen, begin)
        self._hint_end[t] = finish if self._on(t) else begin
        certain = len(modes) == 1 and not optional
        plain = certain and not self._calendar(t, modes.start)
        if plain:
            end: Any = start + int(model.mode_duration[modes.start])
        else:
            end = self._integer(low, high, f"e{t}", self._hint_end[t])
        literals = []
        for k, mode in enumerate(modes):
            one = self._hint_mode[t] == k
            literals.append(1 if certain else self._literal(f"m{t}_{k}", one))
            self._add_mode(t, mode, start, end, literals[-1], plain)
        if not certain:
            if optional:
                self.proto.add_at_most_one(literals)
                present = self._literal(f"p{t}", self._on(t))
                self.proto.add(sum(literals) == present)
                absent = present.negated()
                self.proto.add(end == low).only_enforce_if(absent)
                self.proto.add(start == low).only_enforce_if(absent)
                if self._hint_start is not None and not self._on(t):
                    self._rehint_absent(t, start, end, low)
            else:
                self.proto.add_exactly_one(literals)
            if model.frozen[t]:
                self.proto.add(literals[int(model.planned_mode[t])] == 1)
        self._present.append(present if optional else 1)
        self.start.append(start)
        self.end.append(end)
        self.choice.append([_as_literal(self.proto, x) for x in literals])
        if plain:
            self.proto.add(end <= high)

    def _rehint_absent(self, t: int, start: Any, end: Any, low: int) -> None:
        """Hint an absent task where it stands: at its earliest start."""
        hint = self.proto.proto.solution_hint
        for variable in (start, end):
            for place, index in enumerate(hint.vars):
                if index == variable.index:
                    hint.values[place] = low
        self._hint_end[t] = low

    def _add_mode(
        self, t: int, mode: int, start: Any, end: Any, literal: Any, plain: bool
    ) -> None:
        model = self._model
        duration = int(model.mode_duration[mode])
        if not plain:
            pauses = self._calendar(t, mode)
            if pauses and model.interruptible[t] and duration:
                self._add_pieces(t, mode, start, end, literal)
            else:
                self._if(self.proto.add(end == start + duration), literal)
                if pauses and duration:
                    self._avoid(start, duration, pauses, literal)
        uses = model.uses[mode]
        if not uses:
            return
        if int(model.blocked_until[t]) >= 0:
            self._waiting.append((t, literal, uses))
            return
        plain_size = duration if plain or not self._calendar(t, mode) else None
        interval = self._interval(t, mode, start, plain_size, end, literal)
        for resource, demand in uses:
            self._users[resource].append((t, literal, interval, demand))

    def _interval(
        self, t: int, mode: int, start: Any, size: int | None, end: Any, literal: Any
    ) -> Any:
        name = f"i{t}_{mode}"
        if size is None:
            most = self._horizon
            length = self._hint_end[t] - (
                self._hint_start[t] if self._hint_start is not None else 0
            )
            variable = self._integer(0, most, f"l{t}_{mode}", max(0, length))
            if _certain(literal):
                return self.proto.new_interval_var(start, variable, end, name)
            self._if(self.proto.add(variable == end - start), literal)
            return self.proto.new_optional_interval_var(
                start, variable, end, literal, name
            )
        if _certain(literal):
            return self.proto.new_fixed_size_interval_var(start, size, name)
        return self.proto.new_optional_fixed_size_interval_var(
            start, size, literal, name
        )

    # -- calendars ---------------------------------------------------------

    def _calendar(self, t: int, mode: int) -> list[tuple[int, int]]:
        """Return the breaks of the resources of a mode, merged."""
        breaks = self._model.breaks
        if not breaks:
            return []
        found = sorted(
            pause for k, _ in self._model.uses[mode] for pause in breaks.get(k, ())
        )
        merged: list[tuple[int, int]] = []
        for low, high in found:
            if merged and low <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(high, merged[-1][1])
            else:
                merged.append((low, high))
        return merged

    def _stretch(self, t: int, mode: int, start: int) -> tuple[int, int]:
        """Return the end and the pause of a task that starts at a time."""
        duration = int(self._model.mode_duration[mode])
        if self._model.interruptible[t] and duration:
            for low, high, pause in self._pieces(t, mode):
                if low <= start <= high:
                    return start + duration + pause, pause
        return start + duration, 0

    def _pieces(self, t: int, mode: int) -> list[tuple[int, int, int]]:
        """Return (first start, last start, pause): starts that pause as long."""
        pauses = self._calendar(t, mode)
        duration = int(self._model.mode_duration[mode])
        edges = [0, *(x for pause in pauses for x in pause), self._horizon + duration]
        shifts = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]
        pieces = []
        for i, (opens, closes) in enumerate(shifts):
            worked, pause = closes - opens, 0
            low, j = opens, i
            while low < closes:
                # Starts that finish within the shift j.
                high = min(closes - 1, opens + worked - duration)
                if high >= low:
                    pieces.append((low, high, pause))
                    low = high + 1
                j += 1
                if j == len(shifts):
                    break
                pause += shifts[j][0] - shifts[j - 1][1]
                worked += shifts[j][1] - shifts[j][0]
        return pieces

    def _add_pieces(
        self, t: int, mode: int, start: Any, end: Any, literal: Any
    ) -> None:
        duration = int(self._model.mode_duration[mode])
        begin = -1 if self._hint_start is None else self._hint_start[t]
        first = int(self._model.first_mode[t])
        chosen = self._hint_mode[t] == mode - first
        literals = []
        for k, (low, high, pause) in enumerate(self._pieces(t, mode)):
            inside = chosen and low <= begin <= high
            piece = self._literal(f"c{t}_{mode}_{k}", inside)
            self.proto.add(start >= low).only_enforce_if(piece)
            self.proto.add(start <= high).only_enforce_if(piece)
            self.proto.add(end == start + duration + pause).only_enforce_if(piece)
            literals.append(piece)
        self.proto.add(sum(literals) == literal)

    def _avoid(
        self, start: Any, duration: int, pauses: Sequence[tuple[int, int]], literal: Any
    ) -> None:
        """Let no start meet a break."""
        free = self._domain(0, self._horizon)
        for low, high in pauses:
            bad = self._domain(max(0, low - duration + 1), high - 1)
            free = free.intersection_with(bad.complement())
        self._if(self.proto.add_linear_expression_in_domain(start, free), literal)

    def _if(self, constraint: Any, *literals: Any) -> None:
        """Demand a constraint only where all of these hold."""
        open_ones = [x for x in literals if not _certain(x)]
        if open_ones:
            constraint.only_enforce_if(open_ones)

    # -- constraints -------------------------------------------------------

    def add_constraints(self) -> None:
        """Add what ties the tasks together."""
        model = self._model
        self._add_blocking()
        for a, b, relation, lag in zip(
            model.before.tolist(),
            model.after.tolist(),
            model.relation.tolist(),
            model.lag.tolist(),
            strict=True,
        ):
            first = self.end[a] if relation in (0, 3) else self.start[a]
            second = self.start[b] if relation in (0, 1) else self.end[b]
            constraint = self.proto.add(second >= first + lag)
            self._if(constraint, self._present[a], self._present[b])
        circuits = {*model.setup_resource.tolist(), *np.flatnonzero(model.no_idle)}
        for k, users in enumerate(self._users):
            if not users:
                continue
            demands = [demand for *_, demand in users]
            capacity = int(model.capacity[k])
            if model.consumable[k]:
                taken = sum(u[3] * u[1] for u in users)
                self.proto.add(taken <= capacity)
            elif capacity == 1:
                self.proto.add_no_overlap([interval for _, _, interval, _ in users])
            else:
                self.proto.add_cumulative(
                    [interval for _, _, interval, _ in users], demands, capacity
                )
            if k in circuits:
                self._add_circuit(int(k))
        self._add_same_order()

    def _add_blocking(self) -> None:
        for t, literal, uses in self._waiting:
            other = int(self._model.blocked_until[t])
            until, hint = self.start[other], self.held(t)
            waits = self.proto.add(until >= self.end[t])
            self._if(waits, literal, self._present[other])
            begin = 0 if self._hint_start is None else self._hint_start[t]
            held = until
            if self._model.optional[other]:
                held = self._integer(0, self._horizon, f"h{t}", hint)
                present = self._present[other]
                self.proto.add(held == until).only_enforce_if(present)
                absent = present.negated()
                self.proto.add(held == self.end[t]).only_enforce_if(absent)
            size = self._integer(0, self._horizon, f"w{t}", max(0, hint - begin))
            interval = (
                self.proto.new_interval_var(self.start[t], size, held, f"b{t}")
                if _certain(literal)
                else self.proto.new_optional_interval_var(
                    self.start[t], size, held, literal, f"b{t}"
                )
            )
            for resource, demand in uses:
                self._users[resource].append((t, literal, interval, demand))

    def held(self, t: int) -> int:
        """Return until when a task keeps its resources in the incumbent."""
        other = int(self._model.blocked_until[t])
        if other >= 0 and self._hint_start is not None and self._on(other):
            return max(self._hint_end[t], self._hint_start[other])
        return self._hint_end[t]

    def until(self, t: int) -> Any:
        """Return when a task leaves its resources."""
        other = int(self._model.blocked_until[t])
        return self.end[t] if other < 0 else self.start[other]

    def _sequence(self, k: int) -> list[int]:
        """Return the places of the users of a resource in the incumbent's order."""
        if self._hint_start is None:
            return []
        starts = self._hint_start
        first = self._model.first_mode
        on = [
            place
            for place, (t, _, _, _) in enumerate(self._users[k])
            if self._on(t)
            and any(
                r == k
                for r, _ in self._model.uses[int(first[t]) + max(0, self._hint_mode[t])]
            )
        ]
        seen: dict[int, int] = {}
        for place in on:
            t = self._users[k][place][0]
            mode_place = [p for p in on if self._users[k][p][0] == t]
            seen[t] = mode_place[self._rank_of_mode(k, t, mode_place)]
        tasks = sorted(seen, key=lambda t: (starts[t], self.held(t), t))
        return [seen[t] for t in tasks]

    def _rank_of_mode(self, k: int, t: int, places: list[int]) -> int:
        """Return which of the modes of a task on a resource the incumbent chose."""
        first = int(self._model.first_mode[t])
        using = [
            mode - first
            for mode in range(first, int(self._model.first_mode[t + 1]))
            if any(r == k for r, _ in self._model.uses[mode])
        ]
        return using.index(self._hint_mode[t]) if len(places) > 1 else 0

    def _add_circuit(self, k: int) -> None:
        """Sequence a resource: set-ups between neighbours, or no idle time."""
        model, users = self._model, self._users[k]
        n, families = len(users), model.setup_time.shape[2]
        order = self._sequence(k)
        follows = set(pairwise([n, *order, n])) if order else {(n, n)}
        place = np.flatnonzero(model.setup_resource == k)
        table = model.setup_time[int(place[0])] if place.size else None
        arcs: list[tuple[int, int, Any]] = []
        empty = self._literal(f"x{k}", (n, n) in follows)
        arcs.append((n, n, empty))
        for i, (t, literal, _, _) in enumerate(users):
            if not _certain(literal):
                arcs.append((i, i, literal.negated()))
                # Tasks without duration could go round among themselves.
                self.proto.add_implication(literal, empty.negated())
            else:
                self.proto.add(empty == 0)
            family = int(model.family[t])
            arcs.append((i, n, self._literal(f"x{k}_{i}_", (i, n) in follows)))
            for j in [n, *range(n)]:
                if i == j or (j < n and users[j][0] == t):
                    continue
                before = families if j == n else int(model.family[users[j][0]])
                time = 0 if table is None else int(table[before, family])
                if time < 0:
                    continue
                arc = self._literal(f"x{k}_{j}_{i}", (j, i) in follows)
                arcs.append((j, i, arc))
                free = 0 if j == n else self.until(users[j][0])
                self.proto.add(self.start[t] >= free + time).only_enforce_if(arc)
                if j < n and model.no_idle[k]:
                    self.proto.add(self.start[t] <= free).only_enforce_if(arc)
                if time:
                    self._setup_terms.append(time * arc)
                    self._setup_hint += time * ((j, i) in follows)
        self.proto.add_circuit(arcs)

    def _add_same_order(self) -> None:
        """Let the jobs have one order on all resources that demand it."""
        model = self._model
        resources = model.same_order.tolist()
        if len(resources) < 2:
            return
        by_job: list[dict[int, list[tuple[int, Any]]]] = []
        for k in resources:
            rows: dict[int, list[tuple[int, Any]]] = {}
            for t, literal, _, _ in self._users[k]:
                rows.setdefault(int(model.job[t]), []).append((t, literal))
            by_job.append(rows)
        jobs = sorted({j for rows in by_job for j in rows})
        ranks = self._job_ranks(by_job)
        for a, b in combinations(jobs, 2):
            hint = bool(ranks) and ranks[a] < ranks[b]
            ahead = self._literal(f"o{a}_{b}", hint)
            for rows in by_job:
                for first in rows.get(a, ()):
                    for second in rows.get(b, ()):
                        self._order(first, second, ahead)
                        self._order(second, first, ahead.negated())

    def _job_ranks(
        self, by_job: list[dict[int, list[tuple[int, Any]]]]
    ) -> dict[int, tuple[int, int, int]]:
        """Return what sorts the jobs as the incumbent runs them."""
        if self._hint_start is None:
            return {}
        starts = self._hint_start
        return {
            j: min((starts[t], self.held(t), t) for t, _ in users)
            for rows in reversed(by_job)
            for j, users in rows.items()
        }

    def _order(
        self, first: tuple[int, Any], second: tuple[int, Any], literal: Any
    ) -> None:
        """Let one task free its resource before the other starts."""
        (t, uses), (u, other) = first, second
        after = self.proto.add(self.start[u] >= self.until(t))
        self._if(after, literal, uses, other)

    # -- objective ---------------------------------------------------------

    def add_objective(self, bound: int) -> None:
        """Minimise the weighted sum of measures, each at least what it must be."""
        terms = []
        for name, weight in self._model.objective:
            if name == "makespan":
                low = bound if _only_makespan(self._model) else 0
                measure = self._makespan(low)
            elif name == "setup_time":
                measure = sum(self._setup_terms)
            elif name == "max_lateness":
                measure = self._worst()
            else:
                measure = self._total(name)
            terms.append(weight * measure)
        self.proto.minimize(sum(terms))

    def _makespan(self, low: int) -> Any:
        ends = [self._hint_end[t] for t in range(len(self.end)) if self._on(t)]
        last = self._integer(low, self._horizon, "makespan", max(ends, default=0))
        for t, end in enumerate(self.end):
            self._if(self.proto.add(last >= end), self._present[t])
        return last

    def _worst(self) -> Any:
        due = self._model.due.tolist()
        late = [self._hint_end[t] - d for t, d in enumerate(due) if self._on(t)]
        worst = self._integer(0, self._horizon, "lateness", max([0, *late]))
        for t, end in enumerate(self.end):
            if due[t] < NEVER:
                self._if(self.proto.add(worst >= end - due[t]), self._present[t])
        return worst

    def _moved(self, t: int) -> Any:
        """Return how far a task starts from where it was planned."""
        planned = int(self._model.planned[t])
        begin = planned
        if self._hint_start is not None and self._on(t):
            begin = self._hint_start[t]
        most = max(planned, self._horizon)
        moved = self._integer(0, most, f"v{t}", abs(begin - planned))
        for distance in (self.start[t] - planned, planned - self.start[t]):
            self._if(self.proto.add(moved >= distance), self._present[t])
        return moved

    def _changed(self, t: int) -> Any:
        """Return whether a task runs in another mode than it was planned in."""
        planned = int(self._model.planned_mode[t])
        others = self.choice[t]
        return sum(x for k, x in enumerate(others) if k != planned)

    def _total(self, name: str) -> Any:
        """Return the weighted sum over the tasks of a measure."""
        model = self._model
        parts = []
        for t, end in enumerate(self.end):
            weight, due = int(model.weight[t]), int(model.due[t])
            finish, present = self._hint_end[t], self._present[t]
            if not weight:
                continue
            if name in ("movement", "mode_changes"):
                if model.planned[t] >= 0:
                    change = self._moved if name == "movement" else self._changed
                    parts.append(weight * change(t))
                continue
            if name == "flow_time":
                release = int(model.release[t])
                value = finish - release if self._on(t) else 0
                part = self._integer(0, self._horizon, f"f{t}", value)
                self._if(self.proto.add(part >= end - release), present)
            elif name == "earliness":
                early = int(model.due_from[t])
                if not early:
                    continue
                value = max(0, early - finish) if self._on(t) else 0
                part = self._integer(0, early, f"a{t}", value)
                self._if(self.proto.add(part >= early - end), present)
            elif due >= NEVER:
                continue
            elif name == "tardiness":
                value = max(0, finish - due) if self._on(t) else 0
                part = self._integer(0, self._horizon, f"t{t}", value)
                self._if(self.proto.add(part >= end - due), present)
            else:
                part = self._literal(f"u{t}", self._on(t) and finish > due)
                self._if(self.proto.add(end <= due), part.negated(), present)
            parts.append(weight * part)
        return sum(parts)


def _certain(literal: Any) -> bool:
    return isinstance(literal, int)


def _as_literal(proto: Any, literal: Any) -> Any:
    return proto.new_constant(1) if isinstance(literal, int) else literal


def _horizon(model: Scheduling) -> int:
    """Return a time by which some best schedule has ended, if there is one."""
    first = model.first_mode[:-1]
    total = int(np.maximum.reduceat(model.mode_duration, first).sum())
    total += int(np.maximum(model.lag, 0).sum()) + int(model.release.max())
    total += sum(b - a for row in model.breaks.values() for a, b in row)
    # An uninterruptible task may have to wait for the next shift, once a break.
    pauses = sum(map(len, model.breaks.values()))
    total += pauses * int(model.mode_duration.max(initial=0))
    if model.setup_time.size:
        total += model.n_tasks * int(model.setup_time.max(initial=0))
    due = model.due_from[model.due_from < NEVER]
    total += int(due.max(initial=0)) + max(0, int(model.planned.max()))
    return int(min(total, 2**50))

"""Priority dispatching for the job shop, without compiled code."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from itertools import product

from combkit.comb.scheduling.bounds import (
    heads,
    jackson_bound,
    tails,
    trivial_bound,
)
from combkit.instances.errors import UsageError, nearest
from combkit.instances.jobshop import JobShop
from combkit.instances.run import Outcome, Run
from combkit.instances.solutions import Schedule
from combkit.instances.stop import Reason

__all__ = ["RULES", "active", "non_delay", "quick", "solve"]

Rows = list[list[int]]
#: Priority of each operation, smallest first; None: in order of arrival.
Priorities = list[list[float]] | None

#: Operations started between two looks at the clock.
_POLL = 1000

_SOURCE = "dispatch"


def _by(
    key: Callable[[int, int, int, int], float],
) -> Callable[[JobShop], Priorities]:
    """Return a rule from the priority of ``(duration, head, tail, later)``.

    Head and tail are the work of the job before and after the operation, and
    ``later`` is the number of operations after it.
    """

    def priorities(problem: JobShop) -> Priorities:
        rows = zip(
            (row.tolist() for row in problem.durations),
            heads(problem),
            tails(problem),
            strict=True,
        )
        return [
            [
                key(d, head, tail, len(durations) - 1 - k)
                for k, (d, head, tail) in enumerate(
                    zip(durations, before, after, strict=True)
                )
            ]
            for durations, before, after in rows
        ]

    return priorities


def _arrival(problem: JobShop) -> Priorities:
    return None


#: The rules by name, the ones that are best on average first.
RULES: dict[str, Callable[[JobShop], Priorities]] = {
    "mwr": _by(lambda d, head, tail, later: -(d + tail)),
    "mor": _by(lambda d, head, tail, later: -later),
    "fdd/mwr": _by(lambda d, head, tail, later: (head + d) / (d + tail or 1)),
    "fifo": _arrival,
    "spt": _by(lambda d, head, tail, later: d),
    "spt/mwr": _by(lambda d, head, tail, later: d / (d + tail or 1)),
    "lpt": _by(lambda d, head, tail, later: -d),
    "lwr": _by(lambda d, head, tail, later: d + tail),
}


def solve(
    problem: JobShop, run: Run, *, rules: str | Sequence[str] | None = None
) -> Outcome:
    """Keep the best schedule of several priority dispatching rules.

    Each rule builds a non-delay schedule and, by the method of Giffler and
    Thompson [1]_, an active one; both also for the mirrored problem, from the
    end to the start. An iteration is a schedule. The first one is finished
    whatever the limits.

    Parameters
    ----------
    problem : JobShop
        The problem.
    run : Run
        The run.
    rules : str or sequence of str, optional
        Names from ``RULES``, in order or separated by commas: ``mwr`` and
        ``lwr`` (most, least work remaining), ``mor`` (most operations
        remaining), ``fdd/mwr`` (flow due date per work remaining), ``fifo``,
        ``spt`` and ``lpt`` (shortest, longest processing time), ``spt/mwr``.
        All of them by default.

    References
    ----------
    .. [1] B. Giffler, G. L. Thompson, "Algorithms for solving
       production-scheduling problems", Operations Research 8(4), 1960.
    """
    names = _names(rules)
    extra: dict[str, str] = {}
    mirrored = _mirrored(problem)
    for done, (build, mirror, name) in enumerate(
        product((non_delay, active), (False, True), names)
    ):
        shop = mirrored if mirror else problem
        starts = build(shop, RULES[name](shop), run.should_stop if done else None)
        if starts is None:
            break
        schedule = Schedule(_mirror(shop, starts) if mirror else starts)
        if run.report(schedule, _SOURCE):
            direction = "backward" if mirror else "forward"
            extra = {"rule": name, "schedule": f"{build.__name__} {direction}"}
        if done == 0:
            run.report_bound(trivial_bound(problem), "load")
            run.report_bound(jackson_bound(problem), "jackson")
        if run.should_stop(done + 1):
            break
    return Outcome(reason=run.reason or Reason.COMPLETED, extra=extra)


def quick(problem: JobShop) -> Schedule:
    """Return the non-delay schedule by most work remaining, whatever it takes."""
    starts = non_delay(problem, RULES["mwr"](problem))
    if starts is None:  # nothing tells it to stop
        raise RuntimeError("dispatching stopped without being told to")
    return Schedule(starts)


def non_delay(
    problem: JobShop,
    priorities: Priorities,
    should_stop: Callable[[], bool] | None = None,
) -> Rows | None:
    """Build a non-delay schedule: no machine idles while an operation waits.

    Parameters
    ----------
    problem : JobShop
        The problem.
    priorities : list of list of float or None
        Priority of each operation, the smallest first; None: by arrival.
    should_stop : callable, optional
        Polled now and then.

    Returns
    -------
    list of list of int, or None
        Starts; None when told to stop.
    """
    machines, durations = _lists(problem)
    starts = [[0] * len(row) for row in machines]
    done = [0] * len(machines)
    waiting: list[list[tuple[float, int]]] = [[] for _ in range(problem.n_machines)]
    busy = [False] * problem.n_machines
    ends = [(0, job) for job in range(len(machines))]
    started = 0
    while ends:
        now = ends[0][0]
        touched: list[int] = []
        while ends and ends[0][0] == now:
            job = heapq.heappop(ends)[1]
            k, row = done[job], machines[job]
            if k > 0:
                busy[row[k - 1]] = False
                touched.append(row[k - 1])
            if k < len(row):
                first = now if priorities is None else priorities[job][k]
                heapq.heappush(waiting[row[k]], (first, job))
                touched.append(row[k])
        for machine in touched:
            if busy[machine] or not waiting[machine]:
                continue
            job = heapq.heappop(waiting[machine])[1]
            k = done[job]
            starts[job][k] = now
            done[job] = k + 1
            busy[machine] = True
            heapq.heappush(ends, (now + durations[job][k], job))
            started += 1
            if should_stop is not None and started % _POLL == 0 and should_stop():
                return None
    return starts


def active(
    problem: JobShop,
    priorities: Priorities,
    should_stop: Callable[[], bool] | None = None,
) -> Rows | None:
    """Build an active schedule: nothing can start earlier without delaying.

    The operation that can end first fixes the machine; of those that could
    start there before that, the one of the smallest priority does. Parameters
    and return value are those of ``non_delay``.

    Parameters
    ----------
    problem : JobShop
        The problem.
    priorities : list of list of float or None
        Priority of each operation, the smallest first; None: by arrival.
    should_stop : callable, optional
        Polled now and then.
    """
    machines, durations = _lists(problem)
    starts = [[0] * len(row) for row in machines]
    done = [0] * len(machines)
    ready = [0] * len(machines)
    free = [0] * problem.n_machines
    waiting: list[list[int]] = [[] for _ in range(problem.n_machines)]
    for job, row in enumerate(machines):
        waiting[row[0]].append(job)

    def earliest_end(machine: int) -> int:
        available = free[machine]
        return min(
            max(ready[job], available) + durations[job][done[job]]
            for job in waiting[machine]
        )

    # A machine's entry is out of date when its earliest end has changed since.
    end = [earliest_end(m) if waiting[m] else -1 for m in range(problem.n_machines)]
    ends = [(end[m], m) for m in range(problem.n_machines) if waiting[m]]
    heapq.heapify(ends)
    started = 0
    while ends:
        until, machine = heapq.heappop(ends)
        if until != end[machine]:
            continue
        available = free[machine]
        best, chosen = (float("inf"), -1), -1
        for place, job in enumerate(waiting[machine]):
            k = done[job]
            start = max(ready[job], available)
            if start < until or start + durations[job][k] == until:
                first = ready[job] if priorities is None else priorities[job][k]
                if (first, job) < best:
                    best, chosen = (first, job), place
        job, k = best[1], done[best[1]]
        waiting[machine][chosen] = waiting[machine][-1]
        waiting[machine].pop()
        starts[job][k] = max(ready[job], available)
        ready[job] = free[machine] = starts[job][k] + durations[job][k]
        done[job] = k + 1
        changed = {machine}
        if k + 1 < len(machines[job]):
            waiting[machines[job][k + 1]].append(job)
            changed.add(machines[job][k + 1])
        for m in changed:
            end[m] = earliest_end(m) if waiting[m] else -1
            if waiting[m]:
                heapq.heappush(ends, (end[m], m))
        started += 1
        if should_stop is not None and started % _POLL == 0 and should_stop():
            return None
    return starts


def _names(rules: str | Sequence[str] | None) -> list[str]:
    """Return the names of the rules, checked."""
    if rules is None:
        return list(RULES)
    parts: Iterable[str] = rules.split(",") if isinstance(rules, str) else rules
    names = [str(part).strip().lower() for part in parts]
    for name in names:
        if name not in RULES:
            raise UsageError(
                f"rules: unknown rule {name!r}{nearest(name, RULES)} "
                f"(rules: {', '.join(RULES)})"
            )
    if not names:
        raise UsageError("rules: there is none")
    return list(dict.fromkeys(names))


def _lists(problem: JobShop) -> tuple[Rows, Rows]:
    """Return machines and durations as lists, much faster to index one by one."""
    return (
        [row.tolist() for row in problem.machines],
        [row.tolist() for row in problem.durations],
    )


def _mirrored(problem: JobShop) -> JobShop:
    """Return the problem with time running backwards."""
    return JobShop(
        [row[::-1] for row in problem.machines],
        [row[::-1] for row in problem.durations],
    )


def _mirror(mirrored: JobShop, starts: Rows) -> Rows:
    """Return the schedule of the mirror image's schedule."""
    ends = [
        [start + d for start, d in zip(row, durations.tolist(), strict=True)]
        for row, durations in zip(starts, mirrored.durations, strict=True)
    ]
    makespan = max(row[-1] for row in ends)
    return [[makespan - end for end in row[::-1]] for row in ends]

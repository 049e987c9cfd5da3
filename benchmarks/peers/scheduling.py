"""What the peers of scheduling share: the files of shops and projects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import common

#: Kinds that ``--kind`` takes; a file does not always tell.
KINDS = ("jsp", "fjsp", "pfsp", "ossp", "rcpsp")


@dataclass(frozen=True)
class Plan:
    """Tasks, numbered job by job in a shop; the makespan is minimised."""

    #: Duration and demand of each resource, of each mode of each task.
    modes: list[list[tuple[int, dict[int, int]]]]
    #: Of each resource; a machine's is 1.
    capacities: list[int]
    #: The second task starts when the first has ended, at the earliest.
    after: list[tuple[int, int]]
    #: Tasks of each job of a shop; a project has none.
    jobs: list[list[int]] | None = None
    #: Whether all machines process the jobs in one order.
    permutation: bool = False

    @property
    def horizon(self) -> int:
        """No schedule without idle time is longer."""
        return sum(max(duration for duration, _ in task) for task in self.modes)

    def write(self, run: common.Run, starts: Sequence[int], modes: list[int]) -> None:
        """Write the solution file of a run."""
        found = {"starts": list(starts)}
        if any(len(task) > 1 for task in self.modes):
            found["modes"] = modes
        if self.jobs is None:
            run.write_schedule(**found)
        else:
            rows = {
                name: [[values[task] for task in job] for job in self.jobs]
                for name, values in found.items()
            }
            run.write_schedule(**rows)


def option() -> dict[str, dict[str, Any]]:
    """Return the option that tells the kind of a file."""
    return {"kind": {"choices": KINDS, "default": "jsp", "help": "of the instance"}}


def read(run: common.Run) -> Plan:
    """Read the instance of a run; what is not of its kind ends it as unsupported."""
    kind = run.args.kind
    text = run.instance.read_text(encoding="utf-8")
    try:
        return _READERS[kind](text)
    except (ValueError, IndexError, KeyError, StopIteration) as error:
        run.unsupported(f"not a file of kind {kind}: {error}")


def _shop(
    jobs: list[list[list[tuple[int, int]]]],
    machines: int,
    *,
    ordered: bool = True,
    permutation: bool = False,
) -> Plan:
    """Return the plan of a shop, of pairs of machine and duration."""
    modes = [
        [(duration, {machine: 1}) for machine, duration in operation]
        for job in jobs
        for operation in job
    ]
    if any(not 0 <= k < machines for task in modes for _, on in task for k in on):
        raise ValueError("a machine is out of range")
    tasks = iter(range(len(modes)))
    rows = [[next(tasks) for _ in job] for job in jobs]
    capacities = [1] * machines
    after = []
    if ordered:
        after = [pair for row in rows for pair in pairwise(row)]
    else:
        # A job is a resource of its own.
        for k, row in enumerate(rows, machines):
            for task in row:
                modes[task][0][1][k] = 1
        capacities += [1] * len(rows)
    return Plan(modes, capacities, after, rows, permutation)


def _lines(text: str) -> list[str]:
    """Return the lines that are neither empty nor comments."""
    lines = map(str.strip, text.split("\n"))
    return [line for line in lines if line and not line.startswith("#")]


def _job_shop(text: str) -> Plan:
    """Parse the standard format, or Taillard's with a table of times and machines."""
    rows, words = [], set()
    for line in _lines(text):
        try:
            rows.append([int(word) for word in line.split()])
        except ValueError:
            words.add(line.lower())
    n, machines = rows[0][:2]
    if "machines" in words:
        tables = zip(rows[-n:], rows[1 : n + 1], strict=True)
        jobs = [
            [[(machine - 1, time)] for machine, time in zip(*pair, strict=True)]
            for pair in tables
        ]
    else:
        jobs = [
            [[pair] for pair in zip(row[::2], row[1::2], strict=True)]
            for row in rows[1:]
        ]
    if len(jobs) != n:
        raise ValueError(f"{len(jobs)} jobs instead of {n}")
    return _shop(jobs, machines)


def _flexible(text: str) -> Plan:
    """Parse a flexible job shop; machines count from 0, or from 1 if none is 0."""
    lines = [line.split() for line in _lines(text)]
    n, machines = int(lines[0][0]), int(lines[0][1])
    jobs = []
    for line in lines[1 : 1 + n]:
        numbers = map(int, line)
        jobs.append(
            [
                [(next(numbers), next(numbers)) for _ in range(next(numbers))]
                for _ in range(next(numbers))
            ]
        )
    base = min(k for job in jobs for operation in job for k, _ in operation)
    moved = [[[(k - base, d) for k, d in options] for options in job] for job in jobs]
    return _shop(moved, machines)


def _flow_shop(text: str) -> Plan:
    """Parse Taillard's permutation flow shops: a row of times for each machine."""
    rows = []
    for line in _lines(text):
        words = line.split()
        if all(word.isdigit() for word in words):
            rows.append([int(word) for word in words])
    n, machines = rows[0][:2]
    times = rows[1 : 1 + machines]
    jobs = [[[(k, times[k][j])] for k in range(machines)] for j in range(n)]
    return _shop(jobs, machines, permutation=True)


def _open_shop(text: str) -> Plan:
    """Parse an open shop: a row of times, one for each machine, for each job."""
    (n, machines), *times = [
        [int(word) for word in line.split()] for line in _lines(text)
    ]
    jobs = [[[(k, row[k])] for k in range(machines)] for row in times[:n]]
    return _shop(jobs, machines, ordered=False)


def _project(text: str) -> Plan:
    """Parse a project of PSPLIB with one mode a task (``.sm``)."""
    lines = text.split("\n")

    def section(title: str, skipped: int) -> Iterator[list[int]]:
        at = next(i for i, line in enumerate(lines) if line.startswith(title))
        for line in lines[at + 1 + skipped :]:
            if line.startswith("*"):
                return
            yield [int(word) for word in line.split()]

    after = [
        (row[0] - 1, successor - 1)
        for row in section("PRECEDENCE RELATIONS", 1)
        for successor in row[3:]
    ]
    capacities = next(section("RESOURCEAVAILABILITIES", 1))
    modes = [
        [(row[2], {k: need for k, need in enumerate(row[3:]) if need})]
        for row in section("REQUESTS/DURATIONS", 2)
    ]
    return Plan(modes, capacities, after)


_READERS = {
    "jsp": _job_shop,
    "fjsp": _flexible,
    "pfsp": _flow_shop,
    "ossp": _open_shop,
    "rcpsp": _project,
}

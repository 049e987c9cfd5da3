"""What happens inside the process of a run of one of our own solvers."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from combkit.cli.bench.plan import Task
from combkit.cli.options import accepts
from combkit.cli.rehearsal import rehearse
from combkit.cli.report import doubts
from combkit.comb.solve import solve
from combkit.instances.errors import CombkitError, UnsupportedFeatureError
from combkit.instances.events import Events
from combkit.instances.formats import read, write_solution
from combkit.instances.problem import Problem
from combkit.instances.result import Result
from combkit.instances.stop import MaxIterations, Reason

__all__ = ["main", "rehearse_task", "solve_task"]

#: Seconds that each solver gets in a rehearsal.
_REHEARSAL = 0.2


def solve_task(task: Task, descriptor: int, solution: str | None) -> None:
    """Run a task and write what happens to a pipe, a JSON object a line.

    Parameters
    ----------
    task : Task
        The run; its clock starts now, reading counts.
    descriptor : int
        Pipe to the worker. ``{"point": [time, objective, bound, source]}`` for
        each change, then ``{"row": {...}}`` with columns of the table of runs
        and ``{"modules": [...]}`` with what had to be imported.
    solution : str or None
        File to write the solution to.
    """
    started = time.perf_counter()
    before = set(sys.modules)
    emit = _emitter(descriptor)
    emit("row", _row(task, started, emit, solution))
    emit("modules", _new_modules(before))


def rehearse_task(task: Task, descriptor: int) -> None:
    """Let the solver of a task solve something tiny, for what it imports.

    Parameters
    ----------
    task : Task
        The run to come.
    descriptor : int
        Pipe to the worker, for ``{"modules": [...]}``.
    """
    before = set(sys.modules)
    rehearse(task.config.name, task.instance.kind, _REHEARSAL)
    _emitter(descriptor)("modules", _new_modules(before))


def _emitter(descriptor: int) -> Callable[[str, Any], None]:
    def emit(key: str, value: Any) -> None:
        line = json.dumps({key: value}).encode() + b"\n"
        while line:
            line = line[os.write(descriptor, line) :]

    return emit


def _new_modules(before: set[str]) -> list[str]:
    return [name for name in list(sys.modules) if name not in before]


class _Stream(Events):
    """Pass every change on at once, so that it survives whatever comes next."""

    def __init__(self, emit: Callable[[str, Any], None]) -> None:
        self._emit = emit
        self._objective: float | None = None
        self._bound: float | None = None

    def on_incumbent(
        self, solution: Any, objective: float, time: float, source: str
    ) -> None:
        """Pass a better solution on."""
        self._objective = objective
        self._emit("point", [time, objective, self._bound, source])

    def on_bound(self, bound: float, time: float) -> None:
        """Pass a better bound on."""
        self._bound = bound
        self._emit("point", [time, self._objective, bound, "bound"])


def _row(
    task: Task,
    started: float,
    emit: Callable[[str, Any], None],
    solution: str | None,
) -> dict[str, Any]:
    try:
        problem = read(task.instance.file, task.instance.format)
        if problem.fingerprint != task.instance.fingerprint:
            return _failed(f"{task.instance.file}: has changed since the batch began")
        limits, config = task.limits, task.config
        params: dict[str, Any] = dict(config.params)
        if accepts(config.name, problem.kind, "device"):
            params.setdefault("device", config.device)
        result = solve(
            problem,
            config.name,
            time_limit=limits.time,
            gap=limits.gap,
            stop=None
            if limits.iterations is None
            else MaxIterations(limits.iterations),
            seed=task.seed,
            threads=limits.threads,
            events=_Stream(emit),
            started=started,
            **params,
        )
        if solution is not None and result.solution is not None:
            write_solution(problem, result.solution, solution)
        return _outcome(problem, result)
    except MemoryError:
        return {"status": "out_of_memory", "message": "an allocation failed"}
    except UnsupportedFeatureError as error:
        return _failed(str(error), "unsupported")
    except CombkitError as error:
        return _failed(str(error))
    except Exception as error:
        import traceback

        traceback.print_exc()
        return _failed(f"{type(error).__name__}: {error}")


def _failed(message: str, status: str = "error") -> dict[str, Any]:
    return {"status": status, "reason": str(Reason.FAILED), "message": message}


def _outcome(problem: Problem, result: Result) -> dict[str, Any]:
    memory = result.reason is Reason.MEMORY
    return {
        "status": "out_of_memory" if memory else str(result.status),
        "reason": str(result.reason),
        "message": result.raw_status,
        "objective": _finite(result.objective),
        "bound": _finite(result.bound),
        "verified": result.solution is not None
        and not doubts(problem, result, result.solution),
        "iterations": result.iterations,
        "extra": json.dumps(dict(result.extra), default=str) if result.extra else None,
        "runtime": result.runtime,
        "time_to_best": _finite(result.time_to_best),
        "versions": json.dumps(dict(result.versions)),
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def main(argv: list[str]) -> None:
    """Run a task in a fresh interpreter: ``task.json descriptor [solution]``."""
    with open(argv[0], encoding="utf-8") as stream:
        task: Mapping[str, Any] = json.load(stream)
    solve_task(Task.from_dict(task), int(argv[1]), argv[2] if len(argv) > 2 else None)


if __name__ == "__main__":
    main(sys.argv[1:])

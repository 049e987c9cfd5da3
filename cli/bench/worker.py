"""A worker: takes tasks one at a time, gives each a process, writes the rows.

It is a process with a single thread that has imported the solvers but never
solved anything: forking it costs milliseconds. Which modules those are it
learns from the runs, and from a tiny rehearsal before the first one: what a run
had to import, the worker imports too, before it forks the next one.

Tasks come in and answers go out as JSON lines; see ``workers.py``.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import platform
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from combkit.cli.bench import process
from combkit.cli.bench.cgroup import Groups
from combkit.cli.bench.foreign import ForeignSolver, LineParser
from combkit.cli.bench.plan import Task
from combkit.cli.bench.process import Cause, Ending, Request
from combkit.cli.bench.store import Part
from combkit.cli.bench.versions import machine
from combkit.cli.bench.workers import scratch_folder
from combkit.instances.formats import read
from combkit.instances.stop import Reason

__all__ = ["Worker", "identity", "main"]

#: Seconds that a rehearsal may take.
_REHEARSAL_WALL = 5.0
#: Seconds that a check of a foreign solution may take.
_JUDGE_WALL = 600.0

#: Variables by which libraries learn how many threads they may start.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


class _Listener:
    """Takes the lines of a run of our own: points, a row, modules."""

    def __init__(self) -> None:
        self.trace: dict[str, list[Any]] = {
            name: [] for name in ("time", "objective", "bound", "source")
        }
        self.row: dict[str, Any] = {}
        self.modules: list[str] = []

    def __call__(self, line: bytes, elapsed: float) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            return  # torn by the end of the run
        if "point" in message:
            for column, value in zip(
                self.trace.values(), message["point"], strict=True
            ):
                column.append(value)
        elif "row" in message:
            self.row = message["row"]
        else:
            self.modules = message["modules"]


class Worker:
    """Runs tasks and returns their rows.

    Parameters
    ----------
    name : str
        Of the worker, kept in its rows.
    logs, solutions : Path
        Folders for what is kept of a run.
    cores : sequence of int
        Processors to pin the runs to; empty: any.
    groups : Groups or None
        Where control groups can be made.
    """

    def __init__(
        self,
        name: str,
        logs: Path,
        solutions: Path,
        cores: Sequence[int] = (),
        groups: Groups | None = None,
    ) -> None:
        self._name = name
        self._logs = logs
        self._solutions = solutions
        self._cores = cores
        self._groups = groups
        self._rehearsed: set[tuple[str, str]] = set()
        self.scratch: Path | None = None

    def run(self, task: Task) -> dict[str, Any]:
        """Run a task; return its row, the trace in the column ``trace``."""
        started = time.time()
        log = self._logs / f"{task.run}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        scratch = scratch_folder(task.run)
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        self.scratch = scratch
        try:
            if task.config.foreign is None:
                row, trace, ending = self._run_own(task, log, scratch)
            else:
                row, trace, ending = self._run_foreign(task, log, scratch)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return {
            **identity(task),
            **row,
            **_judgement(row, ending),
            "runtime": row.get("runtime") or ending.wall,
            "wall": ending.wall,
            "cpu": ending.cpu,
            "peak_memory": ending.peak_memory,
            "exit_code": ending.exit_code,
            "started": started,
            "host": platform.node(),
            "worker": self._name,
            "machine": json.dumps(machine()),
            "log": log.name if log.exists() else None,
            "trace": trace,
        }

    # -- our own solvers ---------------------------------------------------

    def _run_own(
        self, task: Task, log: Path, scratch: Path
    ) -> tuple[dict[str, Any], dict[str, list[Any]], Ending]:
        self._rehearse(task, log)
        solution = self._solution(task)

        def solve(descriptor: int) -> None:
            from combkit.cli.bench.child import solve_task

            solve_task(task, descriptor, solution)

        listener = _Listener()
        if task.config.device == "cuda":
            # A process that has been forked cannot use the GPU.
            request = self._fresh(task, log, scratch, solution)
        else:
            request = self._request(task, log, solve)
        ending = process.run(request, listener, self._groups)
        _import(listener.modules)
        return listener.row, listener.trace, ending

    def _rehearse(self, task: Task, log: Path) -> None:
        """Learn from a tiny run what the first run would have to import."""
        name, kind = task.config.name, task.instance.kind
        if (name, kind) in self._rehearsed or task.config.device == "cuda":
            return
        self._rehearsed.add((name, kind))

        def solve(descriptor: int) -> None:
            from combkit.cli.bench.child import rehearse_task

            rehearse_task(task, descriptor)

        listener = _Listener()
        request = replace(self._request(task, log, solve), wall=_REHEARSAL_WALL)
        process.run(request, listener, self._groups)
        log.unlink(missing_ok=True)
        _import(listener.modules)

    def _fresh(
        self, task: Task, log: Path, scratch: Path, solution: str | None
    ) -> Request:
        file = scratch / "task.json"
        file.write_text(json.dumps(task.to_dict()), encoding="utf-8")
        words = [sys.executable, "-m", "combkit.cli.bench.child", str(file), "1"]
        return self._request(task, log, [*words, *([solution] if solution else [])])

    def _solution(self, task: Task) -> str | None:
        if not task.keep_solution:
            return None
        self._solutions.mkdir(parents=True, exist_ok=True)
        return str(self._solutions / f"{task.run}.json")

    def _request(self, task: Task, log: Path, target: Any, **options: Any) -> Request:
        limits = task.limits
        options.setdefault("env", {})
        threads = dict.fromkeys(_THREAD_VARIABLES, str(limits.threads))
        return Request(
            target=target,
            wall=limits.time + limits.grace,
            log=log,
            memory=limits.memory,
            address_space=limits.address_space,
            cores=self._cores,
            **{**options, "env": {**threads, **options["env"]}},
        )

    # -- foreign solvers ---------------------------------------------------

    def _run_foreign(
        self, task: Task, log: Path, scratch: Path
    ) -> tuple[dict[str, Any], dict[str, list[Any]], Ending]:
        assert task.config.foreign is not None
        foreign = ForeignSolver.from_dict(task.config.foreign)
        command = foreign.prepare(
            task.instance.file, task.instance.kind, task.seed, task.limits, scratch
        )
        parser = LineParser(foreign)
        with log.open("ab", buffering=0) as copy:

            def on_line(line: bytes, elapsed: float) -> None:
                copy.write(line + b"\n")
                parser.feed(line.decode(errors="replace"), elapsed)

            ending = process.run(
                self._request(
                    task, log, command.argv, env=command.env, folder=str(scratch)
                ),
                on_line,
                self._groups,
            )

        def judge(descriptor: int) -> None:
            problem = read(task.instance.file, task.instance.format)
            row, trace = foreign.judge(
                problem,
                command.solution,
                parser,
                ending.exit_code,
                log,
                ending.wall,
            )
            message = json.dumps({"row": row, "trace": trace}).encode() + b"\n"
            while message:
                message = message[os.write(descriptor, message) :]

        # In a process of its own: the solution file is untrusted input.
        answer = bytearray()
        process.run(
            Request(target=judge, wall=_JUDGE_WALL, log=log, env={}),
            lambda line, elapsed: answer.extend(line),
        )
        try:
            verdict = json.loads(answer)
        except ValueError:
            return _unreadable(), {}, ending
        if task.keep_solution and command.solution.exists():
            target = self._solutions / f"{task.run}{command.solution.suffix}"
            self._solutions.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(command.solution, target)
        return verdict["row"], verdict["trace"], ending


def _unreadable() -> dict[str, Any]:
    return {"status": "invalid", "message": "its solution could not be examined"}


def identity(task: Task) -> dict[str, Any]:
    """Return the columns that say what is run."""
    instance, config, limits = task.instance, task.config, task.limits
    return {
        "run": task.run,
        "attempt": task.attempt,
        "instance": instance.name,
        "kind": instance.kind,
        "sense": instance.sense,
        "fingerprint": instance.fingerprint,
        "file": instance.file,
        "best_known": instance.best_known,
        "label": config.label,
        "solver": config.name,
        "params": json.dumps(dict(config.params), sort_keys=True),
        "version": config.version,
        "commit": config.commit or None,
        "dirty": config.dirty,
        "seed": task.seed,
        "time_limit": limits.time,
        "memory_limit": limits.memory,
        "threads": limits.threads,
        "work_limit": limits.iterations,
        "gap_limit": limits.gap,
    }


def _judgement(row: Mapping[str, Any], ending: Ending) -> dict[str, Any]:
    """Return the status that the end of the process imposes, if it does."""
    if ending.cause is Cause.MEMORY:
        return _failure("out_of_memory", Reason.MEMORY, "the memory limit was exceeded")
    if ending.cause is Cause.WALL:
        heard = "" if ending.exit_code == 0 else f"; ended by {_how(ending.exit_code)}"
        return _failure(
            "timeout", Reason.TIME, f"still running after {ending.wall:.1f} s{heard}"
        )
    if row:
        return {}
    outside = (-signal.SIGKILL, -signal.SIGTERM)
    status = "killed" if ending.exit_code in outside else "crashed"
    return _failure(status, Reason.FAILED, f"ended by {_how(ending.exit_code)}")


def _failure(status: str, reason: Reason, message: str) -> dict[str, Any]:
    return {"status": status, "reason": str(reason), "message": message}


def _how(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit code {exit_code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-exit_code).name
    return f"signal {-exit_code}"


def _import(names: Sequence[str]) -> None:
    """Import what a run had to import, so that the next one need not."""
    for name in names:
        if name not in sys.modules:
            # Some modules of a package are not for everyone; a run that needs
            # one meets the same error itself.
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def main(argv: Sequence[str] | None = None) -> None:
    """Serve tasks from standard input until it ends."""
    parser = argparse.ArgumentParser(prog="combkit.cli.bench.worker")
    parser.add_argument("--name", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--temporary", action="store_true")
    parser.add_argument("--part", type=Path)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--cores", default="")
    parser.add_argument("--groups", type=Path)
    args = parser.parse_args(argv)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process.adopt_orphans()
    # What a run or a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    worker = Worker(
        args.name,
        args.folder / "logs",
        args.folder / "solutions",
        [int(core) for core in args.cores.split(",") if core],
        None if args.groups is None else Groups(args.groups),
    )

    def clear() -> None:
        process.kill_descendants()
        if worker.scratch is not None:
            shutil.rmtree(worker.scratch, ignore_errors=True)
        if args.temporary:
            shutil.rmtree(args.folder, ignore_errors=True)

    def leave(number: int, frame: object) -> None:
        """End, and the run with us: the driver is gone or wants no more."""
        clear()
        os._exit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    process.die_with_parent(signal.SIGTERM, args.parent)
    part = None if args.part is None else Part(args.part)
    try:
        _serve(worker, part, sys.stdin, answers)
    finally:
        clear()


def _serve(worker: Worker, part: Part | None, tasks: IO[str], answers: IO[str]) -> None:
    for line in tasks:
        task = Task.from_dict(json.loads(line))
        answer: dict[str, Any]
        try:
            row = worker.run(task)
            if part is not None:
                part.append(row)
                del row["trace"]
            answer = {"row": row}
        except OSError as error:
            where = "" if error.filename is None else f"{error.filename}: "
            answer = {"fatal": f"{where}{error.strerror or error}"}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()

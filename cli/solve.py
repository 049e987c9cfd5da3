"""``combkit solve``: read, solve, write, verify, report."""

from __future__ import annotations

import argparse
import inspect
import json
import math
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from combkit.cli.exits import Exit, complain, note
from combkit.cli.interrupts import Interrupts
from combkit.cli.options import accepts
from combkit.cli.output import ensure_writable, plan, solution_path, stem
from combkit.cli.params import add_params, parameters
from combkit.cli.parser import examples, fraction, natural, number, positive, seconds
from combkit.cli.progress import watch
from combkit.cli.report import as_text, doubts, failure, record
from combkit.comb.registry import find
from combkit.comb.solve import solve
from combkit.instances.best_known import best_known
from combkit.instances.errors import (
    CombkitWarning,
    InstanceFormatError,
    InvalidSolutionError,
    UnsupportedFeatureError,
    UsageError,
)
from combkit.instances.formats import read, read_solution, write_solution
from combkit.instances.problem import Problem
from combkit.instances.result import Result, Status
from combkit.instances.solutions import Schedule, Solution
from combkit.instances.stop import Reason
from combkit.mip import robust

__all__ = ["configure", "run"]

#: Seconds that a file gets where the user sets no limit.
DEFAULT_TIME_LIMIT = 60.0

_PROVEN_EMPTY = (
    Status.INFEASIBLE,
    Status.UNBOUNDED,
    Status.INFEASIBLE_OR_UNBOUNDED,
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = examples(
        "combkit solve berlin52.tsp",
        "combkit solve X-n101-k25.vrp --time-limit 30 --seed 1 -o X-n101-k25.sol",
        "combkit solve ft10.txt --solver cpsat --gap 0.01 --threads 4",
        "combkit solve model.mps.gz --solver highs --log highs.log --json",
        "combkit solve shop.txt --initial plan.json --now 40 --movement 1",
        "combkit solve *.tsp --solver ils --quiet --json -o tours/ > runs.jsonl",
    )
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="instance files, plain or .gz")
    add("--solver", default="auto", metavar="NAME", help="see combkit solvers")
    add(
        "--time-limit",
        type=seconds,
        default=DEFAULT_TIME_LIMIT,
        metavar="S",
        help="wall seconds a file, reading included; none for no limit "
        f"(default {DEFAULT_TIME_LIMIT:g})",
    )
    add(
        "--gap",
        type=fraction,
        metavar="G",
        help="stop at this relative gap between objective and bound "
        "(default 1e-4 for mip, 0 otherwise)",
    )
    add("--target", type=number, metavar="OBJ", help="stop at this objective")
    add("--seed", type=natural, default=0, metavar="N", help="(default 0)")
    add("--threads", type=positive, default=1, metavar="N", help="(default 1)")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--initial", metavar="SOL", help="solution file to start from")
    add(
        "--now",
        type=natural,
        metavar="T",
        help="reschedule: what --initial started before T stays, the rest starts at T "
        "at the earliest",
    )
    add(
        "--movement",
        type=natural,
        default=0,
        metavar="W",
        help="with --now: weight, in the objective, of how far tasks move (default 0)",
    )
    add_params(parser, "an option of the solver (combkit solvers --params lists them)")
    add(
        "-o",
        "--output",
        metavar="OUT",
        help="write the solution: a file, its format by its suffix (.json for every "
        "kind), or a folder",
    )
    add("--format", metavar="F", help="instance format, instead of recognising it")
    add("--log", metavar="FILE", help="write the native log of the solver")
    add("--json", action="store_true", help="print one JSON object a file")
    add("--quiet", action="store_true", help="show no progress")


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Solve every file; the exit code is the highest of theirs."""
    params = _params(args)
    if args.movement and args.now is None:
        raise UsageError("--movement: needs a time, --now")
    out = plan(args.files, args.output)
    code = int(Exit.OK)
    for k, file in enumerate(args.files):
        job = Job(file, out, args.started if k == 0 else time.perf_counter(), params)
        interrupts.deferred = False
        try:
            code = max(code, _solve_file(job, args, interrupts))
        except BrokenPipeError:
            raise
        except Exception as error:
            if interrupts.received:
                raise
            code = max(code, complain(error))
            if args.json:
                print(json.dumps(failure(job.name, args)), flush=True)
        if interrupts.received:
            break
    return code


@dataclass(frozen=True, slots=True)
class Job:
    """One file to solve."""

    file: str
    out: Path | None
    started: float
    params: dict[str, Any]

    @property
    def name(self) -> str:
        """Name of the file without its folder and suffixes."""
        return stem(self.file)


def _params(args: argparse.Namespace) -> dict[str, Any]:
    """Return the solver's options; what has a flag of its own is refused."""
    names = inspect.signature(solve).parameters
    reserved = {name: f"the flag --{name.replace('_', '-')}" for name in names}
    for name in ("device", "log"):
        reserved[name] = f"the flag --{name}"
    params = parameters(args.param, reserved)
    if args.log is not None:
        if len(args.files) > 1:
            raise UsageError("--log: takes one instance file")
        ensure_writable(args.log)
    return params


def _solve_file(job: Job, args: argparse.Namespace, interrupts: Interrupts) -> int:
    problem, params = read(job.file, args.format).adapted(job.params)
    path, format = solution_path(job.out, job.file, problem)
    posed, initial = problem, None
    if args.now is None:
        initial = _initial(args.initial, problem, args.solver)
    else:
        posed = _rest(problem, args)
    params = {**params, **_flags(args, posed.kind)}
    # From here on an interrupt ends the solver, and its incumbent is kept.
    interrupts.deferred = True
    with (
        _warnings_as_lines(),
        watch(
            interrupts,
            title=_title(posed, args),
            started=job.started,
            quiet=args.quiet,
        ) as events,
    ):
        result = solve(
            posed,
            args.solver,
            time_limit=None if math.isinf(args.time_limit) else args.time_limit,
            gap=args.gap,
            target=args.target,
            seed=args.seed,
            threads=args.threads,
            events=events,
            initial=initial,
            started=job.started,
            **params,
        )
    interrupts.received |= result.reason is Reason.INTERRUPTED
    written = _write(problem, result, path, format)
    solution = result.solution
    if written and path is not None:
        solution = read_solution(path, problem, format)
    verified = _verified(posed, result, solution)
    tell = (
        result,
        posed.sense,
        best_known(posed),
        verified,
        str(path) if written else None,
    )
    print(json.dumps(record(*tell)) if args.json else as_text(*tell), flush=True)
    return _exit_code(result, verified)


def _initial(path: str | None, problem: Problem, solver: str) -> Solution | None:
    if path is None:
        return None
    solution = read_solution(path, problem)
    if solver != "auto" and find(solver, problem.kind).mends:
        return solution
    try:
        solution = robust.as_start(problem, solution)
        if (
            problem.exact
            and problem.kind != "robust"
            and (violations := problem.check(solution))
        ):
            raise InvalidSolutionError(violations)
    except InvalidSolutionError as error:
        raise InstanceFormatError(path, None, f"initial solution: {error}") from None
    return solution


def _rest(problem: Problem, args: argparse.Namespace) -> Problem:
    """Return what is left to decide of the plan that ``--initial`` names."""
    from combkit.instances.rescheduling import Rescheduling

    if args.initial is None:
        raise UsageError("--now: needs a plan, --initial")
    schedule = read_solution(args.initial, problem)
    if not isinstance(schedule, Schedule):
        raise UnsupportedFeatureError(
            f"--now: a {problem.kind} has no schedule to change"
        )
    try:
        return Rescheduling(problem, schedule, args.now, args.movement)
    except InvalidSolutionError as error:
        raise InstanceFormatError(args.initial, None, f"plan: {error}") from None


def _flags(args: argparse.Namespace, kind: str) -> dict[str, Any]:
    """Return the options that have a flag, where the solver takes them."""
    flags: dict[str, Any] = {}
    if args.device != "auto" and accepts(args.solver, kind, "device"):
        flags["device"] = args.device
    elif args.device == "cuda":
        raise UsageError(f"--device cuda: solver {args.solver!r} runs on the CPU only")
    if args.log is not None:
        if not accepts(args.solver, kind, "log"):
            hint = "; name one with --solver" if args.solver == "auto" else ""
            raise UsageError(f"--log: solver {args.solver!r} has no native log{hint}")
        flags["log"] = args.log
    return flags


def _title(problem: Problem, args: argparse.Namespace) -> str:
    size = ", ".join(f"{name} = {value}" for name, value in problem.size.items())
    limit = "no limit" if math.isinf(args.time_limit) else f"{args.time_limit:g} s"
    return (
        f"{problem.name} ({problem.kind}, {size}): {args.solver}, {limit}, "
        f"seed {args.seed}, {args.threads} thread{'s' * (args.threads > 1)}"
    )


def _write(
    problem: Problem, result: Result, path: Path | None, format: str | None
) -> bool:
    if path is None or result.solution is None:
        return False
    write_solution(problem, result.solution, path, format)
    return True


def _verified(problem: Problem, result: Result, solution: Solution | None) -> bool:
    """Check the solution once more, as the written file holds it if there is one."""
    if solution is None or result.objective is None:
        return False
    found = doubts(problem, result, solution)
    if found:
        note(f"warning: not verified: {InvalidSolutionError(found)}")
    return not found


def _exit_code(result: Result, verified: bool) -> Exit:
    if verified or result.status in _PROVEN_EMPTY:
        return Exit.OK
    if result.solution is None and result.reason is Reason.INTERRUPTED:
        return Exit.INTERRUPTED
    return Exit.NOTHING


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Show the suite's own warnings as one line each, and no one else's."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        note(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", CombkitWarning)
        warnings.showwarning = show
        yield

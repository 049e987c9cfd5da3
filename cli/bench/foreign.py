"""Solvers that are not ours: a command to run, a way to read what it prints.

A foreign command is handed an instance file and the path of a solution file to
write. What it prints is read line by line as it comes; what it claims counts
only as far as its solution file, judged by our own checks, bears it out.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from combkit.cli.report import number, same_objective
from combkit.instances.errors import (
    CombkitError,
    InvalidSolutionError,
    UsageError,
    nearest,
)
from combkit.instances.formats import read_solution
from combkit.instances.problem import Problem
from combkit.instances.result import Status, TracePoint
from combkit.instances.source import Source
from combkit.instances.stop import Reason

if TYPE_CHECKING:
    from combkit.cli.bench.spec import Limits

__all__ = ["Command", "ForeignSolver", "LineParser", "peers_folder"]

#: Placeholders that are the same for every run, and those of a run.
_FIXED = ("here", "peers", "python")
_OF_A_RUN = (
    *("instance", "kind", "solution", "scratch", "seed"),
    *("time_limit", "threads", "memory", "gap"),
)

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SUFFIX = re.compile(r"[A-Za-z0-9]+")

#: Says that the command does not take the instance.
_UNSUPPORTED = "unsupported"
#: What a command may claim to have found.
_CLAIMS = (
    *map(str, (Status.OPTIMAL, Status.FEASIBLE, Status.INFEASIBLE)),
    *map(str, (Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED)),
    _UNSUPPORTED,
)
_CLAIMED_WITHOUT_SOLUTION = _CLAIMS[2:]

#: What is read from a line: numbers, and a word for the status.
_NUMBERS = ("time", "objective", "bound", "iterations", "runtime")
_PATTERNS = (*_NUMBERS[1:], "status", *_CLAIMS)

#: Seconds that a command gets to tell its version.
_VERSION_WALL = 60.0
#: Bytes at the end of a log in which the last error is looked for.
_TAIL = 64 << 10


class Command(NamedTuple):
    """A command of a run.

    Parameters
    ----------
    argv : list of str
        Program and arguments.
    env : dict of str to str
        Environment variables to set.
    solution : Path
        The solution file that it is to write.
    """

    argv: list[str]
    env: dict[str, str]
    solution: Path


def peers_folder() -> Path:
    """Return the folder of the peers' environments, ``$COMBKIT_PEERS``.

    By default it is ``peers`` in the cache folder of combkit.
    """
    named = os.environ.get("COMBKIT_PEERS")
    if named:
        return Path(named).absolute()
    cache = os.environ.get("COMBKIT_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "combkit"
    )
    return Path(cache).absolute() / "peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignSolver:
    """A command template with an output parser.

    Parameters
    ----------
    command : sequence of str
        Program and arguments, with placeholders in braces (``{{`` is a brace):
        ``instance``, ``solution``, ``scratch`` (paths), ``kind`` (of the
        instance), ``seed``, ``time_limit`` (seconds), ``threads``, ``memory``
        (bytes) and ``gap``, the last two empty where the batch sets none;
        ``here`` (folder of the spec), ``python`` (our interpreter), ``peers``
        (their environments), and the names of ``params``. It is run without a
        shell, in ``scratch``.
    folder : str
        Folder of the spec.
    solution : str
        Suffix of the solution file that it writes.
    output : "lines" or mapping of str to str
        How its standard output is read. ``"lines"``: each line that is a JSON
        object with some of the keys time, objective, bound, status,
        iterations, runtime. A mapping: regular expressions, searched in each
        line; objective, bound, status, iterations and runtime have one group;
        optimal, feasible, infeasible, unbounded, infeasible_or_unbounded and
        unsupported are claims when they are found.
    version : str, optional
        Version of the solver, which is a part of the identity of a run.
    version_command : sequence of str
        Command that prints it, where ``version`` does not state it.
    non_commercial : bool
        Whether its licence excludes commercial use.
    env : mapping of str to str
        Environment variables, with placeholders.
    params : mapping
        Further placeholders.

    Raises
    ------
    UsageError
        Naming the key and the value that is not allowed.
    """

    command: Sequence[str]
    folder: str
    solution: str = "json"
    output: str | Mapping[str, str] = "lines"
    version: str | None = None
    version_command: Sequence[str] = ()
    non_commercial: bool = False
    env: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.command:
            raise UsageError("command: is empty")
        if not _SUFFIX.fullmatch(self.solution.removeprefix(".")):
            raise UsageError(f"solution: {self.solution!r} is not a file suffix")
        for name, value in self.params.items():
            _text(value)
            if not _NAME.fullmatch(name) or name in (*_FIXED, *_OF_A_RUN):
                raise UsageError(f"params: {name!r} cannot be a placeholder's name")
        for name in self.env:
            if not name or "=" in name or "\0" in name:
                raise UsageError(f"env: {name!r} cannot be a variable's name")
        if (self.version is None) == (not self.version_command):
            raise UsageError("version: either version or version_command is needed")
        object.__setattr__(self, "command", tuple(self.command))
        object.__setattr__(self, "version_command", tuple(self.version_command))
        known = (*_FIXED, *_OF_A_RUN, *self.params)
        used = {
            *_names("command", self.command, known),
            *_names("env", map(_text, self.env.values()), known),
            *_names("version_command", self.version_command, (*_FIXED, *self.params)),
        }
        for name in self.params:
            if name not in used:
                raise UsageError(f"params: {{{name}}} does not occur in the command")
        _patterns(self.output)

    # -- before a run ------------------------------------------------------

    def find_version(self) -> str:
        """Return the version, having made sure that the programs exist.

        Raises
        ------
        UsageError
            If a program is not there, or does not tell its version.
        """
        for words in (self.command, self.version_command):
            self._require_program(words)
        if self.version is not None:
            return self.version
        argv = [_fill(word, self._fixed()) for word in self.version_command]
        shown = " ".join(argv)
        try:
            done = subprocess.run(
                argv,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=_VERSION_WALL,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            said = _last_line(error.stderr) or f"exit code {error.returncode}"
            raise UsageError(f"version_command: {shown}: {said}") from None
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UsageError(f"version_command: {shown}: {error}") from None
        version = next(filter(None, map(str.strip, done.stdout.splitlines())), "")
        if not version:
            raise UsageError(f"version_command: {shown}: prints nothing")
        return version

    def prepare(
        self, instance: str | Path, kind: str, seed: int, limits: Limits, scratch: Path
    ) -> Command:
        """Return the command of a run; a packed instance is unpacked for it.

        Parameters
        ----------
        instance : str or Path
            Instance file.
        kind : str
            Its kind.
        seed : int
            Seed of the run.
        limits : Limits
            What the run may use.
        scratch : Path
            Empty folder, gone after the run.

        Raises
        ------
        InstanceFormatError
            If the instance cannot be read or unpacked.
        """
        solution = scratch / f"solution.{self.solution.removeprefix('.')}"
        values = {
            **self._fixed(),
            "instance": _unpacked(Path(instance), scratch),
            "kind": kind,
            "solution": solution,
            "scratch": scratch,
            "seed": seed,
            "time_limit": limits.time,
            "threads": limits.threads,
            "memory": limits.memory,
            "gap": limits.gap,
        }
        return Command(
            argv=[_fill(word, values) for word in self.command],
            env={key: _fill(_text(word), values) for key, word in self.env.items()},
            solution=solution,
        )

    def _fixed(self) -> dict[str, Any]:
        return {
            "here": self.folder,
            "peers": peers_folder(),
            "python": sys.executable,
            **self.params,
        }

    def _require_program(self, words: Sequence[str]) -> None:
        if not words:
            return
        program = _fill(words[0], self._fixed() | dict.fromkeys(_OF_A_RUN))
        if os.sep in program and not os.path.isabs(program):
            raise UsageError(f"command: write {{here}}/{words[0]}, not {words[0]}")
        if shutil.which(program) is None:
            where = f" (peers are in {peers_folder()})" if "{peers}" in words[0] else ""
            raise UsageError(f"command: there is no program {words[0]}{where}")

    # -- after a run -------------------------------------------------------

    def judge(
        self,
        problem: Problem,
        solution: Path,
        parser: LineParser,
        exit_code: int,
        log: Path,
        wall: float | None = None,
    ) -> tuple[dict[str, Any], dict[str, list[Any]]]:
        """Return the row of a run and its trace, as far as they can be believed.

        The objective is recomputed from the solution file. A file that cannot
        be read or violates the problem, a bound beyond the objective, an
        optimum claimed for another objective and infeasibility claimed despite
        a solution make the run ``invalid``. Objectives of the trace are kept
        only where the best of them agrees with the recomputed one.

        Parameters
        ----------
        problem : Problem
            What was solved.
        solution : Path
            The solution file, which need not exist.
        parser : LineParser
            What the command printed.
        exit_code : int
            Its exit code; a negative one is the signal that ended it.
        log : Path
            File with what it printed, for the reason of a failure.
        wall : float, optional
            Seconds that the run took; the time of the last line without.

        Returns
        -------
        row : dict
            Columns of the table of runs; empty if a signal ended the command.
        trace : dict of str to list
            The columns time, objective, bound and source.
        """
        trace = _improvements(problem, parser.points)
        if exit_code < 0:
            return {}, _columns(_without_objectives(trace))
        claim = parser.status
        notes = [parser.complaint, _complaint(exit_code, log) if exit_code else ""]
        if claim == _UNSUPPORTED and not exit_code:
            notes.append(_said_last(log))
        row: dict[str, Any] = {
            "reason": Reason.COMPLETED,
            "objective": None,
            "bound": trace[-1].bound if trace else None,
            "verified": False,
            "iterations": parser.iterations,
            "runtime": parser.runtime,
            "time_to_best": None,
        }
        if not (solution.is_file() and solution.stat().st_size):
            trace = _without_objectives(trace)
            if claim in _CLAIMED_WITHOUT_SOLUTION:
                row["status"] = claim
                if claim == _UNSUPPORTED:
                    row["reason"] = Reason.FAILED
            elif exit_code:
                row |= {"status": Status.ERROR, "reason": Reason.FAILED}
            else:
                row["status"] = Status.NO_SOLUTION
                notes.append(f"claims {claim} without a solution" if claim else "")
            return row | {"message": _joined(notes)}, _columns(trace)
        try:
            objective = _objective(problem, solution)
            _require_consistent(problem, objective, row["bound"], parser)
        except CombkitError as error:
            reason = str(error).replace(str(solution), solution.name)
            row |= {"status": "invalid", "reason": Reason.FAILED, "bound": None}
            return row | {"message": _joined([reason, *notes])}, _columns([])
        if claim == Status.OPTIMAL and row["bound"] is None:
            row["bound"] = objective
        best = trace[-1].objective if trace else None
        if best is None or not same_objective(best, objective):
            if best is not None:
                notes.append(
                    f"printed the objective {number(best)}, its solution has "
                    f"{number(objective)}: the trace has only the latter"
                )
            trace = _without_objectives(trace)
            last = trace[-1].time if trace else 0.0
            end = parser.elapsed if wall is None else wall
            end = max(last, end if parser.runtime is None else parser.runtime)
            trace.append(TracePoint(end, objective, row["bound"], "checked"))
        final = trace[-1].objective
        row |= {
            "status": claim or Status.FEASIBLE,
            "objective": objective,
            "verified": True,
            "time_to_best": next(p.time for p in trace if p.objective == final),
        }
        return row | {"message": _joined(notes)}, _columns(trace)

    # -- form --------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able form: the arguments."""
        data = asdict(self)
        for key in ("command", "version_command"):
            data[key] = list(data[key])
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the solver that ``to_dict`` wrote."""
        return cls(**data)


# -- templates ---------------------------------------------------------------


def _names(key: str, words: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    """Yield the placeholders of some words, all of which must be known."""
    known = tuple(known)
    for word in words:
        if not isinstance(word, str) or "\0" in word:
            raise UsageError(f"{key}: {word!r} cannot be an argument")
        for match in _PLACEHOLDER.finditer(word):
            name = match[1]
            if match[0] in ("{", "}"):
                raise UsageError(f"{key}: {word!r} has a single brace; write it twice")
            if name is not None and name not in known:
                raise UsageError(
                    f"{key}: unknown placeholder {{{name}}}{nearest(name, known)} "
                    f"(known: {', '.join(sorted(known))})"
                )
            if name is not None:
                yield name


def _fill(word: str, values: Mapping[str, Any]) -> str:
    def value(match: re.Match[str]) -> str:
        return match[0][0] if match[1] is None else _text(values[match[1]])

    return _PLACEHOLDER.sub(value, word)


def _text(value: Any) -> str:
    """Return how a value is written in an argument: plain, else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str | Path):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    try:
        return json.dumps(value)
    except TypeError:
        raise UsageError(f"{value!r} cannot be written in an argument") from None


def _unpacked(instance: Path, scratch: Path) -> Path:
    source = Source(instance)
    if not source.packed:
        return instance
    with source.plain_path() as plain:
        target = scratch / plain.name
        shutil.move(plain, target)
    return target


# -- what it prints ----------------------------------------------------------


def _patterns(output: str | Mapping[str, str]) -> dict[str, re.Pattern[str]] | None:
    """Return the compiled patterns of a parser, None for the JSON lines."""
    if output == "lines":
        return None
    if not isinstance(output, Mapping):
        raise UsageError(
            f"output: {output!r} is neither 'lines' nor a table of patterns"
        )
    found = {}
    for key, text in output.items():
        if key not in _PATTERNS:
            raise UsageError(
                f"output: unknown key {key!r}{nearest(key, _PATTERNS)} "
                f"(known: {', '.join(_PATTERNS)})"
            )
        try:
            found[key] = re.compile(text)
        except (re.error, TypeError) as error:
            raise UsageError(f"output.{key}: {text!r}: {error}") from None
        if key not in _CLAIMS and found[key].groups != 1:
            raise UsageError(f"output.{key}: {text!r} does not have one group")
    return found


class LineParser:
    """Reads what a foreign command prints, line by line.

    Parameters
    ----------
    foreign : ForeignSolver
        Says how.

    Attributes
    ----------
    points : list of (float, float or None, float or None)
        Seconds, objective and bound as they were printed, whatever changed.
    objective, bound, runtime : float or None
        The last ones printed.
    iterations : int or None
        The last number printed.
    status : str or None
        The last claim.
    elapsed : float
        Seconds at the last line that said something.
    complaint : str
        What was wrong with the first line that is not as agreed.
    """

    def __init__(self, foreign: ForeignSolver) -> None:
        self._patterns = _patterns(foreign.output)
        self.points: list[tuple[float, float | None, float | None]] = []
        self.objective: float | None = None
        self.bound: float | None = None
        self.runtime: float | None = None
        self.iterations: int | None = None
        self.status: str | None = None
        self.elapsed = 0.0
        self.complaint = ""

    def feed(self, line: str, elapsed: float) -> None:
        """Take a line.

        Parameters
        ----------
        line : str
            The line, its end may be there or not.
        elapsed : float
            Seconds from the start of the command until it was read.
        """
        facts = self._json(line) if self._patterns is None else self._searched(line)
        if not facts:
            return
        self.status = facts.get("status", self.status)
        if "runtime" in facts:
            self.runtime = facts["runtime"]
        if "iterations" in facts:
            self.iterations = int(facts["iterations"])
        # A clock that goes backwards would leave the trace without an order.
        self.elapsed = max(self.elapsed, facts.get("time", elapsed))
        objective = facts.get("objective", self.objective)
        bound = facts.get("bound", self.bound)
        if (objective, bound) != (self.objective, self.bound):
            self.objective, self.bound = objective, bound
            self.points.append((self.elapsed, objective, bound))

    def _json(self, line: str) -> dict[str, Any]:
        if not line.lstrip().startswith("{"):
            return {}
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            return {}
        facts: dict[str, Any] = {}
        for key in _NUMBERS:
            value = data.get(key)
            if isinstance(value, int | float) and not isinstance(value, bool):
                facts.update(_finite(key, value))
            elif value is not None:
                self._complain(f"{key}: {value!r:.40} is not a number")
        status = data.get("status")
        if status in _CLAIMS:
            facts["status"] = status
        elif status is not None:
            hint = nearest(str(status), _CLAIMS)
            self._complain(f"status: {status!r:.40} is no claim{hint}")
        return facts

    def _searched(self, line: str) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        for key, pattern in (self._patterns or {}).items():
            match = pattern.search(line)
            if match is None:
                continue
            if key in _CLAIMS:
                facts["status"] = key
            elif key == "status":
                word = re.sub(r"[^a-z]+", "_", (match[1] or "").lower()).strip("_")
                if word in _CLAIMS:
                    facts["status"] = word
            else:
                facts.update(_finite(key, match[1]))
        return facts

    def _complain(self, reason: str) -> None:
        self.complaint = self.complaint or f"printed {reason}"


def _finite(key: str, value: Any) -> dict[str, float]:
    """Return a finite number under its key; logs write dashes and ``inf`` too."""
    try:
        real = float(value)
    except (TypeError, ValueError, OverflowError):
        return {}
    return {key: real} if math.isfinite(real) else {}


# -- what can be believed -----------------------------------------------------


def _improvements(
    problem: Problem, points: Iterable[tuple[float, float | None, float | None]]
) -> list[TracePoint]:
    """Return the points at which the best objective or bound so far changed."""
    trace: list[TracePoint] = []
    best: float | None = None
    proven: float | None = None
    for time, objective, bound in points:
        source = ""
        # A tighter bound is worse as an objective would be.
        if bound is not None and (proven is None or problem.better(proven, bound)):
            proven, source = bound, "bound"
        if objective is not None and (best is None or problem.better(objective, best)):
            best, source = objective, "printed"
        if source:
            trace.append(TracePoint(time, best, proven, source))
    return trace


def _without_objectives(trace: Iterable[TracePoint]) -> list[TracePoint]:
    kept: list[TracePoint] = []
    bound = None
    for point in trace:
        if point.bound != bound:
            bound = point.bound
            kept.append(TracePoint(point.time, None, bound, "bound"))
    return kept


def _objective(problem: Problem, path: Path) -> float:
    """Return the objective of a solution file that passes the check."""
    solution = read_solution(path, problem)
    if violations := problem.check(solution):
        raise InvalidSolutionError(violations[:1])
    return float(problem.evaluate(solution))


def _require_consistent(
    problem: Problem, objective: float, bound: float | None, parser: LineParser
) -> None:
    """Refuse claims that the solution disproves."""
    # Solvers have tolerances, and state their values within them.
    tolerance = max(1e-6, problem.optimality_gap)

    def differs(value: float) -> bool:
        scale = max(1.0, abs(value), abs(objective))
        return abs(value - objective) > tolerance * scale

    claim, stated = parser.status, parser.objective
    wrong = ""
    if claim in (Status.INFEASIBLE, _UNSUPPORTED):
        wrong = f"claims {claim} despite a solution of"
    elif bound is not None and problem.better(objective, bound) and differs(bound):
        wrong = f"claims the bound {number(bound)} despite a solution of"
    elif claim == Status.OPTIMAL and stated is not None and differs(stated):
        wrong = f"claims the optimum {number(stated)}, its solution has"
    if wrong:
        raise InvalidSolutionError([f"{wrong} {number(objective)}"])


def _complaint(exit_code: int, log: Path) -> str:
    """Return how a command failed, and what it said last."""
    said = _said_last(log)
    return f"exit code {exit_code}{': ' if said else ''}{said}"


def _said_last(log: Path) -> str:
    with contextlib.suppress(OSError), log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - _TAIL))
        return _last_line(stream.read().decode(errors="replace"))
    return ""


def _last_line(text: str) -> str:
    """Return the last line for a reader: none that is blank or of the protocol."""
    lines = [line.strip() for line in text.splitlines()]
    return next((x for x in reversed(lines) if x and not x.startswith("{")), "")[:500]


def _joined(notes: Iterable[str]) -> str:
    return "; ".join(note for note in notes if note)


def _columns(trace: Sequence[TracePoint]) -> dict[str, list[Any]]:
    return {name: [getattr(p, name) for p in trace] for name in TracePoint._fields}

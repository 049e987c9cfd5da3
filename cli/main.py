"""The entry point: choose the command, turn every ending into an exit code."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import NoReturn

from combkit.cli.clock import STARTED
from combkit.cli.exits import Exit, complain
from combkit.cli.interrupts import Interrupts
from combkit.cli.parser import Parser, examples
from combkit.instances.errors import UsageError, nearest

__all__ = ["COMMANDS", "build_parser", "main", "run"]

#: Every command: its name, which is that of its module here, a hyphen for an
#: underscore (or of a package with a module ``command``), and its summary. The
#: module has ``configure(parser)`` and ``run(args, interrupts) -> int``; only the
#: one that is asked for is imported.
COMMANDS: dict[str, str] = {
    "solve": "solve instance files",
    "check": "check a solution file against its instance",
    "info": "describe an instance file",
    "convert": "write an instance or a solution in another format",
    "schema": "print the JSON Schema of a kind's instances",
    "generate": "make random instances",
    "train": "train a learned solver",
    "embed": "turn mixed-integer programs into vectors",
    "similar": "find known programs that are like one",
    "index": "make and look into an index of programs",
    "predict-gap": "foretell the integrality gap of a program",
    "hints": "tell which values variables should take, or solve with them",
    "recommend": "tell which solver to use for a program",
    "plot": "draw an instance, a solution or a convergence curve",
    "solvers": "list the solvers",
    "bench": "run batches of experiments and report on them",
    "warmup": "compile every kernel ahead of time",
    "completion": "print a shell completion script",
}

#: New objects after which garbage is looked for: the imports of a start, which stay,
#: are fewer, and looking through them takes a tenth of it.
_OBJECTS = 100_000

_DESCRIPTION = """\
Solve combinatorial and mathematical-programming problems: routing, scheduling,
packing, mixed-integer programs. Instance files are recognised by their content."""


def load(command: str) -> ModuleType:
    """Import the module of a command."""
    module = import_module(f"combkit.cli.{command.replace('-', '_')}")
    if hasattr(module, "__path__"):
        module = import_module(f"{module.__name__}.command")
    return module


def build_parser(configured: Sequence[str]) -> Parser:
    """Return the parser; only the commands named in ``configured`` are filled in."""
    parser = Parser(
        prog="combkit",
        description=_DESCRIPTION,
        epilog=examples(
            "combkit solve berlin52.tsp --time-limit 10 -o berlin52.tour",
            "combkit check berlin52.tsp berlin52.tour",
            "combkit solvers tsp",
        )
        + "\n\nexit codes: 0 a checked solution, or infeasibility or unboundedness"
        "\nproven; 1 no solution within the limits, or an internal error; 2 bad"
        "\nusage or bad input; 130 interrupted with nothing found",
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", parser_class=Parser
    )
    for name, summary in COMMANDS.items():
        child = commands.add_parser(name, help=summary, description=summary + ".")
        if name in configured:
            load(name).configure(child)
    return parser


def main() -> NoReturn:
    """Run the command of ``sys.argv`` and end the process with its exit code.

    The process ends at once: native calls may have been left behind, and while
    the interpreter takes itself down, which takes a while with these libraries,
    a signal would change the exit code.
    """
    gc.set_threshold(_OBJECTS)
    code = run(sys.argv[1:], STARTED)
    os._exit(code)


def run(argv: Sequence[str], started: float | None = None) -> int:
    """Run a command and return its exit code; no exception gets out.

    Parameters
    ----------
    argv : sequence of str
        The words after ``combkit``.
    started : float, optional
        Reading of ``time.perf_counter()`` from which time limits count; now
        by default.
    """
    started = time.perf_counter() if started is None else started
    with Interrupts() as interrupts:
        try:
            code = _dispatch(argv, started, interrupts)
            sys.stdout.flush()
        except SystemExit as leaving:  # argparse, after printing help
            code = leaving.code if isinstance(leaving.code, int) else Exit.NOTHING
        except BrokenPipeError:
            # The reader of our output left, as in "combkit solvers | head -1".
            code = Exit.NOTHING
        except (Exception, KeyboardInterrupt) as error:
            # An import may turn our KeyboardInterrupt into an ImportError.
            early = interrupts.received and not interrupts.deferred
            code = complain(KeyboardInterrupt() if early else error)
        interrupts.deferred = True
        with contextlib.suppress(OSError):
            sys.stdout.flush()
    return code


def _dispatch(argv: Sequence[str], started: float, interrupts: Interrupts) -> int:
    command = next((word for word in argv if not word.startswith("-")), None)
    if command is not None and command not in COMMANDS:
        raise UsageError(
            f"unknown command {command!r}{nearest(command, COMMANDS)} "
            f"(commands: {', '.join(COMMANDS)})"
        )
    parser = build_parser(() if command is None else (command,))
    args = parser.parse_args(argv, argparse.Namespace(started=started))
    if args.version:
        import combkit

        print(f"combkit {combkit.__version__}")
        return Exit.OK
    if command is None:
        parser.print_help(sys.stderr)
        return Exit.USAGE
    code: int = load(command).run(args, interrupts)
    return code


if __name__ == "__main__":
    main()

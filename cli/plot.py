"""``combkit plot``: pictures of instances, solutions and runs."""

from __future__ import annotations

import argparse
import re
from datetime import datetime, timedelta

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.output import ensure_writable
from combkit.cli.parser import examples
from combkit.instances._gantt import VIEWS
from combkit.instances.errors import UsageError
from combkit.instances.formats import read, read_solution
from combkit.instances.plot import plot, plot_trace, read_trace
from combkit.instances.timescale import Timescale

__all__ = ["configure", "run"]

_UNITS = {
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Draw an instance, alone or with a solution; with --trace, draw how objective\n"
        "and bound of a run changed, from what combkit solve --json printed or what\n"
        "Result.save wrote. Needs the extra [plot]."
    )
    parser.epilog = examples(
        "combkit plot berlin52.tsp berlin52.tour -o berlin52.png",
        "combkit plot ft06.txt ft06.json -o gantt.html",
        "combkit plot shop.txt plan.json --origin 2027-03-01T06:00 -o gantt.html",
        "combkit solve ft10.txt --json > ft10.jsonl; "
        "combkit plot --trace ft10.jsonl -o convergence.svg",
    )
    add = parser.add_argument
    add("file", nargs="?", metavar="FILE", help="instance file")
    add("solution", nargs="?", metavar="SOLUTION", help="solution file")
    add("--trace", metavar="RESULT", help="draw the convergence of a saved result")
    add(
        "--by",
        choices=tuple(VIEWS),
        default="machine",
        help="rows of a Gantt chart (default machine; .html has buttons for both)",
    )
    add(
        "--origin",
        type=_date,
        metavar="DATE",
        help="date of time 0, e.g. 2027-03-01T06:00: a Gantt chart with dates",
    )
    add(
        "--unit",
        type=_length,
        metavar="LENGTH",
        help="what 1 is with --origin: 30s, 15min, 1h, 1d (default 1min)",
    )
    add("--format", metavar="F", help="instance format")
    add("-o", "--output", required=True, metavar="OUT", help="a .png, .svg or .html")


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Draw the picture."""
    ensure_writable(args.output)
    if (args.trace is None) == (args.file is None):
        raise UsageError("plot: give an instance file or --trace RESULT")
    if args.trace is not None:
        plot_trace(read_trace(args.trace), path=args.output)
        return Exit.OK
    problem = read(args.file, args.format)
    solution = None if args.solution is None else read_solution(args.solution, problem)
    timescale = None
    if args.origin is not None:
        timescale = Timescale(args.origin, args.unit or timedelta(minutes=1))
    elif args.unit is not None:
        raise UsageError("--unit: needs --origin, the date of time 0")
    plot(problem, solution, path=args.output, by=args.by, timescale=timescale)
    return Exit.OK


def _date(text: str) -> datetime:
    """Parse a date."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no date such as 2027-03-01T06:00"
        raise argparse.ArgumentTypeError(message) from None


def _length(text: str) -> timedelta:
    """Parse a length of time: a number and a unit."""
    match = re.fullmatch(r"(\d+)\s*(s|min|h|d)", text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no length such as 15min")
    return int(match[1]) * _UNITS[match[2]]

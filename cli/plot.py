"""``combkit plot``: pictures of instances, solutions and runs."""

from __future__ import annotations

import argparse

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.output import ensure_writable
from combkit.cli.parser import examples
from combkit.instances._gantt import VIEWS
from combkit.instances.errors import UsageError
from combkit.instances.formats import read, read_solution
from combkit.instances.plot import plot, plot_trace, read_trace

__all__ = ["configure", "run"]


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
    plot(problem, solution, path=args.output, by=args.by)
    return Exit.OK

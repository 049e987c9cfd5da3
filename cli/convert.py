"""``combkit convert``: another format for an instance or a solution."""

from __future__ import annotations

import argparse

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.output import ensure_writable
from combkit.cli.parser import examples
from combkit.instances.formats import read, read_solution, write, write_solution

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Write an instance in the format that the suffix of OUT names; with\n"
        "--instance, IN and OUT are solution files of that instance."
    )
    parser.epilog = examples(
        "combkit convert model.lp model.mps.gz",
        "combkit convert berlin52.tsp berlin52.json",
        "combkit convert tour.json berlin52.tour --instance berlin52.tsp",
    )
    add = parser.add_argument
    add("source", metavar="IN", help="file to read")
    add("target", metavar="OUT", help="file to write, .gz to compress")
    add("--from", dest="origin", metavar="F", help="format of IN, if not recognised")
    add("--to", dest="goal", metavar="F", help="format of OUT, if not by its suffix")
    add("--instance", metavar="FILE", help="convert a solution of this instance")


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Convert the file."""
    ensure_writable(args.target)
    if args.instance is None:
        write(read(args.source, args.origin), args.target, args.goal)
    else:
        problem = read(args.instance)
        solution = read_solution(args.source, problem, args.origin)
        write_solution(problem, solution, args.target, args.goal)
    return Exit.OK

"""``combkit hints``: values that variables should take, and how surely."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.models import add_time_limit, show
from combkit.cli.parser import examples
from combkit.cli.report import number

if TYPE_CHECKING:
    from combkit.instances.mip import MIP

__all__ = ["configure", "run"]

#: Hints that are printed where there is no file to write them to.
_SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Tell which values the integer variables of a program should take, and the\n"
        "chance that good solutions agree: from its embedding and its relaxation.\n"
        "With --solve, HiGHS first solves parts that keep the surest hints, then\n"
        "another solver goes on from the best solution."
    )
    parser.epilog = examples(
        "combkit hints model.mps",
        "combkit hints model.mps --sure 0.95 -o hints.json",
        "combkit hints model.mps --solve --time-limit 60 --then scip",
        "combkit solve model.mps --solver forge-hints --time-limit 60",
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="file of a mixed-integer program")
    add("-o", "--output", type=Path, metavar="OUT", help="JSON file of all hints")
    add(
        "--sure",
        type=float,
        default=0.5,
        metavar="P",
        help="only hints with at least this chance to be right (default 0.5)",
    )
    add("--json", action="store_true", help="print one JSON object")
    add("--solve", action="store_true", help="solve the program with the hints")
    add_time_limit(parser)
    add("--then", default="balans", metavar="SOLVER", help="that goes on [balans]")


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Print or write the hints, or solve with them."""
    from combkit.comb.solve import solve
    from combkit.instances.errors import UsageError
    from combkit.instances.source import atomic_write
    from combkit.neural.forge.source import program_of

    if not 0.0 <= args.sure <= 1.0:
        raise UsageError(f"--sure {args.sure:g}: from 0 to 1")
    program = program_of(args.file)
    if args.output is not None or not args.solve:
        report = _report(program, args.sure)
    if args.output is not None:
        atomic_write(args.output, (json.dumps(report, indent=1) + "\n").encode())
    if args.solve:
        result = solve(
            program, "forge-hints", time_limit=args.time_limit, then=args.then
        )
        return show(result, as_json=args.json)
    if args.json:
        print(json.dumps(report))
        return Exit.OK
    rows = report["hints"]
    total = int(program.integrality.sum())
    print(f"{len(rows)} hints for {total} integer variables")
    for row in rows[:_SHOWN] if args.output is None else []:
        value = number(float(row["value"]))
        print(f"{row['chance']:.3f}  {row['variable']} = {value}")
    if args.output is None and len(rows) > _SHOWN:
        print(f"and {len(rows) - _SHOWN} more: -o OUT writes them all")
    return Exit.OK


def _report(program: MIP, sure: float) -> dict[str, Any]:
    """Return the hints of a program that are sure enough, the surest first."""
    from combkit.neural.forge.hints import hints

    found = hints(program)
    found = found.surest(int((found.confidence >= sure).sum()))
    rows = [
        {"variable": program.col_name(j), "value": value, "chance": round(chance, 4)}
        for j, value, chance in zip(
            found.columns.tolist(),
            found.values.tolist(),
            found.confidence.tolist(),
            strict=True,
        )
    ]
    return {"instance": program.name, "hints": rows}

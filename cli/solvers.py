"""``combkit solvers``: what can solve what."""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Sequence

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.options import options
from combkit.cli.parser import examples
from combkit.comb.registry import solvers
from combkit.instances.solver import SolverInfo

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = examples(
        "combkit solvers", "combkit solvers cvrp", "combkit solvers mip --params"
    )
    add = parser.add_argument
    add("kind", nargs="?", metavar="KIND", help="tsp, atsp, cvrp, jsp, kp, mip")
    add("--params", action="store_true", help="list the options for --param too")
    add("--json", action="store_true", help="print a JSON array")


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Print the table of solvers."""
    rows = solvers(args.kind)
    if args.json:
        print(json.dumps([_facts(row, args.params) for row in rows]))
    else:
        print(_table(rows))
        if args.params:
            print(_options(rows))
    return Exit.OK


def _facts(row: SolverInfo, params: bool) -> dict[str, object]:
    facts: dict[str, object] = {
        "name": row.name,
        "kinds": list(row.kinds),
        "exact": row.exact,
        "extra": row.extra,
        "installed": row.available,
        "summary": row.summary,
    }
    if params and row.available:
        facts["params"] = {name: _signature(p) for name, p in options(row).items()}
    return facts


def _table(rows: Sequence[SolverInfo]) -> str:
    head = ("solver", "kinds", "exact", "installed", "what")
    cells = [head]
    for row in rows:
        installed = "yes" if row.available else f"no: [{row.extra or 'all'}]"
        exact = "yes" if row.exact else "no"
        cells.append((row.name, ",".join(row.kinds), exact, installed, row.summary))
    widths = [max(len(row[k]) for row in cells) for k in range(len(head) - 1)]
    return "\n".join(
        "  ".join([*(f"{c:<{w}}" for c, w in zip(row, widths, strict=False)), row[-1]])
        for row in cells
    )


def _options(rows: Sequence[SolverInfo]) -> str:
    lines = []
    for row in rows:
        if row.available:
            kinds = ",".join(row.kinds)
            lines.append(f"\n{row.name} ({kinds}):")
            lines += [f"  {_signature(p)}" for p in options(row).values()] or ["  none"]
    return "\n".join(lines)


def _signature(parameter: inspect.Parameter) -> str:
    return str(parameter).replace("'", "")
